"""Settings of repositories as REST tells them: protection, rules, access, Actions, properties."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.testing import FakeGitHub, FakeRepository

ROCKET = "/repos/acme/rocket"
SECRET = "/repos/acme/secret"
READS = {
    "administration": "read",
    "actions": "read",
    "contents": "read",
    "repository_hooks": "read",
    "members": "read",
}
WORKFLOW = "name: 'Unit tests' # all of them\non: push\njobs: {}\n"
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)


@pytest.fixture
def admin(api: Any, fake: FakeGitHub, installation: int) -> Any:
    """The client with a token that reads settings."""
    fake.set_permissions(installation, READS)
    api.token = api.mint(installation)
    return api


# Permissions


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/branches/main/protection", "administration=read"),
        ("/keys", "administration=read"),
        ("/teams", "administration=read"),
        ("/hooks", "repository_hooks=read"),
        ("/actions/permissions", "administration=read"),
        ("/actions/permissions/workflow", "administration=read"),
        ("/dependabot/alerts", "vulnerability_alerts=read"),
        ("/vulnerability-alerts", "administration=read"),
        ("/automated-security-fixes", "administration=read"),
        ("/private-vulnerability-reporting", "administration=read"),
        ("/secret-scanning/alerts", "secret_scanning_alerts=read"),
        ("/code-scanning/alerts", "security_events=read"),
        ("/code-scanning/analyses", "security_events=read"),
        ("/code-scanning/default-setup", "administration=read"),
    ],
)
def test_settings_of_public_repositories_need_their_permission(api: Any, path: str, needed: str) -> None:
    """That everybody sees the code opens none of them; the answer names what is missing."""
    reply = api.get(ROCKET + path)

    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    assert reply.headers["X-Accepted-GitHub-Permissions"] == needed
    assert api.get(ROCKET + path, token="").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/rulesets",
        "/rules/branches/main",
        "/properties/values",
        "/languages",
        "/actions/workflows",
        "/actions/runs",
    ],
)
def test_what_everybody_reads_of_a_public_repository(api: Any, path: str) -> None:
    """Rules, workflows and properties are no secret there."""
    assert api.get(ROCKET + path, token="").status == 200


# Classic protection


def test_protection(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """What is asked for is told; what is not is left out or off."""
    fake.protect(rocket, "main", required_approvals=2, code_owner_reviews=True, enforce_admins=True)
    body = admin.get(f"{ROCKET}/branches/main/protection").json

    reviews = body["required_pull_request_reviews"]
    assert (reviews["required_approving_review_count"], reviews["require_code_owner_reviews"]) == (2, True)
    assert "required_status_checks" not in body
    assert body["enforce_admins"]["enabled"] is True
    assert body["allow_force_pushes"] == {"enabled": False}

    fake.protect(rocket, "main", required_checks=["test"], strict=True)
    body = admin.get(f"{ROCKET}/branches/main/protection").json
    assert (body["required_status_checks"]["strict"], body["required_status_checks"]["contexts"]) == (
        True,
        ["test"],
    )
    assert body["required_pull_request_reviews"]["required_approving_review_count"] == 2

    fake.unprotect(rocket, "main")
    assert admin.get(f"{ROCKET}/branches/main/protection").message == "Branch not protected"
    assert admin.get(f"{ROCKET}/branches/none/protection").message == "Branch not found"


def test_an_exact_name_goes_before_a_pattern(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """And a pattern's star stops at a slash."""
    fake.set_branch(rocket, "release/1", rocket.head or "")
    fake.protect(rocket, "release/*", signatures=True)
    fake.protect(rocket, "*", linear_history=True)
    fake.protect(rocket, "main", lock_branch=True)

    main = admin.get(f"{ROCKET}/branches/main/protection").json
    assert (main["lock_branch"], main["required_linear_history"]) == ({"enabled": True}, {"enabled": False})
    release = admin.get(f"{ROCKET}/branches/release%2F1/protection").json
    assert release["required_signatures"]["enabled"] is True
    assert [b["protected"] for b in admin.get(f"{ROCKET}/branches").json] == [True, True]
    fake.unprotect(rocket, "release/*")
    for wanted, name in (("true", "main"), ("false", "release/1")):
        assert [b["name"] for b in admin.get(f"{ROCKET}/branches", protected=wanted).json] == [name]


def test_an_option_that_does_not_exist(fake: FakeGitHub, rocket: FakeRepository) -> None:
    """A slip of the pen in a test is not swallowed."""
    with pytest.raises(TypeError, match="required_approval"):
        fake.protect(rocket, "main", required_approval=1)
    with pytest.raises(TypeError, match="secrets"):
        fake.set_security(rocket, secrets=True)
    with pytest.raises(TypeError, match="two_factor"):
        fake.set_organisation("acme", two_factor=True)


# Rulesets


def test_rulesets_of_all_levels(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """The list tells none of the rules; rules for a branch are those in force, merged."""
    own = fake.ruleset(rocket, "reviews", ["pull_request"], bypass=["admin"])
    fake.ruleset("acme", "base", ["deletion", "non_fast_forward"])
    fake.ruleset("acme", "trial", ["required_signatures"], enforcement="evaluate")
    fake.ruleset("acme", "others", ["creation"], excluded_repositories=["rock*"])
    fake.ruleset(rocket, "tags", ["deletion"], target="tag", refs=["v*"])

    listed = admin.get(f"{ROCKET}/rulesets").json
    assert [(r["name"], r["source_type"], r["enforcement"]) for r in listed] == [
        ("reviews", "Repository", "active"),
        ("tags", "Repository", "active"),
        ("base", "Organization", "active"),
        ("trial", "Organization", "evaluate"),
    ]
    assert "rules" not in listed[0]
    assert [r["name"] for r in admin.get(f"{ROCKET}/rulesets", includes_parents="false").json] == [
        "reviews",
        "tags",
    ]
    assert [r["name"] for r in admin.get(f"{ROCKET}/rulesets", targets="tag").json] == ["tags"]

    active = admin.get(f"{ROCKET}/rules/branches/main").json
    assert [(r["type"], r["ruleset_source"]) for r in active] == [
        ("pull_request", "acme/rocket"),
        ("deletion", "acme"),
        ("non_fast_forward", "acme"),
    ]
    assert active[0]["parameters"]["required_approving_review_count"] == 1
    assert active[0]["ruleset_id"] == own.id
    assert admin.get(f"{ROCKET}/rules/branches/work").json == []


def test_one_ruleset(admin: Any, fake: FakeGitHub, rocket: FakeRepository, installation: int) -> None:
    """With rules and conditions; who may bypass it shows to who may change it."""
    checks = {"type": "required_status_checks", "parameters": {"required_status_checks": ["test"]}}
    found = fake.ruleset(
        rocket, "checks", [checks], refs=["release/*"], excluded_refs=["release/old"], bypass=["maintain"]
    )
    body = admin.get(f"{ROCKET}/rulesets/{found.id}").json

    assert body["conditions"] == {
        "ref_name": {"include": ["refs/heads/release/*"], "exclude": ["refs/heads/release/old"]}
    }
    assert body["rules"][0]["parameters"]["required_status_checks"] == [{"context": "test"}]
    assert "bypass_actors" not in body
    fake.set_permissions(installation, {"administration": "write"})
    body = admin.get(f"{ROCKET}/rulesets/{found.id}", token=admin.mint(installation)).json
    assert body["bypass_actors"] == [{"actor_id": 2, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    assert admin.get(f"{ROCKET}/rulesets/1").status == 404
    fake.delete_ruleset(rocket, "checks")
    assert admin.get(f"{ROCKET}/rulesets/{found.id}").status == 404


def test_a_ruleset_by_property(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Only repositories with one of the values are reached."""
    fake.ruleset("acme", "critical", ["deletion"], properties={"tier": ["gold", "silver"]})
    assert admin.get(f"{ROCKET}/rules/branches/main").json == []

    fake.set_properties(rocket, {"tier": "silver"})
    assert [r["type"] for r in admin.get(f"{ROCKET}/rules/branches/main").json] == ["deletion"]
    assert admin.get(f"{SECRET}/rules/branches/main").json == []


# Access


def test_deploy_keys(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Oldest first, with whether they write."""
    fake.add_deploy_key(rocket, "old", read_only=False, created_at=LONG_AGO)
    fake.add_deploy_key(rocket, "new", last_used=LONG_AGO)

    told = [(k["title"], k["read_only"], k["last_used"]) for k in admin.get(f"{ROCKET}/keys").json]
    assert told == [("old", False, None), ("new", True, "2020-01-02T00:00:00Z")]
    assert admin.get(f"{ROCKET}/keys").json[0]["created_at"] == "2020-01-02T00:00:00Z"


def test_hooks(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """A secret is masked, none is absent."""
    fake.add_hook(rocket, "https://ci.example/hook", last_code=502)
    fake.add_hook(rocket, "http://old.example", secret=False, verify_tls=False, active=False)
    first, second = admin.get(f"{ROCKET}/hooks").json

    assert first["config"]["secret"] == "********"
    assert first["last_response"] == {
        "code": 502,
        "status": "invalid",
        "message": "Invalid HTTP Response: 502",
    }
    assert "secret" not in second["config"]
    assert (second["config"]["insecure_ssl"], second["active"]) == ("1", False)
    assert second["last_response"]["status"] == "unused"


def test_collaborators_and_teams(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Members by base permission and team, strangers by invitation; the strongest role counts."""
    for login in ("ada", "bob", "eve"):
        fake.create_user(login)
    fake.add_member("acme", "ada")
    fake.add_member("acme", "bob")
    fake.create_team("acme", "Core People", members=["ada"], repositories={"rocket": "maintain"})
    fake.set_collaborator(rocket, "bob", "triage")
    fake.set_collaborator(rocket, "eve", "write")

    def roles(**query: str) -> dict[str, str]:
        return {c["login"]: c["role_name"] for c in admin.get(f"{ROCKET}/collaborators", **query).json}

    assert roles() == {"ada": "maintain", "bob": "triage", "eve": "write", "octocat": "admin"}
    assert roles(affiliation="direct") == {"bob": "triage", "eve": "write"}
    assert roles(affiliation="outside") == {"eve": "write"}
    assert roles(permission="maintain") == {"ada": "maintain", "octocat": "admin"}
    [team] = admin.get(f"{ROCKET}/teams").json
    assert (team["slug"], team["permission"], team["permissions"]["admin"]) == (
        "core-people",
        "maintain",
        False,
    )
    assert admin.get(f"{ROCKET}/collaborators", token="").status == 401
    assert admin.get(f"{ROCKET}/collaborators", affiliation="none").status == 422


def test_a_team_gives_its_people_a_role(admin: Any, fake: FakeGitHub, secret: FakeRepository) -> None:
    """In a private repository too, as long as they are in it."""
    fake.create_user("ada")
    fake.set_organisation("acme", default_repository_permission="none")
    fake.create_team("acme", "core", members=["ada"], repositories={"secret": "write"})
    path = f"{SECRET}/collaborators/ada/permission"
    assert admin.get(path).json["role_name"] == "write"

    fake.remove_member("acme", "ada")
    assert admin.get(path).status == 404


# Actions


def test_workflows_and_runs(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Every file of the default branch is a workflow; runs come newest first."""
    fake.push(rocket, "main", {".github/workflows/test.yml": WORKFLOW, ".github/workflows/notes.txt": "no"})
    fake.set_workflow_state(rocket, "test.yml", "disabled_inactivity")
    fake.workflow_ran(rocket, "test.yml", "failure", created_at=LONG_AGO)
    fake.workflow_ran(rocket, "test.yml", None)
    body = admin.get(f"{ROCKET}/actions/workflows").json

    [workflow] = body["workflows"]
    assert (workflow["name"], workflow["path"], workflow["state"]) == (
        "Unit tests",
        ".github/workflows/test.yml",
        "disabled_inactivity",
    )
    assert admin.get(f"{ROCKET}/actions/workflows/test.yml").json["id"] == workflow["id"]
    runs = admin.get(f"{ROCKET}/actions/workflows/{workflow['id']}/runs").json["workflow_runs"]
    assert [(r["status"], r["conclusion"]) for r in runs] == [("in_progress", None), ("completed", "failure")]
    assert admin.get(f"{ROCKET}/actions/runs", status="failure").json["total_count"] == 1
    assert admin.get(f"{ROCKET}/actions/runs", status="completed", branch="main").json["total_count"] == 1
    assert admin.get(f"{ROCKET}/actions/runs", branch="work").json["total_count"] == 0
    assert admin.get(f"{ROCKET}/actions/workflows/none.yml").status == 404

    fake.push(rocket, "main", {".github/workflows/test.yml": None})
    assert admin.get(f"{ROCKET}/actions/workflows").json["total_count"] == 0


def test_permissions_of_workflows(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """A repository that does not say has its organisation's, and none has more."""
    path = f"{ROCKET}/actions/permissions/workflow"
    assert admin.get(path).json["default_workflow_permissions"] == "read"
    fake.set_workflow_permissions("acme", "write", may_approve=True)
    assert admin.get(path).json == {
        "default_workflow_permissions": "write",
        "can_approve_pull_request_reviews": True,
    }
    fake.set_workflow_permissions(rocket, "read")
    assert admin.get(path).json["default_workflow_permissions"] == "read"
    fake.set_workflow_permissions(rocket, "write")
    fake.set_workflow_permissions("acme", "read")
    assert admin.get(path).json["default_workflow_permissions"] == "read"
    with pytest.raises(ValueError, match="acme"):
        fake.set_workflow_permissions(rocket, "write")
    fake.set_actions_policy("acme", allowed="local_only", pinning_required=True)
    assert admin.get(f"{ROCKET}/actions/permissions").json == {
        "enabled": True,
        "allowed_actions": "local_only",
        "sha_pinning_required": True,
    }


# Properties and languages


def test_properties(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Those that were set, and the defaults of required ones; the repository tells them too."""
    fake.define_property("acme", "tier", "single_select", required=True, default="bronze", allowed=["bronze"])
    fake.define_property("acme", "optional", default="never told")
    fake.set_properties(rocket, {"tags": ("a", "b")})

    assert admin.get(f"{ROCKET}/properties/values").json == [
        {"property_name": "tags", "value": ["a", "b"]},
        {"property_name": "tier", "value": "bronze"},
    ]
    assert admin.get(ROCKET).json["custom_properties"] == {"tags": ["a", "b"], "tier": "bronze"}


def test_languages(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Bytes at the head of the default branch, the most first."""
    fake.push(rocket, "main", {"b.rs": "fn main() {}\n", "c.unknown": "?" * 99})

    assert list(admin.get(f"{ROCKET}/languages").json.items()) == [("Rust", 13), ("Python", 6)]
