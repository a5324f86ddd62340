// The stub's table against the edge's matcher, on thousands of addresses made from the shared vectors: the page and the edge
// must name the same need for each, also where single vendors are granted. No browser: the stub's own code runs here, the
// edge's in crates/rewrite/examples/judge.rs. POSTERN_SEED repeats a run.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { guard } from '../../www/stub/guard.js';
import { urls } from '../../www/stub/catalogue.js';
import { learn } from '../../www/stub/rows.js';
import { ROOT } from './harness.mjs';

const PAGE = 'https://shop.example/';
const VECTORS = JSON.parse(readFileSync(join(ROOT, 'tests/vectors/urls.json'), 'utf8'));
const EACH = 30;

/** Numbers from a seed. Source: Marsaglia, xorshift32. */
function numbers(seed) {
  let state = seed || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Another address from one: nearer to it, farther from it, or the same in other letters. */
function mutate(address, next) {
  const url = new URL(address, PAGE);
  const ways = [
    () => { url.hostname = `x${next(9)}.${url.hostname}`; },
    () => { url.hostname = `${url.hostname}.evil.example`; },
    () => { url.hostname = `not${url.hostname}`; },
    () => { url.hostname = url.hostname.split('.').slice(1).join('.') || url.hostname; },
    () => { url.hostname = `${url.hostname}.`; },
    () => { url.hostname = 'shop.example'; },
    () => { url.port = '8443'; },
    () => { url.pathname = url.pathname.toUpperCase(); },
    () => { url.pathname = `/proxy${url.pathname}`; },
    () => { url.pathname = `${url.pathname}x`; },
    () => { url.pathname = `${url.pathname}/`; },
    () => { url.pathname = url.pathname.slice(0, next(url.pathname.length + 1)); },
    () => { url.pathname = url.pathname.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`); },
    () => { url.search = [...url.search.slice(1).split('&')].reverse().join('&'); },
    () => { url.search = `${url.search}${url.search ? '&' : '?'}a=${next(9)}`; },
    () => { url.search = `?a=1${url.search ? `&${url.search.slice(1)}` : ''}`; },
    () => { url.search = url.search.toUpperCase(); },
    () => { url.search = ''; },
    () => { url.search = `${url.search}?x`; },
    () => { url.hash = '#x?id=G-1'; },
    () => { url.protocol = ['http:', 'https:', 'ws:', 'wss:'][next(4)]; },
    () => { url.username = 'user'; },
  ];
  for (let count = 1 + next(3); count > 0; count -= 1) ways[next(ways.length)]();
  return url.href;
}

/** As the edge says it. */
function askEdge(ids, addresses) {
  const run = spawnSync('cargo', ['run', '--quiet', '-p', 'postern-rewrite', '--example', 'judge', '--', ...ids], { cwd: ROOT, input: addresses.join('\n'), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  assert.equal(run.status, 0, run.stderr);
  const [rows, ...needs] = run.stdout.trimEnd().split('\n');
  return { rows: rows ? JSON.parse(rows) : [], needs };
}

/** As the stub says it: its guard in a scope of its own, which has nothing to hold. */
function askStub(rows, addresses) {
  learn(rows);
  class OwnURL extends URL {}
  const { deniedRow } = guard({ Reflect, URL: OwnURL, Request, Response, Blob, DOMException, Promise, RegExp, String, WeakMap, Map, Proxy, document: { baseURI: PAGE } }, { granted: 1, isDecided: 0, queue: [], urls });
  return addresses.map((address) => {
    const row = deniedRow(address);
    return row ? row[0].toString(16) : '-';
  });
}

describe('stub and edge', () => {
  const seed = Number(process.env.POSTERN_SEED) || randomInt(1, 2 ** 31);
  const next = numbers(seed);
  const addresses = [...new Set(VECTORS.flatMap(([address]) => [new URL(address, PAGE).href, ...Array.from({ length: EACH }, () => mutate(address, next))]))];
  const owners = [...new Set(VECTORS.map(([, owner]) => owner).filter(Boolean))].sort();

  for (const [name, ids] of [['nothing granted', []], ['two of Google\'s granted by themselves', ['ga4', 'youtube']], ['others granted by themselves', owners.filter((_, index) => index % 3 === seed % 3)]]) {
    it(`name the same need for ${addresses.length} addresses, ${name} (seed ${seed})`, () => {
      assert.ok(addresses.length > 4000);
      const { rows, needs } = askEdge(ids, addresses);
      const found = askStub(rows, addresses);
      assert.equal(needs.length, addresses.length);
      const differing = addresses.map((address, index) => [address, needs[index], found[index]]).filter(([, edge, stub]) => edge !== stub);
      // Both sides of the comparison must be in it.
      assert.ok(needs.filter((need) => need !== '-').length > 500 && needs.filter((need) => need === '-').length > 500);
      assert.deepEqual(differing.slice(0, 20), [], `${differing.length} differ (address, edge, stub)`);
    });
  }
});
