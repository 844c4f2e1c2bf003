"""What the fake GitHub remembers: mutable records, no behaviour beyond look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.testing.git import GitStore
from bot.testing.settings import OrganisationSettings, RepositorySettings

LEVELS = {"": 0, "read": 1, "write": 2, "admin": 3}
ROLES = {"read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}
"""Role name -> legacy permission, as ``collaborators/{login}/permission`` tells them."""


@dataclass(eq=False)
class Account:
    """A person, an organisation or a bot. ``type`` is User, Organization or Bot."""

    id: int
    login: str
    type: str
    created_at: datetime
    owner: Account | None = None
    """Of an organisation: the person who made it, an administrator of all it has."""
    settings: OrganisationSettings = field(default_factory=OrganisationSettings)


@dataclass(eq=False)
class AppIdentity:
    """A GitHub App as it shows on check runs and issues."""

    id: int
    slug: str
    client_id: str
    owner: Account
    account: Account
    created_at: datetime
    permissions: dict[str, str]
    events: list[str]
    private_key_pem: str = field(default="", repr=False)
    """Empty for the App under test, whose key is that of the process."""
    client_secret: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    webhook_url: str = ""
    """Where its events go; "" sends none, or where the App under test says."""


@dataclass(eq=False)
class Installation:
    """An App on an account. ``repositories`` None means all of the account's."""

    id: int
    app: AppIdentity
    account: Account
    permissions: dict[str, str]
    repositories: set[int] | None
    created_at: datetime
    updated_at: datetime
    events: list[str]
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(eq=False)
class Registration:
    """An App made from a manifest whose keys were not fetched yet; ``code`` fetches them, once."""

    code: str
    app: AppIdentity
    made_at: datetime


@dataclass(eq=False)
class Token:
    """An installation token; ``repositories`` None means whatever the installation has."""

    value: str
    installation: Installation
    permissions: dict[str, str]
    repositories: set[int] | None
    expires_at: datetime
    revoked: bool = False


@dataclass(eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str
    description: str | None


@dataclass(eq=False)
class Reaction:
    """An emoji somebody left."""

    id: int
    user: Account
    content: str
    created_at: datetime


@dataclass(eq=False)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    issue: Issue
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class PullDetails:
    """What makes an issue a pull request. ``head_repository`` None: the fork was deleted."""

    id: int
    head_repository: FakeRepository | None
    head_owner: Account
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    examined: tuple[str, str] | None = None
    """The (base, head) for which a first look has started the test merge."""
    review_decision: str | None = None
    """APPROVED, CHANGES_REQUESTED or REVIEW_REQUIRED; None where no review is asked for."""
    reviewers: list[Account] = field(default_factory=list)
    """Who was asked to review it and has not yet."""
    maintainer_can_modify: bool = False
    """The owner of the fork lets maintainers of the base push to the head."""


@dataclass(eq=False)
class Issue:
    """An issue, or a pull request when ``pull`` is set."""

    id: int
    number: int
    user: Account
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: PullDetails | None = None
    deleted: bool = False


@dataclass(eq=False)
class CheckSuite:
    """All check runs of one App on one commit."""

    id: int
    app: AppIdentity
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: datetime
    updated_at: datetime
    runs: list[CheckRun] = field(default_factory=list)
    reset: bool = False
    """Queued again by a re-request, until a run of it is touched."""

    def outcome(self) -> tuple[str, str | None]:
        """(status, conclusion), worst conclusion first."""
        latest = latest_runs(self.runs)
        if self.reset or not latest:
            return "queued", None
        if any(run.status != "completed" for run in latest):
            return "in_progress" if any(run.status != "queued" for run in latest) else "queued", None
        worst = ("failure", "timed_out", "cancelled", "action_required", "success", "neutral", "skipped")
        found = {run.conclusion for run in latest}
        return "completed", next((name for name in worst if name in found), "neutral")


@dataclass(eq=False)
class CheckRun:
    """A check run; annotations and actions are kept as they were sent."""

    id: int
    suite: CheckSuite
    name: str
    started_at: datetime | None
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)


def latest_runs(runs: list[CheckRun]) -> list[CheckRun]:
    """The newest run of each (suite, name)."""
    return list({(run.suite.id, run.name): run for run in runs}.values())


@dataclass(eq=False)
class Status:
    """A commit status."""

    id: int
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(eq=False)
class Asset:
    """A file attached to a release; ``size`` in bytes."""

    id: int
    name: str
    size: int
    content_type: str
    url: str
    created_at: datetime


@dataclass(eq=False)
class Release:
    """A release; drafts and pre-releases are never the latest."""

    id: int
    tag: str
    name: str | None
    body: str | None
    author: Account
    target: str
    created_at: datetime
    published_at: datetime | None
    draft: bool = False
    prerelease: bool = False
    assets: list[Asset] = field(default_factory=list)


@dataclass
class MergeSettings:
    """How pull requests may be merged, as a new repository has it."""

    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = False
    allow_auto_merge: bool = False
    allow_update_branch: bool = True
    delete_branch_on_merge: bool = False


@dataclass(eq=False)
class LoggedDelivery:
    """An attempt to deliver an event, as ``GET /app/hook/deliveries`` shows it.

    Args:
        duration: seconds.
        status: in words, such as ``OK``.
        status_code: of our answer; 0 when there was none.
    """

    id: int
    guid: str
    delivered_at: datetime
    redelivery: bool
    duration: float
    status: str
    status_code: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    request_headers: Mapping[str, str]
    payload: Mapping[str, Any]
    response_headers: Mapping[str, str]
    response_body: str
    app_id: int = 0


@dataclass(eq=False)
class FakeRepository:
    """A repository: its record here, its commits in a real bare repository (``git``).

    ``refs`` mirrors the refs on disk: full name -> commit.
    """

    id: int
    owner: Account
    name: str
    git: GitStore
    private: bool
    default_branch: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime | None = None
    parent: FakeRepository | None = None
    description: str | None = None
    homepage: str | None = None
    topics: list[str] = field(default_factory=list)
    has_pages: bool = False
    archived: bool = False
    has_issues: bool = True
    forks: int = 0
    deleted: bool = False
    last_number: int = 0
    refs: dict[str, str] = field(default_factory=dict)
    collaborators: dict[str, str] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    check_suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    settings: RepositorySettings = field(default_factory=RepositorySettings)
    releases: list[Release] = field(default_factory=list)
    merging: MergeSettings = field(default_factory=MergeSettings)
    is_template: bool = False
    language: str | None = None
    """The language that most of it is written in."""
    signatures: dict[str, bool] = field(default_factory=dict)
    """Signed commit -> its signature is valid."""

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner.login}/{self.name}"

    @property
    def node_id(self) -> str:
        """The GraphQL id."""
        return f"R_{self.id:08d}"

    @property
    def branches(self) -> dict[str, str]:
        """Branch -> commit, by name."""
        prefix = "refs/heads/"
        return {name[len(prefix) :]: self.refs[name] for name in sorted(self.refs) if name.startswith(prefix)}

    @property
    def head(self) -> str | None:
        """The commit of the default branch, None when it has none."""
        return self.refs.get(f"refs/heads/{self.default_branch}")

    @property
    def empty(self) -> bool:
        """No commit yet."""
        return not self.refs

    def open_pulls(self) -> list[tuple[Issue, PullDetails]]:
        """Open pull requests, oldest first."""
        found = ((issue, issue.pull) for issue in self.issues.values() if issue.state == "open")
        return [(issue, pull) for issue, pull in found if pull is not None]
