"""The two ciphers of the wire: AES-ECB for a message's content, RSA PKCS#1 v1.5 for its AES key.

Decrypting never raises and never stops early. Each function returns what it read and whether that was sound, so
that the caller takes the same steps for every message: the time a refusal takes must not show which step failed
(a padding oracle). Section numbers are those of `paytend-api.md`.
"""

import base64
import binascii
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

_PADDING = PKCS1v15()
_ECB = ECB()  # noqa: S305 - the provider's wire; ADR 0004 says what compensates
_BLOCK = 16
_EVEN = 48  # bytes that are whole blocks of AES and whole groups of Base64
_MOST_KEY_TEXT = 5  # characters a byte of the modulus: four of Base64 for three, each percent-encoded, and "="
_NO_KEY = bytes(24)  # used when no key could be read, so that decrypting takes its time all the same


def encrypt_content(plain: bytes, *, key: bytes) -> tuple[bytes, bytes]:
    """Return the Base64 of the cipher text in two parts, so that megabytes are not copied to be padded."""
    if not plain:
        return b"", b""
    even = len(plain) // _EVEN * _EVEN
    rest = plain[even:]
    count = _BLOCK - len(rest) % _BLOCK
    encryptor = Cipher(AES(key), _ECB).encryptor()
    head = base64.b64encode(encryptor.update(memoryview(plain)[:even])) if even else b""
    return head, base64.b64encode(encryptor.update(rest + bytes([count]) * count) + encryptor.finalize())


def has_whole_blocks(cipher_text: bytes) -> bool:
    """Whether a cipher text of AES has a length that one can have."""
    return bool(cipher_text) and len(cipher_text) % _BLOCK == 0


def decrypt_content(cipher_text: bytes, *, key: bytes) -> tuple[str, bool]:
    """Return the decrypted text of whole blocks, and whether it is sound; none at all is sound and empty."""
    if not cipher_text:
        return "", True
    sound = True
    decryptor = Cipher(AES(key or _NO_KEY), _ECB).decryptor()
    padded = decryptor.update(cipher_text)
    decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes([count]) * count:
        count, sound = 0, False
    try:
        return str(memoryview(padded)[: len(padded) - count], "utf-8"), sound and bool(key)
    except UnicodeDecodeError:
        return "", False


def encrypt_key(plain: bytes, *, key: RSAPublicKey) -> bytes:
    """Encrypt an AES key in blocks of the modulus less the 11 bytes of PKCS#1 v1.5 (b.1 no. 6)."""
    size = key.key_size // 8 - 11
    return b"".join(key.encrypt(plain[start : start + size], _PADDING) for start in range(0, len(plain), size))


def decrypt_key(value: object, *, key: RSAPrivateKey) -> tuple[bytes, bool]:
    """Return the text that is the AES key and whether it is sound; an absent field is sound and gives no key.

    The key is the ASCII text itself, not the bytes that it decodes to (b.5 no. 3).
    """
    if value is None or value == "":
        return b"", True
    size = key.key_size // 8
    cipher_text, sound = decode_key(value, size=size)
    if not sound:
        cipher_text = bytes(size)
    opened = b""
    try:
        opened = key.decrypt(cipher_text, _PADDING)
    except ValueError:
        sound = False
    # OpenSSL 3.2 answers wrong padding with random bytes, not with an error: they fail by length or characters.
    if len(opened) not in {16, 24, 32} or not opened.isascii():
        return _NO_KEY, False
    return opened, sound


def decode_key(value: object, *, size: int) -> tuple[bytes, bool]:
    """Return the cipher text of an AES key and whether it is one block of RSA of `size` bytes; uses no key.

    A key's text of at most 32 characters is one block, whatever the modulus.
    """
    # Before it is even decoded: anybody can post a megabyte of blocks, each of which costs a private operation.
    text = value if isinstance(value, str) and len(value) <= _MOST_KEY_TEXT * size else ""
    cipher_text, sound = decode_base64(unquote(text) if "%" in text else text)  # b.2 no. 2
    return cipher_text, sound and len(cipher_text) == size


def decode_base64(value: object) -> tuple[bytes, bool]:
    """Return the decoded bytes and whether the text is sound: only the one canonical Base64 text of a value is."""
    if not isinstance(value, str):
        return b"", False
    try:
        decoded = binascii.a2b_base64(value, strict_mode=True)
    except ValueError:  # binascii.Error, and a text that is not ASCII
        return b"", False
    # Only the last group can be written in several ways: its unused bits must be zero.
    last = binascii.b2a_base64(decoded[(len(decoded) - 1) // 3 * 3 :], newline=False)
    return decoded, last == value[-4:].encode()
