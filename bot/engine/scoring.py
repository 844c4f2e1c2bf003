"""The score of a repository that was judged, for its readers and for keeping. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.model.commits import RecentCommits
from bot.model.facts import Repository
from bot.model.scores import Cause, Point, Scored, Weighed
from bot.model.verdicts import Audience, Outcome
from bot.ports import Sample, StoredVerdict
from bot.registry import Registry
from bot.report.score import MOST_POINTS, by_family, change_of, score_of, weighed

Shown = Callable[[StoredVerdict], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """Verdicts as they were kept before, and as they are to be kept, with the trend so far.

    Args:
        causes: check -> why it may count differently now.
        samples: of days before, oldest first.
    """

    before: Iterable[StoredVerdict]
    after: Iterable[StoredVerdict]
    causes: Mapping[str, Cause]
    samples: Sequence[Sample] = ()


def scored(registry: Registry, repository: Repository, known: Known, today: date) -> Scored:
    """The score that readers of the repository may see: on a public one, of public checks alone."""
    shown = (lambda v: _public(registry, v)) if repository.public else _every
    before, after = _weighed(registry, known.before, shown), _weighed(registry, known.after, shown)
    now = score_of(after.values())
    points = [
        Point(sample.day, value)
        for sample in known.samples
        if sample.day < today
        and (value := (sample.public if repository.public else sample.score).value) is not None
    ]
    if now.value is not None:
        points.append(Point(today, now.value))
    return Scored(
        score=now,
        families=by_family(after.values()),
        change=change_of(before, after, lambda check: known.causes.get(check, Cause.COMMIT)),
        trend=tuple(points[-MOST_POINTS:]),
    )


def sample(registry: Registry, verdicts: Iterable[StoredVerdict], today: date, points: float = 0.0) -> Sample:
    """How a repository stands, to be kept.

    Args:
        points: what reading it cost.
    """
    asked = [v for v in verdicts if not v.off]
    all_, public = (_weighed(registry, asked, shown) for shown in (_every, lambda v: _public(registry, v)))
    counted = [w for w in all_.values() if not w.exempt]
    return Sample(
        day=today,
        score=score_of(all_.values()),
        public=score_of(public.values()),
        findings=sum(w.outcome is Outcome.FAIL for w in counted),
        unread=sum(not w.known for w in counted),
        points=points,
    )


def public_checks(registry: Registry) -> frozenset[str]:
    """Names of the checks that everybody may see."""
    return frozenset(s.name for s in registry.checks.values() if s.audience is Audience.PUBLIC)


def subject_of(facts: Mapping[str, object], commit: str) -> str:
    """The first line of a commit's message, where it was read; else empty."""
    recent = facts.get("recent_commits")
    listed = recent.listed if isinstance(recent, RecentCommits) else ()
    return next((c.subject for c in listed if c.oid == commit), "")


def _weighed(registry: Registry, verdicts: Iterable[StoredVerdict], shown: Shown) -> dict[str, Weighed]:
    return {v.check: weighed(v, _family(registry, v.check)) for v in verdicts if not v.off and shown(v)}


def _family(registry: Registry, check: str) -> str:
    spec = registry.checks.get(check)
    return spec.family if spec else ""


def _public(registry: Registry, verdict: StoredVerdict) -> bool:
    """Of a check that exists no more nobody knows whether it was public."""
    spec = registry.checks.get(verdict.check)
    return spec is not None and spec.audience is Audience.PUBLIC


def _every(_: StoredVerdict) -> bool:
    return True
