"""The keys of the trail: the newest signs, all of them verify, and an event of the trail passes on to the next."""

import hashlib
import hmac
from collections.abc import Sequence

from storage.macs import derive_key, name_key

_FIRST_INFO = b"cardops audit chain"
_LABEL = "cardops audit trail"


class TrailKey:
    """The key that signs the trail, with those that signed it before; `names` lists them, the newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the keys, the newest first."""
        self._keys = {name_key(key): key for key in keys}
        self.names = tuple(self._keys)

    def __contains__(self, name: object) -> bool:
        """Whether a key of this name is among them."""
        return name in self._keys

    def __getitem__(self, name: str) -> bytes:
        """Return the key of this name."""
        return self._keys[name]

    @property
    def newest(self) -> str:
        """The name of the key that is to sign."""
        return self.names[0]

    @property
    def export_key(self) -> bytes:
        """The key that seals exports: the newest."""
        return self._keys[self.newest]

    def prove_rotation(self, *, previous: str, name: str) -> str:
        """Return what the next key says to its first place in the chain; the key before it signs the event."""
        message = f"cardops audit rotation\0{previous}\0{name}".encode()
        return hmac.new(self._keys[name], message, hashlib.sha256).hexdigest()


def make_key(secret: bytes, *, newer: Sequence[bytes] = ()) -> TrailKey:
    """Return the key of the trail: of a secret that also encrypts, and of the secrets in CARDOPS_AUDIT_KEYS.

    Trails that began before there was CARDOPS_AUDIT_KEYS were signed with a key made from the last secret key.
    """
    # A key of its own: the same secret also encrypts, and no key should serve two algorithms.
    first = hmac.new(secret, _FIRST_INFO, hashlib.sha256).digest()
    return TrailKey([*(derive_key(each, _LABEL) for each in newer), first])
