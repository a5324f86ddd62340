// The edge changes what consent demands and not one byte more: each path is asked of the Worker and of the origin,
// and the two answers are compared. No browser here.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { startWorld } from './harness.mjs';
import { consentCookie, lastingHeaders, postDecision, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
let accepted;
before(async () => {
  world = await startWorld({ origin: 'test', browser: false });
  accepted = consentCookie(await postDecision(world.worker, { change: { policy: await readPolicy(world.worker, '/html') } }));
});
after(() => world?.close());

async function both(path, options) {
  return { direct: await send(world.originPort, path, options), guarded: await send(world.worker.port, path, options) };
}

/** Same status, same bytes, same headers. */
async function assertSame(path, options) {
  const { direct, guarded } = await both(path, options);
  assert.equal(guarded.status, direct.status, 'status');
  assert.ok(guarded.body.equals(direct.body), `body: ${guarded.body.length} bytes through the Worker, ${direct.body.length} directly`);
  assert.deepEqual(lastingHeaders(guarded), lastingHeaders(direct));
}

/** What the origin was asked, as /echo tells it. */
async function readEcho(path, options) {
  const answer = await send(world.worker.port, path, options);
  assert.equal(answer.status, 200);
  const echo = JSON.parse(readText(answer));
  echo.header = (name) => echo.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value).join('; ');
  return echo;
}

describe('answers that are not pages pass as they are', () => {
  for (const [name, path, options] of [
    ['binary', '/binary'],
    ['empty', '/empty'],
    ['a whole body that could be had in ranges', '/range'],
    ['a range', '/range', { headers: { range: 'bytes=100-299' } }],
    ['an open range', '/range', { headers: { range: 'bytes=65000-' } }],
    ['a suffix range', '/range', { headers: { range: 'bytes=-17' } }],
    ['a range that cannot be', '/range', { headers: { range: 'bytes=70000-' } }],
    ['a validated answer', '/etag'],
    ['a 304', '/etag', { headers: { 'if-none-match': '"page-1"' } }],
    ['a changed validator', '/etag', { headers: { 'if-none-match': '"page-0"' } }],
    ['a relative redirect', '/redirect'],
    ['a 301', '/redirect?status=301'],
    ['a 303', '/redirect?status=303'],
    ['a 307 to a POST', '/redirect?status=307', { method: 'POST', body: 'x' }],
    ['a 308', '/redirect?status=308'],
    ['HTML sent as text', '/attachment'],
    ['HEAD of a body', '/binary', { method: 'HEAD' }],
    ['HEAD of a validated answer', '/etag', { method: 'HEAD' }],
    ['an unknown path', '/nowhere'],
    ['compressed JSON', '/gzip-json', { headers: { 'accept-encoding': 'gzip' } }],
  ]) {
    it(name, () => assertSame(path, options));
  }

  it('a redirect stays on the guarded side or as the origin wrote it, and is not followed', async () => {
    const { direct, guarded } = await both('/redirect?absolute');
    assert.equal(guarded.status, 302);
    const allowed = [valueOf(direct, 'location'), `${world.originBase}/echo?from=redirect`, `${world.base}/echo?from=redirect`];
    assert.ok(allowed.includes(valueOf(guarded, 'location')), valueOf(guarded, 'location'));
  });
});

describe('requests reach the origin as they were sent', () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    it(`${method} with its body`, async () => {
      const body = method === 'GET' ? undefined : Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) & 0xff));
      const options = { method, body, headers: body ? { 'content-type': 'application/x-odd', 'content-length': String(body.length) } : {} };
      const { direct, guarded } = await both('/echo?a=1', options);
      const [told, wanted] = [JSON.parse(readText(guarded)), JSON.parse(readText(direct))];
      for (const field of ['method', 'url', 'bodyBytes', 'bodySha256']) assert.equal(told[field], wanted[field], field);
    });
  }

  it('HEAD is a HEAD', async () => {
    const answer = await send(world.worker.port, '/echo', { method: 'HEAD' });
    assert.equal(answer.status, 200);
    assert.equal(valueOf(answer, 'x-origin'), 'echo');
    assert.equal(answer.body.length, 0);
  });

  it('a body that is echoed while it is sent comes back whole', async () => {
    const pieces = Array.from({ length: 64 }, (_, index) => Buffer.alloc(16_384, index));
    const answer = await send(world.worker.port, '/post-stream', {
      method: 'POST', body: Readable.from(pieces), headers: { 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' },
    });
    assert.equal(answer.status, 200);
    assert.ok(answer.body.equals(Buffer.concat(pieces)));
  });

  it('headers of its own kind arrive unchanged', async () => {
    const echo = await readEcho('/echo', { headers: { 'x-own': 'a, b;c="d"', 'accept-language': 'de-CH, en;q=0.5', authorization: 'Basic eDp5', referer: `${world.base}/html?size=42` } });
    assert.equal(echo.header('x-own'), 'a, b;c="d"');
    assert.equal(echo.header('accept-language'), 'de-CH, en;q=0.5');
    assert.equal(echo.header('authorization'), 'Basic eDp5');
    // The origin compares this with the name it knows itself by.
    assert.equal(echo.header('referer'), `http://127.0.0.1:${world.originPort}/html?size=42`);
  });
});

describe('without a grant', () => {
  for (const [path, wanted] of [
    ['/echo?gclid=TeSter-123&fbclid=IwAR0demo&size=42', '/echo?size=42'],
    ['/echo?size=42&gclid=TeSter-123', '/echo?size=42'],
    ['/echo?a=%20b+c&fbclid=x&z=%C3%BC&empty=&flag', '/echo?a=%20b+c&z=%C3%BC&empty=&flag'],
    ['/echo?gclid=x', '/echo'],
    ['/echo?GCLID=x&gclidx=1&xgclid=2', '/echo?GCLID=x&gclidx=1&xgclid=2'],
    ['/echo?q=gclid=5&size=42', '/echo?q=gclid=5&size=42'],
    ['/echo?fbclid=1&a=1&fbclid=2&a=2&gclid=3', '/echo?a=1&a=2'],
    ['/echo?&&a=1', '/echo?&&a=1'],
  ]) {
    it(`${path} reaches the origin as ${wanted}`, async () => {
      assert.equal((await readEcho(path)).url, wanted);
    });
  }

  it('tracking cookies do not reach the origin, all others do, byte for byte', async () => {
    const cookie = 'session=abc=def==; _ga=GA1.1.1.1; theme=dark%20; _fbp=fb.1.1700000000000.1; ph_phc_x_posthog=%7B%7D; _ga_DEMO123456=GS2.1.s1$o1; basket="1,2"; _gid=GA1.1.2.2';
    assert.equal((await readEcho('/echo', { headers: { cookie } })).header('cookie'), 'session=abc=def==; theme=dark%20; basket="1,2"');
  });

  it('a request with tracking cookies only has no cookie header', async () => {
    const echo = await readEcho('/echo', { headers: { cookie: '_ga=GA1.1.1.1; _fbp=fb.1.1700000000000.1' } });
    assert.equal(echo.headers.some(([name]) => name.toLowerCase() === 'cookie'), false);
  });

  it('tracking cookies of the origin do not reach the visitor, all others do, in order and byte for byte', async () => {
    const { direct, guarded } = await both('/cookies');
    const wanted = valuesOf(direct, 'set-cookie').filter((line) => !/^(_ga|_gid|_fbp|ph_x_posthog|FPID)=/.test(line));
    assert.equal(wanted.length, 4);
    assert.deepEqual(valuesOf(guarded, 'set-cookie'), wanted);
  });

  it('a tracking cookie the visitor still carries is expired', async () => {
    const answer = await send(world.worker.port, '/html', { headers: { cookie: '_ga=GA1.1.1.1; FPID=FPID2.2.x; session=1', accept: 'text/html' } });
    const lines = valuesOf(answer, 'set-cookie');
    for (const name of ['_ga', 'FPID']) {
      assert.ok(lines.some((line) => line.startsWith(`${name}=`) && /max-age=0|expires=thu, 01 jan 1970/i.test(line)), `${name} in ${JSON.stringify(lines)}`);
    }
    assert.equal(lines.some((line) => line.startsWith('session=')), false);
  });

  it('a Link header names no vendor and keeps the rest', async () => {
    const links = valuesOf(await send(world.worker.port, '/link-header', { headers: { accept: 'text/html' } }), 'link').join(', ');
    assert.match(links, /<\/own\.css>; rel=preload; as=style/);
    assert.doesNotMatch(links, /googletagmanager|facebook/);
  });
});

describe('with everything granted', () => {
  const withGrant = (headers = {}) => ({ headers: { ...headers, cookie: [accepted, headers.cookie].filter(Boolean).join('; ') } });

  it('the query arrives whole', async () => {
    const path = '/echo?gclid=TeSter-123&fbclid=IwAR0demo&size=42';
    assert.equal((await readEcho(path, withGrant())).url, path);
  });

  it('tracking cookies arrive', async () => {
    const cookie = (await readEcho('/echo', withGrant({ cookie: 'session=1; _ga=GA1.1.1.1; _fbp=fb.1.1700000000000.1' }))).header('cookie');
    for (const pair of ['session=1', '_ga=GA1.1.1.1', '_fbp=fb.1.1700000000000.1']) assert.ok(cookie.includes(pair), `${pair} in ${cookie}`);
  });

  it('cookies of the origin arrive byte for byte', async () => {
    const direct = await send(world.originPort, '/cookies');
    const guarded = await send(world.worker.port, '/cookies', withGrant());
    assert.deepEqual(valuesOf(guarded, 'set-cookie'), valuesOf(direct, 'set-cookie'));
  });

  it('trackers on a page are live', async () => {
    const page = readText(await send(world.worker.port, '/html', withGrant({ accept: 'text/html' })));
    assert.match(page, /<script async src="https:\/\/www\.googletagmanager\.com\/gtag\/js\?id=G-DEMO123456" id="t-script">/);
    assert.doesNotMatch(page, /data-postern-need/);
  });
});

describe('pages', () => {
  it('are inert in every element that would contact a vendor', async () => {
    const page = readText(await send(world.worker.port, '/html', { headers: { accept: 'text/html' } }));
    // Addresses may stand in the document only where nothing loads them: in data-postern- attributes.
    const live = [...page.matchAll(/<(script|img|iframe|link)\b[^>]*\s(?:src|href)="(?:https?:)?\/\/(?:www\.googletagmanager|connect\.facebook|www\.facebook|www\.youtube)[^>]*>/gi)].map((match) => match[0]);
    assert.deepEqual(live, []);
    assert.match(page, /data-postern-vendor="ga4"/);
    assert.match(page, /<p id="end">page<\/p>/);
  });

  for (const coding of ['gzip', 'br']) {
    it(`compressed with ${coding} are rewritten and can be read by the one who asked`, async () => {
      for (const accept of [coding, 'gzip, br', undefined]) {
        const answer = await send(world.worker.port, `/${coding}`, { headers: { accept: 'text/html', ...(accept ? { 'accept-encoding': accept } : {}) } });
        assert.equal(answer.status, 200);
        const page = readText(answer);
        assert.match(page, new RegExp(`end of ${coding}`));
        assert.match(page, /data-postern-need/);
        assert.doesNotMatch(page, /<script async src="https:\/\/www\.googletagmanager/);
      }
    });
  }

  for (const status of [404, 500, 503]) {
    it(`of an error ${status} keep their status and are inert`, async () => {
      const answer = await send(world.worker.port, `/error/${status}`, { headers: { accept: 'text/html' } });
      assert.equal(answer.status, status);
      assert.equal(valueOf(answer, 'x-origin-error'), String(status));
      assert.match(readText(answer), new RegExp(`the origin says ${status}`));
      assert.doesNotMatch(readText(answer), /<script async src="https:\/\/www\.googletagmanager/);
    });
  }

  it('fragments are inert and stay fragments', async () => {
    const text = readText(await send(world.worker.port, '/fragment', { headers: { accept: 'text/html' } }));
    assert.match(text, /<li id="end">a fragment, not a page<\/li>/);
    assert.doesNotMatch(text, /<script src="https:\/\/www\.googletagmanager/);
  });

  it('stream: the first half is there before the second is written', async () => {
    let seen = '';
    let firstHalfMs;
    const answer = await send(world.worker.port, '/slow-body', {
      headers: { accept: 'text/html' },
      onChunk: (chunk, milliseconds) => {
        seen += chunk.toString('utf8');
        if (firstHalfMs === undefined && seen.includes('first half')) firstHalfMs = milliseconds;
      },
    });
    assert.ok(seen.includes('second half'));
    assert.ok(answer.totalMs >= 2500, `the origin took its time: ${answer.totalMs} ms`);
    assert.ok(firstHalfMs < answer.totalMs - 1500, `first half after ${firstHalfMs} ms of ${answer.totalMs}`);
  });

  it('answer to HEAD with the headers and without a body', async () => {
    const answer = await send(world.worker.port, '/html', { method: 'HEAD', headers: { accept: 'text/html' } });
    assert.equal(answer.status, 200);
    assert.match(valueOf(answer, 'content-type'), /^text\/html/);
    assert.equal(answer.body.length, 0);
  });

  it('that keep a policy keep every directive they had', async () => {
    const policy = "default-src 'self'; img-src *; frame-src https://www.youtube.com; report-uri /report";
    const answer = await send(world.worker.port, `/csp?policy=${encodeURIComponent(policy)}`, { headers: { accept: 'text/html' } });
    const told = valueOf(answer, 'content-security-policy');
    for (const part of ['default-src', "'self'", 'img-src *', 'frame-src https://www.youtube.com', 'report-uri /report']) assert.ok(told.includes(part), `${part} in ${told}`);
    assert.doesNotMatch(told, /'unsafe-inline'|'unsafe-eval'/);
  });
});

describe('a WebSocket', () => {
  it('passes both ways, without tracking cookies and ids', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${world.worker.port}/ws?gclid=TeSter-123&size=42`, 'echo', { headers: { cookie: 'session=1; _ga=GA1.1.1.1' } });
    const messages = [];
    const waiting = [];
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? data : data.toString('utf8');
      if (waiting.length > 0) waiting.shift()(message);
      else messages.push(message);
    });
    const failed = new Promise((_, reject) => { socket.on('error', reject); });
    failed.catch(() => {});
    const next = () => Promise.race([failed, messages.length > 0 ? messages.shift() : new Promise((resolve) => { waiting.push(resolve); })]);
    const timer = setTimeout(() => socket.terminate(), 30_000);
    try {
      assert.deepEqual(JSON.parse(await next()), { url: '/ws?size=42', cookie: 'session=1' });
      assert.equal(socket.protocol, 'echo');
      socket.send('grüezi');
      assert.equal(await next(), 'grüezi');
      const bytes = Buffer.from([0, 255, 1, 254]);
      socket.send(bytes);
      assert.ok(bytes.equals(await next()));
    } finally {
      clearTimeout(timer);
      socket.close();
    }
  });
});
