"""Facts come back from the store as they went into it."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.model.alignment import (
    BranchPair,
    BranchPairs,
    PullRequestBase,
    PullRequestBases,
    Stacked,
    Stacks,
)
from bot.model.facts import Comparison, OpenPullRequests, PullRequest
from bot.model.guides import Guide
from bot.model.issues import OpenIssue, OpenIssues, Standing
from bot.model.organisation import ActionsPolicy, OrganisationOwners, OrganisationSettings
from bot.model.releases import PublishedRelease, Releases, Unreleased, Version, VersionTag
from bot.model.standard_files import FileCopy, StandardFiles
from bot.registry import load

AT = datetime(2026, 6, 1, tzinfo=UTC)
PULL = PullRequest(
    7, "open", True, "t", "main", "m", "b", "h", None, "x", AT, AT, review_decision="APPROVED", bot=True
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("open_pull_requests", OpenPullRequests((PULL,), more=True)),
        ("contributing_guide", Guide("CONTRIBUTING.md", 1)),
        ("conduct_guide", Guide("CODE_OF_CONDUCT.md", by_default=True)),
        ("standard_files", StandardFiles((FileCopy("all", "x", "a", "b", False, True),), ("all",), False)),
        ("open_issues", OpenIssues((OpenIssue(7, AT, Standing.OTHER, True, (Standing.BOT,)),), 9)),
        ("releases", Releases((PublishedRelease("v1", AT, "a", assets=("x",)),), VersionTag("v1", None))),
        ("unreleased", Unreleased(Version("v1", AT, "a"), 3)),
        (
            "branch_pairs",
            BranchPairs("main", (BranchPair("main", "dev", Comparison("a", "b", 1, 2, "c", AT)),), ("next",)),
        ),
        (
            "pull_request_bases",
            PullRequestBases("main", (PullRequestBase("b", None, False, True, 3, ((7, AT),)),), 1, True),
        ),
        ("stacks", Stacks((Stacked(8, "c", 7, "b", 2, False),), 3, True)),
        ("organisation_settings", OrganisationSettings(True, None)),
        ("actions_policy", ActionsPolicy("all", "selected", ("acme/*",), True)),
        ("organisation_owners", OrganisationOwners(3)),
    ],
)
def test_a_fact_is_kept_whole(name, value):
    """Tuples, moments, choices and what is not known."""
    assert thaw(load(plugins=False), freeze({name: value})) == {name: value}
