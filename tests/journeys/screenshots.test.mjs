// Pictures for the eye: the shop with the banner, the settings, the consent page and the dashboard, on a desktop and a
// phone, light and dark. They are looked at, not compared; the folder is not under version control.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { DESKTOP, PHONE, ROOT, action, banner, categorySwitch, decide, openSettings, startWorld } from './harness.mjs';

const SHOTS = join(ROOT, 'tests', 'journeys', 'shots');

let world;
before(async () => {
  await mkdir(SHOTS, { recursive: true });
  world = await startWorld();
});
after(() => world?.close());

for (const [device, options] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    it(`${device}, ${colorScheme}`, async () => {
      const page = await world.newPage({ ...options, colorScheme });
      const shoot = (name, fullPage = false) => page.screenshot({ path: join(SHOTS, `${name}-${device}-${colorScheme}.png`), fullPage });
      await page.goto(`${world.base}/`);
      await banner(page).waitFor();
      await shoot('1-banner');
      await openSettings(page);
      await shoot('2-settings');
      await categorySwitch(page, 'analytics').check();
      await decide(page, () => action(page, 'save').click());
      await world.waitQuiet();
      await shoot('3-decided');
      await page.goto(`${world.base}/_postern/consent`);
      await shoot('4-consent', true);
      await page.goto(`${world.base}/_postern/login`);
      await shoot('5-login', true);
      await page.locator('[name="token"]').fill(world.worker.token);
      await Promise.all([page.waitForNavigation(), page.locator('form :is(button, input[type="submit"])').first().click()]);
      await page.goto(`${world.base}/_postern/dashboard`);
      await page.locator('#days').waitFor();
      await shoot('6-dashboard', true);
      await page.context().close();
    });
  }
}
