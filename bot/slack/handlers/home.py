"""What the buttons of the Home tab do: they open requests, and ask which card is meant."""

from collections.abc import Mapping
from dataclasses import dataclass

from approvals.policy.people import Member
from bot.slack.declarations import Click, Submission, take_text
from bot.slack.handlers.card import show_card
from bot.slack.handlers.requests import show_request
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.card import info as card
from commands.reading.arguments import Misread
from commands.slash_command import ALL_ROLES, SUPPORT, Reply, View


@dataclass(frozen=True, kw_only=True)
class CardPickView(View, template="card_pick.view"):
    """The form that asks which card is meant."""

    callback: str
    title: str
    note: str


def _show(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Open the card of a request, with its buttons: it is decided on what it shows, never on a line of a list."""
    require_any(member, ALL_ROLES)
    show_request(parts, incoming, member, take_text(incoming.value, "request"))


def _pick_lost(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    note = "You see the card before it is blocked."
    _pick(parts, incoming, callback="card_pick_lost", title="Report a card lost", note=note)


def _pick_card(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    _pick(parts, incoming, callback="card_pick_info", title="Look at a card", note="")


def _pick(parts: Parts, incoming: Incoming, *, callback: str, title: str, note: str) -> None:
    parts.replier.open_view(incoming, CardPickView(callback=callback, title=title, note=note))


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    try:
        card.read_info(fields.get("card", "").split())
    except Misread as error:
        return {"card": str(error).partition(" Write `")[0].strip()}
    return {}


def _submit_info(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    return show_card(parts, incoming, member, incoming.fields["card"].strip())


def _submit_lost(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    return card.ask_lost(incoming.fields["card"].strip(), ask=parts.paytend.send)


CLICKS = {
    "home_approve": Click(act=_show),
    "home_deny": Click(act=_show),
    "home_show": Click(act=_show),
    "home_lost": Click(act=_pick_lost),
    "home_card": Click(act=_pick_card),
}
SUBMISSIONS = {
    "card_pick_info": Submission(
        title="Look at a card", working="Asking Paytend…", check=_check, act=_submit_info
    ),
    "card_pick_lost": Submission(
        title="Report a card lost", working="Looking at the card…", check=_check, act=_submit_lost
    ),
}
