"""A rule with `step_up: passkey`: what counts as a proof, at the decision and again before money moves."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from approvals.audit import row_macs
from approvals.evidence import verify
from approvals.execution.execution import NotClaimed
from approvals.policy.people import Member, NotInRole
from approvals.policy.rules import Rule, to_json
from approvals.requests import decisions as deciding
from approvals.statuses import Verdict
from approvals.step_up import keys, states
from approvals.step_up.assertions import (
    Assertion,
    ProofRefused,
    RelyingParty,
    check_new_key,
    decode,
    make_challenge,
    make_enrolment_challenge,
)
from approvals.step_up.keys import OwnPasskey, PasskeyOver, PasskeyThere
from approvals.step_up.proving import NoPasskey, PasskeyNeeded, ProofMissing, require_stored_proof
from approvals.step_up.states import APPROVED, REMOVED, NoSuchPasskey
from approvals.step_up.tables import Passkey
from approvals.tables import Decision, Request
from tests.approvals.evidence.test_evidence import KEY, make, resigned, verdict
from tests.approvals.step_up.authenticator import ORIGIN, Authenticator
from tests.approvals.world import ADA, MARA, MILO, SAM, ApprovalWorld, person, rule

ROOT, WHY = "operator:root", "phone drowned"
OTHER_ADMIN = person("U0OTTO", "admin")


@dataclass
class Desk:
    """People with passkeys around the desk of a world whose rule asks for one."""

    world: ApprovalWorld
    keys: dict[str, Authenticator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.use(rules=(rule(step_up="passkey"),))
        self.world.context = replace(self.world.context, public_url=ORIGIN)

    def enrols(self, who: Member, authenticator: Authenticator | None = None, *, nonce: str = "n1") -> Passkey:
        account = who.person.account
        made = authenticator or Authenticator(name=account.encode().ljust(16, b"."))
        self.keys[account] = made
        challenge = make_enrolment_challenge(account=account, nonce=nonce)
        new = check_new_key(made.creates(challenge), challenge=challenge, party=RelyingParty(origin=ORIGIN))
        with self.world.database.writing() as session:
            return keys.enrol(
                session, self.world.context, member=who, new=new, label="my phone", now=self.world.now
            )

    def approves_key(self, key: Passkey, by: Member = ADA) -> None:
        with self.world.database.writing() as session:
            keys.approve(session, self.world.context, fingerprint=key.fingerprint, member=by, now=self.world.now)

    def removes_key(self, key: Passkey, by: Member) -> None:
        with self.world.database.writing() as session:
            how = {"fingerprint": key.fingerprint, "reason": "lost"}
            keys.remove(session, self.world.context, member=by, now=self.world.now, **how)

    def has_key(self, who: Member) -> Passkey:
        key = self.enrols(who)
        self.approves_key(key, by=OTHER_ADMIN)
        return key

    def proves(
        self, request: Request, who: Member = MARA, verdict: str = "approve", nonce: str = "n2"
    ) -> Assertion:
        """Sign what the page asks for."""
        how = {"digest": request.digest, "person": who.person.id, "verdict": verdict, "nonce": nonce}
        return Assertion.of_browser(self.keys[who.person.account].signs(make_challenge(**how)), nonce=nonce)

    def decides(
        self,
        request: Request,
        assertion: Assertion | None,
        *,
        by: Member = MARA,
        verdict: Verdict = Verdict.APPROVE,
    ) -> Request:
        with self.world.database.writing() as session:
            return deciding.decide(
                session,
                self.world.context,
                request_id=request.id,
                digest=request.digest,
                verdict=verdict,
                member=by,
                reason="" if verdict is Verdict.APPROVE else "not this one",
                assertion=assertion,
                now=self.world.now,
            )


@pytest.fixture
def desk(small: ApprovalWorld) -> Desk:
    return Desk(small)


def test_a_decision_with_a_proof_counts_and_money_moves(world: ApprovalWorld) -> None:
    desk = Desk(world)
    desk.has_key(MARA)
    request = world.asks()

    approved = desk.decides(request, desk.proves(request))

    assert (approved.status, world.executes(request).status) == ("approved", "executed")
    with world.database.reading() as session:
        assert '"signature"' in session.get_one(Decision, (request.id, "U0MARA")).step_up


def test_two_people_with_two_keys_make_a_quorum_and_one_denies_with_theirs(desk: Desk) -> None:
    desk.world.use(rules=(rule(step_up="passkey", quorum=2),))
    desk.has_key(MARA)
    desk.has_key(MILO)
    request = desk.world.asks()

    assert desk.decides(request, desk.proves(request)).status == "pending"
    assert desk.decides(request, desk.proves(request, MILO), by=MILO).status == "approved"
    assert desk.world.executes(request).status == "executed"

    desk.world.passes(minutes=11)
    denied = desk.world.asks()
    assert desk.decides(denied, desk.proves(denied, verdict="deny"), verdict=Verdict.DENY).status == "denied"


def test_a_click_alone_is_not_enough(desk: Desk) -> None:
    request = desk.world.asks()

    with pytest.raises(NoPasskey):
        desk.world.decides(request)
    with pytest.raises(NoPasskey):
        desk.world.decides(request, deny="not this one")
    desk.has_key(MARA)
    with pytest.raises(PasskeyNeeded):
        desk.world.decides(request)
    assert desk.world.read(request).status == "pending"


def test_who_may_not_decide_learns_that_before_any_proof(desk: Desk) -> None:
    request = desk.world.asks()

    with pytest.raises(NotInRole):
        desk.decides(request, None, by=ADA)


Change = Callable[[Desk, Request], Assertion]


def of_another_person(desk: Desk, request: Request) -> Assertion:
    return desk.proves(request, MILO)


def of_another_request(desk: Desk, request: Request) -> Assertion:
    other = Request(**{**request.model_dump(), "digest": "0" * 64})
    return desk.proves(other)


def of_another_verdict(desk: Desk, request: Request) -> Assertion:
    return desk.proves(request, verdict="deny")


def of_another_token(desk: Desk, request: Request) -> Assertion:
    return replace(desk.proves(request), nonce="of another link")


def without_verification(desk: Desk, request: Request) -> Assertion:
    desk.keys["U0MARA"].verifies = False
    return desk.proves(request)


def by_another_key(desk: Desk, request: Request) -> Assertion:
    desk.keys["U0MARA"].key = Authenticator().key
    return desk.proves(request)


def with_a_counter_that_went_back(desk: Desk, request: Request) -> Assertion:
    desk.keys["U0MARA"].count = -1
    return desk.proves(request)


def from_another_origin(desk: Desk, request: Request) -> Assertion:
    desk.keys["U0MARA"].origin, desk.keys["U0MARA"].rp = "https://evil.example", "cardops.example.com"
    return desk.proves(request)


def for_another_rp(desk: Desk, request: Request) -> Assertion:
    desk.keys["U0MARA"].rp = "evil.example"
    return desk.proves(request)


def with_another_signature(desk: Desk, request: Request) -> Assertion:
    return replace(desk.proves(request), signature="AAAA")


@pytest.mark.parametrize(
    "change",
    [
        of_another_person,
        of_another_request,
        of_another_verdict,
        of_another_token,
        without_verification,
        by_another_key,
        with_a_counter_that_went_back,
        from_another_origin,
        for_another_rp,
        with_another_signature,
    ],
    ids=lambda change: change.__name__,
)
def test_a_proof_is_refused(desk: Desk, change: Change) -> None:
    first = Authenticator(name=b"U0MARA..........", count=5)
    desk.approves_key(desk.enrols(MARA, first))
    desk.has_key(MILO)
    request = desk.world.asks()

    with pytest.raises(ProofRefused):
        desk.decides(request, change(desk, request))
    assert desk.world.decisions(request) == 0


def test_a_proof_cannot_be_replayed_on_another_request(desk: Desk) -> None:
    desk.has_key(MARA)
    first = desk.world.asks()
    proof = desk.proves(first)
    desk.decides(first, proof)
    desk.world.executes(first)
    desk.world.passes(minutes=11)
    second = desk.world.asks()

    with pytest.raises(ProofRefused):
        desk.decides(second, proof)


def test_enrolling_takes_another_admin(desk: Desk) -> None:
    key = desk.enrols(ADA)
    mara = desk.enrols(MARA)
    request = desk.world.asks()

    with pytest.raises(OwnPasskey):
        desk.approves_key(key)
    with pytest.raises(NotInRole):
        desk.approves_key(mara, by=MILO)
    with pytest.raises(NoPasskey):
        desk.decides(request, desk.proves(request))
    desk.approves_key(key, by=OTHER_ADMIN)
    with pytest.raises(PasskeyOver, match=APPROVED):
        desk.approves_key(key, by=OTHER_ADMIN)
    with pytest.raises(PasskeyThere):
        desk.enrols(MARA, desk.keys["U0MARA"])
    with pytest.raises(NoSuchPasskey):
        desk.approves_key(Passkey(**{**key.model_dump(), "fingerprint": "0000-0000-0000-0000"}))


def test_a_key_that_is_removed_proves_nothing_any_more_not_even_what_it_proved(desk: Desk) -> None:
    key = desk.has_key(MARA)
    request = desk.world.asks()
    desk.decides(request, desk.proves(request))

    with pytest.raises(NotInRole):
        desk.removes_key(key, by=SAM)
    desk.removes_key(key, by=MARA)

    claimed = desk.world.claims(request)
    assert isinstance(claimed, NotClaimed)
    assert "no valid proof" in claimed.words
    assert [told.recipient for told in desk.world.outbox.told if told.kind == "passkey_news"][-2:] == [
        "U0ADA",
        "U0MARA",
    ]


@pytest.mark.parametrize("kept", ["", "no proof", "signature", "nonce", "credential"])
def test_the_claim_checks_the_kept_proof_once_more(desk: Desk, kept: str) -> None:
    """Whatever wrote the row: somebody may have the keys of the MACs, and not the passkey."""
    desk.has_key(MARA)
    request = desk.world.asks()
    proof = desk.proves(request)
    desk.decides(request, proof)
    changed = replace(proof, **{kept: "AAAA"}).write() if hasattr(proof, kept) and kept else kept
    with desk.world.database.reading() as session:
        row = session.get_one(Decision, (request.id, "U0MARA"))
        require_stored_proof(session, desk.world.context, row)
        other = Decision(**{**row.model_dump(), "step_up": changed})

        with pytest.raises(ProofMissing):
            require_stored_proof(session, desk.world.context, other)


def test_a_rule_that_asks_for_a_passkey_since_takes_back_what_was_clicked(desk: Desk) -> None:
    desk.world.use(rules=(rule(),))
    request = desk.world.approved()
    desk.world.use(rules=(rule(step_up="passkey"),))

    claimed = desk.world.claims(request)

    assert isinstance(claimed, NotClaimed)
    assert "no valid proof of one is kept" in claimed.words


def test_the_mac_covers_the_proof_and_decisions_without_one_keep_theirs(desk: Desk) -> None:
    row = Decision(
        request_id="1",
        person_id="U0MARA",
        account="U0MARA",
        name="Mara",
        verdict="approve",
        digest="d",
        reason="",
        decided_at=desk.world.now,
        step_up="",
    )
    row.mac = row_macs.sign_decision(row, macs=desk.world.context.macs)
    assert row_macs.fits_decision(row, macs=desk.world.context.macs)

    row.step_up = "{}"

    assert not row_macs.fits_decision(row, macs=desk.world.context.macs)


def test_raw_sql_cannot_add_a_decision_without_its_proof(world: ApprovalWorld) -> None:
    desk = Desk(world)
    request = world.asks()
    forged = (
        "INSERT INTO approval_decision "
        "(request_id, person_id, account, name, verdict, digest, reason, decided_at, mac) "
        "SELECT id, 'U0MARA', 'U0MARA', 'Mara', 'approve', digest, '', created_at, '' FROM approval_request"
    )

    with (
        pytest.raises(DBAPIError, match="a decision has the proof that its rule asks for"),
        desk.world.database.writing() as session,
    ):
        session.connection().execute(text(forged))
    assert world.decisions(request) == 0


def test_a_forged_key_or_word_counts_for_nothing(desk: Desk) -> None:
    desk.enrols(MARA)
    forged = (
        "INSERT INTO passkey_word (passkey_id, word, person_id, account, name, reason, said_at, mac) "
        "SELECT id, 'approved', 'U0ADA', 'U0ADA', 'Ada', '', enrolled_at, 'forged' FROM passkey"
    )
    with desk.world.database.writing() as session:
        session.connection().execute(text(forged))
    request = desk.world.asks()

    with pytest.raises(NoPasskey):
        desk.decides(request, desk.proves(request))


def test_a_key_that_was_removed_is_not_approved_again_and_that_is_why(desk: Desk) -> None:
    key = desk.has_key(MARA)
    desk.removes_key(key, by=ADA)

    with pytest.raises(PasskeyOver, match=REMOVED):
        desk.approves_key(key)
    how: dict[str, Any] = {"operator": ROOT, "reason": WHY, "now": desk.world.now}
    with pytest.raises(PasskeyOver, match=REMOVED), desk.world.database.writing() as session:
        keys.approve_as_operator(session, desk.world.context, fingerprint=key.fingerprint, **how)


def test_an_operator_can_reset_keys_and_approve_one_loudly(desk: Desk) -> None:
    old = desk.has_key(ADA)
    context = desk.world.context
    with desk.world.database.writing() as session:
        assert keys.reset(session, context, account="U0ADA", operator=ROOT, reason=WHY, now=desk.world.now) == 1
    new = desk.enrols(ADA, Authenticator(name=b"another phone..."))
    with desk.world.database.writing() as session:
        how: dict[str, Any] = {"operator": ROOT, "reason": WHY, "now": desk.world.now}
        keys.approve_as_operator(session, context, fingerprint=new.fingerprint, **how)
        assert [key.id for key in states.find_active(session, context, account="U0ADA")] == [new.id]

    assert old.id != new.id
    assert desk.world.events()[-3:] == ["passkey:removed", "passkey:enrolled", "passkey:approved"]
    said = [told.facts["says"] for told in desk.world.outbox.told if told.kind == "passkey_news"]
    assert WHY in said[-1]


def test_evidence_has_the_proof_and_others_check_it_with_openssl_too(desk: Desk, tmp_path: Path) -> None:
    desk.has_key(MARA)
    request = desk.world.asks()
    desk.decides(request, desk.proves(request))
    content = make(desk.world, request)
    [row] = json.loads(verify.read_archive(content)["decisions.json"])["decisions"]
    proof = row["step_up"]

    assert any("Proved by their passkey" in line for line in verify.check(content, KEY.public))

    signed = decode(proof["authenticator_data"]) + hashlib.sha256(decode(proof["client_data"])).digest()
    (tmp_path / "signed").write_bytes(signed)
    (tmp_path / "signature").write_bytes(decode(proof["signature"]))
    (tmp_path / "key.pem").write_text(proof["public_key"])
    words = "openssl dgst -sha256 -verify key.pem -signature signature signed".split()
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (None, None, "has no proof by a passkey"),
        ("nonce", "of another", "something else than this decision"),
        ("signature", "AAAA", "not by the passkey that is named"),
    ],
)
def test_evidence_with_a_swapped_assertion_is_red(desk: Desk, name: str | None, value: str, words: str) -> None:
    desk.has_key(MARA)
    request = desk.world.asks()
    desk.decides(request, desk.proves(request))

    def swap(decisions: dict[str, Any]) -> None:
        row = decisions["decisions"][0]
        row["step_up"] = None if name is None else {**row["step_up"], name: value}

    assert words in verdict(resigned(make(desk.world, request), swap, "decisions.json"))


@pytest.mark.parametrize(("rule_", "is_written"), [(rule(), False), (rule(step_up="passkey"), True)])
def test_a_rule_without_step_up_is_written_as_the_version_before_reads_it(rule_: Rule, is_written: bool) -> None:
    """While replicas are replaced one by one, the old ones read what the new ones open."""
    assert ("step_up" in to_json(rule_)) is is_written
