"""A report as a JSON document, for programs: stable, versioned, described by a schema.

Keys are only ever added within one version. Texts are as they are, not Markdown; text that is not
valid Unicode has its broken parts written as escapes, so that every document can be encoded.
"""

from __future__ import annotations

from typing import Any

from bot.model.reports import Change, ChangeKind, Exempted, Report
from bot.model.scores import Cause, Score, ScoreChange, Scored
from bot.model.verdicts import Evidence, Judgement, Outcome
from bot.report.json_schema import (
    COUNT,
    GRADE,
    MOMENT,
    PER_CENT,
    SEVERITY,
    TEXT,
    closed,
    moment,
    nullable,
    valid,
)
from bot.report.score import by_family, grade, score_of, weighed_now
from bot.report.view import for_readers

VERSION = 1


def as_json(report: Report, *, redact: bool = False) -> dict[str, Any]:
    """The document of a report; ``SCHEMA`` describes it.

    Args:
        redact: leave out what a logged-out reader could not see. For documents that others read;
            whoever judged the repository with their own rights may read everything.
    """
    report = for_readers(report) if redact else report
    judgements = report.judgements
    changes = {change.check: change for change in report.changes}
    repository = report.repository
    checks = [weighed_now(j) for j in judgements]
    scored = report.scored or Scored(score_of(checks), by_family(checks))
    return {
        "version": VERSION,
        "repository": {
            "id": repository.id,
            "full_name": valid(repository.full_name),
            "visibility": repository.visibility.value,
            "url": valid(repository.html_url),
            "default_branch": valid(repository.default_branch),
        },
        "commit": report.commit,
        "branch": valid(report.branch),
        "base_commit": report.base_commit,
        "pull_request": report.pull_request,
        "judged_at": moment(report.judged_at),
        "counts": {outcome.value: sum(j.outcome is outcome for j in judgements) for outcome in Outcome},
        "score": _score(scored.score),
        "categories": [{"name": name, **_score(score)} for name, score in scored.families],
        "score_change": _score_change(scored.change) if scored.change else None,
        "trend": [{"day": point.day.isoformat(), "value": point.value} for point in scored.trend],
        "checks": [_check(j, changes.get(j.check)) for j in judgements],
        "exempted": [_exempted(e) for e in report.exempted],
        "expired": [_exempted(e) for e in report.expired],
    }


def _check(judgement: Judgement, change: Change | None) -> dict[str, Any]:
    verdict = judgement.verdict
    return {
        "name": judgement.check,
        "family": judgement.family,
        "title": judgement.title,
        "outcome": verdict.outcome.value,
        "severity": judgement.severity.label,
        "audience": judgement.audience.value,
        "summary": valid(verdict.summary),
        "reason": verdict.reason.value if verdict.reason else None,
        "permission": verdict.permission,
        "valid_until": moment(verdict.valid_until) if verdict.valid_until else None,
        "evidence": [_evidence(e, judgement) for e in verdict.evidence],
        "change": _change(change) if change else None,
        "why": judgement.why,
        "fix": judgement.fix,
        "source": judgement.source,
        "rule_version": judgement.rule_version,
        "file_fed": judgement.file_fed,
        "follows": judgement.follows or None,
    }


def _exempted(exempted: Exempted) -> dict[str, Any]:
    return {"name": exempted.check, "reason": valid(exempted.reason)}


def _change(change: Change) -> dict[str, Any]:
    before, after = change.commits or (None, None)
    return {
        "kind": change.kind.value,
        "cause": change.cause or None,
        "before": change.before.value if change.before else None,
        "before_at": moment(change.before_at) if change.before_at else None,
        "from_commit": before,
        "to_commit": after,
        "pull_request": change.pull_request,
    }


def _score(score: Score) -> dict[str, Any]:
    letter = grade(score)
    return {
        "value": score.value,
        "grade": letter.value if letter else None,
        "coverage": score.coverage,
        "passed": score.passed,
        "judged": score.judged,
        "known": score.known,
        "asked": score.asked,
        "exempted": score.exempted,
    }


def _score_change(change: ScoreChange) -> dict[str, Any]:
    return {
        "before": change.before,
        "after": change.after,
        "parts": [{"cause": cause.value, "points": points} for cause, points in change.parts],
    }


def _evidence(evidence: Evidence, judgement: Judgement) -> dict[str, Any]:
    place = evidence.place
    return {
        "text": valid(evidence.text),
        "severity": (judgement.severity if evidence.severity is None else evidence.severity).label,
        "fingerprint": valid(evidence.fingerprint),
        "path": valid(place.path) if place and place.path is not None else None,
        "line": place.line if place else None,
        "end_line": place.end_line if place else None,
        "branch": valid(place.branch) if place and place.branch is not None else None,
        "setting": place.setting if place else None,
    }


_LINE = nullable("integer", minimum=1)
_KINDS = [kind.value for kind in ChangeKind]
_CAUSES = [cause.value for cause in Cause]
_SCORE = {
    "value": {**PER_CENT, "description": "Null when nothing was judged."},
    "grade": GRADE,
    "coverage": {**PER_CENT, "description": "Per cent of the weight that has an answer."},
    "passed": {**COUNT, "description": "Weight of the checks that pass."},
    "judged": {**COUNT, "description": "Weight of the checks that pass or fail."},
    "known": {**COUNT, "description": "Weight of the checks with an answer."},
    "asked": {**COUNT, "description": "Weight of all checks that are not exempt."},
    "exempted": {**COUNT, "description": "How many checks are exempt."},
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of one repository",
    "description": "What `plumbline check --format json` prints. Keys are only ever added.",
    **closed(
        version={"const": VERSION},
        repository=closed(
            id={"type": "integer", "minimum": 0},
            full_name=TEXT,
            visibility={"enum": ["public", "internal", "private"]},
            url=TEXT,
            default_branch=TEXT,
        ),
        commit=TEXT,
        branch=TEXT,
        base_commit=nullable("string", description="The merge base; null for a branch."),
        pull_request=nullable("integer", minimum=1),
        judged_at=MOMENT,
        counts=closed(**{outcome.value: COUNT for outcome in Outcome}),
        score={**closed(**_SCORE), "description": "See the guide to the score."},
        categories={"type": "array", "items": closed(name=TEXT, **_SCORE)},
        score_change={
            "anyOf": [
                {"type": "null"},
                closed(
                    before={"type": "integer", "minimum": 0, "maximum": 100},
                    after={"type": "integer", "minimum": 0, "maximum": 100},
                    parts={
                        "type": "array",
                        "items": closed(cause={"enum": _CAUSES}, points={"type": "integer"}),
                    },
                ),
            ],
            "description": "Since the last report; the parts add up to the difference.",
        },
        trend={
            "type": "array",
            "items": closed(
                day={"type": "string", "format": "date"},
                value={"type": "integer", "minimum": 0, "maximum": 100},
            ),
            "description": "One point a day at most, oldest first.",
        },
        checks={
            "type": "array",
            "items": closed(
                name=TEXT,
                family=TEXT,
                title={**TEXT, "description": "What holds when the check passes."},
                outcome={"enum": [outcome.value for outcome in Outcome]},
                severity=SEVERITY,
                audience={"enum": ["public", "restricted"]},
                summary=TEXT,
                reason={
                    "enum": ["permission", "limit", "fault", None],
                    "description": "Why the outcome is unknown.",
                },
                permission=nullable("string", description="What would turn an unknown into an answer."),
                valid_until=nullable(
                    "string", format="date-time", description="When time alone can change the outcome."
                ),
                evidence={
                    "type": "array",
                    "items": closed(
                        text=TEXT,
                        severity=SEVERITY,
                        fingerprint={
                            **TEXT,
                            "description": "Names the observation across runs and moved lines.",
                        },
                        path=nullable("string"),
                        line=_LINE,
                        end_line=_LINE,
                        branch=nullable("string"),
                        setting=nullable("string"),
                    ),
                },
                change={
                    "anyOf": [
                        {"type": "null"},
                        closed(
                            kind={"enum": _KINDS},
                            cause={"enum": [*_CAUSES, None]},
                            before={
                                "enum": ["pass", "fail", "not-applicable", None],
                                "description": "The last known outcome.",
                            },
                            before_at=nullable("string", format="date-time"),
                            from_commit=nullable("string"),
                            to_commit=nullable("string"),
                            pull_request=nullable("integer", minimum=1),
                        ),
                    ],
                    "description": "Since the last report, or against the merge base.",
                },
                why=TEXT,
                fix=TEXT,
                source=TEXT,
                rule_version={"type": "integer", "minimum": 1},
                file_fed={"type": "boolean"},
                follows=nullable("string", description="The check whose finding brings this one along."),
            ),
        },
        exempted={"type": "array", "items": closed(name=TEXT, reason=TEXT)},
        expired={
            "type": "array",
            "items": closed(name=TEXT, reason=TEXT),
            "description": "Checks that do not pass although an exemption asked them to wait; it has ended.",
        },
    ),
}
"""JSON Schema of ``as_json``."""
