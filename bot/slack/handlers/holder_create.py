"""What `/holder create` does: its form, and looking again when Paytend's answer was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton, Submission, Typed, take_text
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.holder.forms import NewCardholder, make_create_form, read_new, require_born
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
    new, _ = read_new(incoming.fields)
    if new is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    require_born(new.birthday, today=parts.clock.now().date())
    require_city(new.address, parts.choices.cities(new.address.country_code))
    parts.note("cardholder:create_asked", member=member, subject="new", nationality=new.nationality)
    try:
        holder = parts.paytend.send(operations.CREATE_CARDHOLDER(**vars(new)))
    except (OutcomeUnknown, ProtocolError):
        draft = parts.drafts.keep(incoming.account, form=NAME, fields=incoming.fields)
        parts.note("cardholder:create_unknown", member=member, subject="new")
        return _look(parts, member, new, draft=draft)
    return _created(parts, member, holder)


def _created(parts: Parts, member: Member, holder: Cardholder) -> Reply:
    parts.note("cardholder:created", member=member, subject=holder.holder_id or "new")
    return HolderCreatedReply(holder=summarize(holder))


def _look(parts: Parts, member: Member, new: NewCardholder, *, draft: str) -> Reply:
    """Ask by the document whether the cardholder is there: the answer was lost, and two must not be made."""
    call = operations.GET_CARDHOLDER(id_type=new.id_type, id_number=new.id_number)
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
    new, _ = read_new(parts.drafts.take(draft, account=incoming.account).fields)
    if new is None:
        raise OldButton
    parts.replier.reply(incoming, _look(parts, member, new, draft=draft), replace=True)


TYPED: dict[str, Typed] = {"create": _typed}
CLICKS = {"holder_look_again": Click(act=_look_again, quick=False)}
SUBMISSIONS = {
    NAME: Submission(
        title="New cardholder", working="Creating the cardholder…", check=_check, act=_submit, reopen=_open
    ),
}
