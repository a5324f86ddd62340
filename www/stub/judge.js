// What of an element, a style sheet or a text of the page must be held: the same rules as the edge has in
// `crates/rewrite/src/html/rules.rs`. What it never does: change the page; `realm.js` does.
import { PREFIX } from './marks.js';

const { apply } = Reflect;
/** A method as a function, taken before a script of the page can put another in its place. */
export const bind = (method) => (self, first, second) => apply(method, self, [first, second]);
export const replace = bind(''.replace);
export const lower = bind(''.toLowerCase);
export const test = bind(/x/.test);
const exec = bind(/x/.exec);
const slice = bind(''.slice);

const NAMES = 'href|src(?:set|doc)?|data|poster|background|(?:form)?action|imagesrcset|ping|attributionsrc|to|from|by|values|fill|stroke|filter|mask|clip-path|cursor|marker(?:-\\w+)?|style|content';
/** Names of attributes that are looked at; all others stay as quick as they are. */
export const LOOKED_AT = new RegExp(`^(.*:)?(${NAMES}|type)$`, 'i');
// In a tag; where links lead is looked at by nobody.
const [IN_TAG, IN_LINK] = [NAMES, NAMES.slice(5)].map((names) => new RegExp(`[\\s"'/:](${names})\\s*=`, 'i'));
// By `tag attribute`: one address.
const ADDRESS = /^((script|i?frame|ima?ge?|input|source|video|audio|track|embed) src|(link|script|image|use|feimage|pattern|mpath|textpath|\w+gradient) href|object data|video poster|form action|(input|button) formaction|(body|t\w+) background)$/;
// Several addresses, or one among other things.
const LISTED = /^((ima?ge?|source) srcset|link imagesrcset|a(rea)? ping|\S+ attributionsrc|(set|animate\S*) (to|from|by|values)|\S+ (fill|stroke|filter|mask|clip-path|cursor|marker\S*))$/;
// Addresses among other things, in whatever language.
const ADDRESSES = /(https?:|wss?:|(turn|stun)s?:)?\/\/[^\s"'`()<>\\,;]+|(turn|stun)s?:[^\s"'\\]+/gi;
// A comment; an element whose content is text; any other tag. Attributes end where browsers end them.
const TAG = /<!-{2}[^]*?-->|<(script|style|textarea|title|xmp)(?![\w-])((?:[^>=]|=\s*(?:"[^"]*"|'[^']*'|(?!["'\s])))*)>([^]*?)(<\/\1|$)|<([a-z][^\s\/>]*)((?:[^>=]|=\s*(?:"[^"]*"|'[^']*'|(?!["'\s])))*)>/gi;
const ATTRIBUTE = /([^\s"'<>\/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g;
// What makes a document run scripts.
const RUNS = /<script|javascript:|[\s\/"']on\w+\s*=/i;
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

let frames = 0;

const decode = (text) => replace(text, /&(#x?[\da-f]+|amp|lt|gt|quot|apos);?/gi, (all, name) =>
  ENTITIES[name = lower(name)] || String.fromCharCode('0' + slice(name, 1)));
const encode = (text) => replace(text, /[&"<]/g, (sign) => `&#${{ '&': 38, '"': 34, '<': 60 }[sign]};`);

/**
 * Marks an element of which an attribute is held, as the edge does: `get` reads attributes, `put` sets them. `becomes` is what
 * the attribute is now; without a row there is nothing to put back.
 */
export const mark = (tag, name, value, [row, becomes], get, put) => {
  if (becomes != null) put(name, becomes);
  if (row) {
    const need = row[0].toString(16);
    const before = get(PREFIX + 'need');
    put(PREFIX + 'need', !before || before == need ? need : test(new RegExp(`\\b${need}\\b`), before) ? before : before + ' ' + need);
    if (tag == 'script' && get(PREFIX + 'type') == null) {
      put(PREFIX + 'type', get('type') || '');
      put('type', 'text/plain');
    }
    // Going back in history, browsers load a frame with what was in it then: they know it by its name.
    if (test(/^(i?frame|object|embed) (src|data|srcdoc)$/, tag + ' ' + name) && !test(/^postern-/, get('name'))) {
      if (get('name')) put(PREFIX + 'name', get('name'));
      put('name', 'postern-held-s' + (frames += 1));
    }
    if (name) put(PREFIX + name, value);
  }
};

/** `deniedRow` is guard.js's; `deniedOwn` gives a row for an element that the page says is its own and needs a grant; `textOf(address)` gives the text of a blob; `head()` what goes into a document that runs scripts. */
export const judges = (deniedRow, deniedOwn, textOf, head) => {
  /** [row, the text with what is denied replaced] or nothing. */
  const clean = (text) => {
    let row;
    const cleaned = replace(text, ADDRESSES, (address) => {
      // Names of languages look like addresses, in drawings that stand in a style.
      const found = !test(/^http:\/\/www\.w3\.org\/\d+\/[\w\/]+$/, address) && deniedRow(replace(address, /^(turn|stun)s?:/i, '//'));
      row = found || row;
      return found ? 'about:invalid' : address;
    });
    return row && [row, cleaned];
  };

  /** The text of a style sheet or script: as clean() does. Of a script only what no call of code that is held would start. */
  const judgeText = (tag, text, type, get) => {
    const own = test(/^(style|script)$/, tag) && deniedOwn(get);
    if (own) return [own, tag == 'style' ? '' : text];
    if (tag == 'style') return clean(text);
    if (tag != 'script' || test(/json/i, type)) return;
    if (test(/^(speculationrules|importmap)$/i, type)) return clean(text);
    let row;
    replace(text, /\b(?:import|from)\s*\(?\s*["'`]([^"'`]*)/g, (all, address) => (row = deniedRow(address) || row));
    return row && [row, text];
  };

  /** [row or nothing, what to set instead or nothing]; null if all is well; undefined if it starts nothing. */
  const judge = (tag, name, value, get) => {
    const rule = tag + ' ' + name;
    const isAddress = test(ADDRESS, rule);
    const isListed = test(LISTED, rule);
    let row = (isAddress || isListed || name == 'style' || rule == 'iframe srcdoc') && deniedOwn(get);
    if (row) return [row];
    if (isAddress) {
      value = `${value}`;
      // Its own, or one in the text that it stands for.
      const [, start, coding, text] = exec(/^\s*(javascript:|data:[^,]*(?:html|xml|css|script)[^,]*?(base64\s*)?,)([^]*)/i, value) || [];
      row = !start && deniedRow(value);
      let plain = text ?? textOf(value);
      try {
        plain = decodeURIComponent(plain);
        if (coding) plain = atob(plain);
      } catch {
        // It is searched as it is: whatever its charset, what runs scripts is ASCII.
      }
      const runs = test(RUNS, plain);
      // Links in a document that runs nothing are for its reader.
      row ||= test(/^\s*</, plain) && !runs ? holdMarkup(plain)[1] : clean(plain)?.[0];
      if (!row && runs && tag != 'script' && test(/^data:\s*text\/html/i, start)) {
        // Its own bytes stay what they are.
        const front = (test(/^\s*<!doctype/i, plain) ? '<!DOCTYPE html>' : '') + head();
        return [, start + (coding ? btoa(front + plain) : encodeURIComponent(front) + text)];
      }
    } else if (isListed || (rule == 'meta content' && test(/^\s*refresh/i, get('http-equiv')))) row = clean(`${value}`)?.[0];
    else if (name == 'style') return clean(`${value}`) || null;
    else if (rule == 'iframe srcdoc') {
      const [markup, found] = holdMarkup(`${value}`);
      const text = (test(RUNS, markup) ? head() : '') + markup;
      return text == value ? null : [found, text];
    } else return;
    return row ? [row] : null;
  };

  /**
   * Markup from scripts, with what may not load held: [text, row or nothing, what is not whole]. The very same text if there is
   * nothing to hold. `isPart`: more may come.
   */
  const holdMarkup = (markup, isPart) => {
    let anyRow;
    let end = 0;
    let cut = markup.length;
    const text = replace(markup, TAG, (all, raw, rawAttributes, content, close, tag, attributes, at) => {
      end = at + all.length;
      // A text without its end waits for it.
      if (isPart && close === '') cut = at;
      const written = raw || tag;
      attributes ??= rawAttributes;
      if (!raw && !test(test(/^(a|area|base)$/i, tag) ? IN_LINK : IN_TAG, attributes)) return all;
      const name = replace(lower(written), /^.*:/, '');
      const values = { __proto__: null };
      const marks = { __proto__: null };
      const get = (name) => marks[name] ?? values[name];
      const put = (name, value) => (marks[name] = value);
      const hold = (short, value, verdict) => {
        if (!verdict) return;
        anyRow = verdict[0] || anyRow;
        mark(name, short, value, verdict, get, put);
      };
      replace(attributes, ATTRIBUTE, (all, name, quoted, single, bare) => {
        values[lower(name)] ??= decode(quoted ?? single ?? bare ?? '');
      });
      const gone = { __proto__: null };
      for (const long in values) {
        const short = replace(long, /^.*:/, '');
        const verdict = judge(name, short, values[long], get);
        if (verdict) gone[long] = 1;
        hold(short, values[long], verdict);
      }
      const verdict = judgeText(name, content, values.type, get);
      hold(name == 'style' ? 'text' : '', content, verdict && [verdict[0]]);
      let marked = '';
      for (const name in marks) marked += ` ${name}="${encode(marks[name])}"`;
      if (!marked) return all;
      const rest = replace(attributes, ATTRIBUTE, (all, name) => (gone[lower(name)] || lower(name) in marks ? '' : all));
      return `<${written}${marked}${rest}>${raw ? (verdict ? verdict[1] : content) + close : ''}`;
    });
    if (!isPart) return [text, anyRow];
    const open = exec(/<([a-z!\/]|$)/i, slice(markup, end));
    if (open && end + open.index < cut) cut = end + open.index;
    return [...(cut < markup.length ? holdMarkup(slice(markup, 0, cut)) : [text, anyRow]), slice(markup, cut)];
  };

  return { clean, holdMarkup, judge, judgeText };
};
