// What happens when a visitor acts, apart from the banner's own behaviour and the order of release, which are the wasm's:
// asking the edge, taking its answer, removing what denied vendors stored, and putting banner and settings together where the
// page has come without them. Fetched with the first sign of an act; what must be there before is the stub's.
// What it never does: hold anything, or decide what is granted.

import { forget } from '../stub/forget.js';

/** Where a page of another site keeps the choice; the edge's own pages have it in a cookie that no script reads. */
const KEPT = 'postern';

/** An element or a text from [name, attributes, children] or a string, as crates/view writes its markup for scripts. */
const build = (node) => {
  if (typeof node == 'string') return document.createTextNode(node);
  const [name, attributes, children] = node;
  const element = document.createElement(name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children.map(build));
  return element;
};

/** No policy on styles stops a sheet that a script makes. */
const addStyle = (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
};

/** `stub`: the stub's bridge; `instantiate`: starts the wasm and gives its functions. */
export const choices = (stub, instantiate) => {
  const { edge, send, stringify, isOther } = stub;
  // What the edge last said of single vendors and the site's own rows.
  let fresh;
  let wasm;
  let brought;
  // Do the settings in the page know the newest receipt?
  let isStale = stub.told().vendors.length;

  /** Removes what denied vendors stored where scripts can reach it; the edge expires the rest. */
  const clean = () => {
    // A cookie goes only by the Domain it was set with, which nobody can read back: all are tried.
    const labels = location.hostname.split('.');
    const domains = ['', ...labels.map((_, index) => ';domain=' + labels.slice(index).join('.'))];
    for (const pair of document.cookie.split('; ')) {
      const name = pair.split('=')[0];
      if (stub.isDeniedCookie(pair)) for (const domain of domains) stub.writeCookie(name + '=;path=/;max-age=0' + domain);
    }
    forget(stub);
  };

  /** Only where the page keeps the choice itself. */
  const token = () => {
    try {
      return isOther ? localStorage.getItem(KEPT) || '' : undefined;
    } catch {
      return '';
    }
  };

  // Whether a hand was ever there: a program that answers for its user has none.
  const post = (choice, categories, vendors, layer) => {
    const root = document.getElementById('postern');
    const list = (names) => names.match(/\S+/g) || [];
    return settle(
      // With its origin: the page's base may be another's.
      send(edge + '/_postern/decision', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
        body: stringify({ active: navigator.userActivation?.hasBeenActive, choice, categories: list(categories), vendors: list(vendors), policy: root.dataset.posternPolicy, lang: root.lang, layer, token: token() }),
      }),
    );
  };

  // What the wasm sees of the page: the stub's bridge, and what is here.
  const bridge = Object.assign(Object.create(stub), {
    post,
    grant(bits) {
      stub.grant(bits, fresh);
      clean();
    },
  });
  const ready = () => (wasm ||= instantiate().then((module) => {
    module.start(bridge);
    return module;
  }));

  /** Takes an answer of the edge's, and gives what holds then. */
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
    const module = await ready();
    if (status == 200) {
      fresh = stringify(said.more);
      isStale = 1;
    }
    try {
      if (said.token) localStorage.setItem(KEPT, said.token);
      else if (said.token == '') localStorage.removeItem(KEPT);
    } catch {
      // Storage is switched off: the choice holds for this page.
    }
    module.answered(status, said.bits ?? 255, (said.vendors || []).join(' '), !!said.answered);
    // The pages to come find the stub in the browser's store; where everything is granted they need none.
    if (status == 200 && !said.open && !isOther) send(edge + stub.address.replace('gate.js', 'stub.js')).catch(() => {});
    return stub.told();
  };

  /** Asks the edge in the name of whoever holds the choice. */
  const ask = (address, method = isOther ? 'POST' : 'GET') => send(edge + address, { method, body: token() });

  /** What the edge says holds, in the language of the page, with what else is asked for. */
  const inquire = (more = '') => ask(`/_postern/state?lang=${document.documentElement.lang}${more}`);

  const sync = async () => {
    const answer = await inquire();
    if (!stub.isAsSaid(await answer.clone().json())) await settle(answer);
  };

  const settings = () => document.getElementById('postern-settings');

  /** The settings of a page that came without them, since its visitor has chosen, or with older ones. */
  const bring = async () => {
    try {
      const root = document.getElementById('postern');
      const { banner, css } = await (await inquire(`&settings=${root.lang}`)).json();
      addStyle(css);
      settings()?.remove();
      root.append(banner.map(build)[0].querySelector('dialog'));
      isStale = 0;
    } catch (error) {
      // Older ones are better than none.
      if (!settings()) throw error;
    }
    brought = 0;
  };

  const leave = async (action) => {
    isStale = 0;
    await settle(ask('/_postern/' + action, 'POST'));
    // Stale now: it was done, and the page comes anew, which asks or says what holds. Else the settings say that it was not, and
    // are fetched anew when they are opened next.
    if (isStale) location.reload();
    isStale = 1;
  };

  // What the settings do with receipts; the rest of their behaviour is the wasm's.
  const acts = {
    async copy() {
      const [code, button] = settings().querySelectorAll('p[data-postern-receipt]>*');
      // Where nothing may be copied it stands ready for the visitor's own hand.
      getSelection().selectAllChildren(code);
      await navigator.clipboard?.writeText(code.textContent).then(() => {
        settings().querySelector('[data-postern-status]').textContent = button.dataset.copied;
      }, () => {});
    },
    async export() {
      const link = document.createElement('a');
      link.download = 'receipts.json';
      link.href = URL.createObjectURL(await (await ask('/_postern/consent/receipts.json')).blob());
      link.click();
    },
    erase: leave,
    restrict: leave,
    unrestrict: leave,
  };

  return {
    ready,
    post,
    sync,
    /** Does what a control says: its `data-consent-action`. */
    async act(action) {
      if (acts[action]) return acts[action](action);
      const found = settings();
      const [module] = await Promise.all([ready(), found && (found.open || !isStale) ? found : (brought ||= bring())]);
      module.act(action);
    },
    /** For a page of another site: everything is put together here. */
    async begin() {
      const answer = await inquire('&page=1');
      const said = await answer.clone().json();
      if (!document.body) await new Promise((resolve) => { addEventListener('DOMContentLoaded', resolve); });
      if (said.banner && !document.getElementById('postern')) {
        addStyle(said.css);
        document.body.prepend(...said.banner.map(build));
      }
      if (said.answered || said.vendors.length) await settle(answer);
    },
  };
};
