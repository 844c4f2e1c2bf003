"""Reads facts once each and lets checks judge them. Nothing in here knows any check or fact.

A fact that could not be read is ``Unknown`` and stays so on its way: whatever needs it is unknown
with the same reason, and no check ever sees it. So a check that runs has all that it asked for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

import bot.model.facts
import bot.model.verdicts
from bot.config.policy import Policy
from bot.engine.custom import with_custom
from bot.model.attributes import Properties
from bot.model.custom_checks import Rule
from bot.model.errors import (
    Gone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    Malformed,
    PermissionMissing,
    Scarce,
    Unavailable,
)
from bot.model.verdicts import Judgement, Outcome, Reason, Scope, Severity, Unknown, Verdict, passed, unknown
from bot.ports import Later, LicenceDetector, OwnerReader, RepoReader, Wanted, WorkflowAuditor
from bot.registry import BUILT_IN_INPUTS, Registry
from bot.selections import Selection
from bot.spec import CheckSpec, FactSpec, Source

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
    owner: OwnerReader | None = None,
    granted: Mapping[str, str] | None = None,
    custom_rules: tuple[Rule, ...] = (),
    properties: Properties | None = None,
) -> Facts:
    """Read facts and what they need in turn, each once, by a reader that reads alone; see ``Collection``."""
    collection = Collection(
        registry,
        fact_names,
        {
            "reader": reader,
            "owner": owner,
            "auditor": auditor,
            "licences": licences,
            "commit": commit,
            "branch": branch,
            "now": now,
            "custom_rules": custom_rules,
            "properties": properties,
        },
        tolerate=tolerate,
        granted=granted,
    )
    if not collection.step():
        raise RuntimeError("a reader that reads alone wants a document")
    return collection.facts


READ_AT = "@read"
"""Among facts that are kept: when each of those was read that may be used again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Facts as ``freeze`` left them, thawed one by one when they are wanted.

    Args:
        frozen: by name; nothing for a repository that was never read.
    """

    frozen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def read_at(self) -> Mapping[str, datetime]:
        """When those were read that may be used again."""
        noted = self.frozen.get(READ_AT)
        return {} if noted is None else _thawed(noted, {})  # type: ignore[return-value]

    def value(self, registry: Registry, name: str) -> object | None:
        """A fact; None when it is not there, or has another shape now."""
        return thaw(registry, {name: self.frozen[name]}).get(name) if name in self.frozen else None


PASSES = (Source.DOCUMENTS, Source.ORGANISATION, Source.REPOSITORY)
"""In this order: documents are cheap and tell most, and one call tells of all repositories of an owner."""

_TURNS = {Source.FACTS: 0, **{source: turn for turn, source in enumerate(PASSES)}}


class Collection:
    """The facts of one repository (or owner) while they are being read.

    Once all that documents tell is there (``step(Source.DOCUMENTS)``), a limit or a passing fault no
    longer ends the reading: the fact is unknown, ``interrupted`` says why, and the others are told.

    Args:
        fact_names: as ``needed_facts`` gives them; what these need is read, too.
        inputs: the built-in inputs; ``commit`` is the commit whose files are read (empty for a
            repository without one), ``branch`` the one that others are measured against.
        tolerate: a passing fault makes a fact unknown; else it is raised, so that the whole work
            is tried again first.
        granted: permission -> level that the installation has; None when it is not known.
        kept: what was read before, of which facts that may be kept take their value while it is fresh
            (``FactSpec.keep_s``).
        fresh: take such values only where GitHub's limits forbid to ask.
    """

    def __init__(
        self,
        registry: Registry,
        fact_names: Iterable[str],
        inputs: Mapping[str, object],
        *,
        tolerate: bool,
        granted: Mapping[str, str] | None = None,
        kept: Kept | None = None,
        fresh: bool = False,
    ) -> None:
        self._registry = registry
        self._names = sorted(fact_names)
        self._inputs = inputs
        self._kept = kept or Kept()
        self._tolerate = tolerate
        self._granted = granted
        self._fresh = fresh
        self._noted: dict[str, datetime] = {}
        self._turn = 0
        self._documents_told = False
        self._stopped: Unknown | None = None
        self.facts: dict[str, object] = {}
        self.interrupted: LimitReached | Unavailable | None = None

    def step(self, upto: Source = PASSES[-1]) -> bool:
        """Read what can be read now; True when no fact waits for a document any more.

        Args:
            upto: what later sources tell is left for another step.

        Raises (after the documents only ``Gone``):
            LimitReached: GitHub asks to come back later.
            Gone: the repository or the commit is no more (``InstallationGone`` too).
            Unavailable: a passing fault, unless tolerated.
        """
        self._turn = _TURNS[upto]
        unread: dict[str, object] = {}
        for name in self._names:
            self._value(name, unread)
        waits = _WAITING in unread.values()
        self._documents_told |= not waits and self._turn == 0
        if not unread and isinstance(now := self._inputs.get("now"), datetime):
            read_at = {
                name: self._noted.get(name, now)
                for name in self.facts
                if name in self._registry.facts and self._registry.facts[name].keep_s
            }
            self.facts |= {READ_AT: read_at} if read_at else {}
        return not waits

    def stop(self, error: LimitReached | Unavailable) -> None:
        """What was not read yet is unknown: a document that was wanted after the first pass did not come."""
        self._stopped = self._interrupt(error)

    def _interrupt(self, error: LimitReached | Unavailable) -> Unknown:
        """Note what went wrong after the documents; returns what facts are told in its place."""
        limited = isinstance(error, LimitReached)
        if limited or not (self._tolerate or self.interrupted):
            self.interrupted = error
        return Unknown(Reason.LIMIT if limited else Reason.FAULT, _sentence(error))

    def _value(self, name: str, unread: dict[str, object]) -> object:
        if name in self._inputs:
            return self._inputs[name]
        if name in self.facts:
            return self.facts[name]
        if name in unread:
            return unread[name]
        spec = self._registry.facts[name]
        arguments = {need: self._value(need, unread) for need in spec.needs if need != "answer"}
        missing = next(
            (a for need, a in arguments.items() if isinstance(a, Unknown) and need not in spec.copes), None
        )
        value: object
        if missing is not None:
            value = missing
        elif any(argument is _WAITING for argument in arguments.values()):
            value = _WAITING
        elif any(argument is _LATER for argument in arguments.values()):
            value = _LATER
        else:
            value = self._refused(spec) or (None if self._fresh else self._still_good(spec))
            if value is None:
                value = self._read(spec, arguments) if _TURNS[spec.source] <= self._turn else _LATER
        if value is _WAITING or value is _LATER:
            unread[name] = value
        else:
            self.facts[name] = value
        return value

    def _still_good(self, spec: FactSpec) -> object | None:
        """The value of last time, where it may be kept and is not too old."""
        if not spec.keep_s:
            return None
        at, now = self._kept.read_at.get(spec.name), self._inputs.get("now")
        if at is None or not isinstance(now, datetime):
            return None
        if not timedelta(0) <= now - at < timedelta(seconds=spec.keep_s):
            return None
        value = self._kept.value(self._registry, spec.name)
        if value is not None and not isinstance(value, Unknown):
            self._noted[spec.name] = at
            return value
        return None

    def _refused(self, spec: FactSpec) -> Unknown | None:
        """What is known not to be granted is not asked for."""
        if "owner" in spec.needs or spec.owner:
            owner = self._inputs.get("owner")
            if owner is None:
                return Unknown(Reason.PERMISSION, "a clone does not tell of its owner")
        lacking = missing_permission(spec.permission, self._granted)
        if lacking is None:
            return None
        return Unknown(Reason.PERMISSION, f"the permission {lacking} is not granted", lacking)

    def _read(self, spec: FactSpec, arguments: dict[str, object]) -> object:
        if self._stopped:
            return self._still_good(spec) or self._stopped
        try:
            if "answer" in spec.needs:
                source: Any = self._inputs["owner" if spec.owner else "reader"]
                arguments["answer"] = source.graph(spec.graph, spec.permission)
            return spec.function(**arguments)
        except Later:
            return _LATER
        except Wanted:
            return _WAITING
        except LimitReached as error:
            if not self._documents_told:
                raise
            return self._still_good(spec) or self._interrupt(error)
        except (Gone, LeaseLost, LedgerUnavailable):
            raise
        except PermissionMissing as error:
            return Unknown(Reason.PERMISSION, _sentence(error), error.permission)
        except Scarce as error:
            return self._still_good(spec) or Unknown(Reason.LIMIT, _sentence(error))
        except Malformed as error:
            return Unknown(Reason.FAULT, _sentence(error))
        except Unavailable as error:
            if not (self._tolerate or self._documents_told):
                raise
            return self._interrupt(error)
        except Exception as error:
            # One faulty plug-in must not take the other facts with it; what it raised is logged whole.
            logger.exception("a fact failed", extra={"fact": spec.name, "source": spec.module})
            return Unknown(Reason.FAULT, f"reading {spec.name} failed with {type(error).__name__}")


_WAITING = object()
_LATER = object()

_LEVELS = ("read", "write", "admin")


def missing_permission(needed: str, granted: Mapping[str, str] | None) -> str | None:
    """The first of ``needed`` (``contents: read, checks: write``) that is not granted; None when all are.

    Every App has ``metadata: read``, and what is not known counts as granted.
    """
    if granted is None:
        return None
    for part in needed.split(", "):
        name, _, level = part.partition(": ")
        has = granted.get(name, "")
        if name and name != "metadata" and (has not in _LEVELS or _LEVELS.index(has) < _LEVELS.index(level)):
            return part
    return None


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__


def needed_facts(
    registry: Registry, policy: Policy, file_fed_only: bool = False, *, scope: Scope = Scope.REPOSITORY
) -> frozenset[str]:
    """Names of the facts that the enabled checks of a scope ask for themselves."""
    return frozenset(
        need
        for spec in _enabled(registry, policy, file_fed_only, scope)
        for need in spec.needs
        if need not in BUILT_IN_INPUTS
    )


def declared_selections(
    registry: Registry, fact_names: Iterable[str], granted: Mapping[str, str] | None = None
) -> list[Selection]:
    """What facts, and those that they build on, declare to ask of GraphQL about a repository.

    Args:
        granted: permission -> level; what is known not to be granted is not asked for.
    """
    found: dict[str, Selection] = {}
    seen: set[str] = set()
    todo = list(fact_names)
    while todo:
        name = todo.pop()
        if name in seen or name not in registry.facts:
            continue
        seen.add(name)
        spec = registry.facts[name]
        todo += spec.needs
        if not spec.owner and missing_permission(spec.permission, granted) is None:
            found |= {selection.text: selection for selection in spec.graph.values()}
    return list(found.values())


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
    registry: Registry,
    policy: Policy,
    facts: Facts,
    now: datetime,
    *,
    file_fed_only: bool = False,
    scope: Scope = Scope.REPOSITORY,
) -> tuple[Judgement, ...]:
    """Let every enabled check of a scope judge the facts.

    A check whose facts are unknown or missing is unknown; one that crashes is an ``error`` of its
    own and harms no other.

    Returns:
        One judgement per enabled check, worst first.
    """
    judged = [
        _judged(registry, spec, policy, facts, now)
        for spec in _enabled(registry, policy, file_fed_only, scope)
    ]
    return tuple(sorted(judged, key=_worst_first))


def _enabled(registry: Registry, policy: Policy, file_fed_only: bool, scope: Scope) -> list[CheckSpec]:
    return [
        spec
        for spec in with_custom(registry, policy).checks.values()
        if spec.scope is scope and policy.of(spec).enabled and (not file_fed_only or file_fed(registry, spec))
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
        severity=_weight(spec, policy, verdict),
        audience=spec.audience,
        title=spec.doc.title,
        why=spec.doc.why,
        fix=spec.doc.fix,
        source=spec.doc.source,
        family=spec.family,
        rule_version=spec.rule_version,
        file_fed=file_fed(registry, spec),
        follows=spec.follows,
        full=_weight(spec, policy, _PASSED),
    )


def _weight(spec: CheckSpec, policy: Policy, verdict: Verdict) -> Severity:
    """How much the verdict matters: what policy says, else the worst observation where each has a weight."""
    said = policy.checks.get(spec.name)
    if said is not None and said.severity is not None:
        return said.severity
    weights = [evidence.severity for evidence in verdict.evidence]
    if verdict.outcome is Outcome.FAIL and weights and None not in weights:
        return max(weight for weight in weights if weight is not None)
    return spec.severity


_PASSED = passed("")

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


@lru_cache(maxsize=512)
def _shapes(function: Callable[..., Any]) -> dict[str, type]:
    """The value types a fact may consist of: those its module knows, and those of the model beside them."""
    known = [value for value in function.__globals__.values() if isinstance(value, type)]
    beside = {value.__module__ for value in known if value.__module__.startswith("bot.model.")}
    modules = [function.__globals__, *(vars(sys.modules[name]) for name in sorted(beside))]
    modules += [vars(bot.model.facts), vars(bot.model.verdicts)]
    return {
        name: value
        for module in modules
        for name, value in module.items()
        if isinstance(value, type) and (is_dataclass(value) or issubclass(value, Enum))
    }
