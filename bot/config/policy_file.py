"""Reads ``.github/plumbline.yml`` into a ``Policy``, or says all that is wrong with it and where.

The file is written by whoever can push to a repository: it is untrusted. One table of keys feeds
the reading and the JSON Schema that editors use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from bot.config.policy import POLICY_PATH, CheckPolicy, Exemption, Policy
from bot.config.settings import Publish
from bot.model.errors import PolicyError, UserError
from bot.model.verdicts import Severity
from bot.spec import CheckSpec, Section
from bot.yaml_nodes import (
    BrokenNode,
    ListNode,
    MappingNode,
    Mark,
    Node,
    Positions,
    Problems,
    Scalar,
    TooManyProblems,
    compose,
    describe,
    plain,
    quoted,
)

SIZE_LIMIT = 64 * 1024
ERROR_LIMIT = 50
REASON_LIMIT = 500

PUBLISH_ISSUES = "issues: all"
"""How ``Publish.ISSUES`` is spelt in a policy file."""

Checks = Mapping[str, CheckSpec]


class PolicyErrors(UserError):
    """Everything that is wrong with one policy file.

    Args:
        errors: at least one, in the order of the file; at most ``ERROR_LIMIT``.
    """

    def __init__(self, errors: Sequence[PolicyError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


def read_policy(
    data: bytes, registry_checks: Mapping[str, CheckSpec], *, path: str = POLICY_PATH, oid: str = ""
) -> Policy:
    """Read a policy file.

    Args:
        data: the bytes of the file; empty means the defaults.
        registry_checks: the checks that exist, by name.
        path: named in errors.
        oid: kept in the policy.

    Raises:
        PolicyErrors: all that is wrong, each with line and column.
    """
    problems = Problems(ERROR_LIMIT)
    policy = Policy(oid=oid)
    try:
        text = _decode(data, problems)
        top = compose(text, problems) if text is not None else None
        if top is not None:
            policy = _Reader(registry_checks, problems).policy(top, oid)
    except TooManyProblems:
        mark, sentence = problems.found.pop()
        problems.found.append((mark, f"{sentence} (only the first {ERROR_LIMIT} problems are shown)"))
    if problems.found:
        raise PolicyErrors(
            [
                PolicyError(sentence, path=path, line=mark.line, column=mark.column)
                for mark, sentence in sorted(problems.found, key=lambda found: found[0])
            ]
        )
    return policy


def policy_schema(registry_checks: Mapping[str, CheckSpec]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the policy file, for editors and the reference page."""
    definitions: dict[str, Any] = {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plumbline policy",
        "description": f"The file {POLICY_PATH} of a repository.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            key.name: {"description": key.about, **key.schema(registry_checks, definitions)} for key in KEYS
        },
        "$defs": definitions,
    }


def _decode(data: bytes, problems: Problems) -> str | None:
    if len(data) > SIZE_LIMIT:
        problems.add(Mark(), f"the file has {len(data)} bytes and may have {SIZE_LIMIT}: shorten it")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        # A character in the place of the bad byte, so that the place exists.
        mark = Positions(f"{before}?").mark(len(before))
        problems.add(mark, "the file is not UTF-8 text: save it with the encoding UTF-8")
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    checks: Checks
    problems: Problems

    def policy(self, top: Node, oid: str) -> Policy:
        known = {key.name: key for key in KEYS}
        values: dict[str, Any] = {}
        for name, (_, node) in self.mapping(top, "the file", known, "key").items():
            value = known[name].read(self, node)
            if value is not None and known[name].field:
                values[known[name].field] = value
        return Policy(**values, oid=oid)

    def version(self, node: Node) -> None:
        if not (isinstance(node, Scalar) and node.value == 1 and node.value is not True):
            self.wrong(node, "version must be 1", "write `version: 1` or remove the line")

    def publish(self, node: Node) -> Publish | None:
        text = node.value if isinstance(node, Scalar) else None
        if isinstance(node, MappingNode) and plain(node) == {"issues": "all"}:
            text = PUBLISH_ISSUES
        for publish, spelt in PUBLISH_SPELT.items():
            if text == spelt:
                return publish
        self.wrong(
            node,
            "publish must be observe, advise or {issues: all}",
            "`publish: {issues: all}` opts into health issues",
        )
        return None

    def block(self, node: Node) -> frozenset[str]:
        names = (self.check_name(item, "block") for item in self.items(node, "block"))
        return frozenset(name for name in names if name is not None)

    def fail_closed(self, node: Node) -> bool | None:
        return self.boolean(node, "fail_closed")

    def check_policies(self, node: Node) -> dict[str, CheckPolicy]:
        bodies = self.mapping(node, "checks", self.checks, "check")
        return {name: self.check(self.checks[name], key, body) for name, (key, body) in bodies.items()}

    def check(self, spec: CheckSpec, key: Scalar, body: Node) -> CheckPolicy:
        where = f"checks.{spec.name}"
        names = _options(spec)
        entries = self.mapping(body, where, [*CHECK_KEYS, *names], "option")
        enabled = severity = None
        if "enabled" in entries:
            enabled = self.boolean(entries["enabled"][1], f"{where}.enabled")
        if "severity" in entries:
            severity = self.severity(entries["severity"][1], f"{where}.severity")
        said = MappingNode(key.mark, {n: e for n, e in entries.items() if n in names})
        options = self.section(spec.config, said, where) if spec.config and said.entries else None
        return CheckPolicy(enabled is not False, severity, options)

    def section(self, config: type[Section], said: MappingNode, where: str) -> Section | None:
        if _has_broken(said):
            return None
        try:
            # JSON mode: lists may become tuples, but "5" does not become 5.
            return config.model_validate_json(json.dumps(plain(said)), strict=True)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False, include_input=False):
                node, path = _find(said, detail["loc"])
                message = detail["msg"].replace("Input should be", "it should be")
                self.wrong(node, ".".join([where, *path]), _one_line(message))
            return None

    def severity(self, node: Node, where: str) -> Severity | None:
        text = node.text if isinstance(node, Scalar) else None
        for severity in Severity:
            if text == severity.label:
                return severity
        self.wrong(node, where, f"it should be one of {', '.join(s.label for s in Severity)}")
        return None

    def exemptions(self, node: Node) -> tuple[Exemption, ...]:
        found = (self.exemption(item) for item in self.items(node, "exemptions"))
        return tuple(exemption for exemption in found if exemption is not None)

    def exemption(self, node: Node) -> Exemption | None:
        entries = self.mapping(node, "an exemption", EXEMPTION_KEYS, "key", needed=EXEMPTION_KEYS)
        if len(entries) < len(EXEMPTION_KEYS):
            return None
        check = self.check_name(entries["check"][1], "check")
        reason = self.reason(entries["reason"][1])
        until = self.day(entries["until"][1])
        return Exemption(check, reason, until) if check and reason and until else None

    def reason(self, node: Node) -> str | None:
        text = node.text.strip() if isinstance(node, Scalar) and node.value is not None else ""
        if 0 < len(text) <= REASON_LIMIT:
            return text
        self.wrong(node, "reason", f"it should say in 1 to {REASON_LIMIT} characters why this may wait")
        return None

    def day(self, node: Node) -> date | None:
        text = node.text if isinstance(node, Scalar) else ""
        if DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass  # Such as 30 February; told below like every other wrong date.
        self.wrong(node, "until", "it should be the last day of the exemption, written YYYY-MM-DD")
        return None

    def check_name(self, node: Node, where: str) -> str | None:
        name = node.value if isinstance(node, Scalar) else None
        if isinstance(name, str):
            if name in self.checks:
                return name
            self.problems.add(node.mark, _unknown("check", name, self.checks))
        else:
            self.wrong(node, where, "it should be the name of a check")
        return None

    def boolean(self, node: Node, where: str) -> bool | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        self.wrong(node, where, "it should be true or false")
        return None

    def items(self, node: Node, where: str) -> list[Node]:
        if isinstance(node, ListNode):
            return node.items
        if not _nothing(node):
            self.wrong(node, where, "it should be a list: one `- ` line for each entry")
        return []

    def mapping(
        self, node: Node, where: str, known: Iterable[str], kind: str, needed: Iterable[str] = ()
    ) -> dict[str, tuple[Scalar, Node]]:
        """The known entries; unknown and missing ones are told."""
        if not isinstance(node, MappingNode):
            if needed or not _nothing(node):
                self.wrong(node, where, "it should be a mapping: lines of `name: value`")
            return {}
        names = list(known)
        for name, (key, _) in node.entries.items():
            if name not in names:
                self.problems.add(key.mark, f"{where}: {_unknown(kind, name, names)}")
        missing = [name for name in needed if name not in node.entries]
        if missing:
            self.problems.add(node.mark, f"{where} lacks {' and '.join(missing)}: add it")
        return {name: entry for name, entry in node.entries.items() if name in names}

    def wrong(self, node: Node, what: str, mend: str) -> None:
        """Tell a problem with a value, unless it was told when the value was read."""
        if not isinstance(node, BrokenNode):
            self.problems.add(node.mark, f"{what}: {mend}; found {describe(node)}")


def _one_line(message: str) -> str:
    """A validator's message on one line, printable, cut."""
    return "".join(c if c.isprintable() else " " for c in message)[:300]


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=1) if len(name) <= 64 else []
    if near:
        return f"unknown {kind} {quoted(name)}; did you mean {near[0]!r}?"
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"unknown {kind} {quoted(name)}; known: {listed or 'none'}"


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _options(spec: CheckSpec) -> dict[str, Any]:
    return dict(spec.config.model_fields) if spec.config else {}


def _has_broken(node: Node) -> bool:
    match node:
        case BrokenNode():
            return True
        case ListNode():
            return any(_has_broken(item) for item in node.items)
        case MappingNode():
            return any(_has_broken(item) for _, item in node.entries.values())
        case _:
            return False


def _find(node: Node, location: Iterable[int | str]) -> tuple[Node, list[str]]:
    """The node that a validator means, as far as the location names nodes, and its path."""
    path: list[str] = []
    for step in location:
        if isinstance(node, MappingNode) and step in node.entries:
            node = node.entries[str(step)][1]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            continue
        path.append(str(step))
    return node, path


def _one_of(values: Iterable[str]) -> dict[str, Any]:
    return {"enum": list(values)}


def _checks_schema(checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {name: _check_schema(spec, definitions) for name, spec in checks.items()},
    }


def _check_schema(spec: CheckSpec, definitions: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if spec.config:
        schema = spec.config.model_json_schema(ref_template=f"#/$defs/{spec.name}.{{model}}")
        options = schema.get("properties", {})
        definitions |= {f"{spec.name}.{name}": value for name, value in schema.get("$defs", {}).items()}
    return {
        "description": spec.doc.title,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {**CHECK_KEYS, **options},
    }


def _exemptions_schema(checks: Checks, _definitions: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "check": _one_of(checks),
        "reason": {"type": "string", "minLength": 1, "maxLength": REASON_LIMIT},
        "until": {"type": "string", "format": "date", "pattern": f"^{DATE.pattern}$"},
    }
    item = {
        "type": "object",
        "additionalProperties": False,
        "required": list(EXEMPTION_KEYS),
        "properties": properties,
    }
    return {"type": ["array", "null"], "items": item}


def _publish_schema(_checks: Checks, _definitions: dict[str, Any]) -> dict[str, Any]:
    issues = {"type": "object", "additionalProperties": False, "required": ["issues"]}
    return {"anyOf": [_one_of(PUBLISH_SPELT.values()), issues | {"properties": {"issues": {"const": "all"}}}]}


DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
EXEMPTION_KEYS = ("check", "reason", "until")
CHECK_KEYS: Mapping[str, Any] = {
    "enabled": {"type": "boolean", "description": "false: this check is not judged."},
    "severity": {**_one_of(s.label for s in Severity), "description": "How much a fail matters here."},
}
"""What can be said of every check, beside its own options."""

PUBLISH_SPELT = {
    Publish.OBSERVE: Publish.OBSERVE.value,
    Publish.ADVISE: Publish.ADVISE.value,
    Publish.ISSUES: PUBLISH_ISSUES,
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key at the top of the file.

    Args:
        field: the field of ``Policy`` that it fills; empty when it fills none.
        read: gives the value, or None when something is wrong with it.
        schema: its JSON Schema; shared definitions go into the second argument.
    """

    name: str
    about: str
    field: str
    read: Callable[[_Reader, Node], Any]
    schema: Callable[[Checks, dict[str, Any]], dict[str, Any]]


KEYS = (
    Key("version", "Version of this format.", "", _Reader.version, lambda _c, _d: {"const": 1}),
    Key(
        "publish",
        "How loud: observe (nothing but answers to who asks), advise (check runs, and an issue when "
        "something got worse) or {issues: all} (check runs, and an issue for every finding).",
        "publish",
        _Reader.publish,
        _publish_schema,
    ),
    Key(
        "block",
        "Checks whose new fail makes the check run fail; none by default.",
        "block",
        _Reader.block,
        lambda checks, _d: {"type": ["array", "null"], "items": _one_of(checks)},
    ),
    Key(
        "fail_closed",
        "What could not be judged counts as a fail for the checks under block.",
        "fail_closed",
        _Reader.fail_closed,
        lambda _c, _d: {"type": "boolean"},
    ),
    Key("checks", "Options of single checks, by name.", "checks", _Reader.check_policies, _checks_schema),
    Key(
        "exemptions",
        "Checks that shall not speak until a day, with the reason.",
        "exemptions",
        _Reader.exemptions,
        _exemptions_schema,
    ),
)
