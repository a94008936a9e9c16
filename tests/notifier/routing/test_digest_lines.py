"""Each notice is a line, whatever it holds, and no line of a page is cut when Slack is given it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.rendering.facts import make_plain
from notifier.rendering.renderer import Renderer
from notifier.rendering.slack_limits import TEXT_BUDGET, measure
from notifier.routing.digest_lines import LONGEST_LINE, DigestPage, write_line
from notifier.routing.digest_totals import add_to_tally, show_tally, start_tally
from tests.notifier.rendering.test_renderer import HOSTILE, all_texts, check

START = datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC)
RENDERER = Renderer([("notifier", "templates")])
PURCHASE = {
    "status": "settled",
    "amount": "18.45 EUR",
    "last_four": "5097",
    "merchant": "MAXIMA LT, X-123 VILNIUS",
}
texts = st.sampled_from(HOSTILE) | st.text(max_size=200) | st.none()


def test_a_purchase_is_a_short_line() -> None:
    assert write_line("transaction", PURCHASE, at=START) == ":05 settled 18.45 EUR •5097 MAXIMA LT, X-123 VILNIUS"


@pytest.mark.parametrize(
    ("kind", "facts", "line"),
    [
        ("transaction", {"status": "declined"}, ":05 declined no amount"),
        (
            "cardholder_audited",
            {"holder_id": "7", "status_text": "approved (2)"},
            ":05 identity check of 7 approved (2)",
        ),
        ("card_applied", {"reference": "R1", "status_text": "shipped"}, ":05 card order R1 shipped"),
        ("balance_low", {"level": "warn", "amount": "4.00 EUR"}, ":05 balance low warn 4.00 EUR"),
    ],
)
def test_every_kind_has_its_line(kind: str, facts: dict[str, Any], line: str) -> None:
    assert write_line(kind, facts, at=START) == line


def shown_lines(page: DigestPage) -> list[str]:
    """Return the lines as Slack is given them, without the times above them."""
    rendered = RENDERER.message("storm_lines", page.write())
    check(rendered)
    return [line for text in all_texts(rendered.blocks) for line in text.split("\n")[1:]]


@given(st.lists(st.tuples(texts, texts, st.integers(0, 4000)), max_size=400))
def test_no_line_of_a_page_is_lost_or_cut(notices: list[tuple[str | None, str | None, int]]) -> None:
    page, added = DigestPage(), 0
    for merchant, status, second in notices:
        at = START + timedelta(seconds=second)
        line = write_line("transaction", {**PURCHASE, "merchant": merchant, "status": status}, at=at)
        if not page.add(line, at=at):
            break
        added += 1
        page = DigestPage.read(make_plain(page.write()))
    assert page.count == added
    if added:
        lines = shown_lines(page)
        assert len(lines) == added
        assert all(line.startswith(":") for line in lines)
        assert all(measure(line) <= LONGEST_LINE for line in lines)


def test_a_page_takes_as_many_usual_lines_as_a_message_can_hold() -> None:
    page = DigestPage()
    line = write_line("transaction", PURCHASE, at=START)
    while page.add(line, at=START):
        pass

    assert page.count >= 170
    rendered = RENDERER.message("storm_lines", page.write(urgent=True))
    assert sum(measure(text) for text in all_texts(rendered.blocks)) <= TEXT_BUDGET
    assert len(shown_lines(page)) == page.count


def test_the_sums_are_exact_for_each_status_and_currency() -> None:
    tally = start_tally()
    for amount, status in (("0.10 EUR", "settled"), ("0.20 EUR", "settled"), ("1.000001 USDT", "settled")):
        add_to_tally(tally, "transaction", {**PURCHASE, "amount": amount, "status": status})
    add_to_tally(tally, "transaction", {"status": "declined", "amount": "broken"})
    add_to_tally(tally, "cardholder_audited", {"status": "approved"})

    shown = make_plain(show_tally(tally))

    assert shown["count"] == 5
    assert shown["groups"][0] == {"name": "settled", "count": 3, "sums": ["0.30 EUR", "1.000001 USDT"]}
    assert {group["name"] for group in shown["groups"]} == {"settled", "declined", "cardholder audited"}
    assert shown["merchants"] == [{"name": "MAXIMA LT, X-123 VILNIUS", "count": 3}]
    assert shown["cards"] == [{"name": "5097", "count": 3}]


def test_any_number_of_different_names_keeps_the_tally_small_and_the_most_frequent_in_it() -> None:
    tally = start_tally()
    for number in range(3000):
        add_to_tally(tally, "transaction", {**PURCHASE, "merchant": f"SHOP {number}", "status": f"s{number}"})
        add_to_tally(tally, "transaction", {**PURCHASE, "merchant": "OFTEN"})

    assert len(tally["merchants"]) <= 400
    assert len(tally["groups"]) <= 42
    assert make_plain(show_tally(tally))["merchants"][0] == {"name": "OFTEN", "count": 3000}
    assert tally["count"] == 6000
