// The consent journey: nothing leaves before a choice, a choice releases exactly what it grants, exactly once and
// without a reload, and a withdrawal ends it and clears up. All seen from outside: by the recorder and the browser.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { BATCH_MS, PHONE, action, banner, categorySwitch, decide, describeRequests, eventsOf, openSettings, saveCategories, startWorld, trackerTraces, vendorHosts, waitFor } from './harness.mjs';

const PRODUCT = '/product-alder.html?gclid=TeSter-123&fbclid=IwAR0demo&size=42';
const META = ['connect.facebook.net', 'www.facebook.com'];
const POSTHOG = ['eu-assets.i.posthog.com', 'eu.i.posthog.com'];
const GA4 = 'region1.google-analytics.com';
const TAG_MANAGER = 'www.googletagmanager.com';
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

/** The visitor does what the shop reports: the four queues get one call each. */
async function addToBasket(page) {
  await page.locator('.buy button').click();
  await page.locator('.buy .said:not(:empty)').waitFor();
}

async function assertNothingLeft(page) {
  const requests = await world.waitQuiet();
  assert.equal(describeRequests(requests), '');
  assert.deepEqual((await world.recorder.connections()).map((connection) => connection.host), [], 'connections are contact too');
  if (page) assert.deepEqual(await trackerTraces(page), [], 'cookies and storage');
}

/** Ids in the order in which the vendor counted them, without calls that have none. */
function idsOf(requests, vendor) {
  return eventsOf(requests, vendor).map((event) => event.id).filter(Boolean);
}

function countOf(requests, host, path) {
  return requests.filter((request) => request.host === host && request.path === path && request.method !== 'OPTIONS').length;
}

/** All requests, once those of the given event ids are among them and quiet has come. */
async function waitForIds(ids) {
  await waitFor(`events ${ids.join(', ')}`, async () => {
    const seen = new Set((await world.recorder.requests()).flatMap((request) => request.events).map((event) => event.id));
    return ids.every((id) => seen.has(id));
  });
  return world.waitQuiet();
}

const LOADED = ['ga-alder-load', 'fb-alder-load', 'ph-alder-load', 'gtm-alder-load'];
const ADDED = ['ga-alder-add-1', 'fb-alder-add-1', 'ph-alder-add-1', 'gtm-alder-add-1'];

describe('before a choice', () => {
  it('no page contacts anybody or stores anything, on a desktop or a phone', async () => {
    const pages = await Promise.all([['/', {}], [PRODUCT, {}], ['/film.html', {}], ['/', PHONE]].map(([path, options]) => visit(path, options)));
    for (const page of pages) await banner(page).waitFor();
    await assertNothingLeft();
    for (const page of pages) {
      assert.deepEqual(await trackerTraces(page), [], `what ${page.url()} stored`);
      assert.ok(await page.locator('[data-postern-need]').count() > 0, 'something is held');
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
  });

  it('what the visitor does contacts nobody either', async () => {
    const page = await visit(PRODUCT);
    await addToBasket(page);
    await page.locator('.foot').scrollIntoViewIfNeeded();
    await assertNothingLeft(page);
    await page.context().close();
  });

  it('the panel of the shop says that all is held', async () => {
    const page = await visit('/film.html');
    for (const vendor of ['ga4', 'gtm', 'meta-pixel', 'posthog', 'youtube']) {
      await page.locator(`#watch tr[data-vendor="${vendor}"][data-state="held"]`).waitFor();
    }
    await page.context().close();
  });
});

describe('a refusal', () => {
  it('releases nothing, now or after a reload, and is not asked again', async () => {
    const page = await visit(PRODUCT);
    const granted = await decide(page, () => action(page, 'reject').click());
    assert.deepEqual(granted.filter((category) => category !== 'necessary'), []);
    await banner(page).waitFor({ state: 'hidden' });
    await addToBasket(page);
    await assertNothingLeft(page);
    await page.reload();
    await page.locator('#postern [data-consent-action="open"]:visible').waitFor();
    assert.equal(await banner(page).isVisible(), false);
    await assertNothingLeft(page);
    await page.context().close();
  });
});

describe('an acceptance', () => {
  it('releases every tracker in place, every queued event exactly once and in order, without a reload', async () => {
    const page = await visit(PRODUCT);
    await page.evaluate(() => { window.journeyMarker = 'still the same page'; });
    await addToBasket(page);
    await assertNothingLeft(page);
    const granted = await decide(page, () => action(page, 'accept').click());
    for (const category of ['functional', 'analytics', 'marketing', 'social']) assert.ok(granted.includes(category), `${category} in ${granted}`);
    const requests = await waitForIds([...LOADED, ...ADDED]);

    assert.equal(await page.evaluate(() => window.journeyMarker), 'still the same page');
    assert.deepEqual(idsOf(requests, 'ga4'), ['ga-alder-load', 'ga-alder-add-1']);
    assert.deepEqual(idsOf(requests, 'meta-pixel'), ['fb-alder-load', 'fb-alder-add-1']);
    assert.deepEqual(idsOf(requests, 'gtm'), ['gtm-alder-load', 'gtm-alder-add-1']);
    // PostHog counts nothing: its batches may arrive in either order, so only number is claimed across batches.
    assert.deepEqual(idsOf(requests, 'posthog').sort(), ['ph-alder-add-1', 'ph-alder-load']);
    assert.deepEqual(eventsOf(requests, 'ga4').map((event) => event.name), ['page_view', 'view_item', 'add_to_cart']);
    assert.deepEqual(eventsOf(requests, 'meta-pixel').map((event) => event.name), ['PageView', 'ViewContent', 'AddToCart']);
    assert.equal(eventsOf(requests, 'posthog').filter((event) => event.name === '$pageview').length, 1);
    assert.equal(eventsOf(requests, 'gtm').filter((event) => event.name === 'gtm.js').length, 1);
    for (const event of eventsOf(requests, 'ga4')) assert.equal(event.gcs, 'G111', `${event.name} was sent before the update of Consent Mode`);

    assert.equal(countOf(requests, TAG_MANAGER, '/gtag/js'), 1);
    assert.equal(countOf(requests, TAG_MANAGER, '/gtm.js'), 1);
    assert.equal(countOf(requests, 'connect.facebook.net', '/en_US/fbevents.js'), 1);
    assert.equal(countOf(requests, 'eu-assets.i.posthog.com', '/static/array.js'), 1);
    const traces = await trackerTraces(page);
    for (const name of ['_ga', '_ga_DEMO123456', '_fbp']) assert.ok(traces.includes(name), `${name} in ${traces}`);
    assert.ok(traces.some((name) => /^ph_.+_posthog$/.test(name)), `PostHog's in ${traces}`);
    assert.equal(await page.locator('[data-postern-need]').count(), 0, 'nothing is held any more');

    // Later events go straight out, once.
    await addToBasket(page);
    const later = await waitForIds(['ga-alder-add-2', 'fb-alder-add-2', 'ph-alder-add-2', 'gtm-alder-add-2']);
    for (const vendor of ['ga4', 'meta-pixel', 'posthog', 'gtm']) {
      assert.equal(idsOf(later, vendor).filter((id) => id.endsWith('-add-2')).length, 1, vendor);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('shows the film in its frame', async () => {
    const page = await visit('/film.html');
    await decide(page, () => action(page, 'accept').click());
    await page.frameLocator('.screen iframe').locator('#player').waitFor();
    const requests = await world.waitQuiet();
    assert.equal(requests.filter((request) => request.host === YOUTUBE && request.path.startsWith('/embed/')).length, 1);
    await page.context().close();
  });

  it('holds on the next page without asking', async () => {
    const page = await visit('/');
    await decide(page, () => action(page, 'accept').click());
    await waitForIds(['ga-home-load']);
    await world.recorder.clear();
    await page.goto(`${world.base}/product-tarn.html`);
    const requests = await waitForIds(['ga-tarn-load', 'fb-tarn-load', 'ph-tarn-load', 'gtm-tarn-load']);
    assert.equal(await banner(page).isVisible(), false);
    assert.deepEqual(idsOf(requests, 'ga4'), ['ga-tarn-load']);
    await page.context().close();
  });

  it('after a refusal releases as if it had come first', async () => {
    const page = await visit(PRODUCT);
    await decide(page, () => action(page, 'reject').click());
    await assertNothingLeft(page);
    await saveCategories(page, ['functional', 'analytics', 'marketing', 'social']);
    const requests = await waitForIds(LOADED);
    assert.deepEqual(idsOf(requests, 'ga4'), ['ga-alder-load']);
    assert.deepEqual(idsOf(requests, 'meta-pixel'), ['fb-alder-load']);
    await page.context().close();
  });
});

describe('a partial choice', () => {
  for (const [category, expected, gcs] of [
    ['analytics', [...POSTHOG, GA4, TAG_MANAGER], 'G101'],
    ['marketing', [...META, TAG_MANAGER]],
    ['social', [TAG_MANAGER, YOUTUBE]],
  ]) {
    it(`of ${category} releases its vendors and the tag manager, and nobody else`, async () => {
      const page = await visit('/');
      await saveCategories(page, [category]);
      await world.waitForHosts(...expected);
      const requests = await world.waitQuiet();
      assert.deepEqual(vendorHosts(requests), [...expected].sort());
      assert.equal(countOf(requests, TAG_MANAGER, '/gtag/js'), category === 'analytics' ? 1 : 0, 'the loader of GA4 shares its host with the tag manager');
      if (gcs) for (const event of eventsOf(requests, 'ga4')) assert.equal(event.gcs, gcs);
      if (category !== 'marketing') assert.equal((await trackerTraces(page)).includes('_fbp'), false);
      await world.recorder.clear();
      await page.reload();
      await world.waitForHosts(...expected);
      assert.deepEqual(vendorHosts(await world.waitQuiet()), [...expected].sort(), 'the same after a reload');
      await page.context().close();
    });
  }

  it('of functional alone releases the tag manager and no vendor', async () => {
    const page = await visit('/');
    await saveCategories(page, ['functional']);
    await waitFor('the container', async () => (await world.recorder.requests()).length > 0);
    assert.deepEqual(vendorHosts(await world.waitQuiet()), [TAG_MANAGER]);
    await page.context().close();
  });

  it('is shown again when the settings are reopened, also after a reload', async () => {
    const page = await visit('/');
    await saveCategories(page, ['analytics', 'social']);
    const readSwitches = async () => {
      await openSettings(page);
      const states = {};
      for (const category of ['functional', 'analytics', 'marketing', 'social']) states[category] = await categorySwitch(page, category).isChecked();
      await page.keyboard.press('Escape');
      return states;
    };
    const expected = { functional: false, analytics: true, marketing: false, social: true };
    assert.deepEqual(await readSwitches(), expected);
    await page.reload();
    assert.deepEqual(await readSwitches(), expected);
    await page.context().close();
  });

  it('narrowed later holds what was taken away', async () => {
    const page = await visit(PRODUCT);
    await decide(page, () => action(page, 'accept').click());
    await waitForIds(LOADED);
    await saveCategories(page, ['analytics']);
    await world.waitQuiet();
    await world.recorder.clear();
    await addToBasket(page);
    const requests = await world.waitQuiet();
    assert.deepEqual(vendorHosts(requests).filter((host) => META.includes(host)), []);
    const traces = await trackerTraces(page);
    assert.deepEqual(traces.filter((name) => /^(_fb|multiFbc|lastExternal|topics)/.test(name)), []);
    assert.ok(traces.includes('_ga'), 'what is still granted stays');
    await page.context().close();
  });
});

describe('a withdrawal', () => {
  const ways = {
    'by the button in the settings': async (page) => {
      await openSettings(page);
      await decideOrReload(page, () => action(page, 'withdraw').click());
    },
    'by window.postern': (page) => decideOrReload(page, () => page.evaluate(() => { window.postern.withdraw(); })),
  };

  /** A withdrawal may reload the page; either way the Worker has acknowledged it and the page knows when this returns. */
  async function decideOrReload(page, act) {
    const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision') && response.request().method() === 'POST');
    await act();
    assert.ok((await acknowledged).status() < 400);
    await page.waitForLoadState('load');
    await waitFor('the withdrawal', () => page.evaluate(() => window.postern?.state.granted.length === 1));
  }

  for (const [name, withdraw] of Object.entries(ways)) {
    it(`${name} ends all contact and removes what was stored`, async () => {
      const page = await visit(PRODUCT);
      await decide(page, () => action(page, 'accept').click());
      await waitForIds(LOADED);
      assert.ok((await trackerTraces(page)).length > 0);
      await withdraw(page);
      await world.settle();
      await addToBasket(page);
      const requests = await world.waitQuiet(BATCH_MS);
      assert.equal(describeRequests(requests), '');
      assert.deepEqual(await trackerTraces(page), []);
      assert.ok(await page.evaluate(() => localStorage.getItem('luxmoor.basket') !== null), 'the shop keeps its own');
      assert.ok((await page.context().cookies()).some((cookie) => cookie.name === 'shop_session'), 'and its session');
      // Leaving the page is the last chance of a tracker that still runs.
      await page.reload();
      assert.equal(describeRequests(await world.waitQuiet()), '');
      assert.deepEqual(await trackerTraces(page), []);
      await page.context().close();
    });
  }
});

describe('window.postern', () => {
  it('opens the settings', async () => {
    const page = await visit('/');
    await page.evaluate(() => { window.postern.open(); });
    await page.locator('#postern dialog[open]').waitFor();
    await categorySwitch(page, 'analytics').check();
    const granted = await decide(page, () => action(page, 'save').click());
    assert.deepEqual(granted.filter((category) => category !== 'necessary'), ['analytics']);
    await page.context().close();
  });

  it('is there before a choice, during one and after', async () => {
    const page = await visit('/');
    const shape = () => page.evaluate(() => [typeof window.postern.open, typeof window.postern.withdraw]);
    assert.deepEqual(await shape(), ['function', 'function']);
    await decide(page, () => action(page, 'reject').click());
    assert.deepEqual(await shape(), ['function', 'function']);
    await page.reload();
    assert.deepEqual(await shape(), ['function', 'function']);
    await page.context().close();
  });
});

describe('the origin cookie', () => {
  it('of a tracker, sent by HTTP, does not reach the visitor before a grant; the one of the shop does', async () => {
    const page = await visit('/');
    const names = async () => (await page.context().cookies()).map((cookie) => cookie.name);
    assert.equal((await names()).includes('_ga'), false);
    assert.ok((await names()).includes('shop_session'));
    await page.context().close();
  });
});
