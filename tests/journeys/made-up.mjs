// A site that was never there, with two hundred days of figures in every dimension, a policy that changed, and things that were seen:
// what the dashboard's pages are looked at with. Nothing in it is by chance, so two runs show the same.

import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COUNTERS, NOON, dayNumber, loadCells, openLedger, policyIn, readCells, withFirst } from './figures.mjs';
import { ROOT, makeFolder, waitFor } from './harness.mjs';
import { readDashboard, send } from './wire.mjs';

export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const DAY_MS = 86_400_000;
// A day counts as over an hour after its end: at noon the one before does.
export const today = dayNumber(NOON);
export const isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);

const DAYS = 200;
/** Since when hardly anybody agrees as they did, and since when ways to ask are tried, in days before today. */
const FALLEN = 60;
const TRIED = 20;

const OWN = policyIn(NOON);
/** What was asked with first, and what is asked with since; how many days ago each came. */
const VERSIONS = [
  [OWN, 150],
  [`${OWN.replace('layout = "bar"', 'layout = "box"').replace('reopen = "button"', 'reopen = "own-link"')}\n[texts]\nreopen = "Cookie choices"\n`, 20],
];

/** What tries other ways to ask, and what each makes of those who agree. */
export const EXPERIMENT = `\n[experiment]\nname = "place"\nfrom = ${isoDay(today - TRIED)}\nuntil = ${isoDay(today + TRIED)}\nexpected = 55\n`
  + '[experiment.variants.corner]\nlayout = "box"\n[experiment.variants.centre]\nlayout = "centre"\n';
const WAYS = [['place.control', 1], ['place.corner', 1.1], ['place.centre', 0.9]];

const written = (counts) => COUNTERS.map((name, place) => [place, counts[name] ?? 0]).filter(([, count]) => count > 0).map(([place, count]) => `${place}:${count}`).join(' ');
const each = (of) => Object.fromEntries(COUNTERS.map((name) => [name, of(name)]));

/** So many browsers asked, of whom a share answers, of whom a share says yes. */
function asked(first, answering, yes) {
  const answers = Math.round(first * answering);
  const [accepted, partial] = [Math.round(answers * yes), Math.round(answers * 0.05)];
  return withFirst({
    views: first * 3, shown: first + 5, first, reported: Math.round(first * 0.93), no_script: Math.round(first * 0.01), accepted, partial, refused: answers - accepted - partial,
    withdrawn: 1, by_agent: 1, functional: accepted, analytics: accepted, marketing: accepted,
  });
}

/** The figures of these days as lines: of Malta ten answer on some of them only. It alone, if it is a small site. With ways to ask on the last of them, if it tries some. */
export function cells({ isSmall = false, isTrying = false } = {}) {
  const lines = [];
  for (let day = today - DAYS; day < today; day += 1) {
    const yes = day > today - FALLEN ? 0.52 : 0.6;
    const malta = { 'EU/MT': asked(31 + day % 9, 0.27, yes) };
    const places = isSmall ? malta : {
      'EU/FR': asked(400 + day % 30, 0.5, yes), 'EU/DE': asked(220 + day % 20, 0.5, yes - 0.1), 'GB/GB': asked(150 + day % 17, 0.45, yes), 'EU/BE': asked(60 + day % 9, 0.3, yes),
      'US/US': asked(90, 0.5, yes + 0.1), ...malta,
    };
    const all = each((name) => Object.values(places).reduce((sum, counts) => sum + (counts[name] ?? 0), 0));
    const parts = (dimension, shares, of = COUNTERS) => {
      for (const [value, share] of Object.entries(shares)) lines.push([day, dimension, value, written(each((name) => (of.includes(name) ? Math.floor(all[name] * share) : 0)))]);
    };
    lines.push([day, 'all', '', written(all)]);
    for (const [value, counts] of Object.entries(places)) lines.push([day, 'place', value, written(counts)]);
    parts('client', { 'phone/safari': 0.4, 'phone/chrome': 0.2, 'computer/chrome': 0.25, 'computer/firefox': 0.08, 'tablet/safari': 0.03 });
    parts('language', { fr: 0.6, de: 0.25, en: 0.12 });
    parts('signal', { none: 0.9, gpc: 0.08 });
    parts('page', { home: 0.5, shop: 0.3 });
    parts('layer', { banner: 0.9, settings: 0.08 }, ['accepted', 'refused', 'partial', 'functional', 'analytics', 'marketing']);
    for (const [value, count] of [['held/ga4', 900], ['held/gtm', 950], ['held/meta-pixel', 600], ['refused/ga4', 12], ['stripped/meta-pixel', 77]]) lines.push([day, 'gate', value, `15:${count}`]);
    lines.push([day, 'vendor', 'youtube', '15:14']);
    if (!isTrying || day < today - TRIED) continue;
    for (const [way, more] of WAYS) {
      const [first, accepted, partial, refused] = [['first', 1], ['accepted', more], ['partial', 1], ['refused', 1]].map(([name, factor]) => Math.floor(all[name] * factor / (WAYS.length + 0.2)));
      lines.push([day, 'variant', way, written(withFirst({ views: first * 3, shown: first, first, accepted, partial, refused }))]);
    }
  }
  return lines.map((cell) => cell.join('\t')).join('\n');
}

/** Kind, name, page and how often. */
const SEEN = [['unknown', 'cdn.acme.example', '/shop/…', 20], ['reported', 'x.reported.example', '/shop/…', 12], ['cookie', 'prefs_light', '/', 312]];

/** A visitor's browser that looks at a page and answers nothing. */
export const visit = (worker, path = '/', host = worker.host) => send(worker.port, path, { host, headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': BROWSER } });

/**
 * Starts a Worker with such a site, which may try ways to ask. `change` is done to each version of its policy; `hosts` are others that are visited first, and
 * `fill` may put their figures into the state.
 */
export async function startMadeUp(world, { isTrying = false, change = (policy) => policy, vars = {}, hosts = [], fill = () => {} } = {}) {
  const options = { dashboard: true, state: makeFolder(), cookieKey: randomBytes(32).toString('hex') };
  const usual = { LOG_KEY: randomBytes(32).toString('hex'), WATCH_EVERY_MS: '1000', ...vars };
  // What is tried is none of the site's own ways.
  const tried = (policy) => (isTrying ? policy.replace('layout = "box"', 'layout = "bar"') + EXPERIMENT : policy);
  const start = (policy) => world.startWorker({ ...options, vars: { ...usual, POLICY: change(tried(policy)) } });
  const site = /^id = "(.*)"$/m.exec(OWN)[1];
  const releases = (ledger) => ledger.prepare("SELECT place FROM entries WHERE kind = 'release' ORDER BY place").all().map(({ place }) => place);
  for (const [version, [policy]] of VERSIONS.entries()) {
    const worker = await start(policy);
    for (const host of [undefined, ...hosts]) await visit(worker, '/', host && `${host}:${worker.port}`);
    await waitFor(`a page to be counted with version ${version}`, () => readCells(worker)['all/']?.views >= (hosts.length + 1) * (version + 1));
    await waitFor(`version ${version} in the log`, () => {
      const ledger = openLedger(options.state, { readOnly: true }, site);
      const count = releases(ledger).length;
      ledger.close();
      return count > version;
    });
    await worker.stop();
  }
  loadCells(options.state, cells({ isTrying }), site);
  fill(options.state);
  const ledger = openLedger(options.state, {}, site);
  for (const [version, place] of releases(ledger).entries()) {
    const { json } = ledger.prepare('SELECT json FROM entries WHERE place = ?').get(place);
    const at = new Date(Date.now() - VERSIONS[version][1] * DAY_MS).toISOString().replace(/\.\d+/, '');
    ledger.prepare('UPDATE entries SET json = ? WHERE place = ?').run(json.replace(/"at":"[^"]*"/, `"at":"${at}"`), place);
  }
  const see = ledger.prepare('INSERT INTO seen (kind, name, page, count, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?)');
  for (const [kind, name, path, count] of SEEN) see.run(kind, name, path, count, Date.now() - 5 * DAY_MS, Date.now() - 10_000_000);
  ledger.close();
  const worker = await start(VERSIONS.at(-1)[0]);
  await waitFor('the figures, and what must be seen to', async () => {
    const page = await readDashboard(worker);
    return !page.includes('being gathered') && page.includes('class="warnings"');
  });
  return worker;
}

/** A Worker whose dashboard looks for the records of choices where there are none. */
export async function startWithoutRecords(world, options = {}) {
  const config = join(ROOT, `build/wrangler.dashboard-lost-${process.pid}.toml`);
  const usual = readFileSync(join(ROOT, 'build/wrangler.dashboard.toml'), 'utf8');
  writeFileSync(config, usual.replace('class_name = "LedgerObject"\nscript_name = "postern"', 'class_name = "FiguresObject"'));
  world.keep({ stop: async () => rmSync(config, { force: true }) });
  return world.startWorker({ config: [join(ROOT, 'build/wrangler-whole.toml'), config], ...options });
}
