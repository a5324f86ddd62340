// What happens when a visitor acts, apart from the banner's own behaviour and the order of release, which are the wasm's:
// asking the edge, taking its answer, removing what denied vendors stored, and putting banner and settings together where the
// page has come without them. Fetched with the first sign of an act; what must be there before is the stub's.
// What it never does: hold anything, or decide what is granted.

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
  const { edge, send, stringify, denied, isOther } = stub;
  // What the edge last said of single vendors and the site's own rows.
  let fresh;
  let wasm;
  let brought;

  /** Removes what denied vendors stored where scripts can reach it; the edge expires the rest. */
  const forget = () => {
    // A cookie goes only by the Domain it was set with, which nobody can read back: all are tried.
    const labels = location.hostname.split('.');
    const domains = ['', ...labels.map((_, index) => ';domain=' + labels.slice(index).join('.'))];
    for (const pair of document.cookie.split('; ')) {
      const name = pair.split('=')[0];
      if (stub.isDeniedCookie(pair)) for (const domain of domains) stub.writeCookie(name + '=;path=/;max-age=0' + domain);
    }
    try {
      for (const storage of [localStorage, sessionStorage]) {
        for (const key of Object.keys(storage)) denied(stub.names, key) && storage.removeItem(key);
      }
      indexedDB.databases().then((list) => list.forEach(({ name }) => denied(stub.databases, name) && indexedDB.deleteDatabase(name)));
    } catch {
      // Storage is switched off: there is nothing in it.
    }
  };

  /** Only where the page keeps the choice itself. */
  const token = () => {
    try {
      return isOther ? localStorage.getItem(KEPT) || '' : undefined;
    } catch {
      return '';
    }
  };

  const post = (choice, categories, vendors, layer) => {
    const root = document.getElementById('postern');
    const list = (names) => names.split(' ').filter(Boolean);
    return settle(
      // With its origin: the page's base may be another's.
      send(edge + '/_postern/decision', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
        body: stringify({ choice, categories: list(categories), vendors: list(vendors), policy: root.dataset.posternPolicy, lang: root.lang, layer, token: token() }),
      }),
    );
  };

  // What the wasm sees of the page: the stub's bridge, and what is here.
  const bridge = Object.assign(Object.create(stub), {
    post,
    grant(bits) {
      stub.grant(bits, fresh);
      forget();
    },
  });
  const ready = () => (wasm = wasm || instantiate().then((module) => {
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
    if (status == 200) fresh = stringify(said.more);
    try {
      if (said.token) localStorage.setItem(KEPT, said.token);
    } catch {
      // Storage is switched off: the choice holds for this page.
    }
    module.answered(status, said.bits ?? 255, (said.vendors || []).join(' '), !!said.answered);
    // The pages to come find the stub in the browser's store; where everything is granted they need none.
    if (status == 200 && !said.open && !isOther) send(edge + stub.address.replace('gate.js', 'stub.js')).catch(() => {});
    return stub.told();
  };

  /** What the edge says holds, in the language of the page, with what else is asked for. */
  const inquire = (more = '') =>
    send(`${edge}/_postern/state?lang=${document.documentElement.lang}${more}`, isOther ? { method: 'POST', body: token() } : {});

  const sync = async () => {
    const answer = await inquire();
    if (!stub.isAsSaid(await answer.clone().json())) await settle(answer);
  };

  /** The settings of a page that came without them, since its visitor has chosen. */
  const bring = async () => {
    const root = document.getElementById('postern');
    const { banner, css } = await (await inquire(`&settings=${root.lang}`)).json();
    addStyle(css);
    root.append(banner.map(build)[0].querySelector('dialog'));
  };

  return {
    ready,
    post,
    sync,
    /** Does what a control says: its `data-consent-action`. */
    async act(action) {
      const [module] = await Promise.all([ready(), document.getElementById('postern-settings') || (brought = brought || bring())]);
      module.act(action);
    },
    /** For a page of another site: everything is put together here. */
    async begin() {
      const answer = await inquire();
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
