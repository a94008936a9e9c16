"""The form of `/holder create`, and looking again when Paytend's answer was lost."""

from dataclasses import dataclass

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, OldButton
from bot.slack.payloads import Incoming
from commands.holder.forms import NewCardholder, make_create_form, read_new, require_born
from commands.holder.lookup import HolderCreatedReply, summarize
from commands.reading.address import fill_address, require_city
from commands.roles import SUPPORT
from commands.slash_command import ButtonValue, Reply, View
from paytend import OutcomeUnknown, PaytendError, ProtocolError, Refused, operations
from paytend.models import Cardholder

NAME = "holder_create"


@dataclass(frozen=True, kw_only=True)
class HolderCreateUnknown(Reply, template="holder_create_unknown"):
    """That it is not known whether a cardholder was created; `not_found` says that Paytend knows none by now."""

    draft: ButtonValue
    not_found: bool


def _view(context: SlackContext, channel: str, fields: Fields) -> View:
    place = fill_address(fields, name_of_city=context.inputs.choices.name_of_city)
    return make_create_form(fields, place=place, channel=channel)


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    new, _ = read_new(incoming.fields)
    if new is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    require_born(new.birthday, today=context.now().date())
    require_city(new.address, context.inputs.choices.cities(new.address.country_code))
    # Before the call: when the bot dies in it, this is all that says that somebody may have been created.
    context.note("cardholder:create_asked", member=member, subject="new")
    try:
        holder = context.paytend.send(operations.CREATE_CARDHOLDER(**vars(new)))
    except (OutcomeUnknown, ProtocolError):
        # Kept for *Look again*: the document in it is all by which Paytend can be asked.
        draft = context.inputs.drafts.keep(incoming.account, form=NAME, fields=incoming.fields)
        context.note("cardholder:create_unknown", member=member, subject="new")
        return _look(context, member, new, draft=draft)
    return _created(context, member, holder)


def _created(context: SlackContext, member: Member, holder: Cardholder) -> Reply:
    context.note("cardholder:created", member=member, subject=holder.holder_id or "new")
    return HolderCreatedReply(holder=summarize(holder))


def _look(context: SlackContext, member: Member, new: NewCardholder, *, draft: str) -> Reply:
    """Ask by the document whether the cardholder is there: the answer was lost, and two must not be made."""
    call = operations.GET_CARDHOLDER(id_type=new.id_type, id_number=new.id_number)
    try:
        holder = context.paytend.send(call)
    except Refused as refused:
        # Anybody on the way may have written a refusal without a signature.
        return HolderCreateUnknown(draft={"draft": draft}, not_found=refused.verified)
    except PaytendError:
        return HolderCreateUnknown(draft={"draft": draft}, not_found=False)
    return _created(context, member, holder)


def look_again(context: SlackContext, incoming: Incoming, member: Member, draft: str) -> Reply:
    """Ask once more whether the cardholder is there, by the document in the draft."""
    new, _ = read_new(context.inputs.drafts.take(draft, account=incoming.account).fields)
    if new is None:
        raise OldButton
    return _look(context, member, new, draft=draft)


CREATE = Modal(
    name=NAME,
    roles=SUPPORT,
    title="New cardholder",
    working="Creating the cardholder…",
    check=lambda fields: read_new(fields)[1],
    submit=_submit,
    view=_view,
)
