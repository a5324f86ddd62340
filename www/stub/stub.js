// The stub: denies from the first byte what the page's own scripts would start, and keeps it held.
// It stands inline, first in the head, so it runs before any script of the page; it decides nothing:
// the edge tells it what is granted, and the wasm gate tells it when that changes.
// What it never does: show anything, store anything, talk to anyone but the site's own edge.
import { databases, names, signals, urls, values } from './catalogue.js';
import { PREFIX, restore, trusted } from './restore.js';

// A page that holds more than this is broken or hostile; later requests are answered and forgotten.
const QUEUE_MAX = 500;

// "<granted, hex>|<address of the gate>|<decided: 0 no, 1 yes, 2 and the browser enforces it>|<how long tags wait, ms>|<what
// they are to set>", written by the edge.
const own = document.currentScript;
let [granted, gateUrl, isDecided, wait, set] = own.getAttribute(PREFIX + 'state').split('|');
granted = parseInt(granted, 16);
isDecided = +isDecided;
// What this site's policy says otherwise: addresses, then names, each of [need, pattern]. It goes before the catalogue.
const [moreUrls, moreNames] = JSON.parse(own.getAttribute(PREFIX + 'more') || '[[],[]]').map((rows) =>
  rows.map(([need, pattern]) => [need, new RegExp(pattern, 'i')]),
);
urls.unshift(...moreUrls);
names.unshift(...moreNames);

/** The first row that knows the text, if what it needs is not granted now. */
const denied = (rows, text) => {
  const row = rows.find((row) => row[1].test(text));
  return row && !(row[0] & granted) && row;
};
/** The catalogue's row for an address that may not be contacted now, or nothing. */
const deniedRow = (address) => {
  try {
    const url = new URL(address, document.baseURI);
    const text = url.hostname.replace(/\.$/, '') + url.pathname + url.search;
    return /^(http|ws)/.test(url.protocol) && denied(urls, text);
  } catch {
    // Not an address: the browser will not fetch it either.
  }
};

/** `name=value`: cookies that go by another name are known by the shape of their value. */
const deniedCookie = (text) => {
  const [name, ...value] = text.split(';')[0].split('=');
  return denied(names, name.trim()) || denied(values, value.join('=').trim());
};

// Elements scripts made and the stub holds; those parsed from HTML are found in the document.
const made = new Set();
// Requests scripts made, as functions that send them: [need, send].
let queue = [];
// After a refusal or withdrawal nothing is kept for later: it was not wanted when it happened.
const queueUp = (row, send) => !isDecided && queue.length < QUEUE_MAX && queue.push([row[0], send]);

const setNative = Element.prototype.setAttribute;

/** Keeps the address in a data attribute, where nothing loads it, exactly as the edge does. */
const hold = (element, attribute, address, row) => {
  const mark = (name, value) => setNative.call(element, PREFIX + name, value);
  mark(attribute, address);
  mark('need', row[0].toString(16));
  if (element.localName == 'script' && !element.hasAttribute(PREFIX + 'type')) {
    mark('type', element.getAttribute('type') || '');
    setNative.call(element, 'type', 'text/plain');
  }
  made.size < QUEUE_MAX && made.add(element);
};

const wrap = (owner, name, make) => {
  if (owner && owner[name]) owner[name] = make(owner[name]);
};

// Properties that start a request when set.
for (const [type, ...attributes] of [
  [HTMLScriptElement, 'src'],
  [HTMLIFrameElement, 'src'],
  [HTMLImageElement, 'src', 'srcset'],
  [HTMLLinkElement, 'href'],
  [HTMLEmbedElement, 'src'],
  [HTMLObjectElement, 'data'],
  [HTMLMediaElement, 'src'],
  [HTMLSourceElement, 'src', 'srcset'],
]) {
  for (const attribute of attributes) {
    const { get, set, ...rest } = Object.getOwnPropertyDescriptor(type.prototype, attribute);
    Object.defineProperty(type.prototype, attribute, {
      ...rest,
      get() {
        return this.getAttribute(PREFIX + attribute) || get.call(this);
      },
      set(address) {
        const row = deniedRow(address);
        row ? hold(this, attribute, address, row) : set.call(this, address);
      },
    });
  }
}

for (const name of ['setAttribute', 'setAttributeNS']) {
  wrap(Element.prototype, name, (native) => function (...args) {
    const [attribute, value] = args.slice(-2);
    const row =
      /^(xlink:)?(src|srcset|href|data)$/i.test(attribute) &&
      /^(script|iframe|img|link|embed|object|video|audio|source|image|use)$/.test(this.localName) &&
      deniedRow(value);
    row ? hold(this, attribute.toLowerCase().replace('xlink:', ''), value, row) : native.call(this, ...args);
  });
}

/** Markup from scripts, with what may not load held; the very same text if there is nothing. */
const holdMarkup = (markup) => {
  const template = document.createElement('template');
  setHtml.call(template, markup);
  let isHeld;
  for (const element of template.content.querySelectorAll('[src],[srcset],[href],[data]')) {
    for (const attribute of ['src', 'srcset', 'href', 'data']) {
      const address = element.getAttribute(attribute);
      const row = address && !/^(a|area|base)$/.test(element.localName) && deniedRow(address);
      if (row) {
        element.removeAttribute(attribute);
        hold(element, attribute, address, row);
        // The document gets a copy of this element, not this one.
        made.delete(element);
        isHeld = 1;
      }
    }
  }
  // A value the site trusts stays one; a text that is none is refused by the browser, as without us.
  const html = isHeld ? getHtml.call(template) : markup;
  return isHeld && markup !== `${markup}` ? trusted.createHTML(html) : html;
};
const { get: getHtml, set: setHtml } = Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML');
for (const name of ['innerHTML', 'outerHTML']) {
  const native = Object.getOwnPropertyDescriptor(Element.prototype, name);
  Object.defineProperty(Element.prototype, name, {
    ...native,
    set(markup) {
      native.set.call(this, holdMarkup(markup));
    },
  });
}
// Methods that take markup, and which of their arguments it is.
for (const [owner, name, index] of [
  [Element, 'insertAdjacentHTML', 1],
  [Element, 'setHTMLUnsafe', 0],
  [Range, 'createContextualFragment', 0],
]) {
  wrap(owner.prototype, name, (native) => function (...args) {
    args[index] = holdMarkup(args[index]);
    return native.call(this, ...args);
  });
}
for (const name of ['write', 'writeln']) {
  wrap(Document.prototype, name, (native) => function (...parts) {
    const text = parts.join('');
    native.call(this, holdMarkup(parts.every((part) => part !== `${part}`) ? trusted.createHTML(text) : text));
  });
}

// Requests. The caller hears success, as it would from a collector; the request waits for the grant.
wrap(window, 'fetch', (native) => function (input, init) {
  const row = deniedRow(input.url || input);
  if (!row) return native.call(this, input, init);
  const request = new Request(input, init);
  queueUp(row, () => native(request).catch(() => {}));
  return Promise.resolve(new Response(null, { status: 204 }));
});
wrap(Navigator.prototype, 'sendBeacon', (native) => function (address, body) {
  const row = deniedRow(address);
  return row ? (queueUp(row, () => native.call(navigator, address, body)), true) : native.call(this, address, body);
});
const opened = new WeakMap();
wrap(XMLHttpRequest.prototype, 'open', (native) => function (method, address, ...rest) {
  opened.set(this, address);
  native.call(this, method, address, ...rest);
});
wrap(XMLHttpRequest.prototype, 'send', (native) => function (body) {
  const row = deniedRow(opened.get(this));
  row ? queueUp(row, () => native.call(this, body)) : native.call(this, body);
});
// Streams have nothing to wait for: they fail as if the host could not be reached.
for (const name of ['WebSocket', 'EventSource']) {
  wrap(window, name, (native) => new Proxy(native, {
    construct(target, args) {
      if (deniedRow(args[0])) throw new DOMException('held until consent', 'SecurityError');
      return new target(...args);
    },
  }));
}

// Identifiers.
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
Object.defineProperty(Document.prototype, 'cookie', {
  ...cookie,
  set(text) {
    deniedCookie(`${text}`) || cookie.set.call(this, text);
  },
});
wrap(Storage.prototype, 'setItem', (native) => function (key, value) {
  denied(names, key) || native.call(this, key, value);
});

wrap(IDBFactory.prototype, 'open', (native) => function (name, ...rest) {
  if (denied(databases, name)) throw new DOMException('held until consent', 'SecurityError');
  return native.call(this, name, ...rest);
});

/** Removes what denied vendors stored where scripts can reach it; the edge expires the rest. */
const forget = () => {
  // A cookie goes only by the Domain it was set with, which nobody can read back: all are tried.
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, index) => ';domain=' + labels.slice(index).join('.'))];
  for (const pair of document.cookie.split('; ')) {
    const name = pair.split('=')[0];
    if (deniedCookie(pair)) for (const domain of domains) cookie.set.call(document, name + '=;path=/;max-age=0' + domain);
  }
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage)) denied(names, key) && storage.removeItem(key);
    }
    indexedDB.databases().then((list) => list.forEach(({ name }) => denied(databases, name) && indexedDB.deleteDatabase(name)));
  } catch {
    // Storage is switched off: there is nothing in it.
  }
};

// Consent Mode: the default stands in the queue before any Google code can. Source: trackers.md 1.3.
const layer = (window.dataLayer = window.dataLayer || []);
function consent() {
  layer.push(arguments);
}
const signal = (command, more) => {
  const state = { ...more };
  for (const name in signals) state[name] = signals[name] & granted ? 'granted' : 'denied';
  consent('consent', command, state);
};
signal('default', { wait_for_update: +wait });
for (const name of set.split(',')) name && consent('set', name, true);

// What the gate may ask of the stub.
const bridge = {
  document,
  get granted() {
    return granted;
  },
  held: () => [...new Set([...document.querySelectorAll(`[${PREFIX}need]`), ...made])],
  restore,
  grant(bits) {
    granted = bits;
    signal('update');
    forget();
  },
  flush(names) {
    const waiting = queue;
    queue = [];
    // A policy of the browser's cannot be lifted in this page.
    if (isDecided > 1) return location.reload();
    isDecided = 1;
    for (const [need, send] of waiting) need & granted && send();
    document.dispatchEvent(new CustomEvent('postern:change', { detail: { granted: names.split(',') } }));
  },
  post: (body) =>
    // With its origin: the page's base may be another's.
    fetch(location.origin + '/_postern/decision', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
      body,
    }).then(
      (answer) => gate.then((module) => module.answered(answer.status, parseInt(answer.headers.get('postern-granted'), 16) || 255)),
      () => gate.then((module) => module.answered(0, 1)),
    ),
};

let gate;
const load = () =>
  (gate = gate || import(location.origin + gateUrl).then(async (module) => {
    await module.default();
    module.start(bridge);
    return module;
  }));
const act = (action) => load().then((module) => module.act(action));

// The banner's controls. Without the gate the form goes as a form, and the link as a link.
addEventListener('click', (event) => {
  const control = event.target.closest?.('#postern [data-consent-action]');
  if (control && !isFailed) {
    event.preventDefault();
    act(control.getAttribute('data-consent-action')).catch(() => {
      isFailed = 1;
      control.click();
    });
  }
}, true);
let isFailed;
addEventListener('DOMContentLoaded', () => {
  // Fetched while the visitor reads, so that the click finds it there.
  if (document.querySelector('#postern section:not([hidden])')) (window.requestIdleCallback || setTimeout)(() => load().catch(() => {}));
});

const toPage = () => location.assign(location.origin + '/_postern/consent');
window.postern = {
  open: () => act('open').catch(toPage),
  withdraw: () => act('withdraw').catch(toPage),
};
