// In which language a visitor is asked: the page's, else what the browser asks for, else the site's own. What is shown is
// what `lang` says, what the form sends and what nobody else's cache may keep.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, startWorld } from './harness.mjs';
import { consentCookie, postDecision, readPolicy, readText, send, valueOf } from './wire.mjs';

const TEXTS = join(ROOT, 'crates', 'policy', 'texts');
const TAGS = readdirSync(TEXTS).map((file) => file.replace(/\.toml$/, ''));
const textOf = (tag, key) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(readFileSync(join(TEXTS, `${tag}.toml`), 'utf8'))[1];

let world;
before(async () => { world = await startWorld({ origin: 'test', browser: false }); });
after(() => world?.close());

/** Markup in which character references are what they stand for, as far as ours go. */
const decoded = (markup) => markup.replace(/&#(\d+);/g, (_all, code) => String.fromCodePoint(Number(code)));

async function read(path, headers = {}, port = world.worker.port) {
  const answer = await send(port, path, { headers: { accept: 'text/html', ...headers } });
  assert.equal(answer.status, 200, path);
  return { answer, page: decoded(readText(answer)) };
}

/** What the root of our markup says of itself. */
const rootOf = (page) => /<div id="postern"[^>]* lang="([^"]*)" dir="([^"]*)"/.exec(page)?.slice(1);

describe('the banner', () => {
  for (const [name, page, accept, expected] of [
    ['the page says it', 'de', 'fr', ['de', 'ltr']],
    ['the page says a narrower one', 'pt-BR', undefined, ['pt', 'ltr']],
    ['the page is read from the right', 'ar', 'en', ['ar', 'rtl']],
    ['the page says one that nobody here speaks', 'tlh', 'nl;q=0.5, sv', ['sv', 'ltr']],
    ['the page says nothing', undefined, 'tlh, el-GR;q=0.9', ['el', 'ltr']],
    ['the page says that it says nothing', '', 'it', ['it', 'ltr']],
    ['neither says anything', undefined, undefined, ['en', 'ltr']],
    ['what they say is nonsense', '"&gt;', '\u00e9;q=x, ;;;', ['en', 'ltr']],
  ]) {
    it(`${name}: ${expected[0]}`, async () => {
      const query = page === undefined ? '' : `?tag=${encodeURIComponent(page)}`;
      const { answer, page: found } = await read(`/language${query}`, accept === undefined ? {} : { 'accept-language': accept });
      assert.deepEqual(rootOf(found), expected);
      for (const key of ['accept', 'reject', 'settings']) assert.ok(found.includes(`>${textOf(expected[0], key)}</button>`), key);
      assert.ok(found.includes(`name="lang" value="${expected[0]}"`), 'the form sends the language that was read');
      assert.match(valueOf(answer, 'cache-control'), /private, no-store/);
    });
  }

  it('puts one language into the page, and what is held speaks it too', async () => {
    const { page } = await read('/language?tag=fi', { 'accept-language': 'de' });
    assert.ok(!page.includes(textOf('de', 'accept')) && !page.includes(textOf('en', 'accept')));
    assert.match(page, /srcdoc="[^"]*lang=(?:&quot;|&#34;)fi/);
  });

  it('names the countries that data goes to as its reader does', async () => {
    for (const [tag, states, germany] of [['en', 'United States', 'Germany'], ['de', 'Vereinigte Staaten', 'Deutschland'], ['ar', 'الولايات المتحدة', 'ألمانيا']]) {
      const { page } = await read(`/language?tag=${tag}`);
      for (const name of [states, germany]) assert.ok(page.includes(`<dd>${name}</dd>`), `${tag}: ${name}`);
    }
  });

  it('speaks every language there is', async () => {
    assert.ok(TAGS.length >= 30);
    for (const tag of TAGS) {
      const { page } = await read(`/language?tag=${tag}`);
      assert.equal(rootOf(page)?.[0], tag);
      assert.ok(page.includes(textOf(tag, 'title').replaceAll('"', '&quot;')), tag);
    }
  });
});

describe('a choice', () => {
  let policy;
  before(async () => { policy = await readPolicy(world.worker, '/language'); });

  it('can be made in any language, and in one that nobody here speaks', async () => {
    for (const lang of ['de', 'ar', 'tlh', '', 'x'.repeat(300)]) {
      const answer = await postDecision(world.worker, { change: { choice: 'reject', lang, policy } });
      assert.equal(answer.status, 200, `${lang}: ${readText(answer)}`);
    }
  });

  it('is asked once, whatever is read later', async () => {
    const cookie = consentCookie(await postDecision(world.worker, { change: { choice: 'accept', lang: 'de', policy } }));
    const { page } = await read('/language?tag=fr', { cookie });
    assert.deepEqual(rootOf(page), ['fr', 'ltr']);
    assert.ok(!page.includes('<section'), 'nobody is asked again');
    assert.ok(page.includes(`/_postern/consent?lang=fr"`), 'the link leads on in the same language');
    assert.equal(await readPolicy(world.worker, '/language?tag=de'), await readPolicy(world.worker, '/language?tag=fr'));
  });
});

describe('a form that is refused', () => {
  it('says so in the language the browser asks for', async () => {
    const body = 'choice=accept&policy=00000000&key=00112233445566778899aabbccddeeff&return=/&layer=1&lang=de';
    const answer = await send(world.worker.port, '/_postern/decision', {
      method: 'POST', body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'de', origin: world.worker.base, 'sec-fetch-site': 'same-origin', 'content-length': String(body.length) },
    });
    const page = readText(answer);
    assert.equal(answer.status, 409);
    assert.match(page, /<html lang="de"/);
    assert.ok(page.includes(textOf('de', 'not_saved')) && page.includes(textOf('de', 'not_saved_text')));
    assert.equal(consentCookie(answer), undefined);
  });
});

describe('the consent page', () => {
  it('is in the language of the link, else in the one the browser asks for', async () => {
    for (const [query, accept, expected] of [['?lang=de', 'fr', 'de'], ['?lang=tlh', 'fr', 'fr'], ['', 'fr', 'fr'], ['', '', 'en'], ['?lang=ar', '', 'ar']]) {
      const { answer, page } = await read(`/_postern/consent${query}`, { 'accept-language': accept });
      assert.match(page, new RegExp(`<html lang="${expected}"`));
      assert.ok(page.includes(textOf(expected, 'page_intro')));
      assert.match(valueOf(answer, 'cache-control'), /private, no-store/);
    }
  });

  it('leads to itself in every other, and keeps where it leads back to', async () => {
    const { page } = await read('/_postern/consent?lang=en&return=%2Fshop%3Fa%3D1%26b');
    for (const tag of TAGS) {
      assert.ok(page.includes(`href="/_postern/consent?lang=${tag}&amp;return=/shop%3Fa%3D1%26b"`), tag);
      assert.ok(page.includes(`>${textOf(tag, 'language')}</a>`), tag);
    }
  });
});

describe('a site that speaks two languages', () => {
  it('speaks no third, and says its own words in each', async () => {
    const policy = `${readFileSync(join(ROOT, 'postern.toml'), 'utf8').replace(/^language = "en"$/m, 'language = "en"\nlanguages = ["de"]')}
[texts]
accept = "Yes to all"
[texts.de]
accept = "Allem zustimmen"
`;
    const worker = await world.startWorker({ vars: { POLICY: policy } });
    for (const [tag, lang, accept] of [['de', 'de', 'Allem zustimmen'], ['fr', 'en', 'Yes to all']]) {
      const { page } = await read(`/language?tag=${tag}`, { 'accept-language': 'fr' }, worker.port);
      assert.deepEqual(rootOf(page), [lang, 'ltr']);
      assert.ok(page.includes(`>${accept}</button>`));
    }
    const { page } = await read('/_postern/consent', {}, worker.port);
    assert.equal([...page.matchAll(/ hreflang="([^"]*)"/g)].map((found) => found[1]).join(' '), 'en de');
  });
});
