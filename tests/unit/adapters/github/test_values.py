"""Small pure pieces: narrowing, annotations, names, links, keys of answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.github.answers import comment, flag, listing, moment, number, optional, role, table, text
from bot.adapters.github.errors import Answer
from bot.adapters.github.tokens import _token_from_json, narrow
from bot.adapters.github.transport import link
from bot.adapters.github.writer import output, sendable
from bot.model.errors import Malformed
from bot.model.people import Role
from bot.model.reports import CheckRun, Conclusion

KINDS: list[Any] = [
    text,
    number,
    flag,
    lambda d, k, w: table(d, k, w),
    lambda d, k, w: listing(d, k, w),
    moment,
]


@pytest.mark.parametrize("read", KINDS)
@pytest.mark.parametrize("data", [{}, {"k": None}, {"k": 1.5}, [], None, "k"])
def test_required_keys(read: Any, data: Any) -> None:
    """Missing, null, of another type, or not an object at all."""
    with pytest.raises(Malformed, match="GET /x"):
        read(data, "k", "GET /x")


def test_optional_keys_may_be_missing_but_not_wrong() -> None:
    """Null and missing are the same."""
    assert optional({}, "k", str, "w") is None
    assert optional({"k": None}, "k", str, "w") is None
    with pytest.raises(Malformed):
        optional({"k": 1}, "k", str, "w")
    with pytest.raises(Malformed):
        optional({"k": True}, "k", int, "w")


@pytest.mark.parametrize("data", [{"k": 1}, None, "x"])
def test_the_answer_itself_must_be_a_list(data: Any) -> None:
    """An object for a list would look like an empty one."""
    with pytest.raises(Malformed):
        listing(data, "", "w")


@pytest.mark.parametrize("told", ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05"])
def test_times_are_utc(told: str) -> None:
    """With and without a zone."""
    assert moment({"k": told}, "k", "w") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "granted", "expected"),
    [
        pytest.param({"a": "write"}, {"a": "read"}, {"a": "read"}, id="less was granted"),
        pytest.param({"a": "read"}, {"a": "write"}, {"a": "read"}, id="less is wanted"),
        pytest.param({"a": "read"}, {"b": "write"}, {}, id="something else was granted"),
        pytest.param({"a": "read"}, {"a": "sometimes"}, {}, id="a level that is not known"),
        pytest.param({"a": "write"}, {"a": "admin"}, {"a": "write"}, id="more was granted"),
    ],
)
def test_narrowing(wanted: dict[str, str], granted: dict[str, str], expected: dict[str, str]) -> None:
    """Never more than wanted, never more than granted."""
    assert narrow(wanted, granted) == expected


@pytest.mark.parametrize(
    "plain",
    [b"", b"[]", b"{}", b'{"token": "t", "minted_at": 1e99, "expires_at": 0, "permissions": {}}', b"5"],
)
def test_a_cached_token_that_can_not_be_read(plain: bytes) -> None:
    """A miss, as another version may have written it."""
    assert _token_from_json(plain) is None


@pytest.mark.parametrize(
    ("header", "relation", "url"),
    [
        ('<https://h/x?page=2>; rel="next", <https://h/x?page=9>; rel="last"', "last", "https://h/x?page=9"),
        ('<https://h/x?page=2>; rel="next"', "prev", None),
        ("nonsense", "next", None),
        ("", "next", None),
    ],
)
def test_links(header: str, relation: str, url: str | None) -> None:
    """By relation."""
    assert link(Answer(200, {"link": header}, b"", "GET /x"), relation) == url


def test_the_note_about_refused_annotations_fits() -> None:
    """A summary of full length gives way to it."""
    run = CheckRun("n", "a" * 40, "e", Conclusion.SUCCESS, "t", "s" * 65_535)

    summary = output(run, (), 12)["summary"]

    assert len(summary) == 65_535
    assert summary.endswith("12 annotations could not be shown.")


def test_sendable_keeps_what_can_be_shown() -> None:
    """Tabs and line ends stay."""
    assert sendable("a\tb\r\nc\x00\x1b[0m\udcff") == "a\tb\r\nc[0m?"


@pytest.mark.fault
@pytest.mark.parametrize(
    ("permission", "role_name", "expected"),
    [
        pytest.param("none", "none", Role.NONE, id="none"),
        pytest.param("read", "read", Role.READ, id="read"),
        pytest.param("read", "triage", Role.TRIAGE, id="triage"),
        pytest.param("write", "write", Role.WRITE, id="write"),
        pytest.param("write", "maintain", Role.MAINTAIN, id="maintain"),
        pytest.param("admin", "admin", Role.ADMIN, id="admin"),
        pytest.param("read", "docs-team", Role.READ, id="a custom role on read"),
        pytest.param("write", "release-team", Role.WRITE, id="a custom role on write"),
        pytest.param("admin", "owners", Role.ADMIN, id="a custom role on admin"),
        pytest.param("read", "admin", Role.TRIAGE, id="a name above its level"),
        pytest.param("none", "admin", Role.NONE, id="a name without a level"),
        pytest.param("write", None, Role.WRITE, id="an old GHES tells no name"),
    ],
)
def test_kf1_roles_from_levels_and_names(permission: str, role_name: str | None, expected: Role) -> None:
    """No role counts for more than its level allows."""
    data = {"permission": permission, "role_name": role_name, "user": {"id": 9}}

    assert role(data, "w", 9) is expected
    assert role(data, "w", 10) is Role.NONE
    assert role({**data, "user": None}, "w", 9) is Role.NONE


def test_a_level_that_is_not_known_is_no_answer() -> None:
    """It may mean less than its name says."""
    with pytest.raises(Malformed, match="permission"):
        role({"permission": "super", "role_name": "admin", "user": {"id": 9}}, "w", 9)


def test_comments_of_deleted_accounts_have_no_author() -> None:
    """And one that does not say where it stands is no comment."""
    at = "2026-01-02T03:04:05Z"
    data = {
        "id": 7,
        "issue_url": "https://x/issues/5",
        "user": None,
        "body": None,
        "created_at": at,
        "updated_at": at,
    }
    found = comment(data, "w")

    assert (found.number, found.author_id, found.author, found.bot, found.body) == (5, 0, "", False, "")
    with pytest.raises(Malformed, match="issue_url"):
        comment({**data, "issue_url": "https://x/issues/"}, "w")
