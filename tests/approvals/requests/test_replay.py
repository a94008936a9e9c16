"""The events of a request are played again, and say what two people settled."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from approvals.requests.replay import replay
from approvals.tables import AuditEvent

BEGAN = datetime(2026, 11, 28, 10, tzinfo=UTC)


def make_events(*names: str) -> list[AuditEvent]:
    """Events of one request, each a move that counts the version up."""
    return [
        AuditEvent(
            seq=number,
            event=name,
            actor="U0ADMIN",
            subject="request:01k",
            facts=json.dumps({"version": number, "digest": "d", "settlement": f"mac {number}"}),
            happened_at=BEGAN + timedelta(minutes=number),
            previous="",
            hash="",
        )
        for number, name in enumerate(names, start=1)
    ]


@pytest.mark.parametrize(
    ("ends", "happened"),
    [
        (["execution:unknown", "execution:settled_happened"], True),
        (["execution:unknown", "execution:settled_not"], False),
        (["execution:failed", "execution:resettled_happened"], True),
        (["execution:executed", "execution:resettled_not"], False),
    ],
)
def test_a7_what_two_people_settled_is_what_the_last_of_them_said(ends: list[str], happened: bool) -> None:
    before = ("approval:opened", "approval:approved", "execution:claimed")

    assert replay(make_events(*before, *ends)).settled is happened
