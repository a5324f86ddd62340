// One vendor granted by itself: it and nobody else is let in, the rest of the question stays open, and what a page tells
// of it by `window.postern`, by events and to tag managers is what holds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { BATCH_MS, QUIET_MS, ROOT, action, banner, choiceCookies, decide, describeRequests, eventsOf, saveCategories, startWorld, trackerTraces, vendorHosts, waitFor } from './harness.mjs';

const PRODUCT = '/product-alder.html';
const META = ['connect.facebook.net', 'www.facebook.com'];
const YOUTUBE = 'www.youtube.com';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());
beforeEach(() => world.settle());

async function visit(path, options) {
  const page = await world.newPage(options);
  await page.goto(world.base + path, { waitUntil: 'load' });
  return page;
}

const grant = (page, id) => page.evaluate((id) => window.postern.grantVendor(id), id);
const stateOf = (page) => page.evaluate(() => window.postern.state);
const hosts = async () => [...new Set(vendorHosts(await world.waitQuiet()))].sort();

describe('one vendor', () => {
  it('is let in by itself, and the question stays open', async () => {
    const page = await visit('/film.html');
    await page.evaluate(() => {
      window.heard = [];
      window.postern.onChange((state) => window.heard.push(state));
    });
    const state = await grant(page, 'youtube');
    assert.deepEqual(state, { decided: false, granted: ['necessary'], vendors: ['youtube'] });
    await world.waitForHosts(YOUTUBE);
    assert.deepEqual(await hosts(), [YOUTUBE]);
    assert.ok(await banner(page).isVisible(), 'the visitor was not asked about the rest');
    assert.deepEqual(await page.evaluate(() => window.heard), [state]);
    await page.reload({ waitUntil: 'load' });
    assert.deepEqual(await stateOf(page), state);
    assert.ok(await banner(page).isVisible());
    assert.deepEqual(await hosts(), [YOUTUBE]);
    await page.goto(`${world.base}/_postern/consent`);
    assert.deepEqual(await page.locator('[data-outcome]').evaluateAll((all) => all.map((one) => one.dataset.outcome)), ['vendor']);
    await page.context().close();
  });

  it('is let in where its content stands, by a click, in place', async () => {
    const page = await visit('/film.html');
    const frame = page.locator('iframe[data-postern-vendor="youtube"]');
    const link = frame.contentFrame().locator('[data-consent-action=load]');
    assert.match(await link.textContent(), /YouTube/);
    await link.click();
    await waitFor('it', async () => (await hosts()).includes(YOUTUBE));
    assert.deepEqual(await hosts(), [YOUTUBE]);
    assert.ok(page.url().endsWith('/film.html'), 'the page stays');
    assert.deepEqual((await stateOf(page)).vendors, ['youtube']);
    assert.equal(await page.locator('iframe[data-postern-need]').count(), 0);
    await page.context().close();
  });

  it('beside a partial choice is let in alone, each of its events once, and prolongs nothing', async () => {
    const page = await visit(PRODUCT);
    await saveCategories(page, ['functional']);
    await world.waitQuiet();
    await world.recorder.clear();
    const expiry = async () => (await page.context().cookies()).find(({ name }) => name === '__Host-postern').expires;
    const before = await expiry();
    assert.deepEqual(await grant(page, 'meta-pixel'), { decided: true, granted: ['necessary', 'functional'], vendors: ['meta-pixel'] });
    assert.ok(await expiry() <= before + 60, 'to the minute');
    await page.locator('.buy button').click();
    await waitFor('its event', async () => eventsOf(await world.recorder.requests(), 'meta-pixel').some(({ id }) => id === 'fb-alder-add-1'));
    const requests = await world.waitQuiet();
    assert.deepEqual(vendorHosts(requests).filter((host) => !META.includes(host) && !host.includes('googletagmanager')), []);
    const ids = eventsOf(requests, 'meta-pixel').map(({ id }) => id).filter(Boolean);
    assert.deepEqual(ids, [...new Set(ids)]);
    assert.deepEqual((await trackerTraces(page)).filter((name) => !/^(_fb|multiFbc|lastExternal|topics)/.test(name)), []);
    await page.context().close();
  });

  it('is taken back with everything else', async () => {
    const page = await visit(PRODUCT);
    await grant(page, 'meta-pixel');
    await waitFor('it', async () => (await hosts()).includes(META[1]));
    const state = await page.evaluate(() => window.postern.withdraw());
    assert.deepEqual(state, { decided: true, granted: ['necessary'], vendors: [] });
    await world.settle(QUIET_MS);
    await page.locator('.buy button').click();
    await page.reload({ waitUntil: 'load' });
    assert.equal(describeRequests(await world.waitQuiet(BATCH_MS)), '');
    assert.deepEqual(await trackerTraces(page), []);
    await page.goto(`${world.base}/_postern/consent`);
    assert.deepEqual(await page.locator('[data-outcome]').evaluateAll((all) => all.map((one) => one.dataset.outcome)), ['withdrawn', 'vendor']);
    await page.context().close();
  });

  it('that nobody listed, or that a signal keeps off, is not let in', async () => {
    for (const [id, options] of [['nobody', {}], ['clarity', {}], ['youtube', { extraHTTPHeaders: { dnt: '1' } }], ['meta-pixel', { extraHTTPHeaders: { 'sec-gpc': '1' } }]]) {
      const page = await visit(PRODUCT, options);
      assert.deepEqual(await grant(page, id), { decided: false, granted: ['necessary'], vendors: [] }, id);
      assert.equal(describeRequests(await world.waitQuiet()), '', id);
      assert.deepEqual(await choiceCookies(page), [], id);
      await page.context().close();
    }
  });

  it('of an accepted category changes nothing', async () => {
    const page = await visit('/film.html');
    await decide(page, () => action(page, 'accept').click());
    await page.reload({ waitUntil: 'load' });
    assert.deepEqual((await grant(page, 'youtube')).vendors, []);
    await page.context().close();
  });
});

describe('a tag manager', () => {
  it('finds in the data layer what holds, at the start and after each change', async () => {
    const page = await visit(PRODUCT);
    const told = () => page.evaluate(() => window.dataLayer.filter(({ event }) => event === 'postern_consent').map(({ postern }) => postern));
    const nothing = { decided: false, granted: ['necessary'], vendors: [] };
    assert.deepEqual(await told(), [nothing]);
    await saveCategories(page, ['analytics']);
    const some = { decided: true, granted: ['necessary', 'analytics'], vendors: [] };
    assert.deepEqual(await told(), [nothing, some]);
    await decide(page, () => page.evaluate(() => { window.postern.open(); }).then(() => action(page, 'save').click()));
    await page.reload({ waitUntil: 'load' });
    assert.deepEqual(await told(), [some]);
    await page.context().close();
  });
});

describe('vendors\' own interfaces', () => {
  it('are told of each choice, where their code is, and nobody rests on it', async () => {
    const page = await visit('/');
    await page.evaluate(() => {
      window.calls = [];
      const spy = (name) => (...args) => { window.calls.push([name, ...args]); };
      window.fbq = spy('fbq');
      window.clarity = () => { throw new Error('a vendor that fails'); };
      window.mixpanel = { opt_in_tracking: spy('in'), opt_out_tracking: spy('out') };
      window.uetq = { push: spy('uetq') };
      window.posthog = null;
    });
    const calls = () => page.evaluate(() => window.calls.splice(0));
    await saveCategories(page, ['marketing']);
    await waitFor('them', async () => (await page.evaluate(() => window.calls.length)) >= 3);
    assert.deepEqual(await calls(), [
      ['fbq', 'consent', 'grant'], ['uetq', 'consent', 'update', { ad_storage: 'granted' }], ['out', { clear_persistence: true }],
    ]);
    await page.evaluate(() => { window.postern.withdraw(); });
    await waitFor('them', async () => (await page.evaluate(() => window.calls.length)) >= 3);
    assert.deepEqual(await calls(), [
      ['fbq', 'consent', 'revoke'], ['uetq', 'consent', 'update', { ad_storage: 'denied' }], ['out', { clear_persistence: true }],
    ]);
    await page.context().close();
  });

  it('are told by what the site\'s policy says that a vendor needs', async () => {
    const policy = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
    const worker = await world.startWorker({ vars: { POLICY: policy.replace('[vendors.posthog]\n', '[vendors.posthog]\ncategory = "functional"\n') } });
    const page = await world.newPage();
    await page.goto(worker.base, { waitUntil: 'load' });
    await page.evaluate(() => {
      window.calls = [];
      const spy = (word) => () => { window.calls.push(word); };
      window.posthog = { opt_in_capturing: spy('in'), opt_out_capturing: spy('out') };
    });
    for (const [category, said] of [['analytics', 'out'], ['functional', 'in']]) {
      await saveCategories(page, [category]);
      await waitFor('the word', async () => (await page.evaluate(() => window.calls.length)) > 0);
      assert.deepEqual(await page.evaluate(() => window.calls.splice(0)), [said]);
    }
    await page.context().close();
  });
});

describe('two pages of one visitor', () => {
  it('hold the same: what is decided in one is applied in the other, each event once', async () => {
    const one = await visit(PRODUCT);
    const other = await one.context().newPage();
    await other.goto(`${world.base}/product-fell.html`, { waitUntil: 'load' });
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await decide(one, () => action(one, 'accept').click());
    await waitFor('the other page', async () => eventsOf(await world.recorder.requests(), 'meta-pixel').some(({ id }) => id === 'fb-fell-load'));
    const ids = eventsOf(await world.waitQuiet(), 'meta-pixel').map(({ id }) => id).filter(Boolean);
    assert.deepEqual(ids, [...new Set(ids)]);
    assert.equal(await banner(other).isVisible(), false);
    await one.evaluate(() => window.postern.withdraw());
    await waitFor('the other page to hear of it', async () => (await stateOf(other)).granted.length === 1);
    await world.settle(QUIET_MS);
    await other.locator('.buy button').click();
    assert.equal(describeRequests(await world.waitQuiet(BATCH_MS)), '');
    await one.context().close();
  });
});
