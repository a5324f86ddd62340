// The leak matrix: every way a page can start a request, in every state of consent, seen by the recorder. The ways stand
// in tests/origin/leaks.mjs. Each has a name of its own at a vendor, so many live in one page; the same pages without us
// show which ways this browser knows at all. docs/leaks.md says what was seen, in Chromium and in Firefox: BLESS=1 writes the
// part of the engine that runs.
//
// POSTERN_LEAKS          names of pages or ways, separated by commas: only their pages are visited, and the table is left alone
// POSTERN_LEAKS_STATES   "all": Firefox goes through every state as well; else through those in BRIEF, for the sake of time

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PAGES as ALL_PAGES } from '../origin/leaks.mjs';
import { ROOT, sleep, startWorld } from './harness.mjs';
import { ENGINE } from '../recorder/browser.mjs';
import { BY_CHANCE_IN_FIREFOX, KNOWN, NOT_BACK_IN_FIREFOX } from './leaks-known.mjs';
import { BRIEF, STATES, askedWithoutUs, renderFirefox, renderTable, splitTable } from './leaks-table.mjs';
import { consentCookie, postDecision, readPolicy } from './wire.mjs';

const TABLE = join(ROOT, 'docs', 'leaks.md');
/** Pages at once: more of them do not end sooner on two cores, and the browser refuses to load what is too much. */
const TOGETHER = 6;
/** How long none of a page's ways must have been seen before the page is taken to be silent: once all is there, or else. */
const SILENT_MS = 1000;
const PATIENT_MS = 4000;
const IS_FIREFOX = ENGINE === 'firefox';
const IS_BRIEF = IS_FIREFOX && process.env.POSTERN_LEAKS_STATES !== 'all';
const KNOWN_HERE = IS_FIREFOX ? [...KNOWN, ...NOT_BACK_IN_FIREFOX] : KNOWN;
const DENYING = ['none', 'scriptless', 'refused', 'other', 'withdrawn'];
const OTHER = { marketing: 'analytics', analytics: 'marketing' };

const ONLY = process.env.POSTERN_LEAKS?.split(',');
const PAGES = ONLY ? ALL_PAGES.filter((page) => ONLY.includes(page.id) || page.ways.some((way) => ONLY.includes(way.id))) : ALL_PAGES;
if (PAGES.length === 0) throw new Error(`POSTERN_LEAKS names no page and no way: ${ONLY}`);
const WAYS = PAGES.flatMap((page) => page.ways);
const byHost = new Map(WAYS.filter((way) => !way.seen && !way.to).map((way) => [way.host, way.id]));
const byAddress = WAYS.filter((way) => way.seen);
/** What else is asked on account of a way: FedCM looks for a file at the vendor's own domain first. */
const ALSO_ASKED = new Set(WAYS.flatMap((way) => way.alsoAsks ?? []));

/** What the table says of this engine without us: waited for, and compared in the end. */
const toldControl = process.env.BLESS === '1' ? undefined : askedWithoutUs(readFileSync(TABLE, 'utf8'), IS_FIREFOX, WAYS);

let world;
const cookies = {};
/** What each state saw: names of ways, and whatever else reached the recorder. */
const seen = Object.fromEntries(STATES.map((state) => [state, new Set()]));
const strangers = Object.fromEntries(STATES.map((state) => [state, new Set()]));

/** The way that a request or connection shows, by its name; undefined for what is none of them. */
function wayOf({ host, path }) {
  return byHost.get(host.replace(/\.$/, '')) ?? byAddress.find((way) => way.seen.host === host && (path === undefined || way.seen.path === path))?.id;
}

/** All contacts so far, of the recorder and of the origin's first-party paths: {time, way, host, path}. */
async function readContacts() {
  const [requests, connections, own] = await Promise.all([
    world.recorder.requests(), world.recorder.connections(), fetch(`${world.originBase}/leak/seen`).then((answer) => answer.json()),
  ]);
  return [...[...requests, ...connections].map((contact) => ({ time: contact.time, way: wayOf(contact), host: contact.host, path: contact.path })), ...own];
}

let reading;
/** The same, read once for all pages that ask at about the same time. */
function nextContacts() {
  reading ??= sleep(250).then(() => {
    reading = undefined;
    return readContacts();
  });
  return reading;
}

/** Some at a time, each to its end; says of all that failed which they were. */
async function eachOf(list, act) {
  const rest = [...list];
  const failures = [];
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await act(next).catch((error) => failures.push(`${next.id}: ${error.message}`));
  }));
  assert.equal(failures.join('\n'), '');
}

/** Does `act` and notes for this state which ways of the page were seen from then on, until the page is silent. */
async function watch({ definition }, state, act) {
  const since = Date.now();
  const own = new Set(definition.ways.map((way) => way.id));
  // On a busy machine silence alone proves little: what must come, or is known to, is waited for.
  const mayCome = (way) => (state === 'control' ? !toldControl || toldControl.has(way.id) : isExpected(way, definition, state));
  const isAllThere = () => definition.ways.every((way) => seen[state].has(way.id) || !mayCome(way));
  await act();
  let count = -1;
  let changed = Date.now();
  while (Date.now() - changed < (isAllThere() ? SILENT_MS : PATIENT_MS)) {
    const found = (await nextContacts()).filter((contact) => contact.time >= since && own.has(contact.way));
    if (found.length !== count) changed = Date.now();
    count = found.length;
    for (const contact of found) seen[state].add(contact.way);
  }
}

/** Waits where a way of the page was asked a moment ago: more may be under way. Not for ever, as some ways ask again and again. */
async function fallSilent({ ways }) {
  const own = new Set(ways.map((way) => way.id));
  const end = Date.now() + PATIENT_MS;
  const isRecent = ({ time, way }) => own.has(way) && Date.now() - time < SILENT_MS;
  let contacts = await nextContacts();
  while (Date.now() < end && contacts.some(isRecent)) contacts = await nextContacts();
}

/** Whoever is none of the ways, in a test in which all is denied. */
async function noteStrangers(state) {
  for (const { way, host, path } of await readContacts()) {
    // A container that this state may start does what containers do.
    const isStarted = byAddress.some((one) => seen[state].has(one.id) && one.seen.host === host);
    if (!way && !isStarted && !ALSO_ASKED.has(host)) strangers[state].add(`${host}${path ?? ''}`);
  }
}

async function carry({ page }, cookie) {
  const [name, ...value] = cookie.split('=');
  await page.context().addCookies([{ name, value: value.join('='), domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }]);
}

/** A visit of its own to this page, not loaded yet. */
async function begin(definition, { base = world.base, cookie, scripts = !definition.isWithoutScripts } = {}) {
  const visit = { page: await world.newPage({ javaScriptEnabled: scripts }), definition, address: `${base}/leak?page=${definition.id}` };
  if (cookie) await carry(visit, cookie);
  return visit;
}

/** What the visitor does in the page, where ways need it. */
async function use({ page, definition, address }) {
  if (definition.hasClicks) await page.evaluate(() => document.querySelectorAll('[data-click]').forEach((element) => element.click()));
  if (!definition.isLeft) return;
  await sleep(300);
  await page.goto(new URL('/plain-html', address).href);
}

async function load({ page, definition, address }) {
  await page.goto(address, { waitUntil: 'load' });
  if (definition.when) await page.waitForFunction(() => window.hasActed);
}

async function loadAndUse(visit) {
  await load(visit);
  await use(visit);
}

/** Grants these categories in the page, by its own controls. */
function choose({ page }, categories) {
  return page.evaluate(async (categories) => {
    const changed = new Promise((resolve, reject) => {
      document.addEventListener('postern:change', resolve, { once: true });
      setTimeout(() => reject(new Error('no postern:change within 30 s')), 30_000);
    });
    await window.postern.open();
    for (const input of document.querySelectorAll('#postern input[data-consent-category]')) {
      if (!input.disabled && input.checked !== categories.includes(input.dataset.consentCategory)) input.click();
    }
    document.querySelector('#postern [data-consent-action="save"]').click();
    await changed;
  }, categories);
}

/** A state that denies: where `choiceOf` says so by a choice in the page, and the page once more; else by its cookie. */
async function deny(state, cookieOf, choiceOf) {
  await world.settle();
  await eachOf(PAGES, async (definition) => {
    // What happens while the page comes is over when a choice can be made in it.
    const isChosen = choiceOf && !definition.isUndecidable && definition.when !== 'parse';
    const visit = await begin(definition, isChosen ? {} : { cookie: cookieOf(definition) });
    await watch(visit, state, async () => {
      await load(visit);
      if (isChosen) {
        await choose(visit, choiceOf(definition));
        await use(visit);
        await load(visit);
      }
      await use(visit);
    });
    await visit.page.context().close();
  });
  await noteStrangers(state);
}

before(async () => {
  world = await startWorld({ origin: 'test' });
  const policy = await readPolicy(world.worker, '/html');
  const decide = async (change, headers) => consentCookie(await postDecision(world.worker, { change: { policy, ...change }, headers }));
  for (const category of ['marketing', 'analytics']) cookies[category] = await decide({ choice: 'save', categories: [category], layer: 2 });
  cookies.refused = await decide({ choice: 'reject', categories: [] });
  cookies.withdrawn = await decide({ choice: 'withdraw', categories: [] }, { cookie: cookies.marketing });
});
after(() => world?.close());

describe('each way is tried', () => {
  it('without us', async () => {
    await eachOf(PAGES, async (definition) => {
      const visit = await begin(definition, { base: world.originBase });
      await watch(visit, 'control', () => loadAndUse(visit));
      await visit.page.context().close();
    });
  });

  it('without scripts', { skip: IS_BRIEF }, async () => {
    await world.settle();
    await eachOf(PAGES.filter((definition) => !definition.when), async (definition) => {
      const visit = await begin(definition, { scripts: false });
      await watch(visit, 'scriptless', () => load(visit));
      await visit.page.context().close();
    });
    await noteStrangers('scriptless');
  });

  it(`before a choice, after its grant${IS_BRIEF ? '' : ', once more with it, and after its withdrawal'}`, async () => {
    await world.settle();
    await eachOf(PAGES, async (definition) => {
      const visit = await begin(definition);
      await watch(visit, 'none', () => loadAndUse(visit));
      if (definition.isUndecidable) await carry(visit, cookies[definition.category]);
      else {
        await watch(visit, 'released', async () => {
          if (definition.isLeft) await load(visit);
          await choose(visit, [definition.category]);
          await use(visit);
        });
      }
      if (IS_BRIEF) return visit.page.context().close();
      // Nothing of the visit before is there but the choice: what a browser has in its memory it does not ask for again.
      const kept = await visit.page.context().cookies();
      await visit.page.context().close();
      const next = await begin(definition);
      await next.page.context().addCookies(kept);
      await watch(next, 'granted', () => loadAndUse(next));
      // The page under the grant must be gone, and its last requests with it.
      await next.page.goto('about:blank');
      await sleep(500);
      await fallSilent(definition);
      await carry(next, cookies.withdrawn);
      await watch(next, 'withdrawn', () => loadAndUse(next));
      await next.page.context().close();
    });
  });

  it('after a refusal', () => deny('refused', () => cookies.refused));

  it('after a grant of another category', { skip: IS_BRIEF }, () => deny('other', ({ category }) => cookies[OTHER[category]], ({ category }) => [OTHER[category]]));
});

/** Do these rows name the way, at either of a script's moments? */
function isOneOf(rows, way) {
  return rows.some((row) => row.ways.some((id) => id === way.id || `${id}-p` === way.id));
}

/** What must be seen of a way in a state, but for what is known; undefined where there is nothing to see. */
function mustAsk(way, page, state) {
  if (state === 'scriptless' && page.when) return undefined;
  if (DENYING.includes(state)) return state === 'other' && way.isOfAnyCategory ? seen.control.has(way.id) : false;
  // What has asked before has nothing left to release.
  if (state === 'released' && (page.isUndecidable || seen.none.has(way.id))) return undefined;
  if (IS_FIREFOX && isOneOf(BY_CHANCE_IN_FIREFOX, way)) return undefined;
  return seen.control.has(way.id);
}

/** Is the way known to differ in this state? What the engine has not cannot. */
function knownToDiffer(way, state) {
  return seen.control.has(way.id) && isOneOf(KNOWN_HERE.filter((row) => row.states.includes(state)), way);
}

/** Is the way asked in this state: since it must be, or since it is known to be? */
function isExpected(way, page, state) {
  const must = mustAsk(way, page, state);
  return must !== undefined && must !== knownToDiffer(way, state);
}

/** What a cell of the table says. */
function describeCell(way, page, state) {
  const isAskedWithoutUs = seen.control.has(way.id);
  if (state === 'control') return isAskedWithoutUs ? 'asked' : 'not asked';
  if (mustAsk(way, page, state) === undefined) return '–';
  if (seen[state].has(way.id)) return 'asked';
  return isAskedWithoutUs ? 'held' : '–';
}

describe('what was seen', () => {
  it('without us shows that most ways are ways', { skip: ONLY !== undefined }, () => {
    const asked = WAYS.filter((way) => seen.control.has(way.id)).length;
    assert.ok(asked > 400, `${asked} ways asked`);
  });

  for (const state of (IS_BRIEF ? BRIEF : STATES).filter((one) => one !== 'control')) {
    it(`in the state "${state}" is what must be, but for what is known`, () => {
      const wrong = [];
      for (const page of PAGES) {
        for (const way of page.ways) {
          if (mustAsk(way, page, state) === undefined) continue;
          const did = seen[state].has(way.id);
          if (did !== isExpected(way, page, state)) wrong.push(`${way.id} (${page.id}): ${did ? 'asked' : 'held'}${knownToDiffer(way, state) ? ', and is known to be otherwise: mend leaks-known.mjs' : ''}`);
        }
      }
      // Not compared: what differs is cut short.
      if (wrong.length > 0) assert.fail(wrong.join('\n'));
      if (DENYING.includes(state)) assert.deepEqual([...strangers[state]].sort(), [], 'nobody else was contacted');
    });
  }

  it('is what docs/leaks.md says', { skip: ONLY !== undefined }, () => {
    const [table, firefox] = splitTable(readFileSync(TABLE, 'utf8'));
    const idsOf = (is) => WAYS.filter(is).map((way) => way.id);
    const found = IS_FIREFOX
      ? renderFirefox({
        notBack: NOT_BACK_IN_FIREFOX, byChance: BY_CHANCE_IN_FIREFOX, count: WAYS.length,
        unknown: idsOf((way) => !seen.control.has(way.id) && !isOneOf(BY_CHANCE_IN_FIREFOX, way)),
        asked: idsOf((way) => seen.none.has(way.id) || seen.refused.has(way.id)),
      })
      : renderTable({ pages: PAGES, known: KNOWN, describeCell });
    if (process.env.BLESS === '1') writeFileSync(TABLE, IS_FIREFOX ? table + found : found + firefox);
    else assert.equal(found, IS_FIREFOX ? firefox : table, 'docs/leaks.md differs from this run; look at what changed, then run with BLESS=1');
  });
});
