"""What is typed into the forms about a cardholder: read and judged by field, without asking anybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from approvals.refusals import Refusal
from commands.reading.address import AddressFields, read_address
from commands.reading.countries import COUNTRIES, EEA
from commands.slash_command import ButtonValue, Choice, View, list_choices
from paytend.models.codes import Gender, IdType
from paytend.operations.encoding import Address

LONGEST_NAME = 60
_MOBILE = re.compile(r"\+[0-9]{6,15}")  # E.164 has at most 15 digits
_EMAIL = re.compile(r"[^@\s]{1,60}@[^@\s]{1,60}\.[^@\s]{1,20}")
_ID_NUMBER = re.compile(r"[A-Za-z0-9-]{6,20}")  # the lengths of a sibling API (a.1); this one names none
NATIONAL_ID = "1"


class NotBornYet(Refusal):
    """The birthday is in the future."""

    is_recorded = False


class NothingToChange(Refusal):
    """Nothing to change: every field is empty."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class HolderCreateView(View, template="holder_create.view"):
    """The form of a new cardholder."""

    metadata: ButtonValue
    first_name: str
    last_name: str
    birthday: str
    gender: str
    genders: Sequence[Choice]
    nationality: str
    nationality_name: str
    id_type: str
    id_types: Sequence[Choice]
    id_number: str
    mobile: str
    email: str
    place: AddressFields


@dataclass(frozen=True, kw_only=True)
class HolderUpdateView(View, template="holder_update.view"):
    """The form in which a change of a cardholder is asked for; `asking` is shown until Paytend answers."""

    metadata: ButtonValue
    asking: str
    birthday: str
    gender: str
    genders: Sequence[Choice]
    nationality: str
    nationality_name: str
    place: AddressFields
    reason: str


def make_create_form(fields: Mapping[str, str], *, place: AddressFields, channel: str) -> HolderCreateView:
    """Return the form of a new cardholder with what was typed."""
    nationality = fields.get("nationality", "")
    return HolderCreateView(
        metadata={"channel": channel},
        first_name=fields.get("first_name", ""),
        last_name=fields.get("last_name", ""),
        birthday=fields.get("birthday", ""),
        gender=fields.get("gender", ""),
        genders=list_choices(Gender.TEXTS),
        nationality=nationality,
        nationality_name=COUNTRIES.get(nationality, ""),
        id_type=fields.get("id_type", ""),
        id_types=list_choices(IdType.TEXTS),
        id_number=fields.get("id_number", ""),
        mobile=fields.get("mobile", ""),
        email=fields.get("email", ""),
        place=place,
    )


def make_update_form(
    fields: Mapping[str, str], *, holder_id: str, place: AddressFields, channel: str
) -> HolderUpdateView:
    """Return the form of a changed cardholder with what was typed."""
    nationality = fields.get("nationality", "")
    return HolderUpdateView(
        metadata={"channel": channel, "holder": holder_id},
        asking=say_asking(holder_id),
        birthday=fields.get("birthday", ""),
        gender=fields.get("gender", ""),
        genders=list_choices(Gender.TEXTS),
        nationality=nationality,
        nationality_name=COUNTRIES.get(nationality, ""),
        place=place,
        reason=fields.get("reason", ""),
    )


def say_asking(holder_id: str) -> str:
    """Return what a form about a cardholder shows until Paytend answers."""
    return f"Asking Paytend about cardholder {holder_id}…"


@dataclass(frozen=True, kw_only=True)
class NewCardholder:
    """A new cardholder as somebody typed one; the parameters of Paytend's operation."""

    mobile: str
    first_name: str
    last_name: str
    id_number: str
    id_type: str
    email: str
    birthday: date
    gender: str
    nationality: str
    address: Address


@dataclass(frozen=True, kw_only=True)
class TypedChanges:
    """Changes of a cardholder as somebody typed them; what is empty stays as it is."""

    gender: str = ""
    nationality: str = ""
    birthday: date | None = None
    address: Address | None = None

    def as_payload(self) -> dict[str, object]:
        """Return what changes as a part of the payload of `cardholder.update`."""
        changes: dict[str, object] = {}
        if self.gender:
            changes["gender"] = self.gender
        if self.nationality:
            changes["nationality"] = self.nationality
        if self.birthday is not None:
            changes["birthday"] = self.birthday.isoformat()
        if self.address is not None:
            changes["address"] = asdict(self.address)
        return changes


def read_new(fields: Mapping[str, str]) -> tuple[NewCardholder | None, dict[str, str]]:
    """Return the new cardholder, or what is wrong by field."""
    wrong: dict[str, str] = {}
    typed = {name: text.strip() for name, text in fields.items()}
    for name in ("first_name", "last_name"):
        if not 0 < len(typed.get(name, "")) <= LONGEST_NAME:
            wrong[name] = f"1 to {LONGEST_NAME} characters, as on the document."
    mobile = read_mobile(typed.get("mobile", ""), wrong, name="mobile")
    if not _EMAIL.fullmatch(typed.get("email", "")):
        wrong["email"] = "This is no e-mail address."
    number = re.sub(r"\s", "", typed.get("id_number", ""))  # documents print it in groups
    if not _ID_NUMBER.fullmatch(number):
        wrong["id_number"] = "6 to 20 letters and digits, as on the document."
    _check_codes(typed, wrong, needed=True)
    # With an invalid nationality, that is the one mistake to point out.
    if typed.get("id_type") == NATIONAL_ID and typed.get("nationality") not in EEA and "nationality" not in wrong:
        wrong["id_type"] = "ID cards: EEA nationals only. Choose the passport."
    birthday = _read_day(typed.get("birthday", ""), wrong, needed=True)
    address = read_address(fields, wrong)
    if wrong or address is None or birthday is None:
        return None, wrong
    new = NewCardholder(
        mobile=mobile,
        first_name=typed["first_name"],
        last_name=typed["last_name"],
        id_number=number,
        id_type=typed["id_type"],
        email=typed["email"],
        birthday=birthday,
        gender=typed["gender"],
        nationality=typed["nationality"],
        address=address,
    )
    return new, {}


def read_changes(fields: Mapping[str, str]) -> tuple[TypedChanges, dict[str, str]]:
    """Return what is to be changed of a cardholder, and what is wrong by field."""
    wrong: dict[str, str] = {}
    typed = {name: text.strip() for name, text in fields.items()}
    _check_codes(typed, wrong, needed=False)
    changes = TypedChanges(
        gender=typed.get("gender", ""),
        nationality=typed.get("nationality", ""),
        birthday=_read_day(typed.get("birthday", ""), wrong, needed=False),
        address=read_address(fields, wrong, optional=True),
    )
    if changes == TypedChanges() and not wrong:
        wrong["birthday"] = str(NothingToChange())
    return changes, wrong


def require_born(birthday: date, *, today: date) -> None:
    """Refuse a birthday in the future; raises NotBornYet."""
    if birthday >= today:
        raise NotBornYet


def read_mobile(text: str, wrong: dict[str, str], *, name: str) -> str:
    """Return a mobile number without spaces, and add what is wrong with it."""
    plain = re.sub(r"[\s().-]", "", text)
    if not _MOBILE.fullmatch(plain):
        wrong[name] = "With its country code, such as +370 612 34567."
    return plain


def _check_codes(typed: Mapping[str, str], wrong: dict[str, str], *, needed: bool) -> None:
    known = {"gender": Gender.TEXTS, "nationality": COUNTRIES, "id_type": IdType.TEXTS}
    for name, texts in known.items():
        value = typed.get(name, "")
        if value not in texts and (value or needed):
            wrong[name] = "Choose one from the list."


def _read_day(text: str, wrong: dict[str, str], *, needed: bool) -> date | None:
    if not text and not needed:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        wrong["birthday"] = "Choose the day."
        return None
    if day.year < 1900:
        wrong["birthday"] = "This is too long ago."
    return day
