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
from paytend.wire.ciphers import (
    decode_base64,
    decode_key,
    decrypt_content,
    decrypt_key,
    encrypt_content,
    encrypt_key,
    has_whole_blocks,
)
from paytend.wire.keys import Keys
from paytend.wire.signatures import VerifiedForm, find_signed_form, sign

SUCCESS = "00"
SECRET_BYTES = 16  # of randomness; the AES key is their Base64 text of 24 characters (b.1 no. 2)
REQUEST_ID_LENGTH = 32

UNREAD = "unread"  # the one member of a content that is not an object

_NESTED = frozenset({dict, list})
_ABSENT: tuple[object, ...] = (None, "")
_MOST_COMMAS = 128  # of a webhook, which has some eight fields
_MOST_BRACKETS = 64
_MOST_IN_CLEAR = 16 * 1024  # characters of all fields but the content
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

    Content that is not an object, or is nested too deeply to be read, becomes the one member of an object, named
    UNREAD: Paytend signed it.
    """
    _check_size(raw)
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


def _check_size(raw: bytes) -> None:
    """Refuse a webhook that would cost much to read: an envelope is a few short texts and one long one.

    Anybody can post one, and nothing has been verified yet.
    """
    escapes = raw.count(b"\\") if b"\\" in raw else 0
    if (
        _has_more(raw, b",", than=_MOST_COMMAS)
        or _has_more(raw, b"{", than=_MOST_BRACKETS)
        or _has_more(raw, b"[", than=_MOST_BRACKETS)
        or escapes > _MOST_COMMAS + len(raw) // 32  # as many as "/" in Base64, which some JSON escapes
    ):
        raise ProtocolError(Flaw.UNREADABLE)


def _has_more(raw: bytes, sign: bytes, *, than: int) -> bool:
    """Whether a sign comes more than so often; counting them all takes ten times as long."""
    place = -1
    for _ in range(than + 1):
        place = raw.find(sign, place + 1)
        if place < 0:
            return False
    return True


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
    """Decrypt and verify.

    What the lengths show, which the sender knows, is refused before any key is used. All that only a key can show
    takes the same steps until the signature is found or not, so that no failure can be told from another.
    """
    cipher_text, signature = _decode(fields, payload=payload, keys=keys)
    aes_key, key_sound = decrypt_key(fields.get("randomKey"), key=keys.private)
    text, text_sound = decrypt_content(cipher_text, key=aes_key)
    # What is signed are the fields in the clear, the AES key among them (b.2 no. 2 to 4).
    plain = {**fields, "randomKey": aes_key.decode("ascii", "replace") if aes_key else "", payload: text}
    found = find_signed_form(plain, payload=payload, signature=signature, keys=keys.public)
    if not (key_sound and text_sound) or found is None:
        # Raised bare, outside of any handler: what failed must not be seen from outside.
        raise ProtocolError
    content, is_json = _read_content(text)
    if not is_json:
        raise ProtocolError
    return _Opened(text=text, content=content, form=found[0], key=found[1])


def _decode(fields: dict[str, Any], *, payload: str, keys: Keys) -> tuple[bytes, bytes]:
    """Return the encrypted content, empty when there is none, and the signature.

    Raises ProtocolError when a length is wrong: of these, of the encrypted key, or of the fields in the clear.
    """
    in_clear = sum(len(value) for name, value in fields.items() if name != payload and isinstance(value, str))
    if in_clear > _MOST_IN_CLEAR:
        raise ProtocolError
    signature, sound = decode_base64(fields.get("signature"))
    if not sound or len(signature) not in {key.key_size // 8 for key in keys.public}:
        raise ProtocolError
    sealed = fields.get("randomKey")
    if sealed not in _ABSENT and not decode_key(sealed, size=keys.private.key_size // 8)[1]:
        raise ProtocolError
    value = fields.get(payload)
    if value in _ABSENT:
        return b"", signature
    cipher_text, sound = decode_base64(value)
    if not sound or not has_whole_blocks(cipher_text):
        raise ProtocolError
    return cipher_text, signature


def _read_content(text: str) -> tuple[Any, bool]:
    """Return the content's JSON value, and whether it is JSON; no text is an empty object (b.2 no. 5).

    One that is nested too deeply for everything that reads it later is its text (X13).
    """
    if not text:
        return {}, True
    if strict_json.is_too_deep(text):
        return text, True
    try:
        return strict_json.parse(text), True
    except strict_json.NotStrictJson:
        return None, False
