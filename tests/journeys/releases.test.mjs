// What visitors are asked with is in the log before anybody is asked: each version once, named by the receipts that were given
// under it, and where only published ones may be shown, no other is.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { ROOT, banner, describeRequests, makeFolder, serveSite, startWorld, waitFor } from './harness.mjs';
import { commitmentOf } from './auditor.mjs';
import { consentCookie, postDecision, readPolicy, readText, send } from './wire.mjs';

const COOKIE_KEY = randomBytes(32).toString('hex');
const VARS = { LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300', LOG_ORIGIN: 'shop.example/log' };
const OWN = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const OTHER = OWN.replace('version = "', 'version = "other-');
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

let world;
before(async () => { world = await startWorld({ vars: VARS }); });
after(() => world?.close());

/** The command as it is called: exit status and what it said. */
function command(args, env = {}) {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, said: stdout + stderr };
}

/** A Worker of the journey's own, on a storage that others have had. */
const start = (state, vars = {}, options = {}) => world.startWorker({ state, cookieKey: COOKIE_KEY, vars: { ...VARS, ...vars }, ...options });
const releasesOf = async (worker) => readText(await send(worker.port, '/_postern/log/releases')).trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line));
const receiptOf = async (worker, cookie) => JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }))).receipts[0];
const decided = async (worker, change) => {
  const answer = await postDecision(worker, { change });
  assert.equal(answer.status, 200, readText(answer));
  const cookie = consentCookie(answer);
  return { cookie, ...await receiptOf(worker, cookie) };
};
const publish = (worker, token, query = '') => send(worker.port, `/_postern/publish${query}`, { method: 'POST', headers: token ? { authorization: `Bearer ${token}` } : {} });
const healthOf = async (worker) => { const answer = await send(worker.port, '/_postern/health'); return [answer.status, readText(answer)]; };

describe('each version', () => {
  it('is in the log before who is asked with it has decided, with hashes that anybody can make again', async () => {
    const own = await decided(world.worker);
    const [first, ...more] = await releasesOf(world.worker);
    assert.deepEqual(more, []);
    assert.deepEqual([first.leaf_index, own.receipt.release, own.leaf_index], [0, 0, 1]);
    const { at, schema, version, ...made } = first.entry;
    assert.equal(schema, 'banner-release/1');
    assert.ok(Date.parse(at) <= Date.parse(own.receipt.at), `${at} ${own.receipt.at}`);
    assert.equal(made.source_sha256, sha256(OWN));
    assert.equal(made.policy_sha256, own.receipt.policy_sha256);
    for (const name of ['stub.js', 'gate.js', 'gate.wasm', 'tell.js', 'latch.js', 'handle.js', 'worker.js', 'drop-in.js', 'told.js']) {
      assert.equal(made.parts[name], sha256(readFileSync(join(ROOT, 'build/page', name))), name);
    }
    for (const name of ['css', 'markup', 'texts']) assert.match(made.parts[name], /^[0-9a-f]{64}$/);
    // What is served is what the log says.
    const page = readText(await send(world.worker.port, '/', { headers: { accept: 'text/html' } }));
    const folder = /\/_postern\/([0-9a-f]{12})\/gate\.js/.exec(page)[1];
    for (const name of ['gate.js', 'gate.wasm', 'stub.js']) {
      const file = readText(await send(world.worker.port, `/_postern/${folder}/${name}`), 'latin1');
      assert.equal(sha256(Buffer.from(file, 'latin1')), made.parts[name], name);
    }
    const canonical = JSON.stringify(Object.fromEntries(Object.entries(made).sort(([one], [other]) => (one < other ? -1 : 1))));
    assert.equal(version, sha256(canonical));
    assert.equal(commitmentOf({ receipt: first.entry, salt: first.salt }).toString('hex'), first.commitment);
  });

  it('is proven by the command, and an altered one is not', async () => {
    const file = join(makeFolder(), 'releases.ndjson');
    const text = readText(await send(world.worker.port, '/_postern/log/releases'));
    const key = readText(await send(world.worker.port, '/_postern/log/key')).trimEnd();
    await waitFor('the seal', async () => (await send(world.worker.port, '/_postern/log/checkpoint')).status === 200);
    writeFileSync(file, text);
    const whole = command(['verify', '--key', key, '--url', world.worker.base, file]);
    assert.equal(whole.status, 0, whole.said);
    writeFileSync(file, text.replace(/"source_sha256":"./, '"source_sha256":"x'));
    assert.equal(command(['verify', '--key', key, '--url', world.worker.base, file]).status, 1);
  });

  it('that comes later has a later place, and what was given before names the one before', async () => {
    const state = join(makeFolder(), 'state');
    let worker = await start(state);
    const early = await decided(worker);
    await worker.stop();
    worker = await start(state, { POLICY: OTHER });
    const late = await decided(worker);
    const releases = await releasesOf(worker);
    assert.deepEqual(releases.map(({ leaf_index: place }) => place), [0, 2]);
    assert.deepEqual([early.receipt.release, late.receipt.release], [0, 2]);
    assert.equal((await receiptOf(worker, early.cookie)).receipt.release, 0);
    assert.equal(releases[1].entry.policy_sha256, late.receipt.policy_sha256);
    assert.notEqual(early.receipt.policy_sha256, late.receipt.policy_sha256);
    // What comes back has its place already.
    await worker.stop();
    worker = await start(state);
    assert.equal((await decided(worker)).receipt.release, 0);
    assert.equal((await releasesOf(worker)).length, 2);
    await worker.stop();
  });
});

describe('a page that was open before a deployment', () => {
  it('is answered under its own version', async () => {
    const state = join(makeFolder(), 'state');
    let worker = await start(state);
    const early = await readPolicy(worker);
    assert.match(early, /^[0-9a-f]{8}_0$/);
    await worker.stop();
    // Another version that asks for the same in the same words.
    worker = await start(state, { POLICY: `${OWN}\n# deployed since\n` });
    const late = await readPolicy(worker);
    assert.deepEqual(late.split('_'), [early.split('_')[0], '1']);
    const [own, other] = [await decided(worker, { policy: early }), await decided(worker, { policy: late })];
    assert.deepEqual([own.receipt.release, other.receipt.release], [0, 1]);
    const tag = early.split('_')[0];
    for (const policy of [`${tag}_7`, `${tag}_x`, `${tag}_-1`, '00000000_0']) {
      const refused = await postDecision(worker, { change: { policy } });
      assert.equal(refused.status, 409, `${policy}: ${readText(refused)}`);
    }
    await worker.stop();
  });
});

describe('an edge of another version than the Ledger, while a deployment goes round', () => {
  it('has its grants sent back, and what is taken back is taken', async () => {
    const folder = makeFolder();
    const state = join(folder, 'state');
    let worker = await start(state);
    const { cookie } = await decided(worker);
    await worker.stop();
    // The Ledger then runs other code than the version of the edge was made of.
    const [file] = readdirSync(state, { recursive: true }).filter((name) => /LedgerObject\/[0-9a-f]{64}\.sqlite$/.test(name));
    const storage = new DatabaseSync(join(state, file));
    assert.equal(storage.prepare(`UPDATE releases SET asked = ''`).run().changes, 1);
    storage.close();
    worker = await start(state);
    const refused = await postDecision(worker);
    assert.ok(refused.status === 409 && readText(refused).includes('reload'), `${refused.status} ${readText(refused)}`);
    assert.equal(consentCookie(refused), undefined);
    const back = await postDecision(worker, { change: { choice: 'withdraw', policy: await readPolicy(worker) }, headers: { cookie } });
    assert.equal(back.status, 200, readText(back));
    const { receipt } = await receiptOf(worker, consentCookie(back));
    assert.deepEqual([receipt.outcome, receipt.release], ['withdrawn', undefined]);
    await worker.stop();
  });
});

describe('where only published versions may be shown', () => {
  it('and none is, nobody is asked, nothing is granted, all is held, and it is told', async () => {
    const worker = await start(undefined, { RELEASES: 'published' }, { health: 503 });
    const [status, said] = await healthOf(worker);
    assert.ok(status === 503 && said.includes('not in the log') && said.includes('publish'), said);
    const policy = await readPolicy(world.worker);
    // Whether a page names its version or none.
    for (const [named, answer] of [[policy, 409], [policy.split('_')[0], 503]]) {
      const refused = await postDecision(worker, { change: { policy: named } });
      assert.deepEqual([refused.status, consentCookie(refused)], [answer, undefined], readText(refused));
    }
    await world.recorder.clear();
    const page = await world.newPage();
    await page.goto(`${worker.base}/`, { waitUntil: 'load' });
    assert.ok(await page.locator('h1').first().isVisible());
    assert.equal(await banner(page).count(), 0);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.equal((await send(worker.port, '/_postern/consent', { headers: { accept: 'text/html' } })).status, 503);
    await page.context().close();
    await worker.stop();
  });

  it('what was granted can be taken back all the same', async () => {
    const state = join(makeFolder(), 'state');
    let worker = await start(state);
    const { cookie } = await decided(worker);
    await worker.stop();
    // The same visitor at a Ledger that knows no version.
    worker = await start(undefined, { RELEASES: 'published' }, { health: 503 });
    const form = readText(await send(worker.port, '/_postern/consent', { headers: { accept: 'text/html', cookie } }));
    assert.match(form, /value="withdraw"/);
    const policy = /name="policy" value="([0-9a-f]{8})"/.exec(form)[1];
    const more = await postDecision(worker, { change: { policy, choice: 'accept' }, headers: { cookie } });
    assert.equal(more.status, 503);
    const back = await postDecision(worker, { change: { policy, choice: 'withdraw' }, headers: { cookie } });
    assert.equal(back.status, 200, readText(back));
    assert.deepEqual(JSON.parse(readText(back)).granted, ['necessary']);
    const { receipt } = await receiptOf(worker, consentCookie(back));
    assert.equal(receipt.release, undefined);
    await worker.stop();
  });

  it('the last published one is shown in place of what is deployed, until that is published by an admin', async () => {
    const state = join(makeFolder(), 'state');
    let worker = await start(state);
    const early = await decided(worker);
    const before = await readPolicy(worker);
    await worker.stop();
    worker = await start(state, { RELEASES: 'published', POLICY: OTHER });
    assert.equal(await readPolicy(worker), before, 'the old one is asked with');
    const meanwhile = await decided(worker);
    assert.deepEqual([meanwhile.receipt.release, meanwhile.receipt.policy_sha256], [0, early.receipt.policy_sha256]);
    assert.equal((await releasesOf(worker)).length, 1);
    for (const token of [undefined, 'wrong']) assert.equal((await publish(worker, token)).status, 403);
    const another = await publish(worker, worker.token, `?source=${sha256(OWN)}`);
    assert.ok(another.status === 409 && readText(another).includes('Another policy'), readText(another));
    assert.equal((await releasesOf(worker)).length, 1);
    const file = join(makeFolder(), 'postern.toml');
    writeFileSync(file, OTHER);
    const done = command(['publish', '--url', worker.base, file], { POSTERN_TOKEN: worker.token });
    assert.equal(done.status, 0, done.said);
    const [, latest] = await releasesOf(worker);
    assert.ok(done.said.includes(`version ${latest.entry.version} is entry ${latest.leaf_index} of the log`), done.said);
    assert.notEqual(await readPolicy(worker), before);
    const late = await decided(worker);
    assert.deepEqual([late.receipt.release, late.receipt.policy_sha256], [latest.leaf_index, latest.entry.policy_sha256]);
    // Doing it again is no second one, unless there are pictures of it, and these are of what visitors see.
    assert.equal((await publish(worker, worker.token)).status, 200);
    assert.equal((await releasesOf(worker)).length, 2);
    assert.equal((await publish(worker, worker.token, '?desktop=7&phone=8')).status, 400);
    const pictures = join(makeFolder(), 'pictures');
    const browser = `${process.env.POSTERN_BROWSER ?? 'chromium'} --no-sandbox`;
    const taken = command(['publish', '--url', worker.base, '--pictures', pictures, '--browser', browser], { POSTERN_TOKEN: worker.token });
    assert.equal(taken.status, 0, taken.said);
    const [, , pictured] = await releasesOf(worker);
    assert.equal(pictured.entry.version, latest.entry.version);
    assert.deepEqual(pictured.entry.pictures, {
      desktop: sha256(readFileSync(join(pictures, 'desktop.png'))), phone: sha256(readFileSync(join(pictures, 'phone.png'))),
    });
    assert.equal((await decided(worker)).receipt.release, latest.leaf_index);
    const seen = await world.newPage();
    const words = async () => (await seen.locator('#postern section').innerText()).replace(/\s+/g, ' ');
    await seen.goto(`file://${join(pictures, 'page.html')}`);
    const preview = await words();
    await seen.goto(`${worker.base}/`);
    assert.equal(await words(), preview);
    await seen.context().close();
    const acts = readText(await send(worker.port, '/_postern/export?of=acts', { headers: { authorization: `Bearer ${worker.token}` } }));
    assert.ok(acts.includes(`"what":"published ${latest.entry.version}"`), acts);
    await worker.stop();
  });
});

describe('what a visitor was asked with', () => {
  const shown = (worker, id, token = worker.token) => send(worker.port, `/_postern/shown?receipt=${id}`, { headers: { authorization: `Bearer ${token}` } });

  it('is put together again by its receipt, years later and under another policy, and the command writes it', async () => {
    const state = join(makeFolder(), 'state');
    let worker = await start(state);
    const page = await world.newPage({ locale: 'de-DE', extraHTTPHeaders: { 'sec-gpc': '1' } });
    await page.goto(`${worker.base}/?lang=de`, { waitUntil: 'load' });
    await banner(page).waitFor();
    const words = (from) => from.locator('#postern section').evaluate((section) => section.innerText.replace(/\s+/g, ' ').trim());
    const asked = await words(page);
    const looks = (from) => from.locator('#postern section').evaluate((section) => ['backgroundColor', 'color', 'fontSize'].map((name) => getComputedStyle(section)[name]));
    const look = await looks(page);
    const answered = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
    await page.locator('#postern [data-consent-action="reject"]').first().click();
    const { receipt: id } = await (await answered).json();
    await page.context().close();
    await worker.stop();
    worker = await start(state, { POLICY: OTHER.replace('name = "Luxmoor', 'name = "Another') });
    await decided(worker);
    const folder = join(makeFolder(), 'shown');
    const browser = `${process.env.POSTERN_BROWSER ?? 'chromium'} --no-sandbox`;
    const { status, said } = command(['show', '--url', worker.base, '--receipt', id, '--out', folder, '--browser', browser], { POSTERN_TOKEN: worker.token });
    assert.equal(status, 0, said);
    assert.match(said, new RegExp(`^receipt ${id}: given on .* in \\w+ by layer1.reject_all to version [0-9a-f]{64} \\(entry 0\\)`));
    assert.equal(readFileSync(join(folder, 'policy.toml'), 'utf8'), OWN);
    const again = await world.newPage();
    await again.goto(`file://${join(folder, 'page.html')}`);
    assert.equal(await words(again), asked);
    assert.deepEqual(await looks(again), look);
    assert.ok(asked.includes('Global Privacy Control'), asked);
    await again.context().close();
    for (const name of ['phone.png', 'desktop.png']) assert.ok(readFileSync(join(folder, name)).length > 5000, name);
    // That it was looked at is on record, and not whose it was: that would outlive an erasure.
    const acts = readText(await send(worker.port, '/_postern/export?of=acts', { headers: { authorization: `Bearer ${worker.token}` } }));
    assert.ok(acts.includes('looked at what a receipt was given to') && !acts.includes(id), acts);
    // Both lines are proven by the log.
    const key = readText(await send(worker.port, '/_postern/log/key')).trimEnd();
    await waitFor('the seal', async () => Number(readText(await send(worker.port, '/_postern/log/checkpoint')).split('\n')[1]) >= 4);
    for (const name of ['receipt.ndjson', 'release.ndjson']) {
      const proven = command(['verify', '--key', key, '--url', worker.base, join(folder, name)]);
      assert.equal(proven.status, 0, proven.said);
    }
    await worker.stop();
  });

  it('shows the settings or the page where that was what was answered, with what was granted before', async () => {
    const first = await decided(world.worker, { choice: 'save', categories: ['analytics'], layer: 2 });
    const answer = await postDecision(world.worker, { change: { choice: 'withdraw' }, headers: { cookie: first.cookie } });
    assert.equal(answer.status, 200);
    const [withdrawn] = JSON.parse(readText(await send(world.worker.port, '/_postern/consent/receipts.json', { headers: { cookie: consentCookie(answer) } }))).receipts;
    const page = await world.newPage();
    for (const [receipt, isOn] of [[first.receipt, false], [withdrawn.receipt, true]]) {
      const found = JSON.parse(readText(await shown(world.worker, receipt.receipt_id)));
      await page.setContent(found.page);
      assert.ok(await page.locator('dialog').isVisible(), receipt.method);
      assert.equal(await page.locator('dialog input[data-consent-category="analytics"]').isChecked(), isOn, receipt.method);
    }
    await page.context().close();
  });

  it('is not believed where a part of the answer is another, and nothing is written then', async () => {
    const worker = await start(join(makeFolder(), 'state'));
    const [own, other] = [await decided(worker), await decided(worker)];
    let alter;
    const front = await serveSite(async (request, response) => {
      const { authorization } = request.headers;
      const answer = await send(worker.port, request.url, { headers: authorization ? { authorization } : {} });
      response.writeHead(answer.status).end(alter(request.url, readText(answer)));
    });
    // Not in place, or the server in front would stand still.
    const show = async (out) => {
      const child = spawn('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'show', '--url', `http://127.0.0.1:${front.port}`, '--receipt', own.receipt.receipt_id, '--out', out], {
        cwd: ROOT, env: { ...process.env, POSTERN_TOKEN: worker.token }, stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { said += chunk; });
      const [status] = await once(child, 'close');
      return { status, said };
    };
    alter = (_, text) => text;
    assert.equal((await show(join(makeFolder(), 'true'))).status, 0);
    const of = (part, change) => (url, text) => (url.startsWith(part) ? change(text) : text);
    for (const [what, change, said] of [
      ['the choice', of('/_postern/shown', (text) => text.replace('ConsentGiven', 'ConsentRefused')), /entry \d+ is not what was committed to/],
      ['the salt', of('/_postern/shown', (text) => text.replace(own.salt, other.salt)), /entry \d+ is not what was committed to/],
      ['the policy', of('/_postern/shown', (text) => text.replace('language = ', 'language  = ')), /the policy is not that of version/],
      ['the receipt', of('/_postern/shown', (text) => { const answer = JSON.parse(text); answer.line = { leaf_index: other.leaf_index, commitment: other.commitment, salt: other.salt, receipt: other.receipt }; return JSON.stringify(answer); }), /the site answered with receipt/],
      ['the version', of('/_postern/log/releases', (text) => text.replace('"source_sha256":"', '"source_sha256":"0')), /entry 0 is not what was committed to/],
      ['the version\'s place', of('/_postern/log/releases', (text) => text.replace('"leaf_index":0', '"leaf_index":1')), /the log has no version at place 0/],
      ['the form', of('/_postern/shown', () => '[]'), /not a line of an export/],
    ]) {
      alter = change;
      const out = join(makeFolder(), 'altered');
      const answer = await show(out);
      assert.equal(answer.status, 1, `${what}: ${answer.said}`);
      assert.match(answer.said, said, what);
      assert.equal(existsSync(out), false, what);
    }
    front.stop();
    await worker.stop();
  });

  it('is for auditors, and told only of what there is', async () => {
    const { receipt } = await decided(world.worker);
    assert.equal((await shown(world.worker, receipt.receipt_id, 'wrong')).status, 403);
    assert.equal((await shown(world.worker, '7')).status, 400);
    const none = await shown(world.worker, '01010101-0101-4101-8101-010101010101');
    assert.ok(none.status === 404 && readText(none).includes('no receipt of that name'), readText(none));
  });
});
