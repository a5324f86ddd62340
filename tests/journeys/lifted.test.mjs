// A restriction that its holder lifts again: what they had answered comes back to the figures of its day; to one that is published once
// ten have come to it, so that no two readings tell of fewer. The Workers' clock is the journey's.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startClock } from './clock.mjs';
import { policyIn, readCells } from './figures.mjs';
import { startWorld, waitFor } from './harness.mjs';
import { askedCookie, consentCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2027, 0, 12);
const BROWSER = { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);

let world;
let worker;
let clock;
let policy;
/** For longer than the dashboard takes what it has gathered as it is. */
const later = () => clock.set(clock.atMs + 10_000);

before(async () => {
  world = await startWorld({ browser: false });
  clock = await startClock(world.keep, FIRST_DAY);
  worker = await world.startWorker({ config: clock.config, vars: { POLICY: policyIn('UTC') } });
  policy = await readPolicy(worker);
});
after(() => world?.close());

/** Visitors of that day at noon, who answer so; their cookies. */
async function visitors(day, choice, count) {
  const cookies = [];
  clock.set(Math.max(clock.atMs, day + DAY_MS / 2));
  for (let each = 0; each < count; each += 1) {
    later();
    const page = await send(worker.port, '/', { headers: BROWSER });
    const answer = await postDecision(worker, { change: { choice, policy }, headers: { cookie: askedCookie(page) } });
    assert.equal(answer.status, 200, readText(answer));
    cookies.push(consentCookie(answer));
  }
  return cookies;
}

async function restrict(cookies, isRestricted) {
  for (const cookie of cookies) {
    const answer = await send(worker.port, '/_postern/restrict', {
      method: 'POST', body: `restrict=${isRestricted ? 'yes' : 'no'}`, headers: { cookie, origin: worker.base, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.ok(answer.status < 400, readText(answer));
  }
}

/** What is published of a day: browsers asked, yes and no, those who had been asked and said yes, and of one family of browsers, which all have. */
async function shown(day) {
  later();
  const answer = await send(worker.port, `/_postern/api/v1/figures?from=${isoDay(day)}&to=${isoDay(day)}`, { headers: { authorization: `Bearer ${worker.token}` } });
  const { whole, breakdowns } = JSON.parse(readText(answer));
  return [whole.first, whole.accepted, whole.refused, whole.first_granted, breakdowns.browser.find(({ value }) => value === 'firefox').accepted];
}

describe('a restriction that is lifted', () => {
  it('on the day itself is as if it had never been', async () => {
    const day = FIRST_DAY;
    const yes = await visitors(day, 'accept', 20);
    await visitors(day, 'reject', 15);
    await restrict(yes.slice(0, 5), true);
    await restrict(yes.slice(0, 5), false);
    await waitFor('the pages', () => readCells(worker)['all/']?.first === 35);
    clock.set(day + DAY_MS + 2 * 3_600_000);
    assert.deepEqual(await shown(day), [35, 20, 15, 20, 20]);
  });

  it('after the day is published comes back once ten have, and not before', async () => {
    const day = FIRST_DAY + DAY_MS;
    const yes = await visitors(day, 'accept', 30);
    await visitors(day, 'reject', 15);
    await restrict(yes.slice(0, 14), true);
    await waitFor('the pages', () => readCells(worker)['all/']?.first === 80);
    clock.set(day + DAY_MS + 2 * 3_600_000);
    const without = [45, 16, 15, 16, 16];
    assert.deepEqual(await shown(day), without, 'published without them');
    for (let lifted = 0; lifted < 9; lifted += 1) {
      await restrict([yes[lifted]], false);
      assert.deepEqual(await shown(day), without, `${lifted + 1} lifted`);
    }
    await restrict([yes[9]], false);
    const withTen = [45, 26, 15, 26, 26];
    assert.deepEqual(await shown(day), withTen, 'ten lifted');
    await restrict(yes.slice(10, 14), false);
    assert.deepEqual(await shown(day), withTen, 'the last four wait for more');
    // They are counted all the while where figures are kept.
    assert.equal(readCells(worker)['all/'].accepted, 50);
  });

  it('of what was shown already comes back in the same way', async () => {
    const day = FIRST_DAY + 2 * DAY_MS;
    const yes = await visitors(day, 'accept', 30);
    await visitors(day, 'reject', 15);
    await waitFor('the pages', () => readCells(worker)['all/']?.first === 125);
    clock.set(day + DAY_MS + 2 * 3_600_000);
    assert.deepEqual(await shown(day), [45, 30, 15, 30, 30]);
    await restrict(yes.slice(0, 12), true);
    const without = [45, 18, 15, 18, 18];
    assert.deepEqual(await shown(day), without, 'taken out at once');
    await restrict(yes.slice(0, 9), false);
    assert.deepEqual(await shown(day), without, 'nine lifted');
    await restrict(yes.slice(9, 12), false);
    assert.deepEqual(await shown(day), [45, 30, 15, 30, 30], 'all twelve lifted');
  });
});
