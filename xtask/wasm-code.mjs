// Whose code is in a module that still has its functions' names. What grows is named by `xtask/size.mjs` when the module has
// outgrown what is known of it.

const CODE = 10;
const CUSTOM = 0;
const IMPORT = 2;
const FUNCTIONS = 1;

/** A reader of the binary format. Source: WebAssembly core specification, section 5. */
function reader(bytes) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const text = () => {
    const length = number();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const limits = () => { if (number() & 1) number(); number(); };
  return { number, text, limits, skip: (count) => { at += count; }, place: () => at, go: (place) => { at = place; } };
}

/** The crate in a name as wasm-bindgen writes it; what is exported, or the compiler's own, stands under its own name. */
function ownerOf(name) {
  const plain = name.replaceAll(/\[\w+\]/g, '');
  return /(?<![\w:])_*([a-z]\w*)::/.exec(plain)?.[1] ?? plain;
}

/** Bytes of code by crate, or by function where that is of none. */
export function codeByOwner(bytes) {
  const { number, text, limits, skip, place, go } = reader(bytes);
  const bodies = [];
  const names = new Map();
  let imported = 0;
  go(8);
  while (place() < bytes.length) {
    const [kind, size] = [number(), number()];
    const end = place() + size;
    if (kind === IMPORT) {
      for (let count = number(); count > 0; count -= 1) {
        text();
        text();
        const what = number();
        if (what === 0) { number(); imported += 1; } else if (what === 1) { number(); limits(); } else if (what === 2) limits(); else { number(); number(); }
      }
    } else if (kind === CODE) {
      for (let count = number(); count > 0; count -= 1) {
        const length = number();
        bodies.push(length);
        skip(length);
      }
    } else if (kind === CUSTOM && text() === 'name') {
      while (place() < end) {
        const [part, length] = [number(), number()];
        const next = place() + length;
        if (part === FUNCTIONS) for (let count = number(); count > 0; count -= 1) names.set(number(), text());
        go(next);
      }
    }
    go(end);
  }
  if (names.size === 0) throw new Error('the module has no names: whose code it is cannot be told');
  const owners = {};
  bodies.forEach((length, index) => {
    const owner = ownerOf(names.get(index + imported) ?? 'without a name');
    owners[owner] = (owners[owner] ?? 0) + length;
  });
  return owners;
}
