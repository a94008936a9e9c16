"""What `/holder` and the buttons about a cardholder do."""

from collections.abc import Sequence

from approvals.people import Standing
from bot.acts.kinds import Click, Typed, take_text
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import holder
from commands.surface import SUPPORT, Reply


def _status(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    return show_holder(parts, incoming, standing, holder.read_status(words))


def show_holder(parts: Parts, incoming: Incoming, standing: Standing, values: dict[str, str]) -> Reply:
    """Return a cardholder; that personal data was read goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = holder.status(values, ask=parts.paytend.send)
    parts.note("cardholder:read", standing=standing, subject=str(reply.facts["holder_id"]))
    return reply


def _show_status(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    values = {"holder_id": take_text(incoming.value, "holder_id")}
    parts.replier.reply(incoming, show_holder(parts, incoming, standing, values))


TYPED: dict[str, Typed] = {"status": _status}
CLICKS = {"holder_status": Click(act=_show_status, quick=False)}
