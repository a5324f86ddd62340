// Figures of days gone by, put into a Ledger's storage while no workerd runs: what visitors would have taken months to do.
// The lines are those of postern_stats::Batch: day, dimension, value, counts, with tabs between.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ROOT } from './harness.mjs';
import { readDashboard } from './wire.mjs';

/** The counters in the order of their places. Source: postern_stats::Counter. */
export const COUNTERS = ['views', 'bots', 'shown', 'first', 'reported', 'no_script', 'accepted', 'refused', 'partial', 'withdrawn', 'by_agent', 'functional', 'analytics', 'marketing', 'social', 'times', 'first_answered', 'first_granted'];

/** The same with first answers: whoever answers in figures that a journey makes up was asked. */
export function withFirst(each) {
  const { accepted = 0, partial = 0, refused = 0 } = each;
  return { ...each, first_answered: accepted + partial + refused, first_granted: accepted + partial };
}

/** The storage of the one Ledger that there is, or of the one of a site. */
export function openLedger(state, options = {}, site) {
  const files = readdirSync(state, { recursive: true }).filter((name) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(name));
  const opened = files.map((name) => new DatabaseSync(join(state, name), options));
  const own = opened.filter((ledger) => !site || ledger.prepare('SELECT site FROM shard').get()?.site === site);
  for (const other of opened.filter((ledger) => ledger !== own[0])) other.close();
  assert.equal(own.length, 1, `one Ledger ${site ? `of ${site} ` : ''}in ${state}: ${files}`);
  return own[0];
}

/** Puts cells into it, in place of those of the same day, dimension and value. */
export function loadCells(state, text, site) {
  const ledger = openLedger(state, {}, site);
  const days = new Set();
  ledger.exec('PRAGMA synchronous = OFF; BEGIN');
  const insert = ledger.prepare('INSERT OR REPLACE INTO cells (day, dimension, value, counts) VALUES (?, ?, ?, ?)');
  for (const line of text.replace(/\n$/, '').split('\n')) {
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

/** Counts as they are stored, by name. */
export function readCounts(text) {
  const counts = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  for (const part of text.split(' ').filter(Boolean)) {
    const [place, count] = part.split(':').map(Number);
    counts[COUNTERS[place]] += count;
  }
  return counts;
}

/** All cells of a Worker's Ledgers together: for each dimension and value the counts of all days, as `place/eu/FR`; everybody's as `all/`. */
export function readCells(worker) {
  const sums = {};
  for (const name of readdirSync(worker.state, { recursive: true }).filter((file) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(file))) {
    const ledger = new DatabaseSync(join(worker.state, name), { readOnly: true });
    const isLedger = ledger.prepare("SELECT name FROM sqlite_master WHERE name = 'cells'").get();
    for (const { dimension, value, counts } of isLedger ? ledger.prepare('SELECT dimension, value, counts FROM cells').all() : []) {
      const sum = sums[`${dimension}/${value}`] ??= readCounts('');
      for (const [counter, count] of Object.entries(readCounts(counts))) sum[counter] += count;
    }
    ledger.close();
  }
  return sums;
}

/** What a Worker's Ledgers have noted as seen, told or not. */
export function readNoted(worker) {
  const rows = [];
  for (const name of readdirSync(worker.state, { recursive: true }).filter((file) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(file))) {
    const ledger = new DatabaseSync(join(worker.state, name), { readOnly: true });
    const isLedger = ledger.prepare("SELECT name FROM sqlite_master WHERE name = 'seen'").get();
    if (isLedger) rows.push(...ledger.prepare('SELECT kind, name, page, count FROM seen').all().map((row) => ({ ...row })));
    ledger.close();
  }
  return rows;
}

/** Everybody's counts of all days, to the last one, which no page shows. The dashboard has the receipts counted that wait for it. */
export async function countedOf(worker) {
  await readDashboard(worker);
  return readCells(worker)['all/'] ?? readCounts('');
}

/** Today at a place, as days are numbered. */
export function dayNumber(zone = 'Europe/Dublin', date = new Date()) {
  return Date.parse(`${date.toLocaleDateString('sv-SE', { timeZone: zone })}T00:00:00Z`) / 86_400_000;
}

const ahead = 12 - new Date().getUTCHours();
/** A zone where it is about noon: no day ends there, nor begins to count as over, while a journey reads those before it. */
export const NOON = ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;

/** The site's policy, or another, where its days are those of that zone. */
export function policyIn(zone, policy = readFileSync(join(ROOT, 'postern.toml'), 'utf8')) {
  return policy.replace(/^time_zone = "[^"]*"/m, `time_zone = "${zone}"`);
}
