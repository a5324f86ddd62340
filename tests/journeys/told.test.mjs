// What is told of a site that has fallen silent: no page is counted, nothing recorded is sealed, nobody has looked through its notice.
// Each comes about as it would; only the moments in the storage are moved, since a day is not waited for.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NOON, dayNumber, loadCells, openLedger, policyIn, readCells } from './figures.mjs';
import { ROOT, makeFolder, serveSite, startWorld, waitFor } from './harness.mjs';
import { postDecision, readDashboard, readText, send } from './wire.mjs';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const KINDS = ['counts-stopped', 'not-sealed', 'notice-old'];
const BROWSER = { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };

const today = dayNumber(NOON);
const isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);
/** As the dashboard names a day. */
const named = (day) => new Date(day * DAY_MS).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).replace('Sept', 'Sep').replaceAll(' ', '\u00a0');
const updated = (day) => policyIn(NOON).replace(/^updated = .*$/m, `updated = ${isoDay(day)}`);

/** As if all that a Ledger has counted had been so many days ago, and recorded so many minutes ago; when the first of it was, Unix milliseconds. */
function moveBack(state, days, minutes) {
  const ledger = openLedger(state);
  const change = 'UPDATE counted SET revision = revision + 1; INSERT OR REPLACE INTO revisions (day, revision) SELECT DISTINCT day, revision FROM cells, counted';
  // The day that has nothing left has changed as well.
  ledger.exec(`${change}; UPDATE cells SET day = day - ${days}; ${change}`);
  ledger.exec(`UPDATE receipts SET at_unix_ms = at_unix_ms - ${minutes * MINUTE_MS}; UPDATE entries SET at_ms = at_ms - ${minutes * MINUTE_MS}`);
  const { at } = ledger.prepare('SELECT MIN(at) AS at FROM (SELECT at_unix_ms AS at FROM receipts UNION ALL SELECT at_ms FROM entries)').get();
  ledger.close();
  return at;
}

describe('a site that has fallen silent', () => {
  const state = join(makeFolder(), 'state');
  const config = join(ROOT, 'build/wrangler.dashboard-silent.toml');
  const told = [];
  const cookieKey = randomBytes(32).toString('hex');
  let world;
  let worker;

  const start = async (vars) => {
    worker = await world.startWorker({ config: [join(ROOT, 'build/wrangler-whole.toml'), config], state, cookieKey, vars });
  };
  /** What was told of these, a line each. */
  const lines = () => told.filter(({ kind }) => KINDS.includes(kind)).map(({ kind, is_over: isOver }) => `${kind}${isOver ? ' over' : ''}`).sort();
  const textOf = (kind, isOver = false) => told.find((one) => one.kind === kind && one.is_over === isOver).text;

  before(async () => {
    world = await startWorld({ browser: false });
    const server = world.keep(await serveSite((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; }).on('end', () => {
        told.push(JSON.parse(body));
        response.writeHead(204).end();
      });
    }));
    writeFileSync(config, `${readFileSync(join(ROOT, 'build/wrangler.dashboard.toml'), 'utf8')}\n[vars]\nALERT_WEBHOOK = "http://127.0.0.1:${server.port}/hook"\nWATCH_EVERY_MS = "700"\n`);
  });
  after(async () => {
    await world?.close();
    rmSync(config, { force: true });
  });

  it('is told of a notice that was updated more than a year ago, and of nothing else while pages come', async () => {
    // Without a key nothing recorded is ever sealed.
    await start({ POLICY: updated(today - 366) });
    assert.equal((await send(worker.port, '/', { headers: BROWSER })).status, 200);
    assert.equal((await postDecision(worker)).status, 200);
    await waitFor('a page to be counted', () => readCells(worker)['all/']?.views === 1);
    await readDashboard(worker);
    await waitFor('the message', () => lines().length > 0);
    assert.deepEqual(lines(), ['notice-old']);
    assert.equal(textOf('notice-old'), `luxmoor: The cookie notice was updated on ${named(today - 366)}, more than a year ago. Look through it, and set notice.updated.`);
    assert.equal(told.find(({ kind }) => kind === 'notice-old').key, `notice-old ${isoDay(today - 366)}`);
  });

  it('is told that no page is counted any more after two whole days, and after half an hour that nothing is sealed', async () => {
    await worker.stop();
    // Since then there was one whole day.
    moveBack(state, 2, 20);
    const before = told.length;
    // The notice is another by now, so that a message shows that it was looked.
    await start({ POLICY: updated(today - 367) });
    await readDashboard(worker);
    await waitFor('the next message', () => told.slice(before).some(({ key, is_over: isOver }) => key === `notice-old ${isoDay(today - 367)}` && !isOver));
    assert.deepEqual([...new Set(lines())].filter((line) => !line.startsWith('notice-old')), []);

    await worker.stop();
    const since = moveBack(state, 1, 11);
    await start({ POLICY: updated(today - 367) });
    await readDashboard(worker);
    await waitFor('both messages', () => ['counts-stopped', 'not-sealed'].every((kind) => lines().includes(kind)));
    assert.equal(textOf('counts-stopped'), `luxmoor: No page has been counted since ${named(today - 3)}. See that the site’s address still leads to Postern.`);
    assert.match(textOf('not-sealed'), /^luxmoor: Since .* UTC nothing recorded has been sealed in the log\. See that LOG_KEY is set, and what the Worker’s log says\.$/);
    assert.ok(textOf('not-sealed').includes(new Date(since).toISOString().slice(11, 16)), `${textOf('not-sealed')}: ${new Date(since).toISOString()}`);
    const page = await readDashboard(worker);
    for (const kind of KINDS) assert.match(page, new RegExp(`data-alert="${kind}"`), kind);
  });

  it('is told that it is over once a page is counted, what was recorded is sealed, and the notice is looked through', async () => {
    await worker.stop();
    await start({ POLICY: updated(today - 365), LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '200' });
    assert.equal((await send(worker.port, '/', { headers: BROWSER })).status, 200);
    await readDashboard(worker);
    await waitFor('the end of all', () => KINDS.every((kind) => lines().includes(`${kind} over`)));
    assert.match(readText(await send(worker.port, '/_postern/log/checkpoint')), /\/_postern\/log\n/);
    for (const kind of KINDS) assert.match(textOf(kind, true), /^luxmoor: over\. /);
    const page = await readDashboard(worker);
    for (const kind of KINDS) assert.doesNotMatch(page, new RegExp(`data-alert="${kind}"`), kind);
    const keys = told.map(({ key, is_over: isOver }) => `${key} ${isOver}`);
    assert.deepEqual(keys, [...new Set(keys)], 'each once');
  });

  it('is told once of a rate that slides little by little, and that it is over when it is back', async () => {
    const slid = () => told.filter(({ kind }) => kind === 'rate-slid').map(({ is_over: isOver, text }) => [isOver, text]);
    /** Each day four hundred are asked and half of them answer: of these so many say yes. */
    const load = (yesOn) => {
      const lines = Array.from({ length: 160 }, (_, place) => today - 160 + place).map((day) => {
        const yes = Math.round(200 * yesOn(today - day));
        return `${day}\tall\t\t0:1200 2:400 3:400 6:${yes} 7:${200 - yes} 16:200 17:${yes}`;
      });
      loadCells(state, lines.join('\n'));
    };
    const restart = async () => {
      await start({ POLICY: updated(today - 365), LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '200' });
      await waitFor('the figures', async () => !(await readDashboard(worker)).includes('being gathered'));
    };
    await worker.stop();
    // By half a point a day, for forty days until yesterday.
    load((ago) => 0.65 - 0.005 * Math.max(0, 40 - ago));
    await restart();
    await waitFor('the message', () => slid().length > 0);
    assert.match(slid()[0][1], /^luxmoor: \d+\u00a0% of those who answered said yes from .* to .*, after 6\d\u00a0% from .* to .*: little by little, and on no day by much\./);
    assert.match(await readDashboard(worker), /data-alert="rate-slid"/);
    await worker.stop();
    load(() => 0.65);
    await restart();
    await waitFor('the end of it', () => slid().length > 1);
    assert.deepEqual(slid().map(([isOver]) => isOver), [false, true]);
    assert.ok(!told.some(({ kind }) => kind === 'rate-dropped'), 'and no day was a drop');
  });
});
