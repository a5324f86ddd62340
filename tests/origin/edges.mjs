// The paths of the test origin that are about HTTP itself: echo, cookies, redirects, ranges, validators, codings,
// slowness, cut connections, errors. Pages and charsets live in pages.mjs.

import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { TRACKERS, renderPage } from './markup.mjs';

const HTML = 'text/html; charset=utf-8';

/** 64 KiB in which every byte value occurs and no run repeats early, so a wrong range or a re-coding shows. */
export const BINARY = Buffer.from(Array.from({ length: 65536 }, (_, index) => (index * 31 + (index >> 8) * 17) & 0xff));

/** A body longer than this is told by its length and hash alone. */
const ECHOED_BYTES_MAX = 65536;

export async function echo(request, response) {
  const hash = createHash('sha256');
  let bytes = 0;
  const kept = [];
  for await (const chunk of request) {
    hash.update(chunk);
    if (bytes + chunk.length <= ECHOED_BYTES_MAX) kept.push(chunk);
    bytes += chunk.length;
  }
  const headers = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) headers.push([request.rawHeaders[index], request.rawHeaders[index + 1]]);
  const body = JSON.stringify({ method: request.method, url: request.url, headers, bodyBytes: bytes, bodySha256: hash.digest('hex'), bodyBase64: Buffer.concat(kept).toString('base64') });
  response.writeHead(200, { 'content-type': 'application/json', 'x-origin': 'echo' });
  response.end(body);
}

function cookies(_request, response) {
  response.writeHead(200, [
    ['content-type', HTML],
    ['set-cookie', '_ga=GA1.1.1234567890.1700000000; Path=/; Domain=localhost'],
    ['set-cookie', 'session=abc=def==; Path=/; HttpOnly; SameSite=Strict'],
    ['set-cookie', '_gid=GA1.1.987.1700000000;path=/;EXPIRES=Wed, 01 Jan 2031 00:00:00 GMT'],
    ['set-cookie', 'theme="dark; light"; Path=/; Max-Age=3600; Priority=High'],
    ['set-cookie', '_fbp=fb.1.1700000000000.1234567890; Path=/; Secure; SameSite=None; Partitioned'],
    ['set-cookie', 'ph_x_posthog=%7B%22distinct_id%22%3A%22a%22%7D; Path=/; Max-Age=31536000'],
    ['set-cookie', 'FPID=FPID2.2.abc; Path=/; HttpOnly; Secure'],
    ['set-cookie', 'empty=; Path=/'],
    ['set-cookie', '__Host-csrf=t0ken; Path=/; Secure; Unknown-Attribute=1'],
  ].flat());
  response.end('<!DOCTYPE html><title>cookies</title><p>cookies');
}

function redirect(request, response, url) {
  const status = Number(url.searchParams.get('status') ?? 302);
  const location = url.searchParams.has('absolute') ? `http://${request.headers.host}/echo?from=redirect` : '/echo?from=redirect';
  response.writeHead([301, 302, 303, 307, 308].includes(status) ? status : 302, { location, 'content-type': 'text/plain' });
  response.end('moved\n');
}

function range(request, response) {
  const headers = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', etag: '"binary-1"' };
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  if (!match || (match[1] === '' && match[2] === '')) {
    response.writeHead(200, { ...headers, 'content-length': BINARY.length }).end(BINARY);
    return;
  }
  const start = match[1] === '' ? Math.max(0, BINARY.length - Number(match[2])) : Number(match[1]);
  const end = match[1] !== '' && match[2] !== '' ? Math.min(Number(match[2]), BINARY.length - 1) : BINARY.length - 1;
  if (start > end) {
    response.writeHead(416, { 'content-range': `bytes */${BINARY.length}`, 'content-length': 0 }).end();
    return;
  }
  const part = BINARY.subarray(start, end + 1);
  response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end}/${BINARY.length}`, 'content-length': part.length }).end(part);
}

function etag(request, response) {
  const headers = { etag: '"page-1"', 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT', 'cache-control': 'max-age=60', 'content-type': 'text/plain; charset=utf-8' };
  if (request.headers['if-none-match'] === '"page-1"') response.writeHead(304, headers).end();
  else response.writeHead(200, headers).end('validated\n');
}

function compressed(coding, compress) {
  return (_request, response) => {
    const body = compress(Buffer.from(renderPage({ title: coding, body: `${TRACKERS}<p id="end">end of ${coding}</p>` })));
    response.writeHead(200, { 'content-type': HTML, 'content-encoding': coding, 'content-length': body.length, vary: 'accept-encoding' });
    response.end(body);
  };
}

function compressedAsset(_request, response) {
  const body = gzipSync(Buffer.from(`{"text":"${'a'.repeat(2000)}"}`));
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': body.length });
  response.end(body);
}

function slowBody(_request, response) {
  response.writeHead(200, { 'content-type': HTML });
  response.write(`<!DOCTYPE html><html lang="en"><head><title>slow</title></head><body><p id="first">first half</p>${TRACKERS}<!-- ${'x'.repeat(4096)} -->`);
  const timer = setTimeout(() => response.end('<p id="second">second half</p></body></html>'), 8000);
  response.on('close', () => clearTimeout(timer));
}

function cut(request, response) {
  response.writeHead(200, { 'content-type': HTML, 'content-length': 100_000 });
  response.write(`<!DOCTYPE html><title>cut</title>${TRACKERS}<p id="before">before the cut</p><script src="https://www.googletagm`);
  setTimeout(() => request.socket.destroy(), 200);
}

function error(_request, response, url) {
  const status = Number(url.pathname.slice('/error/'.length));
  const known = Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
  response.writeHead(known, { 'content-type': HTML, 'x-origin-error': String(known) });
  response.end(renderPage({ title: `error ${known}`, body: `${TRACKERS}<p id="end">the origin says ${known}</p>` }));
}

function binary(_request, response) {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': BINARY.length, 'x-odd-header': 'a,b ;c="d"' });
  response.end(BINARY);
}

function postStream(request, response) {
  response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/octet-stream' });
  request.pipe(response);
}

/** A style sheet that anybody may keep: with a tracker's picture in it, or with `?plain` one of the site's own. */
function sheet(_request, response, url) {
  const address = url.searchParams.has('plain') ? '/a.png' : 'https://www.facebook.com/tr?id=1';
  response.writeHead(200, { 'content-type': 'text/css', 'cache-control': 'public, max-age=60', etag: '"sheet-1"' });
  response.end(`p{color:red;background:url(${address})}`);
}

/** A page with a document of its own in a frame, whose script asks a vendor. */
function framing(_request, response) {
  const script = "fetch('https://www.facebook.com/tr?id=1', { mode: 'no-cors' }); parent.hasRun = true;";
  response.writeHead(200, { 'content-type': HTML });
  response.end(renderPage({ title: 'framing', body: `<iframe srcdoc="<script>${script}</script>"></iframe><p id="end">framing</p>` }));
}

export const edgeRoutes = {
  '/framing': framing,
  '/sheet.css': sheet,
  '/echo': echo,
  '/cookies': cookies,
  '/redirect': redirect,
  '/range': range,
  '/etag': etag,
  '/gzip': compressed('gzip', gzipSync),
  '/br': compressed('br', brotliCompressSync),
  '/deflate': compressed('deflate', deflateSync),
  '/gzip-json': compressedAsset,
  '/slow-header': () => { /* never answers: the caller's patience is what is tested */ },
  '/slow-body': slowBody,
  '/cut': cut,
  '/error': error,
  '/binary': binary,
  '/empty': (_request, response) => response.writeHead(204).end(),
  '/post-stream': postStream,
};
