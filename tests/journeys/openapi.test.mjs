// The interface for programs does what its own description says: requests are made up from the description as the server gives it,
// sound ones and broken ones, and each answer must be one that stands there. What is expected of a request follows from the
// description alone; no address is written out here.
//
// POSTERN_SEED   makes up the same requests again; a failure prints it

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { COUNTERS, NOON, dayNumber, loadCells, policyIn, readCells, withFirst } from './figures.mjs';
import { makeFolder, startWorld, waitFor } from './harness.mjs';
import { startWithoutRecords } from './made-up.mjs';
import { readText, send, valueOf } from './wire.mjs';

/** As good as any other: the same requests each time, so that a failure is one that can be looked at. */
const SEED = Number(process.env.POSTERN_SEED ?? 20_261_129);
const RUNS = 80;
/** Nothing that is asked takes a tenth of it; who waits so long is told nothing any more. */
const MS_MAX = 10_000;
const DAY_MS = 86_400_000;
/** Source: postern_receipt::throttle, Rule::TOKENS. */
const WRONG_TOKENS_MAX = 30;
const TOKENS = { viewer: randomBytes(16).toString('hex'), auditor: randomBytes(16).toString('hex') };
const ACCESS_TOKENS = Object.entries(TOKENS).map(([role, token]) => `${role} ${role} ${createHash('sha256').update(token).digest('hex')}`).join('\n');

/** Twenty days until yesterday: enough in each group to be told apart. */
function figures() {
  // A day counts as over an hour after its end: at noon the one before does.
  const today = dayNumber(NOON);
  const counts = (first, accepted, refused) => Object.entries(withFirst({ views: first * 3, shown: first, first, accepted, refused, analytics: accepted }))
    .map(([name, count]) => `${COUNTERS.indexOf(name)}:${count}`).join(' ');
  return Array.from({ length: 20 }, (_, place) => today - 20 + place).flatMap((day) => [
    [day, 'all', '', counts(300, 70 + day % 7, 100)],
    [day, 'place', 'EU/FR', counts(200, 40 + day % 7, 60)], [day, 'place', 'EU/DE', counts(100, 30, 40)],
    [day, 'client', 'phone/safari', counts(300, 70 + day % 7, 100)], [day, 'page', 'a "quoted", name', counts(300, 70 + day % 7, 100)],
  ]).map((line) => line.join('\t')).join('\n');
}

let world;
let described;
/** The ids of the sites there are. */
let sites;
let validate;
before(async () => {
  const state = join(makeFolder(), 'state');
  const options = { dashboard: true, browser: false, state, vars: { ACCESS_TOKENS, POLICY: policyIn(NOON) } };
  world = await startWorld(options);
  await send(world.worker.port, '/', { headers: { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' } });
  await waitFor('a page to be counted', () => readCells(world.worker)['all/']?.views === 1);
  await world.close();
  loadCells(state, figures());
  world = await startWorld(options);
  const read = async (path) => JSON.parse(readText(await ask(path)));
  await waitFor('the figures', async () => {
    const { is_gathering: isGathering, published } = await read('/api/v1/figures');
    return !isGathering && published;
  });
  described = await read('/api/v1/openapi.json');
  ({ sites } = await read('/api/v1/sites'));
  sites = sites.map(({ site }) => site);
  validate = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  validate.addSchema(described, 'openapi');
});
after(() => world?.close());

function ask(path, { token = TOKENS.viewer, authorization = `Bearer ${token}`, method = 'GET', port = world.worker.port } = {}) {
  const headers = authorization === null ? {} : { authorization };
  const late = new Promise((_, reject) => { setTimeout(() => reject(new Error(`${method} ${path}: no answer in ${MS_MAX} ms`)), MS_MAX).unref(); });
  return Promise.race([send(port, `/_postern${path}`, { headers, method }), late]);
}

const operations = () => Object.entries(described.paths).map(([path, { get }]) => ({ path, get, parameters: get.parameters ?? [] }));

/** The answer is one that the description has for this operation, in its type and of its shape. */
function assertDescribed({ path, get }, answer, what, { isLost = false } = {}) {
  const { status } = answer;
  assert.ok(answer.isWhole, `${what}: cut off`);
  assert.ok(status < 500 || isLost, `${what}: status ${status}`);
  const said = get.responses[status];
  assert.ok(said, `${what}: status ${status} is not described`);
  const type = valueOf(answer, 'content-type').split(';', 1)[0];
  assert.ok(said.content[type], `${what}: ${status} with ${type}`);
  const pointer = ['paths', path, 'get', 'responses', String(status), 'content', type, 'schema'].map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  const text = readText(answer);
  const body = type.endsWith('json') ? JSON.parse(text) : text;
  assert.ok(validate.validate({ $ref: `openapi#/${pointer}` }, body), `${what}: ${validate.errorsText()}`);
  if (body.status !== undefined) assert.equal(body.status, status, what);
  if (type === 'text/csv') assertTable(text, what);
  assert.match(valueOf(answer, 'cache-control'), /no-store/, what);
}

/** Lines of as many cells as there are heads. */
function assertTable(text, what) {
  const lines = text.replace(/"(?:[^"]|"")*"/g, 'q').split('\r\n');
  assert.equal(lines.pop(), '', what);
  for (const line of lines) assert.equal(line.split(',').length, lines[0].split(',').length, `${what}: ${line}`);
}

/** Is a text a value of this parameter? Numbers are written in digits. */
function isValue({ schema, allowEmptyValue }, text) {
  if (text === '') return allowEmptyValue === true;
  const isNumber = schema.type === 'integer' && /^\+?\d+$/.test(text);
  return validate.validate(schema, isNumber ? Number(text) : text);
}

/**
 * What the description says of a query: true for one that is answered, false for one that is refused, undefined for one of which
 * it says nothing: that which says a parameter more than once, soundly and not.
 */
function isSound({ parameters }, query) {
  // An operation that takes none passes over all.
  if (parameters.length === 0) return true;
  const pairs = [...new URLSearchParams(query)];
  const faults = pairs.map(([name, text]) => {
    if (name === 'site' && text !== '') return !sites.includes(text);
    const parameter = parameters.find((one) => one.name === name);
    return parameter ? !isValue(parameter, text) : text !== '';
  });
  const names = pairs.map(([name]) => name);
  const isLoneFault = faults.some((isFault, place) => isFault && names.indexOf(names[place]) === names.lastIndexOf(names[place]));
  if (isLoneFault || parameters.some(({ name, required }) => required && !names.includes(name))) return false;
  if (new Set(names).size < names.length) {
    // Of the same, whichever is taken.
    if (faults.every(Boolean)) return false;
    if (faults.some(Boolean) || ['from', 'to'].some((name) => names.indexOf(name) !== names.lastIndexOf(name))) return undefined;
  }
  const [from, to] = ['from', 'to'].map((name) => pairs.find(([other, text]) => other === name && text !== '')?.[1]);
  if (from === undefined && to === undefined) return true;
  const daysMax = parameters.find(({ name }) => name === 'days').schema.maximum;
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  return days >= 1 && days <= daysMax;
}

/** The status of a query that is refused: a site that nobody keeps is looked for before anything else. */
function refusalOf(query) {
  const site = new URLSearchParams(query).getAll('site').find((text) => text !== '');
  return site === undefined || sites.includes(site) ? 400 : 404;
}

const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const anyDay = fc.integer({ min: 0, max: Date.parse('9999-12-31') / DAY_MS }).map((day) => isoDay(day * DAY_MS));
const nearDay = fc.integer({ min: 1, max: 40 }).map((day) => isoDay(Date.now() - day * DAY_MS));
const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });

/** Texts of a parameter's kind: sound ones, but for a word of its pattern that is none by itself. */
function soundOf({ name, schema }) {
  if (name === 'site') return fc.constantFrom(...sites);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'integer') return fc.oneof(fc.integer({ min: schema.minimum, max: schema.maximum }), fc.constantFrom(schema.minimum, schema.maximum), fc.integer({ min: 1, max: 30 })).map(String);
  if (schema.format === 'date') return fc.oneof(nearDay, anyDay);
  const [level, value] = [fc.constantFrom('country', 'law', 'device', 'browser', 'page', 'vendor'), fc.constantFrom('FR', 'DE', 'EU', 'other', 'phone', 'safari', 'a "quoted", name')];
  const words = schema.pattern.match(/[a-z]+(?:-[a-z]+)*/g);
  return fc.oneof(fc.tuple(level, value), fc.tuple(level, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }))).map((parts) => parts.join(':')).chain((text) => fc.constantFrom(text, text, text, ...words.slice(0, 2)));
}

/** Texts that are hardly any parameter's. */
const brokenText = fc.oneof(
  anyText,
  fc.constantFrom('0', ' ', '', '-1', '+7', '007', '1.5', '1e1', '0x1f', 'NaN', 'null', 'true', '[]', '{}', '3661', '4294967296', '99999999999999999999', '٧', '７', ' 7', '7 ', '7\n'),
  fc.constantFrom('1969-12-31', '1970-01-01', '2026-02-29', '2024-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00:00Z', '10000-01-01', '0000-01-01', '-001-01-01', 'yesterday'),
  fc.constantFrom('country', 'country:', ':FR', 'Country:FR', 'city:Paris', 'country:FR/75', `page:${'x'.repeat(48)}`, `page:${'x'.repeat(49)}`, `page:${'𝒳'.repeat(48)}`, `page:${'𝒳'.repeat(49)}`, 'page:a:b', 'page: ', 'before', 'Before', 'year-before'),
  fc.tuple(fc.constantFrom('country:', 'page:', ''), fc.constantFrom('\0', '\x1f', '\x7f', '\x85', '\xa0', '\u1680', '\u2007', '\u2028', '\u202e', '\u3000', '\ufeff', '\ufffd', '\u0301', '"', "'", '<b>', '\r\n', '%', '&', '#', '+', '=', '=1+1')).map((parts) => parts.join('')),
  fc.integer({ min: 200, max: 6000 }).map((length) => 'x'.repeat(length)),
);

/** A text as it can stand in an address: as one writes it, with every byte escaped, or spaces as forms write them. */
const escapings = [encodeURIComponent, (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''), (text) => encodeURIComponent(text).replaceAll('%20', '+')];
const written = (text) => fc.tuple(text, fc.constantFrom(...escapings)).map(([plain, escape]) => escape(plain.toWellFormed()));
/** No text that could be escaped: bytes that are no characters, and half an escape. */
const brokenBytes = fc.constantFrom('%ff', '%c3', '%ed%a0%80', '%', '%4', '%zz', 'country:%ff', 'page:%c3%28');

const some = (parameters) => fc.subarray(parameters, { minLength: 0 }).chain((of) => fc.shuffledSubarray(of, { minLength: of.length }));
const soundQuery = ({ parameters }) => {
  const pair = (parameter) => written(soundOf(parameter)).map((text) => `${parameter.name}=${text}`);
  const [needed, free] = [parameters.filter(({ required }) => required), parameters.filter(({ required, name }) => !required && name !== 'to')];
  // The first day and the last one come together.
  const range = fc.tuple(fc.oneof(nearDay, anyDay), fc.integer({ min: 0, max: 30 })).map(([from, days]) => [`from=${from}`, `to=${isoDay(Date.parse(from) + days * DAY_MS)}`]);
  return some(free).chain((taken) => fc.tuple(...[...needed, ...taken].map((one) => (one.name === 'from' ? range : pair(one))))).map((parts) => parts.flat().join('&'));
};
/** What must be said, and no more. */
const needed = ({ parameters }) => fc.sample(soundQuery({ parameters: parameters.filter(({ required }) => required) }), { seed: SEED, numRuns: 1 })[0];
const brokenQuery = (operation) => {
  const { parameters } = operation;
  const name = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('days', ...parameters.map((one) => one.name)) }, written(anyText), written(fc.constantFrom('Days', 'days ', 'days[]', 'colour', 'by', '__proto__', '')));
  const fault = fc.tuple(name, fc.constantFrom(...'=======', ''), fc.oneof({ weight: 5, arbitrary: written(brokenText) }, brokenBytes)).map((parts) => parts.join(''));
  const dropped = soundQuery(operation).map((query) => query.split('&').slice(1).join('&'));
  const twice = fc.tuple(soundQuery(operation), soundQuery(operation)).map((two) => two.join('&'));
  const spoiled = fc.tuple(soundQuery(operation), fc.array(fault, { minLength: 1, maxLength: 2 }), fc.boolean())
    .map(([query, faults, isFirst]) => (isFirst ? [...faults, query] : [query, ...faults]).join('&'));
  return fc.oneof({ weight: 4, arbitrary: spoiled }, fault, dropped, twice);
};

/** Makes up queries of an operation and holds each answer to the description. */
async function hold(queries, operation, runs, demand) {
  await fc.assert(fc.asyncProperty(queries(operation), async (query) => {
    const what = `GET ${operation.path}?${query}`;
    const answer = await ask(`${operation.path}?${query}`);
    assertDescribed(operation, answer, what);
    await demand(answer, isSound(operation, query), what);
  }), { seed: SEED, numRuns: operation.parameters.length > 0 ? runs : runs / 10, endOnFailure: true });
}

describe('what is described', () => {
  it('is answered', async () => {
    await Promise.all(operations().map(async (operation) => {
      await hold(soundQuery, operation, RUNS, async (answer, sound, what) => {
        if (sound) assert.equal(answer.status, 200, `${what}: ${readText(answer)}`);
        else assert.equal(answer.status, refusalOf(what.split('?').slice(1).join('?')), what);
        if (!operation.path.endsWith('figures') || answer.status !== 200) return;
        const { question } = JSON.parse(readText(answer));
        assert.equal(readText(await ask(`${operation.path}?${question}`)), readText(answer), `${what}: and the same question is ${question}`);
      });
    }));
  });

  it('is refused where it is broken, and nothing else is', async () => {
    await Promise.all(operations().map(async (operation) => {
      const met = { sound: 0, broken: 0 };
      await hold(brokenQuery, operation, RUNS * 2, (answer, sound, what) => {
        if (sound === undefined) return;
        met[sound ? 'sound' : 'broken'] += 1;
        assert.equal(answer.status, sound ? 200 : refusalOf(what.split('?').slice(1).join('?')), `${what}: ${readText(answer).slice(0, 300)}`);
      });
      // Where there is one parameter, more queries say it twice.
      const brokenMin = operation.parameters.length > 1 ? RUNS : RUNS / 2;
      if (operation.parameters.length > 0) assert.ok(met.broken > brokenMin && met.sound > RUNS / 10, `${operation.path}: ${JSON.stringify(met)}: what is made up is too much alike`);
    }));
  });

  it('is read and not written', async () => {
    for (const operation of operations()) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const answer = await ask(operation.path, { method });
        assert.deepEqual([answer.status, valueOf(answer, 'allow')], [405, 'GET, HEAD'], `${method} ${operation.path}`);
      }
      const [get, head] = [await ask(operation.path), await ask(operation.path, { method: 'HEAD' })];
      assert.deepEqual([head.status, valueOf(head, 'content-type'), head.body.length], [get.status, valueOf(get, 'content-type'), 0], operation.path);
    }
  });

  it('is for who shows a token, of any role', async () => {
    for (const operation of operations()) {
      const query = needed(operation);
      for (const token of [TOKENS.viewer, TOKENS.auditor, world.worker.token]) {
        const answer = await ask(`${operation.path}?${query}`, { token });
        assertDescribed(operation, answer, operation.path);
        assert.equal(answer.status, 200, operation.path);
      }
      const none = await ask(`${operation.path}?${query}`, { authorization: null });
      assertDescribed(operation, none, operation.path);
      assert.deepEqual([none.status, valueOf(none, 'www-authenticate')], [401, 'Bearer'], operation.path);
      const wrong = await ask(`${operation.path}?${query}`, { token: `${TOKENS.viewer}x` });
      assertDescribed(operation, wrong, operation.path);
      assert.equal(wrong.status, 403, operation.path);
    }
  });

  it('is all that there is', async () => {
    const known = new Set(Object.keys(described.paths));
    await fc.assert(fc.asyncProperty(written(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })), async (name) => {
      const path = `/api/v1/${name}`;
      // Dots are steps in an address, however they are written.
      fc.pre(!known.has(path) && !/^(?:\.|%2e)+(?:[/\\]|$)/i.test(name));
      const answer = await ask(path);
      assert.equal(answer.status, 404, path);
      assert.ok(validate.validate({ $ref: 'openapi#/components/schemas/Problem' }, JSON.parse(readText(answer))), path);
    }), { seed: SEED, numRuns: 20, endOnFailure: true });
  });

  it('says when the records cannot be reached', async () => {
    const { port } = await startWithoutRecords(world, { vars: { ACCESS_TOKENS } });
    for (const operation of operations()) {
      const query = needed(operation);
      const answer = await ask(`${operation.path}?${query}`, { port });
      assertDescribed(operation, answer, operation.path, { isLost: true });
      // The one needs none, the others say it of each site.
      assert.equal(answer.status, ['/api/v1/openapi.json', '/api/v1/sites', '/api/v1/sites.csv'].includes(operation.path) ? 200 : 503, operation.path);
      if (operation.path.endsWith('/sites.csv')) assert.match(readText(answer).split('\r\n')[1], /^luxmoor,[^,]*,\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\d,+$/);
      if (operation.path.endsWith('/sites')) assert.match(JSON.parse(readText(answer)).sites[0].fault, /cannot be reached/);
    }
  });

  it('says when there were too many wrong tokens', async () => {
    const operation = operations().at(-1);
    const answers = await Promise.all(Array.from({ length: WRONG_TOKENS_MAX + 1 }, () => ask(operation.path, { token: 'wrong' })));
    for (const answer of answers) assertDescribed(operation, answer, operation.path);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [403, 429]);
    assert.equal((await ask(operation.path)).status, 200, 'who shows a right one is not hindered');
  });
});
