"""Encryption at rest: AES-256-GCM, bound to the place where the value is stored."""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.macs import derive_key

KEY_BYTES = 32
_NONCE_BYTES = 12  # random ones may serve 2^32 values of one key (NIST SP 800-38D)
_ID_BYTES = (
    4  # bytes 2 to 5 of a value: the triggers compare them in SQL (approvals/database_guards/forbidden_changes.py)
)
_VERSION = b"\x01"
_NAME_DIGITS = 40  # hex: 160 bits
_TOKEN_BYTES = 8  # as many as an integer of both databases has


def identify_key(key: bytes) -> str:
    """Return the public id of a key: 8 hexadecimal digits, which tell nothing of it."""
    return hashlib.sha256(key).digest()[:_ID_BYTES].hex()


class Unreadable(Exception):
    """The stored value cannot be decrypted: its key is missing, or it was moved or changed."""


class Vault:
    """Seals and opens stored values; the first key encrypts, all keys decrypt (rotation).

    A sealed value is: version (1), key id (4, the start of the key's SHA-256), nonce (12), cipher text and tag.
    Table, row and column are associated data, so that a value cannot be moved to another place.
    """

    def __init__(self, keys: Sequence[bytes], *, random_bytes: Callable[[int], bytes]) -> None:
        """Prepare for these keys of 32 bytes; raises ValueError for another length or none."""
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("a vault needs one or more keys of 32 bytes")
        self._ciphers = {hashlib.sha256(key).digest()[:_ID_BYTES]: AESGCM(key) for key in keys}
        self._current = next(iter(self._ciphers))
        self._name_keys = [derive_key(key, "cardops names") for key in dict.fromkeys(keys)]
        self._word_keys = [derive_key(key, "cardops search words") for key in dict.fromkeys(keys)]
        self._random_bytes = random_bytes

    def seal(self, value: bytes, *, table: str, row: str, column: str) -> bytes:
        """Return the sealed form of a value for this place."""
        nonce = self._random_bytes(_NONCE_BYTES)
        # NUL, which no name contains, keeps "ab" + "c" apart from "a" + "bc".
        place = f"{table}\0{row}\0{column}".encode()
        return _VERSION + self._current + nonce + self._ciphers[self._current].encrypt(nonce, value, place)

    def open(self, sealed: bytes, *, table: str, row: str, column: str) -> bytes:
        """Return the value that was sealed for this place; raises Unreadable."""
        head = len(_VERSION) + _ID_BYTES
        cipher = self._ciphers.get(sealed[len(_VERSION) : head])
        if not sealed.startswith(_VERSION) or cipher is None:
            raise Unreadable("the key of this value is not among CARDOPS_SECRET_KEYS")
        try:
            place = f"{table}\0{row}\0{column}".encode()
            return cipher.decrypt(sealed[head : head + _NONCE_BYTES], sealed[head + _NONCE_BYTES :], place)
        except InvalidTag as error:
            raise Unreadable("the value was changed, or moved to another place") from error

    def digest_name(self, name: str) -> tuple[str, ...]:
        """Return keyed digests of something by which rows are found, that of the current key first.

        Without the keys nobody can find out which card or transaction a digest is of. All keys, because a row may
        have been found by an older one before a rotation.
        """
        encoded = name.encode("utf-8", "replace")
        return tuple(hmac.digest(key, encoded, "sha256").hex()[:_NAME_DIGITS] for key in self._name_keys)

    def make_tokens(self, word: str) -> tuple[int, ...]:
        """Return keyed tokens of a word that is searched for, that of the current key first; 64 bits with a sign.

        Two words may share one by chance: who finds rows by them compares with what the rows say.
        """
        encoded = word.encode("utf-8", "replace")
        digests = (hmac.digest(key, encoded, "sha256") for key in self._word_keys)
        return tuple(int.from_bytes(digest[:_TOKEN_BYTES], "big", signed=True) for digest in digests)

    @property
    def current_key(self) -> bytes:
        """The id of the key that encrypts now."""
        return self._current

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value was sealed with the key that encrypts now."""
        return sealed[len(_VERSION) : len(_VERSION) + _ID_BYTES] == self._current
