"""Each column of a guarded table is signed, frozen or written often, and known here as such."""

import pytest

from approvals.audit import row_macs
from approvals.database_guards import request_guards
from approvals.database_guards.guard import APPEND_ONLY, KEPT
from approvals.step_up import states
from approvals.tables import Request
from tests.attacks.statements import WRITTEN_OFTEN

# Frozen, and in no MAC: where its message went, which proves nothing, and the MAC itself.
_NOT_SIGNED = {"asked_in", "told", "mac"}
# What moves change. The replay of the trail, a MAC of its own or a guard of its own is about each.
_MOVED = {"status", "version", "approved_at", "execute_by", "ended_at", "approval_mac", "payload", "shown"}
_SIGNED = {
    "approval_decision": (*row_macs.DECISION_COLUMNS, "step_up"),
    "approval_voided_decision": row_macs.VOIDING_COLUMNS,
    "approval_settlement": row_macs.SETTLEMENT_COLUMNS,
    "stop": row_macs.STOP_COLUMNS,
    "stop_resumption": row_macs.RESUMPTION_COLUMNS,
    "passkey": states.PASSKEY_COLUMNS,
    "passkey_word": states.WORD_COLUMNS,
}


def columns(table: str) -> set[str]:
    return {column.name for column in Request.metadata.tables[table].columns}


def test_a2_what_is_frozen_of_a_request_is_signed_and_the_reverse() -> None:
    assert set(row_macs.REQUEST_COLUMNS) == set(request_guards.FROZEN) - _NOT_SIGNED


def test_a2_each_column_of_a_request_is_frozen_moved_or_written_often() -> None:
    known = {*request_guards.FROZEN, *_MOVED, *WRITTEN_OFTEN["approval_request"]}
    assert columns("approval_request") == known


@pytest.mark.parametrize("table", _SIGNED)
def test_a2_each_column_of_what_people_said_is_signed(table: str) -> None:
    assert columns(table) == {*_SIGNED[table], "mac"}


def test_a2_a_table_that_has_guards_is_only_added_to_or_known_here() -> None:
    assert set(KEPT) - set(APPEND_ONLY) == {
        "approval_request",
        "approval_execution",
        "key_rotation",
        "passkey_use",
    }
