// Every page of the dashboard for everybody: axe finds nothing on it in any colour and size, it is whole before its script comes and
// without it, today's figures move by themselves and nothing else does, paper has what one reads and not what one clicks, and
// where there are no figures the page says so and leads back.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { DESKTOP, PHONE, WITHOUT_SCRIPTS, startWorld, waitFor } from './harness.mjs';
import { DAY_MS, isoDay, startMadeUp, startWithoutRecords, today, visit } from './made-up.mjs';
import { readText, send } from './wire.mjs';

/** A sheet of A4 between the usual margins, CSS px. */
const SHEET = { width: 718, height: 1047 };

let world;
/** The Workers: with many figures, with none, and where the records cannot be reached. */
const workers = {};
before(async () => {
  world = await startWorld({ dashboard: true });
  workers.none = world.worker;
  workers.many = await startMadeUp(world, { isTrying: true });
  workers.lost = await startWithoutRecords(world);
  await keepRegister();
});
after(() => world?.close());

async function logIn(worker, options = {}) {
  const page = await world.newPage(options);
  await page.goto(`${worker.base}/_postern/login`);
  await page.locator('[name="token"]').fill(worker.token);
  await Promise.all([page.waitForNavigation(), page.locator('form button').first().click(options.javaScriptEnabled === false ? WITHOUT_SCRIPTS : {})]);
  return page;
}

/** A register with a request that is overdue, one that is not, and one that is answered. */
async function keepRegister() {
  const page = await logIn(workers.many);
  await page.goto(`${workers.many.base}/_postern/requests`);
  for (const [reference, days] of [['A-1', 40], ['A-2', 3], ['A-3', 10]]) {
    await page.locator('#reference').fill(reference);
    await page.locator('#received').fill(new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10));
    await Promise.all([page.waitForNavigation(), page.locator('button[value="add"]').click()]);
  }
  await Promise.all([page.waitForNavigation(), page.locator('#requests tr', { hasText: 'A-3' }).locator('button[value="answer"]').click()]);
  await page.context().close();
}

const SMALL = 'dashboard?days=30&segment=country:MT';
const PAGES = {
  'a dashboard with all that there can be': { of: 'many', path: 'dashboard?days=200&against=year-before', isThere: '#rate canvas' },
  'a dashboard of a small group': { of: 'many', path: SMALL, isThere: '#rate canvas', says: /asked said yes is not told/ },
  'a dashboard of days without figures': { of: 'many', path: 'dashboard?from=1970-01-01&to=1970-01-02', isThere: 'h1', says: /Nothing to show yet of these days/ },
  'a dashboard of a group without figures': { of: 'many', path: 'dashboard?segment=country:XX', isThere: 'h1', says: /Nothing to show of these/ },
  'a dashboard of a site without visitors': { of: 'none', path: 'dashboard', isThere: 'h1', says: /Nothing counted yet/ },
  'the register of requests': { of: 'many', path: 'requests', isThere: '#requests .bad', says: /1 overdue, 2 to be answered/ },
  'an empty register of requests': { of: 'none', path: 'requests', isThere: '#reference', says: /No request to be answered/ },
  'the page that says that something cannot be answered': { of: 'many', path: 'dashboard?days=x', isThere: 'h1', says: /That cannot be answered/ },
  'the page that says that there are no figures': { of: 'lost', path: 'dashboard', isThere: 'h1', says: /No figures just now/ },
};

for (const [how, options] of Object.entries({
  'in the light': DESKTOP,
  'in the dark': { ...DESKTOP, colorScheme: 'dark' },
  'on a phone': PHONE,
  'on a phone in the dark': { ...PHONE, colorScheme: 'dark' },
})) {
  describe(how, () => {
    const pages = {};
    before(async () => {
      for (const of of Object.keys(workers)) pages[of] = await logIn(workers[of], options);
    });
    after(async () => {
      for (const page of Object.values(pages)) await page.context().close();
    });

    for (const [name, { of, path, isThere, says }] of Object.entries(PAGES)) {
      it(`${name} can be read`, async () => {
        const page = pages[of];
        await page.goto(`${workers[of].base}/_postern/${path}`);
        await page.locator(isThere).first().waitFor();
        if (says) assert.match(await page.locator('main').innerText(), says);
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the window');
        assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), how.includes('dark'));
        assert.deepEqual(page.faults, []);
      });
    }
  });
}

/** What programs are told. */
const api = async (query) => JSON.parse(readText(await send(workers.many.port, `/_postern/api/v1/figures?${query}`, { headers: { authorization: `Bearer ${workers.many.token}` } })));
/** A text says a share in whole hundredths; which of two, where it is in the middle, is not looked at. */
const assertShare = (text, share, rest = '') => {
  const [, hundredths, more] = /^(\d+)\u00a0%(.*)$/.exec(text);
  assert.ok(Math.abs(hundredths - share * 100) < 0.501 && more === rest, `${text}: ${share}${rest}`);
};

describe('before its script has come, and without it', () => {
  for (const [how, options, comes] of [
    ['while the script does not come', {}, async (page) => { await page.route('**/_postern/dashboard.js', () => { /* never answered */ }); }],
    ['where no scripts run', { javaScriptEnabled: false }, async () => {}],
  ]) {
    it(`the page has its headline and its numbers ${how}, and its filters work`, async () => {
      const page = await logIn(workers.many, options);
      await comes(page);
      // What waits for its script has not come to its end.
      await page.goto(`${workers.many.base}/_postern/dashboard?days=7`, { waitUntil: 'commit' });
      const assertWhole = async (query, headline) => {
        const { whole, series } = await api(query);
        await page.locator('.method').last().waitFor();
        assertShare(await page.locator('h1').innerText(), whole.of_answers.share, ` of those who answered said yes${headline}`);
        const table = page.locator('#rate table');
        assert.equal(await table.isVisible(), false, 'the table is closed');
        await page.locator('#rate summary').click(WITHOUT_SCRIPTS);
        await table.waitFor();
        const place = (await table.locator('thead th').allInnerTexts()).indexOf('Answers');
        const answers = await table.locator(`tbody tr > :nth-child(${place + 1})`).allInnerTexts();
        assert.deepEqual(answers.map((text) => Number(text.replace(',', ''))), series.map(({ accepted, partial, refused }) => accepted + partial + refused));
        const shares = await table.locator('tbody td:nth-child(2)').allInnerTexts();
        for (const [row, { of_answers: { share } }] of series.entries()) assertShare(shares[row], share);
        assert.equal(await page.locator('#rate canvas').count(), 0, 'nothing is drawn');
        // Chromium tells when the first of it was painted.
        if (options.javaScriptEnabled === undefined) await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0 || !PerformanceObserver.supportedEntryTypes.includes('paint'));
      };
      await assertWhole('days=7', '');
      await page.locator('#f-segment').selectOption('country:FR', WITHOUT_SCRIPTS);
      await page.locator('form.filters button').click(WITHOUT_SCRIPTS);
      await page.waitForURL(/segment=country%3AFR/, { waitUntil: 'commit' });
      await assertWhole('days=7&segment=country:FR', ', country: France');
      await page.context().close();
    });
  }
});

it('today moves by itself while the page is open, and the reader stays where they are', async () => {
  const page = await logIn(workers.many);
  // Looked at each second in place of twice a minute.
  await page.route('**/_postern/dashboard?*', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    assert.match(body, / data-seconds="30" /);
    await route.fulfill({ response, body: body.replace(' data-seconds="30" ', ' data-seconds="1" ') });
  });
  await page.goto(`${workers.many.base}/_postern/dashboard?days=30`);
  await page.locator('#rate canvas').waitFor();
  const tile = page.locator('.today dd[data-today="Pages"]');
  assert.equal(await tile.innerText(), 'fewer than 10');
  await page.locator('#f-segment').focus();
  await tile.scrollIntoViewIfNeeded();
  const where = () => page.evaluate(() => ({ focus: document.activeElement.id, top: scrollY, height: document.documentElement.scrollHeight, isSame: document.querySelector('h1').dataset.same }));
  await page.locator('h1').evaluate((headline) => { headline.dataset.same = 'same'; });
  const before = await where();
  assert.deepEqual([before.focus, before.isSame], ['f-segment', 'same']);
  for (let count = 0; count < 23; count += 1) assert.equal((await visit(workers.many)).status, 200);
  await waitFor('the pages of today', async () => (await tile.innerText()) === '20 or more');
  assert.equal(await page.locator('.today dd[data-today="Browsers asked"]').innerText(), '20 or more');
  assert.deepEqual(await where(), before);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

describe('on paper', () => {
  for (const [name, path, shown] of [
    ['a dashboard', 'dashboard?days=40', ['#rate canvas', '#rate table', '#funnel canvas', '#gate', '#strangers', '#experiment-ways', '.warnings', '.today']],
    ['a dashboard with another beside it', 'dashboard?days=40&against=before', ['#rate canvas', '#rate table', '#funnel canvas']],
    ['the register', 'requests', ['#requests']],
  ]) {
    it(`${name} has what is read and not what is clicked, and nothing is wider than the sheet`, async () => {
      const page = await logIn(workers.many, { viewport: SHEET });
      await page.goto(`${workers.many.base}/_postern/${path}`);
      if (path.startsWith('dashboard')) await page.locator('#rate canvas').waitFor();
      assert.equal(await page.locator('main form').first().isVisible(), true, 'on a screen it is there');
      await page.emulateMedia({ media: 'print' });
      // What a browser says before it prints.
      await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
      for (const selector of shown) assert.equal(await page.locator(selector).first().isVisible(), true, selector);
      // A legend says what is drawn, though on a screen it is clicked too.
      for (const selector of ['form', 'button:not(.legend button)', 'select', 'input', 'nav', 'summary', 'a[download]']) {
        assert.deepEqual(await page.locator(`${selector}:visible`).evaluateAll((all) => all.map((one) => one.outerHTML.slice(0, 120))), [], selector);
      }
      for (const canvas of await page.locator('canvas').all()) assert.ok((await canvas.boundingBox()).height > 100);
      // What is scrolled to on a screen is lost on paper.
      const wider = await page.evaluate((width) => {
        const isWider = (one) => Math.max(one.getBoundingClientRect().right, one.matches('.wide') ? one.getBoundingClientRect().left + one.scrollWidth : 0) > width + 1;
        const found = [...document.querySelectorAll('body *')].filter((one) => isWider(one) && !isWider(one.parentElement));
        return found.map((one) => `${one.localName} ${one.ariaLabel ?? one.getAttribute('aria-labelledby') ?? one.textContent.slice(0, 40)}: ${Math.round(Math.max(one.scrollWidth, one.getBoundingClientRect().right))} px`);
      }, SHEET.width);
      assert.deepEqual(wider, []);
      await page.context().close();
    });
  }
});

describe('where the records cannot be reached', () => {
  for (const [name, path] of [['the dashboard', `dashboard?from=${isoDay(today - 9)}&to=${isoDay(today - 2)}&segment=country%3AFR&against=before`], ['the register', 'requests']]) {
    it(`${name} says so with 503, and leads to what was asked for`, async () => {
      const page = await logIn(workers.lost);
      const address = `${workers.lost.base}/_postern/${path}`;
      const answer = await page.goto(address);
      assert.deepEqual([answer.status(), answer.headers()['content-type'], answer.headers()['cache-control']], [503, 'text/html; charset=utf-8', 'private, no-store']);
      assert.match(await page.locator('main').innerText(), /Nothing is lost: choices are recorded and visits counted all the same\./);
      const [again] = await Promise.all([page.waitForNavigation(), page.getByRole('link', { name: 'Try again' }).click()]);
      assert.equal(again.status(), 503);
      const asked = (url) => [new URL(url).pathname, Object.fromEntries([...new URL(url).searchParams].filter(([, value]) => value !== ''))];
      assert.deepEqual(asked(page.url()), asked(address));
      assert.deepEqual(page.faults, []);
      await page.context().close();
    });
  }
});
