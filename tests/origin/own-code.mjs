// A page of the test origin whose own code asks for a grant by `data-postern-category`: in its markup and by its scripts.
// GET /own-code, /own-code/NAME.js (writes its name down), /own-code/frame.

import { renderPage } from './markup.mjs';

const NEED = 'data-postern-category="analytics"';

const BODY = `
<p id="styled">text</p>
<style ${NEED}>#styled { opacity: 0.5 }</style>
<script>window.ran = [];</script>
<script ${NEED}>ran.push('inline');</script>
<script ${NEED} src="/own-code/file.js"></script>
<iframe ${NEED} src="/own-code/frame" title="frame"></iframe>
<script data-postern-category="analitics">window.misspelt = 1;</script>
${['-4', '4z', '0x4', '40', ''].map((need) => `<script type="text/plain" data-postern-need="${need}" data-postern-type="">window.misspelt = 2;</script>`).join('\n')}
<div id="box"></div>
<script>
  const make = () => {
    const script = document.createElement('script');
    script.setAttribute('data-postern-category', 'analytics');
    return script;
  };
  const made = make();
  made.src = '/own-code/made.js';
  const inline = make();
  inline.textContent = "ran.push('made-inline')";
  document.body.append(made, inline);
  document.write('<script ${NEED}>ran.push("markup");<\\/script>');
</script>
`;

export const ownCodeRoutes = {
  '/own-code': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(renderPage({ title: 'own code', body: BODY }));
  },
  '/own-code/frame': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(renderPage({ title: 'frame', body: '<script>parent.ran.push("frame");</script>' }));
  },
  ...Object.fromEntries(['file', 'made'].map((name) => [`/own-code/${name}.js`, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/javascript' });
    response.end(`ran.push('${name}');`);
  }])),
};
