"""Makes golden/log.json without any of our code: a log of 300 commitments, its roots, proofs and signed notes.

RFC 6962 word for word (MTH, PATH, PROOF), C2SP signed-note, tlog-checkpoint and tlog-proof by hand, Ed25519 by the
`cryptography` package. Run: python3 tests/golden_log.py > tests/golden/log.json
"""
import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "shop.example/_postern/log"
SEED = bytes(range(1, 33))


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def commitment(index):
    return sha(b"golden %d" % index)


LEAVES = [sha(b"\x00" + b"consent-commitment/v1\n" + commitment(index)) for index in range(300)]


def split(count):
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [mth(leaves[k:])]
    return path(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


key = Ed25519PrivateKey.from_private_bytes(SEED)
public = key.public_key().public_bytes_raw()
key_id = sha(ORIGIN.encode() + b"\n\x01" + public)[:4]


def note(text):
    return text + "\n— " + ORIGIN + " " + b64(key_id + key.sign(text.encode())) + "\n"


def checkpoint(size):
    return note("%s\n%d\n%s\n" % (ORIGIN, size, b64(mth(LEAVES[:size]))))


def bundle(index, size):
    lines = ["c2sp.org/tlog-proof@v1", "index %d" % index] + [b64(one) for one in path(index, LEAVES[:size])]
    return "\n".join(lines) + "\n\n" + checkpoint(size)


receipt, said = open("tests/golden/receipt.json").read().split()
exported = bytes.fromhex(said)
index = 257
LEAVES[index] = sha(b"\x00" + b"consent-commitment/v1\n" + exported)
promise = "consent-promise/v1\n%s\n%s\n%d\n1795346441\n1795350041\n" % (ORIGIN, b64(exported), index)


def entry(place):
    data = b"consent-commitment/v1\n" + (exported if place == index else commitment(place))
    return len(data).to_bytes(2, "big") + data


print(json.dumps({
    "vkey": "%s+%s+%s" % (ORIGIN, key_id.hex(), b64(b"\x01" + public)),
    "roots": [b64(mth(LEAVES[:size])) for size in range(301)],
    "inclusion": [[i, n, [b64(one) for one in path(i, LEAVES[:n])]] for i, n in [(0, 1), (0, 2), (4, 5), (6, 7), (99, 130), (257, 300)]],
    "consistency": [[m, n, [b64(one) for one in subproof(m, LEAVES[:n], True)]] for m, n in [(1, 2), (3, 7), (4, 7), (6, 8), (128, 300), (200, 300), (299, 300)]],
    "checkpoint": checkpoint(300),
    "bundle": bundle(index, 300),
    "promise": note(promise),
    "tile_sha256": sha(b"".join(LEAVES[:256])).hex(),
    "tile_root": b64(mth(LEAVES[:256])),
    "bundle_0_sha256": sha(b"".join(entry(place) for place in range(256))).hex(),
    "export": json.dumps({"receipts": [
        {"receipt": json.loads(receipt), "salt": "05" * 32, "commitment": said, "leaf_index": index, "proof": bundle(index, 300)},
        {"receipt": json.loads(receipt), "salt": "05" * 32, "commitment": said, "leaf_index": index, "promise": note(promise)},
    ]}, separators=(",", ":"), ensure_ascii=False),
}, indent=0, ensure_ascii=False))
