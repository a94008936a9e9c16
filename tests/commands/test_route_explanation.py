"""Why a notice is where it is, by the routes of today."""

from typing import Any

from pydantic import TypeAdapter

from commands.route_explanation import explain
from notifier.routing.routes import RouteRule, Routes

FACTS: dict[str, Any] = {"status": "declined"}


def note(*given: dict[str, Any]) -> str:
    rules = tuple(TypeAdapter(list[RouteRule]).validate_python(list(given)))
    return explain(
        "transaction", FACTS, routes=Routes(rules=rules, channels={"alerts": "C0ALERTS", "oncall": "C0ONCALL"})
    ).note


def test_routes_behind_the_first_that_matched_are_counted() -> None:
    matching, other = {"kind": "transaction", "to": ["oncall"]}, {"kind": "card_applied", "to": ["oncall"]}
    assert note(other, matching, other, other).endswith("; 2 later routes not checked")
    assert note(other, matching).endswith("as they are now")
    assert note(other).endswith("as they are now")
