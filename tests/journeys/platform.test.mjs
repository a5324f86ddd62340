// The platform's login (Cloudflare Access) in front of the pages of those who keep the site: its token opens them by role, and no
// other does. What a token must say is tested in crates/receipt/src/assertion.rs.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, serveSite, sleep, startWorld, waitFor } from './harness.mjs';
import { readText, send, valueOf } from './wire.mjs';

const AUDIENCE = randomBytes(32).toString('hex');
const PEOPLE = ['admin zoe zoe@shop.example', 'auditor anna Anna@shop.example', 'viewer staff *@shop.example', 'auditor nightly nightly.access'].join('\n');

const makeKey = (kid) => ({ kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

let world;
let team;
let asked = 0;
let isDown = false;
let published = [makeKey('first')];
let vars;
before(async () => {
  world = await startWorld({ browser: false });
  team = await serveSite((request, response) => {
    asked += 1;
    if (isDown || request.url !== '/cdn-cgi/access/certs') {
      response.writeHead(500).end();
      return;
    }
    const keys = published.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys, public_certs: [] }));
  });
  world.keep(team);
  vars = { ACCESS_TEAM: `http://127.0.0.1:${team.port}`, ACCESS_AUDIENCE: AUDIENCE, ACCESS_PEOPLE: PEOPLE, LOG_KEY: randomBytes(32).toString('hex') };
});
after(() => world?.close());

function token({ key = published[0], header = {}, ...claims } = {}) {
  const head = base64url({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header });
  const body = base64url({ iss: `http://127.0.0.1:${team.port}`, aud: [AUDIENCE], iat: now(), nbf: now(), exp: now() + 300, type: 'app', email: 'zoe@shop.example', ...claims });
  return `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), key.privateKey).toString('base64url')}`;
}
const get = (worker, path, jwt, headers = {}) => send(worker.port, path, { headers: { accept: 'text/html', ...(jwt ? { 'cf-access-jwt-assertion': jwt } : {}), ...headers } });

describe('whom the platform has let in', () => {
  let worker;
  before(async () => { worker = await world.startWorker({ dashboard: true, vars }); });

  it('has their own role, without a token of ours', async () => {
    for (const [claims, figures, register, receipts] of [
      [{}, 200, 200, 200],
      [{ email: 'anna@SHOP.example' }, 200, 403, 200],
      [{ email: 'somebody@shop.example' }, 200, 403, 403],
      [{ email: '', common_name: 'nightly.access' }, 200, 403, 200],
      [{ email: 'zoe@other.example' }, 303, 303, 403],
    ]) {
      const jwt = token(claims);
      const answers = await Promise.all(['/_postern/dashboard', '/_postern/requests', '/_postern/export'].map((path) => get(worker, path, jwt)));
      assert.deepEqual(answers.map(({ status }) => status), [figures, register, receipts], JSON.stringify(claims));
    }
    assert.ok(asked <= 3, `the keys are asked for by the first requests alone: ${asked}`);
    for (const path of ['/_postern/dashboard', '/_postern/export']) assert.notEqual((await get(worker, path)).status, 200, path);
  });

  it('is noted by name, and their address is not', async () => {
    const lines = readText(await send(worker.port, '/_postern/export?of=acts', { headers: { 'cf-access-jwt-assertion': token({ email: 'anna@shop.example' }) } }));
    assert.match(lines, /"what":"exported the receipts","who":"anna"/);
    assert.doesNotMatch(lines, /shop\.example/);
  });

  it('may change what their role may, from the site itself alone', async () => {
    const change = (headers, jwt = token()) => send(worker.port, '/_postern/requests', {
      method: 'POST', body: 'act=add&kind=access&reference=R-1&received=2026-11-20',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'cf-access-jwt-assertion': jwt, ...headers },
    });
    const own = { origin: worker.base, 'sec-fetch-site': 'same-origin' };
    for (const [headers, status] of [
      [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
      [{}, 403],
    ]) assert.equal((await change(headers)).status, status, JSON.stringify(headers));
    assert.notEqual((await change(own)).status, 403);
    assert.equal((await change(own, token({ email: 'anna@shop.example' }))).status, 403);
    // Nor does another site's script get anything done, or read anything, by their browser.
    const publish = (headers) => send(worker.port, '/_postern/publish', { method: 'POST', headers: { 'cf-access-jwt-assertion': token(), ...headers } });
    assert.notEqual((await publish({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status, 200);
    assert.notEqual((await publish({ origin: 'https://evil.example' })).status, 200);
    assert.equal((await publish({})).status, 200, 'a program sends neither');
    // An export is for programs: neither a link, nor a frame, nor a script of the site's own page gets one, or has one noted.
    const notes = async () => readText(await send(worker.port, '/_postern/export?of=acts', { headers: { authorization: `Bearer ${worker.token}` } })).split('\n').filter((line) => line.includes('"who":"zoe"')).length;
    const before = await notes();
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    ]) for (const path of ['/_postern/export?from=7', '/_postern/shown']) assert.equal((await get(worker, path, token(), headers)).status, 403, JSON.stringify(headers));
    assert.equal((await publish({ origin: worker.base, 'sec-fetch-site': 'same-origin' })).status, 403);
    assert.equal(await notes(), before);
    assert.equal((await get(worker, '/_postern/export', token(), { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).status, 200, 'an address that somebody types');
    assert.equal((await get(worker, '/_postern/dashboard', token(), { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status, 200, 'a link in a mail');
  });

  it('is nobody by any other token', async () => {
    const stranger = makeKey('first');
    const [head, body, signature] = token().split('.');
    const forHs = `${base64url({ alg: 'HS256', kid: 'first' })}.${body}`;
    const pem = published[0].publicKey.export({ type: 'spki', format: 'pem' });
    const forged = {
      expired: token({ exp: now() - 1 }),
      endless: token({ exp: undefined }),
      early: token({ nbf: now() + 3600 }),
      'another application': token({ aud: ['other'] }),
      'another team': token({ iss: 'https://other.cloudflareaccess.com' }),
      'another key of that name': token({ key: stranger }),
      'no algorithm': `${base64url({ alg: 'none', kid: 'first' })}.${body}.`,
      'the public key as a secret': `${forHs}.${createHmac('sha256', pem).update(forHs).digest('base64url')}`,
      'another body': `${head}.${base64url({ ...JSON.parse(Buffer.from(body, 'base64url')), email: 'anna@shop.example' })}.${signature}`,
      'no signature': `${head}.${body}.`,
      'no key of that name': token({ key: { ...published[0], kid: 'unknown' } }),
      nothing: 'x',
      'too long': `${head}.${'A'.repeat(9000)}.${signature}`,
    };
    for (const [what, jwt] of Object.entries(forged)) {
      assert.equal((await get(worker, '/_postern/dashboard', jwt)).status, 303, what);
      assert.equal((await get(worker, '/_postern/export', jwt)).status, 403, what);
    }
    const flipped = Buffer.from(signature, 'base64url');
    for (const place of [0, 100, 255]) {
      flipped[place] ^= 1;
      assert.equal((await get(worker, '/_postern/dashboard', `${head}.${body}.${flipped.toString('base64url')}`)).status, 303);
      flipped[place] ^= 1;
    }
    assert.equal((await get(worker, '/_postern/dashboard', token())).status, 200);
  });

  it('is known by the key that comes after, and strangers have no keys fetched at will', async () => {
    const before = asked;
    const next = makeKey('second');
    const jwt = token({ key: next });
    published = [next, ...published];
    await waitFor('the new key', async () => (await get(worker, '/_postern/dashboard', jwt)).status === 200, 25_000);
    await Promise.all(Array.from({ length: 20 }, (_, index) => get(worker, '/_postern/dashboard', token({ key: { ...next, kid: `made-up-${index}` } }))));
    assert.ok(asked - before <= 3, `${asked - before}`);
  });
});

describe('several sites', () => {
  const policy = readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('id = "luxmoor"', 'id = "clinic"\nhosts = ["clinic.localhost"]');
  const start = (change) => world.startWorker({ dashboard: true, vars: { ...vars, POLICY_CLINIC: policy, DASHBOARD_HOST: 'keepers.localhost', ...change } });
  const sitesOf = async (worker, host, headers) => {
    const answer = await send(worker.port, '/_postern/api/v1/sites', { host: `${host}:${worker.port}`, headers });
    return answer.status === 200 ? JSON.parse(readText(answer)).sites.map(({ site }) => site) : answer.status;
  };
  const by = (jwt) => ({ 'cf-access-jwt-assertion': jwt });

  it('have those let in by the application of all, and one with an application of its own has nobody of them', async () => {
    const own = randomBytes(32).toString('hex');
    const worker = await start({ ACCESS_AUDIENCE_CLINIC: own });
    assert.deepEqual(await sitesOf(worker, 'keepers.localhost', by(token())), ['luxmoor']);
    assert.equal(await sitesOf(worker, 'clinic.localhost', by(token())), 401);
    assert.deepEqual(await sitesOf(worker, 'clinic.localhost', by(token({ aud: [own] }))), ['clinic']);
    assert.equal(await sitesOf(worker, 'localhost', by(token({ aud: [own] }))), 401);
    await worker.stop();
  });

  it('are all seen by who has logged in with a token of all, also one with people of its own', async () => {
    const worker = await start({ ACCESS_PEOPLE_CLINIC: 'viewer staff *@clinic.example' });
    const host = `keepers.localhost:${worker.port}`;
    const login = await send(worker.port, '/_postern/login', {
      host, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, body: `token=${worker.token}`,
    });
    const cookie = valueOf(login, 'set-cookie').split(';', 1)[0];
    assert.deepEqual(await sitesOf(worker, 'keepers.localhost', { cookie }), ['luxmoor', 'clinic']);
    assert.deepEqual(await sitesOf(worker, 'keepers.localhost', { authorization: `Bearer ${worker.token}` }), ['luxmoor', 'clinic']);
    assert.deepEqual(await sitesOf(worker, 'keepers.localhost', by(token())), ['luxmoor']);
    await worker.stop();
  });
});

describe('a login that is not in order', () => {
  it('lets nobody in whose keys cannot be had, and the site and our own tokens work', async () => {
    isDown = true;
    const worker = await world.startWorker({ dashboard: true, vars });
    assert.equal((await get(worker, '/_postern/dashboard', token())).status, 303);
    assert.equal((await get(worker, '/')).status, 200);
    const own = await send(worker.port, '/_postern/export', { headers: { authorization: `Bearer ${worker.token}`, 'cf-access-jwt-assertion': token() } });
    assert.equal(own.status, 200);
    isDown = false;
    await sleep(10_500);
    assert.equal((await get(worker, '/_postern/dashboard', token())).status, 200, 'and is asked again');
  });

  it('lets nobody in, and says why, where a part of it is missing or wrong', async () => {
    for (const [change, said] of [
      [{ ACCESS_AUDIENCE: undefined }, /needs all of ACCESS_TEAM, ACCESS_AUDIENCE and ACCESS_PEOPLE/],
      [{ ACCESS_TEAM: 'http://team.example' }, /ACCESS_TEAM is no address/],
      [{ ACCESS_PEOPLE: 'boss zoe zoe@shop.example' }, /ACCESS_PEOPLE, line 1: no such role/],
    ]) {
      const worker = await world.startWorker({ dashboard: true, vars: { ...vars, ...change } });
      const health = await send(worker.port, '/_postern/health');
      assert.equal(health.status, 200);
      assert.match(readText(health), said);
      const answer = await get(worker, '/_postern/dashboard', token());
      assert.deepEqual([answer.status, valueOf(answer, 'location')], [303, '/_postern/login']);
      await worker.stop();
    }
  });
});
