"""Which pushes have the organisation's policy read anew."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Event
from handlers.events.organisation_policy import MOST_COMMITS, refresh_pushed_policy

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
    assert [item.key for item in work] in ([], ["policy:1"])
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
