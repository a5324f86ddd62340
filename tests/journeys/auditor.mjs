// What an auditor writes who has only the standards: a receipt's commitment, signed notes and proofs of inclusion, in the few
// lines that node:crypto needs. Shares nothing with `postern verify`. Formats: docs/log.md.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const sorted = (value) => (value && typeof value === 'object' && !Array.isArray(value)
  ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
  : Array.isArray(value) ? value.map(sorted) : value);
export const commitmentOf = ({ receipt, salt }) => sha256(Buffer.of(2), Buffer.from(salt, 'hex'), Buffer.from(JSON.stringify(sorted(receipt))));

/** The text of a note that this key signed. */
export function openNote(note, vkey) {
  const [name, id, base64] = vkey.split(/\+(.{8})\+/);
  const raw = Buffer.from(base64, 'base64');
  assert.equal(sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4).toString('hex'), id);
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)]), format: 'der', type: 'spki' });
  const end = note.lastIndexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const isSigned = note.slice(end + 1).split('\n').some((line) => {
    const [dash, signer, signature] = line.split(' ');
    const bytes = Buffer.from(signature ?? '', 'base64');
    return dash === '—' && signer === name && bytes.subarray(0, 4).toString('hex') === id && verify(null, Buffer.from(text), key, bytes.subarray(4));
  });
  assert.ok(isSigned, `signed with ${vkey}:\n${note}`);
  return text;
}

/** The root to which a leaf's proof leads. Source: RFC 9162 2.1.3.2, by recursion on the tree's halves. */
function rootOf(hash, index, size, siblings) {
  if (size === 1) {
    assert.equal(siblings.length, 0);
    return hash;
  }
  const half = 2 ** Math.floor(Math.log2(size - 1));
  const [rest, top] = [siblings.slice(0, -1), siblings.at(-1)];
  return index < half ? nodeHash(rootOf(hash, index, half, rest), top) : nodeHash(top, rootOf(hash, index - half, size - half, rest));
}

/** Checks an exported receipt; gives the size of the tree that holds it. */
export function prove(exported, vkey) {
  const commitment = commitmentOf(exported);
  assert.equal(commitment.toString('hex'), exported.commitment);
  const [head, index, ...rest] = exported.proof.slice(0, exported.proof.indexOf('\n\n')).split('\n');
  assert.deepEqual([head, index], ['c2sp.org/tlog-proof@v1', `index ${exported.leaf_index}`]);
  const [origin, size, root] = openNote(exported.proof.slice(exported.proof.indexOf('\n\n') + 2), vkey).split('\n');
  assert.equal(origin, vkey.split('+')[0]);
  const leaf = sha256(Buffer.of(0), Buffer.from('consent-commitment/v1\n'), commitment);
  const found = rootOf(leaf, exported.leaf_index, Number(size), rest.map((line) => Buffer.from(line, 'base64')));
  assert.equal(found.toString('base64'), root);
  return Number(size);
}
