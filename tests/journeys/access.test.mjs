// Who may do what behind the login: tokens that are kept as hashes, roles, the register of requests, and what is noted of
// those who were there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { ROOT, makeFolder, sleep, startWorld, waitFor } from './harness.mjs';
import { postDecision, readText, send, valueOf, valuesOf } from './wire.mjs';

const DAY_MS = 86_400_000;
const TOKENS = { viewer: 'maria-token-of-twenty-signs', auditor: 'anna-token-of-twenty-signs', admin: 'zoe-token-of-twenty-signs' };
const NAMES = { viewer: 'maria', auditor: 'anna', admin: 'zoe' };
const hash = (token) => createHash('sha256').update(token).digest('hex');
const ACCESS_TOKENS = Object.entries(TOKENS).map(([role, token]) => `${role} ${NAMES[role]} ${hash(token)}`).join('\n');

let world;
before(async () => {
  world = await startWorld({ dashboard: true, vars: { ACCESS_TOKENS, LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300' } });
  assert.equal((await postDecision(world.worker)).status, 200);
});
after(() => world?.close());

const own = () => ({ 'content-type': 'application/x-www-form-urlencoded', origin: world.worker.base, 'sec-fetch-site': 'same-origin' });
const logIn = async (token, worker = world.worker) => {
  const answer = await send(worker.port, '/_postern/login', { method: 'POST', headers: { ...own(), origin: worker.base }, body: `token=${encodeURIComponent(token)}` });
  return valuesOf(answer, 'set-cookie').find((line) => line.startsWith('__Host-postern-session='))?.split(';', 1)[0];
};
const open = (path, cookie) => send(world.worker.port, path, { headers: { accept: 'text/html', ...(cookie && { cookie }) } });
const change = (cookie, fields, headers = {}) => send(world.worker.port, '/_postern/requests', {
  method: 'POST', headers: { ...own(), ...(cookie && { cookie }), ...headers }, body: new URLSearchParams(fields).toString(),
});
const daysAgo = (days) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

describe('a login', () => {
  it('leads back to the page that was asked for, filters and all', async () => {
    const page = await world.newPage();
    const asked = `${world.worker.base}/_postern/dashboard?days=90&segment=country:FR`;
    await page.goto(asked);
    assert.equal(new URL(page.url()).pathname, '/_postern/login');
    // A token mistyped loses nothing.
    for (const token of ['wrong', TOKENS.viewer]) {
      await page.locator('#token').fill(token);
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    }
    assert.equal(page.url(), asked);
    await page.context().close();
  });

  it('leads nowhere else, whatever a link to it says', async () => {
    const placeOf = async (to) => {
      const body = new URLSearchParams({ token: TOKENS.viewer, to }).toString();
      return valueOf(await send(world.worker.port, '/_postern/login', { method: 'POST', headers: own(), body }), 'location');
    };
    for (const to of ['', 'https://evil.example/', '//evil.example', '/\\evil.example', '/', '/shop', '/_postern/consent', '/_postern/dashboardx', '/_postern/dashboard?\r\nset-cookie: x=1', 'javascript:alert(1)']) {
      assert.equal(await placeOf(to), '/_postern/dashboard', to);
    }
    assert.equal(await placeOf('/_postern/requests'), '/_postern/requests');
    const form = readText(await send(world.worker.port, '/_postern/login?to=%22%3E%3Cscript%3Ealert(1)%3C/script%3E', { headers: { accept: 'text/html' } }));
    assert.ok(!form.includes('<script>alert') && form.includes('value="&quot;&gt;'), form.slice(0, 200));
  });
});

describe('roles', () => {
  for (const [role, dashboard, requests, exported, published] of [['viewer', 200, 403, 403, 403], ['auditor', 200, 403, 200, 403], ['admin', 200, 200, 200, 200]]) {
    it(`of ${role}: figures ${dashboard}, register ${requests}, receipts and what was shown ${exported}, publishing ${published}`, async () => {
      const cookie = await logIn(TOKENS[role]);
      assert.equal((await open('/_postern/dashboard', cookie)).status, dashboard);
      assert.equal((await open('/_postern/requests', cookie)).status, requests);
      assert.equal((await change(cookie, { act: 'add', kind: 'access', reference: `by-${role}`, received: daysAgo(0) })).status, requests === 200 ? 303 : 403);
      const answer = await send(world.worker.port, '/_postern/export', { headers: { authorization: `Bearer ${TOKENS[role]}` } });
      assert.equal(answer.status, exported);
      const headers = { authorization: `Bearer ${TOKENS[role]}` };
      assert.equal((await send(world.worker.port, '/_postern/shown', { headers })).status, exported);
      assert.equal((await send(world.worker.port, '/_postern/publish', { method: 'POST', headers })).status, published);
      assert.equal(readText(await open('/_postern/dashboard', cookie)).includes('/_postern/requests'), role === 'admin');
    });
  }

  it('are not raised by whoever changes a session, nor kept by who has none', async () => {
    const cookie = await logIn(TOKENS.viewer);
    for (const forged of [cookie.replace('viewer', 'admin'), cookie.replace('maria', 'zoe'), undefined]) {
      const answer = await open('/_postern/requests', forged);
      assert.deepEqual([answer.status, valueOf(answer, 'location')], [303, '/_postern/login?to=%2F_postern%2Frequests']);
    }
    // The hash that the deployment keeps is no token.
    for (const wrong of [hash(TOKENS.admin), '', 'zoe']) assert.equal(await logIn(wrong), undefined, wrong);
  });

  it('are nobody\'s where the list has a fault, but the owner\'s token works, and the fault is told', async () => {
    const worker = await world.startWorker({ dashboard: true, vars: { ACCESS_TOKENS: `${ACCESS_TOKENS}\nboss max 00` } });
    assert.equal(await logIn(TOKENS.admin, worker), undefined);
    assert.ok(await logIn(worker.token, worker));
    assert.match(readText(await send(worker.port, '/_postern/health')), /^ok\n(.*\n)*the secret ACCESS_TOKENS, line 4: no such role/);
    await worker.stop();
  });
});

it('ends a session with the token it was begun with', async () => {
  const state = makeFolder();
  const cookieKey = randomBytes(32).toString('hex');
  const change_ = (token) => ACCESS_TOKENS.replace(hash(TOKENS.viewer), hash(token));
  const first = await world.startWorker({ dashboard: true, state, cookieKey, vars: { ACCESS_TOKENS } });
  const cookie = await logIn(TOKENS.viewer, first);
  await first.stop();
  for (const [list, status] of [[ACCESS_TOKENS, 200], [change_('another-token-of-twenty-signs'), 303], [ACCESS_TOKENS.replace('viewer maria', 'auditor maria'), 303]]) {
    const worker = await world.startWorker({ dashboard: true, state, cookieKey, vars: { ACCESS_TOKENS: list } });
    assert.equal((await send(worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie } })).status, status, list);
    await worker.stop();
  }
});

describe('the register of requests', () => {
  /** Days as they are written for programs. */
  const written = (page) => page.replace(/<time datetime="([^"]*)">[^<]*/g, '<time>$1');
  const rows = async (cookie) => [...written(readText(await open('/_postern/requests', cookie))).matchAll(/<tr data-request="(\d+)">(.*?)<\/tr>/gs)]
    .map(([, number, cells]) => [number, ...[...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, '').trim())]);
  const row = async (cookie, reference) => (await rows(cookie)).find(([, found]) => found === reference);

  it('says until when each must be answered, extends once and in time, and marks what is late', async () => {
    // All of it is reckoned from today: a day that is about to end is waited for.
    const left = DAY_MS - Date.now() % DAY_MS;
    if (left < 60_000) await sleep(left + 100);
    const cookie = await logIn(TOKENS.admin);
    for (const [reference, kind, days] of [['DSR-1', 'erasure', 0], ['DSR-2', 'access', 29], ['DSR-3', 'objection', 40]]) {
      const added = await change(cookie, { act: 'add', kind, reference, received: daysAgo(days) });
      assert.equal(added.status, 303, readText(added));
    }
    const [, , , due, kind, came] = await row(cookie, 'DSR-1');
    assert.deepEqual([kind, came, due], ['erasure', daysAgo(0), daysAgo(-30)]);
    assert.match((await row(cookie, 'DSR-1'))[2], /^(30|31) days left$/);
    assert.match((await row(cookie, 'DSR-2'))[2], /^(due today|2 days left)$/);
    assert.match((await row(cookie, 'DSR-3'))[2], /^overdue for (9|10|11) days$/);
    assert.match(readText(await open('/_postern/requests', cookie)), /<h1>1 overdue, 4 to be answered<\/h1>/);
    const number = async (reference) => (await row(cookie, reference))[0];
    assert.equal((await change(cookie, { act: 'extend', number: await number('DSR-2') })).status, 303);
    assert.equal((await row(cookie, 'DSR-2'))[3], daysAgo(29 - 90));
    assert.match((await row(cookie, 'DSR-2'))[2], /extended by zoe$/);
    for (const [reference, act, sentence] of [
      ['DSR-2', 'extend', /extended before, and it can be extended once/],
      ['DSR-3', 'extend', /an extension must be told within it/],
    ]) {
      const refused = await change(cookie, { act, number: await number(reference) });
      assert.equal(refused.status, 400);
      assert.match(readText(refused), sentence);
    }
    for (const [reference, standing] of [['DSR-1', 'answered in time by zoe'], ['DSR-3', 'answered late by zoe']]) {
      assert.equal((await change(cookie, { act: 'answer', number: await number(reference) })).status, 303);
      assert.equal((await row(cookie, reference))[2], standing);
    }
    assert.match(readText(await change(cookie, { act: 'answer', number: await number('DSR-1') })), /answered already/);
  });

  it('takes no name, no day to come, nothing from elsewhere', async () => {
    const cookie = await logIn(TOKENS.admin);
    const before = await rows(cookie);
    for (const [fields, headers, status] of [
      [{ act: 'add', kind: 'access', reference: 'anna@shop.example', received: daysAgo(0) }, {}, 400],
      [{ act: 'add', kind: 'complaint', reference: 'DSR-9', received: daysAgo(0) }, {}, 400],
      [{ act: 'add', kind: 'access', reference: 'DSR-9', received: daysAgo(-2) }, {}, 400],
      [{ act: 'add', kind: 'access', reference: 'DSR-9', received: '28/11/2026' }, {}, 400],
      [{ act: 'answer', number: '9999' }, {}, 400],
      [{ act: 'drop', number: '1' }, {}, 400],
      [{ act: 'add', kind: 'access', reference: 'DSR-9', received: daysAgo(0), who: 'anna' }, {}, 400],
      [{ act: 'add', kind: 'access', reference: 'DSR-9', received: daysAgo(0) }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ]) {
      assert.equal((await change(cookie, fields, headers)).status, status, JSON.stringify(fields));
    }
    assert.deepEqual(await rows(cookie), before);
  });

  it('notes who did what', async () => {
    const text = readText(await open('/_postern/requests', await logIn(TOKENS.admin)));
    const acts = [...text.slice(text.indexOf('id="acts"')).matchAll(/<th scope="row">(.*?)<\/th><td>(.*?)<\/td>/g)].map(([, who, what]) => `${who} ${what}`);
    for (const act of ['zoe logged in', 'anna exported the receipts', 'maria logged in', 'zoe request DSR-2: extend', 'zoe request DSR-1: answer']) {
      assert.ok(acts.includes(act), `${act} in ${acts}`);
    }
    assert.equal(acts[0], 'zoe logged in');
  });

  it('notes it in the log, where it can be proven and an altered line is found', async () => {
    const vkey = readText(await send(world.worker.port, '/_postern/log/key')).trimEnd();
    const authorization = `Bearer ${TOKENS.auditor}`;
    const take = async () => readText(await send(world.worker.port, '/_postern/export?of=acts', { headers: { authorization } }));
    const text = await take();
    const acts = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    const said = acts.map(({ entry: { schema, at, who, what } }) => {
      assert.equal(schema, 'admin-act/1');
      assert.ok(Math.abs(Date.now() - Date.parse(at)) < 600_000, at);
      return `${who} ${what}`;
    });
    for (const act of ['zoe logged in', 'anna exported the receipts', 'zoe request DSR-2: extend']) assert.ok(said.includes(act), `${act} in ${said}`);
    assert.ok(!said.includes('anna exported the acts'), 'not this one yet');
    assert.ok(JSON.parse((await take()).trimEnd().split('\n').at(-1)).entry.what === 'exported the acts', 'but by the next');
    await waitFor('the seal', async () => Number(readText(await send(world.worker.port, '/_postern/log/checkpoint')).split('\n')[1]) > acts.at(-1).leaf_index);
    const file = join(makeFolder(), 'acts.ndjson');
    const verified = async () => {
      const child = spawn('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'verify', '--key', vkey, '--url', world.worker.base, file], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (chunk) => { out += chunk; });
      const [status] = await once(child, 'close');
      return { status, out };
    };
    writeFileSync(file, text);
    const whole = await verified();
    assert.ok(whole.status === 0 && whole.out.includes(`${acts.length} acts are proven`), whole.out);
    writeFileSync(file, text.replace('"who":"zoe"', '"who":"eve"'));
    const altered = await verified();
    assert.ok(altered.status === 1 && altered.out.includes('one of the three was altered'), altered.out);
  });

  it('is used by keyboard and read by everybody', async () => {
    const page = await world.newPage();
    await page.goto(`${world.worker.base}/_postern/login`);
    await page.locator('#token').fill(TOKENS.admin);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Requests' }).click();
    await page.locator('#reference').fill('DSR-20');
    await page.keyboard.press('Enter');
    await page.locator('#requests tr:has-text("DSR-20")').waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    await page.locator('#requests tr:has-text("DSR-20") button[value="answer"]').click();
    await page.locator('#requests tr:has-text("DSR-20"):has-text("answered in time by zoe")').waitFor();
    await page.context().close();
  });
});
