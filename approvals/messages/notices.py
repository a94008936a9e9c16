"""Writes to the outbox what people are told about a request: its message, and the replies in its thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.messages.request_facts import RequestMessage
from approvals.tables import Request
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts, make_plain


@dataclass(frozen=True, kw_only=True)
class RequestReply(TemplateFacts):
    """A reply in the thread of a request message; `phrase` is the check phrase that tells requests apart."""

    request: str
    phrase: str


@dataclass(frozen=True, kw_only=True)
class RequestDecided(RequestReply, template="request_decided"):
    """Somebody approved or denied; `count` is "1 of 2". Only outboxes of older versions have these."""

    by: str
    verdict: str
    reason: str
    count: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RequestLooking(RequestReply, template="request_looking"):
    """Somebody is reviewing the request."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RequestReminder(RequestReply, template="request_reminder"):
    """The request still waits; `mention` are the people on cover, `roles` those who may decide."""

    mention: Sequence[str]
    roles: Sequence[str]
    count: str
    decide_by: datetime


@dataclass(frozen=True, kw_only=True)
class RequestOutcome(RequestReply, template="request_outcome"):
    """The request moved (`event`, to `status`), or there is more news about it (then `status` is empty).

    `done` says what was completed, with amount and name; `denial` is the reason of `denied_by`.
    """

    status: str
    event: str
    words: str
    mention: Sequence[str]
    at: datetime
    done: str = ""
    moves_money: bool = False
    denied_by: str = ""
    denial: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestSecret(RequestReply, template="request_secret"):
    """Paytend answered with a secret; the button shows it to the requester, until it `ended` with these words."""

    requester: str
    button_value: Mapping[str, str]
    at: datetime
    ended: str = ""


def secret_key(request_id: str) -> str:
    """Return the key of the reply with which a secret is offered."""
    return f"secret:{request_id}"


@dataclass(frozen=True, kw_only=True)
class RequestSettled(RequestReply, template="request_settled"):
    """One person said whether an unknown change happened; `differs` if others said the opposite.

    `lost` are the people whose earlier word counts no more, each with the reason.
    """

    by: str
    happened: bool
    reason: str
    count: str
    differs: bool
    lost: Sequence[str] = ()
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RequestUnknown(RequestReply, template="request_unknown"):
    """Paytend cannot say whether it happened, so people with `roles` have to settle it."""

    words: str
    since: datetime
    roles: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RequestUnproven(RequestReply, template="request_unproven"):
    """The rows of the request are not what the trail proves, so it is not done; `summary` says what it is."""

    summary: str = ""
    words: str
    mention: Sequence[str] = ()
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TrailShortened(TemplateFacts, template="trail_shortened"):
    """The trail has lost events that the bot has seen, so nothing is written any more."""

    at: datetime
    mention: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RequestAlarm(RequestReply, template="request_alarm"):
    """Money may not be where it was approved to be; `mention` are on-call and managers, people and groups.

    `summary` says what was requested: on-call's channel has no thread that shows it.
    """

    reference: str
    summary: str = ""
    words: str
    mention: Sequence[str]
    at: datetime


def message_key(request_id: str) -> str:
    """Return the key under which the outbox knows the copies of a request message."""
    return f"request:{request_id}"


def post_request_message(
    session: Session, outbox: Outbox, request: Request, *, facts: RequestMessage, now: datetime
) -> None:
    """Post the request message where the request is decided, and where the requester follows it."""
    # Urgent: a request has a deadline, and must not wait behind a storm of transactions.
    for recipient in request.told.split():
        outbox.enqueue(
            session,
            kind=facts.template,
            facts=make_plain(facts),
            recipient=recipient,
            now=now,
            key=message_key(request.id),
            urgent=True,
        )


def reply(
    session: Session,
    outbox: Outbox,
    request: Request,
    *,
    facts: RequestReply,
    now: datetime,
    broadcast: bool = False,
    key: str | None = None,
) -> None:
    """Reply in the thread of every copy of the message; with a `key` the reply can be edited.

    One that is broadcast calls somebody. All others give way to requests that nobody has seen yet: Slack takes one
    message a second in a channel.
    """
    for recipient in request.told.split():
        outbox.enqueue(
            session,
            kind=facts.template,
            facts=make_plain(facts),
            recipient=recipient,
            now=now,
            thread_of=message_key(request.id),
            urgent=broadcast,
            broadcast=broadcast,
            key=key,
        )
