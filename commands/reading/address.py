"""An address as it is typed into a form, and whether Paytend delivers there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from approvals.refusals import Refusal
from commands.reading.countries import COUNTRIES
from paytend.models import City
from paytend.operations.encoding import Address

NO_CHOICE = "-"  # the value of an option that only says why there is nothing to choose
_LONGEST = {"line": 100, "line2": 100, "state": 50, "postcode": 20}
_WORDS = {"line": "Street and number are needed.", "postcode": "The postcode is needed."}
FIELDS = ("line", "line2", "country", "city", "state", "postcode")


class UnknownCity(Refusal):
    """Paytend doesn’t deliver to {city} in {country}. Choose a city from the list."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class AddressFields:
    """The inputs of an address as a form shows them; `city_action` names the country whose cities are offered."""

    line: str
    line2: str
    country: str
    country_name: str
    city: str
    city_name: str
    city_action: str
    state: str
    postcode: str


def fill_address(fields: Mapping[str, str], *, name_of_city: Callable[[str, str], str]) -> AddressFields:
    """Return the inputs with what was typed; `name_of_city` takes the codes of a country and a city."""
    country, city = fields.get("country", ""), fields.get("city", "")
    city = "" if city == NO_CHOICE else city
    return AddressFields(
        line=fields.get("line", ""),
        line2=fields.get("line2", ""),
        country=country,
        country_name=COUNTRIES.get(country, ""),
        city=city,
        city_name=name_of_city(country, city) if city else "",
        city_action=f"city_{country}",
        state=fields.get("state", ""),
        postcode=fields.get("postcode", ""),
    )


def read_address(fields: Mapping[str, str], wrong: dict[str, str], *, optional: bool = False) -> Address | None:
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
    return Address(
        line=typed["line"],
        line2=typed["line2"],
        city_code=typed["city"],
        state=typed["state"],
        postcode=typed["postcode"],
        country_code=typed["country"],
    )


def require_city(address: Address, cities: Iterable[City]) -> None:
    """Refuse an address in a city that is not among Paytend's; raises UnknownCity."""
    # What a select sends comes from outside like typed text, and Paytend's list may have changed meanwhile.
    if address.city_code not in {city.code for city in cities}:
        raise UnknownCity(city=address.city_code, country=address.country_code)
