"""What changed between two judgings and why, as values. Pure.

An unknown or an error is never a change: the last known verdict stands, with its age, until a new
known one replaces it. The first known verdict of a check speaks to nobody: in the first report of a
repository it is the baseline, later it is newly visible. So is what another version of a rule finds.

The **baseline** of a check are the marks of its findings that were there when it first looked, or that
became visible later. It only shrinks: what was mended leaves it and speaks when it comes back (the
ratchet). It ends altogether when a person ratchets, or policy says ``baseline: off``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.config.policy import Policy
from bot.model.custom_checks import defined_by_policy
from bot.model.reports import Change, ChangeKind
from bot.model.scores import Cause
from bot.model.verdicts import Audience, Judgement, Outcome, Reason, Severity
from bot.ports import StoredVerdict

KNOWN = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE})
WORSENING = frozenset({ChangeKind.NEW, ChangeKind.WORSE})

_KNOWN_VALUES = frozenset(outcome.value for outcome in KNOWN)
_NO_CHANGE = frozenset({ChangeKind.SAME, ChangeKind.BASELINE})
_MERGED = re.compile(r"Merge pull request #(\d{1,9})\b")
_SQUASHED = re.compile(r" \(#(\d{1,9})\)\s*\Z")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What there is now beside commit and verdicts.

    Args:
        terms: check -> what policy says of it (``terms``); "" for those left out.
        exempt: check -> (last day, reason) of the exemption in force.
        pull_request: the one that the commit merged, where that is known.
        public: names of the checks that everybody may see; None means all.
        ended: check -> why it has no baseline (any more), ``Cause.RATCHET`` or ``Cause.POLICY``.
    """

    terms: Mapping[str, str] = field(default_factory=dict)
    exempt: Mapping[str, tuple[date, str]] = field(default_factory=dict)
    pull_request: int | None = None
    public: Container[str] | None = None
    ended: Mapping[str, Cause] = field(default_factory=dict)


PLAIN = Circumstances()
"""No policy says anything, and nothing is exempt."""


def circumstances(
    judgements: Iterable[Judgement],
    policy: Policy,
    today: date,
    *,
    pull_request: int | None = None,
    public: Container[str] | None = None,
    ratcheted: Container[str] = frozenset(),
) -> Circumstances:
    """What policy says on a day of the checks that were judged.

    Args:
        ratcheted: names of the checks whose baseline somebody has ended.
    """
    names = [j.check for j in judgements]
    exemptions = [e for e in (policy.exemption(name, today) for name in names) if e is not None]
    return Circumstances(
        terms={name: said for name in names if (said := terms(policy, name))},
        exempt={e.check: (e.until, e.reason) for e in exemptions},
        pull_request=pull_request,
        public=public,
        ended=ended_of(policy, names, ratcheted),
    )


def ended_of(policy: Policy, names: Iterable[str], ratcheted: Container[str]) -> dict[str, Cause]:
    """Of checks, those without a baseline, and why."""
    return {
        name: Cause.RATCHET if name in ratcheted else Cause.POLICY
        for name in names
        if name in ratcheted or not policy.has_baseline(name)
    }


def stood(verdicts: Iterable[StoredVerdict]) -> dict[str, frozenset[str]]:
    """The baseline of each check that has one, as it is to be kept."""
    return {v.check: frozenset(v.baseline) for v in verdicts if v.baseline and not v.off}


def beyond(judgements: Iterable[Judgement], baseline: Mapping[str, frozenset[str]]) -> tuple[Judgement, ...]:
    """Findings of which something is not in the baseline."""
    return tuple(j for j in judgements if j.marks - baseline.get(j.check, frozenset()))


def since_last(
    before: Mapping[str, StoredVerdict],
    judgements: Iterable[Judgement],
    commit: str,
    now: Circumstances = PLAIN,
) -> tuple[Change, ...]:
    """Compare judgements of a repository with its last known verdicts.

    Args:
        before: by check name, as stored.
        judgements: of now, any order, without those that are exempt.

    Returns:
        One change per judgement, in the order given.
    """
    # Whether restricted checks were known before must not show in what is said of public ones.
    shown = (v for v in before.values() if now.public is None or v.check in now.public)
    first = {Audience.PUBLIC: not _reported(shown), Audience.RESTRICTED: not _reported(before.values())}
    return tuple(_change(j, before.get(j.check), commit, now, first=first[j.audience]) for j in judgements)


def between(base: Iterable[Judgement], head: Iterable[Judgement]) -> tuple[Change, ...]:
    """Compare the judgements of two commits, as on a pull request: what head brings or mends."""
    known = {j.check: j for j in base if j.outcome in KNOWN}
    changes = []
    for judgement in head:
        other = known.get(judgement.check)
        fingerprints = _fingerprints(other) if other else frozenset()
        outcome = other.outcome if other else None
        changes.append(_compare(judgement, outcome, fingerprints, Cause.COMMIT, first=True))
    return tuple(changes)


def to_store(
    before: Mapping[str, StoredVerdict],
    judgements: Iterable[Judgement],
    commit: str,
    judged_at: datetime,
    now: Circumstances = PLAIN,
) -> tuple[StoredVerdict, ...]:
    """The verdicts to keep: a new known one replaces, an unknown one keeps the last known.

    Args:
        judgements: all of now, the exempted ones among them; a check that is not asked for any more
            is kept as switched off.
    """
    first = not _reported(before.values())
    kept = [_to_store(j, before.get(j.check), commit, judged_at, now, first=first) for j in judgements]
    asked = {verdict.check for verdict in kept}
    gone = (v for v in before.values() if v.check not in asked and not v.off)
    return (*kept, *(replace(v, off=True, exempt_until=None, exempt_reason="") for v in gone))


def causes(
    before: Mapping[str, StoredVerdict],
    judgements: Iterable[Judgement],
    commit: str,
    now: Circumstances,
    offered: Container[str],
) -> dict[str, Cause]:
    """Why a check may count differently now than it did, for every check of then or now.

    Args:
        judgements: all of now, the exempted ones among them.
        offered: names of the checks that exist; those of then that are not asked for any more were
            switched off by policy if they do, and taken out of the program, or of the policy that defined
            them, if not.
    """
    gone = {
        check: Cause.POLICY if check in offered or defined_by_policy(kept.rule_version) else Cause.RULE
        for check, kept in before.items()
    }
    return gone | {j.check: _cause(j, before.get(j.check), commit, now) for j in judgements}


def terms(policy: Policy, check: str) -> str:
    """What policy says of a check, as a short text that is equal while policy is; "" for nothing."""
    said = policy.checks.get(check)
    if said is None:
        return ""
    options = said.options.model_dump(mode="json", exclude_unset=True) if said.options else {}
    if said.severity is None and not options:
        return ""
    weight = "" if said.severity is None else said.severity.label
    return hashlib.sha256(f"{weight}\0{options}".encode()).hexdigest()[:12]


def merged_pull_request(subject: str) -> int | None:
    """The pull request that a commit says it merged: ``Merge pull request #7 from …`` or ``… (#7)``."""
    found = _MERGED.match(subject) or _SQUASHED.search(subject)
    return (int(found[1]) or None) if found else None


def speaks(
    changes: Iterable[Change],
    judgements: Sequence[Judgement],
    baseline: Mapping[str, frozenset[str]] | None = None,
) -> bool:
    """Whether a repository that was silent so far has something to say: a regression after its
    baseline, now or earlier, or a critical finding.

    Args:
        baseline: as ``stood`` gives it; None when it is not known.
    """
    critical = any(j.outcome is Outcome.FAIL and j.severity is Severity.CRITICAL for j in judgements)
    earlier = baseline is not None and beyond(judgements, baseline)
    return critical or bool(earlier) or any(c.kind in WORSENING for c in changes)


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


def _reported(verdicts: Iterable[StoredVerdict]) -> bool:
    return any(verdict.outcome in _KNOWN_VALUES for verdict in verdicts)


def _known(before: StoredVerdict | None) -> StoredVerdict | None:
    """A verdict that a new one can be compared with."""
    return before if before and before.outcome in _KNOWN_VALUES and not before.off else None


def _cause(judgement: Judgement, before: StoredVerdict | None, commit: str, now: Circumstances) -> Cause:
    """Why a check may count differently than before."""
    if before and not before.off and (before.exempt_until is None) is (judgement.check in now.exempt):
        return Cause.EXEMPTION
    why = _why(judgement, before, commit, now)
    if before and why is not Cause.POLICY and _matters_otherwise(judgement, before):
        # Policy says the same as before, so it is the check's own severity that changed.
        return Cause.RULE
    return why


def _matters_otherwise(judgement: Judgement, before: StoredVerdict) -> bool:
    """Its severity is another one, and not only because what was observed matters less than the check."""
    if before.severity == int(judgement.severity):
        return False
    weights = [evidence.severity for evidence in judgement.verdict.evidence]
    observed = judgement.outcome is Outcome.FAIL and bool(weights) and None not in weights
    was_lighter = before.outcome == Outcome.FAIL.value and before.severity < int(judgement.severity)
    return not (observed or was_lighter)


def _why(judgement: Judgement, before: StoredVerdict | None, commit: str, now: Circumstances) -> Cause:
    """Why its verdict may be another one; exemptions change no verdict."""
    if before is None:
        return Cause.RULE
    if before.off:
        return Cause.POLICY
    if before.outcome not in _KNOWN_VALUES:
        return Cause.PERMISSION if before.reason == Reason.PERMISSION.value else Cause.READING
    if before.rule_version != judgement.rule_version:
        return Cause.RULE
    if before.terms != now.terms.get(judgement.check, ""):
        return Cause.POLICY
    if not judgement.file_fed:
        return Cause.OUTSIDE
    return Cause.COMMIT if before.commit != commit else Cause.TIME


def _change(
    judgement: Judgement, stored: StoredVerdict | None, commit: str, now: Circumstances, *, first: bool
) -> Change:
    before, cause = _known(stored), _why(judgement, stored, commit, now)
    if before is None:
        return _compare(judgement, None, frozenset(), cause, first=first)
    failed = before.outcome == judgement.outcome.value == Outcome.FAIL.value
    if failed and judgement.check in now.ended and frozenset(before.baseline) & judgement.marks:
        # What stood there in peace speaks from now on, as if it were new.
        return _released(judgement, before, now.ended[judgement.check])
    if failed and _cause(judgement, stored, commit, now) is Cause.EXEMPTION:
        cause = Cause.EXEMPTION
    change = _compare(judgement, Outcome(before.outcome), frozenset(before.fingerprints), cause, first=first)
    change = replace(change, before_at=before.judged_at)
    if change.cause != Cause.COMMIT:
        return change
    return replace(change, commits=(before.commit, commit), pull_request=now.pull_request)


def _released(judgement: Judgement, before: StoredVerdict, why: Cause) -> Change:
    """The change of a finding whose baseline has ended since it was last seen."""
    spoken = (frozenset(before.fingerprints) or frozenset({""})) - frozenset(before.baseline)
    arrived = tuple(e for e in judgement.verdict.evidence if e.fingerprint not in spoken)
    kind = ChangeKind.WORSE if spoken else ChangeKind.NEW
    outcome = Outcome(before.outcome)
    return Change(judgement.check, kind, outcome, judgement.outcome, arrived, why, before.judged_at)


def _compare(
    judgement: Judgement, before: Outcome | None, known: frozenset[str], cause: Cause, *, first: bool
) -> Change:
    after = judgement.outcome
    seen = _fingerprints(judgement)
    arrived = tuple(e for e in judgement.verdict.evidence if e.fingerprint not in known)
    if after not in KNOWN:
        kind = ChangeKind.UNREADABLE
    elif before is None:
        kind = ChangeKind.BASELINE if first else ChangeKind.VISIBLE
    elif after is Outcome.FAIL and before is not Outcome.FAIL:
        # What another rule sees may have been there all the time.
        kind = ChangeKind.VISIBLE if cause is Cause.RULE else ChangeKind.NEW
    elif after is not Outcome.FAIL and before is Outcome.FAIL:
        kind = ChangeKind.FIXED
    elif after is Outcome.FAIL and cause is Cause.EXEMPTION:
        # What was asked to wait until today speaks again, whenever it began.
        kind = ChangeKind.NEW
    elif after is not Outcome.FAIL or seen == known:
        kind = ChangeKind.SAME
    elif arrived:
        kind = ChangeKind.VISIBLE if cause is Cause.RULE else ChangeKind.WORSE
    else:
        kind = ChangeKind.BETTER
    unexplained = kind in _NO_CHANGE or kind is ChangeKind.UNREADABLE
    return Change(
        check=judgement.check,
        kind=kind,
        before=before,
        after=after,
        new_evidence=arrived if kind in WORSENING else (),
        cause="" if unexplained else cause,
    )


def _to_store(
    j: Judgement,
    before: StoredVerdict | None,
    commit: str,
    judged_at: datetime,
    now: Circumstances,
    *,
    first: bool,
) -> StoredVerdict:
    if j.outcome not in KNOWN and before is not None and not before.off:
        return _looked(before, j, now)
    comparable = _known(before)
    if comparable and comparable.outcome == j.outcome.value:
        since, cause, pull_request = comparable.since, comparable.cause, comparable.pull_request
    else:
        since, cause, pull_request = judged_at, "" if first else _why(j, before, commit, now).value, None
        if cause == Cause.COMMIT:
            pull_request = now.pull_request
    known = StoredVerdict(
        check=j.check,
        outcome=j.outcome.value,
        severity=int(j.severity),
        summary=j.verdict.summary,
        fingerprints=tuple(sorted(_fingerprints(j))),
        rule_version=j.rule_version,
        commit=commit,
        since=since,
        judged_at=judged_at,
        last_outcome=j.outcome.value,
        terms=now.terms.get(j.check, ""),
        cause=cause,
        pull_request=pull_request,
    )
    baseline = _baseline(j, before, now)
    grown = before is None or bool(baseline - frozenset(before.baseline))
    at = judged_at if baseline and grown else (before.baseline_at if before else None)
    return _looked(replace(known, baseline=tuple(sorted(baseline)), baseline_at=at), j, now)


def _baseline(j: Judgement, before: StoredVerdict | None, now: Circumstances) -> frozenset[str]:
    """The marks of a known verdict that do not speak."""
    seen = j.marks
    if j.check in now.ended:
        return frozenset()
    if before is None or before.outcome not in _KNOWN_VALUES:
        return seen
    known = frozenset(before.fingerprints) or frozenset({""})
    spoken = (known if before.outcome == Outcome.FAIL.value else frozenset()) - frozenset(before.baseline)
    if before.off:
        # Policy has switched it on again: what spoke before goes on, the rest is newly visible.
        return seen - spoken
    if before.exempt_until is not None and j.check not in now.exempt:
        # Whoever asked for silence until a day has asked to hear of it then.
        return frozenset()
    stays = frozenset(before.baseline) & seen
    if before.rule_version == j.rule_version:
        return stays
    # What another rule sees may have been there all the time.
    return stays | (seen - known if before.outcome == Outcome.FAIL.value else seen)


def _looked(verdict: StoredVerdict, j: Judgement, now: Circumstances) -> StoredVerdict:
    """With what the latest look said."""
    until, reason = now.exempt.get(j.check, (None, ""))
    return replace(
        verdict,
        last_outcome=j.outcome.value,
        reason=j.verdict.reason.value if j.verdict.reason else "",
        permission=j.verdict.permission or "",
        exempt_until=until,
        exempt_reason=reason,
        off=False,
    )


def _fingerprints(judgement: Judgement) -> frozenset[str]:
    return frozenset(e.fingerprint for e in judgement.verdict.evidence)
