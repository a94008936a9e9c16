"""What the button of an urgent notice does: somebody is on it, and everybody sees who."""

from dataclasses import dataclass
from datetime import datetime

from approvals.audit import chain
from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import OldButton, ReplyClick, read_text
from bot.slack.payloads import Incoming
from commands.roles import ALL_ROLES
from commands.slash_command import Reply
from notifier.routing import acknowledgements


@dataclass(frozen=True, kw_only=True)
class NoticeTakenReply(Reply, template="notice_taken"):
    """Who is on it already, and since when."""

    by: str
    at: datetime


def _acknowledge(context: SlackContext, _incoming: Incoming, member: Member, key: str) -> Reply | None:
    account = member.person.account
    try:
        with context.database.writing() as session:
            now = context.now_in(session)
            acknowledgements.acknowledge(session, key, account=account, outbox=context.approvals.outbox, now=now)
            chain.append(
                session,
                "notice:acknowledged",
                key=context.approvals.audit_key,
                actor=account,
                subject=key[:64],
                facts={},
                now=now,
            )
    except acknowledgements.NothingToAcknowledge as error:
        raise OldButton from error
    except acknowledgements.AlreadyAcknowledged as error:
        return NoticeTakenReply(by=error.by, at=error.at)
    context.work.wake_deliverer()
    return None  # the notice itself is edited


CLICKS = (
    ReplyClick(
        action="notice_acknowledge", roles=ALL_ROLES, read=read_text("key"), answer=_acknowledge, changes=True
    ),
)
