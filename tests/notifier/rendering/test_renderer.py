"""Whatever a value holds, a message is valid Block Kit within Slack's limits and says only what we mean."""

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifier.inbox.notice_kinds import STATUS_WORDS
from notifier.rendering.plain import lay_out_plainly, mark_repeat
from notifier.rendering.renderer import Rendered, Renderer, RenderFailed
from notifier.rendering.slack_limits import (
    FALLBACK_TEXT,
    TEXT_BUDGET,
    DoesNotFit,
    cut,
    fit_blocks,
    fit_view,
    measure,
)
from tests import once

SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "slack-block-kit.schema.json"
RULES: dict[str, Any] = json.loads(SCHEMA.read_text()) if SCHEMA.exists() else {}
VALID = Draft202012Validator(RULES)
RENDERER = once.notifier_renderer()
FINE = {"authorised", "settled", "successful", "refunded"}

TRANSACTION = (
    "mentions status status_code status_text type_code type_text source_text amount other_amount fee balance "
    "card_id last_four holder_id merchant trade_id happened happened_text late"
)
FACTS: dict[str, list[str]] = {
    kind: names.split()
    for kind, names in {
        "transaction": TRANSACTION,
        "cardholder_audited": "mentions status status_code status_text holder_id holder_name reason",
        "card_applied": "mentions status_code status_text reference reason quantity cards more_cards card_id "
        "last_four holder_id",
        "unrecognised": "mentions notify_type fields digest",
        "balance_low": "mentions level repeated currency balance threshold asked since lasts ended",
        "balance_still_low": "mentions level balance threshold lasts",
        "balance_recovered": "mentions balance threshold asked since",
        "balance_unknown": "mentions currency since last ended",
        "delivery_dead": "delivery about recipient code attempts enqueued in_doubt times first_at last_at",
        "form_refused": "delivery about code problems times first_at last_at",
        "fallback_used": "recipient fallback code about times first_at last_at",
        "notice_acknowledge": "key by at",
        "notice_escalated": "mentions to after",
        "silence": "silence matcher owner reason began until ended ended_by held",
        "storm": "mentions count groups merchants cards budget window began ended",
        "unit_unclear": "amount",
        "webhook_untold": "event about",
        "words": "words",
    }.items()
}

HOSTILE = [
    "<!channel>",
    "<@U0VICTIM>",
    "<https://evil.example|Paytend>",
    '", "text": "forged',
    "\\u003c!channel\\u003e",
    "\\",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;!here&gt;",
    "\u202egnp.exe\u2066\u200b\u200d\ufeff\U000e0041",
    "\x00\x1b[31m\r\n\tSecond line\u2028third",
    "4111 1111 1111 1111",
    "\ud800 lonely",
    "",
    " ",
    "🏦" * 4000,
    "&" * 5000,
    "<" * 5000,
    "*_~`:x:",
]
MARKUP = re.compile(
    r"<(@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|!subteam\^S[A-Z0-9]+"
    r"|!date\^[0-9]+\^\{date_short_pretty\} \{time\}\|[0-9: -]+UTC)>"
)

texts = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=60) | st.text(max_size=4000)
scalars = texts | st.none() | st.booleans() | st.integers(-(10**20), 10**20)
moments = st.datetimes().map(lambda moment: moment.isoformat() + "+00:00")
NAMED = {"card_id": scalars, "last_four": scalars, "name": scalars, "count": scalars}
special = {
    "mentions": st.lists(texts | st.sampled_from(["U0ONE", "S0GROUP"]), max_size=300),
    "cards": st.lists(st.fixed_dictionaries(NAMED), max_size=20),
    "fields": st.lists(st.fixed_dictionaries({"name": texts, "value": scalars}), max_size=60),
    "problems": st.lists(texts, max_size=5),
    "lasts": st.lists(texts, min_size=1, max_size=3),
    "ended": st.sampled_from(["", "worse", "recovered"]),
    "recipient": texts | st.just("C0ALERTS") | st.just("U0ADMIN"),
    "merchants": st.lists(st.fixed_dictionaries({"name": texts, "count": scalars}), max_size=5),
    "groups": st.lists(
        st.fixed_dictionaries({"name": texts, "count": scalars, "sums": st.lists(texts, max_size=2)}), max_size=5
    ),
    "to": texts | st.just("C0ALERTS") | st.just("U0ADMIN"),
    **dict.fromkeys(["happened", "asked", "since", "enqueued"], moments | scalars),
    **dict.fromkeys(["amount", "balance", "threshold"], st.sampled_from(["1200.00 EUR", "x EUR"]) | scalars),
    "status": st.sampled_from(["declined", "other"]) | texts,
}


NOT_PLAIN = {"mentions", "cards", "fields", "card_id", "holder_id", "merchants", "groups"}


def facts_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: special.get(name, scalars) for name in FACTS[kind]})


def all_texts(node: Any, *types: str) -> list[str]:
    match node:
        case {"type": str(kind), "text": str(text)} if kind in (types or ("plain_text", "mrkdwn", "markdown")):
            return [text]
        case dict():
            return [text for value in node.values() for text in all_texts(value, *types)]
        case list():
            return [text for value in node for text in all_texts(value, *types)]
        case _:
            return []


def check(rendered: Rendered) -> None:
    """Whether Slack takes the message, and every markup in it is one of ours."""
    json.dumps(rendered.blocks)
    assert 0 < measure(rendered.text) <= FALLBACK_TEXT
    assert len(rendered.blocks) <= 50
    inner = all_texts(rendered.blocks)
    assert sum(measure(text) for text in inner) <= TEXT_BUDGET
    for text in [rendered.text, *all_texts(rendered.blocks, "mrkdwn")]:
        assert not re.search("[<>]", MARKUP.sub("", text)), text
        assert not re.search(r"&(?!amp;|lt;|gt;)", text), text
    for text in [rendered.text, *inner]:
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text
        )
        assert "4111 1111" not in text
    if rendered.blocks:
        assert [error.message for error in VALID.iter_errors(rendered.blocks)] == []


@pytest.mark.parametrize("kind", FACTS)
@settings(max_examples=settings().max_examples // 2)  # of each kind: the schema takes long to check
@given(data=st.data())
def test_any_facts_give_a_valid_message(kind: str, data: st.DataObject) -> None:
    facts = data.draw(facts_of(kind))
    try:
        rendered = RENDERER.message(kind, facts)
    except RenderFailed as error:
        # Only what no template can show: a value for a program that is longer than Slack takes.
        assert "value of a button" in str(error)  # noqa: PT017 - when it raises, this is why
        rendered = lay_out_plainly(kind, facts)
    check(rendered)
    check(mark_repeat(rendered))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        # Every kind and every value is in `make test`; each with each is in `make soak`.
        pytest.param(kind, value, id=f"{kind}-{n}", marks=[] if (m + n) % 4 == 0 else [pytest.mark.soak])
        for m, kind in enumerate(FACTS)
        for n, value in enumerate(HOSTILE)
    ],
)
def test_a23_a_hostile_value_in_every_fact_is_harmless(kind: str, value: str) -> None:
    plain = {name: value for name in FACTS[kind] if name not in NOT_PLAIN}
    lists = {
        "mentions": [value],
        "cards": [{"card_id": value[:100], "last_four": value, "name": value, "count": 1}] * 10,
        "merchants": [{"name": value, "count": 1}] * 5,
        "groups": [{"name": value, "count": 1, "sums": [value]}] * 42,
        "fields": [{"name": value, "value": value}] * 40,
        "card_id": value[:100],
        "holder_id": value[:100],
    }

    check(RENDERER.message(kind, {**lists, **plain}))


@given(st.dictionaries(texts, scalars | st.lists(scalars, max_size=3), max_size=12), texts)
@example({"a" * 300: "<" * 5000}, "<!channel>")
def test_the_plain_layout_takes_anything(facts: dict[str, Any], kind: str) -> None:
    check(lay_out_plainly(kind or "kind", facts))


def words(value: Any) -> str:
    return RENDERER.message("words", {"words": value}).text


def test_a_value_from_outside_stays_on_one_line() -> None:
    assert words("SHOP\n*Status*: approved") == "SHOP *Status*: approved"


@pytest.mark.parametrize(("code", "mark"), [("1", ":credit_card:"), ("2", ":warning:"), (None, ":credit_card:")])
def test_an_order_that_may_have_failed_looks_like_one(code: str | None, mark: str) -> None:
    facts = dict.fromkeys(FACTS["card_applied"]) | {"status_code": code, "cards": [], "mentions": []}

    assert mark in str(RENDERER.message("card_applied", facts).blocks[0])


@pytest.mark.parametrize("status", STATUS_WORDS)
def test_a_purchase_is_one_line_and_only_what_is_suspicious_has_the_red_button(status: str) -> None:
    facts: dict[str, Any] = dict.fromkeys(FACTS["transaction"]) | {
        "mentions": [],
        "status": status,
        "amount": "12.00 EUR",
        "merchant": "CAFÉ",
        "holder_name": "Maria Kuusk",
        "last_four": "4242",
        "card_id": "1755902",
        "why": {"value": {"event": "E1"}},
    }
    explained = {**facts, "reason": {"kind": "kyc", "status": "rejected"}}
    despite = {**facts, "despite": {"kind": "lost", "by": "Sam", "at": None}}

    def shows_red(facts: dict[str, Any]) -> bool:
        return '"card_lost"' in json.dumps(RENDERER.message("transaction", facts).blocks)

    first, *others = RENDERER.message("transaction", facts).blocks
    assert first["text"]["text"].endswith("at CAFÉ · Maria Kuusk ••••\u00a04242")
    assert "12.00 EUR" in first["text"]["text"]
    assert [block["type"] for block in others] == ([] if status in FINE else ["actions"])
    assert shows_red(facts) is (status in {"declined", "cancelled", "other"})
    assert not shows_red(explained)
    assert shows_red(despite)


def test_a_value_is_escaped_once() -> None:
    assert words("Tom & Jerry <3") == "Tom &amp; Jerry &lt;3"
    assert words("&amp;") == "&amp;amp;"


def test_a_card_number_is_masked_also_when_invisible_characters_part_it() -> None:
    assert words("paid with 4111\u200b1111\u200b1111\u200b1111") == "paid with 411111******1111"


def test_markup_in_a_subclass_of_text_is_not_trusted() -> None:
    assert words(markupsafe.Markup("<!channel>")) == "&lt;!channel&gt;"


def test_a_missing_fact_is_refused_not_left_blank() -> None:
    with pytest.raises(RenderFailed, match="UndefinedError"):
        RENDERER.message("words", {})


def test_the_reason_of_a_failure_quotes_no_value() -> None:
    with pytest.raises(RenderFailed) as failure:
        RENDERER.message("words", {"words": object()})

    assert str(failure.value) == "words: TypeError"


def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str = "sample.json.j2") -> Renderer:
    package = tmp_path / "sample_package"
    (package / "templates").mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "templates" / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "sample_package", raising=False)
    return Renderer([("sample_package", "templates")])


@pytest.mark.parametrize(
    "hole",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ a ~ b }}",
        "{{ a + b }}",
        "{{ '%s' % a }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a'['center'](1000000000) }}",
        "{{ '{0.__class__}'.format(a) }}",
        "{{ a | safe }}",
        "{{ a | tojson }}",
        "{{ a | replace('a', 'b') }}",
        "{% autoescape false %}{{ a }}{% endautoescape %}",
    ],
)
def test_a24_a25_templates_that_could_harm_are_refused_when_they_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hole: str
) -> None:
    with pytest.raises(jinja2.TemplateError):
        load(tmp_path, monkeypatch, f'{{"text": "{hole}", "blocks": []}}')


@pytest.mark.parametrize(
    "hole",
    [
        "{{ a.__class__ }}",
        "{{ a.__class__.__mro__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ cycler }}",
        "{{ range(10) }}",
        "{{ self._TemplateReference__context }}",
    ],
)
def test_a24_what_reaches_for_the_interpreter_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hole: str
) -> None:
    renderer = load(tmp_path, monkeypatch, f'{{"text": "{hole}", "blocks": []}}')

    with pytest.raises(RenderFailed):
        renderer.message("sample", {"a": "x"})


VIEW = """{
  "type": "modal", "callback_id": "sample",
  "private_metadata": "{{ {'request': id, 'words': words} | as_value }}",
  "title": {"type": "plain_text", "text": "{{ words }}"},
  "submit": {"type": "plain_text", "text": "Go"},
  "blocks": [
    {"type": "input", "label": {"type": "plain_text", "text": "{{ words }}"},
     "element": {"type": "plain_text_input", "action_id": "a", "initial_value": "{{ words | as_value }}"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "{{ words | lines }}"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "{{ [words, id] | join(' & ') }}"}}
  ]
}"""


def test_a_view_keeps_what_machines_read_and_fits_what_people_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = load(tmp_path, monkeypatch, VIEW)
    value = 'a & "b"\n<c> and so on and so on'

    view = renderer.view("sample", {"words": value, "id": "R1"})

    assert json.loads(view["private_metadata"]) == {"request": "R1", "words": value}
    assert view["blocks"][0]["element"]["initial_value"] == value
    assert view["blocks"][1]["text"]["text"] == 'a &amp; "b"\n&lt;c&gt; and so on and so on'
    assert view["blocks"][2]["text"]["text"].endswith("so on &amp; R1")
    assert view["title"]["text"] == 'a & "b" <c> and so on a…'
    if RULES:
        assert list(VALID.evolve(schema={**RULES, **RULES["$defs"]["modal_view"]}).iter_errors(view)) == []


def test_s15_plain_texts_are_as_people_read_them_and_mrkdwn_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """{"text": "{{ words }}", "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "{{ words }}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "{{ words }}"},
         "accessory": {"type": "button", "action_id": "a", "accessibility_label": "{{ words }}",
                       "value": "{{ words | as_value }}",
                       "text": {"type": "plain_text", "text": "{{ words }}"}}}]}"""
    renderer = load(tmp_path, monkeypatch, source, name="sample.json.j2")

    rendered = renderer.message("sample", {"words": "R&D <b> &amp;"})

    header, section = rendered.blocks
    assert header["text"]["text"] == section["accessory"]["text"]["text"] == "R&D <b> &amp;"
    assert section["accessory"]["accessibility_label"] == section["accessory"]["value"] == "R&D <b> &amp;"
    assert section["text"]["text"] == rendered.text == "R&amp;D &lt;b&gt; &amp;amp;"


def test_metadata_that_is_too_long_is_refused_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = load(tmp_path, monkeypatch, VIEW)

    with pytest.raises(RenderFailed, match="private_metadata"):
        renderer.view("sample", {"words": "x" * 3000, "id": "R1"})


def test_a_text_is_cut_between_escapes_and_markups() -> None:
    assert cut("ab&amp;cd", 6) == "ab…"
    assert cut("ab&amp;cd", 9) == "ab&amp;cd"
    assert cut("hi <@U0ONE> there", 8) == "hi …"
    assert cut("🏦🏦🏦", 5) == "🏦🏦…"


def test_too_many_blocks_end_with_a_count_of_the_rest() -> None:
    blocks: list[Any] = [{"type": "divider"}] * 60

    fitted = fit_blocks(blocks, surface="message")

    assert len(fitted) == 50
    assert fitted[-1]["elements"][0]["text"] == "_11 more parts are not shown._"


def test_when_texts_are_too_long_in_sum_buttons_stay() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
    crowd = {"type": "context", "elements": [{"type": "mrkdwn", "text": "y" * 190}] * 10}

    fitted = fit_blocks([section, *[crowd] * 20, {"type": "actions", "elements": [button]}], surface="message")

    assert sum(measure(text) for text in all_texts(fitted)) <= TEXT_BUDGET
    assert fitted[-1]["type"] == "actions"


def test_empty_parts_are_dropped_or_named() -> None:
    blocks = [
        {"type": "section", "fields": []},
        {"type": "actions", "elements": []},
        {"type": "section", "text": {"type": "mrkdwn", "text": " "}},
    ]

    assert fit_blocks(blocks, surface="message") == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "(empty)", "verbatim": True}}
    ]


def test_a_view_without_blocks_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        fit_view({"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []})
    with pytest.raises(DoesNotFit):
        fit_view({"type": "message", "blocks": [{"type": "divider"}]})
