// A visitor who arrives with click identifiers, on a site that holds them: they leave the address bar before any script can
// read it, and come back with the grant they need. What a site that sends visitors on does is in input.test.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, it } from 'node:test';
import { ROOT, action, decide, describeRequests, saveCategories, startWorld, waitFor } from './harness.mjs';

const POLICY = `${readFileSync(join(ROOT, 'postern.toml'), 'utf8')}\n[edge]\nhold_landing = true\n`;
const LANDING = '/product-alder.html?size=42&gclid=CLICK-1&_ga=LINK-1&q=%20x';

let world;
let plain;
before(async () => {
  world = await startWorld({ vars: { POLICY } });
  plain = await startWorld({ origin: 'test', vars: { POLICY } });
});
after(async () => {
  await world?.close();
  await plain?.close();
});
beforeEach(() => world.settle());

const addressOf = (page) => page.evaluate(() => location.pathname + location.search + location.hash);

async function land(address = LANDING) {
  const page = await world.newPage();
  await page.goto(world.base + address);
  return page;
}

it('before a choice no script finds them, and the rest of the address keeps every byte', async () => {
  const page = await land(`${LANDING}#top`);
  assert.equal(await addressOf(page), '/product-alder.html?size=42&q=%20x#top');
  assert.equal(describeRequests(await world.waitQuiet()), '');
  await page.context().close();
});

it('the whole address is back, in order, when all is granted, before any tracker runs', async () => {
  const page = await land();
  await decide(page, () => action(page, 'accept').click());
  assert.equal(await addressOf(page), LANDING);
  const toldOf = (requests) => requests.flatMap((request) => request.events).filter((event) => event.address);
  await waitFor('a tracker to tell where it is', async () => toldOf(await world.recorder.requests()).length > 0);
  const told = toldOf(await world.waitQuiet());
  assert.ok(told.length > 0, 'a tracker has told where it is');
  assert.deepEqual([...new Set(told.map((event) => new URL(event.address).searchParams.get('gclid')))], ['CLICK-1']);
  await page.context().close();
});

it('a partial grant brings back its own only', async () => {
  const page = await land();
  await saveCategories(page, ['analytics']);
  assert.equal(await addressOf(page), '/product-alder.html?size=42&_ga=LINK-1&q=%20x');
  await page.context().close();
});

it('a refusal brings nothing back, nor does the next page', async () => {
  const page = await land();
  await decide(page, () => action(page, 'reject').click());
  assert.equal(await addressOf(page), '/product-alder.html?size=42&q=%20x');
  await page.goto(world.base + LANDING);
  assert.equal(await addressOf(page), '/product-alder.html?size=42&q=%20x');
  assert.equal(describeRequests(await world.waitQuiet()), '');
  await page.context().close();
});

it('a page that has gone elsewhere by itself keeps its own address', async () => {
  const page = await land();
  await page.evaluate(() => history.pushState(null, '', '/elsewhere?view=2'));
  await decide(page, () => action(page, 'accept').click());
  assert.equal(await addressOf(page), '/elsewhere?view=2');
  await page.context().close();
});

it('documents in frames of such a page are guarded, and carry none of them', async () => {
  const page = await plain.newPage();
  await page.goto(`${plain.base}/framing?size=42&gclid=CLICK-1`);
  await page.waitForFunction(() => window.hasRun);
  assert.equal(await addressOf(page), '/framing?size=42');
  assert.equal(describeRequests(await plain.waitQuiet()), '');
  assert.deepEqual(page.faults, []);
  assert.doesNotMatch(await page.evaluate(() => document.documentElement.outerHTML + document.querySelector('iframe').contentDocument.documentElement.outerHTML), /CLICK-1/);
  await page.context().close();
});
