// The dashboard's script: charts and what else is added to a page that is whole without it, in one file of the edge's own.
// It is no visitor's: only who has logged in loads it. Run by `cargo xtask build`.
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'build/dashboard/files');
await mkdir(out, { recursive: true });

/** Writes a file that is not so already: a development server that watches it would start its Workers anew. */
async function write(name, contents) {
  const path = join(out, name);
  const kept = await readFile(path).catch(() => undefined);
  if (!kept?.equals(contents)) await writeFile(path, contents);
}

const bundled = await build({
  entryPoints: [join(root, 'www/dashboard/charts.js')], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'ascii', write: false,
  // The licences that must go along stand at the end of the file.
  legalComments: 'eof',
  banner: { js: '/* With Apache ECharts and ZRender: Apache License 2.0 and BSD 3-Clause; see their packages. */' },
  define: { 'process.env.NODE_ENV': '"production"' },
});
const [{ contents }] = bundled.outputFiles;
await write('dashboard.js', contents);
const style = await build({ entryPoints: [join(root, 'www/css/dashboard.css')], minify: true, write: false });
await write('dashboard.css', style.outputFiles[0].contents);
const compressed = brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } });
console.log(`dashboard.js: ${contents.length} bytes, ${compressed.length} with brotli`);
