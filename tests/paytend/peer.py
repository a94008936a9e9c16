"""A Paytend for property tests: makes envelopes quickly, with the wire's primitives written out once more."""

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7

from paytend import Keys
from tests.paytend.openssl import signature_source

PARTNER = "888666000199001"


@dataclass(frozen=True)
class Peer:
    ours: rsa.RSAPrivateKey
    theirs: rsa.RSAPrivateKey

    @cached_property
    def keys(self) -> Keys:
        return Keys(private=self.ours, public=(self.theirs.public_key(),))

    def makes(
        self,
        fields: dict[str, Any],
        *,
        payload: str,
        text: bytes,
        key: bytes = b"MDEyMzQ1Njc4OUFCQ0RFRg==",
        ecb_key: bytes | None = None,
        padded: bool = True,
    ) -> dict[str, Any]:
        plain = {**fields, "randomKey": key.decode("latin-1"), payload: text.decode("utf-8", "replace")}
        padder = PKCS7(128).padder()
        body = padder.update(text) + padder.finalize() if padded else text
        encryptor = Cipher(algorithms.AES(ecb_key or key), modes.ECB()).encryptor()  # noqa: S305 - the wire's own
        return {
            **fields,
            "randomKey": base64.b64encode(self.ours.public_key().encrypt(key, PKCS1v15())).decode(),
            payload: base64.b64encode(encryptor.update(body) + encryptor.finalize()).decode(),
            "signature": base64.b64encode(
                self.theirs.sign(signature_source(plain), PKCS1v15(), SHA256())
            ).decode(),
        }

    def webhook(self, text: str | bytes, *, notify_type: str = "1", **more: Any) -> bytes:
        content = text.encode() if isinstance(text, str) else text
        fields = {"notifyType": notify_type, "partnerId": PARTNER, "signType": "RSA", "version": "2.0"}
        return json.dumps(
            self.makes(fields, payload="content", text=content, **more), separators=(",", ":")
        ).encode()

    def response(self, text: str, **fields: Any) -> bytes:
        head = {"respCode": "00", "respMsg": "success", "signType": "RSA", **fields}
        return json.dumps(self.makes(head, payload="respData", text=text.encode())).encode()


def make_peer(bits: int = 1024) -> Peer:
    return Peer(
        ours=rsa.generate_private_key(public_exponent=65537, key_size=bits),
        theirs=rsa.generate_private_key(public_exponent=65537, key_size=bits),
    )
