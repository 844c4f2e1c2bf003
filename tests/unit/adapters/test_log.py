"""Logs: one line per event, no secret, nothing forged."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from bot.adapters import log as logs

TOKEN = "ghs_" + "A1b2" * 10
STATELESS = "ghs_123456_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NTYifQ.c2lnbmF0dXJl-bytes_here"
LINES = "MIIEowIBAAKCAQEA0canary0\nsecondline0canary1"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{LINES}\n-----END RSA PRIVATE KEY-----"
HOOK = 'hook-"secret"-with quotes'
REDIS = "redis://user:hunter2@host:6379/0"
CANARIES = (TOKEN, STATELESS, "0canary0", "0canary1", 'hook-"secret"', 'hook-\\"secret', "hunter2")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)


def configured(*, console: bool) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level="INFO", console=console, secrets=(PEM, HOOK), process="web", stream=stream)
    return stream


def test_a_record_of_the_standard_library_is_one_json_object() -> None:
    stream = configured(console=False)

    logging.getLogger("some.library").warning("took %d ms", 5, extra={"route": "/x"})

    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("+00:00")
    assert event == {
        "event": "took 5 ms",
        "level": "warning",
        "logger": "some.library",
        "process": "web",
        "route": "/x",
    }


@pytest.mark.fault
@pytest.mark.parametrize("console", [False, True], ids=["json", "console"])
@pytest.mark.parametrize("secret", [TOKEN, STATELESS, PEM, HOOK, REDIS, f"Authorization: Bearer {STATELESS}"])
def test_kg4_no_secret_by_message_value_or_exception(console: bool, secret: str) -> None:
    """Every way into a log line: message, argument, extra value, nested value, exception, its cause."""
    stream = configured(console=console)
    logger = logging.getLogger("x")

    logger.warning(f"message {secret}")
    logger.warning("argument %s", secret)
    logger.warning("extra", extra={"value": secret, "nested": {"deep": [secret]}})
    try:
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise RuntimeError(f"wrapped {secret}") from error
    except RuntimeError:
        logger.exception("failed")
        sys.excepthook(*sys.exc_info())

    text = stream.getvalue()
    assert not [canary for canary in CANARIES if canary in text]
    assert "[redacted]" in text


@pytest.mark.parametrize("console", [False, True], ids=["json", "console"])
def test_untrusted_text_can_not_forge_a_line(console: bool) -> None:
    """Newlines, terminal commands and direction marks come out as visible escapes."""
    stream = configured(console=console)
    evil = "name\n2026-01-01 12:00:00 info forged\r\x1b[31m\u2028\u202eend"

    logging.getLogger("x").info(evil, extra={"branch": evil, "ke\ny": 1})

    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_a_traceback_on_the_console_can_not_look_like_a_line_of_ours() -> None:
    stream = configured(console=True)
    try:
        raise ValueError("x\n12:00:00 info     forged")
    except ValueError:
        logging.getLogger("x").exception("failed")

    first, *rest = stream.getvalue().splitlines()
    assert "failed" in first
    assert all(line.startswith("  | ") for line in rest)


def test_console_lines_are_short_and_quote_values_with_spaces() -> None:
    stream = configured(console=True)

    logging.getLogger("x").info("worker started", extra={"slot": 1, "why": "a b"})

    assert stream.getvalue()[8:] == ' info     worker started  slot=1 why="a b" process=web\n'


def test_uncaught_errors_of_threads_are_logged() -> None:
    stream = configured(console=False)

    def fail() -> None:
        raise ValueError(TOKEN)

    thread = threading.Thread(target=fail, name="canary")
    thread.start()
    thread.join()

    event = json.loads(stream.getvalue())
    assert event["thread_name"] == "canary"
    assert TOKEN not in stream.getvalue()


def test_an_interrupt_by_the_operator_is_not_logged_as_an_error() -> None:
    stream = configured(console=False)

    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert stream.getvalue() == ""


def test_short_secrets_do_not_mask_ordinary_words() -> None:
    assert logs.Redactor(["abc"])("abc abc") == "abc abc"


def test_an_unknown_level_is_info() -> None:
    logs.configure(level="NOISY", stream=io.StringIO())

    assert logging.getLogger().level == logging.INFO
