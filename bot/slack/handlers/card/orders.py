"""The form of `/card apply`: its designs and cities come from Paytend; somebody else decides."""

from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, OldButton
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming
from commands.card.order_form import make_form, make_payload, read_order
from commands.reading.address import fill_address, require_city
from commands.roles import SUPPORT
from commands.slash_command import Reply, View


def _view(context: SlackContext, channel: str, fields: Fields) -> View:
    place = fill_address(fields, name_of_city=context.inputs.choices.name_of_city)
    return make_form(fields, place=place, channel=channel, name_of_design=context.inputs.choices.name_of_design)


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    order, _ = read_order(incoming.fields)
    if order is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    payload = make_payload(order, context.inputs.choices.designs())
    address = order.delivery_address
    require_city(address, context.inputs.choices.cities(address.country_code))
    asked_in = replace(incoming, channel=str(incoming.value.get("channel") or ""))
    subject = order.holder_id or order.sku
    return ask_and_tell(context, asked_in, member, action="card.apply", subject=subject, payload=payload)


APPLY = Modal(
    name="card_apply",
    roles=SUPPORT,
    title="Order cards",
    working="Looking at the order and asking…",
    check=lambda fields: read_order(fields)[1],
    submit=_submit,
    view=_view,
)
