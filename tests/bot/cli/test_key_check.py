"""O1: keys that do not belong to the database are refused, by their ids, before anything is written with them."""

import base64
import hashlib

import pytest
from sqlmodel import delete, select

from approvals.audit import verification
from bot.cli.run import open_database
from bot.database.key_check import KeysDoNotFit
from bot.database.tables import KeyCheck
from bot.settings.environment import read_own_settings
from tests.bot.cli.conftest import KEYS, Operator

FIRST, SECOND, THIRD = KEYS


def id_of(key: str) -> str:
    return hashlib.sha256(base64.b64decode(key)).digest()[:4].hex()


def starts(operator: Operator) -> None:
    """Do what `cardops run` does with the database before it composes the bot."""
    for name, value in operator.environment.items():
        operator.patch.setenv(name, value)
    open_database(read_own_settings()).close()


def noted(operator: Operator) -> set[tuple[str, str]]:
    with operator.database().reading() as session:
        return {(row.use, row.key_id) for row in session.exec(select(KeyCheck))}


def forget_check_values(operator: Operator) -> None:
    """Make the database one of a time before there were check values."""
    with operator.database().writing() as session:
        session.connection().execute(delete(KeyCheck))


def events(operator: Operator) -> int:
    world = operator.world()
    with world.database.reading() as session:
        return verification.verify(session, key=world.context.audit_key).head.seq


def test_o1_the_first_start_notes_which_keys_the_database_needs(operator: Operator) -> None:
    starts(operator)

    assert noted(operator) == {("seals", id_of(FIRST)), ("signs", id_of(FIRST))}


def test_o1_another_key_is_refused_at_start_by_the_id_of_the_missing_one(operator: Operator) -> None:
    starts(operator)
    operator.uses_keys(SECOND)

    with pytest.raises(KeysDoNotFit) as refused:
        starts(operator)

    told = str(refused.value)
    assert id_of(FIRST) in told
    assert "CARDOPS_SECRET_KEYS" in told
    assert FIRST not in told
    assert SECOND not in told


@pytest.mark.parametrize("has_check_values", [True, False])
def test_o1_a_command_that_writes_is_refused_with_2_and_writes_nothing(
    operator: Operator, has_check_values: bool
) -> None:
    operator.world().asks()
    starts(operator)
    if not has_check_values:
        forget_check_values(operator)
    before = events(operator)
    operator.uses_keys(SECOND)

    for words in (("retention", "run"), ("keys", "rotate"), ("audit", "export"), ("deliveries", "retry", "--all")):
        status, _, err = operator.types(*words)
        assert (status, id_of(FIRST) in err) == (2, True), (words, err)
        assert "Traceback" not in err

    operator.uses_keys(FIRST)
    assert events(operator) == before


def test_o1_an_old_database_gets_its_check_values_when_its_trail_is_signed_with_these_keys(
    operator: Operator,
) -> None:
    operator.world().asks()
    forget_check_values(operator)

    starts(operator)

    assert noted(operator) == {("seals", id_of(FIRST)), ("signs", id_of(FIRST))}


def test_o1_an_old_database_does_not_take_the_wrong_keys_for_its_own(operator: Operator) -> None:
    operator.world().asks()
    forget_check_values(operator)
    operator.uses_keys(SECOND)

    with pytest.raises(KeysDoNotFit, match=id_of(FIRST)):
        starts(operator)

    assert noted(operator) == set()


def test_o1_keys_in_another_order_are_refused_with_the_order_that_is_right(operator: Operator) -> None:
    starts(operator)
    operator.uses_keys(FIRST, SECOND)

    with pytest.raises(KeysDoNotFit, match=f"(?s){id_of(FIRST)}.*last"):
        starts(operator)


def test_o1_a_key_that_has_sealed_is_needed_until_a_rotation_is_done(operator: Operator) -> None:
    operator.world().asks()
    starts(operator)
    operator.uses_keys(SECOND, FIRST)
    starts(operator)
    assert ("seals", id_of(FIRST)) in noted(operator)

    assert operator.types("keys", "rotate")[0] == 0

    assert noted(operator) == {("seals", id_of(SECOND)), ("signs", id_of(FIRST))}
    operator.uses_keys(FIRST)
    with pytest.raises(KeysDoNotFit, match=id_of(SECOND)):
        starts(operator)


def test_o1_a_new_audit_key_is_needed_from_then_on(operator: Operator) -> None:
    starts(operator)
    operator.environment["CARDOPS_AUDIT_KEYS"] = THIRD
    starts(operator)
    del operator.environment["CARDOPS_AUDIT_KEYS"]
    operator.patch.delenv("CARDOPS_AUDIT_KEYS")

    with pytest.raises(KeysDoNotFit, match=id_of(THIRD)) as refused:
        starts(operator)

    assert "CARDOPS_AUDIT_KEYS" in str(refused.value)


def test_o1_a_trail_that_was_passed_on_names_the_key_that_is_missing(operator: Operator) -> None:
    """Also without check values, when the database is one of a time before them."""
    operator.environment["CARDOPS_AUDIT_KEYS"] = THIRD
    assert operator.types("audit", "export")[0] == 0
    forget_check_values(operator)
    operator.environment["CARDOPS_AUDIT_KEYS"] = SECOND

    with pytest.raises(KeysDoNotFit, match="CARDOPS_AUDIT_KEYS"):
        starts(operator)


def test_o1_a_forged_last_event_does_not_keep_an_old_database_from_starting(small: Operator) -> None:
    world = small.world()
    world.asks()
    forget_check_values(small)
    with small.database().writing() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO audit_event SELECT max(seq) + 1, event, actor, subject, facts, happened_at, hash, "
            "substr(hash, 2) || '0' FROM audit_event WHERE seq = (SELECT max(seq) FROM audit_event)"
        )

    starts(small)

    assert ("signs", id_of(FIRST)) in noted(small)


def test_o1_a_key_that_is_lost_for_good_can_be_given_up(operator: Operator) -> None:
    operator.world().asks()
    starts(operator)
    operator.uses_keys(SECOND, FIRST)
    starts(operator)
    operator.uses_keys(FIRST)
    assert operator.types("retention", "run")[0] == 2

    status, said, _ = operator.types("keys", "give-up", id_of(SECOND))

    assert (status, id_of(SECOND) in said) == (0, True)
    starts(operator)
    assert operator.types("keys", "give-up", id_of(SECOND))[0] == 2  # nothing needs it any more


def test_o1_the_key_of_the_trail_is_not_given_up(operator: Operator) -> None:
    starts(operator)
    operator.uses_keys(SECOND)

    status, _, err = operator.types("keys", "give-up", id_of(FIRST))

    assert status == 2
    assert "trail" in err


@pytest.mark.parametrize("use", ["signs", "seals nothing"])
def test_o1_a_check_value_that_somebody_made_up_does_not_keep_the_bot_from_starting(
    operator: Operator, use: str
) -> None:
    operator.world().asks()
    starts(operator)
    with operator.database().writing() as session:
        row = KeyCheck(use=use, key_id="00c0ffee", proof="0" * 64, noted_at=operator.world().now)
        session.add(row)

    starts(operator)
    operator.uses_keys(SECOND)
    with pytest.raises(KeysDoNotFit, match=id_of(FIRST)):
        starts(operator)


def test_o1_the_keys_in_use_are_listed_by_their_ids(operator: Operator) -> None:
    starts(operator)
    operator.uses_keys(SECOND, FIRST)

    status, said, _ = operator.types("keys", "list")

    assert status == 0
    assert id_of(FIRST) in said
    assert id_of(SECOND) in said
    assert FIRST not in said


def test_o1_a_lost_key_is_noted_by_a_rotation_and_refused_at_the_next_start(operator: Operator) -> None:
    operator.uses_keys(THIRD, FIRST)
    operator.world().asks()
    operator.uses_keys(SECOND, FIRST)
    assert operator.types("keys", "rotate")[0] == 1

    with pytest.raises(KeysDoNotFit, match=id_of(THIRD)):
        starts(operator)

    assert operator.types("keys", "give-up", id_of(THIRD))[0] == 0
    starts(operator)
