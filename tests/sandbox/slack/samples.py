"""Blocks of every kind, for the page and for comparing verdicts."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(value: str, text: str | None = None) -> Json:
    return {"text": plain(value if text is None else text), "value": value}


def button(action_id: str, text: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


SURE = {
    "title": plain("Approve this?"),
    "text": mrkdwn("*10.50 EUR* go to card •••• 4242. This cannot be undone."),
    "confirm": plain("Approve"),
    "deny": plain("Not yet"),
}
CARD: list[Json] = [
    {"type": "header", "text": plain("Top-up of 10.50 EUR :credit_card:")},
    {
        "type": "section",
        "text": mrkdwn(
            "*<@U0SAM>* asks <!subteam^S0MANAGER> for a top-up\n>Customer is at the till, `card 1755902`"
        ),
        "fields": [
            mrkdwn("*Card*\n•••• 4242, active"),
            mrkdwn("*Cardholder*\nAnna Example, KYC passed"),
            mrkdwn("*Balance*\n3.20 → 13.70 EUR"),
            mrkdwn("*Partner balance after*\n9 989.50 EUR"),
        ],
        "accessory": {
            "type": "overflow",
            "action_id": "more",
            "options": [option("info", "Card info"), option("history", "History")],
        },
    },
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": each} for each in row]
            for row in (
                ("When", "What", "Amount"),
                ("1 Mar", "Top-up", "20.00 EUR"),
                ("27 Feb", "Top-up", "5.00"),
            )
        ],
        "column_settings": [None, {"is_wrapped": True}, {"align": "right"}],
    },
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            button("approve", "Approve", style="primary", value="7:abc", confirm=SURE),
            button("deny", "Deny", style="danger", value="7:abc"),
            button("details", "Details", value="7:abc"),
        ],
    },
    {
        "type": "context",
        "elements": [mrkdwn("Rule _top-ups_ · decide by <!date^1772449200^{date_short_pretty} {time}|09:00 UTC>")],
    },
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "everything",
    "title": plain("Apply for a card"),
    "submit": plain("Apply"),
    "close": plain("Cancel"),
    "blocks": [
        {"type": "section", "text": mrkdwn("Fields of *every kind* that we use.")},
        field(
            "amount",
            "Amount",
            {"type": "number_input", "action_id": "v", "is_decimal_allowed": True},
            hint=plain("In euro"),
        ),
        field(
            "reason",
            "Reason",
            {"type": "plain_text_input", "action_id": "v", "multiline": True, "min_length": 5},
        ),
        field(
            "design",
            "Design",
            {
                "type": "static_select",
                "action_id": "v",
                "options": [option("blue", "Blue"), option("gold", "Gold")],
            },
        ),
        field(
            "city",
            "City",
            {
                "type": "external_select",
                "action_id": "city",
                "min_query_length": 1,
                "placeholder": plain("Search a city"),
            },
        ),
        field("mail", "E-mail", {"type": "email_text_input", "action_id": "v"}, optional=True),
        field("born", "Born", {"type": "datepicker", "action_id": "v"}, optional=True),
        field("at", "Deliver at", {"type": "timepicker", "action_id": "v"}, optional=True),
        field("who", "Approver", {"type": "users_select", "action_id": "v"}, optional=True),
        field(
            "tags",
            "Tags",
            {
                "type": "multi_static_select",
                "action_id": "v",
                "options": [option("vip"), option("staff"), option("test")],
            },
            optional=True,
        ),
        field(
            "checks",
            "Identified by",
            {
                "type": "checkboxes",
                "action_id": "v",
                "options": [option("id", "Identity card"), option("call", "Call back")],
            },
            optional=True,
        ),
        field(
            "kind",
            "Kind",
            {"type": "radio_buttons", "action_id": "v", "options": [option("plastic"), option("virtual")]},
            optional=True,
        ),
        field("document", "Document", {"type": "file_input", "action_id": "v", "max_files": 1}, optional=True),
    ],
}
HOME: Json = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Waiting for you")},
        *CARD[1:2],
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [button("refresh", "Refresh"), button("new", "Top up a card", style="primary")],
        },
    ],
}
