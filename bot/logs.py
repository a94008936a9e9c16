"""Logs: one line per record, for a console or as JSON, through one filter that removes secrets."""

import json
import logging
import re
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, TextIO

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError  # noqa: A004 - the pool's

from paytend.redaction import is_secret_name, mask_text

# A key whose end was cut off is one too.
_TOKENS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL)
# One record is one line, and no merchant's name moves the cursor of a terminal (A28).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
# Fields with these names are dropped whatever is in them: a body has more in it than any filter knows.
_BODIES = frozenset({"body", "content", "payload", "raw", "text", "blocks", "view", "token", "signature"})
REMOVED = "(removed)"
QUIET = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access")
# Whose messages have whole bodies in them, behind words of their own.
TALKATIVE = ("slack_bolt", "slack_sdk")
_OWN_WORDS = re.compile(r"[\w ,.'-]{0,200}")
LONGEST_TEXT = 2_000  # characters of one value; of a traceback LONGEST_TRACE
LONGEST_TRACE = 8_000
LONGEST_LINE = 16_000
MOST_VALUES = 50  # of a list or an object
_OUTAGES = (OperationalError, InterfaceError, TimeoutError)  # of the database and its pool
_OUTAGE_PAUSE = 60.0  # seconds
_DEEPEST = 5  # levels of a fact
_CUT = 96  # characters that go with a cut, as a card number may be cut in two


def clean(value: Any, *, depth: int = 0) -> Any:
    """Return a value without tokens, keys, card numbers and line breaks, and not much of it where it is long."""
    match value:
        case bool() | float() | None:
            return value if mask_text(str(value)) == str(value) else REMOVED
        case int():
            # A card number may be logged as a number; a longer one would take long to write.
            return value if abs(value) < 10**30 and mask_text(str(value)) == str(value) else REMOVED
        case dict() | list() | tuple() | set() | frozenset() if depth == _DEEPEST:
            return "…"
        case dict():
            return {
                str(clean(name)): _clean_field(str(name), inner, depth=depth + 1)
                for name, inner in islice(value.items(), MOST_VALUES)
            }
        case list() | tuple() | set() | frozenset():
            return [clean(inner, depth=depth + 1) for inner in islice(value, MOST_VALUES)]
        case _:
            return _clean_text(str(value), most=LONGEST_TEXT)


def _clean_text(text: str, *, most: int) -> str:
    length = len(text)
    # Cut before it is searched: a megabyte of it would take a second.
    text = mask_text(_TOKENS.sub(REMOVED, text[:most]))
    if length > most:
        text = f"{text[:-_CUT]}… ({length} characters)"
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def _clean_field(name: str, value: Any, *, depth: int = 0) -> Any:
    if is_secret_name(name) or name.lower() in _BODIES:
        return REMOVED
    return clean(value, depth=depth)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    given = [each for each in record.__dict__.items() if each[0] not in _STANDARD and each[1] is not None]
    return {name[:LONGEST_TEXT]: _clean_field(name, value) for name, value in given[:MOST_VALUES]}


class LineFormatter(logging.Formatter):
    """Formats a record as one line of JSON, or for a console."""

    def __init__(self, form: Literal["console", "json"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = _facts(record)
        trace = self._read_trace(record)
        event = clean(_read_message(record))
        if self._form == "json":
            line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "event": event}
            more = facts | ({"trace": trace} if trace else {})
            # `default`: a fact that JSON cannot write must not lose the whole line.
            text = json.dumps(line | more, ensure_ascii=False, default=str)
            # Cutting it would leave something that is not JSON.
            short = line | {"characters_left_out": len(text)}
            return text if len(text) <= LONGEST_LINE else json.dumps(short, ensure_ascii=False)
        words = " ".join(f"{name}={value}" for name, value in facts.items())
        text = f"{at} {record.levelname:<7} {event} {words}".rstrip()[:LONGEST_LINE]
        return f"{text}\n{trace}".replace("\\x0a", "\n") if trace else text

    def _read_trace(self, record: logging.LogRecord) -> str | None:
        """Return the end of a traceback, which says what happened and where."""
        if not record.exc_info:
            return None
        trace = self.formatException(record.exc_info)
        return _clean_text(trace[-LONGEST_TRACE:], most=LONGEST_TRACE)


def _read_message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if not _is_of(record.name, TALKATIVE):
        return message
    found = _OWN_WORDS.match(message)
    return found.group().rstrip() if found else ""


def _is_of(name: str, loggers: Sequence[str]) -> bool:
    """Whether a logger is one of these or below one."""
    return any(name == logger or name.startswith(f"{logger}.") for logger in loggers)


class _LibraryFilter(logging.Filter):
    """Lets only warnings and errors of libraries pass, whatever levels their own loggers were given.

    Bolt gives each of its loggers the level of the root when it makes it, so a level set on `slack_bolt` alone
    does not hold for them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or not _is_of(record.name, QUIET)


class _OutageFilter(logging.Filter):
    """Lets one line a minute pass about a database that does not work, without its traceback.

    Every webhook, job and thread meets the same outage: a full disk made a megabyte of tracebacks a minute.
    """

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}
        self._left_out = 0
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, _OUTAGES):
            return True
        kind = type(error).__name__
        with self._lock:
            if record.created < self._next.get(kind, 0):
                self._left_out += 1
                return False
            self._next[kind] = record.created + _OUTAGE_PAUSE
            left_out, self._left_out = self._left_out, 0
        record.exc_info = record.exc_text = None
        record.error, record.says = kind, str(getattr(error, "orig", None) or error)[:200]
        record.left_out = left_out
        return True


def start_logging(form: Literal["console", "json"], *, stream: TextIO = sys.stderr) -> None:
    """Send everything through the filter to one stream; of libraries only warnings and errors."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(form))
    handler.addFilter(_LibraryFilter())
    handler.addFilter(_OutageFilter())
    # `force`: a library may have set up a handler of its own, which would bypass the filter.
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # httpx and APScheduler log every call: with the level set, they do not even make the record.
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
