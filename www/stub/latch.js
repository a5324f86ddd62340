// Stands behind the stub in pages of who has chosen. Where the stub comes from a file and did not come, whatever the reason, the
// browser itself keeps the page to its own site, since nothing else would hold what its scripts start.
// Source: HTML standard, "http-equiv", content security policy: one that a script adds to the head is enforced from there on.
import { forget } from './forget.js';
import { KEY } from './marks.js';

if (window[KEY]) forget(window[KEY]);
else {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'";
  document.head.append(meta);
  console.error('Consent: a script of this site did not load, so this page loads nothing from other sites.');
}
