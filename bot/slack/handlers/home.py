"""What the buttons of the Home tab do: they open requests, and ask which card is meant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from approvals.messages.request_facts import RequestDialog
from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Click, Modal, ModalClick, read_nothing, read_text
from bot.slack.handlers.card.lookups import ask_lost, show_card
from bot.slack.handlers.details import show_request
from bot.slack.payloads import Incoming
from commands.reading.arguments import Misread, read_input_id
from commands.roles import ALL_ROLES, LOOK, LOST
from commands.slash_command import Reply, View


@dataclass(frozen=True, kw_only=True)
class CardPickView(View, template="card_pick.view"):
    """The form that asks which card is meant."""

    callback: str
    title: str
    note: str


def _show(context: SlackContext, _incoming: Incoming, member: Member, request_id: str) -> RequestDialog:
    """Show a request with its buttons: people decide on what it shows, never on a line of a list."""
    return show_request(context, member, request_id)


def _pick(modal: Modal, *, note: str = "") -> Callable[[SlackContext, Incoming, Member, None], View]:
    """Return the handler that asks which card is meant."""
    view = CardPickView(callback=modal.name, title=modal.title, note=note)
    return lambda _context, _incoming, _member, _read: view


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    try:
        read_input_id(fields, "card")
    except Misread as error:
        return {"card": str(error).strip()}
    return {}


def _submit_info(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    return show_card(context, incoming, member, read_input_id(incoming.fields, "card"))


def _submit_lost(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    return ask_lost(context, incoming, member, read_input_id(incoming.fields, "card"))


CARD_INFO = Modal(
    name="card_pick_info",
    roles=LOOK,
    title="Find a card",
    working="Asking Paytend…",
    check=_check,
    submit=_submit_info,
)
CARD_LOST = Modal(
    name="card_pick_lost",
    roles=LOST,
    title="Report a card lost",
    working="Looking at the card…",
    check=_check,
    submit=_submit_lost,
)
MODALS = (CARD_INFO, CARD_LOST)
CLICKS: tuple[Click, ...] = (
    *(
        ModalClick(action=action, roles=ALL_ROLES, read=read_text("request"), opens=_show)
        for action in ("home_approve", "home_deny", "home_show")
    ),
    ModalClick(
        action="home_lost",
        roles=LOST,
        read=read_nothing,
        opens=_pick(CARD_LOST, note="You see the card before it is blocked."),
    ),
    ModalClick(action="home_card", roles=LOOK, read=read_nothing, opens=_pick(CARD_INFO)),
)
