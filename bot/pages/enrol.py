"""The page on which a person enrols a passkey: `/enrol/<token>`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from approvals.policy.people import DirectoryUnreadable
from approvals.refusals import Refusal
from approvals.step_up import keys, states
from approvals.step_up.assertions import RelyingParty, check_new_key, encode, make_enrolment_challenge
from bot.pages.decide import ALLOWANCE, PageDesk, read_field, say_refusal, say_unreadable
from bot.pages.html import PageFacts, PageView
from bot.pages.site import Page, Submission, tell
from bot.pages.tokens import PageGrant

PURPOSE = "enrol"
LASTS = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class EnrolPageFacts(PageFacts, template="enrol", script="passkey.js"):
    """Who enrols a key, and what the browser is asked for."""

    title: str
    name: str
    options: str


def make_enrol_page(desk: PageDesk) -> Page:
    """Return the page."""
    return Page(
        purpose=PURPOSE,
        show=lambda grant: _show(desk, grant),
        submit=lambda submission: _submit(desk, submission),
        allowance=ALLOWANCE,
    )


def _show(desk: PageDesk, grant: PageGrant) -> PageView:
    try:
        member = desk.find_member(grant.account)
    except DirectoryUnreadable:
        return say_unreadable()
    with desk.database.reading() as session:
        found = states.find_states(session, desk.context, accounts=(grant.account,))
    name = member.person.display_name
    options = {
        "kind": "create",
        "challenge": encode(make_enrolment_challenge(account=grant.account, nonce=grant.bound["nonce"])),
        "rp": RelyingParty(origin=desk.context.public_url).id,
        # Not the account itself: what a key keeps can be read by who has it.
        "user": encode(hashlib.sha256(grant.account.encode()).digest()),
        "name": name,
        "keys": [each.passkey.id for each in found],
    }
    return PageView(facts=EnrolPageFacts(title="Enrol a passkey", name=name, options=json.dumps(options)))


def _submit(desk: PageDesk, submission: Submission) -> PageView:
    grant, context = submission.grant, desk.context
    try:
        member = desk.find_member(grant.account)
        new = check_new_key(
            read_field(submission, "proof"),
            challenge=make_enrolment_challenge(account=grant.account, nonce=grant.bound["nonce"]),
            party=RelyingParty(origin=context.public_url),
        )
        with desk.database.writing() as session:
            desk.tokens.spend_in(session, submission.token, purpose=PURPOSE)
            row = keys.enrol(
                session,
                context,
                member=member,
                new=new,
                label=read_field(submission, "label"),
                now=desk.now_in(session),
            )
            fingerprint = row.fingerprint
    except DirectoryUnreadable:
        return say_unreadable()
    except Refusal as refusal:
        return (
            desk.refuse(submission, refusal, subject=f"passkeys:{grant.account}")
            if refusal.is_recorded
            else say_refusal(refusal)
        )
    desk.wake()
    says = f"Its fingerprint is {fingerprint}. It counts once another admin has approved it."
    return tell(
        "200 OK", "Your passkey is enrolled", says, "Read the fingerprint out to them. You can close this page."
    )
