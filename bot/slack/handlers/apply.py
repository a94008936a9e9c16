"""What `/card apply` does: a form whose designs and cities come from Paytend; somebody else decides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.declarations import OldButton, Submission, Typed
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.card.order_form import make_form, make_payload, read_order
from commands.reading.address import fill_address, require_city
from commands.reading.arguments import no_more
from commands.slash_command import SUPPORT, Reply

NAME = "card_apply"


def _typed(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> None:
    no_more(words, form="/card apply")
    _open(parts, incoming, {})


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    place = fill_address(fields, name_of_city=parts.choices.name_of_city)
    form = make_form(fields, place=place, channel=incoming.channel, name_of_design=parts.choices.name_of_design)
    parts.replier.open_view(incoming, form)


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    return read_order(fields)[1]


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    order, _ = read_order(incoming.fields)
    if order is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    payload = make_payload(order, parts.choices.designs())
    address = order.delivery_address
    require_city(address, parts.choices.cities(address.country_code))
    asked_in = replace(incoming, channel=str(incoming.value.get("channel") or ""))
    subject = order.holder_id or order.sku
    return ask_and_tell(parts, asked_in, member, action="card.apply", subject=subject, payload=payload)


TYPED: dict[str, Typed] = {"apply": _typed}
SUBMISSIONS = {
    NAME: Submission(
        title="Order cards",
        working="Looking at the order and asking…",
        check=_check,
        act=_submit,
        reopen=_open,
    ),
}
