"""What approvers are told of a card and a cardholder, from what Paytend answers."""

from datetime import date
from typing import Any

import pytest

from approvals.actions.snapshot import SecondCard, Snapshot, SnapshotLine
from commands.snapshots import SnapshotSource, take_snapshot
from paytend.errors import AnotherSubject
from paytend.money import AmountUnit, Money
from tests.approvals.actions.payloads import payload

TODAY = date(2026, 11, 22)
CARD = {
    "cardId": "1755902",
    "cardNo": "541333******4242",
    "cardStatus": "5",
    "holderId": "101982",
    "holderName": "Card Name",
    "accountList": [{"currency": "USDT", "balance": "7"}, {"currency": "EUR", "balance": "2000"}],
}
NEW_CARD = {"cardId": "1755910", "cardNo": "541333******1910", "cardStatus": "4", "holderName": "New Name"}
HOLDER = {"holderId": "101982", "firstName": "Ona", "lastName": "Žalė", "auditStatus": "2"}


def top_up(amount: str | None, *, type: str = "100", **more: Any) -> dict[str, Any]:  # noqa: A002 - Paytend's word
    return {"tradeType": type, "currency": "EUR", "amount": amount, "businessDate": "2026-11-01", **more}


class Books:
    """Answers each operation with what is written here, and keeps the calls."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[Any] = []
        self.answers: dict[str, Any] = {
            "getCardInfo": {"1755902": CARD, "1755910": NEW_CARD},
            "getHolder": HOLDER,
            "getPartnerBalance": {"accountList": [{"currency": "EUR", "balance": "500000"}]},
            "getCardTransactions": {"tradeList": []},
            "getCardBalance": {"accountList": []},
            "getSKUs": {"skuList": [{"sku": "SKU0", "skuName": "Other"}, {"sku": "SKU1", "skuName": "Blue"}]},
            **answers,
        }

    def __call__(self, call: Any) -> Any:
        self.calls.append(call)
        answer = self.answers[call.operation.name]
        answer = answer.get(call.values.get("card_id"), answer)
        if answer is HOLDER:  # whoever is asked for
            answer = {**HOLDER, "holderId": call.values["holder_id"]}
        return call.operation.answer.decode(answer, unit=AmountUnit.MINOR)


def takes(action: str, books: Books, **changes: Any) -> Snapshot:
    return take_snapshot(action, payload(action, **changes), source=SnapshotSource(ask=books, today=TODAY))


def lines(snapshot: Snapshot) -> dict[str, str]:
    return {line.label: line.text for line in snapshot.lines}


def test_a_top_up_shows_the_card_its_holder_and_both_balances() -> None:
    found = takes("card.top_up", Books())

    assert found == Snapshot(
        subject="1755902",
        card_id="1755902",
        status="5",
        last_four="4242",
        holder_id="101982",
        holder_name="Ona Žalė",
        kyc="approved",
        balance=Money.read("20.00 EUR"),
        partner_balance=Money.read("5000.00 EUR"),
    )


def test_a_top_up_in_another_currency_shows_the_balances_in_it() -> None:
    books = Books(getPartnerBalance={"accountList": [{"currency": "USDT", "balance": "9000000"}]})

    found = takes("card.top_up", books, money="5.00 USDT")

    assert (str(found.balance), str(found.partner_balance)) == ("0.000007 USDT", "9.000000 USDT")


def test_a_top_up_shows_the_last_three_that_were_top_ups() -> None:
    rows = [
        top_up("500", type="151"),
        top_up(None),
        *(top_up(f"{number}00", tradeStatus="1" if number == 1 else None) for number in (1, 2, 3, 4)),
    ]
    rows[3].pop("businessDate")
    books = Books(getCardTransactions={"tradeList": rows})

    earlier = takes("card.top_up", books).earlier

    assert [(row.at, str(row.money), row.status) for row in earlier] == [
        ("2026-11-01", "1.00 EUR", "success"),
        ("", "2.00 EUR", ""),
        ("2026-11-01", "3.00 EUR", ""),
    ]
    [history] = [call for call in books.calls if call.operation.name == "getCardTransactions"]
    assert dict(history.values) == {
        "card_id": "1755902",
        "begin": date(2026, 10, 24),
        "end": TODAY,
        "status": "ALL",
        "size": 30,
    }


def test_a_card_without_a_holder_is_shown_with_the_name_on_it() -> None:
    card = {"cardStatus": None, "holderName": "Card Name"}
    found = takes("card.found", Books(getCardInfo=card))

    assert (found.holder_id, found.holder_name, found.kyc) == ("", "Card Name", "")
    assert (found.status, found.last_four) == ("", "")
    nameless = takes("card.found", Books(getCardInfo={}))
    assert nameless.holder_name == ""


def test_a_holder_without_a_name_or_a_review_is_shown_as_such() -> None:
    found = takes("card.found", Books(getHolder={"holderId": "101982"}))

    assert (found.holder_id, found.holder_name, found.kyc) == ("101982", "", "")


def test_an_activation_says_whose_the_card_becomes_and_whose_it_is() -> None:
    books = Books(getCardInfo={**CARD, "holderId": "999"})
    found = takes("card.activate", books)

    assert found.holder_id == "101982"
    assert lines(found) == {
        "New cardholder": "Ona Žalė (101982)",
        "Current cardholder": "Card Name",
    }
    unnamed = Books(getCardInfo={**CARD, "holderId": "999", "holderName": None}, getHolder={})
    assert lines(takes("card.activate", unnamed)) == {
        "New cardholder": "a cardholder without a name (101982)",
        "Current cardholder": "999",
    }
    assert lines(takes("card.activate", Books())) == {"New cardholder": "Ona Žalė (101982)"}
    assert list(lines(takes("card.activate", Books(getCardInfo={})))) == ["New cardholder"]


def test_a_replacement_shows_the_new_card_and_the_balance_that_moves() -> None:
    found = takes("card.replace", Books())

    assert found.second == SecondCard(card_id="1755910", status="4", last_four="1910", holder_name="New Name")
    assert found.lines == (SnapshotLine(label="Balance to transfer", text="0.000007 USDT, 20.00 EUR"),)
    assert found.holder_name == "Ona Žalė"


def test_a_replacement_asks_for_the_balance_when_the_card_does_not_say_it() -> None:
    card = {name: value for name, value in CARD.items() if name != "accountList"}
    cards = {"1755902": card, "1755910": {**NEW_CARD, "holderId": "101982"}}
    balance = {"accountList": [{"currency": "EUR", "balance": "700"}, {"currency": "EUR", "balance": "x"}]}

    found = takes("card.replace", Books(getCardInfo=cards, getCardBalance=balance))

    assert lines(found) == {"Balance to transfer": "7.00 EUR"}
    assert found.second is not None
    assert (found.second.holder_id, found.second.holder_name) == ("101982", "Ona Žalė")
    assert takes("card.replace", Books(getCardInfo=cards)).lines == ()


def test_an_order_shows_what_where_and_for_whom() -> None:
    several = takes("card.apply", Books())
    one = takes("card.apply", Books(), quantity=1, holder_id="101982")

    assert (several.subject, several.holder_id, several.card_id) == ("SKU1", "", "")
    assert lines(several) == {
        "Order": "3 unactivated cards (personal physical, design SKU1)",
        "Design": "Blue",
        "Delivered to": "LT_VI, LT",
    }
    assert (one.subject, one.holder_id, one.holder_name, one.kyc) == ("101982", "101982", "Ona Žalė", "approved")
    assert lines(one)["Order"].startswith("1 card")
    assert "Design" not in lines(takes("card.apply", Books(getSKUs={"skuList": [{"sku": "SKU1"}]})))


def test_a_change_shows_the_cardholder() -> None:
    found = takes("cardholder.update", Books())

    assert (found.subject, found.card_id, found.holder_id) == ("101982", "", "101982")
    assert (found.holder_name, found.kyc) == ("Ona Žalė", "approved")


@pytest.mark.parametrize("action", ["card.found", "card.retrieve_password"])
def test_what_is_about_one_card_shows_the_card(action: str) -> None:
    found = takes(action, Books())

    assert (found.card_id, found.status, found.last_four, found.holder_name) == (
        "1755902",
        "5",
        "4242",
        "Ona Žalė",
    )
    assert found.status_text == "active"


def test_what_a_snapshot_does_not_know_is_empty() -> None:
    found = Snapshot.model_validate({"card_id": "1755902"})

    assert found.subject == "1755902"
    texts = (found.status, found.last_four, found.holder_id, found.holder_name, found.kyc)
    assert texts == ("",) * 5
    assert (found.balance, found.partner_balance, found.earlier, found.second, found.lines) == (
        None,
        None,
        (),
        None,
        (),
    )
    second = SecondCard(card_id="1755910", status="4")
    assert (second.last_four, second.holder_id, second.holder_name) == ("", "", "")
    assert Snapshot.model_validate({}).subject == ""


@pytest.mark.parametrize("action", ["card.top_up", "card.found", "card.activate", "card.replace"])
def test_a11_an_answer_about_another_card_is_refused_and_its_id_is_not_copied_over(action: str) -> None:
    other = {**CARD, "cardId": "1755903"}
    with pytest.raises(AnotherSubject, match="another card"):
        takes(action, Books(getCardInfo={"1755902": other, "1755910": NEW_CARD}))


def test_a11_the_new_card_another_cardholder_and_a_row_of_another_card_are_held_to_the_same() -> None:
    with pytest.raises(AnotherSubject):
        takes("card.replace", Books(getCardInfo={"1755902": CARD, "1755910": {**NEW_CARD, "cardId": "1"}}))
    with pytest.raises(AnotherSubject, match="another cardholder"):
        takes("card.top_up", Books(getHolder={**HOLDER, "holderId": "101983"}))
    with pytest.raises(AnotherSubject):
        takes("card.top_up", Books(getCardTransactions={"tradeList": [top_up("500", cardId="1755903")]}))


def test_a11_an_answer_that_names_no_card_contradicts_nothing() -> None:
    unnamed = {name: value for name, value in CARD.items() if name != "cardId"}
    assert takes("card.found", Books(getCardInfo={"1755902": unnamed})).card_id == "1755902"
