// `[profile] name = "by-country"`: each visitor under the law of the place that the platform found, and what the browser's
// own signals do there. A small Worker in front stands for the platform: it alone says where a request comes from.

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, action, banner, builtConfig, decide, makeFolder, openSettings, readHealth, startWorld, startWrangler, vendorHosts } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

/** As long grants as any law allows, so that the laws differ; DNT counts only where no law is known. */
const POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('name = "EU"\ndnt = "deny"', 'name = "by-country"\ngrant_days = 365\ndnt = "ignore"');
const PLACE = 'x-journey-place';

/** Name, what the platform says, days a grant lasts, days a refusal is remembered. Source: standards.md 3.2. */
const PLACES = [
  ['France', { country: 'FR' }, 180, 180],
  ['Germany', { country: 'DE', regionCode: 'BE' }, 365, 180],
  ['the United Kingdom', { country: 'GB', regionCode: 'ENG' }, 365, 180],
  ['California', { country: 'US', regionCode: 'CA' }, 365, 365],
  ['New York', { country: 'US', regionCode: 'NY' }, 365, 180],
  ['the United States, nobody knows where', { country: 'US' }, 180, 365],
  ['a country nobody gave out', { country: 'XX' }, 180, 365],
  ['Tor', { country: 'T1' }, 180, 365],
  ['nowhere that the platform knows', {}, 180, 365],
];
const isUnknown = (grantDays, refusalDays) => grantDays === 180 && refusalDays === 365;

const DAY_MINUTES = 24 * 60;
const EPOCH = Date.UTC(2024, 0, 1);

let world;
let worker;
let policy;
before(async () => {
  world = await startWorld({ origin: 'test' });
  worker = world.keep(await startPlaced());
  policy = await readPolicy(worker, '/html');
});
after(() => world?.close());

/** Our Worker behind one that sets `request.cf` to what a header of the test says, and takes the header away. */
async function startPlaced() {
  const folder = makeFolder();
  const cookieKey = randomBytes(32).toString('hex');
  const token = randomBytes(16).toString('hex');
  const built = readFileSync(builtConfig(), 'utf8');
  const vars = { ORIGIN: world.originBase, POLICY, COOKIE_KEY: cookieKey, DASHBOARD_TOKEN: token };
  const lines = Object.entries(vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const main = JSON.stringify(join(dirname(builtConfig()), /^main = "(.*)"$/m.exec(built)[1]));
  writeFileSync(join(folder, 'edge.toml'), `${built.replace(/^main = .*$/m, `main = ${main}`)}\n[vars]\n${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'platform.mjs'), `export default {
  fetch(request, env) {
    const headers = new Headers(request.headers);
    const place = JSON.parse(headers.get('${PLACE}') ?? '{}');
    headers.delete('${PLACE}');
    return env.EDGE.fetch(new Request(request, { headers, cf: place, redirect: 'manual' }));
  },
};
`);
  const [date] = /^compatibility_date = .*$/m.exec(built);
  writeFileSync(join(folder, 'platform.toml'), `name = "platform"\nmain = "platform.mjs"\n${date}\n[[services]]\nbinding = "EDGE"\nservice = "postern"\n`);
  const started = await startWrangler({
    name: 'the platform', config: [join(folder, 'platform.toml'), join(folder, 'edge.toml')], isReady: async (port) => (await readHealth(port)) === 200,
  });
  return Object.assign(started, { token, cookieKey });
}

const from = (place, headers = {}) => ({ [PLACE]: JSON.stringify(place), ...headers });

async function page(place, headers = {}) {
  return readText(await send(worker.port, '/html', { headers: from(place, { accept: 'text/html', 'sec-fetch-dest': 'document', ...headers }) }));
}

const isAsked = (markup) => markup.includes('<section aria-labelledby="postern-title"');
const isLive = { analytics: (markup) => / src="https:\/\/www\.googletagmanager\.com\/gtag/.test(markup), marketing: (markup) => / src="https:\/\/www\.facebook\.com\/tr/.test(markup) };

/** A choice as the edge would have sealed it so many days ago. Source: crates/consent/src/payload.rs, crates/receipt/src/seal.rs. */
function cookieOf(grantedHex, daysAgo) {
  const minutes = Math.floor((Date.now() - EPOCH) / 60_000) - daysAgo * DAY_MINUTES;
  const payload = `v1.${grantedHex}.${minutes.toString(16).padStart(6, '0')}.${policy.split('_')[0]}.${'5'.repeat(32)}`;
  const seal = createHmac('sha256', Buffer.from(worker.cookieKey, 'hex')).update(`postern-cookie/v1\0localhost\0${payload}`).digest('base64url');
  return `__Host-postern=${payload}.${seal}`;
}

async function maxAgeDays(place, choice, headers = {}) {
  const answer = await postDecision(worker, { change: { policy, choice }, headers: from(place, headers) });
  assert.equal(answer.status, 200, readText(answer));
  const line = valuesOf(answer, 'set-cookie').find((cookie) => cookie.startsWith('__Host-postern='));
  return Number(/Max-Age=(\d+)/.exec(line)[1]) / 86_400;
}

for (const [name, place, grantDays, refusalDays] of PLACES) {
  describe(`a visitor from ${name}`, () => {
    it('is asked the same as everybody, before anything runs', async () => {
      const markup = await page(place);
      assert.ok(isAsked(markup));
      assert.ok(!isLive.analytics(markup) && !isLive.marketing(markup));
      assert.deepEqual([...new Set([...markup.matchAll(/data-consent-category="(\w+)"/g)].map(([, category]) => category))].sort(), ['analytics', 'functional', 'marketing', 'social']);
      assert.equal(/data-postern-policy="(\w+?)(?:_t\w+)?"/.exec(markup)[1], policy);
    });

    it(`has a grant remembered for ${grantDays} days and a refusal for ${refusalDays}`, async () => {
      assert.deepEqual([await maxAgeDays(place, 'accept'), await maxAgeDays(place, 'reject')], [grantDays, refusalDays]);
      for (const [granted, days] of [['1f', grantDays], ['01', refusalDays]]) {
        const [young, old] = await Promise.all([days - 1, days + 1].map((age) => page(place, { cookie: cookieOf(granted, age) })));
        assert.deepEqual([isAsked(young), isLive.analytics(young)], [false, granted === '1f'], `${granted}, ${days - 1} days`);
        assert.deepEqual([isAsked(old), isLive.analytics(old)], [true, false], `${granted}, ${days + 1} days`);
      }
    });

    it('is heard by signals, which only ever take away, and is told so', async () => {
      const granted = cookieOf('1f', 1);
      const unknown = isUnknown(grantDays, refusalDays);
      for (const [headers, analytics, marketing, told] of [
        [{}, true, true, []],
        [{ 'sec-gpc': '1' }, true, false, ['gpc']],
        [{ 'sec-gpc': '0' }, true, true, []],
        [{ dnt: '1' }, !unknown, !unknown, unknown ? ['dnt'] : []],
        [{ adpc: 'withdraw=*' }, false, false, ['adpc']],
        [{ adpc: 'withdraw=analytics' }, false, true, ['adpc']],
        [{ adpc: 'object=direct-marketing' }, true, false, ['adpc']],
        [{ adpc: 'consent="analytics marketing"' }, true, true, []],
        [{ 'sec-gpc': '1', adpc: 'withdraw=analytics' }, false, false, ['gpc', 'adpc']],
      ]) {
        const markup = await page(place, { cookie: granted, ...headers });
        assert.deepEqual([isLive.analytics(markup), isLive.marketing(markup)], [analytics, marketing], JSON.stringify(headers));
        const own = readText(await send(worker.port, '/_postern/consent', { headers: from(place, { accept: 'text/html', cookie: granted, ...headers }) }));
        const settings = readText(await send(worker.port, '/_postern/state?settings=en', { headers: from(place, { accept: 'application/json', cookie: granted, ...headers }) }));
        for (const one of [settings, own]) {
          assert.deepEqual([...new Set([...one.matchAll(/data-postern-signal"?[=:]"(\w+)"/g)].map(([, signal]) => signal))], told, JSON.stringify(headers));
        }
        // Nobody's refusal becomes a grant, and nobody is asked less.
        const refused = await page(place, { cookie: cookieOf('01', 1), ...headers });
        const fresh = await page(place, headers);
        assert.deepEqual([refused, fresh].map((one) => [isLive.analytics(one), isLive.marketing(one)]), [[false, false], [false, false]], JSON.stringify(headers));
        assert.ok(isAsked(fresh), 'the choice stays theirs');
      }
    });

    it('grants no more by a click than signals leave', async () => {
      const bits = async (headers) => valueOf(await postDecision(worker, { change: { policy, choice: 'accept' }, headers: from(place, headers) }), 'postern-granted');
      const expected = { 'sec-gpc': '17', dnt: isUnknown(grantDays, refusalDays) ? '01' : '1f' };
      for (const [header, granted] of Object.entries(expected)) assert.equal(await bits({ [header]: '1' }), granted, header);
      assert.equal(await bits({ adpc: 'withdraw="analytics social"' }), '0b');
    });

    it('is told by gpc.json that the signal is honoured', async () => {
      const answer = await send(worker.port, '/.well-known/gpc.json', { headers: from(place) });
      assert.match(valueOf(answer, 'content-type'), /^application\/json/);
      const { gpc, lastUpdate } = JSON.parse(readText(answer));
      assert.equal(gpc, true);
      assert.match(lastUpdate, /^\d{4}-\d{2}-\d{2}$/);
    });
  });
}

describe('where a visitor is', () => {
  it('is the platform\'s word, whatever a client says', async () => {
    for (const headers of [
      { 'cf-ipcountry': 'DE' }, { 'x-country': 'DE' }, { 'x-vercel-ip-country': 'DE' }, { 'cloudfront-viewer-country': 'DE' }, { 'cf-region-code': 'NY', 'cf-ipcountry': 'US' },
      { cf: '{"country":"DE"}' }, { 'accept-language': 'de-DE' }, { 'x-forwarded-for': '192.0.2.1' }, { 'cf-connecting-ip': '192.0.2.1' },
    ]) {
      assert.equal(await maxAgeDays({}, 'accept', headers), 180, JSON.stringify(headers));
      assert.equal(await maxAgeDays({ country: 'FR' }, 'accept', headers), 180, JSON.stringify(headers));
    }
    for (const place of [{ country: 'de' }, { country: 'DEU' }, { country: 49 }, { country: ['DE'] }, { country: 'US', regionCode: 'ca' }, { regionCode: 'CA' }]) {
      assert.deepEqual([await maxAgeDays(place, 'accept'), await maxAgeDays(place, 'reject')], [180, 365], JSON.stringify(place));
    }
  });

  it('can change, and the law of the new place holds at once', async () => {
    const cookie = cookieOf('1f', 200);
    assert.ok(!isAsked(await page({ country: 'DE' }, { cookie })));
    assert.ok(isAsked(await page({ country: 'FR' }, { cookie })));
    const refused = cookieOf('01', 200);
    assert.ok(isAsked(await page({ country: 'DE' }, { cookie: refused })));
    assert.ok(!isAsked(await page({ country: 'US', regionCode: 'CA' }, { cookie: refused })), 'a year before one asks again');
  });
});

describe('a browser with Global Privacy Control', () => {
  for (const [name, place] of [['California', { country: 'US', regionCode: 'CA' }], ['Germany', { country: 'DE' }]]) {
    it(`in ${name} shows that it was honoured, asks all the same, and "accept all" sends nothing of marketing`, async () => {
      await world.settle();
      const visitor = await world.newPage({ extraHTTPHeaders: from(place, { 'sec-gpc': '1' }) });
      await visitor.goto(`${worker.base}/html`, { waitUntil: 'load' });
      await banner(visitor).locator('[data-postern-signal="gpc"]').waitFor();
      const granted = await decide(visitor, () => action(visitor, 'accept').click());
      assert.deepEqual([...granted].sort(), ['analytics', 'functional', 'necessary', 'social']);
      await world.waitForHosts('www.youtube.com');
      const hosts = vendorHosts(await world.waitQuiet());
      assert.ok(hosts.includes('www.youtube.com') && !hosts.some((host) => host.includes('facebook')), `${hosts}`);
      await openSettings(visitor);
      await visitor.locator('#postern dialog [data-postern-signal="gpc"]').waitFor();
      await visitor.goto(`${worker.base}/_postern/consent`);
      await visitor.locator('main [data-postern-signal="gpc"]').waitFor();
      await visitor.context().close();
    });
  }

  it('turned on later takes back what was granted before, and off again gives nothing back', async () => {
    const granted = consentCookie(await postDecision(worker, { change: { policy, choice: 'accept' }, headers: from({ country: 'DE' }) }));
    assert.ok(isLive.marketing(await page({ country: 'DE' }, { cookie: granted })));
    const heard = await send(worker.port, '/html', { headers: from({ country: 'DE' }, { accept: 'text/html', 'sec-fetch-dest': 'document', cookie: granted, 'sec-gpc': '1' }) });
    assert.ok(!isLive.marketing(readText(heard)));
    const left = consentCookie(heard);
    assert.ok(left && left !== granted);
    const after = await page({ country: 'DE' }, { cookie: left });
    assert.ok(!isLive.marketing(after) && isLive.analytics(after));
  });
});
