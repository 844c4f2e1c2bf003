"""Which pushes have the organisation's policy read anew."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Event
from handlers.events.organisation_policy import (
    MOST_COMMITS,
    refresh_moved_policy,
    refresh_pushed_policy,
)
from jobs.refresh_policy import RefreshPolicy

TOUCHES = {"added": [], "modified": ["plumbline.org.yml"], "removed": []}
OTHERS = {"added": ["a", 5], "modified": ["docs/plumbline.org.yml"], "removed": None}


def asked(name: str = ".github", default: Any = "main", **changes: Any) -> bool:
    """A push makes work."""
    payload: dict[str, Any] = {
        "installation": {"id": 1},
        "repository": {"id": 42, "name": name, "default_branch": default},
        "ref": "refs/heads/main",
        "forced": False,
        "commits": [OTHERS, TOUCHES],
    }
    work = refresh_pushed_policy(Event("push", "", "7:guid", payload | changes))
    assert work in ([], [RefreshPolicy(installation_id=1, repository_id=42)])
    return bool(work)


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        pytest.param(True, {}, id="modified"),
        pytest.param(True, {"name": ".GitHub-Private"}, id="the private one"),
        pytest.param(True, {"commits": [{"removed": ["plumbline.org.yml"]}]}, id="removed"),
        pytest.param(True, {"commits": [{"added": ["plumbline.org.yml"]}]}, id="added"),
        pytest.param(False, {"commits": [OTHERS]}, id="other files"),
        pytest.param(True, {"commits": [OTHERS], "forced": True}, id="history was rewritten"),
        pytest.param(True, {"commits": []}, id="no commits told"),
        pytest.param(True, {"commits": "x"}, id="commits of another type"),
        pytest.param(False, {"commits": [5, {"added": "plumbline.org.yml"}]}, id="strange commits"),
        pytest.param(True, {"commits": [OTHERS] * MOST_COMMITS}, id="more commits than are told"),
        pytest.param(False, {"commits": [OTHERS] * (MOST_COMMITS - 1)}, id="all commits are told"),
        pytest.param(False, {"name": "app"}, id="another repository"),
        pytest.param(False, {"ref": "refs/heads/topic"}, id="another branch"),
        pytest.param(False, {"ref": "refs/tags/main"}, id="a tag"),
        pytest.param(False, {"default": "", "ref": ""}, id="no branch"),
        pytest.param(False, {"default": 5}, id="branch of another type"),
        pytest.param(False, {"installation": {}}, id="no installation"),
    ],
)
def test_reads_it_anew_when_it_may_have_changed(expected: bool, changes: dict[str, Any]) -> None:
    """Pushes to the default branch of the repositories that may hold it."""
    assert asked(**changes) is expected


@pytest.mark.parametrize(
    ("expected", "action", "name", "changes"),
    [
        pytest.param(True, "renamed", "policies", {"repository": {"name": {"from": ".github"}}}, id="away"),
        pytest.param(True, "renamed", ".GitHub", {"repository": {"name": {"from": "x"}}}, id="towards"),
        pytest.param(False, "renamed", "b", {"repository": {"name": {"from": "a"}}}, id="another"),
        pytest.param(True, "created", ".github-private", None, id="from a template"),
        pytest.param(True, "transferred", ".github", {"owner": {}}, id="from another owner"),
        pytest.param(True, "edited", ".github", {"default_branch": {"from": "x"}}, id="another branch"),
        pytest.param(False, "edited", ".github", {"description": {"from": "x"}}, id="another description"),
    ],
)
def test_reads_it_anew_when_it_may_be_found_elsewhere(
    expected: bool, action: str, name: str, changes: Any
) -> None:
    """A file counts by the name of its repository, on its default branch."""
    payload = {"installation": {"id": 1}, "repository": {"id": 42, "name": name}, "changes": changes}

    work = refresh_moved_policy(Event("repository", action, "7:guid", payload))

    assert work == ([RefreshPolicy(installation_id=1, repository_id=42)] if expected else [])
