"""What GitHub's refusals mean: from status, headers and message to our own errors.

Pure functions. Sources: GitHub Docs, "Rate limits for the REST API" and "Troubleshooting the REST
API". A refusal is never judged by its status alone: 403 is a limit, a missing permission, an
archived repository or a suspended installation, and only headers and message say which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bot.adapters.redact import redact
from bot.model.errors import (
    Gone,
    InstallationGone,
    LimitReached,
    Malformed,
    PermissionMissing,
    PlumblineError,
    ReadOnly,
    Rejected,
    Unavailable,
)

SECONDARY_WAIT = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=24)
_LONGEST_WINDOW = timedelta(minutes=65)

_SECONDARY = ("secondary rate limit", "abuse detection", "please retry your request again later")
_PRIMARY = "api rate limit exceeded"
_NO_PERMISSION = "not accessible by integration"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end.

    Args:
        headers: names in lower case.
        body: decompressed.
        what: method and path of the request, for messages.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    what: str
    url: str = ""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Malformed: it is not JSON, by its content type or its text.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise Malformed(f"{self.what} answered {kind or 'no content type'!r} instead of JSON")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"{self.what} answered JSON that can not be read: {clean(str(error))}") from error

    @property
    def message(self) -> str:
        """GitHub's ``message``, cleaned; empty when there is none."""
        data = self._object()
        message = data.get("message")
        return clean(message) if isinstance(message, str) else ""

    @property
    def details(self) -> str:
        """GitHub's ``message`` with the fields it complains about."""
        errors = self._object().get("errors")
        parts = [_field_error(e) for e in errors[:10]] if isinstance(errors, list) else []
        told = "; ".join(p for p in parts if p)
        return f"{self.message} ({told})" if told else self.message

    def _object(self) -> Mapping[str, Any]:
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}


def clean(text: str, limit: int = 300) -> str:
    """A text from outside on one line, without secrets, at most ``limit`` characters."""
    return redact("".join(c if c.isprintable() else " " for c in text[: limit * 4]))[:limit]


def limit_reached(answer: Answer, now: datetime, bucket: str = "core") -> LimitReached | None:
    """The limit that an answer speaks of, or None when it is about something else.

    Args:
        now: by our clock; waits are counted from GitHub's ``Date`` when it is told, so that a
            clock that is off does not shorten or stretch them.
        bucket: resource of the call, for primary limits.
    """
    if answer.status not in (403, 429):
        return None
    message = answer.message.lower()
    if _NO_PERMISSION in message:
        return None
    primary = message.startswith(_PRIMARY)
    secondary = any(phrase in message for phrase in _SECONDARY)
    exhausted = answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
    told = _retry_after(answer, now)
    if answer.status == 403 and not (primary or secondary or exhausted or told is not None):
        return None
    if told is not None:
        wait, resource = told, bucket if primary else "secondary"
    elif (primary or exhausted) and not secondary:
        wait, resource = _until_reset(answer, now) or SECONDARY_WAIT, bucket
    elif exhausted:
        wait, resource = max(_until_reset(answer, now) or SECONDARY_WAIT, SECONDARY_WAIT), "secondary"
    else:
        wait, resource = SECONDARY_WAIT, "secondary"
    if resource == "secondary" and "content creation" in message:
        resource = "content"
    until = now + min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
    detail = f"{answer.what} was refused ({answer.status}): {answer.message or 'limit reached'}"
    return LimitReached(detail, until=until, resource=resource)


def exhausted_until(answer: Answer, now: datetime) -> datetime | None:
    """When an answer that was given used up the last call of its hour: the reset, else None."""
    if answer.headers.get("x-ratelimit-remaining", "").strip() != "0":
        return None
    wait = _until_reset(answer, now)
    return now + min(wait, LONGEST_WAIT) if wait else None


def failure(answer: Answer, *, write: bool) -> PlumblineError:
    """The error that a refused call (4xx, no limit) means; see ``bot.model.errors``."""
    said = answer.details or f"status {answer.status}"
    detail = f"{answer.what}: {said}"
    if answer.status == 401:
        return Unavailable(f"{detail} (GitHub refused our credentials; check App id, key and clock)")
    if answer.status == 403:
        return _forbidden(answer, detail, write=write)
    if answer.status in (404, 410, 451) or said.startswith("No commit found"):
        return Gone(detail)
    if answer.status == 409 and "empty" in said.lower() and not write:
        return Gone(detail)
    if write:
        return Rejected(detail, status=answer.status)
    return Malformed(f"{detail} (status {answer.status})")


def ok(answer: Answer) -> Answer:
    """The answer to a read, when it is 2xx.

    Raises:
        PlumblineError: the one of ``failure``.
    """
    if answer.status >= 300:
        raise failure(answer, write=False)
    return answer


def _forbidden(answer: Answer, detail: str, *, write: bool) -> PlumblineError:
    message = answer.message.lower()
    if "suspended" in message:
        return InstallationGone(detail, suspended=True)
    if "archived" in message and write:
        return ReadOnly(detail)
    if "blocked" in message:
        return Gone(detail)
    return PermissionMissing(detail, permission=accepted_permission(answer.headers))


def accepted_permission(headers: Mapping[str, str]) -> str | None:
    """What ``X-Accepted-GitHub-Permissions`` asks for, as ``issues: write``; None when not told.

    A comma joins what is needed together, a semicolon separates alternatives.
    """
    told = clean(headers.get("x-accepted-github-permissions", "")).strip()
    if not told:
        return None
    ways = (
        " and ".join(part.strip().replace("=", ": ") for part in way.split(",") if part.strip())
        for way in told.split(";")
    )
    return " or ".join(way for way in ways if way) or None


def _field_error(error: object) -> str:
    if isinstance(error, str):
        return clean(error)
    if not isinstance(error, dict):
        return ""
    named = ".".join(str(error[k]) for k in ("resource", "field") if isinstance(error.get(k), str))
    why = error.get("message") or error.get("code") or ""
    return clean(f"{named}: {why}" if named else str(why))


def _retry_after(answer: Answer, now: datetime) -> timedelta | None:
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    moment = http_date(text)
    return moment - (server_time(answer.headers) or now) if moment else None


def _until_reset(answer: Answer, now: datetime) -> timedelta | None:
    text = answer.headers.get("x-ratelimit-reset", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    # The reset falls somewhere within its second, hence the one second more.
    moment = datetime.fromtimestamp(int(text), UTC) + timedelta(seconds=1)
    for present in (server_time(answer.headers), now):
        if present is not None and timedelta(0) < moment - present <= _LONGEST_WINDOW:
            return moment - present
    return None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """GitHub's own time, from ``Date``."""
    return http_date(headers.get("date", ""))


def http_date(text: str) -> datetime | None:
    """An HTTP date as aware UTC, None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
