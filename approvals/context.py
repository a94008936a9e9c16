"""What every use case of approvals needs, made once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from approvals.actions.known_codes import NO_CODES, KnownCodes
from approvals.audit.trail_keys import TrailKey
from approvals.policy.people import SamePerson
from approvals.policy.rules import Policy
from approvals.policy.stop_conditions import StopCondition
from notifier.outbox.outbox import Outbox
from storage.macs import MacKeys
from storage.signing import SigningKey
from storage.vault import Vault

# A claim is sent as soon as Paytend has said that it does not have it. If it is older than this, the process slept
# or Paytend is slow, and another one may have taken over.
SEND_WITHIN = timedelta(seconds=15)  # besides the time to connect


@dataclass(frozen=True, kw_only=True)
class AlarmRecipients:
    """Who gets alarms, besides the people of a request: on-call's channel with ids to mention, and admins."""

    channels: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """The channels and the admins."""
        return (*self.channels, *self.admins)


NOBODY_ELSE = AlarmRecipients()


@dataclass(frozen=True, kw_only=True)
class ApprovalContext:
    """The policy, who is who, and what the use cases write with.

    `audit_key` signs the trail and `macs` the rows; `channel` is `channels.approvals` of cardops.yml,
    `reference_prefix` its `books.prefix`. `alarms` says who is told when the database does not fit, or when money
    may not be where it was approved to be. `send_within` is how old a claim may be when it is sent, and `lease`
    how old when it counts as lost: the difference must be longer than a call to Paytend may take once it is
    connected. `give_up_after` is how long lookups go on before people are called. `absent_for` is the pause
    between two answers "no such order" that, after a signed refusal, mean failed, and `watch_for` is how long
    Paytend is asked whether an end stays true. `evidence_key` signs what outsiders check; None where none is set.
    `public_url` is the address of our own pages, to which passkeys are bound.
    """

    vault: Vault
    outbox: Outbox
    policy: Policy
    same_person: SamePerson = ()
    make_id: Callable[[], str]
    audit_key: TrailKey = field(repr=False)
    macs: MacKeys = field(repr=False)
    channel: str
    reference_prefix: str = ""
    send_within: timedelta = SEND_WITHIN
    lease: timedelta = timedelta(minutes=3)  # the bot derives both from the timeouts of a call (bot/wiring)
    give_up_after: timedelta = timedelta(minutes=5)  # F12
    ask_again_within: timedelta = timedelta(minutes=10)
    stop_when: tuple[StopCondition, ...] = ()
    absent_for: timedelta = timedelta(minutes=2)
    watch_for: timedelta = timedelta(days=30)
    codes: KnownCodes = NO_CODES
    alarms: AlarmRecipients = NOBODY_ELSE
    public_url: str = ""
    evidence_key: SigningKey | None = field(default=None, repr=False)
