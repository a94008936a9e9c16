"""What must never happen to decisions, executions and settlements, no matter who writes them."""

# ruff: noqa: S608 - every name in these conditions is a constant of ours

from approvals.database_guards.guard import (
    DECISION,
    EXECUTION,
    REQUEST,
    SETTLEMENT,
    VOIDED,
    Guard,
    any_differs,
    is_contradicted,
    is_kept_long_enough,
    no_request,
    of_request,
    of_table,
    spoke_before,
)

_ENDED_LONG_AGO = (
    f"EXISTS (SELECT 1 FROM {of_table(REQUEST)} r WHERE r.id = NEW.request_id AND {is_kept_long_enough('r')})"
)
_OF_REQUESTER = (
    "r.requester_id IN (NEW.person_id, NEW.account) OR r.requester_account IN (NEW.person_id, NEW.account)"
)
# Words from before Paytend contradicted what was settled do not count: people speak again then.
_SINCE_CONTRADICTED = (
    f"NOT EXISTS (SELECT 1 FROM {of_table(EXECUTION)} e "
    "WHERE e.request_id = a.request_id AND e.contradicted_at > a.settled_at)"
)
_CLAIMED_AGAIN = "(OLD.outcome = 'never_sent' AND NEW.outcome = '')"
_NOT_APPROVED = no_request("r.status = 'approved'")
_NOT_EXECUTING = no_request("r.status = 'executing'")
_NOT_UNDER_WAY = no_request("r.status IN ('executing', 'unknown')")
# Approved: a backup was restored, and what it calls approved may have been sent since.
_NOT_TO_BE_DOUBTED = no_request("r.status IN ('executing', 'approved')")

_DECISIONS = (
    Guard(
        name="decision_of_another_person",
        table=DECISION,
        change="INSERT",
        broken=of_request(_OF_REQUESTER),
        words="the requester is never an approver",
        locks="NEW.request_id",
    ),
    Guard(
        name="decision_once_a_person",
        table=DECISION,
        change="INSERT",
        broken=spoke_before(DECISION),
        words="a person speaks once, with whichever account",
        locks="NEW.request_id",
    ),
    Guard(
        name="decision_on_this_content",
        table=DECISION,
        change="INSERT",
        broken=no_request("r.digest = NEW.digest AND r.status = 'pending' AND NEW.decided_at < r.decide_by"),
        words="a decision is for the content of a pending request, in time",
        locks="NEW.request_id",
    ),
    Guard(
        name="decision_says_something",
        table=DECISION,
        change="INSERT",
        broken=(
            "NEW.person_id = '' OR NEW.verdict NOT IN ('approve', 'deny') "
            "OR (NEW.verdict = 'deny' AND length(NEW.reason) < 3)"
        ),
        words="a decision approves, or denies with a reason",
    ),
    Guard(
        name="decision_has_its_proof",
        table=DECISION,
        change="INSERT",
        # Canonical JSON escapes quotes, so no name of a rule can contain this text.
        broken="NEW.step_up = '' AND " + of_request("replace(r.rule, '\"step_up\":\"passkey\"', '') <> r.rule"),
        words="a decision has the proof that its rule asks for",
    ),
    Guard(
        name="voided_while_approved",
        table=VOIDED,
        change="INSERT",
        broken=f"{_NOT_APPROVED} OR NOT EXISTS (SELECT 1 FROM {of_table(DECISION)} d "
        "WHERE d.request_id = NEW.request_id AND d.person_id = NEW.person_id)",
        words="only decisions on an approved request are voided",
        locks="NEW.request_id",
    ),
)

_EXECUTIONS = (
    Guard(
        name="execution_of_approved",
        table=EXECUTION,
        change="INSERT",
        broken=f"{_NOT_APPROVED} "
        "OR NEW.attempts <> 1 OR NEW.outcome <> '' OR NEW.looks <> 0 OR NEW.finished_at IS NOT NULL "
        "OR NEW.unknown_since IS NOT NULL OR NEW.gave_up_at IS NOT NULL",
        words="only an approved request is executed",
        locks="NEW.request_id",
    ),
    Guard(
        name="execution_keeps_its_end",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            "NEW.request_id <> OLD.request_id "
            "OR NEW.outcome NOT IN ('', 'never_sent', 'unknown', 'executed', 'failed') "
            # An end changes only into the other one, and only after Paytend said the opposite.
            "OR (OLD.outcome IN ('executed', 'failed') AND NEW.outcome <> OLD.outcome "
            "AND NOT (OLD.contradicted_at IS NOT NULL AND NEW.outcome IN ('executed', 'failed'))) "
            f"OR (({any_differs('contradicted_at')}) AND OLD.outcome NOT IN ('executed', 'failed')) "
            # Not back to '' or 'never_sent': the request could then be sent a second time.
            "OR (OLD.outcome = 'unknown' AND NEW.outcome NOT IN ('unknown', 'executed', 'failed')) "
            "OR (OLD.finished_at IS NOT NULL AND NEW.outcome = OLD.outcome "
            f"AND (({any_differs('provider_reference')}) OR (({any_differs('words')}) "
            f"AND NOT (NEW.words = '' AND {_ENDED_LONG_AGO})))) "
            f"OR (OLD.sent_at IS NOT NULL AND ({any_differs('sent_at')})) "
            # Each moment is written with the outcome that it belongs to.
            f"OR (({any_differs('finished_at')}) AND NOT (NEW.outcome IN ('executed', 'failed') "
            "AND NEW.outcome <> OLD.outcome)) "
            f"OR (({any_differs('unknown_since')}) AND NOT "
            "(NEW.outcome = 'unknown' AND OLD.outcome <> 'unknown')) "
            f"OR (({any_differs('gave_up_at')}) AND NOT (OLD.gave_up_at IS NULL AND OLD.outcome = 'unknown' "
            "AND NEW.outcome = 'unknown' AND NEW.gave_up_at >= NEW.unknown_since))"
        ),
        words="what became of an execution is not taken back",
    ),
    Guard(
        name="execution_claimed_once",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            f"({_CLAIMED_AGAIN} AND ({_NOT_APPROVED} OR NEW.attempts <> OLD.attempts + 1)) "
            f"OR (NOT {_CLAIMED_AGAIN} AND ({any_differs('attempts', 'lease', 'lease_until', 'claimed_at')}))"
        ),
        words="an execution is claimed anew only if nothing was sent",
    ),
    Guard(
        name="execution_ends_while_it_runs",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            "NEW.outcome <> OLD.outcome AND ("
            f"(NEW.outcome = 'never_sent' AND {_NOT_EXECUTING}) "
            f"OR (NEW.outcome IN ('executed', 'failed') AND {_NOT_UNDER_WAY} "
            "AND OLD.contradicted_at IS NULL) "
            f"OR (NEW.outcome = 'unknown' AND {_NOT_TO_BE_DOUBTED}))"
        ),
        words="an execution has an outcome only while its request is carried out",
    ),
    Guard(
        name="execution_contradiction_settled",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            "OLD.contradicted_at IS NOT NULL AND (NEW.contradicted_at IS NULL "
            "OR NEW.contradicted_at < OLD.contradicted_at) AND "
            f"(SELECT count(DISTINCT s.person_id) FROM {of_table(SETTLEMENT)} s "
            "WHERE s.request_id = NEW.request_id AND s.settled_at >= OLD.contradicted_at) < 2"
        ),
        words="what Paytend contradicts blocks the card until two people have settled it again",
    ),
    Guard(
        name="execution_answer_kept",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            "OLD.finished_at IS NOT NULL AND NEW.outcome = OLD.outcome AND NEW.answer <> OLD.answer "
            f"AND NOT (NEW.answer = '' AND {_ENDED_LONG_AGO})"
        ),
        words="what Paytend answered is emptied only by retention",
    ),
)

_SETTLEMENTS = (
    Guard(
        name="settlement_of_another_person",
        table=SETTLEMENT,
        change="INSERT",
        broken=no_request(f"(r.status = 'unknown' OR {is_contradicted('r.id')}) AND NOT ({_OF_REQUESTER})"),
        words="an unknown or contradicted outcome is settled by people other than the requester",
        locks="NEW.request_id",
    ),
    Guard(
        name="settlement_once_a_person",
        table=SETTLEMENT,
        change="INSERT",
        broken=spoke_before(SETTLEMENT, counts=_SINCE_CONTRADICTED),
        words="a person speaks once, with whichever account",
        locks="NEW.request_id",
    ),
    Guard(
        name="settlement_says_why",
        table=SETTLEMENT,
        change="INSERT",
        broken="NEW.person_id = '' OR NEW.account = '' OR length(trim(NEW.reason)) < 3",
        words="a word on an unknown outcome has a person and a reason",
    ),
    Guard(
        name="settlement_after_the_lookups",
        table=SETTLEMENT,
        change="INSERT",
        broken=(
            f"NOT EXISTS (SELECT 1 FROM {of_table(EXECUTION)} e "
            "WHERE e.request_id = NEW.request_id AND COALESCE(e.gave_up_at, e.contradicted_at) IS NOT NULL)"
        ),
        words="people settle what the lookups did not find out",
    ),
)

EFFECT_GUARDS: tuple[Guard, ...] = (*_DECISIONS, *_EXECUTIONS, *_SETTLEMENTS)
