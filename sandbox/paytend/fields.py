"""Reads the strings of a request's bizData, and refuses missing, wrong and unknown ones."""

import base64
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sandbox.paytend.cities import CITIES
from sandbox.paytend.refusals import PaytendRefusal, Reason

ADDRESS_FIELDS = ("addressLine", "addressLine2", "cityCode", "state", "postcode", "countryCode")
_ORDER_NO = re.compile(r"[A-Za-z0-9]{10,32}")
_MOBILE = re.compile(r"\+[0-9]{6,15}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fields:
    """The fields of one request; an absent one and an empty one are the same."""

    def __init__(self, biz_data: Mapping[str, Any]) -> None:
        self._biz_data = biz_data

    def only(self, known: Collection[str]) -> None:
        """Refuse names that the operation does not have."""
        unknown = sorted(set(self._biz_data) - set(known))
        if unknown:
            raise PaytendRefusal(Reason.FIELD_UNKNOWN, unknown[0])

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not empty."""
        return bool(self._biz_data.get(name, "") != "")

    def optional(self, name: str) -> str:
        """Return a text, "" when absent."""
        value = self._biz_data.get(name, "")
        if not isinstance(value, str):
            raise PaytendRefusal(Reason.FIELD_WRONG, name)
        return value

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        if not self.has(name):
            raise PaytendRefusal(Reason.FIELD_MISSING, name)
        return self.optional(name)

    def matching(self, name: str, *, pattern: re.Pattern[str]) -> str:
        """Return a text that the whole pattern matches."""
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise PaytendRefusal(Reason.FIELD_WRONG, name)
        return value

    def choice(self, name: str, *, options: Collection[str]) -> str:
        """Return a text that is one of the options."""
        value = self.text(name)
        if value not in options:
            raise PaytendRefusal(Reason.FIELD_WRONG, name)
        return value

    def whole(self, name: str, *, least: int, most: int, default: int) -> int:
        """Return a whole number within bounds; refused as a wrong page otherwise."""
        value = self.optional(name)
        if not value:
            return default
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
            raise PaytendRefusal(Reason.PAGE_WRONG, name)
        return int(value)

    def day(self, name: str) -> date:
        """Return a date written yyyy-MM-dd."""
        try:
            return date.fromisoformat(self.matching(name, pattern=_DATE))
        except ValueError as error:
            raise PaytendRefusal(Reason.FIELD_WRONG, name) from error

    def decoded(self, name: str) -> str:
        """Return the decoded text of a Base64 field, "" when the field is empty."""
        try:
            return base64.b64decode(self.optional(name), validate=True).decode()
        except ValueError as error:
            raise PaytendRefusal(Reason.FIELD_WRONG, name) from error

    def order_no(self) -> str:
        """Return an order number: 10 to 32 letters and digits."""
        return self.matching("orderNo", pattern=_ORDER_NO)

    def mobile(self, name: str) -> str:
        """Return a mobile number with its country code."""
        return self.matching(name, pattern=_MOBILE)

    def address(self, name: str) -> dict[str, str]:
        """Return an address in the clear; its lines travel in Base64, its city is one of getCities."""
        value = self._biz_data.get(name, "")
        if not value:
            raise PaytendRefusal(Reason.FIELD_MISSING, name)
        if not isinstance(value, dict):
            raise PaytendRefusal(Reason.FIELD_WRONG, name)
        inner = Fields(value)
        inner.only(ADDRESS_FIELDS)
        country = inner.text("countryCode")
        if inner.text("cityCode") not in dict(CITIES.get(country, ())):
            raise PaytendRefusal(Reason.FIELD_WRONG, "cityCode")
        inner.text("addressLine")
        inner.text("postcode")
        return {
            field: inner.decoded(field) if field.startswith("addressLine") else inner.optional(field)
            for field in ADDRESS_FIELDS
        }
