"""The signed and encrypted envelope: seal a request, open a response, open a webhook.

Pure: what is random is an argument (only RSA's own padding is not). The procedure is that of
`paytend-api.md` part (b), which the vendor's own demo was checked against; section numbers below are its.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256

from paytend import strictjson
from paytend.errors import Flaw, ProtocolError
from paytend.keys import Keys

SUCCESS = "00"
SECRET_BYTES = 16  # of randomness; the AES key is their Base64 text of 24 characters (b.1 no. 2)
REQUEST_ID_LENGTH = 32

_PADDING = PKCS1v15()
_HASH = SHA256()
_ECB = ECB()  # noqa: S305 - the provider's wire; ADR 0004 says what compensates
_UNSIGNED = ("signature", "encryptFlag")  # b.2 no. 4
_BLOCK = 16
_EVEN = 48  # bytes that are whole blocks of AES and whole groups of Base64
_NO_KEY = bytes(24)
_NESTED = frozenset({dict, list})
_HEAD = b'{"requestId":"%b","partnerId":"%b","version":"2.0","signType":"RSA","randomKey":"'


class VerifiedForm(StrEnum):
    """Which of the forms in question was signed (b.5 no. 1 and 2)."""

    RAW = "raw"
    RAW_WITH_NULLS = "raw, nulls as text"
    REWRITTEN = "re-serialised"
    REWRITTEN_WITH_NULLS = "re-serialised, nulls as text"


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response whose signature held, or a refusal that carries none (`form` is None)."""

    code: str
    message: str
    data: dict[str, Any]
    form: VerifiedForm | None


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook whose signature held; `text` is its content as it was signed, `key` which key verified it."""

    notify_type: str
    content: dict[str, Any]
    text: str
    form: VerifiedForm
    key: int


def seal(
    content: Mapping[str, Any] | None, *, keys: Keys, partner_id: str, request_id: str, secret: bytes
) -> bytes:
    """Return the JSON body of a request (b.1).

    `content` holds texts, or objects of texts; `None` is the empty form of b.3 (A). `request_id` has 32
    characters, `secret` 16 random bytes.
    """
    if len(secret) != SECRET_BYTES or len(request_id) != REQUEST_ID_LENGTH:
        raise ValueError("A request takes 16 secret bytes and a request id of 32 characters.")
    aes_key = base64.b64encode(secret)
    # One serialisation: the very bytes that are signed are encrypted.
    plain = b"" if content is None else strictjson.write(content).encode()
    signed = b"".join(
        [
            *((b"bizData=", plain, b"&") if plain else ()),  # one copy of the megabytes, not two
            b"partnerId=%b&randomKey=%b&requestId=%b&signType=RSA&version=2.0"
            % (partner_id.encode(), aes_key, request_id.encode()),
        ]
    )
    signature = keys.private.sign(signed, _PADDING, _HASH)
    # Each value is digits or Base64: nothing to escape, and 2.7 MB need not be searched for it.
    return b"".join(
        [
            _HEAD % (request_id.encode(), partner_id.encode()),
            base64.b64encode(_encrypt_chunks(aes_key, key=keys.public[0])),
            b'","bizData":"',
            *_encrypt(plain, key=aes_key),
            b'","signature":"',
            base64.b64encode(signature),
            b'"}',
        ]
    )


def open_response(raw: bytes, *, keys: Keys) -> Response:
    """Return what a response says (b.2); raises ProtocolError when it cannot be trusted.

    A refusal without a signature is returned with `form` None: the document says that some carry none.
    """
    fields = _read_fields(raw)
    code, message = fields.get("respCode"), fields.get("respMsg")
    if not isinstance(code, str) or not code:
        raise ProtocolError
    message = message if isinstance(message, str) else ""
    if code != SUCCESS and not fields.get("signature"):
        return Response(code=code, message=message, data={}, form=None)
    opened = _open(fields, payload="respData", keys=keys)
    return Response(code=code, message=message, data=opened.content, form=opened.form)


def open_webhook(raw: bytes, *, keys: Keys, partner_id: str) -> Webhook:
    """Return what a webhook says (b.4); raises ProtocolError when Paytend did not sign it for us."""
    fields = _read_fields(raw)
    if not fields.get("signature"):  # costs no cryptography, and tells the sender nothing that it does not know
        raise ProtocolError(Flaw.UNSIGNED)
    opened = _open(fields, payload="content", keys=keys)
    if fields.get("partnerId") != partner_id:
        raise ProtocolError(Flaw.OTHER_PARTNER)
    if not opened.content or "notifyType" not in fields:
        raise ProtocolError(Flaw.UNREADABLE)
    return Webhook(
        notify_type=strictjson.storable(str(fields["notifyType"])),
        content=opened.content,
        text=opened.text,
        form=opened.form,
        key=opened.key,
    )


class _Opened(NamedTuple):  # not a frozen dataclass: this is made once for every message
    text: str
    content: dict[str, Any]
    form: VerifiedForm
    key: int


def _read_fields(raw: bytes) -> dict[str, Any]:
    """Return the outer fields: texts, numbers, booleans or nulls, never anything nested."""
    try:
        fields = strictjson.parse_object(raw.decode("utf-8"))
    except (UnicodeDecodeError, strictjson.NotStrictJson) as error:
        raise ProtocolError(Flaw.UNREADABLE) from error
    if not _NESTED.isdisjoint(map(type, fields.values())):
        raise ProtocolError(Flaw.UNREADABLE)
    return fields


def _open(fields: dict[str, Any], *, payload: str, keys: Keys) -> _Opened:
    """Decrypt and verify; every way to fail takes all the steps, so that none can be told from another."""
    sound = True
    secret, good = _open_secret(fields.get("randomKey"), key=keys.private)
    sound &= good
    text, good = _open_payload(fields.get(payload), secret=secret)
    sound &= good
    signature, good = _decode(fields.get("signature"))
    sound &= good
    plain = {**fields, "randomKey": secret.decode("ascii", "replace") if secret else "", payload: text}
    found = _verify(plain, payload=payload, signature=signature, keys=keys)
    content = _read_content(text)
    if not sound or found is None or content is None:
        # Raised bare, outside of any handler: what failed must not be seen from outside.
        raise ProtocolError
    return _Opened(text=text, content=content, form=found[0], key=found[1])


def _open_secret(value: object, *, key: RSAPrivateKey) -> tuple[bytes, bool]:
    """Return the AES key text and whether it is one; an absent field is sound and gives no key."""
    if value is None or value == "":
        return b"", True
    text = unquote(value) if isinstance(value, str) and "%" in value else value  # b.2 no. 2
    cipher_text, sound = _decode(text)
    size = key.key_size // 8
    if not sound or not cipher_text or len(cipher_text) % size:
        cipher_text, sound = bytes(size), False
    opened = b""
    for start in range(0, len(cipher_text), size):
        try:
            opened += key.decrypt(cipher_text[start : start + size], _PADDING)
        except ValueError:
            sound = False
    if len(opened) not in {16, 24, 32} or not opened.isascii():
        return _NO_KEY, False
    return opened, sound


def _open_payload(value: object, *, secret: bytes) -> tuple[str, bool]:
    """Return the decrypted text and whether it is one; an absent field is sound and empty."""
    if value is None or value == "":
        return "", True
    cipher_text, sound = _decode(value)
    if not cipher_text or len(cipher_text) % _BLOCK:
        cipher_text, sound = bytes(_BLOCK), False
    decryptor = Cipher(AES(secret or _NO_KEY), _ECB).decryptor()
    padded = decryptor.update(cipher_text)
    decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes([count]) * count:
        count, sound = 0, False
    try:
        return str(memoryview(padded)[: len(padded) - count], "utf-8"), sound and bool(secret)
    except UnicodeDecodeError:
        return "", False


def _verify(
    plain: dict[str, Any], *, payload: str, signature: bytes, keys: Keys
) -> tuple[VerifiedForm, int] | None:
    for form, source in _signed_forms(plain, payload=payload):
        for number, key in enumerate(keys.public):
            if _holds(signature, source, key=key):
                return form, number
    return None


def _signed_forms(plain: dict[str, Any], *, payload: str) -> Iterator[tuple[VerifiedForm, bytes]]:
    """Yield what may have been signed, the likeliest first (b.5 no. 1 and 2)."""
    yield VerifiedForm.RAW, _source(plain, nulls=False)
    yield VerifiedForm.RAW_WITH_NULLS, _source(plain, nulls=True)
    rewritten = {**plain, payload: _rewrite(plain[payload])}
    yield VerifiedForm.REWRITTEN, _source(rewritten, nulls=False)
    yield VerifiedForm.REWRITTEN_WITH_NULLS, _source(rewritten, nulls=True)


def _source(plain: dict[str, Any], *, nulls: bool) -> bytes:
    """Return the text that is signed: non-empty fields by name, `name=value` joined by `&` (b.1 no. 4)."""
    parts: list[str] = []
    for name in sorted(plain):
        value = plain[name]
        if name in _UNSIGNED or value == "" or (value is None and not nulls):
            continue
        parts += ("&", name, "=", value if isinstance(value, str) else strictjson.write(value))
    return "".join(parts[1:]).encode("utf-8", "replace")


def _rewrite(text: str) -> str:
    try:
        return strictjson.write(strictjson.parse(text))
    except (strictjson.NotStrictJson, RecursionError):
        return text


def _read_content(text: str) -> dict[str, Any] | None:
    if not text:
        return {}
    try:
        return strictjson.parse_object(text)
    except strictjson.NotStrictJson:
        return None


def _holds(signature: bytes, source: bytes, *, key: RSAPublicKey) -> bool:
    try:
        key.verify(signature, source, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def _decode(value: object) -> tuple[bytes, bool]:
    """Return Base64 decoded, where only the one canonical text of a value is sound."""
    if not isinstance(value, str):
        return b"", False
    try:
        decoded = binascii.a2b_base64(value, strict_mode=True)
    except ValueError:  # binascii.Error, and a text that is not ASCII
        return b"", False
    # Only the last group can be written in several ways: its unused bits must be nought.
    return decoded, binascii.b2a_base64(decoded[(len(decoded) - 1) // 3 * 3 :], newline=False) == value[
        -4:
    ].encode()


def _encrypt(plain: bytes, *, key: bytes) -> tuple[bytes, bytes]:
    """Return the Base64 of the cipher text in two parts, so that megabytes are not copied to be padded."""
    if not plain:
        return b"", b""
    even = len(plain) // _EVEN * _EVEN
    rest = plain[even:]
    count = _BLOCK - len(rest) % _BLOCK
    encryptor = Cipher(AES(key), _ECB).encryptor()
    head = base64.b64encode(encryptor.update(memoryview(plain)[:even])) if even else b""
    return head, base64.b64encode(encryptor.update(rest + bytes([count]) * count) + encryptor.finalize())


def _encrypt_chunks(plain: bytes, *, key: RSAPublicKey) -> bytes:
    """Encrypt in blocks of the modulus less the 11 bytes of PKCS#1 v1.5 (b.1 no. 6)."""
    size = key.key_size // 8 - 11
    return b"".join(key.encrypt(plain[start : start + size], _PADDING) for start in range(0, len(plain), size))
