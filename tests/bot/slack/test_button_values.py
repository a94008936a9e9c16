"""What buttons, options and modals carry through Slack: ids and words of ours, never typed text (case A23)."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("approvals", "bot", "commands", "notifier")
TEMPLATES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.j2"))
CARRIED = re.compile(r'"(?:value|private_metadata)": "\{\{ (?P<what>.+?) \| as_value \}\}"')
# Everything that is carried, and what is in it. A new entry must hold neither personal data nor typed text.
ALLOWED = {
    "{'request': row.id}": "the id of a request",
    "{'silence': silence}": "the id of a silence",
    "{'silence': row.id}": "the id of a silence",
    "{'card_id': ''}": "no card yet",
    "{'card_id': card_id}": "a card id",
    "{'card_id': card.card_id}": "a card id",
    "{'holder_id': holder_id}": "a cardholder id",
    "{'holder_id': holder.holder_id}": "a cardholder id",
    "{'currency': currency}": "a currency",
    "{'key': key}": "the key of a message of ours",
    "button_value": "ids of requests and drafts; see `values_made_in_code`",
    "row.button_value": "the id of a stop",
    "settle_value": "the id of a request and its digest",
    "draft": "the id of a draft",
    "metadata": "a channel and a cardholder id, or the id of a draft",
    "why.value": "the id of a webhook, or the kind of a notice with what routes compare",
    "value": "the kind of a notice, or the chosen value of a select of ours",
    "previous": "country, search and row of a page of cities",
    "next": "country, search and row of a page of cities",
    "page.previous": "card id, dates and row of a page",
    "page.next": "card id, dates and row of a page",
    "older": "list and place in it",
    "currency": "a currency",
    "code": "a currency",
    "option.value": "a code of Paytend's, or a card id with the word of a form",
    "identified": "a way to identify somebody",
    "way.value": "a way to identify somebody",
}
# Names of payload fields and inputs that hold personal data or typed text.
PERSONAL = {
    "address", "birthday", "contact_mobile", "contact_name", "delivery_address", "email", "first_name", "gender",
    "id_number", "last_name", "line", "mobile", "nationality", "payload", "postcode", "reason", "remarks",
}  # fmt: skip
VALUE = re.compile(r"\b(?:button_value|settle_value|metadata|draft)=(?P<made>[^\n]+)")


def test_a23_no_template_carries_anything_but_what_is_listed() -> None:
    carried = {found["what"] for path in TEMPLATES for found in CARRIED.finditer(path.read_text(encoding="utf-8"))}

    assert carried == set(ALLOWED)


def test_a23_no_value_is_made_with_personal_data_in_it() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    made = [
        (path, found["made"]) for path in modules for found in VALUE.finditer(path.read_text(encoding="utf-8"))
    ]

    assert len(made) > 10
    assert [(path.name, text) for path, text in made if PERSONAL & set(re.findall(r"[a-z_]+", text))] == []
