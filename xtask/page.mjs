// The page's files from their sources: minified, hashed, compressed. Run by `cargo xtask build`.
import binaryenModule from 'binaryen';
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
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

// Scripts that are written into what others serve: one expression each. Those inline in pages have the hash that CSP needs.
for (const name of ['stub', 'latch', 'handle', 'worker', 'told', 'drop-in']) {
  const result = await build({
    entryPoints: [join(root, `www/stub/${name}.js`)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    write: false,
  });
  let text = result.outputFiles[0].text.trim();
  // The stub can say itself, for documents that scripts write: it is a function by that name.
  if (name === 'stub') text = text.replace(/^\(\(\)=>\{([^]*)\}\)\(\);$/, (_, body) => `(function $postern(){${body}})()`);
  if (name === 'stub' && !text.startsWith('(function $postern')) throw new Error('the stub is not a function by its name: esbuild writes it otherwise');
  if (/<\/script|<!--/i.test(text)) throw new Error(`${name}.js would end its own script element`);
  // Those that are functions of what the edge knows have its values as free names.
  const parameters = { worker: 'granted,more,isDecided', told: 'state,more' }[name];
  await writeFile(join(out, `${name}.js`), parameters ? `((${parameters})=>{${text}})` : text);
  if (['stub', 'latch', 'handle'].includes(name)) await writeFile(join(out, `${name}.sha256`), sha256(text, 'base64'));
}

// What tells vendors' own interfaces: a module loaded after a choice.
const told = await build({
  entryPoints: [join(root, 'www/stub/tell.js')], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'ascii', write: false,
});
const tell = Buffer.from(told.outputFiles[0].contents);

// The gate. wasm-bindgen's output carries names and exports for every caller there could be; ours is the
// glue beside it, so what the glue does not use goes, and the names both share become short.
const gate = join(root, 'build/gate');
const FEATURES = ['bulk-memory', 'reference-types', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'multivalue'].map((name) => `--enable-${name}`);
const binaryen = (tool, ...args) => execFileSync(process.execPath, [join(root, 'node_modules/binaryen/bin', tool), ...FEATURES, ...args], { cwd: gate, encoding: 'utf8' });

// A panic ends the module, with its text or without, and in a page nobody reads the text: the functions that put it
// together become the trap they end in. Stable Rust links them however the program is written. Nothing else of the gate
// formats anything or has a future (crates/gate/clippy.toml); the browser's tests would meet the trap if it did.
const TRAPS = [
  /^(core|std)(\[\w+\])?::panicking::/, /::(unwrap|expect)_failed$/, /_index_fail$/, /::slice_error_fail/, /handle_alloc_error/,
  /raw_vec::(capacity_overflow|handle_error)/, /panic_already_(mutably_)?borrowed/, /rust_panic|begin_unwind|panic_hook|PanicPayload/,
  /\bcore(\[\w+\])?::fmt::/, /^js_sys(\[\w+\])?::futures::/,
];
const { Function: WasmFunction, getFunctionInfo, readBinary } = binaryenModule;
const module = readBinary(await readFile(join(gate, 'postern_gate_bg.wasm')));
let traps = 0;
for (let index = 0; index < module.getNumFunctions(); index += 1) {
  const found = module.getFunctionByIndex(index);
  const { name, module: imported } = getFunctionInfo(found);
  if (imported || !TRAPS.some((trap) => trap.test(name))) continue;
  WasmFunction.setBody(found, module.unreachable());
  traps += 1;
}
if (traps < 20) throw new Error(`${traps} functions of panics and formatting found: their names have changed`);
await writeFile(join(gate, 'trapping.wasm'), module.emitBinary());

let glue = await readFile(join(gate, 'postern_gate_bg.js'), 'utf8');
const bound = new WebAssembly.Module(await readFile(join(gate, 'trapping.wasm')));
const used = WebAssembly.Module.exports(bound).map(({ name }) => name).filter((name) => name === 'memory' || name === '__wbindgen_start' || glue.includes(`wasm.${name}`));
await writeFile(join(gate, 'used.json'), JSON.stringify([
  { name: 'page', root: true, reaches: used },
  ...WebAssembly.Module.exports(bound).map(({ name }) => ({ name, export: name })),
]));
binaryen('wasm-metadce', 'trapping.wasm', '--graph-file', 'used.json', '-o', 'used.wasm');
binaryen('wasm-opt', '-Oz', '--converge', '--strip-debug', '--strip-producers', '--strip-target-features', 'used.wasm', '-o', 'small.wasm');
// The same with names, by which `xtask/size.mjs` tells whose code has grown.
binaryenModule.setDebugInfo(true);
await writeFile(join(gate, 'trapping-named.wasm'), module.emitBinary());
binaryen('wasm-metadce', '-g', 'trapping-named.wasm', '--graph-file', 'used.json', '-o', 'used-named.wasm');
binaryen('wasm-opt', '-g', '-Oz', '--converge', 'used-named.wasm', '-o', 'named.wasm');
const renamed = binaryen('wasm-opt', '--minify-imports-and-exports-and-modules', 'small.wasm', '-o', 'gate.wasm');
const { imports, exports } = JSON.parse(renamed);
const wasm = await readFile(join(gate, 'gate.wasm'));
const [{ module: imported }] = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
for (const [long, short] of exports) glue = glue.replaceAll(new RegExp(`\\bwasm\\.${long}\\b`, 'g'), `wasm.${short}`);
await writeFile(join(gate, 'glue.js'), glue);
await writeFile(join(gate, 'entry.js'), `
import { act, answered, start, __wbg_set_wasm } from './glue.js';
import * as glue from './glue.js';
import { choices } from '../../www/gate/choice.js';
export const begin = (stub) => choices(stub, async () => {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(new URL('gate.wasm', import.meta.url)), {
    ${imported}: { ${imports.map(([, long, short]) => `${short}: glue.${long}`).join(', ')} },
  });
  __wbg_set_wasm(instance.exports);
  instance.exports.${exports.find(([long]) => long === '__wbindgen_start')[1]}();
  return { act, answered, start };
});
`);
const bundled = await build({ entryPoints: [join(gate, 'entry.js')], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'ascii', write: false });
const code = Buffer.from(bundled.outputFiles[0].contents);
const stub = await readFile(join(out, 'stub.js'));
for (const [name, data] of [['gate.js', code], ['gate.wasm', wasm], ['tell.js', tell], ['stub.js', stub]]) {
  await writeFile(join(out, name), data);
  await writeFile(join(out, `${name}.br`), brotli(data));
}
await writeFile(join(out, 'gate.version'), sha256(Buffer.concat([code, wasm, tell, stub]), 'hex').slice(0, 12));
