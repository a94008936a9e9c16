"""`python -m sandbox slack`: the workspace by itself, for trying an app against it."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox.slack import seed
from sandbox.slack.workspace import SlackWorkspace


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the sub-command and its options."""
    parser = commands.add_parser("slack", help="a Slack workspace by itself, for trying an app against it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3100)
    parser.add_argument("--request-url", help="where the app listens in HTTP mode")
    parser.add_argument("--manifest", type=Path, help="the app's manifest, YAML or JSON")
    parser.add_argument("--panel", type=Path, help="JSON list of what the outside world offers")
    parser.add_argument("--bot-token", default=seed.BOT_TOKEN)
    parser.add_argument("--app-token", default=seed.APP_TOKEN)
    parser.add_argument("--signing-secret", default=seed.SIGNING_SECRET)
    parser.add_argument("--no-rate-limits", action="store_true")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve a workspace until interrupted; returns the exit status."""
    workspace = SlackWorkspace(
        request_url=chosen.request_url,
        manifest=chosen.manifest,
        panel=chosen.panel,
        bot_token=chosen.bot_token,
        app_token=chosen.app_token,
        signing_secret=chosen.signing_secret,
        rate_limits=not chosen.no_rate_limits,
    )
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    try:
        with workspace.serving(host=chosen.host, port=chosen.port):
            sys.stdout.write(f"Workspace page  {workspace.base_url}\nSLACK_API_BASE_URL={workspace.api_url}\n")
            sys.stdout.flush()
            stopped.wait()
    except OSError as error:
        sys.stderr.write(f"cannot listen at {chosen.host}:{chosen.port}: {error.strerror}\n")
        return 2
    return 0
