"""Check 36 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.dependencies.update_tool import Config, update_tool
from bot.model.facts import Manifests, UpdateTool
from bot.model.verdicts import Outcome, Reason, Severity


def test_a_tool_that_works_passes(dependabot, holding, repository):
    """One is enough, even beside another's faulty file, and without a manifest."""
    wrong = dependabot(mistakes=((3, "no `schedule`"),))
    renovate = UpdateTool("renovate", "renovate.json")

    verdict = update_tool((wrong, renovate), holding(npm="package.json"), repository, Config())

    assert (verdict.outcome, verdict.summary) == (
        Outcome.PASS,
        "Renovate is configured in renovate.json",
    )
    assert update_tool((dependabot(),), Manifests(()), repository, Config()).outcome is Outcome.PASS


def test_no_tool_fails_for_every_ecosystem(holding, repository):
    """What lies at the root weighs most."""
    found = holding(
        github_actions=".github/workflows", gomod="tools/go.mod", pip="setup.py", npm="package.json"
    )

    verdict = update_tool((), found, repository, Config())

    assert verdict.outcome is Outcome.FAIL
    assert [(e.place.path, e.severity) for e in verdict.evidence] == [
        ("package.json", None),
        ("setup.py", None),
        (".github/workflows", Severity.MEDIUM),
        ("tools/go.mod", Severity.MEDIUM),
    ]


def test_a_mistake_in_the_configuration_fails(dependabot, holding, repository):
    """With the line, whatever manifests there are."""
    verdict = update_tool((dependabot(mistakes=((3, "m"),)),), Manifests(()), repository, Config())

    assert verdict.summary == "Dependabot can not work with .github/dependabot.yml"
    assert [(e.text, e.place.line) for e in verdict.evidence] == [("m", 3)]


def test_a_configuration_that_was_not_read_is_unknown(dependabot, holding, repository):
    """It may be sound."""
    verdict = update_tool(
        (dependabot(unread="too large"),), holding(npm="package.json"), repository, Config()
    )

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"fork": True}])
def test_nothing_to_update(holding, repository, change):
    """No dependency, or nobody who updates."""
    found = holding(npm="package.json")

    assert update_tool((), found, replace(repository, **change), Config()).outcome is Outcome.NOT_APPLICABLE
    assert update_tool((), Manifests(()), repository, Config()).outcome is Outcome.NOT_APPLICABLE


def test_forks_can_be_judged(holding, repository):
    """When policy asks for it."""
    fork = replace(repository, fork=True)

    assert update_tool((), holding(npm="package.json"), fork, Config(forks=True)).outcome is Outcome.FAIL
