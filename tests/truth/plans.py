"""What a repository and its organisation are, as plain values. Ages are days before the present.

Commits are named by where they were made: ``("main", 3)`` is the fourth commit that was made on
``main``. A branch holds the commits that were made on it, after those of the branch it starts from
up to where it starts; so how two branches stand to each other follows from their plans alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bot.testing.git import Content

Where = tuple[str, int]
"""(branch, number of a commit that was made on it)."""

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class ResultPlan:
    """What was reported on a commit.

    Args:
        state: of a check run its conclusion, or ``running``; of a status its state.
        status: a commit status, else a check run.
        ours: a check run of the App under test.
    """

    name: str
    state: str
    status: bool = False
    ours: bool = False


@dataclass(frozen=True)
class CommitPlan:
    """A commit.

    Args:
        changes: path -> content on top of the first parent; None deletes.
        merges: a commit of another branch that it merges.
        signed: None: without a signature; else whether it is valid.
    """

    age: float
    changes: Mapping[str, Content] = field(default_factory=dict)
    message: str = "Change"
    merges: Where | None = None
    signed: bool | None = None
    results: tuple[ResultPlan, ...] = ()


@dataclass(frozen=True)
class BranchPlan:
    """A branch; ``start`` None is a history of its own."""

    name: str
    start: Where | None = None
    commits: tuple[CommitPlan, ...] = ()


@dataclass(frozen=True)
class PullPlan:
    """An open pull request.

    Args:
        head: a branch; where ``fork`` is set, one that only the fork has.
        review: APPROVED, CHANGES_REQUESTED, REVIEW_REQUIRED, or None.
        editable: the fork lets maintainers edit the branch.
    """

    head: str
    base: str = "main"
    author: str = "alice"
    opened: float = 1.0
    touched: float = 1.0
    draft: bool = False
    review: str | None = None
    fork: bool = False
    editable: bool = False
    title: str = "A change"


@dataclass(frozen=True)
class IssuePlan:
    """An issue with who commented on it, oldest first."""

    author: str
    opened: float
    commenters: tuple[str, ...] = ()
    closed: bool = False
    title: str = "It does not work"
    body: str = ""


@dataclass(frozen=True)
class ReleasePlan:
    """A release of a commit of the default branch, by its number there.

    Args:
        release: false: only the tag is there.
        annotated: the tag is an object of its own.
    """

    tag: str
    age: float
    commit: int
    notes: str = ""
    assets: tuple[str, ...] = ()
    prerelease: bool = False
    draft: bool = False
    release: bool = True
    annotated: bool = False


@dataclass(frozen=True)
class ClassicPlan:
    """A classic rule of branch protection; options as ``FakeGitHub.protect`` takes them."""

    pattern: str = "main"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesetPlan:
    """A ruleset; rules and actors as ``FakeGitHub.ruleset`` takes them."""

    name: str
    rules: tuple[str | Mapping[str, Any], ...]
    refs: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    enforcement: str = "active"
    bypass: tuple[str | Mapping[str, Any], ...] = ()
    repositories: tuple[str, ...] = ("~ALL",)


@dataclass(frozen=True)
class KeyPlan:
    """A deploy key."""

    title: str
    age: float
    read_only: bool = True


@dataclass(frozen=True)
class HookPlan:
    """A webhook."""

    url: str = "https://hooks.example.org/in"
    secret: bool = True
    verified: bool = True
    active: bool = True


@dataclass(frozen=True)
class AlertPlan:
    """An alert on a vulnerable dependency."""

    package: str
    severity: str
    age: float
    state: str = "open"


@dataclass(frozen=True)
class WorkflowPlan:
    """How a workflow file stands: its state and the conclusions of its runs, oldest first."""

    path: str
    state: str = "active"
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SettingsPlan:
    """Settings of a repository.

    Args:
        alerts_on: Dependabot alerts are switched on.
        token: ``read`` or ``write``, and whether it may approve; None: as the organisation says.
        analysed: age of the newest analysis of the code; None: there was none.
    """

    classic: tuple[ClassicPlan, ...] = ()
    rulesets: tuple[RulesetPlan, ...] = ()
    keys: tuple[KeyPlan, ...] = ()
    hooks: tuple[HookPlan, ...] = ()
    alerts: tuple[AlertPlan, ...] = ()
    alerts_on: bool = True
    secret_scanning: bool = False
    push_protection: bool = False
    advanced_security: bool = False
    analysed: float | None = None
    token: tuple[str, bool] | None = None
    workflows: tuple[WorkflowPlan, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A repository.

    Args:
        features: what was chosen, in words: ``licence`` -> ``mit``; the files were made from these.
        branches: the default branch first; empty for a repository without a commit.
        people: login -> role, by a grant of their own.
        teams: slug -> role.
    """

    name: str
    features: Mapping[str, str] = field(default_factory=dict)
    branches: tuple[BranchPlan, ...] = ()
    fork_branches: tuple[BranchPlan, ...] = ()
    pulls: tuple[PullPlan, ...] = ()
    issues: tuple[IssuePlan, ...] = ()
    releases: tuple[ReleasePlan, ...] = ()
    settings: SettingsPlan = SettingsPlan()
    people: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    default: str = "main"
    private: bool = False
    archived: bool = False
    fork: bool = False
    has_issues: bool = True
    description: str | None = None
    homepage: str | None = None
    topics: tuple[str, ...] = ()
    pages: bool = False
    language: str | None = None

    @property
    def empty(self) -> bool:
        """There is no commit yet."""
        return not self.branches

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Path -> content of ordinary files at the head of the default branch."""
        found: dict[str, Content] = {}
        for where in () if self.empty else self.line(self.default):
            for path, content in self.commit(where).changes.items():
                found[path] = content
                if content is None:
                    del found[path]
        return {
            path: content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
            for path, content in found.items()
            if isinstance(content, bytes | str)
        }

    @cached_property
    def _branches(self) -> Mapping[str, BranchPlan]:
        return {branch.name: branch for branch in (*self.branches, *self.fork_branches)}

    def branch(self, name: str) -> BranchPlan:
        """A branch of the repository or of its fork. Raises KeyError."""
        return self._branches[name]

    def commit(self, where: Where) -> CommitPlan:
        """The commit that was made there."""
        return self._branches[where[0]].commits[where[1]]

    def tip(self, name: str) -> Where:
        """The newest commit that a branch holds."""
        branch = self._branches[name]
        if branch.commits:
            return name, len(branch.commits) - 1
        if branch.start is None:
            raise ValueError(f"branch {name!r} was planned without a commit")
        return branch.start

    def line(self, name: str) -> tuple[Where, ...]:
        """The commits of a branch by first parents, oldest first."""
        branch = self._branches[name]
        start, end = branch.start, len(branch.commits)
        found = [(name, number) for number in range(end)]
        while start is not None:
            below, last = start
            found = [(below, number) for number in range(last + 1)] + found
            start = self._branches[below].start
        return tuple(found)

    def history(self, name: str) -> frozenset[Where]:
        """All commits that a branch holds, merged ones included."""
        return self.holds(self.tip(name))

    def holds(self, where: Where) -> frozenset[Where]:
        """A commit with all that it builds on."""
        known: dict[Where, frozenset[Where]] = self.__dict__.setdefault("_held", {})
        if where not in known:
            name, number = where
            held: frozenset[Where] = frozenset()
            start = self._branches[name].start
            if start is not None:
                held |= self.holds(start)
            for one in range(number + 1):
                merged = self._branches[name].commits[one].merges
                held |= {(name, one)} | (self.holds(merged) if merged else frozenset())
            known[where] = held
        return known[where]

    def lacks(self, name: str, other: str) -> int:
        """How many commits of another branch a branch does not hold."""
        return len(self.history(other) - self.history(name))

    def common_age(self, name: str, other: str) -> float | None:
        """Age of the newest commit that two branches both hold; None for unrelated histories."""
        both = self.history(name) & self.history(other)
        return min((self.commit(where).age for where in both), default=None)


@dataclass(frozen=True)
class OrganisationPlan:
    """An organisation. ``octocat`` owns it.

    Args:
        members: login -> ``member`` or ``admin``.
        teams: slug -> logins.
        outsiders: accounts beside the members.
        defaults: files of its ``.github`` repository.
        token: most that a repository may choose for its workflows, and whether they may approve.
    """

    login: str
    repositories: tuple[Plan, ...]
    members: Mapping[str, str]
    teams: Mapping[str, tuple[str, ...]]
    outsiders: tuple[str, ...]
    bots: tuple[str, ...]
    defaults: Mapping[str, str] = field(default_factory=dict)
    rulesets: tuple[RulesetPlan, ...] = ()
    hooks: tuple[HookPlan, ...] = ()
    token: tuple[str, bool] = ("write", True)
    allowed_actions: str = "all"
    base_permission: str = "read"
    two_factor: bool = False
