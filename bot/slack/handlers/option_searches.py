"""What is offered while somebody types into a select: countries, and Paytend's cities and card designs.

Slack waits three seconds, so only what is known or comes at once is offered; what there is not is said in words,
as an option of its own.
"""

from collections.abc import Callable, Sequence

from bot.slack.choices import ChoicesPending
from bot.slack.context import SlackContext
from bot.slack.payloads import Incoming
from commands.reading.address import NO_CHOICE
from commands.reading.countries import COUNTRIES, search
from notifier.rendering.escaping import clean
from notifier.rendering.slack_limits import cut
from paytend import PaytendError
from paytend.models import Design

_MOST = 100
_LONGEST_TEXT, _LONGEST_VALUE = 75, 150

Option = dict[str, str | dict[str, str]]


def offer(context: SlackContext, incoming: Incoming) -> list[Option]:
    """Return the options for what was typed so far; never raises for what Paytend can do, never empty."""
    kind, _, more = incoming.name.partition("_")
    find = _SOURCES.get(kind)
    if find is None:
        return [_say("There is nothing to choose from here")]
    try:
        found = find(context, more, incoming.text)
    except ChoicesPending:
        return [_say("Still asking Paytend: type another letter in a moment")]
    except PaytendError:
        return [_say("Paytend does not answer: try again in a minute")]
    options = [_option(text, value) for value, text in found if 0 < len(value) <= _LONGEST_VALUE]
    return options[:_MOST] or [_say(f"Nothing fits “{clean(incoming.text)}”")]


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
