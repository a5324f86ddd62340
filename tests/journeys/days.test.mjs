// The days of a site: where they begin and end as its own clocks have it, also on those of 23 and of 25 hours, and that what was
// counted on each is shown as of that day. The Workers' clock is the journey's.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startClock } from './clock.mjs';
import { dayNumber, openLedger, policyIn, readCounts } from './figures.mjs';
import { ROOT, startWorld, waitFor } from './harness.mjs';
import { askedCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** For how long the dashboard takes what it has gathered as it is. Source: dashboard/src/figures_object.rs. */
const FRESH_MS = 3000;
const BROWSER = { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };

/** When the days begin on which clocks change, and the next. Source: Directive 2000/84/EC and S.I. 2002/262; 15 U.S.C. 260a. */
const CHANGES = [
  { id: 'new-york', zone: 'America/New_York', day: '2027-03-14', begins: '2027-03-14T05:00:00Z', ends: '2027-03-15T04:00:00Z', hours: 23 },
  { id: 'london', zone: 'Europe/London', day: '2027-03-28', begins: '2027-03-28T00:00:00Z', ends: '2027-03-28T23:00:00Z', hours: 23 },
  { id: 'london', zone: 'Europe/London', day: '2027-10-31', begins: '2027-10-30T23:00:00Z', ends: '2027-11-01T00:00:00Z', hours: 25 },
  { id: 'new-york', zone: 'America/New_York', day: '2027-11-07', begins: '2027-11-07T04:00:00Z', ends: '2027-11-08T05:00:00Z', hours: 25 },
].map((change) => ({ ...change, begins: Date.parse(change.begins), ends: Date.parse(change.ends) }));

/** Sites elsewhere: clocks that change by half an hour, at midnight itself, at a quarter to three, or never. */
const ELSEWHERE = ['Australia/Lord_Howe', 'America/Santiago', 'Africa/Cairo', 'America/St_Johns', 'Pacific/Chatham', 'Asia/Kathmandu', 'UTC'];

const isoDay = (number) => new Date(number * DAY_MS).toISOString().slice(0, 10);
const named = (id, zone) => policyIn(zone, readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('id = "luxmoor"', `id = "${id}"\nhosts = ["${id}.localhost"]`));
const idOf = (zone) => zone.toLowerCase().replace(/[^a-z]+/g, '-');

/** The moments of a year at which a zone's offset changes, to the quarter of an hour, by this program's own tables. */
function changesOf(zone, year) {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' });
  const offset = (ms) => format.formatToParts(ms).find(({ type }) => type === 'timeZoneName').value;
  const changes = [];
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY_MS) {
    if (offset(day) === offset(day + DAY_MS)) continue;
    let at = day;
    while (offset(at) === offset(day)) at += HOUR_MS / 4;
    changes.push(at);
  }
  return changes;
}

/** The millisecond with which the day of a moment begins there. */
function beginOf(zone, ms) {
  const day = dayNumber(zone, new Date(ms));
  let at = ms - ms % (HOUR_MS / 4);
  while (dayNumber(zone, new Date(at - 1)) === day) at -= HOUR_MS / 4;
  return at;
}

let world;
let worker;
let clock;
const at = (id) => ({ ...worker, host: `${id}.localhost:${worker.port}`, base: `http://${id}.localhost:${worker.port}` });
const program = (id, path) => send(worker.port, `/_postern/${path}`, { host: at(id).host, headers: { authorization: `Bearer ${worker.token}` } });
const figures = async (id, query) => JSON.parse(readText(await program(id, `api/v1/figures?${query}`)));

/** What a Ledger has of each day, everybody's. */
function daysOf(id) {
  const ledger = openLedger(worker.state, { readOnly: true }, id);
  const rows = ledger.prepare("SELECT day, counts FROM cells WHERE dimension = 'all' ORDER BY day").all();
  ledger.close();
  return Object.fromEntries(rows.map(({ day, counts }) => [day, readCounts(counts)]));
}

before(async () => {
  world = await startWorld({ browser: false });
  clock = await startClock(world.keep, Date.UTC(2027, 0, 1));
  const ids = [['new-york', 'America/New_York'], ['london', 'Europe/London'], ...ELSEWHERE.map((zone) => [idOf(zone), zone])];
  const sites = ids.map(([id, zone]) => [id.toUpperCase().replaceAll('-', '_'), named(id, zone)]);
  worker = await world.startWorker({
    config: clock.config,
    vars: { LOG_KEY: randomBytes(32).toString('hex'), ...Object.fromEntries(sites.flatMap(([name, policy]) => [[`POLICY_${name}`, policy], [`ORIGIN_${name}`, world.originBase]])) },
  });
});
after(() => world?.close());

const policies = {};

async function visit(id, answers) {
  const page = await send(worker.port, '/', { host: at(id).host, headers: BROWSER });
  assert.equal(page.status, 200);
  if (!answers) return;
  const answer = await postDecision(at(id), { change: { policy: policies[id] ??= await readPolicy(at(id)) }, headers: { cookie: askedCookie(page) } });
  assert.equal(answer.status, 200, readText(answer));
}

const counted = (id, views) => waitFor(`${views} pages of ${id}`, () => Object.values(daysOf(id)).reduce((sum, day) => sum + day.views, 0) === views);

describe('the day on which clocks change', () => {
  const views = {};
  for (const { id, zone, day, begins, ends, hours } of CHANGES) {
    it(`has the ${hours} hours of ${day} in ${zone}, to the millisecond, and is shown with what was counted in them`, async () => {
      assert.equal(ends - begins, hours * HOUR_MS);
      // Each moment has a number of visitors of its own, ten or more, so that each day is shown by itself.
      const moments = [[begins - 1, 11], [begins, 12], [ends - 1, 13], [ends, 14]];
      for (const [moment, visitors] of moments) {
        clock.set(moment);
        for (let count = 0; count < visitors; count += 1) await visit(id, true);
        views[id] = (views[id] ?? 0) + visitors;
        // What gathers is sent before the clock goes on.
        await counted(id, views[id]);
      }
      const number = Date.parse(day) / DAY_MS;
      const range = `from=${isoDay(number - 1)}&to=${isoDay(number + 1)}`;
      const shown = async () => (await figures(id, range)).series.map((one) => [one.from, one.to, one.views, one.first, one.accepted]);
      const before = [isoDay(number - 1), isoDay(number - 1), 11, 11, 11];
      const own = [day, day, 25, 25, 25];
      // A day is over when it is over there, and is shown an hour after that.
      clock.set(ends + HOUR_MS - FRESH_MS - 1);
      assert.deepEqual(await shown(), [before]);
      clock.set(ends + HOUR_MS);
      assert.deepEqual(await shown(), [before, own]);
      clock.set(ends + 3 * DAY_MS);
      assert.deepEqual(await shown(), [before, own, [isoDay(number + 1), isoDay(number + 1), 14, 14, 14]]);
      const page = readText(await program(id, `dashboard?${range}`));
      const rows = page.matchAll(/<tr data-day="([^"]*)">.*?data-count="views">(\d+)<.*?data-count="first">(\d+)<.*?data-count="accepted">(\d+)</gs);
      assert.deepEqual([...rows].map(([, last, ...counts]) => [last, ...counts.map(Number)]), [[isoDay(number - 1), 11, 11, 11], [day, 25, 25, 25], [isoDay(number + 1), 14, 14, 14]]);
    });
  }
});

describe('a moment', () => {
  it('is of the day that it is at the site, wherever that is and however its clocks change', async () => {
    const visits = ELSEWHERE.flatMap((zone) => {
      const changes = changesOf(zone, 2028);
      const around = changes.length > 0 ? changes : [Date.UTC(2028, 5, 28, 12)];
      const moments = around.flatMap((change) => [beginOf(zone, change), beginOf(zone, change + DAY_MS), change].flatMap((edge) => [edge - HOUR_MS, edge - 1, edge, edge + HOUR_MS]));
      return [...new Set(moments)].map((moment) => ({ zone, moment }));
    }).sort((one, other) => one.moment - other.moment);
    assert.ok(visits.length > 100, `${visits.length} visits`);
    const expected = {};
    for (const { zone, moment } of visits) {
      clock.set(moment);
      await visit(idOf(zone));
      const days = expected[zone] ??= {};
      const day = dayNumber(zone, new Date(moment));
      days[day] = (days[day] ?? 0) + 1;
    }
    for (const [zone, days] of Object.entries(expected)) {
      await counted(idOf(zone), Object.values(days).reduce((sum, count) => sum + count, 0));
      assert.deepEqual(Object.fromEntries(Object.entries(daysOf(idOf(zone))).map(([day, { views }]) => [day, views])), days, zone);
    }
  });
});
