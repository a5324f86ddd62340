// What every journey stands on: free ports, the demo shop or the test origin, the recorder, the Worker in workerd, a
// browser whose every name leads to the recorder, and an end that leaves no process and no folder behind.
// What a journey claims lives in the *.test.mjs files; raw HTTP lives in wire.mjs.
//
// POSTERN_WRANGLER may name another command than `npx wrangler` (it is split at spaces).

import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, request as ask } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BROWSER_OWN_HOSTS, launchBrowser, undrivenChromium } from '../recorder/browser.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A cold wrangler with a cold cache on a shared two-core machine was seen to need about 20 s. */
const START_MS_MAX = 90_000;
/** How long we wait for what must come: on a busy machine with slow cores a page was seen to take fifteen seconds. */
const COMES_MS = 30_000;
/** How long nothing must happen before we say that nothing happens: a held event would leave within a second. */
export const QUIET_MS = 1500;
/** PostHog sends what it gathered every 3 s: whoever claims that it has stopped must wait longer than that. */
export const BATCH_MS = 3500;
/** A page that never falls quiet is a finding, not a reason to wait for ever. */
const QUIET_MS_MAX = 20_000;
const LOG_CHARACTERS_MAX = 400_000;

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
export const DESKTOP = { viewport: { width: 1440, height: 900 } };

/** What the policy may say of the banner's layout, by its own schema. */
export const LAYOUTS = JSON.parse(readFileSync(join(ROOT, 'crates/policy/postern.schema.json'), 'utf8')).properties.banner.properties.layout.enum;

/** The site's policy, with another layout. */
export function policyWithLayout(layout) {
  return readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace(/^layout = ".*"$/m, `layout = "${layout}"`);
}

/** The site's policy, under which this site may carry the script. */
export function policyRegistering(origin) {
  return readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('language = "en"', `language = "en"\ndrop_in = ["${origin}"]`);
}

const processes = new Set();
const folders = new Set();

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch { /* the group is gone already */ }
}

/** Does anything of the group run? What has ended is of it until the system's first process takes note, which may take seconds. */
function isGroupAlive(pid) {
  try {
    process.kill(-pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      // After the name in brackets: state, parent, group. Source: proc_pid_stat(5).
      const [state, , group] = readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return Number(group) === pid && state !== 'Z' && state !== 'X';
    } catch {
      // It went away meanwhile.
      return false;
    }
  });
}

// The last resort when a test is interrupted: whole groups, by the ids we started.
process.on('exit', () => {
  for (const started of processes) killGroup(started.pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until `condition` gives something truthy and gives it back; says what it waited for if it does not come. */
export async function waitFor(what, condition, milliseconds = COMES_MS) {
  const until = Date.now() + milliseconds;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) throw new Error(`waited ${milliseconds} ms for ${what}${last instanceof Error ? `: ${last.message}` : ''}`);
    await sleep(50);
  }
}

/**
 * Ports below those from which systems take the near end of a connection: there another may have one by the time it is needed. Files
 * of journeys that run side by side draw from ranges of their own (POSTERN_LANE, 0 to 3): a server takes seconds to take its port.
 */
const PORTS = { first: 20_000 + 3000 * Number(process.env.POSTERN_LANE ?? 0), count: 3000 };
const givenPorts = new Set();

const isFree = (port) => new Promise((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
});

/** Ports that were free a moment ago, all different, and no one twice. */
export async function findPorts(count) {
  const ports = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > 1000) throw new Error('no free ports: is something else taking them all?');
    const port = PORTS.first + randomInt(PORTS.count);
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** A folder that is gone when this process ends. */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-journey-'));
  folders.add(folder);
  return folder;
}

/** Starts a command as a process group of its own and keeps its output. */
function run(name, command, args, env = {}) {
  const child = spawn(command, args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const started = { name, pid: child.pid, log: '', isEnded: false };
  const keep = (chunk) => { started.log = (started.log + chunk).slice(-LOG_CHARACTERS_MAX); };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.on('error', (error) => { keep(`\n${name} could not be started: ${error.message}\n`); started.isEnded = true; });
  child.on('exit', (code, signal) => { keep(`\n${name} ended: ${code ?? signal}\n`); started.isEnded = true; });
  started.stop = async () => {
    if (!started.pid) return;
    killGroup(started.pid, 'SIGTERM');
    const hasEnded = () => !isGroupAlive(started.pid);
    await waitFor(`${name} to end`, hasEnded, 5000).catch(() => {
      killGroup(started.pid, 'SIGKILL');
      return waitFor(`${name} to be killed`, hasEnded);
    });
    processes.delete(started);
  };
  if (started.pid) processes.add(started);
  return started;
}

async function waitUntilReady(started, isReady) {
  try {
    await waitFor(`${started.name} to be ready`, () => started.isEnded || isReady(), START_MS_MAX);
    // What has ended will never be ready: nothing to wait for.
    if (started.isEnded) throw new Error(`${started.name} ended before it was ready`);
  } catch (error) {
    await started.stop();
    throw new Error(`${error.message}\n--- log of ${started.name} ---\n${started.log.slice(-4000)}`);
  }
}

async function startNode(name, script, args) {
  const started = run(name, process.execPath, [join(ROOT, script), ...args]);
  await waitUntilReady(started, () => started.log.includes('listening on'));
  return started;
}

/** The status of the health page, or 0 while nobody answers. */
export async function readHealth(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/_postern/health`, { redirect: 'manual' })).status;
  } catch {
    return 0;
  }
}

/**
 * Starts a Worker by `wrangler dev` in a folder of its own. `vars` that are undefined are left out. Of several configs the
 * first is of the Worker that answers, and the vars are for it alone.
 */
export async function startWrangler({ name, config, vars = {}, isReady, state }) {
  const [port, inspectorPort] = await findPorts(2);
  const folder = makeFolder();
  const kept = state ?? join(folder, 'state');
  const [command, ...first] = (process.env.POSTERN_WRANGLER ?? 'npx wrangler').split(' ').filter(Boolean);
  const started = run(name, command, [
    ...first, 'dev', ...[config].flat().flatMap((path) => ['--config', path]),
    '--port', String(port), '--ip', '127.0.0.1', '--inspector-port', String(inspectorPort), '--show-interactive-dev-session=false',
    '--persist-to', kept,
    ...Object.entries(vars).filter(([, value]) => value !== undefined).flatMap(([key, value]) => ['--var', `${key}:${value}`]),
  ], {
    // With its banner it would ask for a newer version of itself, and wait for the answer.
    CI: '1', NO_COLOR: '1', WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_LOG_PATH: join(folder, 'log'),
    // Nor does it write down each request and each statement, as it does for who looks at them in its explorer.
    X_LOCAL_OBSERVABILITY: 'false', X_LOCAL_EXPLORER: 'false',
    WRANGLER_REGISTRY_PATH: join(folder, 'registry'), MINIFLARE_REGISTRY_PATH: join(folder, 'registry'),
  });
  await waitUntilReady(started, () => isReady(port));
  return {
    port, base: `http://localhost:${port}`, pid: started.pid, state: kept,
    get log() { return started.log; },
    /** Ends it as a power cut would. */
    kill: () => killGroup(started.pid, 'SIGKILL'),
    stop: async () => {
      await started.stop();
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
}

/** The Worker as it was built; where it was not, the one that builds itself. */
export function builtConfig() {
  const built = join(ROOT, 'build', 'wrangler.toml');
  return existsSync(built) ? built : join(ROOT, 'wrangler.toml');
}

/** The Worker with the dashboard's behind it, both as they were built. */
const WITH_DASHBOARD = ['build/wrangler-whole.toml', 'build/wrangler.dashboard.toml'].map((name) => join(ROOT, name));

/**
 * Starts one Worker of ours. `vars` are added to (or, with undefined, taken from) the usual ones;
 * `health` is the status that says it is up: 503 for one that is meant to be unwell. `dashboard` puts the dashboard's Worker behind it.
 */
export async function startWorker({ originPort, vars = {}, health = 200, dashboard = false, config = dashboard ? WITH_DASHBOARD : builtConfig(), state, cookieKey = randomBytes(32).toString('hex') }) {
  const token = randomBytes(16).toString('hex');
  const worker = await startWrangler({
    name: 'the Worker',
    config,
    state,
    // All visitors of a test are behind one address.
    vars: { ORIGIN: `http://127.0.0.1:${originPort}`, DASHBOARD_TOKEN: token, COOKIE_KEY: cookieKey, DECISIONS_PER_MINUTE: '1000000', ...vars },
    isReady: async (port) => (await readHealth(port)) === health,
  });
  return Object.assign(worker, { token, cookieKey });
}

function recorderClient(controlPort) {
  const ask = async (path, options) => {
    const answer = await fetch(`http://127.0.0.1:${controlPort}${path}`, options);
    if (!answer.ok) throw new Error(`the recorder answered ${answer.status} to ${path}`);
    return answer.json();
  };
  const isOfPage = (entry) => !BROWSER_OWN_HOSTS.has(entry.host);
  return {
    /** Everything that would have left, but for what the browser asks on its own account. */
    requests: async () => (await ask('/requests')).filter(isOfPage),
    /** Connections with a name on them: a preconnect is contact too. Plain http has no name before its request. */
    connections: async () => (await ask('/connections')).filter((entry) => entry.host && isOfPage(entry)),
    clear: () => ask('/requests', { method: 'DELETE' }),
  };
}

export function vendorHosts(requests) {
  return [...new Set(requests.map((request) => request.host))].sort();
}

/** The events of one vendor in all requests, in the vendor's own order where it counts its hits. */
export function eventsOf(requests, vendor, property) {
  const events = requests.flatMap((request) => request.events).filter((event) => event.vendor === vendor && (!property || event.property === property));
  return vendor === 'posthog' ? events : events.sort((a, b) => a.order - b.order);
}

/** A line per request, for a message that says what leaked. */
export function describeRequests(requests) {
  return requests.map((request) => `${request.method} ${request.scheme}://${request.host}${request.path}`).join('\n');
}

/** A site of the journey's own: `respond` answers as a node server does. Gives its port; hand it to `world.keep()` for its end. */
export async function serveSite(respond) {
  const server = createHttpServer(respond);
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: server.address().port, stop };
}

/**
 * A server between the browser and what answers at `port`. `respond` may answer itself, and says so; else `change` gives the
 * headers that go on, of the request and of the answer.
 */
export function serveBetween(port, { respond = () => false, change = (headers) => headers }) {
  return serveSite((request, response) => {
    if (respond(request, response)) return;
    const { url: path, method } = request;
    const passed = ask({ host: '127.0.0.1', port, path, method, headers: change(request.headers) }, (answer) => {
      response.writeHead(answer.statusCode, change(answer.headers));
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
}

/**
 * Everything a journey needs. `origin` is 'shop' or 'test'; `dashboard` as for one Worker. Call `close()` in after(); a failed start cleans up by itself.
 */
export async function startWorld({ origin = 'shop', vars = {}, dashboard = false, state, browser: needsBrowser = true, keepsPages = false } = {}) {
  const started = [];
  const contexts = new Set();
  let browser;
  const close = async () => {
    for (const context of contexts) await context.close().catch(() => {});
    await browser?.close().catch(() => {});
    await Promise.all(started.splice(0).map((one) => one.stop()));
  };
  try {
    const [originPort, recorderPort, controlPort] = await findPorts(3);
    const originProcess = await startNode(`the ${origin} origin`, origin === 'shop' ? 'www/shop/serve.mjs' : 'tests/origin/serve.mjs', ['--port', String(originPort)]);
    started.push(originProcess);
    started.push(await startNode('the recorder', 'tests/recorder/serve.mjs', ['--port', String(recorderPort), '--control', String(controlPort)]));
    const worker = await startWorker({ originPort, vars, dashboard, state });
    started.push(worker);
    const recorder = recorderClient(controlPort);
    if (needsBrowser) browser = await launchBrowser(recorderPort, keepsPages);

    const newPage = async (options = {}) => {
      const context = await browser.newContext({ ...DESKTOP, locale: 'en-GB', ...options });
      contexts.add(context);
      context.on('close', () => contexts.delete(context));
      context.setDefaultTimeout(COMES_MS);
      const page = await context.newPage();
      page.faults = [];
      page.on('pageerror', (error) => {
        // Firefox's driver reports what a policy has refused in the same way as what a script has thrown.
        if (!/^The page’s settings blocked /.test(error.message)) page.faults.push(error.message);
      });
      return page;
    };

    /** Waits until nothing has reached the recorder for QUIET_MS, and gives everything that did. */
    const waitQuiet = async (milliseconds = QUIET_MS) => {
      const end = Date.now() + QUIET_MS_MAX;
      let count = -1;
      let quietMs = 0;
      let last = Date.now();
      for (;;) {
        const requests = await recorder.requests();
        const now = Date.now();
        // Where the machine stood still nobody sent anything either.
        quietMs = requests.length === count ? quietMs + Math.min(now - last, 200) : 0;
        count = requests.length;
        last = now;
        if (quietMs >= milliseconds) return requests;
        if (now > end) throw new Error(`requests did not stop within ${QUIET_MS_MAX} ms:\n${describeRequests(requests.slice(-20))}`);
        await sleep(100);
      }
    };

    /** Waits until each of these hosts has been asked for something. */
    const waitForHosts = (...hosts) => waitFor(`${hosts} to be asked`, async () => {
      const asked = vendorHosts(await recorder.requests());
      return hosts.every((host) => asked.includes(host));
    });

    /** Forgets what came before: a page closed a moment ago may still have sent its last words, and one that stays more than these. */
    const settle = async (milliseconds = 300) => {
      await waitQuiet(milliseconds);
      await recorder.clear();
    };

    return {
      worker, base: worker.base, originBase: `http://127.0.0.1:${originPort}`, originPort, recorderPort, recorder, newPage, waitQuiet, waitForHosts, settle, close,
      stopOrigin: () => originProcess.stop(),
      /** A Chromium that nobody drives, at this address: what it does, its pages tell. Give it an end by `stop()`. */
      openUndriven: (address) => {
        const { command, args } = undrivenChromium(recorderPort, address, makeFolder());
        const undriven = run('the browser that nobody drives', command, args);
        started.push(undriven);
        return undriven;
      },
      /** Something else that is to be stopped with the world; gives it back. */
      keep: (one) => { started.push(one); return one; },
      /** A second Worker on the same origin, for what one set of vars cannot show. Stopped with the world, or earlier. */
      startWorker: async (options = {}) => {
        const another = await startWorker({ originPort, ...options });
        started.push(another);
        return another;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A visible control of the banner or the consent page. */
export function action(page, name) {
  return page.locator(`:is([data-consent-action="${name}"], button[name="choice"][value="${name}"]):visible`).first();
}

/** The switch of a category where it can be seen. */
export function categorySwitch(page, category) {
  return page.locator(`input[data-consent-category="${category}"]:visible`).first();
}

export function banner(page) {
  return page.locator('#postern section, #postern [role="region"]').first();
}

/** Does `act`, and waits until the page says that the Worker acknowledged a decision. Gives the granted categories. */
export async function decide(page, act) {
  const changed = page.evaluate((comesMs) => new Promise((resolve, reject) => {
    document.addEventListener('postern:change', (event) => resolve(event.detail.granted), { once: true });
    setTimeout(() => reject(new Error(`no postern:change within ${comesMs} ms`)), comesMs);
  }), COMES_MS);
  changed.catch(() => { /* reported by the await below, if act() itself did not fail first */ });
  await act();
  return changed;
}

/** Opens the settings from layer 1 or from the reopen control, whichever is there. */
export async function openSettings(page) {
  await page.locator('#postern :is([data-consent-action="settings"], [data-consent-action="open"]):visible').first().click();
  await page.locator('#postern dialog[open]').waitFor();
}

/** Sets the switches in the open settings and saves. */
export async function saveCategories(page, categories) {
  await openSettings(page);
  for (const category of ['functional', 'analytics', 'marketing', 'social']) {
    await categorySwitch(page, category).setChecked(categories.includes(category));
  }
  return decide(page, () => action(page, 'save').click());
}

/** A click where no scripts run: nothing there draws the frames by which a driver sees that a control stands still. */
export const WITHOUT_SCRIPTS = { force: true };

/**
 * Seconds within which an engine has forgotten a cookie that it was told to remove: Firefox reckons by the server's clock, which
 * tells whole seconds. No more, since some trackers' cookies live for a minute.
 */
const LAST_MOMENTS = 2;

/** The visitor's cookies on all sites, without those that an engine still lists for a moment though they are removed. */
export async function cookiesOf(page) {
  const soon = Date.now() / 1000 + LAST_MOMENTS;
  return (await page.context().cookies()).filter(({ expires }) => expires === -1 || expires > soon);
}

/** The visitor's choice, as the consent cookie has it. */
export async function choiceCookies(page) {
  return (await cookiesOf(page)).filter(({ name }) => name === '__Host-postern');
}

/** Names of cookies and storage keys that belong to the vendors of the shop. */
const TRACKER_NAME = /^(_ga|_gid|_gat|_fb[pc]|_gcl|ph_|FPID|multiFbc|lastExternalReferrer|topicsLastReferenceTime)/;

export async function trackerTraces(page) {
  const cookies = (await cookiesOf(page)).map((cookie) => cookie.name);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  return [...cookies, ...keys].filter((name) => TRACKER_NAME.test(name)).sort();
}

/** Ids of a process and all below it, read from /proc; only the first where there is none. */
function processTree(pid) {
  if (!existsSync('/proc/self/stat')) return [pid];
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name of the command is in brackets and may hold spaces: read from behind it.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch { /* ended meanwhile */ }
  }
  const tree = [pid];
  for (let index = 0; index < tree.length; index += 1) {
    for (const [child, parent] of parents) if (parent === tree[index]) tree.push(child);
  }
  return tree;
}

/** Resident bytes of the workerd processes below a pid, or undefined where that cannot be read. */
export function residentBytes(pid) {
  if (!existsSync('/proc/self/stat')) return undefined;
  let sum = 0;
  for (const one of processTree(pid)) {
    try {
      if (!readFileSync(`/proc/${one}/comm`, 'utf8').startsWith('workerd')) continue;
      sum += Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch { /* ended meanwhile */ }
  }
  return sum;
}
