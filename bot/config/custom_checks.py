"""Checks as data: reads the definitions under ``custom_checks`` of a policy file.

One table of keys for each kind of rule feeds the reading, the JSON Schema and the reference. Reading
is done for a ``Reader`` of policy files, which notes what is wrong and where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bot.checks.custom import judge_rule, needs_of
from bot.model.custom_checks import (
    FAMILY,
    SETTINGS,
    CustomCheck,
    FileRule,
    Kind,
    Must,
    PropertyRule,
    Rule,
    SettingRule,
    TemplateRule,
    Texts,
    WorkflowRule,
)
from bot.model.line_patterns import PATTERN_LIMIT, PatternError, line_pattern
from bot.model.verdicts import Audience, Severity
from bot.spec import NAME, CheckSpec, Doc
from bot.yaml_nodes import ListNode, MappingNode, Node, Scalar

if TYPE_CHECKING:
    from bot.config.policy_file import Reader

R = TypeVar("R", SettingRule, PropertyRule)

NAME_LIMITS = (2, 60)
TITLE_LIMIT = 200
TEXT_LIMIT = 1000
"""Characters of ``why`` and ``fix``."""

CHECKS_LIMIT = 50
"""Definitions in one mapping."""

VALUES_LIMIT = 20
"""Entries of one list: paths, texts, triggers, values."""

PATH_LIMIT = 200
PARTS_LIMIT = 8
"""Folders on the way to a file, and the file."""

MODULE = "policy"
"""In place of the module of a check that is written in Python."""

NAME_SCHEMA: Mapping[str, Any] = {
    "type": "string",
    "pattern": f"^{NAME.pattern}$",
    "minLength": NAME_LIMITS[0],
    "maxLength": NAME_LIMITS[1],
}
"""What a definition may be called."""

_WILD = frozenset("*?[")
_USES = re.compile(
    r"([A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){1,8})(?:@v?([0-9A-Za-z][\w.-]{0,99}))?", re.ASCII
)
_TRIGGER = re.compile(r"[a-z][a-z_]{0,60}")


def spec_of(custom: CustomCheck) -> CheckSpec:
    """A definition as the engine judges by it, like any other check."""
    return CheckSpec(
        name=custom.name,
        family=FAMILY,
        severity=custom.severity,
        audience=custom.audience,
        function=partial(judge_rule, custom.rule),
        needs=needs_of(custom.rule),
        config=None,
        doc=Doc(custom.title, custom.why, custom.fix),
        rule_version=custom.rule_version,
        number=0,
        module=MODULE,
    )


def named(name: str) -> CheckSpec:
    """Stands for a check that policy defines elsewhere, while names are looked up."""
    return spec_of(CustomCheck(name, "", "", "", Severity.INFO, FileRule(())))


def is_custom(spec: CheckSpec) -> bool:
    """Policy defines it."""
    return spec.module == MODULE


def names_in(node: Node | None) -> frozenset[str]:
    """The names that a mapping of definitions gives, whatever is wrong with these."""
    return frozenset(name for name in _entries(node) if good_name(name))


def good_name(name: str) -> bool:
    """Whether a definition may be called so."""
    return NAME_LIMITS[0] <= len(name) <= NAME_LIMITS[1] and NAME.fullmatch(name) is not None


def _entries(node: Node | None) -> Mapping[str, tuple[Scalar, Node]]:
    return node.entries if isinstance(node, MappingNode) else {}


# Reading


def read_definition(reader: Reader, name: str, node: Node) -> CustomCheck | None:
    """One definition; None when something is wrong with it, which was noted then."""
    where = f"custom_checks.{name}"
    entries = reader.mapping(node, where, [*TEXT_KEYS, "severity", "audience", *RULES], "key", needed=NEEDED)
    values = {key: entries[key][1] for key in entries}
    texts = {
        key: _line(reader, values[key], f"{where}.{key}", limit)
        for key, (limit, _) in TEXT_KEYS.items()
        if key in values
    }
    severity = reader.severity(values["severity"], f"{where}.severity") if "severity" in values else None
    rule = _rule(reader, where, node, values)
    audience = _audience(reader, f"{where}.audience", values.get("audience"), rule)
    if (
        rule is None
        or audience is None
        or severity is None
        or None in texts.values()
        or len(texts) < len(TEXT_KEYS)
    ):
        return None
    said = {key: text for key, text in texts.items() if text is not None}
    return CustomCheck(name, severity=severity, rule=rule, audience=audience, **said)


def _rule(reader: Reader, where: str, node: Node, values: Mapping[str, Node]) -> Rule | None:
    given = [key for key in RULES if key in values]
    if len(given) != 1:
        if isinstance(node, MappingNode) and (given or len(values) == len(node.entries)):
            # What is misspelt was told already, and may be the rule.
            several = f"has {' and '.join(given)}" if given else "lacks a rule"
            reader.problems.add(
                node.mark, f"{where} {several}: it should have exactly one of {', '.join(RULES)}"
            )
        return None
    kind = RULES[given[0]]
    below = f"{where}.{given[0]}"
    entries = reader.mapping(values[given[0]], below, kind.keys, "key", needed=kind.needed)
    return kind.read(reader, below, values[given[0]], {key: entry[1] for key, entry in entries.items()})


def _audience(reader: Reader, where: str, node: Node | None, rule: Rule | None) -> Audience | None:
    """What a logged-out reader can not see for themselves is restricted, whatever the file says."""
    closed = isinstance(rule, PropertyRule) or (
        isinstance(rule, SettingRule) and SETTINGS[rule.name].audience is Audience.RESTRICTED
    )
    if node is None:
        return Audience.RESTRICTED if closed else Audience.PUBLIC
    text = node.value if isinstance(node, Scalar) else None
    if text not in (Audience.PUBLIC.value, Audience.RESTRICTED.value):
        reader.wrong(node, where, "it should be public or restricted")
        return None
    if closed and text == Audience.PUBLIC.value:
        reader.wrong(
            node, where, "what this rule asks for is not shown to everybody: write restricted, or nothing"
        )
        return None
    return Audience(text)


def _line(reader: Reader, node: Node, where: str, limit: int) -> str | None:
    text = node.text.strip() if isinstance(node, Scalar) and node.value is not None else ""
    if text and isinstance(node, Scalar) and len(node.text) <= limit and text.isprintable():
        return text
    reader.wrong(node, where, f"it should be a text of 1 to {limit} characters on one line")
    return None


def _some(reader: Reader, node: Node, where: str) -> list[Node]:
    """The entries of a list that is not empty, or the one that stands in its place."""
    if not isinstance(node, ListNode):
        return [node]
    if 0 < len(node.items) <= VALUES_LIMIT:
        return node.items
    reader.problems.add(
        node.mark, f"{where}: it should have 1 to {VALUES_LIMIT} entries; found {len(node.items)}"
    )
    return []


def _path(reader: Reader, node: Node, where: str, *, glob: bool = False) -> str | None:
    path = _line(reader, node, where, PATH_LIMIT)
    if path is None:
        return None
    parts = path.removesuffix("/").split("/") if glob else path.split("/")
    mend = None
    if len(parts) > PARTS_LIMIT:
        mend = f"a path may have {PARTS_LIMIT} parts: each folder is read by itself"
    elif "\\" in path or any(part in ("", ".", "..") for part in parts):
        mend = "it should be a path from the root, as `.github/CODEOWNERS`, without `.` and `..`"
    elif any(_WILD & set(part) for part in (parts[:-1] if glob else parts)):
        mend = (
            "only the last part of a path may be a name pattern: one folder is looked into"
            if glob
            else "name one file: `*`, `?` and `[` are not for this path"
        )
    if mend is None:
        return path
    reader.wrong(node, where, mend)
    return None


def _read_file(reader: Reader, where: str, node: Node, said: Mapping[str, Node]) -> FileRule | None:
    if ("path" in said) is ("any_of" in said):
        if isinstance(node, MappingNode):
            reader.problems.add(node.mark, f"{where}: it should have one of path and any_of")
        return None
    key = "path" if "path" in said else "any_of"
    if key == "any_of" and not isinstance(said[key], ListNode):
        reader.wrong(said[key], f"{where}.any_of", "it should be a list of paths")
        return None
    nodes = [said[key]] if key == "path" else _some(reader, said[key], f"{where}.any_of")
    paths = [_path(reader, item, f"{where}.{key}", glob=True) for item in nodes]
    texts = {
        name: _texts(reader, said[name], f"{where}.{name}")
        for name in ("matches", "not_matches")
        if name in said
    }
    must: Must | None = Must.MATCH if texts else Must.EXIST
    if "must" in said:
        must = _must(reader, said["must"], f"{where}.must", looks=bool(texts))
    if must is None or not paths or None in paths or None in texts.values():
        return None
    good = tuple(path for path in paths if path is not None)
    if must is Must.MATCH and any(path.endswith("/") for path in good):
        reader.wrong(said[key], f"{where}.{key}", "a folder can exist or not, but matches nothing")
        return None
    return FileRule(good, key == "any_of", must, texts.get("matches"), texts.get("not_matches"))


def _must(reader: Reader, node: Node, where: str, *, looks: bool) -> Must | None:
    text = node.value if isinstance(node, Scalar) else None
    if text not in [must.value for must in Must]:
        reader.wrong(node, where, f"it should be one of {', '.join(Must)}")
        return None
    must = Must(str(text))
    if (must is Must.MATCH) is looks:
        return must
    mend = (
        "name what to look for, in matches or not_matches"
        if not looks
        else "with matches or not_matches it is match"
    )
    reader.wrong(node, where, mend)
    return None


def _texts(reader: Reader, node: Node, where: str) -> Texts | None:
    if isinstance(node, ListNode):
        lines = [_line(reader, item, where, PATTERN_LIMIT) for item in _some(reader, node, where)]
        return None if not lines or None in lines else Texts(texts=tuple(t for t in lines if t is not None))
    text = node.text if isinstance(node, Scalar) and isinstance(node.value, str) else None
    if text is None or not text.isprintable():
        reader.wrong(node, where, "it should be a regular expression for a line, or a list of texts")
        return None
    try:
        line_pattern(text)
    except PatternError as error:
        reader.wrong(node, where, str(error))
        return None
    return Texts(pattern=text)


def _read_template(reader: Reader, where: str, _node: Node, said: Mapping[str, Node]) -> TemplateRule | None:
    path = _path(reader, said["path"], f"{where}.path") if "path" in said else None
    template = _path(reader, said["from"], f"{where}.from") if "from" in said else None
    return TemplateRule(path, template) if path and template else None


def _read_workflow(reader: Reader, where: str, node: Node, said: Mapping[str, Node]) -> WorkflowRule | None:
    if ("uses" in said) is ("run" in said):
        if isinstance(node, MappingNode):
            reader.problems.add(node.mark, f"{where}: it should have one of uses and run")
        return None
    bad = len(reader.problems.found)
    uses = version = run = ""
    if "uses" in said:
        uses, version = _uses(reader, said["uses"], f"{where}.uses")
    else:
        run = _line(reader, said["run"], f"{where}.run", PATTERN_LIMIT) or ""
    triggers = _triggers(reader, said["on"], f"{where}.on") if "on" in said else ()
    files = _name_pattern(reader, said["files"], f"{where}.files") if "files" in said else "*"
    every = _in(reader, said["in"], f"{where}.in") if "in" in said else False
    if len(reader.problems.found) > bad or not (uses or run):
        return None
    return WorkflowRule(uses, version, run, triggers, files, every)


def _uses(reader: Reader, node: Node, where: str) -> tuple[str, str]:
    match = _USES.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None:
        reader.wrong(node, where, "it should be an action, as `actions/checkout` or `actions/checkout@v4`")
        return "", ""
    return match[1], match[2] or ""


def _triggers(reader: Reader, node: Node, where: str) -> tuple[str, ...]:
    found = []
    for item in _some(reader, node, where):
        if isinstance(item, Scalar) and _TRIGGER.fullmatch(item.text):
            found.append(item.text)
        else:
            reader.wrong(item, where, "it should be the name of an event, as `pull_request`")
    return tuple(found)


def _name_pattern(reader: Reader, node: Node, where: str) -> str:
    text = _line(reader, node, where, PATH_LIMIT)
    if text is not None and "/" in text:
        reader.wrong(node, where, "it should be a name pattern without a folder, as `ci*.yml`")
    return text or "*"


def _in(reader: Reader, node: Node, where: str) -> bool:
    text = node.value if isinstance(node, Scalar) else None
    if text not in ("any", "all"):
        reader.wrong(node, where, "it should be any or all")
    return text == "all"


def _read_setting(reader: Reader, where: str, node: Node, said: Mapping[str, Node]) -> SettingRule | None:
    if "name" not in said:
        return None
    name = reader.one_of(said["name"], f"{where}.name", SETTINGS, "setting")
    if name is None:
        return None
    keys = _SETTING_KEYS[SETTINGS[name].kind]
    bad = len(reader.problems.found)
    for key in said:
        if key not in (*keys, "name"):
            reader.wrong(
                said[key], f"{where}.{key}", f"{name} is {SETTINGS[name].kind}; use {' or '.join(keys)}"
            )
    wanted, unwanted = (
        _values(reader, SETTINGS[name].kind, said.get(key), f"{where}.{key}")
        for key in (("has", "has_not") if SETTINGS[name].kind is Kind.TEXTS else ("is", "is_not"))
    )
    filled = reader.boolean(said["set"], f"{where}.set") if "set" in said else None
    if len(reader.problems.found) > bad:
        return None
    return _asking(reader, where, node, SettingRule(name, wanted, unwanted, filled), len(said) > 1, keys)


def _read_property(reader: Reader, where: str, node: Node, said: Mapping[str, Node]) -> PropertyRule | None:
    bad = len(reader.problems.found)
    name = _line(reader, said["name"], f"{where}.name", 100) if "name" in said else None
    nodes = _some(reader, said["is"], f"{where}.is") if "is" in said else []
    wanted = [_line(reader, item, f"{where}.is", 100) for item in nodes]
    filled = reader.boolean(said["set"], f"{where}.set") if "set" in said else None
    if name is None or len(reader.problems.found) > bad:
        return None
    rule = PropertyRule(name, tuple(text for text in wanted if text is not None), filled)
    return _asking(reader, where, node, rule, len(said) > 1, ("is", "set"))


def _asking(reader: Reader, where: str, node: Node, rule: R, asks: bool, keys: Iterable[str]) -> R | None:
    if asks:
        return rule
    reader.problems.add(node.mark, f"{where}: say what it should be, with {' or '.join(keys)}")
    return None


def _values(reader: Reader, kind: Kind, node: Node | None, where: str) -> tuple[str | bool, ...]:
    if node is None:
        return ()
    if kind is Kind.FLAG:
        flag = reader.boolean(node, where)
        return () if flag is None else (flag,)
    found = (_line(reader, item, where, TITLE_LIMIT) for item in _some(reader, node, where))
    return tuple(text for text in found if text is not None)


_SETTING_KEYS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("is", "is_not", "set"),
    Kind.FLAG: ("is",),
    Kind.TEXTS: ("has", "has_not", "set"),
}


# What can be written


@dataclass(frozen=True, slots=True)
class RuleKey:
    """One key of a rule, with its meaning and its JSON Schema."""

    about: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleKind:
    """One kind of rule.

    Args:
        read: gives the rule from the nodes of its keys, or None when something is wrong.
        needed: keys that it must have.
        schema: what its JSON Schema says beside its keys.
    """

    about: str
    keys: Mapping[str, RuleKey]
    read: Callable[[Reader, str, Node, Mapping[str, Node]], Rule | None]
    needed: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None


def _text(limit: int) -> dict[str, Any]:
    return {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": limit}


def _listed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": VALUES_LIMIT, "items": item}


def _one_or_more(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, _listed(item)]}


_PATTERN = {
    "anyOf": [{"type": "string", "minLength": 1, "maxLength": PATTERN_LIMIT}, _listed(_text(PATTERN_LIMIT))]
}

RULES: Mapping[str, RuleKind] = {
    "file": RuleKind(
        "Files that must be there, must not, or must hold certain texts.",
        {
            "path": RuleKey(
                "A file from the root; its last part may be a name pattern (`*`, `?`, `[...]`), and then "
                "every file that fits counts. With a `/` at its end it is a folder.",
                _text(PATH_LIMIT),
            ),
            "any_of": RuleKey("Several of these, of which one is enough.", _listed(_text(PATH_LIMIT))),
            "must": RuleKey(
                "`exist`, `not-exist` or `match`; `match` is meant where there is something to look for.",
                {"enum": [must.value for must in Must]},
            ),
            "matches": RuleKey(
                "A regular expression that some line matches, or a list of texts that must all be there.",
                _PATTERN,
            ),
            "not_matches": RuleKey(
                "A regular expression that no line may match, or a list of texts none of which may be there.",
                _PATTERN,
            ),
        },
        _read_file,
        schema={"oneOf": [{"required": ["path"]}, {"required": ["any_of"]}]},
    ),
    "template": RuleKind(
        "A file that is, byte for byte, one of the owner's `.github` repository.",
        {
            "path": RuleKey("The file, from the root of each repository.", _text(PATH_LIMIT)),
            "from": RuleKey(
                "The template, from the root of the owner's `.github` repository.", _text(PATH_LIMIT)
            ),
        },
        _read_template,
        needed=("path", "from"),
    ),
    "workflow": RuleKind(
        "A step in the files of `.github/workflows`.",
        {
            "uses": RuleKey(
                "An action or reusable workflow, `owner/name`; with `@v4` any version 4 is meant. What is "
                "pinned to a commit tells its version in a comment (`# v4.1.0`).",
                _text(PATH_LIMIT),
            ),
            "run": RuleKey("A text in the commands of a step.", _text(PATTERN_LIMIT)),
            "on": RuleKey(
                "Only workflows with one of these events count, as `pull_request`.", _one_or_more(_text(100))
            ),
            "files": RuleKey("Only workflows whose name fits count, as `ci*.yml`.", _text(PATH_LIMIT)),
            "in": RuleKey(
                "`any` (one such workflow is enough) or `all` (each must have it); `any` when left out.",
                {"enum": ["any", "all"]},
            ),
        },
        _read_workflow,
        schema={"oneOf": [{"required": ["uses"]}, {"required": ["run"]}]},
    ),
    "setting": RuleKind(
        "A setting of the repository.",
        {
            "name": RuleKey("The setting, one of the list below.", {"enum": list(SETTINGS)}),
            "is": RuleKey("The value, or a list of which any will do.", _one_or_more(_text(TITLE_LIMIT))),
            "is_not": RuleKey("What it may not be.", _one_or_more(_text(TITLE_LIMIT))),
            "has": RuleKey("Of topics: all of these are among them.", _one_or_more(_text(TITLE_LIMIT))),
            "has_not": RuleKey("Of topics: none of these is.", _one_or_more(_text(TITLE_LIMIT))),
            "set": RuleKey("Whether there is any value at all.", {"type": "boolean"}),
        },
        _read_setting,
        needed=("name",),
        schema={"minProperties": 2},
    ),
    "property": RuleKind(
        "A custom property that the organisation gives its repositories.",
        {
            "name": RuleKey("The property.", _text(100)),
            "is": RuleKey("The value, or a list of which any will do.", _one_or_more(_text(100))),
            "set": RuleKey("Whether it has any value at all.", {"type": "boolean"}),
        },
        _read_property,
        needed=("name",),
        schema={"minProperties": 2},
    ),
}
"""The kinds of rules, by the key that holds one."""

TEXT_KEYS: Mapping[str, tuple[int, str]] = {
    "title": (TITLE_LIMIT, "What holds when it passes, one sentence."),
    "why": (TEXT_LIMIT, "Why that matters."),
    "fix": (TEXT_LIMIT, "What to do when it fails."),
}
"""Texts that every definition has: the most characters, and the meaning."""

NEEDED = (*TEXT_KEYS, "severity")


def definitions_schema() -> dict[str, Any]:
    """JSON Schema of a mapping of definitions."""
    texts = {key: {"description": about, **_text(limit)} for key, (limit, about) in TEXT_KEYS.items()}
    rules = {
        name: {
            "description": kind.about,
            "type": "object",
            "additionalProperties": False,
            "required": list(kind.needed),
            "properties": {key: {"description": k.about, **k.schema} for key, k in kind.keys.items()},
            **(kind.schema or {}),
        }
        for name, kind in RULES.items()
    }
    audiences = [audience.value for audience in Audience]
    definition = {
        "type": "object",
        "additionalProperties": False,
        "required": list(NEEDED),
        "oneOf": [{"required": [name]} for name in RULES],
        "properties": {
            **texts,
            "severity": {"description": "How much a fail matters.", "enum": [s.label for s in Severity]},
            "audience": {"description": "Who may read what it says.", "enum": audiences},
            **rules,
        },
    }
    return {
        "type": ["object", "null"],
        "propertyNames": NAME_SCHEMA,
        "maxProperties": CHECKS_LIMIT,
        "additionalProperties": definition,
    }


def spelt(custom: CustomCheck) -> dict[str, Any]:
    """A definition as a file says it, all that is in force."""
    audience = {"audience": custom.audience.value}
    texts = {"title": custom.title, "why": custom.why, "fix": custom.fix, "severity": custom.severity.label}
    kind, said = _spelt(custom.rule)
    return {
        **texts,
        **audience,
        kind: {key: value for key, value in said.items() if value not in (None, "", [])},
    }


def _spelt(rule: Rule) -> tuple[str, dict[str, Any]]:
    match rule:
        case FileRule():
            paths = {"any_of": list(rule.paths)} if rule.any_of else {"path": "".join(rule.paths[:1])}
            texts = {
                key: (found.pattern or list(found.texts)) if found else None
                for key, found in (("matches", rule.matches), ("not_matches", rule.not_matches))
            }
            return "file", {**paths, "must": rule.must.value, **texts}
        case TemplateRule():
            return "template", {"path": rule.path, "from": rule.template}
        case WorkflowRule():
            version = f"@v{rule.version}" if rule.version else ""
            uses = f"{rule.uses}{version}" if rule.uses else None
            said = {"uses": uses, "run": rule.run, "on": list(rule.on), "files": rule.files}
            return "workflow", {**said, "in": "all" if rule.every else "any"}
        case SettingRule():
            keys = ("has", "has_not") if SETTINGS[rule.name].kind is Kind.TEXTS else ("is", "is_not")
            asked = {keys[0]: _shortest(rule.wanted), keys[1]: _shortest(rule.unwanted), "set": rule.filled}
            return "setting", {"name": rule.name, **asked}
        case PropertyRule():
            return "property", {"name": rule.name, "is": _shortest(rule.wanted), "set": rule.filled}


def _shortest(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)
