// How long the dashboard thinks: two years of a site with ten million answers and half a billion pages, as rollups, put into a
// Ledger's storage; then each question that its page offers, again and again, against workerd. By hand: `cargo xtask bench dashboard`.

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, makeFolder, startWorld, waitFor } from '../journeys/harness.mjs';
import { loadCells, readCells } from '../journeys/figures.mjs';
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

const yesterday = new Date(Date.now() - 90_000_000).toISOString().slice(0, 10);
const made = spawnSync(join(ROOT, 'target/release/examples/two_years'), [yesterday], { encoding: 'utf8', maxBuffer: 1 << 28 });
if (made.status !== 0) throw new Error(`the rollups could not be made: ${made.stderr}`);

const state = join(makeFolder(), 'state');
const isPage = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
let world = await startWorld({ dashboard: true, state, browser: false });
try {
  await send(world.worker.port, '/', { headers: isPage });
  await waitFor('a page to be counted', () => readCells(world.worker)['all/']);
  await world.close();
  loadCells(state, made.stdout);

  world = await startWorld({ dashboard: true, state, browser: false });
  const cookie = await ownerSession(world.worker);
  const ask = async (query) => {
    const start = performance.now();
    const answer = await send(world.worker.port, `/_postern/dashboard?${query}`, { headers: { accept: 'text/html', cookie } });
    const ms = performance.now() - start;
    if (answer.status !== 200) throw new Error(`${query}: status ${answer.status}`);
    return ms;
  };
  const start = performance.now();
  let goes = 0;
  await waitFor('two years to be gathered', async () => {
    goes += 1;
    const answer = await send(world.worker.port, '/_postern/api/v1/figures?days=730', { headers: { cookie } });
    return !JSON.parse(answer.body.toString()).is_gathering;
  }, 120_000);
  console.log(`gathered and published ${DAYS} days in ${((performance.now() - start) / 1000).toFixed(1)} s, in ${goes} goes`);

  let worst = 0;
  console.log(`${'question'.padEnd(52)} median    max  ms`);
  for (const query of QUESTIONS) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await ask(query));
    times.sort((one, other) => one - other);
    const [median, max] = [times[ROUNDS / 2], times.at(-1)];
    worst = Math.max(worst, max);
    console.log(`${query.padEnd(52)} ${median.toFixed(0).padStart(6)} ${max.toFixed(0).padStart(6)}`);
  }
  await world.close();

  for (const object of ['LedgerObject', 'FiguresObject']) {
    const files = readdirSync(state, { recursive: true }).filter((name) => name.includes(object) && /[0-9a-f]{64}\.sqlite/.test(name));
    const bytes = files.reduce((sum, name) => sum + statSync(join(state, name)).size, 0);
    console.log(`${object}: ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / DAYS / 1000).toFixed(1)} kB a day`);
  }
  if (worst > MS_MAX) throw new Error(`a question took ${worst.toFixed(0)} ms; ${MS_MAX} are allowed`);
} finally {
  await world.close();
}
