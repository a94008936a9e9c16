"""The wire is right by an independent judge: the `openssl` program takes apart and makes what we exchange."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paytend import Keys, ProtocolError, load_private_key, load_public_keys
from paytend.wire import envelope
from paytend.wire.signatures import VerifiedForm
from tests.paytend import openssl

PARTNER = "888666000199001"


@dataclass(frozen=True, kw_only=True)
class Sides:
    folder: Path
    partner_private: Path
    partner_public: Path
    paytend_private: Path
    paytend_public: Path

    @property
    def keys(self) -> Keys:
        return Keys(
            private=load_private_key(self.partner_private.read_text()),
            public=load_public_keys(self.paytend_public.read_text()),
        )

    def answers(self, fields: dict[str, Any], text: str, *, signed_text: str | None = None) -> bytes:
        return openssl.make_message(
            fields,
            payload="respData",
            text=text,
            signed_text=signed_text,
            signer=self.paytend_private,
            reader=self.partner_public,
        )


@pytest.fixture(scope="module", params=[1024, 2048])
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sides:
    folder = tmp_path_factory.mktemp("keys")
    partner = openssl.make_key_pair(folder, "partner", bits=request.param)
    paytend = openssl.make_key_pair(folder, "paytend", bits=request.param)
    return Sides(
        folder=folder,
        partner_private=partner[0],
        partner_public=partner[1],
        paytend_private=paytend[0],
        paytend_public=paytend[1],
    )


def test_openssl_takes_a_sealed_request_apart(sides: Sides) -> None:
    content = {
        "firstName": "SsO8cmdlbg==",
        "cardId": "1755902",
        "eeaAddress": {"cityCode": "LT_MA"},
        "note": "žalia",
    }

    sealed = json.loads(
        envelope.seal(content, keys=sides.keys, partner_id=PARTNER, request_id="7" * 32, secret=bytes(range(16)))
    )

    key = openssl.decrypt_rsa(base64.b64decode(sealed["randomKey"]), private=sides.paytend_private)
    text = openssl.decrypt_aes(base64.b64decode(sealed["bizData"]), key=key)
    assert key == base64.b64encode(bytes(range(16)))
    assert json.loads(text) == content
    signed = openssl.signature_source(
        {name: sealed[name] for name in ("requestId", "partnerId", "version", "signType")}
        | {"randomKey": key.decode(), "bizData": text.decode()}
    )
    assert openssl.verifies(
        base64.b64decode(sealed["signature"]), signed, public=sides.partner_public, folder=sides.folder
    )


def test_openssl_verifies_a_request_without_content(sides: Sides) -> None:
    sealed = json.loads(
        envelope.seal(None, keys=sides.keys, partner_id=PARTNER, request_id="7" * 32, secret=bytes(16))
    )

    key = openssl.decrypt_rsa(base64.b64decode(sealed["randomKey"]), private=sides.paytend_private)
    signed = openssl.signature_source({**sealed, "signature": "", "randomKey": key.decode()})
    assert sealed["bizData"] == ""
    assert openssl.verifies(
        base64.b64decode(sealed["signature"]), signed, public=sides.partner_public, folder=sides.folder
    )


def test_a_response_made_by_openssl_opens(sides: Sides) -> None:
    raw = sides.answers(
        {"respCode": "00", "respMsg": "success", "signType": "RSA"}, '{"cardId":"1","amount":1.10,"note":null}'
    )

    response = envelope.open_response(raw, keys=sides.keys)

    assert response.form is VerifiedForm.RAW
    assert response.data["cardId"] == "1"


@pytest.mark.parametrize(
    ("fields", "text", "signed_text", "form"),
    [
        ({}, '{ "amount": 1.10, "zero": 0.00, "k": 1e3 }', '{"amount":1.1,"zero":0,"k":1000}', "re-serialised"),
        ({}, '{"big":123456789012345678901}', '{"big":"123456789012345678901"}', "re-serialised"),
        ({}, '{"t":"a\u2028b\u00a0c\\/d"}', '{"t":"a\\u2028b\\u00a0c/d"}', "re-serialised"),
        ({"respMsg": None}, '{"a":"1"}', None, "raw"),
        ({"encryptFlag": "1"}, '{"a":"1"}', None, "raw"),
        ({"traceId": 4711, "ok": True}, '{"a":"1"}', None, "raw"),
    ],
)
def test_every_form_that_paytend_may_have_signed_opens(
    sides: Sides, fields: dict[str, Any], text: str, signed_text: str | None, form: str
) -> None:
    head = {"respCode": "00", "respMsg": "success", "signType": "RSA", **fields}
    signed = {name: str(value).lower() if value is True else value for name, value in head.items()}
    signed.pop("encryptFlag", None)
    raw = json.loads(sides.answers(signed, text, signed_text=signed_text)) | head

    assert envelope.open_response(json.dumps(raw).encode(), keys=sides.keys).form == form


def test_a_null_that_was_signed_as_text_opens(sides: Sides) -> None:
    raw = json.loads(sides.answers({"respCode": "00", "respMsg": "null", "signType": "RSA"}, '{"a":"1"}'))

    response = envelope.open_response(json.dumps(raw | {"respMsg": None}).encode(), keys=sides.keys)

    assert response.form is VerifiedForm.RAW_WITH_NULLS


def test_a_webhook_made_by_openssl_opens_and_only_for_its_partner(sides: Sides) -> None:
    raw = openssl.make_message(
        {"notifyType": "2", "partnerId": PARTNER, "signType": "RSA", "version": "2.0"},
        payload="content",
        text='{"holderId":"101982","auditStatus":2}',
        signer=sides.paytend_private,
        reader=sides.partner_public,
    )

    webhook = envelope.open_webhook(raw, keys=sides.keys, partner_id=PARTNER)

    assert (webhook.notify_type, webhook.content["holderId"]) == ("2", "101982")
    with pytest.raises(ProtocolError):
        envelope.open_webhook(raw, keys=sides.keys, partner_id="888666000199002")


def test_a_webhook_signed_by_the_partner_key_is_refused(sides: Sides) -> None:
    raw = openssl.make_message(
        {"notifyType": "2", "partnerId": PARTNER, "signType": "RSA", "version": "2.0"},
        payload="content",
        text='{"holderId":"101982","auditStatus":2}',
        signer=sides.partner_private,
        reader=sides.partner_public,
    )

    with pytest.raises(ProtocolError):
        envelope.open_webhook(raw, keys=sides.keys, partner_id=PARTNER)


def test_a_key_of_the_rotation_is_accepted_and_named(sides: Sides) -> None:
    new_private, new_public = openssl.make_key_pair(sides.folder, "new")
    raw = openssl.make_message(
        {"notifyType": "2", "partnerId": PARTNER, "signType": "RSA", "version": "2.0"},
        payload="content",
        text='{"holderId":"101982","auditStatus":2}',
        signer=sides.paytend_private,
        reader=sides.partner_public,
    )
    both = Keys(
        private=sides.keys.private,
        public=load_public_keys(new_public.read_text() + sides.paytend_public.read_text()),
    )
    only_new = Keys(private=sides.keys.private, public=load_public_keys(new_public.read_text()))

    assert envelope.open_webhook(raw, keys=both, partner_id=PARTNER).key == 1
    with pytest.raises(ProtocolError):
        envelope.open_webhook(raw, keys=only_new, partner_id=PARTNER)
    assert new_private.exists()
