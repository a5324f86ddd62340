// Ways to start a request that stand in the HTML or the headers of an answer. Each is {id, say, ...} with what it puts
// into its page: `head`, `body`, `attributes` of the body, `headers`, `own` (what the origin serves beside the page).
// `to` is the way's own address at a vendor, `own` the origin's file of this way.
// Browsers act on what stands here only; what scripts do later is in script.mjs.

const GTM = `(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-LEAK');`;
const FBQ = `!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;s=b.getElementsByTagName(e)[0];
s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');fbq('init','123456789012345');fbq('track','PageView');`;
const POSTHOG = `(function(t,e){var o,n,p,r;e.__SV||(window.posthog=e,e._i=[],e.init=function(i,s){(p=t.createElement("script")).type="text/javascript",p.async=!0,
p.src=s.api_host.replace(".i.posthog.com","-assets.i.posthog.com")+"/static/array.js",(r=t.getElementsByTagName("script")[0]).parentNode.insertBefore(p,r);
e._i.push([i,s,"posthog"])},e.__SV=1)})(document,window.posthog||[]);posthog.init('phc_leak',{api_host:'https://us.i.posthog.com'});`;

const box = (style) => `<div style="width:20px;height:20px;${style}">x</div>`;
const sheet = (id, css) => `<style>${css(`#box-${id}`)}</style><div id="box-${id}" style="width:20px;height:20px">x</div>`;
const drawn = (attributes, defs = '') => `<svg width="20" height="20">${defs}<rect width="20" height="20" ${attributes}/></svg>`;
/** What asks at once when it is in a document, on the machine of whoever reads it. */
const image = (to) => `<img src="${to}" alt="">`;

export const SCRIPTS = [
  { id: 'script-src', say: '`<script src>`', body: (to) => `<script src="${to}"></script>` },
  { id: 'script-head', say: '`<script src>` in the head', head: (to) => `<script src="${to}"></script>` },
  { id: 'script-async', say: '`<script async src>`', body: (to) => `<script async src="${to}"></script>` },
  { id: 'script-defer', say: '`<script defer src>`', body: (to) => `<script defer src="${to}"></script>` },
  { id: 'script-module', say: '`<script type=module src>`', body: (to) => `<script type="module" src="${to}"></script>` },
  { id: 'script-nomodule', say: '`<script nomodule src>`', body: (to) => `<script nomodule src="${to}"></script>` },
  { id: 'script-svg-href', say: '`<svg><script href>`', body: (to) => `<svg><script href="${to}"></script></svg>` },
  { id: 'script-svg-xlink', say: '`<svg><script xlink:href>`', body: (to) => `<svg><script xlink:href="${to}"></script></svg>` },
  { id: 'script-attributionsrc', say: '`<script attributionsrc>`', body: (to) => `<script src="/leak/empty.js" attributionsrc="${to}"></script>` },
  { id: 'module-import', say: 'inline module, static `import`', body: (to) => `<script type="module">import "${to}";</script>` },
  { id: 'module-export-from', say: 'inline module, `export from`', body: (to) => `<script type="module">export * from "${to}";</script>` },
  { id: 'import-literal', say: 'inline script, `import()` of a literal', body: (to) => `<script>import("${to}").catch(() => {});</script>` },
  { id: 'import-composed', say: 'inline script, `import()` of an address put together', body: (to) => `<script>import("https:" + "${to.slice(6)}").catch(() => {});</script>` },
  { id: 'import-map', say: 'import map and a module that uses it', head: (to) => `<script type="importmap">{"imports":{"leak":"${to}"}}</script>`, body: () => '<script type="module">import "leak";</script>' },
  { id: 'own-module-import', say: 'own module file, static `import`', body: (_to, own) => `<script type="module" src="${own}"></script>`, own: { type: 'text/javascript', body: (to) => `import "${to}";` } },
  { id: 'speculation-rules', say: '`<script type=speculationrules>`', body: (to) => `<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${to}"],"eagerness":"immediate"}]}</script>` },
  { id: 'event-attribute', say: '`onload` attribute', body: (to) => `<svg onload="new Image().src='${to}'"></svg>` },
  { id: 'event-attribute-error', say: '`onerror` attribute', body: (to) => `<img src="data:," alt="" onerror="this.onerror=null;this.src='${to}'">` },
  { id: 'inline-gtm', say: 'the inline snippet of GTM', head: () => `<script>${GTM}</script>`, seen: { host: 'www.googletagmanager.com', path: '/gtm.js' }, isOfAnyCategory: true },
  { id: 'inline-fbq', say: 'the inline snippet of the Meta pixel', head: () => `<script>${FBQ}</script>`, seen: { host: 'connect.facebook.net', path: '/en_US/fbevents.js' } },
];

export const POSTHOG_SNIPPET = { id: 'inline-posthog', say: 'the inline snippet of PostHog', head: () => `<script>${POSTHOG}</script>`, seen: { host: 'us-assets.i.posthog.com', path: '/static/array.js' } };

export const FRAMES = [
  // First, so that no frame before it changes its number.
  { id: 'iframe-number', say: 'an empty `<iframe>` whose `fetch` a script takes by `window[0]`', body: (to) => `<iframe></iframe><script>window[0].fetch('https:' + '${to.slice(6)}').catch(() => {})</script>` },
  { id: 'iframe-src', say: '`<iframe src>`', body: (to) => `<iframe src="${to}"></iframe>` },
  { id: 'iframe-srcdoc', say: '`<iframe srcdoc>` with an image', body: (to) => `<iframe srcdoc="<img src='${to}'>"></iframe>` },
  { id: 'iframe-srcdoc-escaped', say: '`<iframe srcdoc>`, escaped twice', body: (to) => `<iframe srcdoc="&lt;img src=&quot;${to.replace('https', '&amp;#104;ttps')}&quot;&gt;"></iframe>` },
  { id: 'iframe-srcdoc-script', say: '`<iframe srcdoc>` with a script', body: (to) => `<iframe srcdoc="<script>new Image().src='https:'+'${to.slice(6)}'</script>"></iframe>` },
  { id: 'iframe-srcdoc-deep', say: '`<iframe srcdoc>` in a `srcdoc`', body: (to) => `<iframe srcdoc="<iframe srcdoc='<img src=${to}>'></iframe>"></iframe>` },
  { id: 'iframe-data', say: '`<iframe src=data:>` with an image', body: (to) => `<iframe src="data:text/html,<img src='${to}'>"></iframe>` },
  { id: 'iframe-data-base64', say: '`<iframe src=data:>` in base64', body: (to) => `<iframe src="data:text/html;base64,${Buffer.from(image(to)).toString('base64')}"></iframe>` },
  { id: 'iframe-data-script', say: '`<iframe src=data:>` with a script', body: (to) => `<iframe src="data:text/html,<script>new Image().src='https:'%2B'${to.slice(6)}'</script>"></iframe>` },
  { id: 'iframe-data-svg', say: '`<iframe src=data:>` with SVG', body: (to) => `<iframe src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image width='9' height='9' href='${to}'/></svg>"></iframe>` },
  { id: 'iframe-javascript', say: '`<iframe src=javascript:>`', body: (to) => `<iframe src="javascript:'<img src=${to}>'"></iframe>` },
  { id: 'iframe-own', say: '`<iframe>` of an own page', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'text/html', body: (to) => `<!DOCTYPE html><title>x</title>${image(to)}` } },
  { id: 'iframe-own-svg', say: '`<iframe>` of an own SVG file', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'image/svg+xml', body: (to) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image width="9" height="9" href="${to}"/></svg>` } },
  { id: 'iframe-own-svg-script', say: '`<iframe>` of an own SVG file with a script', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'image/svg+xml', body: (to) => `<svg xmlns="http://www.w3.org/2000/svg"><script>fetch('https:'+'${to.slice(6)}')</script></svg>` } },
  { id: 'iframe-own-xhtml', say: '`<iframe>` of an own XHTML page', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'application/xhtml+xml', body: (to) => `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><img src="${to}"/></body></html>` } },
  { id: 'iframe-own-xml', say: '`<iframe>` of an own XML file', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'application/xml', body: (to) => `<r xmlns:h="http://www.w3.org/1999/xhtml"><h:img src="${to}"/></r>` } },
  { id: 'iframe-own-sniffed', say: '`<iframe>` of an own page without a content type', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { body: (to) => `<!DOCTYPE html><title>x</title>${image(to)}` } },
  { id: 'object-data', say: '`<object data>`', body: (to) => `<object data="${to}"></object>` },
  { id: 'object-html', say: '`<object type=text/html data>`', body: (to) => `<object type="text/html" data="${to}"></object>` },
  { id: 'object-own-svg', say: '`<object>` of an own SVG file', body: (_to, own) => `<object data="${own}"></object>`, own: { type: 'image/svg+xml', body: (to) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image width="9" height="9" href="${to}"/></svg>` } },
  { id: 'embed-src', say: '`<embed src>`', body: (to) => `<embed src="${to}">` },
  { id: 'embed-html', say: '`<embed type=text/html src>`', body: (to) => `<embed type="text/html" src="${to}">` },
];

export const MEDIA = [
  { id: 'img-src', say: '`<img src>`', body: image },
  { id: 'img-lazy', say: '`<img loading=lazy src>`', body: (to) => `<img loading="lazy" src="${to}" alt="">` },
  { id: 'img-srcset', say: '`<img srcset>`', body: (to) => `<img srcset="${to} 1x, ${to}&x=2 2x" alt="">` },
  { id: 'img-attributionsrc', say: '`<img attributionsrc>`', body: (to) => `<img src="data:," attributionsrc="${to}" alt="">` },
  { id: 'image-src', say: '`<image src>`, which is an `img`', body: (to) => `<image src="${to}">` },
  { id: 'picture-source', say: '`<picture><source srcset>`', body: (to) => `<picture><source srcset="${to}"><img src="data:," alt=""></picture>` },
  { id: 'input-image', say: '`<input type=image src>`', body: (to) => `<input type="image" src="${to}" alt="x">` },
  { id: 'video-src', say: '`<video src>`', body: (to) => `<video src="${to}" preload="auto"></video>` },
  { id: 'video-poster', say: '`<video poster>`', body: (to) => `<video poster="${to}" preload="none"></video>` },
  { id: 'video-source', say: '`<video><source src>`', body: (to) => `<video preload="auto"><source src="${to}" type="video/webm"></video>` },
  { id: 'audio-src', say: '`<audio src>`', body: (to) => `<audio src="${to}" preload="auto"></audio>` },
  { id: 'audio-source', say: '`<audio><source src>`', body: (to) => `<audio preload="auto"><source src="${to}"></audio>` },
  { id: 'track-src', say: '`<track default src>`', body: (to) => `<video crossorigin><track default src="${to}" kind="captions" srclang="en" label="x"></video>` },
  { id: 'svg-image-href', say: '`<svg><image href>`', body: (to) => `<svg width="9" height="9"><image width="9" height="9" href="${to}"/></svg>` },
  { id: 'svg-image-xlink', say: '`<svg><image xlink:href>`', body: (to) => `<svg width="9" height="9"><image width="9" height="9" xlink:href="${to}"/></svg>` },
  { id: 'svg-use', say: '`<svg><use href>`', body: (to) => `<svg width="9" height="9"><use href="${to}#a"/></svg>` },
  { id: 'svg-feimage', say: '`<feImage href>`', body: (to) => drawn('filter="url(#f-feimage)"', `<filter id="f-feimage"><feImage href="${to}"/></filter>`) },
  { id: 'svg-mask', say: 'SVG attribute `mask`', body: (to) => drawn(`mask="url(${to}#m)"`) },
  { id: 'svg-filter', say: 'SVG attribute `filter`', body: (to) => drawn(`filter="url(${to}#f)"`) },
  { id: 'svg-fill', say: 'SVG attribute `fill`', body: (to) => drawn(`fill="url(${to}#p)"`) },
  { id: 'svg-clip-path', say: 'SVG attribute `clip-path`', body: (to) => drawn(`clip-path="url(${to}#c)"`) },
  { id: 'svg-marker', say: 'SVG attribute `marker-start`', body: (to) => `<svg width="9" height="9"><path d="M0 0L9 9" stroke="red" marker-start="url(${to}#m)"/></svg>` },
  { id: 'svg-cursor', say: 'SVG attribute `cursor`', body: (to) => drawn(`cursor="url(${to}),auto"`) },
  { id: 'smil-set', say: 'SMIL `<set attributeName=href>`', body: (to) => `<svg width="9" height="9"><image width="9" height="9"><set attributeName="href" to="${to}"/></image></svg>` },
  { id: 'smil-animate', say: 'SMIL `<animate values>`', body: (to) => `<svg width="9" height="9"><image width="9" height="9"><animate attributeName="href" values="${to};${to}&x=2" dur="1s" fill="freeze"/></image></svg>` },
  { id: 'body-background', say: '`<body background>`', attributes: (to) => `background="${to}"` },
  { id: 'table-background', say: '`<table background>`', body: (to) => `<table background="${to}"><tr><td>x</table>` },
  { id: 'td-background', say: '`<td background>`', body: (to) => `<table><tr><td background="${to}">x</table>` },
];

const link = (attributes) => (to) => `<link ${attributes} href="${to}">`;
export const LINKS = [
  { id: 'link-stylesheet', say: '`<link rel=stylesheet>`', head: link('rel="stylesheet"') },
  { id: 'link-alternate', say: '`<link rel="alternate stylesheet">`', head: link('rel="alternate stylesheet" title="x"') },
  { id: 'link-print', say: '`<link rel=stylesheet media=print>`', head: link('rel="stylesheet" media="print"') },
  { id: 'link-in-body', say: '`<link rel=stylesheet>` in the body', body: link('rel="stylesheet"') },
  { id: 'link-preload-script', say: '`<link rel=preload as=script>`', head: link('rel="preload" as="script"') },
  { id: 'link-preload-style', say: '`<link rel=preload as=style>`', head: link('rel="preload" as="style"') },
  { id: 'link-preload-image', say: '`<link rel=preload as=image>`', head: link('rel="preload" as="image"') },
  { id: 'link-preload-font', say: '`<link rel=preload as=font>`', head: link('rel="preload" as="font" crossorigin') },
  { id: 'link-preload-fetch', say: '`<link rel=preload as=fetch>`', head: link('rel="preload" as="fetch" crossorigin') },
  { id: 'link-imagesrcset', say: '`<link rel=preload imagesrcset>`', head: (to) => `<link rel="preload" as="image" imagesrcset="${to} 1x">` },
  { id: 'link-modulepreload', say: '`<link rel=modulepreload>`', head: link('rel="modulepreload"') },
  { id: 'link-prefetch', say: '`<link rel=prefetch>`', head: link('rel="prefetch"') },
  { id: 'link-prerender', say: '`<link rel=prerender>`', head: link('rel="prerender"') },
  { id: 'link-preconnect', say: '`<link rel=preconnect>`', head: link('rel="preconnect"') },
  { id: 'link-dns-prefetch', say: '`<link rel=dns-prefetch>`', head: link('rel="dns-prefetch"') },
  { id: 'link-icon', say: '`<link rel=icon>`', head: link('rel="icon"') },
  { id: 'link-manifest', say: '`<link rel=manifest>`', head: link('rel="manifest"') },
  { id: 'link-dictionary', say: '`<link rel=compression-dictionary>`', head: link('rel="compression-dictionary"') },
];

export const STYLES = [
  { id: 'css-import-url', say: '`@import url()`', head: (to) => `<style>@import url("${to}");</style>` },
  { id: 'css-import-string', say: '`@import ""`', head: (to) => `<style>@import "${to}" screen;</style>` },
  { id: 'css-import-layer', say: '`@import … layer() supports()`', head: (to) => `<style>@import url(${to}) layer(x) supports(display:block);</style>` },
  { id: 'css-url', say: '`background: url()`', body: (to) => sheet('css-url', (box) => `${box}{background:url(${to})}`) },
  { id: 'css-image-set', say: '`image-set("")`', body: (to) => sheet('css-image-set', (box) => `${box}{background-image:image-set("${to}" 1x)}`) },
  { id: 'css-webkit-image-set', say: '`-webkit-image-set(url())`', body: (to) => sheet('css-webkit-image-set', (box) => `${box}{background-image:-webkit-image-set(url(${to}) 1x)}`) },
  { id: 'css-cross-fade', say: '`-webkit-cross-fade()`', body: (to) => sheet('css-cross-fade', (box) => `${box}{background-image:-webkit-cross-fade(url(${to}),url(data:,),50%)}`) },
  { id: 'css-font-face', say: '`@font-face`', body: (to) => sheet('css-font-face', (box) => `@font-face{font-family:leak;src:url(${to})}${box}{font-family:leak}`) },
  { id: 'css-cursor', say: '`cursor`', body: (to) => sheet('css-cursor', (box) => `${box}{cursor:url(${to}),auto}`) },
  { id: 'css-list', say: '`list-style-image`', body: (to) => sheet('css-list', (box) => `${box}{display:list-item;list-style-image:url(${to})}`) },
  { id: 'css-border', say: '`border-image`', body: (to) => sheet('css-border', (box) => `${box}{border:5px solid;border-image:url(${to}) 5}`) },
  { id: 'css-content', say: '`content` of `::before`', body: (to) => sheet('css-content', (box) => `${box}::before{content:url(${to})}`) },
  { id: 'css-mask', say: '`mask-image`', body: (to) => sheet('css-mask', (box) => `${box}{mask-image:url(${to})}`) },
  { id: 'css-filter', say: '`filter: url()`', body: (to) => sheet('css-filter', (box) => `${box}{filter:url(${to}#f)}`) },
  { id: 'css-shape', say: '`shape-outside`', body: (to) => sheet('css-shape', (box) => `${box}{float:left;shape-outside:url(${to})}`) },
  { id: 'css-variable', say: 'a custom property', body: (to) => sheet('css-variable', (box) => `${box}{--leak:url(${to});background:var(--leak)}`) },
  { id: 'css-nested', say: 'nested in `@media` and `@supports`', body: (to) => sheet('css-nested', (box) => `@media all{@supports (display:block){${box}{&{background:url(${to})}}}}`) },
  { id: 'css-attribute', say: '`style` attribute', body: (to) => box(`background:url(${to})`) },
  { id: 'css-attribute-quoted', say: '`style` attribute, quoted by references', body: (to) => box(`background:url(&quot;${to}&quot;)`) },
  { id: 'css-escaped-function', say: '`\\75 rl()`', body: (to) => sheet('css-escaped-function', (box) => `${box}{background:\\75 rl(${to})}`) },
  { id: 'css-escaped-host', say: 'escapes in the address', body: (to) => sheet('css-escaped-host', (box) => `${box}{background:url(${to.replace('doubleclick', 'double\\63 lick')})}`) },
  { id: 'css-escaped-import', say: '`@\\69mport`', head: (to) => `<style>@\\69mport "${to}";</style>` },
  { id: 'css-comment', say: 'comments between', head: (to) => `<style>@import/**/"${to}"/**/;</style>` },
  { id: 'css-svg-style', say: '`<svg><style>`', body: (to) => `<svg width="9" height="9"><style>#box-css-svg-style{background:url(${to})}</style></svg><div id="box-css-svg-style">x</div>` },
  { id: 'css-data-sheet', say: '`<link href=data:text/css>`', head: (to) => `<link rel="stylesheet" href="data:text/css,@import%20%22${encodeURIComponent(to)}%22;">` },
  { id: 'css-own-import', say: 'own style sheet file, `@import`', head: (_to, own) => `<link rel="stylesheet" href="${own}">`, own: { type: 'text/css', body: (to) => `@import "${to}";` } },
  { id: 'css-own-url', say: 'own style sheet file, `url()`', head: (_to, own) => `<link rel="stylesheet" href="${own}">`, body: () => '<div id="box-css-own-url">x</div>', own: { type: 'text/css', body: (to) => `#box-css-own-url{background:url(${to})}` } },
  { id: 'css-own-font', say: 'own style sheet file, `@font-face`', head: (_to, own) => `<link rel="stylesheet" href="${own}">`, body: () => '<div style="font-family:leak-own">x</div>', own: { type: 'text/css', body: (to) => `@font-face{font-family:leak-own;src:url(${to})}` } },
  { id: 'shadow-declarative', say: 'declarative shadow root, image', body: (to) => `<div><template shadowrootmode="open">${image(to)}</template></div>` },
  { id: 'shadow-style', say: 'declarative shadow root, style', body: (to) => `<div><template shadowrootmode="open"><style>p{background:url(${to})}</style><p>x</p></template></div>` },
];

/** The address in another guise: what the browser makes of it is the same. */
const disguise = (id, say, change) => ({ id: `disguise-${id}`, say, body: (to) => `<img src="${change(to)}" alt="">` });
export const DISGUISES = [
  disguise('protocol-relative', 'without a scheme', (to) => to.slice('https:'.length)),
  disguise('case', 'mixed case', (to) => to.replace('https', 'HtTpS').replace('doubleclick.net', 'DoubleClick.NET')),
  disguise('dot', 'a dot after the host', (to) => to.replace('.net/', '.net./')),
  disguise('port', 'a port', (to) => to.replace('.net/', '.net:8443/')),
  disguise('references', 'character references', (to) => [...to].map((sign) => `&#${sign.charCodeAt(0)};`).join('')),
  disguise('references-open', 'references without semicolons, named ones', (to) => to.replace('://', '&colon;&sol;&#47').replace('.net', '&period;net')),
  disguise('percent', 'percent signs in the host', (to) => to.replace('doubleclick', '%64ouble%63lick')),
  disguise('tab', 'tab and newline in the address', (to) => to.replace('doubleclick', 'double\tcli\nck')),
  disguise('scheme-tab', 'a tab in the scheme', (to) => to.replace('https', 'ht&Tab;tps')),
  disguise('space', 'white space and controls around', (to) => ` &#1;\n${to}\n `),
  disguise('backslash', 'backslashes', (to) => to.replaceAll('/', '\\')),
  disguise('slashes', 'too many slashes', (to) => to.replace('//', '////')),
  disguise('slash', 'one slash', (to) => to.replace('//', '/')),
  disguise('no-slash', 'no slash', (to) => to.replace('//', '')),
  disguise('wide', 'full-width letters', (to) => to.replace('doubleclick', 'ｄｏｕｂｌｅｃｌｉｃｋ')),
  disguise('ideographic-dot', 'another full stop', (to) => to.replace('.net', '。net')),
  disguise('soft-hyphen', 'a soft hyphen in the host', (to) => to.replace('doubleclick', 'double\u00adclick')),
  disguise('user', 'a user before the host', (to) => to.replace('https://', 'https://www.example.com@')),
  disguise('user-password', 'user and password', (to) => to.replace('https://', 'https://a:b@')),
  { id: 'disguise-tag-case', say: 'tag and attribute in capitals', body: (to) => `<IMG SRC='${to}' ALT>` },
  { id: 'disguise-unquoted', say: 'no quotes', body: (to) => `<img alt src=${to}>` },
  { id: 'disguise-slash-attribute', say: 'a slash for a space', body: (to) => `<img/src="${to}"/alt>` },
  { id: 'disguise-newline-attribute', say: 'line breaks around the equals sign', body: (to) => `<img alt\n=''src\r\n=\n"${to}">` },
];

export const BROKEN = [
  { id: 'broken-twice', say: '`src` twice, the tracker first', body: (to) => `<img src="${to}" src="data:," alt="">` },
  { id: 'broken-twice-second', say: '`src` twice, the tracker second', body: (to) => `<img src="data:," src="${to}" alt="">` },
  { id: 'broken-no-space', say: 'no space between attributes', body: (to) => `<img alt="x"src="${to}">` },
  { id: 'broken-double-open', say: '`<<img`', body: (to) => `<<img src="${to}" alt="">` },
  { id: 'broken-in-tag', say: '`<p <img`', body: (to) => `<p <img src="${to}" alt="">x</p>` },
  { id: 'broken-comment-short', say: 'after `<!-->`', body: (to) => `<!-->${image(to)}<!-- -->` },
  { id: 'broken-comment-dash', say: 'after `<!--->`', body: (to) => `<!--->${image(to)}<!-- -->` },
  { id: 'broken-comment-bang', say: 'after `--!>`', body: (to) => `<!-- --!>${image(to)}<!-- -->` },
  { id: 'broken-cdata', say: 'after `<![CDATA[>`', body: (to) => `<![CDATA[>${image(to)}]]>` },
  { id: 'broken-processing', say: 'after `<?xml >`', body: (to) => `<?xml >${image(to)}` },
  { id: 'broken-end-tag', say: 'after `</ p>`', body: (to) => `</ p>${image(to)}` },
  { id: 'broken-noscript', say: '`noscript` closed inside an attribute', body: (to) => `<noscript><p title="</noscript>${image(to)}">x</p>` },
  { id: 'broken-svg-style', say: 'markup in `<svg><style>`', body: (to) => `<svg><style>${image(to)}</style></svg>` },
  { id: 'broken-svg-title', say: 'HTML in `<svg><title>`', body: (to) => `<svg><title>${image(to)}</title></svg>` },
  { id: 'broken-svg-foreign', say: 'HTML in `<foreignObject>`', body: (to) => `<svg width="9" height="9"><foreignObject width="9" height="9">${image(to)}</foreignObject></svg>` },
  { id: 'broken-svg-cdata', say: 'after CDATA in SVG', body: (to) => `<svg width="9" height="9"><![CDATA[<!-- ]]><image width="9" height="9" href="${to}"/></svg>` },
  { id: 'broken-math', say: 'HTML in `<math><mtext>`', body: (to) => `<math><mtext>${image(to)}</mtext></math>` },
  { id: 'broken-math-style', say: '`<math><style>` with markup', body: (to) => `<math><mtext><table><mglyph><style><!--</style>${image(to)}--></style></table></mtext></math>` },
  { id: 'broken-table', say: 'in a table, outside its cells', body: (to) => `<table>${image(to)}</table>` },
  { id: 'broken-select', say: 'in a `select`', body: (to) => `<select><option>${image(to)}</option></select>` },
  { id: 'broken-script-escape', say: 'after a script with `<!--<script>`', body: (to) => `<script>/*<!--<script></script>--></script>*/0</script>${image(to)}` },
  { id: 'raw-textarea', say: 'in a `textarea`', body: (to) => `<textarea>${image(to)}</textarea>` },
  { id: 'raw-xmp', say: 'in `xmp`', body: (to) => `<xmp>${image(to)}</xmp>` },
  { id: 'raw-noembed', say: 'in `noembed`', body: (to) => `<noembed>${image(to)}</noembed>` },
  { id: 'raw-template', say: 'in a `template` nobody uses', body: (to) => `<template>${image(to)}</template>` },
  { id: 'conditional-comment', say: 'conditional comment', body: (to) => `<!--[if IE]>${image(to)}<![endif]-->` },
  { id: 'conditional-comment-open', say: 'conditional comment for all others', body: (to) => `<!--[if !IE]><!-->${image(to)}<!--<![endif]-->` },
];

/** The page ends within the tag: browsers drop it, and nothing appended may complete it. */
export const BROKEN_END = { id: 'broken-end', say: 'a tag the page ends in', end: (to) => `<img src="${to}" alt=` };

/** Each leads somewhere when it is pressed; where to is shown in a frame of its own, so that the page stays. */
const sink = (id) => `<iframe name="sink-${id}"></iframe>`;
export const CLICKS = [
  { id: 'form-action', say: '`<form action>`, submitted', body: (to) => `${sink('form-action')}<form action="${to}" target="sink-form-action"><button data-click>x</button></form>` },
  { id: 'form-post', say: '`<form method=post action>`, submitted', body: (to) => `${sink('form-post')}<form method="post" action="${to}" target="sink-form-post"><input type="submit" data-click></form>` },
  { id: 'button-formaction', say: '`<button formaction>`', body: (to) => `${sink('button')}<form target="sink-button"><button formaction="${to}" data-click>x</button></form>` },
  { id: 'input-formaction', say: '`<input formaction>`', body: (to) => `${sink('input')}<form target="sink-input"><input type="submit" formaction="${to}" data-click></form>` },
  { id: 'a-ping', say: '`<a ping>`, clicked', body: (to) => `<a href="#ping" ping="${to}" data-click>x</a>` },
  { id: 'area-ping', say: '`<area ping>`, clicked', body: (to) => `<map name="leak"><area href="#ping" ping="${to}" shape="default" alt="x" data-click></map>` },
  { id: 'a-attributionsrc', say: '`<a attributionsrc>`, clicked', body: (to) => `<a href="#reported" attributionsrc="${to}" data-click>x</a>` },
  { id: 'a-javascript', say: '`<a href=javascript:>`, clicked', body: (to) => `<a href="javascript:void(new Image().src='${to}')" data-click>x</a>` },
  { id: 'onclick', say: '`onclick` attribute, clicked', body: (to) => `<button type="button" onclick="fetch('${to}')" data-click>x</button>` },
];

/** Nothing of these can stand beside another: they lead away, set the base of all addresses, or take the body. */
export const META_REFRESH = { id: 'meta-refresh', say: '`<meta http-equiv=refresh>`', head: (to) => `<meta http-equiv="refresh" content="0; url=${to}">` };
export const HEADER_REFRESH = { id: 'header-refresh', say: 'header `Refresh`', headers: (to) => ({ refresh: `0; url=${to}` }) };
export const BASE = { id: 'base-relative', say: '`<base>` and a relative address', head: (to) => `<base href="${new URL('/', to)}">`, body: (to) => image(to.slice(new URL('/', to).href.length)) };
export const FRAME = { id: 'frame-src', say: '`<frame src>`', frameset: (to) => `<frameset cols="*"><frame src="${to}"></frameset>` };

export const NOSCRIPT = [
  { id: 'noscript-img', say: '`<noscript><img>`, scripts off', body: (to) => `<noscript>${image(to)}</noscript>` },
  { id: 'noscript-iframe', say: '`<noscript><iframe>`, scripts off', body: (to) => `<noscript><iframe src="${to}"></iframe></noscript>` },
  { id: 'noscript-link', say: '`<noscript><link>` in the head, scripts off', head: (to) => `<noscript><link rel="stylesheet" href="${to}"></noscript>` },
  { id: 'noscript-style', say: '`<noscript><style>` in the head, scripts off', head: (to) => `<noscript><style>@import "${to}";</style></noscript>` },
];

export const HEADERS = [
  { id: 'header-preload', say: '`Link: rel=preload`', headers: (to) => ({ link: `<${to}>; rel=preload; as=image` }) },
  { id: 'header-preconnect', say: '`Link: rel=preconnect`', headers: (to) => ({ link: `<${to}>; rel="preconnect"` }) },
  { id: 'header-modulepreload', say: '`Link: rel=modulepreload`', headers: (to) => ({ link: `<${to}>; rel=modulepreload` }) },
  { id: 'header-prefetch', say: '`Link: rel=prefetch`', headers: (to) => ({ link: `<${to}>; rel=prefetch` }) },
  { id: 'header-stylesheet', say: '`Link: rel=stylesheet`', headers: (to) => ({ link: `<${to}>; rel=stylesheet` }) },
  { id: 'header-speculation', say: '`Speculation-Rules`', headers: (_to, own) => ({ 'speculation-rules': `"${own}"` }), own: { type: 'application/speculationrules+json', body: (to) => JSON.stringify({ prefetch: [{ source: 'list', urls: [to], eagerness: 'immediate' }] }) } },
  // An own image breaks the policy, so that there is something to report; the policy only reports, so that all else lives.
  { id: 'header-report-uri', say: 'CSP `report-uri`', headers: (to) => ({ 'content-security-policy-report-only': `img-src 'none'; report-uri ${to}` }), body: () => '<img src="/leak/empty.gif?csp" alt="">' },
  { id: 'header-report-to', say: 'CSP `report-to`, `Reporting-Endpoints`', headers: (to) => ({ 'reporting-endpoints': `leak="${to}"`, 'content-security-policy-report-only': "img-src 'none'; report-to leak" }) },
  { id: 'header-nel', say: '`NEL` and `Report-To`', headers: (to) => ({ nel: '{"report_to":"nel","max_age":60,"success_fraction":1}', 'report-to': JSON.stringify({ group: 'nel', max_age: 60, endpoints: [{ url: to }] }) }) },
  { id: 'redirect-img', say: 'own image, redirected to a tracker', body: (_to, own) => `<img src="${own}" alt="">`, own: { status: 302 } },
  { id: 'redirect-script', say: 'own script, redirected to a tracker', body: (_to, own) => `<script src="${own}"></script>`, own: { status: 307 } },
  { id: 'redirect-iframe', say: 'own frame, redirected to a tracker', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { status: 302 } },
  { id: 'refresh-iframe', say: 'own frame, header `Refresh`', body: (_to, own) => `<iframe src="${own}"></iframe>`, own: { type: 'text/html', headers: (to) => ({ refresh: `0; url=${to}` }), body: () => '<title>x</title>' } },
  { id: 'redirect-css', say: 'own style sheet, redirected to a tracker', head: (_to, own) => `<link rel="stylesheet" href="${own}">`, own: { status: 302 } },
  { id: 'header-link-css', say: 'own style sheet, header `Link: rel=preload`', head: (_to, own) => `<link rel="stylesheet" href="${own}">`, own: { type: 'text/css', headers: (to) => ({ link: `<${to}>; rel=preload; as=image` }), body: () => 'p{}' } },
];

/** Charsets in which the same letters are other bytes, and one in which a second byte can look like a backslash. */
const inCharset = (charset) => [
  { id: `${charset}-img`, say: `${charset}: \`<img src>\``, body: image },
  { id: `${charset}-script`, say: `${charset}: \`<script src>\``, body: (to) => `<script src="${to}"></script>` },
  { id: `${charset}-style`, say: `${charset}: \`<style>\``, head: (to) => `<style>@import "${to}";</style>` },
];
export const UTF_16 = inCharset('utf-16');
export const WINDOWS_1252 = inCharset('windows-1252');
export const SHIFT_JIS = inCharset('shift-jis');
