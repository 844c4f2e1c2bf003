"""What counts as a change, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.policy import CheckPolicy, Policy
from bot.engine.delta import (
    KNOWN,
    Circumstances,
    between,
    causes,
    merged_pull_request,
    since_last,
    speaks,
    standing,
    terms,
    to_store,
    worst_new,
)
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
from bot.spec import Section

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)


def judged(
    verdict: Verdict,
    *,
    check: str = "licence",
    severity: Severity = Severity.HIGH,
    rule: int = 1,
    file_fed: bool = True,
) -> Judgement:
    return Judgement(check, verdict, severity, Audience.PUBLIC, rule_version=rule, file_fed=file_fed)


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


EXEMPT = {"licence": (date(2026, 1, 31), "later")}


@pytest.mark.parametrize(
    ("before", "now", "kind", "cause"),
    [
        pytest.param({}, {}, ChangeKind.NEW, "commit", id="another commit"),
        pytest.param({"commit": "bbb"}, {}, ChangeKind.NEW, "time", id="nothing but time"),
        pytest.param({}, {"file_fed": False}, ChangeKind.NEW, "outside", id="no file says it"),
        pytest.param({"terms": "old"}, {}, ChangeKind.NEW, "policy", id="policy says another thing"),
        pytest.param({}, {"rule": 2}, ChangeKind.VISIBLE, "rule", id="our own rule changed"),
        pytest.param({"severity": 1}, {}, ChangeKind.NEW, "commit", id="a weight breaks nothing"),
        pytest.param(
            {"outcome": "unknown", "reason": "permission"}, {}, ChangeKind.VISIBLE, "permission", id="granted"
        ),
        pytest.param({"outcome": "unknown", "reason": "limit"}, {}, ChangeKind.VISIBLE, "reading", id="read"),
        pytest.param({"off": True}, {}, ChangeKind.VISIBLE, "policy", id="switched on again"),
        pytest.param(
            {"outcome": "fail", "exempt_until": NOW.date()}, {}, ChangeKind.NEW, "exemption", id="expired"
        ),
        pytest.param({"exempt_until": NOW.date()}, {}, ChangeKind.NEW, "commit", id="passed while exempt"),
        pytest.param(
            {"outcome": "fail"}, {"rule": 2}, ChangeKind.VISIBLE, "rule", id="another rule sees more"
        ),
    ],
)
def test_names_the_cause(before: Any, now: Any, kind: ChangeKind, cause: str) -> None:
    """What is ours, what is policy's and what permissions show is no regression of the repository."""
    known = replace(stored("pass")["licence"], **before)
    other = replace(stored("pass")["licence"], check="other")
    (change,) = since_last({"licence": known, "other": other}, [judged(failed("f", ONE), **now)], "bbb")

    assert (kind, cause) == (change.kind, change.cause)
    assert speaks([change], []) is (kind is ChangeKind.NEW)


def test_a_check_of_ours_that_is_new_is_no_regression() -> None:
    """In a repository that was reported on before it is newly visible; in the first report, the baseline."""
    (later,) = since_last(stored("pass"), [judged(failed("f"), check="readme")], "bbb")
    (first,) = since_last({}, [judged(failed("f"), check="readme")], "bbb")

    assert (ChangeKind.VISIBLE, "rule") == (later.kind, later.cause)
    assert (ChangeKind.BASELINE, "") == (first.kind, first.cause)


def test_a_commit_is_named_with_its_pull_request() -> None:
    """From which commit to which, and what the newest says that it merged."""
    now = Circumstances(pull_request=12)
    (change,) = since_last(stored("pass"), [judged(failed("f"))], "bbb", now)
    (verdict,) = to_store(stored("pass"), [judged(failed("f"))], "bbb", NOW, now)

    assert (("aaa", "bbb"), 12, EARLIER) == (change.commits, change.pull_request, change.before_at)
    assert ("commit", 12) == (verdict.cause, verdict.pull_request)


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        pytest.param("Merge pull request #12 from acme/topic", 12, id="a merge"),
        pytest.param("Mend the build (#7)", 7, id="a squash"),
        pytest.param("Revert (#7) (#8)", 8, id="the last number"),
        pytest.param("Mend #7", None, id="a mention"),
        pytest.param("See (#7) for more", None, id="in the middle"),
        pytest.param("Merge branch 'topic'", None, id="a branch"),
        pytest.param("Merge pull request #0 from x/y", None, id="no number"),
        pytest.param(f"x (#{'9' * 40})", None, id="a long number"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_reads_the_pull_request_from_a_subject(subject: str, number: int | None) -> None:
    """As GitHub writes the subjects of merges and squashes."""
    assert number == merged_pull_request(subject)


def test_an_exempted_check_is_kept_with_its_exemption_and_speaks_again_after_it() -> None:
    """While it lasts nothing is told; since when it fails is known."""
    fine, broken = [judged(passed("p"))], [judged(failed("f", ONE))]
    before = {v.check: v for v in to_store({}, fine, "aaa", EARLIER)}
    hidden = {v.check: v for v in to_store(before, broken, "bbb", EARLIER, Circumstances(exempt=EXEMPT))}
    (back,) = since_last(hidden, broken, "ccc")
    (shown,) = to_store(hidden, broken, "ccc", NOW)

    assert (date(2026, 1, 31), "later", "fail") == (
        hidden["licence"].exempt_until, hidden["licence"].exempt_reason, hidden["licence"].outcome,
    )  # fmt: skip
    assert (ChangeKind.NEW, "exemption") == (back.kind, back.cause)
    assert (None, "", EARLIER) == (shown.exempt_until, shown.exempt_reason, shown.since)


def test_a_check_that_is_asked_for_no_more_is_kept_as_off() -> None:
    """And compared with nothing when it comes back."""
    (off,) = to_store(stored("fail", "one"), [], "bbb", NOW)
    (again,) = since_last({"licence": off, **_other()}, [judged(failed("f", ONE))], "bbb")

    assert off.off
    assert to_store({"licence": off}, [], "bbb", NOW) == ()
    assert (ChangeKind.VISIBLE, "policy") == (again.kind, again.cause)


LIGHT = Evidence("a trifle", severity=Severity.LOW)


def _other() -> dict[str, StoredVerdict]:
    return {"other": replace(stored("pass")["licence"], check="other")}


@pytest.mark.parametrize(
    ("before", "now", "circumstances", "offered", "cause"),
    [
        pytest.param({}, [judged(passed("p"))], {}, {"licence"}, "rule", id="a new check"),
        pytest.param(stored("pass"), [], {}, {"licence"}, "policy", id="switched off"),
        pytest.param(stored("pass"), [], {}, set(), "rule", id="taken out of the program"),
        pytest.param(
            stored("fail"), [judged(failed("f"))], {"exempt": EXEMPT}, {"licence"}, "exemption", id="exempt"
        ),
        pytest.param(
            stored("fail"), [judged(failed("f"), severity=Severity.LOW)], {}, {"licence"}, "rule", id="less"
        ),
        pytest.param(
            stored("fail"),
            [judged(failed("f"), severity=Severity.LOW)],
            {"terms": {"licence": "x"}},
            {"licence"},
            "policy",
            id="made lighter by policy",
        ),
        pytest.param(
            stored("pass"),
            [judged(failed("f", LIGHT), severity=Severity.LOW)],
            {},
            {"licence"},
            "commit",
            id="fails by what matters less",
        ),
        pytest.param(
            {"licence": replace(stored("fail")["licence"], severity=1)},
            [judged(passed("p"))],
            {},
            {"licence"},
            "commit",
            id="what mattered less is mended",
        ),
    ],
)  # fmt: skip
def test_names_why_a_check_counts_differently(
    before: dict[str, StoredVerdict], now: list[Judgement], circumstances: Any, offered: set[str], cause: str
) -> None:
    """Also where no verdict changed."""
    assert {"licence": cause} == causes(before, now, "bbb", Circumstances(**circumstances), offered)


def test_terms_are_what_policy_says() -> None:
    """Equal while policy is equal; a check's own defaults are not policy."""
    silent, lighter = Policy(), Policy(checks={"licence": CheckPolicy(severity=Severity.LOW)})
    options = Policy(checks={"licence": CheckPolicy(options=Options(most=3))})
    defaults = Policy(checks={"licence": CheckPolicy(options=Options())})

    assert terms(silent, "licence") == terms(lighter, "readme") == terms(defaults, "licence") == ""
    assert len({terms(lighter, "licence"), terms(options, "licence"), ""}) == 3
    assert terms(options, "licence") == terms(replace(options, block=frozenset({"licence"})), "licence")


class Options(Section):
    """Of a check."""

    most: int = 5


looks = st.lists(
    st.sampled_from(
        [
            passed("p"),
            failed("f", ONE),
            failed("f", ONE, TWO),
            not_applicable("n"),
            unknown("u", Reason.LIMIT),
            unknown("u", Reason.PERMISSION, permission="administration: read"),
            Verdict(Outcome.ERROR, "crashed"),
        ]
    ),
    max_size=12,
)


@given(looks)
def test_what_can_not_be_read_neither_opens_nor_closes_a_finding(seen: list[Verdict]) -> None:
    """Against a model that knows only the last known verdict of each check, over any order of looks."""
    kept: dict[str, StoredVerdict] = {}
    last: Verdict | None = None
    for number, verdict in enumerate(seen):
        now, judgement = NOW + timedelta(days=number), judged(verdict)
        (change,) = since_last(kept, [judgement], f"commit-{number}")
        kept = {v.check: v for v in to_store(kept, [judgement], f"commit-{number}", now)}
        known = verdict.outcome in KNOWN

        assert change.before == (last.outcome if last else None)
        assert (change.kind is ChangeKind.UNREADABLE) is not known
        if known:
            failing, failed_before = (
                verdict.outcome is Outcome.FAIL,
                bool(last and last.outcome is Outcome.FAIL),
            )
            assert (change.kind is ChangeKind.NEW) is (failing and last is not None and not failed_before)
            assert (change.kind is ChangeKind.FIXED) is (failed_before and not failing)
            last = verdict
        assert standing([change]) is bool(last and last.outcome is Outcome.FAIL)
        assert Outcome(kept["licence"].outcome) is last.outcome if last else not known
        assert kept["licence"].last_outcome == verdict.outcome.value
        assert speaks([change], []) is (change.kind in (ChangeKind.NEW, ChangeKind.WORSE))


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
