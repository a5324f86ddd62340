// Several ways to ask, side by side: who is asked how, that it stays so, what the receipt says of it, who is counted, and how it ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { NOON, countedOf, dayNumber, loadCells, policyIn, readCells } from './figures.mjs';
import { BATCH_MS, ROOT, WITHOUT_SCRIPTS, action, banner, decide, makeFolder, sleep, startWorld, waitFor } from './harness.mjs';
import { askedCookie, consentCookie, postDecision, readDashboard, readText, send, valuesOf, readPolicy } from './wire.mjs';

const OWN = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const DAY_MS = 86_400_000;
const date = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const TITLE = 'Which cookies may we set?';

/** The shop's policy with an experiment: another place on the page, and another place and other words. */
function trying({ name = 'place', from = date(-2), until = date(2), more = '' } = {}) {
  return `${OWN}\n[experiment]\nname = "${name}"\nfrom = ${from}\nuntil = ${until}\n${more}\n[experiment.variants.corner]\nlayout = "box"\n`
    + `[experiment.variants.words]\nlayout = "centre"\n[experiment.variants.words.texts]\ntitle = "${TITLE}"\n`;
}
const LAYOUT_OF = { control: 'bar', corner: 'box', words: 'centre' };

const COOKIE_KEY = randomBytes(32).toString('hex');
let world;
before(async () => { world = await startWorld({ dashboard: true, vars: { POLICY: trying() } }); });
after(() => world?.close());

const page = async (worker, headers = {}) => send(worker.port, '/', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': BROWSER, ...headers } });
const wayOf = (answer) => /^__Host-postern-asked=[0-9a-f]{8}\.place\.([a-z]+)$/.exec(askedCookie(answer) ?? '')?.[1];
/** The cookie of who was asked, and in which way. No bot, as which `readPolicy` asks, is counted. */
const askedSo = async (worker, more = '') => `__Host-postern-asked=${(await readPolicy(worker)).slice(0, 8)}${more}`;
const layoutOf = (answer) => /data-postern-layout="([a-z]+)"|class="[^"]*\b(bar|box|centre)\b/.exec(readText(answer))?.slice(1).find(Boolean);
const policyOf = (answer) => /data-postern-policy="([^"]+)"/.exec(readText(answer))?.[1];
const receiptsOf = async (worker, cookie) => JSON.parse(readText(await send(worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }))).receipts;

describe('who is asked', () => {
  it('is asked in one of the ways, each as likely as the others, and the cookie says in which', async () => {
    const counts = { control: 0, corner: 0, words: 0 };
    for (let index = 0; index < 150; index += 1) {
      const answer = await page(world.worker);
      const way = wayOf(answer);
      assert.ok(way in counts, `${consentCookie(answer)}`);
      assert.equal(layoutOf(answer), LAYOUT_OF[way]);
      assert.equal(readText(answer).includes(TITLE), way === 'words');
      counts[way] += 1;
    }
    // Fifty are to be expected of each; fewer than 22 come by chance less than once in a million runs.
    for (const [way, count] of Object.entries(counts)) assert.ok(count >= 22, `${way}: ${count}`);
  });

  it('stays asked so for their session, on every page, and gets no other cookie', async () => {
    for (const way of Object.keys(LAYOUT_OF)) {
      for (let index = 0; index < 5; index += 1) {
        const answer = await page(world.worker, { cookie: await askedSo(world.worker, `.place.${way}`) });
        assert.equal(layoutOf(answer), LAYOUT_OF[way]);
        assert.deepEqual([askedCookie(answer), consentCookie(answer)], [undefined, undefined]);
      }
    }
  });

  it('is asked as the site does, and has no part in it, if they were asked before it began or name what is no way', async () => {
    for (const value of ['', '.other.corner', '.place.', '.place.none', '.place', '.place.corner.1', '..', '.place.CORNER']) {
      const answer = await page(world.worker, { cookie: await askedSo(world.worker, value) });
      assert.equal(layoutOf(answer), 'bar', value);
      assert.equal(askedCookie(answer), undefined, value);
    }
    const bot = await page(world.worker, { 'user-agent': 'Googlebot/2.1' });
    assert.equal(layoutOf(bot), 'bar');
    assert.equal(askedCookie(bot), undefined);
  });

  it('grants nothing by any of these cookies', async () => {
    for (const cookie of [await askedSo(world.worker, '.place.corner'), await askedSo(world.worker, '.place.none'), '__Host-postern-asked=x', '__Host-postern=asked', '__Host-postern=asked.place.corner']) {
      const held = readText(await page(world.worker, { cookie }));
      assert.match(held, /data-postern-src="https:\/\/www\.googletagmanager\.com/);
    }
  });
});

describe('an answer', () => {
  it('is recorded as given to the way that asked, and can be shown again as it was', async () => {
    const hashes = new Set();
    for (const [way, layout] of Object.entries(LAYOUT_OF)) {
      const asked = { cookie: await askedSo(world.worker, `.place.${way}`) };
      const policy = policyOf(await page(world.worker, asked));
      const answer = await postDecision(world.worker, { change: { policy }, headers: { ...asked, 'user-agent': BROWSER } });
      assert.equal(answer.status, 200, readText(answer));
      const [{ receipt }] = await receiptsOf(world.worker, consentCookie(answer));
      hashes.add(receipt.policy_sha256);
      const shown = await send(world.worker.port, `/_postern/shown?receipt=${receipt.receipt_id}`, { headers: { authorization: `Bearer ${world.worker.token}` } });
      assert.equal(shown.status, 200, readText(shown));
      const then = JSON.parse(readText(shown)).page;
      assert.equal(layoutOf({ headers: [], body: Buffer.from(then) }), layout);
      assert.equal(then.includes(TITLE), way === 'words');
      // Who takes their receipts along reads who is who in each.
      const dpv = await send(world.worker.port, '/_postern/consent/receipts.jsonld', { headers: { cookie: consentCookie(answer) } });
      assert.match(readText(dpv), /Luxmoor Ltd/);
    }
    assert.equal(hashes.size, 3);
  });

  it('is refused if it names a way that there is none of, and a refusal is recorded all the same', async () => {
    const policy = policyOf(await page(world.worker, { cookie: await askedSo(world.worker, '.place.corner') }));
    assert.match(policy, /^[0-9a-f]{8}_\d+\.1_/);
    const none = policy.replace('.1_', '.7_');
    assert.equal((await postDecision(world.worker, { change: { policy: none } })).status, 409);
    for (const wrong of [policy.replace('.1_', '.x_'), policy.replace('.1_', '._'), policy.replace('.1_', '.-1_')]) {
      assert.equal((await postDecision(world.worker, { change: { policy: wrong } })).status, 409, wrong);
    }
    const refusal = await postDecision(world.worker, { change: { choice: 'reject', policy: none } });
    assert.equal(refusal.status, 200, readText(refusal));
  });
});

describe('in a browser', () => {
  it('a visitor is asked in the same way until they answer, by the settings too, and what they granted runs', async () => {
    const visitor = await world.newPage();
    await visitor.goto(`${world.base}/`);
    const [cookie] = (await visitor.context().cookies()).filter(({ name }) => name === '__Host-postern-asked');
    const way = cookie.value.split('.')[2];
    assert.equal(cookie.expires, -1);
    const layout = () => banner(visitor).first().evaluate((element) => getComputedStyle(element).maxWidth + getComputedStyle(element).insetInlineStart + getComputedStyle(element).position);
    const first = await layout();
    await visitor.goto(`${world.base}/?again`);
    assert.equal(await layout(), first);
    await visitor.goto(`${world.base}/_postern/consent`);
    assert.match(await visitor.content(), new RegExp(`name="policy" value="[0-9a-f]{8}_\\d+${way === 'control' ? '_' : `\\.${way === 'corner' ? 1 : 2}_`}`));
    await visitor.goto(`${world.base}/`);
    await decide(visitor, () => action(visitor, 'accept').click());
    await waitFor('Google to be asked', async () => (await world.recorder.requests()).some(({ host }) => host === 'www.googletagmanager.com'));
    await visitor.goto(`${world.base}/?later`);
    assert.equal(await action(visitor, 'accept').count(), 0);
    assert.deepEqual(visitor.faults, []);
    await visitor.context().close();
    await world.settle();
  });

  it('a visitor without scripts answers in the way they were asked', async () => {
    const visitor = await world.newPage({ javaScriptEnabled: false });
    // One in three is asked in these words; forty draws without them come less than once in ten million runs.
    for (let draw = 0; draw < 40; draw += 1) {
      await visitor.context().clearCookies();
      await visitor.goto(`${world.base}/`);
      if ((await visitor.context().cookies()).some(({ value }) => value.endsWith('.place.words'))) break;
    }
    await visitor.goto(`${world.base}/?again`);
    assert.match(await visitor.content(), new RegExp(TITLE.replace('?', '\\?')));
    await Promise.all([visitor.waitForNavigation(), action(visitor, 'reject').click(WITHOUT_SCRIPTS)]);
    const [cookie] = (await visitor.context().cookies()).filter(({ name }) => name === '__Host-postern');
    const [{ receipt }] = await receiptsOf(world.worker, `__Host-postern=${cookie.value}`);
    assert.equal(receipt.method, 'layer1.reject_all');
    await visitor.context().close();
  });
});

describe('the figures', () => {
  it('count who is asked and who answers by the way, and nobody who has no part in it', async () => {
    const worker = await world.startWorker({ dashboard: true, vars: { POLICY: trying() } });
    const firsts = { control: 0, corner: 0, words: 0 };
    for (let index = 0; index < 12; index += 1) firsts[wayOf(await page(worker))] += 1;
    await page(worker, { cookie: await askedSo(worker) });
    const answered = async (value, choice) => {
      const headers = { cookie: await askedSo(worker, value), 'user-agent': BROWSER };
      const answer = await postDecision(worker, { change: { choice, policy: policyOf(await page(worker, headers)) }, headers });
      assert.equal(answer.status, 200, readText(answer));
    };
    await answered('.place.corner', 'accept');
    await answered('.place.corner', 'reject');
    await answered('.place.control', 'accept');
    await answered('', 'accept');
    await waitFor('the counts', async () => {
      const { first, accepted, refused } = await countedOf(worker);
      return first >= 12 && accepted >= 3 && refused >= 1;
    });
    // And no more comes.
    await sleep(BATCH_MS);
    const all = await countedOf(worker);
    assert.deepEqual([all.first, all.accepted, all.refused], [12, 3, 1]);
    const cells = readCells(worker);
    const of = (way) => { const { first = 0, accepted = 0, refused = 0 } = cells[`variant/place.${way}`] ?? {}; return { first, accepted, refused }; };
    assert.deepEqual(of('corner'), { first: firsts.corner, accepted: 1, refused: 1 });
    assert.deepEqual(of('control'), { first: firsts.control, accepted: 1, refused: 0 });
    assert.deepEqual(of('words'), { first: firsts.words, accepted: 0, refused: 0 });
    assert.deepEqual(Object.keys(cells).filter((name) => name.startsWith('variant/') && !/place\.(control|corner|words)$/.test(name)), []);
    await worker.stop();
  });
});

describe('an experiment', () => {
  it('is not on before its first day, after its last, or once it has a winner', async () => {
    for (const [change, layout, title] of [
      [{ from: date(2), until: date(9) }, 'bar', false],
      [{ from: date(-9), until: date(-2) }, 'bar', false],
      [{ more: 'winner = "control"' }, 'bar', false],
      [{ more: 'winner = "words"' }, 'centre', true],
    ]) {
      const worker = await world.startWorker({ vars: { POLICY: trying(change) } });
      for (let index = 0; index < 6; index += 1) {
        const answer = await page(worker);
        assert.match(askedCookie(answer), /^__Host-postern-asked=[0-9a-f]{8}$/);
        assert.equal(layoutOf(answer), layout, JSON.stringify(change));
        assert.equal(readText(answer).includes(TITLE), title);
      }
      await worker.stop();
    }
  });

  it('ends with nobody asked anew: what was granted under any way holds', async () => {
    const state = makeFolder();
    const during = await world.startWorker({ state, cookieKey: COOKIE_KEY, vars: { POLICY: trying() } });
    const cookies = [];
    for (const way of Object.keys(LAYOUT_OF)) {
      const headers = { cookie: await askedSo(during, `.place.${way}`) };
      const answer = await postDecision(during, { change: { policy: policyOf(await page(during, headers)) }, headers });
      assert.equal(answer.status, 200, readText(answer));
      cookies.push(consentCookie(answer));
    }
    await during.stop();
    for (const policy of [trying({ more: 'winner = "corner"' }), OWN]) {
      const later = await world.startWorker({ state, cookieKey: COOKIE_KEY, vars: { POLICY: policy } });
      for (const cookie of cookies) {
        const answer = await page(later, { cookie });
        assert.doesNotMatch(readText(answer), /data-consent-action="accept"/);
        assert.match(readText(answer), / src="https:\/\/www\.googletagmanager\.com/);
        assert.equal((await receiptsOf(later, cookie)).length, 1);
      }
      await later.stop();
    }
  });

  it('is refused where a way would not be as fair as the site’s own, and nobody is asked then', async () => {
    const dark = trying().replace('\n[experiment.variants.words]', '\naccept_colour = "#00ff00"$&');
    const worker = await world.startWorker({ vars: { POLICY: dark }, health: 503 });
    assert.match(readText(await send(worker.port, '/_postern/health')), /experiment\.variants\.corner\.accept_colour: unknown key; use one of layout, theme, texts/);
    assert.doesNotMatch(readText(await page(worker)), /data-consent-action="accept"/);
    assert.deepEqual(valuesOf(await page(worker), 'set-cookie').filter((line) => line.startsWith('__Host-postern=')), []);
    await worker.stop();
  });
});

describe('the dashboard', () => {
  // A day counts as over an hour after its end: at noon the one before does.
  const today = dayNumber(NOON);
  const cell = (day, dimension, value, [first, accepted, refused]) => `${day}\t${dimension}\t${value}\t0:${first * 3} 2:${first * 2} 3:${first} 6:${accepted} 7:${refused} 16:${accepted + refused} 17:${accepted}`;
  const cells = (days, ways) => Array.from({ length: days }, (_, place) => today - 1 - place).flatMap((day) => [
    cell(day, 'all', '', Object.values(ways).reduce((sum, way) => sum.map((count, place) => count + way[place]), [40, 10, 10])),
    ...Object.entries(ways).map(([way, counts]) => cell(day, 'variant', `place.${way}`, counts)),
  ]).join('\n');
  const policy = policyIn(NOON, trying({ from: date(-9), until: date(9), more: 'expected = 35' }));
  const ask = async (worker, path) => JSON.parse(readText(await send(worker.port, `/_postern/api/v1/${path}`, { headers: { authorization: `Bearer ${worker.token}` } })));

  /** A Worker with these figures of the days before. */
  async function withFigures(days, ways) {
    const state = makeFolder();
    const options = { dashboard: true, state, vars: { POLICY: policy } };
    const first = await world.startWorker(options);
    await page(first);
    await waitFor('a page to be counted', () => readCells(first)['all/']?.views === 1);
    await first.stop();
    loadCells(state, cells(days, ways));
    const worker = await world.startWorker(options);
    await waitFor('the figures', async () => (await ask(worker, 'figures')).published);
    return worker;
  }

  async function logInPage(worker) {
    const reader = await world.newPage();
    await reader.goto(`${worker.base}/_postern/login`);
    await reader.locator('[name="token"]').fill(worker.token);
    await Promise.all([reader.waitForNavigation(), reader.locator('form :is(button, input[type="submit"])').first().click()]);
    await reader.locator('#experiment-ways tbody tr').nth(2).waitFor();
    return reader;
  }

  it('says which way is better, what to write, and tells who keeps the site', async () => {
    const worker = await withFigures(5, { control: [2000, 700, 400], corner: [2010, 830, 420], words: [1990, 690, 410] });
    const { experiment } = await ask(worker, 'figures?days=7&segment=country:FR');
    assert.deepEqual([experiment.verdict, experiment.better, experiment.winner], ['better', 'corner', null]);
    assert.deepEqual(experiment.ways.map(({ name, asked, granted }) => [name, asked, granted]), [['control', 10_000, 3500], ['corner', 10_050, 4150], ['words', 9950, 3450]]);
    assert.ok(experiment.ways[1].p < 0.01 && experiment.ways[2].p > 0.05, JSON.stringify(experiment.ways));
    await waitFor('what must be seen to', async () => (await readDashboard(worker)).includes('data-alert="experiment"'));
    const markup = await readDashboard(worker);
    assert.match(markup, /“corner” is better: 41\.3\u00a0% of the browsers asked so said yes, 35\.0\u00a0% of those asked in the site’s own way/);
    assert.match(markup, /<pre><code>winner = &quot;corner&quot;<\/code><\/pre>/);
    const reader = await logInPage(worker);
    const { violations } = await new AxeBuilder({ page: reader }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`), []);
    if (process.env.POSTERN_PICTURES) {
      mkdirSync(process.env.POSTERN_PICTURES, { recursive: true });
      await reader.locator('#experiment').scrollIntoViewIfNeeded();
      await reader.screenshot({ path: join(process.env.POSTERN_PICTURES, 'experiment.png') });
      await reader.setViewportSize({ width: 390, height: 844 });
      await reader.locator('#experiment').scrollIntoViewIfNeeded();
      await reader.screenshot({ path: join(process.env.POSTERN_PICTURES, 'experiment-phone.png') });
    }
    await reader.context().close();
    await worker.stop();
  });

  it('is over once what the dashboard says stands in the policy: everybody is asked so, and the result stays', async () => {
    const during = await withFigures(5, { control: [2000, 700, 400], corner: [2010, 830, 420], words: [1990, 690, 410] });
    const reader = await logInPage(during);
    // As somebody copies it from the page: what it says, and where it says that it goes.
    const [section] = await reader.locator('p:has(+ pre) code').allInnerTexts();
    const line = (await reader.locator('p:has(code) + pre > code').innerText()).trim();
    await reader.context().close();
    await during.stop();
    assert.equal(policy.split(`\n${section}\n`).length, 2, section);
    const adopted = policy.replace(`\n${section}\n`, `\n${section}\n${line}\n`);
    const file = join(makeFolder(), 'postern.toml');
    writeFileSync(file, adopted);
    const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-cli', '--', 'check', file], { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);

    const worker = await world.startWorker({ dashboard: true, state: during.state, cookieKey: during.cookieKey, vars: { POLICY: adopted } });
    for (let index = 0; index < 12; index += 1) {
      const answer = await page(worker);
      assert.equal(layoutOf(answer), LAYOUT_OF.corner);
      assert.match(askedCookie(answer), /^__Host-postern-asked=[0-9a-f]{8}$/, 'in no way of several');
    }
    const { experiment } = await ask(worker, 'figures');
    assert.deepEqual([experiment.verdict, experiment.better, experiment.winner], ['better', 'corner', 'corner']);
    assert.deepEqual(experiment.ways.map(({ asked, granted }) => [asked, granted]), [[10_000, 3500], [10_050, 4150], [9950, 3450]]);
    await waitFor('nothing to see to', async () => !(await readDashboard(worker)).includes('data-alert="experiment"'));
    const markup = await readDashboard(worker);
    assert.match(markup, /It is over: everybody is asked like “corner”\./);
    assert.doesNotMatch(markup, /winner =/, 'nothing is left to write');
    await worker.stop();
  });

  it('goes on while it is not known, and puts days together until each way can be told apart', async () => {
    const worker = await withFigures(3, { control: [200, 70, 40], corner: [200, 71, 40], words: [200, 4, 2] });
    const { experiment } = await ask(worker, 'figures');
    assert.deepEqual([experiment.verdict, experiment.better], ['undecided', null]);
    // On a day six answer in one of them, on two days twelve; the third day waits for a fourth.
    assert.deepEqual(experiment.ways.map(({ asked }) => asked), [400, 400, 400]);
    assert.match(await readDashboard(worker), /Not decided yet: 400 of [\d,]+ browsers asked in each way/);
    await worker.stop();
  });

  it('has no such section where nothing is tried', async () => {
    const worker = await world.startWorker({ dashboard: true });
    assert.doesNotMatch(await readDashboard(worker), /id="experiment"/);
    assert.equal((await ask(worker, 'figures')).experiment, null);
    await worker.stop();
  });
});
