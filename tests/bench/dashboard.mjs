// How long the dashboard thinks: two years of a site with ten million answers and half a billion pages, as rollups, put into a
// Ledger's storage; then each question that its page offers, each address for programs, and the overview of three such sites, again and
// again, against workerd. By hand: `cargo xtask bench dashboard`.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, makeFolder, serveSite, startWorld, waitFor } from '../journeys/harness.mjs';
import { loadCells, openLedger, readCounts } from '../journeys/figures.mjs';
import { ownerSession, send } from '../journeys/wire.mjs';

/** Source: issue "The dashboard", Scale. */
const MS_MAX = 200;
const ROUNDS = 20;
const DAYS = 730;
const QUESTIONS = [
  'days=7', 'days=30', 'days=90', 'days=365', 'days=730',
  'days=30&against=before', 'days=365&against=year-before', 'days=730&segment=country:FR', 'days=90&segment=device:phone&against=before',
  'days=730&segment=browser:safari', 'days=365&segment=country:DE&against=country:FR', 'days=365&segment=page:home', 'days=730&segment=law:EU&against=law:GB',
];

/** What is asked for beside the page. */
const ADDRESSES = [
  'api/v1/series.csv?days=30', 'api/v1/series.csv?days=730', 'api/v1/series.csv?days=730&segment=country:FR',
  'api/v1/breakdown.csv?by=country&days=30', 'api/v1/breakdown.csv?by=country&days=730', 'api/v1/breakdown.csv?by=browser&days=730',
  'api/v1/figures?days=30', 'api/v1/figures?days=730', 'api/v1/figures?days=730&segment=country:FR',
  'api/v1/figures?days=365&segment=country:DE&against=country:FR', 'api/v1/totals.csv?days=365&against=year-before', 'api/v1/categories.csv?days=730', 'api/v1/gate.csv?days=730',
  'api/v1/seen.csv', 'api/v1/experiment.csv', 'metrics', 'dashboard/today', 'api/v1/sites', 'api/v1/sites.csv', 'dashboard/sites',
];
/** Versions of the first site's policy, the last of them of late: each mark beside the curve says what it changed, at most of eight. */
const VERSIONS = 9;
/** Sites beside the deployment's first, each with the same two years. */
const OTHERS = ['second', 'third'];
const SITES = ['luxmoor', ...OTHERS];

const yesterday = new Date(Date.now() - 90_000_000).toISOString().slice(0, 10);
const made = spawnSync(join(ROOT, 'target/release/examples/two_years'), [yesterday], { encoding: 'utf8', maxBuffer: 1 << 28 });
if (made.status !== 0) throw new Error(`the rollups could not be made: ${made.stderr}`);

const ofDays = made.stdout.split('\n').map((line) => line.split('\t')).filter(([, dimension]) => dimension === 'all').map(([, , , counts]) => readCounts(counts));
const sumOf = (...names) => ofDays.reduce((sum, counts) => names.reduce((all, name) => all + counts[name], sum), 0);
const [days, answers, pages] = [ofDays.length, sumOf('accepted', 'partial', 'refused'), sumOf('views')];
console.log(`made: ${days} days, ${(answers / 1e6).toFixed(1)} million answers, ${(pages / 1e6).toFixed(0)} million pages`);
// To the million.
if (days < DAYS || Math.round(answers / 1e6) < 10 || Math.round(pages / 1e6) < 500) throw new Error('these are not two years of ten million answers and half a billion pages');

const state = join(makeFolder(), 'state');
const policyOf = (id) => readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('id = "luxmoor"', `id = "${id}"\nhosts = ["${id}.localhost"]`);
const hostOf = (id, port) => (OTHERS.includes(id) ? `${id}.localhost:${port}` : `localhost:${port}`);
const isPage = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const origin = await serveSite((_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>A site</title>'));
const options = {
  dashboard: true, state, browser: false,
  vars: {
    // The overview has a host of its own.
    DASHBOARD_HOST: 'keepers.localhost',
    ...Object.fromEntries(OTHERS.flatMap((id) => [[`POLICY_${id.toUpperCase()}`, policyOf(id)], [`ORIGIN_${id.toUpperCase()}`, `http://127.0.0.1:${origin.port}`]])),
  },
};
/** Is anything counted of that site? */
function isCounted(id) {
  const ledger = openLedger(state, { readOnly: true }, id);
  const row = ledger.prepare('SELECT 1 FROM cells').get();
  ledger.close();
  return row;
}

const versionOf = (number) => `${readFileSync(join(ROOT, 'postern.toml'), 'utf8')}\n[texts]\nreopen = "Choices ${number}"\n`;
function countVersions() {
  const ledger = openLedger(state, { readOnly: true }, SITES[0]);
  const { count } = ledger.prepare("SELECT COUNT(*) AS count FROM entries WHERE kind = 'release'").get();
  ledger.close();
  return count;
}
/** Puts the versions that there are back, each three days before the next. */
function putBack() {
  const ledger = openLedger(state, {}, SITES[0]);
  const entries = ledger.prepare("SELECT place, json FROM entries WHERE kind = 'release' ORDER BY place").all();
  if (entries.length !== VERSIONS) throw new Error(`${entries.length} of ${VERSIONS} versions`);
  for (const [number, { place, json }] of entries.entries()) {
    const at = `${new Date(Date.now() - (VERSIONS - number) * 3 * 86_400_000).toISOString().slice(0, 19)}Z`;
    ledger.prepare('UPDATE entries SET json = ? WHERE place = ?').run(json.replace(/"at":"[^"]*"/, `"at":"${at}"`), place);
  }
  ledger.close();
}

let world;
try {
  for (let number = 1; number <= VERSIONS; number += 1) {
    options.vars.POLICY = versionOf(number);
    world = await startWorld(options);
    for (const id of number === VERSIONS ? SITES : SITES.slice(0, 1)) {
      await send(world.worker.port, '/', { headers: isPage, host: hostOf(id, world.worker.port) });
      await waitFor(`a page of ${id} to be counted`, () => isCounted(id));
    }
    await waitFor(`version ${number}`, () => countVersions() === number);
    await world.close();
  }
  putBack();
  for (const id of SITES) loadCells(state, made.stdout, id);

  world = await startWorld(options);
  const { worker } = world;
  const keepers = { ...worker, host: `keepers.localhost:${worker.port}`, base: `http://keepers.localhost:${worker.port}` };
  const cookie = await ownerSession(keepers);
  const ask = async (path) => {
    const start = performance.now();
    const answer = await send(worker.port, path, { host: keepers.host, headers: { accept: 'text/html', cookie } });
    const ms = performance.now() - start;
    if (answer.status !== 200) throw new Error(`${path}: status ${answer.status}`);
    return ms;
  };
  for (const id of SITES) {
    const start = performance.now();
    let goes = 0;
    await waitFor('two years to be gathered', async () => {
      goes += 1;
      const answer = await send(worker.port, `/_postern/api/v1/figures?days=730&site=${id}`, { host: keepers.host, headers: { cookie } });
      return !JSON.parse(answer.body.toString()).is_gathering;
    }, 120_000);
    console.log(`${id}: gathered and published ${DAYS} days in ${((performance.now() - start) / 1000).toFixed(1)} s, in ${goes} goes`);
  }

  let worst = 0;
  console.log(`${'question'.padEnd(60)} median    max  ms`);
  for (const [said, path] of [...QUESTIONS.map((query) => [query, `/_postern/dashboard?${query}`]), ...ADDRESSES.map((address) => [address, `/_postern/${address}`])]) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await ask(path));
    times.sort((one, other) => one - other);
    const [median, max] = [times[ROUNDS / 2], times.at(-1)];
    worst = Math.max(worst, max);
    console.log(`${said.padEnd(60)} ${median.toFixed(0).padStart(6)} ${max.toFixed(0).padStart(6)}`);
  }
  await world.close();

  for (const object of ['LedgerObject', 'FiguresObject']) {
    const files = readdirSync(state, { recursive: true }).filter((name) => name.includes(object) && /[0-9a-f]{64}\.sqlite/.test(name));
    const bytes = files.reduce((sum, name) => sum + statSync(join(state, name)).size, 0);
    console.log(`${object}: ${(bytes / SITES.length / 1e6).toFixed(1)} MB a site, ${(bytes / SITES.length / DAYS / 1000).toFixed(1)} kB a day`);
  }
  if (worst > MS_MAX) throw new Error(`a question took ${worst.toFixed(0)} ms; ${MS_MAX} are allowed`);
} finally {
  await world?.close();
  origin.stop();
}
