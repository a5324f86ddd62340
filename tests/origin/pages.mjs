// The paths of the test origin that are pages: trackers of every kind, charsets, broken HTML, policies, a huge page.
// HTTP itself is tried by edges.mjs.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TRACKERS, renderPage } from './markup.mjs';

const HTML = 'text/html; charset=utf-8';
const MEGABYTE = 1024 * 1024;
const BIG_MEGABYTES = 50;

function send(response, body, headers = {}) {
  response.writeHead(200, { 'content-type': HTML, ...headers });
  response.end(body);
}

/** A small page; ?title= and ?inline= change it, so that two pages can be told apart. */
function html(_request, response, url) {
  const title = (url.searchParams.get('title') ?? 'page').replace(/[^\w -]/g, '');
  const inline = url.searchParams.has('inline') ? '<script id="t-inline">window.inlineRan = true;</script>' : '';
  send(response, renderPage({ title, body: `${TRACKERS}${inline}<p id="end">${title}</p>` }));
}

function plainHtml(_request, response) {
  send(response, renderPage({ title: 'plain', body: '<p id="end">no tracker here</p>' }));
}

/** 50 MB in pieces of one megabyte, a tracker at the head of each. */
function* bigPieces() {
  const line = `<p>${'lorem ipsum '.repeat(85)}</p>\n`;
  const block = line.repeat(Math.floor(MEGABYTE / line.length));
  yield '<!DOCTYPE html><html lang="en"><head><title>big</title></head><body>';
  for (let megabyte = 0; megabyte < BIG_MEGABYTES; megabyte += 1) {
    yield `<script src="https://www.googletagmanager.com/gtag/js?id=G-BIG${megabyte}"></script>${block}`;
  }
  yield '<p id="end">end of big</p></body></html>';
}

/** The pipeline waits when the reader does not keep up, so this side never holds more than a piece or two. */
async function big(request, response) {
  response.writeHead(200, { 'content-type': HTML });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(bigPieces(), { highWaterMark: 1 }), response).catch(() => { /* the reader left */ });
}

const ACCENTS = 'Zürich, café, ñandú, ¿qué?';

function latin1(_request, response) {
  const body = Buffer.from(renderPage({ title: 'latin1', body: `${TRACKERS}<p id="text">${ACCENTS}</p>` }).replace('<meta charset="utf-8">\n', ''), 'latin1');
  send(response, body, { 'content-type': 'text/html; charset=iso-8859-1' });
}

/** 1252 differs from Latin-1 in 0x80..0x9f; the charset is told in the document only. */
function windows1252(_request, response) {
  const text = renderPage({ title: 'windows1252', body: `${TRACKERS}<p id="text">${ACCENTS} @EURO@ @QUOTE@</p>` }).replace('charset="utf-8"', 'charset="windows-1252"');
  const body = Buffer.from(text.replace('@EURO@', '\x80').replace('@QUOTE@', '\x93'), 'latin1');
  send(response, body, { 'content-type': 'text/html' });
}

function utf16(_request, response) {
  const text = renderPage({ title: 'utf16', body: `${TRACKERS}<p id="text">${ACCENTS}</p>` }).replace('<meta charset="utf-8">\n', '');
  send(response, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]), { 'content-type': 'text/html; charset=utf-16le' });
}

/** A charset nobody knows, and bytes that are not UTF-8 in a page that says they are. */
function wrongCharset(_request, response) {
  send(response, Buffer.concat([Buffer.from(`<!DOCTYPE html><title>wrong</title>${TRACKERS}<p id="text">`), Buffer.from([0xff, 0xc3, 0x28, 0x80]), Buffer.from('</p>')]), { 'content-type': 'text/html; charset=x-unheard-of' });
}

function broken(_request, response) {
  send(response, [
    '<html><head><title>broken</title',
    '<meta name=a content="unclosed>',
    '"><div <p <<b>bold<i>both</b>neither</i>',
    `<SCRIPT SRC=//www.googletagmanager.com/gtag/js?id=G-DEMO123456 ASYNC></SCRIPT>`,
    "<script src='https://connect.facebook.net/en_US/fbevents.js'/>",
    '</script><!-- comment with <script src="https://www.googletagmanager.com/gtm.js?id=GTM-DEMO123"></script> inside --',
    '--><img src="https://www.facebook.com/tr?id=1&amp;ev=PageView" alt="',
    '"><a href="/x" title=\'it"s\'>link</a></unknown><p id="end">end of broken</p>',
    '<script>var s = "<script src=\\"https://www.googletagmanager.com/gtag/js\\">"; window.inlineRan = true;</script>',
    '<table><tr><iframe src="https://www.youtube.com/embed/x"></table><textarea><script src="https://www.googletagmanager.com/gtag/js"></script>',
    '</textarea><p',
  ].join('\n'));
}

function csp(_request, response, url) {
  // A policy from the query goes into a header: keep it to one printable line.
  const policy = (url.searchParams.get('policy') ?? "default-src 'self'").replace(/[^\x20-\x7e]/g, '');
  const nonce = url.searchParams.get('nonce') ?? '';
  const trackers = /^\w+$/.test(nonce) ? TRACKERS.replaceAll('<script ', `<script nonce="${nonce}" `) : TRACKERS;
  send(response, renderPage({ title: 'csp', body: `${trackers}<p id="end">csp</p>` }), { 'content-security-policy': policy });
}

function fragment(_request, response) {
  send(response, '<li id="end">a fragment, not a page</li><script src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"></script>');
}

/** HTML that is not meant to be read as HTML must arrive as it is. */
function attachment(_request, response) {
  send(response, renderPage({ title: 'attachment', body: TRACKERS }), { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
}

function linkHeader(_request, response) {
  send(response, renderPage({ title: 'link', body: '<p id="end">link</p>' }), {
    link: ['<https://www.googletagmanager.com>; rel=preconnect', '</own.css>; rel=preload; as=style', '<https://connect.facebook.net/en_US/fbevents.js>; rel=preload; as=script'],
  });
}

/** A page as many sites send theirs: anybody may keep it, and ask whether it is still the same. */
function cacheable(request, response) {
  const headers = { 'cache-control': 'public, max-age=600', etag: '"cacheable-1"', 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT' };
  if (request.headers['if-none-match'] === '"cacheable-1"') response.writeHead(304, headers).end();
  else send(response, renderPage({ title: 'cacheable', body: `${TRACKERS}<p id="end">cacheable</p>` }), headers);
}

function cacheableAsset(_request, response) {
  send(response, 'body{}', { 'content-type': 'text/css', 'cache-control': 'public, max-age=600' });
}

/** One tag longer than any rewriter keeps: an image someone pasted in. */
function endlessTag(_request, response) {
  send(response, renderPage({ title: 'endless', body: `${TRACKERS}<img alt="" src="data:image/png;base64,${'A'.repeat(6 * 1024 * 1024)}"><link rel="preconnect" href="https://www.googletagmanager.com"><link rel="stylesheet" href="/page.css"><p id="end">end of endless</p>` }));
}

const XHTML = `<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>xhtml</title><script src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"/></head>
<body><img alt="" src="https://www.facebook.com/tr?id=1&amp;ev=PageView"/><h:script xmlns:h="http://www.w3.org/1999/xhtml" src="https://connect.facebook.net/en_US/fbevents.js"/><p id="end">end of xhtml</p></body></html>
`;

/** A page that browsers parse as XML: a script may close itself there, and prefixes name elements. */
function xhtml(_request, response) {
  send(response, XHTML, { 'content-type': 'application/xhtml+xml' });
}

/** A picture that is opened as a document runs scripts like any page. */
function svg(_request, response) {
  send(response, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><script href="https://connect.facebook.net/en_US/fbevents.js"/><image xlink:href="https://www.facebook.com/tr?id=1" width="1" height="1"/><text id="end" y="20">svg</text></svg>`, { 'content-type': 'image/svg+xml' });
}

/** A page whose addresses are relative to another host. */
function based(_request, response) {
  send(response, renderPage({ title: 'based', head: '<base href="https://cdn.stranger.example/">', body: `${TRACKERS}<p id="end">based</p>` }));
}

/** A host nobody knows, and a vendor that the policy does not list. */
function strangers(_request, response) {
  send(response, renderPage({ title: 'strangers', body: '<script src="https://cdn.stranger.example/x.js"></script><script src="https://analytics.tiktok.com/i18n/pixel/events.js"></script><p id="end">strangers</p>' }));
}

/** The container that, like real ones, starts other vendors' tags by itself. */
function loader(_request, response) {
  const head = `<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':
new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src=
'https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-LOADER');</script>\n`;
  send(response, renderPage({ title: 'loader', head, body: '<p id="end">loader</p>' }));
}

/** A page that says it is in the language asked for, or, asked for none, says nothing. */
function language(_request, response, url) {
  const tag = url.searchParams.get('tag');
  send(response, `<!DOCTYPE html>${tag === null ? '' : `<html lang="${tag}">`}<title>language</title><p id="end">language</p>
<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ" title="film"></iframe>\n`);
}

export const pageRoutes = {
  '/html': html,
  '/plain-html': plainHtml,
  '/big': big,
  '/latin1': latin1,
  '/windows1252': windows1252,
  '/utf16': utf16,
  '/wrong-charset': wrongCharset,
  '/broken': broken,
  '/csp': csp,
  '/fragment': fragment,
  '/attachment': attachment,
  '/link-header': linkHeader,
  '/loader': loader,
  '/language': language,
  '/xhtml': xhtml,
  '/based': based,
  '/svg': svg,
  '/cacheable': cacheable,
  '/cacheable-asset': cacheableAsset,
  '/endless-tag': endlessTag,
  '/strangers': strangers,
};
