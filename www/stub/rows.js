// What a site's policy and a visitor's word on single vendors say otherwise than the built-in table: put in front of it.
import { databases, names, urls } from './catalogue.js';

const tables = [urls, names, databases];
const built = tables.map((table) => [...table]);
/** Where the rows begin that are asked when no host is known. */
const border = urls.findIndex(([, { source }]) => source.startsWith('^[^?]'));

/** `more`: lists of [need, pattern, id of a vendor granted by itself] for addresses, names, databases, addresses on any host. */
export const learn = (more) => {
  const lists = [0, 1, 2, 3].map((index) => (more[index] || []).map(([need, pattern, id]) => [need, new RegExp(pattern, 'i'), id]));
  tables.forEach((table, index) => {
    const rows = index ? built[index] : [...built[0].slice(0, border), ...lists[3], ...built[0].slice(border)];
    table.splice(0, table.length, ...lists[index], ...rows);
  });
};
