// Tells vendors whose code is on the page what was decided, by their own interfaces. Loaded after a choice.
// Nothing rests on it: several of them write an identifier or send hits after they were told not to (measured, see the
// catalogue), so what is denied is held by the stub whatever they do. It lets those that listen stop by themselves, and
// wakes those that were told to stop before.
import { calls } from './calls.js';

/** `isDenied`: what the page says of an address less its scheme, whatever the site's policy or the visitor's word on one vendor has moved. */
export const tell = (isDenied) => {
  for (const [address, isForGrant, path, args] of calls) {
    if (!isDenied(address) != isForGrant) continue;
    try {
      const names = path.split('.');
      const name = names.pop();
      const owner = names.reduce((found, part) => found?.[part], window);
      if (typeof owner?.[name] == 'function') owner[name](...args);
    } catch {
      // A vendor's code that fails is its own affair.
    }
  }
};
