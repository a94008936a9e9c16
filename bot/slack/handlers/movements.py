"""The lists of movements, of a card or of the partner account, and the buttons that turn their pages in place."""

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Click, OldButton, ReplyClick
from bot.slack.payloads import Incoming, SentValue
from commands.lists import movements
from commands.lists.movements import Query
from commands.roles import LOOK, PARTNER
from commands.slash_command import Reply


def show_movements(context: SlackContext, _incoming: Incoming, member: Member, query: Query) -> Reply:
    """Return one page; looking at a card's goes into the trail."""
    reply = movements.show(query, ask=context.paytend.send, timezone=context.timezone)
    if query.card_id:
        context.note("card:read", member=member, subject=query.card_id, what=query.kind, start=query.start)
    return reply


def _read(value: SentValue) -> Query:
    try:
        return movements.read_value(value)
    except (KeyError, TypeError, ValueError) as error:
        raise OldButton from error


# The same two buttons turn the pages of cards and of the partner account, which different people may see.
def _roles_for(value: SentValue) -> tuple[str, ...]:
    return PARTNER if _read(value).kind == movements.PARTNER else LOOK


CLICKS: tuple[Click, ...] = tuple(
    ReplyClick(
        action=action, roles=_roles_for, read=_read, answer=show_movements, asks_paytend=True, replaces=True
    )
    for action in ("movements_next", "movements_previous")
)
