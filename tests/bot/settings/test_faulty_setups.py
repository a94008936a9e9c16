"""O3: every faulty setting and configuration is told with its line or name, in our words, with status 2.

Half of them are made of one good example, a mutation at every place of it; the others are what people write.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings.cardops_yml import parse_config
from tests.bot.cli.conftest import Shell, clear_environment
from tests.bot.settings.test_cardops_yml import EXAMPLE
from tests.bot.settings.test_environment import GOOD

SECRET = "S3CRET-that-nobody-may-see"
LIBRARY = re.compile(
    r"pydantic|Input should|Value error|Extra inputs|Traceback|while (parsing|scanning)|could not |expected <|"
    r"mapping values|block (mapping|end)|sequence entry|type=|For further|errors\.|Errno|ValidationError"
)
MORE = """
  - {kind: transaction, when: {merchant: ["MAXIMA*"], between: "22:00-06:00", direction: out}, to: [oncall],
     also: true, acknowledge_within: 15m, then: [approvals], budget: 5}
storms: {budget: 20, window: 1m}
books: {others: tell, prefix: ab, currencies: [EUR, USDT]}
stop_when: [books_differ, {unknown_over: 3, stops: top-ups}]
paytend: {final_refusals: [E10], no_such_order: [E11]}
"""
GOOD_CONFIG: dict[str, Any] = yaml.load(
    EXAMPLE.replace("balance:", "#balance:").rstrip().rpartition("\n")[0]
    + MORE
    + "balance: {every: 5m, currencies: {EUR: {warn: 5000.00, critical: 1000.00}}, repeat: 4h}\n",
    Loader=yaml.BaseLoader,  # noqa: S506 - makes only texts
)
WRONG_TYPE = {"surely": {"not": "this"}}


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    clear_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return Shell(folder=tmp_path, environment=dict(GOOD), capture=capsys, patch=monkeypatch)


def told(shell: Shell, config: str, **settings: str) -> str:
    """Write the file, run a command that reads it all, and return its words: status 2, no library, no secret."""
    (shell.folder / "cardops.yml").write_text(config)
    status, out, err = shell.types("doctor", **settings)
    assert status == 2, f"status {status}: {out}{err}"
    assert not LIBRARY.search(err), err
    assert SECRET not in err
    assert not any(value in err for name, value in GOOD.items() if "KEY" in name or "SECRET" in name)
    return err


# What is made of the good example.


def write(value: Any, *, indent: int = 0) -> Iterator[str]:
    """Write one name or item a line, so that each place has a line of its own."""
    space = " " * indent
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _write_entry(f"{space}{name}:", inner, indent)
    else:
        for inner in value:
            yield from _write_entry(f"{space}-", inner, indent)


def _write_entry(start: str, inner: Any, indent: int) -> Iterator[str]:
    if isinstance(inner, dict | list) and inner:
        yield start
        yield from write(inner, indent=indent + 2)
    else:
        yield f"{start} {inner!r}" if isinstance(inner, str) else f"{start} {inner}"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a value, the names of mappings and the items of lists."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in entries:
        yield (*path, part)
        yield from places(inner, (*path, part))


def changed(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy in which `change` has made something else of the mapping or list that has the last part of a path."""
    if len(path) == 1:
        return change(value, path[0])
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


def spread(found: Sequence[tuple[Any, ...]]) -> list[Any]:
    """A quarter of the places for `make test`, and the others for `make soak`."""
    return [
        pytest.param(path, id=".".join(map(str, path)), marks=[pytest.mark.soak] if number % 4 else [])
        for number, path in enumerate(found)
    ]


def misspell(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {f"{name[:1]}q{name[1:]}" if each == name else each: inner for each, inner in value.items()}


def break_type(value: Any, part: Any) -> Any:
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[part] = WRONG_TYPE
    return copy


PLACES = list(places(GOOD_CONFIG))
NAMES = [path for path in PLACES if isinstance(path[-1], str)]


def test_the_example_itself_has_no_fault(shell: Shell) -> None:
    (shell.folder / "cardops.yml").write_text("\n".join(write(GOOD_CONFIG)))

    status, said, err = shell.types("policy", "check")

    assert (status, err) == (0, ""), said
    assert len(PLACES) + 2 * len(NAMES) > 150


@pytest.mark.parametrize("path", spread(NAMES))
def test_o3_a_misspelt_name_is_told_with_its_line_and_what_is_right(shell: Shell, path: tuple[Any, ...]) -> None:
    lines = list(write(changed(GOOD_CONFIG, path, misspell)))
    wrong = f"{path[-1][:1]}q{path[-1][1:]}"
    (line,) = [place for place, text in enumerate(lines, start=1) if text.lstrip().startswith(f"{wrong}:")]

    assert f"line {line}: " in told(shell, "\n".join(lines))


@pytest.mark.parametrize("path", spread(NAMES))
def test_o3_a_name_that_stands_twice_is_told_with_both_lines(shell: Shell, path: tuple[Any, ...]) -> None:
    marked = changed(GOOD_CONFIG, path, lambda value, name: {**value, f"{name}-again": value[name]})
    lines = [line.replace("-again", "") for line in write(marked)]
    second = 1 + next(place for place, line in enumerate(write(marked)) if f"{path[-1]}-again:" in line)
    first = max(
        place for place, line in enumerate(lines[: second - 1], 1) if line.strip().startswith(f"{path[-1]}:")
    )

    said = told(shell, "\n".join(lines))

    assert re.search(rf"line {second}: .*{path[-1]} is here a second time; the first is in line \d+", said), said
    assert f"line {first}" in said or path[0] in ("roles", "policy", "limits", "routes")


@pytest.mark.parametrize("path", spread(PLACES))
def test_o3_a_value_of_another_kind_is_told_with_its_line(shell: Shell, path: tuple[Any, ...]) -> None:
    lines = list(write(changed(GOOD_CONFIG, path, break_type)))
    line = 1 + next(place for place, text in enumerate(lines) if "surely" in text)

    said = told(shell, "\n".join(lines))

    assert re.search(rf"line ({line - 1}|{line}|{line + 1}): ", said), said


# What people write.

TOP = "action: card.top_up, approvers: [manager]"
HEAD = "roles: {manager: {groups: [S0MANAGER]}}\n"
BY_HAND: dict[str, tuple[str, tuple[str, ...]]] = {
    "a second section": (f"{HEAD}policy: []\nlimits: []\npolicy: []\n", ("line 4", "line 2")),
    "a comma in braces": (f"policy:\n- {{name: a, {TOP}, over: 500,00 EUR}}", ("line 2", "comma")),
    "an ambiguous amount": (f"policy:\n- {{name: a, {TOP}, over: '1.200 EUR'}}", ("line 2", "1200 or 1.20")),
    "another ambiguous one": ("limits:\n- over: 1,200 EUR\n", ("line 2", "1200 or 1.20")),
    "an ambiguous threshold": (
        "balance:\n  currencies:\n    EUR: {warn: 1.500, critical: 1}",
        ("line 3", "1500 or 1.50"),
    ),
    "no currency": ("limits:\n- over: 1200.00\n", ("line 2", "currency")),
    "an unknown currency": ("limits:\n- over: 12.00 EURO\n", ("line 2", "currency")),
    "a currency in small letters": ("limits:\n- over: 12.00 eur\n", ("line 2", "currency")),
    "a limit in another currency": (
        f"{HEAD}limits:\n- {{action: card.top_up, per: card, window: 1d, over: 9.00 GBP, then: refuse}}",
        ("line 3", "GBP", "EUR"),
    ),
    "a rule in another currency": (f"policy:\n- {{name: a, {TOP}, over: 9.00 GBP}}", ("line 2", "GBP")),
    "a negative limit": (
        "limits:\n- {action: card.top_up, per: card, window: 1d, over: -9.00 EUR, then: refuse}",
        ("line 2", "negative"),
    ),
    "a negative threshold": (f"policy:\n- {{name: a, {TOP}, over: -9.00 EUR}}", ("line 2", "negative")),
    "a negative warning": ("balance:\n  currencies:\n    EUR: {warn: -5, critical: -6}", ("line 3",)),
    "thresholds the wrong way": (
        "balance:\n  currencies:\n    EUR: {warn: 5, critical: 6}",
        ("line 3", "critical"),
    ),
    "a balance in no currency": ("balance:\n  currencies: {EURO: {warn: 5, critical: 1}}", ("EURO",)),
    "equal names": (f"policy:\n- {{name: a, {TOP}, over: 5.00 EUR}}\n- {{name: a, {TOP}}}", ("line 3", "“a”")),
    "a rule without a name": (f"policy:\n- {{name: '', {TOP}}}", ("line 2", "name")),
    "an e-mail": ("roles:\n  manager:\n    people:\n    - ann@example.com", ("line 4", "e-mail", "U0123ABCD")),
    "a name": ("roles:\n  manager:\n    people: [ann]", ("line 3", "ann", "Copy member ID")),
    "a handle": ("roles:\n  manager:\n    people: ['@ann']", ("line 3", "@ann")),
    "a group's name": ("roles:\n  manager:\n    groups: [managers]", ("line 3", "S0123ABCD")),
    "a group among people": ("roles:\n  manager:\n    people: [S0MANAGER]", ("line 3", "user group")),
    "a person among groups": ("roles:\n  manager:\n    groups: [U0ANN]", ("line 3", "account")),
    "an e-mail as the same person": ("same_person: [[U0ANN, ann@example.com]]", ("line 1", "e-mail")),
    "a channel's name": ("channels:\n  approvals: '#approvals'", ("line 2", "C0123456789")),
    "a person as a channel": ("channels:\n  approvals: U0ANN", ("line 2", "channel")),
    "a rule's channel": (f"policy:\n- {{name: a, {TOP}, channel: approvals}}", ("line 2", "channel id")),
    "a mention by name": (f"policy:\n- {{name: a, {TOP}, mention: [ann]}}", ("line 2", "ann")),
    "a near role": ("roles:\n  manger: {groups: [S0MANAGER]}", ("line 2", "Did you mean manager?")),
    "a near action": (
        "policy:\n- {name: a, action: card.topup, approvers: [manager]}",
        ("Did you mean card.top_up?",),
    ),
    "a near key": ("roles:\n  manager: {gruops: [S0MANAGER]}", ("line 2", "Did you mean groups?")),
    "a near section": ("polcy: []", ("line 1", "Did you mean policy?")),
    "an approver who is no role": (
        f"policy:\n- {{name: a, {TOP.replace('manager', 'boss')}}}",
        ("line 2", "boss"),
    ),
    "nobody to approve": (f"policy:\n- {{name: a, {TOP.replace('manager', '')}}}", ("line 2", "approvers")),
    "lifted money": ("policy:\n- {name: a, action: card.top_up, lifted: true}", ("line 2", "cannot be lifted")),
    "truth as a number": ("policy:\n- {name: a, action: card.activate, lifted: 1}", ("line 2", "true or false")),
    "also as a number": ("routes:\n- {kind: transaction, to: [alerts], also: 0}", ("line 2", "true or false")),
    "a number as words": (f"policy:\n- {{name: a, {TOP}, quorum: two}}", ("line 2", "whole number")),
    "half a person": (f"policy:\n- {{name: a, {TOP}, quorum: 1.5}}", ("line 2", "whole number")),
    "too many people": (f"policy:\n- {{name: a, {TOP}, quorum: 51}}", ("line 2", "50 or less")),
    "a route to nowhere": ("routes:\n- {kind: transaction, to: []}", ("line 2", "empty")),
    "a route to a name": ("routes:\n- {kind: transaction, to: [general]}", ("line 2", "general")),
    "a route without a kind": ("routes:\n- {to: [alerts]}", ("line 2", "kind", "missing")),
    "a kind that there is not": ("routes:\n- {kind: transactions, to: [alerts]}", ("line 2", "transaction")),
    "a time that is none": (
        "routes:\n- {kind: transaction, to: [alerts], when: {between: 22-6}}",
        ("22:00-06:00",),
    ),
    "a status that there is not": (
        "routes:\n- {kind: transaction, to: [alerts], when: {status: [declnied]}}",
        ("line 2", "Did you mean declined?"),
    ),
    "a direction": ("routes:\n- {kind: transaction, to: [alerts], when: {direction: up}}", ("in or out",)),
    "a duration without a unit": (f"policy:\n- {{name: a, {TOP}, decide_within: 8}}", ("line 2", "30m")),
    "a month": (f"policy:\n- {{name: a, {TOP}, decide_within: 1mo}}", ("line 2", "30m")),
    "a storm of nothing": ("storms: {budget: 0}", ("line 1", "1 or more")),
    "others": ("books: {others: ignore}", ("line 1", "expected, tell or alarm")),
    "a long prefix": ("books: {prefix: something}", ("line 1", "6")),
    "a code of success": ("paytend: {final_refusals: ['00']}", ("line 1", "00")),
    "what then": (
        "limits:\n- {action: card.top_up, per: card, window: 1d, over: 9.00 EUR, then: ask}",
        ("line 2", "refuse"),
    ),
    "an anchor": (
        f"policy:\n- &base\n  name: a\n  {TOP.split(',', maxsplit=1)[0]}\n- *base\n",
        ("line 2", "line 5", "write it"),
    ),
    "a merge key": ("a: &a {b: c}\nroles:\n  <<: *a\n", ("line 1", "line 3")),
    "a tag": ("roles: !!python/object/apply:os.system [true]\n", ("line 1", "tag")),
    "a second document": ("roles: {}\n---\nroles: {}\n", ("line 2", "second document")),
    "a tab": ("roles:\n\tmanager: {}\n", ("line 2", "tab")),
    "an open bracket": ("roles:\n  manager: {groups: [S0MANAGER\nchannels: {}\n", ("line 3", "line 2")),
    "an open quotation mark": ("roles:\n  manager: {groups: ['S0MANAGER]}\n", ("cardops.yml, line",)),
    "a wrong indent": ("roles:\n  manager: {}\n support: {}\n", ("line 3",)),
    "two colons": ("roles: manager: {}\n", ("line 1",)),
    "a sign": ("roles:\n  manager: @ann\n", ("line 2", "quotation marks")),
    "a control character": ("roles:\n  manager: \x07\n", ("line 2", "character")),
    "a list instead of sections": ("- roles\n", ("line 1", "names with values")),
    "a text instead of sections": ("roles\n", ("line 1", "names with values")),
    "an empty section": ("roles:\npolicy:\n", ("line 1", "line 2")),
    "null": ("policy: null\n", ("line 1", "list")),
    "too many brackets": ("roles: " + "[" * 3000, ("line 1", "nested")),
    "a token in the wrong place": (f"roles:\n  xoxb-{SECRET}: {{}}", ("line 2",)),
    "a token as a person": (f"roles:\n  manager: {{people: [xoxb-{SECRET}]}}", ("line 2",)),
    "a stop that there is not": ("stop_when:\n- book_differ", ("line 2", "books_differ")),
    "one stop twice": ("stop_when:\n- trail_broken\n- trail_broken", ("line 3", "twice")),
}


@pytest.mark.parametrize(("config", "says"), BY_HAND.values(), ids=BY_HAND)
def test_o3_what_people_write_wrong_is_told(shell: Shell, config: str, says: tuple[str, ...]) -> None:
    said = told(shell, config)

    assert "cardops.yml" in said
    for words in says:
        assert words in said, said


SETTINGS: dict[str, tuple[str, str, str]] = {
    "a file in memory": ("DATABASE_URL", "sqlite:///:memory:", "memory"),
    "no file": ("DATABASE_URL", "sqlite:///", "name a file"),
    "memory by a parameter": ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "memory"),
    "two slashes": ("DATABASE_URL", "sqlite://cardops.db", "three slashes"),
    "a folder": ("DATABASE_URL", "sqlite:////var/lib/", "folder"),
    "a port of letters": ("DATABASE_URL", f"postgresql+psycopg://bot:{SECRET}@host:abc/cardops", "port"),
    "a port that is too large": ("DATABASE_URL", f"postgresql+psycopg://bot:{SECRET}@host:99999/cardops", "port"),
    "no port after the colon, and no database": ("DATABASE_URL", "postgresql+psycopg://host:abc", "port"),
    "an @ in the password": ("DATABASE_URL", f"postgresql+psycopg://bot:{SECRET}/1@host:5432/cardops", "%40"),
    "no database": ("DATABASE_URL", "postgresql+psycopg://bot@host:5432", "name of the database"),
    "another driver": ("DATABASE_URL", f"postgresql://bot:{SECRET}@host/cardops", "postgresql+psycopg://"),
    "postgres": ("DATABASE_URL", f"postgres://bot:{SECRET}@host/cardops", "postgresql+psycopg://"),
    "another database": ("DATABASE_URL", f"mysql://bot:{SECRET}@host/cardops", "sqlite:///"),
    "a broken host": ("DATABASE_URL", f"postgresql+psycopg://bot:{SECRET}@[::1/cardops", "host"),
    "a broken address": ("PAYTEND_BASE_URL", "https://[::1", "https://"),
    "an address with a port of letters": ("PAYTEND_BASE_URL", "https://host:abc", "https://"),
    "an address in clear": ("PAYTEND_BASE_URL", "http://api.example.com", "https"),
    "no scheme": ("PAYTEND_BASE_URL", "api.example.com", "https://"),
    "a partner of letters": ("PAYTEND_PARTNER_ID", SECRET, "15 digits"),
    "a partner that is too short": ("PAYTEND_PARTNER_ID", "123", "15 digits"),
    "a unit": ("PAYTEND_AMOUNT_UNIT", "cents", "minor or major"),
    "a unit of webhooks": ("PAYTEND_WEBHOOK_AMOUNT_UNIT", "1", "minor or major"),
    "a zone": ("PAYTEND_TIMEZONE", "Vilnius", "Europe/Vilnius"),
    "a timeout of nothing": ("PAYTEND_TIMEOUT_SECONDS", "0", "more than 0"),
    "a timeout of words": ("PAYTEND_TIMEOUT_SECONDS", "ten", "number"),
    "a timeout without end": ("PAYTEND_TIMEOUT_SECONDS", "inf", "120"),
    "a timeout of Slack": ("SLACK_TIMEOUT_SECONDS", "61", "60 or less"),
    "no key": ("CARDOPS_SECRET_KEYS", SECRET, "Base64"),
    "a short key": ("CARDOPS_SECRET_KEYS", "c2hvcnQ=", "32 bytes"),
    "a short audit key": ("CARDOPS_AUDIT_KEYS", "c2hvcnQ=", "32 bytes"),
    "an app's token as the bot's": ("SLACK_BOT_TOKEN", f"xapp-{SECRET}", "xoxb-"),
    "the bot's token as the app's": ("SLACK_APP_TOKEN", f"xoxb-{SECRET}", "xapp-"),
    "a workspace by name": ("SLACK_TEAM_ID", "our-team", "T0123ABCD"),
    "an address to listen on": ("CARDOPS_LISTEN", "3000", "host:port"),
    "a form of logs": ("CARDOPS_LOG_FORMAT", "text", "console or json"),
    "days of retention": ("CARDOPS_RETENTION_DAYS", "0", "1 or more"),
    "days in words": ("CARDOPS_RETENTION_DAYS", "1y", "whole number"),
    "a key that is none": ("PAYTEND_PRIVATE_KEY", SECRET, "private key"),
    "a key of Paytend that is none": ("PAYTEND_PUBLIC_KEY", SECRET, "public key"),
    "a key file": ("PAYTEND_PRIVATE_KEY_FILE", "nowhere.pem", "cannot be read"),
    "an operation": ("PAYTEND_PATH_NOTHING", "/x", "no such operation"),
    "a path": ("PAYTEND_PATH_TOPUP", "x", "starts with /"),
    "a named file that is missing": ("CARDOPS_CONFIG", "other.yml", "no file other.yml"),
    "a folder as the file": ("CARDOPS_CONFIG", ".", "cannot be read"),
}


@pytest.mark.parametrize(("name", "value", "says"), SETTINGS.values(), ids=SETTINGS)
def test_o3_a_faulty_setting_is_told_by_its_name(shell: Shell, name: str, value: str, says: str) -> None:
    shell.environment.pop(name, None)
    if name.endswith("_FILE"):
        del shell.environment[name.removesuffix("_FILE")]

    said = told(shell, EXAMPLE, **{name: value})

    assert name in said or "cardops.yml" in said or name == "CARDOPS_CONFIG"
    assert says in said, said


ENV_FILES = {
    "twice": (
        "CARDOPS_LISTEN=127.0.0.1:1\nPAYTEND_TIMEZONE=UTC\nCARDOPS_LISTEN=127.0.0.1:2\n",
        "line 3",
        "line 1",
    ),
    "misspelt": (f"\nCARDOPS_SECRET_KEY={SECRET}\n", "line 2", "Did you mean CARDOPS_SECRET_KEYS?"),
    "no setting": ("CARDOPS_LISTEN\n", "line 1", "NAME=value"),
    "an open quotation mark": (f"CARDOPS_LISTEN='{SECRET}\nA=b\n", "line 1", "quotation mark"),
}


@pytest.mark.parametrize(("text", "line", "says"), ENV_FILES.values(), ids=ENV_FILES)
def test_o3_a_faulty_env_file_is_told_with_its_line(shell: Shell, text: str, line: str, says: str) -> None:
    (shell.folder / ".env").write_text(text)

    said = told(shell, EXAMPLE)

    assert f".env, {line}" in said
    assert says in said


def test_o3_an_env_file_that_is_no_text_is_told(shell: Shell) -> None:
    (shell.folder / ".env").write_bytes(b"\xff\xfe")

    assert ".env: cannot be read" in told(shell, EXAMPLE)


def test_o3_settings_and_file_are_told_together(shell: Shell) -> None:
    said = told(shell, "polcy: []\nlimits:\n- over: 1.200 EUR\n", PAYTEND_PARTNER_ID="1", DATABASE_URL="x")

    for words in ("PAYTEND_PARTNER_ID", "DATABASE_URL", "line 1", "line 3"):
        assert words in said


def test_o3_one_reader_of_money_reads_a_comma_as_topup_does(shell: Shell) -> None:
    (shell.folder / "cardops.yml").write_text(
        "balance: {currencies: {EUR: {warn: 5000.00, critical: 1000.00}}}\n"
        "policy:\n- {name: a, action: card.top_up, over: '500,00 EUR', approvers: [manager]}\n"
        "- {name: b, action: card.top_up, approvers: [manager]}\n"
    )

    _, more, _ = shell.types("policy", "explain", "card.top_up", "--amount", "500,01")
    _, same, _ = shell.types("policy", "explain", "card.top_up", "--amount", "500,00")

    assert "-> rule “a”" in more
    assert "-> rule “b”" in same


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("roles:\n  manager: {people: []}\n", "line 2: roles.manager: nobody has this role"),
        ("", "nobody may do anything"),
        ("roles: {manager: {groups: [S0MANAGER]}}\n", "policy is not set"),
        (
            f"{HEAD}policy:\n- {{name: a, {TOP}}}\n- {{name: b, {TOP}, over: 5.00 EUR}}\n",
            "line 4: policy.1: “b” can never decide",
        ),
        (
            "routes:\n- {kind: transaction, to: [alerts]}\n- {kind: transaction, to: [oncall], mention: oncall}\n",
            "line 3: routes.1: route 1 comes before it",
        ),
    ],
)
def test_o3_what_has_no_effect_is_a_warning_with_its_line(shell: Shell, config: str, says: str) -> None:
    (shell.folder / "cardops.yml").write_text(config)

    status, _, err = shell.types("policy", "check")

    assert status == 1
    assert says in err


def test_a_secret_key_stays_one(shell: Shell) -> None:
    """The keys of these tests are real enough that a leak would be seen."""
    assert base64.b64decode(shell.environment["CARDOPS_SECRET_KEYS"]) == b"k" * 32


def test_s6_documents_by_a_page_need_the_address_of_one(shell: Shell) -> None:
    assert "documents: page needs CARDOPS_PUBLIC_URL" in told(shell, "documents: page\n")


@pytest.mark.parametrize(
    ("config", "url", "way"),
    [
        ("", "", "slack"),
        ("", "https://cards.example.com", "page"),
        ("documents: page\n", "https://cards.example.com", "page"),
        ("documents: slack\n", "https://cards.example.com", "slack"),
    ],
)
def test_s6_documents_go_by_a_page_where_people_reach_one(config: str, url: str, way: str) -> None:
    read = parse_config(config, name="cardops.yml")

    assert (read.find_document_way(url), read.find_conflicts(url)) == (way, [])
