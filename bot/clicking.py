"""What is clicked and submitted: decisions, settlements, and the buttons of private answers and notices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals import notices, reconciliation, showing
from approvals import requests as deciding
from approvals.listing import After
from approvals.people import Standing, admit, require_role
from approvals.refusals import Refusal
from approvals.rules import HoldsCardNumber, ReasonNeeded, Verdict, check_reason
from bot.asking import (
    ask_top_up,
    list_requests,
    open_top_up,
    read_request,
    read_wish,
    record_refusal,
    show_card,
    show_holder,
    show_request,
    top_up_facts,
    write_wish,
)
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import card, topup
from commands.surface import ALL_ROLES, SUPPORT, Reply

Click = Callable[[Parts, Incoming, Standing], None]


class OldButton(Refusal):
    """This button is from an older message and does nothing any more. Please open the request again."""


def answer_click(parts: Parts, incoming: Incoming) -> None:
    """Do what was clicked; raises what goes wrong."""
    act = CLICKS.get(incoming.name)
    if act is None:
        raise OldButton
    act(parts, incoming, parts.stand(incoming.account, team=incoming.account_team))


def _approve(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    _decide(parts, incoming.value, standing, verdict=Verdict.APPROVE)
    parts.wake_executor()


def _decide(
    parts: Parts, value: Mapping[str, Any], standing: Standing, *, verdict: Verdict, reason: str = ""
) -> None:
    """Count a decision; a refused one goes into the trail as well."""
    request_id = _text(value, "request")
    try:
        with parts.database.writing() as session:
            deciding.decide(
                session,
                parts.desk,
                request_id=request_id,
                digest=_text(value, "digest"),
                verdict=verdict,
                standing=standing,
                reason=reason,
                now=parts.clock.now(),
            )
    except Refusal as refusal:
        record_refusal(parts, refusal, standing=standing, subject=request_id)
        raise
    parts.wake_deliverer()


def _open_denial(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    admit(standing.person)
    facts = read_request(parts, _text(incoming.value, "request"))
    # The value of the button, not of the request as it is now: what was shown is what is denied.
    parts.replier.open_view(incoming, "request_deny.view", {**facts, "button_value": dict(incoming.value)})


def _withdraw(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    with parts.database.writing() as session:
        deciding.withdraw(
            session,
            parts.desk,
            request_id=_text(incoming.value, "request"),
            digest=_text(incoming.value, "digest"),
            standing=standing,
            now=parts.clock.now(),
        )
    parts.wake_deliverer()


def _look(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    """Say in the thread that somebody is looking, so that not everybody opens it."""
    admit(standing.person)
    with parts.database.writing() as session:
        request = showing.find(session, _text(incoming.value, "request"))
        require_role(standing, roles=showing.read_rule(request).approvers)
        facts = {"by": standing.person.account, "at": parts.clock.now().isoformat()}
        notices.reply(
            session, parts.desk.outbox, request, kind="request_looking", facts=facts, now=parts.clock.now()
        )
    parts.wake_deliverer()


def _open_settling(*, happened: bool) -> Click:
    def act(parts: Parts, incoming: Incoming, standing: Standing) -> None:
        admit(standing.person)
        facts = read_request(parts, _text(incoming.value, "request"))
        settle_value = {**incoming.value, "happened": happened}
        parts.replier.open_view(incoming, "request_settle.view", {**facts, "settle_value": settle_value})

    return act


def _show(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    show_request(parts, incoming, _text(incoming.value, "request"))


def _older(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    value = incoming.value
    after = After(created_at=datetime.fromisoformat(_text(value, "at")), id=_text(value, "id"))
    parts.replier.reply(incoming, list_requests(parts, standing, _text(value, "list"), after), replace=True)


def _card_lost(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    card_id = _text(incoming.value, "card_id")
    parts.note("card:lost_asked", standing=standing, subject=card_id)
    with parts.replier.still_working(incoming):
        reply = card.lost(card_id, ask=parts.paytend.send)
    parts.note("card:lost", standing=standing, subject=card_id, status=reply.facts["status"])
    parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _card_info(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    parts.replier.reply(incoming, show_card(parts, incoming, standing, _text(incoming.value, "card_id")))


def _holder_status(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    values = {"holder_id": _text(incoming.value, "holder_id")}
    parts.replier.reply(incoming, show_holder(parts, incoming, standing, values))


def _open_top_up(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    open_top_up(parts, incoming, {"card": _text(incoming.value, "card_id")})


def _top_up_again(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    reply = ask_top_up(parts, incoming, standing, read_wish(incoming.value), again=True)
    parts.replier.reply(incoming, reply, replace=True)


def _top_up_back(parts: Parts, incoming: Incoming, _standing: Standing) -> None:
    """Show the form again with everything that was typed."""
    fields = {name: str(value) for name, value in incoming.value.items()}
    parts.replier.update_view(incoming.view_id, "topup.view", top_up_facts(fields.get("channel", ""), fields))


def _dismiss(parts: Parts, incoming: Incoming, _standing: Standing) -> None:
    parts.replier.dismiss(incoming)


CLICKS: Mapping[str, Click] = {
    "request_approve": _approve,
    "request_deny": _open_denial,
    "request_withdraw": _withdraw,
    "request_looking": _look,
    "request_settle_happened": _open_settling(happened=True),
    "request_settle_not": _open_settling(happened=False),
    "request_show": _show,
    "approvals_older": _older,
    "card_lost": _card_lost,
    "card_info": _card_info,
    "holder_status": _holder_status,
    "topup_open": _open_top_up,
    "topup_again": _top_up_again,
    "topup_back": _top_up_back,
    "dismiss": _dismiss,
}
# These open a modal, which must happen within three seconds: they do not wait behind Paytend.
QUICK = frozenset(CLICKS) - {"card_lost", "card_info", "holder_status", "topup_again"}


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A modal that can be submitted: `check` says what is wrong under each input, purely."""

    title: str
    working: str
    check: Callable[[Mapping[str, str]], dict[str, str]]
    act: Callable[[Parts, Incoming, Standing], Reply]


def answer_submission(parts: Parts, incoming: Incoming) -> None:
    """Do what was submitted and show in the modal what came of it; raises what goes wrong."""
    submission = SUBMISSIONS[incoming.name]
    standing = parts.stand(incoming.account, team=incoming.account_team)
    reply = submission.act(parts, incoming, standing)
    parts.replier.show_in_view(incoming.view_id, reply, title=submission.title)


def _check_reason(fields: Mapping[str, str]) -> dict[str, str]:
    try:
        check_reason(fields.get("reason", ""))
    except (ReasonNeeded, HoldsCardNumber) as refusal:
        return {"reason": str(refusal)}
    return {}


def _deny(parts: Parts, incoming: Incoming, standing: Standing) -> Reply:
    _decide(parts, incoming.value, standing, verdict=Verdict.DENY, reason=incoming.fields["reason"])
    return told("Denied", "The requester is told, with your reason.")


def _settle(parts: Parts, incoming: Incoming, standing: Standing) -> Reply:
    with parts.database.writing() as session:
        request = reconciliation.settle(
            session,
            parts.desk,
            request_id=_text(incoming.value, "request"),
            digest=_text(incoming.value, "digest"),
            standing=standing,
            happened=incoming.value.get("happened") is True,
            reason=incoming.fields["reason"],
            now=parts.clock.now(),
        )
    parts.wake_deliverer()
    settled = request.status in {"executed", "failed"}
    return told("Your word counts", "It is settled." if settled else "A second person has to say the same.")


def _check_top_up(fields: Mapping[str, str]) -> dict[str, str]:
    return topup.read_fields(fields)[1]


def _top_up(parts: Parts, incoming: Incoming, standing: Standing) -> Reply:
    require_any(standing, SUPPORT)
    wish, _ = topup.read_fields(incoming.fields)
    if wish is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    asked_in = Incoming(**{**incoming.__dict__, "channel": str(incoming.value.get("channel", ""))})
    reply = ask_top_up(parts, asked_in, standing, wish)
    if reply.template == "topup_again":
        again = {"back": "topup_again", "back_text": "Yes, ask again", "metadata": write_wish(wish)}
        return told("Again?", str(reply.facts["says"]), **again)
    return told("Asked", f"It is decided by somebody else now. Check phrase: {reply.facts['phrase']}.")


def told(headline: str, says: str, **more: Any) -> Reply:
    """Return a few words, with a button where `back` names one."""
    facts = {"headline": headline, "says": says, "next": "", "back": "", "back_text": "", "metadata": {}}
    return Reply(template="told", facts=facts | more)


SUBMISSIONS: Mapping[str, Submission] = {
    "request_deny": Submission(title="Deny", working="Denying…", check=_check_reason, act=_deny),
    "request_settle": Submission(title="Settle", working="Writing it down…", check=_check_reason, act=_settle),
    "topup": Submission(
        title="Ask for a top-up", working="Looking at the card and asking…", check=_check_top_up, act=_top_up
    ),
}


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise OldButton
    return found
