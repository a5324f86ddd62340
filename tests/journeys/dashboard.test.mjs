// The dashboard: who may see it, that its figures are what visitors did, and that none of them tells of a few. This file has a
// Worker of its own, so the numbers start at nothing.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { COUNTERS, NOON, countedOf, dayNumber, loadCells, openLedger, policyIn, readCells, withFirst } from './figures.mjs';
import { BATCH_MS, PHONE, ROOT, WITHOUT_SCRIPTS, action, banner, decide, makeFolder, openSettings, saveCategories, serveSite, sleep, startWorld, waitFor } from './harness.mjs';
import { askedCookie, consentCookie, ownerSession, postDecision, readDashboard, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
before(async () => { world = await startWorld({ dashboard: true }); });
after(() => world?.close());

async function logIn(token) {
  const page = await world.newPage();
  await page.goto(`${world.base}/_postern/login`);
  await page.locator('[name="token"]').fill(token);
  await Promise.all([page.waitForNavigation(), page.locator('form :is(button, input[type="submit"])').first().click()]);
  return page;
}

it('is not shown to who has not logged in', async () => {
  const answer = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html' } });
  assert.ok([302, 303, 401, 403].includes(answer.status), `status ${answer.status}`);
  const page = await world.newPage();
  await page.goto(`${world.base}/_postern/dashboard`);
  await page.locator('[name="token"]').waitFor();
  assert.equal(await page.locator('#today-title').count(), 0);
  await page.context().close();
});

it('refuses a wrong token, a forged session and an empty one', async () => {
  for (const token of ['wrong', `${world.worker.token}x`, world.worker.token.slice(0, -1)]) {
    const page = await logIn(token);
    assert.equal(await page.locator('#today-title').count(), 0);
    await page.goto(`${world.base}/_postern/dashboard`);
    assert.equal(await page.locator('#today-title').count(), 0);
    await page.context().close();
  }
  const answer = await send(world.worker.port, '/_postern/login', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: world.base, 'sec-fetch-site': 'same-origin' }, body: 'token=',
  });
  assert.ok(answer.status >= 400, `status ${answer.status}`);
  assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
  for (const name of ['session', '__Host-postern', '__Host-postern-login', '__Host-postern-session']) {
    const forged = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie: `${name}=${world.worker.token}` } });
    assert.notEqual(forged.status, 200, name);
  }
});

it('does not take a login from another site', async () => {
  const answer = await send(world.worker.port, '/_postern/login', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }, body: `token=${world.worker.token}`,
  });
  assert.equal(answer.status, 403);
  assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
});

it('is kept by no cache and shown in no frame', async () => {
  const page = await logIn(world.worker.token);
  const cookies = (await page.context().cookies()).map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
  const answer = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie: cookies } });
  assert.equal(answer.status, 200);
  assert.match(valueOf(answer, 'cache-control') ?? '', /no-store/);
  assert.match(`${valueOf(answer, 'content-security-policy')} ${valueOf(answer, 'x-frame-options')}`, /frame-ancestors 'none'|DENY/i);
  await page.context().close();
});

/** A visitor's browser, without one: what the edge is asked, and what it keeps of it. */
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const ask = (worker, path, headers = {}) => send(worker.port, path, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': FIREFOX, 'accept-language': 'de', ...headers } });

describe('what visitors do', () => {
  it('is counted, no more and no less', async () => {
    const visitors = [
      async (page) => decide(page, () => action(page, 'accept').click()),
      async (page) => decide(page, () => action(page, 'accept').click()),
      async (page) => decide(page, () => action(page, 'reject').click()),
      async (page) => saveCategories(page, ['analytics']),
      async (page) => {
        // Looks, looks again, and leaves: two pages, one browser asked.
        await page.goto(`${world.base}/`);
        await banner(page).waitFor();
      },
      async (page) => {
        await decide(page, () => action(page, 'accept').click());
        await openSettings(page);
        const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
        await action(page, 'withdraw').click();
        assert.ok((await acknowledged).status() < 400);
      },
    ];
    const start = await countedOf(world.worker);
    for (const act of visitors) {
      const page = await world.newPage();
      await page.goto(`${world.base}/`);
      await banner(page).waitFor();
      await act(page);
      await page.context().close();
    }
    const expected = { shown: 7, first: 6, accepted: 3, refused: 1, partial: 1, withdrawn: 1, functional: 3, analytics: 4, marketing: 3, social: 3, by_agent: 0, first_answered: 5, first_granted: 4 };
    let last;
    await waitFor('the totals', async () => {
      const now = await countedOf(world.worker);
      last = Object.fromEntries(Object.keys(expected).map((name) => [name, now[name] - start[name]]));
      return Object.keys(expected).every((name) => last[name] >= expected[name]);
    }).catch(() => { /* the comparison below says more */ });
    assert.deepEqual(last, expected);
  });

  it('is counted by what each dimension knows, from one receipt each', async () => {
    await waitFor('the figures', async () => {
      await readDashboard(world.worker);
      return readCells(world.worker)['layer/banner']?.accepted === 3;
    });
    const cells = readCells(world.worker);
    const answers = (cell) => [cells[cell]?.accepted ?? 0, cells[cell]?.partial ?? 0, cells[cell]?.refused ?? 0];
    assert.deepEqual(answers('layer/banner'), [3, 0, 1]);
    assert.deepEqual(answers('layer/settings'), [0, 1, 0]);
    assert.deepEqual(answers('page/home'), [3, 1, 1]);
    assert.deepEqual(answers('language/en'), [3, 1, 1]);
    assert.deepEqual(answers('client/computer/chrome'), [3, 1, 1]);
    assert.deepEqual(answers('signal/none'), [3, 1, 1]);
    // Where the platform finds this machine to be is its own affair.
    assert.deepEqual(answers(Object.keys(cells).find((cell) => cell.startsWith('place/EU/'))), [3, 1, 1]);
    const versions = Object.keys(cells).filter((cell) => cell.startsWith('version/'));
    assert.match(versions.join(' '), /^version\/[0-9a-f]{8}\/\d+$/, 'views and answers are of one version');
    const waits = Object.entries(cells).filter(([cell]) => cell.startsWith('wait/'));
    assert.equal(waits.reduce((sum, [, { accepted, partial, refused }]) => sum + accepted + partial + refused, 0), 5);
    // Each dimension of pages has them all.
    for (const dimension of ['place', 'client', 'version', 'language', 'page', 'signal']) {
      const views = Object.entries(cells).filter(([cell]) => cell.startsWith(`${dimension}/`)).reduce((sum, [, { views: own }]) => sum + own, 0);
      assert.equal(views, cells['all/'].views, dimension);
    }
  });

  it('asks a browser for the first time once, by a cookie that is the same for everybody', async () => {
    const before = await countedOf(world.worker);
    const read = readCells(world.worker)['language/en'];
    const first = await ask(world.worker, '/');
    const [line, ...more] = valuesOf(first, 'set-cookie').filter((set) => set.startsWith('__Host-postern'));
    const tag = (await readPolicy(world.worker)).slice(0, 8);
    assert.deepEqual([line, more], [`__Host-postern-asked=${tag}; Path=/; Secure; HttpOnly; SameSite=Lax`, []]);
    const again = await ask(world.worker, '/', { cookie: askedCookie(first) });
    assert.ok(!valuesOf(again, 'set-cookie').some((set) => set.startsWith('__Host-postern')));
    assert.match(readText(again), /data-consent-action="accept"/, 'and asks all the same');
    await waitFor('both pages', async () => (await countedOf(world.worker)).shown === before.shown + 2);
    assert.equal((await countedOf(world.worker)).first, before.first + 1);
    const { shown, first: asked } = readCells(world.worker)['language/en'];
    assert.deepEqual([shown - read.shown, asked - read.first], [2, 1], 'in the language of the page, whatever the browser asks for');
  });

  it('leaves bots and pages fetched ahead out, and says how many bots', async () => {
    const policy = await readPolicy(world.worker);
    await sleep(BATCH_MS);
    const before = await countedOf(world.worker);
    const bot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' };
    await ask(world.worker, '/', bot);
    // It has its receipt, as everybody has, and is in no rate.
    const answered = await postDecision(world.worker, { change: { policy }, headers: bot });
    assert.match(valueOf(answered, 'postern-receipt'), /^[0-9a-f-]{36}$/);
    await ask(world.worker, '/', { 'sec-purpose': 'prefetch' });
    await ask(world.worker, '/basket.html');
    await waitFor('the page and the bot', async () => {
      const now = await countedOf(world.worker);
      return now.views > before.views && now.bots > before.bots;
    });
    const now = await countedOf(world.worker);
    assert.deepEqual([now.views - before.views, now.bots - before.bots, now.accepted - before.accepted], [1, 1, 0]);
    assert.equal(readCells(world.worker)['page/basket'].views, 1);
  });

  it('is what the receipts say, each by itself, and what is restricted is not', async () => {
    const policy = await readPolicy(world.worker);
    const cookie = consentCookie(await postDecision(world.worker, { change: { choice: 'accept', policy } }));
    await waitFor('the figures', async () => (await countedOf(world.worker)).accepted === 4);
    const fromReceipts = () => {
      const ledger = openLedger(world.worker.state, { readOnly: true });
      const rows = ledger.prepare('SELECT outcome, facts FROM receipts WHERE subject NOT IN (SELECT subject FROM restrictions)').all();
      ledger.close();
      const sums = {};
      for (const { outcome, facts } of rows) {
        const words = facts.split('\t');
        // Nothing that a bot answers is in a figure.
        if (words.includes('bot')) continue;
        const cells = ['all/'];
        let isFirst = false;
        for (let place = 0; place < words.length; place += 2) {
          if (words[place] === 'first') isFirst = true;
          else if (words[place] !== 'agent') cells.push(`${words[place]}/${words[place + 1]}`);
        }
        const counters = [outcome, ...isFirst ? ['first_answered'] : [], ...isFirst && outcome !== 'refused' ? ['first_granted'] : []];
        for (const cell of cells) {
          // What an act did with a vendor is a thing, and no part of everybody.
          for (const counter of /^(gate|vendor)\//.test(cell) ? ['times'] : counters) (sums[cell] ??= {})[counter] = (sums[cell][counter] ?? 0) + 1;
        }
      }
      return sums;
    };
    const compare = () => {
      const cells = readCells(world.worker);
      for (const [cell, outcomes] of Object.entries(fromReceipts())) {
        for (const outcome of ['accepted', 'refused', 'partial', 'withdrawn', 'times', 'first_answered', 'first_granted']) assert.equal(cells[cell]?.[outcome] ?? 0, outcomes[outcome] ?? 0, `${cell} ${outcome}`);
      }
    };
    compare();
    const [own] = JSON.parse(readText(await send(world.worker.port, '/_postern/consent/receipts.json', { headers: { cookie } }))).receipts;
    assert.match(own.counted, /^client computer\/firefox signal none place EU\/\S+ version [0-9a-f]{8}\/\d+ page \? language en layer banner( gate released\/[a-z0-9-]+){6}$/, 'and who holds it is told');
    const post = (path, body) => send(world.worker.port, `/_postern/${path}`, { method: 'POST', body, headers: { cookie, origin: world.base, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' } });
    assert.ok((await post('restrict', 'restrict=yes')).status < 400);
    assert.equal(readCells(world.worker)['all/'].accepted, 3);
    compare();
    assert.ok((await post('restrict', 'restrict=no')).status < 400);
    assert.equal(readCells(world.worker)['all/'].accepted, 4);
    compare();
  });

  it('tells answers of programs apart from those of hands', async () => {
    const before = await countedOf(world.worker);
    const page = await world.newPage();
    // As an extension does: no key, no pointer, no driver's hand.
    await page.addInitScript(() => {
      const click = () => {
        const control = document.querySelector('#postern [data-consent-action="reject"]');
        if (control) control.click();
        else setTimeout(click, 50);
      };
      addEventListener('load', click);
    });
    const [answer] = await Promise.all([page.waitForResponse((response) => response.url().endsWith('/_postern/decision')), page.goto(`${world.base}/`)]);
    assert.equal(JSON.parse(answer.request().postData()).active, false);
    await waitFor('the answer', async () => (await countedOf(world.worker)).refused === before.refused + 1);
    assert.equal((await countedOf(world.worker)).by_agent, before.by_agent + 1);
    await page.context().close();
  });

  it('belongs to the day of where the site is', async () => {
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      const worker = await world.startWorker({ dashboard: true, vars: { POLICY: policyIn(zone) } });
      // It may end meanwhile.
      const days = [dayNumber(zone)];
      await ask(worker, '/');
      const day = await waitFor('the page', () => {
        const ledger = openLedger(worker.state, { readOnly: true });
        const row = ledger.prepare("SELECT day FROM cells WHERE dimension = 'all'").get();
        ledger.close();
        return row?.day;
      });
      days.push(dayNumber(zone));
      assert.ok(days.includes(day), `${zone}: ${day} is none of ${days}`);
      await worker.stop();
    }
    const worker = await world.startWorker({ vars: { POLICY: policyIn('Europe/Atlantis') } });
    assert.match(readText(await send(worker.port, '/_postern/health')), /figures\.time_zone: there is no zone "Europe\/Atlantis"/);
    await worker.stop();
  });

  it('is on the page of today only in steps', async () => {
    const today = readText(await send(world.worker.port, '/_postern/dashboard/today', { headers: { cookie: await ownerSession(world.worker) } }));
    assert.match(today, /<dd data-today="Browsers asked">10 or more<\/dd>|<dd data-today="Browsers asked">fewer than 10<\/dd>/);
    assert.doesNotMatch(today, /Answers|none/);
    const page = await readDashboard(world.worker);
    assert.match(page, /Nothing to show yet of these days/);
  });
});

/** Counts as they are stored. */
const counts = (each) => COUNTERS.map((name, place) => [place, each[name] ?? 0]).filter(([, count]) => count > 0).map(([place, count]) => `${place}:${count}`).join(' ');
const answered = (first, accepted, refused) => withFirst({ views: first * 3, shown: first, first, accepted, refused, analytics: accepted });

/** Forty days until yesterday: a curve for France, another for Germany, and Malta, where hardly anybody is. Of those who read Polish, ten answer on every other day. */
function fortyDays(today) {
  const lines = [];
  for (let day = today - 40; day < today; day += 1) {
    const cells = { 'EU/FR': answered(200, 40 + day % 7, 60), 'EU/DE': answered(100, 30, 40 + day % 5), 'EU/MT': answered(12, day % 2, 2) };
    const all = Object.values(cells).reduce((sum, cell) => Object.fromEntries(Object.keys(cell).map((name) => [name, (sum[name] ?? 0) + cell[name]])), {});
    lines.push([day, 'all', '', counts(all)], ...Object.entries(cells).map(([value, cell]) => [day, 'place', value, counts(cell)]));
    lines.push([day, 'language', 'fr', counts(answered(200, 40, 60))], [day, 'language', 'pl', counts(answered(40, 6, day % 2 ? 6 : 2))]);
    const of = (accepted, refused) => counts({ accepted, refused });
    lines.push([day, 'signal', 'gpc', counts(answered(30, 5, 20))], [day, 'signal', 'none', counts(answered(250, 60, 70))], [day, 'page', 'shop', counts(answered(150, 30, 40))]);
    lines.push([day, 'layer', 'banner', of(50, 60)], [day, 'layer', 'settings', of(12, 20)], [day, 'wait', '2-5', of(40, 30)], [day, 'wait', '15-60', of(12, 40)], [day, 'version', '1a2b3c4d/7', counts(answered(300, 60, 90))]);
    lines.push([day, 'client', 'phone/safari', counts(answered(200, 50, 50))], [day, 'gate', 'held/ga4', '15:500'], [day, 'gate', 'held/gtm', '15:9'], [day, 'vendor', 'youtube', '15:12']);
  }
  return lines.map((line) => line.join('\t')).join('\n');
}

describe('days gone by', () => {
  const state = join(makeFolder(), 'state');
  // A day counts as over an hour after its end: at noon the one before does.
  const today = dayNumber(NOON);
  const atNoon = { dashboard: true, state, vars: { POLICY: policyIn(NOON) } };
  const isoDay = (day) => new Date(day * 86_400_000).toISOString().slice(0, 10);
  const sum = (from, to, of) => Array.from({ length: to - from + 1 }, (_, place) => of(from + place)).reduce((all, one) => all + one, 0);
  let worker;
  let cookie;
  const api = async (path) => JSON.parse(readText(await send(worker.port, `/_postern/api/v1/${path}`, { headers: { authorization: `Bearer ${worker.token}` } })));

  before(async () => {
    worker = await world.startWorker(atNoon);
    await ask(worker, '/');
    await waitFor('a page to be counted', () => readCells(worker)['all/']?.views === 1);
    await worker.stop();
    loadCells(state, fortyDays(today));
    worker = await world.startWorker(atNoon);
    cookie = await ownerSession(worker);
    await waitFor('the figures', async () => !(await readDashboard(worker)).includes('being gathered'));
  });

  it('are added up over any days, and stand beside those before', async () => {
    const { whole, series } = await api('figures?days=30');
    const [from, to] = [today - 30, today - 1];
    assert.equal(whole.accepted, sum(from, to, (day) => 70 + day % 7 + day % 2));
    assert.equal(whole.refused, sum(from, to, (day) => 102 + day % 5));
    assert.equal(series.length, 30);
    assert.deepEqual([series[0].from, series.at(-1).to], [isoDay(from), isoDay(to)]);
    const { whole: france } = await api('figures?days=10&segment=country:FR');
    assert.equal(france.accepted, sum(today - 10, to, (day) => 40 + day % 7));
    const { whole: range } = await api(`figures?from=${isoDay(today - 20)}&to=${isoDay(today - 20)}&segment=country:FR`);
    assert.deepEqual([range.accepted, range.refused], [40 + (today - 20) % 7, 60]);
  });

  it('name nobody who is one of fewer than ten, wherever one looks', async () => {
    // Malta has twelve browsers a day, and two or three answers: it is among the others, with Germany, the next smallest.
    const { breakdowns } = await api('figures?days=30');
    assert.deepEqual(breakdowns.country.map(({ value }) => value), ['FR', 'other']);
    assert.equal(breakdowns.country[1].accepted, sum(today - 30, today - 1, (day) => 30 + day % 2));
    for (const path of ['dashboard?days=30', 'dashboard?days=1', 'api/v1/breakdown.csv?by=country&days=30', 'api/v1/figures?days=40', 'dashboard?segment=country:MT', 'metrics']) {
      const answer = await send(worker.port, `/_postern/${path}`, { headers: { cookie } });
      assert.equal(answer.status, 200, path);
      assert.doesNotMatch(readText(answer).replaceAll('country:MT', ''), /Malta\b(?!<\/h1>|<\/option>)|\bMT\b/, path);
    }
    assert.equal((await api('figures?days=30&segment=country:MT')).whole.views, 0);
  });

  it('are told by each thing that visits are told apart by, on the page and for programs', async () => {
    const { breakdowns } = await api('figures?days=30');
    const page = readText(await send(worker.port, '/_postern/dashboard?days=30', { headers: { cookie } }));
    for (const [level, value, share] of [
      ['country', 'FR', undefined], ['law', 'EU', undefined], ['device', 'phone', 0.5], ['browser', 'safari', 0.5], ['language', 'fr', 0.4], ['signal', 'gpc', 0.2], ['page', 'shop', 30 / 70],
      ['layer', 'settings', 12 / 32], ['wait', '15-60', 12 / 52], ['policy', '1a2b3c4d', 0.4], ['banner', '7', 0.4],
    ]) {
      const line = breakdowns[level].find((one) => one.value === value);
      assert.ok(line, `${level}: ${JSON.stringify(breakdowns[level].map((one) => one.value))}`);
      if (share !== undefined) assert.ok(Math.abs(line.of_answers.share - share) < 1e-9, `${level}: ${line.of_answers.share}`);
      const figure = new RegExp(`<figure class="chart" id="${level}".*?</figure>`, 's').exec(page)?.[0] ?? '';
      const row = new RegExp(`<tr data-value-of="${value}">.*?</tr>`, 's').exec(figure)?.[0] ?? '';
      assert.match(row, new RegExp(`<td data-value="${line.of_answers.share.toFixed(4)}">`), level);
    }
    assert.deepEqual(breakdowns.vendor.map(({ value, times }) => [value, times]), [['youtube', 360]]);
  });

  it('have a share of those asked only where a group is told apart on nearly all days, not on its busier ones', async () => {
    const { whole, breakdowns: { language } } = await api('figures?days=30');
    assert.deepEqual(language.map(({ value, told_apart: cover, of_asked: rate }) => [value, cover, rate?.share ?? null]), [['fr', 1, 0.2], ['pl', 0.5, null], ['other', 0, null]]);
    assert.deepEqual([whole.told_apart, whole.of_asked.share > 0.2], [null, true]);
    for (const [value, share] of [['fr', 0.2], ['pl', undefined]]) {
      const { whole: own, series } = await api(`figures?days=30&segment=language:${value}`);
      assert.deepEqual([own.of_asked?.share, own.of_answers.share > 0.3, new Set(series.map((point) => point.of_asked?.share))], [share, true, new Set([share])], value);
      const table = readText(await send(worker.port, `/_postern/api/v1/series.csv?days=30&segment=language:${value}`, { headers: { cookie } })).split('\r\n')[1];
      assert.equal(table.split(',').at(-5), share?.toFixed(6) ?? '', value);
      const page = readText(await send(worker.port, `/_postern/dashboard?days=30&segment=language:${value}`, { headers: { cookie } }));
      assert.equal(page.includes('It is told apart on days with 50\u00a0% of all that were asked'), share === undefined, value);
      assert.equal(page.includes('From the question to the answer'), share !== undefined, value);
    }
    const csv = readText(await send(worker.port, '/_postern/api/v1/breakdown.csv?by=language&days=30', { headers: { cookie } })).trim().split('\r\n');
    assert.deepEqual(csv.slice(1).map((line) => [line.split(',')[0], line.split(',').at(-5)]), [['fr', '0.200000'], ['pl', ''], ['other', '']]);
  });

  it('add up across the ends of months, and tell nothing that happened to a few', async () => {
    const page = readText(await send(worker.port, '/_postern/dashboard?days=40', { headers: { cookie } })).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    assert.match(page, /YouTube Social \d+ % 480 /, 'twelve a day, for forty days');
    assert.match(page, /Google Analytics 4 20,000 0 0 /);
    assert.doesNotMatch(page, /Google Tag Manager 360/);
    assert.deepEqual((await api('figures?days=40')).gate, [{ vendor: 'ga4', held: 20_000, released: 0, stripped: 0, refused: 0, anonymous: 0 }]);
  });

  it('have the last whole week in a sentence, whatever is asked and whoever is told', async () => {
    const sunday = today - ((today + 3) % 7 + 1);
    const { week } = await api('figures?days=3&segment=country:FR');
    assert.deepEqual([week.from, week.to, week.whole.first, week.before.first], [isoDay(sunday - 6), isoDay(sunday), 312 * 7, 312 * 7]);
    assert.match(week.text, /^luxmoor, the week until .* said yes .* 2,184 browsers asked, 6,552 pages, /);
    const page = readText(await send(worker.port, '/_postern/dashboard?days=3', { headers: { cookie } }));
    assert.equal(/<p id="week" class="soft">([^<]*)<\/p>/.exec(page)?.[1], week.text);
  });

  it('are written as the reader\'s language writes numbers, in the digits of the words', async () => {
    for (const [language, tag, small, large] of [['en-GB', 'en-GB', '9,360', '12,480'], ['de', 'de', '9.360', '12.480'], ['es', 'es', '9360', '12.480'], ['ar', 'ar', '9,360', '12,480'], ['x-klingon', 'en', '9,360', '12,480']]) {
      for (const [days, asked] of [[30, small], [40, large]]) {
        const page = readText(await send(worker.port, `/_postern/dashboard?days=${days}`, { headers: { cookie, 'accept-language': `${language},en;q=0.5` } }));
        assert.equal(/<th scope="row">Browsers asked<\/th><td data-value="\d+">([^<]*)</.exec(page)?.[1], asked, language);
        assert.deepEqual(new Set([...page.matchAll(/data-numbers="([^"]*)"/g)].map(([, said]) => said)), new Set([tag]), language);
      }
    }
  });

  it('are asked for by any address without harm', async () => {
    for (const query of ['segment=language:en-us-gb', 'against=language:de-abcde-abcde', 'segment=country:%3Cb%3E', 'segment=language:x', 'from=9999-12-31&to=9999-12-31', 'from=1970-01-01&to=1970-01-02&against=before', 'days=3660&against=year-before']) {
      const answer = await send(worker.port, `/_postern/dashboard?${query}`, { headers: { cookie } });
      assert.equal(answer.status, 200, query);
    }
    assert.equal((await api('figures?days=1')).series.length, 1, 'and goes on');
  });

  it('do not change by few pages that come late, so that no two readings tell of these, and do by enough', async () => {
    const day = today - 8;
    const malta = answered(12, day % 2, 2);
    const all = [answered(200, 40 + day % 7, 60), answered(100, 30, 40 + day % 5), malta].reduce((sum, cell) => Object.fromEntries(Object.keys(cell).map((name) => [name, (sum[name] ?? 0) + cell[name]])));
    const withMore = (cell, more) => counts({ ...cell, views: cell.views + more, shown: cell.shown + more, first: cell.first + more });
    const read = async (query) => {
      // What comes late to everybody alone is of those among whom a group is not told apart.
      const { of_asked: _, told_apart: __, ...whole } = (await api(`figures?from=${isoDay(day)}&to=${isoDay(day)}${query}`)).whole;
      return whole;
    };
    const before = await read('');
    const phones = await read('&segment=device:phone');
    for (const [late, told] of [[3, 0], [9, 0], [12, 12], [14, 12]]) {
      await worker.stop();
      loadCells(state, [[day, 'all', '', withMore(all, late)], [day, 'place', 'EU/MT', withMore(malta, late)]].map((line) => line.join('\t')).join('\n'));
      worker = await world.startWorker(atNoon);
      cookie = await ownerSession(worker);
      assert.deepEqual(await read(''), { ...before, views: before.views + told, shown: before.shown + told, first: before.first + told }, `${late} late`);
      assert.deepEqual(await read('&segment=device:phone'), phones, 'of which nobody was');
    }
  });

  it('follow a day that changes after the fact', async () => {
    await worker.stop();
    const late = today - 5;
    loadCells(state, [[late, 'all', '', counts(answered(412, 500, 100))], [late, 'place', 'EU/FR', counts(answered(200, 400, 60))], [late, 'place', 'EU/DE', counts(answered(212, 100, 40))], [late, 'place', 'EU/MT', '0:0']].map((line) => line.join('\t')).join('\n').replace(/\n[^\n]*0:0$/, ''));
    worker = await world.startWorker(atNoon);
    cookie = await ownerSession(worker);
    const { whole } = await api(`figures?from=${isoDay(late)}&to=${isoDay(late)}`);
    assert.equal(whole.accepted, 500);
    // A day that has nothing left: all who had acted on it have had that restricted.
    await worker.stop();
    loadCells(state, [[late - 2, 'all', '', ''], [late - 2, 'place', 'EU/FR', ''], [late - 2, 'place', 'EU/DE', ''], [late - 2, 'place', 'EU/MT', ''], [late - 2, 'client', 'phone/safari', ''], ...['signal\tgpc', 'signal\tnone', 'page\tshop', 'layer\tbanner', 'layer\tsettings', 'wait\t2-5', 'wait\t15-60', 'version\t1a2b3c4d/7'].map((cell) => [late - 2, cell, '']), [late - 2, 'language', 'fr', ''], [late - 2, 'language', 'pl', ''], [late - 2, 'gate', 'held/ga4', ''], [late - 2, 'gate', 'held/gtm', ''], [late - 2, 'vendor', 'youtube', '']].map((line) => line.join('\t')).join('\n'));
    worker = await world.startWorker(atNoon);
    cookie = await ownerSession(worker);
    assert.equal((await api(`figures?from=${isoDay(late - 2)}&to=${isoDay(late - 2)}`)).whole.views, 0);
    const { whole: before } = await api(`figures?from=${isoDay(late - 1)}&to=${isoDay(late - 1)}`);
    assert.equal(before.accepted, 70 + (late - 1) % 7 + (late - 1) % 2, 'and the others stay as they were');
  });

  it('are told apart in a browser, by an address that can be kept', async () => {
    const page = await world.newPage();
    await page.goto(`${worker.base}/_postern/login`);
    await page.locator('[name="token"]').fill(worker.token);
    await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
    await page.goto(`${worker.base}/_postern/dashboard`);
    const everybody = await page.locator('h1').textContent();
    await Promise.all([page.waitForNavigation(), page.locator('#f-segment').selectOption('country:FR')]);
    assert.match(await page.locator('h1').textContent(), /country: France/);
    await Promise.all([page.waitForNavigation(), page.locator('#f-against').selectOption('before')]);
    assert.match(page.url(), /segment=country%3AFR.*against=before/);
    await page.locator('#rate canvas').waitFor();
    const kept = page.url();
    await page.goBack();
    await page.goBack();
    assert.equal(await page.locator('h1').textContent(), everybody);
    await page.goto(kept);
    assert.match(await page.locator('h1').textContent(), /country: France/);
    assert.equal(await page.locator('#f-against').inputValue(), 'before');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('are of a number of days or of named ones, whichever was chosen last', async () => {
    const page = await world.newPage();
    await page.goto(`${worker.base}/_postern/login`);
    await page.locator('[name="token"]').fill(worker.token);
    await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
    const [from, to] = [isoDay(today - 20), isoDay(today - 11)];
    const fields = async () => Promise.all(['#f-days', '#f-from', '#f-to'].map((field) => page.locator(field).inputValue()));
    const rows = () => page.locator('#days tbody tr').count();
    await page.goto(`${worker.base}/_postern/dashboard?from=${from}&to=${to}`);
    assert.deepEqual([await fields(), await rows()], [['', from, to], 10]);
    await Promise.all([page.waitForNavigation(), page.locator('#f-days').selectOption('7')]);
    // Of these one has nothing left.
    assert.deepEqual([await fields(), await rows()], [['7', '', ''], 6]);
    // Who wants named days has not named them yet: nothing is asked, whatever else is chosen.
    const before = page.url();
    await page.locator('#f-days').selectOption('');
    await page.locator('#f-against').selectOption('before');
    await page.locator('#f-from').fill(from);
    await sleep(500);
    assert.equal(page.url(), before);
    await page.locator('#f-to').fill(to);
    await Promise.all([page.waitForNavigation(), page.locator('form.filters button').click()]);
    assert.deepEqual([await fields(), await rows()], [['', from, to], 10]);
    // A day that is named stands in place of the number.
    await page.goto(`${worker.base}/_postern/dashboard?days=7`);
    await page.locator('#f-from').fill(from);
    assert.deepEqual(await fields(), ['', from, '']);
    await page.locator('#f-to').fill(to);
    await Promise.all([page.waitForNavigation(), page.locator('#f-segment').selectOption('country:FR')]);
    assert.deepEqual([await fields(), await rows()], [['', from, to], 10]);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('are read by everybody, in the light, in the dark and on a phone', async () => {
    const storageState = { cookies: [], origins: [] };
    for (const options of [{}, { colorScheme: 'dark' }, PHONE]) {
      const page = await world.newPage({ ...options, storageState });
      const refused = [];
      page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) refused.push(message.text()); });
      await page.goto(`${worker.base}/_postern/login`);
      await page.locator('[name="token"]').fill(worker.token);
      await Promise.all([page.waitForNavigation(), page.locator('form button').first().click()]);
      await page.goto(`${worker.base}/_postern/dashboard?days=40&against=before`);
      await page.locator('#rate canvas').waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than the window');
      assert.deepEqual(refused, []);
      await page.context().close();
    }
  });

  it('are there without scripts, as tables', async () => {
    const page = await world.newPage({ javaScriptEnabled: false });
    await page.goto(`${worker.base}/_postern/login`);
    await page.locator('[name="token"]').fill(worker.token);
    await Promise.all([page.waitForNavigation(), page.locator('form button').first().click(WITHOUT_SCRIPTS)]);
    await page.goto(`${worker.base}/_postern/dashboard?days=4`);
    assert.equal(await page.locator('#days tbody tr').count(), 4);
    await page.context().close();
  });

  it('are what their description says', async () => {
    const described = await api('openapi.json');
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    ajv.addSchema(described, 'openapi');
    const bearer = { authorization: `Bearer ${worker.token}` };
    for (const [path, { get }] of Object.entries(described.paths)) {
      const by = path.endsWith('breakdown.csv') ? 'by=country&' : '';
      for (const query of ['days=30', 'days=3&segment=country:FR', 'days=0', `from=${isoDay(today - 3)}&to=${isoDay(today - 2)}`, 'colour=red']) {
        const answer = await send(worker.port, `/_postern${path}?${by}${query}`, { headers: bearer });
        const said = get.responses[answer.status];
        assert.ok(said, `${path}?${query}: status ${answer.status}`);
        const type = valueOf(answer, 'content-type').split(';')[0];
        assert.ok(said.content[type], `${path}?${query}: ${type}`);
        if (!type.endsWith('json')) continue;
        const pointer = `openapi#/paths/${path.replaceAll('/', '~1')}/get/responses/${answer.status}/content/${encodeURIComponent(type.replaceAll('/', '~1'))}/schema`;
        const isValid = ajv.validate({ $ref: pointer }, JSON.parse(readText(answer)));
        assert.ok(isValid, `${path}?${query}: ${ajv.errorsText()}`);
      }
    }
    // And the description is not one of anything.
    const { whole } = await api('figures');
    assert.equal(ajv.validate({ $ref: 'openapi#/components/schemas/Counts' }, { ...whole, views: -1 }), false);
  });

  it('are told to programs that show a token, and to no others', async () => {
    const get = (path, headers) => send(worker.port, `/_postern/${path}`, { headers });
    for (const path of ['api/v1/figures', 'api/v1/series.csv', 'metrics']) {
      assert.equal((await get(path, { authorization: `Bearer ${worker.token}` })).status, 200, path);
      assert.equal((await get(path, { authorization: 'Bearer wrong' })).status, 403, path);
      const asked = await get(path, {});
      assert.deepEqual([asked.status, valueOf(asked, 'www-authenticate')], [401, 'Bearer'], path);
    }
    for (const [query, what] of [['days=x', /days is a number/], ['segment=city:Paris', /not a segment/], ['from=2026-01-01', /from and to/], ['colour=red', /there is no "colour"/]]) {
      const answer = await get(`api/v1/figures?${query}`, { authorization: `Bearer ${worker.token}` });
      assert.equal(answer.status, 400, query);
      assert.equal(valueOf(answer, 'content-type'), 'application/problem+json');
      assert.match(JSON.parse(readText(answer)).title, what);
    }
    const csv = readText(await get('api/v1/series.csv?days=3', { authorization: `Bearer ${worker.token}` })).trimEnd().split('\r\n');
    assert.equal(csv.length, 4);
    assert.equal(csv[0].split(',').length, csv[1].split(',').length);
    assert.match(csv[0], /,yes_of_answers,low,high,yes_of_asked,of_asked_low,of_asked_high,first_answered,first_granted$/);
    const [day] = (await api('figures?days=3')).series;
    assert.equal(csv[1].split(',').at(-5), day.of_asked.share.toFixed(6));
    const metrics = readText(await get('metrics', { authorization: `Bearer ${worker.token}` }));
    const [, views] = /^postern_views\{site="luxmoor"\} (\d+)$/m.exec(metrics);
    assert.equal(Number(views), (await api('figures?days=40')).whole.views);
  });
});

describe('a site that was quiet for a year', () => {
  it('waits, and is shown once there is something to show', async () => {
    const state = join(makeFolder(), 'state');
    const today = dayNumber(NOON);
    const atNoon = { dashboard: true, state, vars: { POLICY: policyIn(NOON) } };
    let worker = await world.startWorker(atNoon);
    const read = async () => JSON.parse(readText(await send(worker.port, '/_postern/api/v1/figures?days=500', { headers: { authorization: `Bearer ${worker.token}` } })));
    assert.deepEqual([(await read()).is_gathering, (await read()).published], [false, null], 'nothing yet is no gathering');
    await ask(worker, '/');
    await waitFor('a page to be counted', () => readCells(worker)['all/']?.views === 1);
    await worker.stop();
    const line = (day, each) => [day, 'all', '', counts(each)].join('\t');
    loadCells(state, Array.from({ length: 400 }, (_, place) => line(today - 410 + place, { views: 3, shown: 1, first: 1, refused: place % 100 === 0 ? 1 : 0 })).join('\n'));
    worker = await world.startWorker(atNoon);
    await waitFor('all of it', async () => !(await read()).is_gathering);
    assert.equal((await read()).published, null, 'four have answered');
    await worker.stop();
    loadCells(state, Array.from({ length: 10 }, (_, place) => line(today - 10 + place, answered(100, 20, 30))).join('\n'));
    worker = await world.startWorker(atNoon);
    await waitFor('all of it', async () => !(await read()).is_gathering);
    const { published, series, whole } = await read();
    const isoDay = (day) => new Date(day * 86_400_000).toISOString().slice(0, 10);
    assert.deepEqual([published.from, published.to], [isoDay(today - 410), isoDay(today - 1)]);
    assert.deepEqual([whole.accepted, whole.first], [200, 1400]);
    assert.ok(series.length > 0);
    await worker.stop();
  });
});

describe('what must be seen to', () => {
  const state = join(makeFolder(), 'state');
  const config = join(ROOT, 'build/wrangler.dashboard-told.toml');
  const today = dayNumber(NOON);
  const told = [];
  let isRefusing = true;
  let webhook;
  let worker;
  const start = async (more = '') => {
    // The platform's variables are the first Worker's alone: those of the dashboard stand in its configuration.
    writeFileSync(config, `${readFileSync(join(ROOT, 'build/wrangler.dashboard.toml'), 'utf8')}\n[vars]\nALERT_WEBHOOK = "${webhook}"\nWATCH_EVERY_MS = "700"\n`);
    worker = await world.startWorker({ config: [join(ROOT, 'build/wrangler-whole.toml'), config], state, vars: { POLICY: policyIn(NOON) + more, LOG_KEY: randomBytes(32).toString('hex') } });
  };
  const day = (number, accepted) => [number, 'all', '', counts(answered(400, accepted, 200 - accepted))].join('\t');
  const openFigures = () => new DatabaseSync(join(state, readdirSync(state, { recursive: true }).find((name) => /FiguresObject\/[0-9a-f]{64}\.sqlite$/.test(name))));

  before(async () => {
    const server = world.keep(await serveSite((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; }).on('end', () => {
        if (!isRefusing) told.push(JSON.parse(body));
        response.writeHead(isRefusing ? 500 : 204).end();
      });
    }));
    webhook = `http://127.0.0.1:${server.port}/hook`;
    await start();
    await ask(worker, '/');
    await waitFor('a page to be counted', () => readCells(worker)['all/']?.views === 1);
    await worker.stop();
    loadCells(state, [...Array.from({ length: 8 }, (_, place) => day(today - 9 + place, 120)), day(today - 1, 60)].join('\n'));
    await start();
  });
  after(() => rmSync(config, { force: true }));

  it('stands on the page, and is told once, whoever did not listen at first', async () => {
    await waitFor('the page', async () => (await readDashboard(worker)).includes('data-alert="rate-dropped"'));
    const page = await readDashboard(worker);
    assert.match(page, /30\u00a0% of those who answered said yes on [^,]*, after 60\u00a0% from [^.]+ to [^.]+\./);
    assert.deepEqual(told, []);
    isRefusing = false;
    // Nobody reads: the alarm tells.
    await waitFor('the message', () => told.some(({ kind }) => kind === 'rate-dropped'));
    await sleep(2500);
    const keys = told.map(({ key }) => key);
    assert.deepEqual(keys, [...new Set(keys)], 'each once');
    const [{ site, is_over: isOver, text }] = told.filter(({ kind }) => kind === 'rate-dropped');
    assert.deepEqual([site, isOver], ['luxmoor', false]);
    assert.match(text, /^luxmoor: 30\u00a0% of those who answered said yes on /);
  });

  it('is told again when it is over', async () => {
    await worker.stop();
    loadCells(state, day(today - 1, 118));
    await start();
    await readDashboard(worker);
    await waitFor('the end of it', () => told.some(({ kind, is_over: isOver }) => kind === 'rate-dropped' && isOver));
    assert.doesNotMatch(await readDashboard(worker), /data-alert="rate-dropped"/);
  });

  it('is a stranger for as long as it is seen, and no more once the policy names it', async () => {
    await worker.stop();
    const ledger = openLedger(state);
    const see = ledger.prepare("INSERT INTO seen (kind, name, page, count, first_ms, last_ms) VALUES ('unknown', ?, '/', 20, ?, ?)");
    const daysAgo = (days) => Date.now() - days * 86_400_000;
    see.run('cdn.acme.example', daysAgo(40), daysAgo(1));
    see.run('cdn.gone.example', daysAgo(40), daysAgo(9));
    ledger.close();
    await start();
    assert.match(await readDashboard(worker), /data-seen="cdn\.acme\.example"/);
    const ofStrangers = () => told.filter(({ kind }) => kind === 'stranger').map(({ key, is_over: isOver }) => [key, isOver]);
    await waitFor('the message', () => ofStrangers().length > 0);
    await sleep(2500);
    assert.deepEqual(ofStrangers(), [['stranger cdn.acme.example', false]]);
    await worker.stop();
    await start('\n[vendors.acme]\nname = "Acme"\ncategory = "analytics"\nrole = "processor"\ncountry = "DE"\nhosts = ["acme.example"]\n');
    const page = await readDashboard(worker);
    assert.doesNotMatch(page, /data-seen="cdn\.acme\.example"/);
    assert.match(page, /data-seen="cdn\.gone\.example"/);
    await waitFor('the end of it', () => ofStrangers().length > 1);
    assert.deepEqual(ofStrangers(), [['stranger cdn.acme.example', false], ['stranger cdn.acme.example', true]]);
  });

  it('is looked for by the policy that visitors are asked by, whoever has opened the dashboard under another', async () => {
    const missing = (what) => told.filter(({ key }) => key.includes(`vendors.beta.${what}`)).map(({ is_over: isOver }) => isOver);
    const vendor = (country) => `\n[vendors.beta]\nname = "Beta"\ncategory = "analytics"\nrole = "processor"\ncountry = "${country}"\nhosts = ["beta.example"]\n`;
    /** Deploys it, and has more pages seen by visitors than any before it, since a day is as most of its pages are; but no figures by anybody: since yesterday nobody has. */
    const deploy = async (more) => {
      const pages = 1 + Math.max(...Object.entries(readCells(worker)).filter(([name]) => name.startsWith('version/')).map(([, { views }]) => views));
      await worker.stop();
      const figures = openFigures();
      figures.prepare('UPDATE said_1 SET day = ?').run(today - 1);
      figures.close();
      await start(more);
      const seen = () => readCells(worker)['all/'].views;
      const before = seen();
      for (let count = 0; count < pages; count += 1) await ask(worker, '/');
      await waitFor('the pages to be counted', () => seen() === before + pages);
    };
    await deploy(vendor('US'));
    await waitFor('the messages', () => missing('dpa_url').length === 1 && missing('transfer').length === 1);
    await deploy(`${vendor('DE')}dpa_url = "https://beta.example/dpa"\n`);
    await waitFor('the end of them', () => missing('dpa_url').length === 2 && missing('transfer').length === 2);
    assert.deepEqual([missing('dpa_url'), missing('transfer')], [[false, true], [false, true]]);
  });

  it('is a week as well, once and with its Sunday, in the words of the page', async () => {
    assert.ok(told.every(({ kind }) => kind !== 'week'), 'not that of before the first look');
    await worker.stop();
    const figures = openFigures();
    // As if the first look had been a week ago.
    assert.equal(figures.prepare('UPDATE about_1 SET week = week - 1 WHERE week > 0').run().changes, 1);
    figures.close();
    await start();
    const page = await readDashboard(worker);
    await waitFor('the week', () => told.some(({ kind }) => kind === 'week'));
    await sleep(2500);
    const sunday = new Date((today - ((today + 3) % 7 + 1)) * 86_400_000).toISOString().slice(0, 10);
    assert.deepEqual(told.filter(({ kind }) => kind === 'week').map(({ key, text }) => [key, text]), [[`week ${sunday}`, /<p id="week" class="soft">([^<]*)<\/p>/.exec(page)?.[1]]]);
  });
});

it('marks what happened on the day that it was at the site', async () => {
  const state = makeFolder();
  // At eleven, by UTC, the one's day ends, at ten the other's: neither does while this goes on.
  const now = new Date();
  const zone = now.getUTCHours() < 10 ? 'Pacific/Pago_Pago' : 'Pacific/Kiritimati';
  const today = dayNumber(zone, now);
  assert.notEqual(today, dayNumber('UTC', now), 'another day than in UTC');
  const isoDay = (day) => new Date(day * 86_400_000).toISOString().slice(0, 10);
  const experiment = `[experiment]\nname = "place"\nfrom = ${isoDay(today)}\nuntil = ${isoDay(today + 20)}\npoints = 3\n[experiment.variants.corner]\nlayout = "box"\n`;
  const worker = await world.startWorker({ dashboard: true, state, vars: { POLICY: `${policyIn(zone)}\n${experiment}` } });
  assert.equal((await postDecision(worker)).status, 200);
  const answer = await send(worker.port, `/_postern/api/v1/figures?from=${isoDay(today)}&to=${isoDay(today + 20)}`, { headers: { authorization: `Bearer ${worker.token}` } });
  const { marks } = JSON.parse(readText(answer));
  assert.deepEqual(marks, [
    { day: isoDay(today), text: 'version 0 of the banner, the first' },
    { day: isoDay(today), text: 'the first day of experiment “place”' },
    { day: isoDay(today + 20), text: 'the last day of experiment “place”' },
  ].map((mark) => ({ ...mark, changes: [], more_changes: 0 })));
  await worker.stop();
});

it('says of a version what its policy changed, and leads to the days before and after', async () => {
  const state = join(makeFolder(), 'state');
  const today = dayNumber(NOON);
  const isoDay = (day) => new Date(day * 86_400_000).toISOString().slice(0, 10);
  const own = policyIn(NOON);
  const other = `${own.replace('layout = "bar"', 'layout = "box"').replace('reopen = "button"', 'reopen = "own-link"')}\n[texts]\nreopen = "Cookie choices"\n`;
  const changes = ['banner.layout from bar to box', 'banner.reopen from button to own-link', 'texts added'];
  let worker;
  const start = async (policy) => { worker = await world.startWorker({ dashboard: true, state, vars: { POLICY: policy } }); };
  const marks = async (query) => JSON.parse(readText(await send(worker.port, `/_postern/api/v1/figures?${query}`, { headers: { authorization: `Bearer ${worker.token}` } }))).marks;
  for (const [before, policy] of [own, other].entries()) {
    await start(policy);
    await ask(worker, '/');
    await waitFor('a page to be counted', () => readCells(worker)['all/']?.views === before + 1);
    await worker.stop();
  }
  loadCells(state, fortyDays(today));
  const ledger = openLedger(state);
  // As if they had come some days ago, when other code ran.
  const daysAgo = [6, 4];
  for (const [place, days] of daysAgo.entries()) {
    const at = `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)}Z`;
    const { json } = ledger.prepare("SELECT json FROM entries WHERE kind = 'release' AND place = ?").get(place);
    ledger.prepare('UPDATE entries SET json = ? WHERE place = ?').run(json.replace(/"at":"[^"]*"/, `"at":"${at}"`), place);
  }
  assert.equal(ledger.prepare("UPDATE releases SET asked = ''").run().changes, 2);
  ledger.close();
  await start(other);
  await waitFor('the figures', async () => !(await readDashboard(worker)).includes('being gathered'));
  const [first, second] = daysAgo.map((days) => isoDay(today - days));
  const page = await readDashboard(worker);
  assert.match(page, new RegExp(`<li data-at="${first}"><span>[^<]*: version 0 of the banner, the first</span></li>`));
  const [, said, address, link] = new RegExp(`<li data-at="${second}"><span>[^<]*: version 1 of the banner: ([^<]*)</span> <a href="([^"]*)">([^<]*)</a></li>`).exec(page) ?? [];
  assert.deepEqual([said, link], ['banner.layout from bar to box, banner.reopen from button to own-link and texts added', 'Before and after version 1']);
  const query = `from=${second}&to=${isoDay(today - 1)}&against=before`;
  assert.equal(address.replaceAll('&amp;', '&'), `/_postern/dashboard?${query}`);
  const compared = readText(await send(worker.port, `/_postern/dashboard?${query}`, { headers: { accept: 'text/html', cookie: await ownerSession(worker) } }));
  assert.match(compared, /<option value="before" selected>/);
  assert.match(compared, /<th scope="col" data-series="compare">/);
  assert.deepEqual(await marks('days=30'), [
    { day: first, text: 'version 0 of the banner, the first', changes: [], more_changes: 0 },
    { day: second, text: `version 1 of the banner: ${said}`, changes, more_changes: 0 },
  ]);
  assert.deepEqual((await marks(`from=${second}&to=${second}`)).map((mark) => mark.changes), [changes], 'beside one that came before these days');
  assert.deepEqual(await marks('days=2'), []);
  // One that cannot be read is another policy, and no more is known.
  await worker.stop();
  const storage = openLedger(state);
  assert.equal(storage.prepare("UPDATE releases SET source = '[' WHERE place = 0").run().changes, 1);
  storage.close();
  await start(other);
  assert.deepEqual((await marks('days=30')).at(-1), { day: second, text: 'version 1 of the banner, another policy', changes: [], more_changes: 0 });
  await worker.stop();
});

it('tells of how many the grants run out soon, who will be asked again, in steps of ten', async () => {
  const state = makeFolder();
  const cookieKey = randomBytes(32).toString('hex');
  const first = await world.startWorker({ dashboard: true, state, cookieKey });
  for (let count = 0; count < 14; count += 1) assert.equal((await postDecision(first)).status, 200);
  // A refusal runs out as well, but nobody is let in by it: its visitor is asked anew all the same, and no grant ends.
  assert.equal((await postDecision(first, { change: { choice: 'reject' } })).status, 200);
  await first.stop();
  for (const [soon, said] of [[9, 'fewer than 10'], [14, '10 or more']]) {
    const ledger = openLedger(state);
    ledger.prepare('UPDATE receipts SET expires_ms = ? WHERE expires_ms IS NOT NULL AND seq <= ?').run(Date.now() + 20 * 86_400_000, soon);
    ledger.close();
    const worker = await world.startWorker({ dashboard: true, state, cookieKey });
    const today = await readDashboard(worker);
    assert.equal(/<dd data-today="Grants that run out within 30 days">([^<]*)</.exec(today)?.[1], said);
    const answer = await send(worker.port, '/_postern/api/v1/figures', { headers: { authorization: `Bearer ${worker.token}` } });
    assert.equal(JSON.parse(readText(answer)).grants_due, Math.floor(soon / 10) * 10);
    await worker.stop();
  }
});
