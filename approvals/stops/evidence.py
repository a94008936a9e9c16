"""Which stops stand, judged from all rows and events about them. Pure.

A stop stands by its row or by its event alone, whether or not they are genuine: a doubt stops. It ends only by
what nobody can write who has only the database: the words of two people, each with a MAC and named by an event of
the trail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from approvals.policy.stop_conditions import StopCause
from approvals.stops.scope import EVERYTHING, StopScope
from approvals.tables import Resumption, Stop

BEGAN, ASKED, RESUMED = "stop:began", "stop:resume_asked", "stop:resumed"
PEOPLE_TO_RESUME = 2


@dataclass(frozen=True, kw_only=True)
class StopEvent:
    """An event of the trail about stops; `genuine` says whether its hash fits."""

    seq: int
    name: str
    facts: Mapping[str, Any]
    happened_at: datetime
    genuine: bool

    @property
    def stop_id(self) -> str:
        """The stop that it is about; one of its own for an event that is not genuine and names none."""
        named = self.facts.get("stop")
        return named if isinstance(named, str) and named else f"event {self.seq}"


@dataclass(frozen=True, kw_only=True)
class StandingStop:
    """A stop that nobody has resumed; `doubt` says in words what is not genuine about it."""

    id: str
    scope: StopScope
    cause: str
    mark: str
    reason: str
    person_id: str
    account: str
    name: str
    stopped_at: datetime
    doubt: str = ""

    @property
    def by_person(self) -> bool:
        """Whether a person stopped it, and not the bot by itself."""
        return self.cause == StopCause.PERSON


@dataclass(frozen=True, kw_only=True)
class StopEvidence:
    """All rows and events about stops. `fitting` are the ids of the rows whose MACs fit."""

    stops: Sequence[Stop]
    words: Sequence[Resumption]
    events: Sequence[StopEvent]
    fitting: frozenset[str]

    @cached_property
    def resumed(self) -> Mapping[str, datetime]:
        """The ids of the stops that two people have resumed, each with the moment."""
        people: dict[tuple[str, str], str] = {
            (word.stop_id, word.id): word.person_id for word in self.words if word.id in self.fitting
        }
        resumed: dict[str, datetime] = {}
        for event in self.events:
            named = event.facts.get("words")
            if not event.genuine or event.name != RESUMED or not isinstance(named, list):
                continue
            # The last word was said with the event itself, those before it with events of their own.
            said = {
                people.get((event.stop_id, word)) for word in named if word in self._asked or word == named[-1]
            }
            if len(said - {None}) >= PEOPLE_TO_RESUME:
                resumed.setdefault(event.stop_id, event.happened_at)
        return resumed

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The first words for resuming that are in the trail."""
        return frozenset(
            str(event.facts.get("word")) for event in self.events if event.genuine and event.name == ASKED
        )

    @cached_property
    def _began(self) -> frozenset[str]:
        """The stops that are in the trail."""
        return frozenset(event.stop_id for event in self.events if event.genuine and event.name == BEGAN)

    def find_standing(self) -> tuple[StandingStop, ...]:
        """Return the stops that stand, the oldest first."""
        found = [self._describe(row) for row in self.stops if row.id not in self.resumed]
        known = {row.id for row in self.stops}
        for event in self.events:
            if event.stop_id in known or event.stop_id in self.resumed:
                continue
            if event.name == BEGAN or not event.genuine:
                known.add(event.stop_id)
                found.append(_describe_event(event))
        return tuple(sorted(found, key=lambda stop: (stop.stopped_at, stop.id)))

    def find_words(self, stop_id: str, *, since: datetime) -> list[Resumption]:
        """Return the first words for resuming a stop that count, if they were said after a moment."""
        return [
            word
            for word in self.words
            if word.stop_id == stop_id
            and word.said_at > since
            and word.id in self.fitting
            and word.id in self._asked
        ]

    def find_faults(self) -> list[str]:
        """Return in words what does not fit together, in rows and events of ended stops too."""
        rows = {row.id for row in self.stops}
        faults = [f"stop {row.id}: {doubt}" for row in self.stops if (doubt := self._doubt_of(row))]
        faults += [
            f"stop {stop_id} is in the trail, but its row is gone" for stop_id in sorted(self._began - rows)
        ]
        faults += [f"event {event.seq} about a stop is not genuine" for event in self.events if not event.genuine]
        faults += [
            f"stop {word.stop_id}: the word {word.id} for resuming it is not genuine"
            for word in self.words
            if word.id not in self.fitting
        ]
        return faults

    def _describe(self, row: Stop) -> StandingStop:
        doubt = self._doubt_of(row)
        return StandingStop(
            id=row.id,
            # Somebody may have narrowed the scope of a row that does not fit, so it covers everything.
            scope=EVERYTHING if doubt else StopScope.read(row.scope),
            cause=row.cause,
            mark=row.mark,
            reason=row.reason,
            person_id=row.person_id,
            account=row.account,
            name=row.name,
            stopped_at=row.stopped_at,
            doubt=doubt,
        )

    def _doubt_of(self, row: Stop) -> str:
        if row.id not in self.fitting:
            return "its MAC does not fit"
        if row.id not in self._began:
            return "it is not in the trail"
        return ""


def _describe_event(event: StopEvent) -> StandingStop:
    """Return the stop of an event that has no row; what cannot be believed of it covers everything."""
    facts = event.facts if event.genuine else {}
    return StandingStop(
        id=event.stop_id,
        scope=StopScope.read(str(facts.get("scope"))) if event.genuine else EVERYTHING,
        cause=str(facts.get("cause", "")),
        mark=str(facts.get("mark", "")),
        reason=str(facts.get("reason", "")),
        person_id="",
        account=str(facts.get("by", "")),
        name=str(facts.get("by", "")) or "nobody known",
        stopped_at=event.happened_at,
        doubt="its row is gone" if event.genuine else "this event of the trail is not genuine",
    )
