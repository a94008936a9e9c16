"""Proofs of who wrote a row: HMAC-SHA-256 under keys that the database does not hold."""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_ID_DIGITS = 8


def derive_key(secret: bytes, label: str) -> bytes:
    """Return a key of 32 bytes for one use; the label names the use, so that no key serves two."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=label.encode()).derive(secret)


def name_key(key: bytes) -> str:
    """Return the public name of a key: 8 hexadecimal digits, which tell nothing of it."""
    return hashlib.sha256(b"cardops key id" + key).hexdigest()[:_ID_DIGITS]


class MacKeys:
    """Makes and checks MACs for one or more uses. The first secret makes them, all of them check (rotation).

    A MAC is written `<name of the key>:<64 hexadecimal digits>`. A use has keys of its own, so that the MAC of a
    decision proves nothing about a settlement with the same content.
    """

    def __init__(self, secrets: Sequence[bytes], *, uses: Sequence[str]) -> None:
        """Derive the keys of these uses; the newest secret comes first."""
        if not secrets:
            raise ValueError("MACs need one secret or more")
        self._keys: dict[str, dict[str, bytes]] = {}
        for use in uses:
            keys = [derive_key(secret, f"cardops mac: {use}") for secret in secrets]
            self._keys[use] = {name_key(key): key for key in keys}

    def sign(self, use: str, message: bytes) -> str:
        """Return the MAC of a message for this use."""
        name, key = next(iter(self._keys[use].items()))
        return f"{name}:{_digest(key, message)}"

    def fits(self, mac: str, use: str, message: bytes) -> bool:
        """Whether a MAC is ours, of this use and of this message."""
        name, _, digest = mac.partition(":")
        key = self._keys[use].get(name)
        # As bytes: `compare_digest` refuses texts beyond ASCII, and this one may come from anybody.
        return key is not None and hmac.compare_digest(digest.encode(), _digest(key, message).encode())


def _digest(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()
