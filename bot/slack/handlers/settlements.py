"""The settlement of an unknown outcome: its two buttons, and the form in which one of two people speaks."""

from functools import partial

from approvals.execution import settlement_by_people, unproven
from approvals.execution.rights_recheck import RightsUnreadable
from approvals.free_text import check_reason
from approvals.messages.request_facts import SettlementForm, SettleValue
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.history import Unproven
from bot.slack.context import SlackContext
from bot.slack.declarations import Click, Modal, ModalClick, RoleExemption, told
from bot.slack.handlers.decisions import ShownRequest, read_shown
from bot.slack.handlers.requests import read_request
from bot.slack.payloads import Incoming, SentValue
from commands.roles import EVERY_MEMBER
from commands.slash_command import Reply


class WordNeeded(Refusal):
    """This form doesn’t say whether it went through. Nothing was recorded. Open it again from the request."""

    is_recorded = False


def _read_word(value: SentValue) -> bool:
    """Return whether it happened, as the person said; raises WordNeeded."""
    # Neither answer may be the one of a form that has lost its word: each of them can move money a second time.
    happened = value.get("happened")
    if not isinstance(happened, bool):
        raise WordNeeded
    return happened


def _open_settling(
    context: SlackContext, _incoming: Incoming, _member: Member, shown: ShownRequest, *, happened: bool
) -> SettlementForm:
    message = read_request(context, shown.id)
    value = SettleValue(request=shown.id, digest=shown.digest, happened=happened)
    return SettlementForm(
        summary=message.summary, phrase=message.phrase, reference=message.reference, settle_value=value
    )


def _settle(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    happened = _read_word(incoming.value)  # first: a form without one asks nobody anything
    # What Paytend says now, not when the form was opened: it may be in progress, or done by now.
    context.work.look_again(read_shown(incoming.value).id)
    try:
        is_settled = _give_word(context, incoming, member, happened=happened)
    except RightsUnreadable:
        # Somebody may have spoken since the settlers were read: once more, with them among those asked about.
        is_settled = _give_word(context, incoming, member, happened=happened)
    except Unproven as refusal:
        with context.database.writing() as session:
            request = stored.find(session, read_shown(incoming.value).id)
            unproven.report(session, context.approvals, request, refusal=refusal, now=context.now_in(session))
        context.work.wake_deliverer()
        raise
    context.work.wake_deliverer()
    return told("Recorded", "It is settled." if is_settled else "A second person must confirm the same result.")


def _give_word(context: SlackContext, incoming: Incoming, member: Member, *, happened: bool) -> bool:
    """Count one person's word; return whether that settles it."""
    shown = read_shown(incoming.value)
    with context.database.reading() as session:
        accounts = settlement_by_people.find_settlers(session, shown.id)
    # Before the transaction, as Slack is asked: the first to speak may have lost the right since.
    settlers = {account: context.members.find(account) for account in accounts}
    with context.database.writing() as session:
        request = settlement_by_people.settle(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            member=member,
            members_by_account=settlers,
            happened=happened,
            reason=incoming.fields["reason"],
            now=context.now_in(session),
        )
        return settlement_by_people.is_settled(session, request)


CLICKS: tuple[Click, ...] = (
    ModalClick(
        action="request_settle_happened",
        roles=EVERY_MEMBER,
        read=read_shown,
        opens=partial(_open_settling, happened=True),
    ),
    ModalClick(
        action="request_settle_not",
        roles=EVERY_MEMBER,
        read=read_shown,
        opens=partial(_open_settling, happened=False),
    ),
)
MODALS = (
    Modal(
        name="request_settle",
        roles=RoleExemption.REQUEST_DECIDES,
        title="Settle",
        working="Saving…",
        check=check_reason,
        submit=_settle,
    ),
)
