"""Effective policy of one repository, as a value. Reading the file is ``bot.config.policy_file``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from bot.config.settings import Publish
from bot.model.custom_checks import CustomCheck
from bot.model.verdicts import Severity
from bot.spec import CheckSpec, Section

POLICY_PATH = ".github/plumbline.yml"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A check that shall not speak for a while, with the reason; ``until`` is the last day."""

    check: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """What policy says of one check; None means: as the check declares."""

    enabled: bool = True
    severity: Severity | None = None
    options: Section | None = None
    baseline: bool | None = None


_UNSAID = CheckPolicy()


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a file sets, and where: line and column from 1."""

    value: Any
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """What whoever keeps a file should know of it, although it is no mistake; one sentence."""

    message: str
    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force for one repository.

    Args:
        publish: how loud; None means: as the operator's settings say.
        block: names of checks whose new fail makes the check run's conclusion ``failure``.
        fail_closed: what could not be judged is a failure too, for the checks under ``block``.
        checks: by name, only those that policy mentions.
        custom: checks that policy itself defines, by name.
        baseline: what a check finds when it first looks does not speak until somebody ratchets.
        oid: blob id of the file it came from; empty for the defaults.
    """

    publish: Publish | None = None
    block: frozenset[str] = frozenset()
    fail_closed: bool = False
    checks: Mapping[str, CheckPolicy] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    oid: str = ""
    custom: Mapping[str, CustomCheck] = field(default_factory=dict)
    baseline: bool = True

    def of(self, spec: CheckSpec) -> CheckPolicy:
        """What is in force for one check, options filled in with defaults."""
        said = self.checks.get(spec.name, _UNSAID)
        options = said.options
        if options is None and spec.config:
            options = _defaults(spec.config)
        # The lowest severity is 0 and a choice like any other.
        severity = spec.severity if said.severity is None else said.severity
        return CheckPolicy(said.enabled, severity, options, said.baseline)

    def has_baseline(self, check: str) -> bool:
        """What was there before a check first looked is left in peace."""
        said = self.checks.get(check, CheckPolicy()).baseline
        return self.baseline if said is None else said

    def exemption(self, check: str, today: date) -> Exemption | None:
        """The exemption of a check that is in force on a day."""
        return next((e for e in self.exemptions if e.check == check and today <= e.until), None)

    def lapsed(self, check: str, today: date) -> Exemption | None:
        """The exemption of a check that ended last before a day; None while one is in force."""
        if self.exemption(check, today) is not None:
            return None
        return max((e for e in self.exemptions if e.check == check), key=lambda e: e.until, default=None)


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A repository's file as it was read.

    Args:
        policy: what it asks for by itself.
        says: the same key by key (``publish``, ``checks.licence.severity``, ``exemptions.licence``),
            only what the file sets; an exemption's value is all that the file has for the check.
    """

    policy: Policy
    says: Mapping[str, Said] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@cache
def _defaults(config: type[Section]) -> Section:
    """Options as they are when nobody says otherwise; they can not be changed, so one will do for all."""
    return config()


DEFAULT = Policy()
