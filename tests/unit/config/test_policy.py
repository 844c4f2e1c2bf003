"""The policy in force, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from bot.config.cascade import Layer, LayerKind, effective_policy
from bot.config.policy import DEFAULT, CheckPolicy, Exemption, Policy
from bot.config.policy_file import read_policy_file
from bot.model.verdicts import Severity
from bot.spec import CheckSpec


def test_defaults_are_as_declared(checks: Mapping[str, CheckSpec], options: type[Any]) -> None:
    """Severity and options of the check itself."""
    assert DEFAULT.of(checks["behind"]) == CheckPolicy(True, Severity.MEDIUM, options())
    assert DEFAULT.of(checks["licence"]) == CheckPolicy(True, Severity.HIGH, None)


def test_policy_fills_in_what_it_does_not_say(checks: Mapping[str, CheckSpec], options: type[Any]) -> None:
    """Info is a severity, not nothing."""
    said = CheckPolicy(False, Severity.INFO, options(max_behind=1))
    policy = Policy(checks={"behind": said})

    assert policy.of(checks["behind"]).severity is Severity.INFO
    assert policy.of(checks["behind"]) == said


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        pytest.param(date(2026, 1, 31), "first", id="last day of the first"),
        pytest.param(date(2026, 2, 1), "second", id="first lapsed"),
        pytest.param(date(2026, 3, 1), None, id="all lapsed"),
    ],
)
def test_exemption_holds_through_its_last_day(today: date, reason: str | None) -> None:
    """The day itself is included; another check's exemption does not count."""
    policy = Policy(
        exemptions=(
            Exemption("licence", "other", date(2099, 1, 1)),
            Exemption("behind", "first", date(2026, 1, 31)),
            Exemption("behind", "second", date(2026, 2, 28)),
        )
    )
    found = policy.exemption("behind", today)

    assert (found.reason if found else None) == reason


@pytest.mark.parametrize(
    ("text", "licence", "behind"),
    [
        pytest.param("", True, True, id="nothing said"),
        pytest.param("baseline: off\n", False, False, id="off"),
        pytest.param("baseline: false\n", False, False, id="as older YAML has it"),
        pytest.param("baseline: off\nchecks: {licence: {baseline: on}}\n", True, False, id="but one"),
        pytest.param("checks: {licence: {baseline: off}}\n", False, True, id="one"),
    ],
)
def test_the_baseline_is_on_unless_policy_says_otherwise(
    checks: Mapping[str, CheckSpec], text: str, licence: bool, behind: bool
) -> None:
    """For all checks, or for one."""
    file = read_policy_file(text.encode(), checks)
    laid, _ = effective_policy([Layer(LayerKind.REPOSITORY, file.says)], checks)

    for said in (file.policy, laid):
        assert (said.has_baseline("licence"), said.has_baseline("behind")) == (licence, behind)
