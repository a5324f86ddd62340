// Pages that a visitor comes back to, or that the browser makes ahead: what was decided meanwhile holds in them, whatever the
// browser remembers of them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, banner, decide, describeRequests, saveCategories, serveSite, startWorld, vendorHosts, waitFor } from './harness.mjs';
import { readDashboard } from './wire.mjs';
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
  // It acts by itself: accepts, where it is asked, once the other page has had the time to be made; then goes there.
  '/first': `<script type="speculationrules">{"prerender": [{"urls": ["/second"], "eagerness": "immediate"}]}</script></head><body><h1>first</h1><script>
    const go = () => { location.href = '/second'; };
    addEventListener('load', () => setTimeout(() => {
      const accept = document.querySelector('#postern [data-consent-action=accept]');
      if (!accept) return go();
      document.addEventListener('postern:change', () => setTimeout(go, 300));
      accept.click();
    }, 2500));
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
  response.end(`<!DOCTYPE html><html lang="en"><head><title>site</title>${PAGES[pathname] ?? ''}</body></html>`);
}

let world;
let site;
before(async () => {
  world = await startWorld({ keepsPages: true });
  site = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: site.port });
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
    await world.settle();
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

// Pages of ours are not to be stored, and a choice changes a cookie that no script reads: for that Chromium gives up the page
// that it has kept, also where the choice was made in a page without scripts, which can tell no other. What would come back
// otherwise asks the edge (`pageshow` in stub.js).
describe('back to a page that the browser has kept whole', { skip: ENGINE !== 'chromium' && 'its driver has the browser keep none' }, () => {
  /** Notes what the document is and why it was given up; `back` comes to it from wherever the visitor has gone. */
  async function leave(page) {
    const length = await page.evaluate(() => {
      window.marker = 'the same document';
      addEventListener('pageshow', ({ persisted }) => { window.isKept = persisted; });
      return history.length;
    });
    const reasons = [];
    const session = await page.context().newCDPSession(page);
    await session.send('Page.enable');
    session.on('Page.backForwardCacheNotUsed', ({ notRestoredExplanations }) => reasons.push(...notRestoredExplanations.map(({ reason }) => reason)));
    const back = async () => {
      await page.evaluate((length) => history.go(length - history.length), length);
      await waitFor('the page that was left', () => page.evaluate(() => location.pathname === '/film'));
      return reasons;
    };
    return { back };
  }
  const granted = (page) => page.evaluate(() => window.postern?.state.granted.length);

  it('it is given back as it was where nothing was decided meanwhile', async () => {
    const page = await visit('/film', world.site.base);
    const { back } = await leave(page);
    await page.goto(`${world.site.base}/other`, { waitUntil: 'load' });
    assert.deepEqual(await back(), []);
    assert.deepEqual(await page.evaluate(() => [window.isKept, window.marker]), [true, 'the same document']);
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
      assert.ok(reasons.includes('CacheControlNoStoreHTTPOnlyCookieModified'), `${reasons}`);
      assert.equal(await page.evaluate('window.marker'), undefined);
      assert.equal(await banner(page).count(), 0, 'it is not asked again');
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
    const shown = async () => Number(/<tr data-day="total">.*?<td data-count="shown">([^<]*)</s.exec(await readDashboard(world.site))?.[1] ?? 0);
    const before = await shown();
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
    await waitFor('the first view', async () => await shown() > before);
    assert.equal(await shown(), before + 1);
    await browser.stop();
  });
});
