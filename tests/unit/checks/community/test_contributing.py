"""Check 3 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.contributing import Config, contributing
from bot.model.facts import Repository, Visibility
from bot.model.guides import Guide
from bot.model.verdicts import Outcome, Place

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
OWN = Guide("CONTRIBUTING.md", 100)
DEFAULT = Guide(".github/CONTRIBUTING.md", 100, by_default=True)


@pytest.mark.parametrize(
    ("guide", "options", "expected"),
    [
        pytest.param(OWN, {}, Outcome.PASS, id="its own"),
        pytest.param(DEFAULT, {}, Outcome.PASS, id="the owner's"),
        pytest.param(DEFAULT, {"own": True}, Outcome.FAIL, id="its own asked for"),
        pytest.param(None, {}, Outcome.FAIL, id="none"),
        pytest.param(replace(OWN, size=0), {}, Outcome.FAIL, id="empty"),
        pytest.param(replace(OWN, size=None), {}, Outcome.PASS, id="no size told"),
        pytest.param(OWN, {"min_bytes": 100}, Outcome.PASS, id="exactly as long as asked"),
        pytest.param(OWN, {"min_bytes": 101}, Outcome.FAIL, id="a byte short"),
    ],
)
def test_judges_the_guide(guide, options, expected):
    """There, long enough, and of the repository itself where that is asked for."""
    assert contributing(guide, PUBLIC, Config(**options)).outcome is expected


def test_says_where_it_lies():
    """A file of another repository is no place in this one."""
    assert contributing(DEFAULT, PUBLIC, Config()).summary == ("the owner's default .github/CONTRIBUTING.md")
    short = contributing(OWN, PUBLIC, Config(min_bytes=200))
    assert short.evidence[0].place == Place(path="CONTRIBUTING.md")
    assert contributing(DEFAULT, PUBLIC, Config(min_bytes=200)).evidence[0].place is None


@pytest.mark.parametrize(
    "change", [{"empty": True}, {"archived": True}, {"fork": True}, {"visibility": Visibility.PRIVATE}]
)
def test_leaves_repositories_alone_where_nobody_proposes_anything(change):
    """Nothing there, read-only, a fork, or among people who talk to each other."""
    assert contributing(None, replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_private_repositories_where_policy_says():
    """Internal ones are open to colleagues, so they always count."""
    for visibility, options in ((Visibility.PRIVATE, {"private": True}), (Visibility.INTERNAL, {})):
        seen = replace(PUBLIC, visibility=visibility)
        assert contributing(None, seen, Config(**options)).outcome is Outcome.FAIL
