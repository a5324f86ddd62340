// A window made inert: every way in which its scripts start a request by an element, by markup or by a style is held here,
// and traces of vendors are kept out. Run for the page's own window, and for each window without a stub of its own that its
// scripts can reach. Requests by code are guard.js's; what must be held is judge.js's.
import { guard } from './guard.js';
import { LOOKED_AT, bind, judges, lower, mark, replace, test } from './judge.js';
import { KEY, PREFIX } from './marks.js';
import { restore, trusted } from './restore.js';

/** A page in which scripts make more than this is broken or hostile; what stands in a document is found there anyway. */
const MADE_MAX = 500;

// Properties that start a request when set.
const PROPERTIES = 'Script.src Script.type IFrame.src IFrame.srcdoc Image.src Image.srcset Link.href Link.imageSrcset Embed.src Object.data Media.src Source.src Source.srcset Video.poster Track.src Input.src Input.formAction Button.formAction Form.action Anchor.ping Area.ping Body.background TableCell.background Frame.src Meta.content'.split(' ').map((pair) => pair.split('.'));
// Properties of styles that take an address.
const STYLES = 'background backgroundImage borderImage borderImageSource listStyle listStyleImage content cursor mask maskImage webkitMask webkitMaskImage shapeOutside'.split(' ');

const { stringify, parse } = JSON;
const split = bind(''.split);
const create = bind(Document.prototype.createElement);
const { getAttribute, removeAttribute, setAttribute } = Element.prototype;
const read = bind(getAttribute);
const write = bind(setAttribute);
const remove = bind(removeAttribute);
const namesOf = bind(Element.prototype.getAttributeNames);

/** By name of an attribute: the name without prefix, if it is looked at. */
const shorts = { __proto__: null };
const shortOf = (name) => (shorts[name] ??= test(LOOKED_AT, name) ? replace(lower(`${name}`), /^.*:/, '') : '');
const done = new WeakSet();
/** Shadow roots by host, since closed ones are found in no other way. */
const shadows = new WeakMap();
/** Elements by the object that stands for one of their attributes in SVG. */
const owners = new WeakMap();
/** What was written into a document and is not whole yet. */
const unfinished = new WeakMap();

/** What stands in a template: other elements' `content` is a text. */
const inside = (element) => element?.content?.querySelectorAll && element.content;

/** Adds everything held below `root` to `found`, in document order, in whatever tree or frame it stands. */
export const walk = (root, found) => {
  for (const element of root.querySelectorAll('*')) {
    if (element.hasAttribute(PREFIX + 'need')) found.add(element);
    else {
      try {
        const bridge = element.contentWindow?.[KEY];
        if (bridge) for (const held of bridge.held()) found.add(held);
        else if (element.contentDocument) walk(element.contentDocument, found);
      } catch {
        // A frame of another site.
      }
    }
    for (const inner of [shadows.get(element) || element.shadowRoot, inside(element)]) inner && walk(inner, found);
  }
};

/**
 * Makes a window inert. `shared` is guard.js's state, and {names, databases, deniedCookie, made, head}: tables, elements that are held
 * and were made by scripts, and what goes into a document that runs scripts.
 */
export const install = (realm, shared) => {
  if (done.has(realm.Document)) return;
  done.add(realm.Document);
  // An empty window lends itself to the page that comes into it. What that page's own stub lets pass is its affair.
  const state = realm == window ? shared : Object.create(shared, { granted: { get: () => (realm[KEY] ? 255 : shared.granted) } });
  const { denied, deniedRow, flush, queueUp, texts, wrap } = guard(realm, state);
  const { made } = state;
  const { ArrayBuffer, DOMException, Promise, XMLHttpRequest, trustedTypes } = realm;
  /** A value that the site trusts stays one; a text that is none is refused by the browser, as without us. */
  const asGiven = (given, markup) => (trustedTypes?.isHTML(given) ? trusted.createHTML(markup) : markup);
  /** The page's own code says what it needs; what it names that there is not, nobody can grant. */
  const deniedOwn = (get) => {
    const category = get?.(PREFIX + 'category');
    if (category == null) return;
    const need = { necessary: 1, functional: 2, analytics: 4, marketing: 8, social: 16 }[category.trim()] | 0;
    return !(need & state.granted) && [need];
  };
  const { clean, holdMarkup, judge, judgeText } = judges(deniedRow, deniedOwn, (address) => {
    try {
      if (!texts.get(address)?.type) return '';
      const request = new XMLHttpRequest();
      request.open('GET', address, false);
      request.send();
      return request.responseText;
    } catch {
      return '';
    }
  }, state.head);
  const keep = (element) => made.size < MADE_MAX && made.add(element);
  const of = (name) => realm[name]?.prototype;
  /** Wraps each of `Interface.name Interface.name`. */
  const on = (list, act, part) => {
    for (const item of split(list, ' ')) {
      const [owner, name] = split(item, '.');
      wrap(of(owner), name, act, part);
    }
  };

  // Elements.

  /** Keeps a value in a data attribute, where nothing loads it. */
  const hold = (element, name, value, verdict) => {
    // An address that the browser would refuse for want of trust is not kept either.
    if (element.localName == 'script' && name == 'src') write(create(document, 'script'), name, value);
    mark(element.localName, name, value, verdict, (name) => read(element, name), (key, text) =>
      write(element, key, key == name ? asGiven(value, text) : text));
    if (verdict[0]) keep(element);
  };
  /** Forgets a value that another has come in place of, and puts back what else the element was. */
  const free = (element, name) => {
    if (read(element, PREFIX + name) == null) return;
    remove(element, PREFIX + name);
    restore(element);
  };
  const set = (element, given, value, proceed) => {
    const name = shortOf(given);
    if (!name) return proceed();
    const get = (name) => read(element, name);
    const verdict = judge(lower(`${element.localName}`), name, value, get);
    if (verdict) return void hold(element, name, value, verdict);
    if (verdict === null) free(element, name);
    if (name == 'type' && get(PREFIX + name) != null) return void write(element, PREFIX + name, value);
    return proceed();
  };
  for (const [name, property] of PROPERTIES) {
    const owner = of(`HTML${name}Element`);
    const attribute = PREFIX + lower(property);
    wrap(owner, property, (self, args, proceed) => read(self, attribute) ?? proceed(), 'get');
    wrap(owner, property, (self, args, proceed) => set(self, property, args[0], proceed), 'set');
  }
  for (const [name, index] of [['setAttribute', 0], ['setAttributeNS', 1]]) {
    on('Element.' + name, (self, args, proceed) => set(self, args.length > index ? (args[index] = `${args[index]}`) : '', args[index + 1], proceed));
  }
  on('Element.removeAttribute', (self, args, proceed) => {
    if (shortOf(args[0])) free(self, shortOf(args[0]));
    return proceed();
  });
  wrap(realm, 'Audio', (as, args, make) => {
    const [address] = args;
    if (!deniedRow(address)) return make();
    args.length = 0;
    const audio = make();
    audio.src = address;
    return audio;
  });
  on('SVGImageElement.href SVGScriptElement.href SVGUseElement.href SVGFEImageElement.href', (self, args, proceed) => {
    const found = proceed();
    owners.set(found, self);
    return found;
  }, 'get');
  on('SVGAnimatedString.baseVal', (self, args, proceed) =>
    owners.has(self) ? set(owners.get(self), 'href', args[0], proceed) : proceed(), 'set');
  // An attribute is judged where it comes to stand.
  on('Element.setAttributeNode Element.setAttributeNodeNS NamedNodeMap.setNamedItem NamedNodeMap.setNamedItemNS', (self, args, proceed) => {
    const [node] = args;
    const value = node?.value;
    if (!value || !(deniedRow(value) || clean(value))) return proceed();
    node.value = '';
    const before = proceed();
    node.value = value;
    return before;
  });

  // Texts of style sheets and scripts.

  const setText = (element, args, index, proceed) => {
    const name = element?.localName;
    if (name == 'style' || name == 'script') {
      const verdict = judgeText(name, `${args[index]}`, element.type, (name) => read(element, name));
      if (verdict) {
        hold(element, name == 'style' ? 'text' : '', args[index], [verdict[0]]);
        if (name == 'style') args[index] = verdict[1];
      }
    }
    return proceed();
  };
  const setNodeText = (self, args, proceed) =>
    self.ownerElement ? set(self.ownerElement, self.name, args[0], proceed) : setText(self.localName ? self : self.parentNode, args, 0, proceed);
  for (const name of ['value', 'nodeValue', 'textContent', 'data', 'innerText', 'text']) {
    on(`Attr.${name} Node.${name} CharacterData.${name} HTMLElement.${name} HTMLScriptElement.${name}`, setNodeText, 'set');
  }
  on('Node.appendChild Node.insertBefore Element.append Element.prepend', (self, args, proceed) => {
    const name = self.localName;
    if (name == 'style' || name == 'script') {
      for (let index = 0; index < args.length; index += 1) {
        const node = args[index];
        const text = [node?.data ?? node];
        setText(self, text, 0, () => {
          if (!node?.data) args[index] = text[0];
          else if (node.data != text[0]) node.data = text[0];
        });
      }
    }
    const result = proceed();
    // Its window exists from now on.
    for (const node of args) if (node?.localName == 'iframe') node.contentWindow;
    return result;
  });

  /** May it start now? What is written on it says what it needs, and by whom; else its addresses say the rest. */
  const isMet = (element) => {
    const need = `${read(element, PREFIX + 'need')}`;
    // What has started before has none; what nobody can read is never met.
    if (!test(/^[1-9a-f][\da-f]?( [1-9a-f][\da-f]?)*$/, need)) return false;
    const needs = split(need, ' ');
    const ids = split(read(element, PREFIX + 'vendor') || '', ' ');
    let isMet = true;
    for (let index = 0; index < needs.length; index += 1) {
      let isGranted = parseInt(needs[index], 16) & state.granted;
      for (const [, , id] of state.urls) isGranted ||= id && id == ids[index];
      isMet &&= isGranted;
    }
    if (isMet || ids[0]) return !!isMet;
    // A script of the page's made it, so nobody is named: its address must be that of a vendor granted by itself.
    let isSingle;
    for (const name of namesOf(element)) {
      const owner = replace(name, PREFIX, '') != name && deniedRow(read(element, name), 0);
      if (owner && !owner[2] && !(owner[0] & state.granted)) return false;
      isSingle ||= owner?.[2];
    }
    return !!isSingle;
  };

  // Markup.

  const collect = (root) => {
    for (const element of root.querySelectorAll(`template,[${PREFIX}need]`)) {
      if (inside(element)) collect(element.content);
      // The edge has held it before a choice, and it comes after that.
      else if (isMet(element)) restore(element);
      else if (!element.isConnected) keep(element);
    }
  };
  const sink = (index) => (self, args, proceed) => {
    const given = args[index];
    if (test(/^(style|script)$/, self?.localName)) return setText(self, args, index, proceed);
    const text = `${given}`;
    const [markup, row] = holdMarkup(text);
    if (markup != text) args[index] = asGiven(given, markup);
    const isMarked = row || test(/data-postern-need/, text);
    const root = isMarked && (inside(self) || self?.getRootNode?.());
    const result = proceed();
    if (isMarked) collect(result?.querySelectorAll ? result : root);
    if (self?.isConnected && test(/<iframe/i, text)) for (const frame of realm.document.querySelectorAll('iframe')) frame.contentWindow;
    return result;
  };
  on('Element.innerHTML Element.outerHTML ShadowRoot.innerHTML', sink(0), 'set');
  on('Element.setHTMLUnsafe ShadowRoot.setHTMLUnsafe Range.createContextualFragment DOMParser.parseFromString', sink(0));
  on('Element.insertAdjacentHTML', sink(1));
  on('Document.execCommand', sink(2));
  wrap(realm.Document, 'parseHTMLUnsafe', sink(0));
  for (const name of ['write', 'writeln']) {
    on('Document.' + name, (self, args, proceed) => {
      let text = unfinished.get(self) || '';
      let given = args[0];
      for (const part of args) {
        if (!trustedTypes?.isHTML(part)) given = part;
        text += part;
      }
      const [markup, , rest] = holdMarkup(name == 'write' ? text : text + '\n', 1);
      args.length = 1;
      args[0] = asGiven(given, markup);
      proceed();
      unfinished.set(self, rest);
    });
  }
  on('Element.attachShadow', (self, args, proceed) => {
    const root = proceed();
    shadows.set(self, root);
    return root;
  });

  // Styles, and interfaces that are given addresses among other things.

  const cleaned = (index, isReplayed) => function again(self, args, proceed) {
    const value = args[index];
    let verdict;
    try {
      const isText = value === `${value}`;
      verdict = value && !ArrayBuffer.isView(value) && clean(isText ? value : stringify(value));
      if (verdict) args[index] = isText ? verdict[1] : parse(verdict[1]);
    } catch {
      // Nothing that can be written down.
    }
    const result = proceed();
    if (verdict && isReplayed) {
      queueUp(verdict[0], () => {
        args[index] = value;
        // A rule comes back behind the one that stands for it.
        if (self.cssRules) args[1] = (args[1] | 0) + 1;
        again(self, args, proceed);
      });
    }
    return result;
  };
  on('CSSStyleSheet.insertRule CSSGroupingRule.insertRule CSSStyleSheet.replace CSSStyleSheet.replaceSync Element.animate', cleaned(0, 1));
  on('CSSStyleDeclaration.setProperty', cleaned(1, 1));
  on('CSSStyleDeclaration.cssText HTMLElement.style SVGElement.style', cleaned(0, 1), 'set');
  on('CredentialsContainer.get RTCPeerConnection.setConfiguration', cleaned(0));
  wrap(realm.CSSStyleValue, 'parse', cleaned(1));
  wrap(realm, 'FontFace', cleaned(1));
  for (const name of ['PaymentRequest', 'RTCPeerConnection']) wrap(realm, name, cleaned(0));
  const declaration = of('CSSStyleDeclaration');
  const declared = of('CSSStyleProperties') || of('CSS2Properties') || declaration;
  const getProperty = bind(declaration.getPropertyValue);
  const setProperty = bind(declaration.setProperty);
  for (const property of STYLES) {
    const name = replace(property, /[A-Z]|^webkit/g, (part) => '-' + lower(part));
    for (const spelled of [property, name]) {
      if (spelled in declared) wrap(declared, spelled, cleaned(0, 1), 'set');
      // Where the engine has no accessor, one of ours comes before what it does instead.
      else {
        Object.defineProperty(declared, spelled, {
          configurable: true,
          enumerable: true,
          get() { return getProperty(this, name); },
          set(value) { setProperty(this, name, value); },
        });
      }
    }
  }
  on('Worklet.addModule', (self, args, proceed) => {
    const verdict = judge('script', 'src', args[0]);
    return verdict ? (queueUp(verdict[0], proceed), Promise.resolve()) : proceed();
  });

  // Windows that scripts reach from here.

  const enter = (found) => {
    try {
      const other = found.defaultView || found;
      if (!other[KEY]) install(other, shared);
    } catch {
      // Of another site, or none.
    }
    return found;
  };
  for (const name of ['contentWindow', 'contentDocument']) {
    on(`HTMLIFrameElement.${name} HTMLFrameElement.${name} HTMLObjectElement.${name}`, (self, args, proceed) => enter(proceed()), 'get');
  }
  wrap(realm, 'open', (self, args, proceed) => {
    // Into a frame it is no navigation of the visitor's.
    if (args[1] && realm.frames[args[1]] && deniedRow(args[0])) return null;
    const opened = proceed();
    return !args[0] || test(/^about:/, args[0]) ? enter(opened) : opened;
  });

  // Identifiers.

  on('Document.cookie', (self, [text], proceed) => state.deniedCookie(denied, `${text}`) || proceed(), 'set');
  on('CookieStore.set', (self, [name, value], proceed) =>
    state.deniedCookie(denied, `${name?.name ?? name}=${name?.value ?? value}`) ? Promise.resolve() : proceed());
  on('Storage.setItem', (self, [key], proceed) => (denied(state.names, key) ? undefined : proceed()));
  on('IDBFactory.open', (self, [name], proceed) => {
    if (denied(state.databases, name)) throw new DOMException('held until consent', 'SecurityError');
    return proceed();
  });
  return { denied, flush, isMet };
};
