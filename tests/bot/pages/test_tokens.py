"""Page tokens: one person, purpose and subject; stored as a digest, ended by the database's clock, spent once."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.database.tables import PageToken
from bot.pages.links import PageLinks
from bot.pages.tokens import KEPT, USE, PageTokens, TokenOver, TokenUnknown
from sandbox.clock import Clock
from storage.macs import MacKeys

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LASTS = timedelta(minutes=10)


def make_tokens(database: SqlDatabase, clock: Clock, *, key: bytes = b"k" * 32) -> PageTokens:
    return PageTokens(
        database=database,
        macs=MacKeys([key], uses=(USE,)),
        now_in=lambda _session: clock.now(),
        random_bytes=os.urandom,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock(start=START)


@pytest.fixture
def tokens(sqlite: SqlDatabase, clock: Clock) -> PageTokens:
    return make_tokens(sqlite, clock)


def issue(tokens: PageTokens) -> str:
    return tokens.make(purpose="drop", account="U0SAM", subject="101982", bound={"kind": "1"}, lasts=LASTS)


def test_s6_a_token_grants_what_it_was_made_for_and_only_once(database: SqlDatabase, clock: Clock) -> None:
    tokens = make_tokens(database, clock)
    token = issue(tokens)

    found, spent = tokens.find(token, purpose="drop"), tokens.spend(token, purpose="drop")

    assert (found.account, found.subject, found.bound, found.expires_at) == (
        "U0SAM",
        "101982",
        {"kind": "1"},
        START + LASTS,
    )
    assert spent == found
    for use in (tokens.find, tokens.spend):
        with pytest.raises(TokenOver):
            use(token, purpose="drop")


def test_s6_a_token_has_256_bits_and_only_its_digest_is_stored(tokens: PageTokens) -> None:
    token = issue(tokens)

    assert len(token) == 43
    with tokens.database.reading() as session:
        (row,) = session.exec(select(PageToken)).all()
    assert token not in str(row.model_dump())
    assert "k" * 32 not in repr(tokens)


def test_s6_a_token_ends_by_the_clock_of_the_database(tokens: PageTokens, clock: Clock) -> None:
    token = issue(tokens)

    clock.advance(LASTS - timedelta(seconds=1))
    assert tokens.find(token, purpose="drop").subject == "101982"
    clock.advance(timedelta(seconds=1))

    for use in (tokens.find, tokens.spend):
        with pytest.raises(TokenOver):
            use(token, purpose="drop")


def test_s6_a_token_is_of_no_use_for_another_purpose_and_a_guess_for_none(tokens: PageTokens) -> None:
    token = issue(tokens)
    guess = ("B" if token[0] == "A" else "A") + token[1:]

    for wrong, purpose in ((token, "decide"), (guess, "drop"), ("", "drop")):
        for use in (tokens.find, tokens.spend):
            with pytest.raises(TokenUnknown):
                use(wrong, purpose=purpose)
    assert tokens.spend(token, purpose="drop").subject == "101982"


@pytest.mark.parametrize(
    "change",
    ["account = 'U0EVIL'", "subject = '999'", "purpose = 'decide'", "bound = '{}'", "expires_at = '2030-01-01'"],
)
def test_s6_a_row_that_the_bot_did_not_write_is_not_believed(tokens: PageTokens, change: str) -> None:
    token = issue(tokens)
    with tokens.database.writing() as session:
        session.connection().execute(text(f"UPDATE page_token SET {change}"))  # noqa: S608 - words of this test

    purpose = "decide" if "purpose" in change else "drop"
    with pytest.raises(TokenUnknown):
        tokens.spend(token, purpose=purpose)


def test_s6_a_row_signed_with_another_key_is_not_believed(sqlite: SqlDatabase, clock: Clock) -> None:
    token = issue(make_tokens(sqlite, clock, key=b"x" * 32))

    with pytest.raises(TokenUnknown):
        make_tokens(sqlite, clock).find(token, purpose="drop")


def test_s6_what_is_rolled_back_spends_nothing(tokens: PageTokens) -> None:
    token = issue(tokens)

    def spend_and_fail() -> None:
        with tokens.database.writing() as session:
            tokens.spend_in(session, token, purpose="drop")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        spend_and_fail()

    assert tokens.spend(token, purpose="drop").subject == "101982"


def test_s6_of_many_posts_on_all_replicas_one_spends_it(database: SqlDatabase, clock: Clock) -> None:
    replicas = [make_tokens(database, clock) for _ in range(6)]
    token = issue(replicas[0])

    def spend(replica: PageTokens) -> bool:
        try:
            replica.spend(token, purpose="drop")
        except TokenOver:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(spend, replicas)) == 1


def test_s6_rows_go_a_day_after_their_end(tokens: PageTokens, clock: Clock) -> None:
    issue(tokens)

    clock.advance(LASTS + KEPT - timedelta(seconds=1))
    assert tokens.sweep() == 0
    clock.advance(timedelta(seconds=1))
    assert tokens.sweep() == 1


def test_s6_a_link_is_the_public_address_the_purpose_and_the_token(tokens: PageTokens) -> None:
    links = PageLinks(public_url="https://cardops.example.com", tokens=tokens)

    link = links.make(purpose="drop", account="U0SAM", subject="101982", lasts=LASTS)

    address, purpose, token = link.address.rsplit("/", maxsplit=2)
    assert (address, purpose, link.expires_at) == ("https://cardops.example.com", "drop", START + LASTS)
    assert token not in repr(link)
    assert tokens.find(token, purpose="drop").subject == "101982"
