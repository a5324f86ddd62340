// Applications that change the page by script: routes by history.pushState whose views bring vendors of their own, pages that
// are prerendered, pages that the browser keeps whole, and pages that were open before the choice was made elsewhere.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, decide, describeRequests, eventsOf, saveCategories, serveSite, startWorld, trackerTraces, vendorHosts, waitFor } from './harness.mjs';

const META = 'www.facebook.com';
const YOUTUBE = 'www.youtube.com';

/** Each route brings its picture and its view; the tag comes with the first. Every view is reported once, as such pages do. */
const APP = `<main id="view"></main><script>
window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments); }
const views = {
  '/app/one': () => '<h1>one</h1>',
  '/app/film': () => '<h1>film</h1><iframe title="film" src="https://www.youtube.com/embed/seen"></iframe>',
  '/app/left': () => '<h1>left</h1><iframe title="film" src="https://www.youtube.com/embed/left"></iframe>',
  '/app/two': () => '<h1>two</h1>',
};
let isTagged = false;
let count = 0;
function show() {
  const path = location.pathname;
  document.getElementById('view').innerHTML = (views[path] || views['/app/one'])();
  if (!isTagged) {
    isTagged = true;
    gtag('js', new Date());
    gtag('config', 'G-DEMO123456', { send_page_view: false });
    const tag = document.createElement('script');
    tag.async = true;
    tag.src = 'https://www.googletagmanager.com/gtag/js?id=G-DEMO123456';
    document.head.append(tag);
  }
  gtag('event', 'page_view', { page_path: path, event_id: 'view-' + path });
  // Browsers ask for the very same picture once a page.
  new Image().src = 'https://www.facebook.com/tr?id=123456789012345&ev=PageView&n=' + (count += 1) + '&eid=' + encodeURIComponent(path);
}
function go(path) { history.pushState({}, '', path); show(); }
addEventListener('popstate', show);
show();
</script>`;

let world;
before(async () => {
  const respond = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!DOCTYPE html><html lang="en"><head><title>app</title></head><body>${APP}</body></html>`);
  };
  world = await startWorld({ origin: 'shop' });
  const { port } = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: port });
});
after(() => world?.close());
beforeEach(() => world.settle());

async function visit(path) {
  const page = await world.newPage();
  await page.goto(world.site.base + path, { waitUntil: 'load' });
  return page;
}

async function assertSilent() {
  assert.equal(describeRequests(await world.waitQuiet()), '');
  assert.deepEqual(await world.recorder.connections(), []);
}

/** Whether the page loads again for it or not. */
async function withdraw(page) {
  const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
  await page.evaluate(() => { window.postern.withdraw(); });
  assert.equal((await acknowledged).status(), 200);
  await waitFor('the withdrawal', () => page.evaluate(() => window.postern?.state.granted.length === 1));
}

const go = (page, path) => page.evaluate((path) => window.go(path), path);
const viewsOf = (requests) => eventsOf(requests, 'ga4').filter(({ name }) => name === 'page_view').map(({ id }) => id);
const picturesOf = (requests) => requests.filter(({ host }) => host === META).map(({ query }) => new URLSearchParams(query).get('eid')).sort();
const filmsOf = (requests) => requests.filter(({ host, path }) => host === YOUTUBE && path.startsWith('/embed/')).map(({ path }) => path);
const seenViews = (ids) => waitFor(`views ${ids}`, async () => {
  const seen = viewsOf(await world.recorder.requests());
  return ids.every((id) => seen.includes(id));
});

describe('an application with routes', () => {
  it('is held on each of them before a choice, and after a grant has told every view once', async () => {
    const page = await visit('/app/one');
    await go(page, '/app/left');
    await go(page, '/app/film');
    await assertSilent();
    assert.deepEqual(await trackerTraces(page), []);
    await page.evaluate(() => { window.marker = 'the same page'; });
    await decide(page, () => action(page, 'accept').click());
    await seenViews(['view-/app/one', 'view-/app/left', 'view-/app/film']);
    await waitFor('the pictures and the film', async () => {
      const requests = await world.recorder.requests();
      return picturesOf(requests).length >= 3 && filmsOf(requests).length >= 1;
    });
    const released = await world.waitQuiet();
    assert.deepEqual(viewsOf(released), ['view-/app/one', 'view-/app/left', 'view-/app/film']);
    assert.deepEqual(picturesOf(released), ['/app/film', '/app/left', '/app/one']);
    assert.deepEqual(filmsOf(released), ['/embed/seen'], 'the view that was left is not asked for');
    assert.equal(await page.evaluate('marker'), 'the same page');

    await world.recorder.clear();
    await go(page, '/app/two');
    await page.goBack();
    await seenViews(['view-/app/two', 'view-/app/film']);
    await waitFor('the later pictures', async () => picturesOf(await world.recorder.requests()).length >= 2);
    const later = await world.waitQuiet();
    assert.deepEqual(viewsOf(later), ['view-/app/two', 'view-/app/film'], 'what comes later goes straight out, once');
    assert.deepEqual(picturesOf(later), ['/app/film', '/app/two']);
    assert.equal(later.filter(({ path }) => path === '/gtag/js').length, 0, 'the tag is not asked for again');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('is held on each of them after a refusal, and a grant of one category tells that one\'s', async () => {
    const page = await visit('/app/one');
    await decide(page, () => action(page, 'reject').click());
    await go(page, '/app/film');
    await page.goBack();
    await assertSilent();
    await saveCategories(page, ['marketing']);
    await waitFor('the pictures', async () => picturesOf(await world.recorder.requests()).length >= 3);
    const requests = await world.waitQuiet();
    assert.deepEqual(vendorHosts(requests), [META]);
    assert.deepEqual(picturesOf(requests), ['/app/film', '/app/one', '/app/one']);
    await page.context().close();
  });

  it('is held again on each of them after a withdrawal', async () => {
    const page = await visit('/app/one');
    await decide(page, () => action(page, 'accept').click());
    await seenViews(['view-/app/one']);
    await withdraw(page);
    await world.settle();
    await go(page, '/app/film');
    await go(page, '/app/two');
    await assertSilent();
    assert.deepEqual(await trackerTraces(page), []);
    await page.context().close();
  });
});

describe('a page that was open before the choice was made in another', () => {
  it('is let go on by a grant there, once, and held by its withdrawal', async () => {
    const page = await visit('/app/film');
    const other = await page.context().newPage();
    await other.goto(`${world.site.base}/app/one`, { waitUntil: 'load' });
    await assertSilent();
    await decide(other, () => action(other, 'accept').click());
    await seenViews(['view-/app/film', 'view-/app/one']);
    await waitFor('the film', async () => filmsOf(await world.recorder.requests()).length >= 1);
    const requests = await world.waitQuiet();
    assert.deepEqual(viewsOf(requests).sort(), ['view-/app/film', 'view-/app/one']);
    assert.deepEqual(filmsOf(requests), ['/embed/seen']);
    await action(page, 'open').waitFor();

    await withdraw(other);
    await waitFor('the word of it', () => page.evaluate(() => window.postern?.state.granted.length === 1));
    await world.settle();
    await go(page, '/app/two');
    await assertSilent();
    assert.deepEqual(await trackerTraces(page), []);
    await page.context().close();
  });
});
