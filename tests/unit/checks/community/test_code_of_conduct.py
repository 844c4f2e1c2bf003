"""Check 4 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.code_of_conduct import Config, code_of_conduct
from bot.model.facts import Repository, Visibility
from bot.model.guides import Guide
from bot.model.verdicts import Outcome, Place

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
OWN = Guide("CODE_OF_CONDUCT.md", 100)
DEFAULT = Guide("CODE_OF_CONDUCT.md", 100, by_default=True)


@pytest.mark.parametrize(
    ("guide", "options", "expected"),
    [
        pytest.param(OWN, {}, Outcome.PASS, id="its own"),
        pytest.param(DEFAULT, {}, Outcome.PASS, id="the owner's"),
        pytest.param(DEFAULT, {"own": True}, Outcome.FAIL, id="its own asked for"),
        pytest.param(None, {}, Outcome.FAIL, id="none"),
        pytest.param(replace(OWN, size=0), {}, Outcome.FAIL, id="empty"),
        pytest.param(replace(OWN, size=1), {}, Outcome.PASS, id="a word is enough"),
        pytest.param(replace(OWN, size=None), {}, Outcome.PASS, id="no size told"),
    ],
)
def test_judges_the_code(guide, options, expected):
    """There, not empty, and of the repository itself where that is asked for."""
    assert code_of_conduct(guide, PUBLIC, Config(**options)).outcome is expected


def test_says_where_it_lies():
    """A file of another repository is no place in this one."""
    found = code_of_conduct(DEFAULT, PUBLIC, Config())
    assert found.summary == "the owner's default CODE_OF_CONDUCT.md"
    empty = [code_of_conduct(replace(g, size=0), PUBLIC, Config()) for g in (OWN, DEFAULT)]
    assert [verdict.evidence[0].place for verdict in empty] == [Place(path="CODE_OF_CONDUCT.md"), None]


@pytest.mark.parametrize(
    "change",
    [
        {"empty": True},
        {"archived": True},
        {"fork": True},
        {"visibility": Visibility.PRIVATE},
        {"visibility": Visibility.INTERNAL},
    ],
)
def test_leaves_repositories_alone_where_no_strangers_meet(change):
    """Nothing there, read-only, a fork, or among colleagues, who have other rules."""
    assert code_of_conduct(None, replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_private_repositories_where_policy_says():
    """Some want it everywhere."""
    private = replace(PUBLIC, visibility=Visibility.PRIVATE)

    assert code_of_conduct(None, private, Config(private=True)).outcome is Outcome.FAIL
