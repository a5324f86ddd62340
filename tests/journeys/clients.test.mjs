// Programs that answer for people: they find the banner in each of its layouts, and their no is a refusal on record with
// nothing granted. The contract they rest on is docs/clients.md; their rules are the files beside it, as they are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { answerAsConsentOMatic } from './consent-o-matic.mjs';
import { LAYOUTS, ROOT, banner, decide, describeRequests, policyWithLayout, startWorld, trackerTraces, waitFor } from './harness.mjs';

const readRule = (name) => JSON.parse(readFileSync(join(ROOT, 'docs', 'clients', `${name}.json`), 'utf8'));
const OWN_RULE = readRule('autoconsent');
const CONSENT_O_MATIC = readRule('consent-o-matic').postern;

// The package names only its module, which lies in the same folder as the text that a driver puts into pages.
const AUTOCONSENT = dirname(createRequire(import.meta.url).resolve('@duckduckgo/autoconsent'));
const CONTENT_SCRIPT = readFileSync(join(AUTOCONSENT, 'autoconsent.playwright.js'), 'utf8');
const ALL_RULES = JSON.parse(readFileSync(join(AUTOCONSENT, '..', 'rules', 'rules.json'), 'utf8')).autoconsent;

let world;
const workers = {};
before(async () => {
  world = await startWorld();
  for (const layout of LAYOUTS) workers[layout] = await world.startWorker({ vars: { POLICY: policyWithLayout(layout) } });
});
after(() => world?.close());
beforeEach(() => world.settle());

/** Loads the shop with autoconsent in it, and waits until it is done. Gives the page and the name of the rule that acted. */
async function visitWithAutoconsent(base, { action, rules, isGuessing }) {
  const page = await world.newPage();
  const heard = [];
  await page.exposeBinding('autoconsentSendMessage', async ({ frame }, message) => {
    heard.push(message);
    const reply = (answer) => frame.evaluate((answer) => window.autoconsentReceiveMessage(answer), answer);
    if (message.type === 'init') {
      await reply({
        type: 'initResp', rules: { autoconsent: rules },
        config: { enabled: true, autoAction: action, disabledCmps: [], enablePrehide: true, detectRetries: 20, enableCosmeticRules: true, enableHeuristicDetection: isGuessing, heuristicMode: 'reject' },
      });
    } else if (message.type === 'eval') await reply({ type: 'evalResp', id: message.id, result: await frame.evaluate(message.code) });
  });
  await page.goto(`${base}/product-alder.html`, { waitUntil: 'load' });
  await banner(page).waitFor();
  await page.evaluate(CONTENT_SCRIPT);
  const done = await waitFor('autoconsent to be done', () => heard.find(({ type }) => type === 'autoconsentDone'));
  return { page, rule: done.cmp, clicks: done.totalClicks };
}

/** What the visitor's own page says of the last act. */
async function lastOutcome(page) {
  const base = new URL(page.url()).origin;
  await page.goto(`${base}/_postern/consent`);
  return page.locator('[data-outcome]').first().getAttribute('data-outcome');
}

async function assertRefused(page) {
  await banner(page).waitFor({ state: 'hidden' });
  assert.equal(describeRequests(await world.waitQuiet()), '');
  assert.deepEqual(await trackerTraces(page), []);
  assert.equal(await lastOutcome(page), 'refused');
  assert.equal(await page.locator('input[data-consent-category]:checked:not(:disabled)').count(), 0);
  await page.context().close();
}

describe('autoconsent', () => {
  for (const layout of LAYOUTS) {
    for (const [name, rules, isGuessing] of [['by our rule alone', [OWN_RULE], false], ['by guessing', [], true], ['by all its rules, and guessing', ALL_RULES, true]]) {
      it(`refuses ${name}, a ${layout}`, async () => {
        const { page, rule } = await visitWithAutoconsent(workers[layout].base, { action: 'optOut', rules, isGuessing });
        if (!isGuessing) assert.equal(rule, 'postern');
        await assertRefused(page);
      });
    }
  }

  it('can say yes by our rule: its no above is a no', async () => {
    const { page, rule } = await visitWithAutoconsent(world.base, { action: 'optIn', rules: [OWN_RULE], isGuessing: false });
    assert.equal(rule, 'postern');
    await waitFor('what was granted', async () => (await world.recorder.requests()).length > 0);
    assert.equal(await lastOutcome(page), 'accepted');
    await page.context().close();
  });
});

describe('Consent-O-Matic', () => {
  for (const [what, chosen, granted, outcome] of [
    ['nothing', [], [], 'refused'],
    ['measuring', ['B'], ['analytics'], 'partial'],
    ['all', ['A', 'B', 'F', 'X'], ['functional', 'analytics', 'marketing', 'social'], 'accepted'],
  ]) {
    it(`allows ${what}`, async () => {
      const page = await world.newPage();
      await page.goto(`${world.base}/`, { waitUntil: 'load' });
      const said = await decide(page, async () => {
        assert.deepEqual(await answerAsConsentOMatic(page, CONSENT_O_MATIC, chosen), CONSENT_O_MATIC.methods.map(({ name }) => name));
      });
      assert.deepEqual(said.filter((category) => category !== 'necessary'), granted);
      if (granted.length === 0) await assertRefused(page);
      else {
        assert.equal(await lastOutcome(page), outcome);
        await page.context().close();
      }
    });
  }
});
