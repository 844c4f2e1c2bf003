"""Turns GitHub's JSON into our values, with every key that matters checked.

A missing key or a wrong type is ``Malformed``: an answer that can not be trusted must never become
an empty truth ("not archived", "no branches").
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.model.errors import Malformed
from bot.model.facts import (
    About,
    Branch,
    Comparison,
    EntryKind,
    PullRequest,
    Release,
    Repository,
    TreeEntry,
    Visibility,
)
from bot.model.people import Comment, Role
from bot.model.reports import PublishedCheckRun, PublishedIssue
from bot.ports import HookDelivery

T = TypeVar("T")

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KINDS = {"120000": EntryKind.SYMLINK, "160000": EntryKind.SUBMODULE, "040000": EntryKind.DIRECTORY}
_LEVELS = {
    "none": (Role.NONE, Role.NONE),
    "read": (Role.READ, Role.TRIAGE),
    "write": (Role.WRITE, Role.MAINTAIN),
    "admin": (Role.ADMIN, Role.ADMIN),
}
"""Level -> the least and the most that a role of this level may be."""
_ROLES = {role.label: role for role in Role}
_MISSING = object()


def repository(data: Any, what: str) -> Repository:
    """A repository object, full or from a list; ``empty`` is not told there and stays False."""
    private = flag(data, "private", what)
    visibility = optional(data, "visibility", str, what)
    return Repository(
        id=number(data, "id", what),
        full_name=text(data, "full_name", what),
        default_branch=text(data, "default_branch", what),
        visibility=_visibility(visibility, private, what),
        archived=flag(data, "archived", what),
        disabled=flag(data, "disabled", what),
        fork=flag(data, "fork", what),
        has_issues=flag(data, "has_issues", what),
        node_id=optional(data, "node_id", str, what) or "",
        html_url=optional(data, "html_url", str, what) or "",
        pushed_at=_moment_or_none(data, "pushed_at", what),
        pages=bool(optional(data, "has_pages", bool, what)),
    )


def about(data: Any, what: str) -> About:
    """What a full repository object says of its page; a GHES without Pages does not tell of them."""
    topics = optional(data, "topics", list, what) or []
    if not all(isinstance(topic, str) for topic in topics):
        raise Malformed(f"{what}: `topics` is not a list of names")
    # Both keys are there even when nothing was written, and are null then.
    for key in ("description", "homepage"):
        if key not in table(data, "", what):
            raise Malformed(f"{what}: `{key}` is missing in the answer")
    return About(
        description=(optional(data, "description", str, what) or "").strip(),
        homepage=(optional(data, "homepage", str, what) or "").strip(),
        topics=tuple(topics),
        pages=bool(optional(data, "has_pages", bool, what)),
        language=optional(data, "language", str, what) or "",
    )


def release(data: Any, what: str) -> Release:
    """A published release."""
    return Release(
        tag=text(data, "tag_name", what),
        name=optional(data, "name", str, what) or "",
        notes=optional(data, "body", str, what) or "",
        published_at=_moment_or_none(data, "published_at", what),
    )


def files(data: Any, what: str) -> tuple[tuple[TreeEntry, ...], bool]:
    """All entries of a recursive tree but directories, sorted by path, and whether it was cut short."""
    entries = (_tree_entry(item, what, "", nested=True) for item in listing(data, "tree", what))
    found = sorted((e for e in entries if e.kind is not EntryKind.DIRECTORY), key=lambda e: e.path)
    return tuple(found), flag(data, "truncated", what)


def tree(data: Any, what: str, prefix: str) -> tuple[TreeEntry, ...]:
    """The entries of one directory, sorted by path; ``prefix`` is put before their names."""
    if flag(data, "truncated", what):
        raise Malformed(f"{what}: GitHub cut the directory short, it has too many entries")
    entries = (_tree_entry(item, what, prefix) for item in listing(data, "tree", what))
    return tuple(sorted(entries, key=lambda entry: entry.path))


def branch(data: Any, what: str) -> Branch:
    """One entry of a list of branches."""
    return Branch(
        name=text(data, "name", what),
        head=oid(table(data, "commit", what), "sha", what),
        protected=flag(data, "protected", what),
    )


def comparison(data: Any, what: str, base: str, head: str) -> Comparison:
    """The comparison of two commits that have a common one."""
    merge_base = table(data, "merge_base_commit", what)
    # The head itself is among what is told when it is the common commit or the first new one.
    told = [merge_base, *listing(data, "commits", what)]
    at = {oid(commit, "sha", what): _commit_date(commit, what) for commit in told}
    return Comparison(
        base=base,
        head=head,
        ahead=number(data, "ahead_by", what),
        behind=number(data, "behind_by", what),
        merge_base=oid(merge_base, "sha", what),
        merge_base_at=at[oid(merge_base, "sha", what)],
        head_at=at.get(head),
    )


def pull_request(data: Any, what: str) -> PullRequest:
    """A pull request, single or from a list (there without ``mergeable``)."""
    base, head = table(data, "base", what), table(data, "head", what)
    source = optional(head, "repo", dict, what)
    user = optional(data, "user", dict, what)
    return PullRequest(
        number=number(data, "number", what),
        state=text(data, "state", what),
        draft=bool(optional(data, "draft", bool, what)),
        title=text(data, "title", what),
        base_branch=text(base, "ref", what),
        base_sha=oid(base, "sha", what),
        head_branch=text(head, "ref", what),
        head_sha=oid(head, "sha", what),
        head_repository_id=number(source, "id", what) if source is not None else None,
        author=text(user, "login", what) if user is not None else "ghost",
        created_at=moment(data, "created_at", what),
        updated_at=moment(data, "updated_at", what),
        mergeable=optional(data, "mergeable", bool, what),
        merged=bool(optional(data, "merged", bool, what)) or data.get("merged_at") is not None,
        cross_repository=_from_fork(base, source, what),
        maintainer_can_modify=optional(data, "maintainer_can_modify", bool, what),
        bot=user is not None and optional(user, "type", str, what) == "Bot",
    )


def check_run(data: Any, what: str) -> PublishedCheckRun:
    """A check run as listed."""
    return PublishedCheckRun(
        id=number(data, "id", what),
        name=text(data, "name", what),
        head_sha=oid(data, "head_sha", what),
        external_id=optional(data, "external_id", str, what) or "",
        status=text(data, "status", what),
        conclusion=optional(data, "conclusion", str, what),
        annotations_count=number(table(data, "output", what), "annotations_count", what),
    )


def issue(data: Any, what: str) -> PublishedIssue:
    """An issue, single or from a list."""
    closed_by = optional(data, "closed_by", dict, what)
    return PublishedIssue(
        number=number(data, "number", what),
        title=text(data, "title", what),
        body=optional(data, "body", str, what) or "",
        state=text(data, "state", what),
        state_reason=optional(data, "state_reason", str, what),
        locked=bool(optional(data, "locked", bool, what)),
        closed_by=text(closed_by, "login", what) if closed_by is not None else None,
        labels=label_names(listing(data, "labels", what), what),
    )


def comment(data: Any, what: str) -> Comment:
    """A comment under an issue or pull request, single or from a list."""
    user = optional(data, "user", dict, what)
    number = text(data, "issue_url", what).rpartition("/")[2]
    if not (number.isascii() and number.isdigit()):
        raise Malformed(f"{what}: `issue_url` does not end in a number")
    return Comment(
        id=_required(data, "id", int, what),
        number=int(number),
        author_id=_required(user, "id", int, what) if user is not None else 0,
        author=text(user, "login", what) if user is not None else "",
        bot=user is not None and text(user, "type", what) == "Bot",
        body=optional(data, "body", str, what) or "",
        created_at=moment(data, "created_at", what),
        updated_at=moment(data, "updated_at", what),
    )


def role(data: Any, what: str, account_id: int) -> Role:
    """What ``collaborators/{login}/permission`` says of an account.

    ``permission`` knows four levels only, ``role_name`` the exact role. A custom role counts as the
    level that it is built on, and no role counts for more than its level allows.
    """
    user = optional(data, "user", dict, what)
    if user is None or number(user, "id", what) != account_id:
        return Role.NONE
    level = text(data, "permission", what)
    if level not in _LEVELS:
        raise Malformed(f"{what}: `permission` is not one that is known")
    least, most = _LEVELS[level]
    exact = _ROLES.get(optional(data, "role_name", str, what) or "", least)
    return min(exact, most)


def label_names(labels: list[Any], what: str) -> tuple[str, ...]:
    """The names in a list of labels, which GitHub gives as objects or as plain names."""
    return tuple(item if isinstance(item, str) else text(item, "name", what) for item in labels)


def hook_delivery(data: Any, what: str) -> HookDelivery:
    """One entry of the App's delivery log."""
    return HookDelivery(
        id=number(data, "id", what),
        guid=text(data, "guid", what),
        delivered_at=moment(data, "delivered_at", what),
        redelivery=flag(data, "redelivery", what),
        status_code=number(data, "status_code", what),
        event=text(data, "event", what),
        action=optional(data, "action", str, what) or "",
        installation_id=optional(data, "installation_id", int, what),
        repository_id=optional(data, "repository_id", int, what),
    )


def text(data: Any, key: str, what: str) -> str:
    """A required string."""
    return _required(data, key, str, what)


def number(data: Any, key: str, what: str) -> int:
    """A required whole number."""
    return _required(data, key, int, what)


def flag(data: Any, key: str, what: str) -> bool:
    """A required true or false."""
    return _required(data, key, bool, what)


def oid(data: Any, key: str, what: str) -> str:
    """A required object id: 40 or 64 hexadecimal digits."""
    value = text(data, key, what)
    if not is_oid(value):
        raise Malformed(f"{what}: `{key}` is not an object id")
    return value


def moment(data: Any, key: str, what: str) -> datetime:
    """A required time, as aware UTC."""
    value = text(data, key, what)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise Malformed(f"{what}: `{key}` is not a time") from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def table(data: Any, key: str, what: str) -> dict[str, Any]:
    """A required object; the key "" means the answer itself."""
    if not key:
        if not isinstance(data, dict):
            raise Malformed(f"{what}: the answer is not an object")
        return data
    return _required(data, key, dict, what)


def listing(data: Any, key: str, what: str) -> list[Any]:
    """A required list; the key "" means the answer itself."""
    if not key:
        if not isinstance(data, list):
            raise Malformed(f"{what}: the answer is not a list")
        return data
    return _required(data, key, list, what)


def optional(data: Any, key: str, kind: type[T], what: str) -> T | None:
    """A value that may be missing or null, but not of another type."""
    value = table(data, "", what).get(key)
    return None if value is None else _typed(value, key, kind, what)


def is_oid(value: str) -> bool:
    """40 or 64 lower-case hexadecimal digits."""
    return _OID.fullmatch(value) is not None


def _required(data: Any, key: str, kind: type[T], what: str) -> T:
    value = table(data, "", what).get(key, _MISSING)
    if value is _MISSING:
        raise Malformed(f"{what}: `{key}` is missing in the answer")
    return _typed(value, key, kind, what)


def _typed(value: Any, key: str, kind: type[T], what: str) -> T:
    # A bool is an int to Python, but an id of true is no id.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Malformed(f"{what}: `{key}` is {type(value).__name__} instead of {kind.__name__}")
    return value


def _moment_or_none(data: Any, key: str, what: str) -> datetime | None:
    return None if optional(data, key, str, what) is None else moment(data, key, what)


def _commit_date(commit: Any, what: str) -> datetime:
    return moment(table(table(commit, "commit", what), "committer", what), "date", what)


def _from_fork(base: dict[str, Any], source: dict[str, Any] | None, what: str) -> bool | None:
    target = optional(base, "repo", dict, what)
    if target is None:
        return None
    return source is None or number(source, "id", what) != number(target, "id", what)


def _visibility(name: str | None, private: bool, what: str) -> Visibility:
    if name is None:
        return Visibility.PRIVATE if private else Visibility.PUBLIC
    try:
        return Visibility(name)
    except ValueError as error:
        raise Malformed(f"{what}: `visibility` is not one that is known") from error


def _tree_entry(item: Any, what: str, prefix: str, *, nested: bool = False) -> TreeEntry:
    name = text(item, "path", what)
    if not name or ("/" in name and not nested):
        raise Malformed(f"{what}: an entry's name is empty or a path")
    kind = _KINDS.get(text(item, "mode", what).zfill(6), EntryKind.FILE)
    return TreeEntry(
        path=f"{prefix}/{name}" if prefix else name,
        kind=kind,
        oid=oid(item, "sha", what),
        size=optional(item, "size", int, what),
    )
