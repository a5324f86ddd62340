// What a visitor sees first, on a slow line and a slow machine: the banner is in the first picture of the page, nothing that
// stands moves for it, then or later, and nothing of ours is waited for. Source: design.md section 4. What is time, and not
// yes or no, is measured by tests/bench/page.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DESKTOP, LAYOUTS, PHONE, action, banner, decide, openSettings, policyWithLayout, serveSite, startWorld, waitFor } from './harness.mjs';
import { ENGINE } from '../recorder/browser.mjs';

/** So little that anything else in the picture is larger; and more than any window holds, to see that it stays. */
const FIRST = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>site</title></head><body><main><h1 id="own">x</h1>';
const REST = `${Array.from({ length: 80 }, (_, index) => `<p>Paragraph ${index}</p>`).join('')}</main></body></html>`;

let world;
const workers = {};
/** Answers to SLOW whose rest has not been sent. */
const waiting = [];
const SLOW = '/';
before(async () => {
  const respond = ({ url }, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.write(FIRST);
    const finish = () => response.end(REST);
    if (url === SLOW) waiting.push(finish);
    else finish();
  };
  world = await startWorld({ origin: 'test' });
  const { port } = world.keep(await serveSite(respond));
  for (const layout of LAYOUTS) workers[layout] = await world.startWorker({ originPort: port, vars: { POLICY: policyWithLayout(layout) } });
});
after(() => world?.close());

/** In the page, before anything else: what the browser says of its pictures. */
function observe() {
  window.shifts = [];
  window.largest = [];
  const name = (node) => node && `${node.localName ?? node.nodeName}#${node.id}`;
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) window.shifts.push(`${value}: ${sources.map(({ node }) => name(node))}`);
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const { element, renderTime } of list.getEntries()) window.largest.push({ isOurs: !!element?.closest('#postern'), what: name(element), renderTime });
  }).observe({ type: 'largest-contentful-paint', buffered: true });
}

/** A page of which only the beginning has come; `finish` sends the rest. Four times slower than this machine, in Chromium. */
async function begin(layout, options) {
  // What compresses in the development server keeps small pieces back.
  const page = await world.newPage({ ...options, extraHTTPHeaders: { 'accept-encoding': 'identity' } });
  if (ENGINE === 'chromium') {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 90_000 });
  }
  await page.addInitScript(observe);
  waiting.length = 0;
  await page.goto(workers[layout].base + SLOW, { waitUntil: 'commit' });
  const finish = async () => {
    for (const send of waiting.splice(0)) send();
    await page.waitForLoadState('load');
  };
  return { page, finish };
}

const paints = (page) => page.evaluate(() => performance.getEntriesByType('paint').filter(({ name }) => name === 'first-contentful-paint').map(({ startTime }) => startTime));
/** Without the site's sign, for which Firefox asks by itself, and the picture that a banner asks for because it is drawn already. */
const resources = (page) => page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => !/\/favicon\.ico$|\/_postern\/asked\?/.test(name)));

for (const layout of LAYOUTS) {
  for (const [device, options] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    // Where motion is welcome, since there it could begin with nothing.
    it(`${layout}, ${device}: the first picture has the banner, before the page is all there`, async () => {
      const { page, finish } = await begin(layout, { ...options, reducedMotion: 'no-preference' });
      const [first] = await waitFor('a picture', async () => { const seen = await paints(page); return seen.length > 0 && seen; });
      const largest = await waitFor('what was largest in it', async () => { const seen = await page.evaluate('largest'); return seen.length > 0 && seen; });
      assert.equal(await page.locator('main p').count(), 0, 'the rest of the page has not come');
      // Firefox tells of each that was the largest so far, also within one picture: the last of it is the largest.
      const atFirst = largest.filter(({ renderTime }) => renderTime === first);
      const candidates = ENGINE === 'firefox' ? atFirst.slice(-1) : atFirst;
      assert.deepEqual([...new Set(candidates.map(({ isOurs }) => isOurs))], [true], `${JSON.stringify(largest)} at ${first}`);
      assert.equal(await banner(page).evaluate((element) => element.checkVisibility()), true);
      assert.deepEqual(await resources(page), [], 'nothing is waited for');
      await finish();
      assert.deepEqual(await resources(page), [], 'nor asked for later');
      assert.deepEqual(page.faults, []);
      await page.context().close();
    });

    it(`${layout}, ${device}: nothing moves, from the first picture to the page after the choice`, { skip: ENGINE !== 'chromium' && 'only Chromium tells of shifts' }, async () => {
      const { page, finish } = await begin(layout, options);
      await banner(page).waitFor();
      const shifts = () => page.evaluate('shifts');
      await finish();
      await page.waitForTimeout(300);
      assert.deepEqual(await shifts(), [], 'while it came');
      await openSettings(page);
      await page.waitForTimeout(300);
      assert.deepEqual(await shifts(), [], 'with the settings');
      await page.keyboard.press('Escape');
      await decide(page, () => action(page, 'accept').click());
      await banner(page).waitFor({ state: 'hidden' });
      await page.waitForTimeout(300);
      assert.deepEqual(await shifts(), [], 'after the choice');
      await page.goto(`${workers[layout].base}/next`, { waitUntil: 'load' });
      await action(page, 'open').waitFor();
      await page.waitForTimeout(300);
      assert.deepEqual(await shifts(), [], 'in the page after it');
      // The observer sees what moves: the test would tell.
      await page.evaluate(() => { document.getElementById('own').style.marginTop = '100px'; });
      await waitFor('a shift of the page\'s own', async () => (await shifts()).length > 0);
      await page.context().close();
    });
  }
}

describe('a banner that the line cuts in two', () => {
  for (const layout of LAYOUTS) {
    it(`is seen whole, and so does not move (${layout})`, { skip: ENGINE !== 'chromium' && 'only Chromium tells of shifts' }, async () => {
      let send;
      const line = world.keep(await serveSite(async (request, response) => {
        const { port } = new URL(workers[layout].base);
        const text = await (await fetch(`http://127.0.0.1:${port}${request.url}`, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } })).text();
        const cut = text.indexOf('data-consent-action="reject"');
        assert.ok(cut > 0);
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.write(text.slice(0, cut));
        send = () => response.end(text.slice(cut));
      }));
      const page = await world.newPage();
      await page.addInitScript(observe);
      await page.goto(`http://localhost:${line.port}/next`, { waitUntil: 'commit' });
      await banner(page).waitFor({ state: 'attached' });
      // So long that a browser draws what it has.
      await page.waitForTimeout(500);
      assert.equal(await banner(page).isVisible(), false, 'no half is shown');
      send();
      await banner(page).waitFor();
      await page.waitForTimeout(300);
      assert.deepEqual(await page.evaluate('shifts'), []);
      await page.context().close();
    });
  }
});

describe('the page after a refusal', () => {
  it('waits for nothing that comes over the line', { skip: ENGINE !== 'chromium' && 'only Chromium tells what blocks' }, async () => {
    const { page, finish } = await begin(LAYOUTS[0]);
    await finish();
    const kept = page.waitForResponse((response) => response.url().endsWith('/stub.js'));
    await decide(page, () => action(page, 'reject').click());
    await (await kept).finished();
    await page.goto(`${workers[LAYOUTS[0]].base}/next`, { waitUntil: 'load' });
    await waitFor('a picture', async () => (await paints(page)).length > 0);
    const blocking = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ renderBlockingStatus, transferSize }) => renderBlockingStatus === 'blocking' && transferSize > 0).map(({ name }) => name));
    assert.deepEqual(blocking, []);
    await page.context().close();
  });
});
