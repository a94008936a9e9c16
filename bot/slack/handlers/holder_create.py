"""What `/holder create` does: its form, and looking again when Paytend's answer was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, Submission, Typed, take_text
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.holder.forms import make_create_form, read_new, require_born
from commands.holder.lookup import HolderCreatedReply, summarize
from commands.reading.address import fill_address, require_city
from commands.reading.arguments import no_more
from commands.slash_command import SUPPORT, ButtonValue, Reply
from paytend import OutcomeUnknown, PaytendError, ProtocolError, Refused, operations
from paytend.models import Cardholder

NAME = "holder_create"


@dataclass(frozen=True, kw_only=True)
class HolderCreateUnknown(Reply, template="holder_create_unknown"):
    """That it is not known whether a cardholder was created; `not_found` says that Paytend knows none by now."""

    draft: ButtonValue
    not_found: bool


def _typed(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> None:
    no_more(words, form="/holder create")
    _open(parts, incoming, {})


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    place = fill_address(fields, name_of_city=parts.choices.name_of_city)
    parts.replier.open_view(incoming, make_create_form(fields, place=place, channel=incoming.channel))


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    return read_new(fields)[1]


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    values, wrong = read_new(incoming.fields)
    if wrong:
        raise OldButton  # the inputs were checked before; only another client can come here
    require_born(values["birthday"], today=parts.clock.now().date())
    address = values["address"]
    place = {"city_code": address.city_code, "country_code": address.country_code}
    require_city(place, parts.choices.cities(address.country_code))
    parts.note("cardholder:create_asked", member=member, subject="new", nationality=values["nationality"])
    try:
        holder = parts.paytend.send(operations.CREATE_CARDHOLDER(**values))
    except (OutcomeUnknown, ProtocolError):
        draft = parts.drafts.keep(incoming.account, form=NAME, fields=incoming.fields)
        parts.note("cardholder:create_unknown", member=member, subject="new")
        return _look(parts, member, values, draft=draft)
    return _created(parts, member, holder)


def _created(parts: Parts, member: Member, holder: Cardholder) -> Reply:
    parts.note("cardholder:created", member=member, subject=holder.holder_id or "new")
    return HolderCreatedReply(holder=summarize(holder))


def _look(parts: Parts, member: Member, values: Mapping[str, Any], *, draft: str) -> Reply:
    """Ask by the document whether the cardholder is there: the answer was lost, and two must not be made."""
    call = operations.GET_CARDHOLDER(id_type=values["id_type"], id_number=values["id_number"])
    try:
        holder = parts.paytend.send(call)
    except Refused as refused:
        return HolderCreateUnknown(draft={"draft": draft}, not_found=refused.verified)
    except PaytendError:
        return HolderCreateUnknown(draft={"draft": draft}, not_found=False)
    return _created(parts, member, holder)


def _look_again(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    draft = take_text(incoming.value, "draft")
    values, wrong = read_new(parts.drafts.take(draft, account=incoming.account).fields)
    if wrong:
        raise OldButton
    parts.replier.reply(incoming, _look(parts, member, values, draft=draft), replace=True)


TYPED: dict[str, Typed] = {"create": _typed}
CLICKS = {"holder_look_again": Click(act=_look_again, quick=False)}
SUBMISSIONS = {
    NAME: Submission(
        title="New cardholder", working="Creating the cardholder…", check=_check, act=_submit, reopen=_open
    ),
}
