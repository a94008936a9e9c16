"""What was typed into a form and kept: for its writer, for half an hour, without card numbers."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.database.engine import SqlDatabase
from bot.slack.draft_store import KEPT, AnsweredAlready, DraftGone, Drafts
from sandbox.clock import Clock
from storage.vault import Vault

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(start=START)


@pytest.fixture
def drafts(sqlite: SqlDatabase, clock: Clock) -> Drafts:
    numbers = itertools.count(1)
    return Drafts(
        database=sqlite,
        vault=Vault([b"k" * 32], random_bytes=lambda count: b"n" * count),
        make_id=lambda: f"{next(numbers):026d}",
        now=clock.now,
    )


def test_a_writer_gets_back_what_they_typed(drafts: Drafts) -> None:
    kept = drafts.keep("U0SAM", form="topup", fields={"card": "1755902", "reason": ""})

    found = drafts.take(kept, account="U0SAM")

    assert found.form == "topup"
    assert found.fields == {"card": "1755902"}


def test_another_account_does_not_get_it_even_with_its_id(drafts: Drafts) -> None:
    kept = drafts.keep("U0SAM", form="topup", fields={"card": "1755902"})

    with pytest.raises(DraftGone):
        drafts.take(kept, account="U0SOFIA")

    assert drafts.take(kept, account="U0SAM").fields == {"card": "1755902"}


def test_a_card_number_is_not_kept(drafts: Drafts) -> None:
    kept = drafts.keep("U0SAM", form="topup", fields={"card": "4111 1111 1111 1111", "amount": "20"})

    assert drafts.take(kept, account="U0SAM").fields == {"amount": "20"}


def test_it_is_gone_after_half_an_hour_and_not_before(drafts: Drafts, clock: Clock) -> None:
    kept = drafts.keep("U0SAM", form="topup", fields={"card": "1755902"})

    clock.advance(KEPT - timedelta(seconds=1))
    assert drafts.sweep() == 0
    assert drafts.take(kept, account="U0SAM").form == "topup"

    clock.advance(timedelta(seconds=1))
    with pytest.raises(DraftGone):
        drafts.take(kept, account="U0SAM")
    assert drafts.sweep() == 1


def test_an_id_that_was_never_given_out_is_gone_too(drafts: Drafts) -> None:
    with pytest.raises(DraftGone):
        drafts.take("0" * 26, account="U0SAM")


VALUE = {"action": "card.apply", "payload": {"contact_mobile": "+37061234567", "quantity": 1}}


def test_a23_a_question_is_answered_once(drafts: Drafts) -> None:
    kept = drafts.keep_question("U0SAM", question="ask_again", value=VALUE)

    assert drafts.use_question(kept, account="U0SAM", question="ask_again") == VALUE
    with pytest.raises(AnsweredAlready):
        drafts.use_question(kept, account="U0SAM", question="ask_again")


@pytest.mark.parametrize(("account", "question"), [("U0SOFIA", "ask_again"), ("U0SAM", "topup_again")])
def test_a23_nobody_else_and_no_other_button_answers_it(drafts: Drafts, account: str, question: str) -> None:
    kept = drafts.keep_question("U0SAM", question="ask_again", value=VALUE)
    with pytest.raises(AnsweredAlready):
        drafts.use_question(kept, account=account, question=question)
    with pytest.raises(DraftGone):
        drafts.take(kept, account="U0SAM")

    assert drafts.use_question(kept, account="U0SAM", question="ask_again") == VALUE


def test_a23_a_question_waits_for_half_an_hour(drafts: Drafts, clock: Clock) -> None:
    kept = drafts.keep_question("U0SAM", question="ask_again", value=VALUE)
    clock.advance(KEPT)
    with pytest.raises(AnsweredAlready):
        drafts.use_question(kept, account="U0SAM", question="ask_again")


def test_a23_of_many_clicks_in_one_instant_one_counts(database: SqlDatabase, clock: Clock) -> None:
    drafts = Drafts(
        database=database,
        vault=Vault([b"k" * 32], random_bytes=lambda count: b"n" * count),
        make_id=lambda: "0" * 26,
        now=clock.now,
    )
    kept = drafts.keep_question("U0SAM", question="ask_again", value=VALUE)
    barrier = threading.Barrier(6)

    def click() -> bool:
        barrier.wait()
        try:
            drafts.use_question(kept, account="U0SAM", question="ask_again")
        except AnsweredAlready:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        answers = [threads.submit(click) for _ in range(6)]
    assert sum(answer.result() for answer in answers) == 1
