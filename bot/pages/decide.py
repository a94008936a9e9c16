"""The page on which a person proves a decision with their passkey: `/decide/<token>`."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from sqlmodel import Session

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages.request_message import make_request_message
from approvals.policy.people import DirectoryUnreadable, Member
from approvals.refusals import Refusal
from approvals.requests import decisions as deciding
from approvals.requests.move import subject_of
from approvals.requests.view import read_view
from approvals.statuses import Verdict
from approvals.step_up import states
from approvals.step_up.assertions import Assertion, RelyingParty, encode, make_challenge
from approvals.step_up.proving import NoPasskey
from bot.database.engine import SqlDatabase
from bot.http.app import Allowance
from bot.pages.html import PageFacts, PageView
from bot.pages.site import ASK_AGAIN, Page, Submission, tell
from bot.pages.tokens import PageGrant, PageTokens, TokenOver

PURPOSE = "decide"
LASTS = timedelta(minutes=5)
ALLOWANCE = Allowance(keeps=32_000, reads=256_000, seconds=10, answered_within=20)
_DONE = {Verdict.APPROVE: "Approved", Verdict.DENY: "Denied"}
_DOES = {Verdict.APPROVE: "Approve with your passkey", Verdict.DENY: "Deny with your passkey"}


@dataclass(frozen=True, kw_only=True)
class DecidePageFacts(PageFacts, template="decide", script="passkey.js"):
    """What the page shows: the same as the card, and what the browser is to sign."""

    title: str
    rows: list[tuple[str, str]]
    asks_reason: bool
    button: str
    options: str


@dataclass(frozen=True, kw_only=True)
class PageDesk:
    """What the pages of passkeys work with; `find_member` raises DirectoryUnreadable."""

    database: SqlDatabase
    context: ApprovalContext
    tokens: PageTokens
    find_member: Callable[[str], Member]
    now_in: Callable[[Session], datetime]
    wake: Callable[[], None]

    def refuse(self, submission: Submission, refusal: Refusal, *, subject: str) -> PageView:
        """Use the token up, note the refusal in the trail, and return what the person reads."""
        grant = submission.grant
        with self.database.writing() as session:
            with suppress(TokenOver):  # somebody else was quicker with it
                self.tokens.spend_in(session, submission.token, purpose=grant.purpose)
            chain.append_refusal(
                session,
                refusal,
                key=self.context.audit_key,
                actor=grant.account,
                subject=subject,
                now=self.now_in(session),
            )
        return say_refusal(refusal)


def make_decide_page(desk: PageDesk) -> Page:
    """Return the page."""
    return Page(
        purpose=PURPOSE,
        show=lambda grant: _show(desk, grant),
        submit=lambda submission: _submit(desk, submission),
        allowance=ALLOWANCE,
    )


def say_refusal(refusal: Refusal) -> PageView:
    """Return a refusal as a page."""
    return tell("409 Conflict", "Nothing was done", str(refusal), ASK_AGAIN)


def say_unreadable() -> PageView:
    """Return that Slack did not say who somebody is."""
    return tell(
        "503 Service Unavailable", "Not now", "Slack didn’t confirm who you are.", "Try again in a minute."
    )


def read_field(submission: Submission, name: str) -> str:
    """Return one field of the form that was sent; empty where it is not there."""
    try:
        fields = parse_qs(submission.request.body.decode(), max_num_fields=10)
    except ValueError:
        return ""
    return fields.get(name, [""])[0]


def _show(desk: PageDesk, grant: PageGrant) -> PageView:
    verdict, context = Verdict(grant.bound["verdict"]), desk.context
    try:
        member = desk.find_member(grant.account)
        with desk.database.reading() as session:
            now = desk.now_in(session)
            digest = grant.bound["digest"]
            request = deciding.require_decider(
                session, context, request_id=grant.subject, digest=digest, member=member, now=now
            )
            message = make_request_message(read_view(session, context, request, now=now))
            found = states.find_active(session, context, account=grant.account)
        if not found:
            raise NoPasskey
    except DirectoryUnreadable:
        return say_unreadable()
    except Refusal as refusal:
        return say_refusal(refusal)
    challenge = make_challenge(
        digest=digest, person=member.person.id, verdict=verdict.value, nonce=grant.bound["nonce"]
    )
    rows = [
        ("What", message.summary),
        ("Amount", message.money.amount if message.money else ""),
        ("Reason", message.reason),
        ("Requested by", message.requester_name),
        ("Rule", f"{message.rule}: {message.why_you}"),
        ("Reference", message.reference),
        ("Check phrase", message.phrase),
    ]
    options = {
        "kind": "get",
        "challenge": encode(challenge),
        "rp": RelyingParty(origin=context.public_url).id,
        "keys": [key.id for key in found],
    }
    facts = DecidePageFacts(
        title=f"{message.title}: {'approve' if verdict is Verdict.APPROVE else 'deny'}?",
        rows=[(label, text) for label, text in rows if text],
        asks_reason=verdict is Verdict.DENY,
        button=_DOES[verdict],
        options=json.dumps(options),
    )
    return PageView(facts=facts)


def _submit(desk: PageDesk, submission: Submission) -> PageView:
    grant = submission.grant
    verdict = Verdict(grant.bound["verdict"])
    try:
        member = desk.find_member(grant.account)
        assertion = Assertion.of_browser(read_field(submission, "proof"), nonce=grant.bound["nonce"])
        with desk.database.writing() as session:
            # In one transaction: of two posts in one instant one decides, and one that breaks off spends nothing.
            desk.tokens.spend_in(session, submission.token, purpose=PURPOSE)
            deciding.decide(
                session,
                desk.context,
                request_id=grant.subject,
                digest=grant.bound["digest"],
                verdict=verdict,
                member=member,
                reason=read_field(submission, "reason"),
                assertion=assertion,
                now=desk.now_in(session),
            )
    except DirectoryUnreadable:
        return say_unreadable()
    except Refusal as refusal:
        return desk.refuse(submission, refusal, subject=subject_of(grant.subject))
    desk.wake()
    return tell("200 OK", _DONE[verdict], "Your passkey proves it. You can close this page.")
