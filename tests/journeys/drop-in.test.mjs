// A site that is not behind the Worker and carries its script: the same banner, gate and receipts; only registered sites
// may use it, and what the page keeps is worth what the edge says.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { BATCH_MS, action, banner, describeRequests, eventsOf, openSettings, policyRegistering, startWorld, trackerTraces, vendorHosts, waitFor } from './harness.mjs';
import { countedOf } from './figures.mjs';

let world;
let worker;
let stranger;
before(async () => {
  world = await startWorld({ origin: 'test' });
  worker = await world.startWorker({ dashboard: true, vars: { POLICY: policyRegistering(world.originBase) } });
  stranger = await world.startWorker({ vars: { POLICY: policyRegistering('https://other.example') } });
});
after(() => world?.close());
beforeEach(() => world.settle());

async function visit({ at = worker, csp = '', ...options } = {}) {
  const page = await world.newPage(options);
  page.complaints = [];
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  await page.goto(`${world.originBase}/drop-in?worker=${encodeURIComponent(at.base)}&csp=${encodeURIComponent(csp)}`, { waitUntil: 'load' });
  return page;
}

async function decide(page, act) {
  const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision') && response.request().method() === 'POST');
  await act();
  const answer = await acknowledged;
  assert.equal(answer.status(), 200);
  return answer.json();
}

const stateOf = (page) => page.evaluate(() => window.postern.state);
const shown = (page) => banner(page).waitFor();
const hasToldMeta = async () => eventsOf(await world.recorder.requests(), 'meta-pixel').length > 0;

describe('a site with the script', () => {
  it('contacts nobody and stores nothing before a choice, and shows the banner in its language', async () => {
    const page = await visit();
    await shown(page);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await trackerTraces(page), []);
    assert.equal(await page.evaluate(() => localStorage.getItem('postern')), null);
    assert.deepEqual(await page.context().cookies(), []);
    const [title, display] = await page.evaluate(() => {
      const root = document.getElementById('postern');
      return [root.querySelector('h2').textContent, getComputedStyle(root.querySelector('section')).position];
    });
    assert.equal(title, 'Cookies: your choice');
    assert.equal(display, 'fixed');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('looks as where the edge has written it', async () => {
    const page = await visit();
    await shown(page);
    const inPage = await page.evaluate(() => document.getElementById('postern').querySelector('section').getBoundingClientRect().toJSON());
    await page.goto(`${worker.base}/plain-html`, { waitUntil: 'load' });
    await shown(page);
    const written = await page.evaluate(() => document.getElementById('postern').querySelector('section').getBoundingClientRect().toJSON());
    assert.deepEqual(inPage, written);
    await page.context().close();
  });

  it('releases what is granted, each event once, keeps the choice, and holds again after a withdrawal', async () => {
    const page = await visit();
    await shown(page);
    const said = await decide(page, () => action(page, 'accept').click());
    assert.match(said.receipt, /^[0-9a-f-]{36}$/);
    await waitFor('the first events', async () => eventsOf(await world.recorder.requests(), 'ga4').some(({ id }) => id === 'ga-drop-1') && await hasToldMeta());
    await world.waitForHosts('www.youtube.com', 'bat.bing.com');
    const requests = await world.waitQuiet();
    assert.deepEqual(eventsOf(requests, 'meta-pixel').map(({ id }) => id), ['fb-drop-1']);
    assert.deepEqual(eventsOf(requests, 'ga4').map(({ id }) => id).filter(Boolean), ['ga-drop-1']);
    assert.ok(vendorHosts(requests).includes('www.youtube.com') && vendorHosts(requests).includes('bat.bing.com'));
    await world.recorder.clear();
    await page.reload({ waitUntil: 'load' });
    await waitFor('them again, without asking', hasToldMeta);
    assert.equal(await banner(page).isVisible(), false);
    await openSettings(page);
    await decide(page, () => action(page, 'withdraw').click());
    await waitFor('the withdrawal', async () => (await stateOf(page)).granted.length === 1);
    await world.settle();
    assert.deepEqual(await trackerTraces(page), []);
    await page.reload({ waitUntil: 'load' });
    assert.equal(describeRequests(await world.waitQuiet(BATCH_MS)), '');
    assert.deepEqual(await stateOf(page), { decided: true, granted: ['necessary'], vendors: [] });
    assert.equal(await banner(page).isVisible(), false);
    await page.context().close();
  });

  it('lets one vendor in by itself', async () => {
    const page = await visit();
    await shown(page);
    assert.deepEqual(await page.evaluate(() => window.postern.grantVendor('youtube')), { decided: false, granted: ['necessary'], vendors: ['youtube'] });
    await world.waitForHosts('www.youtube.com');
    assert.deepEqual(vendorHosts(await world.waitQuiet()), ['www.youtube.com']);
    await page.reload({ waitUntil: 'load' });
    await waitFor('it', async () => (await stateOf(page)).vendors.includes('youtube'));
    assert.ok(await banner(page).isVisible());
    await page.context().close();
  });

  it('shows the receipts of who keeps the choice, to take along and to erase', async () => {
    const page = await visit();
    await shown(page);
    const { receipt } = await decide(page, () => action(page, 'reject').click());
    await openSettings(page);
    assert.equal(await page.locator('#postern dialog[open] code').textContent(), receipt);
    assert.equal(await page.locator('#postern a[href*="#receipts"]').count(), 0, 'our own page knows nobody from here');
    const sealed = await page.evaluate(() => localStorage.getItem('postern'));
    const readReceipts = async () => {
      const answer = await fetch(`${worker.base}/_postern/consent/receipts.json`, { method: 'POST', headers: { origin: world.originBase }, body: sealed });
      assert.equal(answer.headers.get('access-control-allow-origin'), world.originBase);
      return answer.json();
    };
    const before = await readReceipts();
    assert.equal(before.receipts.length, 1);
    await page.evaluate(() => {
      URL.createObjectURL = (blob) => {
        window.taken = blob.text();
        return '#taken';
      };
    });
    await action(page, 'export').click();
    await waitFor('the file', () => page.evaluate(() => !!window.taken));
    assert.deepEqual(JSON.parse(await page.evaluate(() => window.taken)), before);
    const restrict = page.locator('#postern details[data-postern-receipt]', { has: page.locator('[data-consent-action="restrict"]') });
    const statement = page.locator('#postern p[data-postern-receipt]', { hasText: 'Your receipts are restricted' });
    const refusals = async () => (await countedOf(worker)).refused;
    await waitFor('the figures', async () => await refusals() > 0);
    const counted = await refusals();
    for (const body of ['', 'x']) assert.equal((await fetch(`${worker.base}/_postern/restrict`, { method: 'POST', headers: { origin: world.originBase }, body })).status, 400);
    // What is restricted leaves the figures, and comes back.
    for (const isRestricted of [true, false]) {
      if (isRestricted) await restrict.locator('summary').click();
      const loaded = page.waitForEvent('load');
      await action(page, isRestricted ? 'restrict' : 'unrestrict').click();
      await loaded;
      await waitFor('the choice to hold on', async () => (await stateOf(page)).decided === true);
      await openSettings(page);
      assert.equal(await statement.count(), isRestricted ? 1 : 0);
      assert.equal(await refusals(), isRestricted ? counted - 1 : counted);
      // Said twice it is the same.
      const again = await fetch(`${worker.base}/_postern/${isRestricted ? 'restrict' : 'unrestrict'}`, { method: 'POST', headers: { origin: world.originBase }, body: sealed });
      assert.equal(again.status, 200);
      assert.equal(await refusals(), isRestricted ? counted - 1 : counted);
      assert.deepEqual(await readReceipts(), before);
    }
    await page.locator('#postern details[data-postern-receipt] summary', { hasText: 'Erase' }).click();
    await action(page, 'erase').click();
    await shown(page);
    assert.equal(await page.evaluate(() => localStorage.getItem('postern')), null);
    assert.deepEqual(await readReceipts(), { receipts: [] });
    await page.context().close();
  });

  it('keeps nothing that anybody could have written', async () => {
    const page = await visit();
    await shown(page);
    await decide(page, () => action(page, 'accept').click());
    await waitFor('what was granted', hasToldMeta);
    await world.waitQuiet();
    for (const forge of [(token) => token.replace(/^v1\.1e/, 'v1.1f'), () => 'v1.1f.000000.00000000.00000000000000000000000000000000.x', () => '{}', (token) => `${token}x`]) {
      const address = page.url();
      // What still runs says its last words on leaving.
      await page.goto(`${world.originBase}/plain-html`);
      await page.evaluate((token) => localStorage.setItem('postern', token), forge(await page.evaluate(() => localStorage.getItem('postern'))));
      await world.waitQuiet();
      await world.recorder.clear();
      await page.goto(address, { waitUntil: 'load' });
      await shown(page);
      assert.equal(describeRequests(await world.waitQuiet()), '');
      await decide(page, () => action(page, 'accept').click());
      await waitFor('what was granted anew', hasToldMeta);
      await world.waitQuiet();
    }
    await page.context().close();
  });

  it('keeps its promise where policies allow no styles, no markup and no wasm', async () => {
    const page = await visit({ csp: `default-src 'self'; script-src 'self' 'unsafe-inline' ${worker.base} https:; connect-src 'self' ${worker.base} https:; style-src 'self'; require-trusted-types-for 'script'` });
    await shown(page);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#postern section')).position), 'fixed');
    await action(page, 'accept').click();
    assert.equal(describeRequests(await world.waitQuiet()), '', 'no wasm, no grant');
    await page.context().close();
  });
});

describe('a site that nobody registered', () => {
  it('gets no banner and no release, and can send no choice', async () => {
    const page = await visit({ at: stranger });
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.equal(await page.locator('#postern').count(), 0);
    const asked = await page.evaluate(async (base) => {
      const ask = (path, init) => fetch(base + path, init).then(({ status }) => status, () => 'refused');
      return [await ask('/_postern/state', { method: 'POST', body: '' }), await ask('/_postern/decision', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })];
    }, stranger.base);
    assert.deepEqual(asked, ['refused', 'refused']);
    await page.context().close();
    for (const [path, method] of [['state', 'OPTIONS'], ['state', 'POST'], ['decision', 'OPTIONS'], ['decision', 'POST']]) {
      const answer = await fetch(`${stranger.base}/_postern/${path}`, { method, headers: { origin: world.originBase } });
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    assert.equal((await fetch(`${world.base}/_postern/site.js`)).status, 404, 'where none is registered there is no script');
  });
});
