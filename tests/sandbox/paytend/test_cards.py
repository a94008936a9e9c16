"""The operations on cards, each done and refused."""

import pytest

from sandbox.paytend import PaytendStandIn
from sandbox.paytend.records import CardStatus
from tests.sandbox.paytend.client import Partner

ACTIVE, OTHER, VIRTUAL, LOST, FROZEN, CLOSED, INACTIVE = (
    "1755902",
    "1755903",
    "1755905",
    "1755907",
    "1755908",
    "1755909",
    "1755910",
)
APPROVED, REVIEWED = "101982", "101986"


def top_up(
    partner: Partner, amount: str, *, order: str = "TOPUP00000001", currency: str = "EUR", card: str = ACTIVE
) -> str:
    return partner.call("topup", cardId=card, orderNo=order, amount=amount, currency=currency).code


def test_a_card_is_shown_masked_with_holder_and_balance(partner: Partner, stand_in: PaytendStandIn) -> None:
    shown = partner.data("getCardInfo", cardId=ACTIVE)
    number = stand_in.books.cards[ACTIVE].number
    assert shown["cardNo"] == f"{number[:6]}******{number[-4:]}"
    assert (shown["cardStatus"], shown["holderId"], shown["balance"]) == (5, APPROVED, 6410)
    assert shown["accountList"] == [{"currency": "EUR", "balance": 6410, "digital": 2}]
    assert "cvv" not in shown
    assert partner.refused("getCardInfo", cardId="1") == "2001"


def test_by_a_switch_the_whole_number_leaks(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(full_card_numbers=True)
    shown, card = partner.data("getCardInfo", cardId=ACTIVE), stand_in.books.cards[ACTIVE]
    assert (shown["cardNo"], shown["cvv"]) == (card.number, card.cvv)
    digits = [int(digit) for digit in reversed(card.number)]
    assert sum(d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(digits)) % 10 == 0


def test_a_balance_is_shown(partner: Partner) -> None:
    assert partner.data("getCardBalance", cardId=VIRTUAL)["balance"] == 30000
    assert partner.refused("getCardBalance", cardId="x") == "2001"


def test_an_overdue_fee_has_the_schema_of_a_balance(partner: Partner) -> None:
    shown = partner.data("getCardOverdueMonthlyFee", cardId="1755904")
    assert shown["balance"] == 200
    assert shown["accountList"] == [{"currency": "EUR", "balance": 200, "digital": 2}]
    assert partner.refused("getCardOverdueMonthlyFee", cardId="1") == "2001"


def test_a_top_up_moves_money_and_costs_one_percent(partner: Partner, stand_in: PaytendStandIn) -> None:
    done = partner.data("topup", cardId=ACTIVE, orderNo="TOPUP2023110600000", amount="110050", currency="EUR")
    assert (done["topupStatus"], done["amount"], done["fee"], done["currency"]) == (1, 110050, 1101, "EUR")
    assert stand_in.books.card_balance(ACTIVE) == 6410 + 110050
    assert stand_in.books.partner_balance("EUR") == 2_500_000 - 110050 - 1101
    assert partner.data("getTopupResult", orderNo="TOPUP2023110600000") == done
    assert [top_up.order_no for top_up in stand_in.top_ups] == ["TOPUP2023110600000"]


def test_the_fee_is_at_least_ten_cents(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert top_up(partner, "1") == "00"
    assert stand_in.top_ups[0].fee == 10


def test_usdt_has_six_places(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert top_up(partner, "12345678", currency="USDT") == "00"
    accounts = partner.data("getCardInfo", cardId=ACTIVE)["accountList"]
    assert accounts[1] == {"currency": "USDT", "balance": 12345678, "digital": 6}
    assert stand_in.books.partner_balance("USDT") == 500_000_000 - 12345678 - 123457


@pytest.mark.parametrize("amount", ["0", "-1", "1.5", "+5", "01", "1e3", "٣", "9" * 19, "NaN", " 5"])
def test_a_bad_amount_is_refused(partner: Partner, stand_in: PaytendStandIn, amount: str) -> None:
    assert top_up(partner, amount) == "2301"
    assert stand_in.top_ups == []


def test_other_bad_top_ups_are_refused(partner: Partner, stand_in: PaytendStandIn) -> None:
    before = stand_in.books.partner_balances
    assert top_up(partner, "100", card="1") == "2001"
    assert top_up(partner, "100", currency="USD") == "2302"
    assert top_up(partner, "2500000") == "2303"
    assert top_up(partner, "100", order="SHORT") == "1102"
    assert top_up(partner, "100", order="TOPUP-0000-0001") == "1102"
    assert partner.refused("topup", cardId=ACTIVE, orderNo="TOPUP00000001", amount="100") == "1101"
    for card in (LOST, FROZEN, CLOSED, INACTIVE):
        assert top_up(partner, "100", card=card) == "2002"
    assert stand_in.books.partner_balances == before
    assert partner.refused("getTopupResult", orderNo="TOPUP00000001") == "2202"


def test_a_repeated_order_number_is_refused_and_the_first_stays(
    partner: Partner, stand_in: PaytendStandIn
) -> None:
    assert top_up(partner, "500") == "00"
    assert top_up(partner, "700") == "2201"
    assert top_up(partner, "700", card=OTHER) == "2201"
    assert partner.data("getTopupResult", orderNo="TOPUP00000001")["amount"] == 500
    assert len(stand_in.top_ups) == 1


def test_processing_top_ups_end_later(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(processing_top_ups=True, processing_seconds=30)
    shown = partner.data("topup", cardId=ACTIVE, orderNo="TOPUP00000001", amount="500", currency="EUR")
    assert shown["topupStatus"] == 3
    assert stand_in.books.card_balance(ACTIVE) == 6410
    assert stand_in.books.totals("EUR")["in transit"] == 510
    stand_in.events.advance(29)
    assert partner.data("getTopupResult", orderNo="TOPUP00000001")["topupStatus"] == 3
    stand_in.events.advance(1)
    assert partner.data("getTopupResult", orderNo="TOPUP00000001")["topupStatus"] == 1
    assert stand_in.books.card_balance(ACTIVE) == 6910


def test_processing_top_ups_may_fail_and_give_the_money_back(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(processing_top_ups=True, processing_seconds=30, processing_fails=True)
    assert top_up(partner, "500") == "00"
    stand_in.events.advance(31)
    shown = partner.data("getTopupResult", orderNo="TOPUP00000001")
    assert (shown["topupStatus"], shown["errMsg"]) == (2, "Top-up failed.")
    assert stand_in.books.partner_balance("EUR") == 2_500_000
    assert stand_in.top_ups == []


def test_a_processing_top_up_ends_on_demand_and_only_once(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(processing_top_ups=True)
    assert top_up(partner, "500") == "00"
    stand_in.events.finish_top_up("TOPUP00000001")
    stand_in.events.advance(3600)
    assert stand_in.books.card_balance(ACTIVE) == 6910
    with pytest.raises(Exception, match="2204"):
        stand_in.events.finish_top_up("TOPUP00000001")


def test_a_card_is_activated_for_an_approved_holder_only(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert partner.refused("activeCard", cardId=INACTIVE, holderId=REVIEWED) == "2103"
    assert partner.refused("activeCard", cardId=INACTIVE, holderId="1") == "2101"
    assert partner.refused("activeCard", cardId="1", holderId=APPROVED) == "2001"
    assert partner.refused("activeCard", cardId=ACTIVE, holderId=APPROVED) == "2002"
    assert partner.data("activeCard", cardId=INACTIVE, holderId=APPROVED) == {"activeStatus": 1, "errMsg": ""}
    shown = partner.data("getCardInfo", cardId=INACTIVE)
    assert (shown["cardStatus"], shown["holderId"]) == (5, APPROVED)
    assert shown["activeTime"] == "2026-11-20 14:00:00"


def test_a_card_bound_to_someone_cannot_be_activated_for_another(
    partner: Partner, stand_in: PaytendStandIn
) -> None:
    stand_in.books.cards[INACTIVE].holder_id = "101983"
    assert partner.refused("activeCard", cardId=INACTIVE, holderId=APPROVED) == "2004"


def test_a_card_is_lost_and_found(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert partner.data("lostCard", cardId=ACTIVE)["changeStatus"] == 1
    assert stand_in.books.cards[ACTIVE].status is CardStatus.LOST
    assert partner.call("lostCard", cardId=ACTIVE).message == "Card status is abnormal."
    assert partner.data("cancelCardLost", cardId=ACTIVE)["changeStatus"] == 1
    assert stand_in.books.cards[ACTIVE].status is CardStatus.ACTIVE
    assert partner.refused("cancelCardLost", cardId=ACTIVE) == "2002"
    assert partner.refused("cancelCardLost", cardId="1") == "2001"


def test_the_password_goes_to_the_holder_and_never_into_the_answer(
    partner: Partner, stand_in: PaytendStandIn
) -> None:
    assert partner.data("retrievePassword", cardId=ACTIVE) == {"retrieveStatus": 1, "errMsg": ""}
    assert stand_in.books.password_retrievals == [ACTIVE]
    assert partner.refused("retrievePassword", cardId=LOST) == "2002"


@pytest.mark.parametrize("old", [ACTIVE, LOST])
def test_a_replacement_takes_holder_and_balance_and_freezes_the_old(
    partner: Partner, stand_in: PaytendStandIn, old: str
) -> None:
    books = stand_in.books
    balance, holder = books.card_balance(old), books.cards[old].holder_id
    cvv = books.cards[INACTIVE].cvv
    assert partner.data("replaceCard", cardId=INACTIVE, cvv=cvv, oldCardId=old)["changeStatus"] == 1
    assert (books.card_balance(old), books.card_balance(INACTIVE)) == (0, balance)
    assert (books.cards[old].status, books.cards[INACTIVE].status) == (CardStatus.FROZEN, CardStatus.ACTIVE)
    assert (books.cards[INACTIVE].holder_id, books.cards[old].replaced_by) == (holder, INACTIVE)


def test_a_bad_replacement_changes_nothing(partner: Partner, stand_in: PaytendStandIn) -> None:
    wrong = f"{(int(stand_in.books.cards[INACTIVE].cvv) + 1) % 1000:03d}"
    assert partner.refused("replaceCard", cardId=INACTIVE, cvv=wrong, oldCardId=ACTIVE) == "2003"
    assert partner.refused("replaceCard", cardId=OTHER, oldCardId=ACTIVE) == "2002"
    assert partner.refused("replaceCard", cardId=ACTIVE, oldCardId=ACTIVE) == "2002"
    assert partner.refused("replaceCard", cardId=INACTIVE, oldCardId=CLOSED) == "2002"
    assert partner.refused("replaceCard", cardId="1", oldCardId=ACTIVE) == "2001"
    assert stand_in.books.card_balance(ACTIVE) == 6410
    assert stand_in.books.cards[INACTIVE].status is CardStatus.INACTIVE
    assert partner.data("replaceCard", cardId=INACTIVE, cvv="", oldCardId=ACTIVE)
