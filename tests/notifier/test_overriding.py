"""An operator's template takes the place of ours when it stands hostile facts, else ours stays."""

import logging
from pathlib import Path

import pytest

from notifier.events import KINDS
from notifier.overriding import FACTS, make_trials, override
from notifier.rendering import Renderer

LOG = logging.getLogger(__name__)
GOOD = '{"text": "Ours: {{ status_text }}", "blocks": []}'


@pytest.fixture
def renderer() -> Renderer:
    return Renderer([("notifier", "templates")])


def test_a_template_of_the_operator_is_used(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "transaction.json.j2").write_text(GOOD)

    assert override(renderer, tmp_path, log=LOG) == []
    assert renderer.message("transaction", {"status_text": "a <b>"}).text == "Ours: a &lt;b&gt;"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% if %}", "line 1"),
        ('{"text": "{{ nothing_of_this }}", "blocks": []}', "UndefinedError"),
        ('{"text": "{{ amount.amount }}", "blocks": []}', "UndefinedError"),
        ('{"text": {{ merchant }}, "blocks": []}', "JSONDecodeError"),
        ('{"text": "x"}', "text and blocks"),
        ('{"text": "{{ \'a\' * 1000000000 }}", "blocks": []}', "Mul is not allowed"),
        ('{"text": "{{ \'\'.__class__ }}", "blocks": []}', "SecurityError"),
        ('{"text": "{{ merchant | safe }}", "blocks": []}', "safe"),
    ],
)
def test_a_faulty_one_is_told_and_ours_stays(
    renderer: Renderer, tmp_path: Path, source: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "transaction.json.j2").write_text(source)

    [faulty] = override(renderer, tmp_path, log=LOG)

    assert faulty.name == "transaction.json.j2"
    assert reason in faulty.reason
    assert "template.faulty" in caplog.text
    assert renderer.message("transaction", make_trials("transaction")[0]).blocks


def test_only_notices_can_be_overridden(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "request_card.json.j2").write_text(GOOD)
    (tmp_path / "transaction.json.j2").write_bytes(b"\xff\xfe")

    assert [faulty.name for faulty in override(renderer, tmp_path, log=LOG)] == [
        "request_card.json.j2",
        "transaction.json.j2",
    ]
    assert [faulty.reason for faulty in override(renderer, tmp_path / "none", log=LOG)] == [
        "there is no such folder"
    ]
    assert override(renderer, None, log=LOG) == []


def test_the_kinds_and_our_templates_stand_the_same_trial(renderer: Renderer) -> None:
    assert set(FACTS) == {kind.kind for kind in KINDS.values()}
    for kind in FACTS:
        for facts in make_trials(kind):
            renderer.message(kind, facts)
