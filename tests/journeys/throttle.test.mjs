// Floods from one address: they are slowed down, visitors elsewhere are not, nobody is locked out for good, and no
// address is written anywhere.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, makeFolder, startWorld, waitFor } from './harness.mjs';
import { countedOf, dayNumber, loadCells, readCells } from './figures.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const FLOOD = '203.0.113.77';
const OTHER = '198.51.100.7';
/** Choices on their way at once. */
const AT_ONCE = 64;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) PlantedAgent/77.88';

let world;
let state;
let worker;
let policy;
before(async () => {
  world = await startWorld();
  state = mkdtempSync(join(tmpdir(), 'postern-flood-'));
  worker = await world.startWorker({ state, vars: { DECISIONS_PER_MINUTE: '5' } });
  policy = await readPolicy(worker);
});
after(async () => {
  await world?.close();
  rmSync(state, { recursive: true, force: true });
});

const decide = (address, headers = {}) => postDecision(worker, { change: { policy, choice: 'accept' }, headers: { 'cf-connecting-ip': address, 'user-agent': AGENT, ...headers } });

const login = (address, token) => send(worker.port, '/_postern/login', {
  method: 'POST', body: `token=${token}`,
  headers: { 'cf-connecting-ip': address, 'content-type': 'application/x-www-form-urlencoded', origin: worker.base, 'sec-fetch-site': 'same-origin' },
});

describe('choices from one address', () => {
  it('are taken so often a minute, and then refused in words, with nothing granted', async () => {
    const answers = [];
    for (let turn = 0; turn < 8; turn += 1) answers.push(await decide(FLOOD));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200, 200, 429, 429, 429]);
    assert.match(readText(answers[7]), /^Choices come too often from one address; try again in \d+ seconds\.\n$/);
    assert.equal(consentCookie(answers[7]), undefined);
    assert.equal(valueOf(answers[7], 'postern-granted'), undefined);
    const other = await decide(OTHER);
    assert.equal(other.status, 200);
    // Taking back is counted apart.
    const back = await postDecision(worker, { change: { policy, choice: 'withdraw' }, headers: { 'cf-connecting-ip': FLOOD, cookie: consentCookie(answers[0]) } });
    assert.equal(back.status, 200);
  });
});

describe('choices that name what was never asked', () => {
  it('are counted like any other, before anything is looked up for them', async () => {
    const answers = [];
    for (let turn = 0; turn < 8; turn += 1) answers.push(await postDecision(worker, { change: { policy: `${policy}.999`, choice: 'accept' }, headers: { 'cf-connecting-ip': '203.0.113.78' } }));
    assert.deepEqual(answers.map(({ status }) => status), [409, 409, 409, 409, 409, 429, 429, 429]);
  });

  it('are no figures: a refusal is taken and its made-up version is not, and a day has so many values of a kind at most', async () => {
    const own = { state: makeFolder(), cookieKey: randomBytes(32).toString('hex'), dashboard: true };
    const first = await world.startWorker(own);
    const [tag, place] = (await readPolicy(first)).split('_');
    for (const made of ['18446744073709551', '4711', '4711.2']) assert.equal((await postDecision(first, { change: { policy: `${tag}_${made}`, choice: 'reject' } })).status, 200, made);
    await waitFor('the refusals to be counted', async () => (await countedOf(first)).refused === 3);
    const versions = (worker_) => Object.entries(readCells(worker_)).filter(([name]) => name.startsWith('version/'));
    assert.equal(Object.fromEntries(versions(first))[`version/${tag}`].refused, 3);
    for (const [name] of versions(first)) assert.ok([`version/${tag}`, `version/${tag}/${place}`].includes(name), name);
    await first.stop();
    loadCells(own.state, Array.from({ length: 2000 }, (_, number) => `${dayNumber()}\tversion\tmade-up/${number}\t0:1`).join('\n'));
    const counted = versions(first).length;
    // Another version than any that the day has yet.
    const second = await world.startWorker({ ...own, vars: { POLICY: readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace(/^version = ".*"$/m, 'version = "another"') } });
    assert.equal((await postDecision(second)).status, 200);
    await waitFor('the choice to be counted', async () => (await countedOf(second)).accepted === 1);
    assert.equal(readCells(second)['version/?'].accepted, 1);
    assert.equal(versions(second).length, counted + 1);
    await second.stop();
  });
});

describe('wrong tokens from one address', () => {
  it('lock it out of the dashboard for a while, the right one too, and nobody else', async () => {
    const wrong = await Promise.all(Array.from({ length: 32 }, (_, turn) => login(FLOOD, `wrong${turn}`)));
    assert.deepEqual(wrong.map(({ status }) => status).sort(), [...Array(30).fill(403), 429, 429]);
    const right = await login(FLOOD, worker.token);
    assert.equal(right.status, 429);
    assert.match(readText(right), /too often from one address; try again in \d+ seconds/);
    assert.equal((await login(OTHER, worker.token)).status, 303);
  });
});

describe('more than a Ledger can take at once', () => {
  it('puts counts off, and no decision, and all are counted in the end', async () => {
    const busy = await world.startWorker({ dashboard: true });
    const policyThere = await readPolicy(busy);
    // Without a gap: so many at once, each on a connection that stays, the next as soon as the last is answered.
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    let isFlooding = true;
    let decided = 0;
    const flood = Array.from({ length: AT_ONCE }, async () => {
      while (isFlooding) {
        const answer = await postDecision(busy, { change: { policy: policyThere, choice: 'accept' }, agent });
        assert.equal(answer.status, 200, readText(answer));
        decided += 1;
      }
    });
    let pages = 0;
    const counted = async (name) => (await countedOf(busy))[name];
    try {
      await waitFor('a count to be put off', async () => {
        pages += 1;
        assert.equal((await send(busy.port, '/', { headers: { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' } })).status, 200);
        return busy.log.includes('Decisions come first');
      });
      // No page comes any more, and decisions go on: what was put off is counted all the same.
      await waitFor('every page to be counted', async () => await counted('shown') === pages);
    } finally {
      isFlooding = false;
      await Promise.all(flood);
      agent.destroy();
    }
    await waitFor('every decision to be counted', async () => await counted('accepted') === decided);
    assert.equal(await counted('shown'), pages);
  });
});

describe('what is stored of it', () => {
  it('holds no address and no user agent', async () => {
    await worker.stop();
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const stores = files.map((file) => readFileSync(file));
    // The receipts are there, so these are the stores.
    assert.ok(stores.some((store) => store.includes('layer1.accept_all')), files.join('\n'));
    for (const planted of [FLOOD, OTHER, AGENT, 'PlantedAgent', Buffer.from([203, 0, 113, 77])]) {
      for (const [index, store] of stores.entries()) assert.equal(store.includes(planted), false, `${planted} in ${files[index]}`);
    }
  });
});
