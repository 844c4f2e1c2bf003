"""What is in force where several layers speak: key by key, the later layer wins unless it is locked.

Layers come in the order of their power to refine: the organisation's defaults, its groups in the
order of its file, the repository's file, exemptions by command. Pure: nothing is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from bot.config.policy import POLICY_PATH, CheckPolicy, Exemption, Notice, Policy, Said
from bot.model.custom_checks import CustomCheck
from bot.spec import RESERVED_OPTIONS, CheckSpec, Section

EXEMPTIONS = "exemptions"
CUSTOM_CHECKS = "custom_checks"


class LayerKind(StrEnum):
    """Who speaks."""

    DEFAULT = "default"
    OPERATOR = "operator"
    ORGANISATION = "organisation"
    GROUP = "group"
    REPOSITORY = "repository"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value or a lock was said.

    Args:
        name: of the group, or of the operator's variable; untrusted text.
        file: its path, with the repository before a colon when it is another one; "" for none.
        line: 0 when there is no file.
        commit: "" when it is not known.
    """

    kind: LayerKind
    name: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    commit: str = ""

    @property
    def place(self) -> str:
        """``file:line@commit`` as far as it is known; the layer's name where there is no file."""
        if not self.file:
            return f"{self.kind.value} {self.name}".rstrip()
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}@{self.commit[:10]}" if self.commit else at

    @property
    def words(self) -> str:
        """The same within a sentence."""
        return f"line {self.line} of {self.file}" if self.file and self.line else self.place


DEFAULT_ORIGIN = Origin(LayerKind.DEFAULT)


@dataclass(frozen=True, slots=True)
class Lock:
    """A key that layers below may not set, with everything under it."""

    key: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """All that one speaker sets and locks; its locks bind the layers after it, not itself."""

    kind: LayerKind
    says: Mapping[str, Said] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()
    name: str = ""
    file: str = ""
    commit: str = ""

    def origin(self, at: Said | Lock) -> Origin:
        """The place of something that it says."""
        return Origin(self.kind, self.name, self.file, at.line, at.column, self.commit)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value in force, and where it was said: one place, or one for each part of what adds up."""

    value: Any
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that does not count.

    Args:
        lock: where its key was locked; None when it was not, but does not fit the other values.
        why: for a person, one sentence.
    """

    key: str
    value: Any
    origin: Origin
    lock: Origin | None
    why: str

    @property
    def notice(self) -> Notice:
        """For whoever keeps the file that it stands in."""
        at = self.origin
        return Notice(self.why, at.file or POLICY_PATH, max(1, at.line), max(1, at.column))


@dataclass(frozen=True, slots=True)
class Effective:
    """What is in force, key by key, and where each part comes from.

    Args:
        values: of every key that some layer sets; what none sets is as declared.
        locks: (key, where) of each lock, the first first.
        refused: what does not count, in the order of the layers.
    """

    values: Mapping[str, Resolved] = field(default_factory=dict)
    locks: tuple[tuple[str, Origin], ...] = ()
    refused: tuple[Refused, ...] = ()

    def lock_of(self, key: str, kind: LayerKind = LayerKind.REPOSITORY) -> Origin | None:
        """What keeps layers of that kind from setting a key; None when nothing does."""
        return next((origin for lock, origin in self.locks if binds(lock, key, kind)), None)

    def origins(self, key: str) -> tuple[Origin, ...]:
        """Where a key, or what is below it, was said; at least one place."""
        found = [
            origin
            for name, resolved in self.values.items()
            if is_below(key, name)
            for origin in resolved.origins
        ]
        return tuple(dict.fromkeys(found)) or (DEFAULT_ORIGIN,)


def is_below(key: str, name: str) -> bool:
    """``name`` is the key itself, or stands under it."""
    return name == key or name.startswith(f"{key}.")


def binds(lock: str, key: str, kind: LayerKind) -> bool:
    """Whether a lock keeps layers of a kind from setting a key.

    An exemption is a way to switch a check off, so whoever locks that locks exemptions of the check,
    too; and so is another definition under its name. A lock of ``exemptions`` alone is for files: who
    may exempt by command is said by ``exempt``.
    """
    top, _, check = key.partition(".")
    if top in (EXEMPTIONS, CUSTOM_CHECKS) and check and is_below(lock, f"checks.{check}.enabled"):
        return True
    return is_below(lock, key) and not (top == EXEMPTIONS and kind is LayerKind.COMMAND)


def resolve(layers: Sequence[Layer]) -> Effective:
    """Lay layers over each other; exemptions add up, of everything else the last one counts."""
    values: dict[str, Resolved] = {}
    locks: list[tuple[str, Origin]] = []
    refused: list[Refused] = []
    for layer in layers:
        known = Effective(locks=tuple(locks))
        for key, said in layer.says.items():
            origin = layer.origin(said)
            lock = known.lock_of(key, layer.kind)
            if lock is not None:
                refused.append(Refused(key, said.value, origin, lock, _locked(key, origin, lock)))
                continue
            before = values.get(key)
            if before is not None and is_below(EXEMPTIONS, key):
                values[key] = Resolved((*before.value, *said.value), (*before.origins, origin))
            else:
                values[key] = Resolved(said.value, (origin,))
        locks += [(lock.key, layer.origin(lock)) for lock in layer.locks]
    return Effective(values, tuple(locks), tuple(refused))


def _locked(key: str, origin: Origin, lock: Origin) -> str:
    return f"`{key}` is locked by {lock.words}, so what {origin.words} says of it does not count"


def effective_policy(
    layers: Sequence[Layer], checks: Mapping[str, CheckSpec], *, oid: str = ""
) -> tuple[Policy, Effective]:
    """The policy in force, and where each value comes from.

    Options of one check that several layers set may not fit together, although each layer was good;
    then those of the last layer do not count, and so on upwards until they do.

    Args:
        oid: blob id of the repository's file.
    """
    refused: list[Refused] = []
    while True:
        effective = resolve(layers)
        misfit = _misfit(effective, checks)
        if misfit is None:
            break
        dropped, layers = _without(layers, effective, *misfit)
        refused += dropped
    effective = Effective(effective.values, effective.locks, (*effective.refused, *refused))
    return _assembled(effective, checks, oid), effective


def _misfit(effective: Effective, checks: Mapping[str, CheckSpec]) -> tuple[str, str] | None:
    """(check, what is wrong) of the first check whose options do not go together."""
    for name, options in _options(effective).items():
        config = checks[name].config if name in checks else None
        if config is not None:
            try:
                config(**options)
            except ValidationError as error:
                return name, "; ".join(detail["msg"] for detail in error.errors(include_url=False))[:300]
    return None


def _without(
    layers: Sequence[Layer], effective: Effective, check: str, why: str
) -> tuple[list[Refused], list[Layer]]:
    """Take the options of a check out of the last layer whose options for it are in force."""
    own = {f"checks.{check}.{name}" for name in RESERVED_OPTIONS}
    keys = [k for k in effective.values if is_below(f"checks.{check}", k) and k not in own]
    in_force = {origin for key in keys for origin in effective.values[key].origins}
    last = max(
        n
        for n, layer in enumerate(layers)
        if any(layer.origin(layer.says[key]) in in_force for key in keys if key in layer.says)
    )
    layer = layers[last]
    dropped = [
        Refused(
            key,
            layer.says[key].value,
            layer.origin(layer.says[key]),
            None,
            f"`{key}` does not count: it does not go together with what is said above ({_plain(why)})",
        )
        for key in keys
        if key in layer.says
    ]
    says = {key: said for key, said in layer.says.items() if key not in keys}
    thinner = Layer(layer.kind, says, layer.locks, layer.name, layer.file, layer.commit)
    return dropped, [*layers[:last], thinner, *layers[last + 1 :]]


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _assembled(effective: Effective, checks: Mapping[str, CheckSpec], oid: str) -> Policy:
    values = {key: resolved.value for key, resolved in effective.values.items()}
    options = _options(effective)
    custom: dict[str, CustomCheck] = {
        said.name: said for key, said in values.items() if is_below(CUSTOM_CHECKS, key)
    }
    policies: dict[str, CheckPolicy] = {}
    for key in values:
        top, _, rest = key.partition(".")
        name = rest.partition(".")[0]
        if top == "checks" and (name in checks or name in custom) and name not in policies:
            config: Callable[..., Section] | None = checks[name].config if name in checks else None
            policies[name] = CheckPolicy(
                values.get(f"checks.{name}.enabled", True),
                values.get(f"checks.{name}.severity"),
                config(**options[name]) if config and options.get(name) else None,
                values.get(f"checks.{name}.baseline"),
            )
    exemptions: list[Exemption] = [
        exemption for key, value in values.items() if is_below(EXEMPTIONS, key) for exemption in value
    ]
    return Policy(
        publish=values.get("publish"),
        block=values.get("block", frozenset()),
        fail_closed=values.get("fail_closed", False),
        checks=policies,
        exemptions=tuple(exemptions),
        oid=oid,
        custom=custom,
        baseline=values.get("baseline", True),
    )


def _options(effective: Effective) -> dict[str, dict[str, Any]]:
    """Check -> its own options that are set."""
    found: dict[str, dict[str, Any]] = {}
    for key, resolved in effective.values.items():
        top, _, rest = key.partition(".")
        name, _, option = rest.partition(".")
        if top == "checks" and option and option not in RESERVED_OPTIONS:
            found.setdefault(name, {})[option] = resolved.value
    return found
