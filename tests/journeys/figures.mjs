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

/** The categories that need a grant, in the order of their bits, behind the necessary one. */
const CATEGORIES = ['functional', 'analytics', 'marketing', 'social'];

/**
 * What receipts amount to in the figures, by docs/dashboard.md and none of the Worker's code: counts that are not zero, for each day,
 * dimension and value with tabs between. A row is of receipts that are alike: {day, outcome, granted, facts, times}.
 */
export function countActs(rows) {
  const cells = {};
  for (const { day, outcome, granted, facts, times } of rows) {
    const words = facts.split('\t');
    const pairs = words.flatMap((word, place) => (place % 2 === 0 && place + 1 < words.length ? [[word, words[place + 1]]] : []));
    const has = (name) => pairs.some(([word]) => word === name);
    if (has('bot')) continue;
    const answer = outcome === 'withdrawn' && has('first') ? 'refused' : outcome;
    const counters = [];
    if (answer === 'withdrawn') counters.push(answer);
    if (['accepted', 'partial', 'refused'].includes(answer) && !pairs.some(([word, value]) => word === 'layer' && value === 'signal')) {
      counters.push(answer, ...CATEGORIES.filter((_, place) => granted & (2 << place)));
      if (has('agent')) counters.push('by_agent');
      if (has('first')) counters.push('first_answered', ...answer === 'refused' ? [] : ['first_granted']);
    }
    const add = (dimension, value, counter) => {
      const cell = cells[`${day}\t${dimension}\t${value}`] ??= {};
      cell[counter] = (cell[counter] ?? 0) + times;
    };
    for (const [dimension, value] of [['all', ''], ...pairs.filter(([word]) => !['first', 'agent'].includes(word))]) {
      for (const counter of ['gate', 'vendor'].includes(dimension) ? ['times'] : counters) add(dimension, value, counter);
    }
  }
  return cells;
}

/** Rows of that of a Ledger's receipts, with a condition on them; those restricted are in no figure. */
export function alikeOf(ledger, condition = 'TRUE') {
  return ledger.prepare(`SELECT day, outcome, granted, facts, COUNT(*) AS times FROM receipts WHERE (${condition}) AND NOT EXISTS (SELECT 1 FROM restrictions WHERE restrictions.subject = receipts.subject) GROUP BY 1, 2, 3, 4`).all();
}

/** Is it counted by what visitors do, and not by a page? */
export function isOfActs(dimension, value, counter) {
  if (counter === 'times') return dimension === 'vendor' || (dimension === 'gate' && value.startsWith('released/'));
  return COUNTERS.indexOf(counter) >= COUNTERS.indexOf('accepted');
}

/** The cells of a Ledger: counts that are not zero, for each day, dimension and value with tabs between; `keeps` says which. */
export function cellsOf(ledger, keeps = () => true) {
  const cells = {};
  for (const { day, dimension, value, counts } of ledger.prepare('SELECT day, dimension, value, counts FROM cells').all()) {
    const kept = Object.entries(readCounts(counts)).filter(([counter, count]) => count > 0 && keeps(dimension, value, counter));
    if (kept.length > 0) cells[`${day}\t${dimension}\t${value}`] = Object.fromEntries(kept);
  }
  return cells;
}

/**
 * Takes all that receipts have counted out of a Ledger's cells, while no workerd runs, and has them all to be counted; what pages have
 * counted stays.
 */
export function forgetActs(ledger) {
  ledger.exec('BEGIN');
  const rows = ledger.prepare('SELECT day, dimension, value, counts FROM cells').all();
  ledger.exec('DELETE FROM cells; UPDATE counted SET seq = 0');
  const insert = ledger.prepare('INSERT INTO cells (day, dimension, value, counts) VALUES (?, ?, ?, ?)');
  for (const { day, dimension, value, counts } of rows) {
    const left = counts.split(' ').filter((part) => part && !isOfActs(dimension, value, COUNTERS[part.split(':')[0]])).join(' ');
    if (left) insert.run(day, dimension, value, left);
  }
  ledger.exec('COMMIT');
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
