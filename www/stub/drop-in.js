// The stub for a site that is not behind the Worker: <script src="https://WORKER/_postern/site.js"> as the first element of
// the head. Everything is held until the edge has said what the choice that the page keeps is worth; then the gate puts the
// banner together, element by element, from the edge's own markup, so no policy on trusted types or styles stops it.
// Served behind the stub's own text, which stands behind that of told.js; what it needs of the stub is on the stub's bridge.
window[Symbol.for('postern')].load().then((gate) => gate.begin()).catch(() => {
  // The edge cannot be reached: everything stays held, and nothing is asked.
});
