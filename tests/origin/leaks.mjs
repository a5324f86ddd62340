// The leak matrix: every way a page can start a request, each known by an address of its own, in a few pages. The origin
// serves them, tests/journeys/leaks.test.mjs visits them: both read the same list. The ways stand in leaks/*.mjs.
// GET /leak?page=<id>, /leak/script.js?page=<id>, /leak/own?way=<id>; GET /leak/seen for first-party paths.

import * as edge from './leaks/edge.mjs';
import { firstPartyByEdge, firstPartyByScript } from './leaks/first-party.mjs';
import * as script from './leaks/script.mjs';

const HTML = 'text/html; charset=utf-8';
/** All of this vendor's domain is one vendor's, for marketing: any name below it can stand for one way. */
const VENDOR = 'doubleclick.net';

/**
 * A page: its ways, the category that its vendor needs (marketing unless said), `when` its script runs ('load' or
 * 'parse'; none for what stands in the HTML), and what it needs of a visit: clicks, leaving, no scripts, no choice made in it.
 */
const edgePages = [
  { id: 'scripts', group: 'Scripts in the HTML', ways: edge.SCRIPTS },
  { id: 'posthog', group: 'Scripts in the HTML', category: 'analytics', ways: [edge.POSTHOG_SNIPPET] },
  { id: 'frames', group: 'Frames and objects in the HTML', ways: edge.FRAMES },
  { id: 'frameset', group: 'Frames and objects in the HTML', ways: [edge.FRAME], isUndecidable: true },
  { id: 'media', group: 'Images, media and SVG in the HTML', ways: edge.MEDIA },
  { id: 'links', group: 'Links in the HTML', ways: edge.LINKS },
  { id: 'styles', group: 'Styles in the HTML', ways: edge.STYLES },
  { id: 'disguises', group: 'Addresses in disguise', ways: edge.DISGUISES },
  { id: 'broken', group: 'Broken and odd markup', ways: edge.BROKEN },
  { id: 'broken-end', group: 'Broken and odd markup', ways: [edge.BROKEN_END] },
  { id: 'utf-16', group: 'Charsets', charset: 'utf-16le', ways: edge.UTF_16 },
  { id: 'windows-1252', group: 'Charsets', charset: 'windows-1252', ways: edge.WINDOWS_1252 },
  { id: 'shift-jis', group: 'Charsets', charset: 'shift_jis', ways: edge.SHIFT_JIS },
  { id: 'clicks', group: 'Forms and links, pressed', ways: edge.CLICKS, hasClicks: true },
  { id: 'meta-refresh', group: 'Headers, redirects, refreshes, base', ways: [edge.META_REFRESH] },
  { id: 'header-refresh', group: 'Headers, redirects, refreshes, base', ways: [edge.HEADER_REFRESH] },
  { id: 'base', group: 'Headers, redirects, refreshes, base', ways: [edge.BASE] },
  { id: 'headers', group: 'Headers, redirects, refreshes, base', ways: edge.HEADERS, isLeft: true },
  { id: 'noscript', group: 'Without scripts', ways: edge.NOSCRIPT, isWithoutScripts: true, isUndecidable: true },
  { id: 'own-analytics', group: 'First-party paths in the HTML', category: 'analytics', ways: firstPartyByEdge('analytics') },
  { id: 'own-marketing', group: 'First-party paths in the HTML', ways: firstPartyByEdge('marketing') },
];

const BY_SCRIPT = [
  { id: 'elements', group: 'Elements made', ways: script.ELEMENTS },
  { id: 'attributes', group: 'Attributes set', ways: script.ATTRIBUTES },
  { id: 'parsed', group: 'Markup parsed', ways: script.PARSED },
  { id: 'styled', group: 'Styles set', ways: script.STYLED },
  { id: 'network', group: 'Requests made', ways: script.NETWORK },
  { id: 'realms', group: 'Borrowed from a frame', ways: script.REALMS },
  { id: 'navigation', group: 'Navigations', ways: script.NAVIGATION },
  { id: 'js-own-analytics', group: 'First-party paths', category: 'analytics', ways: firstPartyByScript('analytics') },
  { id: 'js-own-marketing', group: 'First-party paths', ways: firstPartyByScript('marketing') },
];
const scriptPages = [
  ...BY_SCRIPT.flatMap((page) => ['load', 'parse'].map((when) => ({ ...page, id: `${page.id}-${when}`, when }))),
  { id: 'writes', group: 'Markup parsed', ways: script.WRITES, when: 'parse' },
  { id: 'write-late', group: 'Markup parsed', ways: [script.WRITE_LATE], when: 'load', isUndecidable: true },
  { id: 'location', group: 'Navigations', ways: [script.LOCATION], when: 'load' },
  { id: 'navigate', group: 'Navigations', ways: [script.NAVIGATE], when: 'load' },
  { id: 'js-refresh', group: 'Navigations', ways: [script.REFRESH], when: 'load' },
  { id: 'js-base', group: 'Elements made', ways: script.BASES, when: 'load' },
  { id: 'leaving', group: 'Said when the page is left', ways: script.LEAVING, when: 'load', isLeft: true },
];

const WHEN = { load: 'By a script after the page has come: ', parse: 'By a script while the page comes: ' };

/** The way on this page: while the page comes it has another name, since its requests are told apart by it. */
function place(way, page) {
  const id = page.when === 'parse' ? `${way.id}-p` : way.id;
  const host = `${id}.${VENDOR}`;
  return { ...way, id, host, address: way.to ? way.to(id) : `https://${host}/leak?way=${id}`, ownPath: `/leak/own?way=${id}` };
}

export const PAGES = [...edgePages, ...scriptPages].map((page) => ({
  category: 'marketing', ...page, group: page.when ? WHEN[page.when] + page.group[0].toLowerCase() + page.group.slice(1) : page.group,
  ways: page.ways.map((way) => place(way, page)),
}));

const pages = new Map(PAGES.map((page) => [page.id, page]));
const ways = new Map(PAGES.flatMap((page) => page.ways).map((way) => [way.id, way]));

/** Headers of all ways together; one that several want is sent several times. */
function headersOf(page) {
  const all = {};
  for (const way of page.ways) {
    for (const [name, value] of Object.entries(way.headers?.(way.address, way.ownPath) ?? {})) (all[name] ??= []).push(value);
  }
  return all;
}

function render(page) {
  const all = (part) => page.ways.map((way) => way[part]?.(way.address, way.ownPath) ?? '').filter(Boolean).join('\n');
  const charset = page.charset ?? 'utf-8';
  const head = `<meta charset="${charset}">\n<title>${page.id}</title>\n${all('head')}`;
  if (all('frameset')) return `<!DOCTYPE html>\n<html lang="en"><head>${head}</head>\n${all('frameset')}\n</html>\n`;
  // A second byte that looks like a backslash or a quote is no such thing in its charset.
  const odd = charset === 'utf-8' || charset === 'utf-16le' ? '' : '<p title="\x83\x5c\x80">\x83\x5c \x80</p>\n';
  const run = page.when ? `<script src="/leak/script.js?page=${page.id}"></script>\n` : '';
  const attributes = all('attributes');
  const body = `<body${attributes && ` ${attributes}`}>\n${odd}<p>${page.id}</p>\n${all('body')}\n${run}`;
  return `<!DOCTYPE html>\n<html lang="en">\n<head>\n${head}\n</head>\n${body}${all('end') || '</body>\n</html>\n'}`;
}

function encode(text, charset) {
  if (charset === undefined) return Buffer.from(text);
  return charset === 'utf-16le' ? Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]) : Buffer.from(text, 'latin1');
}

function leak(request, response, url) {
  const page = pages.get(url.searchParams.get('page'));
  if (!page || request.method === 'POST') {
    // A form whose address is held is sent to its own page, less the query: in a frame, the page would bring the same names again.
    response.writeHead(204).end();
    return;
  }
  const type = page.charset ? `text/html; charset=${page.charset}` : HTML;
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...headersOf(page) });
  response.end(encode(render(page), page.charset));
}

/** The script of a page: each way in turn, whatever became of the one before. */
function leakScript(_request, response, url) {
  const page = pages.get(url.searchParams.get('page'));
  const list = page.ways.map((way) => `[${JSON.stringify(way.id)}, ${JSON.stringify(way.address)}, ${JSON.stringify(way.ownPath)}, ${way.run}]`).join(',\n');
  response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`const ways = [\n${list}];
const act = () => {
  for (const [id, to, own, run] of ways) {
    const place = document.createElement('div');
    place.id = id;
    document.body.append(place);
    try { run(to, place, own); } catch { /* refused: nothing was asked */ }
  }
  window.hasActed = true;
};
${page.when === 'load' ? "addEventListener('load', () => setTimeout(act, 100));" : 'act();'}\n`);
}

function leakOwn(_request, response, url) {
  const way = ways.get(url.searchParams.get('way'));
  const { status = 200, type, headers, body } = way.own;
  const all = { 'cache-control': 'no-store', ...(type ? { 'content-type': type } : {}), ...headers?.(way.address) };
  response.writeHead(status, status === 200 ? all : { ...all, location: way.address });
  response.end(body?.(way.address) ?? '');
}

const firstParty = [];

/** What a proxy on the site would have passed on to a vendor. */
export function noteFirstParty(url) {
  firstParty.push({ time: Date.now(), way: url.searchParams.get('way') });
}

function leakSeen(_request, response) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(firstParty));
}

const empty = (type) => (_request, response) => {
  response.writeHead(200, { 'content-type': type });
  response.end();
};

export const leakRoutes = {
  '/leak': leak,
  '/leak/script.js': leakScript,
  '/leak/own': leakOwn,
  '/leak/seen': leakSeen,
  '/leak/empty.js': empty('text/javascript'),
  '/leak/empty.gif': empty('image/gif'),
};
