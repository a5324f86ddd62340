// Pages that a visitor comes back to, or that the browser makes ahead: what was decided meanwhile holds in them, whatever the
// browser remembers of them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, banner, decide, describeRequests, policyRegistering, saveCategories, serveSite, startWorld, vendorHosts, waitFor } from './harness.mjs';
import { readCells } from './figures.mjs';
import { ENGINE } from '../recorder/browser.mjs';

const YOUTUBE = 'www.youtube.com';

/** What pages have told of themselves, and what was asked of the site, by path. */
let told = [];
let asked = [];
const STATE = `({ path: location.pathname, isAhead: !!window.wasAhead, activated: performance.getEntriesByType('navigation')[0].activationStart, granted: window.postern?.state.granted })`;
const TELL = `const tell = () => fetch('/told', { method: 'POST', body: JSON.stringify(${STATE}) });`;
const PAGES = {
  '/film': '</head><body><h1>film</h1><iframe title="film" src="https://www.youtube.com/embed/film"></iframe>'
    + '<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); } gtag("js", new Date()); gtag("config", "G-DEMO123456");</script>'
    + '<script async src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"></script>',
  '/other': '</head><body><h1>other</h1>',
  // Two of a site that is not behind the Worker and carries its script, and one that does not.
  '/carries': `</head><body><h1>carries</h1><script>new Image().src = 'https://www.facebook.com/tr?id=123456789012345&ev=Kept';</script>`,
  '/carries/other': '</head><body><h1>other</h1>',
  '/without': '</head><body><h1>without</h1>',
  // It acts by itself: accepts, where it is asked, once the other page has had the time to be made; then goes there.
  '/first': `<script type="speculationrules">{"prerender": [{"urls": ["/second"], "eagerness": "immediate"}]}</script></head><body><h1>first</h1><script>
    const go = () => { location.href = '/second'; };
    addEventListener('load', () => setTimeout(() => {
      const accept = document.querySelector('#postern [data-consent-action=accept]');
      if (!accept) return go();
      document.addEventListener('postern:change', () => setTimeout(go, 300));
      accept.click();
    }, 6000));
  </script>`,
  '/second': `<script>window.wasAhead = document.prerendering;</script><script async src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"></script></head><body><h1>second</h1>
    <img alt="" src="https://www.facebook.com/tr?id=123456789012345&ev=PageView"><script>
    ${TELL}
    const later = () => setTimeout(tell, 1500);
    if (document.prerendering) { tell(); document.addEventListener('prerenderingchange', later); } else later();
  </script>`,
};

/** Pages that a browser may keep, unlike the shop's, which say "no-store" and set a cookie. */
function respond(request, response) {
  const { pathname } = new URL(request.url, 'http://site');
  if (pathname === '/told') {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => { body += piece; }).on('end', () => { told.push(JSON.parse(body)); response.writeHead(204).end(); });
    return;
  }
  asked.push(`${pathname}${request.headers['sec-purpose'] ? ' ahead' : ''}`);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  const script = pathname.startsWith('/carries') ? `<script src="${carried}"></script>` : '';
  response.end(`<!DOCTYPE html><html lang="en"><head>${script}<title>site</title>${PAGES[pathname] ?? ''}</body></html>`);
}

let world;
let site;
/** The address of the script for registered sites. */
let carried;
before(async () => {
  world = await startWorld({ keepsPages: true });
  site = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: site.port });
  world.own = `http://localhost:${site.port}`;
  world.registering = await world.startWorker({ vars: { POLICY: policyRegistering(world.own) } });
  carried = `${world.registering.base}/_postern/site.js`;
});
after(() => world?.close());
beforeEach(async () => {
  await world.settle();
  told = [];
  asked = [];
});

async function visit(path, base = world.base) {
  const page = await world.newPage();
  await page.goto(base + path, { waitUntil: 'load' });
  return page;
}

/** In a page where all is granted: it loads again. */
async function withdraw(page) {
  await Promise.all([page.waitForEvent('load'), page.evaluate(() => { window.postern.withdraw(); })]);
}

function film(page) {
  return page.frameLocator('.screen iframe').locator('#player');
}

describe('back to a page', () => {
  it('left before a refusal contacts nobody', async () => {
    const page = await visit('/film.html');
    await page.goto(`${world.base}/`);
    await decide(page, () => action(page, 'reject').click());
    await page.goBack({ waitUntil: 'load' });
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await world.recorder.connections(), []);
    assert.equal(await page.locator('#postern section').isVisible(), false, 'it does not ask again');
    await page.context().close();
  });

  it('left with a grant contacts nobody after its withdrawal, the frame that stood there included', async () => {
    const page = await visit('/film.html');
    await decide(page, () => action(page, 'accept').click());
    await film(page).waitFor();
    await page.goto(`${world.base}/`, { waitUntil: 'load' });
    await withdraw(page);
    // What ran in the page that is gone may say its last words late.
    await world.waitQuiet();
    await world.recorder.clear();
    await page.goBack({ waitUntil: 'load' });
    assert.equal(new URL(page.url()).pathname, '/film.html');
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await world.recorder.connections(), []);
    await page.context().close();
  });

  it('left before a grant has what was granted, the frame that was held included', async () => {
    const page = await visit('/film.html');
    await page.goto(`${world.base}/`, { waitUntil: 'load' });
    await saveCategories(page, ['social']);
    await waitFor('what the grant released', async () => vendorHosts(await world.recorder.requests()).includes(YOUTUBE));
    await page.goBack({ waitUntil: 'load' });
    await film(page).waitFor();
    await page.reload({ waitUntil: 'load' });
    await film(page).waitFor();
    await page.context().close();
  });
});

/** Notes what the document is and, in Chromium, why it was given up; `back` comes to it from wherever the visitor has gone. */
async function leave(page) {
  // Of a page that still waits for an answer a browser keeps nothing.
  await page.waitForLoadState('networkidle');
  const [path, length] = await page.evaluate(() => {
    window.marker = 'the same document';
    addEventListener('pageshow', ({ persisted }) => { window.isKept = persisted; });
    return [location.pathname, history.length];
  });
  const reasons = [];
  if (ENGINE === 'chromium') {
    const session = await page.context().newCDPSession(page);
    await session.send('Page.enable');
    session.on('Page.backForwardCacheNotUsed', ({ notRestoredExplanations }) => reasons.push(...notRestoredExplanations.map(({ reason }) => reason)));
  }
  const back = async () => {
    await page.evaluate((length) => history.go(length - history.length), length);
    await waitFor('the page that was left', () => page.evaluate((path) => location.pathname === path, path));
    return reasons;
  };
  return { back };
}

/** Is it the very document that was left, brought back by the browser? */
const isKept = (page) => page.evaluate(() => window.isKept === true && window.marker === 'the same document');
const granted = (page) => page.evaluate(() => window.postern?.state.granted.length);

// Pages of ours are not to be stored, so Firefox keeps none of them. Chromium does, and gives up what it has kept since a choice
// changes a cookie that no script reads, also where the choice was made in a page without scripts, which can tell no other.
describe('back to a page that the browser may have kept whole', () => {
  it('it is given back as it was where nothing was decided meanwhile', { skip: ENGINE !== 'chromium' && 'Firefox keeps no page that is not to be stored' }, async () => {
    const page = await visit('/film', world.site.base);
    const { back } = await leave(page);
    await page.goto(`${world.site.base}/other`, { waitUntil: 'load' });
    assert.deepEqual(await back(), []);
    await waitFor('the same document', () => isKept(page));
    await banner(page).waitFor();
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });

  for (const [what, isGrantedBefore, choice, isOn, count] of [
    ['a refusal', false, 'save', false, 1],
    ['a grant', false, 'save', true, 5],
    ['a withdrawal', true, 'withdraw', undefined, 1],
  ]) {
    it(`it is not given back after ${what} on a page without scripts, and the one that comes holds it`, async () => {
      const page = await visit('/film', world.site.base);
      if (isGrantedBefore) {
        await decide(page, () => action(page, 'accept').click());
        await page.frameLocator('iframe').locator('#player').waitFor();
      }
      const { back } = await leave(page);
      await page.goto(`${world.site.base}/_postern/consent`, { waitUntil: 'load' });
      for (const one of isOn === undefined ? [] : await page.locator('input[data-consent-category]:enabled').all()) await one.setChecked(isOn);
      await Promise.all([page.waitForEvent('load'), action(page, choice).click()]);
      await world.settle();
      const reasons = await back();
      await waitFor(`${count} categories`, async () => await granted(page) === count);
      if (ENGINE === 'chromium') assert.ok(reasons.includes('CacheControlNoStoreHTTPOnlyCookieModified'), `${reasons}`);
      assert.equal(await page.evaluate('window.marker'), undefined);
      assert.equal(await banner(page).count(), 0, 'it is not asked again');
      if (count === 5) await waitFor('the film', async () => vendorHosts(await world.recorder.requests()).includes(YOUTUBE));
      const hosts = vendorHosts(await world.waitQuiet());
      if (count === 1) assert.deepEqual(hosts, []);
      else assert.ok(hosts.includes(YOUTUBE), `${hosts}`);
      await page.context().close();
    });
  }

  it('it is not given back where a page with scripts has told of a choice', async () => {
    const page = await visit('/film', world.site.base);
    const { back } = await leave(page);
    await page.goto(`${world.site.base}/other`, { waitUntil: 'load' });
    await decide(page, () => action(page, 'reject').click());
    await back();
    await waitFor('the refusal', async () => await granted(page) === 1);
    assert.equal(await page.evaluate('window.marker'), undefined);
    assert.equal(await banner(page).count(), 0);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });
});

// Its own pages say nothing of storing, so both browsers keep them; the choice is in the site's storage.
describe('back to a page of a registered site, which the browser has kept whole', () => {
  /** A choice as the site's other page keeps it, made there without a word to this one. */
  async function keep(page, change) {
    await page.goto(`${world.own}/without`, { waitUntil: 'load' });
    await page.evaluate(async ([address, change]) => {
      const ask = async (path, init) => (await fetch(address + path, { method: 'POST', ...init })).json();
      const token = localStorage.getItem('postern') ?? '';
      const body = JSON.stringify({ categories: [], vendors: [], lang: 'en', layer: 1, token, ...change });
      const said = await ask('/_postern/decision', { headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }, body });
      localStorage.setItem('postern', said.token);
    }, [world.registering.base, change]);
  }
  const isAsked = (page) => banner(page).isVisible();
  const hits = async () => (await world.recorder.requests()).filter(({ host, search }) => host === 'www.facebook.com' && search.includes('ev=Kept')).length;

  it('where nothing was decided meanwhile it is as it was', async () => {
    const page = await visit('/carries', world.own);
    await banner(page).waitFor();
    const { back } = await leave(page);
    await page.goto(`${world.own}/without`, { waitUntil: 'load' });
    await back();
    await waitFor('the same document', () => isKept(page));
    assert.ok(await isAsked(page));
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });

  it('what was granted meanwhile is released in it, and what was taken back meanwhile is held', async () => {
    const page = await visit('/carries', world.own);
    await banner(page).waitFor();
    const policy = await page.evaluate(() => document.getElementById('postern').dataset.posternPolicy);
    const { back } = await leave(page);
    await keep(page, { choice: 'accept', policy });
    assert.equal(await hits(), 0);
    await back();
    await waitFor('the grant', async () => await granted(page) === 5);
    await waitFor('what it releases', async () => await hits() === 1);
    await waitFor('the document that was left', () => isKept(page));
    assert.equal(await isAsked(page), false);
    // What it released has been answered, too.
    await world.waitQuiet();
    await keep(page, { choice: 'withdraw', policy });
    await back();
    await waitFor('the withdrawal', async () => await granted(page) === 1);
    await waitFor('the same document', () => isKept(page));
    await world.settle();
    await page.evaluate(() => { new Image().src = 'https://www.facebook.com/tr?id=123456789012345&ev=Kept'; });
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });

  it('a choice made in a page that tells of it holds in it too, kept or not', async () => {
    const page = await visit('/carries', world.own);
    await banner(page).waitFor();
    const { back } = await leave(page);
    await page.goto(`${world.own}/carries/other`, { waitUntil: 'load' });
    await banner(page).waitFor();
    await decide(page, () => action(page, 'accept').click());
    assert.equal(await hits(), 0);
    await back();
    await waitFor('the grant', async () => await granted(page) === 5);
    await waitFor('what it releases', async () => await hits() === 1);
    assert.equal(await isAsked(page), false);
    await page.context().close();
  });
});

describe('a page that the browser would make ahead', { skip: ENGINE !== 'chromium' && 'only Chromium makes pages ahead' }, () => {
  const secondAsked = () => asked.filter((one) => one.startsWith('/second'));

  it('is made ahead without us, its vendors asked: the browser knows how', async () => {
    const browser = world.openUndriven(`http://localhost:${site.port}/first`);
    await waitFor('a page made ahead', () => told.some(({ isAhead, activated }) => isAhead && activated === 0));
    await waitFor('its vendors', async () => vendorHosts(await world.recorder.requests()).includes('www.facebook.com'));
    assert.ok(secondAsked().includes('/second ahead'));
    await browser.stop();
  });

  it('is not asked for, nor its vendors, while they are denied; the choice of the page before it holds in it', async () => {
    const shown = () => readCells(world.site)['all/']?.shown ?? 0;
    const before = shown();
    const browser = world.openUndriven(`${world.site.base}/first`);
    await waitFor('the first page', () => asked.includes('/first'));
    await waitFor('the second page, by the visitor', () => secondAsked().length > 0);
    assert.deepEqual(secondAsked(), ['/second'], 'never ahead');
    await waitFor('what it says', () => told.length > 0);
    assert.deepEqual(told.map(({ path, isAhead, activated }) => [path, isAhead, activated]), [['/second', false, 0]]);
    assert.ok(told[0].granted.includes('marketing'));
    const requests = await world.waitQuiet();
    assert.equal(requests.filter(({ host, path }) => host === 'www.facebook.com' && path === '/tr').length, 1);
    // The second is answered already; made ahead, it would have asked as well.
    await waitFor('the first view', () => shown() > before);
    assert.equal(shown(), before + 1);
    await browser.stop();
  });
});
