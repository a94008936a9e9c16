"""An independent judge: the `openssl` program alone opens and verifies what the stand-in sends."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.paytend import PaytendStandIn
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.receiver import Receiver

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")


def openssl(*words: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, timeout=20).stdout


class Judge:
    """Opens with the two key files and nothing else."""

    def __init__(self, stand_in: PaytendStandIn, folder: Path) -> None:
        self.private, self.public = folder / "private.pem", folder / "public.pem"
        self.signature, self.folder = folder / "signature", folder
        self.private.write_text(stand_in.partner_private_key_pem)
        self.public.write_text(stand_in.paytend_public_key_pem)

    def opened(self, raw: dict[str, Any], *, name: str) -> dict[str, Any]:
        words = ("pkeyutl", "-decrypt", "-inkey", str(self.private), "-pkeyopt", "rsa_padding_mode:pkcs1")
        key = openssl(*words, data=base64.b64decode(raw["randomKey"]))
        assert len(key) == 24
        cipher = base64.b64decode(raw[name])
        text = openssl("enc", "-d", "-aes-192-ecb", "-K", key.hex(), data=cipher).decode()
        return {**raw, "randomKey": key.decode(), name: text}

    def verify(self, opened: dict[str, Any], *, names: tuple[str, ...]) -> None:
        self.signature.write_bytes(base64.b64decode(opened["signature"]))
        source = "&".join(f"{name}={opened[name]}" for name in names).encode()
        words = ("dgst", "-sha256", "-verify", str(self.public), "-signature", str(self.signature))
        assert openssl(*words, data=source) == b"Verified OK\n"
        with pytest.raises(subprocess.CalledProcessError):
            openssl(*words, data=source + b" ")


def test_an_answer(partner: Partner, stand_in: PaytendStandIn, tmp_path: Path) -> None:
    raw = partner.http.post("/issuing/holder/getHolder", json=partner.seal('{"holderId":"101985"}')).json()
    judge = Judge(stand_in, tmp_path)
    opened = judge.opened(raw, name="respData")
    assert json.loads(opened["respData"])["firstName"] == "Þórdís"
    judge.verify(opened, names=("randomKey", "respCode", "respData", "respMsg", "signType"))


def test_a_refusal(partner: Partner, stand_in: PaytendStandIn, tmp_path: Path) -> None:
    raw = partner.http.post("/issuing/card/getCardInfo", json=partner.seal('{"cardId":"1"}')).json()
    Judge(stand_in, tmp_path).verify(raw, names=("respCode", "respMsg", "signType"))


def test_a_webhook(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver, tmp_path: Path) -> None:
    stand_in.events.decline("1755902", "1.00", merchant="ÕIE & KO")
    stand_in.wait_for_webhooks()
    judge = Judge(stand_in, tmp_path)
    opened = judge.opened(receiver.received[0], name="content")
    assert json.loads(opened["content"])["remark"].startswith("ÕIE & KO")
    judge.verify(opened, names=("content", "notifyType", "partnerId", "randomKey", "signType", "version"))


def test_a_request_made_by_openssl_is_taken(partner: Partner, stand_in: PaytendStandIn, tmp_path: Path) -> None:
    judge, key, biz = Judge(stand_in, tmp_path), "MDEyMzQ1Njc4OWFiY2RlZg==", '{"cardId":"1755902"}'
    fields = {
        "bizData": biz,
        "partnerId": stand_in.partner_id,
        "randomKey": key,
        "requestId": stand_in.partner_id + "20231106143005123",
        "signType": "RSA",
        "version": "2.0",
    }
    source = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    signature = openssl("dgst", "-sha256", "-sign", str(judge.private), data=source)
    wrapped = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", str(judge.public), data=key.encode())
    cipher = openssl("enc", "-aes-192-ecb", "-K", key.encode().hex(), data=biz.encode())
    sealed = {"bizData": cipher, "randomKey": wrapped, "signature": signature}
    body = fields | {name: base64.b64encode(value).decode() for name, value in sealed.items()}
    assert partner.post("getCardBalance", body).data["balance"] == 6410
