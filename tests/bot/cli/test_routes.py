"""`cardops routes explain` says where a notice goes, and why."""

from tests.bot.cli.conftest import Operator

CONTENT = '{"tradeId": "T1", "tradeStatus": 6, "tradeSrc": "A", "currency": "EUR", "amount": "100"}'


def test_routes_are_explained_for_a_file_and_refused_for_what_is_none(operator: Operator) -> None:
    (operator.folder / "event.json").write_text(CONTENT)
    (operator.folder / "list.json").write_text("[]")

    status, out, _ = operator.types("routes", "explain", str(operator.folder / "event.json"))

    assert status == 0
    assert "transaction, status declined" in out
    assert "match route 1: every condition holds -> C0ONCALL" in out
    assert operator.types("routes", "explain", str(operator.folder / "list.json"))[0] == 2
    assert operator.types("routes", "explain", "0" * 26)[0] == 1
