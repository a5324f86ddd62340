// What stands beside the question: the announcement that the site's notice changes, which asks nothing and keeps nothing,
// and the words in a held frame, which lead to that one provider's content without JavaScript too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DESKTOP, PHONE, ROOT, WITHOUT_SCRIPTS, action, banner, choiceCookies, decide, describeRequests, startWorld, vendorHosts } from './harness.mjs';

/** One moment for all of the file, whatever day it is by the end. */
const NOW = Date.now();
const day = (offset) => new Date(NOW + offset * 86_400_000).toISOString().slice(0, 10);
const POLICY = readFileSync(join(ROOT, 'postern.toml'), 'utf8');

/** The shop, announcing a change between these days, counted from today. */
const announcing = (from, until) => POLICY.replace(/^updated = .*$/m, (line) => `${line}\n[notice.change]\nfrom = ${day(from)}\nuntil = ${day(until)}`);

let world;
before(async () => { world = await startWorld({ vars: { POLICY: announcing(-3, 40) } }); });
after(() => world?.close());

const notice = (page) => page.locator('#postern-change');

describe('a change of the notice', () => {
  for (const [device, options] of [['a desktop', DESKTOP], ['a phone', PHONE]]) {
    for (const javaScriptEnabled of [true, false]) {
      it(`is announced on ${device}, ${javaScriptEnabled ? 'with' : 'without'} JavaScript, beside the question, and closed for this page alone`, async () => {
        const page = await world.newPage({ ...options, javaScriptEnabled });
        await page.goto(`${world.base}/`);
        assert.match(await notice(page).innerText(), new RegExp(`applies from ${day(-3)}`));
        await banner(page).waitFor();
        const [one, other] = await Promise.all([notice(page).boundingBox(), banner(page).boundingBox()]);
        assert.ok(one.y + one.height <= other.y, 'they do not cover each other');
        await notice(page).getByRole('button').click(javaScriptEnabled ? {} : WITHOUT_SCRIPTS);
        await notice(page).waitFor({ state: 'hidden' });
        assert.ok(await banner(page).isVisible(), 'the question stands');
        const stored = await page.evaluate(() => [localStorage, sessionStorage].flatMap((storage) => Object.keys(storage)));
        assert.deepEqual([await choiceCookies(page), stored], [[], []], 'nothing is kept');
        assert.deepEqual((await page.context().cookies()).map((cookie) => cookie.name).sort(), ['__Host-postern-asked', 'shop_session']);
        await page.reload();
        assert.ok(await notice(page).isVisible());
        await page.context().close();
      });
    }
  }

  it('changes no consent, and is announced where everything is granted', async () => {
    const page = await world.newPage();
    await page.goto(`${world.base}/`);
    await decide(page, () => action(page, 'accept').click());
    const before = await page.context().cookies();
    await page.goto(`${world.base}/basket.html`);
    await notice(page).getByRole('button').click();
    assert.equal(await page.evaluate(() => document.activeElement !== null && !document.querySelector('#postern section')), true);
    const kept = (cookies) => cookies.find((cookie) => cookie.name === '__Host-postern')?.value;
    assert.equal(kept(await page.context().cookies()), kept(before));
    assert.ok(kept(before));
    await page.context().close();
  });

  it('is announced neither before its first day nor after its last', async () => {
    for (const [from, until] of [[2, 40], [-40, -2]]) {
      const worker = await world.startWorker({ vars: { POLICY: announcing(from, until) } });
      const text = await (await fetch(`${worker.base}/`, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document' } })).text();
      assert.ok(text.includes('id="postern"') && !text.includes('postern-change'), `${from} to ${until}`);
      await worker.stop();
    }
  });
});

describe('a held frame', () => {
  it('names its provider, and loads it alone without JavaScript', async () => {
    const page = await world.newPage({ javaScriptEnabled: false });
    await page.goto(`${world.base}/film.html`);
    await world.settle();
    const frame = page.frameLocator('iframe[data-postern-vendor="youtube"]').first();
    await frame.getByText('This content comes from YouTube').waitFor();
    await frame.getByRole('link', { name: 'Load YouTube' }).click(WITHOUT_SCRIPTS);
    await page.waitForURL(/_postern\/consent/);
    assert.equal(describeRequests(await world.waitQuiet()), '', 'asking is not loading');
    await page.getByRole('button', { name: 'Load YouTube' }).click(WITHOUT_SCRIPTS);
    await page.waitForURL((url) => url.pathname === '/film.html');
    const hosts = vendorHosts(await world.waitQuiet());
    assert.ok(hosts.length > 0 && hosts.every((host) => /(^|\.)(youtube(-nocookie)?|ytimg)\.com$/.test(host)), hosts.join());
    assert.ok(await banner(page).isVisible(), 'the question still stands');
    await page.context().close();
  });

  it('leads to the settings', async () => {
    const page = await world.newPage({ javaScriptEnabled: false });
    await page.goto(`${world.base}/film.html`);
    await page.frameLocator('iframe[data-postern-vendor="youtube"]').first().getByRole('link', { name: 'Allow always' }).click(WITHOUT_SCRIPTS);
    await page.waitForURL(/_postern\/consent/);
    assert.equal(await page.locator('form.load').count(), 0);
    await page.context().close();
  });
});
