"""A report as SARIF 2.1.0, for GitHub's code scanning and for editors.

Sources: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub Docs,
"SARIF support for code scanning" (which properties it reads, and its limits).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from typing import Any
from urllib.parse import quote

from bot.config.policy import POLICY_PATH
from bot.model.reports import Report
from bot.model.verdicts import Evidence, Judgement, Outcome, Place, Severity
from bot.report.fragments import Links, count, is_file_path
from bot.report.inert import cut
from bot.report.inert import visible as shown
from bot.report.view import for_readers

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

MOST_RESULTS = 5_000
"""GitHub shows no more of one run; the worst are kept."""

SECURITY_FAMILIES = frozenset({"ci", "dependencies", "organisation", "protection"})
"""Whose rules GitHub lists with a security severity; the others show as errors, warnings and notes."""

_SENTENCE = 1_000
_LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_SCORES = {
    Severity.INFO: "0.1",
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
"""GitHub reads more than 9.0 as critical, from 7.0 as high, from 4.0 as medium, above 0 as low."""

_PROBLEMS = {"note": "recommendation", "warning": "warning", "error": "error"}


def as_sarif(report: Report, *, version: str, redact: bool = False) -> dict[str, Any]:
    """The SARIF log of a report: one rule for each check, one result for each observation of a fail.

    What could not be judged is no result, or it would show as a finding: it is a notification.

    Args:
        version: of this program.
        redact: as for ``bot.report.document.as_json``.
    """
    report = for_readers(report) if redact else report
    judgements = report.judgements
    index = {j.check: n for n, j in enumerate(judgements)}
    results = [result for j in judgements for result in _results(j, index[j.check])]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Plumbline",
                "semanticVersion": version,
                "rules": [_rule(j) for j in judgements],
            }
        },
        "automationDetails": {"id": "plumbline/"},
        "invocations": [
            {
                "executionSuccessful": all(j.outcome is not Outcome.ERROR for j in judgements),
                "endTimeUtc": report.judged_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "toolExecutionNotifications": [
                    *_notifications(judgements, index),
                    *_left_out(len(results) - MOST_RESULTS),
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": results[:MOST_RESULTS],
    }
    links = Links.of(report)
    if links.root:
        place = {"repositoryUri": links.root, "revisionId": report.commit}
        if report.branch.isprintable():
            place["branch"] = report.branch
        run["versionControlProvenance"] = [place]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(judgement: Judgement) -> dict[str, Any]:
    level = _LEVELS[judgement.severity]
    parts = (("Why", judgement.why), ("Fix", judgement.fix), ("Source", judgement.source))
    said = [(word, text) for word, text in parts if text]
    properties: dict[str, Any] = {
        "tags": [judgement.family],
        "precision": "high",
        "problem.severity": _PROBLEMS[level],
    }
    if judgement.family in SECURITY_FAMILIES:
        properties["tags"] = ["security", judgement.family]
        properties["security-severity"] = _SCORES[judgement.severity]
    rule: dict[str, Any] = {
        "id": judgement.check,
        "name": "".join(word.title() for word in judgement.check.split("-")),
        "shortDescription": {"text": (judgement.title or judgement.check)[:_SENTENCE]},
        "fullDescription": {"text": (judgement.why or judgement.title or judgement.check)[:_SENTENCE]},
        "help": {
            "text": "\n".join(f"{word}: {text}" for word, text in said) or judgement.title,
            "markdown": "\n\n".join(f"**{word}:** {text}" for word, text in said) or judgement.title,
        },
        "defaultConfiguration": {"level": level},
        "properties": properties,
    }
    if judgement.source.startswith("https://") and " " not in judgement.source:
        rule["helpUri"] = judgement.source
    return rule


def _results(judgement: Judgement, index: int) -> Iterable[dict[str, Any]]:
    if judgement.outcome is not Outcome.FAIL:
        return
    seen: Counter[str] = Counter()
    for evidence in judgement.verdict.evidence or (Evidence(judgement.verdict.summary),):
        fingerprint = _digest(judgement.check, evidence.fingerprint)
        seen[fingerprint] += 1
        severity = judgement.severity if evidence.severity is None else evidence.severity
        yield {
            "ruleId": judgement.check,
            "ruleIndex": index,
            "level": _LEVELS[severity],
            "message": {"text": _message(evidence.text or judgement.verdict.summary)},
            "locations": [_location(evidence.place)],
            # As of GitHub's own action: a digest, and which of several equal ones it is.
            "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:{seen[fingerprint]}"},
        }


def _location(place: Place | None) -> dict[str, Any]:
    """Where an observation shows. GitHub needs a file, so what lies in none is put on the policy's."""
    in_file = place is not None and is_file_path(place.path)
    path, line, end = POLICY_PATH, 1, None
    if place is not None and place.path is not None and in_file:
        path, line, end = place.path, place.line or 1, place.end_line
    region = {"startLine": max(line, 1)}
    if end is not None and end > region["startLine"]:
        region["endLine"] = end
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path, safe="/"), "uriBaseId": "%SRCROOT%"},
            "region": region,
        }
    }
    if place is not None and not in_file:
        name = place.branch or place.setting or place.path
        kind = "branch" if place.branch else "setting" if place.setting else "resource"
        if name:
            location["logicalLocations"] = [{"name": _line(name, 250), "kind": kind}]
    return location


def _notifications(judgements: Iterable[Judgement], index: dict[str, int]) -> Iterable[dict[str, Any]]:
    for judgement in judgements:
        if judgement.outcome in (Outcome.UNKNOWN, Outcome.ERROR):
            said = f"{judgement.check}: {judgement.outcome.value}, {judgement.verdict.summary}"
            yield {
                "level": "error" if judgement.outcome is Outcome.ERROR else "warning",
                "message": {"text": _message(said)},
                "associatedRule": {"id": judgement.check, "index": index[judgement.check]},
            }


def _left_out(number: int) -> Iterable[dict[str, Any]]:
    if number > 0:
        yield {
            "level": "note",
            "message": {"text": f"{count(number, 'more result')} left out for want of room."},
        }


def _message(text: str) -> str:
    """One line; SARIF reads ``[words](target)`` as a link, and names in it are foreign."""
    line = _line(text, _SENTENCE)
    return line.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]") or "(no text)"


def _line(text: str, limit: int) -> str:
    kept, rest = cut(" ".join(text.split()), limit)
    return shown(kept) + rest


def _digest(check: str, fingerprint: str) -> str:
    joined = f"{check}\0{fingerprint}"
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]
