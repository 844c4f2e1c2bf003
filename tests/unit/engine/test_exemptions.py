"""What policy says of single checks, at the level of judging."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.config.policy import Policy
from bot.config.policy_file import read_policy
from bot.engine.evaluate import judge
from bot.engine.scanning import exempt, expired
from bot.model.facts import Visibility
from bot.model.reports import ChangeKind, Conclusion, Exempted
from bot.model.verdicts import Audience, Judgement, Outcome, Reason, Scope, Severity
from bot.registry import load
from bot.report.check_run import render_check_run
from bot.report.view import for_readers
from bot.testing.reports import change, judgement, report, repository

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FAILING = judgement("licence", Outcome.FAIL)
RESTRICTED = judgement("security-policy", Outcome.FAIL, audience=Audience.RESTRICTED)


def policy(text: str) -> Policy:
    return read_policy(text.encode(), REGISTRY.checks)


def exempted_until(day: str, *others: str) -> Policy:
    entries = [f"{{check: {c}, reason: later, until: {day}}}" for c in ("licence", "security-policy")]
    return policy(f"exemptions: [{', '.join([*entries, *others])}]\n")


def judged(text: str) -> dict[str, Judgement]:
    """Every check over facts of which none could be read."""
    return {j.check: j for j in judge(REGISTRY, policy(text), {}, NOON)}


@pytest.mark.parametrize(
    ("day", "silent"),
    [
        pytest.param("2026-03-15", True, id="until tomorrow"),
        pytest.param("2026-03-14", True, id="its last day"),
        pytest.param("2026-03-13", False, id="since yesterday no more"),
    ],
)
def test_an_exemption_holds_to_the_end_of_its_last_day(day: str, silent: bool) -> None:
    """In force, the check is left out and named; ended, it speaks and the report says that it ended."""
    both = (FAILING, RESTRICTED)
    kept, named = exempt(both, exempted_until(day), NOON)
    ended = expired(kept, exempted_until(day), NOON)

    assert kept == (() if silent else both)
    assert [e.check for e in named] == (["licence", "security-policy"] if silent else [])
    assert ended == (
        ()
        if silent
        else (
            Exempted("licence", "later (expired on 2026-03-13)", Audience.PUBLIC),
            Exempted("security-policy", "later (expired on 2026-03-13)", Audience.RESTRICTED),
        )
    )


def test_a_public_report_names_no_exemption_of_a_restricted_check() -> None:
    """Neither one that holds nor one that has ended; readers of a private repository see both."""
    both = (FAILING, RESTRICTED)
    kept, named = exempt(both, exempted_until("2026-03-14"), NOON)
    ended = expired(both, exempted_until("2026-03-13"), NOON)
    made = replace(report(kept), exempted=named, expired=ended)
    closed = replace(made, repository=repository(Visibility.PRIVATE))

    for shown, checks in ((made, ["licence"]), (closed, ["licence", "security-policy"])):
        readable = for_readers(shown)
        assert [[e.check for e in group] for group in (readable.exempted, readable.expired)] == [checks] * 2


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.NOT_APPLICABLE])
def test_the_end_of_an_exemption_is_no_news_once_the_check_passes(outcome: Outcome) -> None:
    """What was to be mended is mended."""
    assert expired((judgement("licence", outcome),), exempted_until("2026-03-13"), NOON) == ()


def test_a_renewed_exemption_has_not_ended() -> None:
    """The older entry may stay in the file; of several that ended the last one counts."""
    renewed = exempted_until("2026-03-01", "{check: licence, reason: longer, until: 2026-04-01}")
    ended = exempted_until("2026-03-01", "{check: licence, reason: longer, until: 2026-03-10}")

    assert expired((FAILING,), renewed, NOON) == ()
    assert expired((FAILING,), ended, NOON) == (
        Exempted("licence", "longer (expired on 2026-03-10)", Audience.PUBLIC),
    )


def test_a_disabled_check_is_not_judged() -> None:
    """All others are, but those of the organisation."""
    own = {name for name, spec in REGISTRY.checks.items() if spec.scope is Scope.REPOSITORY}

    assert judged("checks: {licence: {enabled: false}}\n").keys() == own - {"licence"}


def test_an_enabled_check_is_judged() -> None:
    """Saying what holds anyway changes nothing."""
    assert judged("checks: {licence: {enabled: true}}\n") == judged("")


def test_severity_is_as_policy_says() -> None:
    """Also the lowest one, which is false as a number."""
    found = judged("checks: {licence: {severity: info}, behind: {severity: critical}}\n")

    assert found["licence"].severity is Severity.INFO
    assert found["behind"].severity is Severity.CRITICAL
    assert found["security-policy"].severity is REGISTRY.checks["security-policy"].severity


@pytest.mark.parametrize(
    ("text", "outcome", "conclusion"),
    [
        ("", Outcome.FAIL, Conclusion.NEUTRAL),
        ("block: [licence]\n", Outcome.FAIL, Conclusion.FAILURE),
        ("block: [behind]\n", Outcome.FAIL, Conclusion.NEUTRAL),
        ("block: [licence]\n", Outcome.UNKNOWN, Conclusion.NEUTRAL),
        ("block: [licence]\nfail_closed: true\n", Outcome.UNKNOWN, Conclusion.FAILURE),
    ],
)
def test_only_blocking_checks_fail_the_check_run(text: str, outcome: Outcome, conclusion: Conclusion) -> None:
    """By default findings advise."""
    read = policy(text)
    found = judgement("licence", outcome, reason=Reason.FAULT if outcome is Outcome.UNKNOWN else None)
    full = report(
        [found], [change(found, ChangeKind.NEW, before=Outcome.PASS)], pull_request=7, base_commit="0" * 40
    )

    run = render_check_run(full, block=read.block, fail_closed=read.fail_closed, request="")

    assert run.conclusion is conclusion


def test_options_reach_their_check() -> None:
    """Those of the file where it says something, else the check's own."""
    spec = REGISTRY.checks["behind"]
    said = policy("checks: {behind: {max_behind: 7}}\n").of(spec).options

    assert spec.config is not None
    assert said == spec.config(max_behind=7)  # type: ignore[call-arg]
    assert policy("").of(spec).options == spec.config()
