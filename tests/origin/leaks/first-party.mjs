// Ways to a vendor through the site's own host, as a proxy on the site would pass them on: who is meant shows only in
// the shape of path and query. These never reach the recorder; the origin says which it saw.

import { FIRST_PARTY_BY_SCRIPT } from './script.mjs';

const PATHS = [
  { id: 'gtag', path: '/metrics/gtag/js?id=G-LEAK123456', category: 'analytics', edge: 'script', kinds: ['script'] },
  { id: 'collect', path: '/metrics/g/collect?v=2&tid=G-LEAK123456&en=page_view', category: 'analytics', edge: 'img', kinds: ['fetch', 'beacon', 'xhr', 'image'] },
  { id: 'posthog', path: '/ingest/static/array.js', category: 'analytics', edge: 'script', kinds: ['script'] },
  { id: 'posthog-event', path: '/ingest/i/v0/e/?ip=1', category: 'analytics', edge: 'img', kinds: ['fetch', 'beacon'] },
  { id: 'tr', path: '/relay/tr/?id=123456789012345&ev=PageView', category: 'marketing', edge: 'img', kinds: ['fetch', 'image'] },
  { id: 'fbevents', path: '/relay/en_US/fbevents.js', category: 'marketing', edge: 'script', kinds: ['script'] },
];

/** What the origin counts as a vendor's, though it is its own. */
export const isFirstParty = (pathname) => /^\/(metrics|ingest|relay)\//.test(pathname);

const address = (path, id) => `${path}${path.includes('?') ? '&' : '?'}way=${id}`;

export function firstPartyByEdge(category) {
  return PATHS.filter((path) => path.category === category).map(({ id, path, edge }) => ({
    id: `own-${id}`,
    say: `\`<${edge} src="${path.split('?')[0]}">\``,
    to: (way) => address(path, way),
    body: (to) => (edge === 'script' ? `<script src="${to.replaceAll('&', '&amp;')}"></script>` : `<img src="${to.replaceAll('&', '&amp;')}" alt="">`),
  }));
}

export function firstPartyByScript(category) {
  return PATHS.filter((path) => path.category === category).flatMap(({ id, path, kinds }) => FIRST_PARTY_BY_SCRIPT.filter((way) => kinds.includes(way.kind)).map((way) => ({
    id: `js-own-${id}-${way.kind}`, say: `${way.say} of \`${path.split('?')[0]}\``, to: (name) => address(path, name), run: way.run,
  })));
}
