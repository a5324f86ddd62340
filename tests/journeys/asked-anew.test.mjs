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

/** Opens a page as a browser does, and gives the lines of our cookies that it sets. */
async function open(worker, cookie) {
  const answer = await send(worker.port, '/', { headers: { accept: 'text/html', 'user-agent': BROWSER, ...(cookie ? { cookie } : {}) } });
  return valuesOf(answer, 'set-cookie').filter((set) => set.startsWith('__Host-postern'));
}

async function choose(worker, cookie, choice) {
  const answer = await postDecision(worker, { change: { choice }, headers: { 'user-agent': BROWSER, cookie } });
  assert.equal(answer.status, 200, readText(answer));
  // The choice takes its place: when that holds no longer, under the same question too, its browser is asked for the first time.
  const isGone = valuesOf(answer, 'set-cookie').includes('__Host-postern-asked=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax');
  assert.equal(isGone, cookie?.includes('__Host-postern-asked=') ?? false);
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
  for (let count = 0; count < 4; count += 1) asked.push(...await open(first));
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked).size, 1, 'the same for all');
  assert.match(asked[0], /^__Host-postern-asked=[0-9a-f]{8}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  const [mark] = asked[0].split(';');
  const chosen = [];
  for (const [place, choice] of ['accept', 'accept', 'reject'].entries()) chosen[place] = await choose(first, mark, choice);
  // A change of mind is no answer of somebody who was asked.
  chosen[2] = await choose(first, `${mark}; ${chosen[2]}`, 'accept');
  await assertAdded(first, nothing, { views: 4, first: 4, accepted: 3, refused: 1, first_answered: 3, first_granted: 2 });
  assert.deepEqual(await open(first, `${mark}; ${chosen[0]}`), []);
  // A new session of who has chosen.
  assert.deepEqual(await open(first, chosen[0]), []);
  await first.stop();

  const second = await world.startWorker({ ...options, vars: { POLICY: OTHER } });
  const before = await countedOf(second);
  const again = [];
  for (const cookie of chosen) {
    // With what was asked before it or without: another session.
    const [line, ...more] = await open(second, again.length ? cookie : `${mark}; ${cookie}`);
    // No page writes the cookie that has the choice: a late one would put the old one in place of a new one.
    assert.match(line, /^__Host-postern-asked=[0-9a-f]{8}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    assert.deepEqual(more, []);
    again.push(`${line.split(';')[0]}; ${cookie}`);
    assert.deepEqual(await open(second, again.at(-1)), [], 'asked once');
  }
  assert.ok(again.every((cookies) => cookies.split(';')[0] === again[0].split(';')[0] && !cookies.startsWith(mark)), 'the same for all, and not what it was');
  const answers = [];
  for (const [place, choice] of ['reject', 'accept'].entries()) answers.push(await choose(second, again[place], choice));
  await assertAdded(second, before, { views: 6, first: 3, accepted: 1, refused: 1, first_answered: 2, first_granted: 1 });
  // One visitor all along.
  const [newest, oldest] = await receiptsOf(second, answers[0]);
  assert.equal(newest.previous, oldest.receipt_id);
  assert.equal((await receiptsOf(second, again[2])).length, 2, 'and theirs are theirs while they are asked');
  // What holds is taken back as ever.
  const taken = await choose(second, `${again[1].split(';')[0]}; ${answers[1]}`, 'reject');
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
  assert.deepEqual((await page.context().cookies(first.base)).map(({ name }) => name).filter((name) => name.startsWith('__Host-postern')), ['__Host-postern']);
  await first.stop();
  const second = await world.startWorker({ ...options, vars: { POLICY: OTHER } });
  const before = await countedOf(second);
  // The banner's picture is lazy: it is asked for once a frame is drawn, and who reloads before has not drawn it.
  await Promise.all([page.waitForResponse((response) => response.url().includes('/_postern/asked')), page.goto(second.base)]);
  await banner(page).waitFor();
  assert.deepEqual(await cookieOf(), kept);
  await page.reload();
  await banner(page).waitFor();
  await decide(page, () => action(page, 'reject').click());
  assert.notEqual((await cookieOf()).value, kept.value);
  await assertAdded(second, before, { views: 2, first: 1, refused: 1, first_answered: 1 });
  await waitFor('the banner that was drawn', async () => (await countedOf(second)).reported > before.reported);
  assert.equal((await countedOf(second)).reported - before.reported, 1, 'the banner was drawn');
  await page.context().close();
  await second.stop();
});
