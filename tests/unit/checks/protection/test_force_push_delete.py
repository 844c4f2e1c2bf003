"""Check 18 in all its outcomes."""

import pytest

from bot.checks.protection.force_push_delete import Config, force_push_delete
from bot.model.facts import Branch, Branches, Repository
from bot.model.protection import ClassicRule, Enforcement, Protection, Requirements, Ruleset
from bot.model.verdicts import Outcome, Reason, Severity, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
KEPT = Requirements(no_force_push=True, no_deletion=True)
BRANCHES = Branches((Branch("main", "a" * 40), Branch("release/1", "b" * 40), Branch("work", "c" * 40)))
ONE = Branches(BRANCHES.listed[:1])


def ruleset(include, requirements=KEPT):
    return Ruleset("r", "acme", Enforcement.ACTIVE, (include,), (), requirements)


MAIN, ALL = ruleset("~DEFAULT_BRANCH"), ruleset("~ALL")


@pytest.mark.parametrize(
    ("protection", "branches", "options", "expected"),
    [
        pytest.param(Protection("main", (ALL,)), BRANCHES, {}, Outcome.PASS, id="all are kept"),
        pytest.param(Protection("main", (MAIN,)), ONE, {}, Outcome.PASS, id="there is no other"),
        pytest.param(Protection("main", (MAIN,)), BRANCHES, {}, Outcome.FAIL, id="a release branch is not"),
        pytest.param(
            Protection("main", (MAIN,)),
            BRANCHES,
            {"branches": ()},
            Outcome.PASS,
            id="only the default counts",
        ),
        pytest.param(
            Protection("main", (MAIN,)), BRANCHES, {"branches": ("w*",)}, Outcome.FAIL, id="others count"
        ),
        pytest.param(Protection("main"), ONE, {}, Outcome.FAIL, id="no rule"),
        pytest.param(
            Protection("main", (ruleset("~ALL", Requirements(no_deletion=True)),)),
            ONE,
            {},
            Outcome.FAIL,
            id="deletion alone",
        ),
        pytest.param(
            Protection(
                "main",
                (ruleset("~ALL", Requirements(no_deletion=True)),),
                (ClassicRule("main", 1, Requirements(no_force_push=True)),),
            ),
            ONE,
            {},
            Outcome.PASS,
            id="one by each kind of rule",
        ),
        pytest.param(Protection("main", (ALL,), None, NOT_GRANTED), BRANCHES, {}, Outcome.PASS, id="proven"),
        pytest.param(
            Protection("main", (MAIN,), None, NOT_GRANTED), BRANCHES, {}, Outcome.UNKNOWN, id="not proven"
        ),
        pytest.param(
            Protection("main", (ALL,)),
            Branches(BRANCHES.listed, True),
            {},
            Outcome.UNKNOWN,
            id="more branches",
        ),
        pytest.param(
            Protection("main", (MAIN,)),
            Branches(BRANCHES.listed, True),
            {},
            Outcome.FAIL,
            id="bad among them",
        ),
        pytest.param(
            Protection("main", (ALL,)),
            Branches(BRANCHES.listed, True),
            {"branches": ()},
            Outcome.PASS,
            id="more that do not count",
        ),
    ],
)
def test_judges_what_must_be_kept(protection, branches, options, expected):
    """Rulesets and classic rules together."""
    assert force_push_delete(protection, branches, REPOSITORY, Config(**options)).outcome is expected


def test_evidence_names_branch_and_danger():
    """That the default branch could be deleted weighs less: GitHub refuses it while it is the default one."""
    verdict = force_push_delete(Protection("main"), BRANCHES, REPOSITORY, Config())

    assert verdict.summary == "2 of 2 branches can be rewritten or deleted"
    assert [(e.fingerprint, e.severity) for e in verdict.evidence] == [
        ("force-push:main", None),
        ("deletion:main", Severity.LOW),
        ("force-push:release/1", None),
        ("deletion:release/1", None),
    ]
