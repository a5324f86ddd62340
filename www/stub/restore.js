// Putting back what is held: the inverse of what the edge and the stub do to an element.

/** What is written in front of the name of an attribute that is held. */
export const PREFIX = 'data-postern-';

/** Puts every attribute back where it was; so the element starts. What another vendor holds is held again by the stub. */
export const restore = (element) => {
  const take = (name) => {
    const value = element.getAttribute(PREFIX + name);
    element.removeAttribute(PREFIX + name);
    return value;
  };
  take('need');
  take('vendor');
  const type = take('type');
  type ? element.setAttribute('type', type) : type == '' && element.removeAttribute('type');
  // The address that starts an element comes last, and a held frame's note goes before it.
  const source = take('src');
  for (const name of element.getAttributeNames()) {
    name.startsWith(PREFIX) && element.setAttribute(name.slice(PREFIX.length), take(name.slice(PREFIX.length)));
  }
  if (source != null) {
    element.localName == 'iframe' && element.removeAttribute('srcdoc');
    element.setAttribute('src', source);
  } else if (type != null) {
    // An inline script is started by what is put into it. Source: HTML standard, "children changed steps".
    element.append('');
  }
};
