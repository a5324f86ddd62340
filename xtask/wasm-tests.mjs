// The gate's own tests, in the browser they are for. wasm-bindgen's runner serves them (NO_HEADLESS: it starts no driver of
// its own), we open its page and read what it writes. Started by `cargo xtask test`; by hand with a part of a test's name to
// run those alone.
//
// POSTERN_BROWSER                 path of the browser
// WASM_BINDGEN_TEST_RUNNER        path of wasm-bindgen-test-runner, the version of the crate

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../tests/recorder/browser.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** The runner binds the module anew each time: a second or two, more on a busy machine. */
const START_MS_MAX = 60_000;
/** All tests of one program: they wait for data: scripts only. */
const TESTS_MS_MAX = 120_000;

/** What of the stub the gate calls and its tests need, for a page without the stub. */
const readStub = (name) => readFileSync(join(ROOT, 'www/stub', name), 'utf8').replace(/^import .*$/gm, '').replaceAll('export const', 'const');
const RESTORE = `(() => {${readStub('marks.js')}${readStub('restore.js')}globalThis.restore = restore;})()`;

const runner = process.env.WASM_BINDGEN_TEST_RUNNER;
if (!runner) throw new Error('WASM_BINDGEN_TEST_RUNNER must name wasm-bindgen-test-runner; `cargo xtask test` sets it');

const started = new Set();
function start(command, args, options) {
  const child = spawn(command, args, { cwd: ROOT, detached: true, ...options });
  started.add(child);
  child.once('close', () => started.delete(child));
  return child;
}
// Whatever ends us ends what we started, by the ids we have.
process.on('exit', () => {
  for (const child of started) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch { /* gone already */ }
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** Builds the tests; gives the programs. They are built first and run by us, since the runner serves until it is ended. */
async function buildTests() {
  const args = ['test', '-p', 'postern-gate', '--target', 'wasm32-unknown-unknown', '--tests', '--no-run', '--quiet', '--message-format=json-render-diagnostics'];
  const child = start('cargo', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
  const code = await new Promise((resolve, reject) => { child.once('close', resolve).once('error', reject); });
  if (code !== 0) throw new Error(`the gate's tests do not build (cargo ended with ${code}); its lines above say why`);
  const messages = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return messages.filter((message) => message.reason === 'compiler-artifact' && message.profile.test && message.executable);
}

async function findPort() {
  const server = createServer();
  await new Promise((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** Serves one program's tests. Gives the address, or nothing if there are no tests in it. */
async function serve(program) {
  const address = `127.0.0.1:${await findPort()}`;
  const child = start(runner, [program, ...process.argv.slice(2, 3)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without isolation headers: with them a page may load data: frames and images of nobody.
    env: { ...process.env, NO_HEADLESS: '1', WASM_BINDGEN_TEST_ADDRESS: address, WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION: '1' },
  });
  let log = '';
  let isEnded = false;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { log += chunk; });
  child.once('error', (error) => { log += error.message; isEnded = true; }).once('close', () => { isEnded = true; });
  const until = Date.now() + START_MS_MAX;
  while (Date.now() < until) {
    if (isEnded) {
      if (log.includes('no tests to run')) return undefined;
      throw new Error(`the runner ended before it served ${program}:\n${log}`);
    }
    const isUp = await fetch(`http://${address}/`).then((answer) => answer.ok, () => false);
    if (isUp) return { url: `http://${address}/`, stop: () => process.kill(-child.pid, 'SIGTERM') };
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`the runner served nothing within ${START_MS_MAX} ms:\n${log}`);
}

/** Runs the tests behind one address in a page of their own. Gives the number passed and whether all is well. */
async function runTests(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(RESTORE);
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  try {
    await page.goto(url);
    const isDone = () => {
      const text = document.getElementById('output')?.textContent ?? '';
      // A panic that unwinds nothing leaves no result line, only the trap in the console.
      return text.includes('test result: ') && text.slice(text.indexOf('test result: ')).includes('\n');
    };
    await page.waitForFunction(isDone, undefined, { timeout: TESTS_MS_MAX, polling: 100 }).catch(() => faults.push(`no result within ${TESTS_MS_MAX} ms`));
    const output = (await page.locator('#output').textContent()) ?? '';
    console.log(output.trim());
    const [, verdict, passed, failed] = /test result: (\w+)\. (\d+) passed; (\d+) failed/.exec(output) ?? [];
    if (faults.length > 0) console.error(faults.map((fault) => `the page said: ${fault}`).join('\n'));
    return { passed: Number(passed ?? 0), isWell: verdict === 'ok' && failed === '0' };
  } finally {
    await context.close();
  }
}

let browser;
let passed = 0;
let isWell = true;
try {
  const programs = await buildTests();
  // Port 9 is nobody's: a test that asks a vendor's name is refused here, on this machine.
  browser = await launchBrowser(9);
  for (const { executable, target } of programs) {
    const server = await serve(executable);
    if (!server) continue;
    console.log(`${target.name} in ${browser.name}`);
    const result = await runTests(browser, server.url);
    server.stop();
    passed += result.passed;
    isWell &&= result.isWell;
  }
} finally {
  await browser?.close();
}
if (passed === 0) console.error('error: no test of the gate passed; 0 tests are a failure');
// Not by itself: a server that does not end would keep us.
process.exit(isWell && passed > 0 ? 0 : 1);
