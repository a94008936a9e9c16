"""Each notice is a line, whatever it holds, and no line of a page is cut when Slack is given it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.rendering.facts import make_plain
from notifier.rendering.slack_limits import TEXT_BUDGET, measure
from notifier.routing.digest_lines import LONGEST_LINE, DigestPage, write_line
from notifier.routing.digest_totals import add_to_tally, show_tally, start_tally
from tests import once
from tests.notifier.rendering.test_renderer import HOSTILE, all_texts, check

START = datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC)
RENDERER = once.notifier_renderer()
PURCHASE = {
    "status": "settled",
    "amount": "18.45 EUR",
    "last_four": "5097",
    "merchant": "MAXIMA LT, X-123 VILNIUS",
}
texts = st.sampled_from(HOSTILE) | st.text(max_size=200) | st.none()


def test_a_purchase_is_a_short_line() -> None:
    assert (
        write_line("transaction", PURCHASE, at=START)
        == ":05 settled 18.45 EUR ••••\u00a05097 MAXIMA LT, X-123 VILNIUS"
    )


@pytest.mark.parametrize(
    ("kind", "facts", "line"),
    [
        ("transaction", {"status": "declined"}, ":05 declined no amount"),
        (
            "cardholder_audited",
            {"holder_id": "7", "status": "approved", "status_text": "approved (2)"},
            ":05 identity check of 7 approved",
        ),
        ("card_applied", {"reference": "R1", "status_text": "shipped"}, ":05 card order R1 shipped"),
        ("balance_low", {"level": "warn", "amount": "4.00 EUR"}, ":05 balance low warn 4.00 EUR"),
        ("new_kind", {"holder_id": "7", "card_id": "1755902", "reason": "?"}, ":05 new kind 1755902 7"),
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

    assert page.count >= 160
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


def test_a_merchant_of_more_than_24_characters_is_cut() -> None:
    def line(merchant: str) -> str:
        return write_line("transaction", {"status": "settled", "merchant": merchant}, at=START)

    assert line("M" * 24) == f":05 settled no amount {'M' * 24}"
    assert line("M" * 25).endswith("M…")


def test_lines_of_one_minute_are_together_under_its_time() -> None:
    page = DigestPage()
    for second in (0, 54, 55):
        assert page.add(f"line {second}", at=START + timedelta(seconds=second))

    assert [(section.minute[11:19], len(section.lines)) for section in page.sections] == [
        ("10:00:00", 2),
        ("10:01:00", 1),
    ]


def test_a_section_is_filled_up_before_the_next_begins() -> None:
    page, line = DigestPage(), "123456789"
    while len(page.sections) < 2:
        assert page.add(line, at=START)

    assert 2_800 < sum(len(each) + 1 for each in page.sections[0].lines) < 2_900


def test_a_page_has_at_most_45_sections_and_takes_more_lines_in_the_last() -> None:
    page = DigestPage()
    minutes = [START + timedelta(minutes=number) for number in range(46)]

    assert [page.add("line", at=minute) for minute in minutes] == [*[True] * 45, False]
    assert page.add("line", at=minutes[44])
    assert (page.count, len(page.sections)) == (46, 45)


def test_equal_counts_are_in_the_order_of_their_names_and_long_names_are_cut() -> None:
    tally = start_tally()
    for name in ("settled", "declined"):
        add_to_tally(tally, "transaction", {"status": name, "merchant": name + "-" * 100})

    shown = show_tally(tally)

    assert [group.name for group in shown.groups] == ["declined", "settled"]
    assert [merchant.name for merchant in shown.merchants] == [f"declined{'-' * 52}", f"settled{'-' * 53}"]
