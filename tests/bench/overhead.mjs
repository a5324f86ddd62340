// What the edge costs: time to the first and to the last byte through Postern and through a Worker that only proxies, both
// in workerd under wrangler, in one interleaved run on one machine. Run by `cargo xtask bench`, after a build.
// Figures of one run compare with each other only. Ends with 1 if a budget is not met.
//
// POSTERN_BENCH_ROUNDS may name another number of rounds than 200.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, makeFolder, startWorker, startWrangler } from '../journeys/harness.mjs';
import { consentCookie, postDecision, send } from '../journeys/wire.mjs';
import { IMAGES, IMAGE_BYTES, PAGE_BYTES, startOrigin } from './origin.mjs';

const ROUNDS = Number(process.env.POSTERN_BENCH_ROUNDS ?? 200);
const WARM_UP_ROUNDS = 20;

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

async function startPlainProxy(originPort) {
  const [date] = /compatibility_date = .*/.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')) ?? [];
  const config = join(makeFolder(), 'wrangler.toml');
  const main = JSON.stringify(join(ROOT, 'tests/bench/plain-proxy.mjs'));
  writeFileSync(config, `name = "plain-proxy"\nmain = ${main}\n${date}\n`);
  return startWrangler({
    name: 'the plain proxy', config, vars: { ORIGIN: `http://127.0.0.1:${originPort}` },
    isReady: (port) => send(port, '/').then((answer) => answer.status === 200, () => false),
  });
}

/** Without the control of our own on each page, so that one where everything is granted passes untouched. */
function policyWithOwnLink() {
  const text = readFileSync(join(ROOT, 'postern.toml'), 'utf8');
  const changed = text.replace(/^reopen = .*$/m, 'reopen = "own-link"');
  if (!changed.includes('reopen = "own-link"')) throw new Error('postern.toml has no line "reopen = …" to replace');
  return changed;
}

async function measure(started) {
  const origin = await startOrigin();
  started.push(origin);
  const { port: originPort, page, image, style, script } = origin;
  const plain = await startPlainProxy(originPort);
  started.push(plain);
  const postern = await startWorker({ originPort, vars: { POLICY: policyWithOwnLink() } });
  started.push(postern);

  const cookie = consentCookie(await postDecision(postern));
  if (!cookie) throw new Error('the decision set no consent cookie');
  // Uncompressed: otherwise the development server's own compression is most of what is measured.
  const browser = { 'accept-encoding': 'identity', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36' };
  const forPage = { ...browser, accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };
  const forImage = { ...browser, accept: 'image/*', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' };
  const forFile = (destination) => ({ ...browser, accept: '*/*', 'sec-fetch-dest': destination, 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-origin' });
  const isSame = (body) => (answer) => answer.body.equals(Buffer.from(body));
  const isHeld = (answer) => answer.body.includes('data-postern-need') && answer.body.includes('id="postern"') && answer.body.length > PAGE_BYTES;
  const ways = [
    { name: 'page, plain proxy', port: plain.port, path: '/', headers: forPage, isRight: isSame(page) },
    { name: 'page, nothing granted', port: postern.port, path: '/', headers: forPage, isRight: isHeld, against: 0, budget: 1.5 },
    { name: 'page, all granted', port: postern.port, path: '/', headers: { ...forPage, cookie }, isRight: isSame(page), against: 0, budget: 1.05 },
    { name: 'image, plain proxy', port: plain.port, path: '/img/1.jpg', headers: forImage, isRight: isSame(image) },
    { name: 'image, nothing granted', port: postern.port, path: '/img/1.jpg', headers: forImage, isRight: isSame(image), against: 3, budget: 1.05 },
    { name: 'image, all granted', port: postern.port, path: '/img/1.jpg', headers: { ...forImage, cookie }, isRight: isSame(image), against: 3, budget: 1.05 },
    { name: 'style sheet, plain proxy', port: plain.port, path: '/css/site.css', headers: forFile('style'), isRight: isSame(style) },
    { name: 'style sheet, nothing gr.', port: postern.port, path: '/css/site.css', headers: forFile('style'), isRight: isSame(style), against: 6, budget: 1.05 },
    { name: 'script, plain proxy', port: plain.port, path: '/js/app.js', headers: forFile('script'), isRight: isSame(script) },
    { name: 'script, nothing granted', port: postern.port, path: '/js/app.js', headers: forFile('script'), isRight: isSame(script), against: 8, budget: 1.05 },
    { name: 'script, all granted', port: postern.port, path: '/js/app.js', headers: { ...forFile('script'), cookie }, isRight: isSame(script), against: 8, budget: 1.05 },
  ].map((way) => ({ ...way, first: [], last: [] }));

  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (let step = 0; step < ways.length; step += 1) {
      // Another one begins each round, so that none always follows the same one.
      const way = ways[(step + round + WARM_UP_ROUNDS) % ways.length];
      const answer = await send(way.port, way.path, { headers: way.headers });
      if (answer.status !== 200 || !way.isRight(answer)) throw new Error(`${way.name}: the answer is not what is to be measured (status ${answer.status}, ${answer.body.length} bytes)`);
      if (round < 0) continue;
      way.first.push(answer.firstByteMs);
      way.last.push(answer.totalMs);
    }
  }
  return ways;
}

function report(ways) {
  const milliseconds = (value) => value.toFixed(2).padStart(8);
  console.log(`${ROUNDS} rounds, page ${PAGE_BYTES} bytes with ${IMAGES} images, image ${IMAGE_BYTES} bytes; milliseconds`);
  console.log(`${''.padEnd(24)}   first byte          last byte           ratio to plain`);
  console.log(`${''.padEnd(24)}   median      p90   median      p90    first     last  budget`);
  let areMet = true;
  for (const way of ways) {
    const figures = [quantile(way.first, 0.5), quantile(way.first, 0.9), quantile(way.last, 0.5), quantile(way.last, 0.9)];
    let line = `${way.name.padEnd(24)} ${figures.map(milliseconds).join(' ')}`;
    if (way.budget) {
      const base = ways[way.against];
      const ratio = figures[2] / quantile(base.last, 0.5);
      const isMet = ratio <= way.budget;
      areMet &&= isMet;
      line += ` ${milliseconds(figures[0] / quantile(base.first, 0.5))} ${milliseconds(ratio)}    ${way.budget.toFixed(2)}  ${isMet ? 'met' : 'NOT MET'}`;
    }
    console.log(line);
  }
  return areMet;
}

const started = [];
let areMet = false;
try {
  areMet = report(await measure(started));
} finally {
  for (const one of started.reverse()) await one.stop();
}
process.exit(areMet ? 0 : 1);
