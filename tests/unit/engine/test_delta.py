"""What counts as a change, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.delta import between, since_last, speaks, to_store, worst_new
from bot.model.reports import ChangeKind
from bot.model.verdicts import (
    Audience,
    Evidence,
    Judgement,
    Outcome,
    Reason,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.ports import StoredVerdict

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)


def judged(verdict: Verdict, *, severity: Severity = Severity.HIGH, rule: int = 1) -> Judgement:
    return Judgement("licence", verdict, severity, Audience.PUBLIC, rule_version=rule)


def stored(outcome: str, *fingerprints: str, commit: str = "aaa", rule: int = 1) -> dict[str, StoredVerdict]:
    verdict = StoredVerdict("licence", outcome, 3, "s", fingerprints, rule, commit, EARLIER, EARLIER, outcome)
    return {"licence": verdict}


ONE = Evidence("one", key="one")
TWO = Evidence("two", key="two")


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        pytest.param({}, failed("f", ONE), ChangeKind.BASELINE, id="first known verdict"),
        pytest.param({}, unknown("u", Reason.LIMIT), ChangeKind.UNREADABLE, id="first is unknown"),
        pytest.param(stored("unknown"), failed("f", ONE), ChangeKind.BASELINE, id="only unknown so far"),
        pytest.param(stored("pass"), failed("f", ONE), ChangeKind.NEW, id="pass to fail"),
        pytest.param(stored("not-applicable"), failed("f", ONE), ChangeKind.NEW, id="n/a to fail"),
        pytest.param(stored("fail", "one"), passed("p"), ChangeKind.FIXED, id="fail to pass"),
        pytest.param(stored("fail", "one"), not_applicable("n"), ChangeKind.FIXED, id="fail to n/a"),
        pytest.param(stored("fail", "one"), failed("f", ONE), ChangeKind.SAME, id="the same fail"),
        pytest.param(stored("fail", "one"), failed("f", ONE, TWO), ChangeKind.WORSE, id="one more"),
        pytest.param(stored("fail", "one", "two"), failed("f", ONE), ChangeKind.BETTER, id="one less"),
        pytest.param(stored("fail", "one"), failed("f", TWO), ChangeKind.WORSE, id="one swapped"),
        pytest.param(
            stored("fail", "one"), unknown("u", Reason.FAULT), ChangeKind.UNREADABLE, id="lost sight"
        ),
        pytest.param(stored("pass"), passed("p", ONE), ChangeKind.SAME, id="a pass with other evidence"),
    ],
)
def test_names_the_change(before: dict[str, StoredVerdict], now: Verdict, kind: ChangeKind) -> None:
    """Only known verdicts make changes; evidence matters on fails alone."""
    (change,) = since_last(before, [judged(now)], "bbb")

    assert kind is change.kind


@pytest.mark.parametrize(
    ("commit", "rule", "cause"),
    [
        pytest.param("bbb", 1, "commit", id="another commit"),
        pytest.param("aaa", 1, "time", id="nothing but time"),
        pytest.param("bbb", 2, "rule", id="our own rule changed"),
    ],
)
def test_names_the_cause(commit: str, rule: int, cause: str) -> None:
    """A changed rule is told apart from a changed repository."""
    (change,) = since_last(stored("pass"), [judged(failed("f"), rule=rule)], commit)

    assert cause == change.cause


def test_an_unknown_keeps_the_last_known_verdict_with_its_age() -> None:
    """What can not be read neither opens nor closes a finding."""
    (kept,) = to_store(stored("fail", "one"), [judged(unknown("u", Reason.LIMIT))], "bbb", NOW)

    assert ("fail", ("one",), EARLIER, "unknown") == (
        kept.outcome, kept.fingerprints, kept.judged_at, kept.last_outcome,
    )  # fmt: skip


def test_a_finding_keeps_the_day_it_was_first_seen() -> None:
    """Same outcome, same since; another outcome starts anew."""
    (same,) = to_store(stored("fail", "one"), [judged(failed("f", TWO))], "bbb", NOW)
    (other,) = to_store(stored("fail", "one"), [judged(passed("p"))], "bbb", NOW)

    assert (EARLIER, NOW) == (same.since, other.since)


def test_a_proposal_shows_only_what_it_brings() -> None:
    """On a pull request the merge base is what came before."""
    (brings,) = between([judged(passed("p"))], [judged(failed("f", ONE))])
    (keeps,) = between([judged(failed("f", ONE))], [judged(failed("f", ONE))])
    (unrelated,) = between([], [judged(failed("f", ONE))])

    assert [ChangeKind.NEW, ChangeKind.SAME, ChangeKind.BASELINE] == [brings.kind, keeps.kind, unrelated.kind]
    assert (ONE,) == brings.new_evidence


@pytest.mark.parametrize(
    ("verdict", "severity", "before", "expected"),
    [
        pytest.param(failed("f"), Severity.HIGH, {}, False, id="a baseline is silent"),
        pytest.param(failed("f"), Severity.CRITICAL, {}, True, id="unless it is critical"),
        pytest.param(failed("f"), Severity.LOW, stored("pass"), True, id="a regression speaks"),
        pytest.param(unknown("u", Reason.LIMIT), Severity.CRITICAL, stored("pass"), False, id="unknown"),
    ],
)
def test_decides_when_to_speak(
    verdict: Verdict, severity: Severity, before: dict[str, StoredVerdict], expected: bool
) -> None:
    """Quiet until something got worse, or is critical."""
    judgement = judged(verdict, severity=severity)
    changes = since_last(before, [judgement], "bbb")

    assert expected is speaks(changes, [judgement])
    assert (severity if before and judgement.outcome is Outcome.FAIL else None) == worst_new(
        changes, [judgement]
    )
