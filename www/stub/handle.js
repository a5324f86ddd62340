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

const page = location.origin + '/_postern/consent';
window.postern = {
  open: () => location.assign(page),
  withdraw: () =>
    fetch(location.origin + '/_postern/decision', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify({
        choice: 'withdraw',
        categories: [],
        policy: document.getElementById('postern').dataset.posternPolicy,
        layer: 1,
        lang: document.documentElement.lang || 'en',
      }),
    }).then(
      (answer) => (answer.ok ? location.reload() : location.assign(page)),
      () => location.assign(page),
    ),
};
