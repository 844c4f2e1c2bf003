"""What a key of the policy is set to, where that is said, and what it means. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.config.policy import DEFAULT, CheckPolicy, Policy
from bot.config.policy_file import CHECK_KEYS, ERROR_LIMIT, KEYS, PUBLISH_SPELT
from bot.config.settings import Publish
from bot.model.errors import UserError
from bot.spec import CheckSpec
from bot.yaml_nodes import MappingNode, Node, Problems, TooManyProblems, compose


@dataclass(frozen=True, slots=True)
class Explained:
    """One key of the policy.

    Args:
        value, default: as JSON, which is also YAML; may hold untrusted text.
        line: where the file says it, from 1; None when it does not.
        about: what it means, one sentence.
    """

    key: str
    value: str
    default: str
    line: int | None
    about: str


def explain_key(
    key: str,
    checks: Mapping[str, CheckSpec],
    policy: Policy,
    data: bytes,
    *,
    operator: Publish = Publish.ADVISE,
) -> Explained:
    """Explain a key such as ``publish`` or ``checks.behind.max_behind``.

    Args:
        policy: the one in force.
        data: the file that it was read from; empty for none.
        operator: how loud the operator's settings let it be.

    Raises:
        UserError: there is no such key; names the nearest.
    """
    about = {name: text for name, text in _about(checks).items() if name == key}.get(key)
    if about is None:
        near = get_close_matches(key.lower(), _about(checks), n=1) if len(key) <= 120 else []
        tops = ", ".join(f"`{k.name}`" for k in KEYS)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {tops}, and `checks.<name>.<option>`"
        raise UserError(f"there is no key `{key[:120]}`; {hint}")
    return Explained(
        key=key,
        value=_json(_value(key, checks, policy, operator)),
        default=_json(_value(key, checks, DEFAULT, operator)),
        line=_line(data, key.split(".")),
        about=about,
    )


def every_key(checks: Mapping[str, CheckSpec]) -> list[str]:
    """All keys that hold a single value, in the order of the file; not the mappings around them."""
    around = {"checks", *(f"checks.{name}" for name in checks)}
    return [key for key in _about(checks) if key not in around]


def _about(checks: Mapping[str, CheckSpec]) -> dict[str, str]:
    """Every key there is, with its meaning."""
    found = {key.name: key.about for key in KEYS}
    for spec in checks.values():
        found[f"checks.{spec.name}"] = spec.doc.title
        found |= {f"checks.{spec.name}.{name}": said["description"] for name, said in CHECK_KEYS.items()}
        for name, field in (spec.config.model_fields if spec.config else {}).items():
            found[f"checks.{spec.name}.{name}"] = field.description or ""
    return found


def _value(key: str, checks: Mapping[str, CheckSpec], policy: Policy, operator: Publish) -> Any:
    top, _, rest = key.partition(".")
    name, _, option = rest.partition(".")
    if top == "checks":
        if not name:
            return {n: _of_check(checks[n], policy.of(checks[n])) for n in policy.checks if n in checks}
        said = _of_check(checks[name], policy.of(checks[name]))
        return said[option] if option else said
    values: dict[str, Any] = {
        "version": 1,
        "publish": PUBLISH_SPELT[policy.publish or operator],
        "block": sorted(policy.block),
        "fail_closed": policy.fail_closed,
        "exemptions": [
            {"check": e.check, "reason": e.reason, "until": e.until.isoformat()} for e in policy.exemptions
        ],
    }
    return values[top]


def _of_check(spec: CheckSpec, said: CheckPolicy) -> dict[str, Any]:
    severity = spec.severity if said.severity is None else said.severity
    options = said.options.model_dump(mode="json") if said.options else {}
    return {"enabled": said.enabled, "severity": severity.label, **options}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(data: bytes, path: list[str]) -> int | None:
    """The line of a key in a file; None when it is not there."""
    try:
        node: Node | None = compose(data.decode("utf-8-sig", "replace"), Problems(ERROR_LIMIT))
    except TooManyProblems:
        return None
    line = None
    for step in path:
        if not isinstance(node, MappingNode) or step not in node.entries:
            return None
        key, node = node.entries[step]
        line = key.mark.line
    return line
