"""What is asked for about a card with a second person's approval: found, activate, replace, password."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from approvals.actions.table import find_action
from approvals.actions.usability import refuse_unusable
from approvals.messages import notices
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.requests import opening, stored
from bot.slack import card_picker
from bot.slack.context import SlackContext, require_any
from bot.slack.declarations import Fields, Modal, OnceView, ShowOutcome
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming
from commands.card import changes
from commands.roles import SUPPORT
from commands.slash_command import Reply, View

Payload = Mapping[str, object]
_REPLACE = "card_replace"


class NotYoursToSee(Refusal):
    """Only the requester can view it."""


class NotThereAnyMore(Refusal):
    """No longer available: already viewed, older than 10 minutes, or cardops restarted. Request it again."""


@dataclass(frozen=True, kw_only=True)
class SecretOnceView(View, template="secret_once.view"):
    """A secret that is shown once; `secret` never appears in a repr."""

    card_id: str
    secret: str = field(repr=False)


def ask_for_card(action: str) -> Callable[[SlackContext, Incoming, Member, Payload], Reply]:
    """Return the handler that asks for an action on the card of a payload."""

    def ask(context: SlackContext, incoming: Incoming, member: Member, payload: Payload) -> Reply:
        subject = str(payload.get("card_id", ""))
        return ask_and_tell(context, incoming, member, action=action, subject=subject, payload=payload)

    return ask


def show_replacement(context: SlackContext, incoming: Incoming, member: Member, payload: dict[str, str]) -> Reply:
    """Show both cards and their cardholders first; nothing is asked for yet. Looking goes into the trail."""
    seen = context.take_snapshot("card.replace", opening.parse_payload("card.replace", payload))
    # Before the refusals below: their words say something of the cards too (A21).
    for card_id in (payload["card_id"], payload["new_card_id"]):
        context.note("card:read", member=member, subject=card_id, what="replacement")
    refuse_unusable(find_action("card.replace"), seen)
    draft = context.inputs.drafts.keep_question(incoming.account, question=_REPLACE, value=payload)
    return changes.show_replacement({"draft": draft}, seen)


def ask_replacement(context: SlackContext, incoming: Incoming, member: Member, draft: str) -> Reply:
    """Ask for the replacement that was shown, once."""
    payload = context.inputs.drafts.use_question(draft, account=incoming.account, question=_REPLACE)
    return ask_for_card("card.replace")(context, incoming, member, payload)


def _password_view(context: SlackContext, channel: str, fields: Fields) -> View:
    card = card_picker.label(context, fields.get("card", ""))
    return changes.password_form(fields, channel=channel, card_text=card)


def _submit_password(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    payload, _ = changes.read_password_fields(incoming.fields)
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    return ask_for_card("card.retrieve_password")(context, asked_in, member, payload)


def show_secret(context: SlackContext, _incoming: Incoming, member: Member, request_id: str) -> OnceView:
    """Show a secret to its requester, once; the trail has that it was shown, not what."""
    with context.database.reading() as session:
        request = stored.find(session, request_id)
    if not member.person.is_known_as(request.requester_account):
        raise NotYoursToSee
    require_any(member, SUPPORT)  # only the requester gets here, who may have lost the role since
    secret = context.secrets.hold(request_id)
    if secret is None:
        raise NotThereAnyMore
    view = SecretOnceView(card_id=request.subject, secret=secret.get_secret_value())
    return OnceView(view=view, settle=partial(_settle_secret, context, member, request_id))


def _settle_secret(context: SlackContext, member: Member, request_id: str, outcome: ShowOutcome) -> None:
    """Use the secret up once Slack has shown it. Without an answer it may have been seen, and counts as seen."""
    if outcome is ShowOutcome.NOT_SHOWN:
        context.secrets.release(request_id)
        return
    context.secrets.use_up(request_id)
    is_sure = outcome is ShowOutcome.SHOWN
    context.note("secret:shown", member=member, subject=f"request:{request_id}", is_sure=is_sure)
    ended = "The secret was shown once." if is_sure else "The secret was perhaps shown: Slack did not say."
    with context.database.writing() as session:
        context.approvals.outbox.amend(
            session, notices.secret_key(request_id), {"ended": ended}, now=context.now_in(session)
        )
    context.work.wake_deliverer()


PASSWORD = Modal(
    name="card_password",
    roles=SUPPORT,
    title="Send card password",
    working="Looking at the card and asking…",
    check=lambda fields: changes.read_password_fields(fields)[1],
    submit=_submit_password,
    view=_password_view,
)
