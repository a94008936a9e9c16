"""Evidence of a request: what an outsider can check without us; nothing in it can be changed unnoticed."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from approvals.audit import export
from approvals.audit.row_macs import make_macs
from approvals.audit.signed_texts import export_text, head_text
from approvals.canonical_json import canonical_json
from approvals.evidence import archive, collected, pdf, verify
from approvals.evidence.page import EvidencePage, PageSection
from approvals.evidence.trail_slice import Surroundings
from approvals.messages.notices import message_key
from approvals.tables import AuditEvent, Request
from notifier.outbox.sealed_facts import seal_facts
from notifier.outbox.tables import Delivery, Message
from paytend.card_numbers import find_card_numbers
from storage.signing import SigningKey, is_signed
from tests.approvals.world import MARA, MILO, SECRET, START, ApprovalWorld, rule

KEY = SigningKey(b"e" * 32)
OTHER = SigningKey(b"o" * 32)
AROUND = Surroundings(workspace_url="https://acme.slack.com/", timezone=ZoneInfo("Europe/Vilnius"))
Files = dict[str, bytes]


def collect(world: ApprovalWorld, request: Request, *, around: Surroundings = AROUND) -> dict[str, Any]:
    with world.database.reading() as session:
        found = session.get_one(Request, request.id)
        return collected.collect(session, world.context, found, around=around)


def make(world: ApprovalWorld, request: Request) -> bytes:
    return archive.make_archive(collect(world, request), pdf=b"%PDF-", key=KEY, now=world.now)


def executed(world: ApprovalWorld) -> Request:
    """A top-up by two people, carried out, with other things going on meanwhile."""
    world.use(rules=(rule(quorum=2),))
    request = world.asks("120.00 EUR", reason="Invoice 77")
    world.passes(minutes=1)
    world.decides(request, MARA)
    world.decides(request, MILO)
    return world.executes(request)


def verdict(content: bytes, key: str = KEY.public, told: tuple[int, str] | None = None) -> str:
    """The last words of the program: what is wrong, or nothing."""
    try:
        list(verify.check(content, key, told=told))
    except verify.Wrong as wrong:
        return str(wrong)
    return ""


def resigned(content: bytes, change: Callable[[dict[str, Any]], None], name: str, key: SigningKey = KEY) -> bytes:
    """The archive with one of its files changed, by somebody who has a key."""
    files = verify.read_archive(content)
    value = json.loads(files[name])
    change(value)
    files[name] = json.dumps(value).encode()
    return signed(files, key)


def signed(files: Files, key: SigningKey) -> bytes:
    manifest = json.loads(files[verify.MANIFEST])
    files[verify.PUBLIC_KEY] = key.public_pem
    manifest["public_key"] = key.public
    manifest["files"] = {name: hashlib.sha256(files[name]).hexdigest() for name in manifest["files"]}
    files[verify.MANIFEST] = json.dumps(manifest).encode()
    files[verify.SIGNATURE] = key.sign(files[verify.MANIFEST])
    return verify.write_archive(list(files.items()))


def test_evidence_says_who_decided_what_and_what_became_of_it(world: ApprovalWorld) -> None:
    request = executed(world)

    said = list(verify.check(make(world, request), KEY.public))

    assert any("Mara (U0MARA): approve at 2026-11-20T09:01" in line for line in said)
    assert any("2 people approved it; 2 were needed. It is executed." in line for line in said)
    assert any("It was sent to Paytend; outcome: executed, " in line for line in said)
    assert any("digest that people decided on" in line for line in said)


def test_the_page_shows_the_request_as_it_was_shown_with_rule_trail_and_books(small: ApprovalWorld) -> None:
    request = executed(small)

    page = verify.read_archive(make(small, request))["page.html"].decode()

    for words in ("Top-up 120.00 EUR to Anna Kern •••• 4242", "Invoice 77", "approval:approved"):
        assert words in page
    assert request.digest in page
    assert "Its day was not compared with Paytend&#x27;s whole list yet." in page
    assert "<script" not in page


NAMES = {
    "request.json": "action approved_at created_at decide_by digest digest_has_reference ended_at ended_because "
    "execute_by id mac mac_verdict payload payload_is phrase policy_version quorum reference requester_account "
    "requester_id requester_name rule shown status subject title version",
    "decisions.json": "decisions settlements",
    "execution.json": "absent_code absent_since asked_at attempts claimed_at contradicted_at contradicted_by "
    "finished_at last_said outcome provider_reference refused_code refused_words sent_at unknown_since words",
    "books.json": "days differences says",
    "trail.json": "events follows told verdict",
}
DECISION = "account decided_at digest mac mac_verdict name person_id reason request_id step_up verdict void"


def test_the_files_have_the_names_of_their_format(small: ApprovalWorld) -> None:
    """Others read them with programs of their own: other names are another format."""
    facts = collect(small, executed(small))

    assert {name: " ".join(sorted(facts[name])) for name in NAMES} == NAMES
    assert [" ".join(sorted(row)) for row in facts["decisions.json"]["decisions"]] == [DECISION, DECISION]
    assert set(facts) == {*NAMES, "messages.json"}


def test_each_message_about_it_is_named_with_its_place_and_moment(small: ApprovalWorld) -> None:
    request = small.asks()
    with small.database.writing() as session:
        for number, (key, thread) in enumerate(
            [(message_key(request.id), None), ("reply", "1700000000.000001"), ("of another thread", "1.1")],
            start=1,
        ):
            place = {"recipient": "C0APPROVALS", "channel": "C0APPROVALS", "ts": f"1700000000.00000{number}"}
            session.add(Message(id=str(number), key=key, thread_ts=thread, posted_at=small.now, **place))

    rows = collect(small, request)["messages.json"]

    link = "https://acme.slack.com/archives/C0APPROVALS/p170000000000000"
    at = "2026-11-20T09:00:00.000000+00:00"
    assert rows == [
        {
            "what": "request message",
            "channel": "C0APPROVALS",
            "ts": "1700000000.000001",
            "permalink": f"{link}1",
            "posted_at": at,
        },
        {
            "what": "reply",
            "channel": "C0APPROVALS",
            "ts": "1700000000.000002",
            "permalink": f"{link}2?thread_ts=1700000000.000001&cid=C0APPROVALS",
            "posted_at": at,
        },
    ]


def test_the_program_needs_nothing_of_ours_and_says_green(small: ApprovalWorld, tmp_path: Path) -> None:
    content = make(small, executed(small))
    (tmp_path / "evidence.zip").write_bytes(content)
    program = tmp_path / "verify.py"
    program.write_bytes(verify.read_archive(content)["verify.py"])
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(ast.parse(program.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    done = subprocess.run(
        [sys.executable, "-I", program, "evidence.zip", KEY.public],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("GREEN  Everything fits.\n")
    roots = {name.partition(".")[0] for name in imported}
    assert roots <= {*sys.stdlib_module_names, "cryptography"}


def test_the_program_says_red_and_how_it_is_called(
    small: ApprovalWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evidence.zip"
    file.write_bytes(make(small, executed(small)))

    assert verify.main([str(file), OTHER.public]) == 1
    assert "RED  the signature of the manifest is not by this key" in capsys.readouterr().out
    assert verify.main([str(file)]) == verify.main([str(file), KEY.public, "--told", "7"]) == 2
    assert "python3 verify.py FILE KEY" in capsys.readouterr().out


def test_openssl_checks_the_signature_too(small: ApprovalWorld, tmp_path: Path) -> None:
    files = verify.read_archive(make(small, executed(small)))
    for name in (verify.MANIFEST, verify.SIGNATURE):
        (tmp_path / name).write_bytes(files[name])
    (tmp_path / "key.pem").write_bytes(KEY.public_pem)
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    words += ["-in", verify.MANIFEST, "-sigfile", verify.SIGNATURE]

    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / verify.MANIFEST).write_bytes(files[verify.MANIFEST] + b" ")
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_any_byte_that_is_changed_turns_it_red(small: ApprovalWorld) -> None:
    content = make(small, executed(small))

    @settings(max_examples=40, deadline=None, database=None)
    @given(place=st.integers(0, len(content) - 1), mask=st.integers(1, 255))
    def flips(place: int, mask: int) -> None:
        changed = bytearray(content)
        changed[place] ^= mask
        assert verdict(bytes(changed))

    flips()
    assert not verdict(content)


@pytest.mark.soak
def test_every_byte_that_is_changed_turns_it_red(small: ApprovalWorld) -> None:
    content = make(small, executed(small))

    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        assert verdict(bytes(changed)), place


@pytest.mark.parametrize("cut", [0, 1, 30, -1])
def test_what_is_cut_off_or_added_turns_it_red(small: ApprovalWorld, cut: int) -> None:
    content = make(small, executed(small))

    assert verdict(content[:cut])
    assert verdict(content + b"\0")
    assert verdict(verify.write_archive([*verify.read_archive(content).items(), ("more.txt", b"")]))


def drop_event(trail: dict[str, Any]) -> None:
    del trail["events"][2]


def add_event(trail: dict[str, Any]) -> None:
    trail["events"].insert(2, dict(trail["events"][2]))


def drop_last_event(trail: dict[str, Any]) -> None:
    del trail["events"][-1]


def change_link(trail: dict[str, Any]) -> None:
    trail["events"][1]["hash"] = "0" * 64


@pytest.mark.parametrize("change", [drop_event, add_event, drop_last_event, change_link])
def test_an_event_that_is_removed_or_added_turns_it_red_even_when_it_is_signed_again(
    small: ApprovalWorld, change: Callable[[dict[str, Any]], None]
) -> None:
    content = make(small, executed(small))

    assert "the trail" in verdict(resigned(content, change, "trail.json"))


def make_requester_decide(decisions: dict[str, Any]) -> None:
    decisions["decisions"][0]["account"] = "U0SAM"


def exchange_mac(decisions: dict[str, Any]) -> None:
    decisions["decisions"][0]["mac"] = "0" * 8 + ":" + "0" * 64


def drop_decision(decisions: dict[str, Any]) -> None:
    del decisions["decisions"][0]


def decide_other_content(decisions: dict[str, Any]) -> None:
    decisions["decisions"][0]["digest"] = "0" * 64


def void_one(decisions: dict[str, Any]) -> None:
    decisions["decisions"][0]["void"] = "left the team"


def lose_its_mac(decisions: dict[str, Any]) -> None:
    decisions["decisions"][0]["mac_verdict"] = "does not fit"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (make_requester_decide, "asked for this, and decided it too"),
        (exchange_mac, "the decisions are not those of the trail"),
        (drop_decision, "the decisions are not those of the trail"),
        (decide_other_content, "on other content"),
        (void_one, "1 people, and 2 were needed"),
        (lose_its_mac, "does not fit"),
    ],
)
def test_a_decision_that_does_not_fit_turns_it_red(
    small: ApprovalWorld, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    assert words in verdict(resigned(make(small, executed(small)), change, "decisions.json"))


def test_other_content_than_was_decided_on_turns_it_red(small: ApprovalWorld) -> None:
    def raise_amount(request: dict[str, Any]) -> None:
        request["payload"]["money"] = "999.00 EUR"

    assert "does not have the digest" in verdict(
        resigned(make(small, executed(small)), raise_amount, "request.json")
    )


def test_a_swapped_key_turns_it_red(small: ApprovalWorld) -> None:
    content = make(small, executed(small))
    forged = signed(verify.read_archive(content), OTHER)

    assert "another key signed it" in verdict(forged)
    assert "another key signed it" in verdict(content, OTHER.public)
    assert "the key cannot be read" in verdict(content, "ed25519:AAAA")


def test_a_row_that_somebody_wrote_is_named_by_the_evidence_itself(small: ApprovalWorld) -> None:
    request = executed(small)
    small.context = replace(small.context, macs=make_macs(b"x" * 32))

    assert "does not fit its MAC" in verdict(make(small, request))


def test_what_retention_purged_is_shown_as_purged_with_its_digest(small: ApprovalWorld) -> None:
    request = small.withdraws(small.asks())
    facts = collect(small, request)
    kept = facts["request.json"]
    facts["request.json"] = {**kept, "payload": None, "payload_is": "purged", "shown": None}

    content = archive.make_archive(facts, pdf=b"", key=KEY, now=small.now)

    assert f"purged by retention; its digest is {request.digest}." in "\n".join(verify.check(content, KEY.public))
    assert b"(purged by retention)" in verify.read_archive(content)["page.html"]


def test_what_names_a_card_is_withheld_whole_and_said_to_be(small: ApprovalWorld) -> None:
    request = executed(small)

    def withhold(facts: dict[str, Any]) -> None:
        facts |= {"payload": None, "payload_is": "withheld"}

    said = "\n".join(verify.check(resigned(make(small, request), withhold, "request.json"), KEY.public))

    assert f"is withheld, as it names a card; its digest is {request.digest}." in said


def test_there_is_no_card_number_token_or_key_inside(small: ApprovalWorld) -> None:
    facts = collect(small, executed(small))
    content = archive.make_archive(facts, pdf=b"", key=KEY, now=small.now)

    for secret in (SECRET, b"e" * 32, b"xoxb-", b"PRIVATE"):
        assert secret not in content
    for text in texts(facts):
        assert not find_card_numbers(text), text


def texts(value: object) -> list[str]:
    """Every text for people: digests have enough digits in a row to look like a card number now and then."""
    match value:
        case dict():
            return [text for name, inner in value.items() if name not in DIGESTS for text in texts(inner)]
        case list():
            return [text for inner in value for text in texts(inner)]
        case str():
            return [value]
        case _:
            return []


DIGESTS = ("digest", "mac", "hash", "previous", "facts", "reference", "id", "provider_reference")


def test_events_of_others_are_links_only(small: ApprovalWorld) -> None:
    request = small.asks()
    small.card = small.card.model_copy(update={"card_id": "1755903", "subject": "1755903"})
    small.withdraws(small.asks("77.00 EUR"))
    small.decides(request)

    events = collect(small, request)["trail.json"]["events"]

    assert [set(event) == {"seq", "previous", "hash"} for event in events] == [False, True, True, False]


def post_head(world: ApprovalWorld, *, number: int, digest: str) -> None:
    """Post a head of the trail as the clock's job does."""
    at = world.now.isoformat(timespec="seconds")
    signature = KEY.sign_text(head_text(number, digest, at))
    facts = {"number": number, "hash": digest, "signed_at": at, "signature": signature, "public_key": KEY.public}
    name = f"{number:026d}"
    with world.database.writing() as session:
        session.add(
            Delivery(
                id=name,
                seq=number,
                kind="audit_head",
                facts=seal_facts(facts, vault=world.context.vault, delivery_id=name),
                recipient="C0AUDIT",
                lane="C0AUDIT",
                key=f"audit_head:{number}",
                created_at=world.now,
                due_at=world.now,
            )
        )
        session.add(
            Message(
                id=name,
                key=f"audit_head:{number}",
                recipient="C0AUDIT",
                channel="C0AUDIT",
                ts="1700000000.000100",
                posted_at=world.now,
            )
        )


def hashes(session: Session) -> Mapping[int, str]:
    return {row.seq: row.hash for row in session.exec(select(AuditEvent))}


def test_the_slice_ends_at_the_first_head_that_was_told_behind_it(world: ApprovalWorld) -> None:
    request = world.withdraws(world.asks())
    world.passes(minutes=20)
    world.withdraws(world.asks())
    with world.database.reading() as session:
        by_number = hashes(session)
    for number in (1, 3, 4):
        post_head(world, number=number, digest=by_number[number])

    trail = collect(world, request)["trail.json"]
    content = make(world, request)

    assert (trail["told"]["number"], trail["events"][-1]["seq"]) == (3, 3)
    assert trail["told"]["permalink"] == "https://acme.slack.com/archives/C0AUDIT/p1700000000000100"
    assert not verdict(content, told=(2, by_number[2]))
    assert "another hash than you were told" in verdict(content, told=(3, "0" * 64))
    assert "not among these events" in verdict(content, told=(4, by_number[4]))

    def forge_head(changed: dict[str, Any]) -> None:
        changed["told"]["at"] = "2026-11-21T00:00:00+00:00"

    assert "the head that was posted" in verdict(resigned(content, forge_head, "trail.json"))


def test_where_the_head_was_posted_is_said_if_the_address_of_the_workspace_is_known(small: ApprovalWorld) -> None:
    request = small.withdraws(small.asks())
    with small.database.reading() as session:
        post_head(small, number=2, digest=hashes(session)[2])
    nameless = collect(small, request, around=replace(AROUND, workspace_url=""))

    [said] = [line for line in verify.check(make(small, request), KEY.public) if "was posted" in line]
    made = archive.make_archive(nameless, pdf=b"", key=KEY, now=small.now)
    [said_without] = [line for line in verify.check(made, KEY.public) if "was posted" in line]

    assert said.endswith(
        "was posted at 2026-11-20T09:00:00+00:00, see https://acme.slack.com/archives/C0AUDIT/p1700000000000100."
    )
    assert said_without.endswith("was posted at 2026-11-20T09:00:00+00:00.")


def test_an_export_is_signed_and_any_byte_that_is_changed_turns_it_red(small: ApprovalWorld) -> None:
    executed(small)
    with small.database.reading() as session:
        how = {"key": small.context.audit_key, "since": None, "upto": 99, "now": small.now, "signer": KEY}
        lines = list(export.write_lines(session, **how))  # type: ignore[arg-type]  # values of several types
    content = "".join(f"{line}\n" for line in lines).encode()
    assert not verdict(content)
    assert export.check_lines(lines, key=small.context.audit_key).count == len(lines) - 1

    @settings(max_examples=40, deadline=None, database=None)
    @given(place=st.integers(0, len(content) - 1), mask=st.integers(1, 255))
    def flips(place: int, mask: int) -> None:
        changed = bytearray(content)
        changed[place] ^= mask
        assert verdict(bytes(changed))

    flips()
    assert verdict("".join(f"{line}\n" for line in lines[1:]).encode())
    assert "without a signature" in verdict("".join(f"{line}\n" for line in lines[:-1]).encode())


def test_an_export_is_compared_with_the_head_that_was_told(
    small: ApprovalWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = executed(small)
    with small.database.reading() as session:
        by_number = hashes(session)
        since = small.execution(request).claimed_at
        how = {"key": small.context.audit_key, "since": since, "upto": 4, "now": small.now, "signer": KEY}
        lines = list(export.write_lines(session, **how))  # type: ignore[arg-type]  # values of several types
    file = tmp_path / "trail.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    content = file.read_bytes()

    said = "\n".join(verify.check(content, KEY.public, told=(4, by_number[4])))
    assert "3 events, and nothing in it was changed since" in said
    assert "Event 4 has the hash that you were told." in said
    assert not verdict(content, told=(1, by_number[1])), "what the first event follows"
    assert "another hash than you were told" in verdict(content, told=(4, by_number[3]))
    assert "not among these events" in verdict(content, told=(5, by_number[5]))
    # On the command line the hash may be in capitals, as somebody has copied it.
    assert verify.main([str(file), KEY.public, "--told", f"4:{by_number[4].upper()}"]) == 0
    assert capsys.readouterr().out == "".join(f"ok   {line}\n" for line in said.splitlines()) + (
        "GREEN  Everything fits.\n"
    )
    assert verify.main([str(file), KEY.public, "--told", f"4:{by_number[3]}"]) == 1


def test_the_last_line_of_an_export_has_one_right_form_and_names_the_key_that_signed_it(
    small: ApprovalWorld,
) -> None:
    executed(small)
    with small.database.reading() as session:
        how = {"key": small.context.audit_key, "since": None, "upto": 99, "now": small.now, "signer": KEY}
        *lines, last = export.write_lines(session, **how)  # type: ignore[arg-type]  # values of several types
    events = "".join(f"{line}\n" for line in lines)
    seal = json.loads(last)
    other = {name: value for name, value in seal.items() if name != "signature"} | {"public_key": OTHER.public}
    signed_text = export_text(hashlib.sha256(events.encode()).hexdigest(), written(other))
    other["signature"] = KEY.sign_text(signed_text)

    assert not verdict(f"{events}{written(seal)}\n".encode())
    assert "its last line was changed" in verdict(f"{events}{json.dumps(seal)}\n".encode())
    assert "its last line was changed" in verdict(f"{events}{written(other)}\n".encode())


def written(seal: Mapping[str, Any]) -> str:
    return json.dumps(seal, sort_keys=True, separators=(",", ":"))


def test_the_pdf_says_all_that_the_page_says_in_its_language() -> None:
    def drawn(title: str = "Evidence", section: str = "Asked", label: str = "Reason", text: str = "77") -> bytes:
        page = EvidencePage(title=title, sections=[PageSection(title=section, rows=[(label, text)])])
        return pdf.draw({**asdict(page), "at": "2026-11-20T09:00:00+00:00"})

    whole = drawn()

    assert whole == drawn()
    assert b"/Lang (en)" in whole
    assert b"(Evidence)" in whole
    others = [drawn(title="Other"), drawn(section="Other"), drawn(label="Other"), drawn(text="Other")]
    assert len({shown(each) for each in (whole, *others)}) == 5
    assert pages(whole) == 1
    assert pages(drawn(text="long " * 3_000)) > 1


def pages(content: bytes) -> int:
    return content.count(b"/Type /Page\n")


def shown(content: bytes) -> bytes:
    """The commands that draw the pages."""
    found = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    streams = [zlib.decompress(each) for each in found if each.startswith(b"x")]
    return b"".join(each for each in streams if b" Tj" in each or b" TJ" in each)


def test_why_a_pdf_could_not_be_drawn_is_said_with_the_end_of_what_the_program_said() -> None:
    page = EvidencePage(title="half of a letter: \ud800", sections=[])

    with pytest.raises(pdf.NotDrawn, match=r"UnicodeEncodeError: .*surrogates not allowed$") as raised:
        pdf.draw_apart(page, at=START)
    assert len(str(raised.value)) <= 200


def test_the_program_and_the_bot_sign_the_same_texts() -> None:
    assert verify.head_text(7, "a" * 64, "2026") == head_text(7, "a" * 64, "2026")
    assert verify.export_text("d", "{}") == export_text("d", "{}")
    assert verify.canonical({"b": "ž", "a": [1, None]}) == canonical_json({"b": "ž", "a": [1, None]})
    assert is_signed("words", KEY.sign_text("words"), public=KEY.public)
    assert not is_signed("words", KEY.sign_text("words"), public=OTHER.public)
    assert not is_signed("words", "no Base64", public="")
