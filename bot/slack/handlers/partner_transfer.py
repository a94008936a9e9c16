"""What the button under a low partner balance does: writes a text for the finance team, for one's own eyes."""

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, take_text
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.partner import transfer
from notifier.balance.forecast import DAY, WEEK, measure
from notifier.balance.notices import read_samples


def _propose(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, transfer.TRANSFER)
    currency, now = take_text(incoming.value, "currency"), parts.clock.now()
    thresholds = parts.config.balance.currencies.get(currency)
    if thresholds is None:
        raise OldButton
    with parts.database.reading() as session:
        samples = read_samples(session, currency, since=now - WEEK, until=now)
    with parts.replier.still_working(incoming):
        reply = transfer.suggest(
            currency,
            warn=thresholds.warn,
            paces=[measure(samples, window=window, now=now) for window in (WEEK, DAY)],
            partner_id=parts.paytend.partner_id,
            ask=parts.paytend.send,
        )
    parts.replier.reply(incoming, reply)


CLICKS = {"propose_transfer": Click(act=_propose, quick=False)}
