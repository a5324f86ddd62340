// Raw HTTP for the journeys: requests exactly as written, answers exactly as they came. No redirects, no decoding,
// no cookies of its own. What an answer should be is the tests' affair.

import { request as httpRequest } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { randomUUID } from 'node:crypto';

const ALL_CATEGORIES = ['functional', 'analytics', 'marketing', 'social'];

/** What a visitor's browser says of itself: who says nothing is a bot. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Headers that belong to one connection or one moment, not to the answer. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date', 'server']);

function pairs(rawHeaders) {
  const list = [];
  for (let index = 0; index < rawHeaders.length; index += 2) list.push([rawHeaders[index].toLowerCase(), rawHeaders[index + 1]]);
  return list;
}

/**
 * Sends one request to 127.0.0.1. Gives {status, headers, body, isWhole, firstByteMs, totalMs}; a body cut off by the other
 * side is given as far as it came with isWhole false. `host` is what the Host header says; each request has a connection of its own
 * unless an `agent` keeps some.
 */
export function send(port, path, { method = 'GET', headers = {}, body, host = `localhost:${port}`, onChunk, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let firstByteMs;
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: { host, ...headers }, agent, maxHeaderSize: 1024 * 1024 }, (response) => {
      const chunks = [];
      const finish = (isWhole) => resolve({
        status: response.statusCode, headers: pairs(response.rawHeaders), body: Buffer.concat(chunks), isWhole,
        firstByteMs, totalMs: performance.now() - startedAt,
      });
      response.on('data', (chunk) => {
        firstByteMs ??= performance.now() - startedAt;
        if (onChunk) onChunk(chunk, performance.now() - startedAt);
        else chunks.push(chunk);
      });
      response.on('end', () => finish(response.complete));
      response.on('error', () => finish(false));
    });
    request.on('error', reject);
    if (body === undefined) request.end();
    else if (typeof body.pipe === 'function') body.pipe(request);
    else request.end(body);
  });
}

export function valuesOf(answer, name) {
  return answer.headers.filter(([key]) => key === name).map(([, value]) => value);
}

/** The one value of a header, or undefined. */
export function valueOf(answer, name) {
  return valuesOf(answer, name)[0];
}

/** Headers that say something about the answer itself, sorted, without those named. */
export function lastingHeaders(answer, ...without) {
  return answer.headers.filter(([name]) => !OF_THE_CONNECTION.has(name) && !without.includes(name)).sort(([a, x], [b, y]) => a.localeCompare(b) || x.localeCompare(y));
}

/** The body as text after the codings its own headers name. */
export function readText(answer, encoding = 'utf8') {
  const coding = valueOf(answer, 'content-encoding');
  const plain = coding === 'gzip' ? gunzipSync(answer.body) : coding === 'br' ? brotliDecompressSync(answer.body) : answer.body;
  return plain.toString(encoding);
}

/** The hash of the policy that the banner on a page names; of one of several sites, whose `host` the Worker has. */
export async function readPolicy(worker, path = '/') {
  const page = readText(await send(worker.port, path, { host: worker.host, headers: { accept: 'text/html' } }));
  const policy = /data-postern-policy="([^"]+)"/.exec(page)?.[1];
  if (!policy) throw new Error(`no data-postern-policy in ${path}:\n${page.slice(0, 500)}`);
  // Without the second it was sent.
  return policy.replace(/_t[0-9a-z]+$/, '');
}

/** Posts a decision as the page would. `change` overrides fields of the body, `headers` override headers (undefined removes). */
export async function postDecision(worker, { change = {}, headers = {}, key = randomUUID(), body, agent } = {}) {
  const choice = change.choice ?? 'accept';
  const categories = choice === 'accept' ? ALL_CATEGORIES : [];
  const text = body ?? JSON.stringify({ choice, categories, policy: change.policy ?? await readPolicy(worker), layer: 1, lang: 'en', ...change });
  const all = {
    'user-agent': BROWSER, 'content-type': 'application/json', 'idempotency-key': key, origin: worker.base, 'sec-fetch-site': 'same-origin',
    'content-length': String(Buffer.byteLength(text)), ...headers,
  };
  return send(worker.port, '/_postern/decision', { host: worker.host, method: 'POST', headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)), body: text, agent });
}

/** The cookie that says that a browser was asked, from an answer that sets it. */
export function askedCookie(answer) {
  return valuesOf(answer, 'set-cookie').find((line) => line.startsWith('__Host-postern-asked='))?.split(';', 1)[0];
}

/** The owner's session of each Worker: tokens are taken so often from one address. */
const sessions = new WeakMap();

/** The session cookie of a Worker's owner. */
export async function ownerSession(worker) {
  if (!sessions.has(worker)) {
    const login = await send(worker.port, '/_postern/login', {
      host: worker.host, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: worker.base, 'sec-fetch-site': 'same-origin' }, body: `token=${worker.token}`,
    });
    sessions.set(worker, valuesOf(login, 'set-cookie')[0]?.split(';', 1)[0]);
  }
  return sessions.get(worker);
}

/** The dashboard as markup, for who knows the token. */
export async function readDashboard(worker) {
  return readText(await send(worker.port, '/_postern/dashboard', { headers: { accept: 'text/html', cookie: await ownerSession(worker) } }));
}

/** What stands on the dashboard as seen: {name, known, page, first, last, times} for each row. */
export async function readSeen(worker) {
  // Days as they are written for programs.
  const rows = (await readDashboard(worker)).replace(/<time datetime="([^"]*)">[^<]*/g, '$1').matchAll(/<tr data-seen="([^"]*)">(.*?)<\/tr>/gs);
  return [...rows].map(([, name, cells]) => {
    const [known, page, first, last, times] = [...cells.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, ''));
    // As many as were, by tens, however the reader's language writes them.
    return { name, known, page, first, last, times: times.endsWith(' or more') ? Number(times.replace(/\D/g, '')) : times };
  });
}

/** The name=value of the consent cookie an answer sets, or undefined. */
export function consentCookie(answer) {
  return valuesOf(answer, 'set-cookie').find((line) => line.startsWith('__Host-postern='))?.split(';', 1)[0];
}
