// `[edge] strict = true`: a third party that the policy does not list is held in HTML and from scripts, whatever is
// granted, and the dashboard names it. Without it strangers pass, and are named all the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, action, decide, saveCategories, startWorld, vendorHosts, waitFor } from './harness.mjs';
import { readSeen, send } from './wire.mjs';

const POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
/** The edge gathers for two seconds what it has seen. */
const NOTED_MS = 10_000;
const STRANGERS = ['analytics.tiktok.com', 'cdn.stranger.example'];
const GOOGLE = 'https://www.googletagmanager.com/gtag/js?id=G-DEMO123456';

const began = new Date();

let world;
let strict;
let silent;
before(async () => {
  world = await startWorld({ origin: 'test', dashboard: true });
  [strict, silent] = await Promise.all(['strict = true', 'report_unknown = false'].map((line) => world.startWorker({ dashboard: true, vars: { POLICY: `${POLICY}\n[edge]\n${line}\n` } })));
});
after(() => world?.close());

const CHOICES = [
  ['who has not decided', async () => {}],
  ['who refused', (page) => decide(page, () => action(page, 'reject').click())],
  ['who granted a part', (page) => saveCategories(page, ['analytics'])],
  ['who granted everything', (page) => decide(page, () => action(page, 'accept').click())],
];

const WAYS = ['fetch', 'beacon', 'xhr', 'socket', 'events', 'image', 'script', 'frame', 'markup'];

/** Asks hosts as any script of a page would, each way under a name of its own below `domain`. */
function ask(page, domain) {
  return page.evaluate((domain) => {
    const at = (way, scheme = 'https') => `${scheme}://${way}.${domain}/${way}`;
    const quietly = (act) => { try { Promise.resolve(act()).catch(() => {}); } catch { /* as a host that is not there */ } };
    const add = (name, values) => document.body.appendChild(Object.assign(document.createElement(name), values));
    quietly(() => fetch(at('fetch'), { mode: 'no-cors' }));
    quietly(() => navigator.sendBeacon(at('beacon'), 'x'));
    quietly(() => { const request = new XMLHttpRequest(); request.open('GET', at('xhr')); request.send(); });
    quietly(() => new WebSocket(at('socket', 'wss')));
    quietly(() => new EventSource(at('events')));
    quietly(() => add('img', { src: at('image') }));
    quietly(() => add('script', { src: at('script') }));
    quietly(() => add('iframe', { src: at('frame') }));
    quietly(() => add('div', { innerHTML: `<img alt="" src="${at('markup')}">` }));
  }, domain);
}

/** Opens the page of strangers as such a visitor does, then has a script ask as well. */
async function visitAs(choose, base) {
  const page = await world.newPage();
  await page.goto(`${base}/plain-html`, { waitUntil: 'load' });
  await choose(page);
  await page.goto(`${base}/strangers`, { waitUntil: 'load' });
  await world.settle();
  await page.reload({ waitUntil: 'load' });
  await ask(page, 'stranger.example');
  return page;
}

describe('a strict site', () => {
  for (const [who, choose] of CHOICES) {
    it(`holds every host it does not list for a visitor ${who}`, async () => {
      const page = await visitAs(choose, strict.base);
      assert.deepEqual(vendorHosts(await world.waitQuiet()), []);
      assert.deepEqual((await world.recorder.connections()).map((connection) => connection.host), []);
      await page.context().close();
    });
  }

  it('leaves a drawing in a style alone, whose language has the name of a host', async () => {
    const page = await world.newPage();
    await page.goto(`${strict.base}/plain-html`, { waitUntil: 'load' });
    const drawing = `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'/%3E")`;
    const shown = await page.evaluate((drawing) => {
      const box = document.createElement('p');
      box.style.background = `${drawing} no-repeat`;
      const first = box.style.backgroundImage;
      box.style.backgroundImage = `url("http://www.w3.org/2000/svg?x")`;
      return [first, box.style.backgroundImage];
    }, drawing);
    assert.deepEqual(shown, [drawing, 'url("about:invalid")']);
    await page.context().close();
  });

  it('lets its own files, what is necessary and what is granted pass, and releases no stranger with it', async () => {
    const page = await visitAs(CHOICES[0][1], strict.base);
    await page.evaluate((google) => {
      for (const src of [google, 'https://js.stripe.com/v3/', 'https://www.facebook.com/tr?id=1&ev=PageView']) {
        document.body.appendChild(Object.assign(document.createElement(src === google ? 'script' : 'img'), { src }));
      }
    }, GOOGLE);
    await world.waitForHosts('js.stripe.com');
    assert.deepEqual(vendorHosts(await world.waitQuiet()), ['js.stripe.com']);
    assert.equal(await page.evaluate(() => fetch('/echo').then((answer) => answer.status)), 200);
    await decide(page, () => action(page, 'accept').click());
    await world.waitForHosts('www.facebook.com', 'www.googletagmanager.com');
    const hosts = vendorHosts(await world.waitQuiet());
    assert.deepEqual(hosts, ['js.stripe.com', 'www.facebook.com', 'www.googletagmanager.com']);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('names each host on the dashboard, with a page, first and last seen, and nobody by the name of all', async () => {
    const rows = await waitFor('the strangers', async () => {
      const seen = await readSeen(strict);
      return STRANGERS.every((host) => seen.some((row) => row.name === host)) && seen;
    }, NOTED_MS);
    const days = [began, new Date()].map((time) => time.toISOString().slice(0, 10));
    assert.deepEqual(rows.map((row) => row.name).sort(), STRANGERS);
    for (const { known, page, first, last, times } of rows) {
      assert.deepEqual([known, page], ['unknown host', '/strangers']);
      // It may be another day since.
      assert.ok(first <= last && [first, last].every((day) => days.includes(day)), `${first} to ${last}, of ${days}`);
      assert.ok(times === 'fewer than 10' || times >= 10, `${times} times`);
    }
  });
});

describe('without it', () => {
  it('hosts that nobody knows pass, and are named', async () => {
    const page = await visitAs(CHOICES[1][1], world.base);
    const expected = ['cdn.stranger.example', ...WAYS.map((way) => `${way}.stranger.example`)].sort();
    const hosts = await waitFor('all strangers', async () => {
      const seen = vendorHosts(await world.recorder.requests());
      return seen.length >= expected.length && seen;
    });
    assert.deepEqual(hosts, expected);
    await page.context().close();
    const rows = await waitFor('the strangers', async () => {
      const seen = await readSeen(world.worker);
      return seen.some((row) => row.name === 'cdn.stranger.example') && seen;
    }, NOTED_MS);
    assert.deepEqual(rows.map(({ name, known }) => [name, known]).sort(), [['cdn.stranger.example', 'unknown host'], ['tiktok', 'known vendor, not listed']]);
  });

  it('hosts that nobody knows are not told where the policy says so; vendors that are not listed are', async () => {
    await send(silent.port, '/strangers', { headers: { accept: 'text/html' } });
    const rows = await waitFor('the vendor', async () => {
      const seen = await readSeen(silent);
      return seen.length > 0 && seen;
    }, NOTED_MS);
    assert.deepEqual(rows.map((row) => row.name), ['tiktok']);
  });
});
