"""What is delivered to the app without a person doing it: anything, the last once more, an event."""

from abc import abstractmethod

from sandbox.slack.acts import Act, Acts
from sandbox.slack.deliveries import Answer, Delivery, Envelope
from sandbox.slack.refusals import CannotAct
from sandbox.slack.shapes import Json


class Deliveries:
    """Part of SlackWorkspace."""

    acts: Acts
    _last: Envelope | None

    @abstractmethod
    def _performed(self, act: Act) -> Delivery:
        """Do an act and return what became of it."""

    def sends(self, kind: str, payload: Json, *, retry: int = 0, reason: str = "http_timeout") -> Delivery:
        """Deliver any payload, rightly signed: for what a true Slack would never send."""
        envelope = Envelope(kind=kind, payload=payload, retry=retry, reason=reason if retry else "")
        return self._performed(self._bare(envelope))

    def repeats_last_delivery(self, *, reason: str = "http_timeout") -> Delivery:
        """Deliver the last payload again, as Slack repeats what it thinks was lost."""
        if self._last is None:
            raise CannotAct("nothing was delivered yet")
        envelope = Envelope(
            kind=self._last.kind,
            payload=self._last.payload,
            accepts_answer=self._last.accepts_answer,
            retry=self._last.retry + 1,
            reason=reason,
        )
        return self._performed(self._bare(envelope))

    def tells(self, event: Json) -> Delivery:
        """Tell the app of any event."""
        return self._performed(self.acts.event(event))

    @staticmethod
    def _bare(envelope: Envelope) -> Act:
        def settle(answer: Answer) -> Delivery:
            return Delivery(
                kind=str(envelope.payload.get("type", envelope.kind)),
                payload=envelope.payload,
                transport=answer.transport,
                status=answer.status,
                ms=answer.ms,
                response=answer.body,
                error=answer.error,
            )

        return Act(envelope=envelope, settle=settle)
