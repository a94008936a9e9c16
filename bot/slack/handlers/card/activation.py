"""*Activate* on the notice of a card order: a form, and then the way of `/card activate`."""

from dataclasses import replace

from approvals.policy.people import Member
from bot.slack import card_picker
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, take_text, told
from bot.slack.handlers.requests import AskedReply, ask_and_tell
from bot.slack.payloads import Incoming, SentValue
from commands.card.activation_form import activate_form, read_activate_fields
from commands.roles import SUPPORT
from commands.slash_command import Reply, View


def read_ordered(value: SentValue) -> dict[str, str]:
    """Return the inputs that the notice of an order knows; raises OldButton."""
    holder = value.get("holder_id")
    return {"card": take_text(value, "card_id"), "holder": holder if isinstance(holder, str) else ""}


def _view(context: SlackContext, channel: str, fields: Fields) -> View:
    card = card_picker.label(context, fields.get("card", ""))
    return activate_form(fields, channel=channel, card_text=card)


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    payload, _ = read_activate_fields(incoming.fields)
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    reply = ask_and_tell(
        context, asked_in, member, action="card.activate", subject=payload["card_id"], payload=payload
    )
    if isinstance(reply, AskedReply):
        return told("Requested", f"Somebody else decides it now. Code: {reply.phrase}.")
    return reply


ACTIVATE = Modal(
    name="card_activate",
    roles=SUPPORT,
    title="Activate a card",
    working="Looking at the card and asking…",
    check=lambda fields: read_activate_fields(fields)[1],
    submit=_submit,
    view=_view,
)
