"""*Why am I seeing this?* in the menu of a notice: which route matched and which did not."""

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import OldButton, ReplyClick, take_text
from bot.slack.payloads import Incoming, SentValue
from commands.roles import ALL_ROLES
from commands.route_explanation import explain
from commands.slash_command import Reply
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent
from notifier.rendering.facts import TemplateFacts


def _why(context: SlackContext, _incoming: Incoming, _member: Member, value: SentValue) -> Reply:
    kind, facts = _read(context, value)
    return explain(kind, facts, routes=context.routes)


def _read(context: SlackContext, value: SentValue) -> tuple[str, TemplateFacts | SentValue]:
    """Return the kind and facts that the routes decide on; raises OldButton, or Unreadable after retention."""
    if isinstance(event_id := value.get("event"), str):
        with context.database.reading() as session:
            row = session.get(InboxEvent, event_id)
        if row is None:
            raise OldButton
        event = open_event(row, vault=context.approvals.vault, units=context.units)
        notification = make_notification(event, timezone=context.timezone, now=context.now())
        return notification.kind, notification.facts
    return take_text(value, "kind"), value


CLICKS = (ReplyClick(action="why_here", roles=ALL_ROLES, read=lambda value: value, answer=_why),)
