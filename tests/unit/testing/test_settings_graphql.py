"""Settings as GraphQL tells them, and what it tells those who lack a permission."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import FakeGitHub, FakeRepository

READS = {
    "administration": "read",
    "contents": "read",
    "members": "read",
    "merge_queues": "read",
    "organization_administration": "read",
    "vulnerability_alerts": "read",
}
REPOSITORY = 'query { repository(owner: "acme", name: "rocket") { %s } }'
ORGANISATION = 'query { organization(login: "acme") { %s } }'


@pytest.fixture
def admin(api: Any, fake: FakeGitHub, installation: int) -> Any:
    """The client with a token that reads settings."""
    fake.set_permissions(installation, READS)
    api.token = api.mint(installation)
    return api


def ask(api: Any, template: str, selection: str) -> Any:
    """What a selection on the repository or organisation is answered."""
    body = api.post("/graphql", {"query": template % selection}).json
    assert "errors" not in body, body["errors"]
    [told] = body["data"].values()
    return told


# Protection


def test_classic_rules(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Each with the branches for which it is in force, and with those that another rule covers too."""
    fake.create_user("ada")
    fake.create_team("acme", "core", members=["ada"])
    fake.set_branch(rocket, "release/1", rocket.head or "")
    fake.protect(
        rocket,
        "release/*",
        required_approvals=2,
        required_checks=["test"],
        strict=True,
        enforce_admins=True,
        bypass_reviews=["ada", "acme/core", "plumbline"],
        bypass_force_pushes=["ada"],
    )
    fake.protect(rocket, "*/1", signatures=True)
    told = ask(
        admin,
        REPOSITORY,
        """branchProtectionRules(first: 10) { totalCount nodes {
          pattern isAdminEnforced allowsForcePushes requiresApprovingReviews requiredApprovingReviewCount
          requiresStatusChecks requiresStrictStatusChecks requiredStatusCheckContexts requiresCommitSignatures
          requiredStatusChecks { context app { slug } } creator { __typename login } repository { name }
          matchingRefs(first: 5) { nodes { name } }
          branchProtectionRuleConflicts(first: 5) { totalCount nodes {
            ref { name } conflictingBranchProtectionRule { pattern } } }
          bypassPullRequestAllowances(first: 5) { nodes { actor {
            __typename ... on User { login } ... on Team { combinedSlug } ... on App { slug } } } }
          bypassForcePushAllowances(first: 5) { totalCount } } }""",
    )["branchProtectionRules"]

    release, other = told["nodes"]
    assert told["totalCount"] == 2
    assert (release["pattern"], release["isAdminEnforced"], release["allowsForcePushes"]) == (
        "release/*",
        True,
        False,
    )
    assert (release["requiresApprovingReviews"], release["requiredApprovingReviewCount"]) == (True, 2)
    assert (release["requiresStrictStatusChecks"], release["requiredStatusCheckContexts"]) == (True, ["test"])
    assert release["requiredStatusChecks"] == [{"context": "test", "app": None}]
    assert release["matchingRefs"]["nodes"] == [{"name": "release/1"}]
    assert release["branchProtectionRuleConflicts"]["nodes"] == [
        {"ref": {"name": "release/1"}, "conflictingBranchProtectionRule": {"pattern": "*/1"}}
    ]
    assert [node["actor"] for node in release["bypassPullRequestAllowances"]["nodes"]] == [
        {"__typename": "User", "login": "ada"},
        {"__typename": "Team", "combinedSlug": "acme/core"},
        {"__typename": "App", "slug": "plumbline"},
    ]
    assert release["bypassForcePushAllowances"]["totalCount"] == 1
    assert (other["requiresApprovingReviews"], other["requiresStatusChecks"]) == (False, False)
    assert (other["requiresCommitSignatures"], other["matchingRefs"]["nodes"]) == (True, [])


def test_a_ref_tells_of_its_rule(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """The same rule as in the list."""
    fake.protect(rocket, "main", required_approvals=1)
    told = ask(
        admin,
        REPOSITORY,
        """defaultBranchRef { refUpdateRule { requiredApprovingReviewCount }
        branchProtectionRule { pattern databaseId requiresApprovingReviews } }""",
    )["defaultBranchRef"]

    assert told["refUpdateRule"] == {"requiredApprovingReviewCount": 1}
    assert told["branchProtectionRule"]["requiresApprovingReviews"] is True


def test_rulesets(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Rules with their parameters, from which level they are, who is let past."""
    fake.create_team("acme", "core")
    team = fake.account("acme").settings.teams["core"]
    checks = {"required_status_checks": [{"context": "test", "integration_id": 15368}, "lint"]}
    fake.ruleset(
        rocket,
        "own",
        [
            {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
            {"type": "required_status_checks", "parameters": checks},
            "deletion",
            "merge_queue",
        ],
        excluded_refs=["old/*"],
        bypass=[
            "maintain",
            "OrganizationAdmin",
            "DeployKey",
            {"actor_id": team.id, "actor_type": "Team", "bypass_mode": "pull_request"},
            {"actor_id": fake.app.id, "actor_type": "Integration"},
        ],
    )
    fake.ruleset("acme", "base", ["update"], enforcement="evaluate", properties={"tier": ["gold"]})
    fake.ruleset("acme", "all", ["creation"], target="tag", refs=["v*"])
    fake.set_properties(rocket, {"tier": "gold"})
    told = ask(
        admin,
        REPOSITORY,
        """rulesets(first: 10, includeParents: true) { totalCount nodes { name target enforcement
          source { __typename ... on Repository { nameWithOwner } ... on Organization { login } }
          conditions { refName { include exclude } repositoryName { include exclude protected }
            repositoryProperty { include { name propertyValues } } }
          bypassActors(first: 9) { nodes { bypassMode organizationAdmin deployKey repositoryRoleName
            actor { __typename ... on App { slug } ... on Team { slug } } } }
          rules(first: 9) { totalCount nodes { type parameters { __typename
            ... on PullRequestParameters { requiredApprovingReviewCount allowedMergeMethods }
            ... on RequiredStatusChecksParameters {
              strictRequiredStatusChecksPolicy requiredStatusChecks { context integrationId } }
            ... on MergeQueueParameters { mergeMethod maxEntriesToMerge }
            ... on UpdateParameters { updateAllowsFetchAndMerge } } } } } }
        own: rulesets(includeParents: false) { totalCount }
        mergeQueue { configuration { mergeMethod checkResponseTimeout } }""",
    )
    own, base, tags = told["rulesets"]["nodes"]

    assert (own["name"], own["target"], own["enforcement"], own["source"]["nameWithOwner"]) == (
        "own",
        "BRANCH",
        "ACTIVE",
        "acme/rocket",
    )
    assert own["conditions"]["refName"] == {"include": ["~DEFAULT_BRANCH"], "exclude": ["refs/heads/old/*"]}
    assert own["conditions"]["repositoryName"] is None
    review, status, deletion, queue = own["rules"]["nodes"]
    assert review["parameters"]["requiredApprovingReviewCount"] == 2
    assert review["parameters"]["allowedMergeMethods"] == ["MERGE", "SQUASH", "REBASE"]
    assert status["parameters"]["requiredStatusChecks"] == [
        {"context": "test", "integrationId": 15368},
        {"context": "lint", "integrationId": None},
    ]
    assert deletion == {"type": "DELETION", "parameters": None}
    assert queue["parameters"]["mergeMethod"] == "MERGE"
    role, owners, keys, of_team, of_app = own["bypassActors"]["nodes"]
    assert (role["repositoryRoleName"], owners["organizationAdmin"], keys["deployKey"]) == (
        "maintain",
        True,
        True,
    )
    assert (of_team["actor"], of_team["bypassMode"]) == (
        {"__typename": "Team", "slug": "core"},
        "PULL_REQUEST",
    )
    assert of_app["actor"] == {"__typename": "App", "slug": "plumbline"}
    assert (base["source"]["login"], base["enforcement"]) == ("acme", "EVALUATE")
    assert base["conditions"]["repositoryProperty"]["include"] == [
        {"name": "tier", "propertyValues": ["gold"]}
    ]
    assert base["rules"]["nodes"][0]["parameters"]["updateAllowsFetchAndMerge"] is False
    assert (tags["target"], tags["conditions"]["repositoryName"]) == (
        "TAG",
        {"include": ["~ALL"], "exclude": [], "protected": False},
    )
    assert told["own"]["totalCount"] == 1
    assert told["mergeQueue"]["configuration"] == {"mergeMethod": "MERGE", "checkResponseTimeout": 3600}


# Alerts, keys, people


def test_alerts(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """By state and scope; medium is moderate here."""
    selection = """hasVulnerabilityAlertsEnabled
      vulnerabilityAlerts(states: OPEN, first: 9) { totalCount nodes { number state dependencyScope
      vulnerableManifestPath vulnerableManifestFilename securityAdvisory { ghsaId }
      securityVulnerability { severity package { name ecosystem } firstPatchedVersion { identifier } } } }
      fixed: vulnerabilityAlerts(states: FIXED, first: 9) { nodes { number fixedAt dismissedAt } }"""
    told = ask(admin, REPOSITORY, selection)
    assert (told["hasVulnerabilityAlertsEnabled"], told["vulnerabilityAlerts"]["totalCount"]) == (False, 0)

    fake.add_dependabot_alert(
        rocket, "left-pad", "medium", ecosystem="npm", manifest="web/package.json", fixed_in="1.3.0"
    )
    fake.add_dependabot_alert(rocket, "jinja2", state="fixed")
    told = ask(admin, REPOSITORY, selection)
    [alert] = told["vulnerabilityAlerts"]["nodes"]
    assert told["hasVulnerabilityAlertsEnabled"] is True
    assert (alert["number"], alert["state"], alert["dependencyScope"]) == (1, "OPEN", "RUNTIME")
    assert (alert["vulnerableManifestPath"], alert["vulnerableManifestFilename"]) == (
        "web/package.json",
        "package.json",
    )
    assert alert["securityVulnerability"] == {
        "severity": "MODERATE",
        "package": {"name": "left-pad", "ecosystem": "NPM"},
        "firstPatchedVersion": {"identifier": "1.3.0"},
    }
    [fixed] = told["fixed"]["nodes"]
    assert (fixed["number"], fixed["dismissedAt"]) == (2, None)
    assert fixed["fixedAt"] is not None


def test_keys_and_collaborators(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Nodes are people; their role is on the edge."""
    fake.create_user("eve")
    fake.add_deploy_key(rocket, "deploy", read_only=False)
    fake.set_collaborator(rocket, "eve", "maintain")
    told = ask(
        admin,
        REPOSITORY,
        """isInOrganization deployKeys(first: 5) { totalCount nodes { title readOnly enabled } }
        collaborators(first: 5) { totalCount nodes { login } }
        outside: collaborators(affiliation: OUTSIDE, first: 5) { edges { permission node { login } } }""",
    )

    assert told["isInOrganization"] is True
    assert told["deployKeys"]["nodes"] == [{"title": "deploy", "readOnly": False, "enabled": True}]
    assert told["collaborators"]["nodes"] == [{"login": "eve"}, {"login": "octocat"}]
    assert told["outside"]["edges"] == [{"permission": "MAINTAIN", "node": {"login": "eve"}}]


def test_an_organisation(admin: Any, fake: FakeGitHub) -> None:
    """Its people, teams, rulesets and options."""
    for login in ("ada", "bob"):
        fake.create_user(login)
    fake.add_member("acme", "ada", two_factor=False)
    fake.create_team("acme", "Core", maintainers=["ada"], repositories={"secret": "admin"})
    fake.create_team("acme", "Night", members=["bob"], parent="core")
    fake.ruleset("acme", "base", ["deletion"])
    fake.set_organisation("acme", two_factor_requirement_enabled=True)
    told = ask(
        admin,
        ORGANISATION,
        """requiresTwoFactorAuthentication
        membersWithRole(first: 9) { totalCount edges { role hasTwoFactorEnabled node { login } } }
        teams(first: 9) { nodes { slug combinedSlug parentTeam { slug } members(first: 9) {
          totalCount edges { role node { login } } }
          repositories(first: 9) { nodes { name } edges { permission } }
          childTeams(first: 9) { totalCount } } }
        team(slug: "core") { members(first: 9, membership: IMMEDIATE) { nodes { login } } }
        roots: teams(rootTeamsOnly: true) { totalCount }
        rulesets(first: 9) { nodes { name } }""",
    )

    assert told["requiresTwoFactorAuthentication"] is True
    assert [
        (e["node"]["login"], e["role"], e["hasTwoFactorEnabled"]) for e in told["membersWithRole"]["edges"]
    ] == [("ada", "MEMBER", False), ("bob", "MEMBER", True), ("octocat", "ADMIN", True)]
    core, night = told["teams"]["nodes"]
    assert [(e["node"]["login"], e["role"]) for e in core["members"]["edges"]] == [
        ("ada", "MAINTAINER"),
        ("bob", "MEMBER"),
    ]
    assert core["repositories"] == {"nodes": [{"name": "secret"}], "edges": [{"permission": "ADMIN"}]}
    assert (core["childTeams"]["totalCount"], night["parentTeam"]) == (1, {"slug": "core"})
    assert told["team"]["members"]["nodes"] == [{"login": "ada"}]
    assert (told["roots"]["totalCount"], told["rulesets"]["nodes"]) == (1, [{"name": "base"}])


def test_owners_of_code_are_teams_that_may_write(
    admin: Any, fake: FakeGitHub, rocket: FakeRepository
) -> None:
    """A team that is not there, or reads only, owns nothing."""
    fake.create_team("acme", "core", repositories={"rocket": "write"})
    fake.create_team("acme", "guests", repositories={"rocket": "read"})
    fake.push(rocket, "main", {"CODEOWNERS": "* @acme/core\na @acme/guests\nb @acme/none\n"})
    errors = ask(admin, REPOSITORY, "codeowners { errors { kind line } }")["codeowners"]["errors"]

    assert errors == [{"kind": "Unknown owner", "line": line} for line in (2, 3)]


# Permissions


@pytest.mark.parametrize(
    ("template", "field", "granted"),
    [
        pytest.param(REPOSITORY, "collaborators { totalCount }", {"metadata": "read"}, id="collaborators"),
        pytest.param(
            REPOSITORY, "vulnerabilityAlerts { totalCount }", {"administration": "read"}, id="alerts"
        ),
        pytest.param(
            ORGANISATION, "requiresTwoFactorAuthentication", {"members": "read"}, id="second factor"
        ),
        pytest.param(ORGANISATION, "rulesets { totalCount }", {"members": "read"}, id="rulesets above"),
    ],
)
def test_a_field_that_may_be_null_is_null(
    api: Any, fake: FakeGitHub, installation: int, template: str, field: str, granted: dict[str, str]
) -> None:
    """With an error that names the place; the rest is answered."""
    fake.set_permissions(installation, granted)
    body = api.post("/graphql", {"query": template % f"id {field}"}, token=api.mint(installation)).json

    [(kind, told)] = body["data"].items()
    name = field.split()[0]
    assert told[name] is None
    assert told["id"]
    [error] = body["errors"]
    assert (error["type"], error["path"]) == ("FORBIDDEN", [kind, name])
    assert error["message"] == "Resource not accessible by integration"


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (REPOSITORY, "branchProtectionRules { totalCount }"),
        (REPOSITORY, "deployKeys { totalCount }"),
        (REPOSITORY, "hasVulnerabilityAlertsEnabled"),
        (ORGANISATION, "membersWithRole { totalCount }"),
        (ORGANISATION, "teams { totalCount }"),
    ],
)
def test_a_field_that_may_not_be_null_takes_all_with_it(
    api: Any, fake: FakeGitHub, installation: int, template: str, field: str
) -> None:
    """As the schema wants it: so ask for these only what is granted."""
    fake.set_permissions(installation, {"contents": "read"})
    body = api.post("/graphql", {"query": template % f"id {field}"}, token=api.mint(installation)).json

    assert list(body["data"].values()) == [None]
    assert [error["type"] for error in body["errors"]] == ["FORBIDDEN"]


def test_rulesets_hide_who_is_let_past(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, installation: int
) -> None:
    """Everybody sees the rules; nobody is named to who does not administer."""
    fake.ruleset(rocket, "own", ["deletion"], bypass=["admin"])
    fake.set_permissions(installation, {"contents": "read"})
    api.token = api.mint(installation)
    selection = "rulesets(first: 1) { nodes { rules { totalCount } bypassActors { totalCount } } }"

    [told] = ask(api, REPOSITORY, selection)["rulesets"]["nodes"]
    assert told == {"rules": {"totalCount": 1}, "bypassActors": {"totalCount": 0}}
