// The recorder: one server that is every vendor at once. A browser whose names all resolve to it sends it whatever
// would leave the machine; it notes each request (and each connection, as a preconnect is contact too) and answers
// as the vendor would. Nothing is written to disk. Start: node tests/recorder/serve.mjs --port 8443 --control 8444
// The control port speaks plain HTTP: GET /requests[?host=], GET /connections, DELETE /requests, GET /health.

import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { parseArgs } from 'node:util';
import { generate } from 'selfsigned';
import { decodeEvents, describeBody } from './decode.mjs';
import { answer } from './vendors.mjs';

/** A journey makes some hundred requests; a run-away page must not eat the machine. */
const REQUESTS_MAX = 20_000;
/** The largest body a vendor script sends is a replay batch of about 1 MB. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

const requests = [];
const connections = [];
let dropped = 0;

function note(list, entry) {
  if (list.length >= REQUESTS_MAX) dropped += 1;
  else list.push(entry);
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function describe(request, bytes) {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const url = new URL(request.url, 'http://vendor');
  const facts = { host, path: url.pathname, query: url.search, bytes };
  return {
    time: Date.now(), method: request.method, scheme: request.socket.encrypted ? 'https' : 'http', host, path: url.pathname,
    query: Object.fromEntries(url.searchParams), search: url.search, headers: request.headers, bodyBytes: bytes.length,
    ...describeBody(bytes), events: decodeEvents(facts),
  };
}

async function handle(request, response) {
  const bytes = await readBody(request);
  const entry = describe(request, bytes);
  note(requests, entry);
  const { status, headers, body } = answer({ ...entry, query: entry.search });
  response.writeHead(status, { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function onRequest(request, response) {
  handle(request, response).catch((error) => {
    console.error(`recorder: ${request.method} ${request.headers.host}${request.url}: ${error.message}`);
    response.destroy();
  });
}

function onUpgrade(request, socket) {
  note(requests, { ...describe(request, Buffer.alloc(0)), upgrade: request.headers.upgrade });
  socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
}

function sendJson(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function onControl(request, response) {
  const url = new URL(request.url, 'http://control');
  const route = `${request.method} ${url.pathname}`;
  const host = url.searchParams.get('host');
  const filter = (list) => (host ? list.filter((entry) => entry.host === host) : list);
  if (route === 'GET /health') sendJson(response, 200, { ok: true, requests: requests.length, dropped });
  else if (route === 'GET /requests') sendJson(response, 200, filter(requests));
  else if (route === 'GET /connections') sendJson(response, 200, filter(connections));
  else if (route === 'DELETE /requests') {
    requests.length = 0;
    connections.length = 0;
    dropped = 0;
    sendJson(response, 200, { ok: true });
  } else sendJson(response, 404, { error: 'try GET /requests, GET /connections, DELETE /requests or GET /health' });
}

function parsePort(text, name) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  console.error(`recorder: --${name} must be a port number\nusage: node tests/recorder/serve.mjs --port 8443 --control 8444`);
  process.exit(2);
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
}

const { values } = parseArgs({ options: { port: { type: 'string' }, control: { type: 'string' } } });
const port = parsePort(values.port, 'port');
const controlPort = parsePort(values.control, 'control');

const { private: key, cert } = await generate([{ name: 'commonName', value: 'recorder.invalid' }], { keySize: 2048, algorithm: 'sha256' });
const plain = createHttpServer(onRequest).on('upgrade', onUpgrade);
const secure = createHttpsServer({ key, cert }, onRequest).on('upgrade', onUpgrade);
secure.on('secureConnection', (socket) => note(connections, { time: Date.now(), scheme: 'https', host: socket.servername || undefined }));
secure.on('tlsClientError', () => { /* a browser gives up on connections it no longer needs */ });
// A browser that cannot be told where names lead has this as its proxy, and asks for each host here before it speaks to it.
plain.on('connect', (request, socket, head) => {
  note(connections, { time: Date.now(), scheme: 'https', host: request.url.replace(/:\d+$/, '').toLowerCase() });
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  admit(socket);
});
plain.on('connection', () => note(connections, { time: Date.now(), scheme: 'http' }));

// http: and https: share the port, because the browser's name map sends both here; the first byte tells them apart.
const sockets = new Set();
function admit(socket) {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  socket.once('data', (first) => {
    socket.pause();
    socket.unshift(first);
    (first[0] === 0x16 ? secure : plain).emit('connection', socket);
    process.nextTick(() => socket.resume());
  });
}
const door = createTcpServer(admit);
const control = createHttpServer(onControl);

try {
  const [doorPort, openPort] = [await listen(door, port), await listen(control, controlPort)];
  console.log(`listening on https://127.0.0.1:${doorPort}, control on http://127.0.0.1:${openPort}`);
} catch (error) {
  console.error(`recorder: ${error.message}`);
  process.exit(1);
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    door.close();
    control.close();
    control.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });
}
