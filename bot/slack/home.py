"""The Home tab: what waits for me, what I asked for, the partner balance, and what is done often.

Made for many people: a refresh reads rows only, does nothing while nothing has changed, and publishes a view only
when it differs from the one that the person has. Roles are those of the last opening; every act checks them again.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from slack_sdk import WebClient
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages.request_message import STATUS_WORDS
from approvals.policy.people import Member, Person, SamePerson, accounts_of, admit, identity_of
from approvals.requests import decision_validity, lists, stored
from approvals.requests.view import names_somebody, read_summary
from approvals.statuses import Status
from approvals.stops.standing import find_standing
from approvals.tables import AuditEvent, Request
from bot.database.engine import SqlDatabase
from bot.database.tables import HomeTab
from bot.slack.sparkline import WINDOW, draw, say_trend
from commands.approvals import RequestRow
from commands.cardops.stops import StopRow, show_stop
from commands.roles import LOOK, LOST, SUPPORT
from commands.slash_command import View
from notifier.balance.tables import BalanceSample, BalanceState
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import NotDelivered, slack_call
from notifier.rendering.facts import make_plain
from notifier.rendering.renderer import Renderer
from paytend import Money
from storage.upsert import insert_once

LOOKED_AT = timedelta(hours=1)  # a tab that was opened longer ago is made new when it is opened again
MOST_PUBLISHED = 15  # in one refresh: Slack takes about a hundred a minute
BALANCE_ROLES = frozenset({"manager", "oncall", "admin"})
_WAITING, _MINE, _READ = 8, 5, 50
_LEVELS = {"ok": "enough", "warn": "low", "critical": "critically low"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WaitingRequest(RequestRow):
    """A request that waits for the person whose tab it is, and for how many approvals yet."""

    decide_by: datetime
    quorum: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class HomeBalance:
    """The partner balance in one currency: its level and trend in words, and the trend in bars."""

    money: Money
    level: str
    asked_at: datetime | None
    bars: str
    trend: str


@dataclass(frozen=True, kw_only=True)
class HomeView(View, template="home.view"):
    """A Home tab; of what waits, `more_waiting` are known and not shown, and `even_more` were not read."""

    roles: Sequence[str]
    stopped: Sequence[StopRow]
    waiting: Sequence[WaitingRequest]
    more_waiting: int
    even_more: bool
    mine: Sequence[RequestRow]
    balances: Sequence[HomeBalance]
    may_see_balance: bool
    may_ask: bool
    may_report_lost: bool
    may_look: bool


class PublishOutcome(Enum):
    """Whether Slack took a tab; NOT_NOW is about all of them, NEVER about this one."""

    YES = "yes"
    NOT_NOW = "not now"
    NEVER = "never"


# A limit, a failure of Slack's or of the network, a revoked token: the next tab would fare no better.
_LASTS = frozenset({Trouble.LIMITED, Trouble.IN_DOUBT, Trouble.NEVER_SENT, Trouble.UNAUTHORISED})


@dataclass(frozen=True, kw_only=True)
class HomeTabs:
    """Publishes Home tabs when they are opened, and keeps them fresh for a while."""

    database: SqlDatabase
    approvals: ApprovalContext
    slack: WebClient
    renderer: Renderer
    now_in: Callable[[Session], datetime]

    def open(self, member: Member) -> None:
        """Publish the tab of the member who opened it, and keep it fresh for a while."""
        admit(member.person)
        roles = ",".join(sorted(member.roles))
        with self.database.writing() as session:
            now = self.now_in(session)
            seen = _newest_fact(session)
            insert_once(
                session,
                HomeTab,
                {
                    "account": member.person.account,
                    "person_id": member.person.id,
                    "name": member.person.name,
                    "roles": roles,
                    "opened_at": now,
                    "seen": "",
                    "digest": "",
                },
            )
            row = session.get_one(HomeTab, member.person.account)
            row.opened_at, row.roles, row.person_id, row.seen = now, roles, member.person.id, seen
            facts = _facts(session, self.approvals, member, now=now)
            if named := _find_named(session, self.approvals, facts):
                chain.append(
                    session,
                    "requests:read",
                    key=self.approvals.audit_key,
                    actor=member.person.account,
                    subject="requests:home",
                    facts={"requests": named},
                    now=now,
                )
                row.seen = _newest_fact(session)  # its own event changes nothing on the tab
        self._publish(member.person.account, facts, now=now)

    def refresh(self) -> int:
        """Bring the tabs that were opened lately up to date, and return how many were published."""
        with self.database.reading() as session:
            now = self.now_in(session)
            seen = _newest_fact(session)
            rows = session.exec(
                select(HomeTab)
                .where(col(HomeTab.opened_at) > now - LOOKED_AT, HomeTab.seen != seen)
                .order_by(col(HomeTab.published_at))
            ).all()
        fresh: list[str] = []
        published = tried = 0
        for row in rows:
            with self.database.reading() as session:
                facts = _facts(session, self.approvals, _last_member(row, self.approvals.same_person), now=now)
            if _digest(facts) != row.digest:
                outcome = (
                    self._publish(row.account, facts, now=now)
                    if tried < MOST_PUBLISHED
                    else PublishOutcome.NOT_NOW
                )
                if outcome is PublishOutcome.NOT_NOW:
                    break  # the others have their turn in the next refresh, those that waited longest first
                tried += 1
                published += outcome is PublishOutcome.YES
            # One that Slack refuses waits until something changes, and keeps nobody else from theirs (S8).
            fresh.append(row.account)
        if fresh:
            with self.database.writing() as session:
                changed = update(HomeTab).where(col(HomeTab.account).in_(fresh)).values(seen=seen)
                session.connection().execute(changed)
        return published

    def _publish(self, account: str, facts: HomeView, *, now: datetime) -> PublishOutcome:
        """Publish a tab and write down what was published; return whether Slack took it."""
        try:
            with slack_call():
                self.slack.views_publish(user_id=account, view=self.renderer.view(facts.template, facts))
        except NotDelivered as error:
            _log.warning("home.not_published", extra={"reason": error.code})
            return PublishOutcome.NOT_NOW if error.trouble in _LASTS else PublishOutcome.NEVER
        with self.database.writing() as session:
            row = session.get_one(HomeTab, account)
            row.digest, row.published_at = _digest(facts), now
        return PublishOutcome.YES


def _newest_fact(session: Session) -> str:
    """Return what changes whenever anything on a tab may have changed."""
    events = session.exec(select(func.max(AuditEvent.seq))).one()
    sample = session.exec(select(func.max(BalanceState.asked_at))).one()
    return f"{events}/{sample}"


def _last_member(row: HomeTab, same_person: SamePerson) -> Member:
    person = Person(
        id=identity_of(row.account, same_person=same_person),
        account=row.account,
        accounts=accounts_of(row.account, same_person=same_person),
        name=row.name,
    )
    return Member(person=person, roles=frozenset(role for role in row.roles.split(",") if role))


def _facts(session: Session, approvals: ApprovalContext, member: Member, *, now: datetime) -> HomeView:
    waiting = lists.waiting(session, member=member, now=now, size=_READ)
    mine = lists.mine(session, member=member, size=_MINE)
    shown = lists.riskiest_first(waiting.requests)
    may_see = member.roles & BALANCE_ROLES
    return HomeView(
        roles=sorted(member.roles),
        stopped=[show_stop(stop) for stop in find_standing(session, approvals)],
        waiting=[_waiting_row(session, approvals, request) for request in shown[:_WAITING]],
        more_waiting=max(len(shown) - _WAITING, 0),
        even_more=waiting.after is not None,
        mine=[_row(approvals, request) for request in mine.requests],
        balances=_balances(session, now=now) if may_see else [],
        may_see_balance=bool(may_see),
        may_ask=bool(member.roles & set(SUPPORT)),
        may_report_lost=bool(member.roles & set(LOST)),
        may_look=bool(member.roles & set(LOOK)),
    )


def _find_named(session: Session, approvals: ApprovalContext, facts: HomeView) -> list[str]:
    """Return the ids of the shown requests that name a cardholder."""
    shown = dict.fromkeys([*(row.id for row in facts.waiting), *(row.id for row in facts.mine)])
    return [request_id for request_id in shown if names_somebody(approvals, session.get_one(Request, request_id))]


def _waiting_row(session: Session, approvals: ApprovalContext, request: Request) -> WaitingRequest:
    row, earlier = _row(approvals, request), stored.read_earlier(session, request, macs=approvals.macs)
    missing = request.quorum - decision_validity.count_approvals(earlier, same_person=approvals.same_person)
    return WaitingRequest(**vars(row), decide_by=request.decide_by, quorum=request.quorum, missing=max(missing, 1))


def _row(approvals: ApprovalContext, request: Request) -> RequestRow:
    summary = read_summary(approvals, request)
    return RequestRow(
        id=request.id,
        summary=summary or f"{request.action} on {request.subject}",
        status=STATUS_WORDS[Status(request.status)],
        requester=request.requester_account,
        created_at=request.created_at,
        phrase=request.phrase,
    )


def _balances(session: Session, *, now: datetime) -> list[HomeBalance]:
    balances = []
    for state in session.exec(select(BalanceState).order_by(BalanceState.currency)):
        rows = session.exec(
            select(BalanceSample)
            .where(BalanceSample.currency == state.currency, col(BalanceSample.taken_at) > now - WINDOW)
            .order_by(col(BalanceSample.taken_at))
        ).all()
        samples = [(row.taken_at, Decimal(row.amount)) for row in rows]
        balances.append(
            HomeBalance(
                money=Money(amount=Decimal(state.amount), currency=state.currency),
                level=_LEVELS.get(state.level, state.level),
                asked_at=state.asked_at,
                bars=draw(samples, until=now),
                trend=say_trend(samples, currency=state.currency),
            )
        )
    return balances


def _digest(facts: HomeView) -> str:
    return hashlib.sha256(json.dumps(make_plain(facts), sort_keys=True).encode()).hexdigest()
