// What is left in the browser after a withdrawal: nothing of a vendor, on whatever domain and path it lies and whether
// scripts can see it or not; everything of the site, unless its policy asks for more. On a host with a parent, as sites are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, action, choiceCookies, cookiesOf, decide, serveSite, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, send, valuesOf } from './wire.mjs';

const POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
const PAGE = '/shop/basket/page';
const GA = 'GA1.1.1234567890.1700000000';
const SOON = Math.floor(Date.now() / 1000) + 3600;

let world;
let keeps;
let clears;
before(async () => {
  const respond = (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=600' });
    response.end(`<!DOCTYPE html><html lang="en"><head><title>site</title></head><body><p>${request.url}</p></body></html>`);
  };
  world = await startWorld({ origin: 'test' });
  const { port: originPort } = world.keep(await serveSite(respond));
  [keeps, clears] = await Promise.all(['', '[edge]\nclear_site_data = ["storage"]'].map((options) => world.startWorker({ originPort, vars: { POLICY: `${POLICY}\n${options}\n` } })));
});
after(() => world?.close());

/** Cookies of vendors as they and their servers leave them, and two of the site's own. `name` is unique, to tell which is left. */
function cookiesOn(host) {
  const [parent, below] = host.includes('.') ? ['.shop.localhost', `.${host}`] : [host, host];
  const cookie = (name, domain, path, more = {}) => ({ name, value: GA, domain, path, expires: SOON, ...more });
  return [
    cookie('_ga', parent, '/'),
    cookie('_ga_ROOT', host, '/', { httpOnly: true }),
    cookie('FPID', parent, '/', { httpOnly: true, secure: true, sameSite: 'Lax' }),
    cookie('FPLC', below, '/', { secure: true }),
    cookie('_ga_FOLDER', host, '/shop', { httpOnly: true }),
    cookie('_ga_SLASH', host, '/shop/basket/', { httpOnly: true }),
    cookie('_gid', parent, '/shop/basket'),
    cookie('_fbp', parent, PAGE, { httpOnly: true, value: 'fb.1.1700000000000.1234567890' }),
    cookie('_ga_ELSEWHERE', parent, '/blog', { httpOnly: true }),
    cookie('session', host, '/', { httpOnly: true, value: 's1' }),
    cookie('theme', parent, '/shop', { value: 'dark' }),
  ];
}

async function namesIn(page) {
  return (await cookiesOf(page)).map((cookie) => cookie.name).filter((name) => !name.startsWith('__Host-postern')).sort();
}

/** A visitor who granted everything, whose vendors and site have left what they leave. */
async function visitGranted(worker, host) {
  const page = await world.newPage();
  const base = `http://${host}:${worker.port}`;
  await page.goto(base + PAGE, { waitUntil: 'load' });
  await decide(page, () => action(page, 'accept').click());
  await page.context().addCookies(cookiesOn(host));
  await page.evaluate(() => { localStorage.setItem('basket', '3 lamps'); });
  await page.goto(base + PAGE, { waitUntil: 'load' });
  return { page, base };
}

async function withdraw(page) {
  await Promise.all([page.waitForEvent('load'), page.evaluate(() => { window.postern.withdraw(); })]);
}

for (const host of ['www.shop.localhost', 'localhost']) {
  describe(`on ${host}`, () => {
    it('what was granted stays, visit after visit', async () => {
      const { page } = await visitGranted(keeps, host);
      assert.deepEqual(await namesIn(page), cookiesOn(host).map((cookie) => cookie.name).sort());
      await page.context().close();
    });

    it('a withdrawal removes what vendors left above this page, and elsewhere as soon as the visitor comes there', async () => {
      const { page, base } = await visitGranted(keeps, host);
      await withdraw(page);
      assert.deepEqual(await namesIn(page), ['_ga_ELSEWHERE', 'session', 'theme']);
      await page.goto(`${base}/blog/post`, { waitUntil: 'load' });
      assert.deepEqual(await namesIn(page), ['session', 'theme']);
      assert.equal(await page.evaluate(() => localStorage.getItem('basket')), '3 lamps');
      assert.ok((await choiceCookies(page)).length === 1, 'the refusal is remembered');
      await page.context().close();
    });

    it('a grant that is narrowed removes what it no longer covers, and nothing else', async () => {
      const { page, base } = await visitGranted(keeps, host);
      await page.goto(`${base}/_postern/consent`);
      for (const category of ['functional', 'marketing', 'social']) await page.locator(`input[data-consent-category="${category}"]`).uncheck();
      await Promise.all([page.waitForEvent('load'), action(page, 'save').click()]);
      await page.goto(base + PAGE, { waitUntil: 'load' });
      const left = await namesIn(page);
      assert.ok(!left.includes('_fbp'), `${left}`);
      assert.deepEqual(left, cookiesOn(host).map((cookie) => cookie.name).filter((one) => one !== '_fbp').sort());
      await page.context().close();
    });
  });
}

describe('databases', () => {
  /** As the catalogue names them, and two of the site's own whose names begin alike. */
  const THEIRS = ['mixpanelBrowserDb', 'mixpanelFlagsDb', 'AMP_diagnostics_0a1b', 'firebase-heartbeat-database'];
  const OWN = ['firebaseLocalStorageDb', 'mixpanelBrowserDbOfTheSite', 'basket'];

  const namesOf = (page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).sort());
  /** Opens each with a row in it, and closes it at once, when the browser asks for that, or never. */
  const make = (page, names, closes) => page.evaluate(async ({ names, closes }) => {
    window.connections = [];
    window.asked = [];
    for (const name of names) {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => { request.result.createObjectStore('rows').put('visitor-1', 'id'); };
      await new Promise((resolve, reject) => { request.onsuccess = resolve; request.onerror = reject; });
      window.connections.push(request.result);
      if (closes === 'at once') request.result.close();
      request.result.onversionchange = () => {
        window.asked.push(name);
        if (closes === 'when asked') request.result.close();
      };
    }
  }, { names, closes });

  for (const closes of ['at once', 'when asked', 'never']) {
    it(`of vendors, closed ${closes}, are gone after a withdrawal in the page of the grant; the site's stay, with what is in them`, async () => {
      const page = await world.newPage();
      await page.goto(`http://www.shop.localhost:${keeps.port}${PAGE}`, { waitUntil: 'load' });
      await decide(page, () => action(page, 'accept').click());
      await make(page, [...THEIRS, ...OWN], closes);
      assert.deepEqual(await namesOf(page), [...THEIRS, ...OWN].toSorted());
      await decide(page, () => page.evaluate(() => { window.postern.withdraw(); }));
      if (closes === 'never') {
        // What runs may keep them for as long as its page is there, and no longer.
        await waitFor('all to be asked', () => page.evaluate((count) => window.asked.length === count, THEIRS.length));
        await page.reload({ waitUntil: 'load' });
      }
      await waitFor('nothing but the site\'s', async () => (await namesOf(page)).join() === OWN.toSorted().join());
      const row = await page.evaluate(() => new Promise((resolve, reject) => {
        const request = indexedDB.open('basket');
        request.onsuccess = () => { request.result.transaction('rows').objectStore('rows').get('id').onsuccess = ({ target }) => resolve(target.result); };
        request.onerror = reject;
      }));
      assert.equal(row, 'visitor-1');
      await page.context().close();
    });
  }

  for (const [where, withdraws] of [
    ['a page that came with everything granted', (page) => withdraw(page)],
    ['the page without scripts', async (page, base) => {
      await page.goto(`${base}/_postern/consent`);
      await Promise.all([page.waitForEvent('load'), action(page, 'withdraw').click()]);
    }],
  ]) {
    it(`and all else that vendors stored is gone with the next page after a withdrawal in ${where}; the site's stays`, async () => {
      const { page, base } = await visitGranted(keeps, 'www.shop.localhost');
      await make(page, [...THEIRS, ...OWN], 'never');
      const stored = () => page.evaluate(() => [localStorage, sessionStorage].map((storage) => Object.keys(storage).sort()));
      await page.evaluate(() => {
        localStorage.setItem('ph_phc_x_posthog', '{}');
        sessionStorage.setItem('ph_phc_x_window_id', '1');
        sessionStorage.setItem('step', '2');
      });
      assert.deepEqual(await stored(), [['basket', 'ph_phc_x_posthog'], ['ph_phc_x_window_id', 'step']]);
      await withdraws(page, base);
      await page.goto(base + PAGE, { waitUntil: 'load' });
      assert.deepEqual(await stored(), [['basket'], ['step']]);
      await waitFor('nothing but the site\'s', async () => (await namesOf(page)).join() === OWN.toSorted().join());
      await page.context().close();
    });
  }

  it('of vendors cannot be opened before a grant', async () => {
    const page = await world.newPage();
    await page.goto(`http://www.shop.localhost:${keeps.port}${PAGE}`, { waitUntil: 'load' });
    const refused = await page.evaluate((names) => names.filter((name) => { try { indexedDB.open(name); return false; } catch { return true; } }), [...THEIRS, ...OWN]);
    assert.deepEqual(refused, THEIRS);
    await page.context().close();
  });
});

describe('Clear-Site-Data', () => {
  it('asked for by the policy deletes the site\'s storage on withdrawal, and no cookie of the site', async () => {
    const { page } = await visitGranted(clears, 'www.shop.localhost');
    assert.equal(await page.evaluate(() => localStorage.getItem('basket')), '3 lamps');
    await withdraw(page);
    assert.equal(await page.evaluate(() => localStorage.getItem('basket')), null);
    assert.deepEqual(await namesIn(page), ['_ga_ELSEWHERE', 'session', 'theme']);
    assert.ok((await choiceCookies(page)).length === 1, 'the refusal is remembered');
    await page.context().close();
  });

  it('goes with what takes back a grant, and with nothing else', async () => {
    const policy = await readPolicy(clears, PAGE);
    const cleared = async (choice, cookie, worker = clears) => valuesOf(await postDecision(worker, { change: { policy, ...choice }, headers: { cookie } }), 'clear-site-data');
    const accepted = consentCookie(await postDecision(clears, { change: { policy } }));
    const partly = consentCookie(await postDecision(clears, { change: { policy, choice: 'save', categories: ['analytics'], layer: 2 } }));
    const both = ['"cache", "storage"'];
    assert.deepEqual(await cleared({ choice: 'accept' }, undefined), []);
    assert.deepEqual(await cleared({ choice: 'reject' }, undefined), []);
    assert.deepEqual(await cleared({ choice: 'accept' }, partly), []);
    assert.deepEqual(await cleared({ choice: 'save', categories: ['analytics'], layer: 2 }, partly), []);
    assert.deepEqual(await cleared({ choice: 'save', categories: ['analytics'], layer: 2 }, accepted), both);
    assert.deepEqual(await cleared({ choice: 'save', categories: ['marketing'], layer: 2 }, partly), both);
    assert.deepEqual(await cleared({ choice: 'withdraw' }, accepted), both);
    assert.deepEqual(await cleared({ choice: 'withdraw' }, consentCookie(await postDecision(keeps, { change: { policy } })), keeps), ['"cache"']);
    const page = await send(clears.port, PAGE, { headers: { accept: 'text/html', cookie: accepted } });
    assert.deepEqual(valuesOf(page, 'clear-site-data'), []);
  });
});
