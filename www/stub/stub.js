// The stub: denies from the first byte what the page's own scripts would start, and keeps it held.
// It stands first in the head, so it runs before any script of the page; it decides nothing: the edge tells it what is
// granted, and the gate tells it when that changes. Inline for who has not chosen, from the browser's own store after that.
// What it never does: show anything, store anything, talk to anyone. Whatever may wait until a visitor acts is the gate's
// (www/gate), since every byte here is paid by every visitor.
import { databases, names, signals, urls, values } from './catalogue.js';
import { KEY, PREFIX } from './marks.js';
import { install, walk } from './realm.js';
import { restore, trusted } from './restore.js';
import { learn } from './rows.js';

// "<granted, hex>|<address of the gate>|<decided: 0 no, 1 yes, 2 and the browser enforces it>|<how long tags wait, ms>|<what
// they are to set>", written by the edge.
const own = document.currentScript;
const { parse, stringify } = JSON;
const [granted, gateUrl, isDecided, wait, set] = own.getAttribute(PREFIX + 'state').split('|');
// What this site's policy, or the visitor's word on single vendors, says otherwise.
let more;
const relearn = (text) => {
  more = text;
  learn(parse(text));
};
relearn(own.getAttribute(PREFIX + 'more') || '[]');

// Another site's page has this script from the edge; the edge's own pages are there already. In a document written by a
// script the address names no site; the window does.
const other = own.getAttribute(PREFIX + 'edge');
const edge = other || (origin == 'null' ? location.origin : origin);

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
    // It must have run before the page's script that writes the document goes on, so it cannot be waited for.
    if (!other && own.src) {
      copy.removeAttribute('src');
      copy.append(`(${$postern})()`);
    }
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
      if (node.localName != 'iframe') continue;
      // Its window, before a script that stands behind it can take it by number.
      node.contentWindow;
      if (!node.hasAttribute(PREFIX + 'vendor') || copied.has(node)) continue;
      const copy = node.cloneNode(true);
      copied.add(copy);
      node.replaceWith(copy);
    }
  }
});
parsed.observe(document, { childList: true, subtree: true });
addEventListener('DOMContentLoaded', () => parsed.disconnect());

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
  edge,
  isOther: !!other,
  address: gateUrl,
  // What scripts of the page put in their place later is not ours.
  send: fetch.bind(window),
  stringify,
  names,
  databases,
  denied,
  told,
  isDeniedCookie: (pair) => state.deniedCookie(denied, pair),
  writeCookie: (text) => cookie.set.call(document, text),
  get granted() {
    return state.granted;
  },
  /** Does this page still hold what the edge says, and nothing else? */
  isAsSaid: ({ bits, answered, more: rows }) => bits == state.granted && answered == !!state.isDecided && stringify(rows) == more,
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
  grant(bits, text = more) {
    state.granted = bits;
    relearn(text);
    signal('update');
    readdress();
    // Workers listen, and other pages, who ask the edge themselves; frames are told.
    channel.postMessage([bits, urls]);
    eachFrame((frame) => frame.grant(bits, text));
  },
  flush(isAnswered) {
    // A policy of the browser's cannot be lifted in this page.
    if (state.isDecided > 1) return location.reload();
    flush(isAnswered);
    tell();
    document.dispatchEvent(new CustomEvent('postern:change', { detail: told() }));
    // What has an interface of its own for it hears so there. Nothing rests on it: what is denied is held in any case.
    import(edge + gateUrl.replace('gate.js', 'tell.js')).then((module) => module.tell((address) => denied(urls, address)), () => {});
    eachFrame((frame) => frame.flush(isAnswered));
  },
};

let gate;
const load = (bridge.load = () => (gate = gate || import(edge + gateUrl).then((module) => module.begin(bridge))));
// Another page of the site, or this one before it was left, was told otherwise: the edge knows.
const sync = () => load().then((gate) => gate.sync()).catch(() => {});
const channel = new BroadcastChannel('postern');
channel.onmessage = sync;
addEventListener('pageshow', ({ persisted }) => persisted && sync());

// Frames of the same site have their own stub, or are covered by this one: either way they are told from here.
Object.defineProperty(window, KEY, { value: bridge, configurable: true });

// The page may have put its own in place of what promises are chained by.
const act = async (action, otherwise) => {
  try {
    await (await load()).act(action);
  } catch {
    otherwise();
  }
};
const ours = (event, selector) => event.target.closest?.('#postern ' + selector);

// The banner's controls. Without the gate the form goes as a form, and the link as a link.
addEventListener('click', (event) => {
  const control = ours(event, '[data-consent-action]');
  if (control && !isFailed) {
    event.preventDefault();
    act(control.getAttribute('data-consent-action'), () => {
      isFailed = 1;
      control.click();
    });
  }
}, true);
let isFailed;
// Fetched when a hand comes near, so that the click finds it there; who does not answer does not pay for it.
for (const name of ['pointerover', 'focusin']) {
  addEventListener(name, (event) => ours(event, '*') && load().then((gate) => gate.ready()).catch(() => {}), true);
}
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
const toPage = () => location.assign(edge + '/_postern/consent');
const ask = (choice, vendor = '', otherwise = toPage) =>
  load().then((gate) => gate.post(choice, '', vendor, 1)).catch(otherwise);
window.postern = {
  get state() { return told(); },
  ready: Promise.resolve(told()),
  onChange(listener) {
    const hear = ({ detail }) => listener(detail);
    document.addEventListener('postern:change', hear);
    return () => document.removeEventListener('postern:change', hear);
  },
  open: () => act('open', toPage),
  withdraw: () => ask('withdraw'),
  grantVendor: (id) => ask('load', id),
};
