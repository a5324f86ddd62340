// The shared vectors, driven through the stub in a real browser. The same file is driven through the catalogue's and the
// edge's matchers by `cargo test`: page and edge must name the same owner for the same address.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { describeRequests, startWorld } from './harness.mjs';

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/urls.json', import.meta.url), 'utf8'));
const BITS = { necessary: 1, functional: 2, analytics: 4, marketing: 8, social: 16 };

/** What an owner needs, as the page marks it: hexadecimal bits. The vendor's file says it. */
function needOf(owner) {
  const file = readFileSync(new URL(`../../crates/catalogue/vendors/${owner}.toml`, import.meta.url), 'utf8');
  const [, names] = /^(?:category|needs_any_of) = (.*)$/m.exec(file);
  return Object.entries(BITS).reduce((bits, [name, bit]) => (names.includes(`"${name}"`) ? bits | bit : bits), 0).toString(16);
}

let world;
let page;
before(async () => {
  world = await startWorld();
  page = await world.newPage();
  await page.goto(`${world.base}/`);
});
after(() => world?.close());

describe('the stub', () => {
  it('knows what every vector needs, on every way to set an address', async () => {
    assert.ok(VECTORS.length > 20);
    const found = await page.evaluate((vectors) => vectors.map(([url, owner]) => {
      // Elements that would load what nobody owns are made in a document that loads nothing.
      const make = (name) => (owner ? document : document.implementation.createHTMLDocument('')).createElement(name);
      const ways = {
        src: () => Object.assign(make('iframe'), { src: url }),
        setAttribute: () => { const image = make('img'); image.setAttribute('src', url); return image; },
        href: () => Object.assign(make('link'), { href: url }),
        setAttributeNS: () => { const image = make('img'); image.setAttributeNS(null, 'src', url); return image; },
        outerHTML: () => { const box = make('div'); box.append(make('p')); box.firstChild.outerHTML = `<img src="${url}">`; return box.firstChild; },
        fragment: () => {
          const range = document.implementation.createHTMLDocument('').createRange();
          return range.createContextualFragment(`<img src="${url}">`).firstChild;
        },
        write: () => {
          const other = document.implementation.createHTMLDocument('');
          other.open();
          other.write('<p>x</p>', `<img src="${url}">`);
          return other.images[0];
        },
        innerHTML: () => { const box = make('div'); box.innerHTML = `<img src="${url}">`; return box.firstChild; },
      };
      return Object.entries(ways).map(([way, act]) => [way, act().getAttribute('data-postern-need')]);
    }), VECTORS);
    for (const [index, [url, owner]] of VECTORS.entries()) {
      for (const [way, need] of found[index]) assert.equal(need, owner && needOf(owner), `${way} of ${url}`);
    }
  });

  it('marks an element as the edge does, and frees it when another value comes', async () => {
    const shown = await page.evaluate(() => {
      const marketing = 'https://x.doubleclick.net/a?b=1&c=2';
      const analytics = 'https://region1.google-analytics.com/g/collect';
      const make = (name, act) => { const element = document.createElement(name); act(element); return element; };
      const box = document.createElement('div');
      const parse = (html) => { box.innerHTML = html; return box.innerHTML.replace(/postern-held-s\d+/g, 'postern-held-s'); };
      const type = make('script', (script) => { script.src = marketing; script.type = 'module'; });
      return [
        make('script', (script) => { script.type = 'module'; script.src = marketing; }).outerHTML, type.outerHTML, type.type, type.src === marketing,
        make('script', (script) => { script.src = marketing; script.src = '/leak/empty.js'; }).outerHTML,
        make('img', (image) => { image.src = marketing; image.removeAttribute('src'); }).outerHTML,
        make('video', (video) => { video.poster = marketing; video.src = analytics; video.poster = marketing; }).getAttribute('data-postern-need'),
        make('p', (text) => { text.setAttribute('style', `color: red; background: url(${marketing})`); }).outerHTML,
        make('iframe', (frame) => { frame.name = 'n'; frame.src = marketing; }).outerHTML.replace(/postern-held-s\d+/, 'postern-held-s'),
        parse(`<img alt="a>b" srcset="/a 1x, ${marketing} 2x" src=/a>`), parse(`<svg><a xlink:href="${marketing}"><image x:href='${marketing}'/></a></svg>`),
        parse(`<script type=module async src=${marketing}></script>`), parse(`<iframe name=n srcdoc="<img src='${marketing}'>"></iframe>`),
        parse(`<meta http-equiv=refresh content="0;url=${marketing}"><meta property=x content="${marketing}">`), parse(`<style media=all>@import "${marketing}";</style>`),
      ];
    });
    const held = 'https://x.doubleclick.net/a?b=1&amp;c=2';
    const bare = held.replace('amp;', '');
    assert.deepEqual(shown, [
      `<script type="text/plain" data-postern-need="8" data-postern-type="module" data-postern-src="${held}"></script>`,
      `<script data-postern-need="8" data-postern-type="module" type="text/plain" data-postern-src="${held}"></script>`, 'module', true,
      '<script src="/leak/empty.js"></script>',
      '<img>',
      '8 4',
      `<p style="color: red; background: url(about:invalid)" data-postern-need="8" data-postern-style="color: red; background: url(${held})"></p>`,
      `<iframe name="postern-held-s" data-postern-need="8" data-postern-name="n" data-postern-src="${held}"></iframe>`,
      `<img data-postern-need="8" data-postern-srcset="/a 1x, ${held} 2x" alt="a>b" src="/a">`.replace('a>b', 'a&gt;b'),
      `<svg><a xlink:href="${held}"><image data-postern-need="8" data-postern-href="${held}"></image></a></svg>`,
      `<script data-postern-need="8" data-postern-type="module" type="text/plain" data-postern-src="${held}" async=""></script>`,
      `<iframe srcdoc="&lt;img data-postern-need=&quot;8&quot; data-postern-src=&quot;${bare.replace('&', '&amp;#38;')}&quot; &gt;" data-postern-need="8" data-postern-name="n" name="postern-held-s" data-postern-srcdoc="&lt;img src='${held}'&gt;"></iframe>`,
      `<meta data-postern-need="8" data-postern-content="0;url=${held}" http-equiv="refresh"><meta property="x" content="${held}">`,
      `<style data-postern-need="8" data-postern-text="@import &quot;${held}&quot;;" media="all">@import "about:invalid";</style>`,
    ]);
  });

  it('answers fetch, beacon and XHR to a tracker without sending anything, and refuses streams', async () => {
    await world.recorder.clear();
    const heard = await page.evaluate(async () => {
      const to = 'https://region1.google-analytics.com/g/collect?v=2&tid=G-DEMO123456';
      const request = new XMLHttpRequest();
      request.open('POST', to);
      request.send('x');
      const tryOpen = (open) => { try { open(); return 'open'; } catch (error) { return error.name; } };
      return {
        fetch: (await fetch(to, { method: 'POST', body: 'x' })).status,
        url: (await fetch(new URL(to))).status,
        request: (await fetch(new Request(to))).status,
        beacon: navigator.sendBeacon(to, 'x'),
        xhr: request.readyState,
        socket: tryOpen(() => new WebSocket('wss://www.facebook.com/tr')),
        events: tryOpen(() => new EventSource('https://www.facebook.com/tr')),
      };
    });
    assert.deepEqual(heard, { fetch: 204, url: 204, request: 204, beacon: true, xhr: 1, socket: 'SecurityError', events: 'SecurityError' });
    assert.equal(describeRequests(await world.waitQuiet()), '');
  });

  it('keeps denied names out of cookies and storage, and lets others in', async () => {
    const kept = await page.evaluate(async () => {
      document.cookie = '_ga=GA1.1.1.1; path=/';
      document.cookie = 'basket=3; path=/';
      for (const storage of [localStorage, sessionStorage]) {
        storage.setItem('multiFbc', 'x');
        storage.setItem('basket', '3');
      }
      // As a pair and as an object.
      await cookieStore.set('_fbp', 'fb.1.1.1');
      await cookieStore.set({ name: '_gid', value: 'GA1.1.2' });
      await cookieStore.set('size', '42');
      await cookieStore.set({ name: 'colour', value: 'green' });
      return [document.cookie.split('; ').sort(), ...[localStorage, sessionStorage].map((storage) => Object.keys(storage).sort())];
    });
    assert.deepEqual(kept, [['basket=3', 'colour=green', 'size=42'], ['basket'], ['basket']]);
  });

  it('puts back what the edge held before a choice where it comes in after that, and nothing more', async () => {
    const shown = await page.evaluate(() => {
      // As the gate does once the edge has answered.
      window[Symbol.for('postern')].grant(9);
      const template = document.createElement('template');
      template.innerHTML = '<img data-postern-need="8" data-postern-src="https://x.doubleclick.net/a"><img data-postern-need="8 4" data-postern-src="https://www.clarity.ms/b">';
      return template.innerHTML;
    });
    assert.equal(shown, '<img src="https://x.doubleclick.net/a"><img data-postern-need="8 4" data-postern-src="https://www.clarity.ms/b">');
  });
});
