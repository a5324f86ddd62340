// The dashboard: who may see it, and that its totals are what visitors did. This file has a Worker of its own, so the
// numbers start at nothing.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { action, banner, decide, openSettings, saveCategories, startWorld, waitFor } from './harness.mjs';
import { send, valueOf, valuesOf } from './wire.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.close());

function today() {
  return new Date().toISOString().slice(0, 10);
}

async function logIn(token) {
  const page = await world.newPage();
  await page.goto(`${world.base}/_postern/login`);
  await page.locator('[name="token"]').fill(token);
  await Promise.all([page.waitForNavigation(), page.locator('form :is(button, input[type="submit"])').first().click()]);
  return page;
}

/** The row of a day as numbers; zeros where there is no row yet. */
async function readDay(page, day) {
  const counts = {};
  for (const name of ['shown', 'accepted', 'refused', 'partial', 'withdrawn']) {
    const cell = page.locator(`#days tr[data-day="${day}"] td[data-count="${name}"]`);
    counts[name] = await cell.count() === 0 ? 0 : Number((await cell.first().textContent()).replace(/[^\d]/g, ''));
  }
  return counts;
}

it('is not shown to who has not logged in', async () => {
  const answer = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html' } });
  assert.ok([302, 303, 401, 403].includes(answer.status), `status ${answer.status}`);
  const page = await world.newPage();
  await page.goto(`${world.base}/_postern/dashboard`);
  await page.locator('[name="token"]').waitFor();
  assert.equal(await page.locator('#days').count(), 0);
  await page.context().close();
});

it('refuses a wrong token, a forged session and an empty one', async () => {
  for (const token of ['wrong', `${world.worker.token}x`, world.worker.token.slice(0, -1)]) {
    const page = await logIn(token);
    assert.equal(await page.locator('#days').count(), 0);
    await page.goto(`${world.base}/_postern/dashboard`);
    assert.equal(await page.locator('#days').count(), 0);
    await page.context().close();
  }
  const answer = await send(world.worker.port, '/_postern/login', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: world.base, 'sec-fetch-site': 'same-origin' }, body: 'token=',
  });
  assert.ok(answer.status >= 400, `status ${answer.status}`);
  assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
  for (const name of ['session', '__Host-postern', '__Host-postern-login', '__Host-postern-session']) {
    const forged = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie: `${name}=${world.worker.token}` } });
    assert.notEqual(forged.status, 200, name);
  }
});

it('does not take a login from another site', async () => {
  const answer = await send(world.worker.port, '/_postern/login', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }, body: `token=${world.worker.token}`,
  });
  assert.equal(answer.status, 403);
  assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
});

it('is kept by no cache and shown in no frame', async () => {
  const page = await logIn(world.worker.token);
  const cookies = (await page.context().cookies()).map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
  const answer = await send(world.worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie: cookies } });
  assert.equal(answer.status, 200);
  assert.match(valueOf(answer, 'cache-control') ?? '', /no-store/);
  assert.match(`${valueOf(answer, 'content-security-policy')} ${valueOf(answer, 'x-frame-options')}`, /frame-ancestors 'none'|DENY/i);
  await page.context().close();
});

it('counts what visitors did, no more and no less', async () => {
  const day = today();
  const reader = await logIn(world.worker.token);
  const readNow = async () => {
    await reader.goto(`${world.base}/_postern/dashboard`);
    return readDay(reader, day);
  };
  const start = await readNow();

  const visitors = [
    async (page) => decide(page, () => action(page, 'accept').click()),
    async (page) => decide(page, () => action(page, 'accept').click()),
    async (page) => decide(page, () => action(page, 'reject').click()),
    async (page) => saveCategories(page, ['analytics']),
    async () => { /* looks and leaves */ },
    async (page) => {
      await decide(page, () => action(page, 'accept').click());
      await openSettings(page);
      const acknowledged = page.waitForResponse((response) => response.url().endsWith('/_postern/decision'));
      await action(page, 'withdraw').click();
      assert.ok((await acknowledged).status() < 400);
    },
  ];
  for (const act of visitors) {
    const page = await world.newPage();
    await page.goto(`${world.base}/`);
    await banner(page).waitFor();
    await act(page);
    await page.context().close();
  }
  if (day !== today()) return; // Midnight fell into this test; the next run tells.

  const expected = { shown: 6, accepted: 3, refused: 1, partial: 1, withdrawn: 1 };
  let last;
  await waitFor('the totals', async () => {
    const now = await readNow();
    last = Object.fromEntries(Object.keys(expected).map((name) => [name, now[name] - start[name]]));
    return Object.keys(expected).every((name) => last[name] >= expected[name]);
  }, 20_000).catch(() => { /* the comparison below says more */ });
  assert.deepEqual(last, expected);
  await reader.context().close();
});
