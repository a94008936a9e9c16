"""What the request message says in each status, word for word."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.actions.known_codes import KnownCodes
from approvals.actions.snapshot import SecondCard
from approvals.tables import Request
from paytend.errors import OutcomeUnknown, Refused
from tests.approvals.actions.payloads import payload
from tests.approvals.standins import CARD
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, limit, person, rule, snapshot


def in_status(world: ApprovalWorld, status: str) -> Request:
    """Bring a request into a status, by what people and Paytend do."""
    if status == "failed":
        world.context = replace(world.context, codes=KnownCodes(final_refusals=("51",)))
        world.paytend.before = Refused(code="51", reason="no funds", verified=True)
    if status == "unknown":
        world.paytend.before = OutcomeUnknown("no answer")
    request = world.asks()
    match status:
        case "approved":
            world.decides(request)
        case "executing":
            world.work(world.decides(request))
        case "executed" | "failed" | "unknown":
            world.executes(world.decides(request))
        case "denied":
            world.decides(request, deny="not agreed")
        case "withdrawn":
            world.withdraws(request)
        case "expired":
            world.passes(hours=8)
            world.ticks()
    return request


STATUSES: dict[str, tuple[str, tuple[str, str] | None]] = {
    "pending": ("Needs 1 approval", None),
    "approved": ("Approved – sending to Paytend", None),
    "executing": ("Sending to Paytend…", ("in progress", "")),
    "executed": ("Completed", ("completed", "Completed.")),
    "failed": ("Failed – no money moved", ("failed", "no funds (Paytend 51)")),
    "unknown": ("Outcome unclear – checking with Paytend", ("no answer yet", "no answer")),
    "denied": ("Denied", None),
    "withdrawn": ("Withdrawn", None),
    "expired": ("Expired", None),
}


@pytest.mark.parametrize("status", STATUSES)
def test_the_message_says_where_the_request_is_and_what_became_of_it(small: ApprovalWorld, status: str) -> None:
    request = in_status(small, status)
    facts = small.message_facts(request)
    words, done = STATUSES[status]

    assert (facts["status"], facts["status_words"]) == (status, words)
    assert (facts["done"] and (facts["done"]["words"], facts["done"]["why"])) == done
    assert bool(facts["decide_by"]) is (status == "pending")
    assert bool(facts["execute_by"]) is (status == "approved")
    assert bool(facts["ended_at"]) is (status in ("executed", "failed", "denied", "withdrawn", "expired"))
    assert bool(facts["approved"]) is (status in ("approved", "executing", "executed", "failed", "unknown"))
    assert facts["approvals"] == ("1 of 1" if facts["approved"] else "0 of 1")


OTHER = {"card_id": "2", "money": "20.00 EUR"}


def test_the_message_says_who_approved_and_who_denied(small: ApprovalWorld) -> None:
    small.use(rules=(rule(quorum=2),))
    request = small.asks()
    small.decides(request, MARA)
    small.decides(request, MILO)
    facts = small.message_facts(request)

    assert [(row["by"], row["name"], row["verdict"], row["void"]) for row in facts["decisions"]] == [
        ("U0MARA", "Mara", "approve", False),
        ("U0MILO", "Milo", "approve", False),
    ]
    assert facts["approved"]["by"] == ["U0MARA", "U0MILO"]
    denied = small.decides(
        small.asks("20.00 EUR", snapshot=snapshot(card_id="2"), payload=OTHER), deny=" not agreed "
    )
    [row] = small.message_facts(denied)["decisions"]
    assert (row["verdict"], row["reason"]) == ("deny", "not agreed")
    assert small.message_facts(denied)["ended_because"] == "Denied by Mara: not agreed"


def test_the_message_says_what_two_people_settled(small: ApprovalWorld) -> None:
    request = in_status(small, "unknown")
    small.gives_up()
    assert small.message_facts(request)["status_words"] == "Outcome unclear – two people must check"
    small.settles(request, MARA, happened=True, reason=" seen in the portal ")
    small.settles(request, ADA, happened=True)
    facts = small.message_facts(request)

    assert [(row["by"], row["happened"], row["reason"]) for row in facts["settlements"]] == [
        ("U0MARA", True, "seen in the portal"),
        ("U0ADA", True, "seen in the portal"),
    ]
    assert facts["done"]["why"] == "Two people settled that it happened: seen in the portal"


def test_a_request_that_its_rule_allowed_does_not_say_that_somebody_approved_it(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="card.activate", name="activation", approvers=[], lifted=True),))
    small.card = snapshot(status="4")
    request = small.asks(action="card.activate", payload={"card_id": CARD, "holder_id": "H1"})
    facts = small.message_facts(request)

    assert facts["status_words"] == "No approval needed – sending to Paytend"
    assert (facts["approvals"], facts["approved"]) == ("none needed", None)
    assert facts["why_you"] == "no second person needed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "needs 1 manager, not the requester"),
        ({"quorum": 2}, "needs 2 managers, not the requester"),
        ({"approvers": ["manager", "admin"]}, "needs 1 manager or admin, not the requester"),
        (
            {"approvers": ["manager", "oncall"], "quorum": 2},
            "needs 2 managers or people on call, not the requester",
        ),
    ],
)
def test_the_message_says_why_you(small: ApprovalWorld, changes: dict[str, Any], words: str) -> None:
    small.members_by_account |= {"U0OTTO": person("U0OTTO", "oncall")}
    small.use(rules=(rule(**changes),))

    assert small.message_facts(small.asks())["why_you"] == words


def test_a_role_of_ones_own_is_called_what_it_is_called(small: ApprovalWorld) -> None:
    small.members_by_account |= {"U0TINA": person("U0TINA", "treasury")}
    small.use(rules=(rule(approvers=["treasury"]),))

    assert small.message_facts(small.asks())["why_you"].startswith("needs 1 treasury, ")


def test_the_message_shows_the_card_and_up_to_three_earlier_top_ups(small: ApprovalWorld) -> None:
    row = snapshot().earlier[0]
    small.card = snapshot(earlier=(row,) * 4, holder_id="H1")
    card = small.message_facts(small.asks())["card"]

    assert (card["id"], card["last_four"], card["holder"], card["holder_id"]) == (CARD, "4242", "Anna Kern", "H1")
    assert card["earlier"] == [{"at": "2026-11-01", "money": "5.00 EUR", "status": "done"}] * 3
    assert card["second"] is None


def test_balances_are_left_out_where_they_are_not_known_or_in_another_currency(small: ApprovalWorld) -> None:
    small.card = snapshot(balance="20.00 USDT", partner_balance=None)
    money = small.message_facts(small.asks("10.00 EUR"))["money"]

    assert (money["balance"], money["partner_balance"]) == (None, None)
    assert (money["amount"], money["limits"]) == ("10.00 EUR", [])


def test_limits_are_shown_with_their_windows_and_sums(small: ApprovalWorld) -> None:
    small.use(limits=(limit(window="30m", over="50.00 EUR"), limit(window="90m"), limit(window="48h")))
    limits = small.message_facts(small.asks("10.00 EUR"))["money"]["limits"]

    assert [row["window"] for row in limits] == ["30 min", "90 min", "48 h"]
    assert limits[0] == {
        "per": "card",
        "window": "30 min",
        "total": "10.00 EUR",
        "over": "50.00 EUR",
        "exceeded": False,
    }


def test_a_limit_in_another_currency_has_no_sum_and_counts_as_exceeded(small: ApprovalWorld) -> None:
    small.use(limits=(limit(over="1000.00 USD", then={"quorum": 2}),))
    [row] = small.message_facts(small.asks("10.00 EUR"))["money"]["limits"]

    assert (row["total"], row["over"], row["exceeded"]) == ("", "1,000.00 USD", True)


def test_a_replacement_shows_both_cards_and_what_approvers_must_know(small: ApprovalWorld) -> None:
    second = SecondCard(card_id="1755910", status="4", last_four="1910", holder_id="H1")
    small.card = snapshot(second=second)
    small.use(rules=(rule(action="card.replace", name="replacements"),))
    request = small.asks(action="card.replace", payload={"card_id": CARD, "new_card_id": "1755910"})
    facts = small.message_facts(request)

    assert facts["summary"] == "Replacement: Anna Kern •••• 4242 → card •••• 1910"
    assert facts["card"]["second"] == {
        "id": "1755910",
        "last_four": "1910",
        "status": "inactive",
        "holder": "H1",
    }
    assert len(facts["notes"]) == 2
    small.decides(request)
    assert small.message_facts(request)["notes"] == [], "they were for those who decide"


def test_how_a_cardholder_was_identified_is_shown(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="card.retrieve_password", name="passwords"),))
    asked = {"card_id": CARD, "identified": "video"}
    request = small.asks(action="card.retrieve_password", payload=asked)

    assert small.message_facts(request)["lines"] == [
        {"label": "Identity check", "text": "Identity document seen in a video call"}
    ]


def test_personal_data_is_named_but_shown_only_with_details_and_while_it_is_open(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="cardholder.update", name="changes"),))
    small.card = snapshot(subject="101982", card_id="", holder_id="101982", holder_name="", status="")
    request = small.asks(action="cardholder.update", payload=payload("cardholder.update").model_dump(mode="json"))
    facts = small.message_facts(request)

    assert facts["summary"] == "Cardholder update: 101982"
    assert facts["lines"][0] == {
        "label": "Private (open Details)",
        "text": "birthday, gender, nationality, address",
    }
    assert facts["has_private"]
    assert facts["card"]["status"] == ""
    assert "1980" not in str(facts)
    small.withdraws(request)
    assert not small.message_facts(request)["has_private"]
