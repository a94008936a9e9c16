"""What `/topup`, its modal and its buttons do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from approvals.policy.people import Member
from approvals.requests.opening import AskAgain
from bot.slack.declarations import Click, OldButton, Submission, Typed, take_text, told
from bot.slack.handlers.requests import ask_for
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands import topup
from commands.slash_command import SUPPORT, Reply
from commands.topup import TopUpAgainQuestion, TopUpAskedReply
from paytend import Money


def _typed(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply | None:
    if not words:
        _open(parts, incoming, {})
        return None
    wish = topup.read_wish(words)
    with parts.replier.still_working(incoming):
        return _ask(parts, incoming, member, wish)


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    parts.replier.open_view(incoming, topup.make_form(fields, channel=incoming.channel))


def _ask(
    parts: Parts, incoming: Incoming, member: Member, wish: topup.TypedTopUp, *, again: bool = False
) -> TopUpAskedReply | TopUpAgainQuestion:
    """Look at the card and open the request; return what was asked for, or the question whether again."""
    try:
        asked = ask_for(
            parts,
            incoming,
            member,
            action="card.top_up",
            subject=wish.card_id,
            payload=wish.as_value(),
            again=again,
        )
    except AskAgain as question:
        return TopUpAgainQuestion(says=str(question), wish=wish.as_value())
    return TopUpAskedReply(
        money=wish.money,
        card_id=wish.card_id,
        channel=asked.told.split()[0],
        decide_by=asked.decide_by,
        phrase=asked.phrase,
    )


def _read(value: Mapping[str, Any]) -> topup.TypedTopUp:
    return topup.TypedTopUp(
        card_id=take_text(value, "card_id"),
        money=Money.read(take_text(value, "money")),
        reason=take_text(value, "reason"),
    )


def _status(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    reference = topup.read_status(words)
    with parts.replier.still_working(incoming):
        return topup.status(reference, ask=parts.paytend.send)


def _click_open(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    _open(parts, incoming, {"card": take_text(incoming.value, "card_id")})


def _click_again(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    reply = _ask(parts, incoming, member, _read(incoming.value), again=True)
    parts.replier.reply(incoming, reply, replace=True)


def _check(fields: Mapping[str, str]) -> dict[str, str]:
    return topup.read_fields(fields)[1]


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    require_any(member, SUPPORT)
    wish, _ = topup.read_fields(incoming.fields)
    if wish is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    reply = _ask(parts, asked_in, member, wish)
    if isinstance(reply, TopUpAgainQuestion):
        question = told("Again?", reply.says)
        return replace(question, back="topup_again", back_text="Yes, ask again", metadata=reply.wish)
    return told("Asked", f"It is decided by somebody else now. Check phrase: {reply.phrase}.")


TYPED: dict[str, Typed] = {"": _typed, "status": _status}
CLICKS = {
    "topup_open": Click(act=_click_open),
    "topup_again": Click(act=_click_again, quick=False),
}
SUBMISSIONS = {
    "topup": Submission(
        title="Ask for a top-up",
        working="Looking at the card and asking…",
        check=_check,
        act=_submit,
        reopen=_open,
    ),
}
