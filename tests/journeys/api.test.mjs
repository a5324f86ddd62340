// What programs are told is what the pages show: what stands beside the figures, what was seen, today, and each table as a file. That
// all of it is as described is seen to by openapi.test.mjs.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { COUNTERS, NOON, dayNumber, loadCells, openLedger, policyIn, readCells, withFirst } from './figures.mjs';
import { BATCH_MS, makeFolder, sleep, startWorld, waitFor } from './harness.mjs';
import { readSeen, readText, send, valueOf } from './wire.mjs';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const DAY_MS = 86_400_000;
const PAGES_TODAY = 12;
// A day counts as over an hour after its end: at noon the one before does.
const today = dayNumber(NOON);
const isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Twenty days until yesterday: two countries, one kind of device, two ways to ask, and what the gate did. */
function figures() {
  const counts = ([first, accepted, refused]) => Object.entries(withFirst({ views: first * 3, shown: first, first, accepted, refused, analytics: accepted }))
    .map(([name, count]) => `${COUNTERS.indexOf(name)}:${count}`).join(' ');
  return Array.from({ length: 20 }, (_, place) => today - 20 + place).flatMap((day) => {
    const [control, corner, rest] = [[200, 60 + day % 5, 40], [200, 80, 40], [40, 10, 10]];
    const all = control.map((count, place) => count + corner[place] + rest[place]);
    const germany = [140, 40, 40];
    return [
      [day, 'all', '', counts(all)], [day, 'place', 'EU/FR', counts(all.map((count, place) => count - germany[place]))], [day, 'place', 'EU/DE', counts(germany)],
      [day, 'client', 'phone/safari', counts(all)], [day, 'variant', 'place.control', counts(control)], [day, 'variant', 'place.corner', counts(corner)],
      [day, 'gate', 'held/ga4', '15:500'], [day, 'gate', 'released/ga4', '15:30'], [day, 'gate', 'refused/gtm', '15:12'], [day, 'gate', 'held/gtm', '15:9'],
    ];
  }).map((line) => line.join('\t')).join('\n');
}

const FIRST_SEEN_MS = Date.now() - 40 * DAY_MS;
/** Kind, name, how often, and whether it may be told. */
const SEEN = [
  ['unknown', 'cdn.acme.example', 20, true], ['unknown', 'img.acme.example', 4, true], ['undeclared', 'tiktok', 11, true], ['cookie', '-prefs', 15, true],
  ['cookie', 'rare', 9, false], ['reported', 'api.acme.example', 12, true], ['reported', 'few.acme.example', 9, false], ['fault', 'rewriter', 2, true],
];

let world;
const get = async (path) => {
  const answer = await send(world.worker.port, `/_postern/${path}`, { headers: { accept: 'text/html', authorization: `Bearer ${world.worker.token}` } });
  assert.equal(answer.status, 200, `${path}: ${readText(answer)}`);
  return answer;
};
const api = async (path) => JSON.parse(readText(await get(`api/v1/${path}`)));
/** A file's lines, each by its heads. What is in it has no signs that would be quoted. */
const table = async (path) => {
  const [heads, ...lines] = readText(await get(`api/v1/${path}`)).trimEnd().split('\r\n').map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(heads.map((head, place) => [head, cells[place]])));
};
const visit = async () => {
  const answer = await send(world.worker.port, '/', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', 'user-agent': BROWSER } });
  assert.equal(answer.status, 200);
};

before(async () => {
  const state = join(makeFolder(), 'state');
  const experiment = `\n[experiment]\nname = "place"\nfrom = ${isoDay(today - 9)}\nuntil = ${isoDay(today + 9)}\nexpected = 35\n[experiment.variants.corner]\nlayout = "box"\n`;
  const options = { dashboard: true, browser: false, state, vars: { POLICY: policyIn(NOON) + experiment } };
  world = await startWorld(options);
  await visit();
  await waitFor('a page to be counted', () => readCells(world.worker)['all/']?.views === 1);
  await world.close();
  loadCells(state, figures());
  const ledger = openLedger(state);
  const see = ledger.prepare("INSERT OR REPLACE INTO seen (kind, name, page, count, first_ms, last_ms) VALUES (?, ?, '/shop/…', ?, ?, ?)");
  for (const [place, [kind, name, count]] of SEEN.entries()) see.run(kind, name, count, FIRST_SEEN_MS, FIRST_SEEN_MS + (40 - place) * DAY_MS);
  ledger.close();
  world = await startWorld(options);
  for (let count = 1; count < PAGES_TODAY; count += 1) await visit();
  await waitFor('the pages of today', () => readCells(world.worker)['all/'].views === 20 * 440 * 3 + PAGES_TODAY);
  await waitFor('the figures', async () => {
    const { is_gathering: isGathering, published } = await api('figures');
    return !isGathering && published;
  });
  // And no more comes.
  await sleep(BATCH_MS);
});
after(() => world?.close());

/** A difference as the page writes it. */
function points(share) {
  const tenths = Math.round(Math.abs(share) * 1000);
  const sign = share < 0 ? '−' : '+';
  return `${tenths === 0 ? '' : sign}${(tenths / 10).toFixed(1)}`;
}

it('what stands beside is what is told of it by itself, and as far away as the page says', async () => {
  for (const [query, name, common] of [
    ['days=7&against=before', /^The days before, /, null],
    ['days=7&segment=country:FR&against=country:DE', /^Germany$/, null],
    ['days=7&against=country:FR', /^France$/, 'part'],
    ['days=7&segment=device:phone&against=country:FR', /^France$/, 'answers'],
  ]) {
    const { whole, beside, from, to } = await api(`figures?${query}`);
    const alone = await api(`figures?from=${beside.from}&to=${beside.to}${beside.segment ? `&segment=${beside.segment}` : ''}`);
    assert.deepEqual([beside.whole, beside.series], [alone.whole, alone.series], query);
    assert.match(beside.name, name, query);
    const { difference } = beside;
    assert.ok(Math.abs(difference.share - (whole.of_answers.share - beside.whole.of_answers.share)) < 1e-12, query);
    assert.deepEqual([difference.common, difference.low === null, difference.high === null], [common, common !== null, common !== null], query);
    if (!common) assert.ok(difference.low < difference.share && difference.share < difference.high, JSON.stringify(difference));
    const page = readText(await get(`dashboard?${query}`));
    assert.ok(page.includes(`${beside.name}: `) && page.includes(`<strong>${points(difference.share)} points</strong>`), `${query}: ${JSON.stringify(difference)}`);
    const between = ` (between ${points(difference.low)} and ${points(difference.high)}). `;
    assert.ok(common ? /is not told, since/.test(page) && !page.includes(' (between ') : page.includes(between), `${query}: ${between}`);
    const rows = await table(`totals.csv?${query}`);
    const expected = [{ from, to, segment: new URLSearchParams(query).get('segment'), whole }, beside];
    assert.deepEqual(rows.map((row) => [row.from, row.to, row.segment, Number(row.accepted), Number(row.views), row.yes_of_answers, row.first_granted]),
      expected.map(({ whole: sum, ...of }) => [of.from, of.to, of.segment ?? '', sum.accepted, sum.views, sum.of_answers.share.toFixed(6), String(sum.first_granted)]), query);
  }
});

it('nothing stands beside where nothing is asked for, and where there are no days', async () => {
  for (const query of ['days=7', 'from=1970-01-01&to=1970-01-02&against=before']) {
    assert.equal((await api(`figures?${query}`)).beside, null, query);
    assert.equal((await table(`totals.csv?${query}`)).length, 1, query);
  }
  const { beside } = await api('figures?days=7&against=country:MT');
  assert.deepEqual([beside.whole.accepted, beside.difference], [0, null], 'of whom nothing is told');
});

it('what was seen is what the page names, and what a few may have sent is nowhere', async () => {
  const known = { unknown: 'unknown host', undeclared: 'known vendor, not listed', cookie: 'cookie, not listed', reported: 'reported by browsers', fault: 'failure' };
  const { seen } = await api('figures?days=7&segment=country:FR');
  const sorted = (rows) => rows.toSorted((one, other) => `${one.known} ${one.name}`.localeCompare(`${other.known} ${other.name}`));
  const asShown = seen.map(({ kind, times, ...rest }) => ({ ...rest, known: known[kind], times: times ?? 'fewer than 10' }));
  assert.deepEqual(sorted(asShown), sorted(await readSeen(world.worker)));
  for (const [kind, name, count, isTold] of SEEN) {
    const found = seen.find((one) => one.kind === kind && one.name === name);
    assert.deepEqual(found && [found.times, found.first], isTold ? [count < 10 ? null : Math.floor(count / 10) * 10, isoDay(FIRST_SEEN_MS / DAY_MS)] : undefined, name);
  }
  // A spreadsheet would compute what begins with a sign.
  assert.deepEqual(await table('seen.csv?days=7&segment=country:FR'), seen.map(({ kind, name, page, times, first, last }) => ({ kind, name: name.replace(/^-/, "'-"), page, times: String(times ?? ''), first, last })));
});

it('today is told in the steps of the page', async () => {
  const names = {
    views: 'Pages', shown: 'Pages that asked', first: 'Browsers asked', bots: 'Pages of bots, left out', held: 'Trackers held, by page', stripped: 'Identifiers taken out', refused: 'Hits refused',
  };
  const { today: told } = await api('figures?days=3&segment=country:FR');
  assert.deepEqual(Object.keys(told).sort(), Object.keys(names).sort());
  assert.deepEqual([told.views, told.first, told.bots], [10, 10, 0]);
  const page = readText(await get('dashboard/today'));
  for (const [name, count] of Object.entries(told)) {
    const said = count === 0 ? 'fewer than 10' : `${count.toLocaleString('en')} or more`;
    assert.ok(page.includes(`<dd data-today="${names[name]}">${said}</dd>`), `${name}: ${count}`);
  }
});

it('categories, the gate and the ways are files that have what stands on the page and in the figures', async () => {
  for (const query of ['days=7', 'days=7&segment=country:FR']) {
    const { whole, gate, experiment } = await api(`figures?${query}`);
    const page = readText(await get(`dashboard?${query}`));
    const [shown] = /id="categories"(.*?)<\/figure>/s.exec(page);
    const onPage = [...shown.matchAll(/<th scope="row">([^<]*)<\/th>(.*?)<\/tr>/gs)].map(([, name, cells]) => [name.toLowerCase(), [...cells.matchAll(/data-value="([^"]*)"/g)].map(([, value]) => Number(value))]);
    const categories = await table(`categories.csv?${query}`);
    assert.deepEqual(categories.map(({ category, grants }) => [category, Number(grants)]), onPage.map(([name, values]) => [name, values.at(-1)]), query);
    assert.ok(categories.some(({ category, grants }) => category === 'analytics' && Number(grants) === whole.accepted && whole.accepted > 0), query);
    for (const [place, { category, yes_of_answers: share, low, high }] of categories.entries()) {
      for (const [cell, value] of [share, low, high].entries()) assert.ok(Math.abs(Number(value) - onPage[place][1][cell]) < 6e-5, `${query} ${category}: ${value}`);
    }
    // Both are of everybody, whoever is asked about.
    assert.deepEqual(gate, [{ vendor: 'ga4', held: 3500, released: 210, stripped: 0, refused: 0, anonymous: 0 }, { vendor: 'gtm', held: 0, released: 0, stripped: 0, refused: 84, anonymous: 0 }]);
    assert.deepEqual(await table(`gate.csv?${query}`), gate.map((line) => Object.fromEntries(Object.keys(line).map((name) => [name, String(line[name])]))));
    const ways = await table(`experiment.csv?${query}`);
    assert.deepEqual(ways.map((way) => way.way), ['control', 'corner']);
    const ends = (interval) => [interval?.low, interval?.high].map((end) => end?.toFixed(6) ?? '');
    assert.deepEqual(
      ways.map((way) => [way.asked, way.answered, way.granted, way.yes_of_asked, way.of_asked_low, way.of_asked_high, way.difference_low, way.difference_high, way.p]),
      experiment.ways.map((way) => [String(way.asked), String(way.answered), String(way.granted), way.of_asked.share.toFixed(6), ...ends(way.of_asked), ...ends(way.difference), (Math.ceil(way.p * 1e6) / 1e6).toFixed(6)]),
    );
  }
});

/**
 * What Prometheus reads, by its own rules and more strictly: each family says what it is and of which kind, once and before its numbers,
 * which stand together, and no series is there twice. Source: Prometheus, "Exposition formats", text format 0.0.4.
 */
function readExposition(text) {
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is not ended');
  const families = new Map();
  const series = new Set();
  let open;
  for (const line of text.split('\n').slice(0, -1)) {
    const [, help, words] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\r]|\\[\\n])+)$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$/.exec(line) ?? [];
    const [, name, labelled, number] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/.exec(line) ?? [];
    if (help) {
      assert.ok(!families.has(help), `${line}: told twice`);
      open = { help: words, samples: [] };
      families.set(help, open);
    } else if (typed) {
      const family = families.get(typed);
      assert.ok(family && family === open && !family.type && family.samples.length === 0, `${line}: not between its words and its numbers`);
      family.type = type;
    } else {
      assert.ok(name, `${line}: no line of this format`);
      assert.ok(open?.type && families.get(name) === open, `${line}: not below its kind`);
      const labels = [...(labelled ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?=.)|$)/gy)];
      assert.equal(labels.map(([whole]) => whole).join(''), labelled ?? '', `${line}: no labels`);
      const sorted = labels.map(([, key, value]) => `${key}=${value}`).sort();
      assert.equal(new Set(labels.map(([, key]) => key)).size, labels.length, `${line}: a label twice`);
      assert.ok(!series.has([name, ...sorted].join('\n')), `${line}: twice`);
      series.add([name, ...sorted].join('\n'));
      open.samples.push({ labels: Object.fromEntries(labels.map(([, key, value]) => [key, value])), value: Number(number) });
    }
  }
  for (const [name, { type, samples }] of families) assert.ok(type && samples.length > 0, `${name}: no numbers`);
  return families;
}

it('what a program of Prometheus reads is in its format, and the sums of all days', async () => {
  const answer = await get('metrics');
  assert.equal(valueOf(answer, 'content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = readText(answer);
  const families = readExposition(text);
  const { site, published } = await api('figures');
  const { whole } = await api(`figures?from=${published.from}&to=${published.to}`);
  // Times are of the gate's own cells, and of none that are everybody's.
  const counters = COUNTERS.filter((name) => name !== 'times');
  assert.deepEqual([...families.keys()], counters.map((name) => `postern_${name}`));
  for (const name of counters) assert.deepEqual(families.get(`postern_${name}`).samples, [{ labels: { site }, value: whole[name] }], name);
  assert.equal(whole.views, 20 * 440 * 3, 'all days, and not today');
  // What reads it would find faults.
  const [help, type, sample] = text.split('\n');
  for (const broken of [
    text.slice(0, -1), text.replaceAll('\n', '\r\n'), `${text}\n`, [help, sample, type, ''].join('\n'), [type, help, sample, ''].join('\n'), `${text}${sample}\n`, `${text}${help}\n${type}\n${sample}\n`,
    text.replace('site="', 'site='), text.replace('"}', '",}'), text.replace('{site', '{si-te'), text.replace('="', '="\\x'), text.replace(/ \d+\n/, ' many\n'), text.replace(' gauge', ' number'), `${help}\n${type}\n`,
  ]) assert.throws(() => readExposition(broken), { name: 'AssertionError' }, broken.slice(-300));
});

it('every table that is a file leads to it with the same question', async () => {
  const query = 'days=7&segment=country:FR&against=before';
  const page = readText(await get(`dashboard?${query}`));
  const links = [...page.matchAll(/<a href="\/_postern\/api\/v1\/([^"]*)" download>/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
  for (const file of ['series.csv', 'categories.csv', 'gate.csv', 'seen.csv', 'experiment.csv']) assert.ok(links.includes(`${file}?${query}`), `${file}: ${links}`);
  for (const link of links) {
    assert.ok(link.endsWith(query), link);
    const answer = await get(`api/v1/${link}`);
    assert.match(`${valueOf(answer, 'content-type')} ${valueOf(answer, 'content-disposition')}`, /^text\/csv; charset=utf-8 attachment; filename="[a-z]+\.csv"$/, link);
  }
});
