"""An organisation's report as a JSON document, for programs: stable, versioned, described by a schema.

Keys are only ever added within one version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model.scores import Score
from bot.model.verdicts import Severity
from bot.report.html.organisation import Row
from bot.report.json_schema import (
    COUNT,
    GRADE,
    MOMENT,
    PER_CENT,
    SEVERITY,
    TEXT,
    by_name,
    closed,
    listed,
    moment,
    nullable,
    valid,
)
from bot.report.roll_up import Named, RollUp
from bot.report.score import grade

VERSION = 1


def as_json(
    login: str,
    found: RollUp,
    rows: Iterable[Row],
    now: datetime,
    *,
    points: float = 0.0,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The document: numbers of the organisation, and one entry for each repository, by name; see ``SCHEMA``.

    Args:
        points: what reading cost today, in points of GitHub's API.
        notes: what a reader must know first.
    """
    return {
        "version": VERSION,
        "organisation": valid(login),
        "written_at": moment(now),
        "notes": [valid(note) for note in notes],
        "repositories_judged": found.repositories,
        "score": _score(found.score),
        "findings": _by_severity(found.findings),
        "points": round(points, 2),
        "groups": [
            {
                "name": valid(name),
                "repositories": repositories,
                "score": _score(score),
                "categories": {valid(family): _score(part) for family, part in sorted(families.items())},
            }
            for name, repositories, score, families in found.groups
        ],
        "regressions": [_regression(named) for named in found.regressions],
        "regressions_total": found.regressed,
        "fixes": [{"check": fix.check, "repositories": fix.repositories} for fix in found.fixes],
        "teams": [
            {
                "name": valid(team.slug),
                "repositories": team.repositories,
                "score": _score(team.score),
                "findings": _by_severity(team.findings),
            }
            for team in found.teams
        ],
        "unknown": {
            why: {"verdicts": verdicts, "repositories": repositories}
            for why, (verdicts, repositories) in sorted(found.unread.items())
        },
        "permissions_missing": [
            {
                "permission": valid(missing.permission),
                "verdicts": missing.checks,
                "repositories": missing.repositories,
            }
            for missing in found.missing
        ],
        "exemptions": found.exempted,
        "repositories": [
            _row(row) for row in sorted(rows, key=lambda r: (r.repository.full_name, r.repository.id))
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    repository = row.repository
    return {
        "id": repository.id,
        "full_name": valid(repository.full_name),
        "visibility": repository.visibility.value,
        "url": valid(repository.html_url),
        "group": valid(row.group),
        "score": _score(row.score),
        "findings": _by_severity(row.findings),
        "unknown": row.unread,
    }


def _regression(named: Named) -> dict[str, Any]:
    outcome = named.outcome
    return {
        "repository": valid(named.repository.full_name),
        "check": outcome.check,
        "severity": Severity(outcome.severity).label,
        "since": moment(outcome.since),
        "cause": outcome.cause or None,
        "pull_request": outcome.pull_request,
    }


def _by_severity(findings: Mapping[Severity, int]) -> dict[str, int]:
    return {severity.label: findings.get(severity, 0) for severity in reversed(Severity)}


def _score(score: Score) -> dict[str, Any]:
    letter = grade(score)
    return {
        "value": score.value,
        "grade": letter.value if letter else None,
        "coverage": score.coverage,
    }


_SCORE = closed(
    value={**PER_CENT, "description": "Null when nothing was judged."},
    grade=GRADE,
    coverage={**PER_CENT, "description": "Per cent of the weight that has an answer."},
)
_FINDINGS = {
    **closed(**{severity.label: COUNT for severity in reversed(Severity)}),
    "description": "How many checks fail, by severity.",
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of an organisation",
    "description": "What `plumbline report --org NAME --once --format json` prints; keys are only added.",
    **closed(
        version={"const": VERSION},
        organisation=TEXT,
        written_at=MOMENT,
        notes=listed(TEXT, "What a reader must know first, as that not all was read."),
        repositories_judged=COUNT,
        score=_SCORE,
        findings=_FINDINGS,
        points={
            "type": "number",
            "minimum": 0,
            "description": "What reading cost on that day, in points of GitHub's API; 0 when it is not told.",
        },
        groups=listed(
            closed(
                name=TEXT,
                repositories=COUNT,
                score=_SCORE,
                categories=by_name(_SCORE, "By category."),
            ),
            "Each repository counts for the first of its groups.",
        ),
        regressions=listed(
            closed(
                repository=TEXT,
                check=TEXT,
                severity=SEVERITY,
                since=MOMENT,
                cause=nullable("string"),
                pull_request=nullable("integer", minimum=1),
            ),
            "The worst first, not all of them.",
        ),
        regressions_total=COUNT,
        fixes=listed(closed(check=TEXT, repositories=COUNT), "What helps most when mended comes first."),
        teams=listed(closed(name=TEXT, repositories=COUNT, score=_SCORE, findings=_FINDINGS)),
        unknown=by_name(
            closed(verdicts=COUNT, repositories=COUNT),
            "By reason: `permission`, `limit`, `fault`, `error` or `unknown`.",
        ),
        permissions_missing=listed(
            closed(permission=TEXT, verdicts=COUNT, repositories=COUNT),
            "What helps most when granted comes first.",
        ),
        exemptions={**COUNT, "description": "How many are in force."},
        repositories=listed(
            closed(
                id={"type": "integer", "minimum": 0},
                full_name=TEXT,
                visibility={"enum": ["public", "internal", "private"]},
                url=TEXT,
                group=TEXT,
                score=_SCORE,
                findings=_FINDINGS,
                unknown={**COUNT, "description": "How many checks could not be judged."},
            ),
            "By name.",
        ),
    ),
}
"""JSON Schema of ``as_json``."""
