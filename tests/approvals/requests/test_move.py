"""A move is made on the request as it was read, or not at all."""

from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from approvals.requests import stored
from approvals.requests.move import Overtaken, move
from approvals.tables import Request
from tests.approvals.world import ApprovalWorld


def withdraw(world: ApprovalWorld, request: Request, **read_before: Any) -> None:
    """Move it as it was read, with these values changed meanwhile."""
    with world.database.writing() as session:
        read = stored.find(session, request.id)
        for column, value in read_before.items():
            set_committed_value(read, column, value)
        move(session, world.context, read, "approval:withdrawn", actor="U0SAM", words="x", now=world.now)


@pytest.mark.parametrize("read_before", [{"version": 7}, {"id": "another"}])
def test_a_request_that_is_not_as_it_was_read_is_not_moved(
    small: ApprovalWorld, read_before: dict[str, object]
) -> None:
    request = small.asks()

    with pytest.raises(Overtaken):
        withdraw(small, request, **read_before)
    assert small.read(request).status == "pending"


def test_a_move_starts_from_its_own_status(small: ApprovalWorld) -> None:
    request = small.approved()

    with pytest.raises(Overtaken):
        withdraw(small, request)
    assert small.read(request).status == "approved"
