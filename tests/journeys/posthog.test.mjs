// PostHog's own package, bundled into a site's code, as applications have it: no address and no snippet tells that it is there,
// and it runs before anybody has chosen. Straight from the origin it is seen to ask and to store; behind the edge it is held.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { BATCH_MS, ROOT, action, cookiesOf, decide, describeRequests, eventsOf, serveSite, startWorld, waitFor } from './harness.mjs';

const HOST = 'eu.i.posthog.com';
const COOKIELESS = readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('[vendors.posthog]', '[vendors.posthog]\ncookieless = true');

/** How sites start it. `global` puts it where others look for it, as its documentation has it for other scripts' sake. */
const APP = `import posthog from 'posthog-js';
const usual = { api_host: 'https://${HOST}', capture_pageview: false, capture_pageleave: false };
const modes = {
  plain: {},
  global: {},
  'opt-in': { opt_out_capturing_by_default: true },
  'on-reject': { cookieless_mode: 'on_reject' },
  always: { cookieless_mode: 'always' },
  relay: { api_host: location.origin + '/own', cookieless_mode: 'always' },
  'relay-plain': { api_host: location.origin + '/own' },
};
const mode = document.documentElement.dataset.mode;
posthog.init('phc_LuxmoorDemo0Key1For2Tests3Only4Aa5Bb6Cc7Dd8', { ...usual, ...modes[mode] });
if (mode !== 'plain' && mode !== 'relay-plain') window.posthog = posthog;
window.app = {
  capture: (name) => posthog.capture(name, { event_id: name }),
  isOut: () => posthog.has_opted_out_capturing(),
  isIn: () => posthog.has_opted_in_capturing(),
  id: () => posthog.get_distinct_id(),
};
app.capture('loaded');`;

let bundle;
/** What was asked of the site below /own, wrappings opened. */
let relayed = [];
function respond(request, response) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece)).on('end', () => {
    const { pathname } = new URL(request.url, 'http://site');
    if (pathname.startsWith('/own/')) {
      const body = Buffer.concat(pieces);
      relayed.push({ url: request.url, headers: request.headers, text: (body[0] === 0x1f ? gunzipSync(body) : body).toString('utf8') });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } else if (pathname === '/app.js') {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(bundle);
    } else {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!DOCTYPE html><html lang="en" data-mode="${pathname.slice(1)}"><head><title>app</title><script type="module" src="/app.js"></script></head><body><h1>app</h1></body></html>`);
    }
  });
}

let world;
let site;
before(async () => {
  const built = await build({ stdin: { contents: APP, resolveDir: ROOT }, bundle: true, minify: true, write: false, format: 'esm', target: 'es2022', logLevel: 'error' });
  bundle = built.outputFiles[0].text;
  world = await startWorld();
  site = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: site.port });
  world.cookieless = await world.startWorker({ originPort: site.port, vars: { POLICY: COOKIELESS } });
});
after(() => world?.close());
beforeEach(async () => {
  await world.settle();
  relayed = [];
});

async function visit(mode, base = world.site.base) {
  const page = await world.newPage();
  await page.goto(`${base}/${mode}`, { waitUntil: 'load' });
  await waitFor('the application', () => page.evaluate(() => !!window.app));
  return page;
}

const capture = (page, name) => page.evaluate((name) => { window.app.capture(name); }, name);
const namesSent = async () => eventsOf(await world.recorder.requests(), 'posthog').map(({ id }) => id).filter(Boolean);
const seen = (name) => waitFor(`the event ${name}`, async () => (await namesSent()).includes(name));

/** Whatever names it, but for its word that it must not capture, which is the same for everybody. */
async function traces(page) {
  const cookies = (await cookiesOf(page)).map(({ name }) => name);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  return [...cookies, ...keys].filter((name) => /ph_|posthog/i.test(name) && !name.startsWith('__ph_opt_in_out_')).sort();
}

async function assertSilent(page) {
  assert.equal(describeRequests(await world.waitQuiet(BATCH_MS)), '');
  assert.deepEqual(await world.recorder.connections(), []);
  assert.deepEqual(await traces(page), []);
}

async function withdraw(page) {
  const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
  await page.evaluate(() => { window.postern.withdraw(); });
  assert.equal((await acknowledged).status(), 200);
  await waitFor('the withdrawal', () => page.evaluate(() => window.postern?.state.granted.length === 1 && !!window.app));
}

it('straight from the origin it asks and stores, so what is missed below is held', async () => {
  const page = await visit('plain', `http://localhost:${site.port}`);
  await seen('loaded');
  assert.ok((await traces(page)).length > 0);
  await page.context().close();
});

for (const mode of ['plain', 'global']) {
  describe(`bundled, ${mode === 'plain' ? 'known to nobody' : 'where others find it'}`, () => {
    it('asks nobody and stores nothing before a choice, nor after a refusal', async () => {
      const page = await visit(mode);
      await capture(page, 'early');
      await assertSilent(page);
      await decide(page, () => action(page, 'reject').click());
      await capture(page, 'refused');
      await assertSilent(page);
      await page.context().close();
    });

    it('sends after a grant, each event once, and nothing after its withdrawal', async () => {
      const page = await visit(mode);
      await capture(page, 'early');
      await decide(page, () => action(page, 'accept').click());
      await capture(page, 'late');
      await seen('late');
      await world.waitQuiet(BATCH_MS);
      assert.deepEqual((await namesSent()).sort(), ['early', 'late', 'loaded']);
      assert.ok((await traces(page)).length > 0);
      await world.recorder.clear();
      await withdraw(page);
      await capture(page, 'withdrawn');
      await assertSilent(page);
      // The next page begins with nothing, too.
      await page.reload({ waitUntil: 'load' });
      await assertSilent(page);
      await page.context().close();
    });
  });
}

describe('by its own switches', () => {
  it('told to wait for a yes, it hears it from us, and the no', async () => {
    const page = await visit('opt-in');
    assert.equal(await page.evaluate(() => window.app.isOut()), true);
    await assertSilent(page);
    await decide(page, () => action(page, 'accept').click());
    await waitFor('its opt-in', () => page.evaluate(() => !window.app.isOut()));
    await capture(page, 'late');
    await seen('late');
    await world.waitQuiet(BATCH_MS);
    assert.deepEqual(await namesSent(), ['late'], 'what it saw before the yes it drops by itself');
    await world.recorder.clear();
    await withdraw(page);
    await waitFor('its opt-out', () => page.evaluate(() => window.app.isOut()));
    await capture(page, 'withdrawn');
    await assertSilent(page);
    await page.context().close();
  });

  for (const mode of ['on-reject', 'always']) {
    it(`in cookieless mode ${mode} it asks nobody and stores nothing without a grant, though it would`, async () => {
      const page = await visit(mode);
      await assertSilent(page);
      await decide(page, () => action(page, 'reject').click());
      await capture(page, 'refused');
      await assertSilent(page);
      await page.context().close();
    });
  }

  it('in cookieless mode on-reject it sends with its ids after a grant', async () => {
    const page = await visit('on-reject');
    await decide(page, () => action(page, 'accept').click());
    await waitFor('its opt-in', () => page.evaluate(() => window.app.isIn()));
    await capture(page, 'late');
    await seen('late');
    const events = eventsOf(await world.waitQuiet(BATCH_MS), 'posthog').filter(({ id }) => id === 'late');
    assert.equal(events.length, 1);
    assert.equal(events[0].distinctId, await page.evaluate(() => window.app.id()));
    assert.notEqual(events[0].distinctId, '$posthog_cookieless');
    await page.context().close();
  });
});

describe('through the site\'s own host', () => {
  it('nothing passes the edge without a grant', async () => {
    const page = await visit('relay-plain');
    await capture(page, 'early');
    await world.waitQuiet(BATCH_MS);
    assert.deepEqual(relayed.map(({ url }) => url), []);
    assert.deepEqual(await traces(page), []);
    await page.context().close();
  });

  for (const mode of ['relay', 'relay-plain']) {
    it(`where the site sends hits cookieless they arrive without what links two (${mode})`, async () => {
      const page = await visit(`${mode}?gclid=CLICK-77`, world.cookieless.base);
      await capture(page, 'early');
      await waitFor('the event', () => relayed.some(({ text }) => text.includes('early')));
      await world.waitQuiet(BATCH_MS);
      const all = JSON.stringify(relayed);
      assert.ok(!all.includes('CLICK-77'), all);
      // In its own cookieless mode its id is the same for everybody.
      if (mode === 'relay-plain') assert.ok(!all.includes(await page.evaluate(() => window.app.id())), all);
      for (const { headers } of relayed) assert.equal(headers.cookie, undefined);
      assert.deepEqual(await traces(page), []);
      await page.context().close();
    });
  }
});
