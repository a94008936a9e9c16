"""Logs: one line a record, and no token, key, card number or body in it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest

from bot.logs import REMOVED, LineFormatter, clean, start_logging
from bot.threads import WorkerPool
from storage.correlation import correlated

CARD_NUMBER = "4111111111111111"
SECRETS = {
    "a bot token": "xoxb-123-456-abcDEF",
    "a user token": "xoxp-123-abc",
    "a configuration token": "xoxe.xoxp-1-Mi0yLTEy",
    "an app token": "xapp-1-A1-2-abcdef",
    "a key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "an RSA key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ\n-----END RSA PRIVATE KEY-----",
    "a card number": CARD_NUMBER,
    "a card number in groups": "4111 1111 1111 1111",
    "a card number with dashes": "4111-1111-1111-1111",
}


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def written(form: Literal["console", "json"], message: str, *args: object, **facts: object) -> str:
    record = logging.getLogger("tests").makeRecord(
        "tests", logging.INFO, "file", 1, message, args, None, extra=facts
    )
    return LineFormatter(form).format(record)


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_removed_wherever_it_stands(form: Literal["console", "json"], secret: str) -> None:
    for line in (
        written(form, f"before {secret} after"),
        written(form, "event %s", secret),
        written(form, "event", field=secret),
        written(form, "event", field={"deep": [{"deeper": (secret,)}]}),
        written(form, "event", field={secret: 1}),
        written(form, "event", field=ValueError(secret)),
    ):
        for part in secret.split("\n"):
            assert part not in line, line


@pytest.mark.parametrize("name", ["body", "payload", "text", "blocks", "token", "cvv", "PIN", "password", "raw"])
def test_what_holds_bodies_or_secrets_is_removed_by_its_name(name: str) -> None:
    assert "hello" not in written("json", "event", **{name: "hello"})
    assert "hello" not in written("json", "event", fact={name: {"x": "hello"}})


def test_a_card_number_as_a_number_is_removed_too() -> None:
    assert CARD_NUMBER not in written("json", "event", amount=int(CARD_NUMBER))
    assert json.loads(written("json", "event", amount=1200))["amount"] == 1200


def test_a_traceback_is_filtered_too() -> None:
    error = ValueError(f"xoxb-1-2-secret {CARD_NUMBER}")
    record = logging.LogRecord("t", logging.ERROR, "f", 1, "broken", None, (ValueError, error, None))

    for line in (LineFormatter("json").format(record), LineFormatter("console").format(record)):
        assert "ValueError" in line
        assert "xoxb" not in line
        assert CARD_NUMBER not in line


BREAKS = {
    "CR and LF": "a\r\nb",
    "an ANSI sequence": "a\x1b[31mb",
    "a NUL": "a\x00b",
    "Unicode's own line ends": "a\u2028b\u2029c\u0085d",
    "a backspace": "a\x08b",
}


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize("text", BREAKS.values(), ids=BREAKS)
def test_a_record_is_one_line_whatever_is_in_it(form: Literal["console", "json"], text: str) -> None:
    for line in (written(form, text), written(form, "event", field=text), written(form, "event", field={text: 1})):
        assert len(line.splitlines()) == 1
        assert line.isprintable()


def test_a_line_of_json_holds_event_level_time_and_facts() -> None:
    line = json.loads(written("json", "webhook.taken", kind="1", new=True, key=None, count=3, name_="x"))

    assert line["event"] == "webhook.taken"
    assert line["level"] == "info"
    assert line["at"].endswith("+00:00")
    assert (line["kind"], line["new"], line["count"]) == ("1", True, 3)
    assert "key" not in line


def test_a_line_for_the_console_reads_from_left_to_right() -> None:
    line = written("console", "webhook.taken", kind="1", new=True)

    assert line.endswith("INFO    webhook.taken kind=1 new=True")


def test_the_chatter_of_libraries_is_not_written() -> None:
    stream = io.StringIO()
    start_logging("json", stream=stream)

    logging.getLogger("httpx").info("HTTP Request: POST https://secret")
    logging.getLogger("slack_bolt.App").info("the whole body")
    logging.getLogger("apscheduler.executors").info("Running job")
    logging.getLogger("bot").info("ours")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours"]


@pytest.mark.parametrize("value", [0, 1, True, False, None, 1.5])
def test_plain_values_stay_what_they_are(value: object) -> None:
    assert clean(value) is value or clean(value) == value


def test_what_is_removed_is_said_to_be() -> None:
    assert clean({"cvv": "123"}) == {"cvv": REMOVED}


@pytest.mark.parametrize("name", ["event", "level", "logger", "at", "trace", "correlation"])
def test_o9_a_fact_does_not_take_the_place_of_what_the_line_says(name: str) -> None:
    line = json.loads(written("json", "webhook.taken", **{name: "mine"}))

    assert line["event"] == "webhook.taken"
    assert line["level"] == "info"
    assert line[f"{name}_"] == "mine"


@pytest.mark.parametrize("name", ["name", "msg", "args", "message", "asctime", "levelname", "exc_info", "event"])
def test_o9_a_fact_may_have_any_name(name: str) -> None:
    stream = io.StringIO()
    start_logging("json", stream=stream)

    logging.getLogger("bot.any").warning("webhook.taken", extra={name: "mine"})

    (line,) = [json.loads(each) for each in stream.getvalue().splitlines()]
    assert (line["event"], line["logger"], line["level"]) == ("webhook.taken", "bot.any", "warning")
    assert line[f"{name}_"] == "mine"


@pytest.mark.parametrize("name", ["seq", "count", "port", "left_out", "deliveries_count", "last_seq", "seconds"])
def test_o9_a_figure_is_no_card_number_however_many_digits_it_has(name: str) -> None:
    assert json.loads(written("json", "event", **{name: int(CARD_NUMBER)}))[name] == int(CARD_NUMBER)
    assert json.loads(written("json", "event", facts={name: int(CARD_NUMBER)}))["facts"][name] == int(CARD_NUMBER)
    assert CARD_NUMBER not in written("json", "event", **{name: CARD_NUMBER})


def test_o9_a_number_of_bodies_is_a_figure_and_a_pin_is_none() -> None:
    line = json.loads(
        written("json", "event", content=3, pin=1234, blocks=int(CARD_NUMBER), took=0.4111111111111111)
    )

    assert (line["content"], line["pin"], line["blocks"], line["took"]) == (
        3,
        REMOVED,
        REMOVED,
        0.4111111111111111,
    )
    assert clean(float(CARD_NUMBER)) == REMOVED


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud83d", {float("nan"): 1}, b"\xff", object()])
def test_o9_every_line_is_json_whatever_is_in_it(value: object) -> None:
    line = written("json", f"event {value}", fact=value)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(line.encode("utf-8"), parse_constant=refuse)["logger"] == "tests"


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_o9_warnings_libraries_and_arguments_that_do_not_fit_are_lines_of_json_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    start_logging("json", stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("an old\nway", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("slack_bolt.App").error("Failed")
    logging.getLogger("bot").info("%d of them", "x")
    logging.getLogger("bot").info("event", extra={"fact": Unprintable()})
    logging.getLogger("bot").error("broken", exc_info=ValueError("two\nlines"))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["logger"] for line in lines] == [
        "py.warnings",
        "uvicorn.error",
        "slack_bolt.App",
        "bot",
        "bot",
        "bot",
    ]
    assert capsys.readouterr().err == ""


def test_o9_the_id_of_the_work_is_on_every_line_and_goes_with_it_to_other_threads() -> None:
    stream = io.StringIO()
    start_logging("json", stream=stream)
    pool = WorkerPool("t", threads=1, most_waiting=1)

    with correlated("01ABC"):
        pool.submit(lambda: logging.getLogger("httpx").warning("elsewhere"))
        pool.stop()
        logging.getLogger("bot").info("here")
    logging.getLogger("bot").info("after")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("correlation") for line in lines] == ["01ABC", "01ABC", None]
