"""Commented templates of both files, from the models that read them: no setting is missing in them."""

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap
from types import MappingProxyType
from typing import Any

from bot.settings.environment import Settings
from bot.settings.reference import find_model, first_paragraph, make_schema, say_default, say_type

WIDTH = 100
_NONE: Mapping[str, str] = MappingProxyType({})

# What is in the template of `.env`, obviously not yours. The unit of amounts stays empty: a wrong one moves a
# hundred times too much, so it is chosen on purpose.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "SLACK_BOT_TOKEN": "xoxb-your-bot-token",
        "SLACK_SIGNING_SECRET": "your-signing-secret",
        "SLACK_APP_TOKEN": "xapp-your-app-token",
        "PAYTEND_BASE_URL": "https://paytend.example.com",
        "PAYTEND_PARTNER_ID": "000000000000000",
        "PAYTEND_PRIVATE_KEY_FILE": "paytend-private.pem",
        "PAYTEND_PUBLIC_KEY_FILE": "paytend-public.pem",
        "PAYTEND_AMOUNT_UNIT": "",
        "CARDOPS_CONFIG": "cardops.yml",
    }
)
# Of two settings for the same thing the template sets the one that the other does not need.
_IN_FILES = {name.removesuffix("_FILE"): name for name in PLACEHOLDERS if name.endswith("_FILE")}
_SET = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "PAYTEND_BASE_URL",
    "PAYTEND_PARTNER_ID",
    "PAYTEND_PRIVATE_KEY_FILE",
    "PAYTEND_PUBLIC_KEY_FILE",
    "PAYTEND_AMOUNT_UNIT",
    "CARDOPS_SECRET_KEYS",
)
_ENV = """# The settings of cardops, for the folder in which it runs. Tokens and keys are in here: chmod 600 .env
# A variable of the environment wins over this file. An empty value is as good as none; `#` turns a line off.
"""
_CONFIG = """# cardops.yml: who may do what, and who hears of what. What is left out is not allowed.
# Check it with `cardops policy check`; `cardops policy explain` says who could approve what.
# Ids, in Slack: of a channel, click its name, at the bottom; of a person, open the profile, ⋮, Copy member ID;
# of a group, People, User groups, ⋮, Copy group ID. `cardops init` finds them by name.
"""

# A sample of each section, with the ids of nobody; those without `on` are commented out.
_SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "roles": """support: {groups: [S0YOURSUPPORT]}
manager: {groups: [S0YOURMANAGERS]}
oncall: {groups: [S0YOURONCALL]}
admin: {people: [U0YOURADMIN]}
""",
        "same_person": "- [U0SECONDACCOUNT, U0YOURADMIN]\n",
        "channels": """approvals: C0YOURAPPROVALS
alerts: C0YOURALERTS
oncall: C0YOURONCALL
audit: C0YOURAUDIT
""",
        "policy": """\
- {name: large top-ups, action: card.top_up, over: 500.00 EUR, quorum: 2, approvers: [manager]}
- {name: top-ups, action: card.top_up, approvers: [manager], decide_within: 8h, execute_within: 30m}
- {name: replacements, action: card.replace, approvers: [manager]}
- {name: passwords, action: card.retrieve_password, approvers: [manager]}
- {name: found again, action: card.found, approvers: [manager]}
- {name: activations, action: card.activate, approvers: [manager]}
- {name: orders, action: card.apply, approvers: [manager]}
- {name: changes of cardholders, action: cardholder.update, approvers: [manager]}
""",
        "limits": """- {action: card.top_up, per: requester, window: 24h, over: 2000.00 EUR, then: refuse}
- {action: card.top_up, per: card, window: 24h, over: 1000.00 EUR, then: {quorum: 2}}
""",
        "routes": """- {kind: transaction, when: {status: [declined, reversed]}, to: [oncall], mention: oncall}
- {kind: transaction, to: [alerts]}
- {kind: cardholder_audited, to: [alerts]}
- {kind: card_applied, to: [alerts]}
""",
        "balance": """every: 5m
currencies:
  EUR: {warn: 5000.00, critical: 1000.00}
repeat: 4h
""",
        "storms": "budget: 20\nwindow: 1m\n",
        "books": 'others: tell\nprefix: ""\ncurrencies: [EUR, USDT]\n',
        "stop_when": "- trail_broken\n- {books_differ: true, stops: top-ups}\n- {unknown_over: 3}\n",
        "paytend": "final_refusals: []\nno_such_order: []\n",
        "secrets": "show: true\nkeep: database\n",
        "documents": "slack\n",
        "open_channels": "C0YOURALERTS: [public]\n",
    }
)
_ON = ("roles", "channels", "policy", "limits", "routes", "balance")
_SAYS = {
    "same_person": "Accounts of one person, who counts once.",
    "policy": "The first line that matches decides; what no line allows is refused. `over` counts strictly above.",
    "stop_when": "What stops everything that goes to Paytend, until two people resume it.",
    "documents": "Which way documents of cardholders go: `page` (of ours, with CARDOPS_PUBLIC_URL the default) or "
    "`slack`, where a file stays until its owner deletes it.",
    "open_channels": "Who else may read a channel of ours, where that is intended: shared, guests, public.",
}


def write_env(values: Mapping[str, str]) -> str:
    """Return `.env` with these values; every other setting is in it with its default, commented out."""
    lines = [_ENV]
    for name, field in Settings.model_fields.items():
        if not name.isupper():
            continue
        shown = _IN_FILES[name] if name in _IN_FILES and name not in values else name
        default = "" if field.is_required() or field.default is None else _write_default(field.default)
        lines += [f"\n# {line}\n" for line in wrap(str(field.description), WIDTH)]
        if shown in values:
            lines.append(f"{shown}={quote(values[shown])}\n")
        else:
            lines.append(f"#{shown}={quote(PLACEHOLDERS.get(shown, default))}\n")
    return "".join(lines)


def write_example_env(*, secret_key: str) -> str:
    """Return the template of `.env`, with a key that was made for it: a known one would be everybody's."""
    return write_env({name: PLACEHOLDERS.get(name, secret_key) for name in _SET})


def write_config(bodies: Mapping[str, str] = _NONE) -> str:
    """Return cardops.yml with these sections; without any, with a sample of each that is usually set."""
    made = make_schema()
    known = made.get("$defs", {})
    parts = [_CONFIG]
    for name, section in made["properties"].items():
        is_on = name in bodies or (not bodies and name in _ON)
        sample = _SAMPLES.get(name) or _write_defaults(find_model(section, known))
        body = write_section(name, bodies.get(name, sample))
        parts.append(f"\n{''.join(_explain(name, section, known))}{body if is_on else _comment(body)}")
    return "".join(parts)


def write_section(name: str, body: str) -> str:
    """Return one section of cardops.yml, without what explains it; a body of one word is its value."""
    if body and "\n" not in body:
        return f"{name}: {body}\n"
    return f"{name}:\n" + "".join(f"  {line}" for line in body.splitlines(keepends=True))


def quote(value: str) -> str:
    """Return a value as `.env` has it: in quotation marks where something in it would mean more than itself."""
    if value and not any(sign.isspace() or sign in "'\"\\#$`" for sign in value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if value else ""


def _write_defaults(model: Mapping[str, Any] | None) -> str:
    """Return a section as it is by itself, where nobody wrote a sample of it."""
    keys = model["properties"].items() if model else ()
    return "".join(f"{key}: {json.dumps(value.get('default'), ensure_ascii=False)}\n" for key, value in keys)


def _write_default(value: Any) -> str:
    return value if isinstance(value, str) else "" if value in ((), None) else str(value)


def _explain(name: str, section: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    model = find_model(section, known)
    says = _SAYS.get(name) or (first_paragraph(model.get("description", "")) if model else "")
    yield from (f"# {line}\n" for line in wrap(says, WIDTH))
    if model is None:
        return
    for key, value in model["properties"].items():
        takes = say_type(value, known).split(" like `")[0].replace("`", "")
        default = say_default(value.get("default")).strip("`")
        is_short = default and len(default) < WIDTH // 2
        yield f"#   {key}: {takes}{f', by itself {default}' if is_short else ''}\n"


def _comment(text: str) -> str:
    return "".join(f"#{line}" for line in text.splitlines(keepends=True))
