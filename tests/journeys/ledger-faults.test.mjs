// What can happen to a Ledger's storage under real workerd: it is of a version from before the log, its clock was ahead, a
// write fails in the middle, its room or the disk is full. Nothing is lost, doubled or pretended: what was acknowledged is
// there once and proven, and what was not is no grant, and can be asked again by the same key.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { prove } from './auditor.mjs';
import { readCells } from './figures.mjs';
import { ROOT, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const [SOURCE, SCHEMA] = ['store', 'schema'].map((name) => readFileSync(join(ROOT, `worker/src/ledger_${name}.rs`), 'utf8'));
/** The statements of each version, as the Worker has them. */
const MIGRATIONS = /const MIGRATIONS: \[&str; \d+\] = \["([^]*?)"\];/.exec(SCHEMA)[1].split(/^", "$/m);
const COLUMNS = /^const COLUMNS: &str = "(.*)";$/m.exec(SOURCE)[1];

const [cookieKey, LOG_KEY] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
const VARS = { LOG_KEY, LOG_SEAL_AFTER_MS: '200' };

let world;
before(async () => { world = await startWorld({ browser: false, vars: VARS }); });
after(() => world?.close());

const start = (state, vars = {}) => world.startWorker({ state, cookieKey, vars: { ...VARS, ...vars } });

/** A folder for storage that is gone after the test. */
function stateFor(test) {
  const state = mkdtempSync(join(tmpdir(), 'postern-state-'));
  test.after(() => rmSync(state, { recursive: true, force: true }));
  return state;
}

/** The storage of the one Ledger that a state has, to look into or to break while no Worker runs. */
function open(state) {
  const files = readdirSync(state, { recursive: true }).filter((name) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(name));
  assert.equal(files.length, 1, files.join());
  return new DatabaseSync(join(state, files[0]));
}

function change(state, statements) {
  const storage = open(state);
  storage.exec(statements);
  storage.close();
}

const countOf = (state, table) => {
  const storage = open(state);
  const { count } = storage.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get();
  storage.close();
  return count;
};

const tryToDecide = (worker, { choice = 'accept', cookie, key = randomUUID(), policy } = {}) =>
  postDecision(worker, { change: { choice, ...(policy ? { policy } : {}) }, key, headers: cookie ? { cookie } : {} });

async function decide(worker, options) {
  const answer = await tryToDecide(worker, options);
  assert.equal(answer.status, 200, readText(answer));
  return { cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt') };
}

/** A visitor's receipts, newest first, once each of them is proven. */
const provenOf = (worker, { cookie }, vkey) => waitFor('the proofs', async () => {
  const { receipts } = JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } })));
  if (receipts.length === 0 || !receipts.every(({ proof }) => proof)) return false;
  for (const receipt of receipts) prove(receipt, vkey);
  return receipts;
});

const readKey = async (worker) => readText(await send(worker.port, '/_postern/log/key')).trimEnd();

/** Each of these visitors has the receipt that was acknowledged, once, at a place of its own. */
async function assertWhole(worker, visitors) {
  const vkey = await readKey(worker);
  const places = new Set();
  for (const visitor of visitors) {
    const receipts = await provenOf(worker, visitor, vkey);
    assert.equal(receipts.filter(({ receipt }) => receipt.receipt_id === visitor.id).length, 1, visitor.id);
    for (const { leaf_index: place } of receipts) places.add(place);
  }
  assert.ok(places.size >= visitors.length);
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'verify', '--key', vkey, '--url', worker.base], { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return Number(/: (\d+) entries give/.exec(stdout)[1]);
}

describe('a Ledger of the version before the log', () => {
  it('gets a log of all it has when it is opened, and every receipt its proof', async (test) => {
    const state = stateFor(test);
    const first = await start(state);
    const visitors = [];
    for (let count = 0; count < 20; count += 1) visitors.push(await decide(first, { choice: count % 3 ? 'accept' : 'reject' }));
    visitors.push(await decide(first, { choice: 'reject', cookie: visitors[0].cookie }));
    await first.stop();
    // The rows as they are, in the tables as they were; and gaps, since what was erased left some.
    const storage = open(state);
    assert.equal(MIGRATIONS.length >= 5, true);
    const old = COLUMNS.replace('expires_ms, purge_ms, keep_months, ', '').replace(', facts', '');
    storage.exec('CREATE TABLE kept AS SELECT * FROM receipts; DROP VIEW acts; DROP TABLE log; DROP TABLE log_sealed; DROP TABLE receipts; DROP TABLE cells; DROP TABLE counted; DROP TABLE revisions; DROP TABLE batches; DROP TABLE seen; DROP TABLE erasures; DROP TABLE restrictions; DROP TABLE purges; DROP TABLE requests; DROP TABLE admin_acts; DROP TABLE entries; DROP TABLE releases; DROP TABLE shard; DROP TABLE witnesses;');
    storage.exec(MIGRATIONS.slice(0, 4).join(';'));
    storage.exec(`INSERT INTO receipts (${old}) SELECT ${old.replace('seq', 'seq * 3 - 1')} FROM kept ORDER BY seq; DROP TABLE kept; UPDATE meta SET version = 4;`);
    assert.deepEqual(storage.prepare('SELECT MIN(seq) AS low, MAX(seq) AS high, COUNT(*) AS count FROM receipts').get().high, 65);
    storage.close();
    const second = await start(state);
    // What was counted by the day is counted on.
    const counted = await waitFor('the figures', () => readCells({ state })['all/']);
    assert.deepEqual([counted.accepted, counted.refused], [13, 8]);
    const late = await decide(second);
    // What is older than the log has its place in it by the order in which it came.
    const places = (await provenOf(second, visitors[0], await readKey(second))).map(({ leaf_index: place }) => place);
    assert.deepEqual(places, [20, 0]);
    // And behind them, before the next receipt, the version that is asked with now.
    assert.equal(await assertWhole(second, [...visitors, late]), 23);
    await second.stop();
    assert.deepEqual([countOf(state, 'receipts'), countOf(state, 'log')], [22, 23]);
  });
});

describe('a clock that goes back', () => {
  it('keeps chain and log in the order in which receipts came', async (test) => {
    const state = stateFor(test);
    const first = await start(state);
    await send(first.port, '/_postern/log/checkpoint');
    await first.stop();
    // Forty receipts of a year by a clock that was sixty days ahead, by the Worker's own algorithm; the last by five weeks or more.
    const made = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--example', 'ledger_rows', '--', 'postern.toml', cookieKey, '40', String(Date.now() + 60 * 86_400_000)], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 });
    assert.equal(made.status, 0, made.stderr);
    const lines = made.stdout.trimEnd().split('\n').map((line) => line.split('\t'));
    const names = [...COLUMNS.split(', '), 'nodes', 'ended_seq', 'ended_purge_ms'];
    const bytes = new Set(['salt', 'commitment', 'body_sha256', 'nodes']);
    const storage = open(state);
    // Theirs are the first places; the version has its own behind them when a Worker starts again.
    storage.exec('DELETE FROM log; DELETE FROM log_sealed; DELETE FROM entries; DELETE FROM releases');
    const insert = storage.prepare(`INSERT INTO acts (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`);
    // What time does to receipts: retention.test.mjs.
    const keep = 'UPDATE receipts SET expires_ms = NULL, purge_ms = 253402300799000';
    const read = (cell, name) => {
      if (bytes.has(name)) return Buffer.from(cell, 'hex');
      if (name === 'facts') return Buffer.from(cell, 'hex').toString();
      return cell === '' && name !== 'vendors' ? null : cell;
    };
    for (const cells of lines.filter(([head]) => head !== 'cookie')) insert.run(...cells.map((cell, index) => read(cell, names[index])));
    storage.exec(keep);
    storage.close();
    const second = await start(state);
    const policy = await readPolicy(second);
    const cookie = `__Host-postern=${lines.findLast(([head]) => head === 'cookie')[1]}`;
    const visitors = [];
    for (let count = 0; count < 5; count += 1) visitors.push(await decide(second, { policy }));
    const again = await tryToDecide(second, { policy, cookie, choice: 'reject' });
    assert.equal(again.status, 200, readText(again));
    visitors.push({ cookie: consentCookie(again), id: valueOf(again, 'postern-receipt') });
    const [newest, ...older] = await provenOf(second, visitors.at(-1), await readKey(second));
    assert.equal(newest.leaf_index, 46);
    assert.equal(newest.receipt.previous, older[0].receipt.receipt_id);
    assert.ok(newest.receipt.at < older[0].receipt.at, `${newest.receipt.at} is before ${older[0].receipt.at}`);
    assert.equal(await assertWhole(second, visitors), 47);
    await second.stop();
  });
});

describe('a write that fails', () => {
  for (const [where, trigger] of [
    ['before the leaf', 'BEFORE INSERT ON log WHEN NEW.place = 4'],
    ['between leaf and receipt', 'BEFORE INSERT ON receipts WHEN NEW.seq = 5'],
    ['behind the receipt', 'AFTER INSERT ON receipts WHEN NEW.seq = 5'],
  ]) {
    it(`${where} leaves nothing, grants nothing, and the same act is recorded once afterwards`, async (test) => {
      const state = stateFor(test);
      const first = await start(state);
      const visitors = [];
      for (let count = 0; count < 3; count += 1) visitors.push(await decide(first));
      await first.stop();
      change(state, `CREATE TRIGGER broken ${trigger} BEGIN SELECT RAISE(ABORT, 'injected'); END`);
      const second = await start(state);
      const key = randomUUID();
      for (let tries = 0; tries < 2; tries += 1) {
        const refused = await tryToDecide(second, { key });
        assert.deepEqual([refused.status, consentCookie(refused), valueOf(refused, 'postern-receipt')], [503, undefined, undefined], readText(refused));
      }
      await second.stop();
      assert.deepEqual([countOf(state, 'receipts'), countOf(state, 'log')], [3, 4]);
      change(state, 'DROP TRIGGER broken');
      const third = await start(state);
      const done = await decide(third, { key });
      assert.equal((await decide(third, { key })).id, done.id);
      visitors.push(done);
      assert.equal(await assertWhole(third, visitors), 5);
      await third.stop();
    });
  }
});

describe('counting that fails', () => {
  it('holds up no decision, and counts each act once when it works again', async (test) => {
    const state = stateFor(test);
    const first = await start(state);
    const visitors = [await decide(first)];
    await waitFor('the first', () => readCells({ state })['all/']?.accepted === 1);
    await first.stop();
    change(state, "CREATE TRIGGER broken BEFORE INSERT ON cells BEGIN SELECT RAISE(ABORT, 'injected'); END");
    const second = await start(state);
    for (let count = 0; count < 3; count += 1) visitors.push(await decide(second));
    await waitFor('the failure', () => second.log.includes('receipts are not counted'));
    assert.equal(readCells({ state })['all/'].accepted, 1);
    await second.stop();
    change(state, 'DROP TRIGGER broken');
    const third = await start(state);
    visitors.push(await decide(third));
    await waitFor('all of them', () => readCells({ state })['all/'].accepted === 5);
    assert.equal(await assertWhole(third, visitors), 6);
    assert.equal(readCells({ state })['all/'].accepted, 5);
    await third.stop();
  });
});

describe('room', () => {
  it('that is used up is for withdrawals alone, and nothing is acknowledged that is not kept', async (test) => {
    const state = stateFor(test);
    // What only withdrawals may use is 10 MB; 250 kB are left for all else.
    const worker = await start(state, { LEDGER_BYTES_MAX: '10250000' });
    const policy = await readPolicy(worker);
    const visitors = [];
    let refused;
    while (!refused) {
      assert.ok(visitors.length < 300, 'it is full some day');
      const answer = await tryToDecide(worker, { policy });
      if (answer.status === 200) visitors.push({ cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt') });
      else refused = answer;
    }
    assert.deepEqual([refused.status, consentCookie(refused)], [503, undefined]);
    assert.match(readText(refused), /full/);
    assert.ok(visitors.length > 20, String(visitors.length));
    const [visitor] = visitors;
    const withdrawn = await decide(worker, { policy, choice: 'withdraw', cookie: visitor.cookie });
    assert.equal((await provenOf(worker, visitor, await readKey(worker)))[0].receipt.receipt_id, withdrawn.id);
    assert.equal(await assertWhole(worker, visitors), visitors.length + 2);
    await worker.stop();
  });

  it('on the disk that is used up loses nothing that was acknowledged, and takes what comes once there is room again', async (test) => {
    const state = stateFor(test);
    const mount = (...args) => spawnSync('mount', args, { encoding: 'utf8' });
    const mounted = mount('-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', state);
    if (mounted.status !== 0) {
      test.skip(`no small disk can be made here: ${mounted.stderr || mounted.error}`);
      return;
    }
    let worker;
    try {
      worker = await start(state);
      const policy = await readPolicy(worker);
      const visitors = [];
      let key;
      for (;;) {
        key = randomUUID();
        const answer = await tryToDecide(worker, { policy, key });
        if (answer.status !== 200) {
          assert.ok(answer.status >= 500 && consentCookie(answer) === undefined, `${answer.status} ${readText(answer)}`);
          break;
        }
        visitors.push({ cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt') });
        assert.ok(visitors.length < 5000, 'it is full some day');
      }
      await worker.stop();
      assert.equal(mount('-o', 'remount,size=64m', state).status, 0);
      worker = await start(state);
      const done = await decide(worker, { policy, key });
      assert.equal(await assertWhole(worker, [...visitors, done]), visitors.length + 2);
      test.diagnostic(`${visitors.length} receipts were acknowledged before the disk was full`);
    } finally {
      await worker?.stop();
      spawnSync('umount', ['-l', state]);
    }
  });
});
