"""What is secret or personal is in no representation, so it is in no log and in no traceback."""

from pydantic import SecretStr

from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Result
from approvals.execution.execution import ClaimedExecution
from approvals.execution.reconciliation import LookupClaim
from approvals.requests.opening import NewRequest
from tests.approvals.actions.payloads import PAYLOADS, payload
from tests.approvals.world import make_context, snapshot

PERSONAL = "1980-02-03"


def test_a_payload_is_in_no_representation() -> None:
    update = payload("cardholder.update")
    for holder in (
        NewRequest(action="x", payload=PAYLOADS["cardholder.update"], snapshot=snapshot(), members={}),
        ClaimedExecution(request_id="1", lease="2", action="x", payload=update, reference="R", send_before=1.0),
        LookupClaim(request_id="1", action="x", payload=update, reference="R", lookups=1),
    ):
        assert "payload" not in repr(holder)
        assert PERSONAL not in repr(holder)


def test_an_outcome_has_no_number_of_paytends_unless_it_says_so() -> None:
    outcome, found = Outcome(result=Result.FAILED, words="x"), LookupResult(status=LookupStatus.FAILED, words="x")

    assert (outcome.provider_reference, found.provider_reference) == ("", "")
    assert (outcome.answer, found.answer, outcome.followed, found.followed) == ({}, {}, False, False)


def test_a_secret_is_in_no_representation() -> None:
    outcome = Outcome(result=Result.EXECUTED, words="Done.", secret=SecretStr("4711"))

    assert "secret" not in repr(outcome)
    assert "audit_key" not in repr(make_context())
