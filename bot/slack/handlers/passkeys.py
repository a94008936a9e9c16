"""`/cardops passkey`, and the links to the pages on which passkeys are enrolled and used."""

from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.statuses import Verdict
from approvals.step_up import keys, states
from approvals.step_up.states import PasskeyState
from bot.pages import decide, enrol
from bot.pages.links import PageLinks
from bot.slack.context import SlackContext
from bot.slack.declarations import ReplyForm, told
from bot.slack.payloads import Incoming
from commands.cardops.passkeys import PageLinkReply, TypedPasskey, read_passkey
from commands.roles import ALL_ROLES
from commands.slash_command import Reply


class NoPages(Refusal):
    """This takes a page of ours, and CARDOPS_PUBLIC_URL is not set. Please tell an admin."""

    is_recorded = False


def link_to_decision(
    context: SlackContext, incoming: Incoming, *, request_id: str, digest: str, verdict: Verdict
) -> PageLinkReply:
    """Return the link on which a person proves their decision; raises NoPages."""
    link = _require_links(context).make(
        purpose=decide.PURPOSE,
        account=incoming.account,
        subject=request_id,
        lasts=decide.LASTS,
        bound={"digest": digest, "verdict": verdict.value, "nonce": context.approvals.make_id()},
    )
    does = "Approve" if verdict is Verdict.APPROVE else "Deny"
    says = "The rule asks for it. The link is for you alone, works once, and for five minutes."
    return PageLinkReply(headline=f"{does} with your passkey", says=says, button=f"{does}…", url=link.address)


def _passkey(context: SlackContext, incoming: Incoming, member: Member, typed: TypedPasskey) -> Reply:
    if not typed.act:
        return _link_to_enrolment(context, incoming, member)
    subject, approvals = f"passkey:{typed.fingerprint}", context.approvals
    with context.recording_refusals(member, subject=subject), context.database.writing() as session:
        now, which = context.now_in(session), {"fingerprint": typed.fingerprint}
        if typed.act == "approve":
            keys.approve(session, approvals, member=member, now=now, **which)
        else:
            keys.remove(session, approvals, member=member, reason="", now=now, **which)
    context.work.wake_deliverer()
    headline = "Approved" if typed.act == "approve" else "Removed"
    return told(headline, f"The passkey {typed.fingerprint}. Its owner is told.")


def _link_to_enrolment(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    link = _require_links(context).make(
        purpose=enrol.PURPOSE,
        account=incoming.account,
        subject=member.person.id,
        lasts=enrol.LASTS,
        bound={"nonce": context.approvals.make_id()},
    )
    with context.database.reading() as session:
        found = states.find_states(session, context.approvals, accounts=sorted(member.person.known_ids))
    return PageLinkReply(
        headline="Enrol a passkey",
        says="The link is for you alone, works once, and for ten minutes. "
        "A new key counts once another admin has approved it.",
        button="Enrol…",
        url=link.address,
        rows=[_describe(state) for state in found],
    )


def _describe(state: PasskeyState) -> str:
    what = "removed" if state.is_removed else "counts" if state.is_active else "waits for another admin"
    kind = "synced" if state.passkey.is_synced else "on one device"
    return f"{state.passkey.fingerprint} {state.passkey.label} ({kind}): {what}"


def _require_links(context: SlackContext) -> PageLinks:
    if context.links is None:
        raise NoPages
    return context.links


FORMS = (
    ReplyForm(
        word="passkey",
        usage="[approve|remove <fingerprint>]",
        does="enrol a key of yours, approve one of somebody else, or remove one",
        roles=ALL_ROLES,
        read=read_passkey,
        answer=_passkey,
        changes=True,
    ),
)
