"""Somebody changed a repository that may hold the organisation's policy, or its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.config.organisation import ORGANISATION_PATH, is_organisations
from bot.model.events import Event
from bot.spec import on
from handlers.payloads import branch_of, text, value
from jobs.refresh_policy import RefreshPolicy

MOST_COMMITS = 2048
"""A push with more does not list them all. Source: GitHub Docs, webhook payload of ``push``."""


@on("push")
def refresh_pushed_policy(event: Event) -> list[RefreshPolicy]:
    """Read the policy anew when its default branch moved and the file may be among what changed."""
    payload = event.payload
    if not event.installation_id or not is_organisations(text(payload, "repository", "name")):
        return []
    default = text(payload, "repository", "default_branch")
    if not default or branch_of(text(payload, "ref")) != default or not _touches(payload):
        return []
    return [RefreshPolicy(installation_id=event.installation_id, repository_id=event.repository_id or 0)]


@on("repository", actions=("created", "edited", "renamed", "transferred"))
def refresh_moved_policy(event: Event) -> list[RefreshPolicy]:
    """The repository got or lost the name by which the policy is found, or has another default branch.

    One that is deleted, or taken from us, is forgotten first; the policy is read anew then.
    """
    payload = event.payload
    names = text(payload, "repository", "name"), text(payload, "changes", "repository", "name", "from")
    if not event.installation_id or not event.repository_id or not any(map(is_organisations, names)):
        return []
    if event.action == "edited" and value(payload, "changes", "default_branch") is None:
        return []
    return [RefreshPolicy(installation_id=event.installation_id, repository_id=event.repository_id)]


def _touches(payload: Any) -> bool:
    """The file was among the changed ones, or nobody can tell: commits are missing, or were thrown away."""
    commits = value(payload, "commits")
    if not isinstance(commits, list) or not 0 < len(commits) < MOST_COMMITS:
        return True
    if value(payload, "forced") is not False:
        return True
    return any(ORGANISATION_PATH in _files(commit) for commit in commits)


def _files(commit: Any) -> Iterable[str]:
    for kind in ("added", "modified", "removed"):
        listed = commit.get(kind) if isinstance(commit, dict) else None
        yield from (
            (path for path in listed or () if isinstance(path, str)) if isinstance(listed, list) else ()
        )
