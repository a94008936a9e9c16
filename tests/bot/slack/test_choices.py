"""What can be chosen at Paytend is asked for again after a failure that was shown."""

import pytest

from bot.slack.choices import FAILED_FOR, ChoicesPending, KeptChoices
from paytend import Unreachable


class Shop:
    """A Paytend that answers once it is open, and a clock."""

    def __init__(self) -> None:
        self.seconds, self.is_open = 0.0, False

    def load(self, _name: str) -> list[str]:
        if not self.is_open:
            raise Unreachable
        return ["Vilnius"]


def test_a_search_soon_after_a_failure_does_not_keep_later_ones_waiting() -> None:
    shop = Shop()
    choices = KeptChoices[str](load=shop.load, monotonic=lambda: shop.seconds)

    def search() -> list[str]:
        return list(choices.soon("LT", submit=lambda work: work(), patience=0))

    with pytest.raises(ChoicesPending):
        search()
    with pytest.raises(Unreachable):
        search()
    shop.seconds, shop.is_open = FAILED_FOR + 1, True

    assert search() == ["Vilnius"]
