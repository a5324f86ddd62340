// Putting back what is held: the inverse of what the edge and the stub do to an element.

import { PREFIX } from './marks.js';

/**
 * Where the site asks for trusted values, what is put back has one: the page's own parser has read it before.
 * Without leave to make them everything stays held.
 */
let policy = { createHTML: (text) => text, createScriptURL: (text) => text, createScript: (text) => text };
try {
  policy = window.trustedTypes.createPolicy('postern', policy);
} catch {
  // A browser without trusted types, or a site that allows no more policies.
}
export const trusted = policy;

/** Puts every attribute back where it was; so the element starts. What another vendor holds is held again by the stub. */
export const restore = (element) => {
  const take = (name) => {
    const value = element.getAttribute(PREFIX + name);
    element.removeAttribute(PREFIX + name);
    return value;
  };
  // These begin anew: a frame that went on from what it shows now would be a step in the visitor's history, and Firefox looks at
  // a refresh and at a track only where they come to stand.
  const { parentNode, nextSibling } = element;
  const isAnew = element.matches('iframe,meta,track');
  if (isAnew) element.remove();
  take('need');
  take('vendor');
  const type = take('type');
  type ? element.setAttribute('type', type) : type == '' && element.removeAttribute('type');
  // A held frame goes by a name of ours and shows a note. The address that starts an element comes last.
  /^postern-held/.test(element.getAttribute('name')) && element.removeAttribute('name');
  const source = take('src');
  source != null && element.removeAttribute('srcdoc');
  for (const name of element.getAttributeNames()) {
    // What an element of the page's own is for stays on it.
    if (name.startsWith(PREFIX) && name != PREFIX + 'category') {
      const held = name.slice(PREFIX.length);
      const value = take(held);
      // A style sheet's text.
      if (held == 'text') element.prepend(value);
      else element.setAttribute(held, held == 'srcdoc' ? trusted.createHTML(value) : trusted.createScriptURL(value));
    }
  }
  if (source != null) {
    element.setAttribute('src', trusted.createScriptURL(source));
  } else if (type != null && element.localName == 'script') {
    // An inline script is started by what is put into it. Source: HTML standard, "children changed steps".
    element.textContent = trusted.createScript(element.textContent);
  }
  if (isAnew) parentNode?.insertBefore(element, nextSibling);
  // What has looked once and found nothing does not look again by itself.
  if (element.localName == 'source' && element.parentNode?.networkState == 3) element.parentNode.load();
  element.beginElement?.();
};
