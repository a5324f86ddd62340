// Ways in which a script of the page starts a request. Each is {id, say, run}; `run(to, place, own)` is sent to the
// browser as text, so it stands on nothing but its arguments: the way's address at a vendor, an element of its own in
// the body, and the origin's file of this way. A way throws or fails as it likes: only the request counts.

/** An element of that name with these properties, in the page. */
const made = (name, property, more = '') =>
  new Function('to', 'place', `const made = document.createElement('${name}'); ${more} made.${property} = to; place.append(made);`);
const marked = (act) => new Function('to', 'place', `const img = new Image(); ${act}; place.append(img);`);
const markup = '`<img src="${to}">`';
const parsed = (act) => new Function('to', 'place', `const html = ${markup}; ${act}`);
const styled = (act) => new Function('to', 'place', `const box = document.createElement('p'); box.textContent = 'x'; place.append(box); ${act}`);
const framed = (act) => new Function('to', 'place', `const frame = document.createElement('iframe'); place.append(frame); const other = frame.contentWindow; ${act}`);
const worked = (code) => `URL.createObjectURL(new Blob([${code}], { type: 'text/javascript' }))`;
const script = (code) => new Function('to', 'place', 'own', code);

export const ELEMENTS = [
  { id: 'js-script', say: '`script.src`', run: made('script', 'src') },
  { id: 'js-script-module', say: '`script.src` of a module', run: made('script', 'src', 'made.type = "module";') },
  { id: 'js-script-prepended', say: '`script.src` after it is in the page', run: script('const made = document.createElement("script"); place.append(made); made.src = to;') },
  { id: 'js-script-svg', say: 'SVG `script.href.baseVal`', run: script('const made = document.createElementNS("http://www.w3.org/2000/svg", "script"); made.href.baseVal = to; const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); svg.append(made); place.append(svg);') },
  { id: 'js-script-text', say: 'inline `script` with `import()`', run: script('const made = document.createElement("script"); made.text = `import("${to}").catch(() => {})`; place.append(made);') },
  { id: 'js-script-text-module', say: 'inline module with `import`', run: script('const made = document.createElement("script"); made.type = "module"; made.text = `import "${to}"`; place.append(made);') },
  { id: 'js-script-blob', say: 'module of a blob with `import`', run: script(`const made = document.createElement("script"); made.type = "module"; made.src = ${worked('`import "${to}"`')}; place.append(made);`) },
  { id: 'js-speculation', say: '`script type=speculationrules`', run: script('const made = document.createElement("script"); made.type = "speculationrules"; made.textContent = JSON.stringify({ prefetch: [{ source: "list", urls: [to], eagerness: "immediate" }] }); place.append(made);') },
  { id: 'js-img', say: '`img.src`', run: made('img', 'src') },
  { id: 'js-img-srcset', say: '`img.srcset`', run: made('img', 'srcset') },
  { id: 'js-img-detached', say: '`new Image().src`, never in the page', run: script('window.kept = [...(window.kept || []), Object.assign(new Image(), { src: to })];') },
  { id: 'js-img-attributionsrc', say: '`img.attributionSrc`', run: made('img', 'attributionSrc') },
  { id: 'js-picture', say: '`source.srcset` in a picture', run: script('const source = document.createElement("source"); source.srcset = to; const picture = document.createElement("picture"); picture.append(source, new Image()); place.append(picture);') },
  { id: 'js-iframe', say: '`iframe.src`', run: made('iframe', 'src') },
  { id: 'js-iframe-srcdoc', say: '`iframe.srcdoc` with an image', run: script('const made = document.createElement("iframe"); made.srcdoc = `<img src="${to}">`; place.append(made);') },
  { id: 'js-iframe-srcdoc-script', say: '`iframe.srcdoc` with a script', run: script('const made = document.createElement("iframe"); made.srcdoc = `<script>fetch("https:" + "${to.slice(6)}")<\\/script>`; place.append(made);') },
  { id: 'js-iframe-srcdoc-attribute', say: '`setAttribute("srcdoc")`', run: script('const made = document.createElement("iframe"); made.setAttribute("srcdoc", `<img src="${to}">`); place.append(made);') },
  { id: 'js-iframe-data', say: '`iframe.src` with `data:`', run: script('const made = document.createElement("iframe"); made.src = `data:text/html,<img src="${to}">`; place.append(made);') },
  { id: 'js-iframe-blob', say: '`iframe.src` with `blob:`', run: script('const made = document.createElement("iframe"); made.src = URL.createObjectURL(new Blob([`<img src="${to}">`], { type: "text/html" })); place.append(made);') },
  { id: 'js-iframe-data-script', say: '`iframe.src` with `data:` and a script', run: script('const made = document.createElement("iframe"); made.src = `data:text/html,<script>fetch("https:/" + "${to.slice(7)}")<\\/script>`; place.append(made);') },
  { id: 'js-iframe-blob-script', say: '`iframe.src` with `blob:` and a script', run: script('const made = document.createElement("iframe"); made.src = URL.createObjectURL(new Blob([`<script>fetch("https:/" + "${to.slice(7)}")<\\/script>`], { type: "text/html" })); place.append(made);') },
  { id: 'js-iframe-javascript', say: '`iframe.src` with `javascript:`', run: script('const made = document.createElement("iframe"); made.src = `javascript:\'<img src=${to}>\'`; place.append(made);') },
  { id: 'js-embed', say: '`embed.src`', run: made('embed', 'src') },
  { id: 'js-object', say: '`object.data`', run: made('object', 'data') },
  { id: 'js-input', say: '`input.src`', run: made('input', 'src', 'made.type = "image";') },
  { id: 'js-video', say: '`video.src`', run: made('video', 'src', 'made.preload = "auto";') },
  { id: 'js-video-poster', say: '`video.poster`', run: made('video', 'poster') },
  { id: 'js-video-source', say: '`source.src` in a video', run: script('const source = document.createElement("source"); source.src = to; const video = document.createElement("video"); video.preload = "auto"; video.append(source); place.append(video);') },
  { id: 'js-audio', say: '`audio.src`', run: made('audio', 'src', 'made.preload = "auto";') },
  { id: 'js-new-audio', say: '`new Audio()`', run: script('window.heard = new Audio(to);') },
  { id: 'js-track', say: '`track.src`', run: script('const track = document.createElement("track"); track.default = true; track.src = to; const video = document.createElement("video"); video.crossOrigin = ""; video.append(track); place.append(video);') },
  { id: 'js-link-stylesheet', say: '`link.href`, stylesheet', run: made('link', 'href', 'made.rel = "stylesheet";') },
  { id: 'js-link-rel-last', say: '`link.rel` after `href`', run: script('const made = document.createElement("link"); made.href = to; place.append(made); made.rel = "stylesheet";') },
  { id: 'js-link-preload', say: '`link.href`, preload', run: made('link', 'href', 'made.rel = "preload"; made.as = "image";') },
  { id: 'js-link-imagesrcset', say: '`link.imageSrcset`', run: made('link', 'imageSrcset', 'made.rel = "preload"; made.as = "image";') },
  { id: 'js-link-modulepreload', say: '`link.href`, modulepreload', run: made('link', 'href', 'made.rel = "modulepreload";') },
  { id: 'js-link-prefetch', say: '`link.href`, prefetch', run: made('link', 'href', 'made.rel = "prefetch";') },
  { id: 'js-link-preconnect', say: '`link.href`, preconnect', run: made('link', 'href', 'made.rel = "preconnect";') },
  { id: 'js-link-icon', say: '`link.href`, icon', run: made('link', 'href', 'made.rel = "icon";') },
  { id: 'js-body-background', say: '`body.background`', run: script('document.body.background = to;') },
  { id: 'js-table-background', say: '`setAttribute("background")` of a table', run: script('const made = document.createElement("table"); made.setAttribute("background", to); made.insertRow().insertCell().textContent = "x"; place.append(made);') },
  { id: 'js-svg-image', say: 'SVG `image`, `setAttribute("href")`', run: script('const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); const image = document.createElementNS(svg.namespaceURI, "image"); image.setAttribute("width", 9); image.setAttribute("height", 9); image.setAttribute("href", to); svg.append(image); place.append(svg);') },
  { id: 'js-svg-image-ns', say: 'SVG `image`, `setAttributeNS(xlink)`', run: script('const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); const image = document.createElementNS(svg.namespaceURI, "image"); image.setAttribute("width", 9); image.setAttribute("height", 9); image.setAttributeNS("http://www.w3.org/1999/xlink", "xlink:href", to); svg.append(image); place.append(svg);') },
  { id: 'js-svg-image-prefix', say: 'SVG `image`, `setAttributeNS` with another prefix', run: script('const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); const image = document.createElementNS(svg.namespaceURI, "image"); image.setAttribute("width", 9); image.setAttribute("height", 9); image.setAttributeNS("http://www.w3.org/1999/xlink", "x:href", to); svg.append(image); place.append(svg);') },
  { id: 'js-svg-image-baseval', say: 'SVG `image.href.baseVal`', run: script('const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); const image = document.createElementNS(svg.namespaceURI, "image"); image.setAttribute("width", 9); image.setAttribute("height", 9); svg.append(image); place.append(svg); image.href.baseVal = to;') },
  { id: 'js-svg-feimage', say: 'SVG `feImage`', run: script('place.innerHTML = `<svg width="9" height="9"><filter id="f-${place.id}"><feImage/></filter><rect width="9" height="9" filter="url(#f-${place.id})"/></svg>`; place.querySelector("feImage").setAttribute("href", to);') },
  { id: 'js-svg-mask', say: 'SVG `setAttribute("mask")`', run: script('place.innerHTML = `<svg width="9" height="9"><rect width="9" height="9"/></svg>`; place.querySelector("rect").setAttribute("mask", `url(${to}#m)`);') },
  { id: 'js-smil', say: 'SMIL `set`, `setAttribute("to")`', run: script('place.innerHTML = `<svg width="9" height="9"><image width="9" height="9"><set attributeName="href"/></image></svg>`; place.querySelector("set").setAttribute("to", to);') },
];

export const ATTRIBUTES = [
  { id: 'js-set-attribute', say: '`setAttribute("src")`', run: marked('img.setAttribute("src", to)') },
  { id: 'js-set-attribute-case', say: '`setAttribute("SRC")`', run: marked('img.setAttribute("SRC", to)') },
  { id: 'js-set-attribute-ns', say: '`setAttributeNS(null, "src")`', run: marked('img.setAttributeNS(null, "src", to)') },
  { id: 'js-set-attribute-object', say: '`setAttribute` of an object', run: marked('img.setAttribute("src", { toString: () => to })') },
  { id: 'js-attribute-node', say: '`setAttributeNode`', run: marked('const attribute = document.createAttribute("src"); attribute.value = to; img.setAttributeNode(attribute)') },
  { id: 'js-attribute-node-ns', say: '`setAttributeNodeNS`', run: marked('const attribute = document.createAttribute("src"); attribute.value = to; img.setAttributeNodeNS(attribute)') },
  { id: 'js-named-item', say: '`attributes.setNamedItem`', run: marked('const attribute = document.createAttribute("src"); attribute.value = to; img.attributes.setNamedItem(attribute)') },
  { id: 'js-attr-value', say: '`attributes.src.value`', run: marked('img.src = "data:,"; img.attributes.src.value = to') },
  { id: 'js-attr-node-value', say: '`attributes.src.nodeValue`', run: marked('img.src = "data:,"; img.attributes.src.nodeValue = to') },
  { id: 'js-attr-text', say: '`attributes.src.textContent`', run: marked('img.src = "data:,"; img.attributes.src.textContent = to') },
  { id: 'js-attribute-moved', say: 'attribute moved from another element', run: marked('const other = document.createElement("b"); other.setAttribute("src", to); img.setAttributeNode(other.removeAttributeNode(other.attributes.src))') },
  { id: 'js-toggle-attribute', say: '`toggleAttribute("disabled")` of a style sheet', run: script('const made = document.createElement("link"); made.rel = "stylesheet"; made.toggleAttribute("disabled"); made.href = to; place.append(made); made.toggleAttribute("disabled");') },
  { id: 'js-setter-called', say: 'the setter, called on its own', run: marked('Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src").set.call(img, to)') },
  { id: 'js-held-clone', say: '`cloneNode` of what is held', run: script('const first = document.createElement("img"); first.src = to; place.append(first.cloneNode());') },
  { id: 'js-import-node', say: '`importNode` of what is held', run: script('const first = document.createElement("img"); first.src = to; place.append(document.importNode(first));') },
];

export const PARSED = [
  { id: 'js-inner-html', say: '`innerHTML`', run: parsed('place.innerHTML = html') },
  { id: 'js-outer-html', say: '`outerHTML`', run: parsed('place.append(document.createElement("p")); place.firstChild.outerHTML = html') },
  { id: 'js-insert-adjacent', say: '`insertAdjacentHTML`', run: parsed('place.insertAdjacentHTML("beforeend", html)') },
  { id: 'js-contextual-fragment', say: '`createContextualFragment`', run: parsed('place.append(document.createRange().createContextualFragment(html))') },
  { id: 'js-fragment-script', say: '`createContextualFragment` of a script', run: script('place.append(document.createRange().createContextualFragment(`<script src="${to}"><\\/script>`));') },
  { id: 'js-set-html-unsafe', say: '`setHTMLUnsafe`', run: parsed('place.setHTMLUnsafe(html)') },
  { id: 'js-set-html', say: '`setHTML`', run: parsed('place.setHTML(html)') },
  { id: 'js-parse-html-unsafe', say: '`Document.parseHTMLUnsafe`', run: parsed('place.append(Document.parseHTMLUnsafe(html).images[0])') },
  { id: 'js-dom-parser', say: '`DOMParser`', run: parsed('place.append(new DOMParser().parseFromString(html, "text/html").images[0])') },
  { id: 'js-dom-parser-xml', say: '`DOMParser` of XHTML', run: script('place.append(new DOMParser().parseFromString(`<img xmlns="http://www.w3.org/1999/xhtml" src="${to}"/>`, "application/xhtml+xml").documentElement);') },
  { id: 'js-template', say: '`template.innerHTML`, its content appended', run: parsed('const made = document.createElement("template"); made.innerHTML = html; place.append(made.content)') },
  { id: 'js-other-document', say: 'markup in a document of its own, adopted', run: parsed('const other = document.implementation.createHTMLDocument(); other.body.innerHTML = html; place.append(document.adoptNode(other.images[0]))') },
  { id: 'js-xhr-document', say: '`XMLHttpRequest.responseXML` of an own file', run: script('const request = new XMLHttpRequest(); request.open("GET", own); request.responseType = "document"; request.onload = () => place.append(request.response.images[0]); request.send();'), own: { type: 'text/plain', headers: () => ({ 'content-type': 'text/html' }), body: (to) => `<img src="${to}">` } },
  { id: 'js-xslt', say: '`XSLTProcessor`', run: script('const sheet = new DOMParser().parseFromString(`<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><img src="${to}"/></xsl:template></xsl:stylesheet>`, "text/xml"); const processor = new XSLTProcessor(); processor.importStylesheet(sheet); place.append(processor.transformToFragment(sheet, document));') },
  { id: 'js-shadow', say: '`shadowRoot.innerHTML`', run: parsed('place.attachShadow({ mode: "open" }).innerHTML = html') },
  { id: 'js-shadow-unsafe', say: '`shadowRoot.setHTMLUnsafe`', run: parsed('place.attachShadow({ mode: "closed" }).setHTMLUnsafe(html)') },
  { id: 'js-declarative-shadow', say: '`setHTMLUnsafe` with a declarative shadow root', run: script('place.setHTMLUnsafe(`<div><template shadowrootmode="open"><img src="${to}"></template></div>`);') },
  { id: 'js-exec-command', say: '`execCommand("insertHTML")`', run: parsed('place.contentEditable = true; getSelection().selectAllChildren(place); document.execCommand("insertHTML", false, html)') },
  { id: 'js-markup-srcset', say: '`innerHTML` with `srcset` of two', run: script('place.innerHTML = `<img srcset="/leak/empty.gif 2x, ${to} 1x">`;') },
  { id: 'js-markup-style', say: '`innerHTML` with a `style` attribute', run: script('place.innerHTML = `<p style="background:url(${to})">x</p>`;') },
  { id: 'js-markup-sheet', say: '`innerHTML` with `<style>`', run: script('place.innerHTML = `<style>@import "${to}";</style>`;') },
  { id: 'js-markup-poster', say: '`innerHTML` with `poster`', run: script('place.innerHTML = `<video poster="${to}"></video>`;') },
  { id: 'js-markup-srcdoc', say: '`innerHTML` with `srcdoc`', run: script('place.innerHTML = `<iframe srcdoc="<img src=\'${to}\'>"></iframe>`;') },
  { id: 'js-markup-event', say: '`innerHTML` with `onerror`', run: script('place.innerHTML = `<img src="data:,x" onerror="this.onerror=null;fetch(\'${to}\')">`;') },
  { id: 'js-markup-nested', say: '`innerHTML` with a template in it', run: script('place.innerHTML = `<template><img src="${to}"></template>`; place.append(place.firstChild.content);') },
  { id: 'js-markup-svg', say: '`innerHTML` with SVG', run: script('place.innerHTML = `<svg width="9" height="9"><image width="9" height="9" xlink:href="${to}"/></svg>`;') },
  { id: 'js-fragment-of-edge', say: 'own fragment fetched and put in, as HTMX does', run: script('fetch(own).then((answer) => answer.text()).then((html) => { place.innerHTML = html; });'), own: { type: 'text/html', body: (to) => `<p>x</p><img src="${to}" alt="">` } },
];

export const STYLED = [
  { id: 'js-style-background', say: '`style.background`', run: styled('box.style.background = `url(${to})`;') },
  { id: 'js-style-image', say: '`style.backgroundImage`', run: styled('box.style.backgroundImage = `url("${to}")`;') },
  { id: 'js-style-property', say: '`style.setProperty`', run: styled('box.style.setProperty("background-image", `url(${to})`);') },
  { id: 'js-style-variable', say: '`style.setProperty` of a custom property', run: styled('box.style.background = "var(--leak)"; box.style.setProperty("--leak", `url(${to})`);') },
  { id: 'js-style-css-text', say: '`style.cssText`', run: styled('box.style.cssText = `background:url(${to})`;') },
  { id: 'js-style-assigned', say: '`element.style =`', run: styled('box.style = `background:url(${to})`;') },
  { id: 'js-style-attribute', say: '`setAttribute("style")`', run: styled('box.setAttribute("style", `background:url(${to})`);') },
  { id: 'js-style-map', say: '`attributeStyleMap.set`', run: styled('box.attributeStyleMap.set("background-image", CSSStyleValue.parse("background-image", `url(${to})`));') },
  { id: 'js-style-animate', say: '`element.animate`', run: styled('box.animate({ backgroundImage: [`url(${to})`, `url(${to})`] }, { duration: 60000 });') },
  { id: 'js-sheet-text', say: '`<style>`, `textContent` before it is in the page', run: styled('const sheet = document.createElement("style"); sheet.textContent = `@import "${to}";`; place.append(sheet);') },
  { id: 'js-sheet-text-late', say: '`<style>`, `textContent` in the page', run: styled('const sheet = document.createElement("style"); place.append(sheet); sheet.textContent = `@import "${to}";`;') },
  { id: 'js-sheet-node', say: '`<style>`, a text node appended', run: styled('const sheet = document.createElement("style"); place.append(sheet); sheet.append(document.createTextNode(`@import "${to}";`));') },
  { id: 'js-sheet-data', say: '`<style>`, `firstChild.data`', run: styled('const sheet = document.createElement("style"); sheet.textContent = "p{}"; place.append(sheet); sheet.firstChild.data = `@import "${to}";`;') },
  { id: 'js-sheet-inner', say: '`<style>`, `innerHTML`', run: styled('const sheet = document.createElement("style"); place.append(sheet); sheet.innerHTML = `@import "${to}";`;') },
  { id: 'js-insert-rule', say: '`insertRule`', run: styled('const sheet = document.createElement("style"); place.append(sheet); box.id = "rule-" + place.id; sheet.sheet.insertRule(`#${box.id}{background:url(${to})}`);') },
  { id: 'js-insert-rule-import', say: '`insertRule` of an `@import`', run: styled('const sheet = document.createElement("style"); place.append(sheet); sheet.sheet.insertRule(`@import "${to}";`);') },
  { id: 'js-rule-style', say: '`rule.style.background`', run: styled('const sheet = document.createElement("style"); box.id = "own-" + place.id; sheet.textContent = `#${box.id}{color:red}`; place.append(sheet); sheet.sheet.cssRules[0].style.background = `url(${to})`;') },
  { id: 'js-replace-sync', say: '`replaceSync`, `adoptedStyleSheets`', run: styled('const sheet = new CSSStyleSheet(); box.id = "sync-" + place.id; sheet.replaceSync(`#${box.id}{background:url(${to})}`); document.adoptedStyleSheets.push(sheet);') },
  { id: 'js-replace', say: '`replace`, `adoptedStyleSheets`', run: styled('const sheet = new CSSStyleSheet(); box.id = "async-" + place.id; sheet.replace(`#${box.id}{background:url(${to})}`); document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];') },
  { id: 'js-sheet-blob', say: '`link` to a blob with `@import`', run: styled('const made = document.createElement("link"); made.rel = "stylesheet"; made.href = URL.createObjectURL(new Blob([`@import "${to}";`], { type: "text/css" })); place.append(made);') },
  { id: 'js-sheet-data-url', say: '`link` to `data:` with `@import`', run: styled('const made = document.createElement("link"); made.rel = "stylesheet"; made.href = `data:text/css,@import "${to}";`; place.append(made);') },
  { id: 'js-font-face', say: '`new FontFace().load()`', run: styled('new FontFace("leak", `url(${to})`).load().catch(() => {});') },
  { id: 'js-font-rule', say: '`@font-face` in a made `<style>`', run: styled('const sheet = document.createElement("style"); sheet.textContent = `@font-face{font-family:${place.id};src:url(${to})}`; place.append(sheet); box.style.fontFamily = place.id;') },
];

export const NETWORK = [
  { id: 'js-fetch', say: '`fetch` of a string', run: script('fetch(to).catch(() => {});') },
  { id: 'js-fetch-url', say: '`fetch` of a `URL`', run: script('fetch(new URL(to)).catch(() => {});') },
  { id: 'js-fetch-request', say: '`fetch` of a `Request`', run: script('fetch(new Request(to, { method: "POST", body: "x" })).catch(() => {});') },
  { id: 'js-fetch-keepalive', say: '`fetch`, keepalive', run: script('fetch(to, { keepalive: true, method: "POST", body: "x" }).catch(() => {});') },
  { id: 'js-fetch-object', say: '`fetch` of an object that is a string', run: script('fetch({ toString: () => to }).catch(() => {});') },
  { id: 'js-fetch-later', say: '`fetchLater`', run: script('fetchLater(to, { activateAfter: 0 });') },
  { id: 'js-fetch-redirect', say: '`fetch` of an own address that redirects', run: script('fetch(own).catch(() => {});'), own: { status: 302 } },
  { id: 'js-xhr', say: '`XMLHttpRequest`', run: script('const request = new XMLHttpRequest(); request.open("POST", to); request.send("x");') },
  { id: 'js-xhr-sync', say: '`XMLHttpRequest`, synchronous', run: script('const request = new XMLHttpRequest(); request.open("GET", to, false); request.send();') },
  { id: 'js-xhr-get', say: '`XMLHttpRequest` of a `URL`', run: script('const request = new XMLHttpRequest(); request.open("GET", new URL(to)); request.send();') },
  { id: 'js-beacon', say: '`sendBeacon`', run: script('navigator.sendBeacon(to, "x");') },
  { id: 'js-websocket', say: '`new WebSocket`', run: script('new WebSocket(to.replace("https", "wss"));') },
  { id: 'js-websocket-https', say: '`new WebSocket` of an https address', run: script('new WebSocket(to);') },
  { id: 'js-websocket-stream', say: '`new WebSocketStream`', run: script('new WebSocketStream(to.replace("https", "wss"));') },
  { id: 'js-event-source', say: '`new EventSource`', run: script('new EventSource(to);') },
  { id: 'js-import', say: '`import()` in an own file', run: script('import(to).catch(() => {});') },
  { id: 'js-import-eval', say: '`import()` in `eval`', run: script('(0, eval)(`import("${to}").catch(() => {})`);') },
  { id: 'js-worker-fetch', say: 'worker of a blob, `fetch`', run: script(`new Worker(${worked('`fetch("${to}")`')});`) },
  { id: 'js-worker-import', say: 'worker of a blob, `importScripts`', run: script(`new Worker(${worked('`importScripts("${to}")`')});`) },
  { id: 'js-worker-module', say: 'module worker of a blob, `import`', run: script(`new Worker(${worked('`import "${to}"`')}, { type: "module" });`) },
  { id: 'js-worker-data', say: 'worker of `data:`, `fetch`', run: script('new Worker(`data:text/javascript,fetch("${to}")`);') },
  { id: 'js-worker-own', say: 'worker of an own file, `fetch`', run: script('new Worker(own);'), own: { type: 'text/javascript', body: (to) => `fetch("${to}");` } },
  { id: 'js-worker-nested', say: 'worker in a worker, `XMLHttpRequest`', run: script(`new Worker(${worked('`const code = "const r = new XMLHttpRequest(); r.open(\'GET\', \'${to}\'); r.send()"; new Worker(URL.createObjectURL(new Blob([code])))`')});`) },
  { id: 'js-worker-socket', say: 'worker of a blob, `WebSocket`', run: script(`new Worker(${worked('`new WebSocket("${to}")`')});`) },
  { id: 'js-shared-worker', say: 'shared worker of a blob, `fetch`', run: script(`new SharedWorker(${worked('`fetch("${to}")`')});`) },
  { id: 'js-service-worker', say: 'service worker of an own file, `fetch`', run: script('navigator.serviceWorker.register(`${own}&at=${performance.timeOrigin}`, { scope: "/leak/nowhere" + place.id });'), own: { type: 'text/javascript', headers: () => ({ 'service-worker-allowed': '/' }), body: (to) => `self.addEventListener("install", (event) => event.waitUntil(fetch("${to}").catch(() => {})));` } },
  { id: 'js-audio-worklet', say: '`audioWorklet.addModule`', run: script('new AudioContext().audioWorklet.addModule(to).catch(() => {});') },
  { id: 'js-paint-worklet', say: '`paintWorklet.addModule`', run: script('CSS.paintWorklet.addModule(to).catch(() => {});') },
  { id: 'js-worklet-blob', say: 'worklet of a blob with `import`', run: script(`new AudioContext().audioWorklet.addModule(${worked('`import "${to}"`')}).catch(() => {});`) },
  { id: 'js-web-transport', say: '`new WebTransport`', run: script('new WebTransport(to).ready.catch(() => {});') },
  { id: 'js-payment', say: '`new PaymentRequest` with a payment method’s address', run: script('new PaymentRequest([{ supportedMethods: to }], { total: { label: "x", amount: { currency: "EUR", value: "1" } } }).canMakePayment().catch(() => {});') },
  { id: 'js-credentials', say: '`credentials.get`, identity', alsoAsks: ['doubleclick.net'], run: script('navigator.credentials.get({ identity: { providers: [{ configURL: to, clientId: "x" }] } }).catch(() => {});') },
];

/** What a frame lends: it has its own natives, on which no hand was laid. */
export const REALMS = [
  { id: 'js-frame-fetch', say: '`fetch` of an empty frame', run: framed('other.fetch(to).catch(() => {});') },
  { id: 'js-frame-xhr', say: '`XMLHttpRequest` of an empty frame', run: framed('const request = new other.XMLHttpRequest(); request.open("GET", to); request.send();') },
  { id: 'js-frame-beacon', say: '`sendBeacon` of an empty frame', run: framed('other.navigator.sendBeacon(to);') },
  { id: 'js-frame-beacon-borrowed', say: '`sendBeacon` borrowed from an empty frame', run: framed('other.navigator.sendBeacon.call(navigator, to);') },
  { id: 'js-frame-image', say: '`Image` of an empty frame', run: framed('new other.Image().src = to;') },
  { id: 'js-frame-element', say: 'element made in an empty frame', run: framed('const made = other.document.createElement("img"); made.src = to; other.document.body.append(made);') },
  { id: 'js-frame-moved', say: 'element made in an empty frame, put into the page', run: framed('const made = other.document.createElement("script"); made.src = to; place.append(made);') },
  { id: 'js-frame-setter', say: 'setter borrowed from an empty frame', run: framed('const img = document.createElement("img"); Object.getOwnPropertyDescriptor(other.HTMLImageElement.prototype, "src").set.call(img, to); place.append(img);') },
  { id: 'js-frame-set-attribute', say: '`setAttribute` borrowed from an empty frame', run: framed('const img = document.createElement("img"); other.Element.prototype.setAttribute.call(img, "src", to); place.append(img);') },
  { id: 'js-frame-inner-html', say: '`innerHTML` in an empty frame', run: framed('other.document.body.innerHTML = `<img src="${to}">`;') },
  { id: 'js-frame-write', say: '`document.write` into an empty frame', run: framed('other.document.write(`<img src="${to}">`); other.document.close();') },
  { id: 'js-frame-write-script', say: '`document.write` of a script into an empty frame', run: framed('other.document.write(`<script>fetch("https:" + "${to.slice(6)}")<\\/script>`); other.document.close();') },
  { id: 'js-frame-script', say: 'inline script put into an empty frame', run: framed('const made = other.document.createElement("script"); made.text = `fetch("https:" + "${to.slice(6)}")`; other.document.body.append(made);') },
  { id: 'js-frame-eval', say: '`eval` of an empty frame', run: framed('other.eval(`fetch("${to}")`);') },
  { id: 'js-frame-early', say: '`fetch` of a frame with an own page, before it has come', run: script('const frame = document.createElement("iframe"); frame.src = own; place.append(frame); frame.contentWindow.fetch(to).catch(() => {});'), own: { type: 'text/html', body: () => '<!DOCTYPE html><title>x</title>' } },
  { id: 'js-frame-markup', say: '`fetch` of a frame made by `innerHTML`', run: script('place.innerHTML = "<iframe></iframe>"; place.firstChild.contentWindow.fetch(to).catch(() => {});') },
  { id: 'js-frame-number', say: '`fetch` of a frame made by `innerHTML`, as `window[0]`', run: script('place.innerHTML = "<iframe></iframe>"; window[window.length - 1].fetch(to).catch(() => {});') },
  { id: 'js-window-open-blank', say: '`fetch` of a window opened empty', run: script('window.open("", "leak-" + place.id, "popup").fetch(to).catch(() => {});') },
];

export const NAVIGATION = [
  { id: 'js-window-open', say: '`window.open`', run: script('window.open(to);') },
  { id: 'js-window-open-frame', say: '`window.open` into a frame', run: script('place.innerHTML = `<iframe name="in-${place.id}"></iframe>`; window.open(to, `in-${place.id}`);') },
  { id: 'js-frame-location', say: '`frame.contentWindow.location =`', run: script('place.innerHTML = "<iframe></iframe>"; place.firstChild.contentWindow.location = to;') },
  { id: 'js-frame-replace', say: '`frame.contentWindow.location.replace`', run: script('place.innerHTML = "<iframe></iframe>"; place.firstChild.contentWindow.location.replace(to);') },
  { id: 'js-a-click', say: '`a.click()`, into a frame', run: script('place.innerHTML = `<iframe name="in-${place.id}"></iframe><a target="in-${place.id}">x</a>`; place.lastChild.href = to; place.lastChild.click();') },
  { id: 'js-a-ping', say: '`a.ping`, `a.click()`', run: script('const made = document.createElement("a"); made.href = "#js-ping"; made.ping = to; place.append(made); made.click();') },
  { id: 'js-form-submit', say: '`form.submit()`', run: script('place.innerHTML = `<iframe name="in-${place.id}"></iframe><form target="in-${place.id}"></form>`; place.lastChild.action = to; place.lastChild.submit();') },
  { id: 'js-form-request', say: '`form.requestSubmit()`', run: script('place.innerHTML = `<iframe name="in-${place.id}"></iframe><form target="in-${place.id}"></form>`; place.lastChild.setAttribute("action", to); place.lastChild.requestSubmit();') },
  { id: 'js-form-action', say: '`button.formAction`, clicked', run: script('place.innerHTML = `<iframe name="in-${place.id}"></iframe><form target="in-${place.id}"><button>x</button></form>`; const button = place.querySelector("button"); button.formAction = to; button.click();') },
];

/** Each leads the page itself away; a vendor that answers 204 leaves it where it is. */
export const LOCATION = { id: 'js-location', say: '`location =`', run: script('location = to;') };
export const NAVIGATE = { id: 'js-navigate', say: '`navigation.navigate`', run: script('navigation.navigate(to);') };
export const REFRESH = { id: 'js-meta-refresh', say: 'a made `<meta http-equiv=refresh>`', run: script('const made = document.createElement("meta"); made.httpEquiv = "refresh"; made.content = `0;url=${to}`; document.head.append(made);') };
/** The base of all addresses moves. */
export const BASES = [{ id: 'js-base', say: 'a made `<base>` and a relative address', run: script('const made = document.createElement("base"); made.href = new URL("/", to); document.head.append(made); place.append(Object.assign(new Image(), { src: to.slice(new URL("/", to).href.length) }));') }];

export const WRITES = [
  { id: 'js-write', say: '`document.write`', run: parsed('document.write(html)') },
  { id: 'js-writeln', say: '`document.writeln`', run: parsed('document.writeln(html)') },
  { id: 'js-write-split', say: '`document.write` in pieces', run: script('document.write("<im"); document.write(`g src="${to}">`);') },
  { id: 'js-write-script', say: '`document.write` of a script', run: script('document.write(`<script src="${to}"><\\/script>`);') },
];
/** After the page has come it begins a new one. */
export const WRITE_LATE = { id: 'js-write-late', say: '`document.write` after the page has come', run: parsed('document.open(); document.write(html); document.close()') };

/** Said when the page is left. */
export const LEAVING = [
  { id: 'js-hide-beacon', say: '`sendBeacon` on `pagehide`', run: script('addEventListener("pagehide", () => navigator.sendBeacon(to, "x"));') },
  { id: 'js-hide-fetch', say: '`fetch` with keepalive on `pagehide`', run: script('addEventListener("pagehide", () => fetch(to, { keepalive: true }));') },
  { id: 'js-hide-image', say: '`new Image` on `beforeunload`', run: script('addEventListener("beforeunload", () => { new Image().src = to; });') },
  { id: 'js-hide-later', say: '`fetchLater`, sent when the page is left', run: script('fetchLater(to);') },
];

/** Addresses on the site's own host: only the shape of path and query tells whose they are. */
export const FIRST_PARTY_BY_SCRIPT = [
  { kind: 'fetch', say: '`fetch`', run: script('fetch(to).catch(() => {});') },
  { kind: 'beacon', say: '`sendBeacon`', run: script('navigator.sendBeacon(to);') },
  { kind: 'xhr', say: '`XMLHttpRequest`', run: script('const request = new XMLHttpRequest(); request.open("GET", to); request.send();') },
  { kind: 'image', say: '`img.src`', run: made('img', 'src') },
  { kind: 'script', say: '`script.src`', run: made('script', 'src') },
];
