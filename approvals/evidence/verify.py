"""Checks a file of evidence that `cardops evidence` has written, or an export of the trail, without cardops.

    python3 verify.py FILE KEY [--told NUMBER:HASH]

KEY is the public key, ed25519:…, or a PEM file with it. Get it from somebody you trust, not from the file itself.
--told is a head of the trail that you saw in Slack. It needs Python 3.11 and the package `cryptography`, and no
network. It ends with 0 where everything fits, with 1 where something does not, with 2 where it was called wrongly.
"""

import base64
import hashlib
import itertools
import json
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

FORMAT = "cardops evidence 1"
EXPORT = "cardops export of the trail"
HEAD = "cardops head of the trail"
DECISION = "cardops decision 1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
KEY_PREFIX = "ed25519:"
START = "0" * 64  # what the first event of a trail follows
_DECIDED = ("approval:counted", "approval:approved", "approval:denied")
_VERIFIED = 0x04  # the flag of WebAuthn that the person was verified
_LARGEST = 200_000_000  # bytes of a file that is read


class Wrong(Exception):
    """Something does not fit; the message says what."""


# The archive. We write every byte of it ourselves, so that there is one right form and every other one is refused.


def write_archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a zip archive of these files in their order, not compressed, without times or comments."""
    local, central = bytearray(), bytearray()
    for name, content in files:
        encoded = name.encode("ascii")
        about = struct.pack(
            "<HHHHHIIIHH",
            20,  # the version that is needed
            0,  # no flags
            0,  # stored
            0,  # midnight
            0x21,  # 1 January 1980
            zlib.crc32(content),
            len(content),
            len(content),
            len(encoded),
            0,
        )
        central += b"PK\x01\x02" + struct.pack("<H", 20) + about
        central += struct.pack("<HHHII", 0, 0, 0, 0, len(local)) + encoded
        local += b"PK\x03\x04" + about + encoded + content
    count = len(files)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(local), 0)
    return bytes(local + central + end)


def read_archive(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive that `write_archive` made; raises Wrong for any other."""
    files, place = list[tuple[str, bytes]](), 0
    while archive[place : place + 4] == b"PK\x03\x04":
        if place + 30 > len(archive):
            raise Wrong("the archive is cut off")
        size, _, name_length, extra = struct.unpack("<IIHH", archive[place + 18 : place + 30])
        begin = place + 30 + name_length + extra
        try:
            name = archive[place + 30 : place + 30 + name_length].decode("ascii")
        except UnicodeDecodeError as error:
            raise Wrong("the archive was changed: a name in it is not one of ours") from error
        files.append((name, archive[begin : begin + size]))
        place = begin + size
    if write_archive(files) != archive:
        raise Wrong("the archive was changed: it is not as cardops writes one")
    if len(dict(files)) != len(files):
        raise Wrong("the archive has a file twice")
    return dict(files)


# The key and its signatures.


def read_key(text: str) -> Ed25519PublicKey:
    """Return the public key of its written form or of a PEM file; raises Wrong."""
    try:
        if text.startswith(KEY_PREFIX):
            raw = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
            return Ed25519PublicKey.from_public_bytes(raw)
        key = load_pem_public_key(Path(text).read_bytes())
    except (ValueError, OSError) as error:
        raise Wrong(f"the key cannot be read: it is {KEY_PREFIX}… or a PEM file with a public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Wrong("the key is of another kind than Ed25519")
    return key


def write_key(key: Ed25519PublicKey) -> str:
    """Return a public key in its written form."""
    return KEY_PREFIX + base64.b64encode(key.public_bytes_raw()).decode()


def require_signed(key: Ed25519PublicKey, signature: bytes, message: bytes, *, what: str) -> None:
    """Raise Wrong if the key did not sign a message."""
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise Wrong(
            f"the signature of {what} is not by this key: it was changed, or another key signed it"
        ) from error


def head_text(number: int, digest: str, at: str) -> str:
    """Return the text that is signed when a head of the trail is told."""
    return f"{HEAD}\n{number}:{digest}\n{at}\n"


def export_text(lines_digest: str, seal: str) -> str:
    """Return the text that is signed at the end of an export; `seal` is its last line without the signature."""
    return f"{EXPORT}\n{lines_digest}\n{seal}\n"


def require_signed_text(key: Ed25519PublicKey, signature: str, text: str, *, what: str) -> None:
    """Raise Wrong if the key did not sign a text; the signature is in Base64."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise Wrong(f"the signature of {what} cannot be read") from error
    if base64.b64encode(raw).decode() != signature:  # several texts have the same bytes
        raise Wrong(f"the signature of {what} was changed")
    require_signed(key, raw, text.encode(), what=what)


# A file of evidence.


def check_evidence(archive: bytes, key: Ed25519PublicKey, *, told: tuple[int, str] | None = None) -> Iterator[str]:
    """Yield in words what fits; raises Wrong at the first thing that does not."""
    files = read_archive(archive)
    manifest = _check_signature(files, key)
    yield f"Signed at {manifest['made_at']} by the key {write_key(key)}; nothing in it was changed since."
    request = _read(files, "request.json")
    decisions = _read(files, "decisions.json")
    trail = _read(files, "trail.json")
    yield _check_digest(request)
    yield from _check_trail(trail, key, manifest)
    yield from _check_decisions(request, decisions, trail)
    yield _say_execution(_read(files, "execution.json"))
    yield _check_told(trail, told)


def _check_signature(files: Mapping[str, bytes], key: Ed25519PublicKey) -> dict[str, Any]:
    for name in (MANIFEST, SIGNATURE, PUBLIC_KEY):
        if name not in files:
            raise Wrong(f"{name} is missing")
    require_signed(key, files[SIGNATURE], files[MANIFEST], what="the manifest")
    manifest: dict[str, Any] = _read(files, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise Wrong(f"this is not {FORMAT}; take the verify.py of its version")
    listed = {**manifest["files"], MANIFEST: "", SIGNATURE: ""}
    if missing := sorted(set(listed) - set(files)):
        raise Wrong(f"{', '.join(missing)} was taken out")
    if added := sorted(set(files) - set(listed)):
        raise Wrong(f"{', '.join(added)} was put in")
    for name, digest in manifest["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise Wrong(f"{name} was changed")
    if manifest["public_key"] != write_key(key):
        raise Wrong("it names another key than the one that signed it")
    return manifest


def _check_digest(request: Mapping[str, Any]) -> str:
    if request["payload"] is None:
        why = "was purged by retention" if request["payload_is"] == "purged" else "is withheld, as it names a card"
        return f"What was asked for {why}; its digest is {request['digest']}."
    content = {
        "action": request["action"],
        "payload": request["payload"],
        "requester": request["requester_id"],
        "rule": request["rule"],
    }
    content |= {"reference": request["reference"]} if request["digest_has_reference"] else {}
    found = hashlib.sha256(canonical(content)).hexdigest()
    if found != request["digest"]:
        raise Wrong("what was asked for does not have the digest that people decided on")
    return f"What was asked for has the digest that people decided on, {found}."


def _check_trail(trail: Mapping[str, Any], key: Ed25519PublicKey, manifest: Mapping[str, Any]) -> Iterator[str]:
    before, own = trail["follows"], 0
    for event in trail["events"]:
        if event["seq"] != before["seq"] + 1:
            raise Wrong(f"event {before['seq'] + 1} of the trail is missing, or {event['seq']} was put in")
        if event["previous"] != before["hash"]:
            raise Wrong(f"event {event['seq']} of the trail does not follow the one before it")
        before, own = event, own + ("event" in event)
    if {"seq": before["seq"], "hash": before["hash"]} != manifest["head"]:
        raise Wrong("the trail ends elsewhere than the manifest says")
    count = len(trail["events"])
    last = before["seq"]
    yield f"The trail has {count} events in an unbroken row up to {last}, {own} of them about this request."
    if trail["verdict"]:
        raise Wrong(f"cardops itself found, when it made this: {trail['verdict']}")
    yield "cardops recomputed the keyed hashes of these events and the MACs of its rows, and says that all fit."
    head = trail["told"]
    if head is None:
        yield "No head at or behind its end had been posted when this was made: compare its end with the next one."
        return
    require_signed_text(
        key,
        head["signature"],
        head_text(head["number"], head["hash"], head["at"]),
        what="the head that was posted",
    )
    if not any((event["seq"], event["hash"]) == (head["number"], head["hash"]) for event in trail["events"]):
        raise Wrong("the head that was posted is not that of these events")
    yield f"Its head {head['number']}:{head['hash']} was posted at {head['at']}{_place(head)}."


def _place(head: Mapping[str, Any]) -> str:
    return f", see {head['permalink']}" if head["permalink"] else ""


def _check_decisions(
    request: Mapping[str, Any], decisions: Mapping[str, Any], trail: Mapping[str, Any]
) -> Iterator[str]:
    own = [event for event in trail["events"] if "event" in event]
    facts = [json.loads(event["facts"]) for event in own if event["event"] in _DECIDED]
    in_trail = sorted(str(each.get("decision", "")) for each in facts)
    if in_trail != sorted(row["mac"] for row in decisions["decisions"]):
        raise Wrong("the decisions are not those of the trail: one was added, removed or exchanged")
    for row in decisions["decisions"]:
        if row["digest"] != request["digest"]:
            raise Wrong(f"the decision of {row['name']} is on other content")
        if row["mac_verdict"] != "fits":
            raise Wrong(f"the decision of {row['name']} {row['mac_verdict']}")
        if {row["person_id"], row["account"]} & {request["requester_id"], request["requester_account"]}:
            raise Wrong(f"{row['name']} asked for this, and decided it too")
        proof = _check_step_up(request, row)
        void = f" It counts no more: {row['void']}" if row["void"] else ""
        yield f"{row['name']} ({row['account']}): {row['verdict']} at {row['decided_at']}.{proof}{void}"
    counted = {
        row["person_id"] for row in decisions["decisions"] if row["verdict"] == "approve" and not row["void"]
    }
    if request["approved_at"] and not request["rule"].get("lifted") and len(counted) < request["quorum"]:
        raise Wrong(f"it was approved by {len(counted)} people, and {request['quorum']} were needed")
    yield f"{len(counted)} people approved it; {request['quorum']} were needed. It is {request['status']}."


def _check_step_up(request: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return in words what a passkey proves of a decision; raises Wrong."""
    proof, name = row["step_up"], row["name"]
    if proof is None:
        if request["rule"].get("step_up"):
            raise Wrong(f"the decision of {name} has no proof by a passkey, and its rule asks for one")
        return ""
    client, data = _decode(proof["client_data"]), _decode(proof["authenticator_data"])
    content = [DECISION, row["digest"], row["person_id"], row["verdict"], proof["nonce"]]
    said, challenge = json.loads(client), hashlib.sha256(canonical(content)).digest()
    if said["type"] != "webauthn.get" or _decode(said["challenge"]) != challenge:
        raise Wrong(f"the passkey of {name} signed something else than this decision")
    if len(data) < 37 or data[:32] != hashlib.sha256((urlsplit(said["origin"]).hostname or "").encode()).digest():
        raise Wrong(f"the passkey of {name} signed for another address than it says")
    if not data[32] & _VERIFIED:
        raise Wrong(f"the passkey of {name} did not verify the person")
    key, signed = load_pem_public_key(proof["public_key"].encode()), data + hashlib.sha256(client).digest()
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(_decode(proof["signature"]), signed, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                key.verify(_decode(proof["signature"]), signed, padding.PKCS1v15(), hashes.SHA256())
            case Ed25519PublicKey():
                key.verify(_decode(proof["signature"]), signed)
            case _:
                raise Wrong(f"the passkey of {name} is of a kind that this program does not know")
    except InvalidSignature as error:
        raise Wrong(f"the proof of {name} is not by the passkey that is named") from error
    return f" Proved by their passkey {proof['fingerprint']} on {said['origin']}."


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _say_execution(execution: Mapping[str, Any] | None) -> str:
    if execution is None:
        return "Nothing was sent to Paytend."
    outcome, number = execution["outcome"] or "open", execution["provider_reference"] or "none"
    return f"It was sent to Paytend; outcome: {outcome}, Paytend's number: {number}."


def _check_told(trail: Mapping[str, Any], told: tuple[int, str] | None) -> str:
    if told is None:
        return (
            "No head from Slack was given (--told), so only the signature says that this trail is the whole one."
        )
    hashes = {event["seq"]: event["hash"] for event in trail["events"]} | {
        trail["follows"]["seq"]: trail["follows"]["hash"]
    }
    if told[0] not in hashes:
        raise Wrong(f"event {told[0]} is not among these events, so the head that you saw says nothing of them")
    if hashes[told[0]] != told[1]:
        raise Wrong(f"event {told[0]} has another hash than you were told")
    return f"Event {told[0]} has the hash that you were told."


# An export of the trail.


def check_export(text: str, key: Ed25519PublicKey, *, told: tuple[int, str] | None = None) -> Iterator[str]:
    """Yield in words what fits in an export of the trail; raises Wrong."""
    *lines, last, end = text.split("\n") if text.count("\n") else ["", text]
    seal = _parse(last, "the last line")
    if end or "signature" not in seal:
        raise Wrong("it ends without a signature: its tail was cut, or no CARDOPS_EVIDENCE_KEY was set")
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    signature = str(seal.pop("signature"))
    require_signed_text(key, signature, export_text(digest, _ascii(seal)), what="the export")
    if _ascii({**seal, "signature": signature}) != last or seal["public_key"] != write_key(key):
        raise Wrong("its last line was changed")
    events = [_parse(line, f"line {number}") for number, line in enumerate(lines, start=1)]
    for before, event in itertools.pairwise(events):
        if event["seq"] != before["seq"] + 1 or event["previous"] != before["hash"]:
            raise Wrong(f"event {event['seq']} of the trail does not follow the one before it")
    yield f"It was signed by the key {write_key(key)}: {len(events)} events, and nothing in it was changed since."
    follows = {"seq": events[0]["seq"] - 1, "hash": events[0]["previous"]} if events else {"seq": 0, "hash": START}
    yield _check_told({"events": events, "follows": follows}, told)


def _ascii(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value, of which digests are made."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _read(files: Mapping[str, bytes], name: str) -> Any:
    if name not in files:
        raise Wrong(f"{name} is missing")
    return _parse(files[name], name)


def _parse(text: str | bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Wrong(f"{name} is no JSON") from error


def check(content: bytes, key: str, *, told: tuple[int, str] | None = None) -> Iterator[str]:
    """Yield in words what fits in a file of either kind; raises Wrong."""
    read = read_key(key)
    try:
        if content.startswith(b"{"):
            yield from check_export(content.decode("ascii"), read, told=told)
        else:
            yield from check_evidence(content, read, told=told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Wrong(f"it is not as cardops writes it ({type(error).__name__})") from error


def _read_told(words: Sequence[str]) -> tuple[int, str] | None:
    if not words:
        return None
    number, _, digest = words[-1].partition(":")
    if len(words) != 2 or words[0] != "--told" or not number.isdecimal() or len(digest) != len(START):
        raise ValueError
    return int(number), digest.lower()


def main(words: Sequence[str]) -> int:
    """Check a file and say what was found; return the exit status."""
    say = sys.stdout.write
    try:
        name, key, *more = words
        told = _read_told(more)
    except ValueError:
        say(__doc__)
        return 2
    try:
        with Path(name).open("rb") as file:
            content = file.read(_LARGEST)
        for line in check(content, key, told=told):
            say(f"ok   {line}\n")
    except (Wrong, OSError) as wrong:
        say(f"RED  {wrong}. Do not rely on this file.\n")
        return 1
    say("GREEN  Everything fits.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
