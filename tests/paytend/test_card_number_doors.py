"""Every door through which a text can bring a card number in or out masks it, however it is written (case A8)."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import AliasChoices

from bot.logs import clean
from notifier.rendering.escaping import as_value, escape_text
from paytend import AmountUnit
from paytend import models as paytend_models
from paytend.models import Answer
from paytend.redaction import redact
from paytend.wire.envelope import open_response, open_webhook
from tests.paytend.peer import PARTNER, Peer

NUMBER = "4111111111111111"
WIDE = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}
WAYS = (
    "4111.1111/1111·1111",
    "4111\n1111\r\n1111\t 1111",
    "4111111111111111".translate(WIDE),
    "4111\u200b1111 1111 1111".translate(ARABIC),
)
MODELS = sorted(
    {model for model in vars(paytend_models).values() if isinstance(model, type) and issubclass(model, Answer)},
    key=lambda model: model.__name__,
)
# They name things to Paytend and to our tables, and are compared: masked where they are stored or shown.
IDS = {"card_id", "holder_id", "new_card_id", "reference", "related_id", "trade_id"}


def holds_number(text: str) -> bool:
    return NUMBER in "".join(str(unicodedata.digit(each, each)) for each in text if each.isalnum())


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, Answer):
        for name in type(value).model_fields:
            if name not in IDS:
                yield from texts(getattr(value, name))
    elif isinstance(value, dict):
        yield from map(str, value)
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a8_no_field_of_an_answer_brings_a_card_number_in(model: type[Answer], way: str) -> None:
    names = [
        name
        for field in model.model_fields.values()
        if isinstance(field.validation_alias, AliasChoices)
        for name in map(str, field.validation_alias.choices)
    ]
    answer = model.decode(dict.fromkeys(names, f"see {way}") | {"other": [{way: way}]}, unit=AmountUnit.MAJOR)

    # A code that is not known keeps its value, which is shown masked.
    said = [text for text in texts(answer) if type(text) is str]
    assert not any(map(holds_number, said))
    assert not any(holds_number(escape_text(text)) for text in texts(answer))


@pytest.mark.parametrize("way", WAYS)
def test_a8_the_words_and_the_code_of_a_refusal_are_masked(peer: Peer, way: str) -> None:
    fields = {"respCode": way, "respMsg": f"Card {way} is lost"}
    signed = open_response(peer.response("", **fields), keys=peer.keys)
    unsigned = open_response(json.dumps(fields).encode(), keys=peer.keys)
    for response in (signed, unsigned):
        assert response.message == "Card 411111******1111 is lost"
        assert response.code == "411111******1111"
    webhook = open_webhook(peer.webhook('{"a":"b"}', notify_type=way), keys=peer.keys, partner_id=PARTNER)
    assert webhook.notify_type == "411111******1111"


@pytest.mark.parametrize("way", WAYS)
def test_a8_what_is_logged_shown_sent_in_a_button_or_kept_is_masked(way: str) -> None:
    value = {"id": way, way: [1, {"text": f"see {way}"}], "number": float(NUMBER)}
    for said in (
        clean(f"see {way}"),
        json.dumps(clean(value), ensure_ascii=False),
        clean(repr(value)),
        escape_text(f"see {way}"),
        as_value({"id": way, "more": [way]}),
        as_value(way),
        json.dumps(redact(value), ensure_ascii=False),
    ):
        assert not holds_number(said)
        assert "411111" in said
