"""Check 6 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.templates import Config, templates_check
from bot.model.facts import Repository, Templates, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
NONE = Templates((), (), ())
FORM = (".github/ISSUE_TEMPLATE/bug.yml",)
MARKDOWN = (".github/ISSUE_TEMPLATE/bug.md",)
PULL = (".github/pull_request_template.md",)


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(Templates((), FORM, PULL), {}, Outcome.PASS, id="both"),
        pytest.param(Templates(MARKDOWN, (), PULL), {}, Outcome.PASS, id="Markdown"),
        pytest.param(Templates(MARKDOWN, (), PULL), {"forms": True}, Outcome.FAIL, id="forms asked for"),
        pytest.param(
            Templates((), FORM, PULL), {"forms": True}, Outcome.PASS, id="forms asked for and there"
        ),
        pytest.param(NONE, {}, Outcome.FAIL, id="none"),
        pytest.param(Templates((), FORM, ()), {}, Outcome.FAIL, id="none for pull requests"),
        pytest.param(Templates((), (), PULL), {}, Outcome.FAIL, id="none for issues"),
        pytest.param(Templates((), FORM, ()), {"pull_request": False}, Outcome.PASS, id="not asked for"),
        pytest.param(Templates((), (), PULL), {"issue": False}, Outcome.PASS, id="issues not asked for"),
    ],
)
def test_judges_templates(found, options, expected):
    """One of each kind that is asked for."""
    assert templates_check(found, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize(
    "change", [{"empty": True}, {"archived": True}, {"fork": True}, {"visibility": Visibility.PRIVATE}]
)
def test_leaves_repositories_alone_where_nobody_opens_anything(change):
    """Nothing there, read-only, a fork, or among people who talk to each other."""
    assert templates_check(NONE, replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_private_repositories_where_policy_says():
    """Large companies want it."""
    private = replace(PUBLIC, visibility=Visibility.PRIVATE)

    assert templates_check(NONE, private, Config(private=True)).outcome is Outcome.FAIL


def test_no_issues_no_issue_templates():
    """What is switched off needs no form."""
    quiet = replace(PUBLIC, has_issues=False)

    assert templates_check(Templates((), (), PULL), quiet, Config()).outcome is Outcome.PASS
    assert [e.key for e in templates_check(NONE, quiet, Config()).evidence] == ["pull request template"]
    nothing = templates_check(NONE, quiet, Config(pull_request=False))
    assert nothing.outcome is Outcome.NOT_APPLICABLE


def test_says_what_lies_with_the_owner():
    """Whoever wants to change it knows where to go."""
    found = Templates((), FORM, PULL, issue_by_default=True)

    assert templates_check(found, PUBLIC, Config()).summary == (
        "the owner's default .github/ISSUE_TEMPLATE/bug.yml, .github/pull_request_template.md"
    )
