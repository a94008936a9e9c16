"""The tables that are guarded, and conditions on their rows that several guards share, in SQL."""

# ruff: noqa: S608 - every name in these conditions is a constant of this file

REQUEST = "approval_request"
DECISION = "approval_decision"
VOIDED = "approval_voided_decision"
EXECUTION = "approval_execution"
SETTLEMENT = "approval_settlement"
CHANGE, AUDIT = "cardholder_change", "audit_event"
ROTATION, STOP, RESUMPTION = "key_rotation", "stop", "stop_resumption"
BOOKS_SAID = "books_said"


def of_request(condition: str) -> str:
    """Whether the request `r` of this row is so."""
    return f"EXISTS (SELECT 1 FROM {REQUEST} r WHERE r.id = NEW.request_id AND ({condition}))"


def spoke_before(table: str, *, counts: str = "1 = 1") -> str:
    """Whether the person of this row, by id or account, has a row that `counts` for the same request already."""
    return (
        f"EXISTS (SELECT 1 FROM {table} a WHERE a.request_id = NEW.request_id AND {counts} "
        "AND (a.person_id IN (NEW.person_id, NEW.account) OR a.account IN (NEW.person_id, NEW.account)))"
    )


# Words from before Paytend contradicted what was settled do not count: people speak again then.
SINCE_CONTRADICTED = (
    f"NOT EXISTS (SELECT 1 FROM {EXECUTION} e "
    "WHERE e.request_id = a.request_id AND e.contradicted_at > a.settled_at)"
)


OF_REQUESTER = (
    "r.requester_id IN (NEW.person_id, NEW.account) OR r.requester_account IN (NEW.person_id, NEW.account)"
)


def no_request(condition: str) -> str:
    """Whether the request `r` of this row is not so, or not there."""
    return f"NOT {of_request(condition)}"


def is_contradicted(request_id: str) -> str:
    """Whether Paytend says the opposite of how this request ended, and people have not settled it again."""
    return (
        f"EXISTS (SELECT 1 FROM {EXECUTION} e WHERE e.request_id = {request_id} AND e.contradicted_at IS NOT NULL)"
    )
