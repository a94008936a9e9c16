"""An operator's template takes the place of ours when it stands hostile facts, else ours stays."""

import logging
import time
from pathlib import Path

import pytest

import notifier
from notifier.inbox.custom_templates import FACTS, make_trials, override
from notifier.inbox.notice_kinds import KINDS
from notifier.rendering.renderer import Renderer

LOG = logging.getLogger(__name__)
GOOD = '{"text": "Ours: {{ status_text }}", "blocks": []}'


@pytest.fixture
def renderer() -> Renderer:
    return Renderer([("notifier", "templates")])


@pytest.fixture(scope="module")
def refusing() -> Renderer:
    """One for all that is refused: ours stays, and compiling takes long."""
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
    refusing: Renderer, tmp_path: Path, source: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "transaction.json.j2").write_text(source)

    [faulty] = override(refusing, tmp_path, log=LOG)

    assert faulty.name == "transaction.json.j2"
    assert reason in faulty.reason
    assert "template.faulty" in caplog.text
    assert refusing.message("transaction", make_trials("transaction")[0]).blocks


DOUBLED = "{% set a0 %}{{ merchant }}{% endset %}" + "".join(
    f"{{% set a{number + 1} %}}{{{{ a{number} }}}}{{{{ a{number} }}}}{{% endset %}}" for number in range(40)
)
NESTED = "{% for a in stages %}" * 5 + "{{ merchant }}" + "{% endfor %}" * 5


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ 'a' * 10 ** 9 }}", "Mul is not allowed"),
        ("{{ 10 ** 10 ** 10 }}", "Pow is not allowed"),
        ("{{ merchant.center(1000000000) }}", "not allowed"),
        ("{{ '%1000000000d' % 1 }}", "Mod is not allowed"),
        ("{% for a in range(1000000000) %}x{% endfor %}", "a loop goes over a list of the facts"),
        ("{% for a in merchant %}{% for b in merchant %}x{% endfor %}{% endfor %}", "a list of the facts"),
        ("{% for a in stages recursive %}{{ loop(stages) }}{% endfor %}", "recursive"),
        ("{{ merchant | list | join(merchant) | list | join(merchant) }}", "written out and short"),
        ("{{ merchant | list | join(', ') | list | join(', ') }}", "a list of the facts"),
        ("{{ merchant | sort | list }}", "a list of the facts"),
        ("{{ mentions | join('x' * 9) }}", "Mul is not allowed"),
        ("{{ mentions | join(*stages) }}", "written out and short"),
        ("{% for a in stages %}{{ loop.cycle(1, 2) }}{% endfor %}", "can be called"),
        (NESTED, "values; 4,000 are the most"),
        (NESTED.replace("{{ merchant }}", "only text"), "values; 4,000 are the most"),
        ("{% set stages = merchant %}{% for a in stages %}x{% endfor %}", "stages is a list of the facts"),
        ("{% for stages in stages %}x{% endfor %}", "stages is a list of the facts"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "recursion"),
        (f"{DOUBLED}{{{{ a40 }}}}", "values; 4,000 are the most"),
        ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "Macro is not allowed"),
        ("{% include 'transaction.json.j2' %}", "Include is not allowed"),
        ("{% extends 'transaction.json.j2' %}", "Extends is not allowed"),
        ("{% from '_parts.j2' import card %}{{ card(1, 2) }}", "FromImport is not allowed"),
        ("{% import 'transaction.json.j2' as parts %}", "only _parts.j2 can be imported"),
        ("{% filter upper %}x{% endfilter %}", "FilterBlock is not allowed"),
    ],
)
def test_a25_a_bomb_is_refused_before_it_is_rendered(
    refusing: Renderer, tmp_path: Path, source: str, reason: str
) -> None:
    (tmp_path / "transaction.json.j2").write_text(f'{{"text": "{source}", "blocks": []}}')
    begun = time.monotonic()

    faulty = override(refusing, tmp_path, log=LOG)

    assert time.monotonic() - begun < 1.0
    assert reason in faulty[0].reason
    assert refusing.message("transaction", make_trials("transaction")[0]).blocks, "ours is used"


def test_a25_our_own_templates_are_within_the_bounds(renderer: Renderer, tmp_path: Path) -> None:
    folder = Path(notifier.__file__).parent / "templates"
    for kind in FACTS:
        (tmp_path / f"{kind}.json.j2").write_text((folder / f"{kind}.json.j2").read_text())

    assert override(renderer, tmp_path, log=LOG) == [], "they are where an operator begins"


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
