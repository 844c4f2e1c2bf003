"""What an organisation's policy says, as a plan: written as its file, and read a second time.

Only what the reports of a planned organisation need: groups with their conditions, severities, checks
that are switched off, exemptions, and who is left alone (``docs/guide/policy.md``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from tests.truth.plans import Plan


@dataclass(frozen=True)
class Wait:
    """An exemption: ``until`` is its last day."""

    check: str
    reason: str
    until: date


@dataclass(frozen=True)
class GroupPlan:
    """Repositories of a kind.

    Args:
        when: conditions as the file has them: ``names``, ``topics``, ``teams``, ``visibility``, ``fork``.
        severities: check -> how much it matters here.
        off: checks that are not asked here.
        loud: its findings speak although they stood there before (``baseline: off``).
    """

    name: str
    when: Mapping[str, Any]
    severities: Mapping[str, str] = field(default_factory=dict)
    off: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    loud: bool = False

    def holds(self, plan: Plan) -> bool:
        """All conditions do."""
        return all(_holds(plan, word, wanted) for word, wanted in self.when.items())


def _holds(plan: Plan, word: str, wanted: Any) -> bool:
    listed = [wanted] if isinstance(wanted, str) else wanted
    match word:
        case "names":
            return any(fnmatchcase(plan.name, pattern) for pattern in listed)
        case "topics":
            return bool({*listed} & {*plan.topics})
        case "teams":
            return bool({*listed} & {*plan.teams})
        case "visibility":
            return ("private" if plan.private else "public") in listed
        case "fork":
            return plan.fork is wanted
    raise ValueError(f"no condition is called {word!r}")


@dataclass(frozen=True)
class Force:
    """What is in force for a repository.

    Args:
        groups: all that it belongs to, in order.
    """

    groups: tuple[GroupPlan, ...]
    severities: Mapping[str, str]
    off: frozenset[str]
    waits: Mapping[str, Wait]

    @property
    def loud(self) -> bool:
        """No finding is a baseline."""
        return any(group.loud for group in self.groups)


@dataclass(frozen=True)
class PolicyPlan:
    """The organisation's file.

    Args:
        left_alone: patterns of names of repositories that are not judged.
        roll_up: the private repository that gets the report.
    """

    groups: tuple[GroupPlan, ...]
    off: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    left_alone: tuple[str, ...] = ()
    roll_up: str = ""

    def enrols(self, plan: Plan) -> bool:
        """It is judged at all."""
        return not any(fnmatchcase(plan.name, pattern) for pattern in self.left_alone)

    def force(self, plan: Plan) -> Force:
        """Later groups refine earlier ones; exemptions add up."""
        groups = tuple(group for group in self.groups if group.holds(plan))
        severities = {check: said for group in groups for check, said in group.severities.items()}
        off = {*self.off, *(check for group in groups for check in group.off)}
        waits = {wait.check: wait for group in groups for wait in group.waits}
        return Force(groups, severities, frozenset(off), {w.check: w for w in self.waits} | waits)

    def text(self) -> str:
        """The file; JSON is YAML, too."""
        defaults = {"publish": {"issues": "all"}, **_said(self.off, {}, self.waits)}
        groups = [
            {
                "name": group.name,
                "when": dict(group.when),
                **_said(group.off, group.severities, group.waits),
                **({"baseline": False} if group.loud else {}),
            }
            for group in self.groups
        ]
        said = {"version": 1, "defaults": defaults, "groups": groups, "roll_up": self.roll_up}
        return json.dumps(said | {"enrol": {"exclude": [{"names": list(self.left_alone)}]}}, indent=2) + "\n"

    @property
    def teams(self) -> frozenset[str]:
        """Those that a selector names."""
        named: list[Sequence[str]] = [group.when.get("teams", ()) for group in self.groups]
        return frozenset(slug for slugs in named for slug in slugs)


def _said(off: Sequence[str], severities: Mapping[str, str], waits: Sequence[Wait]) -> dict[str, Any]:
    checks: dict[str, dict[str, Any]] = {name: {"severity": said} for name, said in severities.items()}
    checks |= {name: {"enabled": False} for name in off}
    listed = [{"check": w.check, "reason": w.reason, "until": w.until.isoformat()} for w in waits]
    return ({"checks": checks} if checks else {}) | ({"exemptions": listed} if listed else {})
