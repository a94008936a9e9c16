"""The lists of movements: what was typed for one, and the buttons that turn its pages in place."""

from collections.abc import Sequence

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, Typed
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.lists import movements
from commands.lists.movements import Query
from commands.partner.account import PARTNER
from commands.slash_command import SUPPORT, Reply


def typed_movements(kind: str) -> Typed:
    """Return what shows the first page of a list."""

    def act(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
        return _show(parts, incoming, member, movements.read_query(kind, words, today=parts.today))

    return act


def _show(parts: Parts, incoming: Incoming, member: Member, query: Query) -> Reply:
    with parts.replier.still_working(incoming):
        reply = movements.show(query, ask=parts.paytend.send, timezone=parts.timezone)
    if query.card_id:
        parts.note("card:read", member=member, subject=query.card_id, what=query.kind, start=query.start)
    return reply


def _turn(parts: Parts, incoming: Incoming, member: Member) -> None:
    try:
        query = movements.read_value(incoming.value)
    except (KeyError, TypeError, ValueError) as error:
        raise OldButton from error
    require_any(member, PARTNER if query.kind == movements.PARTNER else SUPPORT)
    parts.replier.reply(incoming, _show(parts, incoming, member, query), replace=True)


CLICKS = {
    "movements_next": Click(act=_turn, quick=False),
    "movements_previous": Click(act=_turn, quick=False),
}
