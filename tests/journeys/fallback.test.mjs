// Failing closed: whatever breaks at the edge, the page still arrives, nothing of a vendor's runs in it, and somebody is
// told. The recorder stands for all vendors.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ROOT, describeRequests, makeFolder, startWorld, waitFor } from './harness.mjs';
import { readDashboard, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
before(async () => {
  world = await startWorld({ origin: 'test', dashboard: true });
});
after(() => world?.close());
beforeEach(() => world.settle());

/** The rows of one table of the dashboard, by name. */
async function readSightings(worker) {
  return [...(await readDashboard(worker)).matchAll(/<tr data-seen="([^"]*)">(.*?)<\/tr>/gs)].map(([, name, row]) => [name, row.replace(/<[^>]+>/g, ' ')]);
}

describe('a page that the rewriter gives up on', () => {
  it('arrives in a form that runs nothing, and is counted', async () => {
    const page = await world.newPage();
    await page.goto(`${world.base}/endless-tag`).catch(() => {});
    await page.waitForURL(/postern-locked/);
    assert.match(await page.content(), /end of endless/);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    // No policy forbids a browser to connect ahead.
    assert.deepEqual(await world.recorder.connections(), []);
    assert.equal(await page.locator('link[rel="stylesheet"]').count(), 1);
    const rows = await waitFor('the failure on the dashboard', async () => {
      const found = await readSightings(world.worker);
      return found.some(([name]) => name === 'rewriter') && found;
    });
    assert.match(rows.find(([name]) => name === 'rewriter')[1], /endless-tag/);
    await page.context().close();
  });

  it('is asked of the origin as the visitor asked for it', async () => {
    const answer = await send(world.worker.port, '/echo?a=1&postern-locked=1', { headers: { accept: 'text/html' } });
    assert.equal(JSON.parse(readText(answer)).url, '/echo?a=1');
  });
});

describe('a page in an encoding that cannot be read here', () => {
  it('arrives in a form that runs nothing, and is counted', async () => {
    const page = await world.newPage();
    await page.goto(`${world.base}/deflate`);
    assert.match(await page.content(), /end of deflate/);
    assert.equal(await page.evaluate(() => typeof window.dataLayer), 'undefined', 'no script has run');
    assert.equal(describeRequests(await world.waitQuiet()), '');
    const rows = await waitFor('the failure on the dashboard', async () => {
      const found = await readSightings(world.worker);
      return found.some(([name]) => name === 'unreadable-encoding') && found;
    });
    assert.match(rows.find(([name]) => name === 'unreadable-encoding')[1], /deflate/);
    await page.context().close();
  });

  it('is not handed to a script, which would put it into a page', async () => {
    const answer = await send(world.worker.port, '/deflate', { headers: { accept: '*/*', 'sec-fetch-dest': 'empty' } });
    assert.equal(answer.status, 502);
  });
});

describe('an edge that throws', () => {
  let broken;
  before(async () => {
    // The same front door, with nothing working behind it.
    const folder = makeFolder();
    writeFileSync(join(folder, 'entry.mjs'), `import { guarded } from ${JSON.stringify(join(ROOT, 'worker/last-resort.mjs'))};
export class LedgerObject {}
export default guarded(class { fetch() { throw new Error('on purpose'); } });
`);
    const config = readFileSync(join(ROOT, 'build/wrangler.toml'), 'utf8').replace(/^main = .*$/m, 'main = "entry.mjs"');
    writeFileSync(join(folder, 'wrangler.toml'), config);
    broken = await world.startWorker({ config: join(folder, 'wrangler.toml'), health: 503 });
  });

  it('hands out the page with nothing in it alive', async () => {
    const page = await world.newPage();
    await world.settle();
    await page.goto(`${broken.base}/html?gclid=CLICK-1`);
    assert.match(await page.content(), /id="end"/);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await world.recorder.connections(), []);
    assert.deepEqual(await page.context().cookies(), []);
    await page.context().close();
  });

  it('passes on no cookie, no identifier, and sets none', async () => {
    const echo = JSON.parse(readText(await send(broken.port, '/echo?gclid=CLICK-1', { headers: { cookie: '_ga=GA1.1.1.1; session=1', referer: 'https://x.example/?fbclid=1' } })));
    assert.equal(echo.url, '/echo');
    assert.ok(!echo.headers.some(([name]) => ['cookie', 'referer'].includes(name.toLowerCase())));
    assert.deepEqual(valuesOf(await send(broken.port, '/cookies'), 'set-cookie'), []);
  });

  it('says so in its log, and passes nothing on twice', async () => {
    const answer = await send(broken.port, '/echo', { method: 'POST', body: 'x' });
    assert.equal(answer.status, 503);
    assert.match(broken.log, /the edge failed, and the page was handed out locked: on purpose/);
  });

  it('keeps what browsers and caches hold apart', async () => {
    assert.equal(valueOf(await send(broken.port, '/html'), 'cache-control'), 'private, no-store');
  });
});

describe('the sources', () => {
  it('never hand out a page unguarded', () => {
    for (const name of ['worker/entry.mjs', 'worker/last-resort.mjs', 'worker/src/lib.rs', 'worker/src/guard.rs']) {
      assert.doesNotMatch(readFileSync(join(ROOT, name), 'utf8').replace(/^\s*\/\/.*$/gm, ''), /passThroughOnException|pass_through/, name);
    }
  });
});

describe('what the policy does not name', () => {
  it('is seen, with the page it is on and since when', async () => {
    const page = await world.newPage();
    await page.goto(`${world.base}/strangers`);
    const rows = await waitFor('the sightings', async () => {
      const found = await readSightings(world.worker);
      return found.some(([name]) => name === 'cdn.stranger.example') && found;
    });
    assert.match(rows.find(([name]) => name === 'cdn.stranger.example')[1], /unknown host\s+\/strangers\s+\d+\s[A-Z][a-z]{2}\s\d{4}/);
    assert.match(rows.find(([name]) => name === 'tiktok')[1], /known vendor, not listed/);
    await page.context().close();
  });
});
