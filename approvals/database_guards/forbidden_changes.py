"""What the database itself refuses, whichever program writes to it: conditions that must never be true."""

# ruff: noqa: S608 - every name in these conditions is a constant of this file

from dataclasses import dataclass

from approvals.database_guards.row_conditions import (
    AUDIT,
    BOOKS_SAID,
    CHANGE,
    DECISION,
    EXECUTION,
    OF_REQUESTER,
    REQUEST,
    RESUMPTION,
    ROTATION,
    SETTLEMENT,
    SINCE_CONTRADICTED,
    STOP,
    VOIDED,
    is_contradicted,
    no_request,
    of_request,
    spoke_before,
)
from approvals.requests.moves import LEGAL
from approvals.statuses import Status, Verdict

# What policy may let one person do alone. A second list besides the table of actions, on purpose: a mistake there
# must not let one person move money.
LIFTABLE = ("card.activate", "card.apply", "cardholder.update")

# Tables whose rows are only ever added.
APPEND_ONLY = (DECISION, VOIDED, SETTLEMENT, CHANGE, AUDIT, BOOKS_SAID, STOP, RESUMPTION)
KEPT = (*APPEND_ONLY, REQUEST, EXECUTION)  # never removed


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One refusal: `broken` must not be true when a row changes. `{differs}` becomes IS DISTINCT FROM.

    `locks` names the request whose row is locked while this is checked (PostgreSQL).
    """

    name: str
    table: str
    change: str
    broken: str
    words: str
    locks: str = ""


# With `decide_by`: else somebody could bring an expired request back.
_FROZEN_NAMES = (
    "id action subject new_card digest phrase requester_id requester_account requester_name rule rule_name quorum "
    "roles currency amount_minor cardholder_id reference mac created_at decide_by"
)
_FROZEN = _FROZEN_NAMES.split()
_NOT_CONTRADICTED = f"NOT {is_contradicted('NEW.id')}"
_PURGED_AFTER_END = ("payload", "shown")


def _frozen() -> str:
    return " OR ".join(f"NEW.{column} {{differs}} OLD.{column}" for column in _FROZEN)


def _purged_early() -> str:
    ended = "OLD.status IN ('executed', 'failed', 'denied', 'withdrawn', 'expired')"
    return " OR ".join(
        f"(NEW.{column} {{differs}} OLD.{column} AND NOT (length(NEW.{column}) = 0 AND {ended}) "
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
        f"AND EXISTS (SELECT 1 FROM {ROTATION} k WHERE k.finished_at IS NULL "
        f"AND k.to_key = substr(NEW.{column}, 2, 4))"
    )


def _illegal() -> str:
    legal = ", ".join(sorted(f"'{source}>{to}'" for source, to in LEGAL))
    stopped = "OLD.status = 'approved' AND NEW.status = 'withdrawn'"  # which needs a reason
    return (
        f"NEW.status <> OLD.status AND ((OLD.status || '>' || NEW.status) NOT IN ({legal}) "
        f"OR ({stopped} AND length(trim(NEW.reason)) < 3))"
    )


_APPROVALS = (
    f"(SELECT count(DISTINCT d.person_id) FROM {DECISION} d WHERE d.request_id = NEW.id "
    f"AND d.verdict = '{Verdict.APPROVE}' AND d.digest = NEW.digest AND d.person_id <> NEW.requester_id "
    f"AND NOT EXISTS (SELECT 1 FROM {VOIDED} v WHERE v.request_id = d.request_id AND v.person_id = d.person_id))"
)

# Canonical JSON escapes quotes, so no name of a rule can contain this text.
_LIFTED = "replace(NEW.rule, '\"lifted\":true', '') <> NEW.rule"
_MAY_BE_LIFTED = "NEW.amount_minor IS NULL AND NEW.action IN ({})".format(
    ", ".join(f"'{action}'" for action in LIFTABLE)
)

GUARDS: tuple[Guard, ...] = (
    Guard(
        name="request_starts_pending",
        table=REQUEST,
        change="INSERT",
        broken=(
            f"NEW.status <> '{Status.PENDING}' OR NEW.version <> 1 OR NEW.quorum < 1 OR length(NEW.digest) <> 64"
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
    Guard(
        name="request_content_frozen",
        table=REQUEST,
        change="UPDATE",
        broken=_frozen(),
        words="what was asked for is frozen",
    ),
    Guard(
        name="request_payload_frozen",
        table=REQUEST,
        change="UPDATE",
        broken=_purged_early(),
        words="what was asked for is frozen, and emptied only after the end",
    ),
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
        broken="NEW.version < OLD.version OR (NEW.status <> OLD.status AND NEW.version <> OLD.version + 1)",
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
            f"(SELECT 1 FROM {DECISION} d WHERE d.request_id = NEW.id AND d.verdict = '{Verdict.DENY}')"
        ),
        words="a request is denied by a decision",
    ),
    Guard(
        name="request_executes_with_intent",
        table=REQUEST,
        change="UPDATE",
        broken=(
            "NEW.status = 'executing' AND OLD.status <> 'executing' AND NOT EXISTS "
            # One whose outcome is unknown or known must not start again.
            f"(SELECT 1 FROM {EXECUTION} e WHERE e.request_id = NEW.id AND e.outcome IN ('', 'never_sent'))"
        ),
        words="an execution is written down before it is done",
    ),
    Guard(
        name="request_end_kept",
        table=REQUEST,
        change="UPDATE",
        broken=f"OLD.status IN ('executed', 'failed') AND NEW.status <> OLD.status AND {_NOT_CONTRADICTED}",
        words="an end is changed only after Paytend said the opposite",
    ),
    Guard(
        name="decision_of_another_person",
        table=DECISION,
        change="INSERT",
        broken=of_request(OF_REQUESTER),
        words="the requester is never an approver",
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
        name="voided_while_approved",
        table=VOIDED,
        change="INSERT",
        broken=no_request("r.status = 'approved'") + f" OR NOT EXISTS (SELECT 1 FROM {DECISION} d "
        "WHERE d.request_id = NEW.request_id AND d.person_id = NEW.person_id)",
        words="only decisions on an approved request are voided",
        locks="NEW.request_id",
    ),
    Guard(
        name="execution_of_approved",
        table=EXECUTION,
        change="INSERT",
        broken=no_request("r.status = 'approved'"),
        words="only an approved request is executed",
        locks="NEW.request_id",
    ),
    Guard(
        name="execution_keeps_its_end",
        table=EXECUTION,
        change="UPDATE",
        broken=(
            "NEW.request_id <> OLD.request_id OR NEW.attempts < OLD.attempts "
            # An end changes only into the other one, and only after Paytend said the opposite.
            "OR (OLD.outcome IN ('executed', 'failed') AND NEW.outcome <> OLD.outcome "
            "AND NOT (OLD.contradicted_at IS NOT NULL AND NEW.outcome IN ('executed', 'failed'))) "
            # Not back to '' or 'never_sent': the request could then be sent a second time.
            "OR (OLD.outcome = 'unknown' AND NEW.outcome NOT IN ('unknown', 'executed', 'failed'))"
        ),
        words="what became of an execution is not taken back",
    ),
    Guard(
        name="settlement_of_another_person",
        table=SETTLEMENT,
        change="INSERT",
        broken=no_request(f"(r.status = 'unknown' OR {is_contradicted('r.id')}) AND NOT ({OF_REQUESTER})"),
        words="an unknown or contradicted outcome is settled by people other than the requester",
        locks="NEW.request_id",
    ),
    *(
        Guard(
            name=name,
            table=table,
            change="INSERT",
            broken=broken,
            words="a person speaks once, with whichever account",
            locks="NEW.request_id",
        )
        for name, table, broken in (
            ("decision_once_a_person", DECISION, spoke_before(DECISION)),
            ("settlement_once_a_person", SETTLEMENT, spoke_before(SETTLEMENT, counts=SINCE_CONTRADICTED)),
        )
    ),
    Guard(
        name="settlement_says_why",
        table=SETTLEMENT,
        change="INSERT",
        broken="NEW.person_id = '' OR NEW.account = '' OR length(trim(NEW.reason)) < 3",
        words="a word on an unknown outcome has a person and a reason",
    ),
    Guard(
        name="audit_follows",
        table=AUDIT,
        change="INSERT",
        broken=(
            f"NEW.seq <> (SELECT COALESCE(max(a.seq), 0) + 1 FROM {AUDIT} a) "
            f"OR EXISTS (SELECT 1 FROM {AUDIT} a WHERE a.seq = NEW.seq - 1 AND a.hash <> NEW.previous)"
        ),
        words="an audit event follows the one before it",
    ),
    *(
        Guard(
            name=f"{table}_unchanged", table=table, change="UPDATE", broken="1 = 1", words="this is never changed"
        )
        for table in APPEND_ONLY
    ),
    *(
        Guard(name=f"{table}_kept", table=table, change="DELETE", broken="1 = 1", words="this is never deleted")
        for table in KEPT
    ),
)
