"""Checks that policy defines, beside those of the program: what one repository is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.config.custom_checks import spec_of
from bot.config.policy import Policy
from bot.model.custom_checks import FileRule, Rule, TemplateRule
from bot.model.verdicts import Audience
from bot.registry import Registry
from bot.selections import Selection, directory
from bot.spec import CheckSpec


def with_custom(registry: Registry, policy: Policy) -> Registry:
    """The registry as a repository sees it for which a policy is in force."""
    if not policy.custom:
        return registry
    checks = custom_specs(policy) | dict(registry.checks)
    return replace(registry, checks=MappingProxyType(dict(sorted(checks.items()))))


def custom_specs(policy: Policy) -> dict[str, CheckSpec]:
    """The checks that a policy defines, by name."""
    return {name: spec_of(custom) for name, custom in policy.custom.items()}


def custom_rules(policy: Policy) -> tuple[Rule, ...]:
    """What facts are asked for by those that are not switched off; the input ``custom_rules``."""
    off = {name for name, said in policy.checks.items() if not said.enabled}
    return tuple(custom.rule for name, custom in sorted(policy.custom.items()) if name not in off)


def for_everybody(policy: Policy, checks: Mapping[str, CheckSpec]) -> Policy:
    """What of a policy may be said where everybody can read it, wherever its files lie.

    That is nothing of the restricted checks that it defines, and no exemption of a restricted check.
    """
    custom = {name: said for name, said in policy.custom.items() if said.audience is Audience.PUBLIC}
    own = policy.custom.keys() - custom.keys()
    hidden = own | {spec.name for spec in checks.values() if spec.audience is Audience.RESTRICTED}
    return replace(
        policy,
        block=policy.block - own,
        checks={name: said for name, said in policy.checks.items() if name not in own},
        exemptions=tuple(e for e in policy.exemptions if e.check not in hidden),
        custom=custom,
    )


def custom_selections(policy: Policy) -> list[Selection]:
    """The folders that these rules look into, so that they come with the first document; free of points."""
    paths = [path for rule in custom_rules(policy) for path in _paths(rule)]
    return [directory(folder) for folder in sorted({p.rstrip("/").rpartition("/")[0] for p in paths})]


def _paths(rule: Rule) -> tuple[str, ...]:
    match rule:
        case FileRule():
            return rule.paths
        case TemplateRule():
            return (rule.path,)
        case _:
            return ()


def as_above(check: CheckSpec, above: Policy) -> CheckSpec:
    """A check as the organisation knows it: its own definition goes before a repository's."""
    custom = above.custom.get(check.name)
    return check if custom is None else spec_of(custom)
