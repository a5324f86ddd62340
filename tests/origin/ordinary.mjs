// Pages whose scripts do what ordinary scripts do, with nobody's addresses but the site's own: what they see must not depend on
// whether we stand in front; and one that overwrites whatever it can.
// GET /ordinary, /ordinary/record.js, /overwritten, /react, /react/page.js.

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { renderPage } from './markup.mjs';

const HTML = 'text/html; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';

/** Runs in the page, sent as text. Gives [what was done, what was seen] in order. */
async function record() {
  const seen = [];
  const note = (what, act) => {
    let value;
    try {
      value = act();
    } catch (error) {
      value = `${error.name} thrown`;
    }
    seen.push([what, value === undefined ? 'undefined' : JSON.stringify(value) ?? String(value)]);
  };
  const inFrame = document.body.appendChild(document.createElement('iframe')).contentWindow;

  for (const [owner, names] of Object.entries({
    Element: ['setAttribute', 'setAttributeNS', 'setAttributeNode', 'insertAdjacentHTML', 'append', 'prepend', 'attachShadow', 'animate'],
    Node: ['appendChild', 'insertBefore'], Document: ['write', 'writeln', 'execCommand'], Range: ['createContextualFragment'], DOMParser: ['parseFromString'],
    XMLHttpRequest: ['open', 'send'], Navigator: ['sendBeacon'], Storage: ['setItem'], IDBFactory: ['open'], CSSStyleSheet: ['insertRule', 'replace', 'replaceSync'],
    CSSStyleDeclaration: ['setProperty'], NamedNodeMap: ['setNamedItem'],
  })) {
    for (const name of names) {
      note(`${owner}.${name}`, () => {
        const { value, ...rest } = Object.getOwnPropertyDescriptor(window[owner].prototype, name);
        return [value.name, value.length, 'prototype' in value, Object.getPrototypeOf(value) === Function.prototype, rest];
      });
      note(`${owner}.${name} of nothing`, () => window[owner].prototype[name].call(null, 'a', 'b'));
      note(`${owner}.${name} of another`, () => window[owner].prototype[name].call({}, 'a', 'b'));
    }
  }
  for (const [owner, names] of Object.entries({
    HTMLImageElement: ['src', 'srcset'], HTMLScriptElement: ['src', 'text', 'type'], HTMLIFrameElement: ['src', 'srcdoc', 'contentWindow', 'contentDocument'], HTMLLinkElement: ['href'],
    HTMLFormElement: ['action'], HTMLMetaElement: ['content'], Element: ['innerHTML', 'outerHTML'], Node: ['textContent', 'nodeValue'], CharacterData: ['data'], Attr: ['value'],
    Document: ['cookie'], HTMLElement: ['style', 'innerText'], CSSStyleDeclaration: ['cssText'], SVGAnimatedString: ['baseVal'],
  })) {
    for (const name of names) {
      note(`${owner}.${name}`, () => {
        const { get, set, ...rest } = Object.getOwnPropertyDescriptor(window[owner].prototype, name);
        return [get?.name, get?.length, set?.name, set?.length, rest];
      });
      note(`${owner}.${name} of the prototype`, () => window[owner].prototype[name]);
      note(`${owner}.${name} set of the prototype`, () => { window[owner].prototype[name] = 'x'; });
    }
  }
  for (const name of ['fetch', 'open', 'Audio', 'WebSocket', 'EventSource', 'Worker', 'SharedWorker', 'FontFace', 'XMLHttpRequest']) {
    note(name, () => [window[name].name, window[name].length, Object.getOwnPropertyDescriptor(window, name).enumerable]);
    if (name !== 'open') note(`${name} without arguments`, () => window[name]());
  }
  note('class extends', () => { class Own extends WebSocket {} return [Own.CONNECTING, Object.getPrototypeOf(Own) === WebSocket, Own.prototype instanceof WebSocket]; });
  note('constructors', () => { const socket = new WebSocket('ws://localhost:9/'); const same = [socket.constructor === WebSocket, WebSocket.prototype.constructor === WebSocket, Object.keys(WebSocket.prototype).includes('constructor')]; socket.close(); return same; });
  note('instanceof', () => [new Audio() instanceof HTMLAudioElement, new Audio('/still.ogg').getAttribute('src'), new Audio().constructor === HTMLAudioElement]);

  const make = (name) => document.createElement(name);
  for (const [name, property, value] of [
    ['img', 'src', '/empty.gif'], ['img', 'srcset', '/a.gif 1x, /b.gif 2x'], ['a', 'href', 'https://www.youtube.com/watch?v=x'], ['script', 'src', '/a.js?x=1'], ['script', 'type', 'module'], ['iframe', 'src', '/plain-html'],
    ['iframe', 'srcdoc', '<p>x</p>'], ['iframe', 'src', 'data:text/html,<a href="https://www.youtube.com/watch">film</a>'], ['link', 'href', '/a.css'], ['form', 'action', '/search'], ['input', 'formAction', '/x'], ['input', 'type', 'checkbox'], ['meta', 'content', 'https://www.youtube.com/embed/x'],
    ['video', 'poster', '/x.jpg'], ['object', 'data', '/x.svg'], ['img', 'src', { toString: () => '/object.gif' }], ['img', 'src', null], ['img', 'src', undefined], ['img', 'src', 5],
  ]) {
    note(`${name}.${property} = ${value}`, () => {
      const element = make(name);
      element[property] = value;
      return [element[property], element.outerHTML];
    });
    note(`${name}.setAttribute(${property}, ${value})`, () => {
      const element = make(name);
      const answer = element.setAttribute(property, value);
      return [answer, element.getAttribute(property), element.outerHTML];
    });
  }
  note('a symbol', () => { make('img').src = Symbol('x'); });
  note('too few arguments', () => make('p').setAttribute('title'));
  note('a wrong name', () => make('p').setAttribute('<', 'x'));
  note('toString is asked once', () => { let count = 0; make('p').setAttribute({ toString: () => { count += 1; return 'title'; } }, 'x'); return count; });
  note('custom elements are left alone', () => { const player = make('video-player'); player.setAttribute('src', 'https://www.youtube.com/embed/x'); player.setAttribute('href', 'https://www.youtube.com/'); return player.outerHTML; });
  note('attribute nodes', () => {
    const image = make('img');
    const node = document.createAttribute('src');
    node.value = '/x.gif';
    const before = image.setAttributeNode(node);
    node.value = '/y.gif';
    return [before, image.src, image.attributes.src === node, image.outerHTML];
  });
  note('svg', () => {
    const image = document.createElementNS('http://www.w3.org/2000/svg', 'image');
    image.href.baseVal = '/a.svg';
    image.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', '/b.svg');
    image.setAttribute('fill', 'url(#x)');
    return [image.outerHTML, image.href.baseVal];
  });

  const box = document.body.appendChild(make('div'));
  for (const markup of [
    '<p class=a title="a>b">x &amp; y</p><img src=/empty.gif alt=\'it"s\'><!-- c --><br/>', '<table><tr><td>1</table>', '<svg viewBox="0 0 1 1"><path d="M0 0"/><image href="/x.svg"/></svg>',
    '<a href="https://www.youtube.com/watch?v=1">film</a>', '<textarea><iframe src="https://www.youtube.com/embed/x"></iframe></textarea>', '<p onclick="a()" @click="b" :c="d">', '<<p>>', '', 'a < b', '<p ="="="="="="="="="="="="="="="="="="="="="="',
    '<style>p{color:red}</style><script>x()</script>', '<template><b>x</b></template>', '<input value="https://www.youtube.com/embed/x">',
  ]) {
    note(`innerHTML ${markup}`, () => { box.innerHTML = markup; return box.innerHTML; });
    note(`insertAdjacentHTML ${markup}`, () => { box.innerHTML = ''; const answer = box.insertAdjacentHTML('afterbegin', markup); return [answer, box.innerHTML]; });
    note(`fragment ${markup}`, () => { const part = document.createRange().createContextualFragment(markup); return [part.childNodes.length, part.textContent]; });
    note(`DOMParser ${markup}`, () => new DOMParser().parseFromString(markup, 'text/html').documentElement.outerHTML);
  }
  note('innerHTML null', () => { box.innerHTML = null; return box.innerHTML; });
  note('outerHTML', () => { box.innerHTML = '<i>1</i>'; box.firstChild.outerHTML = '<b>2</b>'; return box.innerHTML; });
  note('outerHTML of an orphan', () => { make('p').outerHTML = '<b>2</b>'; });
  note('textContent', () => { box.textContent = 'a//b'; box.firstChild.data = 'c'; box.firstChild.nodeValue += 'd'; return box.innerHTML; });
  note('a style sheet', () => {
    const sheet = make('style');
    sheet.textContent = '#none{background:url("/x.png")}';
    sheet.append(document.createTextNode('/* https://example.com/ */'), '#other{color:red}');
    box.append(sheet);
    sheet.sheet.insertRule('@import "/leak/empty.css"');
    return [sheet.textContent, [...sheet.sheet.cssRules].map((rule) => rule.cssText)];
  });
  note('a script', () => { const script = make('script'); script.text = 'window.ordinaryRan = (window.ordinaryRan ?? 0) + 1'; box.append(script); return [window.ordinaryRan, script.outerHTML]; });
  note('data in a script', () => { const script = make('script'); script.type = 'application/ld+json'; script.textContent = '{"embedUrl":"https://www.youtube.com/embed/x"}'; return script.outerHTML; });
  note('append gives nothing, appendChild the node', () => { const child = make('p'); return [box.append(child), box.appendChild(child) === child, box.insertBefore(child, null) === child]; });
  note('insertBefore without a place', () => box.insertBefore(make('p')));
  note('styles', () => {
    const { style } = box;
    style.background = 'red url("/x.png")';
    style.backgroundImage = 'none';
    style['background-color'] = 'blue';
    style.setProperty('--own', '1px');
    style.setProperty('color', 'red', 'important');
    style.cursor = 'url(/c.cur), auto';
    style.content = null;
    style.mask = undefined;
    return [style.cssText, style.background, style.backgroundImage, style['background-image'], getComputedStyle(box).backgroundImage, 'maskImage' in style, Object.keys(style).includes('backgroundImage'), style.length];
  });
  note('styles at once', () => { box.style = 'color: green'; const first = box.style.cssText; box.style.cssText = 'margin: 1px'; return [first, box.getAttribute('style'), box.style === box.style]; });
  note('animate', () => { const animation = box.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 10 }); return [animation instanceof Animation, animation.effect.getKeyframes().length]; });
  note('a shadow root', () => { const host = make('div'); const root = host.attachShadow({ mode: 'closed' }); root.innerHTML = '<b>x</b>'; return [root.innerHTML, host.shadowRoot, root.host === host]; });
  note('an empty frame', () => [inFrame.document.body.innerHTML, inFrame.location.href, inFrame.frameElement.contentWindow === inFrame, Object.keys(inFrame).includes('postern'), inFrame.Array === Array]);
  note('written in a frame', () => { inFrame.document.write('<p title="a'); inFrame.document.write('b">x</p>'); inFrame.document.close(); return inFrame.document.body.innerHTML; });
  note('cookies and storage', () => { document.cookie = 'own=1; path=/'; localStorage.setItem('own', '2'); return [document.cookie.includes('own=1'), localStorage.getItem('own')]; });

  const later = (what, act) => act().then((value) => seen.push([what, JSON.stringify(value)]), (error) => seen.push([what, `${error.name} rejected`]));
  await later('fetch', async () => { const answer = await fetch('/leak/empty.gif'); return [answer.status, answer.redirected, new URL(answer.url).pathname]; });
  await later('fetch of a request', async () => (await fetch(new Request('/leak/empty.gif', { method: 'POST', body: 'x' }))).status);
  await later('fetch of nonsense', async () => (await fetch('http://[')).status);
  await later('fetch that is aborted', async () => (await fetch('/leak/empty.gif', { signal: AbortSignal.abort() })).status);
  await later('XMLHttpRequest', () => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('GET', '/leak/empty.gif');
    request.onload = () => resolve([request.status, request.readyState]);
    request.send();
  }));
  const ask = (worker, port = worker) => new Promise((resolve, reject) => {
    port.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    port.postMessage(20);
  });
  const address = (code) => URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const echo = 'onmessage = (event) => postMessage([event.data + 1, self.constructor.name, fetch.name, fetch.length, location.protocol])';
  await later('a worker of a blob', () => ask(new Worker(address(echo))));
  await later('a module worker of a blob', () => ask(new Worker(address(echo), { type: 'module' })));
  await later('a worker of data:', () => ask(new Worker(`data:text/javascript,${encodeURIComponent(echo)}`)));
  await later('a worker of data: in base64', () => ask(new Worker(`data:text/javascript;base64,${btoa(echo)}`)));
  await later('a shared worker', () => {
    const worker = new SharedWorker(address('onconnect = ({ ports: [port] }) => { port.onmessage = (event) => port.postMessage(event.data + 2); };'));
    return ask(worker, worker.port);
  });
  await later('a worker that fails', () => ask(new Worker(address('throw new Error("own")'))));
  return seen;
}

/** Runs in a page with us, as text: puts functions that throw where it can, then asks vendors and does own things. */
function overwrite() {
  const { defineProperty, freeze } = Object;
  const refuse = () => { throw new Error('overwritten'); };
  for (const [owner, names] of [
    [String.prototype, ['split', 'replace', 'trim', 'toLowerCase', 'includes', 'startsWith', 'slice', 'match', 'search', 'indexOf', 'at']],
    [RegExp.prototype, ['test']], [JSON, ['parse', 'stringify']], [Object, ['keys', 'entries', 'assign', 'defineProperty', 'getOwnPropertyDescriptor']],
    [Reflect, ['apply', 'construct']], [window, ['URL', 'Request', 'Response', 'XMLHttpRequest', 'Proxy', 'WeakMap']],
    [Array.prototype, ['find', 'some', 'map', 'filter', 'forEach', 'includes', 'indexOf', 'push', 'slice', 'splice', 'join', 'concat']],
    [Math, ['min', 'max']], [Function.prototype, ['call', 'apply', 'bind']], [Element.prototype, ['getAttribute', 'removeAttribute', 'hasAttribute']],
  ]) for (const name of names) owner[name] = refuse;
  defineProperty(Object.prototype, 'get', { value: refuse, configurable: true });
  for (const type of [Element, HTMLImageElement, Node]) freeze(type.prototype);
  let said = '';
  const attempt = (name, act) => { try { act(`https://${name}.doubleclick.net/x`); } catch (error) { said += `${name}: ${error.message}; `; } };
  const make = (name) => document.createElement(name);
  const box = document.body.appendChild(make('div'));
  attempt('property', (to) => { make('img').src = to; });
  attempt('attribute', (to) => { make('img').setAttribute('src', to); });
  attempt('markup', (to) => { box.innerHTML = `<img src="${to}"><p id="own-markup">x</p>`; });
  attempt('written', (to) => { document.write(`<img src="${to}">`); });
  attempt('style', (to) => { box.style.background = `url(${to})`; });
  attempt('rule', (to) => { const sheet = make('style'); box.append(sheet); sheet.append(`@import "${to}"`); });
  attempt('fetch', (to) => { fetch(to); });
  attempt('beacon', (to) => { navigator.sendBeacon(to, 'x'); });
  attempt('frame', (to) => { const frame = make('iframe'); box.append(frame); frame.contentWindow.fetch(to); });
  const own = make('img');
  attempt('own', () => { own.src = '/leak/empty.gif'; own.title = 'x'; own.setAttribute('alt', 'y'); });
  delete Object.prototype.get;
  document.title = `${said}${own.src === `${location.origin}/leak/empty.gif`}, ${document.getElementById('own-markup') !== null}`;
}

/** A small application: rendered at the origin, taken over in the page, changed by clicks. */
const APPLICATION = `
import { createElement as h, useEffect, useState } from 'react';
import { renderToString } from 'react-dom/server.browser';
import { hydrateRoot } from 'react-dom/client';
const Row = ({ index, isOn }) => h('li', { className: isOn ? 'on' : 'off', style: { background: isOn ? 'url(/leak/empty.gif)' : 'none', '--row': index }, 'data-index': index },
  h('img', { src: '/leak/empty.gif?' + index, srcSet: '/leak/empty.gif?' + index + ' 1x', alt: '' }), 'row ', index, h('svg', { viewBox: '0 0 9 9' }, h('use', { href: '#x' + index }), h('rect', { fill: 'url(#y)' })));
export const Application = () => {
  const [count, setCount] = useState(3);
  const [effects, setEffects] = useState(0);
  useEffect(() => { setEffects(1); }, []);
  return h('main', null, h('button', { onClick: () => setCount(count + 1) }, 'more ', count), h('p', { id: 'effects' }, effects),
    h('ul', null, Array.from({ length: count }, (_, index) => h(Row, { key: index, index, isOn: (index + count) % 2 === 0 }))),
    h('div', { dangerouslySetInnerHTML: { __html: '<b title="' + count + '">set ' + count + '</b>' } }), h('iframe', { srcDoc: '<p>' + count + '</p>', title: 'frame' }), h('input', { defaultValue: 'https://www.youtube.com/embed/x' }),
    h('style', null, '.on{color:green}'), h('a', { href: 'https://www.youtube.com/watch?v=x' }, 'film'));
};
export const markup = () => renderToString(h(Application));
export const start = () => hydrateRoot(document.getElementById('app'), h(Application), { onRecoverableError: (error) => window.faults.push('recovered: ' + error.message) });
`;

let application;
/** Built at the first request: with React's development build, since that is the one that complains. */
function buildApplication() {
  application ??= build({
    stdin: { contents: APPLICATION, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true, format: 'esm', write: false, define: { 'process.env.NODE_ENV': '"development"' },
  }).then(({ outputFiles }) => outputFiles[0].text);
  return application;
}

function ordinary(_request, response) {
  response.writeHead(200, { 'content-type': HTML });
  response.end(renderPage({ title: 'ordinary', body: '<script>document.write("<p id=written>written</p>");</script><script src="/ordinary/record.js"></script>' }));
}

function overwritten(_request, response) {
  response.writeHead(200, { 'content-type': HTML });
  response.end(renderPage({ title: 'overwritten', body: `<script>(${overwrite})()</script>` }));
}

function ordinaryScript(_request, response) {
  response.writeHead(200, { 'content-type': JS });
  response.end(`window.record = ${record};`);
}

async function react(_request, response) {
  const code = await buildApplication();
  const { markup } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  response.writeHead(200, { 'content-type': HTML });
  response.end(renderPage({ title: 'react', body: `<script>window.faults = []; console.error = (...parts) => window.faults.push(parts.join(' '));</script><div id="app">${markup()}</div><script type="module" src="/react/page.js"></script>` }));
}

async function reactScript(_request, response) {
  response.writeHead(200, { 'content-type': JS });
  response.end(`${await buildApplication()}\nstart(); window.isStarted = true;`);
}

export const ordinaryRoutes = {
  '/ordinary': ordinary,
  '/ordinary/record.js': ordinaryScript,
  '/overwritten': overwritten,
  '/react': react,
  '/react/page.js': reactScript,
};
