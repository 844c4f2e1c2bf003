"""What refusals mean: tables over status, headers and message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.adapters.github.errors import (
    Answer,
    accepted_permission,
    clean,
    exhausted_until,
    failure,
    http_date,
    limit_reached,
)
from bot.model.errors import (
    Gone,
    InstallationGone,
    Malformed,
    PermissionMissing,
    ReadOnly,
    Rejected,
    Unavailable,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def answer(status: int, message: object = "", **headers: str) -> Answer:
    body = json.dumps({"message": message}).encode()
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body, "GET /x")


def stamp(seconds: int) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


@pytest.mark.parametrize(
    ("headers", "message", "wait_s"),
    [
        pytest.param({"retry_after": "0"}, "", 1, id="zero is one second"),
        pytest.param({"retry_after": "999999999999"}, "", 86400, id="never more than a day"),
        pytest.param({"retry_after": "soon"}, "", 60, id="not a number"),
        pytest.param(
            {"retry_after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, "", 90, id="a date"
        ),
        pytest.param(
            {"x_ratelimit_remaining": "0", "x_ratelimit_reset": stamp(100)},
            "API rate limit exceeded",
            101,
            id="reset",
        ),
        pytest.param(
            {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "nonsense"},
            "API rate limit exceeded",
            60,
            id="reset that is no number",
        ),
        pytest.param(
            {"x_ratelimit_remaining": "0", "x_ratelimit_reset": stamp(10**7)},
            "API rate limit exceeded",
            60,
            id="reset beyond the hour",
        ),
        pytest.param(
            {"x_ratelimit_remaining": "0", "x_ratelimit_reset": stamp(10)},
            "You have exceeded a secondary rate limit.",
            60,
            id="secondary waits a minute at least",
        ),
        pytest.param(
            {
                "x_ratelimit_remaining": "0",
                "x_ratelimit_reset": stamp(3000),
                "date": format_datetime(NOW + timedelta(seconds=2400), usegmt=True),
            },
            "API rate limit exceeded",
            601,
            id="counted by GitHub's clock",
        ),
    ],
)
def test_the_date_of_a_limit(headers: dict[str, str], message: str, wait_s: int) -> None:
    """Waits are bounded on both sides and never in the past."""
    limit = limit_reached(answer(429, message, **headers), NOW)

    assert limit is not None
    assert limit.until == NOW + timedelta(seconds=wait_s)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Resource not accessible by integration"),
        (403, "Repository was archived so is read-only."),
        (404, "API rate limit exceeded"),
        (200, ""),
    ],
)
def test_what_is_no_limit(status: int, message: str) -> None:
    """Other refusals, and other statuses."""
    assert limit_reached(answer(status, message), NOW) is None


def test_the_bucket_of_a_primary_limit() -> None:
    """Search has its own hour."""
    primary = answer(403, "API rate limit exceeded for installation ID 1.", x_ratelimit_remaining="0")
    limit = limit_reached(primary, NOW, "search")

    assert limit is not None
    assert limit.resource == "search"


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({}, None),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": stamp(60)}, None),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": stamp(-60)}, None),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": stamp(60)}, NOW + timedelta(seconds=61)),
    ],
)
def test_nothing_left_is_known_before_the_refusal(headers: dict[str, str], until: datetime | None) -> None:
    """From an answer that was still given."""
    assert exhausted_until(answer(200, **headers), NOW) == until


@pytest.mark.parametrize(
    ("status", "message", "read", "write"),
    [
        (401, "Bad credentials", Unavailable, Unavailable),
        (403, "This installation has been suspended", InstallationGone, InstallationGone),
        (403, "Repository was archived so is read-only.", PermissionMissing, ReadOnly),
        (403, "Repository access blocked", Gone, Gone),
        (403, "Resource not accessible by integration", PermissionMissing, PermissionMissing),
        (404, "Not Found", Gone, Gone),
        (409, "Git Repository is empty.", Gone, Rejected),
        (410, "This issue was deleted", Gone, Gone),
        (418, "teapot", Malformed, Rejected),
        (422, "Validation Failed", Malformed, Rejected),
        (422, "No commit found for SHA: x", Gone, Gone),
        (451, "Unavailable", Gone, Gone),
    ],
)
def test_what_a_refusal_means(
    status: int, message: str, read: type[Exception], write: type[Exception]
) -> None:
    """For a read and for a write."""
    assert type(failure(answer(status, message), write=False)) is read
    assert type(failure(answer(status, message), write=True)) is write


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        (";,", None),
        ("issues=write", "issues: write"),
        ("contents=read,metadata=read", "contents: read and metadata: read"),
        ("pull_requests=read;issues=read", "pull_requests: read or issues: read"),
    ],
)
def test_the_permission_that_was_missing(told: str, expected: str | None) -> None:
    """In GitHub's words."""
    assert accepted_permission({"x-accepted-github-permissions": told}) == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"message": 5}', b"[" * 100_000])
def test_a_refusal_without_a_message(body: bytes) -> None:
    """Still a refusal, and its text says the status."""
    error = failure(Answer(404, {}, body, "GET /x"), write=False)

    assert isinstance(error, Gone)
    assert "404" in str(error)


def test_texts_from_outside_are_one_clean_line() -> None:
    """No forged log lines, no secrets, no flood."""
    text = clean("a\nb\x1b[31m\u202e ghs_" + "x" * 400)

    assert text == "a b [31m  [redacted]"
    assert len(clean("y" * 10_000)) == 300


@pytest.mark.parametrize("text", ["", "yesterday", "Wed, 99 Foo 2026 00:00:00 GMT"])
def test_what_is_no_http_date(text: str) -> None:
    """None, not an error."""
    assert http_date(text) is None


def test_an_http_date_without_a_zone_is_utc() -> None:
    """``-0000`` says no more than that."""
    assert http_date("Fri, 01 May 2026 12:00:00 -0000") == NOW
