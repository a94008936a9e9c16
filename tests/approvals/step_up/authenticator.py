"""A passkey in software, written after WebAuthn and not with the library that checks it."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from approvals.step_up.assertions import encode

ORIGIN = "https://cardops.example.com"
PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


@dataclass(kw_only=True)
class Authenticator:
    """One key of one person; its counter goes up with each use."""

    name: bytes = b"key of somebody!"
    origin: str = ORIGIN
    rp: str = ""
    verifies: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def creates(self, challenge: bytes) -> str:
        """What the browser sends when the key is made."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.name).to_bytes(2, "big") + self.name + cbor2.dumps(cose)
        made = {"fmt": "none", "attStmt": {}, "authData": self._data(NEW_KEY) + credential}
        client = self._client("webauthn.create", challenge)
        response = {"clientDataJSON": encode(client), "attestationObject": encode(cbor2.dumps(made))}
        return json.dumps({"id": self.id, "rawId": self.id, "type": "public-key", "response": response})

    def signs(self, challenge: bytes) -> str:
        """What the browser sends when the key is used."""
        self.count += 1
        client, data = self._client("webauthn.get", challenge), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response: dict[str, Any] = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
        }
        return json.dumps({"id": self.id, "response": response})

    @property
    def id(self) -> str:
        return encode(self.name)

    def _client(self, kind: str, challenge: bytes) -> bytes:
        return json.dumps({"type": kind, "challenge": encode(challenge), "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        host = self.rp or urlsplit(self.origin).hostname or ""
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
