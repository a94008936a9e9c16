"""Each of the 23 operations against the stand-in over a real socket: a success and a refusal."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from paytend import OPERATIONS, Address, Call, Money, Operation, Refused
from paytend import operations as op
from paytend.models.codes import AuditStatus, CardStatus, TopUpStatus
from sandbox.paytend.records import CardStatus as Kept
from tests.paytend.connected import Connection, connect

CARD, HOLDER = "1755902", "101982"
NOBODY = "9999999"
VILNIUS = Address(line="Gedimino pr. 1", city_code="LT_VI", postcode="LT-01113", country_code="LT")
EUR_10, TOO_MUCH = Money.parse("10", "EUR"), Money.parse("99999", "EUR")


@pytest.fixture(params=["minor", "major"])
def paytend(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with connect(unit=request.param) as connection:
        yield connection


@pytest.fixture
def one(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with connect() as connection:
        yield connection


def today(paytend: Connection) -> date:
    return paytend.stand_in.clock.now().date()


def card_in(paytend: Connection, status: str) -> str:
    return next(card.card_id for card in paytend.stand_in.books.cards.values() if str(int(card.status)) == status)


def an_application(**changes: Any) -> Call[Any]:
    facts = {
        "reference": "CARD2026112200001",
        "holder_id": HOLDER,
        "card_scheme": "3",
        "card_type": "2",
        "sku": "CTHMCPE20056",
        "remarks": "",
        "quantity": 1,
        "contact_name": "Rūta Kazlauskaitė",
        "contact_mobile": "+37060000000",
        "delivery_address": VILNIUS,
    }
    return op.APPLY_CARD(**facts | changes)


def a_cardholder(**changes: Any) -> Call[Any]:
    facts = {
        "mobile": "+37060000001",
        "first_name": "Žygimantas",
        "last_name": "O'Neill",
        "id_number": "LT9988776",
        "id_type": "2",
        "email": "zygimantas@example.org",
        "birthday": date(1990, 2, 28),
        "gender": "1",
        "nationality": "LT",
        "address": VILNIUS,
    }
    return op.CREATE_CARDHOLDER(**facts | changes)


def period(paytend: Connection, days: int = 29) -> dict[str, Any]:
    return {"begin": today(paytend) - timedelta(days=days), "end": today(paytend)}


# What is refused, for each operation: the reason in the stand-in's words, and the call.
REFUSALS: dict[str, tuple[str, Callable[[Connection], Call[Any]]]] = {
    "applyCard": ("SKU does not exist", lambda _: an_application(sku="NONE")),
    "activeCard": ("Card does not exist", lambda _: op.ACTIVATE_CARD(card_id=NOBODY, holder_id=HOLDER)),
    "topup": (
        "Insufficient",
        lambda _: op.TOP_UP(card_id=CARD, reference="T" * 16, money=Money.parse("99999", "EUR")),
    ),
    "replaceCard": ("Card does not exist", lambda _: op.REPLACE_CARD(new_card_id=NOBODY, old_card_id=CARD)),
    "lostCard": ("status is abnormal", lambda p: op.REPORT_LOSS(card_id=card_in(p, CardStatus.CLOSED))),
    "cancelCardLost": ("status is abnormal", lambda _: op.CANCEL_LOSS(card_id=CARD)),
    "retrievePassword": ("Card does not exist", lambda _: op.RETRIEVE_PASSWORD(card_id=NOBODY)),
    "getApplyCardResult": ("Order does not exist", lambda _: op.GET_APPLY_RESULT(reference="NO")),
    "getCardInfo": ("Card does not exist", lambda _: op.GET_CARD_INFO(card_id=NOBODY)),
    "getTopupResult": ("Order does not exist", lambda _: op.GET_TOP_UP_RESULT(reference="NO")),
    "getCardTransactions": ("Date range", lambda p: op.GET_CARD_TRANSACTIONS(card_id=CARD, **period(p, 40))),
    "getAuthorizationTransactions": (
        "Date range",
        lambda p: op.GET_AUTHORIZATION_TRANSACTIONS(card_id=CARD, **period(p, 40)),
    ),
    "getCardBalance": ("Card does not exist", lambda _: op.GET_CARD_BALANCE(card_id=NOBODY)),
    "getCardOverdueMonthlyFee": ("Card does not exist", lambda _: op.GET_OVERDUE_MONTHLY_FEE(card_id=NOBODY)),
    "createCardholder": ("has exists", lambda _: a_cardholder(id_number="PS1234567")),
    "updateCardholder": ("does not exist", lambda _: op.UPDATE_CARDHOLDER(holder_id=NOBODY, gender="2")),
    "getHolder": ("does not exist", lambda _: op.GET_CARDHOLDER(holder_id=NOBODY)),
    "uploadDocument": (
        "does not exist",
        lambda _: op.UPLOAD_DOCUMENT(holder_id=NOBODY, file_type="3", document=(b"x", ".png")),
    ),
    "getCities": ("wrong", lambda _: op.GET_CITIES(country_code="LT", start=0, size=30)),
    "getPartnerTopup": ("Currency", lambda _: op.GET_PARTNER_TOP_UPS(currency="GBP")),
    "getPartnerTransactions": ("Date range", lambda p: op.GET_PARTNER_TRANSACTIONS(**period(p, 40))),
}
# They have no values, so there is nothing in them to refuse: the stand-in is told to.
WITHOUT_VALUES: dict[str, Operation[Any]] = {
    "getSKUs": op.GET_DESIGNS,
    "getPartnerBalance": op.GET_PARTNER_BALANCE,
}


def test_every_operation_has_its_refusal() -> None:
    assert {operation.name for operation in OPERATIONS} == REFUSALS.keys() | WITHOUT_VALUES.keys()


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_verified_and_gives_its_reason(one: Connection, name: str) -> None:
    reason, make_call = REFUSALS[name]

    with pytest.raises(Refused, match=reason) as refusal:
        one.client.send(make_call(one))

    assert refusal.value.verified
    assert len(one.stand_in.calls) == 1


@pytest.mark.parametrize("name", WITHOUT_VALUES)
def test_an_operation_without_values_can_be_refused_too(one: Connection, name: str) -> None:
    one.stand_in.switches.refuse_next("8888", operation=name)

    with pytest.raises(Refused) as refusal:
        one.client.send(WITHOUT_VALUES[name]())

    assert refusal.value.code == "8888"


def test_a_card_its_balance_and_its_fee(paytend: Connection) -> None:
    card = paytend.client.send(op.GET_CARD_INFO(card_id=CARD))
    balance = paytend.client.send(op.GET_CARD_BALANCE(card_id=CARD))
    owing = list(paytend.stand_in.books.cards)[2]
    fee = paytend.client.send(op.GET_OVERDUE_MONTHLY_FEE(card_id=owing))

    assert (card.card_id, card.status, card.holder_id) == (CARD, CardStatus.ACTIVE, HOLDER)
    assert card.balance("EUR") == balance.balance("EUR") == Money.parse("64.10", "EUR")
    assert card.card_number is not None
    assert len(card.card_number) == 16
    assert fee.balance("EUR") == Money.parse("2.00", "EUR")


def test_a_whole_card_number_in_an_answer_is_masked_and_the_cvv_gone(one: Connection) -> None:
    one.stand_in.switches.set_modes(full_card_numbers=True)

    card = one.client.send(op.GET_CARD_INFO(card_id=CARD))

    assert card.card_number is not None
    assert card.card_number[6:12] == "******"
    assert one.stand_in.books.cards[CARD].cvv not in json.dumps({k: v for k, v in card.raw.items() if k == "cvv"})


def test_a_top_up_and_its_result_move_exactly_this_money(paytend: Connection) -> None:
    before = paytend.client.send(op.GET_PARTNER_BALANCE()).balance("EUR")

    answer = paytend.client.send(op.TOP_UP(card_id=CARD, reference="TOPUP2026112200001", money=EUR_10))
    result = paytend.client.send(op.GET_TOP_UP_RESULT(reference="TOPUP2026112200001"))

    after = paytend.client.send(op.GET_PARTNER_BALANCE()).balance("EUR")
    assert answer.status == result.status == TopUpStatus.DONE
    assert (result.amount, result.card_id, result.reference) == (EUR_10, CARD, "TOPUP2026112200001")
    assert before is not None
    assert after is not None
    assert result.fee is not None
    assert before - after == EUR_10 + result.fee
    assert paytend.client.send(op.GET_CARD_BALANCE(card_id=CARD)).balance("EUR") == Money.parse("74.10", "EUR")


def test_loss_and_its_cancellation(one: Connection) -> None:
    one.client.send(op.REPORT_LOSS(card_id=CARD))
    assert one.client.send(op.GET_CARD_INFO(card_id=CARD)).status == CardStatus.LOST

    one.client.send(op.CANCEL_LOSS(card_id=CARD))
    assert one.client.send(op.GET_CARD_INFO(card_id=CARD)).status == CardStatus.ACTIVE


def test_a_replacement_freezes_the_old_card_and_moves_its_balance(one: Connection) -> None:
    new = card_in(one, CardStatus.INACTIVE)

    one.client.send(op.REPLACE_CARD(new_card_id=new, old_card_id=CARD))

    assert one.client.send(op.GET_CARD_INFO(card_id=CARD)).status == CardStatus.FROZEN
    replaced = one.client.send(op.GET_CARD_INFO(card_id=new))
    assert (replaced.holder_id, replaced.balance("EUR")) == (HOLDER, Money.parse("64.10", "EUR"))


def test_an_activation_binds_the_cardholder(one: Connection) -> None:
    card_id = card_in(one, CardStatus.INACTIVE)

    answer = one.client.send(op.ACTIVATE_CARD(card_id=card_id, holder_id=HOLDER))

    assert answer.status == "1"
    card = one.client.send(op.GET_CARD_INFO(card_id=card_id))
    assert (card.status, card.holder_id) == (CardStatus.ACTIVE, HOLDER)


def test_a_password_goes_to_the_cardholder(one: Connection) -> None:
    answer = one.client.send(op.RETRIEVE_PASSWORD(card_id=CARD))

    assert (answer.status, answer.secret) == ("1", None)


def test_an_order_of_cards_is_shipped(one: Connection) -> None:
    one.client.send(an_application(quantity=3, holder_id=None))
    assert one.client.send(op.GET_APPLY_RESULT(reference="CARD2026112200001")).cards == ()

    one.stand_in.clock.advance(timedelta(hours=1))
    one.stand_in.tick()

    order = one.client.send(op.GET_APPLY_RESULT(reference="CARD2026112200001"))
    assert len(order.cards) == 3
    assert all(one.stand_in.books.cards[card.card_id or ""].status is Kept.INACTIVE for card in order.cards)


def test_transactions_are_paged_and_filtered(paytend: Connection) -> None:
    whole = paytend.client.send(op.GET_CARD_TRANSACTIONS(card_id=CARD, status="ALL", size=30, **period(paytend)))
    first = paytend.client.send(
        op.GET_CARD_TRANSACTIONS(card_id=CARD, status="ALL", start=0, size=5, **period(paytend))
    )
    second = paytend.client.send(
        op.GET_CARD_TRANSACTIONS(card_id=CARD, status="ALL", start=5, size=5, **period(paytend))
    )
    done = paytend.client.send(op.GET_CARD_TRANSACTIONS(card_id=CARD, size=30, **period(paytend)))

    ids = [row.trade_id for row in whole.rows]
    assert [row.trade_id for row in first.rows + second.rows] == ids[:10]
    assert whole.total == first.total == len(ids)
    assert {row.status for row in done.rows} <= {"1", "10"}
    assert all(row.amount is not None and row.amount.currency == "EUR" for row in whole.rows)
    foreign = [row for row in whole.rows if row.other_currency == "SEK"]
    assert foreign
    assert foreign[0].other_amount is not None


def test_authorizations_are_listed(one: Connection) -> None:
    page = one.client.send(op.GET_AUTHORIZATION_TRANSACTIONS(card_id=CARD, size=30, **period(one)))

    assert page.rows
    assert all(row.trade_id for row in page.rows)


def test_designs_and_cities(one: Connection) -> None:
    designs = one.client.send(op.GET_DESIGNS())
    cities = one.client.send(op.GET_CITIES(country_code="LT", start=1, size=30))

    assert "CTHMCPE20056" in [design.sku for design in designs.rows]
    assert all(city.code and city.code.startswith("LT_") and city.name for city in cities.rows)


def test_both_forms_of_an_empty_content_are_taken() -> None:
    for empty_as_object in (True, False):
        with connect(empty_as_object=empty_as_object) as paytend:
            assert paytend.client.send(op.GET_DESIGNS()).rows
            assert paytend.client.send(op.GET_PARTNER_BALANCE()).balance("EUR") == Money.parse("25000", "EUR")


def test_a_cardholder_is_created_documented_and_found(one: Connection) -> None:
    created = one.client.send(a_cardholder())
    assert created.holder_id is not None
    for file_type in ("3", "8"):
        document = (b"\xff\xd8" * 1_048_576, ".jpeg")  # exactly 2 MB
        one.client.send(op.UPLOAD_DOCUMENT(holder_id=created.holder_id, file_type=file_type, document=document))

    by_id = one.client.send(op.GET_CARDHOLDER(holder_id=created.holder_id))
    by_document = one.client.send(op.GET_CARDHOLDER(id_number="LT9988776", id_type="2"))

    assert by_id == by_document
    assert (by_id.name, by_id.audit_status) == ("Žygimantas O'Neill", "1")


def test_a_cardholder_is_updated(one: Connection) -> None:
    one.client.send(op.UPDATE_CARDHOLDER(holder_id=HOLDER, birthday=date(1985, 5, 5), address=VILNIUS))

    holder = one.client.send(op.GET_CARDHOLDER(holder_id=HOLDER))
    assert (holder.birthday, holder.audit_status) == ("1985-05-05", AuditStatus.APPROVED)


def test_the_partner_account(paytend: Connection) -> None:
    balance = paytend.client.send(op.GET_PARTNER_BALANCE())
    funding = paytend.client.send(op.GET_PARTNER_TOP_UPS(currency="EUR"))
    entries = paytend.client.send(op.GET_PARTNER_TRANSACTIONS(size=30, **period(paytend)))

    assert balance.balance("EUR") == Money.parse("25000", "EUR")
    assert balance.balance("USDT") == Money.parse("500", "USDT")
    assert funding.rows
    assert entries.rows
    assert all(row.amount is not None for row in entries.rows)


def test_a_path_can_be_overridden() -> None:
    with connect(paths={"getCardOverdueMonthlyFee": "/issuing/card/getCardBalance"}) as paytend:
        fee = paytend.client.send(op.GET_OVERDUE_MONTHLY_FEE(card_id=CARD))

        assert fee.balance("EUR") == Money.parse("64.10", "EUR")
        assert [call.operation for call in paytend.stand_in.calls] == ["getCardBalance"]
