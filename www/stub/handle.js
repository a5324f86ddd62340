// For pages where everything is granted: nothing is held, so all that is needed is the way back, and Consent Mode's default,
// without which Google's tags take the visitor for one who was never asked. Source: trackers.md 1.3.
// Withdrawing reloads, since nothing here stands between the page and what already runs.
import { signals } from './catalogue.js';

const layer = (window.dataLayer = window.dataLayer || []);
function consent() {
  layer.push(arguments);
}
for (const name in signals) signals[name] = 'granted';
consent('consent', 'default', signals);

const state = { decided: true, granted: 'necessary functional analytics marketing social'.split(' '), vendors: [] };
layer.push({ event: 'postern_consent', postern: state });
const page = location.origin + '/_postern/consent';
window.postern = {
  state,
  ready: Promise.resolve(state),
  // A change reloads the page.
  onChange: () => () => {},
  open: () => location.assign(page),
  grantVendor: async () => state,
  withdraw: () =>
    fetch(location.origin + '/_postern/decision', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify({
        choice: 'withdraw',
        policy: document.getElementById('postern').dataset.posternPolicy,
        layer: 1,
        lang: document.documentElement.lang || 'en',
      }),
    }).then(
      (answer) => {
        if (!answer.ok) return location.assign(page);
        channel.postMessage(0);
        location.reload();
      },
      () => location.assign(page),
    ),
};
// Another page of the site may take something back, also while this one is kept for "back": then it comes anew.
const sync = () =>
  fetch(location.origin + '/_postern/state').then(async (answer) => (await answer.json()).bits != 31 && location.reload()).catch(() => {});
const channel = new BroadcastChannel('postern');
channel.onmessage = sync;
addEventListener('pageshow', ({ persisted }) => persisted && sync());
