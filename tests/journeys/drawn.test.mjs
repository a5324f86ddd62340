// Which banners were drawn is counted, since one that was sent may never have been seen: hidden or taken out by a blocker, or gone with
// its visitor. A browser asks for a picture that shows nothing once its banner is drawn, on the page that asks it first; without scripts
// for one more.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readCells } from './figures.mjs';
import { LAYOUTS, PHONE, action, banner, decide, policyWithLayout, serveSite, sleep, startWorld, waitFor } from './harness.mjs';
import { readText, send } from './wire.mjs';

let world;
before(async () => { world = await startWorld({ dashboard: true }); });
after(() => world?.close());

const counted = (worker = world.worker) => {
  const { first = 0, reported = 0, no_script: withoutScripts = 0 } = readCells(worker)['all/'] ?? {};
  return { first, reported, withoutScripts };
};

/** What a visit adds to the figures. One batch later nothing more comes. */
async function added(visit, worker = world.worker) {
  const before = counted(worker);
  await visit();
  await waitFor('the page to be counted', () => counted(worker).first > before.first);
  await sleep(2500);
  const after = counted(worker);
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - before[name]]));
}

/**
 * Opens a page whose banner is to be drawn, until its picture has come: it is lazy, so it is asked for after a frame only, and who
 * goes on with the load may be gone by then.
 */
const openDrawn = (page, address) => Promise.all([page.waitForResponse((response) => response.url().includes('/_postern/asked')), page.goto(address)]);

const visitor = (options, arrange) => async () => {
  const page = await world.newPage(options);
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('/_postern/asked')) asked.push(new URL(request.url()).search); });
  await arrange?.(page);
  // Without scripts nothing is lazy; where something is in the way no picture comes.
  const open = arrange || options?.javaScriptEnabled === false ? (_, address) => page.goto(address) : openDrawn;
  await open(page, `${world.base}/`);
  for (const path of ['/contact', '/']) {
    await page.goto(`${world.base}${path}`);
    await page.waitForLoadState('load');
  }
  await page.waitForTimeout(500);
  assert.deepEqual(page.faults, []);
  await page.context().close();
  return asked;
};

it('counts a banner that is drawn, once, whatever is opened after', async () => {
  let asked;
  assert.deepEqual(await added(async () => { asked = await visitor()(); }), { first: 1, reported: 1, withoutScripts: 0 });
  assert.deepEqual(asked, ['?en']);
  assert.deepEqual(await added(visitor(PHONE)), { first: 1, reported: 1, withoutScripts: 0 });
});

it('counts one that is drawn without scripts as such', async () => {
  assert.deepEqual(await added(visitor({ javaScriptEnabled: false })), { first: 1, reported: 1, withoutScripts: 1 });
});

it('does not count one that a blocker hides, or whose files it keeps away', async () => {
  const hides = (page) => page.addInitScript(() => {
    const hide = () => document.documentElement.append(Object.assign(document.createElement('style'), { textContent: '#postern{display:none!important}' }));
    if (document.documentElement) hide();
    else new MutationObserver((_, observer) => { if (document.documentElement) { observer.disconnect(); hide(); } }).observe(document, { childList: true });
  });
  const keepsAway = (page) => page.route('**/_postern/**', (route) => route.abort());
  for (const blocks of [hides, keepsAway]) assert.deepEqual(await added(visitor({}, blocks)), { first: 1, reported: 0, withoutScripts: 0 }, blocks.name);
});

it('is counted by who was asked, and by the page', async () => {
  const cells = () => Object.entries(readCells(world.worker)).filter(([name]) => /^(client|place|version|language)\//.test(name)).map(([name, { first, reported }]) => [name, first, reported]);
  const before = new Map(cells().map(([name, first, reported]) => [name, { first, reported }]));
  await added(visitor());
  for (const [name, first, reported] of cells()) {
    const { first: asked = 0, reported: drawn = 0 } = before.get(name) ?? {};
    assert.equal(reported - drawn, first - asked, name);
  }
});

it('is let through by a page that lets no picture through, and moves nothing in the banner', async () => {
  const strict = await serveSite((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'; img-src 'none'" });
    response.end('<!doctype html><html lang="en"><title>Strict</title><h1>Strict</h1>');
  });
  const worker = await world.startWorker({ vars: { ORIGIN: `http://127.0.0.1:${strict.port}` } });
  const page = await world.newPage();
  const said = [];
  page.on('console', (message) => { if (message.type() === 'error') said.push(message.text()); });
  assert.deepEqual(await added(async () => { await openDrawn(page, worker.base); await banner(page).waitFor(); }, worker), { first: 1, reported: 1, withoutScripts: 0 });
  assert.deepEqual(said.filter((text) => /Content.Security.Policy/i.test(text)), []);
  const box = await page.locator('#postern img').evaluate((image) => ({ width: image.getBoundingClientRect().width, in: getComputedStyle(image.parentElement).display }));
  assert.equal(box.width, 0);
  // A later page asks for none, and its policy lets none through.
  const asked = (await page.context().cookies(worker.base)).find(({ name }) => name === '__Host-postern-asked');
  const later = await send(worker.port, '/', { headers: { accept: 'text/html', cookie: `__Host-postern-asked=${asked.value}` } });
  assert.equal(/\/_postern\/asked/.test(readText(later)), false);
  assert.match(JSON.stringify(later.headers), /img-src 'none'/);
  await page.context().close();
  await worker.stop();
  strict.stop();
});

for (const layout of LAYOUTS) {
  it(`is drawn as "${layout}", with nothing of the picture to be seen`, async () => {
    const worker = await world.startWorker({ vars: { POLICY: policyWithLayout(layout) } });
    const page = await world.newPage();
    assert.deepEqual(await added(async () => { await openDrawn(page, worker.base); await banner(page).waitFor(); }, worker), { first: 1, reported: 1, withoutScripts: 0 });
    const sizes = await page.locator('#postern img').evaluateAll((all) => all.map((image) => image.getBoundingClientRect()).map(({ width }) => width));
    assert.deepEqual(sizes, [0]);
    // It moves nothing: on the next page there is none, and the banner stands as it did.
    const box = () => page.locator('#postern > section').evaluate((section) => section.getBoundingClientRect().toJSON());
    const first = await box();
    await page.goto(worker.base);
    await banner(page).waitFor();
    assert.equal(await page.locator('#postern img').count(), 0);
    assert.deepEqual(await box(), first);
    await page.context().close();
    await worker.stop();
  });
}

it('counts nothing that is no banner\'s: of bots, of other sites, of who has chosen', async () => {
  const before = counted();
  const ask = (headers) => send(world.worker.port, '/_postern/asked?en', { headers });
  const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
  const page = await world.newPage();
  await page.goto(world.base);
  await decide(page, () => action(page, 'reject').click());
  const chosen = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  await page.context().close();
  for (const headers of [{ 'user-agent': 'Googlebot/2.1' }, {}, { ...browser, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }, { ...browser, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'document' }, { ...browser, cookie: chosen }]) {
    const answer = await ask(headers);
    assert.deepEqual([answer.status, answer.body.length], [204, 0], JSON.stringify(headers));
  }
  await send(world.worker.port, '/', { headers: { accept: 'text/html', ...browser } });
  await waitFor('the page to be counted', () => counted().first === before.first + 2);
  await sleep(2500);
  assert.equal(counted().reported, before.reported + 1);
});
