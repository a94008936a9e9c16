"""`/holder`: look up, create and change a cardholder, send documents, and find Paytend's cities."""

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.written_ids import normalize_id
from commands.reading.arguments import TypedWords, guess, join_sign, misread, no_more, read_card_id
from commands.reading.countries import COUNTRIES, find_country, search
from commands.slash_command import ButtonValue, CallSender, Reply
from paytend import operations
from paytend.models import Cardholder, City

CITIES_PAGE = 10
ID_TYPES = {"passport": "2", "id": "1"}  # the codes of paytend-api.md a.4


@dataclass(frozen=True, kw_only=True)
class HolderSummary:
    """A cardholder as private answers show one, the id number masked; empty where Paytend says nothing."""

    holder_id: str
    name: str
    kyc: str
    kyc_code: str
    message: str
    document: str
    id_number: str
    nationality: str
    birthday: str
    mobile: str
    email: str


@dataclass(frozen=True, kw_only=True)
class HolderStatusReply(Reply, template="holder_status"):
    """A cardholder and the KYC state."""

    holder: HolderSummary


@dataclass(frozen=True, kw_only=True)
class HolderKnownReply(Reply, template="holder_known"):
    """What a form about a cardholder shows of them."""

    holder: HolderSummary


@dataclass(frozen=True, kw_only=True)
class HolderCreatedReply(Reply, template="holder_created"):
    """A new cardholder."""

    holder: HolderSummary


@dataclass(frozen=True, kw_only=True)
class CityRow:
    """A city that Paytend knows."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class HolderCitiesReply(Reply, template="holder_cities"):
    """Some of a country's cities; `shown` says which of them."""

    country: str
    text: str
    total: int
    rows: Sequence[CityRow]
    previous: ButtonValue | None
    next: ButtonValue | None
    shown: str


def read_status(typed: TypedWords) -> dict[str, str]:
    """Return the values by which a cardholder is asked for; raises Misread."""
    words = join_sign(typed.words)
    if len(words) == 2:
        id_type = ID_TYPES.get(words[0].lower())
        if id_type is None:
            raise misread(f"“{words[0][:40]}” is no document.", form=typed.form, guess=guess(words[0], ID_TYPES))
        return {"id_type": id_type, "id_number": normalize_id(words[1])[:40]}
    holder_id, rest = read_card_id(words, form=typed.form, of="cardholder")
    no_more(rest, form=typed.form)
    return {"holder_id": holder_id}


def read_holder(typed: TypedWords) -> dict[str, str]:
    """Return the only cardholder id as an input of a modal; raises Misread."""
    holder_id, rest = read_card_id(typed.words, form=typed.form, of="cardholder")
    no_more(rest, form=typed.form)
    return {"holder": holder_id}


def read_cities(typed: TypedWords) -> tuple[str, str]:
    """Return the country and what is looked for in it; raises Misread. A country may be named by several words."""
    words = typed.words
    if not words:
        raise misread("Which country?", form=typed.form)
    # The longest name first: the words after it are what is searched for. No country has more than five words.
    for length in range(min(len(words), 5), 0, -1):
        if (country := find_country(" ".join(words[:length]))) is not None:
            return country, " ".join(words[length:])
    near = guess(words[0], [name.lower() for name in COUNTRIES.values()])
    raise misread(f"“{words[0][:40]}” is no country.", form=typed.form, guess=near)


def cities(country: str, text: str, *, start: int, known: Sequence[City]) -> HolderCitiesReply:
    """Return ten of the cities that fit, and what is before and after them."""
    found = search(text, ((city, (city.name or "", city.code or "")) for city in known))
    # What was searched for keeps its order: names that begin with the text come first.
    found = found if text else sorted(found, key=lambda city: (city.name or "", city.code or ""))
    rows = found[start : start + CITIES_PAGE]
    here: ButtonValue = {"country": country, "text": text}
    return HolderCitiesReply(
        country=COUNTRIES.get(country, country),
        text=text,
        total=len(found),
        rows=[CityRow(code=city.code or "", name=city.name or "") for city in rows],
        previous={**here, "start": max(start - CITIES_PAGE, 0)} if start else None,
        next={**here, "start": start + CITIES_PAGE} if start + CITIES_PAGE < len(found) else None,
        shown=f"{start + 1} to {start + len(rows)} of {len(found)}" if rows else "",
    )


def known(holder_id: str, *, ask: CallSender) -> HolderKnownReply:
    """Return what a form about a cardholder shows of them."""
    holder = ask(operations.GET_CARDHOLDER(holder_id=holder_id))
    return HolderKnownReply(holder=summarize(holder, holder_id=holder_id))


def status(values: dict[str, str], *, ask: CallSender) -> HolderStatusReply:
    """Return the cardholder and the KYC state, the id number masked."""
    holder = ask(operations.GET_CARDHOLDER(**values))
    return HolderStatusReply(holder=summarize(holder))


def summarize(holder: Cardholder, *, holder_id: str = "") -> HolderSummary:
    """Return what a private answer about a cardholder shows; `holder_id` is what was asked for."""
    return HolderSummary(
        holder_id=holder.holder_id or holder_id,
        name=holder.name or "",
        kyc=holder.audit_status.text if holder.audit_status else "not told by Paytend",
        kyc_code=holder.audit_status or "",
        message=holder.message or "",
        document=holder.id_type.text if holder.id_type else "",
        id_number=mask_id_number(holder.id_number or ""),
        nationality=holder.nationality or "",
        birthday=holder.birthday or "",
        mobile=holder.mobile or "",
        email=holder.email or "",
    )


def mask_id_number(number: str) -> str:
    """Return the first two and last two characters of an id number of at least seven, else none of them."""
    # From seven on, at least three stay hidden; four characters of a shorter one would nearly give it away.
    return f"{number[:2]}{'•' * (len(number) - 4)}{number[-2:]}" if len(number) >= 7 else "•" * len(number)
