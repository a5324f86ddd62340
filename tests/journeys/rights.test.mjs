// What visitors do with their receipts: copy a receipt's name, take them along, erase them; in the settings and on the page without
// scripts. On a site that is not behind the Worker: drop-in.test.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import jsonld from 'jsonld';
import { QUIET_MS, ROOT, WITHOUT_SCRIPTS, action, banner, categorySwitch, choiceCookies, decide, describeRequests, openSettings, startWorld, trackerTraces, waitFor } from './harness.mjs';
import { countedOf } from './figures.mjs';
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
    await world.settle(QUIET_MS);
    await page.reload({ waitUntil: 'load' });
    await banner(page).waitFor();
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await trackerTraces(page), []);
    assert.deepEqual(await choiceCookies(page), []);
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
    assert.deepEqual(await choiceCookies(page), []);
    await page.context().close();
  });
});

describe('restricted', () => {
  /** Does that, and waits for the page it leads to. */
  const settled = (page, act) => Promise.all([page.waitForEvent('load'), act()]);

  it('by a form and lifted by another, they leave the figures and come back; the choice stays', async () => {
    const worker = await world.startWorker({ dashboard: true });
    const acts = async () => Object.entries(await countedOf(worker)).map(([name, count]) => `${name} ${count}`);
    const page = await world.newPage({ javaScriptEnabled: false });
    await page.goto(worker.base, { waitUntil: 'load' });
    await settled(page, () => action(page, 'accept').click(WITHOUT_SCRIPTS));
    await waitFor('the figures', async () => (await acts()).includes('accepted 1'));
    await page.goto(`${worker.base}/_postern/consent`, { waitUntil: 'load' });
    await page.locator('details:has([action$="/restrict"]) summary').click(WITHOUT_SCRIPTS);
    await settled(page, () => page.locator('[name="restrict"][value="yes"]').click(WITHOUT_SCRIPTS));
    await page.locator('[name="restrict"][value="no"]').waitFor();
    assert.match(await page.locator('main').textContent(), /Your receipts are restricted: they are kept, and used for nothing else\./);
    assert.ok((await acts()).includes('accepted 0'), `${await acts()}`);
    // Another act while they are restricted is on record, and not in the figures either.
    await settled(page, () => page.locator('button[name="choice"][value="withdraw"]').click(WITHOUT_SCRIPTS));
    await page.goto(`${worker.base}/_postern/consent`, { waitUntil: 'load' });
    assert.equal(await page.locator('[data-receipt]').count(), 2);
    assert.ok((await acts()).includes('withdrawn 0'), `${await acts()}`);
    await settled(page, () => page.locator('[name="restrict"][value="no"]').click(WITHOUT_SCRIPTS));
    await page.locator('[name="restrict"][value="yes"]').waitFor({ state: 'attached' });
    const again = await acts();
    assert.ok(again.includes('accepted 1') && again.includes('withdrawn 1'), `${again}`);
    await page.context().close();
    await worker.stop();
  });

  it('by nobody from elsewhere, and by nothing that is not the form', async () => {
    const cookie = consentCookie(await postDecision(world.worker, { change: { choice: 'accept' } }));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const own = { origin: world.worker.base, 'sec-fetch-site': 'same-origin' };
    for (const [headers, body, status] of [
      [{ ...form, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'restrict=yes', 403],
      [{ ...form }, 'restrict=yes', 403],
      [{ ...form, ...own }, 'restrict=maybe', 400],
      [{ ...form, ...own }, 'restrict=yes&restrict=no', 400],
      [{ ...form, ...own }, '', 400],
    ]) {
      const answer = await send(world.worker.port, '/_postern/restrict', { method: 'POST', headers: { cookie, ...headers }, body });
      assert.equal(answer.status, status, body);
    }
    assert.doesNotMatch(readText(await send(world.worker.port, '/_postern/consent', { headers: { accept: 'text/html', cookie } })), /value="no"/);
  });
});

describe('in the words of others', () => {
  const read = async (cookie, form) => {
    const answer = await send(world.worker.port, `/_postern/consent/receipts.${form}`, { headers: { cookie } });
    assert.equal(answer.status, 200);
    assert.match(valueOf(answer, 'cache-control'), /no-store/);
    return [valueOf(answer, 'content-type'), JSON.parse(readText(answer))];
  };
  let cookie;
  before(async () => {
    const first = consentCookie(await postDecision(world.worker, { change: { choice: 'accept' } }));
    cookie = consentCookie(await postDecision(world.worker, { change: { choice: 'withdraw' }, headers: { cookie: first } }));
  });

  it('they are linked data that a library reads, with nothing to fetch', async () => {
    const [type, records] = await read(cookie, 'jsonld');
    assert.equal(type, 'application/ld+json');
    const documentLoader = (url) => { throw new Error(`${url} would be fetched`); };
    const quads = await jsonld.toRDF(records, { documentLoader });
    const DPV = 'https://w3id.org/dpv#';
    const objects = (predicate) => quads.filter((quad) => quad.predicate.value === DPV + predicate).map((quad) => quad.object.value);
    const types = quads.filter((quad) => quad.predicate.value.endsWith('#type')).map((quad) => quad.object.value.replace(DPV, ''));
    const count = (name) => types.filter((one) => one === name).length;
    assert.deepEqual([count('ConsentRecord'), count('ConsentGiven'), count('ConsentWithdrawn'), count('ConsentRefused')], [2, 4, 4, 0]);
    assert.equal(objects('hasDataSubject').length, 2);
    assert.equal(new Set(objects('hasDataSubject')).size, 1);
    assert.equal(objects('hasConsentControl')[0], `${world.worker.base}/_postern/consent`);
    assert.ok(quads.some((quad) => quad.predicate.value === DPV + 'isIndicatedAtTime' && quad.object.datatype.value.endsWith('#dateTime')));
    const bases = objects('hasLegalBasis');
    assert.deepEqual([...new Set(bases)], ['https://w3id.org/dpv/legal/eu/gdpr#A6-1-a']);
    // Each member of the document means something: none was dropped for want of a name.
    await jsonld.expand(records, { documentLoader, safe: true });
  });

  it('they are Kantara receipts where something was given', async () => {
    const [type, receipts] = await read(cookie, 'kantara.json');
    assert.equal(type, 'application/json');
    assert.equal(receipts.length, 1);
    const [receipt] = receipts;
    assert.equal(receipt.version, 'KI-CR-v1.1.0');
    assert.ok(Number.isInteger(receipt.consentTimestamp) && Math.abs(receipt.consentTimestamp - Date.now() / 1000) < 600);
    assert.deepEqual(receipt.services[0].purposes.map(({ purposeCategory: [category] }) => category), ['functional', 'analytics', 'marketing', 'social']);
    assert.ok(receipt.services[0].purposes.every(({ thirdPartyDisclosure, thirdPartyName }) => thirdPartyDisclosure === !!thirdPartyName));
  });

  it('who has none is given none, and what a receipt is can be read by anyone', async () => {
    for (const form of ['jsonld', 'kantara.json']) assert.deepEqual((await read('', form))[1], []);
    const schema = await send(world.worker.port, '/_postern/receipt.schema.json', { headers: { origin: 'https://auditor.example' } });
    assert.equal(valueOf(schema, 'access-control-allow-origin'), '*');
    const { required } = JSON.parse(readText(schema));
    const [{ receipt }] = JSON.parse(readText(await send(world.worker.port, RECEIPTS, { headers: { cookie } }))).receipts;
    // Receipts from before versions were in the log have none.
    assert.deepEqual(Object.keys(receipt).sort(), [...required, 'release'].sort());
  });
});

describe('a signal over an older grant', () => {
  const visit = (cookie, headers = {}) => send(world.worker.port, '/', { headers: { accept: 'text/html', cookie, ...headers } });
  const granted = (answer) => /data-postern-state="(\w\w)\|/.exec(readText(answer))[1];

  it('is an act on record, once, and what it took stays taken', async () => {
    const accepted = consentCookie(await postDecision(world.worker, { change: { choice: 'accept' } }));
    const gpc = { 'sec-gpc': '1' };
    // Two tabs at once, and a third with the old cookie: one act.
    const answers = await Promise.all([visit(accepted, gpc), visit(accepted, gpc)]);
    answers.push(await visit(accepted, gpc));
    const cookies = answers.map(consentCookie);
    assert.equal(new Set(cookies).size, 1, `${cookies}`);
    assert.ok(cookies[0] && cookies[0] !== accepted);
    for (const answer of answers) assert.match(valueOf(answer, 'cache-control'), /private.*no-store|no-store.*private/);
    const receipts = (await receiptsOf(accepted)).map(({ receipt }) => receipt);
    assert.deepEqual(receipts.map(({ method, outcome }) => `${method} ${outcome}`), ['gpc partial', 'layer1.accept_all accepted']);
    assert.deepEqual(receipts[0].purposes.map(({ id, state }) => `${id} ${state}`), [
      'functional ConsentGiven', 'analytics ConsentGiven', 'marketing ConsentWithdrawn', 'social ConsentGiven',
    ]);
    assert.equal(receipts[0].previous, receipts[1].receipt_id);
    // The cookie keeps minutes, so what is left of it holds to the minute as long.
    assert.equal(receipts[0].valid_until.slice(0, 16), receipts[1].valid_until.slice(0, 16));
    assert.equal(receipts[0].signals.gpc, true);
    // The signal goes, and what it took is not given back; heard again, it is nothing new.
    const without = await visit(cookies[0]);
    assert.deepEqual([granted(without), consentCookie(without)], ['17', undefined]);
    assert.equal(consentCookie(await visit(cookies[0], gpc)), undefined);
    assert.equal((await receiptsOf(accepted)).length, 2);
  });

  it('that takes nothing is no act', async () => {
    const cookie = consentCookie(await postDecision(world.worker, { change: { choice: 'save', categories: ['analytics'], layer: 2 } }));
    assert.equal(consentCookie(await visit(cookie, { 'sec-gpc': '1' })), undefined);
    assert.equal(consentCookie(await visit('', { 'sec-gpc': '1' })), undefined);
    assert.equal((await receiptsOf(cookie)).length, 1);
  });

  it('binds the page whether or not it can be put on record', async () => {
    const full = await world.startWorker({ vars: { LEDGER_BYTES_MAX: '1' }, cookieKey: world.worker.cookieKey });
    const accepted = consentCookie(await postDecision(world.worker, { change: { choice: 'accept' } }));
    const answer = await send(full.port, '/', { headers: { accept: 'text/html', cookie: accepted, 'sec-gpc': '1' } });
    assert.deepEqual([answer.status, consentCookie(answer), granted(answer)], [200, undefined, '17']);
    await full.stop();
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
      for (const name of ['__Host-postern', '__Host-postern-asked']) assert.ok(cookies.includes(`${name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`), cookies.join('\n'));
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
