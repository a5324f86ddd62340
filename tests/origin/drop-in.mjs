// Pages of a site that is not behind the Worker and carries its script. GET /drop-in?worker=ADDRESS[&csp=POLICY].

import { renderPage } from './markup.mjs';

const BODY = `
<h1>A site of its own</h1>
<p><a href="/drop-in">elsewhere</a></p>
<script type="text/plain" data-postern-need="4" data-postern-type="" data-postern-src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456"></script>
<iframe data-postern-need="10" data-postern-vendor="youtube" data-postern-src="https://www.youtube.com/embed/M7lc1UVf-VE" title="film"></iframe>
<script>
  window.dataLayer = window.dataLayer || [];
  function gtag() { dataLayer.push(arguments); }
  gtag('js', new Date());
  gtag('config', 'G-DEMO123456');
  gtag('event', 'page_seen', { event_id: 'ga-drop-1' });
  !function (f, b, e, v, n, t, s) { if (f.fbq) return; n = f.fbq = function () { n.callMethod ? n.callMethod.apply(n, arguments) : n.queue.push(arguments); };
    if (!f._fbq) f._fbq = n; n.push = n; n.loaded = !0; n.version = '2.0'; n.queue = []; t = b.createElement(e); t.async = !0; t.src = v;
    s = b.getElementsByTagName(e)[0]; s.parentNode.insertBefore(t, s); }(window, document, 'script', 'https://connect.facebook.net/en_US/fbevents.js');
  fbq('init', '123456789012345');
  fbq('track', 'PageView', {}, { eventID: 'fb-drop-1' });
  new Image().src = 'https://bat.bing.com/action/0?ti=1';
  document.cookie = '_ga=GA1.1.1.1; path=/';
  localStorage.setItem('_gcl_ls', '1');
</script>
`;

function dropIn(_request, response, url) {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  const policy = url.searchParams.get('csp');
  if (policy) headers['content-security-policy'] = policy;
  response.writeHead(200, headers);
  const script = `<script src="${url.searchParams.get('worker')}/_postern/site.js"></script>\n`;
  response.end(renderPage({ title: 'drop-in', head: script, body: BODY }).replace('<meta charset="utf-8">\n', `<meta charset="utf-8">\n${script}`).replace(`</title>\n${script}`, '</title>\n'));
}

export const dropInRoutes = { '/drop-in': dropIn };
