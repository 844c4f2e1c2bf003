"""A report sorted for readers: who may see what, and what is new, mended, failing or unread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.model.reports import Change, ChangeKind, Report
from bot.model.verdicts import Audience, Evidence, Judgement, Outcome

QUIET = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
"""Outcomes of which the words may change without being news."""


def for_readers(report: Report) -> Report:
    """What of a report the readers of its repository may see.

    On a public repository that is what everybody may: a logged-out reader sees what we write
    there. Whoever reads a private or an internal repository may see it all.
    """
    return for_everybody(report) if report.repository.public else report


def for_everybody(report: Report) -> Report:
    """What of a report a logged-out reader could see for themselves."""
    judgements = tuple(j for j in report.judgements if j.audience is Audience.PUBLIC)
    names = {j.check for j in judgements}
    return replace(
        report,
        judgements=judgements,
        changes=tuple(c for c in report.changes if c.check in names),
        exempted=tuple(e for e in report.exempted if e.audience is Audience.PUBLIC),
        expired=tuple(e for e in report.expired if e.audience is Audience.PUBLIC),
        wishes=tuple(w for w in report.wishes if w.audience is Audience.PUBLIC),
        ended=report.ended & names,
    )


@dataclass(frozen=True, slots=True)
class View:
    """What one page shows; every group holds the worst first, then by name.

    Args:
        proposal: the report is about a pull request or a merge group, not about a branch.
        report: what of it is shown.
        shown: all judgements that are shown at all.
        new, worse: fails that were not there before, and fails with observations that were not.
        appeared: fails that a permission, another rule or a first reading has made visible.
        fixed, better: fails that are gone, and fails of which some observations are gone.
        first: fails that nothing earlier could be compared with.
        same: other fails.
        unread: unknown.
        errors: checks that crashed.
    """

    report: Report
    proposal: bool
    shown: tuple[Judgement, ...]
    changes: Mapping[str, Change]
    failing: tuple[Judgement, ...]
    new: tuple[Judgement, ...]
    worse: tuple[Judgement, ...]
    appeared: tuple[Judgement, ...]
    fixed: tuple[Judgement, ...]
    better: tuple[Judgement, ...]
    first: tuple[Judgement, ...]
    same: tuple[Judgement, ...]
    unread: tuple[Judgement, ...]
    errors: tuple[Judgement, ...]

    @property
    def judged(self) -> int:
        """How many checks gave an answer that applies."""
        return sum(j.outcome in (Outcome.PASS, Outcome.FAIL) for j in self.shown)

    @property
    def passing(self) -> tuple[Judgement, ...]:
        """Checks that pass."""
        return tuple(j for j in self.shown if j.outcome is Outcome.PASS)

    @property
    def not_applicable(self) -> tuple[Judgement, ...]:
        """Checks whose question does not arise."""
        return tuple(j for j in self.shown if j.outcome is Outcome.NOT_APPLICABLE)

    @property
    def changed(self) -> list[tuple[str, Judgement]]:
        """What changed, each with a word for it, the bad first."""
        groups = (
            ("New", self.new),
            ("Worse", self.worse),
            ("Newly visible", self.appeared),
            ("Fixed", self.fixed),
            ("Improved", self.better),
        )
        return [(word, judgement) for word, group in groups for judgement in group]

    def evidence(self, judgement: Judgement) -> tuple[Evidence, ...]:
        """What to show for a fail: on a proposal what it brings, on a branch all, the new first."""
        change = self.changes.get(judgement.check)
        new = change.new_evidence if change else ()
        if not new:
            return judgement.verdict.evidence
        if self.proposal:
            return new
        arrived = {e.fingerprint for e in new}
        return (*new, *(e for e in judgement.verdict.evidence if e.fingerprint not in arrived))


@dataclass(frozen=True, slots=True)
class Led:
    """A finding with those that follow from it, which are told in the same place."""

    first: Judgement
    followers: tuple[Judgement, ...] = ()


def led(judgements: Iterable[Judgement]) -> list[Led]:
    """Findings in the given order, but for those that follow from another of them: these stand with it."""
    listed = tuple(judgements)
    names = {j.check for j in listed}
    return [
        Led(j, tuple(other for other in listed if other.follows == j.check))
        for j in listed
        if j.follows not in names
    ]


def in_all(groups: Iterable[Led]) -> int:
    """How many findings groups have."""
    return sum(1 + len(group.followers) for group in groups)


def view(report: Report, *, redact: bool = True) -> View:
    """Sort a report. On a proposal only file-fed checks are shown: it can not change settings.

    Args:
        redact: leave out what readers of the repository may not see; whoever judged it with their
            own rights may read everything.
    """
    report = for_readers(report) if redact else report
    proposal = report.pull_request is not None or report.base_commit is not None
    shown = tuple(
        sorted(
            (j for j in report.judgements if j.file_fed or not proposal),
            key=lambda j: (-j.severity, j.check),
        )
    )
    names = {j.check for j in shown}
    changes = {c.check: c for c in report.changes if c.check in names}
    failing = tuple(j for j in shown if j.outcome is Outcome.FAIL)

    def among(judgements: Iterable[Judgement], kind: ChangeKind) -> tuple[Judgement, ...]:
        return tuple(j for j in judgements if j.check in changes and changes[j.check].kind is kind)

    new, worse, appeared, better, first = (
        among(failing, kind)
        for kind in (
            ChangeKind.NEW,
            ChangeKind.WORSE,
            ChangeKind.VISIBLE,
            ChangeKind.BETTER,
            ChangeKind.BASELINE,
        )
    )
    told = {j.check for j in (*new, *worse, *appeared, *better, *first)}
    return View(
        report=report,
        proposal=proposal,
        shown=shown,
        changes=MappingProxyType(changes),
        failing=failing,
        new=new,
        worse=worse,
        appeared=appeared,
        fixed=among((j for j in shown if j.outcome is not Outcome.FAIL), ChangeKind.FIXED),
        better=better,
        first=first,
        same=tuple(j for j in failing if j.check not in told),
        unread=tuple(j for j in shown if j.outcome is Outcome.UNKNOWN),
        errors=tuple(j for j in shown if j.outcome is Outcome.ERROR),
    )
