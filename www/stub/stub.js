// The stub: denies from the first byte what the page's own scripts would start, and keeps it held.
// It stands inline, first in the head, so it runs before any script of the page; it decides nothing:
// the edge tells it what is granted, and the wasm gate tells it when that changes.
// What it never does: show anything, store anything, talk to anyone but the site's own edge.
import { databases, names, signals, urls, values } from './catalogue.js';
import { KEY, install, walk } from './realm.js';
import { PREFIX, restore, trusted } from './restore.js';
import { learn } from './rows.js';

// "<granted, hex>|<address of the gate>|<decided: 0 no, 1 yes, 2 and the browser enforces it>|<how long tags wait, ms>|<what
// they are to set>", written by the edge.
const own = document.currentScript;
const { parse, stringify } = JSON;
const [granted, gateUrl, isDecided, wait, set] = own.getAttribute(PREFIX + 'state').split('|');
// What this site's policy, or the visitor's word on single vendors, says otherwise.
let more;
let fresh;
const relearn = (text) => {
  more = fresh = text;
  learn(parse(text));
};
relearn(own.getAttribute(PREFIX + 'more') || '[]');

// What scripts of the page put in their place later is not ours.
const send = fetch.bind(window);
// In a document written by a script the address names no site; the window does.
// Another site's page has this script from the edge.
const site = own.src ? new URL(own.src).origin : origin == 'null' ? location.origin : origin;
/** Where such a page keeps the choice; the edge's own pages have it in a cookie that no script reads. */
const kept = 'postern';

const state = {
  granted: parseInt(granted, 16),
  isDecided: +isDecided,
  queue: [],
  urls,
  names,
  databases,
  // Elements scripts made and the stub holds; those that stand in a document are found there.
  made: new Set(),
  trust: (address) => trusted.createScriptURL(address),
  /** The stub once more, for a document that a script writes and that runs scripts. */
  head() {
    const copy = own.cloneNode(true);
    copy.setAttribute(PREFIX + 'state', [state.granted.toString(16), gateUrl, state.isDecided, wait, set].join('|'));
    copy.setAttribute(PREFIX + 'more', more);
    copy.removeAttribute(PREFIX + 'landing');
    if (own.nonce) copy.setAttribute('nonce', own.nonce);
    return copy.outerHTML;
  },
  /** `name=value`: cookies that go by another name are known by the shape of their value. */
  deniedCookie(denied, text) {
    const [name, ...value] = text.split(';')[0].split('=');
    return denied(names, name.trim()) || denied(values, value.join('=').trim());
  },
};
// Identifiers in the address, where the site holds them: "<what it needs, hex> <parameter>&…". They leave the address bar before
// any script can read it, and come back with the grant, unless the page has gone elsewhere since. Documents within the page have
// no address of their own to mend, and must not fail for it.
const landing = /^http/.test(location.protocol) && own.getAttribute(PREFIX + 'landing');
own.removeAttribute(PREFIX + 'landing');
let shown = location.search;
const readdress = () => {
  if (!landing || location.search != shown) return;
  const pairs = landing.split('&').map((pair) => [parseInt(pair, 16), pair.slice(pair.indexOf(' ') + 1)]);
  const kept = pairs.filter(([need]) => !need || need & state.granted).map(([, pair]) => pair).join('&');
  shown = kept && '?' + kept;
  history.replaceState(history.state, '', location.pathname + shown + location.hash);
};
readdress();
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
const { denied, flush, isMet } = install(window, state);
/** Ids of vendors granted by themselves. */
const vendors = () => [...new Set(urls.map(([, , id]) => id).filter(Boolean))];
/** What holds, as the page's own scripts are told. */
const told = () => ({
  decided: !!state.isDecided,
  granted: 'necessary functional analytics marketing social'.split(' ').filter((name, index) => (state.granted >> index) & 1),
  vendors: vendors(),
});

// Firefox gives a frame that comes with the page what stood in that place when the visitor left, whatever the page says now:
// going back after a withdrawal would ask the vendor. A frame that a script puts there it leaves alone.
const copied = new WeakSet();
const parsed = new MutationObserver((records) => {
  for (const { addedNodes } of records) {
    for (const node of addedNodes) {
      if (node.localName != 'iframe' || !node.hasAttribute(PREFIX + 'vendor') || copied.has(node)) continue;
      const copy = node.cloneNode(true);
      copied.add(copy);
      node.replaceWith(copy);
    }
  }
});
parsed.observe(document, { childList: true, subtree: true });
addEventListener('DOMContentLoaded', () => parsed.disconnect());

/** Removes what denied vendors stored where scripts can reach it; the edge expires the rest. */
const forget = () => {
  // A cookie goes only by the Domain it was set with, which nobody can read back: all are tried.
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, index) => ';domain=' + labels.slice(index).join('.'))];
  for (const pair of document.cookie.split('; ')) {
    const name = pair.split('=')[0];
    if (state.deniedCookie(denied, pair)) for (const domain of domains) cookie.set.call(document, name + '=;path=/;max-age=0' + domain);
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
  const said = { ...more };
  for (const name in signals) said[name] = signals[name] & state.granted ? 'granted' : 'denied';
  consent('consent', command, said);
};
// Who has decided is not waited for.
signal('default', state.isDecided ? {} : { wait_for_update: +wait });
for (const name of set.split(',')) name && consent('set', name, true);
// For triggers and variables of a tag manager.
const tell = () => layer.push({ event: 'postern_consent', postern: told() });
tell();

/** Every frame of the site that has a stub of its own. */
const eachFrame = (act) => {
  for (let index = 0; index < window.length; index += 1) {
    try {
      const bridge = window[index][KEY];
      if (bridge) act(bridge);
    } catch {
      // A frame of another site.
    }
  }
};

// What the gate may ask of the stub.
const bridge = {
  document,
  get granted() {
    return state.granted;
  },
  held() {
    const found = new Set();
    walk(document, found);
    for (const element of state.made) found.add(element);
    return [...found];
  },
  isMet,
  restore(element) {
    state.made.delete(element);
    restore(element);
  },
  grant(bits, text = fresh) {
    state.granted = bits;
    relearn(text);
    signal('update');
    forget();
    readdress();
    // Workers listen, and other pages, who ask the edge themselves; frames are told.
    channel.postMessage([bits, urls]);
    eachFrame((frame) => frame.grant(bits, text));
  },
  flush(isAnswered) {
    // A policy of the browser's cannot be lifted in this page.
    if (state.isDecided > 1) return location.reload();
    flush(isAnswered);
    announce();
    eachFrame((frame) => frame.flush(isAnswered));
  },
  /** Sends a choice; the gate hears what came of it. */
  post: (choice, categories, vendors, layer) => {
    const root = document.getElementById('postern');
    const list = (names) => names.split(' ').filter(Boolean);
    return settle(
      // With its origin: the page's base may be another's.
      send(site + '/_postern/decision', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
        body: stringify({ choice, categories: list(categories), vendors: list(vendors), policy: root.getAttribute(PREFIX + 'policy'), lang: root.lang, layer, token: token() }),
      }),
    );
  },
};

const announce = () => {
  tell();
  document.dispatchEvent(new CustomEvent('postern:change', { detail: told() }));
  // What has an interface of its own for it hears so there. Nothing rests on it: what is denied is held in any case.
  import(site + gateUrl.replace('gate.js', 'tell.js')).then((module) => module.tell(state.granted, vendors()), () => {});
};
const settle = async (asked) => {
  let status = 0;
  let said = {};
  try {
    const answer = await asked;
    said = await answer.json();
    status = answer.status;
  } catch {
    // Not reached, or no answer to this.
  }
  const module = await load();
  if (status == 200) fresh = stringify(said.more);
  try {
    if (said.token) localStorage.setItem(kept, said.token);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  module.answered(status, said.bits ?? 255, (said.vendors || []).join(' '), !!said.answered);
  return told();
};
const token = () => {
  try {
    return own.src ? localStorage.getItem(kept) || '' : undefined;
  } catch {
    return '';
  }
};
/** What the edge says holds. */
const inquire = () =>
  send(`${site}/_postern/state?lang=${document.documentElement.lang}`, own.src ? { method: 'POST', body: token() } : {});
/** Another page of the site, or this one before it was left, was told otherwise: the edge knows. */
const sync = () =>
  inquire().then(async (answer) => {
    const said = await answer.clone().json();
    if (said.bits != state.granted || said.answered == !state.isDecided || stringify(said.more) != more) settle(answer);
  }).catch(() => {});
const channel = new BroadcastChannel('postern');
channel.onmessage = sync;
addEventListener('pageshow', ({ persisted }) => persisted && sync());

// For who puts the banner together in the page.
Object.assign(bridge, { inquire, settle, load: () => load() });

// Frames of the same site have their own stub, or are covered by this one: either way they are told from here.
Object.defineProperty(window, KEY, { value: bridge, configurable: true });

let gate;
const load = () =>
  (gate = gate || import(site + gateUrl).then(async (module) => {
    await module.default();
    module.start(bridge);
    return module;
  }));
// The page may have put its own in place of what promises are chained by.
const act = async (action, otherwise) => {
  try {
    (await load()).act(action);
  } catch {
    otherwise();
  }
};

// The banner's controls. Without the gate the form goes as a form, and the link as a link.
addEventListener('click', (event) => {
  const control = event.target.closest?.('#postern [data-consent-action]');
  if (control && !isFailed) {
    event.preventDefault();
    act(control.getAttribute('data-consent-action'), () => {
      isFailed = 1;
      control.click();
    });
  }
}, true);
let isFailed;
// The note in a held frame runs no script; its way in is a link, which is heard from here.
// (A document's events of that name stop before its window.)
document.addEventListener('load', ({ target }) => {
  if (target.localName == 'iframe' && target.hasAttribute(PREFIX + 'need')) target.contentDocument?.addEventListener('click', (event) => {
    const link = event.target.closest('[data-consent-action=load]');
    if (link) {
      event.preventDefault();
      ask('load', link.getAttribute('data-consent-vendor'), () => location.assign(link.href));
    }
  });
}, true);
addEventListener('DOMContentLoaded', () => {
  // Fetched while the visitor reads, so that the click finds it there.
  if (document.querySelector('#postern section:not([hidden])')) (window.requestIdleCallback || setTimeout)(() => load().catch(() => {}));
});

const toPage = () => location.assign(site + '/_postern/consent');
const ask = (choice, vendor = '', otherwise = toPage) =>
  load().then(() => bridge.post(choice, '', vendor, 1)).catch(otherwise);
window.postern = {
  get state() { return told(); },
  ready: Promise.resolve(told()),
  onChange(listener) {
    const hear = ({ detail }) => listener(detail);
    document.addEventListener('postern:change', hear);
    return () => document.removeEventListener('postern:change', hear);
  },
  open: () => (document.getElementById('postern-settings') ? act('open', toPage) : toPage()),
  withdraw: () => ask('withdraw'),
  grantVendor: (id) => ask('load', id),
};
