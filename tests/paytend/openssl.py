"""The other side of the wire, made of the `openssl` program and nothing of ours: the independent judge."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any


def run(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True, timeout=30).stdout


def make_key_pair(folder: Path, name: str, *, bits: int = 1024) -> tuple[Path, Path]:
    private, public = folder / f"{name}-private.pem", folder / f"{name}-public.pem"
    run("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", str(private))
    run("pkey", "-in", str(private), "-pubout", "-out", str(public))
    return private, public


def decrypt_rsa(cipher_text: bytes, *, private: Path) -> bytes:
    arguments = ("-decrypt", "-inkey", str(private), "-pkeyopt", "rsa_padding_mode:pkcs1")
    return run("pkeyutl", *arguments, given=cipher_text)


def encrypt_rsa(plain: bytes, *, public: Path) -> bytes:
    arguments = ("-encrypt", "-pubin", "-inkey", str(public), "-pkeyopt", "rsa_padding_mode:pkcs1")
    return run("pkeyutl", *arguments, given=plain)


def decrypt_aes(cipher_text: bytes, *, key: bytes) -> bytes:
    return run("enc", "-d", "-aes-192-ecb", "-K", key.hex(), given=cipher_text)


def encrypt_aes(plain: bytes, *, key: bytes) -> bytes:
    return run("enc", "-e", "-aes-192-ecb", "-K", key.hex(), given=plain)


def verifies(signature: bytes, signed: bytes, *, public: Path, folder: Path) -> bool:
    kept = folder / "signature.bin"
    kept.write_bytes(signature)
    arguments = ["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(kept)]
    answer = subprocess.run(arguments, input=signed, capture_output=True, check=False, timeout=30)
    return answer.returncode == 0 and b"Verified OK" in answer.stdout


def sign(signed: bytes, *, private: Path) -> bytes:
    return run("dgst", "-sha256", "-sign", str(private), given=signed)


def signature_source(fields: dict[str, Any]) -> bytes:
    present = {name: value for name, value in fields.items() if value not in ("", None)}
    return "&".join(f"{name}={present[name]}" for name in sorted(present)).encode()


def make_message(
    fields: dict[str, Any], *, payload: str, text: str, signer: Path, reader: Path, signed_text: str | None = None
) -> bytes:
    """Sign and encrypt a response or webhook; `signed_text` where another form than `text` is signed."""
    key = base64.b64encode(base64.b64decode(run("rand", "-base64", "16")))
    plain = {**fields, "randomKey": key.decode(), payload: signed_text if signed_text is not None else text}
    sealed = {
        **fields,
        "randomKey": base64.b64encode(encrypt_rsa(key, public=reader)).decode(),
        payload: base64.b64encode(encrypt_aes(text.encode(), key=key)).decode(),
        "signature": base64.b64encode(sign(signature_source(plain), private=signer)).decode(),
    }
    return json.dumps(sealed).encode()
