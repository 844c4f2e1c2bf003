"""Reads ``.github/plumbline.yml`` into a ``Policy``, or says all that is wrong with it and where.

The file is written by whoever can push to a repository: it is untrusted. One table of keys feeds
the reading and the JSON Schema that editors use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from bot.config.custom_checks import (
    CHECKS_LIMIT,
    NAME_SCHEMA,
    definitions_schema,
    good_name,
    is_custom,
    named,
    names_in,
    read_definition,
)
from bot.config.policy import POLICY_PATH, CheckPolicy, Exemption, Notice, Policy, PolicyFile, Said
from bot.config.settings import Publish
from bot.model.custom_checks import CustomCheck
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
Entries = dict[str, tuple[Scalar, Node]]
T = TypeVar("T")


class Strangers(Enum):
    """What is done about names of checks that are not known where a file is read."""

    REFUSE = "they are mistakes"
    UNLESS_NEAR = "they are the organisation's, unless they look like a mistake"
    ACCEPT = "they were known once: the file was good when it was kept"


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
    """What a policy file asks for; see ``read_policy_file``."""
    return read_policy_file(data, registry_checks, path=path, oid=oid).policy


def read_policy_file(
    data: bytes,
    registry_checks: Mapping[str, CheckSpec],
    *,
    path: str = POLICY_PATH,
    oid: str = "",
    above: Iterable[str] = (),
    strangers: Strangers = Strangers.REFUSE,
) -> PolicyFile:
    """Read a policy file.

    Args:
        data: the bytes of the file; empty means the defaults.
        registry_checks: the checks that exist, by name.
        path: named in errors.
        oid: kept in the policy.
        above: names of the checks that the organisation's policy defines.

    Raises:
        PolicyErrors: all that is wrong, each with line and column.
    """

    def read(top: Node, problems: Problems) -> PolicyFile:
        reader = Reader(registry_checks, problems, strangers)
        file = reader.knowing([*above, *names_in(below(top, CUSTOM_CHECKS))], [top]).policy_file(top, oid)
        notices = tuple(Notice(text, path, mark.line, mark.column) for mark, text in reader.notes)
        return replace(file, notices=notices)

    return read_file(data, read, path=path) or PolicyFile(Policy(oid=oid))


def read_file(data: bytes, read: Callable[[Node, Problems], T], *, path: str) -> T | None:
    """Read a file of ours; None when there is nothing in it.

    Raises:
        PolicyErrors: what ``read`` noted, and all that is wrong with the file as YAML.
    """
    problems = Problems(ERROR_LIMIT)
    found = None
    try:
        text = _decode(data, problems)
        top = compose(text, problems) if text is not None else None
        if top is not None:
            found = read(top, problems)
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
    return found


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
class Reader:
    """Turns nodes into values, and notes what is wrong with them."""

    checks: Checks
    problems: Problems
    strangers: Strangers = Strangers.REFUSE
    notes: list[tuple[Mark, str]] = field(default_factory=list)
    """What is no mistake and should be known all the same."""

    def knowing(self, names: Iterable[str], tops: Iterable[Node]) -> Self:
        """A reader that knows more checks: those of these names, and strangers that it need not refuse.

        Args:
            tops: mappings with the keys of a policy file, which may mention strangers.
        """
        known = {name: named(name) for name in names} | dict(self.checks)
        if self.strangers is not Strangers.REFUSE:
            for mark, name in (found for top in tops for found in _mentioned(top)):
                near = self.strangers is Strangers.UNLESS_NEAR and get_close_matches(
                    name, known, n=1, cutoff=NEAR
                )
                if name not in known and good_name(name) and not near:
                    known[name] = named(name)
                    self.notes.append(
                        (mark, f"no check {name!r} is known here: what is said of it counts where one is")
                    )
        return replace(self, checks=known)

    def policy_file(self, top: Node, oid: str) -> PolicyFile:
        """A repository's file."""
        known = {key.name: key for key in KEYS}
        entries = self.mapping(top, "the file", known, "key")
        values = self.values(entries)
        return PolicyFile(Policy(**values, oid=oid), self.says(entries, values))

    def values(self, entries: Entries) -> dict[str, Any]:
        """Field of ``Policy`` -> value, for those of ``KEYS`` that are there and good."""
        values: dict[str, Any] = {}
        for key in KEYS:
            if key.name in entries:
                value = key.read(self, entries[key.name][1])
                if value is not None and key.field:
                    values[key.field] = value
        return values

    def says(self, entries: Entries, values: Mapping[str, Any]) -> dict[str, Said]:
        """Every single key that is set, with its place; ``values`` are those of the same entries."""
        found: dict[str, Said] = {}
        for name in ("publish", "block", "fail_closed", "baseline"):
            if name in values and not is_nothing(entries[name][1]):
                found[name] = _said(values[name], entries[name][0])
        for name, custom in values.get("custom", {}).items():
            body = entries[CUSTOM_CHECKS][1]
            assert isinstance(body, MappingNode)
            found[f"{CUSTOM_CHECKS}.{name}"] = _said(custom, body.entries[name][0])
        for name, policy in values.get("checks", {}).items():
            body = entries["checks"][1]
            assert isinstance(body, MappingNode)
            found |= self._says_of_check(name, policy, body.entries[name][1])
        if "exemptions" in values:
            listed = entries["exemptions"][1]
            places = listed.items if isinstance(listed, ListNode) else []
            for place, exemption in zip(places, values["exemptions"], strict=False):
                key = f"exemptions.{exemption.check}"
                before = found.get(key, Said((), place.mark.line, place.mark.column))
                found[key] = Said((*before.value, exemption), before.line, before.column)
        return found

    def _says_of_check(self, name: str, policy: CheckPolicy, body: Node) -> dict[str, Said]:
        if not isinstance(body, MappingNode):
            return {}
        values = {"enabled": policy.enabled, "severity": policy.severity, "baseline": policy.baseline}
        return {
            f"checks.{name}.{option}": _said(
                values[option] if option in values else getattr(policy.options, option, None), key
            )
            for option, (key, _) in body.entries.items()
        }

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

    def baseline(self, node: Node) -> bool | None:
        return self.switch(node, "baseline")

    def check_policies(self, node: Node) -> dict[str, CheckPolicy]:
        bodies = self.mapping(node, "checks", self.checks, "check")
        return {name: self.check(self.checks[name], key, body) for name, (key, body) in bodies.items()}

    def check(self, spec: CheckSpec, key: Scalar, body: Node) -> CheckPolicy:
        where = f"checks.{spec.name}"
        names = options_of(spec)
        if is_custom(spec) and self.strangers is Strangers.ACCEPT and isinstance(body, MappingNode):
            # It may have been a check with options once.
            body = MappingNode(body.mark, {n: e for n, e in body.entries.items() if n in CHECK_KEYS})
        entries = self.mapping(body, where, [*CHECK_KEYS, *names], "option")
        enabled = severity = None
        if "enabled" in entries:
            enabled = self.boolean(entries["enabled"][1], f"{where}.enabled")
        if "severity" in entries:
            severity = self.severity(entries["severity"][1], f"{where}.severity")
        baseline = None
        if "baseline" in entries:
            baseline = self.switch(entries["baseline"][1], f"{where}.baseline")
        said = MappingNode(key.mark, {n: e for n, e in entries.items() if n in names})
        options = self.section(spec.config, said, where) if spec.config and said.entries else None
        return CheckPolicy(enabled is not False, severity, options, baseline)

    def custom_checks(self, node: Node) -> dict[str, CustomCheck]:
        """Definitions, by name; those that are wrong are left out."""
        if not isinstance(node, MappingNode):
            if not is_nothing(node):
                self.wrong(node, CUSTOM_CHECKS, "it should be a mapping from names to definitions")
            return {}
        if len(node.entries) > CHECKS_LIMIT:
            found = len(node.entries)
            self.problems.add(node.mark, f"{CUSTOM_CHECKS} has {found} entries and may have {CHECKS_LIMIT}")
            return {}
        definitions = {}
        for name, (key, body) in node.entries.items():
            if not self._free(name, key):
                continue
            definition = read_definition(self, name, body)
            if definition is not None:
                definitions[name] = definition
        return definitions

    def _free(self, name: str, key: Scalar) -> bool:
        """Whether a definition may have this name; tells why not."""
        if not good_name(name):
            self.problems.add(
                key.mark,
                f"{CUSTOM_CHECKS}: {quoted(name)} can not be a name; write 2 to 60 lower-case letters, "
                "digits and single hyphens, as `team-file`",
            )
            return False
        if name not in self.checks or is_custom(self.checks[name]):
            return True
        taken = f"{CUSTOM_CHECKS}: {name!r} is a check of Plumbline itself; give yours another name"
        if self.strangers is Strangers.ACCEPT:
            self.notes.append((key.mark, taken))
        else:
            self.problems.add(key.mark, taken)
        return False

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
            self.problems.add(node.mark, unknown("check", name, self.checks))
        else:
            self.wrong(node, where, "it should be the name of a check")
        return None

    def one_of(self, node: Node, where: str, known: Iterable[str], kind: str) -> str | None:
        """A name out of a list."""
        name = node.value if isinstance(node, Scalar) else None
        names = list(known)
        if isinstance(name, str) and name in names:
            return name
        if isinstance(name, str):
            self.problems.add(node.mark, f"{where}: {unknown(kind, name, names)}")
        else:
            self.wrong(node, where, f"it should be the name of a {kind}")
        return None

    def boolean(self, node: Node, where: str) -> bool | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        self.wrong(node, where, "it should be true or false")
        return None

    def switch(self, node: Node, where: str) -> bool | None:
        """``on`` or ``off``, as YAML 1.2 has them as texts; older readers make booleans of them."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in SWITCH:
            return SWITCH[value]
        self.wrong(node, where, "it should be on or off")
        return None

    def items(self, node: Node, where: str) -> list[Node]:
        if isinstance(node, ListNode):
            return node.items
        if not is_nothing(node):
            self.wrong(node, where, "it should be a list: one `- ` line for each entry")
        return []

    def mapping(
        self, node: Node, where: str, known: Iterable[str], kind: str, needed: Iterable[str] = ()
    ) -> Entries:
        """The known entries; unknown and missing ones are told."""
        if not isinstance(node, MappingNode):
            if needed or not is_nothing(node):
                self.wrong(node, where, "it should be a mapping: lines of `name: value`")
            return {}
        names = list(known)
        for name, (key, _) in node.entries.items():
            if name not in names:
                self.problems.add(key.mark, f"{where}: {unknown(kind, name, names)}")
        missing = [name for name in needed if name not in node.entries]
        if missing:
            self.problems.add(node.mark, f"{where} lacks {' and '.join(missing)}: add it")
        return {name: entry for name, entry in node.entries.items() if name in names}

    def wrong(self, node: Node, what: str, mend: str) -> None:
        """Tell a problem with a value, unless it was told when the value was read."""
        if not isinstance(node, BrokenNode):
            self.problems.add(node.mark, f"{what}: {mend}; found {describe(node)}")


def _said(value: Any, key: Scalar) -> Said:
    return Said(value, key.mark.line, key.mark.column)


def _one_line(message: str) -> str:
    """A validator's message on one line, printable, cut."""
    return "".join(c if c.isprintable() else " " for c in message)[:300]


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """A sentence about a name that nothing has, with the nearest one."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1) if len(name) <= 64 else []
    if near:
        return f"unknown {kind} {quoted(name)}; did you mean {near[0]!r}?"
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"unknown {kind} {quoted(name)}; known: {listed or 'none'}"


def below(node: Node | None, key: str) -> Node | None:
    """What stands under a key; None when there is no such key."""
    return node.entries[key][1] if isinstance(node, MappingNode) and key in node.entries else None


def _mentioned(top: Node) -> Iterator[tuple[Mark, str]]:
    """Names of checks in the places where a policy file has them."""
    checks = below(top, "checks")
    if isinstance(checks, MappingNode):
        yield from ((key.mark, name) for name, (key, _) in checks.entries.items())
    for key in ("block", "exemptions"):
        listed = below(top, key)
        for item in listed.items if isinstance(listed, ListNode) else ():
            name = item if key == "block" else below(item, "check")
            if isinstance(name, Scalar) and isinstance(name.value, str):
                yield name.mark, name.value


def is_nothing(node: Node) -> bool:
    """A key with nothing behind it."""
    return isinstance(node, Scalar) and node.value is None


def options_of(spec: CheckSpec) -> dict[str, Any]:
    """The options of a check, by name."""
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


def _check_name(checks: Checks) -> dict[str, Any]:
    """A schema can not tell which checks policy defines; reading the file can."""
    return {"anyOf": [_one_of(checks), NAME_SCHEMA]}


def _checks_schema(checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "propertyNames": _check_name(checks),
        "additionalProperties": {
            "description": "A check that policy defines.",
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": CHECK_KEYS,
        },
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
        "check": _check_name(checks),
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


CUSTOM_CHECKS = "custom_checks"
NEAR = 0.85
"""How like a known name a stranger's is when it is taken for a mistake: one letter of seven differs."""

SWITCH = {"on": True, "off": False}
_SWITCH_SCHEMA: dict[str, Any] = {"enum": [*SWITCH, True, False]}
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
EXEMPTION_KEYS = ("check", "reason", "until")
CHECK_KEYS: Mapping[str, Any] = {
    "enabled": {"type": "boolean", "description": "false: this check is not judged."},
    "severity": {**_one_of(s.label for s in Severity), "description": "How much a fail matters here."},
    "baseline": {
        **_SWITCH_SCHEMA,
        "description": "off: what was found when the check first looked speaks, too.",
    },
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
        field: the field of the value that it fills; empty when it fills none.
        read: method of the reader: gives the value, or None when something is wrong with it.
        schema: its JSON Schema; shared definitions go into the second argument.
    """

    name: str
    about: str
    field: str
    read: Callable[[Any, Node], Any]
    schema: Callable[[Checks, dict[str, Any]], dict[str, Any]]


KEYS = (
    Key("version", "Version of this format.", "", Reader.version, lambda _c, _d: {"const": 1}),
    Key(
        "publish",
        "How loud: observe (nothing but answers to who asks), advise (check runs, and an issue when "
        "something got worse) or {issues: all} (check runs, and an issue for every finding).",
        "publish",
        Reader.publish,
        _publish_schema,
    ),
    Key(
        "block",
        "Checks whose new fail makes the check run fail; none by default.",
        "block",
        Reader.block,
        lambda checks, _d: {"type": ["array", "null"], "items": _check_name(checks)},
    ),
    Key(
        "fail_closed",
        "What could not be judged counts as a fail for the checks under block.",
        "fail_closed",
        Reader.fail_closed,
        lambda _c, _d: {"type": "boolean"},
    ),
    Key(
        "baseline",
        "on: what a check finds when it first looks is kept as its baseline and does not speak until "
        "somebody ratchets; off: everything speaks. For single checks under checks.",
        "baseline",
        Reader.baseline,
        lambda _c, _d: dict(_SWITCH_SCHEMA),
    ),
    Key("checks", "Options of single checks, by name.", "checks", Reader.check_policies, _checks_schema),
    Key(
        CUSTOM_CHECKS,
        "Checks of your own, by name: texts, a severity, and one rule about files, workflows or settings.",
        "custom",
        Reader.custom_checks,
        lambda _c, _d: definitions_schema(),
    ),
    Key(
        "exemptions",
        "Checks that shall not speak until a day, with the reason.",
        "exemptions",
        Reader.exemptions,
        _exemptions_schema,
    ),
)
