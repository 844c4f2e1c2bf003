"""What a key of the policy is set to, who said so and who may change it, and what it means. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.config.cascade import Effective, LayerKind, Origin, Refused, is_below
from bot.config.custom_checks import is_custom, spelt
from bot.config.policy import DEFAULT, POLICY_PATH, Policy
from bot.config.policy_file import CHECK_KEYS, CUSTOM_CHECKS, KEYS, PUBLISH_SPELT
from bot.config.settings import Publish
from bot.model.errors import UserError
from bot.spec import CheckSpec

PUBLISH_VARIABLE = "PLUMBLINE_PUBLISH"


@dataclass(frozen=True, slots=True)
class Explained:
    """One key of the policy.

    Args:
        value, default: as JSON, which is also YAML; may hold untrusted text.
        about: what it means, one sentence.
        origins: where it is said, at least one place; several where parts add up.
        lock: where it is locked for the repository's own file; None when it is not.
        refused: what is said of it and does not count.
    """

    key: str
    value: str
    default: str
    about: str
    origins: tuple[Origin, ...]
    lock: Origin | None = None
    refused: tuple[Refused, ...] = ()

    @property
    def line(self) -> int | None:
        """The line of the repository's own file that says it; None when it does not."""
        own = (origin.line for origin in self.origins if origin.kind is LayerKind.REPOSITORY)
        return next(own, None)

    @property
    def who(self) -> str:
        """Who may change it: half a sentence."""
        if self.lock is not None:
            return f"whoever may push to {keeper(self.lock)}"
        return f"whoever may push to the default branch, in {POLICY_PATH}"


def keeper(origin: Origin) -> str:
    """The repository that holds the organisation's file that something is said in."""
    return origin.file.rpartition(":")[0] or origin.file


def explain_key(
    key: str,
    checks: Mapping[str, CheckSpec],
    policy: Policy,
    effective: Effective,
    *,
    operator: Publish = Publish.ADVISE,
    operator_says: bool = False,
) -> Explained:
    """Explain a key such as ``publish`` or ``checks.behind.max_behind``.

    Args:
        policy, effective: what is in force, as ``effective_policy`` gives it.
        operator: how loud the operator's settings let it be.
        operator_says: they say so, it is not just their default.

    Raises:
        UserError: there is no such key; names the nearest.
    """
    known = _about(checks)
    if key not in known:
        near = get_close_matches(key.lower(), known, n=1) if len(key) <= 120 else []
        tops = ", ".join(f"`{k.name}`" for k in KEYS)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {tops}, and `checks.<name>.<option>`"
        raise UserError(f"there is no key `{key[:120]}`; {hint}")
    origins = effective.origins(key)
    if key == "publish" and policy.publish is None and operator_says:
        origins = (Origin(LayerKind.OPERATOR, PUBLISH_VARIABLE),)
    return Explained(
        key=key,
        value=_json(_value(key, checks, policy, operator)),
        default=_json(_value(key, checks, DEFAULT, operator)),
        about=known[key],
        origins=origins,
        lock=effective.lock_of(key),
        refused=tuple(r for r in effective.refused if is_below(key, r.key)),
    )


def every_key(checks: Mapping[str, CheckSpec]) -> list[str]:
    """All keys that hold a single value, in the order of the file; not the mappings around them."""
    around = {"checks", CUSTOM_CHECKS, *(f"checks.{name}" for name in checks)}
    return [key for key in _about(checks) if key not in around]


def _about(checks: Mapping[str, CheckSpec]) -> dict[str, str]:
    """Every key there is, with its meaning."""
    found = {key.name: key.about for key in KEYS}
    for spec in checks.values():
        found[f"checks.{spec.name}"] = spec.doc.title
        found |= {f"checks.{spec.name}.{name}": said["description"] for name, said in CHECK_KEYS.items()}
        if is_custom(spec):
            found[f"{CUSTOM_CHECKS}.{spec.name}"] = f"The definition of a check: {spec.doc.title}"
        for name, field in (spec.config.model_fields if spec.config else {}).items():
            found[f"checks.{spec.name}.{name}"] = field.description or ""
    return found


def _value(key: str, checks: Mapping[str, CheckSpec], policy: Policy, operator: Publish) -> Any:
    top, _, rest = key.partition(".")
    name, _, option = rest.partition(".")
    if top == "checks":
        if not name:
            return {n: _of_check(checks[n], policy) for n in policy.checks if n in checks}
        said = _of_check(checks[name], policy)
        return said[option] if option else said
    if top == CUSTOM_CHECKS:
        custom = {n: spelt(said) for n, said in policy.custom.items() if n == name or not name}
        return custom.get(name) if name else custom
    values: dict[str, Any] = {
        "version": 1,
        "publish": PUBLISH_SPELT[policy.publish or operator],
        "block": sorted(policy.block),
        "fail_closed": policy.fail_closed,
        "baseline": _switch(policy.baseline),
        "exemptions": [
            {"check": e.check, "reason": e.reason, "until": e.until.isoformat()} for e in policy.exemptions
        ],
    }
    return values[top]


def _of_check(spec: CheckSpec, policy: Policy) -> dict[str, Any]:
    said, baseline = policy.of(spec), policy.has_baseline(spec.name)
    severity = spec.severity if said.severity is None else said.severity
    options = said.options.model_dump(mode="json") if said.options else {}
    own = {"enabled": said.enabled, "severity": severity.label, "baseline": _switch(baseline)}
    return {**own, **options}


def _switch(said: bool) -> str:
    return "on" if said else "off"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
