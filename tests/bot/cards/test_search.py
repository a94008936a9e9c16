"""Cards are found by what people know of them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.cards import search
from bot.cards.known_cards import KnownCards
from bot.database import card_index, retention
from bot.database.card_index import CardFacts
from bot.database.engine import SqlDatabase
from bot.database.tables import CardToken, KnownCard
from storage.vault import Vault

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
KEY, OTHER_KEY = b"a" * 32, b"b" * 32
CARDS = {
    "1755902": CardFacts(last_four="5097", holder_id="101982", holder_name="Rūta Kazlauskaitė", status="5"),
    "1755903": CardFacts(last_four="4242", holder_id="101983", holder_name="Łukasz O'Neill-Žukas"),
    "1755904": CardFacts(last_four="5097", holder_id="101984", holder_name="Ruta Petrauskienė"),
    "AB-77_c": CardFacts(last_four="0001", holder_name="Jürgen Weiß"),
    "1755910": CardFacts(last_four="1010"),
}


def remember(database: SqlDatabase, cards: Mapping[str, CardFacts], *, now: datetime = NOW) -> KnownCards:
    vault = Vault([KEY], random_bytes=secrets.token_bytes)
    known = KnownCards(database=database, vault=vault, now_in=lambda _session: now)
    known.note(cards)
    return known


def find(known: KnownCards, text: str, *, first: Sequence[str] = ()) -> list[str]:
    with known.database.reading() as session:
        found = search.find_cards(session, known.vault, text, first=first)
    return [card.card_id for card in found.cards]


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("ruta", {"1755902", "1755904"}),
        ("RŪTA", {"1755902", "1755904"}),
        ("ruta kaz", {"1755902"}),
        ("kazlauskaite ruta", {"1755902"}),
        ("kazlauskaitė", {"1755902"}),
        ("5097", {"1755902", "1755904"}),
        ("5097 ruta petr", {"1755904"}),
        ("petrauskiene 5097", {"1755904"}),
        ("••••5097 kaz", {"1755902"}),
        ("lukasz", {"1755903"}),
        ("oneill", {"1755903"}),
        ("o'neill", {"1755903"}),
        ("zukas", {"1755903"}),
        ("O'Neill-Žukas", {"1755903"}),
        ("weiss j", {"AB-77_c"}),
        ("jurgen", {"AB-77_c"}),
        ("ab-77_C", {"AB-77_c"}),
        ("1755910", {"1755910"}),
        ("101983", {"1755903"}),
        ("uta", set()),
        ("r", set()),
        ("ruta nobody", set()),
        ("175591", set()),
        ("", set()),
        ("— …", set()),
    ],
)
def test_a_card_is_found_by_name_digits_and_ids_in_any_order(
    sqlite: SqlDatabase, typed: str, finds: set[str]
) -> None:
    known = remember(sqlite, CARDS)

    assert set(find(known, typed)) == finds


def test_what_is_found_is_the_same_on_both_databases(database: SqlDatabase) -> None:
    known = remember(database, CARDS)

    assert find(known, "ruta 5097 kaz") == ["1755902"]
    assert set(find(known, "ru")) == {"1755902", "1755904"}


def test_pinned_and_recent_ones_come_first_and_all_of_a_word_before_its_start(sqlite: SqlDatabase) -> None:
    known = remember(sqlite, CARDS)

    assert find(known, "ruta", first=["1755904", "1755910"]) == ["1755904", "1755902"]
    assert find(known, "ruta", first=["1755902"]) == ["1755902", "1755904"]


def test_a_card_that_changes_hands_loses_the_name_and_is_not_found_by_it(sqlite: SqlDatabase) -> None:
    known = remember(sqlite, CARDS)
    known.note({"1755902": CardFacts(holder_id="200000")})

    assert find(known, "kazlauskaite") == []
    assert find(known, "101982") == []
    assert find(known, "200000") == ["1755902"]

    known.note_holder("200000", "Jonas Jonaitis")
    assert find(known, "jonas 5097") == ["1755902"]


def test_what_says_nothing_new_is_not_written_again(sqlite: SqlDatabase) -> None:
    known = remember(sqlite, CARDS)
    with sqlite.writing() as session:
        assert known.note_in(session, CARDS) == 0
        assert known.note_in(session, {"1755902": CardFacts(last_four="5097")}) == 0
        assert known.note_in(session, {"1755902": CardFacts(status="6")}) == 1


def test_nothing_at_rest_says_whose_card_it_is(sqlite: SqlDatabase) -> None:
    remember(sqlite, CARDS)
    with sqlite.reading() as session:
        rows = session.exec(select(KnownCard)).all()
        tokens = session.exec(select(CardToken.token)).all()

    assert len(rows) == len(CARDS)
    assert not any(b"Kazl" in row.facts or b"5097" in row.facts for row in rows)
    assert all(abs(token) > 2**32 for token in tokens)
    assert Vault([KEY], random_bytes=secrets.token_bytes).make_tokens("ruta") != Vault(
        [OTHER_KEY], random_bytes=secrets.token_bytes
    ).make_tokens("ruta")


def test_a_whole_card_number_is_never_kept(sqlite: SqlDatabase) -> None:
    known = remember(
        sqlite,
        {
            "4111111111111111": CardFacts(last_four="1111"),
            "1755920": CardFacts(last_four="4111111111111111", holder_name="Rūta 4111 1111 1111 1111"),
            "411111******1111": CardFacts(last_four="1111"),
        },
    )

    with sqlite.reading() as session:
        rows = session.exec(select(KnownCard)).all()
        facts = [card_index.open_facts(known.vault, row.id, row.facts) for row in rows]
    assert [row.id for row in rows] == ["1755920"]
    assert facts == [CardFacts()]


def test_cards_that_have_not_passed_for_the_retention_are_forgotten(database: SqlDatabase) -> None:
    known = remember(database, CARDS, now=NOW - timedelta(days=500))
    remember(database, {"1755902": CARDS["1755902"]})
    known.turn_pin("1755910", account="U0SAM")

    *_, removed = retention.purge(database, before=NOW - timedelta(days=400))

    assert removed.cards == len(CARDS) - 1
    assert find(known, "ruta") == ["1755902"]
    with database.reading() as session:
        left = session.exec(select(CardToken.card_id).distinct().order_by(col(CardToken.card_id))).all()
        assert list(left) == ["1755902"]
        assert search.list_pinned(session, "U0SAM") == []


def test_pins_are_a_persons_own_and_twenty_at_most(sqlite: SqlDatabase) -> None:
    moments = iter(NOW + timedelta(seconds=number) for number in range(100))
    vault = Vault([KEY], random_bytes=secrets.token_bytes)
    known = KnownCards(database=sqlite, vault=vault, now_in=lambda _session: next(moments))
    assert all(known.turn_pin(str(number), account="U0SAM") for number in range(22))
    known.turn_pin("3", account="U0SOFIA")

    with sqlite.reading() as session:
        assert search.list_pinned(session, "U0SAM") == [str(number) for number in range(21, 1, -1)]
        assert search.list_pinned(session, "U0SOFIA") == ["3"]
    assert not known.turn_pin("21", account="U0SAM")
