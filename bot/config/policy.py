"""Effective policy of one repository, as a value. Reading the file is ``bot.config.policy_file``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.config.settings import Publish
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


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force for one repository.

    Args:
        publish: how loud; None means: as the operator's settings say.
        block: names of checks whose new fail makes the check run's conclusion ``failure``.
        fail_closed: what could not be judged is a failure too, for the checks under ``block``.
        checks: by name, only those that policy mentions.
        oid: blob id of the file it came from; empty for the defaults.
    """

    publish: Publish | None = None
    block: frozenset[str] = frozenset()
    fail_closed: bool = False
    checks: Mapping[str, CheckPolicy] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    oid: str = ""

    def of(self, spec: CheckSpec) -> CheckPolicy:
        """What is in force for one check, options filled in with defaults."""
        said = self.checks.get(spec.name, CheckPolicy())
        options = said.options
        if options is None and spec.config:
            options = spec.config()
        # The lowest severity is 0 and a choice like any other.
        severity = spec.severity if said.severity is None else said.severity
        return CheckPolicy(said.enabled, severity, options)

    def exemption(self, check: str, today: date) -> Exemption | None:
        """The exemption of a check that is in force on a day."""
        return next((e for e in self.exemptions if e.check == check and today <= e.until), None)

    def lapsed(self, check: str, today: date) -> Exemption | None:
        """The exemption of a check that ended last before a day; None while one is in force."""
        if self.exemption(check, today) is not None:
            return None
        return max((e for e in self.exemptions if e.check == check), key=lambda e: e.until, default=None)


DEFAULT = Policy()
