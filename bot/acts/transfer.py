"""What the button under a low partner balance does: writes a text for the finance team, for one's own eyes."""

from approvals.people import Standing
from bot.acts.kinds import Click, OldButton, take_text
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import transfer
from notifier.forecast import DAY, WEEK, measure
from notifier.low import read_samples


def _propose(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, transfer.TRANSFER)
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
