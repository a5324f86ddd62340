// Pages that work against the banner, by intent or not: they restyle, cover, remove or move it, break what scripts stand on, or
// have no place to keep a choice. Whatever they do, nothing is let in that was not granted; where it can be, one still decides.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, banner, decide, describeRequests, serveBetween, serveSite, startWorld, vendorHosts, waitFor } from './harness.mjs';

const VENDORS = `<script async src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"></script>
<img src="https://www.facebook.com/tr?id=123456789012345&ev=PageView" alt="">
<script>new Image().src = 'https://www.facebook.com/tr?id=123456789012345&ev=Scripted';</script>`;

/** By path: what stands in the head and in the body, and headers. */
const PAGES = {
  // Styles.
  '/hides-divs': { head: '<style>div, section, form, button, dialog { display: none; visibility: hidden; opacity: 0; position: static; width: 0; pointer-events: none }</style>' },
  '/hides-us': { head: '<style>#postern { display: none !important }</style>' },
  '/unsets-all': { head: '<style>* { all: unset !important }</style>' },
  '/restyles-all': { head: '<style>body * { font: 40px/1 fantasy; color: #fff; background: #fff; transform: rotate(3deg); animation: none; float: left; text-transform: uppercase }</style>' },
  '/covers': { body: '<div style="position: fixed; inset: 0; z-index: 2147483647; background: #fff">bought</div>' },
  // Scripts, before anything is asked of the gate.
  '/breaks-arrays': { head: breaks('Array.prototype', 'String.prototype', 'RegExp.prototype') },
  '/breaks-promises': { head: breaks('Promise.prototype', 'Promise', 'JSON', 'Response.prototype') },
  '/breaks-fetch': { head: '<script>window.fetch = () => { throw new Error("mine"); }; window.XMLHttpRequest = window.Request = window.Response = undefined;</script>' },
  '/breaks-events': { head: breaks('EventTarget.prototype', 'Event.prototype') },
  '/breaks-elements': { head: breaks('Element.prototype', 'Node.prototype', 'HTMLElement.prototype') },
  '/throws': {
    head: `<script>for (const [owner, name] of [[document, 'cookie'], [window, 'localStorage'], [window, 'sessionStorage'], [window, 'indexedDB'], [navigator, 'sendBeacon'], [Object.prototype, 'get'], [Object.prototype, 'need']]) {
      try { Object.defineProperty(owner, name, { configurable: true, get() { throw new Error('mine'); }, set() { throw new Error('mine'); } }); } catch {}
    }</script>`,
  },
  '/freezes': {
    head: `<script>for (const name of Object.getOwnPropertyNames(window)) {
      const made = Object.getOwnPropertyDescriptor(window, name)?.value;
      if (typeof made === 'function') { Object.freeze(made); if (made.prototype) Object.freeze(made.prototype); }
    }</script>`,
  },
  '/no-wasm': { headers: { 'content-security-policy': "script-src 'self' 'unsafe-inline'; object-src 'none'" } },
  // What blockers do, and pages that build themselves anew.
  '/removes': { head: '<script>new MutationObserver(() => document.getElementById("postern")?.remove()).observe(document, { childList: true, subtree: true });</script>' },
  '/moves': { body: '<main id="app"></main><script>document.getElementById("app").append(document.getElementById("postern"));</script>' },
  '/copies': { body: '<div id="copy"></div><script>document.getElementById("copy").innerHTML = document.body.innerHTML;</script>' },
  '/rebuilds': { body: `<script>document.body.innerHTML = '<main><img alt="" src="https://www.facebook.com/tr?id=1&ev=Rebuilt"><p>anew</p></main>';</script>` },
};

/** A script that puts what throws in place of every method of these. */
function breaks(...names) {
  return `<script>for (const owner of [${names}]) for (const name of Object.getOwnPropertyNames(owner)) {
    if (name !== 'constructor' && name !== 'prototype' && typeof Object.getOwnPropertyDescriptor(owner, name).value === 'function') {
      try { owner[name] = () => { throw new Error('mine'); }; } catch {}
    }
  }</script>`;
}

let world;
before(async () => {
  const respond = (request, response) => {
    const { head = '', body = '', headers = {} } = PAGES[new URL(request.url, 'http://site').pathname] ?? {};
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(`<!DOCTYPE html><html lang="en"><head><title>site</title>${head}</head><body>${body}${VENDORS}<p>site</p></body></html>`);
  };
  world = await startWorld({ origin: 'test' });
  const { port } = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: port });
});
after(() => world?.close());
beforeEach(() => world.settle());

async function visit(path, options) {
  const page = await world.newPage(options);
  await page.goto(world.site.base + path, { waitUntil: 'load' });
  return page;
}

async function assertSilent() {
  assert.equal(describeRequests(await world.waitQuiet()), '');
  assert.deepEqual(await world.recorder.connections(), []);
}

/** Clicks a control, by the gate or by its form, and waits until the choice is on record. */
async function choose(page, name, press = () => action(page, name).click()) {
  const answered = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
  let isLoaded = false;
  page.once('load', () => { isLoaded = true; });
  await press();
  const status = (await answered).status();
  assert.ok(status < 400);
  // A form leads to a page: where one goes on before it is there, the two ways cross.
  if (status === 303) await waitFor('the page behind the form', () => isLoaded);
}

async function isAsked(path) {
  const page = await visit(path);
  const isVisible = await banner(page).isVisible();
  await page.context().close();
  return isVisible;
}

describe('a page in which all can be decided all the same', () => {
  for (const path of ['/hides-divs', '/unsets-all', '/restyles-all', '/breaks-arrays', '/breaks-promises', '/breaks-fetch', '/breaks-events', '/breaks-elements', '/throws', '/freezes', '/no-wasm', '/moves']) {
    it(`${path} lets nobody in before a choice, nor after a refusal, and who was granted after a grant`, async () => {
      const refusing = await visit(path);
      await assertSilent();
      await choose(refusing, 'reject');
      await assertSilent();
      await refusing.goto(world.site.base + path, { waitUntil: 'load' });
      assert.equal(await banner(refusing).isVisible(), false, 'it is not asked again');
      await assertSilent();
      await refusing.context().close();

      const accepting = await visit(path);
      await choose(accepting, 'accept');
      await accepting.goto(world.site.base + path, { waitUntil: 'load' });
      await waitFor('who was granted', async () => vendorHosts(await world.recorder.requests()).includes('www.facebook.com'));
      await accepting.context().close();
    });
  }
});

describe('a page that', () => {
  it('restyles everything changes neither the size nor the weight of a choice', async () => {
    const look = async (path) => {
      const page = await visit(path);
      const found = await banner(page).locator('button').evaluateAll((buttons) => buttons.map((button) => {
        const { fontSize, fontFamily, fontWeight, color, backgroundColor, textTransform, transform } = getComputedStyle(button);
        const { width, height } = button.getBoundingClientRect();
        return { fontSize, fontFamily, fontWeight, color, backgroundColor, textTransform, transform, width, height };
      }));
      await page.context().close();
      return found;
    };
    const plain = await look('/');
    assert.equal(plain.length, 3);
    for (const path of ['/hides-divs', '/restyles-all']) assert.deepEqual(await look(path), plain, path);
  });

  it('hides the banner is denied, and the settings are one address away', async () => {
    const page = await visit('/hides-us');
    assert.equal(await banner(page).isVisible(), false);
    await assertSilent();
    await page.goto(`${world.site.base}/_postern/consent`);
    await choose(page, 'withdraw');
    await assertSilent();
    await page.context().close();
  });

  it('covers everything is denied, and its visitor decides by keyboard', async () => {
    const page = await visit('/covers');
    await assertSilent();
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement.dataset.consentAction === 'reject')) break;
    }
    await choose(page, 'reject', () => page.keyboard.press('Enter'));
    await assertSilent();
    await page.context().close();
  });

  for (const path of ['/removes', '/rebuilds']) {
    it(`${path.slice(1)} the banner, as blockers do, is denied, page after page`, async () => {
      const page = await visit(path);
      assert.equal(await page.locator('#postern').count(), 0);
      await assertSilent();
      await page.reload({ waitUntil: 'load' });
      await assertSilent();
      assert.ok(await isAsked('/'), 'nothing was decided for the visitor');
      await page.evaluate(() => { window.postern.open(); });
      await page.waitForURL(/_postern\/consent/);
      await page.context().close();
    });
  }

  it('copies the banner is denied, and the copy says no', async () => {
    const page = await visit('/copies');
    await assertSilent();
    // It lies over the other.
    await choose(page, 'reject', () => page.locator('#copy [data-consent-action="reject"]').click());
    await assertSilent();
    await page.goto(`${world.site.base}/`);
    assert.equal(await banner(page).isVisible(), false, 'it was a refusal');
    await page.context().close();
  });
});

describe('a browser that keeps nothing', () => {
  it('without storage is denied, and decides as others do', async () => {
    const page = await world.newPage();
    await page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore']) {
        Object.defineProperty(window, name, { get() { throw new DOMException('switched off', 'SecurityError'); } });
      }
    });
    await page.goto(`${world.site.base}/`, { waitUntil: 'load' });
    await assertSilent();
    assert.deepEqual(await decide(page, () => action(page, 'reject').click()), ['necessary']);
    await page.reload({ waitUntil: 'load' });
    assert.equal(await banner(page).isVisible(), false);
    await assertSilent();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('without cookies is denied on every page, asked once on each and sent nowhere in a loop', async () => {
    // In between stands a server that takes cookies out of everything, as a browser that has them switched off.
    let taken = 0;
    const change = ({ cookie: _cookie, 'set-cookie': cookies, ...kept }) => {
      taken += cookies?.filter((cookie) => !cookie.startsWith('__Host-postern-asked=')).length ?? 0;
      return kept;
    };
    const between = world.keep(await serveBetween(world.site.port, { change }));
    const base = `http://localhost:${between.port}`;
    const page = await world.newPage();
    await page.addInitScript(() => Object.defineProperty(Document.prototype, 'cookie', { configurable: true, get: () => '', set() {} }));
    let loads = 0;
    page.on('load', () => { loads += 1; });
    for (const choice of ['reject', 'accept']) {
      await page.goto(`${base}/`, { waitUntil: 'load' });
      await banner(page).waitFor();
      await choose(page, choice);
      await banner(page).waitFor({ state: 'hidden' });
      // What is released later than all is quiet would be taken for the next page's.
      if (choice === 'accept') {
        await waitFor('all that was granted', async () => {
          const requests = await world.recorder.requests();
          return requests.some(({ path }) => path === '/gtag/js') && requests.filter(({ host }) => host === 'www.facebook.com').length >= 2;
        });
      }
      await world.settle();
      assert.equal(await banner(page).isVisible(), false, 'what was answered is not asked again in this page');
      await page.goto(`${base}/next`, { waitUntil: 'load' });
      await banner(page).waitFor();
      await assertSilent();
    }
    assert.equal(taken, 2, 'a cookie for each choice');
    assert.equal(loads, 4, 'nothing loads by itself');
    await page.context().close();
  });
});
