"""Truth as people write it in settings: `true` or `false`."""

from typing import Annotated, Any

from pydantic import BeforeValidator

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class NotAFlag(ValueError):
    """It must be true or false."""

    def __str__(self) -> str:
        """Say what it must be."""
        return str(self.__doc__)


def _read(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    # Not 1 and 0: a number where truth is expected is mostly a value that slipped to the wrong key.
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()]
    raise NotAFlag


Flag = Annotated[bool, BeforeValidator(_read)]
