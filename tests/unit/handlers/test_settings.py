"""What no commit shows leads to a look at the repository."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Event, Lane
from bot.registry import load
from bot.spec import Submission
from jobs.scan_repository import ScanRepository

REGISTRY = load(plugins=False)
OURS = 4711
BASE = {"installation": {"id": 7}, "repository": {"id": 42, "default_branch": "main"}}


def works(name: str, action: str, **payload: Any) -> list[Any]:
    event = Event(name, action, "h:g", {**BASE, **payload}, OURS)
    return [work for handler in REGISTRY.handlers_for(event) for work in handler.function(event)]


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("branch_protection_rule", "edited"),
        ("repository_ruleset", "created"),
        ("dependabot_alert", "created"),
        ("release", "published"),
    ],
)
def test_a_setting_leads_to_a_look_when_there_is_time(name: str, action: str) -> None:
    """In the lane of sweeps: nobody waits for it."""
    scan = ScanRepository(installation_id=7, repository_id=42)

    assert works(name, action) == [Submission(scan, Lane.SWEEP)]


def test_a_ruleset_of_the_organisation_names_no_repository() -> None:
    """It waits for the sweep."""
    assert works("repository_ruleset", "created", repository=None) == []


def test_a_draft_of_a_release_is_no_news() -> None:
    """Nobody can see it."""
    assert works("release", "created") == []


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        pytest.param({"head_branch": "main", "app": {"id": 9}}, True, id="the default branch"),
        pytest.param({"head_branch": "work", "app": {"id": 9}}, False, id="another branch"),
        pytest.param({"head_branch": None, "app": {"id": 9}}, False, id="a fork"),
        pytest.param({"head_branch": "main", "app": None}, False, id="by nobody"),
        pytest.param({"head_branch": "main", "app": {"id": OURS}}, False, id="by us"),
    ],
)
def test_the_end_of_ci_is_news_on_the_default_branch(suite: Any, expected: bool) -> None:
    """Other branches, and our own checks, are none."""
    scan = ScanRepository(installation_id=7, repository_id=42)

    assert works("check_suite", "completed", check_suite=suite) == (
        [Submission(scan, Lane.SWEEP)] if expected else []
    )
