// The origin of bench and load run, in a thread of its own: one page with many images, one image, a style sheet, a script,
// and a collector that
// thanks for whatever it gets. What is measured stands in overhead.mjs and load.mjs.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';

export const PAGE_BYTES = 124_000;
export const IMAGES = 900;
export const IMAGE_BYTES = 40_000;

/** A page of 124 kB with 900 images: the one design.md measured with. Three elements on it belong to known vendors. */
function makePage() {
  const images = Array.from({ length: IMAGES }, (_, index) => `<figure><img src="/img/${index}.jpg" alt="Thing ${index}" width="320" height="240" loading="lazy"></figure>\n`);
  const head = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Nine hundred things</title>\n'
    + '<link rel="stylesheet" href="/page.css"><script async src="https://www.googletagmanager.com/gtag/js?id=G-TEST00000"></script>\n'
    + '<script async src="https://connect.facebook.net/en_US/fbevents.js"></script></head><body><h1>Nine hundred things</h1>\n';
  const tail = '<iframe src="https://www.youtube.com/embed/x" title="Film"></iframe></body></html>\n';
  const rest = PAGE_BYTES - Buffer.byteLength(head + images.join('') + tail);
  if (rest < 0) throw new Error(`the page has ${-rest} bytes too many: mend makePage`);
  const words = 'A plain sentence about a thing, with nothing in it. '.repeat(Math.ceil(rest / 52)).slice(0, Math.max(0, rest - 7));
  return Buffer.from(`${head}${images.join('')}<p>${words}</p>${tail}`);
}

/** A style sheet of 60 kB with an address in each rule, and a script of 120 kB that imports something every 4 kB. */
const STYLE = Buffer.from('.card-7 > .title::after{color:#16202e;background:url("../img/a.png") no-repeat;content:"x"}\n'.repeat(690));
const WORDS = 'const a=(b,c="text")=>b?d(c).then(({e})=>e(c)):fetch(`/api/${c}`);'.repeat(60);
const SCRIPT = Buffer.from(`import("./chunk-1.js");${WORDS}\n`.repeat(30));

function serve() {
  const page = makePage();
  const image = Buffer.alloc(IMAGE_BYTES, 7);
  let hits = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      hits += 1;
      request.resume().on('end', () => response.writeHead(204).end());
      return;
    }
    if (request.url === '/hits') {
      response.end(String(hits));
      return;
    }
    const [type, body] = { img: ['image/jpeg', image], css: ['text/css', STYLE], js: ['text/javascript', SCRIPT] }[request.url.split('/')[1]] ?? ['text/html; charset=utf-8', page];
    response.writeHead(200, { 'content-type': type, 'content-length': body.length, 'cache-control': 'no-store' });
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port, page, image, style: STYLE, script: SCRIPT }));
}

/** Starts it: {port, page, image, style, script, stop}. */
export async function startOrigin() {
  const thread = new Worker(fileURLToPath(import.meta.url));
  const told = await new Promise((resolve, reject) => { thread.once('message', resolve).once('error', reject); });
  return { ...told, stop: () => thread.terminate() };
}

if (!isMainThread) serve();
