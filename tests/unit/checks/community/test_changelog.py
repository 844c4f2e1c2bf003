"""Check 7 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.changelog import Config, changelog_check
from bot.model.facts import Changelog, Repository, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
BARE = Changelog((), "v1", 0)


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(Changelog(("CHANGES.rst",)), {}, Outcome.PASS, id="a file"),
        pytest.param(Changelog((), "v1", 3), {}, Outcome.PASS, id="notes, exactly enough"),
        pytest.param(Changelog((), "v1", 2), {}, Outcome.FAIL, id="one word too few"),
        pytest.param(BARE, {}, Outcome.FAIL, id="a bare release"),
        pytest.param(Changelog(()), {}, Outcome.NOT_APPLICABLE, id="no release yet"),
        pytest.param(Changelog((), "v1", 3), {"min_words": 4}, Outcome.FAIL, id="more asked for"),
    ],
)
def test_judges_changelogs(found, options, expected):
    """A file or notes, once there is a release."""
    assert changelog_check(found, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize(
    "change", [{"empty": True}, {"archived": True}, {"fork": True}, {"visibility": Visibility.PRIVATE}]
)
def test_leaves_repositories_alone_whose_releases_nobody_waits_for(change):
    """Nothing there, read-only, a fork, or private."""
    assert changelog_check(BARE, replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_private_repositories_where_policy_says():
    """Others in the company update, too."""
    private = replace(PUBLIC, visibility=Visibility.PRIVATE)

    assert changelog_check(BARE, private, Config(private=True)).outcome is Outcome.FAIL


def test_the_next_bare_release_is_the_same_finding():
    """It does not come back as new with each release."""
    first, second = (changelog_check(Changelog((), tag, 1), PUBLIC, Config()) for tag in ("v1", "v2"))

    assert first.evidence[0].text == "the notes of v1 have 1 word"
    assert first.evidence[0].fingerprint == second.evidence[0].fingerprint
