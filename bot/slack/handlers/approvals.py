"""What `/approvals` and the buttons of its lists do."""

from collections.abc import Sequence
from datetime import datetime

from approvals.messages.request_facts import RequestDialog
from approvals.policy.people import Member
from approvals.requests import lists, stored
from approvals.requests.lists import PageStart
from approvals.tables import Request
from bot.slack.declarations import Click, Typed, take_text
from bot.slack.handlers.requests import read_request
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands import approvals
from commands.approvals import RequestListReply, RequestRow
from commands.reading.arguments import no_more
from commands.slash_command import ALL_ROLES, Reply


def _typed_list(name: str) -> Typed:
    def act(parts: Parts, _incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
        no_more(words, form=f"/approvals {name}")
        return _list(parts, member, name, None)

    return act


def _list(parts: Parts, member: Member, name: str, after: PageStart | None) -> Reply:
    with parts.database.reading() as session:
        match name:
            case "waiting":
                page = lists.waiting(session, member=member, now=parts.clock.now(), after=after)
            case "mine":
                page = lists.mine(session, member=member, after=after)
            case _:
                page = lists.history(session, after=after)
        rows = [_row(parts, request) for request in page.requests]
    title, nothing = approvals.LISTS[name]
    older = {"list": name, "at": page.after.created_at.isoformat(), "id": page.after.id} if page.after else None
    return RequestListReply(title=title, nothing=nothing, rows=rows, older=older)


def _row(parts: Parts, request: Request) -> RequestRow:
    summary, _ = stored.read_shown(parts.context, request)
    return RequestRow(
        id=request.id,
        summary=summary or f"{request.action} on {request.subject}",
        status=request.status,
        requester=request.requester_account,
        created_at=request.created_at,
        phrase=request.phrase,
    )


def _show(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> None:
    message = read_request(parts, approvals.read_show(words), member=member)
    parts.replier.open_view(incoming, RequestDialog.of(message))


def _click_show(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, ALL_ROLES)
    message = read_request(parts, take_text(incoming.value, "request"), member=member)
    parts.replier.open_view(incoming, RequestDialog.of(message))


def _click_older(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, ALL_ROLES)
    value = incoming.value
    after = PageStart(created_at=datetime.fromisoformat(take_text(value, "at")), id=take_text(value, "id"))
    parts.replier.reply(incoming, _list(parts, member, take_text(value, "list"), after), replace=True)


TYPED: dict[str, Typed] = {**{name: _typed_list(name) for name in approvals.LISTS}, "show": _show}
CLICKS = {"request_show": Click(act=_click_show), "approvals_older": Click(act=_click_older)}
