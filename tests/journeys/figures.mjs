// Figures of days gone by, put into a Ledger's storage while no workerd runs: what visitors would have taken months to do.
// The lines are those of postern_stats::Batch: day, dimension, value, counts, with tabs between.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The storage of the main Ledger: that which has receipts and is of shard 0. */
export function openLedger(state) {
  const files = readdirSync(state, { recursive: true }).filter((name) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(name));
  assert.equal(files.length, 1, `one Ledger in ${state}: ${files}`);
  return new DatabaseSync(join(state, files[0]));
}

/** Puts cells into it, in place of those of the same day, dimension and value. */
export function loadCells(state, text) {
  const ledger = openLedger(state);
  const days = new Set();
  ledger.exec('PRAGMA synchronous = OFF; BEGIN');
  const insert = ledger.prepare('INSERT OR REPLACE INTO cells (day, dimension, value, counts) VALUES (?, ?, ?, ?)');
  for (const line of text.trimEnd().split('\n')) {
    const [day, dimension, value, counts] = line.split('\t');
    insert.run(Number(day), dimension, value, counts);
    days.add(Number(day));
  }
  const change = ledger.prepare('INSERT OR REPLACE INTO revisions (day, revision) SELECT ?, revision FROM counted');
  for (const day of [...days].sort((a, b) => a - b)) {
    ledger.exec('UPDATE counted SET revision = revision + 1');
    change.run(day);
  }
  ledger.exec('COMMIT');
  ledger.close();
}

/** Today at a place, as days are numbered. */
export function dayNumber(zone = 'Europe/Dublin', date = new Date()) {
  return Date.parse(`${date.toLocaleDateString('sv-SE', { timeZone: zone })}T00:00:00Z`) / 86_400_000;
}
