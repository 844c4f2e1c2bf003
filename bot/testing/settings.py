"""What the fake remembers of settings: protection, rules, access, Actions, security, organisations.

Records and what follows from them alone; ``settings_people`` changes them, ``settings_render`` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from bot.testing.state import Account, AppIdentity, FakeRepository

Actor = Union["Account", "AppIdentity", "Team"]
"""Who may be let past a classic rule."""

PropertyValue = str | tuple[str, ...] | None
"""Of a custom property: a text, several for ``multi_select``, None when it has no value."""

ROLE_ORDER = ("", "read", "triage", "write", "maintain", "admin")
"""Roles in a repository, weakest first."""

PERMISSION_OF_ROLE = {
    "read": "pull",
    "triage": "triage",
    "write": "push",
    "maintain": "maintain",
    "admin": "admin",
}
"""Role -> the name that REST gives it for teams and collaborators."""

FEATURES = {
    "advanced_security": False,
    "dependabot_security_updates": False,
    "secret_scanning": False,
    "secret_scanning_push_protection": False,
    "secret_scanning_non_provider_patterns": False,
}
"""Switches of ``security_and_analysis``, as a new repository has them."""


@dataclass(eq=False)
class BranchProtection:
    """A classic rule for branches.

    Args:
        required_approvals: None when no review is asked for.
        required_checks: None when no status check is asked for; () asks for none in particular.
        bypass_reviews: who may merge without the reviews; people, teams or Apps.
        bypass_force_pushes: who may rewrite the branch all the same.
    """

    id: int
    repository: FakeRepository = field(repr=False)
    pattern: str
    creator: Account
    created_at: datetime
    updated_at: datetime
    enforce_admins: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    required_approvals: int | None = None
    code_owner_reviews: bool = False
    dismiss_stale_reviews: bool = False
    last_push_approval: bool = False
    required_checks: tuple[str, ...] | None = None
    strict: bool = False
    signatures: bool = False
    linear_history: bool = False
    conversation_resolution: bool = False
    lock_branch: bool = False
    bypass_reviews: tuple[Actor, ...] = ()
    bypass_force_pushes: tuple[Actor, ...] = ()

    @property
    def node_id(self) -> str:
        """The GraphQL id."""
        return f"BPR_{self.id:08d}"

    def matches(self, branch: str) -> bool:
        """The pattern takes in this branch."""
        return matches(self.pattern, branch)


@dataclass(eq=False)
class Ruleset:
    """A ruleset of a repository or of an organisation.

    Args:
        rules: as REST has them, each ``{"type": ..., "parameters": {...}}``.
        refs: patterns of full refs, ``~DEFAULT_BRANCH`` or ``~ALL``.
        repositories: names, patterns or ``~ALL``; of an organisation's ruleset only.
        properties: custom property -> values, instead of ``repositories``.
        bypass: as REST has them: ``actor_id``, ``actor_type``, ``bypass_mode``.
    """

    id: int
    name: str
    source: Account | FakeRepository
    created_at: datetime
    updated_at: datetime
    rules: tuple[Mapping[str, Any], ...] = ()
    target: str = "branch"
    enforcement: str = "active"
    refs: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    excluded_refs: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ("~ALL",)
    excluded_repositories: tuple[str, ...] = ()
    properties: Mapping[str, tuple[str, ...]] | None = None
    bypass: tuple[Mapping[str, Any], ...] = ()

    @property
    def node_id(self) -> str:
        """The GraphQL id."""
        return f"RRS_{self.id:08d}"

    def reaches(self, repository: FakeRepository) -> bool:
        """The ruleset is one of this repository, its own or its organisation's."""
        if self.source is repository:
            return True
        if self.source is not repository.owner:
            return False
        if self.properties is not None:
            has = property_values(repository)
            return all(_among(has.get(name), wanted) for name, wanted in self.properties.items())
        name = repository.name
        wanted = any(p == "~ALL" or matches(p, name) for p in self.repositories)
        return wanted and not any(matches(p, name) for p in self.excluded_repositories)

    def covers(self, repository: FakeRepository, ref: str) -> bool:
        """The conditions take in this full ref of a repository that it reaches."""
        kind = "refs/tags/" if self.target == "tag" else "refs/heads/"
        if self.target == "push":
            return True
        if not ref.startswith(kind):
            return False
        default = f"refs/heads/{repository.default_branch}"

        def named(pattern: str) -> bool:
            if pattern == "~DEFAULT_BRANCH":
                return ref == default
            return pattern == "~ALL" or matches(pattern, ref)

        return any(map(named, self.refs)) and not any(map(named, self.excluded_refs))


@dataclass(eq=False)
class DeployKey:
    """A key that opens one repository."""

    id: int
    title: str
    key: str
    read_only: bool
    created_at: datetime
    added_by: Account
    last_used: datetime | None = None


@dataclass(eq=False)
class Hook:
    """A webhook of a repository or of an organisation."""

    id: int
    url: str
    events: tuple[str, ...]
    created_at: datetime
    secret: bool = True
    verify_tls: bool = True
    active: bool = True
    content_type: str = "json"
    last_code: int | None = None
    """What the last delivery was answered; None when there was none yet."""


@dataclass(eq=False)
class Team:
    """A team: members by login in lower case, repositories by id with the team's role there."""

    id: int
    organisation: Account
    name: str
    slug: str
    created_at: datetime
    description: str | None = None
    privacy: str = "closed"
    parent: Team | None = None
    members: dict[str, str] = field(default_factory=dict)
    """Login -> ``member`` or ``maintainer``."""
    repositories: dict[int, str] = field(default_factory=dict)

    @property
    def node_id(self) -> str:
        """The GraphQL id."""
        return f"T_{self.id:08d}"

    @property
    def ancestors(self) -> list[Team]:
        """The teams above it, the nearest first."""
        return [] if self.parent is None else [self.parent, *self.parent.ancestors]


@dataclass(eq=False)
class WorkflowRun:
    """A run of a workflow; ``conclusion`` None while it runs."""

    id: int
    number: int
    branch: str
    sha: str
    event: str
    actor: Account
    conclusion: str | None
    created_at: datetime


@dataclass(eq=False)
class Workflow:
    """A workflow file that GitHub has taken in, and its runs, oldest first."""

    id: int
    path: str
    name: str
    created_at: datetime
    updated_at: datetime
    state: str = "active"
    runs: list[WorkflowRun] = field(default_factory=list)


@dataclass(eq=False)
class WorkflowPermissions:
    """What the token of a workflow may do when the workflow does not say."""

    default: str = "read"
    may_approve: bool = False


@dataclass(eq=False)
class DependabotAlert:
    """A vulnerable dependency; ``state``: open, fixed, dismissed or auto_dismissed."""

    number: int
    package: str
    ecosystem: str
    severity: str
    manifest: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    scope: str = "runtime"
    fixed_in: str | None = None
    ghsa: str = "GHSA-0000-0000-0000"


@dataclass(eq=False)
class SecretAlert:
    """A secret that was committed; ``resolution`` None while it is open."""

    number: int
    kind: str
    created_at: datetime
    resolution: str | None = None
    validity: str = "unknown"
    bypassed_push_protection: bool = False


@dataclass(eq=False)
class CodeAlert:
    """A finding of code scanning; ``level`` is its security severity, None for one of quality."""

    number: int
    rule: str
    level: str | None
    path: str
    line: int
    tool: str
    ref: str
    sha: str
    created_at: datetime
    state: str = "open"


@dataclass(eq=False)
class CodeAnalysis:
    """An upload of results of code scanning."""

    id: int
    ref: str
    sha: str
    tool: str
    created_at: datetime
    results: int = 0
    error: str = ""


@dataclass(eq=False)
class RepositorySettings:
    """All settings of one repository; those of its organisation are with the organisation.

    Args:
        workflow_permissions: None: those of the organisation.
        languages: default set-up of code scanning for these; None: not configured.
        values: custom properties that were set here.
    """

    protections: dict[str, BranchProtection] = field(default_factory=dict)
    rulesets: list[Ruleset] = field(default_factory=list)
    deploy_keys: list[DeployKey] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    workflow_permissions: WorkflowPermissions | None = None
    workflows: dict[str, Workflow] = field(default_factory=dict)
    features: dict[str, bool] = field(default_factory=lambda: dict(FEATURES))
    dependency_alerts_enabled: bool = False
    private_reporting: bool = False
    dependabot_alerts: list[DependabotAlert] = field(default_factory=list)
    secret_alerts: list[SecretAlert] = field(default_factory=list)
    code_alerts: list[CodeAlert] = field(default_factory=list)
    analyses: list[CodeAnalysis] = field(default_factory=list)
    languages: tuple[str, ...] | None = None
    values: dict[str, PropertyValue] = field(default_factory=dict)


@dataclass(eq=False)
class ActionsPolicy:
    """Which actions an organisation lets run; ``allowed``: all, local_only or selected."""

    repositories: str = "all"
    allowed: str = "all"
    pinning_required: bool = False
    github_owned: bool = True
    verified: bool = False
    patterns: tuple[str, ...] = ()
    token: WorkflowPermissions = field(default_factory=WorkflowPermissions)


@dataclass(eq=False)
class PropertyDefinition:
    """A custom property of an organisation; ``kind`` is GitHub's ``value_type``."""

    name: str
    kind: str = "string"
    required: bool = False
    default: PropertyValue = None
    allowed: tuple[str, ...] = ()
    description: str | None = None


@dataclass(eq=False)
class OrganisationSettings:
    """All settings of one organisation; empty for people.

    Args:
        members: login in lower case -> ``admin`` or ``member``; its owner is an admin without being here.
        without_two_factor: logins in lower case.
        options: what ``GET /orgs/{org}`` tells owners, by GitHub's names.
    """

    members: dict[str, str] = field(default_factory=dict)
    without_two_factor: set[str] = field(default_factory=set)
    teams: dict[str, Team] = field(default_factory=dict)
    rulesets: list[Ruleset] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    actions: ActionsPolicy = field(default_factory=ActionsPolicy)
    properties: dict[str, PropertyDefinition] = field(default_factory=dict)
    options: dict[str, Any] = field(
        default_factory=lambda: {
            "two_factor_requirement_enabled": False,
            "default_repository_permission": "read",
            "members_can_create_repositories": True,
            "members_can_create_public_repositories": True,
            "members_can_create_private_repositories": True,
            "members_can_fork_private_repositories": False,
            "members_can_invite_outside_collaborators": True,
            "members_can_delete_repositories": True,
            "members_can_change_repo_visibility": True,
            "members_can_create_pages": True,
            "web_commit_signoff_required": False,
            "deploy_keys_enabled_for_repositories": True,
            "advanced_security_enabled_for_new_repositories": False,
            "dependabot_alerts_enabled_for_new_repositories": False,
            "dependabot_security_updates_enabled_for_new_repositories": False,
            "dependency_graph_enabled_for_new_repositories": False,
            "secret_scanning_enabled_for_new_repositories": False,
            "secret_scanning_push_protection_enabled_for_new_repositories": False,
        }
    )


# What follows from the records


def matches(pattern: str, name: str) -> bool:
    """``fnmatch`` as GitHub uses it for branches: ``*`` stops at a slash, ``**/`` is any folders.

    Source: GitHub Docs, "Managing a branch protection rule" and "Creating rulesets for a repository".
    """
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    text = ""
    for token in re.findall(r"\*\*/|\*+|\?|\[[^]]+\]|\\.|.", pattern, re.DOTALL):
        if token.startswith("[") and len(token) > 2:
            text += f"[{re.escape(token[1:-1]).replace(chr(92) + '-', '-')}]"
        elif set(token) == {"*"}:
            text += parts["*"]
        else:
            text += parts.get(token) or re.escape(token.removeprefix("\\") or token)
    return re.compile(text)


def _among(value: PropertyValue, wanted: Iterable[str]) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    return any(one in values for one in wanted)


def property_values(repository: FakeRepository) -> dict[str, PropertyValue]:
    """Custom properties that have a value: as set, else the default of a required one."""
    defined = repository.owner.settings.properties
    own = repository.settings.values
    values = {name: own.get(name, d.default if d.required else None) for name, d in defined.items()}
    return {name: value for name, value in values.items() if value is not None}


def rulesets_of(repository: FakeRepository, *, parents: bool = True) -> list[Ruleset]:
    """The rulesets of a repository in any state, its own first, then those of its organisation."""
    above = [r for r in repository.owner.settings.rulesets if r.reaches(repository)] if parents else []
    return [*repository.settings.rulesets, *above]


def active_rules(repository: FakeRepository, branch: str) -> list[tuple[Ruleset, Mapping[str, Any]]]:
    """Every active rule for a branch with its ruleset, all levels merged."""
    ref = f"refs/heads/{branch}"
    return [
        (ruleset, rule)
        for ruleset in rulesets_of(repository)
        if ruleset.enforcement == "active" and ruleset.target == "branch" and ruleset.covers(repository, ref)
        for rule in ruleset.rules
    ]


def protection_of(repository: FakeRepository, branch: str) -> BranchProtection | None:
    """The classic rule that is in force: an exact name before patterns, then the oldest."""
    found = [p for p in repository.settings.protections.values() if p.matches(branch)]
    return min(found, key=lambda p: (p.pattern != branch, p.id), default=None)


def protected_branches(rule: BranchProtection) -> list[str]:
    """The branches for which a classic rule is the one in force, by name."""
    repository = rule.repository
    return [name for name in repository.branches if protection_of(repository, name) is rule]


def is_protected(repository: FakeRepository, branch: str) -> bool:
    """A classic rule or an active ruleset covers the branch."""
    return protection_of(repository, branch) is not None or bool(active_rules(repository, branch))


def is_member(organisation: Account, person: Account) -> bool:
    """Somebody belongs to an organisation."""
    return person is organisation.owner or person.login.lower() in organisation.settings.members


def members_of(organisation: Account) -> dict[str, str]:
    """Login in lower case -> ``admin`` or ``member``, by login; who made the organisation included."""
    roles = dict(organisation.settings.members)
    if organisation.owner is not None:
        roles[organisation.owner.login.lower()] = "admin"
    return dict(sorted(roles.items()))


def team_members(team: Team) -> dict[str, str]:
    """Login in lower case -> role, of a team and of those below it."""
    below = [t for t in team.organisation.settings.teams.values() if team in t.ancestors]
    roles: dict[str, str] = {}
    for found in (*below, team):
        roles |= found.members
    return dict(sorted(roles.items()))


def teams_with(repository: FakeRepository) -> list[Team]:
    """The teams that have a role in a repository."""
    return [t for t in repository.owner.settings.teams.values() if repository.id in t.repositories]


def role_of(repository: FakeRepository, person: Account) -> str:
    """The strongest of what ownership, invitation, teams, and membership give; "" for nothing.

    What a public repository gives everybody is not counted.
    """
    owner, login = repository.owner, person.login.lower()
    if person in (owner, owner.owner) or owner.settings.members.get(login) == "admin":
        return "admin"
    ways = [repository.collaborators.get(login, "")]
    ways += [t.repositories[repository.id] for t in teams_with(repository) if login in t.members]
    if login in owner.settings.members:
        base = owner.settings.options["default_repository_permission"]
        ways.append("" if base == "none" else base)
    return strongest(ways)


def strongest(roles: Iterable[str]) -> str:
    """The strongest of some roles; an unknown one counts as ``read``."""
    return max(roles, key=lambda role: ROLE_ORDER.index(role) if role in ROLE_ORDER else 1, default="")


def token_permissions(repository: FakeRepository) -> WorkflowPermissions:
    """What tokens of workflows may do here: as the repository says, but no more than above it."""
    above, own = repository.owner.settings.actions.token, repository.settings.workflow_permissions
    if own is None or repository.owner.type != "Organization":
        return own or above
    return WorkflowPermissions(
        "write" if above.default == own.default == "write" else "read", above.may_approve and own.may_approve
    )
