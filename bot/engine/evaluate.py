"""Reads facts once each and lets checks judge them. Nothing in here knows any check or fact.

A fact that could not be read is ``Unknown`` and stays so on its way: whatever needs it is unknown
with the same reason, and no check ever sees it. So a check that runs has all that it asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import bot.model.facts
import bot.model.verdicts
from bot.config.policy import Policy
from bot.model.errors import (
    Gone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    Malformed,
    PermissionMissing,
    Unavailable,
)
from bot.model.verdicts import Judgement, Outcome, Reason, Unknown, Verdict, unknown
from bot.ports import LicenceDetector, RepoReader, WorkflowAuditor
from bot.registry import BUILT_IN_INPUTS, Registry
from bot.spec import CheckSpec, FactSpec

logger = logging.getLogger(__name__)

EITHER_SIDE = frozenset({"repository", "now"})
"""Facts that are not files and yet are the same at both ends of a change: a check that needs them
beside files is still decided by the files, and can be judged on pull requests."""

Facts = Mapping[str, object]
"""Fact name -> its value, or ``Unknown``."""


def collect(
    registry: Registry,
    fact_names: Iterable[str],
    *,
    reader: RepoReader,
    auditor: WorkflowAuditor,
    licences: LicenceDetector,
    commit: str,
    branch: str,
    now: datetime,
    tolerate: bool,
) -> Facts:
    """Read facts and what they need in turn, each once.

    Args:
        fact_names: as ``needed_facts`` gives them.
        commit: the commit whose files are read; empty for a repository without one.
        branch: the branch that others are measured against.
        tolerate: a passing fault makes a fact unknown; else it is raised, so that the whole work
            is tried again first.

    Raises:
        LimitReached: GitHub asks to come back later.
        Gone: the repository or the commit is no more (``InstallationGone`` too).
        Unavailable: a passing fault, unless ``tolerate``.
    """
    inputs = {
        "reader": reader,
        "auditor": auditor,
        "licences": licences,
        "commit": commit,
        "branch": branch,
        "now": now,
    }
    found: dict[str, object] = {}

    def value(name: str) -> object:
        if name in inputs:
            return inputs[name]
        if name not in found:
            spec = registry.facts[name]
            arguments = {need: value(need) for need in spec.needs}
            missing = next((a for a in arguments.values() if isinstance(a, Unknown)), None)
            found[name] = missing or _read(spec, arguments, tolerate=tolerate)
        return found[name]

    for name in sorted(fact_names):
        value(name)
    return found


def _read(spec: FactSpec, arguments: Mapping[str, object], *, tolerate: bool) -> object:
    try:
        return spec.function(**arguments)
    except (LimitReached, Gone, LeaseLost, LedgerUnavailable):
        raise
    except PermissionMissing as error:
        return Unknown(Reason.PERMISSION, _sentence(error), error.permission)
    except Malformed as error:
        return Unknown(Reason.FAULT, _sentence(error))
    except Unavailable as error:
        if not tolerate:
            raise
        return Unknown(Reason.FAULT, _sentence(error))
    except Exception as error:
        # One faulty plug-in must not take the other facts with it; what it raised is logged whole.
        logger.exception("a fact failed", extra={"fact": spec.name, "source": spec.module})
        return Unknown(Reason.FAULT, f"reading {spec.name} failed with {type(error).__name__}")


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__


def needed_facts(registry: Registry, policy: Policy, file_fed_only: bool = False) -> frozenset[str]:
    """Names of the facts that the enabled checks ask for themselves."""
    return frozenset(
        need
        for spec in _enabled(registry, policy, file_fed_only)
        for need in spec.needs
        if need not in BUILT_IN_INPUTS
    )


def file_fed(registry: Registry, spec: CheckSpec) -> bool:
    """The check is decided by the files of a commit: so are all its facts and what they need.

    ``repository`` and ``now`` do not count (``EITHER_SIDE``), but a check that needs nothing else
    is not file-fed: a change of files could not change its verdict.
    """
    needs = [need for need in spec.needs if need not in EITHER_SIDE]
    return bool(needs) and all(_from_files(registry, need) for need in needs)


def _from_files(registry: Registry, name: str) -> bool:
    if name in EITHER_SIDE or name in BUILT_IN_INPUTS:
        return name != "branch"
    spec = registry.facts[name]
    return spec.file_fed and all(_from_files(registry, need) for need in spec.needs)


def judge(
    registry: Registry, policy: Policy, facts: Facts, now: datetime, *, file_fed_only: bool = False
) -> tuple[Judgement, ...]:
    """Let every enabled check judge the facts.

    A check whose facts are unknown or missing is unknown; one that crashes is an ``error`` of its
    own and harms no other.

    Returns:
        One judgement per enabled check, worst first.
    """
    judged = [
        _judged(registry, spec, policy, facts, now) for spec in _enabled(registry, policy, file_fed_only)
    ]
    return tuple(sorted(judged, key=_worst_first))


def _enabled(registry: Registry, policy: Policy, file_fed_only: bool) -> list[CheckSpec]:
    return [
        spec
        for spec in registry.checks.values()
        if policy.of(spec).enabled and (not file_fed_only or file_fed(registry, spec))
    ]


def _judged(registry: Registry, spec: CheckSpec, policy: Policy, facts: Facts, now: datetime) -> Judgement:
    in_force = policy.of(spec)
    arguments = {need: now if need == "now" else facts.get(need, _NEVER_READ) for need in spec.needs}
    missing = next((a for a in arguments.values() if isinstance(a, Unknown)), None)
    if missing is not None:
        verdict = unknown(missing.detail, missing.reason, permission=missing.permission)
    else:
        if spec.config is not None:
            arguments["config"] = in_force.options
        verdict = _called(spec, arguments)
    return Judgement(
        check=spec.name,
        verdict=verdict,
        severity=spec.severity if in_force.severity is None else in_force.severity,
        audience=spec.audience,
        title=spec.doc.title,
        why=spec.doc.why,
        fix=spec.doc.fix,
        source=spec.doc.source,
        family=spec.family,
        rule_version=spec.rule_version,
        file_fed=file_fed(registry, spec),
    )


_NEVER_READ = Unknown(Reason.FAULT, "a fact that this check needs was not read")


def _called(spec: CheckSpec, arguments: Mapping[str, object]) -> Verdict:
    try:
        verdict = spec.function(**arguments)
    except Exception as error:
        # The traceback may hold names from the repository, so it goes to the log and no further.
        logger.exception("a check crashed", extra={"check": spec.name, "source": spec.module})
        return Verdict(Outcome.ERROR, f"the check crashed with {type(error).__name__}; see the log")
    if not isinstance(verdict, Verdict):
        logger.error("a check gave no verdict", extra={"check": spec.name, "gave": type(verdict).__name__})
        return Verdict(Outcome.ERROR, f"the check gave {type(verdict).__name__} in place of a verdict")
    return verdict


_RANK = {
    Outcome.FAIL: 0,
    Outcome.ERROR: 1,
    Outcome.UNKNOWN: 2,
    Outcome.PASS: 3,
    Outcome.NOT_APPLICABLE: 4,
}


def _worst_first(judgement: Judgement) -> tuple[int, int, str]:
    return _RANK[judgement.outcome], -judgement.severity, judgement.check


def freeze(facts: Facts) -> dict[str, Any]:
    """Facts as JSON-able values, to be kept and thawed by ``thaw``.

    Values may be None, booleans, numbers, texts, moments, enums, frozen dataclasses, and tuples and
    mappings with text keys of these.

    Raises:
        TypeError: a fact holds something else; names the fact.
    """
    frozen = {}
    for name, value in facts.items():
        try:
            frozen[name] = _frozen(value)
        except TypeError as error:
            raise TypeError(f"fact {name!r} can not be kept: {error}") from error
    return frozen


def thaw(registry: Registry, data: Mapping[str, Any]) -> dict[str, object]:
    """Facts from what ``freeze`` made.

    A fact that nobody offers any more, or whose values have changed their shape since, is left
    out; whoever needs it reads it again.
    """
    facts = {}
    for name, value in data.items():
        spec = registry.facts.get(name)
        if spec is None:
            continue
        try:
            facts[name] = _thawed(value, _shapes(spec.function))
        except (TypeError, ValueError, KeyError, AttributeError):
            logger.info("a kept fact has another shape now", extra={"fact": name})
    return facts


def _frozen(value: object) -> Any:
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, datetime):
        return {"": "datetime", "at": value.isoformat()}
    if isinstance(value, Enum):
        return {"": type(value).__name__, "is": value.value}
    if is_dataclass(value) and not isinstance(value, type):
        return {"": type(value).__name__, **{f.name: _frozen(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, tuple | list):
        return [_frozen(item) for item in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a mapping has keys that are not text")
        return {"": "mapping", "of": {key: _frozen(item) for key, item in value.items()}}
    raise TypeError(f"{type(value).__name__} is not a plain value")


def _thawed(value: Any, shapes: Mapping[str, type]) -> object:
    if isinstance(value, list):
        return tuple(_thawed(item, shapes) for item in value)
    if not isinstance(value, dict):
        return value
    kind, rest = value[""], {key: item for key, item in value.items() if key != ""}
    if kind == "datetime":
        return datetime.fromisoformat(rest["at"])
    if kind == "mapping":
        return {key: _thawed(item, shapes) for key, item in rest["of"].items()}
    shape = shapes[kind]
    if issubclass(shape, Enum):
        return shape(rest["is"])
    return shape(**{key: _thawed(item, shapes) for key, item in rest.items()})


def _shapes(function: Callable[..., Any]) -> dict[str, type]:
    """The value types a fact may consist of: the project's own, and those its module knows."""
    modules = [function.__globals__, vars(bot.model.facts), vars(bot.model.verdicts)]
    return {
        name: value
        for module in modules
        for name, value in module.items()
        if isinstance(value, type) and (is_dataclass(value) or issubclass(value, Enum))
    }
