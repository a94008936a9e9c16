"""*Activate* on the notice of a card order: a form, and then the way of `/card activate`."""

from collections.abc import Mapping
from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.declarations import Click, Submission, take_text, told
from bot.slack.handlers.requests import AskedReply, ask_and_tell
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.card.activation_form import activate_form, read_activate_fields
from commands.slash_command import SUPPORT, Reply


def _click(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    holder = incoming.value.get("holder_id")
    known = {"card": take_text(incoming.value, "card_id"), "holder": holder if isinstance(holder, str) else ""}
    _open(parts, incoming, known)


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    parts.replier.open_view(incoming, activate_form(fields, channel=incoming.channel))


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    return read_activate_fields(fields)[1]


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    payload, _ = read_activate_fields(incoming.fields)
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    reply = ask_and_tell(
        parts, asked_in, member, action="card.activate", subject=payload["card_id"], payload=payload
    )
    if isinstance(reply, AskedReply):
        return told("Asked", f"It is decided by somebody else now. Check phrase: {reply.phrase}.")
    return reply


CLICKS = {"card_activate": Click(act=_click)}
SUBMISSIONS = {
    "card_activate": Submission(
        title="Activate a card",
        working="Looking at the card and asking…",
        check=_check,
        act=_submit,
        reopen=_open,
    ),
}
