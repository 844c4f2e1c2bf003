"""An organisation's report as a JSON document, for programs. Keys are only ever added within one version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.model.scores import Score
from bot.model.verdicts import Severity
from bot.report.html.organisation import Row
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
    """The document: numbers of the organisation, and one entry for each repository, by name.

    Args:
        points: what reading cost today, in points of GitHub's API.
        notes: what a reader must know first.
    """
    return {
        "version": VERSION,
        "organisation": _valid(login),
        "written_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "notes": [_valid(note) for note in notes],
        "repositories_judged": found.repositories,
        "score": _score(found.score),
        "findings": _by_severity(found.findings),
        "points": round(points, 2),
        "groups": [
            {
                "name": _valid(name),
                "repositories": repositories,
                "score": _score(score),
                "categories": {_valid(family): _score(part) for family, part in sorted(families.items())},
            }
            for name, repositories, score, families in found.groups
        ],
        "regressions": [_regression(named) for named in found.regressions],
        "regressions_total": found.regressed,
        "fixes": [{"check": fix.check, "repositories": fix.repositories} for fix in found.fixes],
        "teams": [
            {
                "name": _valid(team.slug),
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
                "permission": _valid(missing.permission),
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
        "full_name": _valid(repository.full_name),
        "visibility": repository.visibility.value,
        "url": _valid(repository.html_url),
        "group": _valid(row.group),
        "score": _score(row.score),
        "findings": _by_severity(row.findings),
        "unknown": row.unread,
    }


def _regression(named: Named) -> dict[str, Any]:
    outcome = named.outcome
    return {
        "repository": _valid(named.repository.full_name),
        "check": outcome.check,
        "severity": Severity(outcome.severity).label,
        "since": outcome.since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
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


def _valid(s: str) -> str:
    return s if s.isascii() else s.encode("utf-8", "backslashreplace").decode("utf-8")
