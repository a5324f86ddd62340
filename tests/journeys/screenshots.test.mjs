// Pictures for the eye: the banner in every layout, theme and direction, the settings, what stands beside them, the consent page
// and the dashboard, on a desktop and a phone. They are looked at, not compared; the folder is not under version control.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DESKTOP, PHONE, ROOT, action, banner, categorySwitch, decide, openSettings, startWorld } from './harness.mjs';

const SHOTS = join(ROOT, 'tests', 'journeys', 'shots');
const DEVICES = [['desktop', DESKTOP], ['phone', PHONE]];
const SCHEMES = ['light', 'dark'];

/** A theme as far from the usual one as a site may go. */
const CUSTOM = `
[banner.theme]
radius = 2
font = "inherit"
[banner.theme.light]
ink = "#2b1b12"
paper = "#fffaf2"
raised = "#f7ecdc"
line = "#dcc7a6"
edge = "#8a6d45"
accent = "#7a2e0e"
[banner.theme.dark]
ink = "#f6eadb"
paper = "#1d130c"
raised = "#2a1d13"
line = "#4a3524"
edge = "#a1835b"
accent = "#f0a878"
`;
const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

let world;
let shop;
before(async () => {
  await mkdir(SHOTS, { recursive: true });
  shop = await readFile(join(ROOT, 'postern.toml'), 'utf8');
  world = await startWorld({ dashboard: true });
});
after(() => world?.close());

const shoot = (page, name, fullPage = false) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage });

/** Does `act` with a fresh visitor on each device and in each scheme. */
async function everywhere(worker, act) {
  for (const [device, options] of DEVICES) {
    for (const colorScheme of SCHEMES) {
      const page = await world.newPage({ ...options, colorScheme, reducedMotion: 'reduce' });
      await page.goto(`${worker.base}/`);
      await banner(page).waitFor();
      await act(page, `${device}-${colorScheme}`);
      await page.context().close();
    }
  }
}

describe('the banner', () => {
  for (const [theme, more] of [['usual', ''], ['custom', CUSTOM]]) {
    for (const language of ['en', 'ar', 'de']) {
      it(`${theme}, in ${language}`, async () => {
        // The pages of the shop are in English: a site that does not speak it falls back on its own language.
        const policy = shop.replace('language = "en"', `language = "${language}"\nlanguages = ["${language}"]`) + more;
        const worker = await world.startWorker({ vars: { POLICY: policy } });
        await everywhere(worker, async (page, where) => {
          for (const layout of ['bar', 'box', 'centre']) {
            await page.locator('#postern').evaluate((root, name) => root.setAttribute('data-postern-layout', name), layout);
            await shoot(page, `1-${layout}-${theme}-${language}-${where}`);
          }
          await openSettings(page);
          await shoot(page, `2-settings-${theme}-${language}-${where}`);
          await page.locator('#postern dialog summary').nth(1).click();
          await page.locator('#postern dialog ul').nth(1).scrollIntoViewIfNeeded();
          await shoot(page, `2-vendors-${theme}-${language}-${where}`);
          await decide(page, () => action(page, 'save').click());
          await openSettings(page);
          await page.locator('details[data-postern-receipt] summary').click();
          await page.locator('details[data-postern-receipt] button').scrollIntoViewIfNeeded();
          await shoot(page, `2-receipt-${theme}-${language}-${where}`);
        });
        await worker.stop();
      });
    }
  }
});

it('what stands beside it', async () => {
  const change = `[notice.change]\nfrom = ${day(-1)}\nuntil = ${day(40)}\n`;
  const worker = await world.startWorker({ vars: { POLICY: shop.replace(/^updated = .*$/m, (line) => `${line}\n${change}`) } });
  await everywhere(worker, async (page, where) => {
    await shoot(page, `3-change-${where}`);
    await page.locator('#postern-change button').click();
    await decide(page, () => action(page, 'reject').click());
    await page.goto(`${worker.base}/film.html`);
    await page.locator('#postern-change button').click();
    await page.locator('.screen').scrollIntoViewIfNeeded();
    await shoot(page, `3-held-${where}`);
  });
  await worker.stop();
});

it('the pages of our own', async () => {
  await everywhere(world.worker, async (page, where) => {
    await openSettings(page);
    await categorySwitch(page, 'analytics').check();
    await decide(page, () => action(page, 'save').click());
    await shoot(page, `4-decided-${where}`);
    await page.goto(`${world.base}/_postern/consent`);
    await page.locator('summary').first().click();
    await shoot(page, `4-consent-${where}`, true);
    await page.goto(`${world.base}/_postern/consent?lang=ar&vendor=youtube`);
    await shoot(page, `4-consent-ar-${where}`, true);
    await page.goto(`${world.base}/_postern/login`);
    await shoot(page, `5-login-${where}`, true);
    await page.locator('[name="token"]').fill(world.worker.token);
    await Promise.all([page.waitForNavigation(), page.locator('form :is(button, input[type="submit"])').first().click()]);
    await page.goto(`${world.base}/_postern/dashboard`);
    await page.locator('#today-title').waitFor();
    await shoot(page, `6-dashboard-${where}`, true);
    for (const [reference, days] of [[`late-${where}`, 35], [`new-${where}`, 3]]) {
      await page.goto(`${world.base}/_postern/requests`);
      await page.locator('#reference').fill(reference);
      await page.locator('#received').fill(new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10));
      await Promise.all([page.waitForNavigation(), page.locator('button[value="add"]').click()]);
    }
    await shoot(page, `7-requests-${where}`, true);
  });
});
