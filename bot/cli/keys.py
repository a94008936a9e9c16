"""`cardops keys`: a new key, and bringing everything that is stored to it."""

import argparse
import base64
import secrets
import sys

from bot.cli.shell import FINE, WRONG, Commands, Installation, add_group, end_progress, opened, progress, say
from bot.clock import make_ids
from bot.database import key_rotation
from storage.vault import KEY_BYTES


def add_to(commands: Commands) -> None:
    """Add the commands of the keys."""
    members = {
        "new": (new, "print a new key for CARDOPS_SECRET_KEYS"),
        "rotate": (rotate, "encrypt everything that is stored with the first of CARDOPS_SECRET_KEYS"),
    }
    add_group(commands, "keys", members)


def new(_chosen: argparse.Namespace) -> int:
    """Print a new key."""
    say(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    return FINE


def rotate(_chosen: argparse.Namespace) -> int:
    """Bring every sealed value to the first key; may be stopped and run again, beside running processes."""
    with opened() as place:
        rotation_id, total = _begin(place)
        done = key_rotation.RotationResult()
        for done in key_rotation.rotate(place.database, place.vault, rotation_id=rotation_id):
            progress(f"{done.resealed} of {total} values encrypted anew")
        end_progress()
        _finish(place, rotation_id, done)
        return _report(place, done)


def _begin(place: Installation) -> tuple[str, int]:
    with place.database.writing() as session:
        total = key_rotation.count_old(session, place.vault)
        row = key_rotation.begin(session, place.vault, make_id=make_ids(place.clock), now=place.clock.now())
        facts = {"to_key": row.to_key.hex(), "values": total}
        place.note(session, "keys:rotation_begun", subject="keys", facts=facts)
        return row.id, total


def _finish(place: Installation, rotation_id: str, done: key_rotation.RotationResult) -> None:
    with place.database.writing() as session:
        if not done.left:
            key_rotation.finish(session, rotation_id=rotation_id, now=place.clock.now())
        facts = {"resealed": done.resealed, "left": done.left, "to_key": place.vault.current_key.hex()}
        event = "keys:rotated" if not done.left else "keys:rotation_stopped"
        place.note(session, event, subject="keys", facts=facts)


def _report(place: Installation, done: key_rotation.RotationResult) -> int:
    for where in done.unreadable[:20]:
        sys.stderr.write(f"No key of CARDOPS_SECRET_KEYS opens {where}.\n")
    if done.left:
        sys.stderr.write(f"{done.left} values are still under other keys. Run this again.\n")
        return WRONG
    keys = len(place.settings.CARDOPS_SECRET_KEYS)
    say(f"{done.resealed} values encrypted anew; everything that is stored needs only the first key now.")
    if keys > 2:
        say(f"The keys between the first and the last ({keys - 2}) may be taken out of CARDOPS_SECRET_KEYS.")
    if keys > 1:
        say("Keep the last one: the audit trail's key is derived from it.")
    return FINE
