"""`/partner`: its declaration, and what its forms and buttons do."""

from dataclasses import dataclass
from functools import partial

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import ReplyClick, ReplyForm, take_start, take_text
from bot.slack.handlers.books import show_day
from bot.slack.handlers.movements import show_movements
from bot.slack.payloads import Incoming, SentValue
from commands.lists import movements
from commands.partner import account
from commands.partner.books import read_book_day
from commands.reading.arguments import TypedWords, read_nothing
from commands.roles import PARTNER
from commands.slash_command import HELP, Command, Reply


@dataclass(frozen=True, kw_only=True)
class PayInPage:
    """A page of what was paid in to the partner account."""

    currency: str
    start: int


def _balance(context: SlackContext, _incoming: Incoming, _member: Member, _read: None) -> Reply:
    # Without an event of the trail: the partner account is nobody's personal data (A21).
    return account.balance(ask=context.paytend.send)


def _read_first(typed: TypedWords) -> PayInPage:
    return PayInPage(currency=account.read_top_ups(typed), start=0)


def _read_page(value: SentValue) -> PayInPage:
    return PayInPage(start=take_start(value), currency=take_text(value, "currency"))


def _top_ups(context: SlackContext, _incoming: Incoming, _member: Member, page: PayInPage) -> Reply:
    return account.top_ups(page.currency, start=page.start, ask=context.paytend.send, timezone=context.timezone)


COMMAND = Command(
    name="/partner",
    does="The partner account: balance, deposits, transactions, books",
    forms=(
        ReplyForm(
            word="balance",
            usage="",
            does="what you can still spend",
            roles=PARTNER,
            read=read_nothing,
            answer=_balance,
            asks_paytend=True,
        ),
        ReplyForm(
            word="topups",
            usage="[currency]",
            does="bank details and deposits",
            roles=PARTNER,
            read=_read_first,
            answer=_top_ups,
            asks_paytend=True,
        ),
        ReplyForm(
            word="transactions",
            usage="[from] [to] [status]",
            does="transactions (default: last 30 days)",
            roles=PARTNER,
            read=partial(movements.read_query, movements.PARTNER),
            answer=show_movements,
            asks_paytend=True,
        ),
        ReplyForm(
            word="books",
            usage="[day]",
            does="what moved on a day beside what was approved (default: yesterday)",
            roles=PARTNER,
            read=read_book_day,
            answer=show_day,
            asks_paytend=True,
        ),
        HELP,
    ),
)
CLICKS = tuple(
    ReplyClick(action=action, roles=PARTNER, read=_read_page, answer=_top_ups, asks_paytend=True, replaces=True)
    for action in ("partner_topups_next", "partner_topups_previous")
)
