"""`cardops evidence`: writes what proves who decided a request, as a file that others can check without us."""

import argparse
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackClientError

from approvals.evidence import archive, collected, pdf
from approvals.evidence.page import make_page
from approvals.evidence.trail_slice import Surroundings
from approvals.requests import stored
from approvals.requests.move import subject_of
from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_command, complain, mention, say
from bot.settings.environment import Settings
from bot.wiring.clients import make_slack


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "evidence", write, "write what proves who decided a request, signed")
    parser.add_argument("name", metavar="REQUEST", help="its id or its reference")
    parser.add_argument("--to", type=Path, metavar="FILE.zip", required=True, help="a new file")


def write(chosen: argparse.Namespace) -> int:
    """Write the file of evidence of one request; that it was made is an event of the trail."""
    if chosen.to.exists():
        return complain(f"{chosen.to}: there is such a file already.", [], "Name another one.")
    with open_installation(writes=True) as installation:
        try:
            key = archive.require_key(installation.settings.evidence_key)
            facts = _collect(installation, chosen.name)
        except archive.NoEvidenceKey as refusal:
            return complain(str(refusal), [], "Set CARDOPS_EVIDENCE_KEY.")
        except stored.UnknownRequest as refusal:
            complain(str(refusal), [], "Look at `cardops requests list`.")
            return WRONG
        except stored.Altered as refusal:
            complain(str(refusal), [], "Look at `cardops audit verify` and `cardops check`.")
            return WRONG
        with installation.database.reading() as session:
            now = installation.clock.now_in(session)
        try:
            drawn = pdf.draw_apart(make_page(facts), at=now)
        except pdf.NotDrawn as failure:
            mention(f"Without page.pdf, which could not be drawn ({failure}); page.html says the same.")
            drawn = b""
        made = archive.make_archive(facts, pdf=drawn, key=key, now=now)
    # It names people and what they decided: for nobody else on this machine.
    with os.fdopen(os.open(chosen.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made)
    say(f"{chosen.to}: request {facts['request.json']['reference']}, signed by {key.public}")
    return FINE


def _collect(installation: Installation, name: str) -> dict[str, Any]:
    settings = installation.settings
    context = installation.make_approval_context(installation.read_config())
    around = Surroundings(workspace_url=_find_workspace(settings), timezone=ZoneInfo(settings.PAYTEND_TIMEZONE))
    with installation.database.writing() as session:
        request = stored.find_named(session, name)
        # First, as with an export: whatever breaks off later, somebody has asked for it.
        installation.note(session, collected.MADE, subject=subject_of(request.id), facts={"to": "a file"})
    with installation.database.reading() as session:
        return collected.collect(session, context, stored.find(session, request.id), around=around)


def _find_workspace(settings: Settings) -> str:
    """Return the address of the workspace; empty where Slack does not say it: then there are no links."""
    try:
        return str(make_slack(settings).auth_test().get("url") or "")
    except (SlackClientError, OSError):
        return ""
