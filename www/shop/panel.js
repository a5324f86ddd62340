// The panel "what this page contacts": for each vendor, whether it is held or was released, told from what
// this browser itself observed (requests made, elements held in the document, cookies it can see).
// It asks Postern nothing, so it can contradict it. What decides or holds lives elsewhere.

const VENDORS = [
  { id: 'ga4', name: 'Google Analytics', hosts: /(^|\.)(google-analytics\.com|analytics\.google\.com)$/, path: /^www\.googletagmanager\.com\/gtag\//, cookies: /^(_ga|_gid|_gat)/ },
  { id: 'gtm', name: 'Tag Manager', hosts: /^$/, path: /^www\.googletagmanager\.com\/(?!gtag\/)/, cookies: /^$/ },
  { id: 'meta-pixel', name: 'Meta Pixel', hosts: /(^|\.)(facebook\.net|facebook\.com|instagram\.com)$/, cookies: /^_fb/ },
  { id: 'posthog', name: 'PostHog', hosts: /(^|\.)posthog\.com$/, cookies: /^ph_/ },
  { id: 'google-ads', name: 'Google Ads', hosts: /(^|\.)(doubleclick\.net|googleadservices\.com|googlesyndication\.com)$/, cookies: /^_gcl_/ },
  { id: 'youtube', name: 'YouTube', hosts: /(^|\.)(youtube\.com|youtube-nocookie\.com|ytimg\.com)$/, cookies: /^$/ },
];
const WORDS = { held: 'held', released: 'released', stopped: 'stopped', none: 'nothing seen' };

const seen = new Map(VENDORS.map((vendor) => [vendor.id, 0]));
/** Requests seen when consent was last narrowed: what came before it says nothing about now. */
const before = new Map(seen);
let granted = null;

/** The vendor a request went to, or undefined for the shop's own and unknown hosts. */
function vendorOf(address) {
  const url = new URL(address, location.href);
  return VENDORS.find((vendor) => vendor.hosts.test(url.hostname) || vendor.path?.test(url.hostname + url.pathname));
}

function heldCount(id) {
  const addresses = [...document.querySelectorAll('[data-postern-src],[data-postern-href]')].map((held) => held.dataset.posternSrc ?? held.dataset.posternHref);
  return addresses.filter((address) => vendorOf(address)?.id === id).length;
}

function cookieNames(pattern) {
  const names = document.cookie.split('; ').map((pair) => pair.split('=', 1)[0]).filter((name) => name !== '');
  return [...new Set(names)].filter((name) => pattern.test(name));
}

function stateOf(vendor) {
  const requests = seen.get(vendor.id);
  const held = heldCount(vendor.id);
  if (requests > before.get(vendor.id)) return 'released';
  if (requests > 0) return 'stopped';
  return held > 0 ? 'held' : 'none';
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const rows = new Map();
const status = element('p', { role: 'status' });

function build(aside) {
  const body = element('tbody');
  for (const vendor of VENDORS) {
    const state = element('span', { class: 'state' });
    const requests = element('td', { class: 'num' });
    const names = element('td', { colspan: '3' });
    const row = element('tr', { 'data-vendor': vendor.id }, element('th', { scope: 'row' }, vendor.name), element('td', {}, state), requests);
    const cookies = element('tr', { class: 'names', hidden: '' }, names);
    rows.set(vendor.id, { row, state, requests, cookies, names });
    body.append(row, cookies);
  }
  const table = element('table', {},
    element('caption', { class: 'hidden' }, 'Trackers on this page'),
    element('thead', {}, element('tr', {},
      element('th', { scope: 'col' }, 'Tracker'), element('th', { scope: 'col' }, 'State'), element('th', { scope: 'col', class: 'num' }, 'Requests'))),
    body);
  const note = element('p', { class: 'foot-note' },
    'Told by your own browser: requests it made, elements it holds, cookies a script can read.');
  aside.append(element('details', { open: '' },
    element('summary', {}, element('h2', { id: 'watch-title' }, 'What this page contacts')), status, table, note));
}

/** Writes only what changed, so a screen reader hears a change and not a heartbeat. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function render() {
  let held = 0;
  let contacted = 0;
  let requests = 0;
  for (const vendor of VENDORS) {
    const { row, state, requests: cell, cookies, names } = rows.get(vendor.id);
    const now = stateOf(vendor);
    if (now === 'held') held += 1;
    if (seen.get(vendor.id) > 0) contacted += 1;
    requests += seen.get(vendor.id);
    if (row.dataset.state !== now) row.dataset.state = now;
    write(state, WORDS[now]);
    write(cell, String(seen.get(vendor.id)));
    const stored = cookieNames(vendor.cookies);
    write(names, stored.length > 0 ? `Cookies: ${stored.join(', ')}` : '');
    cookies.hidden = stored.length === 0;
  }
  write(status, contacted === 0
    ? `${held} held. No tracker was contacted.`
    : `${contacted} contacted with ${requests} requests, ${held} held.`);
}

// At most one redraw in half a second: a burst of requests is one piece of news.
let timer = 0;
function soon() {
  timer ||= setTimeout(() => { timer = 0; render(); }, 500);
}

const aside = document.querySelector('#watch');
if (aside) {
  build(aside);
  render();
  performance.setResourceTimingBufferSize(2000);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const vendor = vendorOf(entry.name);
      if (vendor) seen.set(vendor.id, seen.get(vendor.id) + 1);
    }
    soon();
  }).observe({ type: 'resource', buffered: true });
  new MutationObserver(soon).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-postern-need', 'src', 'type'],
  });
  document.addEventListener('postern:change', (event) => {
    const next = event.detail?.granted ?? [];
    // Only a narrowing resets the count: after a grant the first requests may be on their way already.
    if (granted?.some((category) => !next.includes(category))) for (const [id, count] of seen) before.set(id, count);
    granted = next;
    soon();
  });
  // Cookies change without an event in some browsers; two seconds is often enough to look.
  setInterval(soon, 2000);
}
