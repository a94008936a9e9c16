"""Looking at a cardholder, and at Paytend’s cities."""

from dataclasses import dataclass

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import take_start, take_text
from bot.slack.payloads import Incoming, SentValue
from commands.holder import lookup
from commands.reading.arguments import TypedWords
from commands.slash_command import Reply


@dataclass(frozen=True, kw_only=True)
class CityPage:
    """A page of the cities of a country in which `text` is found."""

    country: str
    text: str
    start: int


def show_holder(context: SlackContext, _incoming: Incoming, member: Member, values: dict[str, str]) -> Reply:
    """Return a cardholder; reading personal data goes into the trail."""
    reply = lookup.status(values, ask=context.paytend.send)
    context.note("cardholder:read", member=member, subject=reply.holder.holder_id)
    return reply


def read_cities(typed: TypedWords) -> CityPage:
    """Return the first page of what was typed; raises Misread."""
    country, text = lookup.read_cities(typed)
    return CityPage(country=country, text=text, start=0)


def read_page(value: SentValue) -> CityPage:
    """Return the page that a button names; raises OldButton."""
    country, text = take_text(value, "country"), take_text(value, "text")
    return CityPage(country=country, text=text, start=take_start(value))


def show_cities(context: SlackContext, _incoming: Incoming, _member: Member, page: CityPage) -> Reply:
    """Return a page of cities."""
    known = context.inputs.choices.cities(page.country)
    return lookup.cities(page.country, page.text, start=page.start, known=known)
