// The charts of the dashboard, above tables as the edge renders them and under the edge's own policy: drawn, told, zoomed, printed,
// saved, and the tables left where no chart can be. No Worker is needed: a server of this file's gives page, script and style.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { findBrowser } from '../recorder/browser.mjs';
import { filterForm, liveSection, noRowFigure, onePointFigure, page as pageOf, placesFigure, rateFigure, stepsFigure, writtenLong, wrongFigure } from './charts-page.mjs';
import { PHONE, ROOT, waitFor } from './harness.mjs';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'";
const LIGHT = { accent: '#1f5f8b', warn: '#9a5b00' };
const DARK = { accent: '#7cc0ea', warn: '#f0b861' };
const LIVE_SECONDS = 0.2;

/** Pages by path, and what the live section's address answers. */
const PAGES = {
  '/': () => pageOf([filterForm(), rateFigure(), placesFigure(), stepsFigure()]),
  '/rtl': () => pageOf([rateFigure(), placesFigure(), stepsFigure()], { lang: 'ar', dir: 'rtl' }),
  '/long': () => pageOf([rateFigure({ days: 70, write: writtenLong })]),
  '/few': () => pageOf([onePointFigure(), noRowFigure(), wrongFigure(), stepsFigure()]),
  '/live': () => pageOf([liveSection(1, LIVE_SECONDS)]),
  '/_postern/dashboard/today': () => pageOf([liveSection(today.answers, LIVE_SECONDS)]),
};
const today = { answers: 1, status: 200, asked: 0 };

let server;
let browser;
let base;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'xtask/dashboard.mjs')]);
  const served = (type, ...paths) => ({ type, body: paths.map((path) => readFileSync(join(ROOT, path))).join('\n') });
  const files = {
    '/_postern/dashboard.js': served('text/javascript', 'build/dashboard/files/dashboard.js'),
    '/_postern/page.css': served('text/css', 'www/css/page.css', 'www/css/dashboard.css'),
  };
  server = createServer(({ url }, answer) => {
    const { pathname } = new URL(url, base);
    const isLive = pathname === '/_postern/dashboard/today';
    if (isLive) today.asked += 1;
    const { type, body } = files[pathname] ?? { type: 'text/html', body: PAGES[pathname]?.() };
    answer.writeHead(body === undefined ? 404 : isLive ? today.status : 200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY });
    answer.end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  base = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  server?.close();
  server?.closeAllConnections();
});

/** A page that keeps its errors and what its policy refused. */
async function open(path = '/', options = {}, prepare = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: 'en-GB', ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.faults = [];
  page.errors = [];
  page.on('pageerror', ({ message }) => page.faults.push(message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) page.faults.push(message.text());
    else if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) page.errors.push(message.text());
  });
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error(`Content Security Policy: ${violatedDirective}`)));
  await page.addInitScript(prepare);
  await page.goto(base + path);
  return page;
}

/** Opens, acts, and claims that nothing went wrong. */
const visit = (path, options, act) => async () => {
  const page = await open(path, options);
  await act(page);
  assert.deepEqual([...page.faults, ...page.errors], []);
  await page.context().close();
};

const box = (page, id) => page.locator(`#${id} .canvas`);
const said = (page, id) => page.locator(`#${id} .spoken`).textContent();

/** How many pixels of a chart have each colour; what is not drawn on has none. */
const colours = (page, id) => page.evaluate((of) => {
  const canvas = document.querySelector(`#${of} canvas`);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 255) continue;
    const colour = `#${[0, 1, 2].map((channel) => data[at + channel].toString(16).padStart(2, '0')).join('')}`;
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return counts;
}, id);

/** The line's pixels in the column that the hair stands in: a marker has more of them than a line. */
const accentAtHair = (page) => page.evaluate(() => {
  const canvas = document.querySelector('#rate canvas');
  const x = Number.parseFloat(document.querySelector('#rate .hair').style.left);
  const { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);
  return Array.from({ length: canvas.height }, (_, y) => data.slice(y * 4, y * 4 + 3).join()).filter((colour) => colour === '31,95,139').length;
});

async function assertAccessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`), [], what);
}

async function press(page, id, ...keys) {
  await box(page, id).focus();
  for (const key of keys) await page.keyboard.press(key);
}

describe('a chart', () => {
  for (const [scheme, { accent, warn }] of [['light', LIGHT], ['dark', DARK]]) {
    it(`is drawn above its closed table, in the ${scheme} scheme`, visit('/', { colorScheme: scheme }, async (page) => {
      for (const id of ['rate', 'places', 'steps']) {
        assert.ok(Object.keys(await colours(page, id)).length > 20, `${id} is blank`);
        assert.equal(await page.locator(`#${id} details`).getAttribute('open'), null);
        assert.equal(await page.locator(`#${id} details`).evaluate((details) => details.previousElementSibling.className), 'spoken');
      }
      const rate = await colours(page, 'rate');
      assert.ok(rate[accent] > 200 && rate[warn] > 200, 'a line is missing');
      assert.ok((await colours(page, 'steps'))[accent] > 2000, 'the bars are missing');
    }));
  }

  it('takes another scheme while it is shown', visit('/', { colorScheme: 'light' }, async (page) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    const found = await waitFor('the dark line', async () => {
      const now = await colours(page, 'rate');
      return now[DARK.accent] > 200 && now;
    });
    assert.equal(found[LIGHT.accent], undefined);
  }));

  it('has its dates at equal distances, however long they are', async () => {
    const page = await open('/long', {}, () => {
      window.drawn = new Map();
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function fillTextKept(text, x, y) {
        if (/^\d+ \w+ \d{4}$/.test(text)) window.drawn.set(text, Math.round(this.getTransform().transformPoint({ x, y }).x));
        return fillText.call(this, text, x, y);
      };
    });
    for (const width of [1100, 800]) {
      await page.setViewportSize({ width, height: 900 });
      await page.reload();
      const places = (await waitFor(`dates at ${width} px`, async () => {
        const drawn = await page.evaluate(() => [...window.drawn.values()]);
        return drawn.length > 1 && drawn;
      })).sort((one, other) => one - other);
      const distances = places.slice(1).map((at, index) => at - places[index]);
      assert.ok(Math.max(...distances) - Math.min(...distances) <= 2, `${width} px: ${places}`);
    }
    await page.context().close();
  });

  it('has the width of its place, and a phone is not too narrow', visit('/', {}, async (page) => {
    for (const width of [700, 390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await waitFor('the width', () => page.evaluate(() => [...document.querySelectorAll('.canvas')].every((one) => one.querySelector('canvas').clientWidth === one.clientWidth)));
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width} px: too wide`);
    }
  }));

  it('tells the point under the pointer, in the words of the table', visit('/', {}, async (page) => {
    const tip = page.locator('#rate .tip');
    await box(page, 'rate').hover({ position: { x: 400, y: 120 } });
    await tip.waitFor();
    const day = await tip.locator('strong').textContent();
    const row = await page.locator('#rate tbody tr').filter({ has: page.locator('th', { hasText: new RegExp(`^${day}$`) }) }).locator('td').allTextContents();
    assert.deepEqual(await tip.locator('b').allTextContents(), [row[0], row[3], row[4], row[5]]);
    assert.equal(await tip.locator('.between').textContent(), `from ${row[1]} to ${row[2]}`);
    await page.mouse.move(5, 5);
    await tip.waitFor({ state: 'hidden' });
    await box(page, 'places').hover({ position: { x: 400, y: 24 + 44 * 1.5 } });
    assert.equal(await page.locator('#places .tip strong').textContent(), 'France');
  }));

  it('has its points announced by keys, missing values and marks too', visit('/', {}, async (page) => {
    await press(page, 'rate', 'ArrowRight');
    assert.equal(await said(page, 'rate'), '7 Sept: Of those who answered 62 % (from 59 % to 65 %); Of those asked 48 %; Period before 61 %; Answers 410');
    await press(page, 'rate', 'ArrowRight', 'ArrowLeft', 'ArrowLeft');
    assert.match(await said(page, 'rate'), /^7 Sept: /, 'before the first is the first');
    await press(page, 'rate', ...Array(8).fill('ArrowRight'));
    assert.match(await said(page, 'rate'), /^15 Sept: .*\. A: Version 12: new wording$/);
    await press(page, 'rate', ...Array(10).fill('ArrowRight'));
    assert.match(await said(page, 'rate'), /^25 Sept: Of those who answered not known; Of those asked not known; Period before 60 %; /);
    await press(page, 'rate', 'End');
    assert.match(await said(page, 'rate'), /^18 Oct: /);
    await press(page, 'rate', 'Escape');
    assert.equal(await page.locator('#rate .tip').isVisible(), false);
    await press(page, 'places', 'ArrowDown', 'ArrowDown');
    assert.equal(await said(page, 'places'), 'France: Of those who answered 66 % (from 63 % to 69 %); Period before 64 %; Answers 902');
    await press(page, 'steps', 'End');
    assert.equal(await said(page, 'steps'), 'Still so after 7 days: Visits 4,391');
  }));

  it('is zoomed by keys, by the slider and by the wheel with Ctrl, which else scrolls the page, and goes back', visit('/', {}, async (page) => {
    const back = page.locator('#rate .back');
    assert.equal(await back.isVisible(), false);
    await press(page, 'rate', 'Home', '+', '+');
    assert.match(await said(page, 'rate'), /^7 Sept to 1[67] Sept$/);
    for (const key of ['ArrowRight', 'ArrowRight', 'End']) {
      await press(page, 'rate', key);
      assert.ok(await accentAtHair(page) >= 5, `${key}: the hair is not where the point is drawn`);
    }
    assert.match(await said(page, 'rate'), /^18 Oct: /, 'a point out of sight is brought into it');
    await press(page, 'rate', '-');
    await press(page, 'rate', '-');
    assert.equal(await back.isVisible(), false, 'as far out as it goes');
    await press(page, 'rate', '+');
    await back.click();
    assert.equal(await said(page, 'rate'), '7 Sept to 18 Oct');
    assert.equal(await box(page, 'rate').evaluate((element) => element === document.activeElement), true);
    assert.equal(await back.isVisible(), false);

    await box(page, 'rate').hover({ position: { x: 300, y: 120 } });
    await page.mouse.wheel(0, 100);
    await waitFor('the page to scroll', () => page.evaluate(() => scrollY > 0));
    assert.equal(await back.isVisible(), false);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    await back.click();
    await box(page, 'rate').scrollIntoViewIfNeeded();
    const { x, y, height } = await box(page, 'rate').boundingBox();
    const before = await colours(page, 'rate');
    await page.mouse.move(x + 43, y + height - 16);
    await page.mouse.down();
    await page.mouse.move(x + 300, y + height - 16, { steps: 5 });
    // Drawn anew meanwhile, it must not let go of the handle.
    await page.waitForTimeout(400);
    await page.mouse.move(x + 500, y + height - 16, { steps: 5 });
    await page.mouse.up();
    await back.waitFor();
    await waitFor('the markers of the part', async () => (await colours(page, 'rate'))[LIGHT.accent] !== before[LIGHT.accent]);
    await box(page, 'rate').hover({ position: { x: 50, y: 120 } });
    assert.match(await page.locator('#rate .tip strong').textContent(), /^(29 Sept|30 Sept|1 Oct)$/, 'the handle went along, though it had stood still');
  }));

  it('hides and shows a series from its legend, by keys too', visit('/', {}, async (page) => {
    const button = page.locator('#rate .legend button', { hasText: 'Of those who answered' });
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    await button.focus();
    await page.keyboard.press('Space');
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    const hidden = await colours(page, 'rate');
    assert.equal(hidden[LIGHT.accent], undefined);
    assert.ok(hidden[LIGHT.warn] > 200);
    await press(page, 'rate', 'Home');
    assert.doesNotMatch(await said(page, 'rate'), /Of those who answered/);
    await button.click();
    assert.ok((await colours(page, 'rate'))[LIGHT.accent] > 200);
    assert.deepEqual(await page.locator('#places .legend button').allTextContents(), ['Of those who answered', 'Period before']);
    assert.equal(await page.locator('#steps .legend button').count(), 0);
  }));

  it('gives a picture that is named after figure and days', visit('/', {}, async (page) => {
    for (const [id, name] of [['rate', 'rate-2026-09-07-2026-10-18.png'], ['places', 'places.png']]) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`#${id} .acts button`).click()]);
      assert.equal(download.suggestedFilename(), name);
      const bytes = readFileSync(await download.path());
      assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
      assert.equal(bytes.readUInt32BE(16), (928 + 40) * 2);
      assert.ok(bytes.length > 10_000);
    }
  }));

  it('puts the letters of its marks before their sentences', visit('/', {}, async (page) => {
    assert.deepEqual(await page.locator('#rate .marks li').allTextContents(), ['A Version 12: new wording Before and after', 'B Version 13: “Choose” became “Settings”', 'C Profile for Switzerland']);
  }));

  it('goes to paper in the light scheme with its table, and comes back', visit('/', { colorScheme: 'dark' }, async (page) => {
    const tables = () => page.locator('details').evaluateAll((all) => all.map(({ open: isOpen }) => isOpen));
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    assert.deepEqual(await tables(), [true, true, true]);
    const printed = await colours(page, 'rate');
    assert.ok(printed[LIGHT.accent] > 200 && printed[DARK.accent] === undefined);
    assert.equal(await page.evaluate(() => document.querySelector('#rate canvas').clientWidth), 680);
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.deepEqual(await tables(), [false, false, false]);
    assert.ok((await colours(page, 'rate'))[DARK.accent] > 200);
    assert.ok((await page.pdf({ format: 'A4' })).length > 20_000);
    assert.deepEqual(await tables(), [false, false, false]);
  }));

  it('runs from the right where the page does', visit('/rtl', {}, async (page) => {
    const at = () => page.locator('#rate .hair').evaluate((hair) => Number.parseFloat(hair.style.left));
    await press(page, 'rate', 'Home');
    const first = await at();
    await press(page, 'rate', 'ArrowLeft');
    assert.match(await said(page, 'rate'), /^8 Sept: /);
    assert.ok(first > 800 && await at() < first, `from ${first} to ${await at()}`);
    for (const [id, colour] of [['places', '154,183,203'], ['steps', '31,95,139']]) {
      const [left, right] = await page.evaluate(([of, wanted]) => {
        const canvas = document.querySelector(`#${of} canvas`);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const columns = Array(canvas.width).fill(0);
        for (let at = 0; at < data.length; at += 4) if (data.slice(at, at + 3).join() === wanted) columns[at / 4 % canvas.width] += 1;
        const filled = columns.filter(Boolean);
        return [filled.slice(0, 8), filled.slice(-8)].map((some) => Math.max(...some));
      }, [id, colour]);
      assert.ok(right >= left * 3, `${id}: ${left} px of bars at the left end and ${right} at the right`);
    }
  }));

  it('is accessible in both schemes, on a phone, from the right, with its tip and its table', async () => {
    for (const [what, path, options] of [['light', '/', { colorScheme: 'light' }], ['dark', '/', { colorScheme: 'dark' }], ['phone', '/', PHONE], ['rtl', '/rtl', {}]]) {
      const page = await open(path, options);
      await page.locator('#places summary').click();
      await press(page, 'rate', 'End', '+');
      await assertAccessible(page, what);
      await page.context().close();
    }
  });
});

describe('a table', () => {
  it('is opened where there is no chart: one point, no row, or a row that cannot be read, which is said once', async () => {
    const page = await open('/few');
    for (const id of ['one', 'none', 'wrong']) {
      assert.equal(await page.locator(`#${id} canvas`).count(), 0, id);
      assert.notEqual(await page.locator(`#${id} details`).getAttribute('open'), null, id);
      assert.equal(await page.locator(`#${id} button`).count(), 0, id);
    }
    assert.equal(await page.locator('#steps canvas').count(), 1, 'the others have theirs');
    assert.equal(page.errors.length, 1);
    assert.match(page.errors[0], /^The chart "wrong" could not be drawn; its table is there\. Error: .*"yesterday"/);
    assert.deepEqual(page.faults, []);
    await assertAccessible(page, 'tables alone');
    await page.context().close();
  });

  it('is opened where nothing can be drawn on, and nothing of the chart is left', async () => {
    const page = await open('/', {}, () => { HTMLCanvasElement.prototype.getContext = () => null; });
    for (const id of ['rate', 'places', 'steps']) {
      assert.equal(await page.locator(`#${id} :is(.canvas, .legend, .letter, button)`).count(), 0, id);
      assert.notEqual(await page.locator(`#${id} details`).getAttribute('open'), null, id);
    }
    assert.equal(page.errors.length, 3, page.errors.join('\n'));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
});

describe('a live section', () => {
  it('is replaced when it says something else, says when it is old, and asks ever less until it is answered', async () => {
    Object.assign(today, { answers: 1, status: 200, asked: 0 });
    const page = await open('/live');
    const section = page.locator('section[data-live]');
    await section.locator('h2').evaluate((heading) => { heading.dataset.same = ''; });
    await waitFor('two answers', () => today.asked >= 2);
    assert.equal(await section.locator('[data-same]').count(), 1, 'the same text is left alone');
    today.answers = 7;
    await section.getByText('7 answers so far').waitFor();
    assert.equal(await section.locator('[data-same]').count(), 0);
    assert.equal(await section.getAttribute('data-stale'), null);

    today.status = 500;
    await section.getByText(/^Not updated since \d\d:\d\d$/).waitFor();
    assert.notEqual(await section.getAttribute('data-stale'), null);
    assert.equal(await section.getByText('7 answers so far').count(), 1);
    await assertAccessible(page, 'stale');
    const before = today.asked;
    await page.waitForTimeout(1500);
    assert.ok(today.asked - before <= 3, `${today.asked - before} times in 1.5 s: no backing off`);

    Object.assign(today, { answers: 8, status: 200 });
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await section.getByText('8 answers so far').waitFor();
    assert.equal(await section.getAttribute('data-stale'), null);
    assert.equal(await section.locator('[role=status]').textContent(), '');
    assert.deepEqual([...page.faults, ...page.errors], []);
    await page.context().close();
  });

  it('asks nothing while nobody looks', async () => {
    const page = await open('/live', {}, () => Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' }));
    today.asked = 0;
    await page.waitForTimeout(1000);
    assert.equal(today.asked, 0);
    await page.context().close();
  });
});

it('a filter is sent when it changes, and its button stays', visit('/', {}, async (page) => {
  assert.ok(await page.getByRole('button', { name: 'Show' }).isVisible());
  await Promise.all([page.waitForURL(/\?days=90&from=&to=$/), page.locator('#days').selectOption('90')]);
}));
