// Pages that a visitor comes back to: what was decided meanwhile holds in them, whatever the browser remembers of them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, decide, describeRequests, saveCategories, startWorld, vendorHosts, waitFor } from './harness.mjs';

const YOUTUBE = 'www.youtube.com';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());
beforeEach(() => world.settle());

async function visit(path) {
  const page = await world.newPage();
  await page.goto(world.base + path, { waitUntil: 'load' });
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
