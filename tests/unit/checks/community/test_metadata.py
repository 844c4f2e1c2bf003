"""Check 8 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.metadata import Config, metadata
from bot.model.facts import About, Repository, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
FULL = About("A tool", "https://acme.example", ("ci", "git"), pages=True)
BARE = About("", "", ())


@pytest.mark.parametrize(
    ("about", "options", "expected"),
    [
        pytest.param(FULL, {}, Outcome.PASS, id="all there"),
        pytest.param(BARE, {}, Outcome.FAIL, id="nothing there"),
        pytest.param(replace(FULL, description=""), {}, Outcome.FAIL, id="no description"),
        pytest.param(replace(FULL, description=""), {"description": False}, Outcome.PASS, id="not asked for"),
        pytest.param(replace(FULL, topics=()), {}, Outcome.FAIL, id="no topics"),
        pytest.param(replace(FULL, topics=()), {"topics": 0}, Outcome.PASS, id="topics not asked for"),
        pytest.param(FULL, {"topics": 2}, Outcome.PASS, id="exactly enough topics"),
        pytest.param(FULL, {"topics": 3}, Outcome.FAIL, id="one topic too few"),
        pytest.param(replace(FULL, homepage=""), {}, Outcome.FAIL, id="a website that is not named"),
        pytest.param(replace(FULL, homepage="", pages=False), {}, Outcome.PASS, id="no website"),
        pytest.param(
            replace(FULL, homepage="", pages=False),
            {"homepage": "always"},
            Outcome.FAIL,
            id="always a website",
        ),
        pytest.param(replace(FULL, homepage=""), {"homepage": "never"}, Outcome.PASS, id="never a website"),
    ],
)
def test_judges_what_the_page_says(about, options, expected):
    """Each of the three as policy says."""
    assert metadata(about, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize(
    "change",
    [
        {"empty": True},
        {"archived": True},
        {"fork": True},
        {"visibility": Visibility.PRIVATE},
        {"full_name": "acme/.github"},
        {"full_name": "acme/.github-private"},
        {"full_name": "Octocat/octocat"},
    ],
)
def test_leaves_repositories_alone_that_nobody_looks_for(change):
    """Private ones, forks, and those that GitHub itself reads."""
    assert metadata(BARE, replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_private_repositories_where_policy_says():
    """A catalogue of a company's repositories lives from descriptions."""
    private = replace(PUBLIC, visibility=Visibility.PRIVATE)

    assert metadata(BARE, private, Config(private=True)).outcome is Outcome.FAIL


def test_evidence_names_the_settings():
    """In GitHub's words; a topic more does not make another finding."""
    verdict = metadata(replace(FULL, description="", homepage=""), PUBLIC, Config(topics=3))

    assert [(e.place.setting, e.fingerprint) for e in verdict.evidence] == [
        ("description", "description"),
        ("topics", "topics"),
        ("homepage", "homepage"),
    ]
    assert "2 of the 3 topics" in verdict.evidence[1].text
