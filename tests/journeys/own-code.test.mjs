// Code of the site's own that needs a grant: `data-postern-category` on what the origin writes and on what scripts make.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, banner, decide, saveCategories, startWorld, waitFor } from './harness.mjs';

let world;
before(async () => { world = await startWorld({ origin: 'test' }); });
after(() => world?.close());
beforeEach(() => world.settle());

/** What has run on a page that the origin wrote and one whose scripts made the same. */
const ORDER = ['inline', 'file', 'made', 'made-inline', 'markup', 'frame'];

async function visit() {
  const page = await world.newPage();
  await page.goto(`${world.base}/own-code`, { waitUntil: 'load' });
  return page;
}

const ran = (page) => page.evaluate(() => window.ran.toSorted().join(' '));
const all = ORDER.toSorted().join(' ');

describe('code of the site\'s own', () => {
  it('waits for the category it names, and runs once, in place, without a reload', async () => {
    const page = await visit();
    await banner(page).waitFor();
    assert.equal(await ran(page), '');
    assert.equal(await page.evaluate(() => getComputedStyle(document.getElementById('styled')).opacity), '1');
    await saveCategories(page, ['marketing']);
    assert.equal(await ran(page), '', 'another category is no grant');
    await saveCategories(page, ['analytics']);
    await waitFor('it', async () => await ran(page) === all);
    assert.equal(await page.evaluate(() => getComputedStyle(document.getElementById('styled')).opacity), '0.5');
    await saveCategories(page, ['analytics']);
    assert.equal(await ran(page), all, 'a second grant runs nothing again');
    await page.reload({ waitUntil: 'load' });
    await waitFor('it', async () => await ran(page) === all);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('that names no category there is never runs', async () => {
    const page = await visit();
    await decide(page, () => action(page, 'accept').click());
    await waitFor('the others', async () => await ran(page) === all);
    assert.equal(await page.evaluate(() => window.misspelt), undefined);
    await page.context().close();
  });

  it('is let run by an answer in another page too', async () => {
    const page = await visit();
    const other = await page.context().newPage();
    await other.goto(`${world.base}/own-code`, { waitUntil: 'load' });
    await decide(other, () => action(other, 'accept').click());
    await waitFor('it', async () => await ran(page) === all);
    await page.context().close();
  });
});
