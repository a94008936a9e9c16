"""The tables of approvals: what may be empty, what a new row says, what is unique and indexed."""

import types
import typing

import pytest
from sqlmodel import SQLModel

from approvals import tables
from approvals.tables import Execution, KeyRotation, Request
from tests.approvals.world import START

MODELS = [
    model
    for model in vars(tables).values()
    if isinstance(model, type) and issubclass(model, SQLModel) and model is not SQLModel
]
NAMES = {
    "Request": "approval_request",
    "Decision": "approval_decision",
    "VoidedDecision": "approval_voided_decision",
    "Execution": "approval_execution",
    "Settlement": "approval_settlement",
    "CardholderChange": "cardholder_change",
    "AuditEvent": "audit_event",
    "KeyRotation": "key_rotation",
    "RetentionPeriod": "retention_period",
    "Stop": "stop",
    "Resumption": "stop_resumption",
}
INDEXES = {
    "approval_request": {
        "ix_request_status": "status created_at id",
        "ix_request_requester": "requester_account created_at id",
        "ix_request_history": "created_at id",
        "ix_request_subject": "subject created_at id",
        "ix_request_requester_sum": "requester_account status ended_at",
        "ix_request_new_card": "new_card status",
        "ix_request_cardholder": "cardholder_id status",
        "ix_request_subject_sum": "subject status ended_at",
        "ix_request_decide_by": "status decide_by",
        "ix_request_execute_by": "status execute_by",
        "ix_request_remind_at": "status remind_at",
        "ix_request_kept": "ended_at",
        "ux_request_open": "subject action",
    },
    "approval_execution": {
        "ix_execution_next_look": "next_look_at",
        "ix_execution_claimed": "claimed_at",
        "ix_execution_contradicted": "request_id",
    },
    "approval_settlement": {"ix_settlement_request": "request_id id"},
    "stop_resumption": {"ix_stop_resumption": "stop_id id"},
    "cardholder_change": {"ix_cardholder_change": "cardholder_id changed_at"},
    "audit_event": {"ix_audit_subject": "subject seq", "ix_audit_contradicted": "seq"},
}
KEYS = {
    "approval_request": {"id"},
    "approval_decision": {"request_id", "person_id"},
    "approval_voided_decision": {"request_id", "person_id"},
    "approval_execution": {"request_id"},
    "approval_settlement": {"id"},
    "cardholder_change": {"id"},
    "audit_event": {"seq"},
    "key_rotation": {"id"},
    "retention_period": {"number"},
    "stop": {"id"},
    "stop_resumption": {"id"},
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_column_may_be_empty_exactly_where_its_field_may_be_none(model: type[SQLModel]) -> None:
    table = SQLModel.metadata.tables[NAMES[model.__name__]]
    hints = typing.get_type_hints(model)

    for column in table.columns:
        optional = types.NoneType in typing.get_args(hints[column.name])
        assert column.nullable is optional, column.name


def test_tables_keys_and_indexes_are_called_as_in_the_databases_that_exist() -> None:
    assert {model.__name__ for model in MODELS} == NAMES.keys()
    for name in NAMES.values():
        table = SQLModel.metadata.tables[name]
        found = {str(index.name): " ".join(column.name for column in index.columns) for index in table.indexes}
        assert found == INDEXES.get(name, {}), name
        assert {column.name for column in table.primary_key.columns} == KEYS[name], name
        owned = {column.name for column in table.columns if column.foreign_keys}
        assert owned == ({"request_id"} if "request_id" in table.columns else set()), name


def test_one_request_is_open_for_a_subject_and_an_action_and_references_are_unique() -> None:
    table = SQLModel.metadata.tables["approval_request"]
    [unique] = [index for index in table.indexes if index.unique]
    condition = "status IN ('pending', 'approved', 'executing', 'unknown')"

    assert unique.name == "ux_request_open"
    for database in ("sqlite", "postgresql"):
        assert str(unique.dialect_options[database]["where"]) == condition
        [kept] = [index for index in table.indexes if index.name == "ix_request_kept"]
        assert str(kept.dialect_options[database]["where"]) == "length(payload) > 0 AND ended_at IS NOT NULL"
    assert table.columns["reference"].unique
    assert SQLModel.metadata.tables["audit_event"].columns["seq"].autoincrement is False


def test_a_new_row_says_that_nothing_has_happened_yet() -> None:
    execution = Execution(request_id="1", lease="2", lease_until=START, claimed_at=START)
    assert (execution.attempts, execution.looks) == (1, 0)
    texts = (execution.outcome, execution.words, execution.provider_reference, execution.answer)
    assert texts == ("",) * 4
    moments = (execution.sent_at, execution.finished_at, execution.unknown_since, execution.next_look_at)
    assert (*moments, execution.gave_up_at) == (None,) * 5
    rotation = KeyRotation(id="1", to_key=b"k", started_at=START)
    assert (rotation.resealed, rotation.finished_at) == (0, None)
    fields = Request.model_fields
    assert (fields["reminded"].default, fields["reason"].default) == (0, "")
    assert (fields["currency"].default, fields["amount_minor"].default) == (None, None)
