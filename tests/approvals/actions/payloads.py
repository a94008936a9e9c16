"""A payload for each sensitive action."""

from typing import Any

from approvals.actions.payloads import Payload
from approvals.actions.table import ACTIONS

ADDRESS = {
    "line": "Gedimino 1",
    "line2": "2",
    "city_code": "LT_VI",
    "state": "VI",
    "postcode": "LT-01103",
    "country_code": "LT",
}
PAYLOADS: dict[str, dict[str, Any]] = {
    "card.top_up": {"card_id": "1755902", "money": "10.00 EUR"},
    "card.found": {"card_id": "1755902"},
    "card.activate": {"card_id": "1755902", "holder_id": "101982"},
    "card.replace": {"card_id": "1755902", "new_card_id": "1755910"},
    "card.retrieve_password": {"card_id": "1755902", "identified": "video"},
    "card.apply": {
        "sku": "SKU1",
        "card_type": "2",
        "quantity": 3,
        "contact_name": "Ona",
        "contact_mobile": "+37061234567",
        "delivery_address": ADDRESS,
        "remarks": "ring twice",
    },
    "cardholder.update": {
        "holder_id": "101982",
        "birthday": "1980-02-03",
        "gender": "2",
        "nationality": "EE",
        "address": ADDRESS,
    },
}


def payload(action: str, **changes: Any) -> Payload:
    """Return the payload of an action, with these values changed."""
    return ACTIONS[action].payload.model_validate({**PAYLOADS[action], **changes})
