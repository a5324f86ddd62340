// What time does to receipts: a grant that is over gets a receipt that says so, and what was kept long enough is deleted
// with its salt, while the log goes on to hold. The Ledger's own clock cannot be turned, so its stored times are: a
// process is ended, the moments in its database are moved into the past, and another goes on with it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send } from './wire.mjs';

const YEAR_MS = 365 * 86_400_000;
const VARS = { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '200' };

let world;
let state;
let worker;
before(async () => {
  world = await startWorld();
  state = mkdtempSync(join(tmpdir(), 'postern-time-'));
  worker = await world.startWorker({ state, vars: VARS });
});
after(async () => {
  await world?.close();
  rmSync(state, { recursive: true, force: true });
});

/** The database of the Ledger, of which there is one. */
function openLedger() {
  const files = readdirSync(state, { recursive: true }).filter((name) => name.endsWith('.sqlite') && name.includes('Ledger'));
  const databases = files.map((name) => new DatabaseSync(join(state, name)));
  const [ledger] = databases.filter((database) => database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get('receipts'));
  for (const other of databases.filter((one) => one !== ledger)) other.close();
  return ledger;
}

/** Ends the process, does that to its database, and starts another that goes on with it. */
async function meanwhile(change) {
  const { cookieKey } = worker;
  await worker.stop();
  const ledger = openLedger();
  change(ledger);
  ledger.close();
  worker = await world.startWorker({ state, cookieKey, vars: VARS });
}

const exported = async (cookie) => JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }))).receipts;
const receiptsOf = async (cookie) => (await exported(cookie)).map(({ receipt }) => receipt);
/** Of receipts, and of the version that was asked with. */
const treeSize = async () => Number(readText(await send(worker.port, '/_postern/log/checkpoint')).split('\n')[1]);

describe('time', () => {
  let accepted;
  let refused;
  let restricted;
  before(async () => {
    accepted = consentCookie(await postDecision(worker, { change: { choice: 'accept' } }));
    refused = consentCookie(await postDecision(worker, { change: { choice: 'reject' } }));
    restricted = consentCookie(await postDecision(worker, { change: { choice: 'accept' } }));
    const answer = await send(worker.port, '/_postern/restrict', {
      method: 'POST', body: 'restrict=yes',
      headers: { cookie: restricted, 'content-type': 'application/x-www-form-urlencoded', origin: worker.base, 'sec-fetch-site': 'same-origin' },
    });
    assert.equal(answer.status, 303);
  });

  it('does nothing to what holds', async () => {
    await meanwhile(() => {});
    await waitFor('a checkpoint of all', async () => await treeSize() === 4);
    for (const [cookie, outcome] of [[accepted, 'accepted'], [refused, 'refused'], [restricted, 'accepted']]) {
      assert.deepEqual((await receiptsOf(cookie)).map((receipt) => receipt.outcome), [outcome]);
    }
  });

  it('ends a grant with a receipt of its own, once, and nobody is counted for it', async () => {
    await meanwhile((ledger) => {
      const { changes } = ledger.prepare('UPDATE receipts SET expires_ms = ? WHERE expires_ms IS NOT NULL').run(Date.now() - 1000);
      assert.equal(changes, 2);
    });
    // Any message wakes the Ledger, as any visit does.
    await waitFor('the receipt', async () => (await receiptsOf(accepted)).length === 2);
    const [expiry, grant] = await receiptsOf(accepted);
    assert.deepEqual(
      [expiry.method, expiry.outcome, expiry.actor, expiry.type, expiry.client, expiry.signals, expiry.previous],
      ['expiry', 'expired', 'controller', 'lapsed', null, null, grant.receipt_id],
    );
    assert.deepEqual([...new Set(expiry.purposes.map((purpose) => purpose.state))], ['ConsentExpired']);
    assert.equal(expiry.policy_sha256, grant.policy_sha256);
    assert.equal((await receiptsOf(refused)).length, 1);
    await waitFor('a checkpoint of all', async () => await treeSize() === 6);
    await meanwhile(() => {});
    assert.equal((await receiptsOf(accepted)).length, 2);
    const page = readText(await send(worker.port, '/_postern/consent', { headers: { accept: 'text/html', cookie: accepted } }));
    assert.match(page, /data-outcome="expired">expired</);
  });

  it('deletes what was kept long enough, with its salt, but not what is restricted; the log goes on to hold', async () => {
    const before = await exported(refused);
    assert.equal(before.length, 1);
    await meanwhile((ledger) => {
      ledger.prepare('UPDATE receipts SET purge_ms = ?').run(Date.now() - YEAR_MS);
    });
    await waitFor('them to be gone', async () => (await receiptsOf(accepted)).length === 0 && (await receiptsOf(refused)).length === 0);
    assert.equal((await receiptsOf(restricted)).length, 2);
    const after = consentCookie(await postDecision(worker, { change: { choice: 'reject' } }));
    await waitFor('a checkpoint of all', async () => await treeSize() === 7);
    const [{ proof, leaf_index: place }] = await exported(after);
    assert.equal(place, 6);
    assert.match(proof, /\n7\n/);
    await meanwhile((ledger) => {
      const all = ledger.prepare('SELECT COUNT(*) AS count FROM receipts').get();
      const gone = ledger.prepare('SELECT SUM(receipts) AS count FROM purges').get();
      const leaves = ledger.prepare('SELECT COUNT(*) AS count FROM log').get();
      assert.deepEqual([all.count, gone.count, leaves.count], [3, 3, 7]);
    });
  });
});
