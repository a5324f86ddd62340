// What the gate did is counted, by vendor: pages on which something of theirs was held, identifiers that were taken out on the way, hits
// that were refused. Things are counted, never people; nothing of what they said is kept.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readCells } from './figures.mjs';
import { BATCH_MS, sleep, startWorld, waitFor } from './harness.mjs';
import { consentCookie, postDecision, readText, send } from './wire.mjs';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const SECRET = 'GA1.1.1234567890.1700000000';

let world;
before(async () => { world = await startWorld({ dashboard: true, browser: false }); });
after(() => world?.close());

const page = async (path, cookie) => {
  const answer = await send(world.worker.port, path, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': BROWSER, ...(cookie ? { cookie } : {}) } });
  assert.equal(answer.status, 200, readText(answer));
};
const gate = () => Object.fromEntries(Object.entries(readCells(world.worker)).filter(([name]) => name.startsWith('gate/')).map(([name, { times }]) => [name.slice('gate/'.length), times]));

it('counts each identifier that does not pass, by its vendor, and none once it may', async () => {
  await page('/');
  await page('/?fbclid=abc&size=42&gclid=def', `_ga=${SECRET}; basket=1; _fbp=fb.1.1700000000000.1234567890`);
  await page('/', `_ga=${SECRET}`);
  const choice = consentCookie(await postDecision(world.worker));
  await page('/?fbclid=abc&gclid=def', `${choice}; _ga=${SECRET}; _fbp=fb.1.1700000000000.1234567890`);
  await waitFor('the pages to be counted', () => readCells(world.worker)['all/']?.views >= 4);
  await sleep(BATCH_MS);
  await page('/');
  await waitFor('what the gate did to be counted', () => gate()['held/ga4'] >= 3);
  const counted = gate();
  // Two that the browser sent, and the one that the shop's server would set with each page.
  assert.equal(counted['stripped/ga4'], 2 + counted['held/ga4'], JSON.stringify(counted));
  assert.equal(counted['stripped/meta-pixel'], 2, JSON.stringify(counted));
  assert.equal(counted['stripped/google-ads'], 1, JSON.stringify(counted));
  assert.deepEqual(Object.keys(counted).filter((name) => !/^(held|stripped)\/[a-z0-9-]+$/.test(name)), []);
  assert.ok(!JSON.stringify(readCells(world.worker)).includes('1234567890'));
});
