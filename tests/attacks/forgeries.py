"""Forgeries that look like the bot's own work, statement by statement: no trigger can tell them from it."""

# ruff: noqa: S608 - these statements are the subject

from tests.attacks.clients import Attack
from tests.attacks.desk import Desk
from tests.attacks.statements import Written, columns_of
from tests.attacks.stories import MOVE


def forgeries(desk: Desk, written: Written) -> dict[str, Attack]:
    """Return by name what somebody writes who knows how the bot works."""
    ids = {name: f"'{request.id}'" for name, request in desk.requests.items()}
    now = written.moment(f"{desk.world.now:%Y-%m-%d %H:%M:%S}")
    later = written.moment(f"{desk.world.now:%Y-%m-%d} 23:59:59")
    approve = f"approved_at = created_at, execute_by = {later}"
    ended = f"ended_at = {now}, reason = 'x', remind_at = NULL"

    def decide(name: str, verdict: str = "approve", reason: str = "", target: str = "") -> str:
        columns = "request_id, person_id, account, name, verdict, digest, reason, decided_at"
        request_id = target or ids[name]
        return (
            f"INSERT INTO approval_decision ({_with_rest('approval_decision', columns)}) "
            f"SELECT id, 'U0MILO', 'U0MILO', 'Milo', '{verdict}', digest, '{reason}', created_at"
            f"{_rest('approval_decision', columns)} FROM approval_request WHERE id = {request_id}"
        )

    def settle(number: int, who: str) -> str:
        columns = "id, request_id, person_id, account, name, happened, reason, settled_at"
        return (
            f"INSERT INTO approval_settlement ({_with_rest('approval_settlement', columns)}) "
            f"SELECT 's{number}', id, '{who}', '{who}', 'x', {written.truth(False)}, 'seen it', {now}"
            f"{_rest('approval_settlement', columns)} FROM approval_request WHERE id = {ids['given_up']}"
        )

    def finds(name: str, outcome: str) -> str:
        return (
            f"UPDATE approval_execution SET outcome = '{outcome}', finished_at = {now} "
            f"WHERE request_id = {ids[name]}"
        )

    def announce(event: str, subject: str) -> str:
        return (
            "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
            f"SELECT max(seq) + 1, '{event}', 'x', '{subject}', '{{}}', {written.moment('2030-01-01 00:00:00')}, "
            f"(SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1), '{'9' * 64}' FROM audit_event"
        )

    def move(name: str, status: str, values: str = "") -> str:
        return f"{MOVE}'{status}'{', ' if values else ''}{values} WHERE id = {ids[name]}"

    key = written.blob("41414141")
    return {
        "a manager who never decided": [decide("pending"), move("pending", "approved", approve)],
        "the second of two managers": [decide("half_approved"), move("half_approved", "approved", approve)],
        "a denial that nobody gave": [decide("pending", "deny", "no way"), move("pending", "denied", ended)],
        "a withdrawal": [move("pending", "withdrawn", ended)],
        "an end in time": [move("pending", "expired", ended)],
        "an end after the approval": [move("approved", "expired", ended)],
        "a refusal by Paytend": [move("approved", "failed", ended)],
        "in flight, but never sent": [
            f"UPDATE approval_execution SET outcome = 'never_sent' WHERE request_id = {ids['executing']}",
            move("executing", "approved"),
        ],
        "in flight, but failed": [finds("executing", "failed"), move("executing", "failed", ended)],
        "in flight, but done": [finds("executing", "executed"), move("executing", "executed", ended)],
        "unknown, but looked up as failed": [
            f"UPDATE approval_execution SET last_said = 'failed' WHERE request_id = {ids['unknown']}",
            finds("unknown", "failed"),
            move("unknown", "failed", ended),
        ],
        "unknown, but looked up as done": [
            f"UPDATE approval_execution SET last_said = 'executed' WHERE request_id = {ids['unknown']}",
            finds("unknown", "executed"),
            move("unknown", "executed", ended),
        ],
        "settled by people who said nothing": [
            settle(1, "U0MILO"),
            settle(2, "U0ADA"),
            finds("given_up", "failed"),
            move("given_up", "failed", ended),
        ],
        "an approver who lost the right": [
            (
                "INSERT INTO approval_voided_decision "
                f"({_with_rest('approval_voided_decision', 'request_id, person_id, reason, voided_at')}) "
                f"SELECT {ids['approved']}, 'U0MARA', 'x', {now}"
                f"{_rest('approval_voided_decision', 'request_id, person_id, reason, voided_at')}"
            ),
            move("approved", "pending", "approved_at = NULL, execute_by = NULL"),
        ],
        "more time by going back and forth": [
            move("never_sent", "pending", "approved_at = NULL, execute_by = NULL"),
            move("never_sent", "approved", f"approved_at = created_at, execute_by = {later}"),
        ],
        "another request like the one that was done": [
            _like("executed", ids),
            decide("executed", target="'forged'"),
            f"{MOVE}'approved', {approve} WHERE id = 'forged'",
        ],
        "a rotation that destroys": [
            announce("keys:rotation_begun", "rotation:r"),
            (
                "INSERT INTO key_rotation (id, to_key, started_at, finished_at, resealed) "
                f"VALUES ('r', {key}, {now}, NULL, 0)"
            ),
            f"UPDATE approval_request SET payload = {_garbage(written)}",
        ],
        "a retention that destroys": [
            announce("retention:begun", "retention:2"),
            f"INSERT INTO retention_period (number, days, begun_at) VALUES (2, 1, {now})",
            f"UPDATE approval_request SET payload = {written.blob('')} WHERE status IN ('executed', 'denied')",
        ],
        "an event of the trail": [announce("approval:approved", f"request:{desk.requests['pending'].id}")],
    }


# Columns that came later than these attacks: copied from a row that has them, as somebody would who can read.
def _later(table: str, columns: str) -> list[str]:
    return [name for name in columns_of(table) if name not in columns.split(", ")]


def _with_rest(table: str, columns: str) -> str:
    return ", ".join([columns, *_later(table, columns)])


def _rest(table: str, columns: str) -> str:
    return "".join(f", (SELECT o.{name} FROM {table} o LIMIT 1)" for name in _later(table, columns))


def _like(name: str, ids: dict[str, str]) -> str:
    values = {
        "id": "'forged'",
        "reference": "'forged'",
        "status": "'pending'",
        "version": "1",
        "approved_at": "NULL",
        "execute_by": "NULL",
        "ended_at": "NULL",
    }
    names = columns_of("approval_request")
    chosen = ", ".join(values.get(each, each) for each in names)
    return (
        f"INSERT INTO approval_request ({', '.join(names)}) SELECT {chosen} FROM approval_request "
        f"WHERE id = {ids[name]}"
    )


def _garbage(written: Written) -> str:
    if written.is_sqlite:
        return "CAST(x'0141414141' || substr(payload, 6) AS BLOB)"
    return "'\\x0141414141'::bytea || substr(payload, 6)"
