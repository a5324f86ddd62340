// The hostile test origin: every awkward thing a website may answer, one path each, so that the edge can be compared
// with it byte for byte. No consent, no vendors' answers, nothing random except where a path says so.
// Start: node tests/origin/serve.mjs --port 8081. GET / lists the paths.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { dropInRoutes } from './drop-in.mjs';
import { echo, edgeRoutes } from './edges.mjs';
import { leakRoutes, noteFirstParty } from './leaks.mjs';
import { isFirstParty } from './leaks/first-party.mjs';
import { ordinaryRoutes } from './ordinary.mjs';
import { ownCodeRoutes } from './own-code.mjs';
import { pageRoutes } from './pages.mjs';

const routes = { ...dropInRoutes, ...edgeRoutes, ...leakRoutes, ...ordinaryRoutes, ...ownCodeRoutes, ...pageRoutes };
/** Answers that never end keep their sockets; a test that forgets one must not keep the process. */
const open = new Set();

function sendIndex(response) {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${Object.keys(routes).sort().join('\n')}\n`);
}

function onRequest(request, response) {
  const url = new URL(request.url, 'http://origin');
  // Collectors stand on paths nobody can list: whoever asks so is told on any path what arrived.
  const route = request.headers['x-echo'] ? echo : routes[url.pathname] ?? (url.pathname.startsWith('/error/') ? routes['/error'] : undefined);
  // HEAD is answered by the same code: node sends the headers and swallows the body.
  if (url.pathname === '/') sendIndex(response);
  else if (route) Promise.resolve(route(request, response, url)).catch((error) => response.destroy(error));
  else {
    if (isFirstParty(url.pathname)) noteFirstParty(url);
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('no such path; GET / lists them\n');
  }
}

const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error('usage: node tests/origin/serve.mjs --port 8081 [--host 127.0.0.1]');
  process.exit(2);
}

const server = createServer({ keepAliveTimeout: 5000 }, onRequest);
server.requestTimeout = 0;
server.on('connection', (socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
});
server.on('clientError', (_error, socket) => socket.destroy());

const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024, handleProtocols: (offered) => (offered.has('echo') ? 'echo' : false) });
server.on('upgrade', (request, socket, head) => {
  if (new URL(request.url, 'http://origin').pathname !== '/ws') {
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    // What the origin was told comes first, so that a test can see cookies and queries stripped here as well.
    client.send(JSON.stringify({ url: request.url, cookie: request.headers.cookie ?? null }));
    client.on('message', (message, isBinary) => client.send(message, { binary: isBinary }));
    client.on('error', () => client.terminate());
  });
});

server.on('error', (error) => {
  console.error(`origin: cannot listen on ${values.host}:${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, values.host, () => console.log(`listening on http://${values.host}:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
}
