"""Checks that policy defines: their rules, and what facts answer to them, as plain values.

All texts come from policy files and repositories and are untrusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum, StrEnum
from typing import Any

from bot.model.facts import EntryKind
from bot.model.verdicts import Audience, Severity

FAMILY = "custom"
"""The family of all checks that policy defines."""

RULE_VERSIONS = 1 << 30
"""Versions of rules of policy are above this; those of the program count from 1."""


class Must(StrEnum):
    """What has to be so of files."""

    EXIST = "exist"
    NOT_EXIST = "not-exist"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Texts:
    """What is looked for in the lines of a file.

    Args:
        pattern: see ``bot.model.line_patterns``; "" when texts are given.
        texts: each as it stands, anywhere in a line.
    """

    pattern: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRule:
    """What has to be so of files.

    Args:
        paths: from the root; the last part may be a name pattern (``*``, ``?``, ``[...]``). One that
            ends in ``/`` names a folder.
        any_of: one of the paths is enough; else there is one path, and every file there counts.
        matches: the pattern in some line, or all the texts.
        not_matches: the pattern in no line, and none of the texts.
    """

    paths: tuple[str, ...]
    any_of: bool = False
    must: Must = Must.EXIST
    matches: Texts | None = None
    not_matches: Texts | None = None


@dataclass(frozen=True, slots=True)
class TemplateRule:
    """A file is, byte for byte, one of the owner's ``.github`` repository."""

    path: str
    template: str


@dataclass(frozen=True, slots=True)
class WorkflowRule:
    """A step in workflows.

    Args:
        uses: an action or reusable workflow, ``owner/name`` with folders, without its version.
        version: of it, without a leading ``v``, as far as that matters: ``4`` holds for 4.1.
        run: a text in the commands of a step.
        on: only workflows with one of these triggers count; () means all.
        files: name pattern of the files that count.
        every: all of them must have it; else one is enough.
    """

    uses: str = ""
    version: str = ""
    run: str = ""
    on: tuple[str, ...] = ()
    files: str = "*"
    every: bool = False


@dataclass(frozen=True, slots=True)
class SettingRule:
    """A setting of the repository.

    Args:
        name: one of ``SETTINGS``.
        wanted: it is one of these; of a list, it has all of them.
        unwanted: it is none of these; of a list, it has none of them.
        filled: it has (or has not) any value at all; None when that does not matter.
    """

    name: str
    wanted: tuple[str | bool, ...] = ()
    unwanted: tuple[str | bool, ...] = ()
    filled: bool | None = None


@dataclass(frozen=True, slots=True)
class PropertyRule:
    """A custom property of the repository has one of these values; or any value at all, or none."""

    name: str
    wanted: tuple[str, ...] = ()
    filled: bool | None = None


Rule = FileRule | TemplateRule | WorkflowRule | SettingRule | PropertyRule


@dataclass(frozen=True, slots=True)
class CustomCheck:
    """A check that policy defines."""

    name: str
    title: str
    why: str
    fix: str
    severity: Severity
    rule: Rule
    audience: Audience = Audience.PUBLIC

    @property
    def rule_version(self) -> int:
        """A number that changes when the rule does, and fits into 31 bits."""
        return RULE_VERSIONS + int(digest(self.rule)[:7], 16) % RULE_VERSIONS


def defined_by_policy(rule_version: int) -> bool:
    """Whether a verdict came from a check that policy defined."""
    return rule_version >= RULE_VERSIONS


def digest(rule: Rule) -> str:
    """Names a rule by what it says: equal rules have equal names, in every process and release."""
    return hashlib.sha256(repr(_plain(rule)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool):
        return value
    # Fields at their defaults are left out, so that a new field changes no name.
    said = {f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) != f.default}  # type: ignore[arg-type]
    return [type(value).__name__, sorted((name, _plain(item)) for name, item in said.items())]


class Kind(StrEnum):
    """What the value of a setting is."""

    TEXT = "text"
    FLAG = "true or false"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that rules can name.

    Args:
        fact: which fact tells it.
        field: where: an attribute of that fact, or a field of GitHub's GraphQL type ``Repository``.
        audience: restricted where a logged-out reader of a public repository does not see it.
    """

    kind: Kind
    fact: str
    field: str
    about: str
    audience: Audience = Audience.PUBLIC


def _asked(field: str, about: str, audience: Audience = Audience.RESTRICTED) -> Setting:
    return Setting(Kind.FLAG, "custom_settings", field, about, audience)


SETTINGS: Mapping[str, Setting] = {
    "description": Setting(Kind.TEXT, "about", "description", "The line under its name."),
    "homepage": Setting(Kind.TEXT, "about", "homepage", "The address of its website."),
    "topics": Setting(Kind.TEXTS, "about", "topics", "Its topics."),
    "language": Setting(Kind.TEXT, "about", "language", "What most of it is written in, by GitHub's count."),
    "visibility": Setting(Kind.TEXT, "repository", "visibility", "`public`, `internal` or `private`."),
    "default_branch": Setting(Kind.TEXT, "repository", "default_branch", "The name of the default branch."),
    "archived": Setting(Kind.FLAG, "repository", "archived", "It is archived."),
    "fork": Setting(Kind.FLAG, "repository", "fork", "It is a fork."),
    "has_issues": Setting(Kind.FLAG, "repository", "has_issues", "Issues are on."),
    "has_wiki": _asked("hasWikiEnabled", "The wiki is on.", Audience.PUBLIC),
    "has_projects": _asked("hasProjectsEnabled", "Projects are on.", Audience.PUBLIC),
    "has_discussions": _asked("hasDiscussionsEnabled", "Discussions are on.", Audience.PUBLIC),
    "is_template": _asked("isTemplate", "Others may begin repositories from it.", Audience.PUBLIC),
    "merge_commit": _asked("mergeCommitAllowed", "Pull requests may be merged by a merge commit."),
    "squash_merge": _asked("squashMergeAllowed", "Pull requests may be squashed."),
    "rebase_merge": _asked("rebaseMergeAllowed", "Pull requests may be rebased."),
    "auto_merge": _asked("autoMergeAllowed", "Pull requests may be told to merge by themselves."),
    "delete_branch_on_merge": _asked(
        "deleteBranchOnMerge", "A merged pull request's branch is deleted by itself."
    ),
}
"""What a rule can ask of a repository's settings."""


# What facts answer


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that a rule is about.

    Args:
        missing: texts that it should have and has not; the pattern is one of them.
        unwanted: (text, line) of what it should not have, the first of each.
        unread: why it could not be looked into; "" when it was, or need not be.
    """

    path: str
    kind: EntryKind
    missing: tuple[str, ...] = ()
    unwanted: tuple[tuple[str, int], ...] = ()
    unread: str = ""


@dataclass(frozen=True, slots=True)
class FilesSeen:
    """All files that a rule is about; ``more`` means that there are others, which were not read."""

    files: tuple[FileSeen, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class TemplateSeen:
    """What lies in the place of a template.

    Args:
        template: blob id of it; "" when the owner has none there.
        oid: of the file; "" when there is none.
        plain: it is a file, not a link, a folder or another repository.
    """

    template: str
    oid: str = ""
    plain: bool = True


@dataclass(frozen=True, slots=True)
class WorkflowSeen:
    """One workflow that a rule is about; ``line`` of the step, 0 where it has none."""

    path: str
    line: int = 0
    unread: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowsSeen:
    """All workflows that a rule is about; ``more`` means that others were not read."""

    files: tuple[WorkflowSeen, ...] = ()
    more: bool = False
