// Consent Mode: Google's code, from its own host or from a path of the site, finds the seven signals' default before
// everything else in the data layer, and one update for each decision. The site is a small one of this file's own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ROOT, action, decide, openSettings, saveCategories, serveSite, startWorld, waitFor } from './harness.mjs';

const POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const TAG = 'G-DEMO123456';
/** Where Google's code can come from: its own host, a path of the site, the two forms of a Google tag gateway. */
const SOURCES = {
  'its own host': `https://www.googletagmanager.com/gtag/js?id=${TAG}`,
  'a path of the site': `/metrics/gtag/js?id=${TAG}`,
  'a tag gateway': `/x7k2p9/?id=${TAG}`,
  'a container on a path of the site': '/metrics/gtm.js?id=GTM-DEMO123',
};
/** Stands for the vendor's code: keeps what the data layer holds when it runs. */
const PROBE = '(window.probes = window.probes || []).push([...window.dataLayer].map((entry) => (typeof entry[0] === "string" ? [...entry] : entry)));';

const SIGNALS = {
  functional: ['functionality_storage', 'personalization_storage'],
  analytics: ['analytics_storage'],
  marketing: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  social: [],
};
const ALL = Object.keys(SIGNALS);

/** The seven signals under these categories. */
function signalsOf(categories) {
  const states = Object.entries(SIGNALS).flatMap(([category, signals]) => signals.map((signal) => [signal, categories.includes(category) ? 'granted' : 'denied']));
  return { ...Object.fromEntries(states), security_storage: 'granted' };
}

let world;
let worker;
let site;
const asked = [];
before(async () => {
  const respond = (request, response) => {
    const url = new URL(request.url, 'http://site');
    const isTag = url.searchParams.has('id');
    if (isTag) asked.push(request.url);
    if (isTag) response.writeHead(200, { 'content-type': 'text/javascript' }).end(PROBE);
    else {
      const source = SOURCES[url.searchParams.get('from')];
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!DOCTYPE html><html lang="en"><head><title>site</title><script async src="${source}"></script><script>
window.dataLayer = window.dataLayer || []; function gtag(){dataLayer.push(arguments);} gtag('js', new Date()); gtag('config', '${TAG}');
</script></head><body><p>site</p></body></html>`);
    }
  };
  world = await startWorld({ origin: 'test' });
  site = world.keep(await serveSite(respond));
  worker = await startOn('');
});
after(() => world?.close());
beforeEach(() => { asked.length = 0; });

function startOn(options) {
  return world.startWorker({ originPort: site.port, vars: { POLICY: `${POLICY}\n${options}\n` } });
}

async function visit(from, base = worker.base, options = {}) {
  const page = await world.newPage(options);
  // What Google's own host would answer, so that all sources can be told by the same probe.
  await page.route('https://www.googletagmanager.com/**', (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: 'text/javascript', body: PROBE });
  });
  page.address = `${base}/?from=${encodeURIComponent(from)}`;
  await page.goto(page.address, { waitUntil: 'load' });
  return page;
}

/** The data layer's commands as plain lists. */
function layerOf(page) {
  return page.evaluate(() => [...window.dataLayer].filter((entry) => typeof entry[0] === 'string').map((entry) => JSON.parse(JSON.stringify([...entry]))));
}

const commandsOf = (layer, ...start) => layer.filter((entry) => start.every((word, index) => entry[index] === word));

/** What the default says beside the signals: to who has not decided, and to who has, for whom no tag need wait. */
const ASKED = { wait: 500, set: ['ads_data_redaction'] };
const DECIDED = { ...ASKED, wait: undefined };

/** The first commands are the default and what is set beside it; the site's own come after them. */
function assertDefault(layer, categories, { wait, set } = ASKED) {
  assert.deepEqual(layer[0], ['consent', 'default', { ...signalsOf(categories), ...(wait === undefined ? {} : { wait_for_update: wait }) }]);
  assert.deepEqual(layer.slice(1, 1 + set.length), set.map((name) => ['set', name, true]));
  assert.deepEqual(commandsOf(layer, 'set').map(([, name]) => name), set, 'and nothing else is set');
  assert.equal(layer[1 + set.length][0], 'js', 'then comes the site');
  assert.equal(commandsOf(layer, 'consent', 'default').length, 1);
}

describe('Google\'s code', () => {
  for (const from of Object.keys(SOURCES)) {
    it(`from ${from} is not asked for before a grant, and finds default and update when it runs`, async () => {
      const page = await visit(from);
      assertDefault(await layerOf(page), []);
      await decide(page, () => action(page, 'accept').click());
      const [probe] = await waitFor('the probe', () => page.evaluate(() => window.probes));
      const seen = probe.filter((entry) => typeof entry[0] === 'string');
      assertDefault(seen, []);
      assert.deepEqual(commandsOf(seen, 'consent', 'update'), [['consent', 'update', signalsOf(ALL)]], 'the update was there before the code');
      assert.equal(asked.length, 1);
      assert.deepEqual(page.faults, []);
      await page.context().close();
    });

    it(`from ${from} is never asked for by who refused`, async () => {
      const page = await visit(from);
      await decide(page, () => action(page, 'reject').click());
      await page.goto(page.address, { waitUntil: 'load' });
      assertDefault(await layerOf(page), [], DECIDED);
      assert.deepEqual(asked, []);
      await page.context().close();
    });
  }

  it('finds on the next page the default of what was granted, and no update', async () => {
    const page = await visit('a path of the site');
    await saveCategories(page, ['analytics']);
    await page.goto(page.address, { waitUntil: 'load' });
    const [probe] = await waitFor('the probe', () => page.evaluate(() => window.probes));
    const seen = probe.filter((entry) => typeof entry[0] === 'string');
    assertDefault(seen, ['analytics'], DECIDED);
    assert.deepEqual(commandsOf(await layerOf(page), 'consent', 'update'), []);
    await page.context().close();
  });
});

describe('a page with everything granted', () => {
  it('says so before the code runs, and holds nothing', async () => {
    const page = await visit('its own host');
    await decide(page, () => action(page, 'accept').click());
    await page.goto(page.address, { waitUntil: 'load' });
    const [probe] = await waitFor('the probe', () => page.evaluate(() => window.probes));
    const seen = probe.filter((entry) => typeof entry[0] === 'string');
    assert.deepEqual(seen[0], ['consent', 'default', signalsOf(ALL)]);
    assert.equal(commandsOf(seen, 'consent', 'default').length, 1);
    assert.equal(await page.locator('[data-postern-need]').count(), 0);
    await page.context().close();
  });
});

describe('a decision', () => {
  for (const categories of [['analytics'], ['marketing'], ['functional', 'social'], ['functional', 'analytics', 'marketing', 'social'], []]) {
    it(`to grant ${categories.join(' and ') || 'nothing'} is one update with exactly its signals`, async () => {
      const page = await visit('its own host');
      await saveCategories(page, categories);
      const layer = await layerOf(page);
      assert.deepEqual(commandsOf(layer, 'consent', 'update'), [['consent', 'update', signalsOf(categories)]]);
      await page.context().close();
    });
  }

  it('after another is another update, and a withdrawal the last', async () => {
    const page = await visit('its own host');
    await saveCategories(page, ['analytics']);
    await saveCategories(page, ['analytics', 'marketing']);
    const updates = commandsOf(await layerOf(page), 'consent', 'update').map(([, , signals]) => signals);
    assert.deepEqual(updates, [signalsOf(['analytics']), signalsOf(['analytics', 'marketing'])]);
    await openSettings(page);
    await Promise.all([page.waitForResponse((response) => response.url().endsWith('/_postern/decision')), action(page, 'withdraw').click()]);
    await page.goto(page.address, { waitUntil: 'load' });
    assertDefault(await layerOf(page), [], DECIDED);
    await page.context().close();
  });

  it('that a signal limits updates to what is left', async () => {
    const page = await visit('its own host', worker.base, { extraHTTPHeaders: { 'sec-gpc': '1' } });
    await decide(page, () => action(page, 'accept').click());
    const updates = commandsOf(await layerOf(page), 'consent', 'update').map(([, , signals]) => signals);
    assert.deepEqual(updates, [signalsOf(['functional', 'analytics', 'social'])]);
    await page.context().close();
  });
});

describe('the policy\'s [consent_mode]', () => {
  for (const [options, expected] of [
    ['ads_data_redaction = true\nurl_passthrough = true\nwait_for_update = 2000', { wait: 2000, set: ['ads_data_redaction', 'url_passthrough'] }],
    ['ads_data_redaction = false\nurl_passthrough = false\nwait_for_update = 0', { wait: 0, set: [] }],
  ]) {
    it(`${options.replaceAll('\n', ', ')} is told as Google documents it`, async () => {
      const another = await startOn(`[consent_mode]\n${options}`);
      const page = await visit('its own host', another.base);
      assertDefault(await layerOf(page), [], expected);
      await page.context().close();
      await another.stop();
    });
  }
});
