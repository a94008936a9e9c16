"""What the button under a low partner balance does: writes a text for the finance team, for one's own eyes."""

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import OldButton, ReplyClick, read_text
from bot.slack.payloads import Incoming
from commands.partner import transfer
from commands.roles import PARTNER_TRANSFER
from commands.slash_command import Reply
from notifier.balance.forecast import DAY, WEEK, measure
from notifier.balance.notices import read_samples


def _propose(context: SlackContext, _incoming: Incoming, _member: Member, currency: str) -> Reply:
    now = context.now()
    thresholds = context.balance.currencies.get(currency)
    if thresholds is None:
        # The currency was taken out of cardops.yml after the notice was posted.
        raise OldButton
    with context.database.reading() as session:
        samples = read_samples(session, currency, since=now - WEEK, until=now)
    return transfer.suggest(
        currency,
        warn=thresholds.warn,
        paces=[measure(samples, window=window, now=now) for window in (WEEK, DAY)],
        partner_id=context.paytend.partner_id,
        ask=context.paytend.send,
    )


CLICKS = (
    ReplyClick(
        action="propose_transfer",
        roles=PARTNER_TRANSFER,
        read=read_text("currency"),
        answer=_propose,
        asks_paytend=True,
    ),
)
