"""Facts: what was read about a repository, as plain values.

All names, paths and texts in here come from outside and are untrusted. Object ids (``oid``) are
lower-case hexadecimal SHA-1 or SHA-256. All times are timezone-aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.verdicts import Severity


class Visibility(StrEnum):
    """Who can see a repository."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as GitHub describes it; ``id`` is its identity, names change.

    Args:
        id: numeric id; 0 for a local clone that has none.
        full_name: ``owner/name`` as last seen.
        default_branch: without ``refs/heads/``.
        empty: no commit yet.
    """

    id: int
    full_name: str
    default_branch: str
    visibility: Visibility = Visibility.PRIVATE
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    empty: bool = False
    has_issues: bool = True
    node_id: str = ""
    html_url: str = ""
    pushed_at: datetime | None = None

    @property
    def owner(self) -> str:
        """The part of the full name before the slash."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the full name after the slash."""
        return self.full_name.partition("/")[2]

    @property
    def public(self) -> bool:
        """A logged-out reader can see it."""
        return self.visibility is Visibility.PUBLIC


class EntryKind(StrEnum):
    """What a tree entry is. Symlinks and submodules are never followed."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of one directory of one commit; ``size`` in bytes, None when not told."""

    path: str
    kind: EntryKind
    oid: str
    size: int | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch and the commit it points to; ``committed_at`` is None when the source does not tell."""

    name: str
    head: str
    protected: bool = False
    committed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; ``head_repository_id`` is None when the fork was deleted."""

    number: int
    state: str
    draft: bool
    title: str
    base_branch: str
    base_sha: str
    head_branch: str
    head_sha: str
    head_repository_id: int | None
    author: str
    created_at: datetime
    updated_at: datetime
    mergeable: bool | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """How ``head`` stands to ``base``; both counts in commits.

    Args:
        ahead: commits that only head has.
        behind: commits that only base has.
        merge_base: the newest common commit; None when histories are unrelated.
        merge_base_at: its commit date.
        head_at: the commit date of ``head``; None when the source does not tell.
    """

    base: str
    head: str
    ahead: int
    behind: int
    merge_base: str | None
    merge_base_at: datetime | None = None
    head_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """A branch (or an open pull request's head) against the branch it must merge into."""

    branch: str
    target: str
    comparison: Comparison
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class Drifts:
    """All drifts that were looked at.

    Args:
        measured: one entry per branch, the ones with open pull requests first.
        unmeasured: how many branches were left out because of the cap on calls.
        unmeasured_head_at: the newest commit date among those; None when it is not known.
    """

    target: str
    measured: tuple[Drift, ...]
    unmeasured: int = 0
    unmeasured_head_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LicenceFile:
    """The licence file at the root; ``spdx_id`` None means: present, but not recognised."""

    path: str
    oid: str
    spdx_id: str | None


@dataclass(frozen=True, slots=True)
class SecurityPolicy:
    """What a security policy says, in scorecard's tiers.

    Args:
        path: where it lies; ``owner_default`` True means in the owner's ``.github`` repository.
        contacts: number of addresses and links to report to.
        delays: number of time spans or disclosure words named.
        words: length of the text, in words.
    """

    path: str
    oid: str
    contacts: int
    delays: int
    words: int
    owner_default: bool = False


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A file under ``.github/workflows`` that ends in .yml or .yaml, or why it was not audited."""

    path: str
    oid: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WorkflowFinding:
    """One thing that the workflow auditor found; lines and columns from 1.

    Args:
        audit: the rule's name.
        feature: the text that it is about (an expression, a reference), at most 200 characters.
        ignored: a comment in the file asks to be silent about it; checks decide whether they heed it.
    """

    audit: str
    path: str
    line: int
    end_line: int
    column: int
    severity: Severity
    confidence: str
    message: str
    feature: str
    url: str
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class WorkflowAudit:
    """All workflows of a commit and all that was found in them.

    Args:
        files: every workflow file, also those that could not be audited (``problem`` says why).
        findings: sorted by path, line and audit.
    """

    files: tuple[WorkflowFile, ...]
    findings: tuple[WorkflowFinding, ...]
