// Requests that two servers in a row could read differently, sent as raw bytes to the edge, and to nginx in front of it,
// with another nginx as the origin behind it: its log tells what arrived. Nothing arrives that was not meant, nothing
// twice, and everybody else gets their own answer meanwhile. Needs nginx, as caching.test.mjs does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeFolder, startWorld, waitFor } from './harness.mjs';
import { NGINX, startNginx } from './nginx.mjs';
import { readText, send } from './wire.mjs';

/** How long silence means that no more comes. */
const SILENCE_MS = 3500;
const HONEST = 40;

let world;
let origin;
let worker;
let front;
before(async () => {
  if (!NGINX) return;
  world = await startWorld({ origin: 'test', browser: false });
  origin = world.keep(await startLogged(world.originPort));
  worker = await world.startWorker({ originPort: origin.port });
  front = world.keep(await startNginx(`
    upstream edge { server 127.0.0.1:${worker.port}; keepalive 8; }`, `
    proxy_http_version 1.1;
    proxy_set_header Host localhost:${worker.port};
    proxy_set_header Connection "";
    location / { proxy_pass http://edge; }`));
});
after(() => world?.close());

/** The origin, behind an nginx that writes down each request it understands, and each it does not. */
async function startLogged(to) {
  const log = join(makeFolder(), 'access.log');
  const started = await startNginx(`
    log_format asked '$request';
    upstream site { server 127.0.0.1:${to}; keepalive 8; }`, `
    access_log ${log} asked;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location / { proxy_pass http://site; }`);
  return { ...started, read: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) };
}

/** Sends bytes as they are, and gives what comes back until the other side closes or falls silent. */
function raw(port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
    const chunks = [];
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', (error) => { if (!['ECONNRESET', 'EPIPE'].includes(error.code)) reject(error); });
  });
}

/** A request that must not be seen as one, and ends in a header that swallows whatever follows it. */
const inner = (mark) => `GET /smuggled-${mark} HTTP/1.1\r\nHost: inner.example\r\nX-Echo: 1\r\nX-Swallow: `;
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Header lines that name a transfer coding in ways one server may understand and the next may not. */
const CODINGS = [
  'Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked, identity', 'Transfer-Encoding: identity, chunked', 'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', 'Transfer-Encoding : chunked', 'Transfer-Encoding:\x0bchunked', 'Transfer-Encoding: "chunked"', 'Transfer-Encoding: chunked\x00',
  'Transfer_Encoding: chunked', 'X-A: b\r\n Transfer-Encoding: chunked', 'X-A: b\r\n\tTransfer-Encoding: chunked', 'X-A: b\rTransfer-Encoding: chunked', 'X-A: b\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: chunked', 'Transfer-Encoding:\r\n chunked', 'Transfer-Encoding: ,chunked', 'TRANSFER-ENCODING: cHuNkEd', 'Content-Encoding: chunked',
];

/** Each shape: name, the bytes after the first line and Host, and how often the origin may see it: once, never, or either. */
const SHAPES = [
  ['CL.TE', (mark) => { const body = `0\r\n\r\n${inner(mark)}`; return `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`; }],
  ['TE.CL', (mark) => `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunk(inner(mark))}0\r\n\r\n`],
  ...CODINGS.map((lines) => [`TE.TE: ${JSON.stringify(lines)}`, (mark) => { const body = `0\r\n\r\n${inner(mark)}`; return `Content-Length: ${body.length}\r\n${lines}\r\n\r\n${body}`; }]),
  ...['0, %', '%, 0', '+%', '0x%', '-%', '% 0', '%.0', '1e1'].map((value) => [`a length of ${value}`, (mark) => `Content-Length: ${value.replace('%', inner(mark).length)}\r\n\r\n${inner(mark)}`]),
  ['two lengths, the first shorter', (mark) => `Content-Length: 0\r\nContent-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`],
  ['two lengths, the first longer', (mark) => `Content-Length: ${inner(mark).length}\r\nContent-Length: 0\r\n\r\n${inner(mark)}`],
  ['a length folded away', (mark) => `X-A: b\r\n Content-Length: ${inner(mark).length}\r\n\r\n`],
  ['a length with a space before the colon', (mark) => `Content-Length : ${inner(mark).length}\r\n\r\n`],
  ['a body that looks like a request', (mark) => `Content-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`, 1],
  ['a chunk that looks like a request', (mark) => `Transfer-Encoding: chunked\r\n\r\n${chunk(inner(mark))}0\r\n\r\n`, 1],
  ['an extension of a chunk', () => `Transfer-Encoding: chunked\r\n\r\n5;a=b;c="d"\r\nabcde\r\n0\r\n\r\n`],
  ['an extension of a chunk that ends in LF', () => `Transfer-Encoding: chunked\r\n\r\n5;a\nabcde\r\n0\r\n\r\n`],
  ['an extension with a request in it', (mark) => `Transfer-Encoding: chunked\r\n\r\n5;a="\n${inner(mark)}"\r\nabcde\r\n0\r\n\r\n`],
  ['a chunk size that does not fit', (mark) => `Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nabcde\r\n0\r\n\r\n${inner(mark)}`, 0],
  ['a chunk size with a sign', () => `Transfer-Encoding: chunked\r\n\r\n+5\r\nabcde\r\n0\r\n\r\n`],
  ['a chunk that is longer than it says', (mark) => `Transfer-Encoding: chunked\r\n\r\n1\r\nabc${inner(mark)}\r\n0\r\n\r\n`],
  ['trailers that would be headers', () => 'Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nContent-Length: 99\r\nSec-GPC: 1\r\nCookie: _ga=GA1.1.1.1\r\n\r\n'],
  ['bare LF after a header', (mark) => `X-A: b\nContent-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`],
  ['bare LF at the end of the headers', (mark) => `Content-Length: ${inner(mark).length}\n\n${inner(mark)}`],
  ['a header without a name', (mark) => `: b\r\nContent-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`],
  ['another Host', (mark) => `Host: evil.example\r\nContent-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`],
  ['another Host, folded', () => '\tHost: evil.example\r\nContent-Length: 0\r\n\r\n'],
  ['an expectation', (mark) => `Expect: 100-continue\r\nContent-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`],
  ['an upgrade to HTTP/2', () => 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 0\r\n\r\n'],
];

/** First lines other than `POST /meant HTTP/1.1`, each with a body that looks like a request. */
const FIRST_LINES = [
  ['absolute-form', (path) => `POST http://evil.example${path} HTTP/1.1`],
  ['absolute-form with the site\'s name', (path, host) => `POST http://${host}${path} HTTP/1.1`],
  ['absolute-form with a user', (path) => `POST http://localhost@evil.example${path} HTTP/1.1`],
  ['GET with a body', (path) => `GET ${path} HTTP/1.1`],
  ['HEAD with a body', (path) => `HEAD ${path} HTTP/1.1`],
  ['HTTP/1.0', (path) => `POST ${path} HTTP/1.0`],
  ['HTTP/1.2', (path) => `POST ${path} HTTP/1.2`],
  ['a path with a request in it', (path) => `POST ${path}%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a HTTP/1.1`],
  ['a tab in place of a space', (path) => `POST\t${path}\tHTTP/1.1`],
  ['a fragment', (path) => `POST ${path}#/smuggled HTTP/1.1`],
  ['an empty line before', (path) => `\r\nPOST ${path} HTTP/1.1`],
].map(([name, first]) => [name, (mark) => `Content-Length: ${inner(mark).length}\r\n\r\n${inner(mark)}`, undefined, first]);

describe('two servers in a row', { skip: NGINX ? false : 'nginx is not installed' }, () => {
  for (const [chain, portOf] of [['the edge, then nginx', () => worker.port], ['nginx, the edge, then nginx', () => front.port]]) {
    describe(chain, () => {
      const tag = chain.startsWith('nginx') ? 'f' : 'e';
      const all = [...SHAPES, ...FIRST_LINES];
      let answers;
      let asked;
      let honest;
      before(async () => {
        const host = `localhost:${worker.port}`;
        const one = ([, make, , first = (path) => `POST ${path} HTTP/1.1`], index) => {
          const mark = `${tag}${index}.`;
          return raw(portOf(), `${first(`/meant-${mark}`, host)}\r\nHost: ${host}\r\nX-Echo: 1\r\n${make(mark)}`);
        };
        const ask = (index) => send(portOf(), `/honest-${tag}${index}.`, { host, headers: { 'x-echo': '1' } }).then((answer) => JSON.parse(readText(answer)).url);
        const asking = (async () => {
          const urls = [];
          for (let index = 0; index < HONEST; index += 1) urls.push(await ask(index));
          return urls;
        })();
        answers = await Promise.all(all.map(one));
        honest = await asking;
        // What was left in a connection between servers would come before the next one's request.
        for (let index = HONEST; index < HONEST + 20; index += 1) honest.push(await ask(index));
        // It writes a line when it has answered, which may be after who asked has it.
        asked = await waitFor('every line of its log', () => {
          const lines = origin.read();
          return lines.filter((line) => line.includes(`/honest-${tag}`)).length >= honest.length && lines;
        });
      });

      it('whoever asks meanwhile gets their own answer', () => {
        assert.deepEqual(honest, honest.map((_, index) => `/honest-${tag}${index}.`));
        assert.equal(asked.filter((line) => line.includes(`/honest-${tag}`)).length, honest.length);
      });

      it('the origin sees whole requests only, none that was smuggled, and none for another host', () => {
        for (const line of asked) assert.match(line, /^(GET|HEAD|POST) \/(meant|honest)-[ef]\d+\.[^ ]* HTTP\/1\.1$|^GET \/echo /, 'a line nobody meant');
      });

      all.forEach(([name, , times], index) => {
        it(`${name}: ${times === undefined ? 'at most once' : `${times} times`}, or refused`, () => {
          const seen = asked.filter((line) => line.includes(`/meant-${tag}${index}.`)).length;
          const answered = (answers[index].match(/HTTP\/1\.1 \d{3}/g) ?? []).filter((status) => !status.endsWith('100'));
          if (times === undefined) assert.ok(seen <= 1, `seen ${seen} times`);
          else assert.equal(seen, times, answers[index].slice(0, 200));
          assert.ok(!answers[index].includes('"url":"/smuggled'), answers[index]);
          // Refused by somebody, or answered for what it was.
          if (seen === 0) assert.ok(answered.length === 0 || /^HTTP\/1\.1 (4|5)\d\d/.test(answered[0]), answers[index].slice(0, 200));
          if (answers[index].includes('"url"')) assert.match(answers[index], new RegExp(`"url":"/meant-${tag}${index}\\.`));
          assert.ok(!/"Cookie","_ga|evil\.example"\]/.test(answers[index]), answers[index]);
        });
      });
    });
  }

  it('leaves the edge well', async () => {
    assert.equal((await send(worker.port, '/_postern/health')).status, 200);
  });
});
