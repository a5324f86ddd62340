// For pages where everything is granted: nothing is held, so all that is needed is the way back.
// Withdrawing reloads, since nothing here stands between the page and what already runs.
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
