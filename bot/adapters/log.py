"""Structured logs: one line per event, nothing forged, no secret in them.

All records, our own and those of libraries, go through the standard library's root logger to one
handler on stderr. The text that leaves is redacted as a whole, so it does not matter whether a
secret came in by the message, a value, or the text of an exception.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

from bot.adapters.redact import MARK, redact

# Everything that a terminal or a log reader could take for the end of a line or a command.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_NOT_VALUES = ("event", "level", "timestamp", "logger", "exception", "stack")


class Redactor:
    """Takes secrets out of text: those it is told, and whatever looks like one of GitHub's.

    Args:
        secrets: values known to be secret; a multi-line one (a PEM key) is known by its lines too.
            Values under 6 characters are left alone: they would mask ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            lines = (line for line in secret.splitlines() if "-----" not in line)
            for form in (secret, *lines):
                forms.update((form.strip(), json.dumps(form.strip())[1:-1], repr(form.strip())[1:-1]))
        known = sorted((form for form in forms if len(form) >= 6), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text with every secret replaced by a mask."""
        if self._known is not None:
            text = self._known.sub(MARK, text)
        return redact(text)


def escape(text: str) -> str:
    """One line: control and direction characters as visible escapes."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def printable(text: str) -> str:
    """Several lines kept as lines, all else as ``escape``."""
    return "\n".join(escape(line) for line in text.split("\n"))


def render_console(_logger: Any, _method: str, event: EventDict) -> str:
    """``12:00:00 info  event  key=value``; a traceback follows, each line with a bar before it."""
    stamp = str(event.get("timestamp", ""))[11:19]
    values = [f"{escape(str(key))}={_value(value)}" for key, value in event.items() if key not in _NOT_VALUES]
    line = f"{stamp} {event.get('level', ''):<8} {escape(str(event.get('event', '')))}"
    if values:
        line = f"{line}  {' '.join(values)}"
    for part in ("exception", "stack"):
        for text in str(event.get(part) or "").splitlines():
            line += f"\n  | {escape(text)}"
    return line


def _value(value: Any) -> str:
    text = escape(str(value))
    return f'"{text}"' if " " in text else text


def configure(
    *,
    level: str = "INFO",
    console: bool = False,
    secrets: Iterable[str] = (),
    process: str = "",
    stream: TextIO | None = None,
) -> Redactor:
    """Send all logs of this process to one handler; may be called again.

    Args:
        level: ``DEBUG``, ``INFO``, ``WARNING``, ``ERROR``; anything else counts as ``INFO``.
        console: lines for a person; otherwise one JSON object per line.
        secrets: values that must not appear.
        process: the role, added to every line.
        stream: stderr when None.
    """
    redactor = Redactor(secrets)
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _stamp,
    ]
    if process:
        shared.append(_named(process))
    renderer: Processor = render_console if console else structlog.processors.JSONRenderer(default=str)
    formatter = _Redacting(
        redactor,
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level if level in ("DEBUG", "INFO", "WARNING", "ERROR") else "INFO")
    # These libraries log each request or job with its arguments; ours say what matters.
    for name in ("urllib3", "rq", "rq.worker", "werkzeug", "alembic", "github"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    return redactor


class _Redacting(structlog.stdlib.ProcessorFormatter):
    def __init__(self, redactor: Redactor, **options: Any) -> None:
        super().__init__(**options)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor(super().format(record))


def _stamp(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    moment = datetime.fromtimestamp(record.created, UTC) if record else datetime.now(UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds")
    return event


def _named(process: str) -> Processor:
    def add(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    return add


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("plumbline").critical("uncaught error", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread else ""
        logging.getLogger("plumbline").critical(
            "uncaught error in a thread",
            exc_info=(args.exc_type, args.exc_value, args.exc_traceback),
            extra={"thread_name": name},
        )
