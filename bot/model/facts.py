"""Facts: what was read about a repository, as plain values.

All names, paths and texts in here come from outside and are untrusted. Object ids (``oid``) are
lower-case hexadecimal SHA-1 or SHA-256. All times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        pages: it publishes a website with GitHub Pages, as far as a listing told.
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
    pages: bool = False

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


def entered(entries: Iterable[TreeEntry], enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
    """The entries of a whole listing that lie in folders which may be entered, each on the way to them.

    Args:
        enter: told a folder's path, says whether to look into it; the root always is.
    """
    known = {"": True}

    def may(folder: str) -> bool:
        if folder not in known:
            known[folder] = may(folder.rpartition("/")[0]) and enter(folder)
        return known[folder]

    return tuple(entry for entry in entries if may(entry.path.rpartition("/")[0]))


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch and the commit it points to; what the source does not tell is None.

    Args:
        committed_at: the commit date of ``head``.
        merged: the default branch has every commit of it.
    """

    name: str
    head: str
    protected: bool = False
    committed_at: datetime | None = None
    merged: bool | None = None


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that were listed, by name, and whether there are more."""

    listed: tuple[Branch, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class DefaultHead:
    """The newest commit of the default branch; ``committed_at`` is None when its date is no date."""

    branch: str
    commit: str
    committed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; ``head_repository_id`` is None when the fork was deleted.

    Args:
        cross_repository: it comes from a fork, or from one that was deleted.
        maintainer_can_modify: who maintains the base may push to the head; None when not told.
        review_decision: ``APPROVED``, ``CHANGES_REQUESTED`` or ``REVIEW_REQUIRED``; empty when no
            review is asked for, or when not told.
        bot: its author is an App.
    """

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
    cross_repository: bool | None = None
    maintainer_can_modify: bool | None = None
    review_decision: str = ""
    bot: bool = False


@dataclass(frozen=True, slots=True)
class OpenPullRequests:
    """The open pull requests that were listed, newest first.

    Args:
        more: there are others beside these.
        known: False for a source that does not hold pull requests.
    """

    listed: tuple[PullRequest, ...]
    more: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class Mergeable:
    """Whether an open pull request can be merged without a conflict; None while GitHub computes it."""

    number: int
    base_branch: str
    head_branch: str
    updated_at: datetime
    mergeable: bool | None


@dataclass(frozen=True, slots=True)
class Mergeability:
    """What was asked of open pull requests, the ones worked on last first; drafts are left out.

    Args:
        unasked: how many were not asked because of the cap on calls.
        more: there are others that were not even listed.
    """

    asked: tuple[Mergeable, ...]
    unasked: int = 0
    more: bool = False


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
class SideBranch:
    """A branch beside the default branch.

    Args:
        committed_at: the commit date of its head; None when it is not known.
        merged: the default branch has every commit of it; None when that is not known.
        pull_request: an open pull request from or into this branch.
    """

    name: str
    committed_at: datetime | None
    merged: bool | None
    at_default_head: bool = False
    protected: bool = False
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class SideBranches:
    """All branches that were looked at, by name.

    Args:
        default: the name of the default branch; empty when there is none.
        unmeasured: how many were not looked at because of caps on calls, at least.
        pull_requests: False when there are more open pull requests than were listed, so that a
            branch may have one that is not known.
    """

    default: str
    measured: tuple[SideBranch, ...]
    unmeasured: int = 0
    pull_requests: bool = True


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """What an update tool is told to keep current.

    Args:
        ecosystem: in the tool's own words.
        directories: as written: paths or patterns from the root.
    """

    ecosystem: str
    directories: tuple[str, ...]
    line: int = 1


@dataclass(frozen=True, slots=True)
class UpdateTool:
    """The configuration of a tool that proposes newer versions of dependencies.

    Args:
        name: ``dependabot``, ``renovate``, ``pyup`` or ``scala-steward``.
        rules: what it covers; None means whatever it finds.
        mistakes: (line, sentence) of what keeps the tool from working.
        unread: why the file could not be read; None when it was.
    """

    name: str
    path: str
    rules: tuple[UpdateRule, ...] | None = None
    mistakes: tuple[tuple[int, str], ...] = ()
    unread: str | None = None

    @property
    def works(self) -> bool:
        """It was read, and nothing keeps the tool from working."""
        return self.unread is None and not self.mistakes


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file that names dependencies; ``ecosystem`` in Dependabot's words."""

    path: str
    ecosystem: str

    @property
    def directory(self) -> str:
        """Where it lies; empty for the root."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Manifests:
    """Files that name dependencies, by path.

    Args:
        root: those of the root, and workflows.
        nested: those of folders, without tests, examples and copies of others' code.
    """

    root: tuple[Manifest, ...]
    nested: tuple[Manifest, ...] = ()


@dataclass(frozen=True, slots=True)
class SelfHostedJob:
    """A job of a workflow that asks for a self-hosted runner; ``labels`` as written."""

    path: str
    line: int
    job: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelfHostedJobs:
    """All jobs on self-hosted runners.

    Args:
        files: how many workflow files there are.
        unread: files of which it is not known, with the reason.
    """

    files: int
    jobs: tuple[SelfHostedJob, ...]
    unread: tuple[WorkflowFile, ...] = ()


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
class About:
    """How a repository presents itself on its page; all of it is text that people wrote.

    Args:
        description: one line; empty when there is none.
        homepage: the address of its website; empty when there is none.
        topics: in GitHub's order.
        pages: it publishes a website with GitHub Pages.
        language: the one that most of it is written in, by GitHub's count; empty when there is none.
    """

    description: str
    homepage: str
    topics: tuple[str, ...]
    pages: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A published release; ``notes`` is its text, empty when there is none."""

    tag: str
    name: str
    notes: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Document:
    """A file with a customary name; ``size`` in bytes, None for what is no plain file or was not told."""

    path: str
    kind: EntryKind
    oid: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CommunityFiles:
    """Files by which a repository welcomes people, in the order in which GitHub looks for them.

    Args:
        readmes: of the root, ``.github`` and ``docs``.
        changelogs: files or folders that tell what changed.
        issue_templates: Markdown templates.
        issue_forms: YAML forms.
        issue_chooser: the ``config.yml`` beside them, which may send people elsewhere; else empty.
        pull_request_templates: files.
        contributing, codes_of_conduct: files.
    """

    readmes: tuple[Document, ...] = ()
    changelogs: tuple[str, ...] = ()
    issue_templates: tuple[str, ...] = ()
    issue_forms: tuple[str, ...] = ()
    issue_chooser: str = ""
    pull_request_templates: tuple[str, ...] = ()
    contributing: tuple[Document, ...] = ()
    codes_of_conduct: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Templates:
    """What people are shown who open an issue or a pull request.

    Args:
        issue: paths of Markdown templates, or of a ``config.yml`` that sends people elsewhere.
        forms: paths of issue forms.
        pull_request: paths.
        issue_by_default, pull_request_by_default: they lie in the owner's ``.github`` repository.
    """

    issue: tuple[str, ...]
    forms: tuple[str, ...]
    pull_request: tuple[str, ...]
    issue_by_default: bool = False
    pull_request_by_default: bool = False


@dataclass(frozen=True, slots=True)
class Changelog:
    """Where people can read what changed.

    Args:
        paths: files or folders of the repository.
        release: tag of the latest release; empty when there is none, or when it was not asked for
            because there are files.
        notes_words: length of that release's notes without what GitHub writes into them by itself.
    """

    paths: tuple[str, ...]
    release: str = ""
    notes_words: int = 0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a commit; ``size`` in bytes."""

    path: str
    oid: str
    size: int


@dataclass(frozen=True, slots=True)
class Binaries:
    """Files of a commit that are better kept elsewhere.

    Args:
        executables: compiled programs and libraries by their names, sorted by path.
        large: other files of at least ``least_bytes``, the largest first.
        files: how many files were looked at.
        complete: False when the source cut the listing short or kept back the size of a file, as a
            partial clone does, or when there are more than are kept.
    """

    executables: tuple[StoredFile, ...]
    large: tuple[StoredFile, ...]
    least_bytes: int
    files: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CodeownersProblem:
    """A line of a CODEOWNERS file that GitHub skips; line and column from 1.

    Args:
        kind: ``Invalid pattern``, ``Invalid owner`` or ``Missing pattern``.
        text: the part of the line it is about, at most 200 characters.
        message: one sentence, plain text.
    """

    line: int
    column: int
    kind: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class CodeOwner:
    """An owner as CODEOWNERS names it (``@user``, ``@organisation/team``, an address), and where first."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Codeowners:
    """The CODEOWNERS file that is in force.

    Args:
        path: where it lies.
        rules: lines that name a pattern, without the ones that are skipped.
        problems: the first 200 lines that are skipped.
        skipped: how many there are.
        ignored: CODEOWNERS files in places that GitHub does not look at any more.
        owned, unowned: top-level paths; both empty when ``measured`` is False, as the file is too
            large to be held against every path.
        oversized: larger than GitHub reads, so that nothing else is known.
        owners: the first 1000 that rules name, each once, whatever the case.
    """

    path: str
    oid: str
    rules: int = 0
    problems: tuple[CodeownersProblem, ...] = ()
    skipped: int = 0
    ignored: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    unowned: tuple[str, ...] = ()
    measured: bool = True
    oversized: bool = False
    owners: tuple[CodeOwner, ...] = ()


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
