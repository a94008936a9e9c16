"""Stand-ins of the outbox, which keeps what it is told, and of Paytend, whose answers are chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts, list_facts
from paytend.errors import Refused
from paytend.models import CardInfo, Done, TopUp
from paytend.money import AmountUnit
from paytend.operations.call import Call

CARD = "1755902"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One notification as it was enqueued, or one edit."""

    kind: str
    facts: Mapping[str, Any]
    recipient: str = ""
    key: str | None = None
    thread_of: str | None = None
    edit: bool = False
    broadcast: bool = False
    urgent: bool = False


class RecordingOutbox(Outbox):
    """Keeps what was enqueued; what a rolled back transaction enqueued stays too."""

    def __init__(self) -> None:
        """Prepare with nothing told."""
        self.told: list[Told] = []

    def enqueue(
        self,
        session: Session,
        *,
        kind: str,
        facts: TemplateFacts | Mapping[str, Any],
        recipient: str,
        now: datetime,
        key: str | None = None,
        thread_of: str | None = None,
        broadcast: bool = False,
        urgent: bool = False,
        **more: Any,
    ) -> str:
        """Keep a notification."""
        told = Told(
            kind=kind,
            facts=list_facts(facts),
            recipient=recipient,
            key=key,
            thread_of=thread_of,
            broadcast=broadcast,
            urgent=urgent,
        )
        self.told.append(told)
        return str(len(self.told))

    def edit(
        self,
        session: Session,
        *,
        key: str,
        kind: str,
        facts: TemplateFacts | Mapping[str, Any],
        now: datetime,
        **more: Any,
    ) -> int:
        """Keep an edit."""
        self.told.append(Told(kind=kind, facts=list_facts(facts), key=key, edit=True))
        return 1

    def of(self, kind: str, *, edit: bool = False) -> list[Told]:
        """Return what was told of a kind."""
        return [told for told in self.told if told.kind == kind and told.edit is edit]


@dataclass
class FakePaytend:
    """Books of top-ups by reference; `before` and `after` are raised around a top-up, `lookup` in a lookup.

    `answer_says` and `lookup_says` are fields that are answered instead of the right ones; `found` is raised when
    a loss is cancelled.
    """

    books: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: BaseException | None = None
    after: BaseException | None = None
    status: str = "1"
    lookup: BaseException | None = None
    lookup_status: str = "1"
    answer_says: Mapping[str, Any] = field(default_factory=dict)
    found: BaseException | None = None
    lookup_says: Mapping[str, Any] = field(default_factory=dict)
    absent_code: str = "14"
    card_status: str = "5"

    def send(self, call: Call[Any]) -> Any:
        """Answer like paytend.Client."""
        self.calls.append(call.operation.name)
        match call.operation.name:
            case "topup":
                return self._top_up(call.values)
            case "getTopupResult":
                return self._result(call.values["reference"])
            case "cancelCardLost" | "retrievePassword":
                if self.found is not None:
                    raise self.found
                self.card_status = "5"
                return Done.decode({"changeStatus": self.status}, unit=AmountUnit.MINOR)
            case name:
                assert name == "getCardInfo"
                return CardInfo.decode({"cardStatus": self.card_status}, unit=AmountUnit.MINOR)

    def _top_up(self, values: Mapping[str, Any]) -> TopUp:
        if self.before is not None:
            raise self.before
        reference = values["reference"]
        if self.status == "1":
            self.books[reference] = self.books.get(reference, 0) + 1
        if self.after is not None:
            raise self.after
        return self._answer(reference, values["card_id"], self.status, **self.answer_says)

    def _result(self, reference: str) -> TopUp:
        if self.lookup is not None:
            raise self.lookup
        if reference not in self.books:
            raise Refused(code=self.absent_code, reason="no such order", verified=True)
        return self._answer(reference, CARD, self.lookup_status, **self.lookup_says)

    def _answer(self, reference: str, card_id: str, status: str, **more: Any) -> TopUp:
        content = {"topupStatus": status, "orderNo": reference, "cardId": card_id, "tradeId": "T77", **more}
        return TopUp.decode(content, unit=AmountUnit.MINOR)
