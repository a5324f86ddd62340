// What leaks today, and what a grant does not bring back, each with its reason. leaks.test.mjs asserts exactly this: a row
// that is mended turns the test red until it is taken out. A way of a script is meant at
// both its moments.

const DENIED = ['none', 'refused', 'other', 'withdrawn'];

/** Asked though denied. */
const LEAKS = [
  {
    why: '`import` is no function that could be wrapped, and its address shows only when it runs.',
    states: DENIED, ways: ['import-composed', 'js-import', 'js-import-eval', 'js-script-text', 'js-script-text-module', 'js-script-blob'],
  },
  {
    why: 'A document in `javascript:` has no stub in it.',
    states: DENIED, ways: ['iframe-javascript'],
  },
  {
    why: 'The stub does not know this property or attribute.',
    states: DENIED,
    ways: [
      'js-input', 'js-video-poster', 'js-track', 'js-new-audio', 'js-link-imagesrcset', 'js-body-background', 'js-table-background', 'js-script-svg',
      'js-svg-image-prefix', 'js-svg-image-baseval', 'js-svg-feimage', 'js-svg-mask', 'js-smil', 'js-speculation',
    ],
  },
  {
    why: 'The stub does not know attribute nodes.',
    states: DENIED, ways: ['js-attribute-node', 'js-attribute-node-ns', 'js-named-item', 'js-attr-value', 'js-attr-node-value', 'js-attr-text', 'js-attribute-moved'],
  },
  {
    why: 'The stub does not look into documents that scripts give to frames.',
    states: DENIED, ways: ['js-iframe-srcdoc', 'js-iframe-srcdoc-attribute', 'js-iframe-srcdoc-script', 'js-iframe-data', 'js-iframe-blob', 'js-iframe-javascript'],
  },
  {
    why: 'The stub does not know this parser.',
    states: DENIED, ways: ['js-parse-html-unsafe', 'js-dom-parser', 'js-dom-parser-xml', 'js-xslt', 'js-shadow', 'js-shadow-unsafe', 'js-exec-command'],
  },
  {
    why: 'In markup the stub looks at `src`, `srcset`, `href` and `data` only, at the first address of a `srcset`, and not into templates.',
    states: DENIED,
    ways: ['js-markup-srcset', 'js-markup-style', 'js-markup-sheet', 'js-markup-poster', 'js-markup-srcdoc', 'js-markup-svg', 'js-markup-nested', 'js-declarative-shadow'],
  },
  { why: 'The stub looks at each piece of markup by itself, not at what the pieces make together.', states: DENIED, ways: ['js-write-split-p'] },
  {
    why: 'The stub does not know styles.',
    states: DENIED,
    ways: [
      'js-style-background', 'js-style-image', 'js-style-property', 'js-style-variable', 'js-style-css-text', 'js-style-assigned', 'js-style-attribute',
      'js-style-map', 'js-style-animate', 'js-sheet-text', 'js-sheet-text-late', 'js-sheet-node', 'js-sheet-data', 'js-sheet-inner', 'js-insert-rule',
      'js-insert-rule-import', 'js-rule-style', 'js-replace-sync', 'js-replace', 'js-sheet-blob', 'js-sheet-data-url', 'js-font-face', 'js-font-rule',
    ],
  },
  {
    why: 'The stub does not know this interface.',
    states: DENIED, ways: ['js-fetch-later', 'js-hide-later', 'js-websocket-stream', 'js-audio-worklet', 'js-paint-worklet', 'js-payment', 'js-credentials'],
  },
  {
    why: 'No stub stands in workers and worklets.',
    states: DENIED,
    ways: [
      'js-worker-fetch', 'js-worker-import', 'js-worker-module', 'js-worker-data', 'js-worker-own', 'js-worker-nested', 'js-worker-socket', 'js-shared-worker',
      'js-service-worker', 'js-worklet-blob',
    ],
  },
  {
    why: 'No stub stands in an empty frame or window, whose natives a script can borrow.',
    states: DENIED,
    ways: [
      'js-frame-fetch', 'js-frame-xhr', 'js-frame-beacon', 'js-frame-beacon-borrowed', 'js-frame-image', 'js-frame-element', 'js-frame-moved', 'js-frame-setter',
      'js-frame-set-attribute', 'js-frame-inner-html', 'js-frame-write', 'js-frame-write-script', 'js-frame-script', 'js-frame-eval', 'js-frame-early',
      'js-frame-markup', 'js-window-open-blank',
    ],
  },
  {
    why: 'The stub does not know navigations that scripts start, forms and pings.',
    states: DENIED,
    ways: [
      'js-window-open', 'js-window-open-frame', 'js-frame-location', 'js-frame-replace', 'js-a-click', 'js-a-ping', 'js-form-submit', 'js-form-request',
      'js-form-action', 'js-location', 'js-navigate', 'js-meta-refresh',
    ],
  },
];

/** Not asked in the page where it was held, though granted there; a page that comes with the grant asks. */
const NOT_BACK = [
  { why: 'What stands in a file of the site is replaced there; the next page has it.', states: ['released'], ways: ['css-own-import', 'css-own-url', 'css-own-font', 'own-module-import', 'header-speculation'] },
  { why: 'What stood in a header is gone; the next page has it.', states: ['released'], ways: ['header-refresh', 'header-preload', 'header-modulepreload', 'header-prefetch', 'header-report-uri'] },
  {
    why: 'The own address that leads to a vendor was answered with nothing, and nothing in the page is marked.',
    states: ['released'], ways: ['redirect-img', 'redirect-script', 'redirect-iframe', 'redirect-css', 'refresh-iframe', 'js-fetch-redirect'],
  },
  {
    why: 'The stub of a frame is not told of a grant given in the page.', states: ['released'],
    ways: ['iframe-data-script', 'iframe-own', 'iframe-own-sniffed', 'iframe-own-xhtml', 'iframe-own-xml', 'iframe-own-svg', 'iframe-own-svg-script', 'object-own-svg', 'iframe-srcdoc-script'],
  },
  { why: 'A module that failed for want of its import map does not run again.', states: ['released'], ways: ['import-map'] },
  { why: 'A `source` that is put back does not start a player that has given up.', states: ['released'], ways: ['video-source', 'audio-source', 'js-video-source'] },
  { why: 'An animation that is put back does not begin again.', states: ['released'], ways: ['smil-set', 'smil-animate'] },
  { why: 'A preload that is put back is not looked at again.', states: ['released'], ways: ['link-imagesrcset'] },
  { why: 'What is held in a shadow root is not found.', states: ['released'], ways: ['shadow-declarative', 'shadow-style'] },
  { why: 'A stream that was refused is not opened later.', states: ['released'], ways: ['js-websocket', 'js-websocket-https', 'js-event-source'] },
];

export const KNOWN = [...LEAKS, ...NOT_BACK];
