"""The partner account: for managers and on-call, and for nobody else."""

import pytest

from tests.journeys.world import MANAGER, ONCALL, JourneyWorld, text_of


def _shown(world: JourneyWorld, person: str) -> str:
    return text_of(world.slack.ephemerals(person)[-1]["blocks"])


def test_the_balance_of_every_currency_is_told(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(ONCALL, "/partner balance")

    assert "25,000.00 EUR" in _shown(sqlite_world, ONCALL)
    assert "500.000000 USDT" in _shown(sqlite_world, ONCALL)


def test_what_was_paid_in_is_listed_with_where_to_pay_to(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(MANAGER, "/partner topups eur")

    shown = _shown(sqlite_world, MANAGER)
    assert "iban: LT" in shown
    assert "top-up (100)" in shown
    assert "+" in shown


def test_transactions_turn_their_pages_in_place(sqlite_world: JourneyWorld) -> None:
    for number in range(12):
        sqlite_world.paytend.events.fund(f"{number + 1}.00")
    sqlite_world.types(MANAGER, "/partner transactions today")
    assert "1\u201310 of 12" in _shown(sqlite_world, MANAGER)

    sqlite_world.clicks_reply(MANAGER, "movements_next")
    assert "11\u201312 of 12" in _shown(sqlite_world, MANAGER)
    assert len(sqlite_world.slack.ephemerals(MANAGER)) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("balance all", "didn’t understand"),
        ("topups eurs", "Did you mean `eur`"),
        ("transactions 1.11.2026 31.10.2026", "Did you mean `2026-10-31 2026-11-01`"),
        ("balanse", "Did you mean `balance`"),
    ],
)
def test_a_wrong_argument_gets_a_near_guess(sqlite_world: JourneyWorld, typed: str, says: str) -> None:
    sqlite_world.types(MANAGER, f"/partner {typed}")

    assert says in sqlite_world.told(MANAGER)
