"""What `/approvals` and the buttons of its lists do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from approvals import listing, showing
from approvals.listing import After
from approvals.people import Standing
from approvals.tables import Request
from bot.acts.kinds import Click, Typed, take_text
from bot.acts.requests import read_request
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import approvals
from commands.arguments import no_more
from commands.surface import ALL_ROLES, Reply


def _typed_list(name: str) -> Typed:
    def act(parts: Parts, _incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
        no_more(words, form=f"/approvals {name}")
        return _list(parts, standing, name, None)

    return act


def _list(parts: Parts, standing: Standing, name: str, after: After | None) -> Reply:
    with parts.database.reading() as session:
        match name:
            case "waiting":
                page = listing.waiting(session, standing=standing, now=parts.clock.now(), after=after)
            case "mine":
                page = listing.mine(session, standing=standing, after=after)
            case _:
                page = listing.history(session, after=after)
        rows = [_row(parts, request) for request in page.requests]
    title, nothing = approvals.LISTS[name]
    older = {"list": name, "at": page.after.created_at.isoformat(), "id": page.after.id} if page.after else None
    facts = {"title": title, "nothing": nothing, "rows": rows, "older": older}
    return Reply(template="approvals_list", facts=facts)


def _row(parts: Parts, request: Request) -> dict[str, Any]:
    summary, _ = showing.read_shown(parts.desk, request)
    return {
        "id": request.id,
        "summary": summary or f"{request.action} on {request.subject}",
        "status": request.status,
        "requester": request.requester_account,
        "created_at": request.created_at.isoformat(),
        "phrase": request.phrase,
    }


def _show(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> None:
    facts = read_request(parts, approvals.read_show(words), standing=standing)
    parts.replier.open_view(incoming, "request_show.view", facts)


def _click_show(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    facts = read_request(parts, take_text(incoming.value, "request"), standing=standing)
    parts.replier.open_view(incoming, "request_show.view", facts)


def _click_older(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    value = incoming.value
    after = After(created_at=datetime.fromisoformat(take_text(value, "at")), id=take_text(value, "id"))
    parts.replier.reply(incoming, _list(parts, standing, take_text(value, "list"), after), replace=True)


TYPED: dict[str, Typed] = {**{name: _typed_list(name) for name in approvals.LISTS}, "show": _show}
CLICKS = {"request_show": Click(act=_click_show), "approvals_older": Click(act=_click_older)}
