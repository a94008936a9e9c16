"""What the button of an urgent notice does: somebody is on it, and everybody sees who."""

from approvals import audit
from approvals.people import Standing
from bot.acts.kinds import Click, OldButton, take_text
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands.surface import ALL_ROLES, Reply
from notifier import acknowledging


def _acknowledge(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    key, account, now = take_text(incoming.value, "key"), standing.person.account, parts.clock.now()
    try:
        with parts.database.writing() as session:
            acknowledging.take_on(session, key, account=account, outbox=parts.outbox, now=now)
            audit.append(
                session,
                "notice:acknowledged",
                key=parts.desk.audit_key,
                actor=account,
                subject=key[:64],
                facts={},
                now=now,
            )
    except acknowledging.NothingToTakeOn as error:
        raise OldButton from error
    except acknowledging.TakenOnAlready as error:
        facts = {"by": error.by, "at": error.at}
        parts.replier.reply(incoming, Reply(template="notice_taken", facts=facts))
        return
    parts.wake_deliverer()


CLICKS = {"notice_acknowledge": Click(act=_acknowledge)}
