// What leaks today, and what a grant does not bring back, each with its reason. leaks.test.mjs asserts exactly this, of ways that
// the engine knows: a row that is mended turns the test red until it is taken out. A way of a script is meant at both its moments.

const DENIED = ['none', 'refused', 'other', 'withdrawn'];

/** Asked though denied. */
const LEAKS = [
  {
    why: '`import` is no function that could be wrapped, and its address shows only when it runs.',
    states: DENIED, ways: ['import-composed', 'js-import', 'js-import-eval', 'js-worker-module'],
  },
  {
    why: 'Links that scripts follow, and pages and windows that they send elsewhere, are left alone: visitors go to other sites in the same way.',
    states: DENIED, ways: ['js-location', 'js-navigate', 'js-window-open', 'js-a-click'],
  },
  {
    why: 'The `location` of a frame cannot be wrapped, and an empty frame tells nobody before it leaves.',
    states: DENIED, ways: ['js-frame-location', 'js-frame-replace'],
  },
];

/** Not asked in the page where it was held, though granted there; a page that comes with the grant asks. */
const NOT_BACK = [
  { why: 'What stands in a file of the site is replaced there; the next page has it.', states: ['released'], ways: ['css-own-import', 'css-own-url', 'css-own-font', 'own-module-import', 'header-speculation'] },
  { why: 'What stood in a header is gone; the next page has it.', states: ['released'], ways: ['header-refresh', 'header-preload', 'header-modulepreload', 'header-prefetch', 'header-stylesheet', 'header-report-uri'] },
  {
    why: 'The own address that leads to a vendor was answered with nothing, and nothing in the page is marked.',
    states: ['released'], ways: ['redirect-img', 'redirect-script', 'redirect-iframe', 'redirect-css', 'refresh-iframe', 'js-fetch-redirect'],
  },
  { why: 'A frame without an origin is not told of a grant given in the page.', states: ['released'], ways: ['iframe-data-script', 'js-iframe-data-script'] },
  { why: 'A module that failed for want of its import map does not run again.', states: ['released'], ways: ['import-map'] },
  { why: 'A preload that is put back is not looked at again.', states: ['released'], ways: ['link-imagesrcset', 'js-link-imagesrcset'] },
  { why: 'A stream that was refused is not opened later.', states: ['released'], ways: ['js-websocket', 'js-websocket-https', 'js-websocket-stream', 'js-web-transport', 'js-event-source'] },
  { why: 'What a worker imports or opens is refused, not kept; one of `data:` is of no site, so nobody can tell it of a grant.', states: ['released'], ways: ['js-worker-import', 'js-worker-socket', 'js-worker-data'] },
  { why: 'What was sent or pressed while it was held is over.', states: ['released'], ways: ['js-a-ping', 'js-form-submit', 'js-form-request', 'js-form-action', 'js-window-open-frame'] },
  { why: 'What was made with an address that is held keeps none.', states: ['released'], ways: ['js-style-map', 'js-font-face', 'js-payment', 'js-credentials'] },
];

export const KNOWN = [...LEAKS, ...NOT_BACK];

/** The same, in Firefox alone. */
export const NOT_BACK_IN_FIREFOX = [
  { why: 'It looks ahead for what stands in a template that nobody uses, while the page comes, and never again.', states: ['released'], ways: ['raw-template'] },
];

/** Ways that Firefox goes or does not go by chance: of these only is compared that they are held. */
export const BY_CHANCE_IN_FIREFOX = [
  { why: 'It prefetches when no document is loading anywhere, and among many other ways that may be never.', ways: ['js-link-prefetch'] },
  { why: 'What is asked for as the page is left may be given up with it.', ways: ['js-hide-image'] },
];
