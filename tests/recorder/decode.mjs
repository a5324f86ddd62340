// Reads events out of recorded vendor requests: which vendor, which event, which id, in which place of the order.
// Pure. Bodies may be gzip without saying so (PostHog sends text/plain gzip), base64 in a form, or plain JSON.

import { gunzipSync } from 'node:zlib';

function decodeGa4({ path, query, text }) {
  if (!path.endsWith('/g/collect')) return [];
  const shared = new URLSearchParams(query);
  // Batched hits are lines of the body; each line overrides the query.
  const lines = shared.has('en') ? [''] : text.split('\r\n');
  return lines.map((line) => {
    const own = new URLSearchParams(line);
    const read = (name) => own.get(name) ?? shared.get(name) ?? undefined;
    return { vendor: 'ga4', name: read('en'), id: read('ep.event_id'), order: Number(read('_s')), property: read('tid'), gcs: read('gcs'), gcd: read('gcd'), cid: read('cid'), address: read('dl') };
  });
}

function decodeGtm({ path, query }) {
  if (path !== '/a') return [];
  const read = new URLSearchParams(query);
  return [{ vendor: 'gtm', name: read.get('ev'), id: read.get('eid') || undefined, order: Number(read.get('n')), property: read.get('id'), address: read.get('dl') }];
}

function decodeMeta({ path, query, text }) {
  if (path !== '/tr' && path !== '/tr/') return [];
  const read = new URLSearchParams(query || text);
  return [{ vendor: 'meta-pixel', name: read.get('ev'), id: read.get('eid') ?? undefined, order: Number(read.get('ec')), property: read.get('id'), fbp: read.get('fbp') ?? undefined, fbc: read.get('fbc') ?? undefined, address: read.get('dl') }];
}

/** The JSON of a PostHog body, whatever its wrapping; undefined if it is none. */
function parsePostHogBody(bytes) {
  try {
    let plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8');
    if (plain.startsWith('data=')) plain = Buffer.from(new URLSearchParams(plain).get('data'), 'base64').toString('utf8');
    return JSON.parse(plain);
  } catch {
    return undefined;
  }
}

function decodePostHog({ path, bytes }) {
  if (!['/e/', '/i/v0/e/', '/batch/', '/capture/', '/track/'].includes(path)) return [];
  const parsed = parsePostHogBody(bytes);
  if (parsed === undefined) return [{ vendor: 'posthog', name: undefined, unreadable: true }];
  const batch = Array.isArray(parsed) ? parsed : parsed.batch ?? [parsed];
  return batch.map((event, index) => ({
    vendor: 'posthog', name: event.event, id: event.properties?.event_id, order: index, property: event.properties?.token ?? parsed.api_key,
    uuid: event.uuid, distinctId: event.properties?.distinct_id, address: event.properties?.$current_url,
  }));
}

/** Events in one request; empty for scripts, configuration and anything unknown. */
export function decodeEvents({ host, path, query, bytes }) {
  const facts = { path, query, bytes, text: bytes.toString('utf8') };
  if (/(^|\.)(google-analytics|analytics\.google)\.com$/.test(host)) return decodeGa4(facts);
  if (host === 'www.googletagmanager.com') return decodeGtm(facts);
  if (host === 'www.facebook.com') return decodeMeta(facts);
  if (/(^|\.)posthog\.com$/.test(host)) return decodePostHog(facts);
  return [];
}

/** A body as the control API shows it: text where it is text (gzip opened), else base64. */
export function describeBody(bytes) {
  if (bytes.length === 0) return {};
  let plain = bytes;
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) plain = gunzipSync(bytes);
  } catch { /* it only looked like gzip */ }
  const text = plain.toString('utf8');
  return text.includes('\ufffd') ? { bodyBase64: bytes.toString('base64') } : { body: text };
}
