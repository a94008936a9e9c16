"""What `/partner` and its buttons do."""

from collections.abc import Sequence

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, Typed, take_text
from bot.slack.handlers.movements import typed_movements
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.lists import movements
from commands.partner import account as partner
from commands.slash_command import Reply


def _balance(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    partner.read_balance(words)
    with parts.replier.still_working(incoming):
        return partner.balance(ask=parts.paytend.send)


def _top_ups(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    return _show(parts, incoming, partner.read_top_ups(words), start=0)


def _show(parts: Parts, incoming: Incoming, currency: str, *, start: int) -> Reply:
    with parts.replier.still_working(incoming):
        return partner.top_ups(currency, start=start, ask=parts.paytend.send, timezone=parts.timezone)


def _turn(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, partner.PARTNER)
    start = incoming.value.get("start")
    if not isinstance(start, int) or start < 0:
        raise OldButton
    reply = _show(parts, incoming, take_text(incoming.value, "currency"), start=start)
    parts.replier.reply(incoming, reply, replace=True)


TYPED: dict[str, Typed] = {
    "balance": _balance,
    "topups": _top_ups,
    "transactions": typed_movements(movements.PARTNER),
}
CLICKS = {
    "partner_topups_next": Click(act=_turn, quick=False),
    "partner_topups_previous": Click(act=_turn, quick=False),
}
