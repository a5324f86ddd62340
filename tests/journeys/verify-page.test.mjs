// The page on which anybody checks receipts: true ones, altered ones, a stranger's; from the Worker and from a disk, by files, by
// hand and by dropping. It asks nobody.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { PHONE, ROOT, builtConfig, makeFolder, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const PAGE = '/_postern/log/verify';
const settings = () => ({ LOG_KEY: randomBytes(32).toString('hex'), LOG_SEAL_AFTER_MS: '300' });

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
  writeFileSync(WITH_PAGE, readFileSync(builtConfig(), 'utf8').replace(/^# (?=\[\[services|binding = "VERIFY|service = )/gm, ''));
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

  it('cannot be framed, and its own policy lets it ask nobody', async () => {
    const answer = await send(site.port, PAGE);
    assert.equal(answer.status, 200);
    assert.equal(valueOf(answer, 'content-security-policy'), "frame-ancestors 'none'");
    assert.equal(valueOf(answer, 'content-type'), 'text/html; charset=utf-8');
    assert.match(readText(answer), /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
    // What is beside the Worker has no address of its own.
    const origin = await send(site.port, '/verify.html');
    assert.notEqual(readText(origin), readText(answer));
  });
});
