"""Logs: one line per record, for a console or as JSON, through one filter that removes secrets."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from paytend.redaction import is_secret_name, mask_text

_TOKENS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|-----BEGIN[^-]*-----.*?-----END[^-]*-----", re.DOTALL)
# One record is one line, and no merchant's name moves the cursor of a terminal (A28).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
# Fields with these names are dropped whatever is in them: a body has more in it than any filter knows.
_BODIES = frozenset({"body", "content", "payload", "raw", "text", "blocks", "view", "token", "signature"})
REMOVED = "(removed)"
QUIET = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access")


def clean(value: Any) -> Any:
    """Return a value without tokens, keys, card numbers and line breaks."""
    match value:
        case bool() | int() | float() | None:
            # A card number may be logged as a number.
            return value if mask_text(str(value)) == str(value) else REMOVED
        case dict():
            return {str(clean(name)): _clean_field(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(inner) for inner in value]
        case _:
            text = mask_text(_TOKENS.sub(REMOVED, str(value)))
            return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def _clean_field(name: str, value: Any) -> Any:
    if is_secret_name(name) or name.lower() in _BODIES:
        return REMOVED
    return clean(value)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: _clean_field(name, value)
        for name, value in record.__dict__.items()
        if name not in _STANDARD and value is not None
    }


class LineFormatter(logging.Formatter):
    """Formats a record as one line of JSON, or for a console."""

    def __init__(self, form: Literal["console", "json"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = _facts(record)
        trace = clean(self.formatException(record.exc_info)) if record.exc_info else None
        event = clean(record.getMessage())
        if self._form == "json":
            line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "event": event, **facts}
            # `default`: a fact that JSON cannot write must not lose the whole line.
            return json.dumps(line | ({"trace": trace} if trace else {}), ensure_ascii=False, default=str)
        words = " ".join(f"{name}={value}" for name, value in facts.items())
        text = f"{at} {record.levelname:<7} {event} {words}".rstrip()
        return f"{text}\n{trace}".replace("\\x0a", "\n") if trace else text


def start_logging(form: Literal["console", "json"], *, stream: TextIO = sys.stderr) -> None:
    """Send everything through the filter to one stream; of libraries only warnings and errors."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(form))
    # `force`: a library may have set up a handler of its own, which would bypass the filter.
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # slack_bolt logs the whole body at INFO when a signature fails; httpx and APScheduler log every call.
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
