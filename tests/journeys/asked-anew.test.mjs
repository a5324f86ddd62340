// Who has chosen, and is asked anew since the policy has changed: counted as asked once more, and what they answer is an answer to
// that, whatever they had granted before. Their choice stays theirs: the new receipt follows the old one.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { countedOf } from './figures.mjs';
import { ROOT, action, banner, decide, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send, valuesOf } from './wire.mjs';

const OWN = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const OTHER = OWN.replace('version = "', 'version = "other-');
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());

/** Opens a page as a browser does, and gives the cookie of ours that the browser has then, and its line if it is new. */
async function open(worker, cookie) {
  const answer = await send(worker.port, '/', { headers: { accept: 'text/html', 'user-agent': BROWSER, ...(cookie ? { cookie } : {}) } });
  const line = valuesOf(answer, 'set-cookie').find((set) => set.startsWith('__Host-postern='));
  return { cookie: line?.split(';', 1)[0] ?? cookie, line };
}

async function choose(worker, cookie, choice) {
  const answer = await postDecision(worker, { change: { choice }, headers: { 'user-agent': BROWSER, cookie } });
  assert.equal(answer.status, 200, readText(answer));
  return consentCookie(answer);
}

const receiptsOf = async (worker, cookie) => JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }))).receipts.map(({ receipt }) => receipt);

/** What has been counted since is that, as soon as everything is. */
async function assertAdded(worker, before, expected) {
  let found;
  const names = ['views', 'first', 'accepted', 'refused', 'partial', 'withdrawn', 'first_answered', 'first_granted'];
  await waitFor('the counts', async () => {
    const now = await countedOf(worker);
    found = Object.fromEntries(names.map((name) => [name, now[name] - before[name]]).filter(([, count]) => count !== 0));
    return isDeepStrictEqual(found, expected);
  }).catch(() => assert.deepEqual(found, expected));
}

it('is asked once more, and what they answer is of those who were asked', async () => {
  const options = { state: makeFolder(), cookieKey: randomBytes(32).toString('hex'), dashboard: true };
  const first = await world.startWorker({ ...options, vars: { POLICY: OWN } });
  const nothing = await countedOf(first);
  const asked = [];
  for (let count = 0; count < 4; count += 1) asked.push((await open(first)).cookie);
  assert.deepEqual(new Set(asked), new Set(['__Host-postern=asked']));
  const chosen = [];
  for (const [place, choice] of ['accept', 'accept', 'reject'].entries()) chosen.push(await choose(first, asked[place], choice));
  // A change of mind is no answer of somebody who was asked.
  chosen[2] = await choose(first, chosen[2], 'accept');
  await assertAdded(first, nothing, { views: 4, first: 4, accepted: 3, refused: 1, first_answered: 3, first_granted: 2 });
  assert.equal((await open(first, chosen[0])).line, undefined);
  await first.stop();

  const second = await world.startWorker({ ...options, vars: { POLICY: OTHER } });
  const before = await countedOf(second);
  const again = [];
  for (const cookie of chosen) {
    const page = await open(second, cookie);
    // The choice as it is, the question behind it, for as long as the choice would have been kept.
    assert.match(page.line, new RegExp(`^${cookie}~[0-9a-f]{8}; Path=/; Max-Age=\\d{7,8}; Secure; HttpOnly; SameSite=Lax$`));
    again.push(page.cookie);
    assert.equal((await open(second, page.cookie)).line, undefined, 'asked once');
  }
  assert.equal(new Set(again.map((cookie) => cookie.split('~')[1])).size, 1, 'the same for all');
  const answers = [];
  for (const [place, choice] of ['reject', 'accept'].entries()) answers.push(await choose(second, again[place], choice));
  await assertAdded(second, before, { views: 6, first: 3, accepted: 1, refused: 1, first_answered: 2, first_granted: 1 });
  // One visitor all along.
  const [newest, oldest] = await receiptsOf(second, answers[0]);
  assert.equal(newest.previous, oldest.receipt_id);
  assert.equal((await receiptsOf(second, again[2])).length, 2, 'and theirs are theirs while they are asked');
  // What holds is taken back as ever.
  const taken = await choose(second, answers[1], 'reject');
  assert.equal((await receiptsOf(second, taken))[0].outcome, 'withdrawn');
  await assertAdded(second, before, { views: 6, first: 3, accepted: 1, refused: 1, withdrawn: 1, first_answered: 2, first_granted: 1 });
  await second.stop();
});

it('is so in a browser', async () => {
  const options = { state: makeFolder(), cookieKey: randomBytes(32).toString('hex'), dashboard: true };
  const first = await world.startWorker({ ...options, vars: { POLICY: OWN } });
  const page = await world.newPage();
  await page.goto(first.base);
  await decide(page, () => action(page, 'accept').click());
  const cookieOf = async () => (await page.context().cookies(first.base)).find(({ name }) => name === '__Host-postern');
  const kept = await cookieOf();
  await first.stop();
  const second = await world.startWorker({ ...options, vars: { POLICY: OTHER } });
  const before = await countedOf(second);
  await page.goto(second.base);
  await banner(page).waitFor();
  const anew = await cookieOf();
  assert.equal(anew.value.split('~')[0], kept.value);
  assert.ok(Math.abs(anew.expires - kept.expires) < 120, `${anew.expires} ${kept.expires}`);
  await page.reload();
  await banner(page).waitFor();
  await decide(page, () => action(page, 'reject').click());
  assert.doesNotMatch((await cookieOf()).value, /~/);
  await assertAdded(second, before, { views: 2, first: 1, refused: 1, first_answered: 1 });
  assert.equal((await countedOf(second)).reported, 2, 'both banners were drawn');
  await page.context().close();
  await second.stop();
});
