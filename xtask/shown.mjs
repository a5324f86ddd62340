// What visitors are shown and what runs in their pages, as hashes by name: build/page/shown.json. The Worker puts it into the log
// before it asks anybody, as it stands here: in canonical form. Files of the page by their bytes; what is put together for each visitor by the sources that do it.
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const FILES = ['drop-in.js', 'gate.js', 'gate.wasm', 'handle.js', 'latch.js', 'stub.js', 'tell.js', 'told.js', 'worker.js'];
/** By the name of the part: folders whose every file goes in, with its name. */
const PARTS = { css: ['www/css'], markup: ['crates/view/src'], texts: ['crates/policy/texts', 'crates/policy/profiles.toml'] };

async function filesBelow(path) {
  try {
    const names = await readdir(join(root, path));
    return (await Promise.all(names.sort().map((name) => filesBelow(`${path}/${name}`)))).flat();
  } catch (error) {
    if (error.code !== 'ENOTDIR') throw error;
    return [path];
  }
}

const shown = {};
for (const name of FILES) shown[name] = createHash('sha256').update(await readFile(join(root, 'build/page', name))).digest('hex');
for (const [name, paths] of Object.entries(PARTS)) {
  const hash = createHash('sha256');
  for (const path of (await Promise.all(paths.map(filesBelow))).flat()) {
    const content = createHash('sha256').update(await readFile(join(root, path))).digest('hex');
    // As `sha256sum` prints it, so that anybody can make it again from the sources.
    hash.update(`${content}  ${path}\n`);
  }
  shown[name] = hash.digest('hex');
}
// What words, markup and style are made of: who reads the same is asked the same, whatever script runs beside it.
await writeFile(join(root, 'build/page/asked.txt'), Object.keys(PARTS).map((name) => shown[name]).join(' '));
await writeFile(join(root, 'build/page/shown.json'), JSON.stringify(Object.fromEntries(Object.entries(shown).sort(([one], [other]) => (one < other ? -1 : 1)))));
