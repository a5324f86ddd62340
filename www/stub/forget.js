// Removes what denied vendors have left in the storage that scripts reach. Done after a choice, and in each page of who has
// chosen before anything of it runs: what was withdrawn where no stub stood, or by a form, is gone with the next page.

/** `stub`: the stub's bridge, which knows names and what is denied. */
export const forget = ({ denied, names, databases }) => {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage)) denied(names, key) && storage.removeItem(key);
    }
    indexedDB.databases().then((list) => list.forEach(({ name }) => denied(databases, name) && indexedDB.deleteDatabase(name)));
  } catch {
    // Storage is switched off: there is nothing in it.
  }
};
