"""Signatures that anybody can check: Ed25519, whose public half is told to everybody."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED_BYTES = 32
PREFIX = "ed25519:"


class SigningKey:
    """Signs with one private key, which never leaves this object.

    Every text that is signed begins with what it is, so that the signature of one is never that of another.
    """

    def __init__(self, seed: bytes) -> None:
        """Take the 32 bytes of the private key; raises ValueError for another length."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public half as people compare and type it."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PREFIX + base64.b64encode(raw).decode()

    @property
    def public_pem(self) -> bytes:
        """The public half as the openssl program reads it."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._key.sign(message)

    def sign_text(self, text: str) -> str:
        """Return the signature of a text in Base64."""
        return base64.b64encode(self.sign(text.encode())).decode()


def is_signed(text: str, signature: str, *, public: str) -> bool:
    """Whether the key with this public half signed a text; what cannot be read has signed nothing."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix(PREFIX), validate=True))
        key.verify(raw, text.encode())
    except (ValueError, InvalidSignature):
        return False
    # Several texts have the same bytes.
    return base64.b64encode(raw).decode() == signature
