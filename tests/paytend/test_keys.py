import base64
import multiprocessing
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from paytend import Keys, KeyUnusable, RequestIds, load_private_key, load_public_keys
from tests.paytend.openssl import make_key_pair

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_text(key: rsa.RSAPrivateKey, encoding: Encoding) -> str:
    made = key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    return made.decode() if encoding is Encoding.PEM else base64.b64encode(made).decode()


def public_text(key: rsa.RSAPrivateKey, encoding: Encoding) -> str:
    made = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return made.decode() if encoding is Encoding.PEM else base64.b64encode(made).decode()


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_keys_load_from_pem_and_from_bare_base64(encoding: Encoding) -> None:
    keys = Keys(
        private=load_private_key(private_text(KEY, encoding)), public=load_public_keys(public_text(KEY, encoding))
    )

    assert keys.private.private_numbers() == KEY.private_numbers()
    assert keys.public[0].public_numbers() == KEY.public_key().public_numbers()


def test_base64_may_be_wrapped_into_lines() -> None:
    text = private_text(KEY, Encoding.DER)

    assert load_private_key(text[:64] + "\n  " + text[64:]).key_size == 1024


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_two_public_keys_load_for_a_rotation(encoding: Encoding) -> None:
    joint = "\n" if encoding is Encoding.PEM else ","

    keys = load_public_keys(public_text(KEY, encoding) + joint + public_text(OTHER, encoding))

    assert [key.key_size for key in keys] == [1024, 2048]


SMALL = """MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="""


@pytest.mark.parametrize(
    "text",
    ["", "not a key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "QUJD", SMALL],
)
def test_an_unusable_public_key_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(KeyUnusable) as refusal:
        Keys(private=KEY, public=load_public_keys(text))

    assert len(text) < 4 or text not in str(refusal.value)


def test_an_unusable_private_key_is_refused_without_its_text() -> None:
    locked = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")).decode()
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for text in ("", "not a key", locked, curve.decode(), public_text(KEY, Encoding.PEM)):
        with pytest.raises(KeyUnusable) as refusal:
            load_private_key(text)
        assert not text or text not in str(refusal.value)


def test_a_private_key_that_is_too_small_is_refused(tmp_path: Path) -> None:
    private, _ = make_key_pair(tmp_path, "small", bits=512)

    with pytest.raises(KeyUnusable, match="512 bits; at least 1024"):
        load_private_key(private.read_text())


def test_an_elliptic_public_key_is_refused() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    text = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(KeyUnusable, match="not an RSA key"):
        load_public_keys(text)


def make_ids(count: int) -> list[str]:
    make = RequestIds("888666000199001", random_below=secrets.randbelow)
    return [make() for _ in range(count)]


def test_request_ids_never_repeat_in_a_process_or_between_processes() -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = [request_id for ids in pool.map(make_ids, [5_000] * 8) for request_id in ids]

    assert len(set(made)) == len(made) == 40_000
    assert all(len(request_id) == 32 and request_id.isdigit() for request_id in made)


def test_request_ids_walk_the_whole_space() -> None:
    draws = iter([99_999_999_999_999_999, 10, 7])  # a step of 10 would walk in a circle: it is drawn again
    make = RequestIds("888666000199001", random_below=lambda _below: next(draws))

    assert [make()[15:] for _ in range(2)] == ["00000000000000006", "00000000000000013"]
