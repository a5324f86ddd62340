// The page on which anybody checks receipts: true ones, altered ones, a stranger's; from the Worker and from a disk, by files, by
// hand and by dropping. It asks nobody, but its own site for the log where an auditor wants that.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { PHONE, ROOT, builtConfig, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const PAGE = '/_postern/log/verify';
const settings = () => ({ LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300', SHARDS: '2' });

/** The site's configuration with the binding that its own names as a choice. */
const WITH_PAGE = join(ROOT, 'build/wrangler-verify.toml');

let world;
let site;
let own;
let foreign;

/** A visitor's receipts, proven, and the key of the log they are in. */
async function takeAlong(worker) {
  const policy = await readPolicy(worker);
  const first = await postDecision(worker, { change: { choice: 'accept', policy } });
  const cookie = consentCookie(first);
  await postDecision(worker, { change: { choice: 'reject', policy }, headers: { cookie } });
  const text = await waitFor('the proofs', async () => {
    const found = readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }));
    const { receipts } = JSON.parse(found);
    return receipts.length === 2 && receipts.every(({ proof }) => proof) && found;
  });
  return { text, id: valueOf(first, 'postern-receipt'), key: readText(await send(worker.port, '/_postern/log/key')).trimEnd() };
}

before(async () => {
  world = await startWorld({ vars: settings() });
  foreign = await takeAlong(world.worker);
  writeFileSync(WITH_PAGE, readFileSync(builtConfig(), 'utf8').replace(/^# (\[\[services\]\]\n)# (binding = "VERIFY"\n)# /m, '$1$2'));
  site = await world.startWorker({ config: [WITH_PAGE, join(ROOT, 'wrangler.verify.toml')], vars: settings() });
  own = await takeAlong(site);
});
after(async () => {
  await world?.close();
  rmSync(WITH_PAGE, { force: true });
});

const fileOf = (text, name = 'receipts.json') => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) });

async function open(address = `${site.base}${PAGE}`, options = {}) {
  const page = await world.newPage(options);
  page.asked = [];
  page.on('request', (request) => page.asked.push(request.url()));
  await page.goto(address);
  return page;
}

/** What the page says once it has said something else than before. */
async function verdictOf(page, act) {
  const place = page.locator('#verdict');
  const before = await place.textContent();
  await act();
  await waitFor('another verdict', async () => await place.textContent() !== before);
  return { verdict: await place.getAttribute('data-verdict'), sentence: await place.textContent(), lines: await page.locator('#lines li').allTextContents() };
}

const choose = (page, text) => verdictOf(page, () => page.locator('#receipts').setInputFiles(fileOf(text)));

/** The same file with one bit of a byte another. */
function flip(text, at) {
  const bytes = Buffer.from(text);
  bytes[at] ^= 1;
  return bytes;
}

for (const [where, addressOf] of [
  ['from the Worker', () => `${site.base}${PAGE}`],
  ['from a disk', async () => {
    const path = join(makeFolder(), 'verify.html');
    writeFileSync(path, readText(await send(site.port, PAGE)));
    return pathToFileURL(path).href;
  }],
]) {
  describe(`the verify page, ${where}`, () => {
    let page;
    before(async () => { page = await open(await addressOf()); });
    after(() => page?.context().close());

    it('says what is missing before there is a key', async () => {
      const { verdict, sentence } = await choose(page, own.text);
      assert.deepEqual([verdict, sentence], ['unusable', 'The log’s public key is missing: paste it, or choose its file.']);
    });

    it('proves true receipts, one sentence for all and a line for each', async () => {
      const { verdict, sentence, lines } = await verdictOf(page, () => page.locator('#key').fill(own.key));
      assert.deepEqual([verdict, sentence], ['proven', 'Proven: all 2 receipts are in the signed log, unaltered.']);
      // Place 0 is the version that they were asked with.
      assert.ok(lines.length === 2 && lines.some((line) => line.startsWith(`receipt ${own.id}: proven: entry 1 of the `)), lines.join('\n'));
    });

    it('finds a flipped byte of receipt, salt, place and proof, and says which', async () => {
      for (const [before, said] of [
        ['Consent', 'one of the three was altered'], ['"salt":"', 'one of the three was altered|64 lower-case hex digits'],
        ['"leaf_index":', 'leaf_index says'], ['tlog-proof@v', 'not a proof'], ['— ', 'the note is not signed with the key|not a signed note'],
      ]) {
        const at = Buffer.from(own.text).indexOf(before);
        assert.ok(at > 0, before);
        const { verdict, sentence } = await choose(page, flip(own.text, at + Buffer.byteLength(before)));
        assert.equal(verdict, 'not', `${before}: ${sentence}`);
        assert.match(sentence, new RegExp(`^NOT proven: receipt number 1: .*(${said})`), before);
        assert.equal((await choose(page, own.text)).verdict, 'proven');
      }
    });

    it('does not prove a stranger\'s receipts by this key, nor what is no receipt at all', async () => {
      const { verdict, sentence } = await choose(page, foreign.text);
      assert.ok(verdict === 'not' && sentence.includes('the note is not signed with the key'), sentence);
      const other = await choose(page, '{"hello":1}');
      assert.ok(other.verdict === 'not' && other.sentence.startsWith('NOT proven: not an export of receipts: '), other.sentence);
      await page.locator('#receipts').setInputFiles(fileOf(foreign.text));
      await page.locator('#key').fill(foreign.key);
      await waitFor('the proof', async () => await page.locator('#verdict').getAttribute('data-verdict') === 'proven');
      await page.locator('#key').fill(own.key);
      await waitFor('the refusal', async () => await page.locator('#verdict').getAttribute('data-verdict') === 'not');
      await choose(page, own.text);
    });

    it('takes both files dropped on it, in either order', async () => {
      await page.reload();
      for (const order of [['receipts', 'key'], ['key', 'receipts']]) {
        await page.evaluate(({ texts, names }) => {
          const data = new DataTransfer();
          for (const name of names) data.items.add(new File([texts[name]], name === 'key' ? 'log.key' : 'receipts.json'));
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        }, { texts: { receipts: own.text, key: own.key }, names: order });
        await waitFor('the proof', async () => await page.locator('#verdict').getAttribute('data-verdict') === 'proven');
        await page.reload();
      }
    });

    it('asks nobody, and has no fault', () => {
      assert.deepEqual(page.asked.filter((url) => url !== page.url() && !url.startsWith('data:') && !url.startsWith('blob:') && !url.endsWith('/favicon.ico')), []);
      assert.deepEqual(page.faults, []);
    });
  });
}

describe('an auditor on the verify page', () => {
  let page;
  let folder;
  let archive;
  before(async () => {
    // Visitors of both shards, and everything sealed.
    const policy = await readPolicy(site);
    for (const first of ['0', '1']) {
      const answer = await postDecision(site, { key: `0000000${first}-0000-4000-8000-${randomBytes(6).toString('hex')}`, change: { policy } });
      assert.equal(answer.status, 200);
    }
    folder = join(makeFolder(), 'log');
    archive = join(makeFolder(), 'all.ndjson');
    const postern = (...args) => spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', ...args], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, POSTERN_TOKEN: site.token } });
    const exported = postern('export', '--url', site.base, '--out', archive);
    assert.equal(exported.status, 0, exported.stderr);
    await waitFor('the command to prove it', () => postern('verify', '--key', own.key, '--url', site.base, '--cache', folder, archive).status === 0, 30_000);
    page = await open();
    await page.locator('#key').fill(own.key);
    await page.locator('#auditors summary').click();
  });
  after(() => page?.context().close());

  it('has the logs of the site the page is of checked, and asks for nothing else', async () => {
    const { verdict, sentence, lines } = await verdictOf(page, async () => {
      await page.locator('#fetch').click();
      await waitFor('the end', async () => await page.locator('#verdict').getAttribute('data-verdict') === 'proven');
    });
    assert.deepEqual([verdict, sentence], ['proven', 'The 2 logs are whole.']);
    assert.ok(lines.length === 2 && lines.every((line) => /^The log \S+\/_postern\/log(\/1)? is whole: \d+ entries give the signed root\.$/.test(line)), lines.join('\n'));
    const asked = page.asked.map((url) => new URL(url)).filter(({ protocol }) => protocol.startsWith('http'));
    assert.deepEqual(asked.filter(({ origin, pathname }) => origin !== new URL(site.base).origin || !(pathname.startsWith('/_postern/log/') || pathname === '/favicon.ico')).map(String), []);
  });

  it('has an export proven line by line, and an altered line named', async () => {
    const text = readFileSync(archive, 'utf8');
    const chosen = (bytes) => verdictOf(page, () => page.locator('#export').setInputFiles({ name: 'all.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(bytes) }));
    const whole = await chosen(text);
    assert.deepEqual([whole.verdict, whole.lines.length], ['proven', 2], whole.sentence);
    assert.match(whole.sentence, /^Proven: each of the \d+ lines is in the signed log, unaltered\.$/);
    for (const altered of [text.replace('ConsentGiven', 'ConsentRefused'), text.replace('{"shard":1,', '{')]) {
      assert.notEqual(altered, text);
      const found = await chosen(altered);
      assert.equal(found.verdict, 'not');
      assert.match(found.lines[0], /^line \d+: NOT proven: /);
      assert.equal((await chosen(text)).verdict, 'proven');
    }
  });

  it('has a log of a folder checked, from a disk too, and an altered file named', async () => {
    const path = join(makeFolder(), 'verify.html');
    writeFileSync(path, readText(await send(site.port, PAGE)));
    const there = await open(pathToFileURL(path).href);
    await there.locator('#key').fill(own.key);
    await there.locator('#auditors summary').click();
    assert.equal(await there.locator('#of-site').isVisible(), false, 'a page from a disk is of no site');
    const whole = await verdictOf(there, () => there.locator('#folder').setInputFiles(folder));
    assert.deepEqual([whole.verdict, whole.sentence], ['proven', 'The 2 logs are whole.']);
    const altered = join(makeFolder(), 'log');
    cpSync(folder, altered, { recursive: true });
    // The fullest is the one that the checkpoint needs; those from before are there as well.
    const partial = join(altered, '1/tile/entries/000.p');
    const tile = join(partial, readdirSync(partial).sort((one, other) => other - one)[0]);
    writeFileSync(tile, flip(readFileSync(tile), 40));
    const found = await verdictOf(there, () => there.locator('#folder').setInputFiles(altered));
    assert.equal(found.verdict, 'not');
    assert.match(found.sentence, /^NOT the log that was signed: tile\/.* does not hash to what the tile of level 0 says\.$/);
    assert.deepEqual(there.asked.filter((url) => url.startsWith('http')), []);
    assert.deepEqual(there.faults, []);
    await there.context().close();
  });

  it('has a single proof checked, of its commitment alone', async () => {
    const { receipts: [receipt] } = JSON.parse(own.text);
    await page.locator('#proof').setInputFiles({ name: 'proof', mimeType: 'text/plain', buffer: Buffer.from(receipt.proof) });
    const proven = await verdictOf(page, () => page.locator('#commitment').fill(receipt.commitment));
    assert.equal(proven.verdict, 'proven', proven.sentence);
    const other = await verdictOf(page, () => page.locator('#commitment').fill('0'.repeat(64)));
    assert.equal(other.verdict, 'not');
    assert.deepEqual(page.faults, []);
  });

  it('finds it accessible, on a phone too', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const phone = await open(undefined, { ...PHONE, colorScheme });
      await phone.locator('#auditors summary').click();
      const { violations } = await new AxeBuilder({ page: phone }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`), []);
      const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      await phone.context().close();
    }
  });
});

describe('the verify page', () => {
  it('is there where it was deployed; else the command is named that does the same', async () => {
    const without = await send(world.worker.port, PAGE);
    assert.deepEqual([without.status, readText(without)], [404, 'This deployment has no verify page: the command postern verify does the same.\n']);
    assert.equal((await send(site.port, PAGE)).status, 200);
  });

  it('is accessible in both schemes, and fits a phone, with every verdict', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(undefined, { ...PHONE, colorScheme });
      await page.locator('#key').fill(own.key);
      for (const text of [own.text, '{}', '{"receipts":[]}']) {
        await choose(page, text);
        const { violations, incomplete } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`), [], `${colorScheme} ${text.slice(0, 20)}`);
        assert.deepEqual(incomplete.filter(({ id }) => id === 'color-contrast').map(({ nodes }) => nodes.map(({ html }) => html)), []);
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      await page.context().close();
    }
  });

  it('cannot be framed, and its own policy lets it ask nobody but its site', async () => {
    const answer = await send(site.port, PAGE);
    assert.equal(answer.status, 200);
    assert.equal(valueOf(answer, 'content-security-policy'), "frame-ancestors 'none'");
    assert.equal(valueOf(answer, 'content-type'), 'text/html; charset=utf-8');
    assert.match(readText(answer), /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[^;]*; style-src 'sha256-[^;]*; connect-src 'self'; base-uri 'none'; form-action 'none'"/);
    // What is beside the Worker has no address of its own.
    const origin = await send(site.port, '/verify.html');
    assert.notEqual(readText(origin), readText(answer));
  });
});
