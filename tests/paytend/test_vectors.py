"""Recorded vectors, made by the `openssl` program: what was right once stays right."""

import base64
import json
from pathlib import Path

from paytend import Keys, load_private_key, load_public_keys
from paytend.wire import envelope

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "wire.json").read_text(encoding="utf-8"))
PARTNER = VECTORS["partnerId"]
KEYS = Keys(
    private=load_private_key(VECTORS["partnerPrivateKey"]), public=load_public_keys(VECTORS["paytendPublicKey"])
)


def test_a_request_is_signed_and_encrypted_as_recorded() -> None:
    request = VECTORS["request"]

    sealed = json.loads(
        envelope.seal(
            request["content"],
            keys=KEYS,
            partner_id=PARTNER,
            request_id=request["requestId"],
            secret=base64.b64decode(request["secret"]),
        )
    )

    # Only the wrapped key differs each time: PKCS#1 v1.5 pads with random bytes.
    assert (sealed["bizData"], sealed["signature"]) == (request["bizData"], request["signature"])


def test_the_recorded_response_opens() -> None:
    response = envelope.open_response(VECTORS["response"]["raw"].encode(), keys=KEYS)

    assert (response.code, response.data) == ("00", VECTORS["response"]["content"])


def test_the_recorded_webhook_opens() -> None:
    webhook = envelope.open_webhook(VECTORS["webhook"]["raw"].encode(), keys=KEYS, partner_id=PARTNER)

    assert (webhook.notify_type, webhook.content) == ("2", VECTORS["webhook"]["content"])
