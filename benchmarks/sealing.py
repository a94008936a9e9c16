"""How fast messages are sealed and opened, compared with the bare RSA and AES operations of the same library."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.measure import compare
from paytend import AmountUnit, Keys
from paytend.operations import UPLOAD_DOCUMENT
from paytend.wire import envelope

PARTNER = "888666000199001"
SMALL_TARGET, LARGE_TARGET = 1.25, 1.5
_PADDING, _HASH = PKCS1v15(), SHA256()


def _answer_to(sealed: bytes, *, text: str, ours: rsa.RSAPrivateKey, theirs: rsa.RSAPrivateKey) -> bytes:
    """Return the webhook that carries the same text back."""
    key = base64.b64encode(bytes(16))
    source = f"content={text}&notifyType=1&partnerId={PARTNER}&randomKey={key.decode()}&signType=RSA&version=2.0"
    padding = 16 - len(text) % 16
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 - the provider's wire
    content = encryptor.update(text.encode() + bytes([padding]) * padding) + encryptor.finalize()
    fields = {
        "notifyType": "1",
        "partnerId": PARTNER,
        "signType": "RSA",
        "version": "2.0",
        "randomKey": base64.b64encode(ours.public_key().encrypt(key, _PADDING)).decode(),
        "content": base64.b64encode(content).decode(),
        "signature": base64.b64encode(theirs.sign(source.encode(), _PADDING, _HASH)).decode(),
    }
    assert sealed
    return json.dumps(fields, separators=(",", ":")).encode()


def _large_floor(text: bytes, *, decrypt: bool) -> Callable[[], object]:
    """Return a call that does hash, AES and Base64 of the same bytes, in one direction."""
    cipher = Cipher(AES(bytes(24)), ECB())  # noqa: S305 - the provider's wire
    whole = text[: len(text) // 16 * 16]
    encoded = base64.b64encode(whole)

    def seal() -> None:
        hashlib.sha256(text).digest()
        base64.b64encode(cipher.encryptor().update(whole))

    def open_() -> None:
        cipher.decryptor().update(base64.b64decode(encoded))
        hashlib.sha256(text).digest()

    return open_ if decrypt else seal


def _throughput(call: Callable[[], object], *, threads: int, seconds: float = 1.5) -> float:
    counts = [0] * threads
    until = time.perf_counter() + seconds

    def work(place: int) -> None:
        while time.perf_counter() < until:
            call()
            counts[place] += 1

    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    ours = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - as the provider's
    theirs = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    keys = Keys(private=ours, public=(theirs.public_key(),))
    their_public, our_public = theirs.public_key(), ours.public_key()
    signed = bytes(600)
    signature = theirs.sign(signed, _PADDING, _HASH)
    encrypted = our_public.encrypt(bytes(24), _PADDING)
    small = {f"field{number}": "x" * 26 for number in range(10)}
    document = (bytes(2_000_000), ".jpeg")
    large = UPLOAD_DOCUMENT(holder_id="101982", file_type="3", document=document).content(unit=AmountUnit.MINOR)

    def seal(content: dict[str, str]) -> bytes:
        return envelope.seal(content, keys=keys, partner_id=PARTNER, request_id="1" * 32, secret=bytes(16))

    def open_(raw: bytes) -> object:
        return envelope.open_webhook(raw, keys=keys, partner_id=PARTNER)

    def webhook(content: dict[str, str]) -> bytes:
        text = json.dumps(content, separators=(",", ":"))
        return _answer_to(seal(content), text=text, ours=ours, theirs=theirs)

    small_webhook, large_webhook = webhook(small), webhook(large)
    large_text = json.dumps(large).encode()

    def raw_seal() -> None:
        their_public.encrypt(bytes(24), _PADDING)
        ours.sign(signed, _PADDING, _HASH)

    def raw_open() -> None:
        ours.decrypt(encrypted, _PADDING)
        their_public.verify(signature, signed, _PADDING, _HASH)

    yield str(
        compare(
            name="seal 400 bytes",
            call=lambda: seal(small),
            floor="its RSA operations",
            floor_call=raw_seal,
            times=100,
            target=SMALL_TARGET,
        )
    )
    yield str(
        compare(
            name="open 400 bytes",
            call=lambda: open_(small_webhook),
            floor="its RSA operations",
            floor_call=raw_open,
            times=100,
            target=SMALL_TARGET,
        )
    )
    yield str(
        compare(
            name="seal 2.7 MB",
            call=lambda: seal(large),
            floor="SHA-256, AES and Base64",
            floor_call=_large_floor(large_text, decrypt=False),
            times=1,
            target=LARGE_TARGET,
        )
    )
    yield str(
        compare(
            name="open 2.7 MB",
            call=lambda: open_(large_webhook),
            floor="SHA-256, AES and Base64",
            floor_call=_large_floor(large_text, decrypt=True),
            times=1,
            target=LARGE_TARGET,
        )
    )
    for name, call in (("seal", lambda: seal(small)), ("open", lambda: open_(small_webhook))):
        one, two = _throughput(call, threads=1), _throughput(call, threads=2)
        yield f"{name} 400 bytes: {one:,.0f} a second in one thread, {two:,.0f} in two (x{two / one:.2f})"
