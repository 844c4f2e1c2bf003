"""Reads ``plumbline.org.yml`` into an ``OrganisationPolicy``, or says all that is wrong and where.

The file is written by whoever may push to the organisation's ``.github-private`` or ``.github``
repository. As for a repository's file, one table of keys feeds reading, JSON Schema and reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.config.cascade import LayerKind, Lock, binds
from bot.config.custom_checks import is_custom, names_in
from bot.config.organisation import (
    NOTHING_SAID,
    ORGANISATION_PATH,
    RINGS,
    Exempting,
    Group,
    OrganisationPolicy,
)
from bot.config.policy import Notice, Said
from bot.config.policy_file import (
    CHECK_KEYS,
    CUSTOM_CHECKS,
    KEYS,
    Checks,
    Key,
    Reader,
    Strangers,
    below,
    is_nothing,
    options_of,
    read_file,
    unknown,
)
from bot.config.renames import Renamed, migrate
from bot.config.selection import Enrolment, Selector
from bot.model.facts import Visibility
from bot.model.people import Role
from bot.model.verdicts import Severity
from bot.spec import NAME
from bot.yaml_nodes import BrokenNode, ListNode, MappingNode, Node, Problems, Scalar, describe, quoted

NAME_LIMIT = 100
"""Characters of the name of a group, a team, a property."""

VALUES_LIMIT = 200
"""Entries of one list of a selector."""

RENAMES = (
    Renamed((), "enroll", "enrol"),
    Renamed((), "rollup", "roll_up"),
)
"""Former and foreign spellings that files may still use."""

EXEMPTING = {"maintain": Role.MAINTAIN, "admin": Role.ADMIN, "nobody": None}
"""Who may be named under ``exempt``: no less than the command asks of everybody."""

GRANTS: tuple[str, ...] = ()
"""What can be granted; the first thing that writes to repositories adds its name."""

POLICY_KEYS = tuple(key for key in KEYS if key.field)
"""What the organisation can say in the place of a repository."""

ROLL_UP = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/)?([A-Za-z0-9._-]{1,100})")

SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What the address of a team ends with."""


def read_organisation(
    data: bytes,
    registry_checks: Checks,
    *,
    path: str = ORGANISATION_PATH,
    where: str = "",
    commit: str = "",
    oid: str = "-",
    visible: Callable[[str], Visibility | None] | None = None,
    strangers: Strangers = Strangers.REFUSE,
) -> OrganisationPolicy:
    """Read an organisation's file.

    Args:
        data: the bytes of the file.
        path: named in errors and notices.
        where: ``owner/repository`` that holds it; kept as the place of what it says.
        oid: blob id, kept in the policy; must not be empty, as that means that there is no file.
        visible: tells who sees a repository by its name, None for one that is not there; without it
            the repository for the roll-up is not looked at.

    Raises:
        PolicyErrors: all that is wrong, each with line and column.
    """

    def read(top: Node, problems: Problems) -> OrganisationPolicy:
        notices = migrate(top, RENAMES, problems, path)
        reader = OrganisationReader(registry_checks, problems, strangers, path=path, visible=visible)
        return reader.organisation(top, notices)

    found = read_file(data, read, path=path) or NOTHING_SAID
    return replace(found, file=f"{where}:{path}" if where else path, commit=commit, oid=oid)


def organisation_schema(registry_checks: Checks) -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors and the reference page."""
    definitions: dict[str, Any] = {}
    for key in POLICY_KEYS:
        definitions[f"policy.{key.name}"] = {
            "description": key.about,
            **key.schema(registry_checks, definitions),
        }
    properties = {
        key.name: {"description": key.about, **key.schema(registry_checks, definitions)}
        for key in ORGANISATION_KEYS
    }
    for renamed in RENAMES:
        properties[renamed.old] = {**properties[renamed.new], "deprecated": True}
    both = [{"not": {"required": [renamed.old, renamed.new]}} for renamed in RENAMES]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plumbline policy of an organisation",
        "description": f"The file {ORGANISATION_PATH} of an organisation.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "allOf": both,
        "properties": properties,
        "$defs": definitions,
    }


def lockable(checks: Checks) -> list[str]:
    """Every key that can be locked."""
    found = [key.name for key in POLICY_KEYS]
    for spec in checks.values():
        found += [f"checks.{spec.name}", f"exemptions.{spec.name}"]
        found += [f"checks.{spec.name}.{name}" for name in (*CHECK_KEYS, *options_of(spec))]
        if is_custom(spec):
            found.append(f"{CUSTOM_CHECKS}.{spec.name}")
    return found


@dataclass(frozen=True, slots=True)
class OrganisationReader(Reader):
    """Turns nodes of an organisation's file into values."""

    path: str = ORGANISATION_PATH
    visible: Callable[[str], Visibility | None] | None = None

    def organisation(self, top: Node, notices: tuple[Notice, ...]) -> OrganisationPolicy:
        """The whole file."""
        places = _policies(top)
        names = [name for place in places for name in names_in(below(place, CUSTOM_CHECKS))]
        return self.knowing(names, places)._organisation(top, notices)

    def _organisation(self, top: Node, notices: tuple[Notice, ...]) -> OrganisationPolicy:
        known = {key.name: key for key in ORGANISATION_KEYS}
        entries = self.mapping(top, "the file", known, "key")
        values: dict[str, Any] = {}
        for name, (_, node) in entries.items():
            value = known[name].read(self, node)
            if value is not None and known[name].field:
                values[known[name].field] = value
        if "ring" in values:
            values["ring_line"] = entries["rings"][0].mark.line
        policy = OrganisationPolicy(**values)
        notes = (Notice(text, self.path, mark.line, mark.column) for mark, text in self.notes)
        return replace(policy, notices=(*notices, *notes, *self._in_vain(policy)))

    def _in_vain(self, policy: OrganisationPolicy) -> Iterable[Notice]:
        """What groups say although the top of the file locks it."""
        for group in policy.groups:
            for key, said in group.says.items():
                lock = next((x for x in policy.locks if binds(x.key, key, LayerKind.GROUP)), None)
                if lock:
                    yield Notice(
                        f"`{key}` of this group does not count: line {lock.line} locks it for groups, too",
                        self.path,
                        said.line,
                        said.column,
                    )

    def defaults(self, node: Node) -> dict[str, Said]:
        """What is said of all repositories."""
        entries = self.mapping(node, "defaults", (key.name for key in POLICY_KEYS), "key")
        return self.says(entries, self.values(entries))

    def groups(self, node: Node) -> tuple[Group, ...]:
        """In order; names are unique."""
        found: dict[str, Group] = {}
        for item in self.items(node, "groups"):
            group = self.group(item)
            if group is None:
                continue
            if group.name in found:
                first = found[group.name].line
                self.problems.add(
                    item.mark, f"a second group {group.name!r} (first on line {first}): give it another name"
                )
            found[group.name] = group
        return tuple(found.values())

    def group(self, node: Node) -> Group | None:
        """One group; None when it lacks what it needs."""
        names = (*GROUP_KEYS, *(key.name for key in POLICY_KEYS))
        entries = self.mapping(node, "a group", names, "key", needed=("name", "when"))
        name = self.text(entries["name"][1], "name") if "name" in entries else None
        when = self.selector(entries["when"][1], "when") if "when" in entries else None
        locks = self.locks(entries["lock"][1]) if "lock" in entries else ()
        says = self.says(entries, self.values(entries))
        return Group(name, when, says, locks, node.mark.line) if name and when else None

    def locks(self, node: Node) -> tuple[Lock, ...]:
        """Keys that may not be set below."""
        known = lockable(self.checks)
        found = []
        for item in self.items(node, "lock"):
            key = item.value if isinstance(item, Scalar) else None
            if not isinstance(key, str):
                self.wrong(item, "lock", "it should be a key, as `checks.licence` or `publish`")
            elif key not in known and self.strangers is Strangers.ACCEPT:
                self.notes.append((item.mark, f"there is no key {quoted(key)} any more; it locks nothing"))
            elif key not in known:
                self.problems.add(item.mark, unknown("key", key, known))
            else:
                found.append(Lock(key, item.mark.line, item.mark.column))
        return tuple(found)

    def enrolment(self, node: Node) -> Enrolment | None:
        """Which repositories are looked after."""
        line = node.mark.line
        if isinstance(node, Scalar) and node.value == "all":
            return Enrolment(line=line)
        if isinstance(node, ListNode):
            return Enrolment(self.selectors(node, "enrol"), line=line)
        if not isinstance(node, MappingNode):
            self.wrong(
                node, "enrol", "it should be all, a list of selectors, or {include: ..., exclude: ...}"
            )
            return None
        entries = self.mapping(node, "enrol", ("include", "exclude"), "key")
        include: tuple[Selector, ...] | None = None
        if "include" in entries:
            said = entries["include"][1]
            if not (isinstance(said, Scalar) and said.value == "all"):
                include = self.selectors(said, "include")
        exclude = self.selectors(entries["exclude"][1], "exclude") if "exclude" in entries else ()
        return Enrolment(include, exclude, line)

    def selectors(self, node: Node, where: str) -> tuple[Selector, ...]:
        """A list of selectors, of which any will do."""
        if not isinstance(node, ListNode):
            self.wrong(node, where, "it should be a list of selectors, as `- names: [api-*]`")
            return ()
        return tuple(s for item in node.items if (s := self.selector(item, where)) is not None)

    def selector(self, node: Node, where: str) -> Selector | None:
        """Conditions that must all hold; at least one."""
        entries = self.mapping(node, where, WHEN_KEYS, "condition")
        if not entries:
            if is_nothing(node) or (isinstance(node, MappingNode) and not node.entries):
                self.problems.add(node.mark, f"{where}: name at least one condition: {', '.join(WHEN_KEYS)}")
            return None
        values: dict[str, Any] = {}
        for name, (_, condition) in entries.items():
            if name in ("archived", "fork"):
                values[name] = self.boolean(condition, f"{where}.{name}")
            elif name == "properties":
                values[name] = self.properties(condition, f"{where}.properties")
            elif name == "visibility":
                values[name] = self.visibilities(condition, f"{where}.visibility")
            elif name == "teams":
                values[name] = self.slugs(condition, f"{where}.teams")
            else:
                values[name] = self.texts(condition, f"{where}.{name}")
        return Selector(**values, line=node.mark.line)

    def properties(self, node: Node, where: str) -> dict[str, tuple[str, ...]]:
        """Custom property -> values of which any will do."""
        if not (isinstance(node, MappingNode) and node.entries):
            self.wrong(node, where, "it should be a mapping from a property to its value or values")
            return {}
        return {
            name: self.texts(value, f"{where}.{quoted(name)}") for name, (_, value) in node.entries.items()
        }

    def visibilities(self, node: Node, where: str) -> tuple[Visibility, ...]:
        """A visibility, or a list of them."""
        known = {visibility.value: visibility for visibility in Visibility}
        found = []
        for item in self.some(node, where):
            text = item.value if isinstance(item, Scalar) else None
            if isinstance(text, str) and text in known:
                found.append(known[text])
            else:
                self.wrong(item, where, f"it should be one of {', '.join(known)}")
        return tuple(found)

    def slugs(self, node: Node, where: str) -> tuple[str, ...]:
        """The slug of a team of this organisation, or a list of them."""
        found = []
        for item in self.some(node, where):
            text = self.text(item, where)
            if text is not None and SLUG.fullmatch(text):
                found.append(text)
            elif text is not None:
                self.wrong(
                    item, where, "it should be a team's slug as in its address, without the organisation"
                )
        return tuple(found)

    def texts(self, node: Node, where: str) -> tuple[str, ...]:
        """A text, or a list of texts."""
        found = (self.text(item, where) for item in self.some(node, where))
        return tuple(text for text in found if text is not None)

    def some(self, node: Node, where: str) -> list[Node]:
        """The entries of a list that is not empty, or the one that stands in its place."""
        if not isinstance(node, ListNode):
            return [node]
        if not 0 < len(node.items) <= VALUES_LIMIT:
            self.problems.add(
                node.mark, f"{where}: it should have 1 to {VALUES_LIMIT} entries; found {len(node.items)}"
            )
            return []
        return node.items

    def text(self, node: Node, where: str) -> str | None:
        """A short text on one line; numbers and words like ``true`` as they are written."""
        text = node.text if isinstance(node, Scalar) and node.value is not None else ""
        if text.strip() and len(text) <= NAME_LIMIT and text.isprintable():
            return text
        self.wrong(node, where, f"it should be a text of 1 to {NAME_LIMIT} characters on one line")
        return None

    def roll_up(self, node: Node) -> str | None:
        """The name of a repository of this owner that not everybody can see."""
        text = node.value if isinstance(node, Scalar) else None
        match = ROLL_UP.fullmatch(text) if isinstance(text, str) else None
        if match is None or not isinstance(text, str):
            self.wrong(node, "roll_up", "it should be the name of a repository of this organisation")
            return None
        name = match[2]
        if self.visible is not None:
            visibility = self.visible(text)
            if visibility is None:
                self.wrong(node, "roll_up", "name a repository of this organisation that the App can see")
                return None
            if visibility is not Visibility.PRIVATE:
                self.wrong(
                    node,
                    "roll_up",
                    f"the report names what is wrong everywhere, and that repository is {visibility.value}; "
                    "name a private one",
                )
                return None
        return name

    def exempt(self, node: Node) -> dict[Severity, Exempting]:
        """Severity -> who may exempt."""
        known = {severity.label: severity for severity in Severity}
        entries = self.mapping(node, "exempt", known, "severity")
        found = {}
        for name, (key, said) in entries.items():
            rule = self.exempting(said, f"exempt.{name}", key.mark.line)
            if rule is not None:
                found[known[name]] = rule
        return found

    def exempting(self, node: Node, where: str, line: int) -> Exempting | None:
        """``admin``, or ``{who: admin, approval: true}``."""
        approval: bool | None = False
        if isinstance(node, MappingNode):
            entries = self.mapping(node, where, ("who", "approval"), "key", needed=("who",))
            if "approval" in entries:
                approval = self.boolean(entries["approval"][1], f"{where}.approval")
            if "who" not in entries:
                return None
            node = entries["who"][1]
        text = node.value if isinstance(node, Scalar) else None
        if not (isinstance(text, str) and text in EXEMPTING):
            self.wrong(node, where, f"it should be one of {', '.join(EXEMPTING)}")
            return None
        return Exempting(EXEMPTING[text], bool(approval), line)

    def ring(self, node: Node) -> int | None:
        """One of ``RINGS``."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and value in RINGS:
            return value
        self.wrong(
            node, "rings", f"it should be one of {', '.join(map(str, RINGS))}: percent of repositories"
        )
        return None

    def grants(self, node: Node) -> frozenset[str]:
        """Names of ``GRANTS``."""
        found = set()
        for item in self.items(node, "grants"):
            if isinstance(item, Scalar) and item.text in GRANTS:
                found.add(item.text)
            elif not isinstance(item, BrokenNode):
                self.problems.add(
                    item.mark,
                    f"grants: {describe(item)} is nothing that can be granted: Plumbline only reports so far",
                )
        return frozenset(found)


def _policies(top: Node) -> list[Node]:
    """The mappings of the file that hold keys of a repository's file."""
    groups = below(top, "groups")
    listed = groups.items if isinstance(groups, ListNode) else []
    return [node for node in (below(top, "defaults"), *listed) if node is not None]


# The JSON Schema of each key


def _policy_properties() -> dict[str, Any]:
    return {key.name: {"$ref": f"#/$defs/policy.{key.name}"} for key in POLICY_KEYS}


def _defaults_schema(_checks: Checks, _definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": _policy_properties(),
    }


def _groups_schema(checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    item = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "when"],
        "properties": {
            "name": {"description": "For people and reports; unique.", **VALUE},
            "when": _selector_schema(checks, definitions),
            "lock": _lock_schema(checks, definitions),
            **_policy_properties(),
        },
    }
    return {"type": ["array", "null"], "items": item}


def _lock_schema(checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    custom = {
        "type": "string",
        "pattern": rf"^({CUSTOM_CHECKS}|checks|exemptions)\.{NAME.pattern}(\.[a-z_]+)?$",
    }
    items = {"anyOf": [{"enum": lockable(checks)}, custom]}
    definitions["lock"] = {"type": ["array", "null"], "items": items}
    return {"$ref": "#/$defs/lock"}


def _selector_schema(_checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    definitions["selector"] = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            name: {"description": about, **_condition_schema(name)} for name, about in WHEN_KEYS.items()
        },
    }
    return {"$ref": "#/$defs/selector"}


def _condition_schema(name: str) -> dict[str, Any]:
    if name in ("archived", "fork"):
        return {"type": "boolean"}
    if name == "properties":
        return {"type": "object", "minProperties": 1, "additionalProperties": _one_or_more(VALUE)}
    if name == "visibility":
        return _one_or_more({"enum": [visibility.value for visibility in Visibility]})
    if name == "teams":
        return _one_or_more({**VALUE, "pattern": f"^{SLUG.pattern}$"})
    return _one_or_more(VALUE)


def _one_or_more(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, {"type": "array", "minItems": 1, "maxItems": VALUES_LIMIT, "items": value}]}


def _enrol_schema(checks: Checks, definitions: dict[str, Any]) -> dict[str, Any]:
    several = {"type": "array", "items": _selector_schema(checks, definitions)}
    within = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"include": {"anyOf": [{"const": "all"}, several]}, "exclude": several},
    }
    return {"anyOf": [{"const": "all"}, several, within]}


def _exempt_schema(_checks: Checks, _definitions: dict[str, Any]) -> dict[str, Any]:
    who = {"enum": list(EXEMPTING)}
    rule = {
        "type": "object",
        "additionalProperties": False,
        "required": ["who"],
        "properties": {"who": who, "approval": {"type": "boolean"}},
    }
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {severity.label: {"anyOf": [who, rule]} for severity in Severity},
    }


VALUE: dict[str, Any] = {
    "type": ["string", "number", "boolean"],
    "minLength": 1,
    "maxLength": NAME_LIMIT,
}
"""What a text may be written as: a number or ``true`` counts as it stands."""

GROUP_KEYS = ("name", "when", "lock")

WHEN_KEYS: Mapping[str, str] = {
    "names": "The name without the owner fits one of these patterns (`*`, `?`, `[abc]`).",
    "topics": "It has one of these topics.",
    "teams": "One of these teams (by slug) has it.",
    "languages": "Most of it is written in one of these, by GitHub's count.",
    "visibility": "It is public, internal or private.",
    "properties": "A custom property has this value, or one of these.",
    "archived": "It is archived, or is not.",
    "fork": "It is a fork, or is not.",
}
"""Conditions of a selector, with their meaning."""

ORGANISATION_KEYS = (
    Key("version", "Version of this format.", "", OrganisationReader.version, lambda _c, _d: {"const": 1}),
    Key(
        "defaults",
        "What is in force in every repository unless a group or its own file refines it: all keys of a "
        "repository's file.",
        "defaults",
        OrganisationReader.defaults,
        _defaults_schema,
    ),
    Key(
        "groups",
        "Repositories of a kind, in order, each with a name, `when` it holds, keys of a repository's file, "
        "and `lock`; later groups refine earlier ones.",
        "groups",
        OrganisationReader.groups,
        _groups_schema,
    ),
    Key(
        "lock",
        "Keys that neither groups nor repositories may set, with everything below them.",
        "locks",
        OrganisationReader.locks,
        _lock_schema,
    ),
    Key(
        "enrol",
        "Which repositories are looked after: all, a list of selectors of which one must hold, or include "
        "and exclude; the others are not judged.",
        "enrolment",
        OrganisationReader.enrolment,
        _enrol_schema,
    ),
    Key(
        "roll_up",
        "The private repository that gets the report on the whole organisation.",
        "roll_up",
        OrganisationReader.roll_up,
        lambda _c, _d: {"type": "string", "pattern": f"^{ROLL_UP.pattern}$"},
    ),
    Key(
        "exempt",
        "Who may exempt by command checks of a severity and of those above it: maintain, admin or nobody, "
        "and whether a second person must approve.",
        "exempt",
        OrganisationReader.exempt,
        _exempt_schema,
    ),
    Key(
        "rings",
        "In how many percent of the repositories `publish: {issues: all}` of this file is on: 1, 5, 25 or "
        "100.",
        "ring",
        OrganisationReader.ring,
        lambda _c, _d: {"enum": list(RINGS)},
    ),
    Key(
        "grants",
        "What Plumbline may do beside reporting; nothing of the kind exists yet.",
        "grants",
        OrganisationReader.grants,
        lambda _c, _d: {"type": ["array", "null"], "maxItems": len(GRANTS), "items": {"type": "string"}},
    ),
)
