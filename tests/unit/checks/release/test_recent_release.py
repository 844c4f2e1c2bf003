"""Check 58 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.release.recent_release import Config, recent_release
from bot.model.facts import DefaultHead, Repository
from bot.model.releases import PublishedRelease, Releases, VersionTag
from bot.model.verdicts import Outcome, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")
HEAD = DefaultHead("main", "b" * 40, NOW)


def aged(days: float, **changes: object) -> Releases:
    made = PublishedRelease("v1", NOW - timedelta(days=days), "a" * 40)
    return Releases((replace(made, **changes),))


def judged(
    found: Releases, head: DefaultHead | None = HEAD, now: datetime = NOW, **options: object
) -> Verdict:
    return recent_release(found, head, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(aged(365), {}, Outcome.PASS, id="exactly at the limit"),
        pytest.param(aged(366), {}, Outcome.FAIL, id="a day past it"),
        pytest.param(aged(31), {"max_age_days": 30}, Outcome.FAIL, id="a limit of one's own"),
        pytest.param(Releases(tag=VersionTag("v1", NOW)), {}, Outcome.PASS, id="a tag"),
        pytest.param(aged(1, prerelease=True), {}, Outcome.PASS, id="a pre-release"),
        pytest.param(
            aged(1, prerelease=True), {"prereleases": False}, Outcome.NOT_APPLICABLE, id="that does not count"
        ),
        pytest.param(Releases(), {}, Outcome.NOT_APPLICABLE, id="never"),
        pytest.param(Releases(), {"required": True}, Outcome.FAIL, id="never, but asked for"),
        pytest.param(aged(400, commit=HEAD.commit), {}, Outcome.PASS, id="all of it is released"),
    ],
)
def test_judges_the_last_release(found, options, expected):
    """By its age, where there is one."""
    assert judged(found, **options).outcome is expected


def test_an_old_release_is_fine_when_nothing_came_since():
    """There is nothing that could be released."""
    old = aged(900)
    before = old.listed[0].published_at

    for seconds, outcome in ((0, Outcome.PASS), (1, Outcome.FAIL)):
        head = replace(HEAD, committed_at=before + timedelta(seconds=seconds))
        assert judged(old, head).outcome is outcome
    assert judged(old, replace(HEAD, committed_at=None)).outcome is Outcome.FAIL


def test_says_until_when_it_holds():
    """A release grows old by itself."""
    until = judged(aged(300)).valid_until

    assert until == NOW + timedelta(days=65, seconds=1)
    assert judged(aged(300), now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(aged(300), now=until).outcome is Outcome.FAIL


def test_no_date_is_not_known():
    """Neither old nor new."""
    verdict = judged(aged(1, published_at=None))

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"fork": True}])
def test_nothing_to_judge(change):
    """No commit, no release to come, or releases made elsewhere."""
    found = recent_release(aged(900), HEAD, replace(REPOSITORY, **change), NOW, Config())

    assert found.outcome is Outcome.NOT_APPLICABLE
    assert judged(aged(900), None).outcome is Outcome.NOT_APPLICABLE


def test_forks_where_policy_says():
    """Some keep a fork of their own for good."""
    fork = replace(REPOSITORY, fork=True)

    assert recent_release(aged(900), HEAD, fork, NOW, Config(forks=True)).outcome is Outcome.FAIL
