"""The trail and its export are read in many years, perhaps by another program: their format is fixed here."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlmodel import Session, select

from approvals.audit import chain, export, verification
from approvals.audit.export import NotGenuine
from approvals.audit.quotes import digest_text
from approvals.audit.trail_keys import make_key
from approvals.audit.verification import ChainWalk
from approvals.refusals import Refusal
from approvals.tables import AuditEvent
from tests.approvals.world import SECRET, START, ApprovalWorld

KEY = make_key(SECRET)
FIELDS = ("seq", "event", "actor", "subject", "facts", "previous", "hash")
IN_VILNIUS = START.astimezone(timezone(timedelta(hours=2)))


def append(session: Session, event: str, number: int) -> None:
    chain.append(
        session,
        event,
        key=KEY,
        actor="U0SAM",
        subject=f"card:{number}",
        facts={"z": "Žalė", "a": [number, None, True], "pin": "4711"},
        now=IN_VILNIUS + timedelta(seconds=number),
    )


def fill(world: ApprovalWorld, count: int = 3) -> list[AuditEvent]:
    with world.database.writing() as session:
        for number in range(1, count + 1):
            append(session, "card:read", number)
        return list(session.exec(select(AuditEvent)).all())


def lines(world: ApprovalWorld, **how: object) -> list[str]:
    values = {"key": KEY, "since": None, "upto": 99, "now": START, **how}
    with world.database.reading() as session:
        return list(export.write_lines(session, **values))  # type: ignore[arg-type]  # values of several types


def test_each_event_is_hashed_with_the_one_before_it(small: ApprovalWorld) -> None:
    key = hmac.new(SECRET, b"cardops audit chain", hashlib.sha256).digest()
    previous = "0" * 64
    for number, row in enumerate(fill(small), start=1):
        facts = f'{{"a":[{number},null,true],"pin":"(removed)","z":"Žalė"}}'
        at = f"2026-11-20T09:00:0{number}.000000+00:00"
        content = {"actor": "U0SAM", "at": at, "event": "card:read", "facts": facts, "seq": number}
        content["subject"] = f"card:{number}"
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        expected = hmac.new(key, bytes.fromhex(previous) + text.encode(), hashlib.sha256).hexdigest()

        assert row.facts == facts
        assert (row.seq, row.previous, row.hash) == (number, previous, expected)
        previous = row.hash


def test_a_refusal_is_in_the_trail_by_its_name_and_its_words(small: ApprovalWorld) -> None:
    with small.database.writing() as session:
        refusal = NotImplementedRefusal(what="this")
        chain.append_refusal(session, refusal, key=KEY, actor="U0SAM", subject="card:1", now=START)
        [row] = session.exec(select(AuditEvent)).all()

    assert (row.event, row.actor, row.subject) == ("approval:refused", "U0SAM", "card:1")
    assert json.loads(row.facts) == {
        "refusal": "NotImplementedRefusal",
        "sentence": "Nobody does {what}.",
        "words_digest": digest_text("Nobody does this."),
    }


class NotImplementedRefusal(Refusal):
    """Nobody does {what}."""


def test_the_words_say_what_does_not_fit(small: ApprovalWorld) -> None:
    rows = fill(small)
    start, first = chain.Head(seq=0, hash=chain.START), chain.Head(seq=1, hash=rows[0].hash)

    def why(row: AuditEvent, before: chain.Head, older: chain.Head | None = None) -> str:
        return ChainWalk(key=KEY, before=before, signer=KEY.newest, older=older).step(row)

    assert why(rows[0], start) == ""
    assert why(rows[1], start) == "Event 1 is missing."
    assert why(rows[2], start) == "Events 1 to 2 are missing."
    assert why(rows[1], chain.Head(seq=1, hash="f" * 64)) == "Event 2 does not follow the one before it."
    assert why(rows[1], first, chain.Head(seq=2, hash="f" * 64)) == "Event 2 is not the one that was told before."
    assert why(rows[1], first, chain.Head(seq=3, hash="f" * 64)) == ""
    rows[1].actor = "U0EVE"
    assert why(rows[1], first) == "Event 2 was changed."


def test_a_trail_that_is_shorter_than_it_was_says_by_how_much(small: ApprovalWorld) -> None:
    fill(small)
    with small.database.reading() as session:
        found = verification.verify(session, key=KEY, older=chain.Head(seq=5, hash="f" * 64))
        whole = verification.verify(session, key=KEY)

    assert (found.broken_at, found.words) == (4, "The trail ends at 3, but it was 5 long before.")
    assert (whole.is_intact, whole.words) == (True, "The chain holds.")


def test_an_export_has_a_line_for_each_event_and_a_seal_over_all(small: ApprovalWorld) -> None:
    rows = fill(small)
    *events, last = lines(small)
    seal = hmac.new(
        hmac.new(KEY.export_key, b"cardops audit export", hashlib.sha256).digest(), digestmod=hashlib.sha256
    )

    for row, line in zip(rows, events, strict=True):
        content = {
            name: getattr(row, name) for name in ("seq", "event", "actor", "subject", "facts", "previous", "hash")
        }
        content["at"] = row.happened_at.isoformat(timespec="microseconds")
        assert line == json.dumps(content, sort_keys=True, separators=(",", ":"))
        seal.update(line.encode() + b"\n")
    end = {"count": 3, "head": {"seq": 3, "hash": rows[-1].hash}, "exported_at": START.isoformat()}
    seal.update(json.dumps(end, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert last == json.dumps(end | {"hmac": seal.hexdigest()}, sort_keys=True, separators=(",", ":"))

    summary = export.check_lines([line + "\n" for line in (*events, last)], key=KEY)
    assert (summary.count, summary.head) == (3, chain.Head(seq=3, hash=rows[-1].hash))


def test_an_export_may_begin_and_end_anywhere(small: ApprovalWorld) -> None:
    rows = fill(small, 5)

    later = lines(small, since=rows[2].happened_at, upto=4)
    assert [json.loads(line)["seq"] for line in later[:-1]] == [3, 4]
    assert export.check_lines(later, key=KEY).count == 2
    nothing = lines(small, since=START + timedelta(days=1))
    assert json.loads(nothing[0])["head"] == {"seq": 0, "hash": chain.START}
    assert export.check_lines(nothing, key=KEY).count == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file[:-1], "it ends without its seal"),
        (lambda file: [*file[:1], *file[2:]], "Event 2 is missing"),
        (lambda file: [file[0].replace("U0SAM", "U0EVE"), *file[1:]], "Event 1 was changed"),
        (lambda file: [*file, file[0]], "there are lines after the seal"),
        (lambda file: ["no json", *file], "line 1 is no JSON"),
        (lambda file: ["[]", *file], "line 1 is no event"),
        (lambda file: ['{"seq": 1}', *file], "line 1 is no event"),
        (lambda file: [file[0].replace('"seq":1', '"seq":"x"'), *file[1:]], "line 1 is no event"),
        (lambda file: file[1:], "the seal does not fit"),
        (lambda file: [*file[:-1], file[-1].replace('"count":3', '"count":2')], "the seal does not fit"),
    ],
)
def test_a_file_that_was_changed_says_where(
    small: ApprovalWorld, change: Callable[[list[str]], list[str]], words: str
) -> None:
    fill(small)
    file = lines(small)

    with pytest.raises(NotGenuine, match=words):
        export.check_lines(iter(change(file)), key=KEY)
    with pytest.raises(NotGenuine):
        export.check_lines(file, key=make_key(b"another key of thirty-two bytes!"))


@pytest.mark.parametrize("claim", [{"count": 2}, {"head": {"seq": 2, "hash": "f" * 64}}])
def test_a_seal_over_other_events_than_there_are_is_not_believed(
    small: ApprovalWorld, claim: dict[str, Any]
) -> None:
    """Whoever has the key could have sealed it, by mistake."""
    fill(small)
    *events, last = lines(small)
    end = {name: value for name, value in json.loads(last).items() if name != "hmac"} | claim
    seal = hmac.new(
        hmac.new(KEY.export_key, b"cardops audit export", hashlib.sha256).digest(), digestmod=hashlib.sha256
    )
    for line in (*events, json.dumps(end, sort_keys=True, separators=(",", ":"))):
        seal.update(line.encode() + b"\n")

    with pytest.raises(NotGenuine, match="the seal counts other events than there are"):
        export.check_lines([*events, json.dumps(end | {"hmac": seal.hexdigest()})], key=KEY)
