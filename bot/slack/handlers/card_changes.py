"""What is asked for about a card, with a second person's approval: found, activate, replace, password."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from approvals.actions.table import find_action
from approvals.actions.usability import refuse_unusable
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.requests import opening, stored
from bot.slack.declarations import Click, Submission, Typed, take_text
from bot.slack.handlers.requests import ask_and_tell
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.card import changes as card_changes
from commands.slash_command import SUPPORT, Reply, View


class NotYoursToSee(Refusal):
    """Only the person who asked for it can see it."""


class NotThereAnyMore(Refusal):
    """It is not there any more: it was seen already, ten minutes are over, or the bot was started anew."""


@dataclass(frozen=True, kw_only=True)
class SecretOnceView(View, template="secret_once.view"):
    """A secret that is shown once; `secret` never appears in a repr."""

    card_id: str
    secret: str = field(repr=False)


def _typed_request(action: str, read: Callable[[Sequence[str]], dict[str, str]]) -> Typed:
    """Return what asks for an action with what was typed."""

    def act(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
        payload = read(words)
        with parts.replier.still_working(incoming):
            return _ask(parts, incoming, member, action, payload)

    return act


def _ask(parts: Parts, incoming: Incoming, member: Member, action: str, payload: Mapping[str, Any]) -> Reply:
    subject = str(payload.get("card_id", ""))
    return ask_and_tell(parts, incoming, member, action=action, subject=subject, payload=payload)


def _replace(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    """Show both cards and their holders first; nothing is asked for yet."""
    payload = card_changes.read_replace(words)
    with parts.replier.still_working(incoming):
        seen = parts.take_snapshot("card.replace", opening.parse_payload("card.replace", payload))
    refuse_unusable(find_action("card.replace"), seen)
    return card_changes.show_replacement(payload, seen)


def _click_replace(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    reply = _ask(parts, incoming, member, "card.replace", incoming.value)
    parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _password(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> None:
    _open_password(parts, incoming, {"card": card_changes.read_password(words)})


def _open_password(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    parts.replier.open_view(incoming, card_changes.password_form(fields, channel=incoming.channel))


def _check_password(fields: Mapping[str, str]) -> dict[str, str]:
    return card_changes.read_password_fields(fields)[1]


def _submit_password(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    payload, _ = card_changes.read_password_fields(incoming.fields)
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    return _ask(parts, asked_in, member, "card.retrieve_password", payload)


def _show_secret(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Show it to the requester, from memory, once; that it was shown goes into the trail, not what."""
    request_id = take_text(incoming.value, "request")
    with parts.database.reading() as session:
        request = stored.find(session, request_id)
    if member.person.account != request.requester_account:
        raise NotYoursToSee
    require_any(member, SUPPORT)
    secret = parts.secrets.take(request_id)
    if secret is None:
        raise NotThereAnyMore
    parts.note("secret:shown", member=member, subject=f"request:{request_id}")
    parts.replier.open_view(incoming, SecretOnceView(card_id=request.subject, secret=secret.get_secret_value()))


TYPED: dict[str, Typed] = {
    "found": _typed_request("card.found", card_changes.read_found),
    "activate": _typed_request("card.activate", card_changes.read_activate),
    "replace": _replace,
    "password": _password,
}
CLICKS = {
    "card_replace": Click(act=_click_replace, quick=False),
    "secret_once": Click(act=_show_secret),
}
SUBMISSIONS = {
    "card_password": Submission(
        title="Retrieve a password",
        working="Looking at the card and asking…",
        check=_check_password,
        act=_submit_password,
        reopen=_open_password,
    ),
}
