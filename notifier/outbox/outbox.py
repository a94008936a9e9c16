"""The outbox: deliveries that are written in the transaction of the change that caused them.

Nothing here talks to Slack or commits; the deliverer does.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, union_all
from sqlmodel import Session, col, select

from notifier.outbox.sealed_facts import open_facts, seal_facts
from notifier.outbox.tables import Delivery, DeliveryStatus, Message, SlackOperation
from notifier.outbox.turns import lane_of_edits
from notifier.rendering.facts import TemplateFacts, make_plain
from storage.vault import Unreadable, Vault

OLDEST_FIRST = (col(Delivery.seq), col(Delivery.id))
NEWEST_FIRST = (col(Delivery.seq).desc(), col(Delivery.id).desc())


class Outbox:
    """Enqueues posts and edits; facts are sealed at rest and rendered at delivery."""

    def __init__(self, *, vault: Vault, make_id: Callable[[], str]) -> None:
        """Prepare with the vault for the facts; `make_id` returns a sortable id of 26 characters."""
        self._vault = vault
        self._make_id = make_id

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
        hold: timedelta = timedelta(0),
        route: str | None = None,
        status: DeliveryStatus = DeliveryStatus.WAITING,
        part_of: str | None = None,
    ) -> str:
        """Enqueue one notification to one recipient (channel C… or G…, person U… or W…); return its delivery id.

        `key` names a message that may be edited later: one Slack message for each key and recipient.
        `thread_of` is the key of the message under which this is a reply, in the same recipient's channel; it
        waits for that one, and is posted by itself when that one died. `broadcast` shows a reply in the channel
        too. `urgent` ones go before all others of the same recipient. It is not begun before `hold` has passed.
        `status` and `part_of` are for what shall be no message of its own. Raises TypeError for facts that are no
        JSON.
        """
        delivery_id = self._make_id()
        session.add(
            Delivery(
                id=delivery_id,
                kind=kind,
                facts=seal_facts(facts, vault=self._vault, delivery_id=delivery_id),
                recipient=recipient,
                lane=recipient,
                key=key or delivery_id,
                thread_of=thread_of,
                broadcast=broadcast,
                urgent=urgent,
                created_at=now,
                due_at=now + hold,
                route=route,
                status=status,
                part_of=part_of,
            )
        )
        session.flush()
        return delivery_id

    def make_key(self) -> str:
        """Return a new key for a message of several recipients."""
        return self._make_id()

    def read(self, delivery: Delivery) -> dict[str, Any]:
        """Return the facts of a delivery; raises vault.Unreadable."""
        return open_facts(delivery.facts, vault=self._vault, delivery_id=delivery.id)

    def newest(self, session: Session, key: str, *, recipient: str | None = None) -> Delivery | None:
        """Return the delivery with the newest facts of a message, or of its copy for one recipient."""
        query = select(Delivery).where(Delivery.key == key).order_by(*NEWEST_FIRST).limit(1)
        query = query if recipient is None else query.where(Delivery.recipient == recipient)
        return session.exec(query).first()

    def seal(self, facts: TemplateFacts | Mapping[str, Any], *, row: str) -> bytes:
        """Return facts as they are stored in a row of another table; `row` is its own name, and no delivery's."""
        return seal_facts(facts, vault=self._vault, delivery_id=row)

    def unseal(self, sealed: bytes, *, row: str) -> dict[str, Any]:
        """Return what was sealed for a row; raises vault.Unreadable."""
        return open_facts(sealed, vault=self._vault, delivery_id=row)

    def unbegun(self, session: Session, *, key: str, recipient: str) -> Delivery | None:
        """Return a post that nobody has begun, held until the transaction ends."""
        query = select(Delivery).where(
            Delivery.key == key,
            Delivery.recipient == recipient,
            Delivery.operation == SlackOperation.POST,
            Delivery.status == DeliveryStatus.WAITING,
        )
        post = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
        return None if post is None or _may_be_posted(post) else post

    def recipients_of(self, session: Session, key: str) -> frozenset[str]:
        """Return who has, or is about to get, a copy of this message."""
        return frozenset(session.execute(_make_recipients(), {"key": key}).scalars())

    def edit(
        self,
        session: Session,
        *,
        key: str,
        kind: str,
        facts: TemplateFacts | Mapping[str, Any],
        now: datetime,
        hold: timedelta = timedelta(0),
    ) -> int:
        """Bring every copy of a message to these facts; return the number of copies.

        A copy that is posted, or just being posted, gets an edit, not begun before `hold` has passed; edits that
        wait already are given the newer facts, and so are posts that nobody has begun or that died, which keep
        their mentions.
        """
        return self._bring(session, key, lambda _recipient: (kind, facts), now=now, hold=hold)

    def amend(self, session: Session, key: str, changes: Mapping[str, Any], *, now: datetime) -> int:
        """Change some facts of every copy, which keeps its others, such as mentions; return how many copies.

        A copy whose facts cannot be read (any more) stays as it is.
        """

        def change(recipient: str) -> tuple[str, Mapping[str, Any]] | None:
            newest = self.newest(session, key, recipient=recipient)
            if newest is None:
                return None
            try:
                return newest.kind, {**self.read(newest), **changes}
            except Unreadable:
                return None

        return self._bring(session, key, change, now=now, hold=timedelta(0), keep_mentions=False)

    def _bring(
        self,
        session: Session,
        key: str,
        make: Callable[[str], tuple[str, TemplateFacts | Mapping[str, Any]] | None],
        *,
        now: datetime,
        hold: timedelta,
        keep_mentions: bool = True,
    ) -> int:
        """Bring each copy to the kind and facts that `make` returns for its recipient, where it returns any."""
        posts, edits = self._unfinished(session, key)
        # Read after the deliveries and locked like them: a post that was recorded meanwhile is seen here, and two
        # edits of one message follow each other.
        messages = session.exec(select(Message).where(Message.key == key).with_for_update()).all()
        posted = {message.recipient for message in messages}
        untouched = {post.recipient: post for post in posts if not _may_be_posted(post)}
        waiting = {recipient: post for recipient, post in untouched.items() if recipient not in posted}
        recipients = posted | {post.recipient for post in posts if _may_be_posted(post)}
        newer = {each: made for each in sorted(recipients | waiting.keys()) if (made := make(each)) is not None}
        for recipient, (kind, facts) in newer.items():
            if recipient in waiting:
                post = waiting[recipient]
                self.renew(post, kind=kind, facts=self._with_mentions(post, facts) if keep_mentions else facts)
            elif recipient in edits:
                self.renew(edits[recipient], kind=kind, facts=facts)
            else:
                due = now + hold
                self._enqueue_edit(session, key=key, kind=kind, facts=facts, recipient=recipient, now=now, due=due)
        session.flush()
        return len(newer)

    def _unfinished(self, session: Session, key: str) -> tuple[list[Delivery], dict[str, Delivery]]:
        """Return the undelivered posts of this key, and by recipient the edits that nobody has begun."""
        unfinished = session.exec(
            select(Delivery)
            .where(Delivery.key == key, col(Delivery.status).in_((DeliveryStatus.WAITING, DeliveryStatus.DEAD)))
            .order_by(*OLDEST_FIRST)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        posts = [row for row in unfinished if row.operation == SlackOperation.POST]
        edits = {
            row.recipient: row
            for row in unfinished
            if row.operation == SlackOperation.EDIT
            and row.status == DeliveryStatus.WAITING
            and row.started_at is None
        }
        return posts, edits

    def renew(self, delivery: Delivery, *, kind: str, facts: TemplateFacts | Mapping[str, Any]) -> None:
        """Give a delivery that nobody has begun newer facts."""
        delivery.kind = kind
        delivery.facts = seal_facts(facts, vault=self._vault, delivery_id=delivery.id)

    def _with_mentions(self, post: Delivery, facts: TemplateFacts | Mapping[str, Any]) -> Mapping[str, Any]:
        """Return newer facts with the mentions that the first would have had: nobody has seen these yet."""
        plain: dict[str, Any] = make_plain(facts)
        if "mentions" not in plain:
            return plain
        try:
            return {**plain, "mentions": self.read(post).get("mentions") or plain["mentions"]}
        except Unreadable:
            return plain

    def _enqueue_edit(
        self,
        session: Session,
        *,
        key: str,
        kind: str,
        facts: TemplateFacts | Mapping[str, Any],
        recipient: str,
        now: datetime,
        due: datetime,
    ) -> None:
        delivery_id = self._make_id()
        session.add(
            Delivery(
                id=delivery_id,
                kind=kind,
                operation=SlackOperation.EDIT,
                facts=seal_facts(facts, vault=self._vault, delivery_id=delivery_id),
                recipient=recipient,
                lane=lane_of_edits(recipient),
                key=key,
                created_at=now,
                due_at=due,
            )
        )


@cache  # asked for every notice
def _make_recipients() -> CompoundSelect[Any]:
    waiting = select(Delivery.recipient).where(
        Delivery.key == bindparam("key"),
        Delivery.status == DeliveryStatus.WAITING,
        Delivery.operation == SlackOperation.POST,
    )
    posted = select(Message.recipient).where(Message.key == bindparam("key"))
    return union_all(waiting, posted)


def _may_be_posted(post: Delivery) -> bool:
    """Whether somebody has begun this post, so that its facts may be in Slack already."""
    return post.status == DeliveryStatus.WAITING and (post.started_at is not None or post.doubt_since is not None)
