"""What runs by itself: the table JOBS. Each row is shown in docs/how-it-works.md, which a test compares."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.books.keeper import BookKeeper
from bot.jobs.audit_head import AuditHeadPublisher
from bot.jobs.expiry import Expiry
from bot.jobs.follow_up import RequestFollowUp
from bot.jobs.interrupted_work import InterruptedWork
from bot.jobs.missed_webhooks import MissedWebhookFinder
from bot.jobs.refused_people import RefusedPeople
from bot.jobs.refused_webhooks import RefusalNotes
from bot.jobs.scheduler import LABEL, LAST_SUCCESS, Job
from bot.jobs.stops import StopFollowUp
from notifier.balance.pictures import PictureUploader
from notifier.balance.watch import BalanceWatch
from notifier.routing.timers import RoutingTimers

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """What the jobs work with. `balance_every` is how often cardops.yml wants the partner balance read."""

    balance_every: timedelta
    requests: RequestFollowUp
    stops: StopFollowUp
    balance: BalanceWatch
    pictures: PictureUploader
    refusals: RefusalNotes
    refused_people: RefusedPeople
    timers: RoutingTimers
    missed: MissedWebhookFinder
    expiry: Expiry
    interrupted_work: InterruptedWork
    audit_head: AuditHeadPublisher
    books: BookKeeper
    refresh_home: Callable[[], object]
    sweep_drafts: Callable[[], object]
    sweep_secrets: Callable[[], object]
    sweep_page_tokens: Callable[[], object]


Work = Callable[[JobContext], Callable[[], object]]


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One row of the table. `every` is None where cardops.yml says how often; `work` finds what is called then.

    `lease` is the longest that one run may take, after which another replica takes its slot over. A job that runs
    `at_start` does not wait for the timer's first round.
    """

    name: str
    every: timedelta | None
    does: str
    work: Work
    lease: timedelta = timedelta(minutes=2)
    at_start: bool = False

    @property
    def metric(self) -> str:
        """The time series of /metrics that says when this job last succeeded."""
        return f'{LAST_SUCCESS}{{{LABEL}="{self.name}"}}'


JOBS: tuple[JobRow, ...] = (
    JobRow(
        name="requests",
        every=timedelta(seconds=10),
        does="expires requests and sends reminders",
        work=lambda context: context.requests.keep_deadlines,
    ),
    JobRow(
        name="reconciliation",
        every=timedelta(seconds=2),  # people watch the request message of an unknown outcome
        does="turns requests that were left executing into unknown, and asks Paytend about unknown ones",
        work=lambda context: context.requests.reconcile_due,
    ),
    JobRow(
        name="stops",
        every=timedelta(seconds=2),  # people look at the channel when they stop something
        does="shows stops in the messages of waiting requests, pins them, and stops by itself for `stop_when`",
        work=lambda context: context.stops.follow,
    ),
    JobRow(
        name="trail",
        every=HOUR,
        does="verifies the audit trail where `stop_when` has `trail_broken`, and stops when it is broken",
        work=lambda context: context.stops.verify_trail,
        lease=HOUR,  # a trail of many years
    ),
    JobRow(
        name="ends",
        every=timedelta(seconds=30),
        does="asks Paytend whether what was settled or failed stays so",
        work=lambda context: context.requests.watch_ends,
    ),
    JobRow(
        name="orders",
        every=timedelta(minutes=1),
        does="asks for the results of card orders",
        work=lambda context: context.requests.follow_orders,
    ),
    JobRow(
        name="balance",
        every=None,
        does="polls the partner balance",
        work=lambda context: context.balance.poll,
        at_start=True,  # nobody polled while the bot was down
    ),
    JobRow(
        name="refused_webhooks",
        every=timedelta(minutes=1),
        does="records in the trail how many webhooks were refused",
        work=lambda context: context.refusals.write,
    ),
    JobRow(
        name="refused_people",
        every=timedelta(minutes=1),
        does="records in the trail, once an hour for a person, how often people without a role were refused",
        work=lambda context: context.refused_people.write,
    ),
    JobRow(
        name="home",
        every=timedelta(seconds=10),
        does="publishes Home tabs that changed",
        work=lambda context: context.refresh_home,
    ),
    JobRow(
        name="calm",
        every=timedelta(seconds=5),
        does="ends storms and silences, and escalates urgent notices that nobody acknowledged",
        work=lambda context: context.timers.run_due,
    ),
    JobRow(
        name="gaps",
        every=timedelta(minutes=1),
        does="asks Paytend about cards and orders in use, for what no webhook reported",
        work=lambda context: context.missed.find,
    ),
    JobRow(
        name="pictures",
        every=timedelta(seconds=10),
        does="draws and uploads the trend of a low balance",
        work=lambda context: context.pictures.send_due,
    ),
    JobRow(
        name="interrupted_work",
        every=timedelta(minutes=1),
        does="tells people about what they asked for and a process that died did not finish",
        work=lambda context: context.interrupted_work.tell,
    ),
    JobRow(
        name="drafts",
        every=timedelta(minutes=5),
        does="deletes drafts that were not sent in time",
        work=lambda context: context.sweep_drafts,
    ),
    JobRow(
        name="secrets",
        every=timedelta(minutes=1),
        does="deletes secrets that nobody looked at within ten minutes",
        work=lambda context: context.sweep_secrets,
    ),
    JobRow(
        name="page_tokens",
        every=HOUR,
        does="deletes tokens of our pages that ended a day ago",
        work=lambda context: context.sweep_page_tokens,
    ),
    JobRow(
        name="sweep",
        every=HOUR,
        does="deletes slots and deliveries of Slack that are no longer needed",
        work=lambda context: context.expiry.sweep_slots,
    ),
    JobRow(
        name="audit_head",
        every=DAY,
        does="posts the head of the trail to the audit channel",
        work=lambda context: context.audit_head.publish,
    ),
    JobRow(
        name="books",
        every=HOUR,
        does="compares the partner account with our requests, and posts the day before each morning",
        work=lambda context: context.books.keep,
        lease=HOUR,  # a list of 100,000 rows takes thousands of calls
    ),
    JobRow(
        name="balance_history",
        every=DAY,
        does="deletes samples of the partner balance that are older than 90 days",
        work=lambda context: context.expiry.forget_balances,
    ),
    JobRow(
        name="purchases",
        every=DAY,
        does="deletes purchases that can no longer change",
        work=lambda context: context.expiry.forget_purchases,
    ),
    JobRow(
        name="retention",
        every=DAY,
        does="removes contents older than `CARDOPS_RETENTION_DAYS`",
        work=lambda context: context.expiry.remove_contents,
        lease=HOUR,  # a first run may have years to remove
    ),
    JobRow(
        name="rows",
        every=DAY,
        does="deletes rows of messages that nothing needs any more ([data](data.md))",
        work=lambda context: context.expiry.forget_rows,
        lease=HOUR,
    ),
)


def make_jobs(context: JobContext) -> list[Job]:
    """Return the jobs of the table, ready for the scheduler."""
    return [
        Job(
            name=row.name,
            every=row.every or context.balance_every,
            run=row.work(context),
            lease=row.lease,
            at_start=row.at_start,
        )
        for row in JOBS
    ]
