// Calls that a page makes of vendors whose scripts have not come: kept by the vendors' own snippets, and told once, in order, when
// the category is granted, and never otherwise. Those of gtag, dataLayer, fbq and posthog are the shop's: consent.test.mjs.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { action, decide, describeRequests, saveCategories, serveSite, startWorld, vendorHosts, waitFor } from './harness.mjs';

/** By the name of a vendor's function or list: its script, where its hits go, its snippet as it is documented, and a call of it. */
const VENDORS = {
  clarity: {
    script: 'www.clarity.ms/tag/demo', hits: 'x.clarity.ms', call: (id) => `clarity('set', 'id', '${id}')`,
    snippet: `(function(c,l,a,r,i,t,y){c[a]=c[a]||function(){(c[a].q=c[a].q||[]).push(arguments)};t=l.createElement(r);t.async=1;t.src="https://www.clarity.ms/tag/"+i;
y=l.getElementsByTagName(r)[0];y.parentNode.insertBefore(t,y);})(window, document, "clarity", "script", "demo");`,
  },
  lintrk: {
    script: 'snap.licdn.com/li.lms-analytics/insight.min.js', hits: 'px.ads.linkedin.com', call: (id) => `lintrk('track', { conversion_id: '${id}' })`,
    snippet: `_linkedin_partner_id = "424242"; window._linkedin_data_partner_ids = window._linkedin_data_partner_ids || []; window._linkedin_data_partner_ids.push(_linkedin_partner_id);
(function(l) { if (!l){window.lintrk = function(a,b){window.lintrk.q.push([a,b])}; window.lintrk.q=[]} var s = document.getElementsByTagName("script")[0];
var b = document.createElement("script"); b.type = "text/javascript";b.async = true; b.src = "https://snap.licdn.com/li.lms-analytics/insight.min.js";
s.parentNode.insertBefore(b, s);})(window.lintrk);`,
  },
  _paq: {
    script: 'cdn.matomo.cloud/shop.matomo.cloud/matomo.js', hits: 'shop.matomo.cloud', call: (id) => `_paq.push(['trackEvent', 'page', '${id}'])`,
    snippet: `var _paq = window._paq = window._paq || []; _paq.push(['trackPageView']); _paq.push(['enableLinkTracking']); (function() { var u="https://shop.matomo.cloud/";
_paq.push(['setTrackerUrl', u+'matomo.php']); _paq.push(['setSiteId', '1']); var d=document, g=d.createElement('script'), s=d.getElementsByTagName('script')[0];
g.async=true; g.src='https://cdn.matomo.cloud/shop.matomo.cloud/matomo.js'; s.parentNode.insertBefore(g,s); })();`,
  },
  snowplow: {
    script: 'cdn.jsdelivr.net/npm/@snowplow/javascript-tracker@3/dist/sp.js', hits: 'collector.shop.example', call: (id) => `snowplow('trackPageView', { title: '${id}' })`,
    snippet: `;(function(p,l,o,w,i,n,g){if(!p[i]){p.GlobalSnowplowNamespace=p.GlobalSnowplowNamespace||[]; p.GlobalSnowplowNamespace.push(i);p[i]=function(){(p[i].q=p[i].q||[]).push(arguments)
};p[i].q=p[i].q||[];n=l.createElement(o);g=l.getElementsByTagName(o)[0];n.async=1; n.src=w;g.parentNode.insertBefore(n,g)}}(window,document,"script",
"https://cdn.jsdelivr.net/npm/@snowplow/javascript-tracker@3/dist/sp.js","snowplow"));`,
  },
};
const NAMES = Object.keys(VENDORS);
const IDS = ['first', 'second'];

const PAGE = `<!DOCTYPE html><html lang="en"><head><title>site</title>${NAMES.map((name) => `<script>${VENDORS[name].snippet}</script>`).join('\n')}
<script>${NAMES.map((name) => `${VENDORS[name].call('first')}; ${VENDORS[name].call('second')};`).join('\n')}</script></head><body><p>site</p></body></html>`;

let world;
let base;
before(async () => {
  world = await startWorld({ origin: 'test' });
  const { port } = world.keep(await serveSite((_request, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE)));
  ({ base } = await world.startWorker({ originPort: port }));
});
after(() => world?.close());
beforeEach(() => world.settle());

async function visit() {
  const page = await world.newPage();
  await page.goto(base, { waitUntil: 'load' });
  assert.equal(describeRequests(await world.waitQuiet()), '');
  assert.deepEqual(page.faults, [], 'the page has what it calls');
  return page;
}

/** Ids of the calls that have arrived at the vendor, in its own order. */
function arrivedAt(requests, name) {
  return requests.filter(({ host, query }) => host === VENDORS[name].hits && query.call)
    .sort((one, other) => one.query.n - other.query.n)
    .flatMap(({ query }) => [...IDS, 'third'].filter((id) => query.call.includes(`"${id}"`)));
}

const scriptsIn = (requests) => requests.map(({ host, path }) => host + path).filter((address) => NAMES.some((name) => VENDORS[name].script === address)).sort();

async function waitForCalls(names, id) {
  await waitFor(`${id} of ${names}`, async () => {
    const requests = await world.recorder.requests();
    return names.every((name) => arrivedAt(requests, name).includes(id));
  });
  return world.waitQuiet();
}

describe('calls made before a choice', () => {
  it('arrive with the grant, each once and in order, and later ones at once', async () => {
    const page = await visit();
    await decide(page, () => action(page, 'accept').click());
    await waitForCalls(NAMES, 'second');
    const TOLD = '"consentv2",{"ad_Storage":"denied","analytics_Storage":"granted"}';
    const said = (requests, name) => requests.filter(({ host, query }) => host === VENDORS[name].hits && query.call).map(({ query }) => Object.values(JSON.parse(query.call)).map((word) => JSON.stringify(word)).join());
    // Beside the page's own calls a vendor hears by its interface what was granted, which comes of a file of its own.
    await waitFor('what vendors are told', async () => {
      const requests = await world.recorder.requests();
      return said(requests, 'clarity').includes(TOLD) && said(requests, '_paq').includes('"rememberConsentGiven"');
    });
    const released = await world.waitQuiet();
    assert.deepEqual(Object.fromEntries(NAMES.map((name) => [name, arrivedAt(released, name)])), Object.fromEntries(NAMES.map((name) => [name, IDS])));
    assert.deepEqual(scriptsIn(released), NAMES.map((name) => VENDORS[name].script).sort(), 'each script once');
    await page.evaluate(NAMES.map((name) => VENDORS[name].call('third')).join(';'));
    const later = await waitForCalls(NAMES, 'third');
    for (const name of NAMES) assert.deepEqual(arrivedAt(later, name), [...IDS, 'third'], name);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  it('arrive where their category is granted, and nowhere else', async () => {
    const page = await visit();
    const granted = NAMES.filter((name) => name !== 'lintrk');
    await saveCategories(page, ['analytics']);
    const requests = await waitForCalls(granted, 'second');
    for (const name of NAMES) assert.deepEqual(arrivedAt(requests, name), granted.includes(name) ? IDS : [], name);
    assert.deepEqual(vendorHosts(requests).filter((host) => host.includes('linkedin') || host.includes('licdn')), []);
    await page.context().close();
  });

  it('arrive nowhere after a refusal', async () => {
    const page = await visit();
    await decide(page, () => action(page, 'reject').click());
    await page.evaluate(NAMES.map((name) => VENDORS[name].call('third')).join(';'));
    assert.equal(describeRequests(await world.waitQuiet()), '');
    await page.context().close();
  });
});
