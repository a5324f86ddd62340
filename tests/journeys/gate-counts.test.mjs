// What the gate did is counted, by vendor: pages on which something of theirs was held, answers that let them run, identifiers that were
// taken out on the way, hits that were refused. Things are counted, never people; nothing of what they said is kept.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readCells } from './figures.mjs';
import { BATCH_MS, sleep, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readDashboard, readSeen, readText, send } from './wire.mjs';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const SECRET = 'GA1.1.1234567890.1700000000';

let world;
before(async () => { world = await startWorld({ dashboard: true, browser: false }); });
after(() => world?.close());

const page = async (path, cookie, worker = world.worker) => {
  const answer = await send(worker.port, path, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': BROWSER, ...(cookie ? { cookie } : {}) } });
  assert.equal(answer.status, 200, readText(answer));
};
const gate = () => Object.fromEntries(Object.entries(readCells(world.worker)).filter(([name]) => name.startsWith('gate/')).map(([name, { times }]) => [name.slice('gate/'.length), times]));

it('counts each identifier that does not pass, by its vendor, and none once it may', async () => {
  await page('/');
  await page('/?fbclid=abc&size=42&gclid=def', `_ga=${SECRET}; basket=1; _fbp=fb.1.1700000000000.1234567890`);
  await page('/', `_ga=${SECRET}`);
  const choice = consentCookie(await postDecision(world.worker));
  await page('/?fbclid=abc&gclid=def', `${choice}; _ga=${SECRET}; _fbp=fb.1.1700000000000.1234567890`);
  await waitFor('the pages to be counted', () => readCells(world.worker)['all/']?.views >= 4);
  await sleep(BATCH_MS);
  await page('/');
  await waitFor('what the gate did to be counted', () => gate()['held/ga4'] >= 3);
  const counted = gate();
  // Two that the browser sent, and the one that the shop's server would set with each page.
  assert.equal(counted['stripped/ga4'], 2 + counted['held/ga4'], JSON.stringify(counted));
  assert.equal(counted['stripped/meta-pixel'], 2, JSON.stringify(counted));
  // Today, in steps of ten: each page holds several vendors' tags.
  const times = (kind) => Object.entries(counted).filter(([name]) => name.startsWith(`${kind}/`)).reduce((sum, [, count]) => sum + count, 0);
  const today = await readDashboard(world.worker);
  for (const [kind, name] of [['held', 'Trackers held, by page'], ['stripped', 'Identifiers taken out'], ['refused', 'Hits refused']]) {
    const said = times(kind) < 10 ? 'fewer than 10' : `${Math.floor(times(kind) / 10) * 10} or more`;
    assert.ok(today.includes(`<dd data-today="${name}">${said}</dd>`), `${name}: ${times(kind)}`);
  }
  assert.equal(counted['stripped/google-ads'], 1, JSON.stringify(counted));
  assert.deepEqual(Object.keys(counted).filter((name) => !/^(held|stripped)\/[a-z0-9-]+$/.test(name)), []);
  assert.ok(!JSON.stringify(readCells(world.worker)).includes('1234567890'));
});

it('counts each answer that lets a vendor run, once, and none that lets nobody in', async () => {
  const released = async () => {
    // Receipts are counted when somebody asks.
    await readDashboard(world.worker);
    return Object.fromEntries(Object.entries(gate()).filter(([name]) => name.startsWith('released/')).map(([name, times]) => [name.slice('released/'.length), times]));
  };
  const before = await released();
  const act = async (choice, categories, cookie, key) => {
    const answer = await postDecision(world.worker, { change: { choice, categories, layer: choice === 'save' ? 2 : 1 }, headers: cookie ? { cookie } : {}, ...(key && { key }) });
    assert.equal(answer.status, 200, readText(answer));
    return consentCookie(answer);
  };
  const everything = ['functional', 'analytics', 'marketing', 'social'];
  const key = '11111111-2222-4333-8444-555555555555';
  const all = await act('accept', everything, undefined, key);
  // The same act again, as after a lost answer; and the same choice once more.
  await act('accept', everything, undefined, key);
  const some = await act('save', ['analytics'], undefined);
  await act('save', ['analytics', 'marketing'], some);
  await act('save', ['analytics'], all);
  await act('reject', [], undefined);
  await act('withdraw', [], all);
  await waitFor('the receipts to be counted', async () => (await released()).ga4 > before.ga4);
  const after = await released();
  const added = Object.fromEntries(Object.entries(after).map(([vendor, times]) => [vendor, times - (before[vendor] ?? 0)]));
  assert.deepEqual(added, { ga4: 2, gtm: 2, posthog: 2, 'google-ads': 2, 'meta-pixel': 2, youtube: 1 });
});

it('tells of cookies that the policy says nothing of, by the words of their names, from ten pages on', async () => {
  // Cookies that nothing else comes with gather for a minute, but for the first: all pages are asked for at once, to be of its batch.
  const worker = await world.startWorker({ dashboard: true });
  await Promise.all(Array.from({ length: 12 }, (_, count) => page('/', `prefs_light=dark; visit_8374${count}937=1; _ttp=2abc; _ga=${SECRET}${count < 9 ? '; rare_thing=1' : ''}; 99887766=1`, worker)));
  const rows = await waitFor('them on the dashboard', async () => {
    const seen = await readSeen(worker);
    return seen.some(({ name }) => name === 'prefs_light') && seen;
  });
  const told = Object.fromEntries(rows.map(({ name, known, times }) => [name, [known, times]]));
  assert.deepEqual(told.prefs_light, ['cookie, not listed', 10]);
  assert.deepEqual(told['visit_*'], ['cookie, not listed', 10]);
  // Whosever it is: anybody can send one, and a vendor that is told of is an alarm.
  assert.deepEqual(told._ttp, ['cookie, not listed', 10]);
  assert.equal(told.tiktok, undefined);
  assert.deepEqual(Object.keys(told).filter((name) => /rare|998|_ga|postern|8374/.test(name)), []);
  assert.ok(!(await readDashboard(worker)).includes(SECRET));
  await worker.stop();
});
