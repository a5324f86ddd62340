// Hits of collectors that a site puts behind its own host, asked of the Worker as a browser would send them: what the
// origin is asked says what has left. No browser here; which shapes are hits is shown in crates/rewrite/src/payload.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ROOT, startWorld } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valuesOf } from './wire.mjs';

const POLICY = readFileSync(`${ROOT}/postern.toml`, 'utf8');
/** The demo shop's policy with PostHog and GA4 sent cookieless. */
const COOKIELESS = POLICY.replace('[vendors.ga4]', '[vendors.ga4]\ncookieless = true').replace('[vendors.posthog]', '[vendors.posthog]\ncookieless = true');

/** What must never be seen by the origin for a visitor who granted nothing. */
const SECRETS = ['1234567890.1700000000', 'CLICK-1', 'CLICK-2', 'device-77', 'person-77', 'fb.1.17000.12345', 'session-77', '203.0.113.9', 'Pixel 9'];

const PAGE = 'https://shop.example/?gclid=CLICK-1&fbclid=CLICK-2&size=42';
const posthogBody = JSON.stringify({
  api_key: 'phc_demo0123456789demo0123456789demo01234567890',
  batch: [{ uuid: 'device-77', event: '$pageview', properties: { distinct_id: 'person-77', $device_id: 'device-77', $session_id: 'session-77', $current_url: PAGE, $browser: 'Chrome', gclid: 'CLICK-1' }, timestamp: '2026-11-22T10:00:00Z' }],
  sent_at: '2026-11-22T10:00:01Z',
});

const VISITOR = {
  cookie: '_ga=GA1.1.1234567890.1700000000; basket=3', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156', 'x-forwarded-for': '203.0.113.9',
  'sec-ch-ua-model': '"Pixel 9"', 'sec-gpc': '1', referer: PAGE, 'sec-fetch-dest': 'empty',
};

const HITS = [
  ['GA4 through a server container', 'GET', `/metrics/g/collect?v=2&tid=G-DEMO123456&cid=1234567890.1700000000&sid=session-77&en=page_view&dl=${encodeURIComponent(PAGE)}&ep.a=b`],
  ['GA4, batched', 'POST', '/relay/x7?v=2&tid=G-DEMO123456&cid=1234567890.1700000000', 'text/plain', 'en=page_view&_et=1\r\nen=scroll&epn.percent=90'],
  ['PostHog, gzip that does not say so', 'POST', '/ingest/xyz?v=1', 'text/plain', gzipSync(posthogBody)],
  ['PostHog, JSON', 'POST', '/relay/e/', 'application/json', posthogBody],
];
const ALWAYS_DROPPED = [
  ['Meta by first-party proxy', 'GET', `/px/tr/?id=123456789012345&ev=PageView&dl=${encodeURIComponent(PAGE)}&fbp=fb.1.17000.12345&v=2.9.248`],
  ['Meta CAPI', 'POST', '/events/abc', 'application/json', JSON.stringify({ data: [{ event_name: 'Purchase', event_time: 1, action_source: 'website', user_data: { em: ['person-77'], client_ip_address: '203.0.113.9', fbp: 'fb.1.17000.12345' } }] })],
  ['gtag.js through the tag gateway', 'GET', '/metrics/gtag/js?id=G-DEMO123456'],
  ['the container through its own host', 'GET', '/gtm.js?id=GTM-DEMO'],
];
const INNOCENT = [
  ['an own API', 'POST', '/api/cart', 'application/json', JSON.stringify({ events: [{ name: 'add', id: 7 }], session: 'mine' })],
  ['a login form', 'POST', '/login', 'application/x-www-form-urlencoded', 'name=a&password=b&v=2&en=1'],
  ['a search', 'GET', '/search?q=shoes&id=12&v=2'],
  ['an upload of 3 MB', 'POST', '/upload', 'application/octet-stream', Buffer.alloc(3 * 1024 * 1024, 7)],
];

let world;
let cookieless;
let accepted;
before(async () => {
  world = await startWorld({ origin: 'test', browser: false });
  cookieless = await world.startWorker({ vars: { POLICY: COOKIELESS } });
  accepted = consentCookie(await postDecision(world.worker, { change: { policy: await readPolicy(world.worker, '/html') } }));
});
after(() => world?.close());

/** Sends to a Worker whose origin echoes whatever path is asked of it. */
async function ask(worker, [, method, path, type, body], headers = {}) {
  const all = { ...VISITOR, ...(type ? { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) } : {}), 'x-echo': '1', ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const answer = await send(worker.port, path, { method, headers: sent, body });
  return { status: answer.status, answer, echo: answer.status === 200 ? JSON.parse(readText(answer)) : undefined };
}

/** Everything the origin was told, as text, wrappings opened. */
function told(echo) {
  const body = Buffer.from(echo.bodyBase64, 'base64');
  const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
  return [decodeURIComponent(echo.url), JSON.stringify(echo.headers), plain.toString('utf8')].join('\n');
}

describe('without a grant', () => {
  for (const hit of [...HITS, ...ALWAYS_DROPPED]) {
    it(`${hit[0]} is answered and not passed on`, async () => {
      const { status, answer } = await ask(world.worker, hit);
      assert.equal(status, 204);
      assert.equal(answer.body.length, 0);
      assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
    });
  }

  for (const request of INNOCENT) {
    it(`${request[0]} passes whole`, async () => {
      const { status, echo } = await ask(world.worker, request);
      assert.equal(status, 200);
      assert.equal(echo.method, request[1]);
      assert.equal(echo.url, request[2]);
      assert.equal(echo.bodyBytes, Buffer.byteLength(request[4] ?? ''));
    });
  }
});

describe('where the site sends hits cookieless', () => {
  for (const hit of HITS) {
    it(`${hit[0]} goes on with nothing in it of anybody`, async () => {
      const { status, echo } = await ask(cookieless, hit);
      assert.equal(status, 200);
      const text = told(echo);
      for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} in ${text}`);
      const names = echo.headers.map(([name]) => name.toLowerCase());
      for (const name of ['cookie', 'referer', 'x-forwarded-for', 'sec-ch-ua-model']) assert.ok(!names.includes(name), name);
      assert.ok(!text.includes('Mozilla'), text);
      assert.ok(names.includes('sec-gpc'), 'Sec-GPC is never removed');
      assert.ok(text.includes('page_view') || text.includes('pageview') || text.includes('scroll'), text);
    });
  }

  it('two hits of one visitor have no more in common than those of two', async () => {
    const hit = (visitor) => ['', 'GET', `/metrics/g/collect?v=2&tid=G-DEMO123456&cid=${visitor}.17&sid=${visitor}&_p=${visitor}&en=page_view`];
    const [one, two] = await Promise.all(['1111111111', '2222222222'].map((visitor) => ask(cookieless, hit(visitor))));
    assert.equal(one.echo.url, two.echo.url);
  });

  for (const hit of ALWAYS_DROPPED) {
    it(`${hit[0]}, which is not, is still not passed on`, async () => assert.equal((await ask(cookieless, hit)).status, 204));
  }
});

describe('with the grant', () => {
  for (const hit of [...HITS, ...ALWAYS_DROPPED, ...INNOCENT]) {
    it(`${hit[0]} passes byte for byte`, async () => {
      const { status, echo } = await ask(world.worker, hit, { cookie: `${accepted}; _ga=GA1.1.1234567890.1700000000`, 'sec-gpc': undefined });
      assert.equal(status, 200);
      assert.equal(echo.url, hit[2]);
      assert.ok(Buffer.from(echo.bodyBase64, 'base64').equals(Buffer.from(hit[4] ?? '')) || echo.bodyBytes > 100_000);
      assert.equal(echo.bodyBytes, Buffer.byteLength(hit[4] ?? ''));
    });
  }
});

describe('a visitor who opens an address that looks like a hit', () => {
  it('gets the page', async () => {
    const { status } = await ask(world.worker, ['', 'GET', '/stats?v=2&tid=G-DEMO123456&en=x'], { 'sec-fetch-dest': 'document', accept: 'text/html' });
    assert.equal(status, 200);
  });
});
