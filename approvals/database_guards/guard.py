"""What a guard is, and the pieces of SQL that several guards are made of; they read alike on both databases."""

# ruff: noqa: S608 - every name in these conditions is a constant of ours

from dataclasses import dataclass

from approvals.statuses import OPEN, Status

REQUEST = "approval_request"
DECISION = "approval_decision"
VOIDED = "approval_voided_decision"
EXECUTION = "approval_execution"
SETTLEMENT = "approval_settlement"
CHANGE = "cardholder_change"
AUDIT = "audit_event"
ROTATION = "key_rotation"
RETENTION = "retention_period"
BOOKS_SAID = "books_said"
STOP, RESUMPTION = "stop", "stop_resumption"
PASSKEY, PASSKEY_WORD, PASSKEY_USE = "passkey", "passkey_word", "passkey_use"

# Tables whose rows are only ever added.
APPEND_ONLY = (
    DECISION,
    VOIDED,
    SETTLEMENT,
    CHANGE,
    AUDIT,
    BOOKS_SAID,
    STOP,
    RESUMPTION,
    PASSKEY,
    PASSKEY_WORD,
    RETENTION,
)
# Tables whose rows are never removed: all that have guards.
KEPT = (*APPEND_ONLY, REQUEST, EXECUTION, ROTATION, PASSKEY_USE)

# Seconds by which the clocks of two replicas may differ.
SKEW = 600
DAY = 86_400  # seconds

ENDED = ", ".join(f"'{status.value}'" for status in Status if status not in OPEN)


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One refusal: `broken` must not be true when a row changes.

    In `broken`, `{differs}` becomes IS DISTINCT FROM, `{schema}` the schema of our tables with a dot, `{seconds}`
    the beginning of a call that makes seconds of a moment, and `{json_type}` the type of the JSON in NEW.facts.
    `locks` names the request whose row is locked while this is checked (PostgreSQL). `only` is the one database
    that needs it, if not both do.
    """

    name: str
    table: str
    change: str
    broken: str
    words: str
    locks: str = ""
    only: str = ""


def of_table(name: str) -> str:
    """Return a table's name with its schema: a temporary table of that name is never meant."""
    return f"{{schema}}{name}"


def in_seconds(moment: str) -> str:
    """Return a moment as a number of seconds."""
    return f"{{seconds}}{moment})"


def of_request(condition: str) -> str:
    """Return that the request of the row exists and fulfils a condition on `r`."""
    return f"EXISTS (SELECT 1 FROM {of_table(REQUEST)} r WHERE r.id = NEW.request_id AND ({condition}))"


def no_request(condition: str) -> str:
    """Return that no request of the row fulfils a condition on `r`."""
    return f"NOT {of_request(condition)}"


def spoke_before(table: str, *, counts: str = "1 = 1") -> str:
    """Return that the person of this row, by id or account, has a row `a` that `counts` for the same request."""
    return (
        f"EXISTS (SELECT 1 FROM {of_table(table)} a WHERE a.request_id = NEW.request_id AND {counts} "
        "AND (a.person_id IN (NEW.person_id, NEW.account) OR a.account IN (NEW.person_id, NEW.account)))"
    )


def is_contradicted(request_id: str) -> str:
    """Return that Paytend says the opposite of how a request ended, and people have not settled it again."""
    return (
        f"EXISTS (SELECT 1 FROM {of_table(EXECUTION)} e "
        f"WHERE e.request_id = {request_id} AND e.contradicted_at IS NOT NULL)"
    )


def any_differs(*columns: str) -> str:
    """Return that a change touches one of these columns."""
    return " OR ".join(f"NEW.{column} {{differs}} OLD.{column}" for column in columns)


def is_kept_long_enough(request: str) -> str:
    """Return that retention may remove the contents of a request.

    What time it is says the newest event of the trail: retention announces itself there first. The clock of the
    database would do as well, but not for a database that was restored on a machine whose clock is wrong. The time
    since the request was made counts too: an end may be dated back, by a clock or by somebody.
    """
    over = " AND ".join(
        f"{in_seconds(f'{request}.{moment}')} + {DAY} * p.days - {SKEW} <= "
        f"(SELECT {in_seconds('a.happened_at')} FROM {of_table(AUDIT)} a ORDER BY a.seq DESC LIMIT 1)"
        for moment in ("ended_at", "created_at")
    )
    return (
        f"EXISTS (SELECT 1 FROM {of_table(RETENTION)} p WHERE p.number = "
        f"(SELECT max(q.number) FROM {of_table(RETENTION)} q) AND {over})"
    )
