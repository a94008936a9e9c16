"""Signatures of messages: the text that is signed, and which of its possible forms was signed.

RSASSA-PKCS1-v1_5 with SHA-256. Section numbers are those of `paytend-api.md`; this one is b.1 no. 5.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from paytend.wire import strict_json

_PADDING = PKCS1v15()
_HASH = SHA256()
# The demo calls encryptFlag a reserved field and leaves it out; the document does not name it.
_MOST_REWRITTEN = 64 * 1024  # characters; a longer content is verified as it came only
_UNSIGNED = ("signature", "encryptFlag")  # b.2 no. 4


class VerifiedForm(StrEnum):
    """Which of the possible forms of a message was signed (b.5 no. 1 and 2)."""

    RAW = "raw"
    RAW_WITH_NULLS = "raw, nulls as text"
    REWRITTEN = "re-serialised"
    REWRITTEN_WITH_NULLS = "re-serialised, nulls as text"


def sign(source: bytes, *, key: RSAPrivateKey) -> bytes:
    """Return the signature of a text."""
    return key.sign(source, _PADDING, _HASH)


def find_signed_form(
    plain: dict[str, Any], *, payload: str, signature: bytes, keys: tuple[RSAPublicKey, ...]
) -> tuple[VerifiedForm, int] | None:
    """Return which form of a decrypted message was signed and the number of the key, or None.

    `payload` names the field with the encrypted content: bizData, respData or content.
    """
    for form, source in _list_forms(plain, payload=payload):
        for number, key in enumerate(keys):
            if _is_valid(signature, source, key=key):
                return form, number
    return None


def _list_forms(plain: dict[str, Any], *, payload: str) -> Iterator[tuple[VerifiedForm, bytes]]:
    """Yield the texts that may have been signed, the likeliest first.

    The document does not say whether the raw or a re-serialised content is signed (b.5 no. 1), nor whether a null
    counts as empty (b.5 no. 2), so every combination is tried. How many there are can be seen from outside: by the
    nulls among the fields in the clear, and by the length of the content.
    """
    has_nulls = None in plain.values()
    yield VerifiedForm.RAW, _make_source(plain, nulls=False)
    if has_nulls:
        yield VerifiedForm.RAW_WITH_NULLS, _make_source(plain, nulls=True)
    if len(plain[payload]) > _MOST_REWRITTEN:
        return
    rewritten = {**plain, payload: _rewrite(plain[payload])}
    yield VerifiedForm.REWRITTEN, _make_source(rewritten, nulls=False)
    if has_nulls:
        yield VerifiedForm.REWRITTEN_WITH_NULLS, _make_source(rewritten, nulls=True)


def _make_source(plain: dict[str, Any], *, nulls: bool) -> bytes:
    """Return the text that is signed: non-empty fields by name, `name=value` joined by `&` (b.1 no. 4)."""
    parts: list[str] = []
    for name in sorted(plain):
        value = plain[name]
        if name in _UNSIGNED or value == "" or (value is None and not nulls):
            continue
        parts += ("&", name, "=", value if isinstance(value, str) else strict_json.write(value))
    # `replace`, because JSON can escape half a surrogate pair, which has no UTF-8: it must not raise here.
    return "".join(parts[1:]).encode("utf-8", "replace")


def _rewrite(text: str) -> str:
    if not strict_json.is_modest(text):  # nobody's signature is known to be good yet
        return text
    try:
        return strict_json.write(strict_json.parse(text))
    except (strict_json.NotStrictJson, RecursionError):
        return text


def _is_valid(signature: bytes, source: bytes, *, key: RSAPublicKey) -> bool:
    try:
        key.verify(signature, source, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True
