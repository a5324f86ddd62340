// The demo origin: serves the shop's files as an ordinary web server would (types, ETag, Range, HEAD, gzip) and
// sets two cookies on every page, one of a tracker and one of the shop, so that Postern has something to tell apart.
// It knows nothing of consent. Start: node www/shop/serve.mjs --port 8080 [--host 127.0.0.1]

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads the file a path names, or undefined: outside the folder, of an unknown type, or not there. */
async function readAsset(pathname) {
  let path;
  try {
    path = normalize(decodeURIComponent(pathname));
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.split(sep).some((part) => part.startsWith('.'))) return undefined;
  if (path.endsWith('/')) path += 'index.html';
  const type = TYPES[extname(path)];
  if (!type) return undefined;
  try {
    return { type, body: await readFile(join(ROOT, path)) };
  } catch {
    return undefined;
  }
}

/** One range of a body: {start, end}, `false` if it cannot be satisfied, undefined if it is to be ignored. */
function parseRange(header, bytes) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const end = match[1] !== '' && match[2] !== '' ? Math.min(Number(match[2]), bytes - 1) : bytes - 1;
  return start <= end ? { start, end } : false;
}

function isSame(header, etag) {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*');
}

async function answer(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' });
    response.end('method not allowed\n');
    return;
  }
  const asset = await readAsset(new URL(request.url, 'http://shop').pathname);
  if (!asset) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : 'not found\n');
    return;
  }
  const isHtml = asset.type.startsWith('text/html');
  const etag = `"${createHash('sha256').update(asset.body).digest('base64url').slice(0, 22)}"`;
  const headers = { 'content-type': asset.type, etag, 'cache-control': 'no-cache', 'accept-ranges': 'bytes', vary: 'accept-encoding' };
  if (isHtml) {
    headers['set-cookie'] = [
      '_ga=GA1.1.1234567890.1700000000; Path=/',
      `shop_session=${randomBytes(12).toString('base64url')}; Path=/; HttpOnly; SameSite=Lax`,
    ];
  }
  if (isSame(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  let { body } = asset;
  let status = 200;
  const range = parseRange(request.headers.range, body.length);
  if (range === false) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  if (range) {
    status = 206;
    headers['content-range'] = `bytes ${range.start}-${range.end}/${body.length}`;
    body = body.subarray(range.start, range.end + 1);
  } else if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    headers['content-encoding'] = 'gzip';
    // The compressed bytes are another representation, so they need another tag.
    headers.etag = etag.replace(/"$/, '-gz"');
    if (isSame(request.headers['if-none-match'], headers.etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    body = gzipSync(body);
  }
  headers['content-length'] = body.length;
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error('usage: node www/shop/serve.mjs --port 8080 [--host 127.0.0.1]');
  process.exit(2);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(`shop: ${request.method} ${request.url}: ${error.message}`);
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('the shop failed\n');
  });
});
server.on('error', (error) => {
  console.error(`shop: cannot listen on ${values.host}:${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, values.host, () => console.log(`listening on http://${values.host}:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
