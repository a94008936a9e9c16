"""Composes approvals: their context, the executor, and what follows requests up."""

from dataclasses import dataclass
from datetime import timedelta

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.context import SEND_WITHIN, AlarmRecipients, ApprovalContext
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.policy.cardholder_changes import find_known_holder
from bot.jobs.executor import Executor
from bot.jobs.follow_up import RequestFollowUp
from bot.jobs.stops import StopFollowUp
from bot.settings.cardops_yml import Config
from bot.slack.members import WorkspaceMembers
from bot.slack.one_time_secrets import DiscardedSecrets, OneTimeSecrets, RememberedSecrets, SealedSecrets
from bot.wiring.foundation import Foundation
from bot.wiring.notices import find_admins
from commands import snapshots
from commands.snapshots import SnapshotSource
from notifier.outbox.outbox import Outbox
from paytend.client import CONNECT_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class ApprovalEdge:
    """What decides, executes and follows requests."""

    context: ApprovalContext
    secrets: OneTimeSecrets
    executor: Executor
    follow_up: RequestFollowUp
    stops: StopFollowUp


def make_approvals(base: Foundation, *, secrets: OneTimeSecrets | None = None) -> ApprovalEdge:
    """Return what decides, executes and follows requests; nothing runs yet. It goes on with these secrets."""
    context = make_approval_context(base)
    secrets = make_secrets(base, before=secrets)
    return ApprovalEdge(
        context=context,
        secrets=secrets,
        executor=make_executor(base, context=context, secrets=secrets),
        follow_up=RequestFollowUp(
            database=base.database,
            context=context,
            paytend=base.clients.paytend,
            now_in=base.clock.now_in,
            watch=LeaseWatch(monotonic=base.clock.monotonic),
            absences=AbsenceWatch(monotonic=base.clock.monotonic),
            wake_deliverer=base.loops.delivery.wake,
        ),
        stops=StopFollowUp(
            database=base.database,
            context=context,
            slack=base.clients.slack,
            now_in=base.clock.now_in,
            wake_deliverer=base.loops.delivery.wake,
        ),
    )


def make_secrets(base: Foundation, *, before: OneTimeSecrets | None) -> OneTimeSecrets:
    """Return what keeps secrets until they were shown, as cardops.yml has it; what is remembered stays so."""
    rule = base.config.secrets
    if not rule.show:
        return DiscardedSecrets()
    if rule.keep == "memory":
        return before if isinstance(before, RememberedSecrets) else RememberedSecrets(now=base.clock.now)
    return SealedSecrets(database=base.database, vault=base.vault, now_in=base.clock.now_in)


def make_approval_context(base: Foundation) -> ApprovalContext:
    """Return the context in which requests are opened, decided and moved."""
    return ApprovalContext(
        vault=base.vault,
        outbox=Outbox(vault=base.vault, make_id=base.make_id),
        policy=base.config.rules,
        same_person=base.clients.directory.known_accounts,
        make_id=base.make_id,
        audit_key=make_key(base.settings.CARDOPS_SECRET_KEYS[-1], newer=base.settings.CARDOPS_AUDIT_KEYS),
        # The last key: rotations change the first, and no trail or decision would fit another one (ADR 9).
        macs=make_macs(base.settings.CARDOPS_SECRET_KEYS[-1], newer=base.settings.CARDOPS_AUDIT_KEYS),
        stop_when=base.config.stop_when,
        channel=base.config.channels.approvals,
        reference_prefix=base.config.books.prefix,
        send_within=longest_wait(base.settings.PAYTEND_TIMEOUT_SECONDS),
        lease=execution_lease(base.settings.PAYTEND_TIMEOUT_SECONDS),
        codes=base.config.paytend,
        alarms=find_alarm_recipients(base.config),
        public_url=base.settings.CARDOPS_PUBLIC_URL,
        evidence_key=base.settings.evidence_key,
    )


def find_alarm_recipients(config: Config) -> AlarmRecipients:
    """Return who gets alarms: the channel of on-call, with the people of on-call and managers, and the admins."""
    rules = [config.roles[role] for role in ("oncall", "manager") if role in config.roles]
    mentions = dict.fromkeys(id_ for rule in rules for id_ in (*rule.groups, *rule.people))
    channel = config.channels.oncall
    return AlarmRecipients(
        channels=(channel,) if channel else (),
        mentions=tuple(mentions),
        # Where no admin is named, `find_admins` may return on-call's channel: one alarm there is enough.
        admins=tuple(admin for admin in find_admins(config) if admin != channel),
    )


def make_executor(base: Foundation, *, context: ApprovalContext, secrets: OneTimeSecrets) -> Executor:
    """Return the executor, with what it reads of Slack and of Paytend before it claims."""
    config, paytend = base.config, base.clients.paytend

    def take_snapshot(action: str, payload: Payload) -> Snapshot:
        today = base.clock.now().astimezone(base.timezone).date()
        source = SnapshotSource(ask=paytend.send, today=today, find_holder=find_holder)
        return snapshots.take_snapshot(action, payload, source=source)

    def find_holder(card_id: str) -> str:
        with base.database.reading() as session:
            return find_known_holder(session, card_id)

    return Executor(
        database=base.database,
        context=context,
        paytend=paytend,
        now_in=base.clock.now_in,
        monotonic=base.clock.monotonic,
        find_member=WorkspaceMembers(directory=base.clients.directory, roles=config.roles).find,
        take_snapshot=take_snapshot,
        keep_secret=secrets.keep,
        wake_deliverer=base.loops.delivery.wake,
    )


def longest_wait(timeout: float) -> timedelta:
    """Return how old a claim may be when it is sent: SEND_WITHIN, connecting, and the question before.

    Connecting takes CONNECT_TIMEOUT twice, for a free connection and for the handshake, and so does the question.
    """
    return SEND_WITHIN + timedelta(seconds=4 * min(timeout, CONNECT_TIMEOUT) + timeout)


def execution_lease(timeout: float) -> timedelta:
    """Return after how long a claimed execution counts as lost, so that Paytend is asked about it.

    Derived from what a call can take: it is sent within `longest_wait`, then writing and the head of the answer
    take up to `timeout` each, and the rest of the answer twice that. A call that takes longer still is fenced off,
    and its outcome is looked up, never repeated.
    """
    return longest_wait(timeout) + timedelta(seconds=4 * timeout + 2)
