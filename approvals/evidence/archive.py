"""The file of evidence: everything that was collected, the page, the program that checks it, and the signature."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from approvals.canonical_json import canonical_json
from approvals.evidence import verify
from approvals.evidence.page import make_page, write_html
from approvals.refusals import Refusal
from storage.signing import SigningKey


class NoEvidenceKey(Refusal):
    """Evidence is signed, and no key for that is set. An admin can make one: `cardops keys new --evidence`."""


def require_key(key: SigningKey | None) -> SigningKey:
    """Return the key that signs evidence; raises NoEvidenceKey."""
    if key is None:
        raise NoEvidenceKey
    return key


def make_archive(facts: Mapping[str, Any], *, pdf: bytes, key: SigningKey, now: datetime) -> bytes:
    """Return the archive of what was collected (`collected.py`); without a PDF (empty) it has only the HTML."""
    files = {
        "page.html": write_html(make_page(facts)),
        **({"page.pdf": pdf} if pdf else {}),
        **{name: _write(value) for name, value in facts.items()},
        verify.PUBLIC_KEY: key.public_pem,
        "verify.py": Path(verify.__file__).read_bytes(),
    }
    trail = facts["trail.json"]
    last = trail["events"][-1] if trail["events"] else trail["follows"]
    manifest = canonical_json(
        {
            "format": verify.FORMAT,
            "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "public_key": key.public,
            "head": {"seq": last["seq"], "hash": last["hash"]},
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        }
    )
    files |= {verify.MANIFEST: manifest, verify.SIGNATURE: key.sign(manifest)}
    return verify.write_archive(list(files.items()))


def _write(value: Any) -> bytes:
    # To be read by people too; its digest is over these bytes.
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
