"""What is typed: each command's words are read, decided on, done and shown, in that order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from approvals import listing, opening, showing
from approvals import requests as deciding
from approvals.card import facts as card_facts
from approvals.listing import After
from approvals.opening import AskAgain
from approvals.people import Standing
from approvals.refusals import Refusal
from approvals.tables import Request
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import card, holder, surface, topup
from commands.arguments import CURRENCIES, misread, no_more, refuse_card_number
from commands.surface import Command, Reply
from paytend import Money

Handler = Callable[[Parts, Incoming, Standing, Sequence[str]], Reply | None]
REQUEST_FORM = "/approvals show <request>"
_BY_NAME = {command.name: command for command in surface.COMMANDS}


def answer_command(parts: Parts, incoming: Incoming) -> None:
    """Do what was typed and answer the person who typed it; raises what goes wrong."""
    refuse_card_number(incoming.text)
    command = _BY_NAME.get(incoming.name)
    if command is None:
        raise misread(f"{incoming.name} is not known here.", form="/cardops help")
    word, words = _split(command, incoming.text)
    form = command.form(word)
    standing = parts.stand(incoming.account, team=incoming.account_team)
    require_any(standing, form.roles)
    reply = HANDLERS[command.name, form.word](parts, incoming, standing, words)
    if reply is not None:
        parts.replier.reply(incoming, reply)


def opens_modal(incoming: Incoming) -> bool:
    """Whether a command opens a modal, which must happen within Slack's three seconds."""
    return incoming.name == surface.TOP_UP.name and not incoming.text.strip()


def _split(command: Command, text: str) -> tuple[str, Sequence[str]]:
    words = text.split()
    known = {form.word for form in command.forms if form.word}
    if words and words[0].lower() in known:
        return words[0].lower(), words[1:]
    has_own_form = any(not form.word for form in command.forms)
    if not words:
        return ("", []) if has_own_form else ("help", [])
    return ("", words) if has_own_form else (words[0], words[1:])


def _card_info(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    card_id = card.read_info(words)
    return show_card(parts, incoming, standing, card_id)


def show_card(parts: Parts, incoming: Incoming, standing: Standing, card_id: str) -> Reply:
    """Return a card with its cardholder; that it was looked at goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = card.info(card_id, ask=parts.paytend.send)
    parts.note("card:read", standing=standing, subject=card_id, holder=reply.facts["holder_id"])
    return reply


def _card_lost(parts: Parts, incoming: Incoming, _standing: Standing, words: Sequence[str]) -> Reply:
    card_id = card.read_lost(words)
    with parts.replier.still_working(incoming):
        return card.ask_lost(card_id, ask=parts.paytend.send)


def _holder_status(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    return show_holder(parts, incoming, standing, holder.read_status(words))


def show_holder(parts: Parts, incoming: Incoming, standing: Standing, values: dict[str, str]) -> Reply:
    """Return a cardholder; that personal data was read goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = holder.status(values, ask=parts.paytend.send)
    parts.note("cardholder:read", standing=standing, subject=str(reply.facts["holder_id"]))
    return reply


def _top_up(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply | None:
    if not words:
        open_top_up(parts, incoming)
        return None
    wish = topup.read_wish(words)
    with parts.replier.still_working(incoming):
        return ask_top_up(parts, incoming, standing, wish)


def open_top_up(parts: Parts, incoming: Incoming, fields: Mapping[str, str] | None = None) -> None:
    """Open the modal of a top-up, with what was typed before."""
    parts.replier.open_view(incoming, "topup.view", top_up_facts(incoming.channel, fields or {}))


def top_up_facts(channel: str, fields: Mapping[str, str], *, problem: str = "") -> dict[str, Any]:
    """Return the facts of the modal; `channel` is where it was asked for."""
    return {
        "metadata": {"channel": channel},
        "problem": problem,
        "card": fields.get("card", ""),
        "amount": fields.get("amount", ""),
        "currency": fields.get("currency") or CURRENCIES[0],
        "currencies": list(CURRENCIES),
        "reason": fields.get("reason", ""),
    }


def ask_top_up(
    parts: Parts, incoming: Incoming, standing: Standing, wish: topup.Wish, *, again: bool = False
) -> Reply:
    """Look at the card, open the request, and return what was asked for, or the question whether again."""
    snapshot = parts.look(wish.card_id)
    asked = opening.Wish(
        action="card.top_up",
        payload={"card_id": wish.card_id, "money": str(wish.money), "reason": wish.reason},
        card=snapshot,
        members=parts.members(),
        asked_in=incoming.channel,
        follows=not parts.directory.is_member(parts.desk.channel, incoming.account),
        again=again,
    )
    try:
        with parts.database.writing() as session:
            request = opening.open_request(
                session, parts.desk, wish=asked, standing=standing, now=parts.clock.now()
            )
    except AskAgain as question:
        return Reply(template="topup_again", facts={"says": str(question), "wish": write_wish(wish)})
    except Refusal as refusal:
        record_refusal(parts, refusal, standing=standing, subject=wish.card_id)
        raise
    parts.wake_deliverer()
    return Reply(
        template="topup_asked",
        facts={
            "request": request.id,
            "money": str(wish.money),
            "card_id": wish.card_id,
            "channel": parts.desk.channel,
            "decide_by": request.decide_by.isoformat(),
            "phrase": request.phrase,
        },
    )


def write_wish(wish: topup.Wish) -> dict[str, str]:
    """Return a wish as the value of a button; read_wish takes it back."""
    return {"card_id": wish.card_id, "money": str(wish.money), "reason": wish.reason}


def read_wish(value: Mapping[str, Any]) -> topup.Wish:
    """Return the wish in a button's value."""
    return topup.Wish(
        card_id=str(value["card_id"]), money=Money.read(str(value["money"])), reason=str(value["reason"])
    )


def _top_up_status(parts: Parts, incoming: Incoming, _standing: Standing, words: Sequence[str]) -> Reply:
    reference = topup.read_status(words)
    with parts.replier.still_working(incoming):
        return topup.status(reference, ask=parts.paytend.send)


def _waiting(parts: Parts, _incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    no_more(words, form="/approvals waiting")
    return list_requests(parts, standing, "waiting", None)


def _mine(parts: Parts, _incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    no_more(words, form="/approvals mine")
    return list_requests(parts, standing, "mine", None)


def _history(parts: Parts, _incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    no_more(words, form="/approvals history")
    return list_requests(parts, standing, "history", None)


LISTS = {
    "waiting": ("Waiting for you", "Nothing waits for you."),
    "mine": ("Your requests", "You have asked for nothing yet."),
    "history": ("All requests", "Nothing was asked for yet."),
}


def list_requests(parts: Parts, standing: Standing, name: str, after: After | None) -> Reply:
    """Return a page of one of the LISTS."""
    with parts.database.reading() as session:
        match name:
            case "waiting":
                page = listing.waiting(session, standing=standing, now=parts.clock.now(), after=after)
            case "mine":
                page = listing.mine(session, standing=standing, after=after)
            case _:
                page = listing.history(session, after=after)
        rows = [_row(parts, request) for request in page.requests]
    title, nothing = LISTS[name]
    older = {"list": name, "at": page.after.created_at.isoformat(), "id": page.after.id} if page.after else None
    return Reply(
        template="approvals_list", facts={"title": title, "nothing": nothing, "rows": rows, "older": older}
    )


def _row(parts: Parts, request: Request) -> dict[str, Any]:
    summary, _ = showing.read_shown(parts.desk, request)
    return {
        "id": request.id,
        "summary": summary or f"{request.action} on card {request.subject}",
        "status": request.status,
        "requester": request.requester_account,
        "created_at": request.created_at.isoformat(),
        "phrase": request.phrase,
    }


def _show(parts: Parts, incoming: Incoming, _standing: Standing, words: Sequence[str]) -> Reply | None:
    if len(words) != 1:
        raise misread("Which request?", form=REQUEST_FORM)
    show_request(parts, incoming, words[0])
    return None


def show_request(parts: Parts, incoming: Incoming, request_id: str) -> None:
    """Open the modal of one request; raises UnknownRequest."""
    parts.replier.open_view(incoming, "request_show.view", read_request(parts, request_id))


def read_request(parts: Parts, request_id: str) -> dict[str, Any]:
    """Return everything that the card of a request shows; raises UnknownRequest."""
    with parts.database.reading() as session:
        request = showing.find(session, request_id)
        return card_facts(showing.view(session, parts.desk, request, now=parts.clock.now()))


def record_refusal(parts: Parts, refusal: Refusal, *, standing: Standing, subject: str) -> None:
    """Add a refusal to the trail: the transaction in which it was raised was rolled back."""
    with parts.database.writing() as session:
        deciding.record_refusal(
            session, parts.desk, refusal=refusal, standing=standing, subject=subject, now=parts.clock.now()
        )


def _help(command: Command) -> Handler:
    return lambda _parts, _incoming, _standing, _words: surface.show_help(command)


def _all_help(_parts: Parts, _incoming: Incoming, _standing: Standing, _words: Sequence[str]) -> Reply:
    return surface.show_all_help()


def _whoami(_parts: Parts, _incoming: Incoming, standing: Standing, _words: Sequence[str]) -> Reply:
    may = [
        f"{command.name} {form.word}: {form.does}"
        for command in surface.COMMANDS
        for form in command.forms
        if form.roles and standing.roles & set(form.roles)
    ]
    return Reply(
        template="whoami",
        facts={
            "name": standing.person.called,
            "roles": sorted(standing.roles),
            "unreadable": sorted(standing.unreadable),
            "may": may,
        },
    )


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("/card", "info"): _card_info,
    ("/card", "lost"): _card_lost,
    ("/card", "help"): _help(surface.CARD),
    ("/topup", ""): _top_up,
    ("/topup", "status"): _top_up_status,
    ("/topup", "help"): _help(surface.TOP_UP),
    ("/holder", "status"): _holder_status,
    ("/holder", "help"): _help(surface.HOLDER),
    ("/approvals", "waiting"): _waiting,
    ("/approvals", "mine"): _mine,
    ("/approvals", "history"): _history,
    ("/approvals", "show"): _show,
    ("/approvals", "help"): _help(surface.APPROVALS),
    ("/cardops", "help"): _all_help,
    ("/cardops", "whoami"): _whoami,
}
