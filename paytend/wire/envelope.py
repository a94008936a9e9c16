"""The signed and encrypted envelope: seal a request, open a response, open a webhook.

Pure: randomness is an argument (except for RSA's own padding). The procedure is that of `paytend-api.md` part (b),
which was checked against the vendor's own demo; section numbers below are those of that file.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from paytend.card_numbers import mask_text
from paytend.errors import Flaw, ProtocolError
from paytend.wire import strict_json
from paytend.wire.ciphers import decode_base64, decrypt_content, decrypt_key, encrypt_content, encrypt_key
from paytend.wire.keys import Keys
from paytend.wire.signatures import VerifiedForm, find_signed_form, sign

SUCCESS = "00"
SECRET_BYTES = 16  # of randomness; the AES key is their Base64 text of 24 characters (b.1 no. 2)
REQUEST_ID_LENGTH = 32

UNREAD = "unread"  # the one member of a content that is not an object

_NESTED = frozenset({dict, list})
_HEAD = b'{"requestId":"%b","partnerId":"%b","version":"2.0","signType":"RSA","randomKey":"'


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response with a good signature, or a refusal without any (`form` is None); `message` is masked."""

    code: str
    message: str
    data: dict[str, Any]
    form: VerifiedForm | None


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook with a good signature; `text` is its content as signed, `key` the number of the verifying key."""

    notify_type: str
    content: dict[str, Any]
    text: str
    form: VerifiedForm
    key: int


def seal(
    content: Mapping[str, Any] | None, *, keys: Keys, partner_id: str, request_id: str, secret: bytes
) -> bytes:
    """Return the JSON body of a request (b.1).

    `content` has texts, or objects of texts; `None` is the empty form of b.3 (A). `request_id` has 32
    characters, `secret` 16 random bytes.
    """
    if len(secret) != SECRET_BYTES or len(request_id) != REQUEST_ID_LENGTH:
        raise ValueError("A request takes 16 secret bytes and a request id of 32 characters.")
    aes_key = base64.b64encode(secret)
    # One serialisation: the very bytes that are signed are encrypted.
    plain = b"" if content is None else strict_json.write(content).encode()
    signed = b"".join(
        [
            *((b"bizData=", plain, b"&") if plain else ()),  # one copy of the megabytes, not two
            b"partnerId=%b&randomKey=%b&requestId=%b&signType=RSA&version=2.0"
            % (partner_id.encode(), aes_key, request_id.encode()),
        ]
    )
    signature = sign(signed, key=keys.private)
    # Each value is digits or Base64: nothing to escape, and 2.7 MB need not be searched for it.
    return b"".join(
        [
            _HEAD % (request_id.encode(), partner_id.encode()),
            base64.b64encode(encrypt_key(aes_key, key=keys.public[0])),
            b'","bizData":"',
            *encrypt_content(plain, key=aes_key),
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
    # A refusal's words are told to people and kept for ever: what Paytend repeats of a card is masked here.
    message = mask_text(strict_json.storable(message)) if isinstance(message, str) else ""
    if code != SUCCESS and not fields.get("signature"):
        return Response(code=mask_text(code), message=message, data={}, form=None)
    opened = _open(fields, payload="respData", keys=keys)
    if not isinstance(opened.content, dict):
        raise ProtocolError
    return Response(code=mask_text(code), message=message, data=opened.content, form=opened.form)


def open_webhook(raw: bytes, *, keys: Keys, partner_id: str) -> Webhook:
    """Return what a webhook says (b.4); raises ProtocolError when Paytend did not sign it for us.

    Content that is not an object becomes the one member of an object, named UNREAD: Paytend signed it.
    """
    fields = _read_fields(raw)
    if not fields.get("signature"):  # costs no cryptography, and the sender knows it anyway
        raise ProtocolError(Flaw.UNSIGNED)
    opened = _open(fields, payload="content", keys=keys)
    # After the signature, so that only a genuine webhook counts as one for another partner.
    if fields.get("partnerId") != partner_id:
        raise ProtocolError(Flaw.OTHER_PARTNER)
    content = opened.content if isinstance(opened.content, dict) else {UNREAD: opened.content}
    if not content or "notifyType" not in fields:
        raise ProtocolError(Flaw.UNREADABLE)
    return Webhook(
        notify_type=mask_text(strict_json.storable(str(fields["notifyType"]))),
        content=content,
        text=opened.text,
        form=opened.form,
        key=opened.key,
    )


class _Opened(NamedTuple):  # not a frozen dataclass: this is made once for every message
    text: str
    content: Any
    form: VerifiedForm
    key: int


def _read_fields(raw: bytes) -> dict[str, Any]:
    """Return the outer fields: texts, numbers, booleans or nulls, never anything nested."""
    try:
        fields = strict_json.parse_object(raw.decode("utf-8"))
    except (UnicodeDecodeError, strict_json.NotStrictJson) as error:
        raise ProtocolError(Flaw.UNREADABLE) from error
    if not _NESTED.isdisjoint(map(type, fields.values())):
        raise ProtocolError(Flaw.UNREADABLE)
    return fields


def _open(fields: dict[str, Any], *, payload: str, keys: Keys) -> _Opened:
    """Decrypt and verify; every way to fail takes all the steps, so that none can be told from another."""
    aes_key, key_sound = decrypt_key(fields.get("randomKey"), key=keys.private)
    text, text_sound = decrypt_content(fields.get(payload), key=aes_key)
    signature, signature_sound = decode_base64(fields.get("signature"))
    # What is signed are the fields in the clear, the AES key among them (b.2 no. 2 to 4).
    plain = {**fields, "randomKey": aes_key.decode("ascii", "replace") if aes_key else "", payload: text}
    found = find_signed_form(plain, payload=payload, signature=signature, keys=keys.public)
    content, is_json = _read_content(text)
    if not (key_sound and text_sound and signature_sound) or found is None or not is_json:
        # Raised bare, outside of any handler: what failed must not be seen from outside.
        raise ProtocolError
    return _Opened(text=text, content=content, form=found[0], key=found[1])


def _read_content(text: str) -> tuple[Any, bool]:
    """Return the content's JSON value, and whether it is JSON; no text is an empty object (b.2 no. 5)."""
    if not text:
        return {}, True
    try:
        return strict_json.parse(text), True
    except strict_json.NotStrictJson:
        return None, False
