// The journey without JavaScript: forms and links alone record the choice, and the pages that follow obey it.

import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { WITHOUT_SCRIPTS, action, banner, categorySwitch, choiceCookies, describeRequests, startWorld, vendorHosts } from './harness.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());
beforeEach(() => world.settle());

const GA4_LIVE = 'script[src*="googletagmanager.com/gtag/js"]:not([type="text/plain"])';
const YOUTUBE_LIVE = 'iframe[src*="youtube.com/embed"]';

async function visit(path) {
  const page = await world.newPage({ javaScriptEnabled: false });
  await page.goto(world.base + path);
  return page;
}

/** Clicks what sends a form and waits for the page that the answer leads to. */
async function submit(page, locator) {
  await Promise.all([page.waitForNavigation(), locator.click(WITHOUT_SCRIPTS)]);
}

it('before a choice nothing leaves, the pixels in noscript included', async () => {
  const page = await visit('/product-alder.html');
  await banner(page).waitFor();
  assert.equal(describeRequests(await world.waitQuiet()), '');
  assert.equal(await page.locator(GA4_LIVE).count(), 0);
  await page.context().close();
});

it('an acceptance by the form leads back to the same page with live trackers', async () => {
  const page = await visit('/film.html');
  const address = page.url();
  await submit(page, action(page, 'accept'));
  assert.equal(page.url(), address);
  assert.equal(await banner(page).isVisible(), false);
  assert.equal(await page.locator(GA4_LIVE).count(), 1);
  assert.equal(await page.locator(YOUTUBE_LIVE).count(), 1);
  assert.equal(await page.locator('[data-postern-need]').count(), 0);
  const hosts = vendorHosts(await world.waitQuiet());
  for (const host of ['www.facebook.com', 'www.youtube.com', 'www.googletagmanager.com']) assert.ok(hosts.includes(host), `${host} in ${hosts}`);
  assert.ok((await choiceCookies(page)).some((cookie) => cookie.httpOnly && cookie.secure));
  await page.context().close();
});

it('the way back keeps the query of the page', async () => {
  const page = await visit('/product-alder.html?size=42&a=%20b');
  await submit(page, action(page, 'reject'));
  assert.equal(new URL(page.url()).pathname, '/product-alder.html');
  assert.equal(new URL(page.url()).searchParams.get('size'), '42');
  await page.context().close();
});

it('a refusal by the form is kept', async () => {
  const page = await visit('/');
  await submit(page, action(page, 'reject'));
  await page.goto(`${world.base}/product-fell.html`);
  assert.equal(await banner(page).isVisible(), false);
  assert.equal(await page.locator(GA4_LIVE).count(), 0);
  assert.equal(describeRequests(await world.waitQuiet()), '');
  await page.context().close();
});

it('the settings are the consent page, where a part can be saved and all withdrawn', async () => {
  const page = await visit('/');
  const href = await action(page, 'settings').evaluate((element) => element.getAttribute('href') ?? element.getAttribute('formaction') ?? element.form?.getAttribute('action'));
  assert.ok(href.startsWith(`${world.base}/_postern/consent`), `with its host, since the base of a page may be another: ${href}`);
  await submit(page, action(page, 'settings'));
  assert.equal(new URL(page.url()).pathname, '/_postern/consent');
  await categorySwitch(page, 'analytics').check(WITHOUT_SCRIPTS);
  await submit(page, action(page, 'save'));

  await page.goto(`${world.base}/film.html`);
  assert.equal(await page.locator(GA4_LIVE).count(), 1, 'analytics is live');
  assert.equal(await page.locator(YOUTUBE_LIVE).count(), 0, 'social is not');
  assert.equal((await world.waitQuiet()).some((request) => request.host === 'www.facebook.com'), false, 'marketing is not');

  await page.locator('#postern [data-consent-action="open"]:visible').click(WITHOUT_SCRIPTS);
  await page.waitForURL(/\/_postern\/consent/);
  assert.equal(await categorySwitch(page, 'analytics').isChecked(), true);
  assert.equal(await categorySwitch(page, 'marketing').isChecked(), false);
  await submit(page, action(page, 'withdraw'));
  await world.waitQuiet();
  await world.recorder.clear();
  await page.goto(`${world.base}/film.html`);
  assert.equal(await page.locator(GA4_LIVE).count(), 0);
  assert.equal(describeRequests(await world.waitQuiet()), '');
  await page.context().close();
});
