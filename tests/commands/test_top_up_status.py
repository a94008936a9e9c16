"""What `/topup status` shows of Paytend's answer."""

from typing import Any

from commands import topup
from paytend import Refused
from paytend.models import TopUp
from paytend.money import AmountUnit


def answers(fields: dict[str, Any]) -> Any:
    return lambda _call: TopUp.decode(fields, unit=AmountUnit.MINOR)


def test_everything_that_paytend_says_is_shown() -> None:
    fields = {
        "topupStatus": "1",
        "cardId": "1755902",
        "cardNo": "541333******4242",
        "currency": "EUR",
        "amount": "2050",
        "fee": "10",
        "errMsg": "well done",
    }

    assert topup.status("R1", ask=answers(fields)) == topup.TopUpStatusReply(
        reference="R1",
        status="done",
        status_code="1",
        card_id="1755902",
        last_four="4242",
        amount="20.50 EUR",
        fee="0.10 EUR",
        message="well done",
    )


def test_what_paytend_does_not_say_is_blank() -> None:
    assert topup.status("R1", ask=answers({})) == topup.TopUpStatusReply(
        reference="R1",
        status="not available",
        status_code="",
        card_id="",
        last_four="",
        amount="",
        fee="",
        message="",
    )


def test_a_top_up_that_paytend_does_not_know_is_an_answer_too() -> None:
    def ask(_call: Any) -> Any:
        raise Refused(code="14", reason="no such order", verified=True)

    refuses: Any = ask
    assert topup.status("R1", ask=refuses) == topup.TopUpUnknownReply(reference="R1", reason="no such order")
