"""A tiny client for these tests: paytend-api.md (b) once more, with nothing but `cryptography`."""

import base64
import itertools
import json
import os
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from sandbox.paytend import PaytendStandIn
from sandbox.paytend.operations import BY_NAME
from tests import once

COUNTER = itertools.count(1)


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def source(fields: dict[str, Any]) -> bytes:
    left_out = {"signature", "encryptFlag"}
    kept = {name: value for name, value in fields.items() if value and name not in left_out}
    return "&".join(f"{name}={kept[name]}" for name in sorted(kept)).encode()


def encrypted(text: str, key: str) -> str:
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.ECB()).encryptor()  # noqa: S305 - the wire
    return b64(encryptor.update(padder.update(text.encode()) + padder.finalize()) + encryptor.finalize())


def decrypted(text: str, key: str) -> str:
    unpadder = padding.PKCS7(128).unpadder()
    decryptor = Cipher(algorithms.AES(key.encode()), modes.ECB()).decryptor()  # noqa: S305 - the wire
    padded = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


@dataclass(frozen=True, kw_only=True)
class Reply:
    code: str
    message: str | None
    data: dict[str, Any]
    raw: dict[str, Any]
    opened: dict[str, Any]


class Partner:
    """Speaks to a stand-in over a real socket and verifies every answer."""

    def __init__(self, stand_in: PaytendStandIn, url: str) -> None:
        private = load_pem_private_key(stand_in.partner_private_key_pem.encode(), None)
        public = load_pem_public_key(stand_in.paytend_public_key_pem.encode())
        assert isinstance(private, RSAPrivateKey)
        assert isinstance(public, RSAPublicKey)
        self.private, self.public, self.partner_id = private, public, stand_in.partner_id
        self.http = httpx.Client(base_url=url, timeout=3.0, trust_env=False, verify=once.tls())

    def close(self) -> None:
        self.http.close()

    def request_id(self) -> str:
        return f"{self.partner_id}{next(COUNTER):017d}"

    def seal(
        self,
        biz_text: str,
        *,
        key: str = "",
        signer: RSAPrivateKey | None = None,
        changed: dict[str, str] | None = None,
    ) -> dict[str, str]:
        """Return the outer JSON of a request; `changed` fields are changed before signing."""
        key = key or b64(os.urandom(16))
        plain = {
            "requestId": self.request_id(),
            "partnerId": self.partner_id,
            "version": "2.0",
            "signType": "RSA",
            "bizData": biz_text,
            "randomKey": key,
        } | (changed or {})
        signature = (signer or self.private).sign(source(plain), rsa_padding.PKCS1v15(), hashes.SHA256())
        return {
            **plain,
            "bizData": encrypted(biz_text, key) if biz_text else "",
            "randomKey": b64(self.public.encrypt(key.encode(), rsa_padding.PKCS1v15())),
            "signature": b64(signature),
        }

    def post(self, name: str, body: dict[str, Any] | bytes | str) -> Reply:
        content = json.dumps(body) if isinstance(body, dict) else body
        response = self.http.post(BY_NAME[name].path, content=content)
        assert response.status_code == 200, response.text
        return self.opened(response.json())

    def opened(self, raw: dict[str, Any]) -> Reply:
        opened = self.unsealed(raw, name="respData")
        if "signature" in raw:
            self.verify(opened)
        data = json.loads(opened["respData"]) if "respData" in raw else {}
        return Reply(code=raw["respCode"], message=raw["respMsg"], data=data, raw=raw, opened=opened)

    def unsealed(self, raw: dict[str, Any], *, name: str) -> dict[str, Any]:
        """Return the fields with key and content in the clear; nothing is verified."""
        if "randomKey" not in raw:
            return dict(raw)
        key = self.private.decrypt(base64.b64decode(raw["randomKey"]), rsa_padding.PKCS1v15()).decode()
        return {**raw, "randomKey": key, name: decrypted(raw[name], key)}

    def verify(self, opened: dict[str, Any]) -> None:
        """Raise InvalidSignature unless Paytend signed these fields."""
        signature = base64.b64decode(opened["signature"])
        self.public.verify(signature, source(opened), rsa_padding.PKCS1v15(), hashes.SHA256())

    def call(self, name: str, **biz_data: Any) -> Reply:
        return self.post(name, self.seal(json.dumps(biz_data, ensure_ascii=False, separators=(",", ":"))))

    def data(self, name: str, **biz_data: Any) -> dict[str, Any]:
        reply = self.call(name, **biz_data)
        assert reply.code == "00", reply
        return reply.data

    def refused(self, name: str, **biz_data: Any) -> str:
        reply = self.call(name, **biz_data)
        assert reply.code != "00"
        assert reply.message
        assert "respData" not in reply.raw
        return reply.code
