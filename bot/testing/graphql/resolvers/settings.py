"""Settings of a repository and of an organisation: rules, keys, alerts, people, teams."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.testing.graphql.declaring import Asked, connection, field, represent
from bot.testing.graphql.paging import Page
from bot.testing.graphql.sources import Ref
from bot.testing.routes.access import people_of
from bot.testing.routing import parse_needs
from bot.testing.settings import (
    Actor,
    BranchProtection,
    DependabotAlert,
    DeployKey,
    Ruleset,
    Team,
    active_rules,
    members_of,
    protected_branches,
    rulesets_of,
    team_members,
)
from bot.testing.settings_render import conditions
from bot.testing.state import Account, AppIdentity, FakeRepository

_ADMINISTRATION = "administration=read"
_ORGANISATION = "organization_administration=read"
_HEADS = "refs/heads/"
_ROLE_NAMES = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}
_PARAMETERS = {
    "branch_name_pattern": "BranchNamePatternParameters",
    "code_scanning": "CodeScanningParameters",
    "commit_author_email_pattern": "CommitAuthorEmailPatternParameters",
    "commit_message_pattern": "CommitMessagePatternParameters",
    "committer_email_pattern": "CommitterEmailPatternParameters",
    "file_extension_restriction": "FileExtensionRestrictionParameters",
    "file_path_restriction": "FilePathRestrictionParameters",
    "max_file_path_length": "MaxFilePathLengthParameters",
    "max_file_size": "MaxFileSizeParameters",
    "merge_queue": "MergeQueueParameters",
    "pull_request": "PullRequestParameters",
    "required_deployments": "RequiredDeploymentsParameters",
    "required_status_checks": "RequiredStatusChecksParameters",
    "tag_name_pattern": "TagNamePatternParameters",
    "update": "UpdateParameters",
    "workflows": "WorkflowsParameters",
}
_PARAMETER_DEFAULTS: Mapping[str, Any] = {"negate": False, "doNotEnforceOnCreate": False}

represent(Ruleset, "RepositoryRuleset")
represent(Team, "Team")
represent(AppIdentity, "App")
represent(DeployKey, "DeployKey")


class Told(dict[str, Any]):
    """A mapping by the names of GraphQL; what it does not have is null."""

    def __missing__(self, name: str) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two classic rules that cover one branch."""

    branch_protection_rule: BranchProtection
    conflicting_branch_protection_rule: BranchProtection
    ref: Ref


@dataclass(frozen=True, slots=True)
class Allowance:
    """Somebody who is let past a classic rule."""

    id: str
    actor: Actor
    branch_protection_rule: BranchProtection


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a ruleset, ``told`` as REST has it."""

    id: str
    repository_ruleset: Ruleset
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bypass:
    """Somebody who is let past a ruleset, ``told`` as REST has it."""

    id: str
    repository_ruleset: Ruleset
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """A vulnerable dependency of a repository."""

    repository: FakeRepository
    record: DependabotAlert


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with the role that a connection tells of them; ``second_factor`` None where it does not."""

    account: Account
    role: str
    second_factor: bool | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A repository with the role that a team has in it."""

    repository: FakeRepository
    role: str


# Connections whose edges tell more than their nodes


@field("RepositoryCollaboratorConnection", "nodes")
@field("OrganizationMemberConnection", "nodes")
@field("TeamMemberConnection", "nodes")
def people(source: Page, _asked: Asked) -> list[Account]:
    """The people alone."""
    return [person.account for person in source.nodes]


@field("RepositoryCollaboratorEdge", "node")
@field("OrganizationMemberEdge", "node")
@field("TeamMemberEdge", "node")
def person(source: Mapping[str, Person], _asked: Asked) -> Account:
    """The person alone."""
    return source["node"].account


@field("RepositoryCollaboratorEdge", "permission")
@field("OrganizationMemberEdge", "role")
@field("TeamMemberEdge", "role")
@field("TeamRepositoryEdge", "permission")
def role(source: Mapping[str, Person | Given], _asked: Asked) -> str:
    """What they may do."""
    return source["node"].role.upper()


@field("OrganizationMemberEdge", "hasTwoFactorEnabled")
def has_two_factor_enabled(source: Mapping[str, Person], _asked: Asked) -> bool | None:
    """For owners only; null for everybody else."""
    return source["node"].second_factor


@field("TeamRepositoryConnection", "nodes")
def given_repositories(source: Page, _asked: Asked) -> list[FakeRepository]:
    """The repositories alone."""
    return [given.repository for given in source.nodes]


@field("TeamRepositoryEdge", "node")
def given_repository(source: Mapping[str, Given], _asked: Asked) -> FakeRepository:
    """The repository alone."""
    return source["node"].repository


# Classic protection


@connection("Repository", "branchProtectionRules", needs=_ADMINISTRATION, restricted=True)
def branch_protection_rules(repository: FakeRepository, _asked: Asked) -> Sequence[BranchProtection]:
    """All classic rules, oldest first."""
    return list(repository.settings.protections.values())


@field("BranchProtectionRule", "databaseId")
def rule_database_id(rule: BranchProtection, _asked: Asked) -> int:
    """REST's id."""
    return rule.id


def _flag(name: str) -> Any:
    return lambda rule, _asked: getattr(rule, name)


for _name, _attribute in (
    ("allowsDeletions", "allow_deletions"),
    ("allowsForcePushes", "allow_force_pushes"),
    ("dismissesStaleReviews", "dismiss_stale_reviews"),
    ("isAdminEnforced", "enforce_admins"),
    ("lockBranch", "lock_branch"),
    ("requireLastPushApproval", "last_push_approval"),
    ("requiredApprovingReviewCount", "required_approvals"),
    ("requiresCodeOwnerReviews", "code_owner_reviews"),
    ("requiresCommitSignatures", "signatures"),
    ("requiresConversationResolution", "conversation_resolution"),
    ("requiresLinearHistory", "linear_history"),
    ("requiresStrictStatusChecks", "strict"),
):
    field("BranchProtectionRule", _name)(_flag(_attribute))


@field("BranchProtectionRule", "blocksCreations")
@field("BranchProtectionRule", "lockAllowsFetchAndMerge")
@field("BranchProtectionRule", "requiresDeployments")
@field("BranchProtectionRule", "restrictsPushes")
@field("BranchProtectionRule", "restrictsReviewDismissals")
def never(_rule: BranchProtection, _asked: Asked) -> bool:
    """The fake's rules do none of these."""
    return False


@field("BranchProtectionRule", "requiredDeploymentEnvironments")
def no_environments(_rule: BranchProtection, _asked: Asked) -> list[str]:
    """As no rule asks for deployments."""
    return []


@field("BranchProtectionRule", "requiresApprovingReviews")
def requires_approving_reviews(rule: BranchProtection, _asked: Asked) -> bool:
    """Reviews are asked for."""
    return rule.required_approvals is not None


@field("BranchProtectionRule", "requiresStatusChecks")
def requires_status_checks(rule: BranchProtection, _asked: Asked) -> bool:
    """Status checks are asked for."""
    return rule.required_checks is not None


@field("BranchProtectionRule", "requiredStatusCheckContexts")
def required_contexts(rule: BranchProtection, _asked: Asked) -> list[str]:
    """Their names."""
    return list(rule.required_checks or ())


@field("BranchProtectionRule", "requiredStatusChecks")
def required_status_checks(rule: BranchProtection, _asked: Asked) -> list[Told]:
    """Their names, from whichever App."""
    return [Told(context=name) for name in rule.required_checks or ()]


@connection("BranchProtectionRule", "matchingRefs")
def matching_refs(rule: BranchProtection, _asked: Asked, *, query: str | None = None) -> Sequence[Ref]:
    """The branches for which it is in force."""
    repository = rule.repository
    return [
        Ref(repository, _HEADS + name, repository.branches[name])
        for name in protected_branches(rule)
        if (query or "").lower() in name.lower()
    ]


@connection("BranchProtectionRule", "branchProtectionRuleConflicts")
def conflicts(rule: BranchProtection, _asked: Asked) -> Sequence[Conflict]:
    """Each branch that another rule covers too."""
    repository = rule.repository
    others = [other for other in repository.settings.protections.values() if other is not rule]
    return [
        Conflict(rule, other, Ref(repository, _HEADS + name, sha))
        for name, sha in repository.branches.items()
        if rule.matches(name)
        for other in others
        if other.matches(name)
    ]


@connection("BranchProtectionRule", "bypassPullRequestAllowances")
def bypass_pull_request_allowances(rule: BranchProtection, _asked: Asked) -> Sequence[Allowance]:
    """Who merges without reviews."""
    return _allowances("BPRA", rule, rule.bypass_reviews)


@connection("BranchProtectionRule", "bypassForcePushAllowances")
def bypass_force_push_allowances(rule: BranchProtection, _asked: Asked) -> Sequence[Allowance]:
    """Who rewrites branches."""
    return _allowances("BFPA", rule, rule.bypass_force_pushes)


def _allowances(prefix: str, rule: BranchProtection, actors: Sequence[Actor]) -> list[Allowance]:
    return [Allowance(f"{prefix}_{rule.id}_{actor.id}", actor, rule) for actor in actors]


# Rulesets and the merge queue


@connection("Repository", "rulesets", needs="metadata=read")
def rulesets(
    repository: FakeRepository, _asked: Asked, *, include_parents: bool | None = True
) -> Sequence[Ruleset]:
    """Those of the repository, and those above that reach it."""
    return rulesets_of(repository, parents=include_parents is not False)


@field("Repository", "ruleset", needs="metadata=read")
def ruleset(
    repository: FakeRepository, _asked: Asked, *, database_id: int, include_parents: bool | None = True
) -> Ruleset | None:
    """One of them."""
    found = rulesets_of(repository, parents=include_parents is not False)
    return next((r for r in found if r.id == database_id), None)


@connection("Organization", "rulesets", needs=_ORGANISATION, restricted=True)
def organisation_rulesets(
    account: Account,
    _asked: Asked,
    *,
    include_parents: bool | None = True,  # noqa: ARG001 - nothing is above it, but it may be asked
) -> Sequence[Ruleset]:
    """Those of the organisation; there is no enterprise above it."""
    return account.settings.rulesets


@field("Organization", "ruleset", needs=_ORGANISATION, restricted=True)
def organisation_ruleset(account: Account, _asked: Asked, *, database_id: int) -> Ruleset | None:
    """One of them."""
    return next((r for r in account.settings.rulesets if r.id == database_id), None)


@field("RepositoryRuleset", "id")
def ruleset_id(source: Ruleset, _asked: Asked) -> str:
    """The global id."""
    return source.node_id


@field("RepositoryRuleset", "databaseId")
def ruleset_database_id(source: Ruleset, _asked: Asked) -> int:
    """REST's id."""
    return source.id


@field("RepositoryRuleset", "target")
def ruleset_target(source: Ruleset, _asked: Asked) -> str:
    """What it is for."""
    return source.target.upper()


@field("RepositoryRuleset", "enforcement")
def ruleset_enforcement(source: Ruleset, _asked: Asked) -> str:
    """Whether it is in force."""
    return source.enforcement.upper()


@field("RepositoryRuleset", "conditions")
def ruleset_conditions(source: Ruleset, _asked: Asked) -> Told:
    """Which refs and repositories it is for."""
    told: Told = _camel(conditions(source))
    if told["repositoryName"] is not None:
        told["repositoryName"]["protected"] = False
    return told


@connection("RepositoryRuleset", "rules")
def ruleset_rules(source: Ruleset, _asked: Asked, *, type: str | None = None) -> Sequence[Rule]:  # noqa: A002
    """Its rules."""
    rules = [Rule(f"RRSR_{source.id}_{n}", source, rule) for n, rule in enumerate(source.rules)]
    return [rule for rule in rules if type in (None, str(rule.told["type"]).upper())]


@connection("RepositoryRuleset", "bypassActors")
def bypass_actors(source: Ruleset, asked: Asked) -> Sequence[Bypass]:
    """Who is let past it: nobody, for those who may read neither administration."""
    of_organisation = f"{_ADMINISTRATION}; {_ORGANISATION}"
    needs = _ADMINISTRATION if isinstance(source.source, FakeRepository) else of_organisation
    if not asked.may(parse_needs(needs), source.source, restricted=True):
        return []
    return [Bypass(f"RRBA_{source.id}_{n}", source, told) for n, told in enumerate(source.bypass)]


@field("RepositoryRulesetBypassActor", "actor")
def bypass_actor(source: Bypass, asked: Asked) -> Team | AppIdentity | None:
    """The team or App, where it is one."""
    number, place = source.told["actor_id"], source.repository_ruleset.source
    organisation = place.owner if isinstance(place, FakeRepository) else place
    if source.told["actor_type"] == "Integration":
        return asked.world.apps.get(number)
    if source.told["actor_type"] == "Team" and organisation is not None:
        return next((t for t in organisation.settings.teams.values() if t.id == number), None)
    return None


@field("RepositoryRulesetBypassActor", "bypassMode")
def bypass_mode(source: Bypass, _asked: Asked) -> str:
    """Always, or in pull requests alone."""
    return str(source.told["bypass_mode"]).upper()


@field("RepositoryRulesetBypassActor", "deployKey")
def bypass_by_key(source: Bypass, _asked: Asked) -> bool:
    """Any deploy key."""
    return bool(source.told["actor_type"] == "DeployKey")


@field("RepositoryRulesetBypassActor", "enterpriseOwner")
def bypass_by_enterprise(_source: Bypass, _asked: Asked) -> bool:
    """There is no enterprise."""
    return False


@field("RepositoryRulesetBypassActor", "organizationAdmin")
def bypass_by_owner(source: Bypass, _asked: Asked) -> bool:
    """The owners of the organisation."""
    return bool(source.told["actor_type"] == "OrganizationAdmin")


@field("RepositoryRulesetBypassActor", "repositoryRoleDatabaseId")
def bypass_role_id(source: Bypass, _asked: Asked) -> int | None:
    """The number of a role in the repository."""
    return source.told["actor_id"] if source.told["actor_type"] == "RepositoryRole" else None


@field("RepositoryRulesetBypassActor", "repositoryRoleName")
def bypass_role_name(source: Bypass, asked: Asked) -> str | None:
    """Its name."""
    number = bypass_role_id(source, asked)
    return None if number is None else _ROLE_NAMES.get(number)


@field("RepositoryRule", "type")
def rule_type(source: Rule, _asked: Asked) -> str:
    """What kind of rule."""
    return str(source.told["type"]).upper()


@field("RepositoryRule", "parameters")
def rule_parameters(source: Rule, _asked: Asked) -> Told | None:
    """What it asks for; null for rules that are on or off."""
    kind, parameters = _PARAMETERS.get(str(source.told["type"])), source.told.get("parameters")
    if kind is None or parameters is None:
        return None
    told = Told({**_PARAMETER_DEFAULTS, **_camel(parameters), "__typename": kind})
    if kind == "PullRequestParameters" and told["allowedMergeMethods"] is not None:
        told["allowedMergeMethods"] = [method.upper() for method in told["allowedMergeMethods"]]
    return told


def _camel(value: Any) -> Any:
    """REST's names as GraphQL's, all the way down."""
    if isinstance(value, Mapping):
        return Told(
            {re.sub(r"_([a-z])", lambda m: m[1].upper(), key): _camel(one) for key, one in value.items()}
        )
    return [_camel(one) for one in value] if isinstance(value, list | tuple) else value


@field("Repository", "mergeQueue", needs="merge_queues=read")
def merge_queue(repository: FakeRepository, asked: Asked, *, branch: str | None = None) -> Told | None:
    """The queue of a branch, by default the default one, when an active rule makes it."""
    name = branch or repository.default_branch
    found = next((r for _, r in active_rules(repository, name) if r["type"] == "merge_queue"), None)
    if found is None or name not in repository.branches:
        return None
    wants = found["parameters"]
    page = f"{repository.full_name}/queue/{name}"
    return Told(
        id=f"MQ_{repository.id}_{name}",
        repository=repository,
        resourcePath=f"/{page}",
        url=f"{asked.world.html_url}/{page}",
        configuration=Told(
            checkResponseTimeout=wants["check_response_timeout_minutes"] * 60,
            maximumEntriesToBuild=wants["max_entries_to_build"],
            maximumEntriesToMerge=wants["max_entries_to_merge"],
            mergeMethod=wants["merge_method"],
            mergingStrategy=wants["grouping_strategy"],
            minimumEntriesToMerge=wants["min_entries_to_merge"],
            minimumEntriesToMergeWaitTime=wants["min_entries_to_merge_wait_minutes"] * 60,
        ),
    )


# Alerts on dependencies


@field(
    "Repository",
    "hasVulnerabilityAlertsEnabled",
    needs="vulnerability_alerts=read; administration=read",
    restricted=True,
)
def has_vulnerability_alerts_enabled(repository: FakeRepository, _asked: Asked) -> bool:
    """Dependabot looks for vulnerable dependencies."""
    return repository.settings.dependency_alerts_enabled


@connection("Repository", "vulnerabilityAlerts", needs="vulnerability_alerts=read", restricted=True)
def vulnerability_alerts(
    repository: FakeRepository,
    _asked: Asked,
    *,
    states: Sequence[str] | None = None,
    dependency_scopes: Sequence[str] | None = None,
) -> Sequence[Alert]:
    """Oldest first; none where they are off."""
    if not repository.settings.dependency_alerts_enabled:
        return []
    return [
        Alert(repository, alert)
        for alert in repository.settings.dependabot_alerts
        if (not states or alert.state.upper() in states)
        and (not dependency_scopes or alert.scope.upper() in dependency_scopes)
    ]


@field("RepositoryVulnerabilityAlert", "id")
def alert_id(source: Alert, _asked: Asked) -> str:
    """The global id."""
    return f"RVA_{source.repository.id}_{source.record.number}"


@field("RepositoryVulnerabilityAlert", "state")
def alert_state(source: Alert, _asked: Asked) -> str:
    """How it stands."""
    return source.record.state.upper()


@field("RepositoryVulnerabilityAlert", "dependencyScope")
def alert_scope(source: Alert, _asked: Asked) -> str:
    """What the dependency is for."""
    return source.record.scope.upper()


def _ended(state: str) -> Any:
    return lambda source, _asked: source.record.updated_at if source.record.state == state else None


field("RepositoryVulnerabilityAlert", "autoDismissedAt")(_ended("auto_dismissed"))
field("RepositoryVulnerabilityAlert", "dismissedAt")(_ended("dismissed"))
field("RepositoryVulnerabilityAlert", "fixedAt")(_ended("fixed"))


@field("RepositoryVulnerabilityAlert", "dismissReason")
def dismiss_reason(source: Alert, _asked: Asked) -> str | None:
    """Why, where somebody dismissed it."""
    return "tolerable_risk" if source.record.state == "dismissed" else None


@field("RepositoryVulnerabilityAlert", "vulnerableManifestPath")
def manifest_path(source: Alert, _asked: Asked) -> str:
    """Where the dependency is named."""
    return source.record.manifest


@field("RepositoryVulnerabilityAlert", "vulnerableManifestFilename")
def manifest_name(source: Alert, _asked: Asked) -> str:
    """The same without its folder."""
    return source.record.manifest.rpartition("/")[2]


@field("RepositoryVulnerabilityAlert", "vulnerableRequirements")
def requirements(_source: Alert, _asked: Asked) -> None:
    """The fake does not read manifests."""


@field("RepositoryVulnerabilityAlert", "securityAdvisory")
def security_advisory(source: Alert, asked: Asked) -> Told:
    """What was found out about the package."""
    alert = source.record
    return Told(
        id=f"GSA_{alert.ghsa}",
        ghsaId=alert.ghsa,
        summary=f"A vulnerability in {alert.package}",
        description=f"A vulnerability in {alert.package}.",
        severity=_severity(alert),
        identifiers=[Told(type="GHSA", value=alert.ghsa)],
        permalink=f"{asked.world.html_url}/advisories/{alert.ghsa}",
        publishedAt=alert.created_at,
        updatedAt=alert.created_at,
    )


@field("RepositoryVulnerabilityAlert", "securityVulnerability")
def security_vulnerability(source: Alert, asked: Asked) -> Told:
    """Which versions of it are vulnerable."""
    alert = source.record
    return Told(
        advisory=security_advisory(source, asked),
        firstPatchedVersion=None if alert.fixed_in is None else Told(identifier=alert.fixed_in),
        package=Told(ecosystem=alert.ecosystem.upper(), name=alert.package),
        severity=_severity(alert),
        updatedAt=alert.updated_at,
        vulnerableVersionRange="> 0" if alert.fixed_in is None else f"< {alert.fixed_in}",
    )


def _severity(alert: DependabotAlert) -> str:
    """GraphQL says moderate where REST says medium."""
    return "MODERATE" if alert.severity == "medium" else alert.severity.upper()


# Access


@connection("Repository", "deployKeys", needs=_ADMINISTRATION, restricted=True)
def deploy_keys(repository: FakeRepository, _asked: Asked) -> Sequence[DeployKey]:
    """Oldest first."""
    return repository.settings.deploy_keys


@field("DeployKey", "id")
def deploy_key_id(source: DeployKey, _asked: Asked) -> str:
    """The global id."""
    return f"DK_{source.id:08d}"


@field("DeployKey", "enabled")
@field("DeployKey", "verified")
def always(_source: DeployKey, _asked: Asked) -> bool:
    """As in REST."""
    return True


@connection("Repository", "collaborators", needs=_ADMINISTRATION, restricted=True)
def collaborators(
    repository: FakeRepository,
    asked: Asked,
    *,
    affiliation: str | None = None,
    login: str | None = None,
    query: str | None = None,
) -> Sequence[Person]:
    """Everybody with a role, by login."""
    return [
        Person(account, has)
        for account, has in people_of(asked.world, repository, (affiliation or "ALL").lower())
        if login in (None, account.login) and (query or "").lower() in account.login.lower()
    ]


@field("Repository", "isInOrganization")
def is_in_organization(repository: FakeRepository, _asked: Asked) -> bool:
    """Its owner is an organisation."""
    return repository.owner.type == "Organization"


# Organisation


@field("Organization", "requiresTwoFactorAuthentication", needs=_ORGANISATION, restricted=True)
def requires_two_factor(account: Account, _asked: Asked) -> bool:
    """Nobody gets in without a second factor."""
    return bool(account.settings.options["two_factor_requirement_enabled"])


@field("Organization", "membersCanForkPrivateRepositories")
def members_can_fork(account: Account, _asked: Asked) -> bool:
    """Also out of the organisation."""
    return bool(account.settings.options["members_can_fork_private_repositories"])


@field("Organization", "webCommitSignoffRequired")
def web_commit_signoff(account: Account, _asked: Asked) -> bool:
    """Commits in the browser are signed off."""
    return bool(account.settings.options["web_commit_signoff_required"])


@connection("Organization", "membersWithRole", needs="members=read", restricted=True)
def members_with_role(account: Account, asked: Asked) -> Sequence[Person]:
    """Members and owners, by login; who reads its administration sees their second factor."""
    shown = asked.may(parse_needs(_ORGANISATION), account, restricted=True)
    without = account.settings.without_two_factor
    return [
        Person(asked.world.accounts[login], has, login not in without if shown else None)
        for login, has in members_of(account).items()
    ]


@connection("Organization", "teams", needs="members=read", restricted=True)
def teams(
    account: Account,
    _asked: Asked,
    *,
    privacy: str | None = None,
    query: str | None = None,
    root_teams_only: bool | None = None,
    user_logins: Sequence[str] | None = None,
) -> Sequence[Team]:
    """All teams, oldest first."""
    logins = {login.lower() for login in user_logins or ()}
    return [
        team
        for team in account.settings.teams.values()
        if privacy in (None, _privacy(team))
        and (query or "").lower() in team.name.lower()
        and not (root_teams_only and team.parent is not None)
        and logins <= team.members.keys()
    ]


@field("Organization", "team", needs="members=read", restricted=True)
def team(account: Account, _asked: Asked, *, slug: str) -> Team | None:
    """One team."""
    return account.settings.teams.get(slug.lower())


def _privacy(team: Team) -> str:
    return "SECRET" if team.privacy == "secret" else "VISIBLE"


@field("Team", "id")
def team_id(source: Team, _asked: Asked) -> str:
    """The global id."""
    return source.node_id


@field("Team", "databaseId")
def team_database_id(source: Team, _asked: Asked) -> int:
    """REST's id."""
    return source.id


@field("Team", "combinedSlug")
def combined_slug(source: Team, _asked: Asked) -> str:
    """``organisation/team``."""
    return f"{source.organisation.login}/{source.slug}"


@field("Team", "privacy")
def privacy(source: Team, _asked: Asked) -> str:
    """Whether others see it."""
    return _privacy(source)


@field("Team", "organization")
def team_organisation(source: Team, _asked: Asked) -> Account:
    """Whose it is."""
    return source.organisation


@field("Team", "parentTeam")
def parent_team(source: Team, _asked: Asked) -> Team | None:
    """The one above it."""
    return source.parent


@field("Team", "resourcePath")
def team_path(source: Team, _asked: Asked) -> str:
    """Its page on any host."""
    return f"/orgs/{source.organisation.login}/teams/{source.slug}"


@field("Team", "url")
def team_url(source: Team, asked: Asked) -> str:
    """Its page."""
    return asked.world.html_url + team_path(source, asked)  # type: ignore[no-any-return]


@connection("Team", "members")
def members(
    source: Team,
    asked: Asked,
    *,
    membership: str | None = "ALL",
    query: str | None = None,
    role: str | None = None,
) -> Sequence[Person]:
    """The people in it, and in those below it."""
    everybody = team_members(source)
    wanted = {
        "IMMEDIATE": source.members,
        "CHILD_TEAM": {login: has for login, has in everybody.items() if login not in source.members},
    }.get(membership or "ALL", everybody)
    return [
        Person(asked.world.accounts[login], has)
        for login, has in sorted(wanted.items())
        if (query or "").lower() in login and role in (None, has.upper())
    ]


@connection("Team", "repositories")
def team_repositories(source: Team, asked: Asked, *, query: str | None = None) -> Sequence[Given]:
    """Where it has a role, as far as the token may see that."""
    found = [(asked.world.repositories[number], has) for number, has in sorted(source.repositories.items())]
    return [Given(r, has) for r, has in found if asked.sees(r) and (query or "").lower() in r.name.lower()]


@connection("Team", "childTeams")
def child_teams(source: Team, _asked: Asked, *, immediate_only: bool | None = True) -> Sequence[Team]:
    """Those below it."""
    below = [t for t in source.organisation.settings.teams.values() if t is not source]
    if immediate_only:
        return [t for t in below if t.parent is source]
    return [t for t in below if source in t.ancestors]
