"""The stand-in takes nothing that is not exactly right on the wire."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from sandbox.paytend import PaytendStandIn
from tests.sandbox.paytend.client import Partner, b64, encrypted

CARD = '{"cardId":"1755902"}'


def test_a_right_request_is_answered_signed_and_encrypted(partner: Partner) -> None:
    reply = partner.call("getCardBalance", cardId="1755902")
    assert reply.code == "00"
    assert set(reply.raw) == {"respCode", "respMsg", "respData", "randomKey", "signType", "signature"}
    assert "6410" not in reply.raw["respData"]
    assert reply.data["balance"] == 6410


def test_both_forms_of_an_empty_biz_data_are_taken(partner: Partner) -> None:
    assert partner.post("getSKUs", partner.seal("")).code == "00"
    assert partner.post("getSKUs", partner.seal("{}")).code == "00"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": "1.0"}, "1004"),
        ({"signType": "RSA2"}, "1004"),
        ({"partnerId": "888666000100201"}, "1003"),
        ({"requestId": "8886660001990010000000000000009"}, "1005"),
        ({"requestId": "888666000199001000000000000000000"}, "1005"),
        ({"requestId": "99999999999999900000000000000009"}, "1005"),
    ],
)
def test_plain_fields_are_checked(partner: Partner, changed: dict[str, str], code: str) -> None:
    reply = partner.post("getCardInfo", partner.seal(CARD, changed=changed))
    assert reply.code == code
    assert "signature" not in reply.raw


def test_a_request_id_counts_once_even_for_a_refusal(partner: Partner, stand_in: PaytendStandIn) -> None:
    body = partner.seal('{"cardId":"1"}')
    assert partner.post("getCardInfo", body).code == "2001"
    assert partner.post("getCardInfo", body).code == "1006"
    assert [call.outcome for call in stand_in.calls] == ["2001", "1006"]


def test_a_forged_request_does_not_use_up_its_id(partner: Partner) -> None:
    body = partner.seal(CARD)
    assert partner.post("getCardInfo", {**body, "signature": b64(bytes(128))}).code == "1007"
    assert partner.post("getCardInfo", body).code == "00"


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return b64(bytes(data))


@pytest.mark.parametrize("name", ["signature", "randomKey", "bizData"])
@pytest.mark.parametrize(
    "change", [flipped, lambda text: text[:-4], lambda text: text + " ", lambda _: "=", lambda _: ""]
)
def test_whatever_is_wrong_with_the_seal_is_one_refusal(partner: Partner, name: str, change: Any) -> None:
    body = partner.seal(CARD)
    reply = partner.post("getCardInfo", {**body, name: change(body[name])})
    assert (reply.code, reply.message) == ("1007", "Signature verification failed.")


def test_another_signer_and_altered_plain_fields_are_refused(partner: Partner) -> None:
    other = generate_private_key(public_exponent=65537, key_size=1024)
    assert partner.post("getCardInfo", partner.seal(CARD, signer=other)).code == "1007"
    body = partner.seal(CARD)
    assert partner.post("getCardInfo", {**body, "requestId": partner.request_id()}).code == "1007"


@pytest.mark.parametrize(
    "key", ["0123456789abcdef", "0123456789abcdef0123456789abcdef", "not base64, 24 letters!!"]
)
def test_the_key_must_be_24_characters_of_base64(partner: Partner, key: str) -> None:
    assert partner.post("getCardInfo", partner.seal(CARD, key=key)).code == "1007"


def test_the_cipher_key_is_the_text_and_not_what_it_decodes_to(partner: Partner) -> None:
    key = b64(bytes(range(16)))
    body = partner.seal(CARD, key=key)
    body["bizData"] = encrypted(CARD, base64.b64decode(key).decode("latin1"))
    assert partner.post("getCardInfo", body).code == "1007"


@pytest.mark.parametrize(
    "name", ["requestId", "partnerId", "version", "signType", "bizData", "randomKey", "signature"]
)
def test_every_field_must_be_there_as_a_text(partner: Partner, name: str) -> None:
    body = partner.seal(CARD)
    assert partner.post("getCardInfo", {key: value for key, value in body.items() if key != name}).code == "1002"
    assert partner.post("getCardInfo", {**body, name: None}).code == "1001"
    assert partner.post("getCardInfo", {**body, name: {}}).code == "1002"
    assert partner.post("getCardInfo", {**body, "more": "x"}).code == "1002"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"a":"1","a":"1"}',
        b'{"a":1}',
        b'{"a":NaN}',
        b'{"a":[]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_of_texts_is_refused(partner: Partner, body: bytes) -> None:
    reply = partner.post("getCardInfo", body)
    assert reply.code == "1001"
    assert set(reply.raw) == {"respCode", "respMsg"}


@pytest.mark.parametrize(
    "biz_text",
    [
        '{"cardId":1755902}',
        '{"cardId":"1755902","cardId":"1755902"}',
        '{"cardId":null}',
        '{"cardId":true}',
        '{"cardId":["1755902"]}',
        '{"cardId":{"a":{"b":"c"}}}',
        '["1755902"]',
        '"1755902"',
        "1e999",
        "not json",
        " ",
    ],
)
def test_biz_data_must_be_an_object_of_strings(partner: Partner, biz_text: str) -> None:
    reply = partner.post("getCardInfo", partner.seal(biz_text))
    assert reply.code == "1008"


def test_missing_unknown_and_nested_fields_are_refused(partner: Partner) -> None:
    assert partner.refused("getCardInfo") == "1101"
    assert partner.refused("getCardInfo", cardId="") == "1101"
    assert partner.refused("getCardInfo", cardId="1755902", cardNo="x") == "1103"
    assert partner.refused("getCardInfo", cardId={"a": "b"}) == "1102"


def test_refusals_of_the_business_are_signed(partner: Partner, stand_in: PaytendStandIn) -> None:
    raw = partner.call("getCardInfo", cardId="1").raw
    assert set(raw) == {"respCode", "respMsg", "signType", "signature"}
    stand_in.switches.modes.unsigned_refusals = True
    assert set(partner.call("getCardInfo", cardId="1").raw) == {"respCode", "respMsg"}


def test_only_the_23_paths_exist_and_only_for_post(partner: Partner) -> None:
    assert partner.http.post("/issuing/card/other", content="{}").status_code == 404
    assert partner.http.get("/issuing/card/getCardInfo").status_code == 405


def test_a_body_without_end_is_not_read(partner: Partner) -> None:
    assert partner.http.post("/issuing/card/getCardInfo", content=b"x" * (9 * 1024 * 1024)).status_code == 413


def test_longer_keys_work_too() -> None:
    stand_in = PaytendStandIn(key_size=2048, programme=False)
    partner = Partner(stand_in, "http://127.0.0.1:1")
    opened = stand_in._wire.open_request(json.dumps(partner.seal(CARD)).encode())
    assert opened.biz_data == {"cardId": "1755902"}
    partner.close()
