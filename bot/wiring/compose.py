"""The composition root: makes everything once, from the settings, and hands it down."""

import logging
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from bot.cards.known_cards import KnownCards
from bot.clock import Clock, make_ids, read_monotonic
from bot.database.engine import SqlDatabase
from bot.database.probe import DatabaseProbe
from bot.http.app import WebApp
from bot.http.counters import make_counters
from bot.jobs.scheduler import Scheduler
from bot.settings.cardops_yml import Config
from bot.settings.environment import Settings
from bot.threads import WorkerPool
from bot.wiring.approvals import ApprovalEdge, make_approvals
from bot.wiring.books import make_book_keeper
from bot.wiring.clients import make_clients
from bot.wiring.foundation import Foundation, WorkerPools, make_loops
from bot.wiring.jobs import make_scheduler
from bot.wiring.lifecycles import Lifecycle, list_lifecycles
from bot.wiring.notices import NoticeEdge, make_notices
from bot.wiring.pages import (
    make_drop_page,
    make_page_links,
    make_page_site,
    make_page_tokens,
    make_passkey_pages,
)
from bot.wiring.slack import SlackEdge, make_slack_edge
from bot.wiring.web import make_web
from bot.wiring.webhooks import WebhookEdge, make_webhooks
from notifier.inbox.custom_templates import override
from notifier.rendering.renderer import Renderer
from storage.vault import Vault

_log = logging.getLogger(__name__)


def make_pools() -> WorkerPools:
    """Return the threads of a running bot: those for clicks never wait behind a slow Paytend."""
    return WorkerPools(
        quick=WorkerPool("quick", threads=8, most_waiting=200),
        slow=WorkerPool("slow", threads=16, most_waiting=400),
    )


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Everything that runs, composed. The command line starts and stops it, and serves `web`."""

    base: Foundation
    approvals: ApprovalEdge
    webhooks: WebhookEdge
    notices: NoticeEdge
    slack: SlackEdge
    jobs: Scheduler
    web: WebApp
    lifecycles: Sequence[Lifecycle]

    @property
    def database(self) -> SqlDatabase:
        """The database that every edge works on."""
        return self.base.database

    def start(self) -> None:
        """Start the threads and the clock."""
        for part in self.lifecycles:
            part.start()

    def take_over(self) -> None:
        """Start beside a bot that still runs in this process: what it holds is not left behind."""
        for part in self.lifecycles:
            if not part.is_recovery:
                part.start()

    def stop(self, report: Callable[[str], None] = lambda _name: None, *, database: bool = True) -> None:
        """Take on nothing more, finish what was taken on, and close clients and, if asked, the `database`.

        `report` is called with the name of each part before it is waited for.
        """
        for part in reversed(self.lifecycles[0 if database else 1 :]):
            report(part.name)
            part.stop()


def compose(
    settings: Settings,
    config: Config,
    *,
    clock: Clock,
    pools: WorkerPools,
    database: SqlDatabase,
    renderer: Renderer,
    tls: ssl.SSLContext | None = None,
    before: Bot | None = None,
) -> Bot:
    """Return the bot, with nothing started; it is composed also while Slack does not answer or refuses the token.

    It goes on with the one-time secrets of the bot `before` it in this process, if there is one.
    `tls` holds the certificates that are trusted. Without one those of `certifi` are read, which takes long: tests
    read them once.
    """
    base = lay_foundation(
        settings, config, clock=clock, pools=pools, database=database, renderer=renderer, tls=tls
    )
    # Approvals come first: everything else writes to their outbox and their trail.
    approvals = make_approvals(base, secrets=before.approvals.secrets if before else None)
    webhooks = make_webhooks(base)
    notices = make_notices(base, context=approvals.context, group_commit=webhooks.group_commit)
    books = make_book_keeper(base, approvals=approvals)
    tokens = make_page_tokens(base)
    links = make_page_links(base, tokens)
    slack = make_slack_edge(base, approvals=approvals, notices=notices, books=books, links=links)
    jobs = make_scheduler(
        base, approvals=approvals, webhooks=webhooks, notices=notices, slack=slack, books=books, tokens=tokens
    )
    passkeys = make_passkey_pages(base, tokens, context=approvals.context)
    drop = make_drop_page(base, tokens, approvals=approvals).as_page()
    pages = make_page_site(base, tokens, pages=(drop, *passkeys))
    return Bot(
        base=base,
        approvals=approvals,
        webhooks=webhooks,
        notices=notices,
        slack=slack,
        jobs=jobs,
        web=make_web(base, slack=slack, webhooks=webhooks, pages=pages, keys=approvals.context),
        lifecycles=list_lifecycles(
            base, approvals=approvals, webhooks=webhooks, notices=notices, slack=slack, jobs=jobs
        ),
    )


def lay_foundation(
    settings: Settings,
    config: Config,
    *,
    clock: Clock,
    pools: WorkerPools,
    database: SqlDatabase,
    renderer: Renderer,
    tls: ssl.SSLContext | None,
) -> Foundation:
    """Return what every edge is composed over."""
    counters, loops = make_counters(), make_loops(clock.monotonic)
    vault = Vault(settings.CARDOPS_SECRET_KEYS, random_bytes=secrets.token_bytes)
    counters.watch_clock(clock.steps)
    return Foundation(
        settings=settings,
        config=config,
        clock=clock,
        make_id=make_ids(clock),
        database=database,
        probe=DatabaseProbe(
            name=secrets.token_hex(8),
            database=database,
            monotonic=read_monotonic,
            observe=counters.database_writable.set,
        ),
        vault=vault,
        cards=KnownCards(database=database, vault=vault, now_in=clock.now_in),
        renderer=renderer,
        faulty_templates=override(renderer, settings.CARDOPS_TEMPLATES, log=_log),
        counters=counters,
        clients=make_clients(
            settings,
            same_person=config.same_person,
            clock=clock,
            counters=counters,
            tls=tls or httpx.create_ssl_context(trust_env=False),
            wake_access=loops.access.wake,
        ),
        pools=pools,
        loops=loops,
    )
