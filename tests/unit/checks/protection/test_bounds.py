"""Where no check of rules says anything, and which branches are meant."""

from dataclasses import replace

import pytest

from bot.checks.protection.bounds import beside_the_point, release_branches, undecided
from bot.model.facts import Branch, Branches, Repository
from bot.model.protection import RELEASES, Protection
from bot.model.verdicts import Outcome, Reason, Unknown, Verdict

REPOSITORY = Repository(1, "acme/tool", "main")


@pytest.mark.parametrize(
    "change", [{"archived": True}, {"fork": True}, {"empty": True}, {"default_branch": ""}]
)
def test_leaves_repositories_alone_whose_branches_need_no_rules(change):
    """Nobody pushes there, or what counts is merged elsewhere."""
    verdict = beside_the_point(replace(REPOSITORY, **change))

    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert beside_the_point(REPOSITORY) is None


def test_what_is_not_decided_says_what_would_help():
    """With the reason and the permission of what was not read."""
    unread = Unknown(Reason.PERMISSION, "not granted", "administration: read")

    assert undecided("reach main", unread) == Verdict(
        Outcome.UNKNOWN,
        "the rules that can be read do not reach main, but there may be others: not granted",
        reason=Reason.PERMISSION,
        permission="administration: read",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("release/1.0", True),
        ("release-2", True),
        ("v1", True),
        ("1.x", True),
        ("3.12", True),
        ("stable", True),
        ("2-stable", True),
        ("main", False),
        ("develop", False),
        ("feature/release", False),
        ("release-please--branches--main", False),
        ("dependabot/npm_and_yarn/x-1.2", False),
        ("fix-1.2", False),
        ("gh-pages", False),
    ],
)
def test_release_branches_are_known_by_their_names(name, expected):
    """By custom; the default branch is never among them."""
    listed = Branches((Branch(name, "a" * 40),))

    assert release_branches(Protection("main"), listed, RELEASES) == ((name,) if expected else ())
    assert release_branches(Protection(name), listed, RELEASES) == ()
