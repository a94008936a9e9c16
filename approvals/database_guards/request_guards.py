"""What must never happen to a request: other content, an illegal move, a later deadline, an early removal."""

# ruff: noqa: S608 - every name in these conditions is a constant of ours

from approvals.database_guards.guard import (
    DECISION,
    ENDED,
    EXECUTION,
    REQUEST,
    ROTATION,
    SETTLEMENT,
    VOIDED,
    Guard,
    any_differs,
    in_seconds,
    is_contradicted,
    is_kept_long_enough,
    of_table,
)
from approvals.requests.moves import LEGAL
from approvals.statuses import SAID_BY_PEOPLE, Status, Verdict

# What policy may let one person do alone. A second list besides the table of actions, on purpose: a mistake there
# must not let one person move money.
LIFTABLE = ("card.activate", "card.apply", "cardholder.update")

FROZEN = (
    "id",
    "action",
    "subject",
    "new_card",
    "digest",
    "phrase",
    "requester_id",
    "requester_account",
    "requester_name",
    "asked_in",
    "told",  # else somebody could have the message posted where they read it
    "rule",
    "rule_name",
    "quorum",
    "roles",
    "currency",
    "amount_minor",
    "cardholder_id",
    "reference",
    "mac",
    "created_at",
    "decide_by",  # else somebody could bring an expired request back
)
_PURGED_AFTER_END = ("payload", "shown")
_SAID_BY_PEOPLE = ", ".join(f"'{status}'" for status in SAID_BY_PEOPLE)
_PEOPLE_TO_SETTLE = 2
_LONGEST = 366 * 86_400  # seconds: no deadline of the policy is further away


def _purged_early() -> str:
    may_go = f"OLD.status IN ({ENDED}) AND {is_kept_long_enough('OLD')}"
    return " OR ".join(
        f"(NEW.{column} {{differs}} OLD.{column} AND NOT (length(NEW.{column}) = 0 AND {may_go}) "
        f"AND NOT ({_sealed_anew(column)}))"
        for column in _PURGED_AFTER_END
    )


def _sealed_anew(column: str) -> str:
    """While a rotation is open, a value may be re-encrypted with its key: to the same length, and only once.

    The trigger cannot see what is inside; the digest is compared before anything is done with it. The key's id is
    in bytes 2 to 5 (see storage.vault).
    """
    return (
        f"length(NEW.{column}) = length(OLD.{column}) "
        f"AND substr(NEW.{column}, 2, 4) <> substr(OLD.{column}, 2, 4) "
        f"AND EXISTS (SELECT 1 FROM {of_table(ROTATION)} k WHERE k.finished_at IS NULL "
        f"AND k.to_key = substr(NEW.{column}, 2, 4))"
    )


def _illegal() -> str:
    legal = ", ".join(sorted(f"'{source}>{to}'" for source, to in LEGAL))
    stopped = "OLD.status = 'approved' AND NEW.status = 'withdrawn'"  # which needs a reason
    return (
        f"NEW.status <> OLD.status AND ((OLD.status || '>' || NEW.status) NOT IN ({legal}) "
        f"OR ({stopped} AND length(trim(NEW.reason)) < 3))"
    )


_APPROVED = f"(OLD.status = '{Status.PENDING}' AND NEW.status = '{Status.APPROVED}')"
_RETURNED = f"(OLD.status = '{Status.APPROVED}' AND NEW.status = '{Status.PENDING}')"
_ENDS = f"(OLD.status <> NEW.status AND NEW.status IN ({ENDED}))"

_APPROVALS = (
    f"(SELECT count(DISTINCT d.person_id) FROM {of_table(DECISION)} d WHERE d.request_id = NEW.id "
    f"AND d.verdict = '{Verdict.APPROVE}' AND d.digest = NEW.digest AND d.person_id <> NEW.requester_id "
    f"AND NOT EXISTS (SELECT 1 FROM {of_table(VOIDED)} v "
    "WHERE v.request_id = d.request_id AND v.person_id = d.person_id))"
)

# Canonical JSON escapes quotes, so no name of a rule can contain this text.
_LIFTED = "replace(NEW.rule, '\"lifted\":true', '') <> NEW.rule"
_MAY_BE_LIFTED = "NEW.amount_minor IS NULL AND NEW.action IN ({})".format(
    ", ".join(f"'{action}'" for action in LIFTABLE)
)


def _no_execution(condition: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {of_table(EXECUTION)} e WHERE e.request_id = NEW.id AND {condition})"


# What Paytend said last fits the new status. It says twice that there is no such order before that is a failure.
_FOUND = (
    "((NEW.status = 'executed' AND e.last_said = 'executed') "
    "OR (NEW.status = 'failed' AND e.last_said IN ('failed', 'not_found')))"
)
_SETTLERS = (
    f"(SELECT count(DISTINCT s.person_id) FROM {of_table(SETTLEMENT)} s WHERE s.request_id = NEW.id "
    f"AND s.happened = (NEW.status = '{Status.EXECUTED}') "
    "AND s.person_id <> NEW.requester_id AND s.account <> NEW.requester_account "
    f"AND NOT EXISTS (SELECT 1 FROM {of_table(EXECUTION)} c "
    "WHERE c.request_id = NEW.id AND c.contradicted_at > s.settled_at))"
)

_START = (
    Guard(
        name="request_starts_pending",
        table=REQUEST,
        change="INSERT",
        broken=(
            f"NEW.status <> '{Status.PENDING}' OR NEW.version <> 1 OR NEW.quorum < 1 OR length(NEW.digest) <> 64 "
            "OR NEW.approved_at IS NOT NULL OR NEW.execute_by IS NOT NULL OR NEW.ended_at IS NOT NULL "
            "OR NEW.decide_by <= NEW.created_at "
            f"OR {in_seconds('NEW.decide_by')} > {in_seconds('NEW.created_at')} + {_LONGEST}"
        ),
        words="a request starts pending, with a quorum of at least one",
    ),
    Guard(
        name="request_lifted_rarely",
        table=REQUEST,
        change="INSERT",
        broken=f"{_LIFTED} AND NOT ({_MAY_BE_LIFTED})",
        words="money, replacements and passwords always need a second person",
    ),
)

_CONTENT = (
    Guard(
        name="request_content_frozen",
        table=REQUEST,
        change="UPDATE",
        broken=any_differs(*FROZEN),
        words="what was asked for is frozen",
    ),
    Guard(
        name="request_payload_frozen",
        table=REQUEST,
        change="UPDATE",
        broken=_purged_early(),
        words="what was asked for is frozen, and emptied only by retention",
    ),
    Guard(
        name="request_deadlines_shorten",
        table=REQUEST,
        change="UPDATE",
        broken=(
            f"(({any_differs('approved_at', 'approval_mac')}) AND NOT ({_APPROVED} OR {_RETURNED})) "
            f"OR (NEW.execute_by {{differs}} OLD.execute_by AND NOT ({_APPROVED} OR {_RETURNED}) "
            "AND (OLD.execute_by IS NULL OR NEW.execute_by IS NULL OR NEW.execute_by > OLD.execute_by)) "
            f"OR ({_RETURNED} AND (NEW.approved_at IS NOT NULL OR NEW.execute_by IS NOT NULL)) "
            f"OR ({_APPROVED} AND (NEW.approved_at IS NULL OR NEW.execute_by IS NULL "
            "OR NEW.approved_at >= NEW.decide_by "
            f"OR {in_seconds('NEW.execute_by')} > {in_seconds('NEW.approved_at')} + {_LONGEST}))"
        ),
        words="a deadline is set by an approval and never moved to later",
    ),
    Guard(
        name="request_end_written_once",
        table=REQUEST,
        change="UPDATE",
        broken=(
            f"(NEW.ended_at {{differs}} OLD.ended_at AND NOT {_ENDS}) "
            f"OR ({_ENDS} AND NEW.ended_at IS NULL) "
            f"OR (OLD.status IN ({ENDED}) AND ({any_differs('execute_by', 'reminded', 'remind_at')})) "
            f"OR (OLD.status IN ({ENDED}) AND NEW.status = OLD.status AND ({any_differs('reason')}) "
            # What people said stays; the other reasons may be in Paytend's words.
            f"AND NOT (NEW.reason = '' AND OLD.status NOT IN ({_SAID_BY_PEOPLE}) "
            f"AND {is_kept_long_enough('OLD')}))"
        ),
        words="when and why a request ended is written once, and emptied only by retention",
    ),
)

_MOVES = (
    Guard(
        name="request_moves_legally",
        table=REQUEST,
        change="UPDATE",
        broken=_illegal(),
        words="this is no legal move of a request",
    ),
    Guard(
        name="request_version_counts",
        table=REQUEST,
        change="UPDATE",
        broken="NEW.version <> OLD.version + CASE WHEN NEW.status <> OLD.status THEN 1 ELSE 0 END",
        words="every move counts the version up by one",
    ),
    Guard(
        name="request_needs_quorum",
        table=REQUEST,
        change="UPDATE",
        broken=(
            f"NEW.status IN ('approved', 'executing') AND NEW.status <> OLD.status AND {_APPROVALS} < NEW.quorum "
            f"AND NOT ({_LIFTED} AND {_MAY_BE_LIFTED})"
        ),
        words="a request is approved by its quorum of people other than the requester, or lifted by its rule",
    ),
    Guard(
        name="request_denied_by_somebody",
        table=REQUEST,
        change="UPDATE",
        broken=(
            "NEW.status = 'denied' AND OLD.status <> 'denied' AND NOT EXISTS "
            f"(SELECT 1 FROM {of_table(DECISION)} d WHERE d.request_id = NEW.id AND d.verdict = '{Verdict.DENY}')"
        ),
        words="a request is denied by a decision",
    ),
    Guard(
        name="request_executes_with_intent",
        table=REQUEST,
        change="UPDATE",
        broken=(
            # One whose outcome is unknown or known must not start again.
            "NEW.status = 'executing' AND OLD.status <> 'executing' AND " + _no_execution("e.outcome = ''")
        ),
        words="an execution is written down before it is done",
    ),
    Guard(
        name="request_follows_its_execution",
        table=REQUEST,
        change="UPDATE",
        broken=(
            "(OLD.status = 'executing' AND NEW.status = 'approved' AND "
            + _no_execution("e.outcome = 'never_sent'")
            + ") OR (NEW.status <> OLD.status AND (NEW.status IN ('executed', 'unknown') "
            "OR (NEW.status = 'failed' AND OLD.status <> 'approved')) AND "
            + _no_execution("e.outcome = NEW.status")
            + ")"
        ),
        words="a request goes back only if nothing was sent, and ends as its execution did",
    ),
    Guard(
        name="request_settled_by_two",
        table=REQUEST,
        change="UPDATE",
        broken=(
            "NEW.status <> OLD.status AND (OLD.status IN ('executed', 'failed') OR (OLD.status = 'unknown' AND "
            + _no_execution(_FOUND)
            + f")) AND {_SETTLERS} < {_PEOPLE_TO_SETTLE}"
        ),
        words="an outcome is found out by a lookup, or settled by two people other than the requester",
    ),
    Guard(
        name="request_end_kept",
        table=REQUEST,
        change="UPDATE",
        broken=(
            "OLD.status IN ('executed', 'failed') AND NEW.status <> OLD.status "
            f"AND NOT {is_contradicted('NEW.id')}"
        ),
        words="an end is changed only after Paytend said the opposite",
    ),
)

REQUEST_GUARDS: tuple[Guard, ...] = (*_START, *_CONTENT, *_MOVES)
