"""What is offered while somebody types into a select: cards, countries, and Paytend's cities and card designs.

Slack waits three seconds, so only what is known or comes at once is offered; what there is not is said in words,
as an option of its own.
"""

from collections.abc import Callable, Sequence

from approvals.policy.people import DirectoryUnreadable
from approvals.refusals import Refusal
from approvals.written_ids import normalize_id
from bot.slack import card_picker
from bot.slack.choices import ChoicesPending
from bot.slack.context import SlackContext
from bot.slack.payloads import Incoming
from commands.reading.address import NO_CHOICE
from commands.reading.countries import COUNTRIES, search
from notifier.rendering.escaping import clean
from notifier.rendering.slack_limits import cut
from paytend import PaytendError
from paytend.models import Design
from paytend.redaction import find_card_numbers

_MOST = 100
_LONGEST_TEXT, _LONGEST_VALUE = 75, 150

Option = dict[str, str | dict[str, str]]


def offer(context: SlackContext, incoming: Incoming) -> list[Option]:
    """Return the options for what was typed so far; never raises for what Paytend can do, never empty."""
    kind, _, more = incoming.name.partition("_")
    if kind == "card":
        return _offer_cards(context, incoming)
    find = _SOURCES.get(kind)
    if find is None:
        return [_say("There is nothing to choose from here")]
    try:
        found = find(context, more, incoming.text)
    except ChoicesPending:
        return [_say("Still asking Paytend: type another letter in a moment")]
    except PaytendError:
        return [_say("Paytend isn’t responding: try again in a minute")]
    options = [_option(text, value) for value, text in found if 0 < len(value) <= _LONGEST_VALUE]
    return options[:_MOST] or [_say(f"Nothing fits “{clean(incoming.text)}”")]


def _offer_cards(context: SlackContext, incoming: Incoming) -> list[Option]:
    """Return the cards that fit what was typed, or those pinned and used lately, for people who may look."""
    text = incoming.text.strip()
    if find_card_numbers(text):
        return [_say("Never type a whole card number: its last four digits are enough")]
    try:
        member = context.members.find(incoming.account, team=incoming.account_team)
        found = card_picker.find(context, member, text) if text else card_picker.list_likely(context, member)
    except Refusal as refusal:
        return [_say(str(refusal))]
    except DirectoryUnreadable:
        return [_say("Slack does not say who you are: try again in a moment")]
    card_picker.note_search(context, member, found.cards, again=False)
    options = [_option(card_picker.describe(context, card), card.card_id) for card in found.cards]
    known = {card.card_id for card in found.cards}
    typed = normalize_id(text)
    # A card that never passed here is known by its id only.
    if card_picker.is_id(text) and " " not in typed and typed not in known and not found.cards:
        options.append(_option(f"Card {typed}", typed))
    if found.more:
        options.append(_say("There are more: type more of the name, or the last four digits"))
    nothing = f"No card here is known by “{clean(text)}”" if text else "Type a name or the last four digits"
    return options or [_say(nothing)]


def _countries(_context: SlackContext, _more: str, text: str) -> Sequence[tuple[str, str]]:
    exact = text.strip().upper()
    found = search(text, ((item, (item[0], item[1])) for item in COUNTRIES.items()))
    # Who types a code means that country, not the first one with these letters in its name.
    found.sort(key=lambda item: item[0] != exact)
    return [(code, f"{name} ({code})") for code, name in found]


def _cities(context: SlackContext, country: str, text: str) -> Sequence[tuple[str, str]]:
    if country not in COUNTRIES:
        return [(NO_CHOICE, "Choose the country first")]
    cities = context.inputs.choices.cities_soon(country, submit=context.work.later)
    rows = ((city, (city.name or "", city.code or "")) for city in cities)
    return [(city.code or "", f"{city.name or city.code} ({city.code})") for city in search(text, rows)]


def _designs(context: SlackContext, _more: str, text: str) -> Sequence[tuple[str, str]]:
    designs = context.inputs.choices.designs_soon(submit=context.work.later)
    rows = ((row, (row.name or "", row.sku or "")) for row in designs)
    return [(row.sku or "", _design_text(row)) for row in search(text, rows)]


def _design_text(row: Design) -> str:
    kind = f", {row.type.text}" if row.type else ""
    return f"{row.name or row.sku}{kind} ({row.sku})"


_SOURCES: dict[str, Callable[[SlackContext, str, str], Sequence[tuple[str, str]]]] = {
    "country": _countries,
    "nationality": _countries,
    "city": _cities,
    "design": _designs,
}


def _option(text: str, value: str) -> Option:
    return {"text": {"type": "plain_text", "text": cut(clean(text), _LONGEST_TEXT)}, "value": value}


def _say(text: str) -> Option:
    return _option(text, NO_CHOICE)
