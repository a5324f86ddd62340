// The Worker in workerd alone, without the development server around it, which keeps some of every answer in memory and
// would be most of what a load run sees. What is measured stands in load.mjs.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { builtConfig, findPorts, makeFolder, readHealth, waitFor } from '../journeys/harness.mjs';

/** The very one that wrangler brings along. */
const { default: WORKERD } = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'))('workerd');

/**
 * The built Worker on a free port: {port, base, pid, token, folder, log, kill, stop}. What it stores is in `folder`/disk and stays for
 * the next one; `vars` are added to the usual ones.
 */
export async function startWorkerd({ originPort, folder = makeFolder(), vars: more = {} }) {
  const [port] = await findPorts(1);
  const token = randomBytes(16).toString('hex');
  const config = readFileSync(builtConfig(), 'utf8');
  const [, date] = /^compatibility_date = "(.*)"$/m.exec(config);
  const [, main] = /^main = "(.*)"$/m.exec(config);
  const built = dirname(join(dirname(builtConfig()), main));
  const vars = { ORIGIN: `http://127.0.0.1:${originPort}`, DASHBOARD_TOKEN: token, COOKIE_KEY: randomBytes(32).toString('hex'), ...more };
  // Names as the modules import each other by; files as seen from the folder of the configuration.
  const modules = [['entry.mjs', 'esModule'], ['last-resort.mjs', 'esModule'], ['build/index.js', 'esModule'], ['build/index_bg.wasm', 'wasm']];
  mkdirSync(join(folder, 'disk'), { recursive: true });
  writeFileSync(join(folder, 'config.capnp'), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .postern),
    (name = "disk", disk = (path = "${join(folder, 'disk')}", writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const postern :Workerd.Worker = (
  modules = [${modules.map(([name, kind]) => `(name = "${name}", ${kind} = embed "${relative(folder, join(built, name))}")`).join(', ')}],
  compatibilityDate = "${date}",
  globalOutbound = "internet",
  bindings = [
    ${Object.entries(vars).map(([name, text]) => `(name = "${name}", text = "${text}"),`).join(' ')}
    (name = "LEDGER", durableObjectNamespace = "LedgerObject"),
  ],
  durableObjectNamespaces = [(className = "LedgerObject", uniqueKey = "ledger", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
);
`);
  const child = spawn(WORKERD, ['serve', join(folder, 'config.capnp'), '--experimental'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { log = (log + chunk).slice(-20_000); });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    kill();
    await ended;
    process.off('exit', kill);
  };
  await waitFor('workerd', async () => (await readHealth(port)) === 200).catch(async (error) => {
    await stop();
    throw new Error(`${error.message}\n${log}`);
  });
  return { port, base: `http://localhost:${port}`, pid: child.pid, token, folder, get log() { return log; }, kill, stop };
}
