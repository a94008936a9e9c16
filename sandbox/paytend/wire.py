"""The wire as Paytend's side sees it: opens sealed requests, seals answers and webhooks.

Written from paytend-api.md part (b) alone and sharing no code with the bot's client: that is its value.
AES-192 in ECB mode over the 24-character key text, RSA PKCS#1 v1.5 in blocks, SHA256withRSA over the
sorted fields. All of it is the provider's demand, none of it our choice.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.paytend.refusals import PaytendRefusal, Reason

VERSION = "2.0"
SIGN_TYPE = "RSA"
REQUEST_FIELDS = ("requestId", "partnerId", "version", "signType", "bizData", "randomKey", "signature")

_KEY_TEXT = re.compile(rb"[A-Za-z0-9+/]{22}==")
_PKCS1_OVERHEAD = 11


def source_of(fields: Mapping[str, str]) -> str:
    """Return the text that is signed: non-empty fields but `signature`, sorted, `name=value` with `&`."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature" and fields[name])


def sign(fields: Mapping[str, str], *, key: RSAPrivateKey) -> str:
    """Return the Base64 signature over the source text of `fields`."""
    return base64.b64encode(key.sign(source_of(fields).encode(), PKCS1v15(), SHA256())).decode()


def new_key_text() -> str:
    """Return a fresh AES key: 16 random bytes as 24 characters of Base64, whose ASCII bytes are the key."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def _aes(key_text: str) -> Cipher[ECB]:
    return Cipher(AES(key_text.encode()), ECB())  # noqa: S305 - what the provider's wire demands


def encrypt(text: str, *, key_text: str) -> str:
    """Return Base64 of the AES cipher text."""
    padder, encryptor = PKCS7(128).padder(), _aes(key_text).encryptor()
    padded = padder.update(text.encode()) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(text: str, *, key_text: str) -> str:
    """Return the plain text; raises ValueError when Base64, length, padding or UTF-8 are wrong."""
    unpadder, decryptor = PKCS7(128).unpadder(), _aes(key_text).decryptor()
    padded = decryptor.update(_from_base64(text)) + decryptor.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


def wrap_key(key_text: str, *, key: RSAPublicKey) -> str:
    """Return the RSA-encrypted key text in Base64."""
    size = key.key_size // 8 - _PKCS1_OVERHEAD
    plain = key_text.encode()
    blocks = [key.encrypt(plain[at : at + size], PKCS1v15()) for at in range(0, len(plain), size)]
    return base64.b64encode(b"".join(blocks)).decode()


def unwrap_key(text: str, *, key: RSAPrivateKey) -> str:
    """Return the key text; raises ValueError when it is not 24 characters of Base64."""
    size = key.key_size // 8
    cipher = _from_base64(text)
    if not cipher or len(cipher) % size:
        raise ValueError("wrong length")
    plain = b"".join(key.decrypt(cipher[at : at + size], PKCS1v15()) for at in range(0, len(cipher), size))
    if not _KEY_TEXT.fullmatch(plain):
        raise ValueError("wrong key")
    return plain.decode()


def _from_base64(text: str) -> bytes:
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded).decode() != text:
        raise binascii.Error("not canonical")
    return decoded


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name occurs twice")
    return content


def _refuse_number(_: str) -> NoReturn:
    raise ValueError("numbers are sent as strings")


def read_strings(text: str | bytes) -> dict[str, Any]:
    """Return a JSON object of strings and objects of strings; raises ValueError for anything else."""
    try:
        content = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_object_of,
            parse_int=_refuse_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for whatever is wrong with a text
    for value in content.values():
        inner = value.values() if isinstance(value, dict) else [value]
        if not all(isinstance(item, str) for item in inner):
            raise ValueError("a value is not a string")
    return content


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A request whose envelope was right."""

    request_id: str
    biz_data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """The keys of one side of the wire: Paytend's own, and the partner's public one."""

    partner_id: str
    own_key: RSAPrivateKey
    partner_key: RSAPublicKey

    def open_request(self, body: bytes) -> Opened:
        """Return what a request asks; raises PaytendRefusal for anything that is not exactly right."""
        try:
            fields = read_strings(body)
        except ValueError as error:
            raise PaytendRefusal(Reason.NOT_JSON) from error
        self._check_plain_fields(fields)
        opened = self._verified(fields)
        text = opened["bizData"]
        try:
            biz_data = read_strings(text) if text else {}
        except ValueError as error:
            raise PaytendRefusal(Reason.BIZ_DATA_WRONG) from error
        return Opened(request_id=fields["requestId"], biz_data=biz_data)

    def _check_plain_fields(self, fields: Mapping[str, Any]) -> None:
        if set(fields) != set(REQUEST_FIELDS) or not all(isinstance(value, str) for value in fields.values()):
            raise PaytendRefusal(Reason.ENVELOPE_FIELD)
        if fields["partnerId"] != self.partner_id:
            raise PaytendRefusal(Reason.PARTNER_UNKNOWN)
        if fields["version"] != VERSION or fields["signType"] != SIGN_TYPE:
            raise PaytendRefusal(Reason.VERSION_WRONG)
        if len(fields["requestId"]) != 32 or not fields["requestId"].startswith(self.partner_id):
            raise PaytendRefusal(Reason.REQUEST_ID_WRONG)

    def _verified(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the fields in the clear; one refusal for whatever is wrong with key, cipher or signature."""
        try:
            key_text = unwrap_key(fields["randomKey"], key=self.own_key)
            biz_data = decrypt(fields["bizData"], key_text=key_text) if fields["bizData"] else ""
            opened = {**fields, "randomKey": key_text, "bizData": biz_data}
            signature = _from_base64(fields["signature"])
            self.partner_key.verify(signature, source_of(opened).encode(), PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature) as error:
            raise PaytendRefusal(Reason.SEAL_BROKEN) from error
        return opened

    def seal(
        self,
        fields: Mapping[str, str],
        *,
        name: str,
        text: str,
        signed_text: str | None = None,
        signer: RSAPrivateKey | None = None,
    ) -> dict[str, str]:
        """Return `fields` with `text` encrypted as `name`, a fresh wrapped key and a signature.

        `signed_text` is signed instead of `text`; `signer` is a key other than Paytend's, to forge a message.
        """
        key_text = new_key_text()
        plain = {**fields, name: signed_text or text, "randomKey": key_text, "signType": SIGN_TYPE}
        return {
            **plain,
            name: encrypt(text, key_text=key_text),
            "randomKey": wrap_key(key_text, key=self.partner_key),
            "signature": sign(plain, key=signer or self.own_key),
        }
