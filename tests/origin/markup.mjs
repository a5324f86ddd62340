// Markup the test origin's pages share: a tracker of each kind an element can be, and a page around them.

export const TRACKERS = `
<script async src="https://www.googletagmanager.com/gtag/js?id=G-DEMO123456" id="t-script"></script>
<img src="https://www.facebook.com/tr?id=123456789012345&ev=PageView" alt="" id="t-img">
<link rel="preload" as="script" href="https://connect.facebook.net/en_US/fbevents.js" id="t-link">
<iframe src="https://www.youtube.com/embed/M7lc1UVf-VE" title="film" id="t-iframe"></iframe>
<noscript><img src="https://www.facebook.com/tr?id=123456789012345&ev=PageView&noscript=1" alt="" id="t-noscript"></noscript>
`;

export function renderPage({ title, head = '', body }) {
  return `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n${head}</head>\n<body>\n${body}\n</body>\n</html>\n`;
}
