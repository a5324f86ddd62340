// Figures of acts are what the receipts amount to: they agree with a count that shares no code with the Worker's, and where they are
// taken out of the storage and counted again from the receipts, each is what it was. At scale: tests/bench/ledger.mjs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { alikeOf, cellsOf, countActs, forgetActs, isOfActs, openLedger } from './figures.mjs';
import { BATCH_MS, sleep, startWorld, waitFor } from './harness.mjs';
import { askedCookie, consentCookie, postDecision, readDashboard, readPolicy, readText, send } from './wire.mjs';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let [world, state, worker] = [];
before(async () => {
  state = mkdtempSync(join(tmpdir(), 'postern-rebuilt-'));
  world = await startWorld({ browser: false });
  worker = await world.startWorker({ state, dashboard: true });
});
after(async () => {
  await world?.close();
  rmSync(state, { recursive: true, force: true });
});

/** What that gives of the storage, while others may write to it. */
function read(what) {
  const ledger = openLedger(state, { readOnly: true });
  try {
    return what(ledger);
  } finally {
    ledger.close();
  }
}

const counted = () => read((ledger) => ledger.prepare('SELECT seq, (SELECT MAX(seq) FROM receipts) AS newest FROM counted').get());

/** Waits until every receipt is counted, as the dashboard has it done. */
const waitUntilCounted = () => waitFor('the count', async () => {
  await readDashboard(worker);
  const { seq, newest } = counted();
  return seq === newest;
});

const open = async (headers = {}) => {
  const answer = await send(worker.port, '/', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': FIREFOX, ...headers } });
  assert.equal(answer.status, 200);
  return answer;
};

async function decide(change, headers = {}) {
  const answer = await postDecision(worker, { change: { policy: await readPolicy(worker), ...change }, headers });
  assert.equal(answer.status, 200, readText(answer));
  return consentCookie(answer);
}

async function setRestricted(cookie, isRestricted) {
  const answer = await send(worker.port, '/_postern/restrict', {
    method: 'POST', body: `restrict=${isRestricted ? 'yes' : 'no'}`,
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', origin: worker.base, 'sec-fetch-site': 'same-origin' },
  });
  assert.equal(answer.status, 303);
}

it('every figure of acts is counted again from the receipts as it was', async () => {
  const accepted = await decide({ choice: 'accept' });
  await decide({ choice: 'accept', lang: 'de' });
  await decide({ choice: 'reject' });
  await decide({ choice: 'reject', active: false });
  await decide({ choice: 'accept' }, { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' });
  const partly = await decide({ choice: 'save', categories: ['analytics'], layer: 2 });
  // Changes of mind, one of them by the browser's own signal; and one vendor by itself.
  await decide({ choice: 'withdraw' }, { cookie: accepted });
  await decide({ choice: 'save', categories: ['analytics', 'social'], layer: 2 }, { cookie: partly });
  await open({ cookie: await decide({ choice: 'accept' }), 'sec-gpc': '1' });
  await decide({ choice: 'load', categories: [], vendors: ['youtube'] });
  // Of browsers that were asked.
  for (const change of [{ choice: 'accept' }, { choice: 'reject' }, { choice: 'withdraw' }, { choice: 'save', categories: ['marketing'], layer: 1 }]) {
    await decide(change, { cookie: askedCookie(await open()) });
  }
  await setRestricted(await decide({ choice: 'accept', lang: 'de' }), true);
  const lifted = await decide({ choice: 'reject' });
  await setRestricted(lifted, true);
  await setRestricted(lifted, false);
  await sleep(BATCH_MS);
  await waitUntilCounted();
  await worker.stop();

  const ledger = openLedger(state);
  const before = cellsOf(ledger);
  const ofActs = cellsOf(ledger, isOfActs);
  assert.deepEqual(ofActs, countActs(alikeOf(ledger)));
  // Each counter of acts is there to be lost: all eleven, and things.
  const counters = new Set(Object.values(ofActs).flatMap(Object.keys));
  assert.deepEqual([...counters].sort(), ['accepted', 'analytics', 'by_agent', 'first_answered', 'first_granted', 'functional', 'marketing', 'partial', 'refused', 'social', 'times', 'withdrawn']);
  assert.ok(alikeOf(ledger).some(({ outcome, facts }) => outcome === 'partial' && facts.includes('layer\tsignal')), 'a signal took something back');
  assert.equal(ledger.prepare('SELECT COUNT(*) AS count FROM restrictions').get().count, 1);
  const ofPages = cellsOf(ledger, (...cell) => !isOfActs(...cell));
  assert.ok(Object.keys(ofPages).some((cell) => cell.includes('\tgate\theld/')), 'what pages have counted is there too');
  forgetActs(ledger);
  assert.deepEqual(cellsOf(ledger), ofPages);
  ledger.close();

  worker = await world.startWorker({ state, dashboard: true, cookieKey: worker.cookieKey });
  await waitUntilCounted();
  await worker.stop();
  assert.deepEqual(read((storage) => cellsOf(storage)), before);
});
