"""The policy under which the planned organisation is reported, and what its App may not read."""

from __future__ import annotations

from datetime import date

from bot.registry import load
from tests.truth.oracle import OF_ORGANISATIONS, OF_REPOSITORIES
from tests.truth.policy import GroupPlan, PolicyPlan, Wait

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
COVERED = OF_REPOSITORIES.keys() | OF_ORGANISATIONS.keys() - {"departed-owners"}
"""Checks that are on. That one tells of files of repositories that this policy leaves alone, too."""

LACKING = frozenset({"vulnerability_alerts", "repository_hooks", "organization_hooks"})

POLICY = PolicyPlan(
    groups=(
        GroupPlan("core | the rest stands on it", {"names": ["core-*"]}, {"licence": "critical"}),
        GroupPlan(
            "written by `writers`",
            {"teams": ["writers", "readers"], "visibility": "private"},
            waits=(Wait("reviews", "two people | and a `bot`", date(2026, 3, 1)),),
        ),
        GroupPlan("stable", {"topics": ["stable"]}, {"reviews": "low", "licence": "info"}, loud=True),
        GroupPlan("forks", {"fork": True}, off=("stale-branches", "merged-branches")),
        GroupPlan(
            "libraries",
            {"names": ["lib-*", "tool-*"]},
            {"templates": "high"},
            waits=(
                Wait("readme", "the writers are at it", date(2026, 1, 20)),
                Wait("deploy-keys", "until the new cluster is there", date(2026, 1, 20)),
                Wait("security-policy", "late", date(2025, 12, 31)),
                Wait("default-protected", "late as well", date(2025, 12, 30)),
            ),
        ),
    ),
    off=tuple(sorted(REGISTRY.checks.keys() - COVERED)),
    left_alone=(".github", "*-29[0-9]"),
    roll_up="health",
)
