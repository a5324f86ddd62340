// `[edge] lockdown = true`: for who has decided the browser itself refuses what is not granted, also where a script goes
// around everything the page's own script could hold; what it refused reaches the dashboard, and false reports do no harm.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, action, categorySwitch, decide, describeRequests, openSettings, saveCategories, startWorld, vendorHosts, waitFor } from './harness.mjs';
import { ENGINE } from '../recorder/browser.mjs';
import { readNoted } from './figures.mjs';
import { consentCookie, postDecision, readPolicy, readSeen, readText, send, valuesOf } from './wire.mjs';

const POLICY = `${readFileSync(join(ROOT, 'postern.toml'), 'utf8')}
[vendors.paygate]
name = "Paygate"
category = "necessary"
role = "processor"
country = "DE"
hosts = ["pay.paygate.example"]
dpa_url = "https://paygate.example/dpa"
reason = "Takes the payment of an order, without which nothing can be bought here."

[edge]
lockdown = true
`;
/** What every visitor's browser may reach, whatever was granted. */
const NECESSARY = 'pay.paygate.example';

let world;
let worker;
before(async () => {
  world = await startWorld({ origin: 'test' });
  worker = await world.startWorker({ dashboard: true, vars: { POLICY } });
});
after(() => world?.close());

async function visit(path = '/plain-html', base = worker.base, page = undefined) {
  const opened = page ?? await world.newPage();
  await opened.goto(base + path, { waitUntil: 'load' });
  return opened;
}

/** A page of a visitor who has chosen these categories, opened after the choice. */
async function visitAs(categories, path = '/plain-html', base = worker.base) {
  const page = await visit(path, base);
  if (categories.length === 0) await decide(page, () => action(page, 'reject').click());
  else if (categories.length === 4) await decide(page, () => action(page, 'accept').click());
  else await saveCategories(page, categories);
  await visit(path, base, page);
  await world.settle();
  return page;
}

/** Asks hosts in every way that needs no native function of the page: from an empty frame, a worker, a module, a style. */
async function goAround(page, domain) {
  await page.evaluate(async (domain) => {
    const at = (way, scheme = 'https') => `${scheme}://${way}.${domain}/${way}?id=jane@example.com`;
    const quietly = (act) => { try { return Promise.resolve(act()).catch(() => {}); } catch { return undefined; } };
    const frame = document.body.appendChild(document.createElement('iframe'));
    const clean = frame.contentWindow;
    const make = (name, values) => clean.document.body.appendChild(Object.assign(clean.document.createElement(name), values));
    quietly(() => clean.fetch(at('fetch'), { mode: 'no-cors' }));
    quietly(() => clean.navigator.sendBeacon(at('beacon'), 'x'));
    quietly(() => new clean.WebSocket(at('socket', 'wss')));
    quietly(() => new clean.EventSource(at('events')));
    quietly(() => import(at('module')));
    quietly(() => new Worker(URL.createObjectURL(new Blob([`fetch(${JSON.stringify(at('worker'))}, { mode: 'no-cors' })`]))));
    make('img', { src: at('image') });
    make('script', { src: at('script') });
    make('iframe', { src: at('frame') });
    make('video', { src: at('video') });
    make('link', { rel: 'stylesheet', href: at('sheet') });
    make('p', {}).style.backgroundImage = `url(${at('style')})`;
    document.body.style.setProperty('--x', `url(${at('property')})`);
    document.body.style.setProperty('background', 'var(--x)');
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }, domain);
}

const WAYS = ['fetch', 'beacon', 'socket', 'events', 'module', 'worker', 'image', 'script', 'frame', 'video', 'sheet', 'style', 'property'];

/** Asks a picture of each host by the native of an empty frame, and claims which were reached. The last is one that always may be. */
async function assertReached(page, hosts, expected, name = 'probe') {
  await page.evaluate(([hosts, name]) => {
    const { document: clean } = document.body.appendChild(document.createElement('iframe')).contentWindow;
    for (const host of hosts) clean.body.appendChild(Object.assign(clean.createElement('img'), { src: `https://${host}/${name}.gif` }));
  }, [[...hosts, NECESSARY], name]);
  const reachedIn = (requests) => vendorHosts(requests.filter((request) => request.path === `/${name}.gif`));
  // They may come in any order, and long after one another.
  await waitFor(`pictures of ${[...expected, NECESSARY].join(', ')}`, async () => {
    const seen = reachedIn(await world.recorder.requests());
    return [...expected, NECESSARY].every((host) => seen.includes(host));
  });
  assert.deepEqual([name, ...reachedIn(await world.waitQuiet(500)).filter((host) => host !== NECESSARY)], [name, ...expected]);
}

const lockdownOf = (answer) => valuesOf(answer, 'content-security-policy').find((policy) => policy.includes('report-uri /_postern/report'));

describe('without lockdown', () => {
  it('every way around reaches a host nobody knows: the tests below can fail', async () => {
    const page = await visitAs([], '/plain-html', world.base);
    await goAround(page, 'stranger.example');
    const hosts = await waitFor('all ways', async () => {
      const seen = vendorHosts(await world.recorder.requests());
      return seen.length >= WAYS.length && seen;
    });
    assert.deepEqual(hosts, WAYS.map((way) => `${way}.stranger.example`).sort());
    await page.context().close();
  });
});

describe('a visitor who refused', () => {
  it('reaches neither a tracker nor a stranger, by no way around', async () => {
    const page = await visitAs([]);
    await goAround(page, 'stranger.example');
    await goAround(page, 'doubleclick.net');
    assert.equal(describeRequests(await world.waitQuiet()), '');
    // Chromium opens the connection for a frame before it asks the policy, and then sends nothing over it.
    const connected = (await world.recorder.connections()).map((connection) => connection.host);
    assert.deepEqual(connected.filter((host) => !host.startsWith('frame.')), []);
    await page.context().close();
  });

  it('has a page that works: its own files, our parts, and what the policy calls necessary', async () => {
    const page = await visitAs([]);
    await assertReached(page, ['js.stripe.com', 'www.facebook.com', 'cdn.stranger.example'], ['js.stripe.com']);
    const own = await page.evaluate(async () => {
      const answer = await fetch('/echo');
      const blob = await new Promise((resolve) => {
        const one = new Worker(URL.createObjectURL(new Blob(['postMessage(1 + 1)'])));
        one.onmessage = ({ data }) => resolve(data);
      });
      return [answer.status, blob, new Function('return 3')()];
    });
    assert.deepEqual(own, [200, 2, 3]);
    await page.evaluate(() => { window.postern.open(); });
    await page.locator('#postern dialog[open]').waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('chooses anew, and the page loads again by itself under the new policy', async () => {
    const page = await visitAs([], '/html');
    await openSettings(page);
    await categorySwitch(page, 'social').check();
    await Promise.all([page.waitForEvent('load'), action(page, 'save').click()]);
    await page.frameLocator('#t-iframe').locator('#player').waitFor();
    assert.deepEqual(vendorHosts(await world.waitQuiet(500)), ['www.youtube.com']);
    await assertReached(page, ['www.youtube.com', 'www.facebook.com'], ['www.youtube.com']);
    // And takes it back in the same page.
    await openSettings(page);
    await Promise.all([page.waitForEvent('load'), action(page, 'withdraw').click()]);
    await world.settle();
    await assertReached(page, ['www.youtube.com', 'www.facebook.com'], []);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
});

describe('a visitor who has', () => {
  it('not decided gets no such policy, or a grant could not release in place; known trackers are held all the same', async () => {
    await world.settle();
    const page = await visit('/html');
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.equal(lockdownOf(await send(worker.port, '/html', { headers: { accept: 'text/html' } })), undefined);
    await page.evaluate(() => { window.journeyMarker = 'still the same page'; });
    await decide(page, () => action(page, 'accept').click());
    await world.waitForHosts('www.facebook.com');
    assert.ok(vendorHosts(await world.waitQuiet()).includes('www.facebook.com'));
    assert.equal(await page.evaluate(() => window.journeyMarker), 'still the same page');
    await page.context().close();
  });

  it('granted everything gets no such policy, and a withdrawal brings it', async () => {
    const page = await visitAs(['functional', 'analytics', 'marketing', 'social'], '/html');
    await assertReached(page, ['www.facebook.com', 'cdn.stranger.example'], ['cdn.stranger.example', 'www.facebook.com']);
    await Promise.all([page.waitForEvent('load'), page.evaluate(() => { window.postern.withdraw(); })]);
    await world.settle();
    await assertReached(page, ['www.facebook.com', 'cdn.stranger.example'], []);
    await page.context().close();
  });

  // The policy lists ga4, gtm, google-ads, meta-pixel, posthog and youtube; Clarity and TikTok it does not.
  const HOSTS = ['eu.i.posthog.com', 'region1.google-analytics.com', 'googleads.g.doubleclick.net', 'www.facebook.com', 'connect.facebook.net', 'www.youtube.com',
    'www.clarity.ms', 'analytics.tiktok.com', 'cdn.stranger.example'];
  it('granted a part reaches the hosts of its vendors that were listed, and no other', async () => {
    const parts = [
      ['analytics', ['eu.i.posthog.com', 'region1.google-analytics.com']],
      ['marketing', ['connect.facebook.net', 'googleads.g.doubleclick.net', 'www.facebook.com']],
      ['social', ['www.youtube.com']],
      ['functional', []],
    ];
    const pages = await Promise.all(parts.map(([category]) => visitAs([category])));
    for (const [index, [category, expected]] of parts.entries()) {
      await assertReached(pages[index], HOSTS, expected, category);
      await pages[index].context().close();
    }
  });

  it('decided elsewhere is bound in frames of the site as well', async () => {
    const policy = await readPolicy(worker, '/html');
    const refused = consentCookie(await postDecision(worker, { change: { policy, choice: 'reject' } }));
    for (const [dest, isBound] of [['document', true], ['iframe', true], ['image', false], ['empty', false]]) {
      const answer = await send(worker.port, '/html', { headers: { accept: 'text/html', 'sec-fetch-dest': dest, cookie: refused } });
      assert.equal(Boolean(lockdownOf(answer)), isBound, dest);
    }
  });
});

/** A report as browsers send one, by hand. */
const report = (host, page = `${worker.base}/plain-html`) => ({ 'csp-report': { 'document-uri': page, 'blocked-uri': `https://${host}/x?email=jane@example.com`, 'violated-directive': 'img-src' } });
const post = (body, headers = {}) => send(worker.port, '/_postern/report', {
  method: 'POST', headers: { 'content-type': 'application/csp-report', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('what browsers refused', () => {
  it('is noted by host, with a page, and stands on the dashboard from ten reports on, with nothing of a visitor', async () => {
    const page = await visitAs([], '/plain-html?email=jane@example.com');
    const today = () => new Date().toISOString().slice(0, 10);
    const days = [today()];
    await goAround(page, 'reported.example');
    const named = (rows, way) => rows.find(({ name }) => name === `${way}.reported.example`);
    const noted = await waitFor('the reports', () => {
      const rows = readNoted(worker);
      return ['image', 'worker', 'property'].every((way) => named(rows, way)) && rows;
    });
    await page.context().close();
    // What an empty frame asks and what a worker made of a text asks: of one the engine says the page around it, of the other none.
    const [frame, made] = ENGINE === 'firefox' ? ['…', '/plain-html'] : ['/plain-html', '…'];
    const image = named(noted, 'image');
    assert.deepEqual([image.kind, image.page, named(noted, 'worker').page], ['reported', frame, made]);
    assert.equal(named(noted, 'property').page, '/plain-html', 'the page itself');
    // One browser may have had it from its visitor, or what they have installed.
    assert.ok(image.count < 9, `${image.count} by one page`);
    let expected = image.count;
    const sendMore = async (more) => {
      for (let sent = 0; sent < more; sent += 1) await post(report('image.reported.example'));
      expected += more;
      await waitFor(`${expected} reports`, () => named(readNoted(worker), 'image').count === expected);
    };
    await sendMore(9 - image.count);
    assert.deepEqual((await readSeen(worker)).filter(({ name }) => name.endsWith('.reported.example')), []);
    await sendMore(1);
    const rows = await readSeen(worker);
    // A day may end meanwhile.
    days.push(today());
    const row = named(rows, 'image');
    for (const day of [row.first, row.last]) assert.ok(days.includes(day), `${day} is none of ${days}`);
    assert.deepEqual(row, { name: 'image.reported.example', known: 'reported by browsers', page: frame, first: row.first, last: row.last, times: 10 });
    assert.equal(named(rows, 'worker'), undefined);
    assert.ok(!JSON.stringify([rows, readNoted(worker)]).includes('jane'), 'nothing of a query');
  });

  it('does not count as undeclared where the policy lists it', async () => {
    const page = await visitAs([]);
    await assertReached(page, ['connect.facebook.net', 'analytics.tiktok.com'], []);
    const names = await waitFor('the report', () => {
      const names = readNoted(worker).map((row) => row.name);
      return names.includes('analytics.tiktok.com') && names;
    });
    await page.context().close();
    assert.ok(!names.includes('connect.facebook.net'), `${names}`);
  });
});

describe('a report', () => {
  for (const [name, make, status] of [
    ['of another type', () => post(report('type.hostile.example'), { 'content-type': 'text/plain' }), 415],
    ['without a type', () => post(report('none.hostile.example'), { 'content-type': '' }), 415],
    ['of another site\'s page, sent by it', () => post(report('cross.hostile.example'), { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }), 403],
    ['of 1 MB', () => post(`{"csp-report":{"document-uri":"${'x'.repeat(1024 * 1024)}"}}`), 413],
    ['that is no JSON', () => post('{"csp-report":{'), 400],
    ['that is no object', () => post('null'), 204],
    ['about a page of another site', () => post(report('page.hostile.example', 'https://elsewhere.example/')), 204],
    ['about something without a host', () => post({ 'csp-report': { 'document-uri': `${worker.base}/`, 'blocked-uri': 'inline' } }), 204],
    ['about an extension of the browser', () => post({ 'csp-report': { 'document-uri': `${worker.base}/`, 'blocked-uri': 'chrome-extension://extension.hostile.example/x.js' } }), 204],
    ['with lists in it', () => post({ 'csp-report': { 'document-uri': [`${worker.base}/`], 'blocked-uri': { host: 'list.hostile.example' } } }), 204],
  ]) {
    it(`${name} is answered with ${status} and notes nothing`, async () => {
      const answer = await make();
      assert.equal(answer.status, status, readText(answer));
    });
  }

  it('of the Reporting API is read too, ten to a message', async () => {
    const bodies = Array.from({ length: 40 }, (_, index) => ({
      type: 'csp-violation', url: `${worker.base}/plain-html`, body: { documentURL: `${worker.base}/orders/2391842/jane@example.com?q=jane`, blockedURL: `https://jane:secret@api${index}.hostile.example/jane` },
    }));
    assert.equal((await post(bodies, { 'content-type': 'application/reports+json' })).status, 204);
    const rows = await waitFor('the reports', () => {
      const seen = readNoted(worker).filter((row) => row.name.endsWith('.hostile.example'));
      return seen.length > 0 && seen;
    });
    // All the others above came before it, so that what they left would stand there now.
    assert.deepEqual(rows.map((row) => row.name).sort(), Array.from({ length: 10 }, (_, index) => `api${index}.hostile.example`).sort());
    for (const row of rows) assert.equal(row.page, '/orders/…');
  });

  it('is not taken where the policy does not ask for any', async () => {
    const answer = await send(world.worker.port, '/_postern/report', { method: 'POST', headers: { 'content-type': 'application/csp-report' }, body: JSON.stringify(report('x.hostile.example')) });
    assert.equal(answer.status, 404);
  });

  it('a flood of them is bounded, and hides nothing that the edge has seen itself', async () => {
    const visitor = () => send(worker.port, '/strangers', { headers: { accept: 'text/html', 'user-agent': 'Mozilla/5.0 Chrome/150.0.0.0' } });
    await visitor();
    await waitFor('the stranger', async () => (await readSeen(worker)).some((row) => row.name === 'cdn.stranger.example'));
    for (let wave = 0; wave < 2; wave += 1) {
      // Ten in a message, so that each would be told.
      const ten = (host) => Array.from({ length: 10 }, () => ({ body: { documentURL: `${worker.base}/plain-html`, blockedURL: `https://${host}/x` } }));
      const message = (host) => post(ten(host), { 'content-type': 'application/reports+json' });
      await Promise.all(Array.from({ length: 100 }, (_, index) => message(`w${wave}-${index}.flood.example`)));
      // Each wave goes as one batch.
      await waitFor(`wave ${wave}`, async () => (await readSeen(worker)).some((row) => row.name.startsWith(`w${wave}-`)));
    }
    const rows = await readSeen(worker);
    const flood = rows.filter((row) => row.name.endsWith('.flood.example'));
    assert.ok(flood.length > 0 && flood.length <= 64, `${flood.length} rows of the flood`);
    for (const name of ['cdn.stranger.example', 'tiktok']) assert.ok(rows.some((row) => row.name === name), `${name} in ${rows.map((row) => row.name)}`);
    assert.equal((await send(worker.port, '/_postern/health')).status, 200);
  });
});
