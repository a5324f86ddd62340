// What visitors do with their receipts: copy a receipt's name, take them along, erase them; in the settings and on the page without
// scripts. On a site that is not behind the Worker: drop-in.test.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ROOT, WITHOUT_SCRIPTS, action, banner, categorySwitch, cookiesOf, decide, describeRequests, openSettings, startWorld, trackerTraces, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
let registrar;
before(async () => {
  world = await startWorld();
  const policy = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
  registrar = await world.startWorker({ vars: { POLICY: policy.replace('language = "en"', `language = "en"\ndrop_in = ["${world.originBase}"]`) } });
});
after(() => world?.close());
beforeEach(() => world.settle());

const RECEIPTS = '/_postern/consent/receipts.json';
const ERASE = '/_postern/erase';

/** The receipts of who has that cookie. */
const receiptsOf = async (cookie, worker = world.worker) =>
  JSON.parse(readText(await send(worker.port, RECEIPTS, { headers: { cookie } }))).receipts;

/** The visitor's own receipts, from within a page. */
const ownReceipts = (page) => page.evaluate(async (path) => (await (await fetch(path)).json()).receipts.map(({ receipt }) => receipt.receipt_id ?? receipt.id), RECEIPTS);

const dialog = (page) => page.locator('#postern dialog[open]');
const receiptShown = (page) => dialog(page).locator('code').textContent();

describe('in the settings', () => {
  it('there is no receipt before a choice, and after each the newest', async () => {
    const page = await world.newPage();
    await page.goto(world.worker.base, { waitUntil: 'load' });
    await openSettings(page);
    assert.equal(await page.locator('#postern [data-postern-receipt]').count(), 0);
    await decide(page, () => action(page, 'save').click());
    const seen = [];
    for (const category of ['analytics', 'marketing']) {
      await openSettings(page);
      seen.push(await receiptShown(page));
      assert.equal(await page.locator('#postern dialog').count(), 1);
      await categorySwitch(page, category).check();
      await decide(page, () => action(page, 'save').click());
    }
    await page.reload({ waitUntil: 'load' });
    await openSettings(page);
    seen.push(await receiptShown(page));
    assert.equal(await categorySwitch(page, 'analytics').isChecked(), true);
    assert.deepEqual(seen.reverse(), await ownReceipts(page));
    await page.context().close();
  });

  it('its name is copied, and that is said', async () => {
    const page = await world.newPage();
    await page.goto(world.worker.base, { waitUntil: 'load' });
    await decide(page, () => action(page, 'reject').click());
    await openSettings(page);
    const id = await receiptShown(page);
    await action(page, 'copy').click();
    await waitFor('the word', async () => (await dialog(page).locator('[data-postern-status]').textContent()) === 'Copied.');
    await page.evaluate(() => {
      document.getElementById('postern-settings').append(Object.assign(document.createElement('textarea'), { id: 'paper' }));
    });
    await page.locator('#paper').focus();
    await page.keyboard.press('Control+V');
    assert.equal(await page.locator('#paper').inputValue(), id);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('where nothing can be copied it stands marked, and nothing else breaks', async () => {
    const page = await world.newPage();
    await page.goto(world.worker.base, { waitUntil: 'load' });
    await decide(page, () => action(page, 'reject').click());
    for (const clipboard of [undefined, 'refusing']) {
      await openSettings(page);
      await page.evaluate((kind) => Object.defineProperty(navigator, 'clipboard', {
        configurable: true,
        value: kind && { writeText: () => Promise.reject(new Error('refused')) },
      }), clipboard);
      await action(page, 'copy').click();
      await waitFor('the mark', async () => (await page.evaluate(() => getSelection().toString().trim())) === await receiptShown(page));
      assert.equal(await dialog(page).locator('[data-postern-status]').textContent(), '');
      await action(page, 'close').click();
    }
    await openSettings(page);
    await categorySwitch(page, 'analytics').check();
    assert.deepEqual(await decide(page, () => action(page, 'save').click()), ['necessary', 'analytics']);
    await page.context().close();
  });

  it('erasing takes receipts, choice and what vendors stored, and the page asks anew', async () => {
    const page = await world.newPage();
    await page.goto(world.worker.base, { waitUntil: 'load' });
    await decide(page, () => action(page, 'accept').click());
    await waitFor('what vendors store', async () => (await trackerTraces(page)).length > 0);
    const cookie = (await page.context().cookies(world.worker.base)).find(({ name }) => name === '__Host-postern');
    const held = `${cookie.name}=${cookie.value}`;
    assert.equal((await receiptsOf(held)).length, 1);
    await openSettings(page);
    await dialog(page).locator('details[data-postern-receipt] summary').click();
    await action(page, 'erase').click();
    await banner(page).waitFor();
    await world.settle();
    await page.reload({ waitUntil: 'load' });
    await banner(page).waitFor();
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await trackerTraces(page), []);
    assert.deepEqual((await cookiesOf(page)).filter(({ name }) => name === '__Host-postern'), []);
    // Who kept a copy of the cookie finds nothing either.
    assert.deepEqual(await receiptsOf(held), []);
    await page.context().close();
  });
});

describe('on the page without scripts', () => {
  it('they are erased by a form', async () => {
    const page = await world.newPage({ javaScriptEnabled: false });
    await page.goto(world.worker.base, { waitUntil: 'load' });
    await action(page, 'reject').click(WITHOUT_SCRIPTS);
    await page.goto(`${world.worker.base}/_postern/consent`, { waitUntil: 'load' });
    assert.equal(await page.locator('[data-receipt]').count(), 1);
    await page.locator('details:has([action$="/erase"]) summary').click(WITHOUT_SCRIPTS);
    await page.locator('[action$="/erase"] button').click(WITHOUT_SCRIPTS);
    await page.locator('[data-receipt]').waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/_postern/consent');
    assert.deepEqual((await cookiesOf(page)).filter(({ name }) => name === '__Host-postern'), []);
    await page.context().close();
  });
});

describe('on the wire', () => {
  const own = () => ({ origin: world.worker.base, 'sec-fetch-site': 'same-origin' });

  it('nobody erases from elsewhere, or what is not theirs', async () => {
    const decided = await postDecision(world.worker, { change: { choice: 'reject' } });
    const cookie = consentCookie(decided);
    for (const [what, headers] of [
      ['another site', { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
      ['nobody knows where', { cookie }],
      ['another site by form', { cookie, origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }],
    ]) {
      const refused = await send(world.worker.port, ERASE, { method: 'POST', headers });
      assert.equal(refused.status, 403, what);
      assert.deepEqual(valuesOf(refused, 'set-cookie'), [], what);
      assert.equal((await receiptsOf(cookie)).length, 1, what);
    }
    // A forged choice names nobody: the browser forgets it, the record stands.
    const forged = await send(world.worker.port, ERASE, { method: 'POST', headers: { ...own(), cookie: `${cookie}x` } });
    assert.equal(forged.status, 200);
    assert.equal((await receiptsOf(cookie)).length, 1);
  });

  it('an erasure takes all of one visitor, is idempotent, and leaves the others', async () => {
    const other = consentCookie(await postDecision(world.worker, { change: { choice: 'accept' } }));
    const first = await postDecision(world.worker, { change: { choice: 'accept' } });
    const second = await postDecision(world.worker, { change: { choice: 'withdraw', layer: 2 }, headers: { cookie: consentCookie(first) } });
    const cookie = consentCookie(second);
    assert.equal((await receiptsOf(cookie)).length, 2);
    for (const turn of ['first', 'again']) {
      const erased = await send(world.worker.port, ERASE, { method: 'POST', headers: { ...own(), cookie: `${cookie}; _ga=GA1.1.1.1` } });
      assert.equal(erased.status, 200, turn);
      const { granted, answered, token } = JSON.parse(readText(erased));
      assert.deepEqual([granted, answered, token], [['necessary'], false, undefined]);
      const cookies = valuesOf(erased, 'set-cookie');
      assert.ok(cookies.includes('__Host-postern=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax'), cookies.join('\n'));
      assert.ok(cookies.some((line) => line.startsWith('_ga=; ')), cookies.join('\n'));
      assert.match(valueOf(erased, 'clear-site-data'), /"cache"/);
      assert.deepEqual(await receiptsOf(cookie), [], turn);
    }
    assert.equal((await receiptsOf(other)).length, 1);
  });

  it('receipts of another site are for its registered pages alone', async () => {
    for (const [origin, status] of [[world.originBase, 200], ['https://evil.example', 403]]) {
      const answer = await send(registrar.port, RECEIPTS, { method: 'POST', headers: { origin, 'content-type': 'text/plain' }, body: 'x' });
      assert.equal(answer.status, status, origin);
      assert.equal(valueOf(answer, 'access-control-allow-origin'), status === 200 ? origin : undefined);
    }
    // A page of another site that sends the visitor's own cookie reads nothing with it.
    const answer = await send(registrar.port, RECEIPTS, { headers: { origin: world.originBase } });
    assert.equal(answer.status, 403);
  });
});
