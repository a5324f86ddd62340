// The verify page: takes receipts and key from the visitor's hands, asks the wasm, and writes down what it says.
// What is proven, and every sentence about it, is Rust's (crates/verifier). Nothing here asks a server, but for the log of the site
// that the page is of, when an auditor wants that.

import init, { Auditor, verify } from '../../build/verifier/postern_verifier.js';
import wasm from '../../build/verifier/verifier.wasm';

/** A visitor has at most 200 receipts of 4 kB each; a site's whole export is for the command. */
const BYTES_MAX = 10_000_000;

const element = (id) => document.getElementById(id);
const ready = init({ module_or_path: wasm });
let receipts;

function say(verdict, sentence, lines = []) {
  const place = element('verdict');
  place.dataset.verdict = verdict;
  place.textContent = sentence;
  element('lines').replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
}

async function check() {
  if (receipts === undefined) return;
  try {
    await ready;
    const [verdict, sentence, ...lines] = verify(receipts, element('key').value, Date.now()).split('\n');
    // Of one receipt the sentence says it all.
    say(verdict, sentence, lines.filter(Boolean));
  } catch (error) {
    say('unusable', `This browser cannot run the check: ${error.message}. The command postern verify does the same.`);
  }
}

async function take(file) {
  if (!file) return;
  if (file.size > BYTES_MAX) {
    say('unusable', `${file.name} has ${file.size} bytes: a visitor’s receipts are less than ${BYTES_MAX}.`);
    return;
  }
  const text = await file.text();
  // Receipts are JSON, and a key never is.
  if (/^\s*[[{]/.test(text) || file.name.endsWith('.json')) receipts = text;
  else element('key').value = text.trim();
  await check();
}

element('receipts').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  receipts = '';
  await take(new File([file], file.name.endsWith('.json') ? file.name : `${file.name}.json`));
});
element('key-file').addEventListener('change', ({ target }) => take(target.files[0]));
element('key').addEventListener('input', check);
/** Files of a log that are asked for at once. */
const AT_ONCE = 8;

/** Shards that a site may have. */
const SHARDS_MAX = 255;

let auditor;
/** The export that was chosen; it is checked again with each log. */
let lines;

const tell = (said) => {
  const [verdict, sentence, ...rest] = said.split('\n');
  say(verdict, sentence, rest.filter(Boolean));
  return verdict;
};

/** Checks the logs of so many shards, and then the export if there is one. */
function checkLogs(shards) {
  const said = shards.map((shard) => auditor.check(shard).split('\n'));
  const bad = said.find(([verdict]) => verdict !== 'proven');
  if (bad) return tell(bad.join('\n'));
  if (lines !== undefined) return tell(auditor.export(lines));
  const sentences = said.map(([, sentence]) => sentence);
  return tell(sentences.length === 1 ? `proven\n${sentences[0]}` : `proven\nThe ${sentences.length} logs are whole.\n${sentences.join('\n')}`);
}

async function audit(act) {
  element('fetch').disabled = true;
  try {
    await ready;
    await act();
  } catch (error) {
    say('unusable', `The log could not be checked: ${error.message}.`);
  } finally {
    element('fetch').disabled = false;
  }
}

/** What is at a path of this site's log; nothing where it says that there is none. */
async function read(path) {
  const answer = await fetch(path);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${path}: the site answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function fetchLog() {
  auditor = new Auditor(element('key').value);
  const count = Number(new TextDecoder().decode(await read('shards') ?? new Uint8Array()));
  if (!(count >= 1 && count <= SHARDS_MAX)) throw new Error('this site says no number of logs');
  const shards = [];
  for (let shard = 0; shard < count; shard += 1) {
    const checkpoint = auditor.missing(shard);
    const minimum = checkpoint.replace('checkpoint', 'minimum');
    // Before the checkpoint, which is then never behind it.
    const first = await read(minimum);
    if (first) auditor.put(minimum, first);
    const note = await read(checkpoint);
    // A shard that nobody was placed in has no log yet.
    if (note === undefined && shard > 0) continue;
    if (note === undefined) throw new Error('nothing is sealed yet');
    auditor.put(checkpoint, note);
    const paths = auditor.missing(shard).split('\n').filter(Boolean);
    let done = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let path = paths.pop(); path; path = paths.pop()) {
        const bytes = await read(path);
        if (bytes) auditor.put(path, bytes);
        done += 1;
        if (done % 50 === 0) say('promised', `${done} of ${done + paths.length} files of the log${count > 1 ? ` ${shard + 1} of ${count}` : ''} …`);
      }
    }));
    shards.push(shard);
  }
  checkLogs(shards);
}

async function takeFolder(files) {
  auditor = new Auditor(element('key').value);
  const shards = new Set();
  for (const file of files) {
    const [, ...path] = file.webkitRelativePath.split('/');
    const name = path.join('/');
    const found = /^(?:(\d{1,3})\/)?(checkpoint|minimum|tile\/.*)$/.exec(name);
    if (!found) continue;
    if (found[2] === 'checkpoint') shards.add(Number(found[1] ?? 0));
    auditor.put(name, new Uint8Array(await file.arrayBuffer()));
  }
  if (shards.size === 0) throw new Error('there is no checkpoint in this folder');
  checkLogs([...shards].sort((one, other) => one - other));
}

async function checkProof() {
  const [file] = element('proof').files;
  if (file && element('commitment').value) tell(new Auditor(element('key').value).proof(await file.text(), element('commitment').value));
}

// A file from a disk is of no site.
element('of-site').hidden = !/^https?:$/.test(location.protocol);
element('fetch').addEventListener('click', () => audit(fetchLog));
element('folder').addEventListener('change', ({ target }) => audit(() => takeFolder(target.files)));
element('export').addEventListener('change', ({ target }) => audit(async () => {
  lines = await target.files[0]?.text();
  if (lines === undefined) return;
  if (auditor) tell(auditor.export(lines));
  else say('promised', 'Now the log to check it against: fetch it, or choose its folder.');
}));
for (const [name, event] of [['proof', 'change'], ['commitment', 'input']]) element(name).addEventListener(event, () => audit(checkProof));

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('is-over');
});
document.addEventListener('dragleave', () => document.body.classList.remove('is-over'));
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  document.body.classList.remove('is-over');
  for (const file of event.dataTransfer.files) await take(file);
});
