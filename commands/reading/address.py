"""An address as it is typed into a form, and whether Paytend delivers there."""

from collections.abc import Iterable, Mapping

from approvals.refusals import Refusal
from commands.reading.countries import COUNTRIES
from paytend.models import City
from paytend.operations.encoding import Address

NO_CHOICE = "-"  # the value of an option that only says why there is nothing to choose
_LONGEST = {"line": 100, "line2": 100, "state": 50, "postcode": 20}
_WORDS = {"line": "Street and number are needed.", "postcode": "The postcode is needed."}
FIELDS = ("line", "line2", "country", "city", "state", "postcode")


class UnknownCity(Refusal):
    """Paytend does not deliver to the city {city} in {country}. Choose one from the list."""

    is_recorded = False


def read_address(
    fields: Mapping[str, str], wrong: dict[str, str], *, optional: bool = False
) -> dict[str, str] | None:
    """Return the address of a form, and add what is wrong by field; None when it is optional and not given."""
    typed = {name: fields.get(name, "").strip() for name in FIELDS}
    if optional and not any(typed.values()):
        return None
    for name, longest in _LONGEST.items():
        if len(typed[name]) > longest:
            wrong[name] = f"At most {longest} characters."
    wrong |= {name: words for name, words in _WORDS.items() if not typed[name]}
    if typed["country"] not in COUNTRIES:
        wrong["country"] = "Choose the country from the list."
    if typed["city"] in {"", NO_CHOICE}:
        wrong["city"] = "Choose the country first, then a city from its list."
    return {
        "line": typed["line"],
        "line2": typed["line2"],
        "city_code": typed["city"],
        "state": typed["state"],
        "postcode": typed["postcode"],
        "country_code": typed["country"],
    }


def require_city(address: Mapping[str, str], cities: Iterable[City]) -> None:
    """Refuse an address in a city that is not among Paytend's; raises UnknownCity."""
    if address["city_code"] not in {city.code for city in cities}:
        raise UnknownCity(city=address["city_code"], country=address["country_code"])


def make_address(address: Mapping[str, str]) -> Address:
    """Return the address as Paytend's operations take it."""
    return Address(**address)
