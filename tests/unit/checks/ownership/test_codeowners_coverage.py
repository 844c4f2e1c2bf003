"""Check 14 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.codeowners_coverage import Config, codeowners_coverage
from bot.model.facts import Codeowners, Repository, Visibility
from bot.model.verdicts import Outcome, Reason

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
HALF = Codeowners("CODEOWNERS", "o" * 40, rules=1, owned=("a", "b"), unowned=("c", "d"))


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(HALF, {}, Outcome.PASS, id="exactly at the limit"),
        pytest.param(HALF, {"min_percent": 51}, Outcome.FAIL, id="one percent more"),
        pytest.param(replace(HALF, owned=()), {}, Outcome.FAIL, id="none"),
        pytest.param(replace(HALF, owned=()), {"min_percent": 0}, Outcome.PASS, id="none asked for"),
        pytest.param(replace(HALF, unowned=()), {"min_percent": 100}, Outcome.PASS, id="all"),
        pytest.param(replace(HALF, unowned=("c", "d", "e")), {}, Outcome.FAIL, id="one too few"),
        pytest.param(replace(HALF, owned=(), unowned=()), {}, Outcome.NOT_APPLICABLE, id="an empty root"),
        pytest.param(None, {}, Outcome.NOT_APPLICABLE, id="no file"),
        pytest.param(replace(HALF, measured=False), {}, Outcome.UNKNOWN, id="too many rules"),
        pytest.param(replace(HALF, oversized=True), {}, Outcome.UNKNOWN, id="larger than GitHub reads"),
    ],
)
def test_judges_the_share(found, options, expected):
    """The limit itself is enough."""
    assert codeowners_coverage(found, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize("change", [{"archived": True}, {"fork": True}])
def test_leaves_repositories_alone_where_nothing_is_reviewed(change):
    """Read-only, or reviewed elsewhere."""
    verdict = codeowners_coverage(replace(HALF, owned=()), replace(PUBLIC, **change), Config())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_evidence_names_what_nobody_owns():
    """One entry a path; what could not be told is a limit."""
    verdict = codeowners_coverage(replace(HALF, owned=("a",)), PUBLIC, Config())

    assert verdict.summary == "1 of 3 paths at the root have an owner"
    assert [(e.place.path, e.fingerprint) for e in verdict.evidence] == [("c", "c"), ("d", "d")]
    unmeasured = codeowners_coverage(replace(HALF, measured=False), PUBLIC, Config())
    assert unmeasured.reason is Reason.LIMIT
