"""RSA keys of both sides: read once, from PEM or from bare Base64 DER as Paytend hands them out."""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from paytend.errors import KeyUnusable

OLDEST_OPENSSL = 0x30200000
SMALLEST_KEY = 1024  # bits; the provider's document implies 1024 (117 and 128 bytes)

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of one side: its own private key, and the other side's public keys.

    The first public key encrypts; all of them verify, so that a rotation can overlap.
    """

    private: RSAPrivateKey
    public: tuple[RSAPublicKey, ...]

    def __post_init__(self) -> None:
        """Refuse an empty list of public keys, and an OpenSSL that reports wrong padding."""
        if not self.public:
            raise KeyUnusable("There is no public key.")
        require_openssl(backend.openssl_version_number(), name=backend.openssl_version_text())


def require_openssl(number: int, *, name: str) -> None:
    """Refuse an OpenSSL older than 3.2: it answers wrong PKCS#1 v1.5 padding with an error, an oracle."""
    if number < OLDEST_OPENSSL:
        raise KeyUnusable(f"{name} is too old: 3.2 or newer is needed (install a newer 'cryptography').")


def load_private_key(text: str) -> RSAPrivateKey:
    """Return the key of a PEM or of bare Base64 DER (PKCS#8); raises KeyUnusable, never its text."""
    try:
        if "-----BEGIN" in text:
            key = load_pem_private_key(text.strip().encode(), password=None)
        else:
            key = load_der_private_key(_decode(text), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(
            "The private key is neither a PEM nor Base64 of a PKCS#8 key without a password."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyUnusable("The private key is not an RSA key.")
    _check_size(key.key_size)
    return key


def load_public_keys(text: str) -> tuple[RSAPublicKey, ...]:
    """Return the keys of PEM blocks or of comma-separated Base64 DER (SPKI); raises KeyUnusable."""
    blocks = [block.group() for block in _PEM.finditer(text)] or [part for part in text.split(",") if part.strip()]
    return tuple(_load_public_key(block) for block in blocks)


def _load_public_key(text: str) -> RSAPublicKey:
    try:
        key = (
            load_pem_public_key(text.encode())
            if text.startswith("-----BEGIN")
            else load_der_public_key(_decode(text))
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable("A public key is neither a PEM nor Base64 of an SPKI key.") from error
    if not isinstance(key, RSAPublicKey):
        raise KeyUnusable("A public key is not an RSA key.")
    _check_size(key.key_size)
    return key


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _check_size(bits: int) -> None:
    if bits < SMALLEST_KEY:
        raise KeyUnusable(f"The RSA key has {bits} bits; at least {SMALLEST_KEY} are needed.")
