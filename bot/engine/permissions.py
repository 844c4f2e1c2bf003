"""Which permissions a check needs to say more than *unknown*, and what granting one would answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.engine.evaluate import missing_permission
from bot.registry import Registry
from bot.spec import CheckSpec, FactSpec


@dataclass(frozen=True, slots=True)
class Permissions:
    """Of one check, as GitHub names them: ``contents: read``.

    Args:
        needed: without any of these the check is unknown.
        helpful: without these it judges, but knows less.
    """

    needed: frozenset[str]
    helpful: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lack:
    """A permission that an installation has not, and the checks that it would help.

    Args:
        permission: ``administration: read``.
        alone: names of checks that judge once this one is granted, and nothing else.
        with_others: names of checks that need it and another one that is not granted, either.
    """

    permission: str
    alone: tuple[str, ...]
    with_others: tuple[str, ...]


def permissions_of(registry: Registry, spec: CheckSpec) -> Permissions:
    """What the facts of a check read, directly or through other facts."""
    needed = _parts(facts_of(registry, spec, hard=True))
    return Permissions(needed, _parts(facts_of(registry, spec)) - needed)


def facts_of(registry: Registry, spec: CheckSpec, *, hard: bool = False) -> tuple[FactSpec, ...]:
    """The facts that a check asks for and those that they need in turn, each once, by name.

    Args:
        hard: without those that a fact copes without.
    """
    found: set[str] = set()
    waiting = list(spec.needs)
    while waiting:
        name = waiting.pop()
        if name in registry.facts and name not in found:
            found.add(name)
            fact = registry.facts[name]
            waiting += (need for need in fact.needs if not (hard and need in fact.copes))
    return tuple(registry.facts[name] for name in sorted(found))


def lacks(registry: Registry, checks: Iterable[CheckSpec], granted: Mapping[str, str]) -> tuple[Lack, ...]:
    """What is missing for ``checks`` to judge, what helps most first.

    Args:
        granted: permission -> level, as GitHub gives them for an installation.
    """
    alone: dict[str, list[str]] = {}
    with_others: dict[str, list[str]] = {}
    for spec in checks:
        needed = permissions_of(registry, spec).needed
        missing = [part for part in needed if missing_permission(part, granted) is not None]
        for part in missing:
            (alone if len(missing) == 1 else with_others).setdefault(part, []).append(spec.name)
    found = (
        Lack(part, tuple(sorted(alone.get(part, ()))), tuple(sorted(with_others.get(part, ()))))
        for part in alone.keys() | with_others.keys()
    )
    return tuple(sorted(found, key=lambda lack: (-len(lack.alone), -len(lack.with_others), lack.permission)))


def _parts(facts: Iterable[FactSpec]) -> frozenset[str]:
    return frozenset(part.strip() for fact in facts for part in fact.permission.split(",") if part.strip())
