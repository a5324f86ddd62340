// Decisions and receipts on the wire: the cookie, the answer, idempotency, and every reason to refuse a decision.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { action, banner, describeRequests, startWorld } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
let policy;
before(async () => {
  world = await startWorld();
  policy = await readPolicy(world.worker);
});
after(() => world?.close());

describe('a decision', () => {
  for (const [name, change, bits] of [
    ['accept', { choice: 'accept' }, '1f'],
    ['reject', { choice: 'reject' }, '01'],
    ['save of analytics', { choice: 'save', categories: ['analytics'], layer: 2 }, '05'],
    ['save of marketing and social', { choice: 'save', categories: ['marketing', 'social'], layer: 2 }, '19'],
    ['save of nothing', { choice: 'save', categories: [], layer: 2 }, '01'],
    ['withdraw', { choice: 'withdraw', layer: 2 }, '01'],
  ]) {
    it(`${name} answers with what is granted, a receipt and the cookie`, async () => {
      const answer = await postDecision(world.worker, { change });
      assert.equal(answer.status, 200, readText(answer));
      assert.equal(valueOf(answer, 'postern-granted'), bits);
      assert.ok(valueOf(answer, 'postern-receipt')?.length >= 8, 'a receipt');
      const lines = valuesOf(answer, 'set-cookie').filter((line) => line.startsWith('__Host-postern='));
      assert.equal(lines.length, 1);
      const attributes = lines[0].split(';').slice(1).map((part) => part.trim().toLowerCase());
      for (const attribute of ['httponly', 'secure', 'samesite=lax', 'path=/']) assert.ok(attributes.includes(attribute), `${attribute} in ${lines[0]}`);
      assert.ok(!attributes.some((attribute) => attribute.startsWith('domain')), '__Host- allows no Domain');
      assert.match(valueOf(answer, 'cache-control') ?? '', /no-store/, 'an answer with a cookie must not be kept by a cache');
    });
  }

  it('is shown on the consent page with its receipt', async () => {
    const answer = await postDecision(world.worker, { change: { choice: 'save', categories: ['analytics'], layer: 2 } });
    const page = readText(await send(world.worker.port, '/_postern/consent', { headers: { cookie: consentCookie(answer), accept: 'text/html' } }));
    assert.ok(page.includes(valueOf(answer, 'postern-receipt')), 'the receipt id is on the page');
  });

  it('can be taken along, whole and as it was committed to, by who holds the cookie and nobody else', async () => {
    const answer = await postDecision(world.worker, { change: { choice: 'save', categories: ['analytics'], layer: 2, lang: 'de' } });
    const read = async (headers) => {
      const found = await send(world.worker.port, '/_postern/consent/receipts.json', { headers });
      assert.equal(found.status, 200);
      assert.match(valueOf(found, 'cache-control'), /private, no-store/);
      assert.match(valueOf(found, 'content-disposition'), /^attachment/);
      return JSON.parse(readText(found)).receipts;
    };
    const [{ receipt, salt, commitment }, ...others] = await read({ cookie: consentCookie(answer) });
    assert.deepEqual(others, []);
    const text = JSON.stringify(receipt);
    assert.ok(text.includes(valueOf(answer, 'postern-receipt')) && text.includes('"de"'), text);
    const hash = createHash('sha256').update(Buffer.from([2])).update(Buffer.from(salt, 'hex')).update(text).digest('hex');
    assert.equal(hash, commitment);
    assert.deepEqual(await read({}), []);
    assert.deepEqual(await read({ cookie: `${consentCookie(answer)}x` }), []);
  });

  it('is on the page before any, without a receipt', async () => {
    const answer = await send(world.worker.port, '/_postern/consent', { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 200);
    assert.match(valueOf(answer, 'content-type'), /^text\/html/);
    assert.match(readText(answer), /data-consent-category/);
  });

  it('sent twice with the same key and body is one receipt', async () => {
    const key = randomUUID();
    const first = await postDecision(world.worker, { key });
    const second = await postDecision(world.worker, { key });
    assert.equal(first.status, 200);
    assert.equal(second.status, 200);
    assert.equal(valueOf(second, 'postern-receipt'), valueOf(first, 'postern-receipt'));
  });

  it('sent twenty times at once with the same key is one receipt', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => postDecision(world.worker, { key, change: { policy } })));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    assert.equal(new Set(answers.map((answer) => valueOf(answer, 'postern-receipt'))).size, 1);
  });

  it('with another key is another receipt', async () => {
    const answers = [await postDecision(world.worker), await postDecision(world.worker)];
    assert.notEqual(valueOf(answers[0], 'postern-receipt'), valueOf(answers[1], 'postern-receipt'));
  });
});

describe('a decision is refused, and no cookie set,', () => {
  const padded = () => JSON.stringify({ choice: 'accept', categories: [], policy, layer: 1, lang: 'en' }).padEnd(4097, ' ');
  for (const [name, status, make] of [
    ['that a browser says is cross-site', 403, () => ({ headers: { 'sec-fetch-site': 'cross-site' } })],
    ['from another origin', 403, () => ({ headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': undefined } })],
    ['from an opaque origin', 403, () => ({ headers: { origin: 'null', 'sec-fetch-site': undefined } })],
    ['as text', 415, () => ({ headers: { 'content-type': 'text/plain' } })],
    ['without a content type', 415, () => ({ headers: { 'content-type': undefined } })],
    ['above 4 KiB', 413, () => ({ body: padded() })],
    ['above 4 KiB that lies about its length', 413, () => ({ body: padded(), headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } })],
    ['with an unknown field', 400, () => ({ change: { surprise: true } })],
    ['with an unknown category', 400, () => ({ change: { choice: 'save', categories: ['analytics', 'unheard-of'] } })],
    ['with an unknown choice', 400, () => ({ change: { choice: 'perhaps' } })],
    ['with a wrong type', 400, () => ({ change: { categories: 'analytics' } })],
    ['that is no JSON', 400, () => ({ body: '{"choice":"accept"' })],
    ['that is empty', 400, () => ({ body: '' })],
    ['of a policy nobody published', 409, () => ({ change: { policy: policy.replace(/[0-9a-zA-Z]/g, (sign) => (sign === '0' ? '1' : '0')) } })],
  ]) {
    it(`${name}: ${status}`, async () => {
      const answer = await postDecision(world.worker, make());
      assert.equal(answer.status, status, readText(answer));
      assert.equal(consentCookie(answer), undefined);
      assert.equal(valueOf(answer, 'postern-receipt'), undefined);
    });
  }

  it('with a key used for another body: 422', async () => {
    const key = randomUUID();
    await postDecision(world.worker, { key, change: { choice: 'accept' } });
    const answer = await postDecision(world.worker, { key, change: { choice: 'reject' } });
    assert.equal(answer.status, 422);
    assert.equal(consentCookie(answer), undefined);
  });

  it('by GET', async () => {
    const answer = await send(world.worker.port, '/_postern/decision?choice=accept');
    assert.ok(answer.status >= 400 && answer.status < 500, `status ${answer.status}`);
    assert.equal(consentCookie(answer), undefined);
  });
});

describe('when the Ledger is full', () => {
  let full;
  before(async () => { full = await world.startWorker({ vars: { LEDGER_BYTES_MAX: '1' } }); });
  after(() => full?.stop());

  it('a decision is refused plainly and nothing is promised', async () => {
    const answer = await postDecision(full);
    assert.equal(answer.status, 503);
    assert.equal(consentCookie(answer), undefined);
    assert.equal(valueOf(answer, 'postern-granted'), undefined);
    assert.ok(readText(answer).length > 10, 'a message');
  });

  it('the page says so, keeps the question open and releases nothing', async () => {
    await world.recorder.clear();
    const page = await world.newPage();
    await page.goto(`${full.base}/`);
    const answered = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
    await action(page, 'accept').click();
    assert.equal((await answered).status(), 503);
    await page.locator('#postern > [data-postern-status]:not(:empty)').first().waitFor();
    assert.equal(await banner(page).isVisible(), true);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    // The settings are modal: what fails in them is told in them.
    await action(page, 'settings').click();
    await action(page, 'save').click();
    await page.locator('#postern-settings [data-postern-status]:not(:empty)').waitFor();
    await page.context().close();
  });
});
