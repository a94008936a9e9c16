"""Lists in private answers: signs, totals, pages, and that Slack takes them however much there is."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from commands.card import lookups as card_facts
from commands.lists import movements
from commands.lists import pages as lists
from commands.lists.movements import Query
from commands.partner import account as partner
from commands.reading.arguments import Misread, TypedWords
from commands.reading.dates import Period
from commands.slash_command import Reply
from paytend.models import Designs, PartnerTopUps, Transaction, Transactions
from paytend.models.balances import Balance
from paytend.money import AmountUnit
from tests import once

SCHEMA = Path(__file__).parents[3] / "shared" / "schemas" / "slack-block-kit.schema.json"
ZONE = ZoneInfo("Europe/Vilnius")
PERIOD = Period(begin=date(2026, 11, 1), end=date(2026, 11, 22))
QUERY = Query(kind=movements.CARD, card_id="1755902", period=PERIOD)
RENDERER = once.renderer()
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()) if SCHEMA.exists() else {})
HOSTILE = '`<!channel>` "quoted" \\ \u202e {{ 7*7 }} <https://evil|x> 4111111111111111 ' * 30


def _row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "tradeId": f"T{number:06}",
        "currency": "EUR",
        "amount": 100 + number,
        "businessDate": "2026-11-05 14:30:05",
        "tradeType": 151,
        "tradeSrc": "S",
        "tradeStatus": 1,
        "remark": "SHOP",
        **more,
    }


def _books(count: int, *, told: bool = True, repeats: bool = False, **more: Any) -> Any:
    """A Paytend with so many movements; `repeats` answers every page with the first."""

    def ask(call: Any) -> Any:
        start = 0 if repeats else call.values["start"]
        rows = [_row(number, **more) for number in range(start, min(start + 10, count))]
        answer = {"tradeList": rows, **({"total": count} if told else {})}
        return Transactions.decode(answer, unit=AmountUnit.MINOR)

    return ask


def _answering(answer: Any) -> Any:
    return lambda _call: answer


def _valid(reply: Reply) -> list[dict[str, Any]]:
    rendered = RENDERER.message(reply.template, reply)
    assert rendered.text
    assert len(rendered.blocks) <= 50
    errors = [error.message[:300] for error in VALIDATOR.iter_errors(rendered.blocks)]
    assert not errors, errors[:3]
    return rendered.blocks


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("count", [0, 1, 10, 120])
def test_every_row_is_shown_once_and_slack_takes_each_page(count: int, told: bool) -> None:
    ask, seen, query = _books(count, told=told), [], QUERY
    while True:
        reply = movements.show(query, ask=ask, timezone=ZONE)
        if query.start % 330 == 0 or reply.page.next is None:  # some pages in the middle, and the ends
            _valid(reply)
        seen += [row.trade_id for row in reply.rows]
        if reply.page.next is None:
            break
        query = movements.read_value(json.loads(json.dumps(reply.page.next)))
    assert seen == [f"T{number:06}" for number in range(count)]


def test_a_first_page_that_comes_again_is_noticed() -> None:
    ask = _books(1000, told=False, repeats=True)
    first = movements.show(QUERY, ask=ask, timezone=ZONE)
    second = movements.show(movements.read_value(first.page.next or {}), ask=ask, timezone=ZONE)

    assert (second.repeats, second.page.next, second.rows) == (True, None, [])
    assert "first page again" in json.dumps(_valid(second))


@pytest.mark.parametrize("count", [0, 1, 10, 120])
def test_lists_that_paytend_answers_whole_are_paged_here(count: int) -> None:
    paid = PartnerTopUps.decode(
        {"iban": HOSTILE, "topupList": [_row(number, tradeType=100) for number in range(count)]},
        unit=AmountUnit.MINOR,
    )
    skus = [{"sku": f"SKU{number}", "skuName": HOSTILE, "cardType": 2} for number in range(count)]
    designs = Designs.decode({"skuList": skus}, unit=AmountUnit.MINOR)
    for start in {0, max(count - 10, 0)}:
        _valid(partner.top_ups("EUR", start=start, ask=_answering(paid), timezone=ZONE))
        _valid(card_facts.designs(start=start, ask=_answering(designs)))


def test_hostile_values_stay_inside_their_row() -> None:
    reply = movements.show(
        QUERY, ask=_books(10, remark=HOSTILE, tradeId=HOSTILE, businessDate=HOSTILE), timezone=ZONE
    )
    text = json.dumps(_valid(reply))

    assert "<!channel>" not in text
    assert "4111111111111111" not in text


@pytest.mark.parametrize(
    ("kind", "status", "amount", "written"),
    [
        (100, 1, 1205, "+12.05 EUR"),
        (151, 1, 1205, "−12.05 EUR"),
        (151, 10, 1205, "+12.05 EUR"),
        (150, 6, 1205, "−12.05 EUR"),
        (200, 1, 1205, "12.05 EUR"),
        (777, 1, 1205, "12.05 EUR"),
        (151, 1, -1205, "−12.05 EUR"),
    ],
)
def test_an_amount_says_which_way_it_went(kind: int, status: int, amount: int, written: str) -> None:
    fields = _row(1, tradeType=kind, tradeStatus=status, amount=amount)
    assert lists.write_signed(Transaction.decode(fields, unit=AmountUnit.MINOR)) == written


def test_amounts_have_their_sign_and_totals_count_what_took_place() -> None:
    rows = [
        Transaction.decode(fields, unit=AmountUnit.MINOR)
        for fields in (
            _row(1, amount=100),
            _row(2, amount=123456, tradeType=100),
            _row(3, amount=900, tradeStatus=6),
            _row(4, amount="what?"),
        )
    ]
    shown = lists.movement_rows(rows, timezone=ZONE)

    assert [row.amount for row in shown[:2]] == ["−1.00 EUR", "+1,234.56 EUR"]
    assert lists.totals(rows) == ["in +1,234.56 EUR", "out −1.00 EUR"]
    assert shown[0].at == "2026-11-05T12:30:05+00:00"
    assert shown[0].type == "payment (151)"


def test_a_movement_shows_the_other_amount_and_the_balance_where_paytend_gives_them() -> None:
    exchanged = {"txnCurrency": "USD", "txnAmount": "1500", "balance": "2000"}
    rows = [Transaction.decode(fields, unit=AmountUnit.MINOR) for fields in (_row(1, **exchanged), {})]

    full, bare = lists.movement_rows(rows, timezone=ZONE)

    assert (full.other, full.balance, full.trade_id) == ("15.00 USD", "20.00 EUR", "T000001")
    assert (bare.other, bare.balance, bare.trade_id) == ("", "", "")


def test_a_balance_whose_amount_cannot_be_read_says_so() -> None:
    lines = lists.balance_lines(
        [Balance.decode(fields, unit=AmountUnit.MINOR) for fields in ({"currency": "EUR"}, {})]
    )
    assert [line.money for line in lines] == ["EUR: amount not readable", "a currency: amount not readable"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("all", "ALL"),
        ("success", "1"),
        ("reversal", "2"),
        ("reversed", "3"),
        ("cancelled", "6"),
        ("voided", "7"),
        ("Refund", "10"),
        ("10", "10"),
    ],
)
def test_a_status_is_typed_as_a_word_or_as_its_code(word: str, code: str) -> None:
    typed = TypedWords(words=["1755902", word], form="/card transactions <card>", today=date(2026, 11, 22))
    assert movements.read_query(movements.CARD, typed).status == code


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (movements.CARD, "is neither a date nor a status"),
        (movements.PARTNER, "is neither a date nor a status"),
        # They have no status that could be typed.
        (movements.AUTHORIZATIONS, "is no date"),
    ],
)
def test_a_word_that_is_not_understood_is_said_not_to_be_what_could_be_there(kind: str, says: str) -> None:
    words = ["quite"] if kind == movements.PARTNER else ["1755902", "quite"]
    with pytest.raises(Misread, match=f"“quite” {says}"):
        movements.read_query(kind, TypedWords(words=words, form="…", today=date(2026, 11, 22)))


NAMES = st.sampled_from(sorted(_row(1)))


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(_row(1))), st.text(max_size=40) | st.integers()), max_size=12)
)
def test_whatever_paytend_lists_becomes_a_message(rows: list[dict[str, Any]]) -> None:
    answer = Transactions.decode({"tradeList": rows}, unit=AmountUnit.MINOR)
    _valid(movements.show(QUERY, ask=_answering(answer), timezone=ZONE))


@pytest.mark.parametrize(
    "value", [{}, {"kind": "x"}, {**QUERY.as_value(), "start": "1"}, {**QUERY.as_value(), "start": -1}]
)
def test_a_page_that_is_not_of_ours_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        movements.read_value(value)
