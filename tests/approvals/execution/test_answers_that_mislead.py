"""Providers that say one thing and do another: what is believed, asked, alarmed and blocked."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.actions.known_codes import KnownCodes
from approvals.context import AlarmRecipients
from approvals.execution.settlement_by_people import NotUnknown, StillInProgress
from approvals.requests.duplicates import MoneyBlocked
from approvals.tables import Request
from paytend.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable
from tests.approvals.execution.test_forged_rows import writes
from tests.approvals.standins import CARD
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, rule, snapshot

EXISTS = Refused(code="2201", reason="orderNo already exists.", verified=True)


def minutes_pass(world: ApprovalWorld, minutes: int = 10) -> None:
    """Let Paytend be asked whenever it is due."""
    for _ in range(minutes):
        world.passes(minutes=1)
        world.looks_up()


def watch(world: ApprovalWorld, **duration: float) -> int:
    """Let time pass, and Paytend be asked about ends; return the new contradictions."""
    world.passes(**duration)
    return world.watches()


def settled(world: ApprovalWorld, *, happened: bool) -> Request:
    """Return a request whose answer was lost, which Paytend does not find, and which two people settled."""
    world.paytend.before = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.gives_up()
    world.settles(request, MARA, happened=happened)
    world.paytend.before = None
    return world.settles(request, ADA, happened=happened)


# A1: a refusal alone proves nothing


def test_a1_a_signed_refusal_of_what_was_done_is_found_done(world: ApprovalWorld) -> None:
    world.paytend.after = EXISTS  # done and refused
    request = world.executes(world.approved())
    assert request.status == "unknown"

    world.passes(seconds=1)
    world.looks_up()
    assert world.read(request).status == "executed"
    assert world.paytend.books == {request.reference: 1}


def test_a1_a_database_that_lost_the_execution_sends_nothing_again(world: ApprovalWorld) -> None:
    request = world.approved()
    # The first life: sent by a process whose rows the older replica of the database does not have.
    world.paytend.books[request.reference] = 1
    again = world.executes(request)

    assert again.status == "executed"
    assert "nothing was sent now" in again.reason
    assert world.paytend.calls == ["getTopupResult"]


@pytest.mark.parametrize(("status", "result"), [("2", "failed"), ("3", "unknown"), ("9", "unknown")])
def test_a1_what_paytend_has_already_is_believed_by_its_state(
    small: ApprovalWorld, status: str, result: str
) -> None:
    request = small.approved()
    small.paytend.books[request.reference] = 1
    small.paytend.lookup_status = status
    assert small.executes(request).status == result
    assert "topup" not in small.paytend.calls


@pytest.mark.parametrize(
    "trouble",
    [
        Unreachable("Paytend did not answer."),
        ProtocolError(),
        Refused(code="14", reason="being processed", verified=False),
    ],
)
def test_a1_nothing_is_sent_while_paytend_cannot_say_whether_it_has_it(
    world: ApprovalWorld, trouble: Exception
) -> None:
    world.paytend.lookup = trouble
    request = world.executes(world.approved())
    assert request.status == "approved"
    assert "could not say whether it was sent before" in world.execution(request).words
    assert "topup" not in world.paytend.calls

    world.paytend.lookup = None
    world.passes(seconds=2)
    assert world.executes(request).status == "executed"


def test_a1_a_refusal_is_failed_after_two_answers_that_there_is_no_such_order(world: ApprovalWorld) -> None:
    world.paytend.before = Refused(code="51", reason="no funds", verified=True)
    request = world.executes(world.approved())
    world.passes(seconds=1)
    world.looks_up()
    assert world.read(request).status == "unknown", "once is not enough"
    world.passes(seconds=110)
    world.looks_up()
    assert world.read(request).status == "unknown", "nor is twice without the pause"

    world.passes(seconds=11)
    world.looks_up()
    assert world.read(request).status == "failed"
    assert world.read(request).reason == "no funds (Paytend 51) It has no such order either, asked twice."


@pytest.mark.parametrize("code", ["99", "51"])
def test_a1_a_lookup_that_is_refused_for_another_reason_is_no_absence(world: ApprovalWorld, code: str) -> None:
    """Paytend says of every question that it is busy (99), or refuses all with one code (51)."""
    world.paytend.before = Refused(code="51", reason="no", verified=True)
    request = world.executes(world.approved())
    world.paytend.lookup = Refused(code=code, reason="system busy", verified=True)
    minutes_pass(world, 60)
    assert world.read(request).status == "unknown"


def test_a19_a_currency_in_small_letters_is_no_other_one(small: ApprovalWorld) -> None:
    small.paytend.answer_says = {"amount": "1000", "currency": "eur"}
    assert small.executes(small.approved()).status == "executed"
    assert not small.outbox.of("request_alarm")

    small.paytend.answer_says = {"amount": "1001", "currency": "eur"}
    assert small.executes(small.approved("11.00 EUR")).status == "unknown"


BUSY = (
    "System busy, please try again later.",
    "Request timed out",
    "Too many requests",
    "internal error",
    "SYSTEM_ERROR",
)


@pytest.mark.parametrize("words", BUSY)
def test_a1_who_says_with_the_code_of_no_such_order_that_it_is_busy_says_nothing(
    small: ApprovalWorld, words: str
) -> None:
    """Done and refused, and then one code for everything: the words are all that tells them apart."""
    small.paytend.after = EXISTS
    request = small.executes(small.approved())
    small.paytend.lookup = Refused(code=small.paytend.absent_code, reason=words, verified=True)
    minutes_pass(small)
    assert small.read(request).status == "unknown"

    small.paytend.lookup = None
    minutes_pass(small, 15)
    assert small.read(request).status == "executed"
    assert list(small.paytend.books.values()) == [1]


def test_a1_nothing_is_sent_while_the_question_before_is_refused_as_busy(small: ApprovalWorld) -> None:
    small.paytend.lookup = Refused(code="99", reason="System busy, try again later", verified=True)
    assert small.executes(small.approved()).status == "approved"
    assert "topup" not in small.paytend.calls


def test_a1_an_order_that_appears_between_two_answers_is_not_failed(world: ApprovalWorld) -> None:
    world.paytend.before = Refused(code="51", reason="no", verified=True)
    request = world.executes(world.approved())
    world.passes(seconds=1)
    world.looks_up()

    world.paytend.books[request.reference] = 1  # done late after a refusal
    minutes_pass(world, 3)
    assert world.read(request).status == "executed"


def test_a1_a_code_that_the_operator_knows_to_be_final_is_failed_at_once(world: ApprovalWorld) -> None:
    world.context = replace(world.context, codes=KnownCodes(final_refusals=("51",)))
    world.paytend.before = Refused(code="51", reason="no funds", verified=True)
    assert world.executes(world.approved()).status == "failed"

    world.paytend.before = Refused(code="51", reason="no funds", verified=False)
    assert world.executes(world.approved("11.00 EUR")).status == "unknown"


def test_a1_being_processed_is_in_progress_and_looked_at(world: ApprovalWorld) -> None:
    world.paytend.after = Refused(code="2205", reason="Order is being processed.", verified=True)
    request = world.executes(world.approved())
    assert (request.status, world.execution(request).last_said) == ("unknown", "in_progress")

    world.passes(seconds=1)
    world.looks_up()
    assert world.read(request).status == "executed"


@pytest.mark.parametrize(("card_status", "status"), [("6", "failed"), ("5", "executed"), ("8", "unknown")])
def test_a1_what_is_asked_by_the_cards_state_is_failed_when_it_stays_as_it_was(
    small: ApprovalWorld, card_status: str, status: str
) -> None:
    small.use(rules=(rule(action="card.found", name="found"),))
    small.card = snapshot(status="6")
    request = small.decides(small.asks(action="card.found", payload={"card_id": CARD}))
    small.paytend.found = Refused(code="51", reason="no", verified=True)
    assert small.executes(request).status == "unknown"

    small.paytend.card_status = card_status
    minutes_pass(small, 4)
    assert small.read(request).status == status


def test_a1_without_a_question_two_people_settle_a_refusal(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="card.retrieve_password", name="passwords"),))
    payload = {"card_id": CARD, "identified": "video"}
    request = small.decides(small.asks(action="card.retrieve_password", payload=payload))
    small.paytend.found = Refused(code="51", reason="no", verified=True)
    assert small.executes(request).status == "unknown"

    small.passes(seconds=1)
    small.looks_up()
    small.settles(request, MARA, happened=False)
    assert small.settles(request, ADA, happened=False).status == "failed"


# A7: in progress is not settled, and an end is watched


def test_a7_in_progress_cannot_be_settled_as_not_happened(world: ApprovalWorld) -> None:
    world.paytend.status = "3"
    request = world.executes(world.approved())
    world.paytend.books[request.reference] = 1
    world.paytend.lookup_status = "3"
    minutes_pass(world)
    with pytest.raises(StillInProgress):
        world.settles(request, MARA, happened=False)

    world.paytend.lookup = Unreachable("down")  # it cannot be asked any more: its last word stays
    world.passes(hours=1)
    world.looks_up()
    with pytest.raises(StillInProgress):
        world.settles(request, MARA, happened=False)
    world.settles(request, MARA, happened=True)
    assert world.settles(request, ADA, happened=True).status == "executed"


def test_a7_done_after_it_was_settled_as_not_done_alarms_and_blocks_the_card(world: ApprovalWorld) -> None:
    world.context = replace(world.context, alarms=AlarmRecipients(channels=("C0ONCALL",), mentions=("S0ONCALL",)))
    request = settled(world, happened=False)
    assert watch(world, minutes=2) == 0

    world.paytend.books[request.reference] = 1
    assert watch(world, minutes=10) == 1
    alarm = world.outbox.of("request_alarm")
    assert {told.recipient for told in alarm} == {"C0APPROVALS", "C0ONCALL"}
    assert alarm[-1].facts["mention"] == ["S0ONCALL"]
    assert "execution:contradicted" in world.events()
    with pytest.raises(MoneyBlocked):
        world.asks("11.00 EUR")
    facts = world.message_facts(request)
    assert facts["buttons"] == ["request_settle_happened", "request_settle_not"]
    assert facts["status_words"] == "Outcome unclear – Paytend contradicts it"

    assert watch(world, hours=1) == 0, "the same word again is no news"
    world.settles(request, MARA, happened=True)
    with pytest.raises(MoneyBlocked):
        world.asks("11.00 EUR")
    assert world.settles(request, MILO, happened=True).status == "executed"
    assert world.message_facts(request)["buttons"] == []
    world.asks("11.00 EUR")
    assert world.verified().is_intact


def test_a7_in_progress_after_it_was_settled_as_not_done_blocks_what_was_asked_again(
    world: ApprovalWorld,
) -> None:
    first = settled(world, happened=False)
    world.passes(minutes=11)
    again = world.approved()
    world.paytend.books[first.reference] = 1
    world.paytend.lookup_status = "3"
    assert watch(world, minutes=10) == 1

    with pytest.raises(MoneyBlocked):
        world.claims(again)
    with pytest.raises(StillInProgress):
        world.settles(first, MARA, happened=False)
    world.paytend.lookup_status = "1"
    assert watch(world, hours=1) == 1, "from in progress to done is news"


def test_a7_failed_after_it_was_settled_as_done_alarms(world: ApprovalWorld) -> None:
    request = settled(world, happened=True)
    world.paytend.books[request.reference] = 1
    assert watch(world, minutes=2) == 0
    world.paytend.lookup_status = "2"
    assert watch(world, minutes=10) == 1
    world.settles(request, MARA, happened=False)
    assert world.settles(request, ADA, happened=False).status == "failed"


def test_a7_a_forgotten_reference_contradicts_what_was_settled_as_done(world: ApprovalWorld) -> None:
    request = settled(world, happened=True)
    assert watch(world, minutes=2) == 1
    world.settles(request, MARA, happened=True)
    assert world.settles(request, ADA, happened=True).status == "executed"
    assert "execution:resettled" in world.events()
    assert watch(world, minutes=10) == 0


def contradicted(world: ApprovalWorld) -> Request:
    """Settled as not done, and Paytend says that it was done."""
    request = settled(world, happened=False)
    world.paytend.books[request.reference] = 1
    assert watch(world, minutes=10) == 1
    return request


CLEARED = "UPDATE approval_execution SET contradicted_at = NULL, contradicted_by = ''"


def test_a7_a_contradiction_that_somebody_clears_blocks_the_card_and_comes_back(world: ApprovalWorld) -> None:
    request = contradicted(world)
    writes(world, CLEARED, unguarded=True)

    with pytest.raises(MoneyBlocked):
        world.asks("11.00 EUR")
    watch(world, minutes=1)
    assert world.message_facts(request)["buttons"] == ["request_settle_happened", "request_settle_not"]
    world.settles(request, MARA, happened=True)
    world.settles(request, ADA, happened=True)
    watch(world, minutes=1)
    assert world.asks("11.00 EUR").status == "pending"


def test_a7_a_contradiction_that_somebody_writes_is_settled_by_two_people(world: ApprovalWorld) -> None:
    request = settled(world, happened=False)
    world.passes(minutes=11)
    writes(world, "UPDATE approval_execution SET contradicted_at = '2026-11-20 09:20:00.000000'")

    with pytest.raises(MoneyBlocked):
        world.asks("11.00 EUR")
    world.settles(request, MARA, happened=False)
    world.settles(request, ADA, happened=False)
    assert world.asks("11.00 EUR").status == "pending"


def test_a7_an_end_is_watched_for_thirty_days_and_no_longer(small: ApprovalWorld) -> None:
    request = settled(small, happened=False)
    looks = small.paytend.calls.count("getTopupResult")
    for _ in range(31 * 8):
        assert watch(small, hours=3) == 0
    asked = small.paytend.calls.count("getTopupResult") - looks
    assert 30 <= asked <= 45
    assert small.execution(request).next_look_at is None


def test_a7_a_refusal_that_counted_as_failed_is_watched_too(world: ApprovalWorld) -> None:
    world.paytend.before = Refused(code="51", reason="no", verified=True)
    request = world.executes(world.approved())
    minutes_pass(world)
    assert world.read(request).status == "failed"
    world.paytend.books[request.reference] = 1
    assert watch(world, minutes=10) == 1


def test_a7_what_ended_without_a_contradiction_is_not_settled_anew(small: ApprovalWorld) -> None:
    request = settled(small, happened=False)
    with pytest.raises(NotUnknown):
        small.settles(request, MILO, happened=True)


# A19: an answer is about our order, card, amount and currency


@pytest.mark.parametrize("says", [{"orderNo": None}, {"orderNo": "ANOTHER"}, {"orderNo": ""}])
@pytest.mark.parametrize("status", ["1", "2"])
def test_a19_a_lookup_without_our_reference_is_not_believed(
    world: ApprovalWorld, says: dict[str, Any], status: str
) -> None:
    world.paytend.after = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.paytend.lookup_says, world.paytend.lookup_status = says, status
    minutes_pass(world)
    assert world.read(request).status == "unknown"
    assert world.outbox.of("request_alarm") == []


@pytest.mark.parametrize(
    "says",
    [
        {"amount": "100000", "currency": "EUR"},
        {"amount": "1000", "currency": "USDT"},
        {"currency": "USDT"},
        {"amount": "1000"},
        {"cardId": "1755903"},
    ],
)
def test_a19_another_amount_currency_or_card_is_unknown_and_an_alarm(
    world: ApprovalWorld, says: dict[str, Any]
) -> None:
    world.paytend.after = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.paytend.lookup_says = says
    minutes_pass(world)

    assert world.read(request).status == "unknown"
    in_thread, to_oncall = world.outbox.of("request_alarm")
    assert (in_thread.broadcast, to_oncall.recipient) == (True, "C0ONCALL")
    # On-call's channel has no thread that says what it is about.
    assert to_oncall.facts["summary"] == world.message_facts(world.read(request))["summary"] != ""
    assert world.events().count("execution:alarmed") == 1


def test_a19_the_answer_to_the_change_is_held_to_the_same(world: ApprovalWorld) -> None:
    world.paytend.answer_says = {"amount": "100000", "currency": "EUR"}
    request = world.executes(world.approved())
    assert request.status == "unknown"
    assert {told.recipient for told in world.outbox.of("request_alarm")} == {"C0APPROVALS", "C0ONCALL"}


def test_a19_done_without_our_reference_is_confirmed_afterwards(world: ApprovalWorld) -> None:
    world.paytend.answer_says = {"orderNo": None}
    request = world.executes(world.approved())
    assert request.status == "executed"
    assert watch(world, minutes=2) == 0
    assert world.execution(request).next_look_at is None

    other = world.executes(world.approved("11.00 EUR"))
    world.paytend.books.pop(other.reference)
    assert watch(world, minutes=2) == 1, "it was another's answer"
