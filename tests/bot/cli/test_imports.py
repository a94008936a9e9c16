"""`cardops import cards`: the whole file or nothing of it, and never a card number."""

from pathlib import Path

from sqlmodel import select

from bot.cards import search
from bot.database import card_index
from bot.database.tables import CardToken, KnownCard
from tests.bot.cli.conftest import KEYS, Operator

FIRST, SECOND, _ = KEYS
HEAD = "card_id,last_four,holder_id,name\n"


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "cards.csv"
    file.write_text(text, encoding="utf-8-sig")
    return str(file)


def found(operator: Operator, text: str) -> list[str]:
    world = operator.world()
    with world.database.reading() as session:
        return [card.card_id for card in search.find_cards(session, world.context.vault, text).cards]


def test_a_file_of_cards_is_known_afterwards_and_in_the_trail(operator: Operator, tmp_path: Path) -> None:
    rows = '1755902,5097,101982,Rūta Kazlauskaitė\n#1755903,,,"O\'Neill, Łukasz"\n'

    status, said, _ = operator.types("import", "cards", write(tmp_path, HEAD + rows))

    assert (status, said) == (0, "2 cards are known now.\n")
    assert found(operator, "ruta 5097") == ["1755902"]
    assert found(operator, "lukasz oneill") == ["1755903"]
    assert operator.world().events()[-1] == "cards:imported"


def test_with_a_fault_in_any_row_nothing_is_taken_and_no_cell_is_repeated(
    operator: Operator, tmp_path: Path
) -> None:
    rows = (
        "1755902,5097,101982,Rūta\n1755903,4111111111111111,,\n1755904,50,,\n,5097,,\n1755902,,,\n"
        "1755905,5097,1,2,3\n"
    )

    status, _, err = operator.types("import", "cards", write(tmp_path, HEAD + rows))

    assert status == 1
    assert "row 3: a whole card number is in it" in err
    assert "row 4: last_four is not four digits" in err
    assert "row 5: it has no card_id" in err
    assert "row 6: the card is there twice" in err
    assert "row 7: it has more cells than the head" in err
    assert "4111" not in err
    assert found(operator, "ruta") == []


def test_a_file_with_other_columns_or_of_another_kind_is_refused(operator: Operator, tmp_path: Path) -> None:
    assert operator.types("import", "cards", write(tmp_path, "card,pan\n1,2\n"))[0] == 1
    binary = tmp_path / "cards.bin"
    binary.write_bytes(b"\xff\xfe\x00")

    assert operator.types("import", "cards", str(binary))[0] == 2
    assert operator.types("import", "cards", str(tmp_path / "none.csv"))[0] == 2


def test_n9_after_a_rotation_cards_are_found_with_the_new_key_alone(operator: Operator, tmp_path: Path) -> None:
    operator.types("import", "cards", write(tmp_path, HEAD + "1755902,5097,101982,Rūta Kazlauskaitė\n"))
    operator.uses_keys(SECOND, FIRST)
    assert found(operator, "ruta") == ["1755902"]

    assert operator.types("keys", "rotate")[0] == 0

    operator.uses_keys(SECOND)
    world = operator.world()
    assert found(operator, "kazl 5097 ruta") == ["1755902"]
    with world.database.reading() as session:
        facts = session.exec(select(KnownCard.facts)).one()
        tokens = session.exec(select(CardToken)).all()
    assert len(tokens) == len(
        card_index.list_keys("1755902", card_index.open_facts(world.context.vault, "1755902", facts))
    )
