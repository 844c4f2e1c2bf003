"""The score of a repository that was judged: for its readers, and to be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from bot.engine.scoring import Known, sample, scored, subject_of
from bot.model.commits import RecentCommit, RecentCommits
from bot.model.facts import Repository, Visibility
from bot.model.scores import Cause, Point, Score
from bot.model.verdicts import Audience, Severity
from bot.ports import Sample, StoredVerdict
from bot.registry import Registry

NOW = datetime(2026, 3, 14, tzinfo=UTC)
TODAY = NOW.date()
REPOSITORY = Repository(42, "acme/app", "main", visibility=Visibility.PUBLIC)
CHECKS = {
    "licence": SimpleNamespace(family="community", audience=Audience.PUBLIC),
    "pinned-actions": SimpleNamespace(family="ci", audience=Audience.PUBLIC),
    "alerts": SimpleNamespace(family="security", audience=Audience.RESTRICTED),
}
REGISTRY = cast("Registry", SimpleNamespace(checks=MappingProxyType(CHECKS)))


def verdict(check: str = "licence", outcome: str = "pass", **other: Any) -> StoredVerdict:
    return StoredVerdict(check, outcome, int(Severity.MEDIUM), "s", (), 1, "aaa", NOW, NOW, outcome, **other)


ALL = (verdict(), verdict("pinned-actions", "fail"), verdict("alerts", "fail"))


@pytest.mark.parametrize(
    ("visibility", "value", "families"),
    [
        pytest.param(Visibility.PUBLIC, 50, ["ci", "community"], id="public checks alone"),
        pytest.param(Visibility.PRIVATE, 33, ["ci", "community", "security"], id="all of them"),
    ],
)
def test_readers_see_the_score_of_what_they_may_see(
    visibility: Visibility, value: int, families: list[str]
) -> None:
    """On a public repository a number would tell of restricted checks."""
    repository = replace(REPOSITORY, visibility=visibility)
    found = scored(REGISTRY, repository, Known((), ALL, {}), TODAY)

    assert value == found.score.value
    assert families == [name for name, _ in found.families]
    assert found.change is None
    assert found.trend == (Point(TODAY, value),)


def test_a_check_that_exists_no_more_is_nobodys_to_see() -> None:
    """Whether it was public can not be known."""
    found = scored(REGISTRY, REPOSITORY, Known((verdict("gone", "fail"), verdict()), (verdict(),), {}), TODAY)

    assert found.change is not None
    assert (100, 100) == (found.change.before, found.change.after)


def test_the_trend_is_of_the_same_readers_and_ends_today() -> None:
    """One point a day; a day without a score has none."""
    days = [TODAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    kept = [
        Sample(days[0], Score(1, 2, 2, 2), Score(9, 10, 10, 10)),
        Sample(days[1], Score(1, 2, 2, 2), Score()),
        Sample(days[2], Score(1, 2, 2, 2), Score(8, 10, 10, 10)),
        Sample(days[3], Score(1, 2, 2, 2), Score(1, 10, 10, 10)),
    ]
    found = scored(REGISTRY, REPOSITORY, Known((), ALL, {}, kept), TODAY)

    assert found.trend == (Point(days[0], 90), Point(days[2], 80), Point(TODAY, 50))


def test_tells_why_the_score_moved() -> None:
    """By the causes that the deltas give."""
    before = (verdict(), verdict("pinned-actions"))
    causes = {"pinned-actions": Cause.RULE}
    found = scored(REGISTRY, REPOSITORY, Known(before, ALL, causes), TODAY)

    assert found.change is not None
    assert ((Cause.RULE, -50),) == found.change.parts


def test_what_is_kept_counts_everything_but_exemptions_and_what_is_off() -> None:
    """Both scores, and how many findings and unknowns there are."""
    verdicts = (
        *ALL,
        replace(verdict("licence-2", "fail"), exempt_until=date(2026, 4, 1)),
        replace(verdict("old", "fail"), off=True),
        replace(verdict("unread", "unknown")),
        replace(verdict("stale", "pass"), last_outcome="error"),
    )
    kept = sample(REGISTRY, verdicts, TODAY, 0.4)

    assert (4 * 2, 4 * 4, 4 * 3, 4 * 5, 1) == (
        kept.score.passed, kept.score.judged, kept.score.known, kept.score.asked, kept.score.exempted,
    )  # fmt: skip
    assert (kept.public.passed, kept.public.judged) == (4, 8)
    assert (kept.findings, kept.unread, kept.points, kept.day) == (2, 2, 0.4, TODAY)


@pytest.mark.parametrize(
    ("facts", "subject"),
    [
        pytest.param({}, "", id="not read"),
        pytest.param({"recent_commits": object()}, "", id="unknown"),
        pytest.param({"recent_commits": RecentCommits(())}, "", id="none"),
    ],
)
def test_no_subject_where_none_was_read(facts: dict[str, object], subject: str) -> None:
    """And nothing is asked for it."""
    assert subject == subject_of(facts, "aaa")


def test_the_subject_of_the_commit_that_was_judged() -> None:
    """Not of a newer one."""
    commits = [RecentCommit(oid, NOW, signed=False, rollup=None, subject=oid * 2) for oid in ("bbb", "aaa")]

    assert subject_of({"recent_commits": RecentCommits(tuple(commits))}, "aaa") == "aaaaaa"
