// What the edge bears: wrk against the Worker in local workerd, one scenario after another, for a bounded time; then
// visitors who leave in the middle of a page. While it runs, a visitor of each kind looks whether pages are what they must be. Run by `cargo xtask load`, after a build.
// Ends with 1 if anything failed: a socket, a status, a page, a hit, a receipt, or memory that keeps growing.
//
// Usage: node tests/bench/load.mjs [--seconds 30]; POSTERN_WRK may name another wrk.

import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { residentBytes, sleep } from '../journeys/harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send } from '../journeys/wire.mjs';
import { startOrigin } from './origin.mjs';
import { startWorkerd } from './workerd.mjs';
import { runWrk } from './wrk.mjs';

const CONNECTIONS = 64;
const WARM_UP_SECONDS = 5;
/** Between two looks at memory and at the pages. */
const LOOK_MS = 500;
/** How much more may be resident after a scenario, once it has run for a while before: what the garbage collector has not
 * taken yet. A page that is kept for good would be 120 kB, so that 30 s of a hundred a second were 360 MB. */
const GROWTH_BYTES_MAX = 128 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;
const SCENARIOS = ['pages', 'assets', 'hits', 'decisions', 'leaving'];

const FORGED = `__Host-postern=v1.1f.173888.${'0'.repeat(8)}.${'a'.repeat(32)}.${'A'.repeat(43)}`;
const LIVE = / src="https:\/\/www\.googletagmanager\.com\/gtag/;

function drive(worker, scenario, seconds, visitors) {
  if (scenario === 'leaving') return runImpatient(worker, seconds);
  return runWrk(worker, { scenario, seconds, connections: CONNECTIONS, visitors });
}

/** Visitors who leave as soon as a page begins to arrive, so many at a time; answers like wrk's. */
async function runImpatient(worker, seconds) {
  const end = Date.now() + seconds * 1000;
  const took = [];
  let unexpected = 0;
  const leave = () => new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = connect(worker.port, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\nHost: localhost:${worker.port}\r\nAccept: text/html\r\nSec-Fetch-Dest: document\r\n\r\n`));
    socket.once('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) unexpected += 1;
      took.push((performance.now() - startedAt) * 1000);
      socket.destroy();
    });
    socket.on('error', () => { unexpected += 1; });
    socket.on('close', resolve);
  });
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => { while (Date.now() < end) await leave(); }));
  took.sort((a, b) => a - b);
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  return {
    microseconds: seconds * 1e6, answered: took.length, unexpected, letThrough: 0, example: '', connect: 0, read: 0, write: 0, timeout: 0,
    p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1),
  };
}

/** Looks at a page as each kind of visitor, and says what is wrong with it. */
async function lookAtPages(worker, visitors) {
  const faults = [];
  for (const [who, cookie, isLive] of [['nobody', undefined, false], ['a forger', FORGED, false], ['who refused', visitors.refused, false], ['who granted', visitors.granted, true]]) {
    const answer = await send(worker.port, '/', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', ...(cookie ? { cookie } : {}) } }).catch((error) => error);
    if (answer instanceof Error) faults.push(`${who}: ${answer.message}`);
    else if (answer.status !== 200 || !answer.isWhole || LIVE.test(readText(answer)) !== isLive) faults.push(`${who}: status ${answer.status}, ${answer.isWhole ? 'whole' : 'cut off'}, not the page it must be`);
  }
  return faults;
}

/** How many choices are recorded. */
function countReceipts(worker) {
  const disk = join(worker.folder, 'disk', 'ledger');
  const [file] = existsSync(disk) ? readdirSync(disk).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) : [];
  if (!file) return 0;
  const ledger = new DatabaseSync(join(disk, file), { readOnly: true });
  const { count } = ledger.prepare('SELECT COUNT(*) AS count FROM receipts').get();
  ledger.close();
  return count;
}

async function runScenario(worker, origin, scenario, seconds, visitors) {
  const countHits = async () => Number(await (await fetch(`http://127.0.0.1:${origin.port}/hits`)).text());
  const [hitsBefore, receiptsBefore] = [await countHits(), countReceipts(worker)];
  const before = residentBytes(worker.pid);
  const faults = [];
  let peak = before;
  let looks = 0;
  let isRunning = true;
  const looking = (async () => {
    while (isRunning) {
      faults.push(...await lookAtPages(worker, visitors));
      looks += 1;
      peak = Math.max(peak, residentBytes(worker.pid) ?? 0);
      await sleep(LOOK_MS);
    }
  })();
  const result = await drive(worker, scenario, seconds, visitors).finally(() => { isRunning = false; });
  await looking;
  for (const kind of ['connect', 'read', 'write', 'timeout']) if (result[kind] > 0) faults.push(`${result[kind]} sockets failed: ${kind}`);
  if (result.unexpected > 0) faults.push(`${result.unexpected} answers had another status, for example ${result.example}`);
  if (scenario !== 'leaving' && result.requests !== result.answered) faults.push(`${result.requests - result.answered} answers were not whole`);
  if (result.answered === 0) faults.push('nothing was answered');
  // What was under way when wrk ended may have arrived or not.
  const isOff = (count, wanted) => count < wanted - CONNECTIONS || count > wanted + CONNECTIONS;
  const hits = await countHits() - hitsBefore;
  if (isOff(hits, result.letThrough)) faults.push(`${result.letThrough} hits were granted, ${hits} reached the origin`);
  if (scenario === 'decisions') {
    const receipts = countReceipts(worker) - receiptsBefore;
    if (receipts < result.answered || isOff(receipts, result.answered)) faults.push(`${result.answered} choices were acknowledged, ${receipts} are recorded`);
  }
  const after = residentBytes(worker.pid);
  if (after - before > GROWTH_BYTES_MAX) faults.push(`memory grew by ${Math.round((after - before) / MEGABYTE)} MB`);
  return { scenario, ...result, before, peak: Math.max(peak, after), after, looks, faults };
}

function report(rows) {
  const cell = (value, width) => String(value).padStart(width);
  const ms = (microseconds) => (microseconds / 1000).toFixed(1);
  const mb = (bytes) => (bytes === undefined ? '?' : Math.round(bytes / MEGABYTE));
  console.log(`${CONNECTIONS} connections; milliseconds; resident megabytes of workerd`);
  console.log(`${'scenario'.padEnd(10)} requests    per s     p50      p90      p99      max  errors  before  peak  after  looks`);
  for (const row of rows) {
    const errors = row.connect + row.read + row.write + row.timeout + row.unexpected;
    console.log(`${row.scenario.padEnd(10)} ${cell(row.answered, 8)} ${cell((row.answered / row.microseconds * 1e6).toFixed(0), 8)} ${['p50', 'p90', 'p99', 'max'].map((name) => cell(ms(row[name]), 8)).join(' ')} ${cell(errors, 7)} ${cell(mb(row.before), 7)} ${cell(mb(row.peak), 5)} ${cell(mb(row.after), 6)} ${cell(row.looks, 6)}`);
  }
  const faults = rows.flatMap((row) => row.faults.map((fault) => `${row.scenario}: ${fault}`));
  for (const fault of [...new Set(faults)]) console.log(`FAILED ${fault}`);
  return faults.length === 0;
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600) {
  console.error('usage: node tests/bench/load.mjs [--seconds 30]');
  process.exit(2);
}
const started = [];
let isSound = false;
try {
  const origin = await startOrigin();
  started.push(origin);
  const worker = await startWorkerd({ originPort: origin.port });
  started.push(worker);
  const policy = await readPolicy(worker);
  const cookieOf = async (choice) => consentCookie(await postDecision(worker, { change: { policy, choice } }));
  const visitors = { policy, granted: await cookieOf('accept'), refused: await cookieOf('reject') };
  for (const scenario of SCENARIOS) await drive(worker, scenario, WARM_UP_SECONDS, visitors);
  const rows = [];
  for (const scenario of SCENARIOS) rows.push(await runScenario(worker, origin, scenario, seconds, visitors));
  isSound = report(rows);
} finally {
  for (const one of started.reverse()) await one.stop();
}
process.exit(isSound ? 0 : 1);
