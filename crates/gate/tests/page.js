// What the gate's tests need of a page: markup as a parser leaves it, a bridge as the stub's, and ways to look.
// The stub itself is not here: it is tested by the journeys.

/** One for all tests, as a page has only one; a fresh page starts it anew. */
const bridge = {
  document,
  granted: 1,
  made: [],
  calls: [],
  held: () => [...document.querySelectorAll('[data-postern-need]'), ...bridge.made.filter((element) => !element.isConnected)],
  isMade: (element) => bridge.made.includes(element),
  /** As bits say, and what a test lets in by name. */
  met: '',
  isMet: (element) => (element.getAttribute('data-postern-need') ?? '').split(' ').every((need) => /^[\da-f]{1,2}$/.test(need) && parseInt(need, 16) & bridge.granted) ||
    (!!bridge.met && !!element.getAttribute('data-postern-src')?.includes(`'${bridge.met}'`)),
  // The stub's own, which `xtask/wasm-tests.mjs` puts into the page.
  restore: (element) => globalThis.restore(element),
  grant(bits) {
    bridge.granted = bits;
    bridge.calls.push(`grant ${bits}`);
  },
  flush: (isAnswered) => { bridge.calls.push(`flush ${isAnswered}`); },
  post: (choice, categories, vendors, layer) => { bridge.calls.push(`post ${choice} [${categories}] [${vendors}] ${layer}`); },
};

export function theBridge() {
  return bridge;
}

/** A fresh page. The markup is parsed by a document's own parser, so that its scripts are as a browser finds them. */
export function setPage(markup) {
  const old = document.getElementById('fixture');
  old?.remove();
  // A queue that still waits for one of these goes on, to its end: what is not in the document does not run.
  for (const script of old?.querySelectorAll('script') ?? []) script.dispatchEvent(new Event('error'));
  globalThis.ran = [];
  Object.assign(bridge, { granted: 1, made: [], calls: [], met: '' });
  const parsed = document.implementation.createHTMLDocument('');
  parsed.write(`<!DOCTYPE html><body>${markup}`);
  parsed.close();
  const fixture = document.createElement('div');
  fixture.id = 'fixture';
  document.body.append(fixture);
  fixture.append(...parsed.body.childNodes);
}

/** The calls since the last look, a line each. */
export function takeCalls() {
  return bridge.calls.splice(0).join('\n');
}

/** An element that a script made, not inserted: put together by the stub, in the order of `made`. */
export function make(markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const parsed = template.content.firstElementChild;
  const element = document.createElement(parsed.localName);
  for (const { name, value } of parsed.attributes) element.setAttribute(name, value);
  bridge.made.push(element);
}

/** From now on the script of that name may start, whatever is granted. */
export function meet(name) {
  bridge.met = name;
}

export function insertMade(index) {
  document.getElementById('fixture').append(bridge.made[index]);
}

export function ran() {
  return globalThis.ran.join(' ');
}

/** Attributes of one element of the page or, by number, of `made`: sorted, a space between. */
export function attributes(selector) {
  const element = /^\d+$/.test(selector) ? bridge.made[selector] : document.querySelector(`#fixture ${selector}`);
  return [...element.attributes].map(({ name, value }) => `${name}=${value}`).sort().join(' ');
}

export function property(selector, name) {
  return String(document.querySelector(`#fixture ${selector}`)[name]);
}

export function setSwitch(category, isOn) {
  const input = document.querySelector(`#postern [data-consent-category="${category}"]`);
  input.checked = isOn;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

export function switchedOn() {
  return [...document.querySelectorAll('#postern [data-consent-category]:checked')].map((input) => input.value).join(' ');
}

const fence = () => new Promise((resolve) => {
  const script = document.createElement('script');
  script.src = 'data:text/javascript,0';
  script.onload = resolve;
  document.head.append(script);
});

/**
 * Until that many scripts have run and, after them, three that came later have: what would run twice has done so by then.
 * The limit is only for a script that never comes.
 */
export async function settle(count) {
  for (let turns = 0; turns < 200 && globalThis.ran.length < count; turns += 1) await fence();
  for (let turns = 0; turns < 3; turns += 1) await fence();
}
