"""The outbox: deliveries that are written in the transaction of the change that caused them.

Nothing here talks to Slack or commits; `delivery` does what stands here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from notifier.facts import seal_facts
from notifier.tables import Delivery, DeliveryStatus, Message, Operation
from notifier.vault import Vault


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
        facts: Mapping[str, Any],
        recipient: str,
        now: datetime,
        key: str | None = None,
        thread_of: str | None = None,
        broadcast: bool = False,
        urgent: bool = False,
    ) -> str:
        """Enqueue one notification to one recipient (channel C… or G…, person U… or W…); return its delivery id.

        `key` names a message that may be edited later: one Slack message for each key and recipient.
        `thread_of` is the key of the message under which this is a reply, in the same recipient's channel; it
        waits for that one, and is posted by itself when that one died. `broadcast` shows a reply in the channel
        too. `urgent` ones go before all others of the same recipient. Raises TypeError for facts that are no JSON.
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
                due_at=now,
            )
        )
        session.flush()
        return delivery_id

    def recipients_of(self, session: Session, key: str) -> frozenset[str]:
        """Return who has, or is about to get, a copy of this message."""
        waiting = select(Delivery.recipient).where(
            Delivery.key == key, Delivery.status == DeliveryStatus.WAITING, Delivery.operation == Operation.POST
        )
        posted = select(Message.recipient).where(Message.key == key)
        return frozenset([*session.exec(waiting), *session.exec(posted)])

    def edit(self, session: Session, *, key: str, kind: str, facts: Mapping[str, Any], now: datetime) -> int:
        """Bring every copy of a message to these facts; return the number of copies.

        A copy that is posted, or just being posted, gets an edit; edits that wait already are given the newer
        facts, and so are posts that nobody has begun or that died.
        """
        posts, edits = self._unfinished(session, key)
        # Read after the deliveries and locked like them: a post that was recorded meanwhile is seen here, and two
        # edits of one message follow each other.
        messages = session.exec(select(Message).where(Message.key == key).with_for_update()).all()
        posted = {message.recipient for message in messages}
        untouched = {post.recipient: post for post in posts if not _may_be_posted(post)}
        for recipient, post in untouched.items():
            if recipient not in posted:
                self._renew(post, kind=kind, facts=facts)
        recipients = posted | {post.recipient for post in posts if _may_be_posted(post)}
        for recipient in sorted(recipients):
            if recipient in edits:
                self._renew(edits[recipient], kind=kind, facts=facts)
            else:
                self._enqueue_edit(session, key=key, kind=kind, facts=facts, recipient=recipient, now=now)
        session.flush()
        return len(recipients | untouched.keys())

    def _unfinished(self, session: Session, key: str) -> tuple[list[Delivery], dict[str, Delivery]]:
        """Return the undelivered posts of this key, and by recipient the edits that nobody has begun."""
        unfinished = session.exec(
            select(Delivery)
            .where(Delivery.key == key, Delivery.status != DeliveryStatus.DELIVERED)
            .order_by(col(Delivery.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        posts = [row for row in unfinished if row.operation == Operation.POST]
        edits = {
            row.recipient: row
            for row in unfinished
            if row.operation == Operation.EDIT and row.status == DeliveryStatus.WAITING and row.started_at is None
        }
        return posts, edits

    def _renew(self, delivery: Delivery, *, kind: str, facts: Mapping[str, Any]) -> None:
        delivery.kind = kind
        delivery.facts = seal_facts(facts, vault=self._vault, delivery_id=delivery.id)

    def _enqueue_edit(
        self,
        session: Session,
        *,
        key: str,
        kind: str,
        facts: Mapping[str, Any],
        recipient: str,
        now: datetime,
    ) -> None:
        delivery_id = self._make_id()
        session.add(
            Delivery(
                id=delivery_id,
                kind=kind,
                operation=Operation.EDIT,
                facts=seal_facts(facts, vault=self._vault, delivery_id=delivery_id),
                recipient=recipient,
                lane=recipient,
                key=key,
                created_at=now,
                due_at=now,
            )
        )


def _may_be_posted(post: Delivery) -> bool:
    """Whether somebody has begun this post, so that its facts may stand in Slack already."""
    return post.status == DeliveryStatus.WAITING and (post.started_at is not None or post.doubt_since is not None)
