// The log of receipts against a real Worker: what is decided is promised, sealed and proven. Each proof is checked twice, by
// `postern verify` and by the few lines of node:crypto here, which share nothing with it. Formats: docs/log.md.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { commitmentOf, openNote, prove } from './auditor.mjs';
import { ROOT, builtConfig, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const LOG_KEY = randomBytes(32).toString('hex');
const VARS = { LOG_KEY, LOG_SEAL_AFTER_MS: '300' };
const LOG = '/_postern/log/';

let world;
let policy;
before(async () => {
  world = await startWorld({ browser: false, vars: VARS });
  policy = await readPolicy(world.worker);
});
after(() => world?.close());

/** The command as it is called: exit status and what it said. */
function postern(...args) {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

const decide = async (worker = world.worker, choice = 'accept') => {
  const answer = await postDecision(worker, { change: { choice, policy } });
  assert.equal(answer.status, 200, readText(answer));
  return { cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt'), promise: JSON.parse(readText(answer)).promise };
};

const exportOf = async ({ cookie }, worker = world.worker) =>
  readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }));

/** The export once everything in it is proven. */
const sealedExport = (visitor, worker) => waitFor('the seal', async () => {
  const text = await exportOf(visitor, worker);
  const { receipts } = JSON.parse(text);
  return receipts.length > 0 && receipts.every(({ proof }) => proof) && text;
});

const get = (path, worker = world.worker) => send(worker.port, LOG + path);
const readKey = async (worker) => readText(await get('key', worker)).trimEnd();
const readCheckpoint = async (worker) => readText(await get('checkpoint', worker));
const sizeOf = (checkpoint) => Number(checkpoint.split('\n')[1]);

function write(name, text) {
  const path = join(makeFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** Fetches a whole log by its checkpoint, as an auditor would. */
async function fetchLog(checkpoint, worker = world.worker) {
  const folder = makeFolder();
  writeFileSync(join(folder, 'checkpoint'), checkpoint);
  const { status, said } = postern('files', join(folder, 'checkpoint'));
  assert.equal(status, 0, said);
  for (const path of said.trimEnd().split('\n')) {
    const file = await get(path, worker);
    assert.equal(file.status, 200, path);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), file.body);
  }
  return folder;
}

describe('a decision', () => {
  it('is promised at once, and proven soon after, to who knows the key alone', async () => {
    const vkey = await readKey();
    const visitor = await decide();
    const promised = openNote(visitor.promise, vkey).split('\n');
    const text = await sealedExport(visitor);
    const [exported] = JSON.parse(text).receipts;
    assert.equal(exported.receipt.receipt_id, visitor.id);
    assert.deepEqual(promised.slice(0, 4), ['consent-promise/v1', vkey.split('+')[0], Buffer.from(exported.commitment, 'hex').toString('base64'), String(exported.leaf_index)]);
    assert.ok(promised[5] - promised[4] <= 3600 && Math.abs(promised[4] - Date.now() / 1000) < 60, promised.join());
    prove(exported, vkey);
    const { status, said } = postern('verify', '--key', vkey, write('receipts.json', text));
    assert.equal(status, 0, said);
    assert.ok(said.startsWith(`receipt ${visitor.id}: proven: entry ${exported.leaf_index} of the `), said);
  });

  it('whose export is altered in any part is not proven, and that is said', async () => {
    const [vkey, text] = [await readKey(), await sealedExport(await decide())];
    const parts = [/"granted|ConsentGiven|"method":"./, /"salt":"./, /"commitment":"./, /"leaf_index":/, /tlog-proof/, /index \d/, /\\n\\n.{8}/, /— \S+ .{20}/];
    for (const part of parts) {
      const found = part.exec(text);
      assert.ok(found, String(part));
      const at = found.index + found[0].length - 1;
      const flipped = Buffer.from(text);
      const byte = Buffer.byteLength(text.slice(0, at));
      flipped[byte] ^= 1;
      const { status, said } = postern('verify', '--key', vkey, write('receipts.json', flipped));
      assert.ok(status === 1 && said.includes('NOT proven: ') && said.length > 50, `${part}: ${status} ${said}`);
    }
    const other = await readKey(await world.startWorker({ vars: { ...VARS, LOG_KEY: randomBytes(32).toString('hex') } }));
    assert.notEqual(other, vkey);
    const { status, said } = postern('verify', '--key', other, write('receipts.json', text));
    assert.ok(status === 1 && said.includes('is not signed with the key'), said);
  });
});

describe('the log', () => {
  it('is read by anybody, file by file, and is whole', async () => {
    for (let count = 0; count < 3; count += 1) await decide();
    const early = await waitFor('a checkpoint', async () => sizeOf(await readCheckpoint()) >= 3 && readCheckpoint());
    await sealedExport(await decide());
    const late = await readCheckpoint();
    assert.ok(sizeOf(late) > sizeOf(early));
    const folder = await fetchLog(late);
    const [vkey, kept] = [await readKey(), write('kept', early)];
    const { status, said } = postern('verify', '--key', vkey, '--earlier', kept, folder);
    assert.equal(status, 0, said);
    assert.ok(said.includes(`${sizeOf(late)} entries give the signed root; the earlier checkpoint is its beginning`), said);
    const entries = join(folder, `tile/entries/000.p/${sizeOf(late)}`);
    const altered = readFileSync(entries);
    altered[40] ^= 1;
    writeFileSync(entries, altered);
    const fault = postern('verify', '--key', vkey, folder);
    assert.ok(fault.status === 1 && fault.said.includes('NOT the log that was signed: '), fault.said);
  });

  it('says how long its files may be kept, and has no others', async () => {
    await sealedExport(await decide());
    const size = sizeOf(await readCheckpoint());
    for (const [path, status, keeping] of [
      ['checkpoint', 200, 'public, max-age=5'],
      ['key', 200, 'public, max-age=5'],
      ['retention', 200, 'public, max-age=5'],
      [`tile/0/000.p/${size}`, 200, 'public, max-age=31536000, immutable'],
      [`tile/entries/000.p/${size}`, 200, 'public, max-age=31536000, immutable'],
      ['tile/0/000.p/1', 200, 'public, max-age=31536000, immutable'],
      ['tile/0/000', 404],
      [`tile/0/000.p/${size + 1}`, 404],
      ['tile/0/0', 404],
      ['tile/8/000', 404],
      ['../decision', 404],
      ['entries', 404],
    ]) {
      const file = await get(path);
      assert.equal(file.status, status, path);
      if (keeping) {
        assert.equal(valueOf(file, 'cache-control'), keeping, path);
        assert.equal(valueOf(file, 'access-control-allow-origin'), '*', path);
      }
      assert.equal(valueOf(file, 'set-cookie'), undefined, path);
    }
  });
});

describe('a receipt that is erased', () => {
  it('leaves its leaf: every other proof holds, its own too, and its place is taken by nobody', async () => {
    const vkey = await readKey();
    const [other, erased] = [await decide(), await decide()];
    const [before] = JSON.parse(await sealedExport(erased)).receipts;
    const kept = write('kept', await readCheckpoint());
    const answer = await send(world.worker.port, '/_postern/erase', { method: 'POST', headers: { cookie: erased.cookie, origin: world.worker.base, 'sec-fetch-site': 'same-origin' } });
    assert.equal(answer.status, 200, readText(answer));
    assert.deepEqual(JSON.parse(await exportOf(erased)).receipts, []);
    const next = JSON.parse(await sealedExport(await decide())).receipts[0];
    assert.equal(next.leaf_index, before.leaf_index + 1);
    for (const one of [JSON.parse(await sealedExport(other)).receipts[0], next, before]) prove(one, vkey);
    const proof = postern('verify', '--key', vkey, '--commitment', before.commitment, write('proof', before.proof));
    assert.equal(proof.status, 0, proof.said);
    const whole = postern('verify', '--key', vkey, '--earlier', kept, await fetchLog(await readCheckpoint()));
    assert.equal(whole.status, 0, whole.said);
  });
});

describe('a process that is killed while it records and seals', () => {
  it('has lost nothing that it acknowledged or signed, and goes on, with another key beside the old one', async () => {
    const state = mkdtempSync(join(tmpdir(), 'postern-state-'));
    const cookieKey = randomBytes(32).toString('hex');
    const [visitors, checkpoints] = [[], new Set()];
    const keyAfter = randomBytes(32).toString('hex');
    const settings = [{ LOG_KEY }, { LOG_KEY }, { LOG_KEY: keyAfter, LOG_KEY_PREVIOUS: LOG_KEY }];
    let last;
    let vkey;
    for (const setting of settings) {
      last = await world.startWorker({ state, cookieKey, vars: { ...setting, LOG_SEAL_AFTER_MS: '40' } });
      vkey ??= await readKey(last);
      if (setting === settings.at(-1)) break;
      // Six at a time decide and one reads checkpoints, until the process is gone in the middle of it.
      let isKilled = false;
      const decideOn = async () => {
        while (!isKilled) visitors.push(await decide(last));
      };
      const readOn = async () => {
        while (!isKilled) {
          const { status, body } = await get('checkpoint', last);
          // What the end of the process has cut off is no checkpoint.
          if (status === 200 && /\n\n(— \S+ \S+\n)+$/.test(String(body))) checkpoints.add(String(body));
        }
      };
      const [decided, seen] = [visitors.length + 60, checkpoints.size + 3];
      const load = Promise.allSettled([...Array.from({ length: 6 }, decideOn), readOn()]);
      await waitFor('load', () => visitors.length >= decided && checkpoints.size >= seen);
      last.kill();
      isKilled = true;
      await load;
    }
    visitors.push(await decide(last));
    const places = new Set();
    for (const visitor of visitors) {
      const [receipt] = JSON.parse(await sealedExport(visitor, last)).receipts;
      assert.equal(receipt.receipt.receipt_id, visitor.id);
      prove(receipt, vkey);
      places.add(receipt.leaf_index);
    }
    assert.equal(places.size, visitors.length);
    const folder = await fetchLog(await readCheckpoint(last), last);
    const kept = [...checkpoints].flatMap((note) => ['--earlier', write('kept', note)]);
    for (const key of (await readKey(last)).split('\n')) {
      const { status, said } = postern('verify', '--key', key, ...(key === vkey ? kept : []), folder);
      assert.equal(status, 0, said);
    }
    await last.stop();
    rmSync(state, { recursive: true, force: true });
  });
});

describe('a bucket', () => {
  it('takes the full files before they are signed for, and the log is whole', async () => {
    const folder = makeFolder();
    const config = join(folder, 'wrangler.toml');
    const built = readFileSync(builtConfig(), 'utf8').replace('worker/entry.mjs', join(ROOT, 'build/worker/entry.mjs'));
    writeFileSync(config, `${built}\n[[r2_buckets]]\nbinding = "LOG_TILES"\nbucket_name = "log-tiles"\n`);
    const worker = await world.startWorker({ config, state: join(folder, 'state'), vars: VARS });
    for (let round = 0; round < 26; round += 1) await Promise.all(Array.from({ length: 10 }, () => decide(worker)));
    const checkpoint = await waitFor('the seal', async () => sizeOf(await readCheckpoint(worker)) === 261 && readCheckpoint(worker));
    const log = await fetchLog(checkpoint, worker);
    const { status, said } = postern('verify', '--key', await readKey(worker), log);
    assert.equal(status, 0, said);
    const kept = readdirSync(join(folder, 'state', 'v3', 'r2'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const path of ['tile/0/000', 'tile/entries/000']) {
      const bytes = readFileSync(join(log, path));
      assert.ok(kept.some((file) => statSync(file).size === bytes.length && readFileSync(file).equals(bytes)), `${path} is in the bucket`);
    }
    await worker.stop();
  });
});

describe('without a key', () => {
  it('choices are recorded and can be taken along, nothing is sealed, and the operator is told', async () => {
    const worker = await world.startWorker({ vars: { LOG_KEY: '' } });
    const visitor = await decide(worker);
    assert.equal(visitor.promise, undefined);
    const [{ proof, promise, commitment, ...rest }] = JSON.parse(await exportOf(visitor, worker)).receipts;
    assert.deepEqual([proof, promise, commitmentOf(rest).toString('hex')], [undefined, undefined, commitment]);
    for (const path of ['checkpoint', 'key']) {
      const answer = await get(path, worker);
      assert.ok(answer.status === 503 && readText(answer).includes('LOG_KEY is missing'), `${path}: ${answer.status} ${readText(answer)}`);
    }
    const health = await send(worker.port, '/_postern/health');
    assert.ok(health.status === 200 && readText(health).includes('LOG_KEY is missing'), readText(health));
    await waitFor('the word', () => worker.log.includes('LOG_KEY is missing'));
    await worker.stop();
  });
});
