"""Logs: one line per record, for a console or as JSON, through one filter that removes secrets."""

import json
import logging
import math
import re
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, TextIO

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError  # noqa: A004 - the pool's

from paytend.redaction import is_secret_name, mask_text
from storage.correlation import read_correlation

_log = logging.getLogger(__name__)

# A key whose end was cut off is one too.
_TOKENS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL)
# One record is one line, and no merchant's name moves the cursor of a terminal (A28).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # half a character cannot be written
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
# What the line itself says: a fact of the same name gets a "_" behind it.
_OF_THE_LINE = frozenset({"at", "level", "logger", "event", "correlation", "trace"})
# The last words of names of figures: nobody counts in card numbers, however many digits the figure has.
_FIGURES = frozenset(
    {"attempts", "bytes", "characters", "count", "failures", "known", "length", "lookups", "milliseconds", "new"}
    | {"out", "port", "removed", "rows", "seconds", "seq", "size", "total", "version"}
)
_LEAST_NUMBER = 10**12  # a smaller one cannot be a card number, and is not a body either
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
        case bool() | None:
            return value
        case float():
            if not math.isfinite(value):  # JSON has no such number
                return str(value)
            # One with a fraction, such as a duration, is not a card number.
            return value if value % 1 or mask_text(str(int(value))) == str(int(value)) else REMOVED
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
    is_number = isinstance(value, int)
    if is_number and abs(value) < 10**30 and name.lower().rpartition("_")[2] in _FIGURES:
        return value
    if is_secret_name(name) or (name.lower() in _BODIES and not (is_number and abs(value) < _LEAST_NUMBER)):
        return REMOVED
    return clean(value, depth=depth)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    given = [each for each in record.__dict__.items() if each[0] not in _STANDARD and each[1] is not None]
    return {
        f"{name}_" if name in _OF_THE_LINE else name[:LONGEST_TEXT]: _clean_field(name, value)
        for name, value in given[:MOST_VALUES]
    }


class LineFormatter(logging.Formatter):
    """Formats a record as one line of JSON, or for a console."""

    def __init__(self, form: Literal["console", "json"]) -> None:
        super().__init__()
        self.is_json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = _facts(record)
        if correlation := read_correlation():
            facts = {"correlation": clean(correlation)} | facts
        trace = self._read_trace(record)
        event = clean(_read_message(record))
        if self.is_json:
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
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit: the line is worth more than they are
        message = str(record.msg)
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


class _Handler(logging.StreamHandler[TextIO]):
    """Writes a line that says so where one could not be made, instead of a traceback that is not JSON."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        line = {"at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")}
        line |= {"level": "error", "logger": clean(record.name), "event": "log.line_not_made"}
        try:
            self.stream.write(json.dumps(line) + self.terminator)
        except (OSError, ValueError):  # nobody reads any more
            return


_make_record = logging.Logger.makeRecord


def _make_tolerant_record(self: logging.Logger, *given: Any, **named: Any) -> logging.LogRecord:
    """Make a record of facts whatever their names are; Python raises KeyError for `name`, `msg` and the like."""
    place = 8  # `extra`, by position as `Logger._log` gives it
    extra = given[place] if len(given) > place else named.get("extra")
    if extra:
        extra = {f"{name}_" if name in _STANDARD else name: value for name, value in extra.items()}
        if len(given) > place:
            given = (*given[:place], extra, *given[place + 1 :])
        else:
            named["extra"] = extra
    return _make_record(self, *given, **named)


def is_json() -> bool:
    """Whether everything that this process says goes to the log as JSON."""
    return any(
        isinstance(handler.formatter, LineFormatter) and handler.formatter.is_json
        for handler in logging.getLogger().handlers
    )


def log_uncaught() -> None:
    """Have what nobody catches, on any thread, become a line of the log, as tracebacks do that are caught."""

    def log(event: str, error: BaseException | None) -> None:
        _log.critical(event, exc_info=error)

    sys.excepthook = lambda _kind, error, _trace: log("process.broken", error)
    threading.excepthook = lambda broken: log("thread.broken", broken.exc_value)
    sys.unraisablehook = lambda broken: log("process.not_raised", broken.exc_value)


def start_logging(form: Literal["console", "json"], *, stream: TextIO = sys.stderr) -> None:
    """Send everything through the filter to one stream; of libraries only warnings and errors."""
    # On the class: modules have made their loggers by now, and libraries make their own.
    logging.Logger.makeRecord = _make_tolerant_record  # type: ignore[method-assign]  # logging offers no hook for it
    handler = _Handler(stream)
    handler.setFormatter(LineFormatter(form))
    handler.addFilter(_LibraryFilter())
    handler.addFilter(_OutageFilter())
    # `force`: a library may have set up a handler of its own, which would bypass the filter.
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)  # noqa: FBT003 - its only argument
    # httpx and APScheduler log every call: with the level set, they do not even make the record.
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
