"""Finds every check, fact, handler, job and command by scanning packages, and freezes what it found.

Nothing registers itself by side effect: importing a module leaves a Spec on its functions, and
``load`` collects them. Two of one name are refused with both places named.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import TypeVar

from bot.model.errors import SettingsError
from bot.model.events import Event, Lane
from bot.model.work import Work
from bot.spec import (
    SPEC_ATTRIBUTE,
    CheckSpec,
    CommandSpec,
    FactSpec,
    HandlerSpec,
    JobSpec,
    Payload,
    Spec,
    Submission,
)

PACKAGES = ("bot.checks", "bot.facts", "handlers", "jobs")
ENTRY_POINT_GROUP = "plumbline.plugins"

S = TypeVar("S", CheckSpec, FactSpec, JobSpec, CommandSpec)


@dataclass(frozen=True)
class Registry:
    """All plug-ins of this process, by name; read-only."""

    checks: Mapping[str, CheckSpec]
    facts: Mapping[str, FactSpec]
    handlers: tuple[HandlerSpec, ...]
    jobs: Mapping[str, JobSpec]
    commands: Mapping[str, CommandSpec] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def lanes(self) -> Mapping[str, Lane]:
        """Event name -> the most urgent lane among its handlers."""
        order = list(Lane)
        lanes: dict[str, Lane] = {}
        for handler in self.handlers:
            known = lanes.get(handler.event, handler.lane)
            lanes[handler.event] = min(known, handler.lane, key=order.index)
        return MappingProxyType(lanes)

    def handlers_for(self, event: Event) -> list[HandlerSpec]:
        """Handlers of this event and action, in the order of their names."""
        return [
            h for h in self.handlers if h.event == event.name and (not h.actions or event.action in h.actions)
        ]

    def work(self, item: Payload | Submission, lane: Lane | None = None) -> Work:
        """The work that a payload describes; ``Submission`` and ``lane`` override the job's lane."""
        payload = item.payload if isinstance(item, Submission) else item
        lane = item.lane if isinstance(item, Submission) else lane
        spec = self.jobs[type(payload).job]
        return Work(
            job=spec.name,
            key=payload.key,
            lane=lane or spec.lane,
            installation_id=payload.installation_id,
            payload=payload.model_dump(mode="json"),
        )


def load(packages: Iterable[str] = PACKAGES, *, plugins: bool = True) -> Registry:
    """Scan packages and installed plug-in packages.

    Raises:
        SettingsError: two plug-ins share a name, one needs a fact that nobody offers, facts need
            each other in a circle, or a plug-in package can not be imported.
    """
    modules = [module for name in packages for module in _modules(name)]
    if plugins:
        modules += [m for entry in entry_points(group=ENTRY_POINT_GROUP) for m in _plugin_modules(entry)]
    specs = [spec for module in modules for spec in _specs(module)]
    registry = Registry(
        checks=_index(s for s in specs if isinstance(s, CheckSpec)),
        facts=_index(s for s in specs if isinstance(s, FactSpec)),
        handlers=_handlers(s for s in specs if isinstance(s, HandlerSpec)),
        jobs=_index(s for s in specs if isinstance(s, JobSpec)),
        commands=_index(s for s in specs if isinstance(s, CommandSpec)),
    )
    _refuse_missing_facts(registry)
    _refuse_circles(registry)
    _refuse_lost_leaders(registry)
    return registry


BUILT_IN_INPUTS = frozenset(
    {
        *("reader", "owner", "answer", "commit", "auditor", "licences", "now", "branch"),
        *("custom_rules", "properties", "named_owners"),
    }
)
"""Parameters that the engine itself provides to facts; ``now`` also to checks."""


def _modules(name: str) -> Iterable[ModuleType]:
    root = importlib.import_module(name)
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", []), prefix=f"{name}."):
        yield importlib.import_module(info.name)


def _plugin_modules(entry: EntryPoint) -> list[ModuleType]:
    try:
        return list(_modules(entry.module))
    except ImportError as error:
        raise SettingsError(
            f"the plug-in {entry.name!r} ({entry.value}) can not be imported: {error}; "
            "install what it needs, or uninstall it"
        ) from error


def _specs(module: ModuleType) -> Iterable[Spec]:
    for value in vars(module).values():
        spec = getattr(value, SPEC_ATTRIBUTE, None)
        if isinstance(spec, Spec) and spec.module == module.__name__:
            yield spec


def _index(specs: Iterable[S]) -> Mapping[str, S]:
    found: dict[str, S] = {}
    for spec in specs:
        other = found.setdefault(spec.name, spec)
        if other is not spec:
            kind = type(spec).__name__.removesuffix("Spec").lower()
            raise SettingsError(
                f"two plug-ins register the {kind} {spec.name!r}: "
                f"{other.module} and {spec.module}; rename one"
            )
    return MappingProxyType(dict(sorted(found.items())))


def _handlers(specs: Iterable[HandlerSpec]) -> tuple[HandlerSpec, ...]:
    found: dict[tuple[str, str], HandlerSpec] = {}
    for spec in specs:
        other = found.setdefault((spec.event, spec.name), spec)
        if other is not spec:
            raise SettingsError(
                f"two plug-ins register the handler {spec.name!r} of {spec.event!r}: "
                f"{other.module} and {spec.module}; rename one"
            )
    return tuple(found[key] for key in sorted(found))


def _refuse_circles(registry: Registry) -> None:
    try:
        TopologicalSorter({name: spec.needs for name, spec in registry.facts.items()}).prepare()
    except CycleError as error:
        raise SettingsError(f"facts need each other in a circle: {' <- '.join(error.args[1])}") from None


def _refuse_lost_leaders(registry: Registry) -> None:
    for spec in registry.checks.values():
        leader = registry.checks.get(spec.follows)
        if spec.follows and (leader is None or leader.follows or leader.scope is not spec.scope):
            raise SettingsError(
                f"{spec.module}: {spec.name!r} follows {spec.follows!r}, which is no check of the same scope "
                "that follows no other"
            )


def _refuse_missing_facts(registry: Registry) -> None:
    offered = BUILT_IN_INPUTS | registry.facts.keys()
    specs: list[CheckSpec | FactSpec] = [*registry.checks.values(), *registry.facts.values()]
    for spec in specs:
        for need in spec.needs:
            if need not in offered:
                raise SettingsError(
                    f"{spec.module}: {spec.name!r} asks for the fact {need!r}, which nothing offers"
                )
