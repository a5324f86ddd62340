// What a visitor pays, and what the platform is sent, against the budgets of the design. Run by `cargo xtask size` and
// by the test run, after a build. 1 kB = 1000 bytes. Budgets are on brotli (quality 11), the Worker's on gzip.
//
// Whose code the gate is made of stands in gate-code.json, so that what made it grow is named. `BLESS=1` writes that anew.
//
// A miss that is known stands in size-ledger.json as name → { bytes, reason }: it may shrink and must not grow, and once
// the budget is met its entry must go.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { codeByOwner } from './wasm-code.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LEDGER = 'xtask/size-ledger.json';
const GATE_CODE = 'xtask/gate-code.json';

function fail(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(1);
}

function read(path) {
  const file = join(ROOT, path);
  if (!existsSync(file)) fail(`${path} is missing: run \`cargo xtask build\``);
  return readFileSync(file);
}

/** Markup as it ships: the golden files stand one tag a line. */
function readGolden(name) {
  return read(`crates/view/tests/golden/${name}`).toString().trimEnd().replaceAll('>\n<', '><');
}

/** What goes into a page of who has chosen, as the Worker writes it. */
function settled({ script, address = '', behind = '', css, markup }) {
  const state = `data-postern-state="01|/_postern/0123456789ab/gate.js|1|500|ads_data_redaction"`;
  return Buffer.from(`<script ${state}${address}>${script}</script>${behind}<style>${css}</style>${markup}`);
}

/** The wrapper and the link that opens the settings; with the place for what is said of a choice where one can release something. */
function reopenMarkup(banner, canRelease) {
  const [wrapper] = /^<div[^>]*>/.exec(banner) ?? [];
  const [nav] = /<nav[^]*<\/nav>/.exec(banner) ?? [];
  const [status] = /<p role="status"[^]*?<\/p>/.exec(banner) ?? [];
  if (!wrapper || !nav || !status) fail('the golden banner has no wrapper, nav or status: mend reopenMarkup in xtask/size.mjs');
  return `${wrapper.replace(/ data-postern-layout="[^"]*"/, '')}${canRelease ? status : ''}${nav}</div>`;
}

function sizesOf(data) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
  return { raw: data.length, gzip: gzipSync(data).length, brotli: brotliCompressSync(data, { params }).length };
}

function sum(rows) {
  const add = (key) => rows.reduce((total, row) => total + row[key], 0);
  return { raw: add('raw'), gzip: add('gzip'), brotli: add('brotli') };
}

const stubJs = read('build/page/stub.js');
const bannerRules = read('www/css/banner.css').toString().split('\n');
const layouts = [...new Set(bannerRules.flatMap((rule) => [...rule.matchAll(/layout=(\w+)\]/g)].map(([, layout]) => layout)))];
/** What goes into a page: the rules of its layout and those of all (`banner_css` in `crates/view/src/css.rs`). The largest is measured. */
const [bannerCss] = layouts
  .map((layout) => bannerRules.filter((rule) => !rule.includes('layout=') || rule.includes(`layout=${layout}]`)).join('\n'))
  .sort((a, b) => sizesOf(b).brotli - sizesOf(a).brotli);
const reopenCss = read('www/css/reopen.css').toString();
const holdingCss = read('www/css/holding.css').toString();
const handleJs = read('build/page/handle.js');
const latchJs = read('build/page/latch.js');
const asking = readGolden('banner-asking.html');
const decided = readGolden('banner-decided.html');

const stub = sizesOf(stubJs);
const banner = sizesOf(Buffer.from(`<style>${bannerCss}</style>${asking}`));
const wasm = sizesOf(read('build/page/gate.wasm'));
const glue = sizesOf(read('build/page/gate.js'));
const workerWasm = sizesOf(read('worker/build/index_bg.wasm'));
const workerJs = sizesOf(read('worker/build/index.js'));

// Name, sizes, and where there is a budget: of which size, in bytes.
const rows = [
  ['stub', stub, 'brotli', 1600],
  ['banner markup + critical CSS', banner, 'brotli', 3900],
  ['gate wasm', wasm, 'brotli', 6000],
  ['gate glue', glue, 'brotli', 1500],
  ['first visit, before an answer', sum([stub, banner]), 'brotli', 13_000],
  ['first visit, with an answer', sum([stub, banner, wasm, glue]), 'brotli', 13_000],
  ['return visit, something denied', sizesOf(settled({
    script: '', address: ' src="https://shop.example/_postern/0123456789ab/stub.js"', behind: `<script>${latchJs}</script>`, css: reopenCss + holdingCss, markup: reopenMarkup(decided, true),
  })), 'brotli', 1000],
  ['return visit, all granted', sizesOf(settled({ script: handleJs, css: reopenCss, markup: reopenMarkup(decided, false) }))],
  ['handle.js', sizesOf(handleJs)],
  ['guard of a worker', sizesOf(read('build/page/worker.js'))],
  ['banner.css', sizesOf(bannerCss)],
  ['reopen.css', sizesOf(reopenCss)],
  ['page.css (our own pages)', sizesOf(read('www/css/page.css'))],
  ['verify page (beside the Worker)', sizesOf(read('www/served/verify.html'))],
  ['Worker wasm', workerWasm],
  ['Worker glue', workerJs],
  ['Worker bundle', sum([workerWasm, workerJs]), 'gzip', 1_000_000],
  ['Dashboard bundle', sum([sizesOf(read('dashboard/build/index_bg.wasm')), sizesOf(read('dashboard/build/index.js'))]), 'gzip', 1_000_000],
  // Charts of the kinds that are drawn, and no more of their library: the whole of it has 369 kB.
  ['dashboard.js, with its charts', sizesOf(read('build/dashboard/files/dashboard.js')), 'gzip', 210_000],
].map(([name, sizes, measure, budget]) => ({ name, sizes, measure, budget }));

const ledger = JSON.parse(read(LEDGER).toString());

/** What to say of a row, and whether it fails. */
function verdict({ name, sizes, measure, budget }) {
  if (budget === undefined) return { text: '', isFailure: false };
  const known = ledger[name];
  const bytes = sizes[measure];
  if (bytes <= budget) {
    if (!known) return { text: 'ok', isFailure: false };
    return { text: `within budget: remove the entry from ${LEDGER}`, isFailure: true };
  }
  if (!known) return { text: `OVER BUDGET by ${bytes - budget}`, isFailure: true };
  if (bytes > known.bytes) return { text: `OVER BUDGET by ${bytes - budget}, and ${bytes - known.bytes} more than known`, isFailure: true };
  return { text: `over budget by ${bytes - budget} (known, at most ${known.bytes}: ${known.reason})`, isFailure: false };
}

/** Who has more code in the gate than when that was last looked at, the most first: bytes before compression. */
function culprits() {
  const now = codeByOwner(read('build/gate/named.wasm'));
  const before = JSON.parse(read(GATE_CODE).toString());
  const grown = Object.entries(now).map(([owner, bytes]) => [owner, bytes - (before[owner] ?? 0)]).filter(([, more]) => more > 0);
  return grown.sort(([, one], [, other]) => other - one).slice(0, 8).map(([owner, more]) => `${owner} +${more}`).join(', ') || 'nobody has more code: its data has grown';
}

if (process.env.BLESS) {
  const owners = Object.entries(codeByOwner(read('build/gate/named.wasm'))).sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(join(ROOT, GATE_CODE), `${JSON.stringify(Object.fromEntries(owners), null, 2)}\n`);
}

const faults = [];
for (const [name, known] of Object.entries(ledger)) {
  if (!rows.some((row) => row.name === name && row.budget !== undefined)) faults.push(`${LEDGER}: no budget is named ${JSON.stringify(name)}`);
  if (!Number.isInteger(known.bytes) || !known.reason?.trim()) faults.push(`${LEDGER}: ${JSON.stringify(name)} needs whole bytes and a reason`);
}

const table = rows.map((row) => {
  const { text, isFailure } = verdict(row);
  if (isFailure) faults.push(`${row.name}: ${text}${row.name === 'gate wasm' ? `; grown: ${culprits()}` : ''}`);
  const limit = row.budget === undefined ? '' : `${row.budget} ${row.measure}`;
  return [row.name, ...[row.sizes.raw, row.sizes.gzip, row.sizes.brotli].map(String), limit, text];
});
const heads = ['bytes', 'raw', 'gzip', 'brotli', 'budget', ''];
const widths = heads.map((head, column) => Math.max(head.length, ...table.map((line) => line[column].length)));
for (const line of [heads, ...table]) {
  // Figures stand right, words left.
  const cells = line.map((cell, column) => (column >= 1 && column <= 4 ? cell.padStart(widths[column]) : column === 5 ? cell : cell.padEnd(widths[column])));
  console.log(cells.join('  ').trimEnd());
}
if (faults.length > 0) fail(`sizes:\n  ${faults.join('\n  ')}`);
