"""The figures in Details: what Paytend said, and the balances before and after the money moves."""

from approvals.actions.payloads import ReplacePayload, TopUpPayload
from approvals.actions.snapshot import SecondCard
from approvals.messages.figures import list_figures
from tests.approvals.standins import CARD
from tests.approvals.world import snapshot

TOP_UP = TopUpPayload.model_validate({"card_id": CARD, "money": "10.00 EUR", "reason": ""})
ABOUT = [
    ("Card", f"•••• 4242 ({CARD}), {snapshot().status_text}"),
    ("Cardholder", "Anna Kern (H1), KYC approved"),
]
CARD_BALANCE = ("Card balance", "20.00 EUR → 30.00 EUR")
PARTNER_BALANCE = ("Partner balance", "5,000.00 EUR → 4,990.00 EUR")


def figures(
    payload: TopUpPayload | ReplacePayload | None, *, partner: bool = True, **card: object
) -> list[object]:
    found = list_figures(snapshot(**card), payload, with_partner=partner)
    return [(figure.label, figure.text) for figure in found]


def test_a_top_up_moves_money_from_the_partner_balance_to_the_card() -> None:
    assert figures(TOP_UP) == [*ABOUT, CARD_BALANCE, PARTNER_BALANCE]


def test_the_partner_balance_is_only_for_who_may_see_it() -> None:
    assert figures(TOP_UP, partner=False) == [*ABOUT, CARD_BALANCE]


def test_a_balance_that_is_not_known_or_in_another_currency_is_left_out() -> None:
    assert figures(TOP_UP, balance=None) == [*ABOUT, PARTNER_BALANCE]
    assert figures(TOP_UP, balance="20.00 GBP") == [*ABOUT, PARTNER_BALANCE]
    assert figures(TOP_UP, partner_balance=None) == [*ABOUT, CARD_BALANCE]


def test_of_a_replacement_both_cards_are_shown_and_no_balance() -> None:
    second = SecondCard(card_id="77", status="4", last_four="1111", holder_name="Ona")
    payload = ReplacePayload.model_validate({"card_id": CARD, "new_card_id": "77", "reason": ""})

    assert figures(payload, second=second) == [
        *ABOUT,
        ("New card", f"•••• 1111 (77), {second.status_text}"),
        ("New card’s cardholder", "Ona"),
    ]
    nobodys = figures(payload, second=second.model_copy(update={"holder_name": ""}))
    assert nobodys[-1] == ("New card’s cardholder", "none yet")


def test_when_the_content_is_gone_there_are_no_balances() -> None:
    assert figures(None) == ABOUT
