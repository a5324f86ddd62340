// The auditor against a real Worker: a log checked by its address, all receipts of a site taken along and checked against it.
// What the checks find byte by byte is tested in crates/receipt/tests/archive.rs and verify.rs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

let world;
let policy;
let vkey;
before(async () => {
  world = await startWorld({ browser: false, vars: { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300' } });
  policy = await readPolicy(world.worker);
  vkey = readText(await send(world.worker.port, '/_postern/log/key')).trimEnd();
});
after(() => world?.close());

/** The command as it is called: exit status and what it said. Not in place, or the servers of this process would stand still. */
async function postern(args, env = {}) {
  const child = spawn('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { said += chunk; });
  const [status] = await once(child, 'close');
  return { status, said };
}

const decide = async (choice = 'accept') => {
  const answer = await postDecision(world.worker, { change: { choice, policy } });
  assert.equal(answer.status, 200, readText(answer));
  return { cookie: consentCookie(answer), id: valueOf(answer, 'postern-receipt') };
};
const readCheckpoint = async () => readText(await send(world.worker.port, '/_postern/log/checkpoint'));
const sizeOf = (checkpoint) => Number(checkpoint.split('\n')[1]);
let decided = 0;
/** What else is in the log: the version that is asked with, and exports. */
let noted = 1;
/** So many more receipts, and a checkpoint that holds them. */
async function fill(count) {
  await Promise.all(Array.from({ length: count }, (_, index) => decide(index % 2 ? 'reject' : 'accept')));
  decided += count;
  await waitFor('the seal', async () => sizeOf(await readCheckpoint()) === decided + noted);
}
/** Each is noted once, however many pages it has. */
async function exported(args, { token = world.worker.token } = {}) {
  const answer = await postern(['export', '--url', world.worker.base, ...args], { POSTERN_TOKEN: token });
  if (answer.status === 0) noted += 1;
  return answer;
}
const verified = (args, base = world.worker.base) => postern(['verify', '--key', vkey, '--url', base, ...args]);

/** A server in front of the Worker that answers some paths otherwise. */
async function startFront(alter) {
  const server = createServer(async (request, response) => {
    const answer = await send(world.worker.port, request.url, { headers: { authorization: request.headers.authorization ?? '' } });
    const { status, body } = await alter(request.url, answer);
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  world.keep({ stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) });
  return `http://127.0.0.1:${server.address().port}`;
}

describe('a log by its address', () => {
  it('is fetched, checked, and on another day compared with what was seen', async () => {
    await fill(5);
    const cache = join(makeFolder(), 'cache');
    const first = await verified(['--cache', cache]);
    assert.deepEqual([first.status, first.said], [0, `${world.worker.base}: the log ${vkey.split('+')[0]} is whole: 6 entries give the signed root\n`]);
    await fill(3);
    const second = await verified(['--cache', cache]);
    assert.ok(second.status === 0 && second.said.endsWith('9 entries give the signed root; the earlier checkpoint is its beginning\n'), second.said);
    assert.equal(readdirSync(join(cache, 'checkpoints')).length, 2);
    // Without a folder nothing stays.
    assert.equal((await verified([])).status, 0);
  });

  it('that shows an altered file, an old checkpoint, or a stranger\'s is not believed', async () => {
    const cache = join(makeFolder(), 'cache');
    const early = await readCheckpoint();
    await fill(2);
    assert.equal((await verified(['--cache', cache])).status, 0);
    const altered = await startFront((path, answer) => {
      if (path.includes('tile/entries')) answer.body[40] ^= 1;
      return answer;
    });
    const entry = await verified([], altered);
    assert.ok(entry.status === 1 && /NOT the log that was signed: tile\/.* does not hash to what the tile of level 0 says\n/.test(entry.said), entry.said);
    const cut = await startFront((path, answer) => (path.endsWith('checkpoint') ? { status: 200, body: early } : answer));
    const old = await verified(['--cache', cache], cut);
    assert.ok(old.status === 1 && old.said.includes(`the checkpoint of ${decided + noted} leaves is not the beginning of this log of ${sizeOf(early)}: the log was rewritten`), old.said);
    const stranger = await startFront((path, answer) => (path.endsWith('checkpoint') ? { status: 200, body: early.replace(/\n\d+\n/, '\n1\n') } : answer));
    const forged = await verified([], stranger);
    assert.ok(forged.status === 1 && forged.said.includes('is not of this text: one of them was altered'), forged.said);
  });

  it('that cannot be had is no verdict', async () => {
    for (const [base, said] of [['http://127.0.0.1:1', 'asked 4 times'], ['shop.example', 'not a site\'s address'], [world.originBase, 'the server answered 404']]) {
      const answer = await verified([], base);
      assert.ok(answer.status === 2 && answer.said.includes(said), `${base}: ${answer.status} ${answer.said}`);
    }
  });
});

describe('all receipts of a site', () => {
  it('are taken along by who has the token, and by nobody else', async () => {
    await fill(2);
    for (const token of ['wrong', 'x'.repeat(32)]) {
      const refused = await exported([], { token });
      assert.ok(refused.status === 2 && refused.said.includes('answered 403: That is no token of this site'), refused.said);
    }
    const bare = await send(world.worker.port, '/_postern/export');
    assert.equal(bare.status, 403);
    const odd = await send(world.worker.port, '/_postern/export?from=-1', { headers: { authorization: `Bearer ${world.worker.token}` } });
    assert.equal(odd.status, 400);
    const { status, said } = await exported(['--out', join(makeFolder(), 'all.ndjson')]);
    assert.deepEqual([status, said], [0, `${decided} receipts\n`]);
  });

  it('are proven against the log, as lines and as a table; what was erased is counted; any altered line is named', async () => {
    const erased = await decide();
    decided += 1;
    const answer = await send(world.worker.port, '/_postern/erase', { method: 'POST', headers: { cookie: erased.cookie, origin: world.worker.base, 'sec-fetch-site': 'same-origin' } });
    assert.equal(answer.status, 200);
    // More than a page of 500.
    for (let round = 0; round < 26; round += 1) await fill(20);
    const folder = makeFolder();
    const cache = join(folder, 'cache');
    for (const [name, args] of [['all.ndjson', []], ['all.csv', ['--csv']]]) {
      const path = join(folder, name);
      assert.equal((await exported(['--out', path, ...args])).status, 0);
      await waitFor('the seal', async () => sizeOf(await readCheckpoint()) === decided + noted);
      const { status, said } = await verified(['--cache', cache, path]);
      assert.equal(status, 0, said);
      assert.ok(said.endsWith(`${path}: ${decided - 1} receipts are proven, of ${decided + noted} in the log ${vkey.split('+')[0]}; ${1 + noted} entries have no line here: they were erased, left out, or are of another kind\n`), said);
      const text = readFileSync(path);
      assert.ok(!text.includes(erased.id));
      // What was fetched is a log by itself.
      const offline = await postern(['verify', '--key', vkey, '--log', cache, path]);
      assert.ok(offline.status === 0 && said.endsWith(offline.said), offline.said);
      for (let round = 0; round < 4; round += 1) {
        const at = Math.floor(Math.random() * text.length);
        const flipped = Buffer.from(text);
        flipped[at] ^= 1;
        const altered = join(folder, `altered-${name}`);
        writeFileSync(altered, flipped);
        const found = await verified([altered]);
        assert.ok(found.status === 1 && found.said.includes('NOT proven'), `${name} byte ${at}: ${found.status} ${found.said}`);
      }
    }
  });

  it('go on where they were broken off, and are the same as in one piece', async () => {
    const folder = makeFolder();
    for (const args of [[], ['--csv']]) {
      const [whole, broken] = [join(folder, `whole${args}`), join(folder, `broken${args}`)];
      assert.equal((await exported(['--out', whole, ...args])).status, 0);
      const text = readFileSync(whole);
      writeFileSync(broken, text.subarray(0, Math.floor(text.length * 0.6)));
      const { status, said } = await exported(['--out', broken, ...args]);
      assert.equal(status, 0, said);
      assert.match(said, /receipts, from place \d+ on\n$/);
      assert.ok(readFileSync(broken).equals(text));
    }
    // What was taken along is noted, wherever it begins; what goes on from page to page is one.
    const bearer = { authorization: `Bearer ${world.worker.token}` };
    const acts = readText(await send(world.worker.port, '/_postern/export?of=acts', { headers: bearer })).trimEnd().split('\n').map((line) => JSON.parse(line).entry.what);
    noted += 1;
    assert.equal(acts.length, noted - 2, 'all but the version, and this one');
    assert.match(acts.at(-1), /^exported the receipts from place \d+ on$/);
    await send(world.worker.port, '/_postern/export?from=1', { headers: bearer });
    noted += 1;
    const last = JSON.parse(readText(await send(world.worker.port, '/_postern/export?of=acts', { headers: bearer })).trimEnd().split('\n').at(-1)).entry.what;
    noted += 1;
    assert.equal(last, 'exported the receipts from place 1 on');
    // So is what came since, taken along by the same command.
    const [whole] = [join(folder, 'whole')];
    await fill(1);
    assert.equal((await exported(['--out', whole])).said, '1 receipts, from place 0 on\n'.replace('0', String(JSON.parse(readFileSync(whole, 'utf8').trimEnd().split('\n').at(-2)).leaf_index + 1)));
    const since = JSON.parse(readText(await send(world.worker.port, '/_postern/export?of=acts', { headers: bearer })).trimEnd().split('\n').at(-1)).entry.what;
    noted += 1;
    assert.match(since, /^exported the receipts from place \d+ on$/);
    const other = join(folder, 'other');
    writeFileSync(other, 'my diary\n');
    const { status, said } = await exported(['--out', other]);
    assert.ok(status === 2 && said.includes('is not such an export') && readFileSync(other, 'utf8') === 'my diary\n', said);
    assert.ok(existsSync(other));
  });
});
