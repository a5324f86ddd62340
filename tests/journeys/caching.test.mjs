// No cache, shared or the browser's own, hands one visitor's page to another, or an old page to the same visitor: two
// clients through a real caching proxy, then one browser that changes its mind. Needs nginx, which `cargo xtask` installs
// where it can; without it the proxy's part is skipped and says so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ROOT, action, decide, describeRequests, startWorld, vendorHosts } from './harness.mjs';
import { NGINX, startNginx } from './nginx.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

/** Under this policy a page with everything granted is untouched, and may be cached as the origin says. */
const OWN_LINK = readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('reopen = "button"', 'reopen = "own-link"');
const LIVE = /<script[^>]* src="https:\/\/www\.googletagmanager\.com/;

let world;
let worker;
let accepted;
let refused;
before(async () => {
  world = await startWorld({ origin: 'test' });
  worker = await world.startWorker({ vars: { POLICY: OWN_LINK } });
  const policy = await readPolicy(worker, '/html');
  accepted = consentCookie(await postDecision(worker, { change: { policy } }));
  refused = consentCookie(await postDecision(worker, { change: { policy, choice: 'reject' } }));
});
after(() => world?.close());
beforeEach(() => world.settle());

/** A proxy that keeps what it is allowed to keep, and says in X-Cache whether an answer came from there. */
function startProxy(to) {
  return startNginx('proxy_cache_path FOLDER/cache keys_zone=pages:1m;', `
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_http_version 1.1;
      proxy_set_header Host localhost:${to};
      proxy_cache pages;
      proxy_cache_key $request_uri;
      proxy_cache_revalidate on;
      add_header X-Cache $upstream_cache_status always;
    }`);
}

describe('two visitors behind a shared cache', { skip: NGINX ? false : 'nginx is not installed' }, () => {
  let proxy;
  before(async () => { proxy = await startProxy(worker.port); });
  after(() => proxy?.stop());
  const page = (path, cookie, more = {}) => send(proxy.port, path, { headers: { accept: 'text/html', ...(cookie ? { cookie } : {}), ...more } });

  it('the cache is one: what may be kept is kept', async () => {
    await page('/cacheable-asset');
    assert.equal(valueOf(await page('/cacheable-asset'), 'x-cache'), 'HIT');
    await page('/cacheable?a', accepted);
    assert.equal(valueOf(await page('/cacheable?a', accepted), 'x-cache'), 'HIT', 'a page with everything granted, for the same visitor');
  });

  for (const [first, second] of [['accepted', 'nobody'], ['nobody', 'accepted'], ['accepted', 'refused'], ['refused', 'accepted']]) {
    it(`after ${first}, ${second} gets a page of their own`, async () => {
      const cookies = { accepted, refused, nobody: undefined };
      const path = `/cacheable?${first}-${second}`;
      for (const who of [first, second, first, second]) {
        const answer = await page(path, cookies[who]);
        assert.equal(LIVE.test(readText(answer)), who === 'accepted', `${who}, ${valueOf(answer, 'x-cache')}`);
      }
    });
  }

  it('nobody gets another visitor\'s cookie or sealed choice', async () => {
    const answer = await page('/cacheable?cookie', accepted);
    assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
    assert.ok(!readText(await page('/cacheable?cookie')).includes(accepted.split('=')[1].slice(0, 20)));
  });

  it('a validator of a granted page brings no "not modified" to who has granted nothing', async () => {
    const granted = await page('/cacheable?etag', accepted);
    const etag = valueOf(granted, 'etag');
    assert.ok(etag);
    for (const cookie of [undefined, refused]) {
      const answer = await page('/cacheable?etag', cookie, { 'if-none-match': etag });
      assert.equal(answer.status, 200);
      assert.doesNotMatch(readText(answer), LIVE);
    }
    assert.equal((await page('/cacheable?etag', accepted, { 'if-none-match': etag })).status, 304);
  });

  it('so are style sheets that name a vendor, and one that names none is kept for all', async () => {
    const sheet = (path, cookie) => send(proxy.port, path, { headers: { 'sec-fetch-dest': 'style', ...(cookie ? { cookie } : {}) } });
    const names = async (cookie) => readText(await sheet('/sheet.css', cookie)).includes('facebook.com');
    for (const cookie of [accepted, undefined, accepted, refused]) assert.equal(await names(cookie), cookie === accepted);
    assert.match(valueOf(await sheet('/sheet.css', accepted), 'cache-control'), /^private, max-age=60$/);
    assert.equal(valueOf(await sheet('/sheet.css'), 'cache-control'), 'private, no-store');
    await sheet('/sheet.css?plain');
    const kept = await sheet('/sheet.css?plain', refused);
    assert.deepEqual([valueOf(kept, 'x-cache'), valueOf(kept, 'etag'), readText(kept)], ['HIT', '"sheet-1"', 'p{color:red;background:url(/a.png)}']);
  });

  it('fragments of pages are kept apart as well', async () => {
    const fragment = (cookie) => send(proxy.port, '/cacheable?fragment', { headers: { 'sec-fetch-dest': 'empty', ...(cookie ? { cookie } : {}) } });
    for (const cookie of [accepted, undefined, accepted, undefined]) assert.equal(LIVE.test(readText(await fragment(cookie))), cookie === accepted);
  });
});

describe('a page made ahead', () => {
  it('is not made, where it would show the choice of then', async () => {
    for (const purpose of ['prefetch', 'prefetch;prerender']) {
      const answer = await send(worker.port, '/cacheable', { headers: { accept: 'text/html', 'sec-purpose': purpose, 'sec-fetch-dest': 'document' } });
      assert.equal(answer.status, 503);
      assert.equal(valueOf(answer, 'cache-control'), 'private, no-store');
    }
  });
});

describe('one browser that changes its mind', () => {
  it('does not come back to the granted page, neither from its cache nor by "back"', async () => {
    const page = await world.newPage();
    await page.goto(`${worker.base}/cacheable`);
    await decide(page, () => action(page, 'accept').click());
    await page.goto(`${worker.base}/cacheable?next`);
    assert.ok(vendorHosts(await world.waitQuiet()).includes('www.googletagmanager.com'), 'granted: the vendor is asked');
    await page.goto(`${worker.base}/_postern/consent`);
    const left = page.waitForResponse((response) => response.url().includes('/_postern/decision'));
    await action(page, 'withdraw').click();
    assert.match((await (await left).allHeaders())['clear-site-data'] ?? '', /"cache"/);
    await page.waitForLoadState();
    await world.settle();
    await page.goto(`${worker.base}/cacheable?next`);
    await page.goto(`${worker.base}/cacheable`);
    for (let step = 0; step < 4; step += 1) await page.goBack();
    assert.match(await page.content(), /id="end"/);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });
});
