// The stub for a site that is not behind the Worker: <script src="https://WORKER/_postern/site.js"> as the first element of
// the head. Everything is held until the edge has said what the choice that the page keeps is worth; then the banner is
// put together here, element by element, from the edge's own markup, so no policy on trusted types or styles stops it.
// Served behind the stub's own text, which stands behind that of told.js; what it needs of the stub is on the stub's bridge.
const { inquire, load, settle } = window[Symbol.for('postern')];

/** An element or a text from [name, attributes, children] or a string. */
const build = (node) => {
  if (typeof node == 'string') return document.createTextNode(node);
  const [name, attributes, children] = node;
  const element = document.createElement(name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children.map(build));
  return element;
};

const whenReady = new Promise((resolve) => {
  if (document.body) resolve();
  else addEventListener('DOMContentLoaded', resolve);
});

inquire().then(async (answer) => {
  const said = await answer.clone().json();
  await whenReady;
  if (said.banner && !document.getElementById('postern')) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(said.css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.body.prepend(...said.banner.map(build));
  }
  if (said.answered || said.vendors.length) settle(answer);
  else (window.requestIdleCallback || setTimeout)(() => load().catch(() => {}));
}).catch(() => {
  // The edge cannot be reached: everything stays held, and nothing is asked.
});
