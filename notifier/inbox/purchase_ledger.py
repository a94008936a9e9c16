"""The ledger of a purchase: every stage that was told, none written over, and what its message shows (pure).

The same stages give the same message, in whatever order and however often they come.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from notifier.inbox.event_facts import DeclineReason, PurchaseStage, TransactionFacts, TransactionNotice
from notifier.outbox.notice_facts import NoticeFacts, WhyFacts
from notifier.rendering.facts import list_facts, make_plain
from paytend import Money
from paytend.money import NotMoney

MOST_ENTRIES = 200  # a purchase is read and written whole with each stage
_VERSION = 2
_AMOUNTS_SHOWN = 3  # of those that nobody can add

# How far each status word has come; what is not here is where an authorisation is. Of equally far ones the
# later counts: a purchase that was declined may be authorised at the next try.
_RANKS = {"cancelled": 2, "successful": 3, "settled": 3, "refunded": 4, "voided": 4, "reversed": 4}
SUCCEEDED = frozenset({"authorised", "settled", "successful"})
_MONEY = ("amount", "other_amount", "fee", "balance")
_NOT_OF_ENTRIES = ("reason", "despite", "stages")
_OPTIONAL = ("holder_name", "found", "update", "direction", "amount_unclear", "amount_unread", "more_stages")
_REQUIRED = tuple(
    field.name
    for field in fields(TransactionFacts)
    if field.name not in {*_OPTIONAL, *_NOT_OF_ENTRIES, *(inherited.name for inherited in fields(NoticeFacts))}
)


@dataclass(frozen=True, kw_only=True)
class PurchaseEntry:
    """One stage as it was told; `trade` is the name of its transaction id, empty without one."""

    trade: str
    facts: TransactionNotice

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two reports the same stage, whatever else they say."""
        facts = self.facts
        code = facts.status_code or "" if facts.status == "other" else ""
        amount = facts.amount_unclear or facts.amount_unread or _text(facts.amount)
        return (self.trade, facts.status, code, amount, facts.happened_text or _text(facts.happened))

    @property
    def content(self) -> tuple[str, ...]:
        """The key without the time: what we find by looking may write that in another way than the webhook."""
        return self.key[:-1]

    def is_of(self, other: "PurchaseEntry") -> bool:
        """Whether both are one report: a webhook's, or one that we found, on one stage."""
        return (self.key, bool(self.facts.found)) == (other.key, bool(other.facts.found))

    @property
    def order(self) -> tuple[Any, ...]:
        """How far it has come, then when; the rest decides between equals, so that arrival never does."""
        facts = self.facts
        rank = 4 if facts.status == "cancelled" and "settlement" in (facts.source_text or "") else None
        at = facts.happened.isoformat() if facts.happened else ""
        return (rank or _RANKS.get(facts.status, 1), at, self.key)


@dataclass(frozen=True, kw_only=True)
class PurchaseLedger:
    """The reports on a purchase, each once; `holder_name`, `reason` and `loss` are looked up, not sent.

    `loss` is the report of its card that was known when it succeeded.

    `twins` are the subjects of other messages about it: it was thought to be several before a stage joined them.
    """

    entries: Sequence[PurchaseEntry] = ()
    holder_name: str | None = None
    reason: DeclineReason | None = None
    loss: DeclineReason | None = None
    twins: Sequence[str] = ()

    def add(self, entry: PurchaseEntry) -> Self:
        """Return the ledger with this stage; the same ledger when it is there already with all these details."""
        sent = replace(
            entry.facts, stages=(), holder_name=None, reason=None, despite=None, mentions=(), acknowledge=None
        )
        bare = replace(entry, facts=sent)
        same = [known for known in self.entries if known.is_of(bare)]
        # Of two reports on one stage one is kept, whichever came first: that with the most details.
        kept = [known for known in self.entries if known not in same] + [max([*same, bare], key=_detail)]
        entries = tuple(sorted(kept, key=lambda each: each.order)[-MOST_ENTRIES:])
        name = self.holder_name or entry.facts.holder_name
        return replace(
            self,
            entries=entries,
            holder_name=name,
            reason=self.reason or entry.facts.reason,
            loss=self.loss or entry.facts.despite,
        )

    def merge(self, other: Self, *, subject: str) -> Self:
        """Return the ledger with all that another one has, whose message has this subject."""
        merged = self
        for entry in other.entries:
            merged = merged.add(entry)
        return replace(
            merged,
            holder_name=self.holder_name or other.holder_name,
            reason=self.reason or other.reason,
            loss=self.loss or other.loss,
            twins=tuple(sorted({*self.twins, *other.twins, subject})),
        )

    def rename(self, trades: Collection[str], *, to: str) -> Self:
        """Return the ledger with one name for a transaction id that had these, by older keys."""
        if not any(entry.trade in trades for entry in self.entries):
            return self
        renamed = tuple(replace(entry, trade=to) if entry.trade in trades else entry for entry in self.entries)
        return replace(self, entries=renamed)

    def lacks(self, entry: PurchaseEntry) -> bool:
        """Whether this report makes one stage more; where there are too many to know them all, it does."""
        after = self.add(entry)
        if len(after.entries) == MOST_ENTRIES and not any(known.is_of(entry) for known in self.entries):
            return True
        stages = [sum(each.content == entry.content for each in ledger.list_stages()) for ledger in (self, after)]
        return stages[0] < stages[1]

    def list_stages(self) -> list[PurchaseEntry]:
        """Return one report for each stage.

        Of a stage there may be two, a webhook's and one that we found: as many as there are webhooks of the same
        content, the found ones are of these, first those of the same time.
        """
        told = [entry for entry in self.entries if not entry.facts.found]
        found_keys = {entry.key for entry in self.entries if entry.facts.found}
        unpaired = [each for each in told if each.key not in found_keys]
        left = Counter(entry.content for entry in unpaired)
        told_keys, hidden = {entry.key for entry in told}, set[int]()
        for place, entry in enumerate(self.entries):
            if not entry.facts.found:
                continue
            if entry.key in told_keys:
                hidden.add(place)
            elif left[entry.content]:
                left[entry.content] -= 1
                hidden.add(place)
        return [entry for place, entry in enumerate(self.entries) if place not in hidden]

    @cached_property
    def summary(self) -> TransactionNotice:
        """The facts of the purchase's message: those of its furthest stage, its money in all, and the stages."""
        shown = self.list_stages()
        last = shown[-1].facts
        known: dict[str, Any] = {}
        # What a report that is not shown knows more comes first, so that it changes nothing that is shown.
        are_shown = {id(entry) for entry in shown}  # by equality it would take as long as all the rest
        for entry in sorted(self.entries, key=lambda entry: id(entry) in are_shown):
            known |= {name: value for name, value in list_facts(entry.facts).items() if value is not None}
        stages = [entry.facts for entry in shown if entry.facts.status == last.status]
        of_last = [facts.amount for facts in stages]
        known |= {
            "other_amount": last.other_amount if len(of_last) == 1 else None,
            "amount": _add(of_last, like=next((each for each in reversed(of_last) if each), None)),
            # Those of other stages are in the course only.
            "amount_unclear": _join([facts.amount_unclear for facts in stages]),
            "amount_unread": _join([facts.amount_unread for facts in stages]),
            "happened": last.happened,
            "happened_text": last.happened_text,
            "clock": last.clock,
            "late": last.late,
            "found": any(entry.facts.found for entry in self.entries) or None,
            "holder_name": self.holder_name,
            "reason": self.reason if last.status == "declined" else None,
            "despite": self._find_despite(shown),
            "stages": _sum_up(shown),
            "more_stages": True if len(self.entries) == MOST_ENTRIES else None,
        }
        return TransactionNotice(**{**list_facts(last), **known})

    def _find_despite(self, shown: Sequence[PurchaseEntry]) -> DeclineReason | None:
        """Return the loss of its card, unless the purchase began before it was reported."""
        succeeded = [entry.facts.happened for entry in shown if entry.facts.status in SUCCEEDED]
        if self.loss is None or self.loss.at is None or not succeeded:
            return None
        is_earlier = any(moment is not None and moment < self.loss.at for moment in succeeded)
        return None if is_earlier else self.loss

    def as_json(self) -> dict[str, Any]:
        """Return what `read` reads again."""
        return {
            "version": _VERSION,
            "holder_name": self.holder_name,
            "reason": make_plain(self.reason),
            "loss": make_plain(self.loss),
            "twins": list(self.twins),
            "entries": [{"trade": entry.trade, "facts": make_plain(entry.facts)} for entry in self.entries],
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return a ledger from its JSON, also from that of the versions that kept only the furthest stage."""
        if stored.get("version") == _VERSION:
            entries = [
                PurchaseEntry(trade=entry["trade"], facts=_read_facts(entry["facts"]))
                for entry in stored["entries"]
            ]
            return cls(
                entries=tuple(entries),
                holder_name=stored["holder_name"],
                reason=_read_reason(stored.get("reason")),
                loss=_read_reason(stored.get("loss")),
                twins=tuple(stored.get("twins") or ()),
            )
        facts = _read_facts(stored)
        ledger = cls(holder_name=facts.holder_name)
        for stage in stored["stages"]:
            at, amount = _read_time(stage["at"]), _read_money(stage["amount"])
            told: dict[str, Any] = {"status": stage["word"], "happened": at, "amount": amount}
            if stage["word"] != facts.status:
                told |= {"happened_text": None, "clock": None, "status_code": None, "status_text": None}
            ledger = ledger.add(PurchaseEntry(trade="", facts=replace(facts, **told)))
        return ledger


def _sum_up(shown: Sequence[PurchaseEntry]) -> tuple[PurchaseStage, ...]:
    """Return one line for each status word and currency, in the order in which they were reached."""
    groups: dict[tuple[str, str], list[TransactionNotice]] = {}
    for entry in shown:
        currency = entry.facts.amount.currency if entry.facts.amount else ""
        groups.setdefault((entry.facts.status, currency), []).append(entry.facts)
    return tuple(
        PurchaseStage(
            word=word,
            at=stages[-1].happened,
            amount=_add([stage.amount for stage in stages], like=stages[-1].amount),
            parts=tuple(stage.amount for stage in stages if stage.amount),
        )
        for (word, _), stages in groups.items()
    )


def _detail(entry: PurchaseEntry) -> tuple[int, str]:
    plain = make_plain(entry.facts)
    known = sum(value not in (None, "", [], False) for value in plain.values())
    return known, json.dumps(plain, sort_keys=True, default=str)


def _add(amounts: Sequence[Money | None], *, like: Money | None) -> Money | None:
    """Return the sum of the amounts in the currency of `like`."""
    if like is None:
        return None
    same = [money.amount for money in amounts if money and money.currency == like.currency]
    try:
        return Money(amount=sum(same[1:], same[0]), currency=like.currency)
    except NotMoney:
        return None  # a sum beyond all measure: the parts are shown, and no stage goes untold for it


def _join(amounts: Sequence[str | None]) -> str | None:
    """Return amounts that nobody can add, as they came."""
    found = [amount for amount in amounts if amount]
    more = [f"{len(found) - _AMOUNTS_SHOWN} more"] if len(found) > _AMOUNTS_SHOWN else []
    return " + ".join([*found[:_AMOUNTS_SHOWN], *more]) or None


def _read_facts(stored: Mapping[str, Any]) -> TransactionNotice:
    # A row of another version may lack facts, or have some that are no longer used.
    known: dict[str, Any] = {name: stored.get(name) for name in _REQUIRED} | {
        name: stored[name] for name in _OPTIONAL if name in stored
    }
    known |= {name: _read_money(known[name]) for name in _MONEY}
    known |= {"late": bool(known["late"]), "happened": _read_time(known["happened"])}
    known["why"] = WhyFacts(value=stored["why"]["value"]) if stored.get("why") else None
    return TransactionNotice(**known)


def _read_reason(stored: Mapping[str, Any] | None) -> DeclineReason | None:
    if not stored:
        return None
    money = {name: _read_money(stored.get(name)) for name in ("balance", "asked")}
    return DeclineReason(**{**stored, "at": _read_time(stored.get("at")), **money})


def _read_money(text: str | None) -> Money | None:
    return Money.read(text) if text else None


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(value: object) -> str:
    return "" if value is None else str(value)
