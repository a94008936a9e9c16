"""JSON as the wire needs it: what is refused, and the one form in which every value is written."""

from decimal import Decimal
from typing import Any

import pytest

from paytend.wire import strict_json
from paytend.wire.strict_json import NotStrictJson, Verbatim


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-7, "-7"),
        (2**63 - 1, "9223372036854775807"),
        (2**63, '"9223372036854775808"'),
        (-(2**63), "-9223372036854775808"),
        (-(2**63) - 1, '"-9223372036854775809"'),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.5"),
        (Decimal("100"), "100"),
        (Decimal("100.00"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.0"), "0"),
        (Decimal("0.00"), "0"),
        ("a/b", '"a/b"'),
        ('quo"te', '"quo\\"te"'),
        ("Žalė", '"Žalė"'),
        ("\x80\xa0", '"\\u0080\\u00a0"'),
        ("\u2028\u202f", '"\\u2028\\u202f"'),
        (Verbatim("QUJD"), '"QUJD"'),
        ({}, "{}"),
        ([], "[]"),
        ((), "[]"),
        ({"b": 1, "a": [1, 2, {"c": None}]}, '{"b":1,"a":[1,2,{"c":null}]}'),
        ((1, "x"), '[1,"x"]'),
    ],
)
def test_a_value_has_one_text(value: Any, text: str) -> None:
    assert strict_json.write(value) == text


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no JSON form"):
        strict_json.write({"a": {1}})


@pytest.mark.parametrize("text", ["9" * 40, "-" + "9" * 39, "0." + "1" * 398, "1e308", "1e-329", "0e999", "0.0"])
def test_numbers_up_to_the_bounds_are_read_exactly(text: str) -> None:
    assert strict_json.parse(text) == Decimal(text)


@pytest.mark.parametrize("text", ["9" * 41, "0." + "1" * 399, "1e309", "1e-330", "-1e309", "NaN", "-Infinity"])
def test_numbers_beyond_the_bounds_are_refused(text: str) -> None:
    with pytest.raises(NotStrictJson):
        strict_json.parse(text)


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null", '{"a":1,"a":1}', "", "{"])
def test_only_an_object_without_repetitions_is_one(text: str) -> None:
    with pytest.raises(NotStrictJson):
        strict_json.parse_object(text)


def test_a_text_that_no_database_takes_is_made_storable() -> None:
    assert strict_json.storable("a\0b") == "a\ufffdb"
    assert strict_json.storable("a\ud800b") == "a?b"
    assert strict_json.storable("Žalė") == "Žalė"
