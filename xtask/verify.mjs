// The verify page: one file with script, style and wasm in it, so that it works from a server and from a disk, and its own
// policy lets it ask nobody but the site that it is of. Run by `cargo xtask build`.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [from, out] = [join(root, 'build/verifier'), join(root, 'www/served')];
await mkdir(out, { recursive: true });

const FEATURES = ['bulk-memory', 'reference-types', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'multivalue'].map((name) => `--enable-${name}`);
execFileSync(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), ...FEATURES, '-Oz', '--converge', '--strip-debug', '--strip-producers', '-o', 'verifier.wasm', 'postern_verifier_bg.wasm'], { cwd: from });

const bundled = await build({
  entryPoints: [join(root, 'www/verify/verify.js')], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'ascii', write: false,
  loader: { '.wasm': 'binary' },
  // The glue would look for its wasm beside it; ours is handed over.
  define: { 'import.meta.url': '""' },
});
const script = bundled.outputFiles[0].text.trim();
if (/<\/script|<!--/i.test(script)) throw new Error('the verify page would end its own script element');
const style = (await build({ entryPoints: [join(root, 'www/verify/verify.css')], minify: true, write: false })).outputFiles[0].text.trim();
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policy = `default-src 'none'; script-src ${hash(script)} 'wasm-unsafe-eval'; style-src ${hash(style)}; connect-src 'self'; base-uri 'none'; form-action 'none'`;
const page = Object.entries({ policy, style, script }).reduce(
  (text, [name, value]) => text.replace(`{{${name}}}`, () => value),
  await readFile(join(root, 'www/verify/verify.html'), 'utf8'),
);
await writeFile(join(out, 'verify.html'), page);
