"""Makes golden/receipt.json without any of our code: the receipt of tests/receipts.rs and its commitment.

All keys are ASCII and the one number is a small whole one, so sorted keys without spaces are RFC 8785.
Run: python3 tests/golden.py > tests/golden/receipt.json
"""
import datetime
import hashlib
import json
import uuid


def uuid4(byte):
    return str(uuid.UUID(bytes=bytes([byte]) * 16, version=4))


at = datetime.datetime(2026, 11, 22, 11, 20, 41)
receipt = {
    "schema": "consent-receipt/1",
    "receipt_id": uuid4(1),
    "subject": "02" * 16,
    "previous": uuid4(3),
    "at": at.isoformat() + "Z",
    "valid_until": (at + datetime.timedelta(days=180)).isoformat() + "Z",
    "profile": "EU",
    "scope": ["luxmoor.example"],
    "controller": "luxmoor",
    "actor": "data_subject",
    "basis": "A6-1-a",
    "type": "expressed",
    "method": "layer2.save",
    "lang": "en",
    "outcome": "partial",
    "purposes": [
        {"id": "analytics", "text_sha256": "aa" * 32, "state": "ConsentGiven"},
        {"id": "marketing", "text_sha256": "bb" * 32, "state": "ConsentWithdrawn"},
    ],
    "vendors": [
        {"id": "youtube", "state": "ConsentGiven"},
        {"id": "clarity", "state": "ConsentWithdrawn"},
    ],
    "vendors_sha256": "cc" * 32,
    "notice": {"uri": "/privacy", "version": "2026-11", "sha256": "dd" * 32},
    "policy_sha256": "ee" * 32,
    "release": 7,
    "signals": {"gpc": True, "dnt": False},
    "client": {"engine": "chromium", "form": "desktop"},
    "withdraw_uri": "/_postern/consent",
    "retention": "end_of_validity+P12M",
}
text = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(text)
print(hashlib.sha256(b"\x02" + bytes([5]) * 32 + text.encode()).hexdigest())
