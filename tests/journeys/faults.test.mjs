// Faults of the machine and of the deployment: an origin that cannot prove who it is, a Ledger that is not there, a
// process that is killed. What was acknowledged stays; what cannot be recorded is not granted.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { readCells } from './figures.mjs';
import { action, banner, describeRequests, makeFolder, sleep, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const BUILD = join(dirname(fileURLToPath(import.meta.url)), '../../build');

/** How far apart pages are asked for. */
const EVERY_MS = 50;
/** So many are answered before the process is killed, however slow the machine is. */
const PAGES_MIN = 50;
/** Pages gather for a second, and are sent then. Source: docs/dashboard.md, "Exact, and how exact". */
const LOST_MS_MAX = 2000;

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());

describe('an origin that cannot prove who it is', () => {
  it('is not believed: a 502 says so, and nothing of it is shown', async () => {
    // The recorder speaks TLS with a certificate that nobody signed.
    const worker = await world.startWorker({ vars: { ORIGIN: `https://127.0.0.1:${world.recorderPort}` } });
    const answer = await send(worker.port, '/', { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 502);
    assert.match(readText(answer), /could not prove that it is the right one/);
    await worker.stop();
  });
});

describe('a deployment without a Ledger', () => {
  let worker;
  let config;
  before(async () => {
    const text = readFileSync(join(BUILD, 'wrangler.toml'), 'utf8');
    config = join(BUILD, 'wrangler-without-ledger.toml');
    writeFileSync(config, text.split('\n\n').filter((section) => !/^\[\[(durable_objects|migrations)/.test(section)).join('\n\n'));
    worker = await world.startWorker({ config, health: 503 });
  });
  after(() => {
    rmSync(config, { force: true });
    return worker?.stop();
  });

  it('says on the health page what is missing', async () => {
    assert.match(readText(await send(worker.port, '/_postern/health')), /LEDGER/);
  });

  it('asks nobody, takes no decision, and keeps everything held', async () => {
    const policy = await readPolicy(world.worker);
    for (const choice of ['accept', 'reject']) {
      const answer = await postDecision(worker, { change: { policy, choice } });
      assert.equal(answer.status, 503);
      assert.equal(consentCookie(answer), undefined);
    }
    await world.recorder.clear();
    const page = await world.newPage();
    await page.goto(`${worker.base}/`, { waitUntil: 'load' });
    assert.equal(await banner(page).count(), 0);
    assert.ok(await page.locator('h1').first().isVisible());
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });
});

describe('a process that is killed', () => {
  it('has lost nothing that it acknowledged', async () => {
    const state = mkdtempSync(join(tmpdir(), 'postern-state-'));
    const first = await world.startWorker({ state });
    const receipts = [];
    // Twenty visitors decide at once, and the moment the last is told the process is gone.
    const answers = await Promise.all(Array.from({ length: 20 }, () => postDecision(first)));
    first.kill();
    for (const answer of answers) {
      assert.equal(answer.status, 200, readText(answer));
      receipts.push([consentCookie(answer), valueOf(answer, 'postern-receipt')]);
    }
    const second = await world.startWorker({ state, cookieKey: first.cookieKey });
    for (const [cookie, receipt] of receipts) {
      const page = readText(await send(second.port, '/_postern/consent', { headers: { accept: 'text/html', cookie } }));
      assert.ok(page.includes(receipt), receipt);
    }
    await second.stop();
    rmSync(state, { recursive: true, force: true });
  });

  it('has lost of the pages it counts those of the last two seconds at most, and counts none twice', async (test) => {
    const state = makeFolder();
    const browser = { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    const viewsOf = (worker) => readCells(worker)['all/']?.views ?? 0;
    let worker = await world.startWorker({ state });
    let counted = 0;
    for (let round = 0; round < 3; round += 1) {
      const asked = [];
      const answeredMs = [];
      const killMs = performance.now() + 2500 + randomInt(2000);
      while (performance.now() < killMs || answeredMs.length < PAGES_MIN) {
        asked.push(send(worker.port, '/', { headers: browser }).then(({ isWhole }) => { if (isWhole) answeredMs.push(performance.now()); }, () => { /* it was on its way when the process ended */ }));
        await sleep(EVERY_MS);
      }
      // Once nothing is under way any more, and so all that was answered has to be there, once.
      const isQuiet = round === 2;
      if (isQuiet) {
        await Promise.all(asked);
        await sleep(LOST_MS_MAX);
      }
      const endMs = performance.now();
      worker.kill();
      await Promise.all(asked);
      worker = await world.startWorker({ state });
      const kept = viewsOf(worker) - counted;
      counted += kept;
      const safe = answeredMs.filter((ms) => ms < endMs - LOST_MS_MAX).length;
      const lost = Math.max(0, answeredMs.length - kept);
      const agesMs = answeredMs.map((ms) => endMs - ms).sort((one, other) => one - other);
      test.diagnostic(`${asked.length} pages asked for, ${answeredMs.length} answered, ${kept} counted: lost is what was answered in the last ${lost > 0 ? Math.round(agesMs[lost - 1]) : 0} ms`);
      assert.ok(kept >= safe, `${kept} are counted of ${safe} answered ${LOST_MS_MAX} ms before the end`);
      assert.ok(kept <= asked.length, `${kept} are counted of ${asked.length}`);
      if (isQuiet) assert.equal(kept, answeredMs.length, 'each once');
    }
    // Nor does what comes after bring anything back.
    for (let count = 0; count < 7; count += 1) await send(worker.port, '/', { headers: browser });
    await waitFor('the pages after', () => viewsOf(worker) >= counted + 7);
    await sleep(LOST_MS_MAX);
    assert.equal(viewsOf(worker), counted + 7);
    await worker.stop();
  });
});
