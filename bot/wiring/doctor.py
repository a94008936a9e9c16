"""Composes what the doctor examines: of a running bot, or made for `cardops doctor`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from bot.clock import Clock
from bot.database.engine import SqlDatabase
from bot.doctor.findings import DoctorContext
from bot.settings.cardops_yml import Config
from bot.settings.environment import Settings, list_own_private_files
from bot.slack.access import SlackUnusable
from bot.slack.directory import SlackDirectory
from bot.slack.scopes import OPTIONAL, SCOPES
from bot.wiring.clients import TEMPLATES, identify, make_paytend, make_slack
from bot.wiring.foundation import Foundation
from notifier.inbox.custom_templates import override
from notifier.rendering.renderer import Renderer
from paytend import make_http

_log = logging.getLogger(__name__)


def make_doctor_context(base: Foundation) -> DoctorContext:
    """Return the running bot as the doctor examines it."""
    return DoctorContext(
        config=base.config,
        database=base.database,
        slack=base.clients.slack,
        paytend=base.clients.paytend,
        directory=base.clients.directory,
        now=base.clock.now,
        webhook_unit=base.settings.PAYTEND_WEBHOOK_AMOUNT_UNIT,
        scopes=SCOPES,
        optional_scopes=OPTIONAL,
        uses_socket=base.settings.socket_mode,
        socket_hears=lambda: base.counters.socket.hears,
        team_id=base.settings.SLACK_TEAM_ID or "",
        private_files=list_own_private_files(base.settings),
        audit_key=make_key(base.settings.CARDOPS_SECRET_KEYS[-1], newer=base.settings.CARDOPS_AUDIT_KEYS),
        macs=make_macs(base.settings.CARDOPS_SECRET_KEYS[-1], newer=base.settings.CARDOPS_AUDIT_KEYS),
        evidence_key=tell_evidence_key(base.settings),
        faulty_templates=base.faulty_templates,
    )


def tell_evidence_key(settings: Settings) -> str:
    """Return the public half of the key that signs evidence; empty where none is set."""
    key = settings.evidence_key
    return key.public if key is not None else ""


@contextmanager
def open_doctor_context(
    settings: Settings, config: Config, *, clock: Clock, database: SqlDatabase
) -> Iterator[DoctorContext]:
    """Make what the doctor examines without a running bot.

    A token that Slack refuses does not stop it here: the doctor's own check of Slack reports that.
    """
    slack = make_slack(settings)
    try:
        team_id = identify(slack, settings).team_id
    except SlackUnusable:
        team_id = settings.SLACK_TEAM_ID or ""
    with make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS) as http:
        yield DoctorContext(
            config=config,
            database=database,
            slack=slack,
            paytend=make_paytend(settings, clock=clock, http=http),
            directory=SlackDirectory(client=slack, find_team=lambda: team_id, monotonic=clock.monotonic),
            now=clock.now,
            webhook_unit=settings.PAYTEND_WEBHOOK_AMOUNT_UNIT,
            scopes=SCOPES,
            optional_scopes=OPTIONAL,
            uses_socket=settings.socket_mode,
            team_id=settings.SLACK_TEAM_ID or "",
            private_files=list_own_private_files(settings),
            audit_key=make_key(settings.CARDOPS_SECRET_KEYS[-1], newer=settings.CARDOPS_AUDIT_KEYS),
            macs=make_macs(settings.CARDOPS_SECRET_KEYS[-1], newer=settings.CARDOPS_AUDIT_KEYS),
            evidence_key=tell_evidence_key(settings),
            # For its findings only: nothing is rendered here, and making a renderer takes a second.
            faulty_templates=(
                override(Renderer(TEMPLATES), settings.CARDOPS_TEMPLATES, log=_log)
                if settings.CARDOPS_TEMPLATES
                else ()
            ),
        )
