// A log that shows its beginning no more, by the rule that it publishes: nothing that is still needed leaves it, what it shows is
// proven as before, and who kept the files of before checks those too.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const COOKIE_KEY = randomBytes(32).toString('hex');
const OWN = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const VARS = { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300', LOG_ORIGIN: 'shop.example/log' };
/** With the version in front of them more than a file of the log holds. */
const VISITORS = 260;

let world;
let worker;
let key;
const state = join(makeFolder(), 'state');
const cache = join(makeFolder(), 'cache');
const short = join(makeFolder(), 'checkpoint');
before(async () => { world = await startWorld({ browser: false }); });
after(async () => { await worker?.stop(); await world?.close(); });

async function restart(vars) {
  await worker?.stop();
  worker = await world.startWorker({ state, cookieKey: COOKIE_KEY, vars: { ...VARS, ...vars } });
}
const log = async (path) => { const answer = await send(worker.port, `/_postern/log/${path}`); return { status: answer.status, text: readText(answer) }; };
const minimum = async () => Number((await log('minimum')).text);
const sealed = (size) => waitFor(`${size} to be sealed`, async () => Number((await log('checkpoint')).text.split('\n')[1]) === size, 30_000);
function verify(...args) {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'verify', '--key', key, ...args], { cwd: ROOT, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
const decide = async (policy) => {
  const answer = await postDecision(worker, { change: { policy } });
  assert.equal(answer.status, 200, readText(answer));
  return consentCookie(answer);
};
async function erase(cookies) {
  for (const cookie of cookies) {
    const answer = await send(worker.port, '/_postern/erase', { method: 'POST', headers: { cookie, origin: worker.base, 'sec-fetch-site': 'same-origin' } });
    assert.equal(answer.status, 200);
  }
}

describe('a log that may begin later', () => {
  let early;
  it('begins with the first entry while anything from there is kept', async () => {
    await restart({ LOG_MINIMUM_INDEX: '256' });
    key = (await log('key')).text.trimEnd();
    const policy = await readPolicy(worker);
    early = [];
    for (let round = 0; round < VISITORS / 20; round += 1) {
      early.push(...await Promise.all(Array.from({ length: 20 }, () => decide(policy))));
      if (round > 0) continue;
      await sealed(21);
      writeFileSync(short, (await log('checkpoint')).text);
    }
    await sealed(VISITORS + 1);
    assert.equal(await minimum(), 0);
    assert.equal((await log('tile/entries/000')).status, 200);
    assert.equal(verify('--url', worker.base, '--cache', cache).status, 0);
    // All but the first: it is still needed.
    await erase(early.slice(1));
    assert.equal(await minimum(), 0);
    // And the version, while it is the newest.
    await erase(early.slice(0, 1));
    assert.equal(await minimum(), 0);
  });

  it('leaves out whole files once nothing of them is needed, and proves the rest', async () => {
    await restart({ LOG_MINIMUM_INDEX: '1000000', POLICY: OWN.replace('version = "', 'version = "next-') });
    const cookie = await decide(await readPolicy(worker));
    await sealed(VISITORS + 3);
    assert.equal(await minimum(), 256);
    for (const [path, status] of [
      ['tile/entries/000', 404], ['tile/0/000', 404], ['tile/1/000.p/1', 200], ['tile/entries/001.p/7', 200], ['tile/0/001.p/7', 200],
      // It was part of the log once, and is part of what is gone.
      ['tile/entries/000.p/200', 200], ['minimum', 200], ['retention', 200],
    ]) assert.equal((await log(path)).status, status, path);
    assert.match((await log('tile/0/000')).text, /^this entry is not shown any more: see log\/retention$/m);
    const whole = verify('--url', worker.base);
    assert.equal(whole.status, 0, whole.said);
    assert.ok(whole.said.endsWith(`the log shop.example/log is whole: ${VISITORS + 3} entries give the signed root; what is before entry 256 it shows no more\n`), whole.said);
    const receipts = await waitFor('the proof', async () => {
      const text = readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }));
      return JSON.parse(text).receipts.every(({ proof }) => proof) && text;
    });
    const file = join(makeFolder(), 'receipts.json');
    writeFileSync(file, receipts);
    assert.equal(verify(file).status, 0);
    const archive = join(makeFolder(), 'all.ndjson');
    const exported = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'export', '--url', worker.base, '--out', archive], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, POSTERN_TOKEN: worker.token } });
    assert.equal(exported.status, 0, exported.stderr);
    const proven = verify('--url', worker.base, archive);
    assert.ok(proven.status === 0 && proven.said.includes('1 receipts are proven'), proven.said);
  });

  it('is compared with what was kept from before, by who kept the files', async () => {
    const kept = verify('--url', worker.base, '--cache', cache);
    assert.ok(kept.status === 0 && kept.said.includes('the earlier checkpoint is its beginning'), kept.said);
    assert.ok(existsSync(join(cache, 'tile/0/000')));
    // The checkpoint alone says that it cannot be compared, and not that all is well.
    const alone = verify('--url', worker.base, '--earlier', short);
    assert.ok(alone.status === 1 && alone.said.includes('the checkpoint of 21 leaves is from before entry 256, and the log shows nothing from there'), alone.said);
    assert.equal(verify('--url', worker.base, '--cache', cache, '--earlier', short).status, 0);
  });

  it('shows everything again where the number is taken back: nothing was deleted', async () => {
    await restart({});
    assert.equal(await minimum(), 0);
    assert.equal((await log('tile/entries/000')).status, 200);
    const whole = verify('--url', worker.base);
    assert.ok(whole.status === 0 && !whole.said.includes('no more'), whole.said);
  });
});
