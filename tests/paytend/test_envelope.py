"""Properties of the envelope: what is sealed opens, whatever was changed is refused, with one error."""

import base64
import contextlib
import json
import time
from decimal import Decimal
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paytend import Flaw, Keys, KeyUnusable, ProtocolError
from paytend.wire import envelope, strict_json
from paytend.wire.ciphers import decrypt_key, encrypt_key
from paytend.wire.keys import require_openssl
from tests.paytend.openssl import signature_source
from tests.paytend.peer import PARTNER, Peer

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**20), max_value=10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
OBJECTS = st.dictionaries(st.text(), VALUES, min_size=1)
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def with_decimals(value: Any) -> Any:
    match value:
        case float():
            return Decimal(repr(value))
        case dict():
            return {name: with_decimals(inner) for name, inner in value.items()}
        case list():
            return [with_decimals(inner) for inner in value]
        case _:
            return value


@QUICK
@given(content=OBJECTS)
def test_any_json_object_survives(peer: Peer, content: dict[str, Any]) -> None:
    opened = envelope.open_webhook(
        peer.webhook(json.dumps(content, ensure_ascii=False)), keys=peer.keys, partner_id=PARTNER
    )

    assert opened.content == with_decimals(content)


@QUICK
@given(content=st.dictionaries(st.text(), st.text()))
def test_what_is_sealed_opens_and_its_re_serialised_form_is_the_same(peer: Peer, content: dict[str, str]) -> None:
    flipped = Keys(private=peer.theirs, public=(peer.ours.public_key(),))
    sealed = json.loads(
        envelope.seal(content, keys=peer.keys, partner_id=PARTNER, request_id="1" * 32, secret=bytes(16))
    )

    # Opened by the other side's rules: a request has the fields of a response but for the name of the payload.
    opened = envelope._open(sealed, payload="bizData", keys=flipped)

    assert opened.content == content
    assert strict_json.write(strict_json.parse(opened.text)) == opened.text


def test_any_single_changed_byte_is_refused(peer: Peer) -> None:
    raw = peer.webhook('{"tradeId":"T1","amount":"1250","remark":"Caf\\u00e9"}')
    envelope.open_webhook(raw, keys=peer.keys, partner_id=PARTNER)

    for place in range(len(raw)):
        for change in (1, 32, 128):
            changed = raw[:place] + bytes([raw[place] ^ change]) + raw[place + 1 :]
            with pytest.raises(ProtocolError) as refusal:
                envelope.open_webhook(changed, keys=peer.keys, partner_id=PARTNER)
            assert refusal.value.args == ()


@QUICK
@given(data=st.data())
def test_any_changed_byte_of_a_response_is_refused(peer: Peer, data: st.DataObject) -> None:
    raw = peer.response('{"cardId":"1"}')
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]

    try:
        response = envelope.open_response(changed, keys=peer.keys)
    except ProtocolError:
        return
    # White space between two fields is the only thing that means nothing, and no success is ever unsigned.
    assert response.form is not None or response.code != "00"
    assert response.data in ({"cardId": "1"}, {})


HOSTILE_TEXTS = [
    '{"amount":1e999}',
    '{"amount":NaN}',
    '{"amount":-Infinity}',
    '{"amount":' + "9" * 400 + "}",
    '{"amount":0.' + "1" * 500 + "}",
    '{"amount":"1","amount":"2"}',
    "[" * 100_000,
    '{"a":' * 100_000,
    "no json",
    "",
    '{"a":1}{"b":2}',
]


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_hostile_contents_get_the_one_error_in_bounded_time(peer: Peer, text: str) -> None:
    started = time.monotonic()

    with pytest.raises(ProtocolError) as refusal:
        envelope.open_webhook(peer.webhook(text), keys=peer.keys, partner_id=PARTNER)

    assert refusal.value.args == ()
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("text", ['["an array"]', "[]", '"text"', "12", "null"])
def test_n23_signed_content_that_is_no_object_is_handed_on_and_never_an_answer(peer: Peer, text: str) -> None:
    webhook = envelope.open_webhook(peer.webhook(text), keys=peer.keys, partner_id=PARTNER)

    assert (webhook.content, webhook.text) == ({envelope.UNREAD: json.loads(text)}, text)
    with pytest.raises(ProtocolError):
        envelope.open_response(peer.response(text), keys=peer.keys)


def hostile_envelopes(peer: Peer) -> dict[str, bytes]:
    good = json.loads(peer.webhook('{"tradeId":"T1"}'))
    signature = good["signature"]
    changes: dict[str, dict[str, Any]] = {
        "no signature": {"signature": None},
        "empty signature": {"signature": ""},
        "zeros": {"signature": base64.b64encode(bytes(128)).decode()},
        "too long": {"signature": base64.b64encode(bytes(5000)).decode()},
        "not base64": {"signature": "§" * 172},
        "spaces": {"signature": " " + signature},
        "line breaks": {"signature": signature[:76] + "\n" + signature[76:]},
        "url alphabet": {"signature": signature.replace("+", "-").replace("/", "_") + "="},
        "a number": {"signature": 17},
        "no key": {"randomKey": None},
        "key of another length": {"randomKey": base64.b64encode(bytes(127)).decode()},
        "random key": {"randomKey": base64.b64encode(b"\x01" * 128).decode()},
        "no content": {"content": None},
        "content as object": {"content": {"tradeId": "T1"}},
        "content of half a block": {"content": base64.b64encode(bytes(8)).decode()},
        "another partner": {"partnerId": "888666000199002"},
        "another type": {"notifyType": "2"},
        "one more field": {"more": "1"},
    }
    made = {name: json.dumps({**good, **change}).encode() for name, change in changes.items()}
    made |= {
        "nothing": b"",
        "not utf-8": b"\xff\xfe",
        "an array": b"[]",
        "nested": b'{"a":' * 100_000,
        "duplicate": b'{"signature":"a",' + json.dumps(good).encode()[1:],
        "megabytes": b'{"a":"' + b"x" * 5_000_000 + b'"}',
        "aes key of 15": peer.webhook('{"a":"1"}', key=b"x" * 15, ecb_key=b"x" * 16),
        "aes key of 17": peer.webhook('{"a":"1"}', key=b"x" * 17, ecb_key=b"x" * 16),
        "aes key of 100": peer.webhook('{"a":"1"}', key=b"x" * 100, ecb_key=b"x" * 16),
        "no padding": peer.webhook(b"0123456789abcdef", padded=False),
        "no padding, zeros": json.dumps(
            json.loads(peer.webhook(b"0123456789abcdef", padded=False))
            | {"signature": base64.b64encode(bytes(128)).decode()}
        ).encode(),
        "not text": peer.webhook(b"\xff\xfe\xfd"),
    }
    return made


def test_every_hostile_envelope_gets_the_one_error_in_bounded_time(peer: Peer) -> None:
    for name, raw in hostile_envelopes(peer).items():
        started = time.monotonic()
        with pytest.raises(ProtocolError) as refusal:
            envelope.open_webhook(raw, keys=peer.keys, partner_id=PARTNER)
        assert refusal.value.args == (), name
        assert time.monotonic() - started < 1, name


@pytest.mark.parametrize("length", [16, 24, 32])
def test_keys_of_all_aes_lengths_open(peer: Peer, length: int) -> None:
    raw = peer.webhook('{"a":"1"}', key=b"k" * length)

    assert envelope.open_webhook(raw, keys=peer.keys, partner_id=PARTNER).content == {"a": "1"}


def test_a_key_that_came_url_encoded_opens(peer: Peer) -> None:
    raw = json.loads(peer.response('{"a":"1"}'))
    raw["randomKey"] = raw["randomKey"].replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")

    assert envelope.open_response(json.dumps(raw).encode(), keys=peer.keys).data == {"a": "1"}


class CountedKey:
    """The partner's private key, which counts what it decrypts."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self.key = key
        self.key_size = key.key_size
        self.decrypted = 0

    def decrypt(self, *arguments: Any) -> bytes:
        self.decrypted += 1
        return self.key.decrypt(*arguments)


SEEN_BY_LENGTH = [
    "no signature",
    "empty signature",
    "too long",
    "not base64",
    "line breaks",
    "a number",
    "key of another length",
    "content as object",
    "content of half a block",
    "aes key of 100",
    "much in the clear",
    "many fields",
    "nested",
]


@pytest.mark.parametrize("name", SEEN_BY_LENGTH)
def test_x1_what_lengths_show_is_refused_before_any_key_is_used(peer: Peer, name: str) -> None:
    good = json.loads(peer.webhook('{"tradeId":"T1"}'))
    hostile = hostile_envelopes(peer) | {
        "much in the clear": json.dumps(good | {"more": "x" * 20_000}).encode(),
        "many fields": json.dumps(good | {f"f{number}": 1 for number in range(500)}).encode(),
        # A key of 100 characters makes a cipher text of the right length, and so is only seen when it is open.
        "aes key of 100": json.dumps(good | {"randomKey": good["randomKey"] * 6000}).encode(),
    }
    key = CountedKey(peer.ours)

    with pytest.raises(ProtocolError):
        envelope.open_webhook(
            hostile[name],
            keys=Keys(private=cast("RSAPrivateKey", key), public=peer.keys.public),
            partner_id=PARTNER,
        )

    assert key.decrypted == 0


@pytest.mark.parametrize("count", [0, 1, 2, 6000])
def test_x1_a_key_costs_one_private_operation_however_long_it_is(peer: Peer, count: int) -> None:
    """A megabyte of blocks cost two seconds of the processor, and nobody needs a secret to post it."""
    key = CountedKey(peer.ours)
    block = encrypt_key(b"k" * 24, key=peer.ours.public_key())

    opened = decrypt_key(base64.b64encode(block * count).decode(), key=cast("RSAPrivateKey", key))

    assert key.decrypted == (0 if count == 0 else 1)
    assert opened[1] is (count < 2)


def test_x1_a_key_with_every_character_percent_encoded_opens(peer: Peer) -> None:
    text = base64.b64encode(encrypt_key(b"k" * 24, key=peer.ours.public_key())).decode()

    assert decrypt_key("".join(f"%{ord(each):02X}" for each in text), key=peer.ours) == (b"k" * 24, True)


def test_a_refusal_may_be_unsigned_but_is_then_marked_so(peer: Peer) -> None:
    response = envelope.open_response(b'{"respCode":"9001","respMsg":"Field type is wrong."}', keys=peer.keys)

    assert (response.code, response.message, response.form) == ("9001", "Field type is wrong.", None)


@pytest.mark.parametrize(
    "raw",
    [b'{"respCode":"00"}', b'{"respMsg":"no code"}', b'{"respCode":"17","signature":"AAAA"}', b"<html>502</html>"],
)
def test_an_answer_that_cannot_be_verified_is_no_answer(peer: Peer, raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        envelope.open_response(raw, keys=peer.keys)


def test_a_success_without_data_opens(peer: Peer) -> None:
    raw = peer.response("{}")

    assert envelope.open_response(raw, keys=peer.keys).data == {}


ONLY_A_KEY_SHOWS = ["zeros", "random key", "no padding, zeros", "not text", "another type", "aes key of 17"]


class CountedPublicKey:
    """Paytend's public key, which counts what it verifies and how many bytes that were."""

    def __init__(self, key: RSAPublicKey) -> None:
        self.key = key
        self.key_size = key.key_size
        self.verified = 0

    def verify(self, *arguments: Any) -> None:
        self.verified += 1
        self.key.verify(*arguments)


def test_x12_all_ways_to_fail_that_only_a_key_shows_take_the_same_operations(peer: Peer) -> None:
    hostile, steps = hostile_envelopes(peer), {}
    for name in ONLY_A_KEY_SHOWS:
        private, public = CountedKey(peer.ours), CountedPublicKey(peer.theirs.public_key())
        keys = Keys(private=cast("RSAPrivateKey", private), public=(cast("RSAPublicKey", public),))
        with pytest.raises(ProtocolError):
            envelope.open_webhook(hostile[name], keys=keys, partner_id=PARTNER)
        steps[name] = (private.decrypted, public.verified)

    assert set(steps.values()) == {(1, 2)}, steps


def test_all_ways_to_fail_take_the_same_steps(peer: Peer) -> None:
    """The least processor time of many, in rounds that take turns: a busy machine only ever adds to it."""
    hostile = hostile_envelopes(peer)
    best = dict.fromkeys(ONLY_A_KEY_SHOWS, 9.0)
    for _ in range(150):
        for name in ONLY_A_KEY_SHOWS:
            started = time.thread_time_ns()
            with pytest.raises(ProtocolError):
                envelope.open_webhook(hostile[name], keys=peer.keys, partner_id=PARTNER)
            best[name] = min(best[name], (time.thread_time_ns() - started) / 1e9)

    assert max(best.values()) < 1.6 * min(best.values()), best


def test_x1_what_anybody_can_post_costs_at_most_three_times_a_good_webhook_of_its_size(peer: Peer) -> None:
    long = json.dumps({"tradeId": "T1", "remark": "x" * 600_000})
    good = {size: peer.webhook(text) for size, text in (("short", '{"tradeId":"T1"}'), ("long", long))}
    # Each is sealed with our public key: who knows it can have anything decrypted, but signs nothing.
    unsigned = {
        "short": [peer.webhook('{"tradeId":"T1"}'), hostile_envelopes(peer)["random key"]],
        "long": [
            peer.webhook(long),
            peer.webhook('{"a":[' + ",".join(["1e308"] * 100_000) + "]}"),
            peer.webhook('{"a":' * 100_000 + "1" + "}" * 100_000),
            peer.webhook('{"a":' + "9" * 600_000 + "}"),
        ],
    }
    junk = [
        b'{"a":[' + b",".join([b"1e308"] * 170_000) + b"]}",
        b"{" + b",".join(b'"%d":1' % number for number in range(80_000)) + b"}",
        b'{"a":' * 200_000,
        b'{"signature":' + b"9" * 1_000_000 + b"}",
        b'{"x":"' + b"\\u00e9" * 170_000 + b'"}',
        b"[" * 1_000_000,
        b" " * 1_000_000,
    ]
    zeros = base64.b64encode(bytes(128)).decode()
    refused = {
        size: [json.dumps(json.loads(raw) | {"signature": zeros}).encode() for raw in raws]
        for size, raws in unsigned.items()
    }
    refused["long"] += junk

    for size, raws in refused.items():
        limit = 3 * least_seconds(peer, good[size])
        for raw in raws:
            assert least_seconds(peer, raw) < limit, raw[:60]


def least_seconds(peer: Peer, raw: bytes) -> float:
    best = 9.0
    for _ in range(7):
        started = time.thread_time_ns()
        with contextlib.suppress(ProtocolError):
            envelope.open_webhook(raw, keys=peer.keys, partner_id=PARTNER)
        best = min(best, (time.thread_time_ns() - started) / 1e9)
    return best


def test_x13_signed_content_that_is_nested_too_deeply_is_its_text(peer: Peer) -> None:
    for depth in (70, 900, 5000):
        text = '{"a":' * depth + "1" + "}" * depth

        webhook = envelope.open_webhook(peer.webhook(text), keys=peer.keys, partner_id=PARTNER)

        assert webhook.content == {envelope.UNREAD: text}
        with pytest.raises(ProtocolError):
            envelope.open_response(peer.response(text), keys=peer.keys)


def test_x13_brackets_in_a_text_are_no_nesting(peer: Peer) -> None:
    content = {"remark": "[" * 500 + '"{\\' + "}" * 3, "list": [{"a": [1]}] * 200}

    webhook = envelope.open_webhook(peer.webhook(json.dumps(content)), keys=peer.keys, partner_id=PARTNER)

    assert webhook.content == content


def test_a_refused_webhook_has_one_reason_for_all_that_cryptography_found(peer: Peer) -> None:
    good = json.loads(peer.webhook('{"a":"1"}'))
    unsigned = {name: value for name, value in good.items() if name != "signature"}
    bodies: list[tuple[bytes, str, Flaw]] = [
        (b"[", PARTNER, Flaw.UNREADABLE),
        (json.dumps(unsigned).encode(), PARTNER, Flaw.UNSIGNED),
        (json.dumps(good).encode(), "another", Flaw.OTHER_PARTNER),
        *(
            (json.dumps({**good, name: "AAAA"}).encode(), PARTNER, Flaw.SIGNATURE)
            for name in ("signature", "content", "randomKey")
        ),
        (json.dumps({**good, "signature": "AAAA"}).encode(), "another", Flaw.SIGNATURE),
    ]
    for body, partner, flaw in bodies:
        with pytest.raises(ProtocolError) as refused:
            envelope.open_webhook(body, keys=peer.keys, partner_id=partner)
        assert (refused.value.flaw, str(refused.value)) == (flaw, "")


def test_an_old_openssl_is_refused() -> None:
    require_openssl(0x30200000, name="OpenSSL 3.2.0")
    with pytest.raises(KeyUnusable, match="or newer is needed"):
        require_openssl(0x30100070, name="OpenSSL 3.1.7")


@pytest.mark.parametrize(("request_id", "secret"), [("1" * 31, bytes(16)), ("1" * 32, bytes(15))])
def test_a_request_with_an_odd_id_or_secret_is_not_made(peer: Peer, request_id: str, secret: bytes) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        envelope.seal({}, keys=peer.keys, partner_id=PARTNER, request_id=request_id, secret=secret)


@pytest.mark.parametrize("code", [None, 0, 14, "", True, 1.5])
def test_an_answer_without_a_code_of_text_is_no_answer(peer: Peer, code: object) -> None:
    with pytest.raises(ProtocolError):
        envelope.open_response(json.dumps({"respCode": code, "respMsg": "no"}).encode(), keys=peer.keys)


def test_a_signed_answer_may_have_no_content_and_then_no_key_either(peer: Peer) -> None:
    fields = {"respCode": "00", "respMsg": "success", "signType": "RSA"}
    signature = peer.theirs.sign(signature_source(fields), PKCS1v15(), SHA256())
    raw = json.dumps({**fields, "signature": base64.b64encode(signature).decode()}).encode()

    response = envelope.open_response(raw, keys=peer.keys)

    assert (response.code, response.data, response.form) == ("00", {}, "raw")


def test_what_is_longer_than_one_block_of_rsa_is_encrypted_in_several(peer: Peer) -> None:
    text = bytes(range(256)) + b"tail"

    sealed = encrypt_key(text, key=peer.ours.public_key())

    blocks = [sealed[place : place + 128] for place in range(0, len(sealed), 128)]
    opened = [peer.ours.decrypt(block, PKCS1v15()) for block in blocks]
    assert b"".join(opened) == text
    assert [len(block) for block in opened] == [117, 117, 26], "the modulus of 128 bytes less 11"


@pytest.mark.parametrize(
    ("rewritten", "nulls", "form"),
    [
        (False, False, "raw"),
        (False, True, "raw, nulls as text"),
        (True, False, "re-serialised"),
        (True, True, "re-serialised, nulls as text"),
    ],
)
def test_each_form_that_may_have_been_signed_is_found(peer: Peer, rewritten: bool, nulls: bool, form: str) -> None:
    text = '{ "cardId": "1" }'
    fields = {"respCode": "00", "respMsg": None, "signType": "RSA"}
    message = peer.makes(fields, payload="respData", text=text.encode())
    signed = {
        "randomKey": "MDEyMzQ1Njc4OUFCQ0RFRg==",
        **fields,
        "respData": '{"cardId":"1"}' if rewritten else text,
        "respMsg": "null" if nulls else None,
    }
    signature = peer.theirs.sign(signature_source(signed), PKCS1v15(), SHA256())
    raw = json.dumps(message | {"signature": base64.b64encode(signature).decode()}).encode()

    assert envelope.open_response(raw, keys=peer.keys).form == form
