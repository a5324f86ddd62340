// What a Ledger bears, with the log on, in workerd: receipts acknowledged in a second and how long one takes, with none stored
// and with many; a visitor's receipts and their proofs; checkpoints; bytes. Then the process is killed under load, again and
// again. Run by `cargo xtask bench ledger`, after a build; docs/ledger.md has the figures. Ends with 1 if a budget is not met
// or anything is lost, doubled or not proven.
//
// Many receipts are put into the storage directly, by the Worker's own statement, with rows that crates/cli/examples/ledger_rows.rs
// makes by the Worker's own algorithm: a million by requests would take an hour.
//
// Usage: node tests/bench/ledger.mjs [--sizes 0,10000,100000,1000000] [--shards 1,2,4] [--seconds 15] [--kills 50]

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { prove } from '../journeys/auditor.mjs';
import { alikeOf, cellsOf, countActs, isOfActs } from '../journeys/figures.mjs';
import { ROOT, makeFolder, residentBytes, sleep, waitFor } from '../journeys/harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from '../journeys/wire.mjs';
import { startOrigin } from './origin.mjs';
import { startWorkerd } from './workerd.mjs';
import { runWrk } from './wrk.mjs';

/** Source: design.md, section 4. */
const PER_SECOND_MIN = 500;
const P99_MS_MAX = 100;
/** So many at once decide while the budget is measured: more only wait for one another. */
const CONNECTIONS = 16;
/** Rows put into the storage in one transaction. */
const FILL_STEP = 20_000;
/** Visitors who are looked up, one after another. */
const LOOKUPS = 300;
const SEALED_AFTER_MS = 200;
/** What else has a leaf: what visitors are asked with. */
const VERSIONS = 1;

const log = (line) => console.error(line);
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ms = (number) => number.toFixed(1);

function settings(more = {}) {
  return { COOKIE_KEY: randomBytes(32).toString('hex'), LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: String(SEALED_AFTER_MS), ...more };
}

const readLog = async (worker, path) => send(worker.port, `/_postern/log/${path}`);
const sealedSize = async (worker) => {
  const answer = await readLog(worker, 'checkpoint');
  return answer.status === 200 ? Number(readText(answer).split('\n')[1]) : 0;
};

/** The file in which workerd keeps the one object that there is. */
function storageOf(folder) {
  const disk = join(folder, 'disk', 'ledger');
  const files = readdirSync(disk).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
  assert.equal(files.length, 1, `one Ledger in ${disk}: ${readdirSync(disk)}`);
  return join(disk, files[0]);
}

/** That file, to look into or to fill, while no workerd runs. */
async function open(folder) {
  const { DatabaseSync } = await import('node:sqlite');
  return new DatabaseSync(storageOf(folder));
}

/** The columns of a receipt, as the Worker's own statement has them. */
const COLUMNS = /^const COLUMNS: &str = "(.*)";$/m.exec(readFileSync(join(ROOT, 'worker/src/ledger_store.rs'), 'utf8'))[1].split(', ');
const IS_BYTES = new Set(['salt', 'commitment', 'body_sha256', 'nodes']);
const IS_NUMBER = new Set(['seq', 'at_unix_ms', 'day', 'offered', 'granted', 'answered', 'decided_ms', 'purge_ms', 'keep_months']);
const MAY_BE_NULL = new Set(['expires_ms', 'ended_seq', 'ended_purge_ms']);

/** Puts so many receipts into a Ledger's storage; gives cookies of some of their visitors. */
async function fill(folder, count, cookieKey) {
  const names = [...COLUMNS, 'nodes', 'ended_seq', 'ended_purge_ms'];
  const read = names.map((name) => (IS_BYTES.has(name) ? (text) => Buffer.from(text, 'hex') : name === 'facts' ? (text) => Buffer.from(text, 'hex').toString() : IS_NUMBER.has(name) ? Number : MAY_BE_NULL.has(name) ? (text) => (text === '' ? null : Number(text)) : (text) => text));
  const storage = await open(folder);
  // The rows begin with the first place: the version that visitors are asked with has its own behind them.
  storage.exec('PRAGMA synchronous = OFF; DELETE FROM log; DELETE FROM log_sealed; DELETE FROM entries; DELETE FROM releases');
  const insert = storage.prepare(`INSERT INTO acts (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`);
  const rows = spawn(join(ROOT, 'target/release/examples/ledger_rows'), [join(ROOT, 'postern.toml'), cookieKey, String(count), String(Date.now())], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(rows, 'exit');
  const cookies = [];
  let stored = 0;
  storage.exec('BEGIN');
  for await (const line of createInterface({ input: rows.stdout })) {
    const cells = line.split('\t');
    if (cells[0] === 'cookie') {
      cookies.push(`__Host-postern=${cells[1]}`);
      continue;
    }
    insert.run(...cells.map((cell, index) => read[index](cell)));
    stored += 1;
    if (stored % FILL_STEP === 0) storage.exec('COMMIT; BEGIN');
  }
  storage.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  storage.close();
  const [code] = await ended;
  assert.deepEqual([code, stored], [0, count], 'rows made and stored');
  return cookies;
}

/** Times one request after another; gives median and 99th in milliseconds. */
async function time(requests) {
  const took = [];
  for (const request of requests) {
    const startedAt = performance.now();
    await request();
    took.push(performance.now() - startedAt);
  }
  took.sort((a, b) => a - b);
  return { p50: at(took, 0.5), p99: at(took, 0.99) };
}

/**
 * Decides, one after another, until the receipts to that place are counted in the figures, which the alarms of those decisions do. How
 * long it took, and how long each decision did meanwhile; neither if they are counted already, which those are at once before which
 * something is deleted: of many, the first are a year old by the time that the last are stored.
 */
async function countAnew(folder, last, decide) {
  const storage = await open(folder);
  const counted = storage.prepare('SELECT seq FROM counted');
  const [isCounted, startedAt, took] = [counted.get().seq >= last, performance.now(), []];
  let own;
  do {
    const askedAt = performance.now();
    own = await decide();
    took.push(performance.now() - askedAt);
  } while (counted.get().seq < last);
  const seconds = (performance.now() - startedAt) / 1000;
  storage.close();
  if (isCounted) return { own };
  took.sort((a, b) => a - b);
  return { own, seconds, p50: at(took, 0.5), p99: at(took, 0.99), longest: took.at(-1) };
}

/** `postern verify --url`, which fetches every file of the log and checks every hash: seconds, and again with what was kept. */
async function verifyByAddress(worker, vkey, cache) {
  const run = async () => {
    const startedAt = performance.now();
    const postern = spawn(join(ROOT, 'target/release/postern'), ['verify', '--key', vkey, '--url', `http://127.0.0.1:${worker.port}`, '--cache', cache], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [postern.stdout, postern.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { said += chunk; });
    const [code] = await once(postern, 'exit');
    assert.equal(code, 0, said);
    return (performance.now() - startedAt) / 1000;
  };
  return { first: await run(), again: await run() };
}

/** Milliseconds of processor time that a process has had; undefined where that cannot be read. */
function processorMs(pid) {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ').slice(11, 13).map(Number);
    return (user + system) * 10;
  } catch {
    return undefined;
  }
}

async function measure(origin, stored, seconds) {
  const [folder, vars] = [makeFolder(), settings()];
  let worker = await startWorkerd({ originPort: origin.port, folder, vars });
  try {
    await readLog(worker, 'checkpoint');
    let [cookies, acts] = [[], []];
    if (stored > 0) {
      await worker.stop();
      log(`${stored}: filling`);
      cookies = await fill(folder, stored, vars.COOKIE_KEY);
      const filled = await open(folder);
      assert.equal(filled.prepare('SELECT seq FROM counted').get().seq, 0, 'none of them is in a figure yet');
      acts = alikeOf(filled);
      filled.close();
      worker = await startWorkerd({ originPort: origin.port, folder, vars });
    }
    // Which names the place of the version in the log as it is now.
    const policy = await readPolicy(worker);
    // The object comes alive: its storage is opened, brought to the newest form, and looked through for what lacks a leaf.
    const openedMs = (await time([() => readLog(worker, 'checkpoint')])).p50;
    const decide = async () => {
      const answer = await postDecision(worker, { change: { policy } });
      assert.equal(answer.status, 200, readText(answer));
      return consentCookie(answer);
    };
    if (stored > 0) log(`${stored}: counting`);
    const [anew, { p50: sealedMs }] = await Promise.all([
      countAnew(folder, stored, decide),
      time([() => waitFor('the first seal', async () => await sealedSize(worker) > stored, 60_000)]),
    ]);
    const firstSealMs = sealedMs - SEALED_AFTER_MS;
    if (cookies.length === 0) cookies = [anew.own];
    await runWrk(worker, { scenario: 'decisions', seconds: 3, connections: CONNECTIONS, visitors: { policy } });
    log(`${stored}: deciding`);
    const before = processorMs(worker.pid);
    const load = await runWrk(worker, { scenario: 'decisions', seconds, connections: CONNECTIONS, visitors: { policy } });
    const processorEach = (processorMs(worker.pid) - before) / load.answered;
    const crowd = await runWrk(worker, { scenario: 'decisions', seconds: Math.ceil(seconds / 2), connections: 64, visitors: { policy } });
    assert.deepEqual([load.unexpected, crowd.unexpected, load.timeout], [0, 0, 0], load.example || crowd.example);
    await sleep(2000);
    const alone = await time(Array.from({ length: 200 }, () => decide));
    // From the answer to a decision to a checkpoint that holds it, without the time that receipts are left to gather.
    const seals = [];
    for (let round = 0; round < 10; round += 1) {
      await sleep(SEALED_AFTER_MS);
      const size = await sealedSize(worker);
      await decide();
      const startedAt = performance.now();
      while (await sealedSize(worker) <= size) await sleep(5);
      seals.push(performance.now() - startedAt - SEALED_AFTER_MS);
    }
    seals.sort((a, b) => a - b);
    log(`${stored}: looking up`);
    const vkey = readText(await readLog(worker, 'key')).trimEnd();
    const some = Array.from({ length: LOOKUPS }, (_, index) => cookies[(index * 7919) % cookies.length]);
    const page = await time(some.map((cookie) => async () => {
      const answer = await send(worker.port, '/_postern/consent', { headers: { accept: 'text/html', cookie } });
      assert.equal(answer.status, 200);
    }));
    let proven = 0;
    const exported = [];
    const proof = await time(some.map((cookie) => async () => {
      exported.push(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } })));
    }));
    for (const text of exported) {
      const { receipts } = JSON.parse(text);
      assert.ok(receipts.length > 0);
      for (const receipt of receipts) {
        prove(receipt, vkey);
        proven += 1;
      }
    }
    log(`${stored}: checking the whole log`);
    const checked = await verifyByAddress(worker, vkey, join(folder, 'cache'));
    const size = await sealedSize(worker);
    const full = Math.floor(size / 256);
    const numbers = full > 0 ? Array.from({ length: 100 }, (_, index) => (index * 7919) % full) : [];
    const path = (kind, number) => `tile/${kind}/${String(number).padStart(6, '0').replace(/^(...)(...)$/, number >= 1000 ? 'x$1/$2' : '$2')}`;
    const tile = await time(numbers.flatMap((number) => ['0', 'entries'].map((kind) => async () => assert.equal((await readLog(worker, path(kind, number))).status, 200))));
    const memory = residentBytes(worker.pid);
    await worker.stop();
    const storage = await open(folder);
    const one = (statement) => Object.values(storage.prepare(statement).get())[0];
    const [count, pages, pageBytes] = [one('SELECT COUNT(*) FROM receipts'), one('PRAGMA page_count'), one('PRAGMA page_size')];
    // What was stored a year ago and is over by now is deleted meanwhile; its leaf stays.
    const leaves = count + one('SELECT COUNT(*) FROM entries') + one('SELECT COALESCE(SUM(receipts), 0) FROM purges');
    assert.equal(one('SELECT COUNT(*) FROM log'), leaves);
    assert.equal(one('SELECT MAX(place) + 1 FROM log'), leaves);
    // What is counted from receipts is what they amount to, those deleted meanwhile and those of the load among them.
    acts.push(...alikeOf(storage, `seq > ${stored} AND seq <= (SELECT seq FROM counted)`));
    const expected = countActs(acts);
    assert.deepEqual(cellsOf(storage, isOfActs), expected, 'figures and receipts');
    const parts = storage.prepare('SELECT name, SUM(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC').all().filter(({ bytes }) => bytes * 50 > pages * pageBytes);
    storage.close();
    return {
      stored, perSecond: load.answered / (load.microseconds / 1e6), p50: load.p50 / 1000, p99: load.p99 / 1000,
      crowdPerSecond: crowd.answered / (crowd.microseconds / 1e6), crowdP99: crowd.p99 / 1000, alone, processorEach, openedMs, firstSealMs, anew, cells: Object.keys(expected).length, sealMs: at(seals, 0.5), page, proof, tile, proven,
      memory, count, checked, bytesEach: (pages * pageBytes) / count, parts: parts.map(({ name, bytes }) => `${name} ${Math.round(bytes / count)}`).join(', '),
    };
  } finally {
    await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same load on a site with so many shards, none of which has anything yet. */
async function measureShards(origin, shards, seconds) {
  const folder = makeFolder();
  const worker = await startWorkerd({ originPort: origin.port, folder, vars: settings({ SHARDS: String(shards) }) });
  try {
    const policy = await readPolicy(worker);
    await runWrk(worker, { scenario: 'decisions', seconds: 3, connections: CONNECTIONS, visitors: { policy } });
    const before = processorMs(worker.pid);
    const load = await runWrk(worker, { scenario: 'decisions', seconds, connections: CONNECTIONS, visitors: { policy } });
    assert.deepEqual([load.unexpected, load.timeout], [0, 0], load.example);
    return { shards, perSecond: load.answered / (load.microseconds / 1e6), p50: load.p50 / 1000, p99: load.p99 / 1000, processorEach: (processorMs(worker.pid) - before) / load.answered };
  } finally {
    await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Kills the process `kills` times under load, at a random moment. Each visitor goes on with the act that was not answered, by
 * its own key, as the page does. In the end there are as many leaves as acts, each receipt proven, and every checkpoint that
 * was ever seen is the beginning of the log.
 */
async function killOften(origin, kills) {
  const [folder, vars] = [makeFolder(), settings({ LOG_SEAL_AFTER_MS: '40' })];
  const [answered, checkpoints] = [[], new Map()];
  const acts = Array.from({ length: 8 }, () => randomUUID());
  let [worker, policy, vkey] = [];
  for (let round = 0; round <= kills; round += 1) {
    worker = await startWorkerd({ originPort: origin.port, folder, vars });
    policy ??= await readPolicy(worker);
    vkey ??= readText(await readLog(worker, 'key')).trimEnd();
    const isLast = round === kills;
    let isKilled = false;
    const visit = async (_, visitor) => {
      do {
        const answer = await postDecision(worker, { change: { policy }, key: acts[visitor] }).catch(() => undefined);
        // Cut off in the middle is not answered.
        if (!answer?.isWhole || (isKilled && answer.status !== 200)) continue;
        assert.equal(answer.status, 200, readText(answer));
        answered.push({ cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt') });
        acts[visitor] = randomUUID();
      } while (!isKilled && !isLast);
    };
    const look = async () => {
      while (!isKilled && !isLast) {
        const answer = await readLog(worker, 'checkpoint').catch(() => undefined);
        if (answer?.isWhole && answer.status === 200) checkpoints.set(readText(answer), round);
        await sleep(10);
      }
    };
    const load = Promise.all([...acts.map(visit), look()]);
    if (!isLast) {
      await sleep(50 + Math.random() * 950);
      worker.kill();
      isKilled = true;
    }
    await load;
    if (!isLast) await worker.stop();
  }
  try {
    const size = await waitFor('the last seal', async () => {
      const size = await sealedSize(worker);
      return size >= answered.length + VERSIONS && size;
    }).catch(() => sealedSize(worker));
    assert.equal(size, answered.length + VERSIONS, 'leaves, and acts that were answered: every act has one');
    assert.equal(new Set(answered.map(({ id }) => id)).size, answered.length, 'no two acts have one receipt');
    const places = new Set();
    for (const { cookie, id } of answered) {
      const { receipts } = JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } })));
      assert.equal(receipts.length, 1);
      assert.equal(receipts[0].receipt.receipt_id, id);
      prove(receipts[0], vkey);
      places.add(receipts[0].leaf_index);
    }
    assert.equal(places.size, size - VERSIONS);
    return { kills, answered: answered.length, checkpoints: [...checkpoints.keys()], worker, vkey, folder };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

/** Checks the whole log as an auditor does, against every checkpoint that was seen. */
async function audit({ worker, vkey, folder, checkpoints }) {
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  const earlier = checkpoints.flatMap((note, number) => {
    writeFileSync(join(kept, String(number)), note);
    return ['--earlier', join(kept, String(number))];
  });
  const postern = spawn(join(ROOT, 'target/release/postern'), ['verify', '--key', vkey, ...earlier, '--url', `http://127.0.0.1:${worker.port}`, '--cache', join(folder, 'cache')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [postern.stdout, postern.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { said += chunk; });
  const [code] = await once(postern, 'exit');
  assert.equal(code, 0, said);
  return said.trimEnd().split('\n').at(-1);
}

const { values } = parseArgs({ options: { sizes: { type: 'string', default: '0,10000,100000,1000000' }, shards: { type: 'string', default: '1,2,4' }, seconds: { type: 'string', default: '15' }, kills: { type: 'string', default: '50' } } });
const sizes = values.sizes.split(',').filter(Boolean).map(Number);
const shards = values.shards.split(',').filter(Boolean).map(Number);
const [seconds, kills] = [Number(values.seconds), Number(values.kills)];
if (![...sizes, ...shards, seconds, kills].every((number) => Number.isInteger(number) && number >= 0) || seconds < 1) {
  console.error('usage: node tests/bench/ledger.mjs [--sizes 0,10000] [--shards 1,2] [--seconds 15] [--kills 50]');
  process.exit(2);
}
const origin = await startOrigin();
const faults = [];
try {
  console.log(`${cpus().length} processors (${cpus()[0].model}), ${loadavg().map((load) => load.toFixed(1)).join(', ')} waiting before; node and wrk on the same machine; ${seconds} s of load for each row`);
  console.log('| stored | per second, 16 at once | p50, p99 ms | processor ms each | per second, 64 at once | p99 ms | alone p50, p99 ms | page of receipts p50, p99 ms | receipts with proofs p50, p99 ms | tile p50, p99 ms | sealing ms | opening, first seal ms | whole log checked, again s | all counted anew s | alone meanwhile p50, p99, longest ms | bytes each |');
  console.log(`|${'---|'.repeat(16)}`);
  for (const size of sizes) {
    const row = await measure(origin, size, seconds);
    const pair = ({ p50, p99 }) => (p50 === undefined ? '–' : `${ms(p50)}, ${ms(p99)}`);
    console.log(`| ${[row.stored, Math.round(row.perSecond), `${ms(row.p50)}, ${ms(row.p99)}`, row.processorEach.toFixed(2), Math.round(row.crowdPerSecond), ms(row.crowdP99), pair(row.alone), pair(row.page), pair(row.proof), pair(row.tile), ms(row.sealMs), `${ms(row.openedMs)}, ${ms(row.firstSealMs)}`, `${ms(row.checked.first)}, ${ms(row.checked.again)}`, row.anew.seconds ? ms(row.anew.seconds) : '–', row.anew.seconds ? `${pair(row.anew)}, ${ms(row.anew.longest)}` : '–', Math.round(row.bytesEach)].join(' | ')} |`);
    log(`${size}: ${row.count} receipts in the end, ${row.proven} proven; ${row.cells} cells of the figures are what they amount to; ${Math.round(row.memory / 1e6)} MB resident; bytes of a receipt: ${row.parts}`);
    if (row.perSecond < PER_SECOND_MIN) faults.push(`${size} stored: ${Math.round(row.perSecond)} receipts a second, and ${PER_SECOND_MIN} are wanted`);
    if (row.p99 > P99_MS_MAX) faults.push(`${size} stored: the 99th of a hundred takes ${ms(row.p99)} ms, and ${P99_MS_MAX} are allowed`);
  }
  if (shards.length > 0) {
    console.log('| shards | per second, 16 at once | p50, p99 ms | processor ms each |');
    console.log(`|${'---|'.repeat(4)}`);
    for (const count of shards) {
      const row = await measureShards(origin, count, seconds);
      console.log(`| ${[row.shards, Math.round(row.perSecond), `${ms(row.p50)}, ${ms(row.p99)}`, row.processorEach.toFixed(2)].join(' | ')} |`);
    }
  }
  if (kills > 0) {
    const killed = await killOften(origin, kills);
    try {
      console.log(`killed ${kills} times under load: ${killed.answered} acts, each acknowledged, recorded once and proven; ${killed.checkpoints.length} checkpoints seen on the way`);
      console.log(await audit(killed));
    } finally {
      await killed.worker.stop();
    }
  }
} finally {
  await origin.stop();
}
for (const fault of faults) console.log(`NOT MET ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
