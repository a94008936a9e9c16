"""The five operations on cardholders, and the audit that nobody asks for through the API."""

import base64
import re
from typing import Any

from sandbox.paytend.books import Books
from sandbox.paytend.cities import CITIES, EEA
from sandbox.paytend.fields import Fields
from sandbox.paytend.records import FACE_PHOTO, FILE_TYPES, IDENTITY_FILES, AuditStatus, Holder, Notice
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.shown import audit_shown, holder_shown
from sandbox.paytend.switches import Modes

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes of an uploaded file before its Base64 encoding."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_ID_NO = re.compile(r"[A-Za-z0-9-]{6,20}")
_EMAIL = re.compile(r"[^@\s]{1,60}@[^@\s]{1,60}")
_SUFFIX = re.compile(r"\.(jpg|jpeg|png|pdf)", re.IGNORECASE)
_CHANGEABLE = ("birthday", "gender", "nationalityCode", "eeaAddress")


def create_cardholder(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Write a new cardholder, status 0 (pending)."""
    nationality = fields.matching("nationalityCode", pattern=_COUNTRY)
    id_type = fields.choice("idType", options=("1", "2"))
    if id_type == "1" and nationality not in EEA:
        raise PaytendRefusal(Reason.FIELD_WRONG, "idType")
    fields.text("firstName")
    holder = Holder(
        holder_id=books.new_holder_id(),
        first_name=fields.decoded("firstName"),
        last_name=fields.decoded("lastName"),
        mobile=fields.mobile("mobile"),
        email=fields.matching("email", pattern=_EMAIL),
        id_no=fields.matching("idNo", pattern=_ID_NO),
        id_type=id_type,
        birthday=fields.day("birthday").isoformat(),
        gender=fields.choice("gender", options=("1", "2")),
        nationality=nationality,
        address=fields.address("eeaAddress"),
    )
    if _by_document(books, id_no=holder.id_no, id_type=id_type):
        raise PaytendRefusal(Reason.HOLDER_EXISTS)
    books.holders[holder.holder_id] = holder
    return holder_shown(holder)


def update_cardholder(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Change birthday, gender, nationality or address; at least one."""
    holder = books.holder(fields.text("holderId"))
    if not any(fields.has(name) for name in _CHANGEABLE):
        raise PaytendRefusal(Reason.FIELD_MISSING, _CHANGEABLE[0])
    birthday = fields.day("birthday").isoformat() if fields.has("birthday") else holder.birthday
    gender = fields.choice("gender", options=("1", "2")) if fields.has("gender") else holder.gender
    nationality = holder.nationality
    if fields.has("nationalityCode"):
        nationality = fields.matching("nationalityCode", pattern=_COUNTRY)
    address = fields.address("eeaAddress") if fields.has("eeaAddress") else holder.address
    holder.birthday, holder.gender, holder.nationality, holder.address = (
        birthday,
        gender,
        nationality,
        address,
    )
    return holder_shown(holder)


def get_holder(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Find a cardholder by its id, or by the number and type of its document."""
    if fields.has("holderId"):
        return holder_shown(books.holder(fields.text("holderId")))
    found = _by_document(books, id_no=fields.text("idNo"), id_type=fields.text("idType"))
    if found is None:
        raise PaytendRefusal(Reason.HOLDER_UNKNOWN)
    return holder_shown(found)


def upload_document(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Note a document; identity document and face photo together start the review."""
    holder = books.holder(fields.text("holderId"))
    file_type = fields.choice("fileType", options=FILE_TYPES)
    suffix = fields.matching("suffix", pattern=_SUFFIX)
    try:
        content = base64.b64decode(fields.text("fileContent"), validate=True)
    except ValueError as error:
        raise PaytendRefusal(Reason.FIELD_WRONG, "fileContent") from error
    if len(content) > LARGEST_FILE:
        raise PaytendRefusal(Reason.FILE_TOO_LARGE)
    holder.documents.append((file_type, suffix, len(content)))
    uploaded = {kind for kind, _, _ in holder.documents}
    if holder.status is not AuditStatus.APPROVED and FACE_PHOTO in uploaded and IDENTITY_FILES & uploaded:
        holder.status, holder.error = AuditStatus.UNDER_REVIEW, ""
    return {"uploadStatus": 1, "errMsg": ""}


def get_cities(_books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Return a page of a country's cities; `start` counts pages from 1, unlike that of the transactions."""
    country = fields.matching("countryCode", pattern=_COUNTRY)
    page = fields.whole("start", least=1, most=1000, default=1)
    size = fields.whole("maxResult", least=1, most=30, default=30)
    cities = CITIES.get(country, ())
    shown = cities[(page - 1) * size : page * size]
    return {
        "total": len(cities),
        "cityList": [{"cityCode": code, "cityName": name, "countryCode": country} for code, name in shown],
    }


def audit(books: Books, holder_id: str, *, status: AuditStatus, error: str = "") -> Holder:
    """Decide about a cardholder, as Paytend's compliance people would; reported by webhook 2."""
    holder = books.holder(holder_id)
    holder.status, holder.error = status, error
    books.notices.append(Notice(kind="2", content=audit_shown(holder)))
    return holder


def _by_document(books: Books, *, id_no: str, id_type: str) -> Holder | None:
    for holder in books.holders.values():
        if (holder.id_no, holder.id_type) == (id_no, id_type):
            return holder
    return None
