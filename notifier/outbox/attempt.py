"""One attempt of a claimed delivery at Slack: edit, or search for an earlier post of it, or post."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from slack_sdk import WebClient

from notifier.outbox import slack_messages
from notifier.outbox.backoff import MOST_BLIND_REPEATS, Trouble
from notifier.outbox.claims import DeliveryClaim
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.slack_messages import HistoryUnreadable, MessagePlace
from notifier.outbox.turns import is_of_edits
from notifier.rendering.plain import lay_out_classically, mark_repeat, strip_blocks
from notifier.rendering.renderer import Rendered


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Where the message is now. `posted` is false for an edit and for a message that was found.

    `left_out` are the texts, whole, that it was too short for; `refused` is why Slack did not take it as it was.
    """

    place: MessagePlace
    ts: str
    posted: bool
    refused: NotDelivered | None = None
    repeated: bool = False
    left_out: tuple[str, ...] = ()


class RepeatInDoubt(NotDelivered):
    """A repeat was sent, and it is in doubt as well."""


class LeaseTooShort(NotDelivered):
    """The steps before the post took so long that another worker may have the delivery by now."""

    def __init__(self) -> None:
        super().__init__(Trouble.NEVER_SENT, code="the lease would end during the post")


class CopyGone(NotDelivered):
    """The message to edit is gone, so it becomes a post, in the lane of posts."""


MayPost = Callable[[], bool]


def is_person(recipient: str) -> bool:
    """Whether a recipient is a person (U…, W…), who gets direct messages."""
    return recipient.startswith(("U", "W"))


def attempt(
    claim: DeliveryClaim, rendered: Rendered, *, slack: WebClient, fallback: str, may_post: MayPost
) -> Delivered:
    """Bring the message to Slack; raises NotDelivered. `may_post` is asked before each post."""
    if claim.known.copy and not claim.fallback:
        try:
            return _edit(claim, rendered, slack=slack, ts=claim.known.copy.ts, channel=claim.known.copy.channel)
        except NotDelivered as error:
            if error.trouble is not Trouble.GONE:
                raise
            if is_of_edits(claim.lane):
                raise CopyGone(error.trouble, code=error.code) from error
            # It has waited for its turn as a post, so it gets a new copy, below.
    place = _choose_place(claim, slack=slack, fallback=fallback)
    if claim.in_doubt_since is None:
        return _post(claim, rendered, place, slack=slack, may_post=may_post)
    if found := _find_earlier_post(claim, rendered, place, slack=slack):
        return found
    return _repeat(claim, rendered, place, slack=slack, may_post=may_post)


def _edit(claim: DeliveryClaim, rendered: Rendered, *, slack: WebClient, ts: str, channel: str) -> Delivered:
    place = MessagePlace(channel=channel, thread_ts=claim.known.copy.thread_ts if claim.known.copy else None)
    refused = None
    for form in _make_forms(rendered):
        try:
            slack_messages.edit(slack, place, form(), ts=ts)
        except NotDelivered as error:
            if error.trouble is not Trouble.BAD_FORM:
                raise
            refused = refused or error
        else:
            return Delivered(place=place, ts=ts, posted=False, refused=refused)
    assert refused is not None  # noqa: S101 - there is a form, and each was refused
    raise refused


def _make_forms(rendered: Rendered) -> Iterator[Callable[[], Rendered]]:
    """Yield the forms of a message from the richest to plain text; buttons stay as long as any form has them."""
    yield lambda: rendered
    if rendered.blocks:
        yield lambda: lay_out_classically(rendered)
        yield lambda: strip_blocks(rendered)


def _choose_place(claim: DeliveryClaim, *, slack: WebClient, fallback: str) -> MessagePlace:
    if claim.fallback:
        # Without its thread, which is in the channel that cannot be written to.
        return MessagePlace(channel=fallback)
    if claim.known.copy:
        return MessagePlace(channel=claim.known.copy.channel, thread_ts=claim.known.copy.thread_ts)
    if claim.known.parent:
        root = claim.known.parent.thread_ts or claim.known.parent.ts
        return MessagePlace(channel=claim.known.parent.channel, thread_ts=root, broadcast=claim.broadcast)
    if is_person(claim.recipient):
        return MessagePlace(channel=claim.known.dm or slack_messages.open_dm(slack, claim.recipient))
    return MessagePlace(channel=claim.recipient)


def _find_earlier_post(
    claim: DeliveryClaim, rendered: Rendered, place: MessagePlace, *, slack: WebClient
) -> Delivered | None:
    """Return an earlier attempt's post, if it can be found."""
    assert claim.in_doubt_since is not None  # noqa: S101 - the caller's condition, for the type checker
    # A reply whose thread was gone went into the channel; the thread is asked first, as it is shorter.
    places = [place, MessagePlace(channel=place.channel)] if place.thread_ts else [place]
    try:
        for each in places:
            found = slack_messages.find(slack, each, delivery_id=claim.delivery_id, since=claim.in_doubt_since)
            if found:
                return Delivered(place=each, ts=found, posted=False, left_out=rendered.left_out)
    except HistoryUnreadable as error:
        # Slack answers, so it is up: now one repeat is worth its risk, and no more than one.
        if claim.history.repeats >= MOST_BLIND_REPEATS:
            raise NotDelivered(Trouble.NOT_SAID, code="two attempts, no answer, and no right to look") from error
    return None


def _repeat(
    claim: DeliveryClaim, rendered: Rendered, place: MessagePlace, *, slack: WebClient, may_post: MayPost
) -> Delivered:
    try:
        delivered = _post(claim, mark_repeat(rendered), place, slack=slack, may_post=may_post)
    except NotDelivered as error:
        if error.trouble is Trouble.IN_DOUBT:
            raise RepeatInDoubt(error.trouble, code=error.code) from error
        raise
    return replace(delivered, repeated=True)


def _post(
    claim: DeliveryClaim, rendered: Rendered, place: MessagePlace, *, slack: WebClient, may_post: MayPost
) -> Delivered:
    """Post; what Slack certainly refused is tried in its simpler forms: without a lost thread, in older blocks."""
    forms, refused = _make_forms(rendered), None
    shown = next(forms)()
    while True:
        if not may_post():
            # A refused form may have used up the lease, and another worker may post by now.
            raise LeaseTooShort
        try:
            ts = slack_messages.post(slack, place, shown, delivery_id=claim.delivery_id)
        except NotDelivered as error:
            simpler = next(forms, None) if error.trouble is Trouble.BAD_FORM else None
            if error.trouble is Trouble.GONE and place.thread_ts:
                place = MessagePlace(channel=place.channel)
            elif simpler is not None:
                shown, refused = simpler(), refused or error
            else:
                raise
        else:
            return Delivered(place=place, ts=ts, posted=True, refused=refused, left_out=shown.left_out)
