"""What changed between two judgings, as values. Pure.

An unknown or an error is never a change: the last known verdict stands, with its age, until a new
known one replaces it. The first known verdict of a check is its baseline and speaks to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.model.reports import Change, ChangeKind
from bot.model.verdicts import Judgement, Outcome, Severity
from bot.ports import StoredVerdict

KNOWN = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE})
WORSENING = frozenset({ChangeKind.NEW, ChangeKind.WORSE})


def since_last(
    before: Mapping[str, StoredVerdict], judgements: Iterable[Judgement], commit: str
) -> tuple[Change, ...]:
    """Compare judgements of a repository with its last known verdicts.

    Args:
        before: by check name, as stored.
        judgements: of now, any order.
        commit: the commit that was judged now.

    Returns:
        One change per judgement, in the order given.
    """
    return tuple(_change(j, before.get(j.check), commit) for j in judgements)


def between(base: Iterable[Judgement], head: Iterable[Judgement]) -> tuple[Change, ...]:
    """Compare the judgements of two commits, as on a pull request: what head brings or mends."""
    known = {j.check: j for j in base if j.outcome in KNOWN}
    changes = []
    for judgement in head:
        other = known.get(judgement.check)
        fingerprints = _fingerprints(other) if other else frozenset()
        changes.append(_compare(judgement, other.outcome if other else None, fingerprints, "commit"))
    return tuple(changes)


def to_store(
    before: Mapping[str, StoredVerdict], judgements: Iterable[Judgement], commit: str, now: datetime
) -> tuple[StoredVerdict, ...]:
    """The verdicts to keep: a new known one replaces, an unknown one keeps the last known."""
    return tuple(_to_store(j, before.get(j.check), commit, now) for j in judgements)


def speaks(changes: Iterable[Change], judgements: Iterable[Judgement]) -> bool:
    """Whether a repository that was silent so far has something to say: a regression after its
    baseline, or a critical finding."""
    return any(c.kind in WORSENING for c in changes) or any(
        j.outcome is Outcome.FAIL and j.severity is Severity.CRITICAL for j in judgements
    )


def worst_new(changes: Iterable[Change], judgements: Iterable[Judgement]) -> Severity | None:
    """The highest severity among what became worse; None when nothing did."""
    worse = {c.check for c in changes if c.kind in WORSENING}
    return max((j.severity for j in judgements if j.check in worse), default=None)


def standing(changes: Iterable[Change]) -> bool:
    """Whether a finding stands: a fail, or what failed when it could last be read."""
    return any(
        c.after is Outcome.FAIL or (c.kind is ChangeKind.UNREADABLE and c.before is Outcome.FAIL)
        for c in changes
    )


def _change(judgement: Judgement, before: StoredVerdict | None, commit: str) -> Change:
    if before is None or before.outcome not in {o.value for o in KNOWN}:
        return _compare(judgement, None, frozenset(), "")
    if before.rule_version != judgement.rule_version:
        cause = "rule"
    elif before.commit != commit:
        cause = "commit"
    else:
        cause = "time"
    return _compare(judgement, Outcome(before.outcome), frozenset(before.fingerprints), cause)


def _compare(judgement: Judgement, before: Outcome | None, known: frozenset[str], cause: str) -> Change:
    after = judgement.outcome
    seen = _fingerprints(judgement)
    arrived = tuple(e for e in judgement.verdict.evidence if e.fingerprint not in known)
    if after not in KNOWN:
        kind = ChangeKind.UNREADABLE
    elif before is None:
        kind = ChangeKind.BASELINE
    elif after is Outcome.FAIL and before is not Outcome.FAIL:
        kind = ChangeKind.NEW
    elif after is not Outcome.FAIL and before is Outcome.FAIL:
        kind = ChangeKind.FIXED
    elif after is not Outcome.FAIL or seen == known:
        kind = ChangeKind.SAME
    else:
        kind = ChangeKind.WORSE if arrived else ChangeKind.BETTER
    speaking = kind in WORSENING
    return Change(
        check=judgement.check,
        kind=kind,
        before=before,
        after=after,
        new_evidence=arrived if speaking else (),
        cause="" if kind in (ChangeKind.SAME, ChangeKind.BASELINE) else cause,
    )


def _to_store(j: Judgement, before: StoredVerdict | None, commit: str, now: datetime) -> StoredVerdict:
    if j.outcome not in KNOWN and before is not None:
        return StoredVerdict(
            check=before.check,
            outcome=before.outcome,
            severity=before.severity,
            summary=before.summary,
            fingerprints=before.fingerprints,
            rule_version=before.rule_version,
            commit=before.commit,
            since=before.since,
            judged_at=before.judged_at,
            last_outcome=j.outcome.value,
        )
    unchanged = before is not None and before.outcome == j.outcome.value
    return StoredVerdict(
        check=j.check,
        outcome=j.outcome.value,
        severity=int(j.severity),
        summary=j.verdict.summary,
        fingerprints=tuple(sorted(_fingerprints(j))),
        rule_version=j.rule_version,
        commit=commit,
        since=before.since if unchanged and before else now,
        judged_at=now,
        last_outcome=j.outcome.value,
    )


def _fingerprints(judgement: Judgement) -> frozenset[str]:
    return frozenset(e.fingerprint for e in judgement.verdict.evidence)
