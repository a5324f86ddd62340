// The verify page: takes receipts and key from the visitor's hands, asks the wasm, and writes down what it says.
// What is proven, and every sentence about it, is Rust's (crates/verifier). Nothing here asks a server.

import init, { verify } from '../../build/verifier/postern_verifier.js';
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
