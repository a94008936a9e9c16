"""The sub-command `paytend`: serves the stand-in until Ctrl-C or SIGTERM."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from sandbox.paytend.programme import PARTNER_ID
from sandbox.paytend.standin import PaytendStandIn
from sandbox.running import Running

PRIVATE_KEY_FILE = "partner-private.pem"
PUBLIC_KEY_FILE = "paytend-public.pem"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the sub-command and its options."""
    parser = commands.add_parser("paytend", help="Paytend's API, with books and webhooks")
    parser.add_argument("--listen", default="127.0.0.1:8001", type=_address, metavar="HOST:PORT")
    parser.add_argument("--callback", metavar="URL", help="where webhooks go; none are sent without it")
    parser.add_argument("--keys", type=Path, metavar="DIR", help="write the bot's two keys here (mode 0600)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unit", choices=("minor", "major"), default="minor", help="of amounts in the API")
    parser.add_argument("--partner-id", default=PARTNER_ID)
    parser.add_argument("--key-size", type=int, default=1024, metavar="BITS")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    stand_in = PaytendStandIn(
        callback=arguments.callback,
        seed=arguments.seed,
        unit=arguments.unit,
        key_size=arguments.key_size,
        partner_id=arguments.partner_id,
    )
    host, port = arguments.listen
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = Running(stand_in.app, host=host, port=port).start()
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {host}:{port}: {error.strerror}\n")
        return 1
    lines = [f"Paytend stand-in at {server.url}", f"Partner id {stand_in.partner_id}"]
    if arguments.keys is not None:
        lines += [f"Key {path}" for path in write_keys(stand_in, arguments.keys)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    ended.wait()
    server.stop()
    return 0


def write_keys(stand_in: PaytendStandIn, folder: Path) -> tuple[Path, Path]:
    """Write what the bot needs, readable by its owner only, and return the two files."""
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / PRIVATE_KEY_FILE, folder / PUBLIC_KEY_FILE
    _write(private, stand_in.partner_private_key_pem)
    _write(public, stand_in.paytend_public_key_pem)
    return private, public


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        raise argparse.ArgumentTypeError("HOST:PORT is wanted")
    return host, int(port)
