"""What every use case of the two-person rule works with, made once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from approvals.policy.rules import Policy
from notifier.outbox.outbox import Outbox
from storage.vault import Vault

SEND_WITHIN = timedelta(seconds=5)  # a claim is sent at once; one that is older was asleep, and is put off


@dataclass(frozen=True, kw_only=True)
class ApprovalContext:
    """Policy and collaborators. `channel` is channels.approvals; `audit_key` comes from audit.make_key.

    `send_within` is how old a claim may be when it is sent, `lease` after how long it counts as lost: the
    difference must be longer than Paytend's timeout.
    """

    vault: Vault
    outbox: Outbox
    policy: Policy
    make_id: Callable[[], str]
    audit_key: bytes = field(repr=False)
    channel: str
    send_within: timedelta = SEND_WITHIN
    lease: timedelta = timedelta(minutes=3)
    give_up_after: timedelta = timedelta(minutes=5)
    ask_again_within: timedelta = timedelta(minutes=10)
