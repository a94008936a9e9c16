"""Every notice and every reply that channels see, filled as in real life: for looking at them, and for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from approvals.books.notices import BooksDaily, BooksDiffer, BooksEnded, BooksMany, SaidRow
from approvals.messages import notices
from approvals.messages.request_facts import CardFacts, RequestMessage
from approvals.step_up.notices import PasskeyNews
from approvals.stops.notices import ResumeWordRow, StopNotice
from bot.guided_setup.hello import Hello
from bot.jobs.audit_head import AuditHead
from bot.jobs.interrupted_work import WorkInterrupted
from bot.pages.drop import DocumentOutcome
from notifier.balance.levels import Level
from notifier.balance.notices import BalanceFacts, BalanceLow, BalanceRecovered, BalanceStillLow
from notifier.balance.unknown import BalanceUnknown
from notifier.inbox.admin_notices import UnitUnclear, WebhookUntold
from notifier.inbox.event_facts import (
    CardAppliedNotice,
    CardholderAuditedNotice,
    DeclineReason,
    OrderedCardFacts,
    PurchaseStage,
    TransactionChanged,
    TransactionFacts,
    TransactionNotice,
    UnknownField,
    UnrecognisedNotice,
)
from notifier.outbox.fallback_channel import DeliveryDead, DeliveryTrouble, FallbackUsed, FormRefused
from notifier.outbox.in_full import InFullFacts
from notifier.outbox.notice_facts import ACKNOWLEDGE, WHY, AcknowledgementFacts, WhyFacts
from notifier.rendering.facts import TemplateFacts, make_plain
from notifier.rendering.plain import has_button, put_below, put_beside
from notifier.rendering.renderer import Rendered, Renderer
from notifier.routing.acknowledgements import NoticeEscalated
from notifier.routing.digest_lines import DigestSection, StormLines
from notifier.routing.digest_totals import DigestGroup, NameCount
from notifier.routing.silences import SilenceFacts
from notifier.routing.storms import StormFacts
from paytend import Money
from tests.words import fill

NOW = datetime(2026, 11, 22, 13, 19, tzinfo=UTC)
DAY = date(2026, 11, 22)
ONCALL, MANAGERS = "S0ONCALL", "S0MANAGER"
CODE, REFERENCE = "dragon raven eagle", "01m8gy45sr1wr4at2hh987exy6"
SUMMARY = "Top-up 120.50 EUR to Rūta Kazlauskaitė •••• 5097"
_WHY = WhyFacts(value={"event": "e1"})
_LOST = DeclineReason(kind="lost", by="Sam Support", at=NOW - timedelta(minutes=17))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A notice as one channel gets it; `asks` that somebody takes it."""

    name: str
    facts: TemplateFacts
    asks: bool = False
    taken_by: str | None = None


def money(text: str) -> Money:
    return Money.read(text)


def _stage(word: str, *parts: str) -> PurchaseStage:
    read = [money(part) for part in parts]
    total = sum(read[1:], read[0])
    return PurchaseStage(word=word, at=NOW, amount=total, parts=read if len(read) > 1 else ())


def _transaction(kind: type[TransactionFacts] = TransactionNotice, **changes: Any) -> Any:
    usual = fill(
        kind, full=False, status="settled", amount=money("18.45 EUR"), card_id="1755902", last_four="5097"
    )
    usual = replace(
        usual,
        type_code="151",
        status_code="1",
        holder_name="Rūta Kazlauskaitė",
        merchant="MAXIMA LT, X-123 VILNIUS",
        why=_WHY,
        happened=NOW,
        stages=(_stage("settled", "18.45 EUR"),),
    )
    return replace(usual, **changes)


def _declined(**changes: Any) -> Any:
    stages = (_stage("declined", "12.00 EUR"),)
    return _transaction(
        status="declined", status_code="6", amount=money("12.00 EUR"), stages=stages, mentions=[ONCALL], **changes
    )


def _purchases() -> Sequence[Sample]:
    whole = (_stage("authorised", "100.00 EUR"), _stage("settled", "60.00 EUR", "40.00 EUR"))
    refunded = (*whole, _stage("refunded", "10.00 EUR"))
    reversed_ = (_stage("authorised", "18.45 EUR"), _stage("reversed", "18.45 EUR"))
    abroad: dict[str, Any] = {
        "amount": money("61.07 EUR"),
        "other_amount": money("658.90 SEK"),
        "merchant": "ICA STOCKHOLM",
    }
    long = "INTERNATIONAL AIRPORT PARKING AND SERVICES COMPANY LIMITED, TERMINAL 2, LEVEL 4"
    return (
        Sample(name="an ordinary purchase", facts=_transaction()),
        Sample(name="authorised only", facts=_transaction(status="authorised")),
        Sample(name="abroad", facts=_transaction(**abroad)),
        Sample(name="a long merchant", facts=_transaction(merchant=long)),
        Sample(name="no name yet", facts=_transaction(holder_name=None)),
        Sample(name="no card named", facts=_transaction(holder_name=None, last_four=None, card_id=None)),
        Sample(name="partial captures", facts=_transaction(amount=money("100.00 EUR"), stages=whole)),
        Sample(
            name="refunded in part",
            facts=_transaction(status="refunded", amount=money("10.00 EUR"), stages=refunded),
        ),
        Sample(
            name="a refund alone", facts=_transaction(status="refunded", stages=(_stage("refunded", "18.45 EUR"),))
        ),
        Sample(
            name="reversed", facts=_transaction(status="reversed", stages=reversed_, mentions=[ONCALL]), asks=True
        ),
        Sample(name="voided", facts=_transaction(status="voided")),
        Sample(name="cancelled", facts=_transaction(status="cancelled", status_code="6")),
        Sample(name="a status nobody knows", facts=_transaction(status="other", status_code="12"), asks=True),
        Sample(name="a fee", facts=_transaction(type_code="500", merchant="Monthly fee")),
        Sample(name="a top-up", facts=_transaction(type_code="100", merchant=None)),
        Sample(name="late", facts=_transaction(late=True, happened=NOW - timedelta(days=9))),
        Sample(name="found by looking", facts=_transaction(found=True)),
        Sample(name="the unit is unclear", facts=_transaction(amount=None, amount_unclear="12.0 EUR")),
        Sample(name="no amount", facts=_transaction(amount=None, amount_unread="1e999")),
        Sample(name="more stages than kept", facts=_transaction(more_stages=True)),
        Sample(
            name="turned bad, a reply",
            facts=_transaction(TransactionChanged, status="reversed", stages=reversed_, before="authorised"),
        ),
    )


def _declines() -> Sequence[Sample]:
    balance = DeclineReason(kind="balance", balance=money("4.10 EUR"), asked=money("12.00 EUR"))
    return (
        Sample(name="declined, nobody knows why", facts=_declined(), asks=True),
        Sample(name="declined, taken", facts=replace(_declined(), mentions=()), taken_by="U0OLGA"),
        Sample(name="declined: lost", facts=_declined(reason=_LOST), asks=True),
        Sample(name="declined: lost, by whom is not known", facts=_declined(reason=DeclineReason(kind="lost"))),
        Sample(name="declined: balance", facts=_declined(reason=balance), asks=True),
        Sample(name="declined: review", facts=_declined(reason=DeclineReason(kind="kyc", status="rejected"))),
        Sample(name="declined: card", facts=_declined(reason=DeclineReason(kind="card", status="frozen"))),
        Sample(name="lost, yet it went through", facts=_transaction(despite=_LOST, mentions=[ONCALL]), asks=True),
    )


def _cardholders_and_orders() -> Sequence[Sample]:
    usual = fill(CardholderAuditedNotice, full=False)
    usual = replace(usual, holder_id="101986", holder_name="François Lefèvre", why=_WHY)
    results = {
        "0": "pending",
        "1": "under review",
        "2": "approved",
        "3": "rejected",
        "4": "data incomplete",
    }
    reasons = {"3": "The document has expired.", "4": "The back of the card is missing."}
    audits = tuple(
        Sample(
            name=f"identity check {words}",
            facts=replace(usual, status=words, status_code=code, reason=reasons.get(code)),
        )
        for code, words in results.items()
    )
    order = fill(CardAppliedNotice, full=False)
    order = replace(order, reference=REFERENCE, holder_id="101986", more_cards=0, why=_WHY)
    cards = [OrderedCardFacts(card_id=f"17559{at}", last_four=f"52{at}") for at in range(10, 13)]
    done = {"status": "done", "status_code": "1", "status_text": "done (1)"}
    failed = {"status": "failed or waiting for shipment", "status_code": "2"}
    failed["status_text"] = f"{failed['status']} (2)"
    return (
        *audits,
        Sample(name="an update", facts=replace(usual, status="approved", status_code="2", update=True)),
        Sample(
            name="cards ordered, done",
            facts=replace(order, **done, cards=cards, card_id="1755910", last_four="5210", quantity=3),
        ),
        Sample(
            name="one card ordered, done",
            facts=replace(order, **done, cards=cards[:1], card_id="1755910", last_four="5210", quantity=1),
        ),
        Sample(
            name="an order in progress",
            facts=replace(order, status="in progress", status_code="0", status_text="in progress (0)", quantity=2),
        ),
        Sample(name="an order failed", facts=replace(order, **failed, quantity=1, reason="Out of stock.")),
    )


def _balances() -> Sequence[Sample]:
    usual: dict[str, Any] = {
        "amount": money("900.00 EUR"),
        "balance": money("900.00 EUR"),
        "threshold": money("1,000.00 EUR".replace(",", "")),
        "currency": "EUR",
        "asked": NOW,
        "why": _WHY,
        "mentions": [ONCALL],
        "since": NOW - timedelta(hours=4),
        "lasts": [
            "About 14 hours left at the pace of the past day (1,420.00 EUR spent)",
            "About 3 days left at the pace of the past week (2,100.00 EUR spent)",
        ],
    }

    def facts(kind: type[BalanceFacts], level: Level, **changes: Any) -> Any:
        of_level = {"level": level, "status": level, "repeated": False}
        return replace(fill(kind, full=False), **{**usual, **of_level, **changes})

    low = {"balance": money("4120.00 EUR"), "threshold": money("5000.00 EUR"), "mentions": []}
    unknown = BalanceUnknown(
        currency="EUR", since=NOW - timedelta(minutes=20), last=money("4120.00 EUR"), why=_WHY
    )
    return (
        Sample(name="low balance", facts=facts(BalanceLow, Level.WARN, **low)),
        Sample(name="critical balance", facts=facts(BalanceLow, Level.CRITICAL), asks=True),
        Sample(
            name="critical, no history",
            facts=facts(
                BalanceLow, Level.CRITICAL, since=None, lasts=["Not enough history for a forecast by the last day"]
            ),
        ),
        Sample(name="low, still", facts=facts(BalanceLow, Level.WARN, **low, repeated=True)),
        Sample(name="low, it is worse now", facts=facts(BalanceLow, Level.WARN, **low, ended="worse")),
        Sample(name="low, recovered", facts=facts(BalanceLow, Level.WARN, **low, ended="recovered")),
        Sample(name="still critical", facts=facts(BalanceStillLow, Level.CRITICAL)),
        Sample(name="recovered", facts=facts(BalanceRecovered, Level.OK, balance=money("25000.00 EUR"))),
        Sample(name="unknown balance", facts=replace(unknown, mentions=[ONCALL]), asks=True),
        Sample(name="known again", facts=replace(unknown, ended=NOW)),
    )


def _troubles() -> Sequence[Sample]:
    def facts(kind: type[DeliveryTrouble], **changes: Any) -> Any:
        usual: dict[str, Any] = {
            "delivery": "01m8gy4bq0v1c9t5s2",
            "about": "transaction",
            "recipient": "C0ALERTS",
            "fallback": "C0ONCALL",
            "code": "is_archived",
            "attempts": 12,
            "enqueued": NOW - timedelta(hours=2),
            "in_doubt": False,
        }
        return replace(fill(kind, full=False), **{**usual, **changes})

    again: dict[str, Any] = {"times": 4, "first_at": NOW - timedelta(hours=3), "last_at": NOW}
    problem = "no more than 50 items allowed [json-pointer:/blocks]"
    unknown = UnrecognisedNotice(
        notify_type="9",
        digest="3f2a9c01b7de",
        fields=[
            UnknownField(name="cardId", value="1755902"),
            UnknownField(name="disputeStatus", value=2),
            UnknownField(name="details.stage", value="FIRST"),
            UnknownField(name="details.amount", value="1845"),
        ],
    )
    return (
        Sample(name="a dead letter", facts=facts(DeliveryDead)),
        Sample(name="a dead letter after one try", facts=facts(DeliveryDead, attempts=1, about="request_card")),
        Sample(name="a dead letter in doubt", facts=facts(DeliveryDead, in_doubt=True, **again)),
        Sample(name="a detour", facts=facts(FallbackUsed)),
        Sample(name="no detour", facts=facts(FallbackUsed, fallback=None)),
        Sample(name="a form refused", facts=facts(FormRefused, code="invalid_blocks", problems=[problem])),
        Sample(name="an event untold", facts=WebhookUntold(event="01m8gy4bq0v1c9t5s2", about="card_applied")),
        Sample(name="unit unclear, to admins", facts=UnitUnclear(amount="12.0 EUR")),
        Sample(name="not understood", facts=unknown),
        Sample(name="not understood, again", facts=replace(unknown, **again)),
        Sample(name="work interrupted", facts=WorkInterrupted(what="/topup 1755902 120.50 EUR", taken_at=NOW)),
    )


def _together() -> Sequence[Sample]:
    storm = StormFacts(
        count=60,
        groups=[
            DigestGroup(name="authorised", count=54, sums=["5,140.26 EUR".replace(",", "")]),
            DigestGroup(name="declined", count=6, sums=["276.00 EUR", "12.00 USD"]),
            DigestGroup(name="cardholder audited", count=2, sums=[]),
        ],
        merchants=[
            NameCount(name="MAXIMA LT, X-123 VILNIUS", count=12),
            NameCount(name="RIMI ĒDNĪCA RĪGA", count=12),
        ],
        cards=[
            NameCount(name="5097", count=15),
            NameCount(name="0475", count=15),
            NameCount(name="1755907", count=1),
        ],
        budget=8,
        window=timedelta(minutes=1),
        began=NOW,
        ended=None,
        mentions=[ONCALL],
    )
    lines = [
        ":01 authorised 1.85 EUR •••• 5097 MAXIMA LT, X-123 VILNIUS",
        ":02 declined 0.46 EUR •••• 0475 CAFÉ L'ÉTOILE PARIS",
    ]
    page = StormLines(
        sections=[DigestSection(minute=NOW.isoformat(), lines=lines)], count=2, size=1, last=0, urgent=False
    )
    silence = SilenceFacts(
        silence="s1",
        matcher="merchant BOLT",
        owner="U0OLGA",
        reason="a known test of the merchant",
        began=NOW - timedelta(hours=1),
        until=NOW + timedelta(hours=1),
        ended=None,
        ended_by=None,
        held=0,
    )
    return (
        Sample(name="a storm", facts=storm),
        Sample(name="a storm, ended", facts=replace(storm, ended=NOW, mentions=[])),
        Sample(name="lines of a storm", facts=page),
        Sample(name="urgent lines of a storm", facts=replace(page, urgent=True)),
        Sample(name="silence", facts=silence),
        Sample(name="silence, ended by time", facts=replace(silence, ended=NOW, ended_by="time", held=3)),
        Sample(name="silence, ended by somebody", facts=replace(silence, ended=NOW, ended_by="U0OLGA", held=1)),
        Sample(
            name="escalated",
            facts=NoticeEscalated(to="C0ONCALL", after=timedelta(minutes=15), mentions=[MANAGERS]),
        ),
        Sample(name="in full", facts=InFullFacts(parts=["A text " * 60], page=1, pages=2, cut=False)),
    )


def _books() -> Sequence[Sample]:
    differ = BooksDiffer(
        state="open",
        kind="not ours",
        words="Nobody asked for it here.",
        day=DAY,
        money="7.00 EUR",
        reference="T-77120",
        request="",
        card_id="1755902",
        trade_id="20261122000000000451",
        booked="2026-11-22 13:02:10",
        first_seen=NOW,
        said=[],
        button_value={"difference": "d1"},
        mentions=[ONCALL, MANAGERS],
    )
    said = SaidRow(by="U0MARA", reason="the old system pays its own cards", at=NOW)
    both = [said, replace(said, by="U0MILAN", reason="yes, I asked them")]
    daily = BooksDaily(
        day=date(2026, 11, 21),
        says="31 of 31 agree, 1,240.00 EUR; nothing else moved",
        agrees=True,
        compared=True,
        troubles=[],
        at=NOW,
    )
    ended = BooksEnded(state="gone", by="U0MARA", reason="the old system pays its own cards", at=NOW)
    return (
        Sample(name="books agree", facts=daily),
        Sample(
            name="books not compared",
            facts=replace(
                daily,
                agrees=False,
                compared=False,
                says="30 of 31 agree, 1,210.00 EUR; nothing else moved",
                troubles=["USDT: no answer"],
            ),
        ),
        Sample(name="books differ", facts=differ),
        Sample(name="books differ, one said known", facts=replace(differ, said=[said])),
        Sample(name="books differ, known", facts=replace(differ, said=both, state="known", button_value={})),
        Sample(name="books differ, gone", facts=replace(differ, state="gone", button_value={})),
        Sample(
            name="books differ in many",
            facts=BooksMany(count=41, day=DAY, last_day=DAY, at=NOW, mentions=[ONCALL]),
        ),
        Sample(
            name="books differ in many of several days",
            facts=BooksMany(count=41, day=DAY - timedelta(days=3), last_day=DAY, at=NOW, mentions=[ONCALL]),
        ),
        *(
            Sample(name=f"a difference is {state}", facts=replace(ended, state=state))
            for state in ("gone", "back", "known", "said")
        ),
    )


def _stops_and_trail() -> Sequence[Sample]:
    stop = StopNotice(
        what="top-ups",
        by="U0MARA",
        reason="nobody asked for the last three",
        since=NOW,
        typed="top-ups",
        words=[],
        resumed_at=None,
        button_value={"stop": "s1"},
    )
    word = ResumeWordRow(by="U0MILAN", reason="the three were asked for by mail", at=NOW)
    head = AuditHead(
        number=12_431, hash="9c" * 32, at=NOW, trail="01m8gy", signed_at="", signature="", public_key=""
    )
    return (
        Sample(name="stopped", facts=stop),
        Sample(
            name="stopped by itself",
            facts=replace(stop, by="", reason="the books differ", mentions=[ONCALL, MANAGERS]),
        ),
        Sample(name="stopped, one wants to resume", facts=replace(stop, words=[word])),
        Sample(
            name="resumed",
            facts=replace(
                stop, words=[word, replace(word, by="U0LEAD", reason="")], resumed_at=NOW, button_value={}
            ),
        ),
        Sample(name="trail shortened", facts=notices.TrailShortened(at=NOW, mention=[ONCALL])),
        Sample(name="the head of the trail", facts=head),
        Sample(
            name="the head, signed",
            facts=replace(
                head, signed_at="2026-11-22T13:19:00Z", signature="MEUCIQ" * 12, public_key="a1b2c3d4e5f6"
            ),
        ),
        Sample(
            name="passkey",
            facts=PasskeyNews(
                headline="A passkey was added for you",
                says="It was added on this computer.",
                todo="If that was not you, tell an admin now.",
                at=NOW,
            ),
        ),
        Sample(name="hello", facts=Hello(approvers="managers, admins")),
        Sample(
            name="document sent",
            facts=DocumentOutcome(headline="Sent to Paytend", holder_id="101986", shows="Passport", says=""),
        ),
    )


def _requests() -> Sequence[Sample]:
    about: dict[str, Any] = {"request": "r1", "phrase": CODE}
    pending = {
        "status": "pending",
        "status_words": "Needs 1 approval",
        "done": None,
        "settlements": [],
        "stopped": [],
        "approved": None,
        "execute_by": None,
        "decisions": [],
        "others": (),
        "buttons": ["request_approve", "request_deny", "request_looking", "request_withdraw"],
    }
    unknown = {
        "status": "unknown",
        "status_words": "Outcome unclear – two people must check",
        "execute_by": None,
        "buttons": ["request_settle_happened", "request_settle_not"],
        "stopped": [],
    }
    done = {"status": "executed", "status_words": "Completed", "buttons": []}
    a_card = replace(fill(CardFacts, full=True), second=None)

    def card(**state: Any) -> Any:
        return replace(fill(RequestMessage, full=True, **state), notes=(), lines=(), card=a_card)

    def outcome(status: str, words: str = "Completed.", **more: Any) -> Any:
        usual = fill(
            notices.RequestOutcome,
            full=False,
            **about,
            status=status,
            words=words,
            mention=["U0SAM"],
            moves_money=True,
        )
        return replace(usual, at=NOW, **more)

    contradicted = (
        "Paytend says now that this failed, but it counts as done here. No more money moves on this card until "
        "two people other than the requester have settled it again, with the buttons of the card."
    )
    settled = notices.RequestSettled(
        **about, by="U0MARA", happened=True, reason="the portal lists it", count="1 of 2", differs=False, at=NOW
    )
    return (
        Sample(name="a request", facts=card(**pending)),
        Sample(name="a request, unclear", facts=card(**unknown)),
        Sample(name="a request, done", facts=card(**done)),
        Sample(
            name="approved",
            facts=notices.RequestDecided(
                **about, by="U0MARA", verdict="approve", reason="", count="1 of 2", at=NOW
            ),
        ),
        Sample(
            name="denied",
            facts=notices.RequestDecided(
                **about, by="U0MARA", verdict="deny", reason="wrong amount", count="", at=NOW
            ),
        ),
        Sample(name="looked at", facts=notices.RequestLooking(**about, by="U0MARA", at=NOW)),
        Sample(
            name="reminded",
            facts=notices.RequestReminder(
                **about, mention=[MANAGERS], roles=["manager"], count="1 approval", decide_by=NOW
            ),
        ),
        Sample(
            name="outcome: done",
            facts=outcome("executed", done="120.50 EUR added to Rūta Kazlauskaitė’s card •••• 5097."),
        ),
        Sample(name="outcome: failed", facts=outcome("failed", "Not enough funds (Paytend 3001).")),
        Sample(name="outcome: denied", facts=outcome("denied", denied_by="U0MARA", denial="wrong amount")),
        Sample(
            name="outcome: expired", facts=outcome("expired", "Expired: nobody approved or denied it in time.")
        ),
        Sample(name="outcome: withdrawn", facts=outcome("withdrawn", "Withdrawn by Sam Support.")),
        Sample(name="outcome: unclear", facts=outcome("unknown", "No reply came.")),
        Sample(
            name="unclear, people must check",
            facts=notices.RequestUnknown(
                **about, words="Paytend doesn’t know this order.", since=NOW, roles=["manager", "admin"]
            ),
        ),
        Sample(name="settled by one", facts=settled),
        Sample(
            name="settled otherwise",
            facts=replace(settled, by="U0MILAN", happened=False, differs=True, lost=["Lena Lead"]),
        ),
        Sample(
            name="contradicted",
            facts=notices.RequestAlarm(
                **about,
                reference=REFERENCE,
                summary=SUMMARY,
                words=contradicted,
                mention=[ONCALL, MANAGERS],
                at=NOW,
            ),
        ),
        Sample(
            name="unproven",
            facts=notices.RequestUnproven(
                **about,
                words="The approval of @mara has no proof in the trail.",
                summary=SUMMARY,
                mention=[ONCALL],
                at=NOW,
            ),
        ),
        Sample(
            name="a secret",
            facts=notices.RequestSecret(
                **about, requester="U0SAM", button_value={"request": "r1"}, at=NOW, ended=""
            ),
        ),
        Sample(
            name="a secret, seen",
            facts=notices.RequestSecret(
                **about, requester="U0SAM", button_value={}, at=NOW, ended="The password was viewed."
            ),
        ),
    )


GROUPS: Mapping[str, Sequence[Sample]] = {
    "purchases": _purchases(),
    "declines": _declines(),
    "cardholders and orders": _cardholders_and_orders(),
    "balances": _balances(),
    "troubles": _troubles(),
    "together": _together(),
    "books": _books(),
    "stops and trail": _stops_and_trail(),
    "requests": _requests(),
}


def draw(renderer: Renderer, sample: Sample) -> Rendered:
    """Return the message as the deliverer posts it, with what it shows below each."""
    facts = make_plain(sample.facts)
    facts.pop(ACKNOWLEDGE, None)
    why = facts.get(WHY)
    rendered = renderer.message(sample.facts.template, facts)
    if sample.asks or sample.taken_by:
        state = AcknowledgementFacts(key="k1", by=sample.taken_by, at=NOW if sample.taken_by else None)
        rendered = put_below(rendered, renderer.message(state.template, state))
    if why and not has_button(rendered, "notice_details"):
        rendered = put_beside(rendered, renderer.message(WhyFacts.template, why))
    return rendered
