// A site with several Ledgers: each visitor's receipts stay in one of them, whatever the number becomes; each has a log of its own,
// which one key proves; and what is asked of the site is answered for all of them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { ROOT, makeFolder, serveSite, startWorld, waitFor } from './harness.mjs';
import { countedOf } from './figures.mjs';
import { consentCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const COOKIE_KEY = randomBytes(32).toString('hex');
const ORIGIN = 'shop.example/log';
const VARS = { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300', LOG_ORIGIN: ORIGIN };

let world;
let worker;
const state = join(makeFolder(), 'state');
/** The same storage, with so many shards for newcomers. */
async function restart(shards, vars = {}) {
  await worker?.stop();
  worker = await world.startWorker({ dashboard: true, state, cookieKey: COOKIE_KEY, vars: { ...VARS, SHARDS: shards === undefined ? undefined : String(shards), ...vars } });
  return worker;
}
before(async () => { world = await startWorld({ browser: false }); });
after(async () => { await worker?.stop(); await world?.close(); });

/** The command as it is called: exit status and what it said. */
function command(args) {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, POSTERN_TOKEN: worker.token } });
  return { status, said: stdout + stderr };
}

const text = async (path, headers = {}) => readText(await send(worker.port, path, { headers }));
const receiptsOf = async (cookie) => JSON.parse(await text('/_postern/consent/receipts.json', { cookie })).receipts;
/** The shard that a cookie names. */
const shardOf = (cookie) => {
  const parts = cookie.split('=')[1].split('.');
  return parts[0] === 'v3' ? parseInt(parts[7], 16) : 0;
};
/** A key whose first act belongs to that shard of so many. */
const keyFor = (shard, shards) => {
  for (;;) {
    const key = randomUUID();
    if (Number.parseInt(key.slice(0, 8), 16) % shards === shard) return key;
  }
};
async function decide({ cookie, ...options } = {}) {
  const answer = await postDecision(worker, { ...options, headers: cookie ? { cookie } : {} });
  assert.equal(answer.status, 200, readText(answer));
  return { cookie: consentCookie(answer), ...JSON.parse(readText(answer)) };
}
const sizeOf = async (shard) => {
  const answer = await send(worker.port, `/_postern/log/${shard ? `${shard}/` : ''}checkpoint`);
  return answer.status === 200 ? Number(readText(answer).split('\n')[1]) : 0;
};
/** What is counted in all Ledgers together. */
const counted = async () => {
  const { accepted, withdrawn } = await countedOf(worker);
  return { accepted, withdrawn };
};
/** Every receipt that lies in any of the site's storages, by id. */
function stored() {
  const folder = join(state, 'v3', 'do');
  const found = new Map();
  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.sqlite'))) {
    const database = new DatabaseSync(join(folder, file), { readOnly: true });
    const isLedger = database.prepare("SELECT name FROM sqlite_master WHERE name = 'receipts'").get();
    for (const row of isLedger ? database.prepare('SELECT receipt_id, key, subject FROM receipts').all() : []) {
      assert.ok(!found.has(row.receipt_id), `${row.receipt_id} is stored twice`);
      found.set(row.receipt_id, { ...row, file });
    }
    database.close();
  }
  return found;
}

/** One visitor of each shard, from when there were four. */
const people = [];

describe('a site with four shards', () => {
  before(async () => { await restart(4); });

  it('places newcomers among them and finds each again', async () => {
    for (const shard of [0, 1, 2, 3]) {
      const { cookie, receipt } = await decide({ key: keyFor(shard, 4) });
      assert.equal(shardOf(cookie), shard);
      assert.deepEqual((await receiptsOf(cookie)).map((one) => one.receipt.receipt_id), [receipt]);
      people.push({ shard, cookie, chain: [receipt] });
    }
    assert.equal(await text('/_postern/log/shards'), '4\n');
    // The first shard's cookie is as it is without shards.
    assert.match(people[0].cookie, /^__Host-postern=v1\./);
  });

  it('goes on with a chain where it began', async () => {
    for (const person of people) {
      const { cookie, receipt } = await decide({ cookie: person.cookie, change: { choice: 'reject' } });
      assert.equal(shardOf(cookie), person.shard);
      Object.assign(person, { cookie, chain: [receipt, ...person.chain] });
      const receipts = (await receiptsOf(cookie)).map(({ receipt: one }) => one);
      assert.deepEqual(receipts.map((one) => one.receipt_id), person.chain);
      assert.deepEqual(receipts.map((one) => one.previous), [...person.chain.slice(1), null]);
    }
  });

  it('has the version in each log before a receipt names it, and can show what each was given to', async () => {
    for (const { shard, cookie } of people) {
      const [release] = (await text(`/_postern/log/${shard ? `${shard}/` : ''}releases`)).trimEnd().split('\n').map((line) => JSON.parse(line));
      const oldest = (await receiptsOf(cookie)).at(-1);
      assert.equal(oldest.receipt.release, 0, 'the place in the main log');
      assert.deepEqual([release.leaf_index, oldest.leaf_index, release.shard], [0, 1, shard || undefined]);
      const shown = JSON.parse(await text(`/_postern/shown?receipt=${oldest.receipt.receipt_id}`, { authorization: `Bearer ${worker.token}` }));
      assert.equal(shown.line.receipt.receipt_id, oldest.receipt.receipt_id);
      assert.match(shown.page, /<form/);
    }
    const out = join(makeFolder(), 'shown');
    const shown = command(['show', '--url', worker.base, '--receipt', people[3].chain[1], '--out', out]);
    assert.equal(shown.status, 0, shown.said);
    assert.match(readFileSync(join(out, 'receipt.ndjson'), 'utf8'), /^\{"shard":3,/);
  });

  it('promises and proves in each log by the one key of the site', async () => {
    const key = (await text('/_postern/log/key')).trimEnd();
    assert.ok(key.startsWith(`${ORIGIN}+`), key);
    assert.ok((await text('/_postern/log/3/key')).startsWith(`${ORIGIN}/3+`));
    for (const { shard, cookie } of people) {
      await waitFor(`the seal of shard ${shard}`, async () => await sizeOf(shard) >= 3);
      const file = join(makeFolder(), 'receipts.json');
      writeFileSync(file, await text('/_postern/consent/receipts.json', { cookie }));
      const checked = command(['verify', '--key', key, file]);
      assert.equal(checked.status, 0, checked.said);
      assert.ok(checked.said.includes(`in the log ${ORIGIN}${shard ? `/${shard}` : ''}\n`), checked.said);
      // Nor is a stranger's key, or that of another log, one of this.
      const stranger = key.replace(ORIGIN, 'other.example/log');
      assert.notEqual(command(['verify', '--key', stranger, file]).status, 0);
    }
  });

  it('is exported and proven as a whole, and a receipt that changes logs is found', async () => {
    const key = (await text('/_postern/log/key')).trimEnd();
    const folder = makeFolder();
    for (const [name, more] of [['receipts.ndjson', []], ['receipts.csv', ['--csv']]]) {
      const file = join(folder, name);
      const exported = command(['export', '--url', worker.base, '--out', file, ...more]);
      assert.ok(exported.status === 0 && exported.said.trimEnd().endsWith('8 receipts'), exported.said);
      const checked = command(['verify', '--key', key, '--url', worker.base, '--cache', join(folder, 'cache'), file]);
      assert.equal(checked.status, 0, checked.said);
      for (const origin of [ORIGIN, `${ORIGIN}/1`, `${ORIGIN}/2`, `${ORIGIN}/3`]) assert.ok(checked.said.includes(`the log ${origin} is whole`), checked.said);
      assert.equal((checked.said.match(/2 receipts are proven/g) ?? []).length, 4, checked.said);
      // Goes on where it was, in each log.
      const again = command(['export', '--url', worker.base, '--out', file, ...more]);
      assert.ok(again.status === 0 && again.said.trimEnd().endsWith('0 receipts more'), again.said);
    }
    const kept = command(['verify', '--key', key, '--log', join(folder, 'cache'), join(folder, 'receipts.ndjson')]);
    assert.equal(kept.status, 0, kept.said);
    // A log that was seen, and is not shown any more, is found missing.
    for (const lost of ['shards', '3/checkpoint']) {
      const front = await serveSite(async (request, response) => {
        const answer = await send(worker.port, request.url);
        const isLost = request.url.endsWith(`/log/${lost}`);
        response.writeHead(isLost && lost !== 'shards' ? 404 : answer.status).end(isLost ? '3\n' : answer.body);
      });
      // Not in place, or the server in front would stand still.
      const child = spawn('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'verify', '--key', key, '--url', `http://127.0.0.1:${front.port}`, '--cache', join(folder, 'cache')], { cwd: ROOT, stdio: 'ignore' });
      const [status] = await once(child, 'close');
      assert.notEqual(status, 0, lost);
      front.stop();
    }
    const lines = readFileSync(join(folder, 'receipts.ndjson'), 'utf8');
    const moved = join(folder, 'moved.ndjson');
    for (const [from, to] of [['"shard":3', '"shard":2'], ['"shard":3,', ''], ['"shard":3', '"shard":9']]) {
      writeFileSync(moved, lines.replace(from, to));
      assert.equal(command(['verify', '--key', key, '--log', join(folder, 'cache'), moved]).status, 1, to);
    }
  });

  it('adds up in the figures', async () => {
    await waitFor('the figures', async () => (await counted()).withdrawn === 4);
    assert.deepEqual(await counted(), { accepted: 4, withdrawn: 4 });
  });

  it('repeats an act where it was, on the same page, whatever was answered elsewhere meanwhile', async () => {
    const policy = await readPolicy(worker);
    const key = keyFor(2, 4);
    const body = JSON.stringify({ choice: 'accept', categories: ['analytics'], policy, layer: 2, lang: 'en' });
    const first = await decide({ key, body });
    const other = await decide({ key: keyFor(1, 4) });
    // The cookie is another page's by now; the act is the same.
    const again = await decide({ key, body, cookie: other.cookie });
    assert.equal(again.receipt, first.receipt);
    assert.equal(shardOf(again.cookie), 2);
    assert.equal([...stored().values()].filter((row) => row.key === key.replaceAll('-', '')).length, 1);
    const conflict = await postDecision(worker, { key, headers: { cookie: other.cookie }, change: { choice: 'reject', policy } });
    assert.equal(conflict.status, 422);
  });

  it('makes no shard that somebody has made up', async () => {
    // The file beside each, of what is not in it yet, comes and goes.
    const stores = () => readdirSync(join(state, 'v3', 'do'), { recursive: true }).filter((name) => name.endsWith('.sqlite')).length;
    const before = stores();
    for (const path of ['/_postern/log/9/checkpoint', '/_postern/log/4/key', '/_postern/log/0/checkpoint', '/_postern/log/03/checkpoint', '/_postern/log/3/verify', '/_postern/log/999/key']) {
      assert.equal((await send(worker.port, path)).status, 404, path);
    }
    const exported = await send(worker.port, '/_postern/export?shard=9', { headers: { authorization: `Bearer ${worker.token}` } });
    assert.equal(exported.status, 404);
    const policy = (await readPolicy(worker)).replace(/_4$/, '_200');
    const refused = await postDecision(worker, { key: keyFor(150, 200), change: { policy } });
    assert.equal(refused.status, 409);
    assert.equal(stores(), before);
  });
});

describe('another number of shards', () => {
  it('moves nobody: more, fewer, one', async () => {
    for (const shards of [7, 2, 1, undefined]) {
      await restart(shards);
      assert.equal(await text('/_postern/log/shards'), '7\n', 'there are as many as there ever were');
      for (const person of people) {
        const { cookie, receipt } = await decide({ cookie: person.cookie, change: { choice: person.chain.length % 2 ? 'reject' : 'accept' } });
        assert.equal(shardOf(cookie), person.shard);
        Object.assign(person, { cookie, chain: [receipt, ...person.chain] });
        const receipts = (await receiptsOf(cookie)).map(({ receipt: one }) => one);
        assert.deepEqual(receipts.map((one) => one.receipt_id), person.chain);
        assert.deepEqual(receipts.map((one) => one.previous), [...person.chain.slice(1), null]);
      }
      const newcomers = await Promise.all(Array.from({ length: 6 }, () => decide()));
      for (const { cookie } of newcomers) assert.ok(shardOf(cookie) < (shards ?? 1), `${shards}: ${shardOf(cookie)}`);
    }
  });

  it('doubles no act that is sent again after it', async () => {
    await restart(4);
    const policy = await readPolicy(worker);
    const key = keyFor(3, 4);
    const body = JSON.stringify({ choice: 'accept', categories: ['analytics'], policy, layer: 2, lang: 'en' });
    const first = await decide({ key, body });
    for (const shards of [5, 1]) {
      await restart(shards);
      assert.equal((await decide({ key, body })).receipt, first.receipt, `${shards}`);
    }
    assert.equal([...stored().values()].filter((row) => row.key === key.replaceAll('-', '')).length, 1);
  });

  it('that cannot be read is told, and one shard takes all', async () => {
    await restart('many');
    const health = await send(worker.port, '/_postern/health');
    assert.deepEqual([health.status, readText(health)], [200, 'ok\nthe variable SHARDS is "many": use a number from 1 to 255; until then it is 1\n']);
    assert.equal(shardOf((await decide()).cookie), 0);
  });
});

describe('rights', () => {
  it('reach the shard of who has them', async () => {
    await restart(4);
    const form = (path, cookie, body) => send(worker.port, path, {
      method: 'POST', body, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', origin: worker.base, 'sec-fetch-site': 'same-origin' },
    });
    for (const { shard, cookie, chain } of people) {
      assert.equal((await form('/_postern/restrict', cookie, 'restrict=yes')).status, 303);
      assert.match(await text('/_postern/consent', { cookie }), /restrict" value="no"/, `${shard}`);
      assert.equal((await form('/_postern/erase', cookie, '')).status, 303);
      assert.deepEqual(await receiptsOf(cookie), []);
      for (const id of chain) assert.ok(!stored().has(id), `${shard}: ${id}`);
    }
    // What is left is proven all the same.
    const key = (await text('/_postern/log/key')).trimEnd();
    const file = join(makeFolder(), 'receipts.ndjson');
    assert.equal(command(['export', '--url', worker.base, '--out', file]).status, 0);
    const checked = command(['verify', '--key', key, '--url', worker.base, file]);
    assert.equal(checked.status, 0, checked.said);
    assert.match(checked.said, /entries have no line here/);
  });
});
