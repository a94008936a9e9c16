"""The form of `/holder update`: it shows the cardholder as Paytend knows them, and a second person is asked."""

from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, OldButton, take_text
from bot.slack.handlers.form_completion import fill_with_holder
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming
from commands.holder.forms import make_update_form, read_changes, require_born
from commands.reading.address import fill_address, require_city
from commands.roles import SUPPORT
from commands.slash_command import Reply, View

NAME = "holder_update"


def _view(context: SlackContext, channel: str, fields: Fields) -> View:
    place = fill_address(fields, name_of_city=context.inputs.choices.name_of_city)
    return make_update_form(fields, holder_id=fields.get("holder", ""), place=place, channel=channel)


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    changes, wrong = read_changes(incoming.fields)
    if wrong:
        raise OldButton  # the inputs were checked before; only another client can come here
    holder_id = take_text(incoming.value, "holder")
    if changes.birthday is not None:
        require_born(changes.birthday, today=context.now().date())
    if changes.address is not None:
        require_city(changes.address, context.inputs.choices.cities(changes.address.country_code))
    asked_in = replace(incoming, channel=str(incoming.value.get("channel") or ""))
    reason = incoming.fields.get("reason", "").strip()
    payload = {"holder_id": holder_id, "reason": reason, **changes.as_payload()}
    return ask_and_tell(context, asked_in, member, action="cardholder.update", subject=holder_id, payload=payload)


UPDATE = Modal(
    name=NAME,
    roles=SUPPORT,
    title="Change a cardholder",
    working="Looking at the cardholder and asking…",
    check=lambda fields: read_changes(fields)[1],
    submit=_submit,
    view=_view,
    fill=fill_with_holder,
)
