// Who has chosen: the pages that follow carry no stub and no settings, since both are in the browser's store or fetched when
// they are wanted. They hold as before, and where the stub does not come they hold more.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { action, banner, categorySwitch, decide, describeRequests, openSettings, serveBetween, serveSite, startWorld, vendorHosts, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send } from './wire.mjs';

/** What a page's own script does before anything else can run, and what it sees of what it did. */
const SCRIPTS = `<script>
new Image().src = 'https://www.facebook.com/tr?id=123456789012345&ev=Made';
fetch('https://www.google-analytics.com/g/collect?v=2&tid=G-DEMO123456', { mode: 'no-cors' }).catch(() => {});
const frame = document.head.appendChild(document.createElement('iframe'));
frame.contentDocument.write('<!DOCTYPE html><p id="written">written</p><script>new Image().src = "https://www.facebook.com/tr?id=1&ev=Written"</' + 'script><p id="last">');
frame.contentDocument.close();
window.written = [...frame.contentDocument.querySelectorAll('p')].map(({ id }) => id).join(' ');
</script>`;
const STRANGER = `<script>new Image().src = 'https://stranger.example/pixel.gif';</script>`;

const CSP = {
  '/nonce': "script-src 'nonce-abc' 'unsafe-inline'",
  '/dynamic': "script-src 'nonce-abc' 'strict-dynamic'; object-src 'none'",
  '/trusted': "require-trusted-types-for 'script'; trusted-types 'none'",
};

let world;
let site;
before(async () => {
  const respond = (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const head = pathname === '/stranger' ? STRANGER : CSP[pathname] ? SCRIPTS.replace('<script>', '<script nonce="abc">') : SCRIPTS;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...(CSP[pathname] && { 'content-security-policy': CSP[pathname] }) });
    response.end(`<!DOCTYPE html><html lang="en"><head><title>site</title>${head}</head><body><main><h1>site</h1><img id="own" alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="></main></body></html>`);
  };
  world = await startWorld({ origin: 'test' });
  site = world.keep(await serveSite(respond));
  world.site = await world.startWorker({ originPort: site.port });
});
after(() => world?.close());
beforeEach(() => world.settle());

/** A page whose visitor has refused, and whose gate has done all it does after that. */
async function refused() {
  const page = await world.newPage();
  await page.goto(world.site.base, { waitUntil: 'load' });
  const fetched = page.waitForResponse((response) => response.url().endsWith('/stub.js'));
  await decide(page, () => action(page, 'reject').click());
  await (await fetched).finished();
  return page;
}

/** The site's address by way of a server that answers what ends in `path` itself. */
async function baseWhere(path, answer) {
  const respond = (request, response) => new URL(request.url, 'http://site').pathname.endsWith(path) && (answer(response), true);
  return `http://localhost:${world.keep(await serveBetween(world.site.port, { respond })).port}`;
}

/** The page as the edge sends it to who has refused. */
async function readAsRefused(path) {
  const cookie = consentCookie(await postDecision(world.site, { change: { choice: 'reject' } }));
  return readText(await send(world.site.port, path, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', cookie } }));
}

/** Files that the page has loaded, by name: bytes that came over the line. */
const transferred = (page) => page.evaluate(() =>
  Object.fromEntries(performance.getEntriesByType('resource').filter(({ name }) => !name.endsWith('/favicon.ico')).map(({ name, transferSize }) => [name.split('/').at(-1).split('?')[0], transferSize])));

describe('a page for who has refused', () => {
  it('carries less than a kilobyte of ours, and asks for nothing over the line', async () => {
    const [first, later] = [readText(await send(world.site.port, '/', { headers: { accept: 'text/html' } })), await readAsRefused('/')];
    const plain = await (await fetch(`http://127.0.0.1:${site.port}/`)).text();
    const bytes = (text) => brotliCompressSync(text).length - brotliCompressSync(plain).length;
    assert.ok(bytes(first) > 10_000, `${bytes(first)} bytes before a choice: nothing is shown by this test any more`);
    assert.ok(bytes(later) < 1000, `${bytes(later)} bytes`);
    const page = await refused();
    await page.goto(world.site.base, { waitUntil: 'load' });
    assert.deepEqual(await transferred(page), { 'stub.js': 0 });
    assert.equal(await banner(page).count(), 0);
    await page.context().close();
  });

  it('holds what its scripts start, in documents that they write too', async () => {
    const page = await refused();
    await page.goto(world.site.base, { waitUntil: 'load' });
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.equal(await page.evaluate('written'), 'written last', 'the page sees at once what it has written');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  for (const path of Object.keys(CSP)) {
    it(`holds them under the policy of ${path}`, async () => {
      const page = await refused();
      await page.goto(world.site.base + path, { waitUntil: 'load' });
      assert.equal(describeRequests(await world.waitQuiet()), '');
      assert.deepEqual(await page.evaluate(() => [typeof window.postern.open, window.written]), ['function', path === '/trusted' ? undefined : 'written last']);
      await page.context().close();
    });
  }

  it('has the stub in it where a policy trusts no address', async () => {
    assert.match(await readAsRefused('/dynamic'), /<script [^>]*data-postern-state="[^"]*"[^>]*>\(function \$postern/);
    assert.match(await readAsRefused('/nonce'), /<script [^>]*data-postern-state="[^"]*"[^>]* src="http:[^"]*\/stub\.js"><\/script><script>/);
  });

  it('has settings that come when they are wanted, and give the focus back', async () => {
    const page = await refused();
    await page.goto(world.site.base, { waitUntil: 'load' });
    const link = action(page, 'open');
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('#postern dialog[open]').waitFor();
    assert.equal(await page.locator('#postern dialog').count(), 1);
    assert.equal(await categorySwitch(page, 'marketing').isChecked(), false);
    await page.keyboard.press('Escape');
    assert.equal(await link.evaluate((element) => element === document.activeElement), true);
    await openSettings(page);
    assert.equal(await page.locator('#postern dialog').count(), 1, 'they come once');
    await categorySwitch(page, 'marketing').check();
    assert.deepEqual(await decide(page, () => action(page, 'save').click()), ['necessary', 'marketing']);
    await world.waitForHosts('www.facebook.com');
    assert.deepEqual(vendorHosts(await world.waitQuiet()), ['www.facebook.com'], 'what was held starts, and no other');
    await page.context().close();
  });

  it('leads to the page of the settings where they do not come', async () => {
    const page = await refused();
    await page.goto(await baseWhere('/_postern/state', (response) => response.destroy()), { waitUntil: 'load' });
    await action(page, 'open').click();
    await page.waitForURL('**/_postern/consent*');
    await page.context().close();
  });
});

describe('a page whose stub does not come', () => {
  for (const [what, answer] of [
    ['is blocked', (response) => response.destroy()],
    ['is not there', (response) => response.writeHead(404).end('nothing')],
    ['is something else', (response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end('throw new Error("another")')],
  ]) {
    it(`(it ${what}) loads nothing of other sites, known or not, says so, and shows its own`, async () => {
      const page = await refused();
      const base = await baseWhere('/stub.js', answer);
      const said = [];
      page.on('console', (message) => { said.push(message.text()); });
      for (const path of ['/', '/stranger']) {
        await page.goto(base + path, { waitUntil: 'load' });
        assert.equal(describeRequests(await world.waitQuiet()), '');
        await waitFor('the sentence', () => said.splice(0).some((text) => text.includes('did not load')));
        // Where nothing else has that name, the element of that id has.
        assert.deepEqual(await page.evaluate(() => [document.getElementById('own').naturalWidth, typeof window.postern.open]), [1, 'undefined']);
      }
      // The link still leads to the settings, as without scripts.
      await action(page, 'open').click();
      await page.waitForURL('**/_postern/consent*');
      await page.context().close();
    });
  }
});
