"""`cardops evidence`: a file that others can check; and what it needs and leaves in the trail."""

import base64
import json
import stat
from pathlib import Path

from approvals.evidence import verify
from storage.signing import SigningKey
from tests.bot.cli.conftest import Operator

SEED = b"e" * 32
SETTING = {"CARDOPS_EVIDENCE_KEY": base64.b64encode(SEED).decode()}
PUBLIC = SigningKey(SEED).public


def test_the_file_is_checked_by_its_program_and_is_for_the_operator_alone(operator: Operator) -> None:
    world = operator.world()
    request = world.approved()

    status, said, err = operator.types("evidence", request.reference, "--to", "proof.zip", **SETTING)

    assert (status, err) == (0, "")
    assert PUBLIC in said
    file = operator.folder / "proof.zip"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert verify.main([str(file), PUBLIC]) == 0
    assert verify.read_archive(file.read_bytes())["page.pdf"].startswith(b"%PDF")
    assert world.events()[-1] == "evidence:made"


def test_without_a_key_nothing_is_made(small: Operator) -> None:
    request = small.world().asks()

    status, _, err = small.types("evidence", request.id, "--to", "proof.zip")

    assert status == 2
    assert "cardops keys new --evidence" in err
    assert not (small.folder / "proof.zip").exists()


def test_an_unknown_request_and_a_file_that_is_there_are_refused(small: Operator) -> None:
    (small.folder / "there.zip").write_bytes(b"")

    assert small.types("evidence", "nothing", "--to", "new.zip", **SETTING)[0] == 1
    assert "there is such a file already" in small.types("evidence", "x", "--to", "there.zip", **SETTING)[2]


def test_a_new_key_is_told_with_its_public_half_apart(small: Operator) -> None:
    status, key, err = small.types("keys", "new", "--evidence")

    assert status == 0
    assert SigningKey(base64.b64decode(key)).public in err


def test_the_head_is_signed_and_the_export_too(small: Operator, tmp_path: Path) -> None:
    small.world().asks()

    head = json.loads(small.types("audit", "head", "--json", **SETTING)[1])
    small.types("audit", "export", "--to", "trail.jsonl", **SETTING)
    plain, beside = small.types("audit", "head", **SETTING)[1:]

    text = verify.head_text(head["seq"], head["hash"], head["at"])
    verify.require_signed_text(verify.read_key(PUBLIC), head["signature"], text, what="the head")
    assert verify.main([str(tmp_path / "trail.jsonl"), PUBLIC]) == 0
    assert small.types("audit", "check", "trail.jsonl")[0] == 0
    assert plain.count("\n") == 1
    assert f"public_key: {PUBLIC}" in beside


def test_a_key_of_another_length_is_a_setting_error(small: Operator) -> None:
    status, _, err = small.types("audit", "head", CARDOPS_EVIDENCE_KEY=base64.b64encode(b"short").decode())

    assert status == 2
    assert "CARDOPS_EVIDENCE_KEY: each key must have 32 bytes" in err
