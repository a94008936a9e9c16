"""What `/holder update` does: its form is filled with how the cardholder stands, and a second person is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from approvals.policy.people import Member
from bot.slack.declarations import OldButton, Submission, Typed, take_text
from bot.slack.handlers import forms
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming, read_value
from bot.wiring.dependencies import Parts, require_any
from commands.holder import lookup as holder
from commands.holder.forms import make_update_form, read_changes, require_born
from commands.reading.address import fill_address, require_city
from commands.slash_command import SUPPORT, Reply

NAME = "holder_update"


def _typed(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> None:
    _open(parts, incoming, {"holder": holder.read_holder(words, form=holder.UPDATE_FORM)})


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    holder_id = fields.get("holder", "")
    place = fill_address(fields, name_of_city=parts.choices.name_of_city)
    form = make_update_form(fields, holder_id=holder_id, place=place, channel=incoming.channel)
    view = parts.replier.open_form(incoming, form)
    _fill_with(parts, incoming, view, holder_id=holder_id)


def _fill(parts: Parts, incoming: Incoming, view: Mapping[str, Any]) -> None:
    from_metadata = read_value(view.get("private_metadata"))
    _fill_with(parts, incoming, view, holder_id=take_text(from_metadata, "holder"))


def _fill_with(parts: Parts, incoming: Incoming, view: Mapping[str, Any], *, holder_id: str) -> None:
    def ask() -> Reply:
        reply = holder.known(holder_id, ask=parts.paytend.send)
        member = parts.find_member(incoming.account, team=incoming.account_team)
        parts.note("cardholder:read", member=member, subject=holder_id)
        return reply

    forms.soon(parts, view, ask)


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    return read_changes(fields)[1]


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    changes, wrong = read_changes(incoming.fields)
    if wrong:
        raise OldButton  # the inputs were checked before; only another client can come here
    holder_id = take_text(incoming.value, "holder")
    if changes.birthday is not None:
        require_born(changes.birthday, today=parts.clock.now().date())
    if changes.address is not None:
        require_city(changes.address, parts.choices.cities(changes.address.country_code))
    asked_in = replace(incoming, channel=str(incoming.value.get("channel") or ""))
    reason = incoming.fields.get("reason", "").strip()
    payload = {"holder_id": holder_id, "reason": reason, **changes.as_payload()}
    return ask_and_tell(parts, asked_in, member, action="cardholder.update", subject=holder_id, payload=payload)


TYPED: dict[str, Typed] = {"update": _typed}
SUBMISSIONS = {
    NAME: Submission(
        title="Change a cardholder",
        working="Looking at the cardholder and asking…",
        check=_check,
        act=_submit,
        reopen=_open,
        fill=_fill,
    ),
}
