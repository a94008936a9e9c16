"""Routes decide who hears of a notification, and say why."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from notifier.inbox.notice_kinds import KINDS
from notifier.routing.routes import Recipient, RouteRule, find_mistake, match
from paytend import Money

FACTS: dict[str, Any] = {
    "status": "declined",
    "status_code": "6",
    "type_code": "151",
    "type_text": "payment (151)",
    "amount": Money.read("1500.00 EUR"),
    "currency": "EUR",
    "card_id": "1755902",
    "last_four": "4242",
    "holder_id": "101982",
    "country": "LTU",
}


def rules(*given: dict[str, Any]) -> list[RouteRule]:
    return TypeAdapter(list[RouteRule]).validate_python(list(given))


def names(*given: dict[str, Any], kind: str = "transaction") -> list[str]:
    return [recipient.to for recipient in match(rules(*given), kind, FACTS).recipients]


def test_without_a_rule_notices_go_to_the_default() -> None:
    assert names() == ["alerts"]
    assert names({"kind": "card_applied", "to": ["oncall"]}) == ["alerts"]


def test_the_first_match_wins() -> None:
    assert names({"kind": "transaction", "to": ["oncall"]}, {"kind": "transaction", "to": ["audit"]}) == ["oncall"]


def test_a_rule_with_also_lets_the_next_ones_match_too() -> None:
    both = ({"kind": "transaction", "to": ["oncall"], "also": True}, {"kind": "transaction", "to": ["audit"]})

    assert names(*both) == ["oncall", "audit"]


@pytest.mark.parametrize(
    "when",
    [
        {"status": ["declined", "reversed"]},
        {"status": "Declined"},
        {"status": 6},
        {"type": "payment"},
        {"type": 151},
        {"amount_over": "1000.00 EUR"},
        {"amount_under": "2,000.00 EUR"},
        {"currency": ["EUR"]},
        {"card": "1755902"},
        {"card": "4242"},
        {"cardholder": 101982},
        {"country": ["EST", "ltu"]},
        {"status": "declined", "amount_over": "1000.00 EUR", "currency": "EUR"},
    ],
)
def test_a_rule_matches_when_every_condition_holds(when: dict[str, Any]) -> None:
    assert names({"kind": "transaction", "when": when, "to": ["oncall"]}) == ["oncall"]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"status": ["settled", "refunded"]}, "status is declined, not settled or refunded"),
        ({"amount_over": "1500.00 EUR"}, "1,500.00 EUR is not over 1,500.00 EUR"),
        ({"amount_under": "1500.00 EUR"}, "1,500.00 EUR is not under 1,500.00 EUR"),
        ({"amount_over": "1.00 USD"}, "the amount is in EUR, the limit in USD"),
        ({"card": "1"}, "card is 1755902, not 1"),
        ({"type": "fee"}, "type is payment, not fee"),
    ],
)
def test_a_rule_that_does_not_match_says_why(when: dict[str, Any], reason: str) -> None:
    found = match(rules({"kind": "transaction", "when": when, "to": ["oncall"]}), "transaction", FACTS)

    assert [(decision.matched, decision.reason) for decision in found.decisions] == [
        (False, reason),
        (True, "no rule matched"),
    ]


def test_an_unknown_amount_is_neither_over_nor_under() -> None:
    rule = rules({"kind": "transaction", "when": {"amount_under": "1.00 EUR"}, "to": ["oncall"]})

    (first, _) = match(rule, "transaction", {**FACTS, "amount": None}).decisions

    assert first.reason == "the amount is not known"


def test_the_same_channel_is_told_once_with_all_mentions() -> None:
    twice = rules(
        {"kind": "transaction", "to": ["oncall"], "mention": "oncall", "also": True},
        {"kind": "transaction", "to": ["oncall", "audit"], "mention": "manager"},
    )

    assert match(twice, "transaction", FACTS).recipients == (
        Recipient(to="oncall", mentions=("oncall", "manager")),
        Recipient(to="audit", mentions=("manager",)),
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "transaction", "to": []},
        {"kind": "transaction"},
        {"kind": "transaction", "to": ["alerts"], "when": {"colour": "red"}},
        {"kind": "transaction", "to": ["alerts"], "when": {"amount_over": "500"}},
        {"kind": "transaction", "to": ["alerts"], "when": {"amount_over": 500}},
        {"kind": "transaction", "to": ["alerts"], "acknowledge_within": "10m"},
        {"kind": "transaction", "to": ["alerts"], "then": ["oncall"]},
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules(rule)


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [
        ({"kind": "transactions"}, "there is no kind transactions; there are: transaction, "),
        ({"to": ["alert"]}, "alert is no channel id, and no name of channels: alerts, oncall"),
        ({"acknowledge_within": "10m", "then": ["boss"]}, "boss is no channel id"),
        ({"mention": "boss"}, "there is no role boss; there are: manager"),
    ],
)
def test_a_rule_with_a_wrong_name_says_what_there_is(rule: dict[str, Any], mistake: str) -> None:
    (wrong,) = rules({"kind": "transaction", "to": ["alerts", "C0OPS"], **rule})

    assert str(find_mistake(wrong, names=("alerts", "oncall"), roles=("manager",))).startswith(mistake)


@pytest.mark.parametrize("kind", sorted({each.kind for each in KINDS.values()}))
def test_a_route_can_name_every_kind_that_comes_from_a_webhook(kind: str) -> None:
    (rule,) = rules({"kind": kind, "to": ["alerts", "C0OPS"], "mention": "manager"})

    assert find_mistake(rule, names=("alerts",), roles=("manager",)) is None


def test_n18_how_much_a_debit_is_counts_and_not_its_sign() -> None:
    over = {"kind": "transaction", "when": {"amount_over": "1000.00 EUR"}, "to": ["oncall"]}
    under = {"kind": "transaction", "when": {"amount_under": "1000.00 EUR"}, "to": ["audit"]}
    debit = {**FACTS, "amount": Money.read("-1500.00 EUR"), "direction": "out"}
    assert [each.to for each in match(rules(over), "transaction", debit).recipients] == ["oncall"]
    assert [each.to for each in match(rules(under), "transaction", debit).recipients] == ["alerts"]


def test_n18_a_route_may_ask_for_a_direction() -> None:
    incoming = {"kind": "transaction", "when": {"direction": "in"}, "to": ["audit"]}
    for direction, channel in (("in", "audit"), ("out", "alerts")):
        found = match(rules(incoming), "transaction", {**FACTS, "direction": direction})
        assert [each.to for each in found.recipients] == [channel]
    assert names(incoming) == ["alerts"]
    with pytest.raises(ValidationError):
        rules({"kind": "transaction", "when": {"direction": "sideways"}, "to": ["audit"]})
