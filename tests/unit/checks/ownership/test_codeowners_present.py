"""Check 11 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.codeowners_present import codeowners_present
from bot.model.facts import Codeowners, Repository, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
FILE = Codeowners(".github/CODEOWNERS", "o" * 40, rules=1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(FILE, Outcome.PASS, id="there"),
        pytest.param(None, Outcome.FAIL, id="none"),
        pytest.param(replace(FILE, rules=0), Outcome.FAIL, id="comments only"),
        pytest.param(replace(FILE, rules=0, oversized=True), Outcome.PASS, id="too large is another check's"),
    ],
)
def test_judges_presence(found, expected):
    """There, with a line that counts."""
    assert codeowners_present(found, PUBLIC).outcome is expected


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"fork": True}])
def test_leaves_repositories_alone_where_nothing_is_reviewed(change):
    """Nothing there, read-only, or reviewed elsewhere."""
    assert codeowners_present(None, replace(PUBLIC, **change)).outcome is Outcome.NOT_APPLICABLE


def test_an_empty_file_is_the_place():
    """That is where to write."""
    verdict = codeowners_present(replace(FILE, rules=0), PUBLIC)

    assert [(e.place.path, e.text) for e in verdict.evidence] == [(FILE.path, "no line of it counts")]
