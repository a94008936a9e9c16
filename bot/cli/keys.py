"""`cardops keys`: makes a new key, and encrypts everything that is stored with it."""

import argparse
import base64
import secrets
import sys

from sqlmodel import Session

from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, finish_progress, say, show_progress
from bot.clock import make_ids
from bot.database import key_check, key_rotation
from bot.database.key_check import KeyUse
from storage.signing import SigningKey
from storage.vault import KEY_BYTES, identify_key


def add_to(commands: Commands) -> None:
    """Add the commands of the keys."""
    members = {
        "new": (new, "print a new key for CARDOPS_SECRET_KEYS, or one that signs evidence"),
        "rotate": (rotate, "encrypt everything that is stored with the first of CARDOPS_SECRET_KEYS"),
        "list": (show, "print the ids of the keys that are set, and of those that the database needs"),
        "give-up": (give_up, "go on without a key that is lost for good: what it sealed stays unreadable"),
    }
    parsers = add_group(commands, "keys", members)
    parsers["new"].add_argument(
        "--evidence", action="store_true", help="for CARDOPS_EVIDENCE_KEY; its public half goes to stderr"
    )
    parsers["give-up"].add_argument("id", help="the id of the key, as the refusal names it")


def new(chosen: argparse.Namespace) -> int:
    """Print a new key, and of one that signs evidence its public half."""
    key = secrets.token_bytes(KEY_BYTES)
    say(base64.b64encode(key).decode())
    if chosen.evidence:
        sys.stderr.write(f"Its public half, for everybody who is to check evidence: {SigningKey(key).public}\n")
    return FINE


def show(_chosen: argparse.Namespace) -> int:
    """Print the ids of the keys that are set and what each is for; status 1 when one is missing."""
    with open_installation() as installation:
        keys = installation.keys
        with installation.database.reading() as session:
            needed = {(row.use, row.key_id) for row in key_check.list_needed(session)}
    for use, setting, found in (
        (KeyUse.SEALS, "CARDOPS_SECRET_KEYS", keys.secrets),
        (KeyUse.SIGNS, "CARDOPS_AUDIT_KEYS", keys.audit),
    ):
        for place, key in enumerate(found, start=1):
            say(f"{identify_key(key)}  {use.value:<6} {setting}, number {place}")
    say(f"{identify_key(keys.secrets[-1])}  {KeyUse.SIGNS.value:<6} the last of CARDOPS_SECRET_KEYS")
    missing = sorted((use, key_id) for use, key_id in needed if keys.find(KeyUse(use), key_id) is None)
    for needed_for, key_id in missing:
        say(f"{key_id}  {needed_for:<6} MISSING: the database needs it")
    return WRONG if missing else FINE


def give_up(chosen: argparse.Namespace) -> int:
    """Note that a key is lost, so that the bot starts without it; this is an event of the trail."""
    with open_installation() as installation, installation.database.writing() as session:
        try:
            key_check.give_up(session, installation.keys, key_id=chosen.id)
        except (key_check.KeyStillNeeded, key_check.NoSuchKeyNeeded) as refusal:
            return complain(f"{chosen.id}: {refusal.__doc__}")
        key_check.require_keys(session, installation.keys, now=installation.clock.now_in(session))
        installation.note(session, "keys:given_up", subject="keys", facts={"key": chosen.id})
    say(f"{chosen.id} is given up: the bot starts without it, and what is sealed with it stays unreadable.")
    return FINE


def rotate(_chosen: argparse.Namespace) -> int:
    """Seal every value with the first key. Running bots go on, and a run that was stopped can be repeated."""
    with open_installation() as installation:
        # What a lost key has sealed is named at the end, and everything else is sealed again.
        installation.require_keys(sealing=False)
        rotation_id, total = _begin(installation)
        done = key_rotation.RotationResult()
        for done in key_rotation.rotate(installation.database, installation.vault, rotation_id=rotation_id):
            show_progress(f"{done.resealed} of {total} values encrypted anew")
        finish_progress()
        _finish(installation, rotation_id, done)
        return _report(installation, done)


def _begin(installation: Installation) -> tuple[str, int]:
    vault = installation.vault
    with installation.database.writing() as session:
        total = key_rotation.count_old(session, vault)
        facts = {"to_key": vault.current_key.hex(), "values": total}

        def announce(session: Session, rotation_id: str) -> None:
            subject = f"rotation:{rotation_id}"
            installation.note(session, "keys:rotation_begun", subject=subject, facts=facts)

        row = key_rotation.begin(
            session,
            vault,
            make_id=make_ids(installation.clock),
            announce=announce,
            now=installation.clock.now_in(session),
        )
        return row.id, total


def _finish(installation: Installation, rotation_id: str, done: key_rotation.RotationResult) -> None:
    with installation.database.writing() as session:
        if not done.left:
            key_rotation.finish(session, rotation_id=rotation_id, now=installation.clock.now_in(session))
            key_check.release_keys(session, installation.keys)
        facts = {"resealed": done.resealed, "left": done.left, "to_key": installation.vault.current_key.hex()}
        event = "keys:rotated" if not done.left else "keys:rotation_stopped"
        installation.note(session, event, subject="keys", facts=facts)


def _report(installation: Installation, done: key_rotation.RotationResult) -> int:
    for where in done.unreadable[:20]:
        sys.stderr.write(f"No key of CARDOPS_SECRET_KEYS opens {where}.\n")
    if done.left:
        sys.stderr.write(f"{done.left} values are still under other keys. Run this again.\n")
        if done.unreadable:
            sys.stderr.write(
                "Set the key that opens them, or give it up: cardops keys list, cardops keys give-up.\n"
            )
        return WRONG
    keys = len(installation.settings.CARDOPS_SECRET_KEYS)
    say(f"{done.resealed} values encrypted anew; everything that is stored needs only the first key now.")
    if keys > 2:
        say(f"The keys between the first and the last ({keys - 2}) may be taken out of CARDOPS_SECRET_KEYS.")
    if keys > 1:  # the trail cannot be sealed again: it is never changed
        say("Keep the last one: the audit trail's key is derived from it.")
    return FINE
