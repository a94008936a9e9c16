"""What the button of an urgent notice does: somebody is on it, and everybody sees who."""

from dataclasses import dataclass
from datetime import datetime

from approvals.audit import chain
from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, take_text
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.slash_command import ALL_ROLES, Reply
from notifier.routing import acknowledgements


@dataclass(frozen=True, kw_only=True)
class NoticeTakenReply(Reply, template="notice_taken"):
    """Who is on it already, and since when."""

    by: str
    at: datetime


def _acknowledge(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, ALL_ROLES)
    key, account, now = take_text(incoming.value, "key"), member.person.account, parts.clock.now()
    try:
        with parts.database.writing() as session:
            acknowledgements.acknowledge(session, key, account=account, outbox=parts.outbox, now=now)
            chain.append(
                session,
                "notice:acknowledged",
                key=parts.context.audit_key,
                actor=account,
                subject=key[:64],
                facts={},
                now=now,
            )
    except acknowledgements.NothingToAcknowledge as error:
        raise OldButton from error
    except acknowledgements.AlreadyAcknowledged as error:
        parts.replier.reply(incoming, NoticeTakenReply(by=error.by, at=error.at))
        return
    parts.wake_deliverer()


CLICKS = {"notice_acknowledge": Click(act=_acknowledge)}
