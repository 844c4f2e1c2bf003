"""Compares what zizmor says of clones' workflows with what reaches our checks.

Run: ``python -m benchmarks.against_zizmor CLONE...``, each CLONE a git directory or a clone. zizmor runs
directly on the files as they lie in the clone and answers in SARIF; our checks get there by single
files and zizmor's JSON. Prints a table, and below it every finding that reached no check although an
audit that a check judges by told it, and every piece of evidence that zizmor does not tell.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.against_repolinter import check_out, name_of
from bot.adapters.zizmor import find_program
from bot.checks.ci.audits import LEFT_ALONE, TAKEN

WORKFLOWS = Path(".github", "workflows")
LEVELS = {"Informational": "info", "Low": "low", "Medium": "medium", "High": "high"}
OWN = {"dangerous-trigger": "critical", "pinned-actions": "medium"}
"""Checks whose evidence weighs as much as the check, whatever zizmor says of it."""

MOST = {"trusted-publishing": "info", "token-permissions": "high"}
MADE_BY_GITHUB = re.compile(r"github\.event\.[\w.]{1,100}(_at|_id|_count|\.id|\.number|\.sha)\b")
ORDER = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Told:
    """A finding of zizmor."""

    audit: str
    path: str
    line: int
    severity: str
    message: str
    confidence: str = "High"
    feature: str = ""


@dataclass(slots=True)
class Comparison:
    """Findings by what became of them.

    Attributes:
        reached: (check, path, line) has evidence of the severity that is due.
        by_rule: told by an audit that no check judges by, or that a check hears in some cases only.
        lost: should have reached a check.
        beyond: our evidence that no finding stands behind.
    """

    reached: list[Told] = field(default_factory=list)
    by_rule: Counter[str] = field(default_factory=Counter)
    lost: list[Told] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)


def told_by_zizmor(files: Path) -> list[Told]:
    """All findings in the workflows of a checked-out repository; comments that silence are heeded."""
    if not (files / WORKFLOWS).is_dir():
        return []
    command = [str(find_program()), "--offline", "--no-config", "--no-exit-codes", "--no-progress", "--quiet"]
    done = subprocess.run(
        [*command, "--format=sarif", str(WORKFLOWS)], cwd=files, capture_output=True, text=True, check=True
    )
    found = []
    for result in json.loads(done.stdout)["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        found.append(
            Told(
                result["ruleId"].removeprefix("zizmor/"),
                place["artifactLocation"]["uri"],
                place["region"]["startLine"],
                LEVELS[result["properties"]["zizmor/severity"]],
                result["locations"][0]["logicalLocations"][0]["properties"]["symbolic"]["annotation"],
                result["properties"]["zizmor/confidence"],
                place["region"]["snippet"]["text"],
            )
        )
    return found


def told_by_us(files: Path) -> dict[str, Any]:
    """Check -> what `plumbline check` says of it, as JSON."""
    command = [sys.executable, "-m", "bot.entry.cli", "check", str(files), "--format=json", "--fail-on=never"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def compare(told: Sequence[Told], ours: Mapping[str, Any]) -> Comparison:
    """Follow every finding to the check that judges by its audit."""
    evidence = Counter(
        (name, e["path"], e["line"], e["severity"] or check["severity"])
        for name, check in ours.items()
        if name in TAKEN.values() and check["outcome"] == "fail"
        for e in check["evidence"]
    )
    found = Comparison()
    for finding in told:
        if finding.audit in LEFT_ALONE:
            found.by_rule[finding.audit] += 1
            continue
        places = [(c, finding.path, finding.line, _due(c, finding)) for c in _checks(finding)]
        place = next((p for p in places if evidence[p]), None)
        if place is not None:
            evidence[place] -= 1
            found.reached.append(finding)
        elif reason := _heard_in_some_cases(finding):
            found.by_rule[reason] += 1
        else:
            found.lost.append(finding)
    found.beyond = [
        f"{p[0]}: {p[1]}:{p[2]} ({p[3]})" for p, number in evidence.items() for _ in range(number)
    ]
    return found


def _checks(finding: Told) -> list[str]:
    both = finding.audit == "template-injection"
    return ["dangerous-trigger", TAKEN[finding.audit]] if both else [TAKEN[finding.audit]]


def _due(check: str, finding: Told) -> str:
    """The weight of a finding as evidence: zizmor's, but no more than the check's own."""
    if check in OWN:
        return OWN[check]
    if check == "credential-persistence":
        # zizmor is sure only where it sees an upload; a checkout alone weighs little.
        return finding.severity if finding.confidence == "High" else "low"
    most = MOST.get(check) or next(iter(_SEVERITIES[check]))
    return min(finding.severity, most, key=ORDER.index)


def _severities() -> dict[str, tuple[str]]:
    from bot.registry import load

    return {spec.name: (spec.severity.label,) for spec in load(plugins=False).checks.values()}


_SEVERITIES = _severities()


def _heard_in_some_cases(finding: Told) -> str:
    """Why a finding of an audit that is taken makes no evidence of its own."""
    weak = finding.severity in ("info", "low")
    match finding.audit:
        case "dangerous-triggers":
            return "dangerous-triggers without a checkout of the proposal"
        case "excessive-permissions" if finding.message == "uses read-all permissions":
            return "excessive-permissions that only read"
        case "excessive-permissions" if finding.message.startswith("default permissions used"):
            return "excessive-permissions of further jobs in a file that is told already"
        case "artipacked" if weak:
            return "artipacked with a checkout since v6, which keeps its token elsewhere"
        case "template-injection" if weak or finding.confidence != "High":
            return "template-injection of values that the repository itself writes"
        case "template-injection" if MADE_BY_GITHUB.search(finding.feature):
            return "template-injection of an id, a count or a date"
    return ""


def main() -> int:
    """Print the table; 1 when a finding was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", nargs="*", type=Path, metavar="CLONE")
    options = parser.parse_args()
    if not options.clones:
        print("nothing compared: name clones")
        return 0
    details = []
    print(
        "| repository | zizmor finds | reach a check | by rule not heard | lost | ours beyond |", flush=True
    )
    print("|---|---:|---:|---|---:|---:|")
    for clone in options.clones:
        with tempfile.TemporaryDirectory() as scratch:
            files = Path(scratch, "files")
            check_out(clone.resolve(), files)
            told = told_by_zizmor(files)
            found = compare(told, told_by_us(files))
        name = name_of(clone.resolve())
        rules = ", ".join(f"{number} {reason}" for reason, number in sorted(found.by_rule.items())) or "0"
        cells = (name, len(told), len(found.reached), rules, len(found.lost), len(found.beyond))
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
        details += [
            f"- lost in {name}: {f.audit}, {f.path}:{f.line}, {f.severity}: {f.message}" for f in found.lost
        ]
        details += [f"- beyond in {name}: {place}" for place in found.beyond]
    print("\n".join(["", *details]))
    return int(any(line.startswith("- lost") for line in details))


if __name__ == "__main__":
    sys.exit(main())
