"""Attacks that somebody would think of who wants money moved, or proof removed."""

# ruff: noqa: S608, E501 - these statements are the subject, and easier to read on one line

from tests.attacks.clients import Attack
from tests.attacks.desk import Desk
from tests.attacks.statements import Written

MOVE = "UPDATE approval_request SET version = version + 1, status = "


def thought_of(desk: Desk, written: Written) -> dict[str, Attack]:
    """The stories of somebody who wants money moved, or proof removed; by name."""
    ids = {name: f"'{request.id}'" for name, request in desk.requests.items()}
    at, late = written.moment("2026-11-20 09:30:00"), written.moment("2027-06-01 00:00:00")
    stories: dict[str, Attack] = {}
    for name, request_id in ids.items():
        for status in ("pending", "approved", "executing"):
            stories[f"makes {name} {status}"] = [f"{MOVE}'{status}' WHERE id = {request_id}"]
            stories[f"makes {name} {status} with times"] = [
                f"{MOVE}'{status}', approved_at = {at}, execute_by = {late}, ended_at = NULL WHERE id = {request_id}"
            ]
        stories[f"forgets that {name} was sent"] = [
            (
                f"UPDATE approval_execution SET outcome = '', attempts = 1 WHERE request_id = {request_id} "
                "AND outcome <> ''"
            ),
            f"{MOVE}'approved' WHERE id = {request_id}",
        ]
        stories[f"empties {name}"] = [
            f"UPDATE approval_request SET payload = {written.blob('')} WHERE id = {request_id}"
        ]
        stories[f"ages {name}"] = [
            f"UPDATE approval_request SET ended_at = {written.moment('2020-01-01 00:00:00')} WHERE id = {request_id}"
        ]
    return stories | _of_money(ids, late) | _of_people(desk, ids, written, at) | _of_records(written, at)


def _of_money(ids: dict[str, str], late: str) -> dict[str, Attack]:
    return {
        "in flight back to approved": [f"{MOVE}'approved' WHERE id = {ids['executing']}"],
        "unknown never happened": [f"{MOVE}'failed', ended_at = decide_by WHERE id = {ids['unknown']}"],
        "unknown happened": [f"{MOVE}'executed', ended_at = decide_by WHERE id = {ids['unknown']}"],
        "one person's word is enough": [f"{MOVE}'failed', ended_at = decide_by WHERE id = {ids['given_up']}"],
        "longer to carry out": [f"UPDATE approval_request SET execute_by = {late} WHERE id = {ids['approved']}"],
        "longer to decide": [f"UPDATE approval_request SET decide_by = {late} WHERE id = {ids['pending']}"],
        "another amount": [f"UPDATE approval_request SET amount_minor = 1 WHERE id = {ids['approved']}"],
        "another reference": [f"UPDATE approval_request SET reference = 'r2' WHERE id = {ids['unknown']}"],
        "another lease": [f"UPDATE approval_execution SET lease = 'mine' WHERE request_id = {ids['executing']}"],
        "a longer lease": [
            f"UPDATE approval_execution SET lease_until = {late} WHERE request_id = {ids['executing']}"
        ],
        "another's payload": [
            (
                f"UPDATE approval_request SET payload = (SELECT payload FROM approval_request WHERE id = {ids['approved']}) "
                f"WHERE id = {ids['pending']}"
            )
        ],
        "an execution of what is pending": [
            (
                "INSERT INTO approval_execution (request_id, lease, lease_until, claimed_at, attempts, outcome, words, "
                f"provider_reference, answer, looks) SELECT {ids['pending']}, lease, lease_until, claimed_at, attempts, "
                "'', words, provider_reference, answer, 0 FROM approval_execution LIMIT 1"
            )
        ],
    }


def _of_people(desk: Desk, ids: dict[str, str], written: Written, at: str) -> dict[str, Attack]:
    digests = {name: f"'{request.digest}'" for name, request in desk.requests.items()}

    def decide(name: str, person: str, verdict: str = "approve") -> str:
        columns = "request_id, person_id, account, name, verdict, digest, reason, decided_at"
        values = f"{ids[name]}, '{person}', '{person}', 'x', '{verdict}', {digests[name]}, '', {at}"
        return f"INSERT INTO approval_decision ({columns}) VALUES ({values})"

    def settle(number: int, name: str, person: str) -> str:
        columns = "id, request_id, person_id, account, name, happened, reason, settled_at"
        values = f"'s{number}', {ids[name]}, '{person}', '{person}', 'x', {written.truth(False)}, 'seen', {at}"
        return f"INSERT INTO approval_settlement ({columns}) VALUES ({values})"

    return {
        "approves one's own": [decide("pending", "U0SAM")],
        "approves twice": [decide("half_approved", "U0MARA")],
        "denies without a reason": [decide("pending", "U0EVE", "deny")],
        "decides what is over": [decide("denied", "U0EVE")],
        "settles one's own": [settle(1, "given_up", "U0SAM")],
        "settles twice": [settle(1, "given_up", "U0MARA")],
        "settles while Paytend is asked": [settle(1, "unknown", "U0EVE"), settle(2, "unknown", "U0EVA")],
        "settles what is in flight": [settle(1, "executing", "U0EVE")],
        "voids what is pending": [
            (
                "INSERT INTO approval_voided_decision (request_id, person_id, reason, voided_at) "
                f"VALUES ({ids['half_approved']}, 'U0MARA', 'x', {at})"
            )
        ],
    }


def _of_records(written: Written, at: str) -> dict[str, Attack]:
    def event(hash_: str, *, seq: str = "max(seq) + 1", facts: str = "{}", previous: str = "") -> str:
        last = "(SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1)"
        return (
            "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
            f"SELECT {seq}, 'a:b', 'x', 'x', '{facts}', {at}, {previous or last}, '{hash_}' FROM audit_event"
        )

    far = "9" * 64
    return {
        "a hash that is no hash": [event("zz" * 32)],
        "a hash in capitals": [event("AB" * 32)],
        "a hash that is too short": [event("ab")],
        "a hash of zeros": [event("0" * 64)],
        "an event out of turn": [event(far, seq="max(seq) + 2")],
        "an event in between": [event(far, seq="max(seq)")],
        "an event that follows nothing": [event(far, previous="'" + "8" * 64 + "'")],
        "an event without facts": [event(far, facts="no facts")],
        "an event with facts that are a list": [event(far, facts="[]")],
        "a rotation that nobody announced": [
            (
                "INSERT INTO key_rotation (id, to_key, started_at, finished_at, resealed) "
                f"VALUES ('r', {written.blob('41414141')}, {at}, NULL, 0)"
            ),
            (
                f"UPDATE approval_request SET payload = {written.blob('01')} || {written.blob('41414141')} "
                "|| substr(payload, 6)"
            ),
        ],
        "a retention that nobody announced": [
            f"INSERT INTO retention_period (number, days, begun_at) VALUES (1, 1, {at})",
            f"UPDATE approval_request SET payload = {written.blob('')}",
        ],
    }


def shadows(desk: Desk) -> dict[str, Attack]:
    """What only PostgreSQL knows: other tables, functions and operators of the same name, found first."""
    pending = desk.requests["pending"]
    forged = (
        "CREATE TEMP TABLE approval_decision AS SELECT * FROM public.approval_decision",
        (
            "INSERT INTO pg_temp.approval_decision (request_id, person_id, account, name, verdict, digest, reason, "
            f"decided_at) VALUES ('{pending.id}', 'U0EVE', 'U0EVE', 'x', 'approve', '{pending.digest}', '', now())"
        ),
        (
            "UPDATE public.approval_request SET status = 'approved', version = version + 1, approved_at = created_at, "
            f"execute_by = decide_by WHERE id = '{pending.id}'"
        ),
    )
    executing = desk.requests["executing"]
    return {
        "temporary decisions": forged,
        "decisions of another schema": [
            forged[0].replace("CREATE TEMP TABLE ", "CREATE TABLE evil."),
            forged[1].replace("pg_temp.", "evil."),
            "SET search_path = evil, public",
            forged[2],
        ],
        "temporary executions": [
            "CREATE TEMP TABLE approval_execution AS SELECT * FROM public.approval_execution",
            "UPDATE pg_temp.approval_execution SET outcome = 'never_sent'",
            (
                "UPDATE public.approval_request SET status = 'approved', version = version + 1 "
                f"WHERE id = '{executing.id}'"
            ),
        ],
        "a function of another schema": [
            "CREATE FUNCTION evil.length(varchar) RETURNS integer LANGUAGE sql AS 'SELECT 64'",
            "SET search_path = evil, public",
            (
                "INSERT INTO public.audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
                "SELECT max(seq) + 1, 'a:b', 'x', 'x', '{}', now(), max(hash), 'short' FROM public.audit_event"
            ),
        ],
        "an operator of another schema": [
            "CREATE FUNCTION evil.never(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
            "CREATE OPERATOR evil.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = evil.never)",
            "SET search_path = evil, pg_catalog, public",
            "UPDATE public.approval_request SET status = 'approved', version = version + 1 WHERE status = 'denied'",
        ],
        "replica mode": [
            "SET session_replication_role = replica",
            "DELETE FROM public.audit_event",
        ],
        "moments that nobody can read": [
            (
                "INSERT INTO public.audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
                "SELECT max(seq) + 1, 'a:b', 'x', 'x', '{}', 'infinity', "
                f"(SELECT hash FROM public.audit_event ORDER BY seq DESC LIMIT 1), '{'9' * 64}' FROM public.audit_event"
            )
        ],
    }
