"""*Details* on the notice of a purchase: what the channel's one line leaves out, for the person who asked."""

import json
from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import OldButton, ReplyClick, read_text
from bot.slack.payloads import Incoming
from commands.notice_details import NoticeDetails
from commands.roles import ALL_ROLES
from commands.slash_command import Reply
from notifier.inbox import purchases
from notifier.inbox.event_facts import TransactionNotice
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent
from notifier.outbox.notice_facts import DETAILS, WhyFacts


def _show(context: SlackContext, _incoming: Incoming, member: Member, event_id: str) -> Reply:
    """Return the purchase of a webhook as it is by now; Unreadable after retention."""
    vault = context.approvals.vault
    with context.database.reading() as session:
        row = session.get(InboxEvent, event_id)
        if row is None:
            raise OldButton
        event = open_event(row, vault=vault, units=context.units)
        facts = make_notification(event, timezone=context.timezone, now=context.now()).facts
        if not isinstance(facts, TransactionNotice):
            raise OldButton
        names = json.loads(row.names) if row.names else {}
        shown = purchases.find_summary(session, facts, digests=names, vault=vault)
    context.note("card:read", member=member, subject=shown.card_id or f"webhook:{event_id}", what="notice")
    return NoticeDetails(notice=replace(shown, why=None), why=WhyFacts(value={"event": event_id}))


CLICKS = (ReplyClick(action=DETAILS, roles=ALL_ROLES, read=read_text("event"), answer=_show),)
