// Pictures for the eye: the banner in every layout, theme and direction, the settings, what stands beside them, the consent page
// and every page of the dashboard, on a desktop and a phone. They are looked at, not compared; the folder is not under version control.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NOON, loadCells, policyIn } from './figures.mjs';
import { DESKTOP, PHONE, ROOT, action, banner, categorySwitch, decide, openSettings, startWorld } from './harness.mjs';
import { EXPERIMENT, cells, startMadeUp, startWithoutRecords } from './made-up.mjs';

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
  });
});

/** Adds requests to the register that came so many days ago. */
async function register(page, base, requests) {
  for (const [reference, days] of requests) {
    await page.goto(`${base}/_postern/requests`);
    await page.locator('#reference').fill(reference);
    await page.locator('#received').fill(day(-days));
    await Promise.all([page.waitForNavigation(), page.locator('button[value="add"]').click()]);
  }
}

describe('the dashboard', () => {
  const KEEPERS = 'keepers.localhost';
  const HOSTS = { small: 'small.localhost', trying: 'trying.localhost' };
  /** The Workers: with figures of three sites, with none, and where the records cannot be reached. */
  const workers = {};
  /** Whose page, which, and what is there once it is whole. */
  const PAGES = {
    full: ['many', 'dashboard?days=90', '#rate canvas'],
    year: ['many', 'dashboard?days=200', '#rate canvas'],
    before: ['many', 'dashboard?days=30&against=before', '#rate canvas'],
    groups: ['many', 'dashboard?days=30&segment=country:FR&against=country:DE', '#rate canvas'],
    segment: ['many', 'dashboard?days=30&segment=country:MT', '#rate canvas'],
    small: ['many', 'dashboard?site=small', '#rate canvas'],
    experiment: ['many', 'dashboard?site=trying', '#experiment-ways'],
    sites: ['many', 'dashboard/sites', '#sites .warn'],
    none: ['none', 'dashboard', 'h1'],
    'no-days': ['many', 'dashboard?from=1970-01-01&to=1970-01-02', 'h1'],
    requests: ['kept', 'requests', '#requests'],
    'requests-error': ['kept', 'requests', '#requests'],
    refusal: ['many', 'dashboard?days=x', 'h1'],
    'no-site': ['many', 'dashboard?site=nowhere', 'h1'],
    error: ['lost', 'dashboard?days=7', 'h1'],
  };

  before(async () => {
    const own = (policy, id, host) => policy.replace('id = "luxmoor"', `id = "${id}"\nhosts = ["${host}"]`);
    const more = Object.fromEntries(Object.entries(HOSTS).flatMap(([id, host]) => {
      const policy = own(policyIn(NOON), id, host) + (id === 'trying' ? EXPERIMENT : '');
      return [[`POLICY_${id.toUpperCase()}`, policy], [`ORIGIN_${id.toUpperCase()}`, world.originBase]];
    }));
    workers.none = await world.startWorker({ dashboard: true });
    workers.many = await startMadeUp(world, {
      change: (policy) => own(policy, 'luxmoor', 'localhost'), vars: { ...more, DASHBOARD_HOST: KEEPERS }, hosts: Object.values(HOSTS),
      fill: (state) => {
        loadCells(state, cells({ isSmall: true }), 'small');
        loadCells(state, cells({ isTrying: true }), 'trying');
      },
    });
    workers.many.keepers = `http://${KEEPERS}:${workers.many.port}`;
    workers.kept = { ...workers.many, keepers: workers.many.base };
    workers.lost = await startWithoutRecords(world);
  });

  for (const [look, options] of Object.entries({
    desktop: DESKTOP, 'desktop-dark': { ...DESKTOP, colorScheme: 'dark' }, phone: PHONE, 'phone-dark': { ...PHONE, colorScheme: 'dark' }, rtl: DESKTOP, 'phone-rtl': PHONE,
  })) {
    it(`in every state, ${look}`, async () => {
      const pages = {};
      for (const [of, worker] of Object.entries(workers)) {
        const page = await world.newPage({ ...options, reducedMotion: 'reduce' });
        const base = worker.keepers ?? worker.base;
        await page.goto(`${base}/_postern/login`);
        await page.locator('[name="token"]').fill(worker.token);
        await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
        pages[of] = { page, base };
        // The pages are in English: what they are from the right is seen before their scripts run.
        if (look.endsWith('rtl')) await page.addInitScript(() => new MutationObserver((_, all) => { if (document.documentElement) { document.documentElement.dir = 'rtl'; all.disconnect(); } }).observe(document, { childList: true }));
      }
      await register(pages.kept.page, pages.kept.base, [[`late-${look}`, 35], [`new-${look}`, 3]]);
      for (const [name, [of, path, isThere]] of Object.entries(PAGES)) {
        const { page, base } = pages[of];
        await page.goto(`${base}/_postern/${path}`);
        await page.locator(isThere).first().waitFor();
        if (name === 'requests-error') {
          await page.locator('#reference').evaluate((field) => { field.pattern = '.*'; field.value = 'Jane Doe'; });
          await Promise.all([page.waitForNavigation(), page.locator('button[value="add"]').click()]);
        }
        await shoot(page, `8-${name}-${look}`, true);
      }
      const { page, base } = pages.many;
      await page.goto(`${base}/_postern/${PAGES.full[1]}`);
      await page.locator('#rate canvas').waitFor();
      await page.locator('#rate summary').click();
      await page.locator('#rate').scrollIntoViewIfNeeded();
      await page.locator('#rate .canvas').focus();
      await page.keyboard.press('End');
      await shoot(page, `8-table-${look}`, true);
      for (const { page: one } of Object.values(pages)) await one.context().close();
    });
  }
});
