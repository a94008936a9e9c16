"""Checks what a passkey has signed (WebAuthn): that it is of this key, of this content, and by a verified person.

www.w3.org/TR/webauthn-3: the browser signs over the challenge, our address, and whether the person was verified.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from approvals.canonical_json import canonical_json
from approvals.refusals import Refusal

_DOMAIN = "cardops decision 1"
_ENROL_DOMAIN = "cardops passkey 1"
_LONGEST = 8_000  # characters of what a browser sends


class ProofRefused(Refusal):
    """Your passkey does not prove this, so nothing was decided ({what}). Please start again from Slack."""


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """Who asks for a proof: the address of our pages."""

    origin: str

    @property
    def id(self) -> str:
        """The host, to which keys are bound."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, kw_only=True)
class Assertion:
    """What a key has signed; the parts are in Base64 for addresses, as the browser has them."""

    credential: str
    client_data: str
    authenticator_data: str
    signature: str
    nonce: str

    def write(self) -> str:
        """Return the text that a decision keeps."""
        return canonical_json(asdict(self)).decode()

    @classmethod
    def read(cls, text: str) -> "Assertion":
        """Return what a decision keeps; raises ProofRefused."""
        try:
            return cls(**{name: str(value) for name, value in dict(json.loads(text)).items()})
        except (ValueError, TypeError) as error:
            raise ProofRefused(what="what was kept of it cannot be read") from error

    @classmethod
    def of_browser(cls, text: str, *, nonce: str) -> "Assertion":
        """Return what a browser has sent; raises ProofRefused."""
        try:
            if len(text) > _LONGEST:
                raise ValueError  # noqa: TRY301 - too long is as unreadable as the rest
            sent = json.loads(text)
            response = sent["response"]
            return cls(
                credential=str(sent["id"]),
                client_data=str(response["clientDataJSON"]),
                authenticator_data=str(response["authenticatorData"]),
                signature=str(response["signature"]),
                nonce=nonce,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ProofRefused(what="what the browser sent cannot be read") from error


def make_challenge(*, digest: str, person: str, verdict: str, nonce: str) -> bytes:
    """Return what a key signs for a decision: nothing else has this digest."""
    return _digest(_DOMAIN, digest, person, verdict, nonce)


def make_enrolment_challenge(*, account: str, nonce: str) -> bytes:
    """Return what a new key signs."""
    return _digest(_ENROL_DOMAIN, account, nonce)


def check_assertion(
    assertion: Assertion, *, public_key: str, challenge: bytes, party: RelyingParty, count: int
) -> int:
    """Return the counter of the key after this use; raises ProofRefused.

    `count` is the counter when it was last used: one that goes back shows a copied key.
    """
    # Imported here: it takes 14 MB, and most bots have no rule that asks for a passkey.
    from webauthn import verify_authentication_response  # noqa: PLC0415 - as above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

    sent = {
        "id": assertion.credential,
        "rawId": assertion.credential,
        "type": "public-key",
        "response": {
            "clientDataJSON": assertion.client_data,
            "authenticatorData": assertion.authenticator_data,
            "signature": assertion.signature,
        },
    }
    try:
        verified = verify_authentication_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=decode(public_key),
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise ProofRefused(what=_say(error)) from error
    return int(verified.new_sign_count)


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key as a browser has made it."""

    id: str
    public_key: str
    maker: str
    is_synced: bool
    count: int


def check_new_key(text: str, *, challenge: bytes, party: RelyingParty) -> NewKey:
    """Return a new key; raises ProofRefused."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - as in check_assertion
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as in check_assertion
    from webauthn.helpers.structs import CredentialDeviceType  # noqa: PLC0415 - as in check_assertion

    try:
        sent: Any = json.loads(text) if len(text) <= _LONGEST else None
        verified = verify_registration_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProofRefused(what=_say(error)) from error
    return NewKey(
        id=encode(verified.credential_id),
        public_key=encode(verified.credential_public_key),
        maker=str(verified.aaguid),
        is_synced=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        count=verified.sign_count,
    )


def write_pem(public_key: str) -> str:
    """Return the public key of a passkey as the openssl program reads it."""
    from webauthn.helpers import (  # noqa: PLC0415 - as in check_assertion
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )

    key = decoded_public_key_to_cryptography(decode_credential_public_key(decode(public_key)))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encode(raw: bytes) -> str:
    """Return bytes as Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of Base64 for addresses; raises ValueError."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("no Base64") from error


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(canonical_json(list(parts))).digest()


def _say(error: Exception) -> str:
    # The library's sentences say which check failed; what it quotes of the input would help nobody here.
    return str(error).partition(":")[0][:120] or type(error).__name__
