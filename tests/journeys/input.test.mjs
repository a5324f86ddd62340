// What a hostile client sends: headers and cookies of every shape, requests that two servers could read differently,
// addresses that would make the edge ask or send somewhere else. The edge answers, forwards nothing it should not, and
// stays well.

import assert from 'node:assert/strict';
import { createServer, connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, startWorld } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf, valuesOf } from './wire.mjs';

let world;
before(async () => { world = await startWorld({ origin: 'test', browser: false }); });
after(() => world?.close());
afterEach(async () => assert.equal((await send(world.worker.port, '/_postern/health')).status, 200, 'the edge is well'));

/** Sends bytes as they are and gives everything that comes back until the other side falls silent or closes. */
function raw(bytes, milliseconds = 1500) {
  return new Promise((resolve, reject) => {
    const socket = connect(world.worker.port, '127.0.0.1');
    const chunks = [];
    const timer = setTimeout(() => { socket.destroy(); resolve(Buffer.concat(chunks).toString('latin1')); }, milliseconds);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => { clearTimeout(timer); resolve(Buffer.concat(chunks).toString('latin1')); });
    socket.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
  });
}

const echoed = async (headers, path = '/echo') => JSON.parse(readText(await send(world.worker.port, path, { headers })));

describe('cookies of every shape', () => {
  for (const [name, cookie] of [
    ['bytes that are no UTF-8', Buffer.from([0x61, 0x3d, 0xff, 0xfe, 0x3b, 0x20]).toString('latin1') + '_ga=GA1.1.1.1; b=2'],
    ['pieces without a name', '; ;=; =x; ;; _ga=GA1.1.1.1;; b=2'],
    ['a thousand of one name', `${'_ga=GA1.1.1.1; '.repeat(500)}b=2`],
    ['a name with tabs in and around it', '\ta\tb=1;\t_ga\t=GA1.1.1.1;\tb=2'],
    ['quotes with separators in them', 'x="_ga=1; y"; _ga=GA1.1.1.1; b=2'],
    ['a sealed choice of somebody else', '__Host-postern=v1.1f.173888.24445bb7.13362772923605a223ce0021f1b2c80e.AAAA; _ga=GA1.1.1.1; b=2'],
  ]) {
    it(`${name}: nothing of a tracker passes, the site's own does`, async () => {
      const echo = await echoed({ cookie });
      const told = echo.headers.filter(([key]) => key.toLowerCase() === 'cookie').map(([, value]) => value).join(';');
      assert.ok(!/_ga=GA1|__Host-postern/.test(told), told);
      assert.match(told, /b=2/);
    });
  }

  it('64 kB of them are answered, one way or the other', async () => {
    const answer = await send(world.worker.port, '/html', { headers: { cookie: `_ga=${'x'.repeat(64 * 1024)}`, accept: 'text/html' } }).catch(() => ({ status: 431 }));
    assert.ok([200, 400, 413, 431, 502].includes(answer.status), String(answer.status));
    if (answer.status === 200) assert.doesNotMatch(readText(answer), /<script[^>]* src="https:\/\/www\.googletagmanager/);
  });

  it('never come back as a header', async () => {
    for (const name of ['_ga_x\x0d\x0aset-cookie: evil', '_ga_\u00e9', '_ga_<b>']) {
      const answer = await send(world.worker.port, '/html', { headers: { cookie: Buffer.from(`${name.replace(/[\r\n]/g, '')}=GA1.1.1.1`).toString('latin1') } });
      assert.ok(!valuesOf(answer, 'set-cookie').some((line) => line.includes('evil=') || !/^[\x21-\x7e ]*$/.test(line)), valuesOf(answer, 'set-cookie').join('\n'));
    }
  });
});

describe('lines that would become headers', () => {
  it('in an address stay in the address', async () => {
    for (const path of ['/html?a=%0d%0aset-cookie:%20evil=1', '/redirect?to=%0d%0alocation:%20//evil.example']) {
      const answer = await send(world.worker.port, path, { headers: { accept: 'text/html' } });
      assert.ok(!answer.headers.some(([, value]) => /evil/.test(value) && !value.includes('%0')), JSON.stringify(answer.headers));
    }
  });

  it('in a policy are refused before anything runs', async () => {
    const policy = readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace('name = "Luxmoor Ltd"', 'name = "Luxmoor\\r\\nset-cookie: evil=1"');
    const worker = await world.startWorker({ vars: { POLICY: policy }, health: 503 });
    assert.match(readText(await send(worker.port, '/_postern/health')), /control character/);
    assert.ok(!JSON.stringify((await send(worker.port, '/html')).headers).includes('evil'));
    await worker.stop();
  });
});

describe('requests that two servers could read differently', () => {
  const host = () => `Host: localhost:${world.worker.port}\r\n`;
  for (const [name, make] of [
    ['two lengths', () => `POST /echo HTTP/1.1\r\n${host()}Content-Length: 4\r\nContent-Length: 44\r\n\r\nabcdGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a length and chunks', () => `POST /echo HTTP/1.1\r\n${host()}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['an odd transfer coding', () => `POST /echo HTTP/1.1\r\n${host()}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a space before the colon', () => `POST /echo HTTP/1.1\r\n${host()}Content-Length : 4\r\n\r\nabcdGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a folded header', () => `GET /echo HTTP/1.1\r\n${host()}X-A: 1\r\n Cookie: _ga=GA1.1.1.1\r\n\r\n`],
    ['a header without a name', () => `GET /echo HTTP/1.1\r\n${host()}: x\r\n\r\n`],
  ]) {
    it(`${name}: no second request reaches the origin`, async () => {
      const told = await raw(make());
      assert.ok(!told.includes('/smuggled') || /^HTTP\/1\.1 400/.test(told), told.slice(0, 300));
      assert.ok(!told.includes('GA1.1.1.1') || /^HTTP\/1\.1 400/.test(told), told.slice(0, 300));
    });
  }
});

describe('addresses that would send the edge elsewhere', () => {
  it('neither a header nor a parameter changes whom the edge asks', async () => {
    let asked = 0;
    const stranger = createServer((socket) => { asked += 1; socket.destroy(); });
    await new Promise((resolve) => { stranger.listen(0, '127.0.0.1', resolve); });
    const evil = `127.0.0.1:${stranger.address().port}`;
    try {
      for (const headers of [
        { host: evil }, { 'x-forwarded-host': evil }, { forwarded: `host=${evil}` }, { 'x-original-url': `http://${evil}/` },
        { 'x-rewrite-url': `http://${evil}/` }, { 'cf-worker': evil }, { origin: `http://${evil}` }, { referer: `http://${evil}/` },
      ]) await send(world.worker.port, '/echo', { headers: { accept: 'text/html', ...headers }, ...(headers.host ? { host: headers.host } : {}) }).catch(() => {});
      for (const path of [`/echo?url=http://${evil}/`, `/echo?postern-locked=http://${evil}/`, `//${evil}/`, `/\\${evil}/`, `/_postern/decision?return=http://${evil}/`, `http://${evil}/`]) {
        await send(world.worker.port, path, { headers: { accept: 'text/html' } }).catch(() => {});
      }
      assert.equal(asked, 0);
    } finally {
      stranger.close();
    }
  });

  it('after a choice the visitor comes back to the site and nowhere else', async () => {
    const policy = await readPolicy(world.worker, '/html');
    for (const to of ['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:alert(1)', '/\t/evil.example', '\n//evil.example', '/..//evil.example', '']) {
      const body = new URLSearchParams({ choice: 'reject', policy, key: '0'.repeat(32), return: to, lang: 'en', layer: '1' }).toString();
      const answer = await postDecision(world.worker, { body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': undefined } });
      const location = new URL(valueOf(answer, 'location') ?? '/', world.worker.base);
      assert.equal(location.host, new URL(world.worker.base).host, `${to} → ${valueOf(answer, 'location')}`);
    }
  });

  it('a page that arrives locked leads only to itself', async () => {
    const answer = await send(world.worker.port, '//evil.example/endless-tag', { headers: { accept: 'text/html' } });
    const addresses = [...answer.body.toString('latin1').matchAll(/content="0;url=([^"]*)"/g)].map(([, address]) => address);
    assert.deepEqual(addresses.map((address) => new URL(address, 'http://evil.example').host), [new URL(world.worker.base).host]);
  });
});

describe('a clean landing', () => {
  it('sends the visitor on to the address without identifiers, and only there', async () => {
    const policy = `${readFileSync(join(ROOT, 'postern.toml'), 'utf8')}\n[edge]\nclean_landing = true\n`;
    const worker = await world.startWorker({ vars: { POLICY: policy } });
    const landing = (path, headers = {}) => send(worker.port, path, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', ...headers } });
    const answer = await landing('/html?size=42&gclid=CLICK-1&q=%20x');
    assert.equal(answer.status, 302);
    assert.equal(valueOf(answer, 'location'), '/html?size=42&q=%20x');
    assert.equal(valueOf(answer, 'cache-control'), 'private, no-store');
    assert.equal((await landing('/html?size=42')).status, 200);
    assert.notEqual(new URL(valueOf(await landing('//evil.example?gclid=1'), 'location') ?? '/', worker.base).host, 'evil.example');
    const accepted = consentCookie(await postDecision(worker, { change: { policy: await readPolicy(worker, '/html') } }));
    assert.equal((await landing('/html?gclid=CLICK-1', { cookie: accepted })).status, 200);
    await worker.stop();
  });
});

describe('signals', () => {
  it('gpc.json says that Global Privacy Control is honoured', async () => {
    const answer = await send(world.worker.port, '/.well-known/gpc.json');
    assert.deepEqual(Object.keys(JSON.parse(readText(answer))), ['gpc', 'lastUpdate']);
    assert.equal(JSON.parse(readText(answer)).gpc, true);
  });

  it('ADPC and GPC deny what was granted, and are passed on', async () => {
    const accepted = consentCookie(await postDecision(world.worker, { change: { policy: await readPolicy(world.worker, '/html') } }));
    for (const [signal, denied, passing] of [
      [{ 'sec-gpc': '1' }, ['_fbp'], ['_ga']], [{ adpc: 'withdraw=*' }, ['_fbp', '_ga'], []], [{ adpc: 'object=direct-marketing' }, ['_fbp'], ['_ga']], [{ dnt: '1' }, ['_fbp', '_ga'], []],
    ]) {
      const echo = await echoed({ cookie: `${accepted}; _ga=GA1.1.1.1; _fbp=fb.1.1.1; s=1`, ...signal });
      const cookie = echo.headers.filter(([key]) => key.toLowerCase() === 'cookie').map(([, value]) => value).join();
      for (const name of denied) assert.ok(!cookie.includes(`${name}=`), `${JSON.stringify(signal)}: ${cookie}`);
      for (const name of [...passing, 's']) assert.ok(cookie.includes(`${name}=`), `${JSON.stringify(signal)}: ${cookie}`);
      assert.ok(echo.headers.some(([key]) => key.toLowerCase() === Object.keys(signal)[0]));
    }
  });
});
