// What each vendor's hosts answer: scripts, configuration, pixels, a small embed page. Pure: a recorded request in,
// {status, headers, body} out. Recording, sockets and certificates live in serve.mjs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const POSTHOG_DIST = join(dirname(createRequire(import.meta.url).resolve('posthog-js/package.json')), 'dist');
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const JS = { 'content-type': 'text/javascript; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };

function readStandIn(name) {
  return readFileSync(new URL(`./stand-ins/${name}`, import.meta.url), 'utf8');
}

const STAND_INS = { gtag: readStandIn('gtag.js'), gtm: readStandIn('gtm.js'), fbevents: readStandIn('fbevents.js'), queue: readStandIn('queue.js') };

/** By the address of a script: the list in which its snippet keeps calls, and where its hits go. */
const QUEUES = {
  'www.clarity.ms/tag/demo': ['clarity.q', 'https://x.clarity.ms/collect'],
  'snap.licdn.com/li.lms-analytics/insight.min.js': ['lintrk.q', 'https://px.ads.linkedin.com/collect'],
  'cdn.matomo.cloud/shop.matomo.cloud/matomo.js': ['_paq', 'https://shop.matomo.cloud/matomo.php'],
  'cdn.jsdelivr.net/npm/@snowplow/javascript-tracker@3/dist/sp.js': ['snowplow.q', 'https://collector.shop.example/com.snowplowanalytics.snowplow/tp2'],
};

/** Puts an id from the query into a stand-in; anything but plain id letters is dropped, as it lands in a script. */
function fillIn(source, query) {
  const clean = (value, fallback) => (/^[\w-]{1,40}$/.test(value ?? '') ? value : fallback);
  return source.replaceAll('__ID__', clean(query.get('id'), 'UNKNOWN')).replaceAll('__LAYER__', clean(query.get('l'), 'dataLayer'));
}

function answerTagManager({ path, query }) {
  if (path === '/gtag/js') return { status: 200, headers: JS, body: fillIn(STAND_INS.gtag, query) };
  if (path === '/gtm.js') return { status: 200, headers: JS, body: fillIn(STAND_INS.gtm, query) };
  if (path === '/ns.html') return { status: 200, headers: HTML, body: '<!DOCTYPE html><title>ns</title>' };
  if (path === '/a') return { status: 200, headers: { 'content-type': 'image/gif' }, body: GIF };
  return undefined;
}

function answerQueue(address) {
  const [queue, hit] = QUEUES[address];
  return { status: 200, headers: JS, body: STAND_INS.queue.replaceAll('__QUEUE__', queue).replaceAll('__HIT__', hit) };
}

function answerMeta({ path }) {
  if (/^\/[a-z]{2}_[a-z]{2}\/fbevents\.js$/i.test(path)) return { status: 200, headers: JS, body: STAND_INS.fbevents };
  if (path.startsWith('/signals/config/')) return { status: 200, headers: JS, body: '/* configuration of one pixel */\n' };
  if (path === '/tr' || path === '/tr/') return { status: 200, headers: { 'content-type': 'image/gif' }, body: GIF };
  return undefined;
}

/** The real vendor builds from the npm package, by file name only. */
function readPostHogFile(name) {
  if (!/^[\w.-]+\.js$/.test(name)) return undefined;
  try {
    return readFileSync(join(POSTHOG_DIST, name));
  } catch {
    return undefined;
  }
}

function answerPostHog({ path }) {
  const file = /^\/static\/(?:[\w.-]+\/)?([\w.-]+\.js)$/.exec(path);
  if (file) {
    const body = readPostHogFile(file[1]);
    return body ? { status: 200, headers: JS, body } : { status: 404, headers: JS, body: '' };
  }
  const config = /^\/array\/([\w-]+)\/config(\.js)?$/.exec(path);
  if (config) {
    const settings = {
      token: config[1], supportedCompression: ['gzip', 'gzip-js'], hasFeatureFlags: false, captureDeadClicks: false, capturePerformance: false,
      autocapture_opt_out: true, autocaptureExceptions: false, analytics: { endpoint: '/i/v0/e/' }, elementsChainAsString: true, sessionRecording: false,
      heatmaps: false, surveys: false, defaultIdentifiedOnly: true, siteApps: [], isAuthenticated: false, toolbarParams: {},
    };
    if (!config[2]) return { status: 200, headers: JSON_TYPE, body: JSON.stringify(settings) };
    return {
      status: 200, headers: JS,
      body: `(function(){window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};window._POSTHOG_REMOTE_CONFIG['${config[1]}']={config:${JSON.stringify(settings)},siteApps:[]}})();`,
    };
  }
  if (path === '/flags/' || path === '/decide/') {
    return { status: 200, headers: JSON_TYPE, body: JSON.stringify({ flags: {}, featureFlags: {}, featureFlagPayloads: {}, errorsWhileComputingFlags: false, requestId: '00000000-0000-4000-8000-000000000000' }) };
  }
  if (['/e/', '/i/v0/e/', '/batch/', '/capture/', '/track/', '/engage/', '/s/'].includes(path)) return { status: 200, headers: JSON_TYPE, body: '{"status":"Ok"}' };
  return undefined;
}

function answerYouTube({ path }) {
  if (!path.startsWith('/embed/')) return undefined;
  const body = '<!DOCTYPE html><html lang="en"><title>Film</title><meta name="color-scheme" content="dark">'
    + '<style>html,body{height:100%;margin:0;background:#111;color:#eee;font:16px/1.5 sans-serif;display:grid;place-items:center}</style>'
    + '<p id="player">The film would play here.</p></html>';
  return { status: 200, headers: { ...HTML, 'set-cookie': 'VISITOR_INFO1_LIVE=stand-in; Path=/; Secure; HttpOnly; SameSite=None; Partitioned' }, body };
}

/** CORS as open as the vendors' own, which answer any page that carries their tag. */
function corsHeaders(headers) {
  return {
    'access-control-allow-origin': headers.origin ?? '*',
    ...(headers.origin ? { 'access-control-allow-credentials': 'true', vary: 'origin' } : {}),
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
    'cache-control': 'no-store',
  };
}

/** The answer to one request. A host or path nobody knows gets an empty 204: it is recorded all the same. */
export function answer({ method, host, path, query, headers }) {
  const open = corsHeaders(headers);
  if (method === 'OPTIONS') return { status: 204, headers: open, body: '' };
  const facts = { path, query: new URLSearchParams(query) };
  let found;
  if (host === 'www.googletagmanager.com') found = answerTagManager(facts);
  else if (host === 'connect.facebook.net' || host === 'www.facebook.com') found = answerMeta(facts);
  else if (/^(us|eu|app)(-assets)?(\.i)?\.posthog\.com$/.test(host)) found = answerPostHog(facts);
  else if (host === 'www.youtube.com' || host === 'www.youtube-nocookie.com') found = answerYouTube(facts);
  else if (Object.hasOwn(QUEUES, host + path)) found = answerQueue(host + path);
  if (!found) return { status: 204, headers: open, body: '' };
  return { ...found, headers: { ...open, ...found.headers } };
}
