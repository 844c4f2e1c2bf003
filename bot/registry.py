"""Finds every check, fact, handler and job by scanning packages, and freezes what it found.

Nothing registers itself by side effect: importing a module leaves a Spec on its functions, and
``load`` collects them. Two of one name are refused with both places named.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import TypeVar

from bot.model.errors import SettingsError
from bot.model.events import Event, Lane
from bot.model.work import Work
from bot.spec import (
    SPEC_ATTRIBUTE,
    CheckSpec,
    FactSpec,
    HandlerSpec,
    JobSpec,
    Payload,
    Spec,
    Submission,
)

PACKAGES = ("bot.checks", "bot.facts", "handlers", "jobs")
ENTRY_POINT_GROUP = "plumbline.plugins"

S = TypeVar("S", CheckSpec, FactSpec, JobSpec)


@dataclass(frozen=True)
class Registry:
    """All plug-ins of this process, by name; read-only."""

    checks: Mapping[str, CheckSpec]
    facts: Mapping[str, FactSpec]
    handlers: tuple[HandlerSpec, ...]
    jobs: Mapping[str, JobSpec]

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
        SettingsError: two plug-ins share a name, or one needs a fact that nobody offers.
    """
    names = list(packages)
    if plugins:
        names += [entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)]
    specs = [spec for name in names for module in _modules(name) for spec in _specs(module)]
    registry = Registry(
        checks=_index(s for s in specs if isinstance(s, CheckSpec)),
        facts=_index(s for s in specs if isinstance(s, FactSpec)),
        handlers=tuple(
            sorted((s for s in specs if isinstance(s, HandlerSpec)), key=lambda h: (h.event, h.name))
        ),
        jobs=_index(s for s in specs if isinstance(s, JobSpec)),
    )
    _refuse_missing_facts(registry)
    return registry


BUILT_IN_INPUTS = frozenset({"reader", "commit", "auditor", "licences", "now", "branch"})
"""Parameters that the engine itself provides to facts; ``now`` and ``repository`` also to checks."""


def _modules(name: str) -> Iterable[ModuleType]:
    root = importlib.import_module(name)
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", []), prefix=f"{name}."):
        yield importlib.import_module(info.name)


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


def _refuse_missing_facts(registry: Registry) -> None:
    offered = BUILT_IN_INPUTS | registry.facts.keys()
    specs: list[CheckSpec | FactSpec] = [*registry.checks.values(), *registry.facts.values()]
    for spec in specs:
        for need in spec.needs:
            if need not in offered:
                raise SettingsError(
                    f"{spec.module}: {spec.name!r} asks for the fact {need!r}, which nothing offers"
                )
