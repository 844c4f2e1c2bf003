"""Check 24 in all its outcomes."""

import pytest

from bot.checks.protection.release_branches import Config, release_branches
from bot.model.facts import Branch, Branches, Repository
from bot.model.protection import Enforcement, Protection, Requirements, Ruleset
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")


def rules(*include, unread=None):
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, include, (), Requirements(no_deletion=True))
    return Protection("main", (ruleset,), None if unread else (), unread)


def branches(*names, more=False):
    return Branches(tuple(Branch(name, "a" * 40) for name in ("main", *names)), more)


RELEASES = rules("refs/heads/release/*")


@pytest.mark.parametrize(
    ("protection", "listed", "options", "expected"),
    [
        pytest.param(RELEASES, branches("release/1", "work"), {}, Outcome.PASS, id="a rule matches"),
        pytest.param(RELEASES, branches("release/1", "v2"), {}, Outcome.FAIL, id="one is left out"),
        pytest.param(rules("~DEFAULT_BRANCH"), branches("v2"), {}, Outcome.FAIL, id="the default alone"),
        pytest.param(RELEASES, branches("work"), {}, Outcome.NOT_APPLICABLE, id="there is none"),
        pytest.param(RELEASES, branches("work"), {"branches": ("w*",)}, Outcome.FAIL, id="other names"),
        pytest.param(RELEASES, branches("v2"), {"branches": ()}, Outcome.NOT_APPLICABLE, id="no names"),
        pytest.param(RELEASES, branches("release/1", more=True), {}, Outcome.UNKNOWN, id="more branches"),
        pytest.param(RELEASES, branches("v2", more=True), {}, Outcome.FAIL, id="more, and one is bare"),
        pytest.param(
            rules("~ALL", unread=NOT_GRANTED), branches("v2"), {}, Outcome.PASS, id="proven by rulesets"
        ),
        pytest.param(
            rules("~DEFAULT_BRANCH", unread=NOT_GRANTED), branches("v2"), {}, Outcome.UNKNOWN, id="not proven"
        ),
    ],
)
def test_judges_branches_by_their_names(protection, listed, options, expected):
    """Each needs a rule of its own."""
    assert release_branches(protection, listed, REPOSITORY, Config(**options)).outcome is expected


def test_evidence_names_the_branches():
    """One entry each."""
    verdict = release_branches(RELEASES, branches("release/1", "v2", "v3"), REPOSITORY, Config())

    assert verdict.summary == "2 of 3 release branches without a rule"
    assert [(e.place.branch, e.fingerprint) for e in verdict.evidence] == [
        ("v2", "branch:v2"),
        ("v3", "branch:v3"),
    ]
