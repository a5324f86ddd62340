// The page's files from their sources: minified, hashed, compressed. Run by `cargo xtask build`.
import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'build/page');
await mkdir(out, { recursive: true });

const sha256 = (data, encoding) => createHash('sha256').update(data).digest(encoding);
const brotli = (data) =>
  brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } });

// Inline scripts: one expression each, and the hash that CSP needs.
for (const name of ['stub', 'handle']) {
  const result = await build({
    entryPoints: [join(root, `www/stub/${name}.js`)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    write: false,
  });
  const text = result.outputFiles[0].text.trim();
  if (/<\/script|<!--/i.test(text)) throw new Error(`${name}.js would end its own script element`);
  await writeFile(join(out, `${name}.js`), text);
  await writeFile(join(out, `${name}.sha256`), sha256(text, 'base64'));
}

const glue = await transform(await readFile(join(root, 'build/gate/postern_gate.js'), 'utf8'), {
  minify: true,
  format: 'esm',
  target: 'es2022',
});
const wasm = await readFile(join(root, 'build/gate/postern_gate_bg.wasm'));
for (const [name, data] of [['gate.js', Buffer.from(glue.code)], ['postern_gate_bg.wasm', wasm]]) {
  await writeFile(join(out, name), data);
  await writeFile(join(out, `${name}.br`), brotli(data));
}
await writeFile(join(out, 'gate.version'), sha256(Buffer.concat([Buffer.from(glue.code), wasm]), 'hex').slice(0, 12));
