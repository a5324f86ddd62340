// What those who keep sites look at beside the figures of one: the overview of all sites, and a dashboard with an experiment. In every
// colour and size axe finds nothing there, and nothing is wider than the window.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { NOON, dayNumber, loadCells, policyIn } from './figures.mjs';
import { DESKTOP, PHONE, ROOT, makeFolder, startWorld, waitFor } from './harness.mjs';
import { postDecision } from './wire.mjs';

const DAY_MS = 86_400_000;
const KEEPERS = 'keepers.localhost';
const today = dayNumber(NOON);
const isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);

const OWN = policyIn(NOON, readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('id = "luxmoor"', 'id = "luxmoor"\nhosts = ["localhost"]'));
const TRYING = `${OWN}\n[experiment]\nname = "place"\nfrom = ${isoDay(today - 20)}\nuntil = ${isoDay(today + 20)}\nexpected = 35\n[experiment.variants.corner]\nlayout = "box"\n[experiment.variants.centre]\nlayout = "centre"\n`;
const CLINIC = OWN
  .replace('id = "luxmoor"\nhosts = ["localhost"]', 'id = "clinic"\nhosts = ["clinic.localhost"]')
  // Something that must be seen to.
  .replace(/^dpa_url = .*business\.safety\.google.*\n/m, '');

/** Browsers asked, of whom so many said yes and no. */
const cell = (day, dimension, value, [first, yes, no]) => `${day}\t${dimension}\t${value}\t0:${first * 4} 2:${first * 2} 3:${first} 6:${yes} 7:${no} 16:${yes + no} 17:${yes}`;

function dayOf(day, scale, rate, ways) {
  const all = [scale, Math.round(scale / 2 * rate), Math.round(scale / 2 * (1 - rate))];
  const each = ways ? [['control', 0.35], ['corner', 0.42], ['centre', 0.34]] : [];
  const third = Math.floor(scale / 3);
  const own = each.map(([way, granted]) => cell(day, 'variant', `place.${way}`, [third, Math.round(third * granted), Math.round(third * 0.2)]));
  const sum = each.reduce((total, [, granted]) => [total[0], total[1] + Math.round(third * granted), total[2] + Math.round(third * 0.2)], [third * 3 + 20, 10, 10]);
  return [cell(day, 'all', '', ways ? sum : all), ...own].join('\n');
}

let world;
let worker;
before(async () => {
  world = await startWorld({ dashboard: true });
  const options = {
    dashboard: true, state: makeFolder(),
    vars: { POLICY: TRYING, POLICY_CLINIC: CLINIC, ORIGIN_CLINIC: world.originBase, DASHBOARD_HOST: KEEPERS, LOG_KEY: randomBytes(32).toString('hex'), WATCH_EVERY_MS: '1000' },
  };
  const first = await world.startWorker(options);
  for (const host of ['localhost', 'clinic.localhost']) {
    const site = { ...first, host: `${host}:${first.port}`, base: `http://${host}:${first.port}` };
    assert.equal((await postDecision(site)).status, 200);
  }
  await first.stop();
  const days = Array.from({ length: 61 }, (_, place) => today - 1 - place);
  loadCells(options.state, days.map((day) => dayOf(day, 6000 + (day * 37) % 500, 0.55, day >= today - 20)).join('\n'), 'luxmoor');
  loadCells(options.state, days.map((day) => dayOf(day, 150 + (day * 37) % 50, day < today - 31 ? 0.6 : 0.4, false)).join('\n'), 'clinic');
  worker = await world.startWorker(options);
});
after(() => world?.close());

async function logIn(options) {
  const page = await world.newPage(options);
  await page.goto(`http://${KEEPERS}:${worker.port}/_postern/login`);
  await page.locator('[name="token"]').fill(worker.token);
  await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
  return page;
}

const PAGES = {
  'the overview of all sites': { path: 'dashboard/sites', isThere: '.warnings' },
  'a dashboard with an experiment': { path: 'dashboard?site=luxmoor', isThere: '#experiment-ways tbody tr:nth-child(3)' },
};

for (const [name, { path, isThere }] of Object.entries(PAGES)) {
  describe(name, () => {
    for (const [how, options] of Object.entries({
      'in the light': DESKTOP,
      'in the dark': { ...DESKTOP, colorScheme: 'dark' },
      'on a phone': PHONE,
      'on a phone in the dark': { ...PHONE, colorScheme: 'dark' },
    })) {
      it(`can be read ${how}`, async () => {
        const page = await logIn(options);
        // What must be seen to is looked for behind the first answer.
        await waitFor('all that is shown', async () => {
          await page.goto(`http://${KEEPERS}:${worker.port}/_postern/${path}`);
          return await page.locator(isThere).count() > 0;
        });
        if (path.includes('site=')) await page.locator('#rate canvas').waitFor();
        if (process.env.POSTERN_PICTURES) {
          mkdirSync(process.env.POSTERN_PICTURES, { recursive: true });
          await page.screenshot({ path: join(process.env.POSTERN_PICTURES, `${name} ${how}.png`.replaceAll(' ', '-')), fullPage: true });
        }
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the window');
        assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), how.includes('dark'));
        assert.deepEqual(page.faults, []);
        await page.context().close();
      });
    }
  });
}
