// Witnesses: others sign the log's checkpoints, once they have seen that nothing of what they signed before has changed. The witness
// here is written from C2SP tlog-witness and tlog-cosignature alone, and checks what it signs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, makeFolder, serveSite, startWorld, waitFor } from './harness.mjs';
import { openNote } from './auditor.mjs';
import { consentCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const LOG_KEY = randomBytes(32).toString('hex');
const COOKIE_KEY = randomBytes(32).toString('hex');
const ORIGIN = 'shop.example/log';
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** Does the proof lead from one root to the other? Source: RFC 9162 2.1.4.2. */
function isConsistent(old, oldRoot, size, root, proof) {
  if (old === size) return proof.length === 0 && oldRoot.equals(root);
  const path = (old & (old - 1)) === 0 ? [oldRoot, ...proof] : proof;
  let [first, second] = [old - 1, size - 1];
  while (first & 1) [first, second] = [first >> 1, second >> 1];
  let [from, to] = [path[0], path[0]];
  if (!from) return false;
  for (const hash of path.slice(1)) {
    if (second === 0) return false;
    if ((first & 1) || first === second) {
      [from, to] = [nodeHash(hash, from), nodeHash(hash, to)];
      while (first !== 0 && !(first & 1)) [first, second] = [first >> 1, second >> 1];
    } else {
      to = nodeHash(to, hash);
    }
    [first, second] = [first >> 1, second >> 1];
  }
  return second === 0 && from.equals(oldRoot) && to.equals(root);
}

/** A witness of that name. `known` is what it signed last of each log; `alter` changes what it answers. */
async function startWitness(name) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.concat([Buffer.of(4), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
  const id = sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4);
  const witness = { name, vkey: `${name}+${id.toString('hex')}+${raw.toString('base64')}`, known: new Map(), asked: [], isDown: false, alter: (line) => line };
  const answer = (text, response) => {
    const end = text.indexOf('\n\n');
    const [head, ...proof] = text.slice(0, end).split('\n');
    const note = text.slice(end + 2);
    const [origin, sizeText, rootText] = note.split('\n');
    const [old, size, root] = [Number(/^old (\d+)$/.exec(head)[1]), Number(sizeText), Buffer.from(rootText, 'base64')];
    witness.asked.push({ origin, old, size });
    if (!witness.logs.has(origin)) return response.writeHead(404).end();
    openNote(note, witness.logs.get(origin));
    const last = witness.known.get(origin) ?? { size: 0 };
    if (old > size) return response.writeHead(400).end();
    if (old !== last.size) return response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${last.size}\n`);
    if (old !== 0 && !isConsistent(old, last.root, size, root, proof.map((line) => Buffer.from(line, 'base64')))) return response.writeHead(422).end();
    witness.known.set(origin, { size, root });
    const at = BigInt(Math.floor(Date.now() / 1000));
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(at);
    const signed = sign(null, Buffer.from(`cosignature/v1\ntime ${at}\n${note.slice(0, note.indexOf('\n\n') + 1)}`), privateKey);
    return response.writeHead(200).end(witness.alter(`— ${name} ${Buffer.concat([id, time, signed]).toString('base64')}\n`));
  };
  const server = await serveSite(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (witness.isDown || request.url !== '/w/add-checkpoint' || request.method !== 'POST') return response.writeHead(503).end();
    try {
      return answer(Buffer.concat(chunks).toString(), response);
    } catch (error) {
      witness.fault = error;
      return response.writeHead(403).end();
    }
  });
  return Object.assign(witness, { logs: new Map(), port: server.port, stop: server.stop });
}

let world;
let first;
let second;
before(async () => {
  world = await startWorld({ browser: false });
  [first, second] = [await startWitness('witness.example/first'), await startWitness('second')];
  [first, second].forEach(world.keep);
});
after(() => world?.close());

/** The command as it is called: exit status and what it said. */
function command(...args) {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

async function start(state, witnesses = [first, second], vars = {}) {
  const worker = await world.startWorker({
    state, cookieKey: COOKIE_KEY,
    vars: { LOG_KEY, LOG_ORIGIN: ORIGIN, LOG_SEAL_AFTER_MS: '300', LOG_WITNESSES: witnesses.map(({ vkey, port }) => `${vkey} http://127.0.0.1:${port}/w`).join('\n'), ...vars },
  });
  for (const path of ['', '1/']) {
    const key = await send(worker.port, `/_postern/log/${path}key`);
    if (key.status === 200) for (const witness of witnesses) witness.logs.set(readText(key).split('+')[0], readText(key).trimEnd());
  }
  return worker;
}
const checkpointOf = async (worker, shard = '') => readText(await send(worker.port, `/_postern/log/${shard}checkpoint`));
const sizeOf = (checkpoint) => Number(checkpoint.split('\n')[1]);
const decide = async (worker, key) => {
  const answer = await postDecision(worker, { key, change: { policy: await readPolicy(worker) } });
  assert.equal(answer.status, 200, readText(answer));
  return consentCookie(answer);
};
/** A checkpoint of so many entries that these have signed. */
const cosigned = (worker, size, witnesses, shard) => waitFor(`${witnesses.map(({ name }) => name)} to sign ${size}`, async () => {
  const note = await checkpointOf(worker, shard);
  return sizeOf(note) === size && witnesses.every(({ name }) => note.includes(`\n— ${name} `)) && note;
});

describe('a log with witnesses', () => {
  const state = join(makeFolder(), 'state');
  let worker;
  before(async () => { worker = await start(state); });
  after(() => worker?.stop());

  it('is signed by each, as it grows, and each saw that it only grew', async () => {
    let size = 1;
    for (const count of [1, 3, 5]) {
      await Promise.all(Array.from({ length: count }, () => decide(worker)));
      size += count;
      await cosigned(worker, size, [first, second]);
    }
    assert.equal(first.fault, undefined);
    const sizes = first.asked.map(({ size: asked }) => asked);
    assert.ok(sizes.length >= 3 && sizes.every((asked, index) => index === 0 || asked > sizes[index - 1]), `${sizes}`);
    assert.ok(first.asked.every(({ old }, index) => old === (sizes[index - 1] ?? 0)), JSON.stringify(first.asked));
  });

  it('is proven to who trusts them, and not by one that did not sign', async () => {
    const key = readText(await send(worker.port, '/_postern/log/key')).trimEnd();
    const whole = command('verify', '--key', key, '--witness', first.vkey, '--witness', second.vkey, '--url', worker.base);
    assert.equal(whole.status, 0, whole.said);
    assert.match(whole.said, /signed by the witness witness\.example\/first at 20/);
    const stranger = await startWitness('stranger');
    world.keep(stranger);
    const lacking = command('verify', '--key', key, '--witness', stranger.vkey, '--url', worker.base);
    assert.ok(lacking.status === 1 && lacking.said.includes('NOT signed by the witness stranger'), lacking.said);
    // Its name with another key.
    const impostor = await startWitness('second');
    world.keep(impostor);
    assert.equal(command('verify', '--key', key, '--witness', impostor.vkey, '--url', worker.base).status, 1);
  });

  it('has their signatures in each proof', async () => {
    const cookie = await decide(worker);
    await cosigned(worker, 11, [first, second]);
    const { receipts: [receipt] } = JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } })));
    assert.match(receipt.proof, /\n— witness\.example\/first .*\n— second /);
    const file = join(makeFolder(), 'receipts.json');
    writeFileSync(file, JSON.stringify({ receipts: [receipt] }));
    const key = readText(await send(worker.port, '/_postern/log/key')).trimEnd();
    assert.equal(command('verify', '--key', key, file).status, 0);
  });

  it('goes on without one that is down, and has its signature once it is back', async () => {
    second.isDown = true;
    await decide(worker);
    const note = await cosigned(worker, 12, [first]);
    assert.ok(!note.includes('— second '));
    await waitFor('a word to the operator', () => worker.log.includes('the witness second has not signed the log: it answered 503'));
    second.isDown = false;
    // Nobody decides meanwhile.
    await cosigned(worker, 12, [first, second]);
  });

  it('takes no signature that is none', async () => {
    const flip = (line) => {
      const [dash, name, base64] = line.trimEnd().split(' ');
      const bytes = Buffer.from(base64, 'base64');
      bytes[40] ^= 1;
      return `${dash} ${name} ${bytes.toString('base64')}\n`;
    };
    for (const [alter, said] of [[flip, 'its signature is not of this checkpoint'], [() => 'hello', 'its answer has no signature of its own']]) {
      second.alter = alter;
      await decide(worker);
      await waitFor(said, () => worker.log.includes(said));
      assert.ok(!(await checkpointOf(worker)).includes('— second '));
    }
    second.alter = (line) => line;
    await cosigned(worker, 14, [first, second]);
  });

  it('is asked again by what the witness knows, where the two differ', async () => {
    await worker.stop();
    // The witness has forgotten everything; so may a new one have.
    second.known.clear();
    worker = await start(state);
    await decide(worker);
    await cosigned(worker, 15, [first, second]);
    assert.equal(second.fault, undefined);
  });

  it('that has lost entries is signed no more, and somebody is told', async () => {
    await worker.stop();
    const old = join(makeFolder(), 'state');
    cpSync(state, old, { recursive: true });
    worker = await start(state);
    await Promise.all([decide(worker), decide(worker), decide(worker)]);
    await cosigned(worker, 18, [first, second]);
    await worker.stop();
    // A backup that is too old, put in place of what is there.
    worker = await start(old);
    await decide(worker);
    await waitFor('a word to the operator', () => /has seen 18 entries, and the log has 16: entries are lost/.test(worker.log));
    assert.ok(!(await checkpointOf(worker)).includes('— first'));
    await Promise.all([decide(worker), decide(worker), decide(worker)]);
    // As long as before, and another: what was proven to the witness is not there.
    await waitFor('a refusal', () => worker.log.includes('it knows another log of that name'));
    const note = await checkpointOf(worker);
    assert.ok(!note.includes('— witness.example/first ') && !note.includes('— second '), note);
  });
});

describe('witnesses of a site with shards', () => {
  it('sign each log by its own name', async () => {
    first.known.clear();
    const worker = await start(join(makeFolder(), 'state'), [first], { SHARDS: '2' });
    await decide(worker, '00000001-0000-4000-8000-000000000001');
    // The key of a shard's log is there once somebody is placed in it.
    first.logs.set(`${ORIGIN}/1`, readText(await send(worker.port, '/_postern/log/1/key')).trimEnd());
    await cosigned(worker, 2, [first], '1/');
    await cosigned(worker, 1, [first]);
    const key = readText(await send(worker.port, '/_postern/log/key')).trimEnd();
    const whole = command('verify', '--key', key, '--witness', first.vkey, '--url', worker.base);
    assert.equal(whole.status, 0, whole.said);
    assert.equal((whole.said.match(/signed by the witness/g) ?? []).length, 2, whole.said);
  });
});

describe('a list of witnesses that cannot be read', () => {
  it('is told, and the log goes on without', async () => {
    const worker = await start(join(makeFolder(), 'state'), [], { LOG_WITNESSES: 'x http://w' });
    assert.match(readText(await send(worker.port, '/_postern/health')), /^ok\nthe variable LOG_WITNESSES: x http:\/\/w: not a public key/);
    await decide(worker);
    await cosigned(worker, 2, []);
  });
});
