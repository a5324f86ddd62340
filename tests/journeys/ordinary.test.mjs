// What the page's own scripts see: the same with us as without us, in everything that is no vendor's; and what holds, holds
// whatever they overwrite. The pages stand in tests/origin/ordinary.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, describeRequests, startWorld, vendorHosts, waitFor } from './harness.mjs';

let world;
before(async () => { world = await startWorld({ origin: 'test' }); });
after(() => world?.close());

async function visit(base, path) {
  const page = await world.newPage();
  page.complaints = [];
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) page.complaints.push(message.text()); });
  await page.goto(base + path, { waitUntil: 'load' });
  return page;
}

describe('ordinary scripts', () => {
  it('see the same names, values and errors', async () => {
    const seen = [];
    for (const base of [world.originBase, world.base]) {
      const page = await visit(base, '/ordinary');
      const record = await page.evaluate(() => window.record());
      // Their addresses differ by the port alone.
      seen.push(record.map(([what, value]) => `${what}: ${value.replaceAll(new URL(base).host, 'host')}`));
      // A worker's error is among them as soon as the browser has told it, which may be later than the page knows.
      await waitFor('what the worker threw', () => page.faults.includes('own'));
      seen.at(-1).push(...page.faults, ...page.complaints.map((complaint) => complaint.replaceAll(new URL(base).host, 'host')));
      assert.equal(await page.locator('#written').count(), 1);
      await page.context().close();
    }
    assert.ok(seen[0].length > 250, `${seen[0].length} looks`);
    const differing = seen[1].filter((line, index) => line !== seen[0][index]);
    assert.deepEqual(differing, seen[0].filter((line, index) => line !== seen[1][index]));
  });

  it('of React take a page over and change it without a complaint', async () => {
    const ends = [];
    for (const base of [world.originBase, world.base]) {
      const page = await visit(base, '/react');
      await page.waitForFunction(() => window.isStarted && document.getElementById('effects').textContent === '1');
      for (let click = 0; click < 3; click += 1) await page.locator('main button').click();
      await page.locator('li').nth(5).waitFor({ state: 'attached' });
      ends.push(await page.evaluate(() => document.getElementById('app').innerHTML));
      assert.deepEqual(await page.evaluate(() => window.faults), []);
      assert.deepEqual([...page.faults, ...page.complaints], []);
      await page.context().close();
    }
    assert.equal(ends[1], ends[0]);
  });
});

describe('what is held', () => {
  it('stays held when a page overwrites what it can, and own things go on', async () => {
    await world.settle();
    const page = await visit(world.base, '/overwritten');
    assert.equal(await page.title(), 'true, true', 'nothing failed');
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.deepEqual(await world.recorder.connections(), []);
    await page.context().close();
  });
});

describe('a site that wants trusted values', () => {
  it('gets them: what its browser refuses without us is refused with us, a vendor in it or not', async () => {
    const seen = [];
    for (const base of [world.originBase, world.base]) {
      const page = await visit(base, `/csp?policy=${encodeURIComponent("require-trusted-types-for 'script'")}`);
      await world.settle();
      seen.push(await page.evaluate(async () => {
        const policy = trustedTypes.createPolicy('own', { createHTML: (text) => text, createScriptURL: (text) => text });
        const said = [];
        const attempt = (name, act) => { try { act(); said.push(`${name}: done`); } catch (error) { said.push(`${name}: ${error.name}`); } };
        const make = (name) => document.createElement(name);
        for (const to of ['/leak/empty.gif', 'https://x.doubleclick.net/a']) {
          const html = `<img src="${to}">`;
          const run = `<script>0</script>${html}`;
          for (const [kind, value] of [['text', (text) => text], ['object', (text) => ({ toString: () => text })], ['trusted', (text) => policy.createHTML(text)]]) {
            attempt(`innerHTML ${kind} ${to}`, () => { make('div').innerHTML = value(html); });
            attempt(`insertAdjacentHTML ${kind} ${to}`, () => { make('div').insertAdjacentHTML('afterbegin', value(html)); });
            attempt(`srcdoc ${kind} ${to}`, () => { make('iframe').srcdoc = value(run); });
            attempt(`setAttribute srcdoc ${kind} ${to}`, () => { make('iframe').setAttribute('srcdoc', value(html)); });
            attempt(`write ${kind} ${to}`, () => { document.implementation.createHTMLDocument('').write(value('<p>'), value(html)); });
          }
          for (const [kind, value] of [['text', (text) => text], ['trusted', (text) => policy.createScriptURL(text)]]) {
            attempt(`script.src ${kind} ${to}`, () => { make('script').src = value(to); });
            attempt(`setAttribute src ${kind} ${to}`, () => { make('script').setAttribute('src', value(to)); });
            attempt(`worker ${kind} ${to}`, () => { new Worker(value(URL.createObjectURL(new Blob(['0'], { type: 'text/javascript' })))); });
          }
        }
        return said;
      }));
      if (base === world.base) assert.equal(describeRequests(await world.waitQuiet()), '');
      await page.context().close();
    }
    assert.ok(seen[0].some((line) => line.endsWith('TypeError')) && seen[0].some((line) => line.endsWith('done')));
    assert.deepEqual(seen[1], seen[0]);
  });
});

describe('the guard for a worker of an own file', () => {
  it('holds by what it is given, and hears of a grant and of its withdrawal', async () => {
    await world.settle();
    const page = await visit(world.originBase, '/plain-html');
    const guard = readFileSync(join(ROOT, 'build', 'page', 'worker.js'), 'utf8');
    const hosts = async () => vendorHosts(await world.recorder.requests());
    const ask = (name) => page.evaluate((name) => new Promise((resolve) => {
      window.worker.onmessage = (event) => resolve(event.data);
      window.worker.postMessage(name);
    }), name);
    // Two ways lead into a worker and neither waits for the other. What it says here it has heard after its guard: of the channels
    // of one worker the oldest is told first (HTML, BroadcastChannel.postMessage, "in creation order, oldest first").
    const tell = (bits) => page.evaluate((bits) => new Promise((resolve) => {
      window.worker.onmessage = (event) => resolve(event.data);
      new BroadcastChannel('postern').postMessage([bits, [[8, /\bdoubleclick\.net|^acme\.example/i]]]);
    }), bits);
    await page.evaluate((guard) => {
      const code = `${guard}(1,[[[8,"^acme\\\\.example/"]],[]]);
        const heard = new BroadcastChannel('postern');
        heard.onmessage = ({ data }) => postMessage(data[0]);
        onmessage = async ({ data }) => {
          const answers = await Promise.all([fetch('https://' + data + '.doubleclick.net/x'), fetch('https://acme.example/' + data)].map((answer) => answer.then(({ status }) => status, () => 0)));
          try { importScripts('https://' + data + '-import.doubleclick.net/x'); } catch (error) { answers.push(error.name); }
          postMessage(answers);
        };`;
      window.worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    }, guard);
    assert.deepEqual(await ask('first'), [204, 204, 'SecurityError']);
    assert.equal(describeRequests(await world.waitQuiet()), '');
    assert.equal(await tell(9), 9);
    await waitFor('what was held', async () => (await hosts()).length === 2);
    assert.deepEqual(await hosts(), ['acme.example', 'first.doubleclick.net']);
    assert.equal(await tell(1), 1);
    assert.deepEqual(await ask('second'), [204, 204, 'SecurityError']);
    await world.waitQuiet();
    assert.deepEqual(await hosts(), ['acme.example', 'first.doubleclick.net']);
    await page.context().close();
  });
});
