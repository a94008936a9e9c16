"""What `/holder` and the buttons about a cardholder do."""

from collections.abc import Sequence

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, Submission, Typed, take_text
from bot.slack.handlers import holder_create, holder_documents, holder_update
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.holder import lookup as holder
from commands.slash_command import SUPPORT, Reply


def _status(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
    return show_holder(parts, incoming, member, holder.read_status(words))


def show_holder(parts: Parts, incoming: Incoming, member: Member, values: dict[str, str]) -> Reply:
    """Return a cardholder; that personal data was read goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = holder.status(values, ask=parts.paytend.send)
    parts.note("cardholder:read", member=member, subject=reply.holder.holder_id)
    return reply


def _show_status(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    values = {"holder_id": take_text(incoming.value, "holder_id")}
    parts.replier.reply(incoming, show_holder(parts, incoming, member, values))


def _cities(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    country, text = holder.read_cities(words)
    with parts.replier.still_working(incoming):
        known = parts.choices.cities(country)
    return holder.cities(country, text, start=0, known=known)


def _turn_cities(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    country, text = take_text(incoming.value, "country"), take_text(incoming.value, "text")
    start = incoming.value.get("start")
    if not isinstance(start, int):
        raise OldButton
    with parts.replier.still_working(incoming):
        known = parts.choices.cities(country)
    parts.replier.reply(incoming, holder.cities(country, text, start=start, known=known), replace=True)


TYPED: dict[str, Typed] = {
    "status": _status,
    "cities": _cities,
    **holder_create.TYPED,
    **holder_update.TYPED,
    **holder_documents.TYPED,
}
CLICKS = {
    "holder_status": Click(act=_show_status, quick=False),
    "holder_cities_next": Click(act=_turn_cities, quick=False),
    "holder_cities_previous": Click(act=_turn_cities, quick=False),
    **holder_create.CLICKS,
    **holder_documents.CLICKS,
}
SUBMISSIONS: dict[str, Submission] = {
    **holder_create.SUBMISSIONS,
    **holder_update.SUBMISSIONS,
    **holder_documents.SUBMISSIONS,
}
