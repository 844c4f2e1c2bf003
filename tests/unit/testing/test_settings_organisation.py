"""An organisation as REST tells it, and the events that changes of settings cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository, ManualClock
from bot.testing.world import REPORTING_PERMISSIONS

ACME = "/orgs/acme"
READS = {
    "members": "read",
    "organization_administration": "write",
    "organization_hooks": "read",
    "organization_custom_properties": "read",
    "vulnerability_alerts": "read",
    "secret_scanning_alerts": "read",
    "security_events": "read",
}
LISTENING = {
    **REPORTING_PERMISSIONS,
    "administration": "read",
    "members": "read",
    "organization_custom_properties": "read",
}


@pytest.fixture
def admin(api: Any, fake: FakeGitHub, installation: int) -> Any:
    """The client with a token that reads the organisation."""
    fake.set_permissions(installation, READS)
    api.token = api.mint(installation)
    return api


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/members", "members=read"),
        ("/memberships/octocat", "members=read"),
        ("/outside_collaborators", "members=read"),
        ("/teams", "members=read"),
        ("/teams/core/members", "members=read"),
        ("/teams/core/repos", "members=read"),
        ("/hooks", "organization_hooks=read"),
        ("/rulesets", "organization_administration=write"),
        ("/rulesets/1", "organization_administration=write"),
        ("/actions/permissions", "organization_administration=read"),
        ("/actions/permissions/selected-actions", "organization_administration=read"),
        ("/actions/permissions/workflow", "organization_administration=read"),
        ("/properties/schema", "organization_custom_properties=read"),
        ("/properties/values", "organization_custom_properties=read"),
        ("/dependabot/alerts", "vulnerability_alerts=read"),
        ("/secret-scanning/alerts", "secret_scanning_alerts=read"),
        ("/code-scanning/alerts", "security_events=read"),
    ],
)
def test_each_needs_its_permission(api: Any, fake: FakeGitHub, path: str, needed: str) -> None:
    """Of the installation on this organisation and no other."""
    reply = api.get(ACME + path)
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    assert reply.headers["X-Accepted-GitHub-Permissions"] == needed
    assert api.get(ACME + path, token="").status == 401
    assert api.get(f"/orgs/nobody{path}").status == 404

    fake.create_organisation("other")
    elsewhere = api.mint(fake.install("other", permissions=READS))
    assert api.get(ACME + path, token=elsewhere).status == 403


def test_options_show_to_its_administrators(admin: Any, fake: FakeGitHub, installation: int) -> None:
    """Everybody else sees what its page shows."""
    fake.set_organisation("acme", two_factor_requirement_enabled=True, default_repository_permission="write")
    body = admin.get(ACME).json

    assert body["two_factor_requirement_enabled"] is True
    assert body["default_repository_permission"] == "write"
    assert (body["public_repos"], body["total_private_repos"]) == (1, 1)
    others = ("", admin.mint(installation, permissions={"members": "read"}))
    assert all("two_factor_requirement_enabled" not in admin.get(ACME, token=t).json for t in others)
    assert admin.get("/orgs/octocat").status == 404


def test_repositories(admin: Any, installation: int) -> None:
    """Private ones for tokens that reach them."""

    def told(**options: Any) -> list[str]:
        return [r["name"] for r in admin.get(f"{ACME}/repos", **options).json]

    assert told() == ["secret", "rocket"]
    assert told(sort="full_name") == ["rocket", "secret"]
    assert told(type="private") == ["secret"]
    assert told(token="") == ["rocket"]
    assert told(token=admin.mint(installation, repositories=["rocket"])) == ["rocket"]


def test_people(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Members by role, who has no second factor, and who only was invited somewhere."""
    for login in ("ada", "Bob", "eve"):
        fake.create_user(login)
    fake.add_member("acme", "ada", role="admin")
    fake.add_member("acme", "Bob", two_factor=False)
    fake.set_collaborator(rocket, "eve", "write")
    fake.set_two_factor("acme", "eve", on=False)

    def logins(path: str, **query: str) -> list[str]:
        return [a["login"] for a in admin.get(ACME + path, **query).json]

    assert logins("/members") == ["ada", "Bob", "octocat"]
    assert logins("/members", role="admin") == ["ada", "octocat"]
    assert logins("/members", filter="2fa_disabled") == ["Bob"]
    assert logins("/outside_collaborators") == ["eve"]
    assert logins("/outside_collaborators", filter="2fa_disabled") == ["eve"]
    assert admin.get(f"{ACME}/members", filter="none").status == 422
    assert admin.get(f"{ACME}/memberships/ADA").json["role"] == "admin"
    assert admin.get(f"{ACME}/memberships/eve").status == 404
    assert admin.get("/users/Bob").json["login"] == "Bob"


def test_teams(admin: Any, fake: FakeGitHub) -> None:
    """People of a team count for the team above it."""
    for login in ("ada", "bob"):
        fake.create_user(login)
    fake.create_team("acme", "Core", maintainers=["ada"], repositories={"rocket": "admin", "secret": "read"})
    fake.create_team("acme", "Night Shift", members=["bob"], parent="core")

    teams = admin.get(f"{ACME}/teams").json
    assert [(t["slug"], t["parent"] and t["parent"]["slug"]) for t in teams] == [
        ("core", None),
        ("night-shift", "core"),
    ]
    assert [a["login"] for a in admin.get(f"{ACME}/teams/core/members").json] == ["ada", "bob"]
    assert [a["login"] for a in admin.get(f"{ACME}/teams/core/members", role="maintainer").json] == ["ada"]
    repos = admin.get(f"{ACME}/teams/core/repos").json
    assert [(r["name"], r["role_name"]) for r in repos] == [("rocket", "admin"), ("secret", "read")]
    assert admin.get(f"{ACME}/teams/none/members").status == 404


def test_actions(admin: Any, fake: FakeGitHub) -> None:
    """Which actions are selected is told only when some are."""
    path = f"{ACME}/actions/permissions"
    assert admin.get(path).json["allowed_actions"] == "all"
    assert admin.get(f"{path}/selected-actions").status == 404

    fake.set_actions_policy("acme", allowed="selected", patterns=["acme/*"], repositories="selected")
    assert admin.get(path).json["enabled_repositories"] == "selected"
    assert admin.get(f"{path}/selected-actions").json == {
        "github_owned_allowed": True,
        "verified_allowed": False,
        "patterns_allowed": ["acme/*"],
    }
    assert admin.get(f"{path}/workflow").json["default_workflow_permissions"] == "read"


def test_rules_hooks_and_properties(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """As they were made."""
    found = fake.ruleset("acme", "base", ["deletion"], repositories=["r*"], bypass=["OrganizationAdmin"])
    fake.add_hook("acme", "https://audit.example", secret=False)
    fake.define_property("acme", "tier", "single_select", allowed=["gold"])
    fake.set_properties(rocket, {"tier": "gold"})

    assert [r["name"] for r in admin.get(f"{ACME}/rulesets").json] == ["base"]
    body = admin.get(f"{ACME}/rulesets/{found.id}").json
    assert body["conditions"]["repository_name"] == {"include": ["r*"], "exclude": []}
    assert body["bypass_actors"][0]["actor_type"] == "OrganizationAdmin"
    assert admin.get(f"{ACME}/rulesets/1").status == 404
    assert "secret" not in admin.get(f"{ACME}/hooks").json[0]["config"]
    assert admin.get(f"{ACME}/properties/schema").json[0]["allowed_values"] == ["gold"]
    values = {v["repository_name"]: v["properties"] for v in admin.get(f"{ACME}/properties/values").json}
    assert values == {"rocket": [{"property_name": "tier", "value": "gold"}], "secret": []}


def test_alerts_of_all_repositories(
    admin: Any, fake: FakeGitHub, rocket: FakeRepository, secret: FakeRepository, installation: int
) -> None:
    """Each says where it is; a token for some repositories sees only theirs."""
    for repository in (rocket, secret):
        fake.add_dependabot_alert(repository, "left-pad", ecosystem="npm", manifest="package.json")
        fake.add_secret_alert(repository)
        fake.add_code_alert(repository, "py/path-injection")
    narrow = admin.mint(installation, repositories=["secret"])
    for kind in ("dependabot", "secret-scanning", "code-scanning"):
        found = admin.get(f"{ACME}/{kind}/alerts", state="open").json
        assert {a["repository"]["name"] for a in found} == {"rocket", "secret"}
        [alert] = admin.get(f"{ACME}/{kind}/alerts", token=narrow).json
        assert alert["repository"]["full_name"] == "acme/secret"


# Events


@pytest.fixture
def listening(tmp_path: Path, clock: ManualClock) -> Iterator[FakeGitHub]:
    """A fake whose App asks for the permissions of these events."""
    fake = FakeGitHub(tmp_path / "listening", clock=clock, permissions=LISTENING)
    fake.create_organisation("acme")
    fake.create_user("ada")
    fake.create_repository("acme", "rocket", files={"README.md": "# Rocket\n"})
    fake.install("acme")
    yield fake
    fake.close()


@pytest.fixture
def heard(listening: FakeGitHub, _descriptions: Any) -> Iterator[list[Emission]]:
    """What it emits, held to the published shapes."""
    received: list[Emission] = []
    listening.listeners.append(received.append)
    yield received
    if _descriptions is not None:
        problems = [problem for e in received for problem in _descriptions.check_event(e)]
        assert not problems, "\n".join(dict.fromkeys(problems))


def names(events: list[Emission]) -> list[str]:
    return [f"{e.event}.{e.action}" for e in events]


def test_events_of_protection(listening: FakeGitHub, heard: list[Emission]) -> None:
    """Created, edited with what was, deleted; and nobody is protected by a deleted rule."""
    listening.protect("acme/rocket", "main", required_checks=["a"])
    listening.protect("acme/rocket", "main", required_checks=["a", "b"], enforce_admins=True)
    listening.unprotect("acme/rocket", "main")

    assert names(heard) == [f"branch_protection_rule.{a}" for a in ("created", "edited", "deleted")]
    changes = heard[1].payload["changes"]
    assert changes["required_status_checks"] == {"from": ["a"]}
    assert changes["admin_enforced"] == {"from": False}
    assert heard[0].payload["rule"]["name"] == "main"
    assert heard[0].payload["repository"]["full_name"] == "acme/rocket"


def test_events_of_rulesets(listening: FakeGitHub, heard: list[Emission]) -> None:
    """Those of an organisation name no repository."""
    listening.ruleset("acme/rocket", "own", ["deletion"])
    listening.ruleset("acme/rocket", "own", ["deletion"], enforcement="disabled")
    listening.ruleset("acme", "all", ["deletion"])
    listening.delete_ruleset("acme", "all")

    actions = ("created", "edited", "created", "deleted")
    assert names(heard) == [f"repository_ruleset.{action}" for action in actions]
    assert heard[1].payload["changes"] == {"enforcement": {"from": "active"}}
    assert ["repository" in e.payload for e in heard] == [True, True, False, False]
    assert heard[2].payload["repository_ruleset"]["source"] == "acme"
    assert heard[2].repository_id is None
    with pytest.raises(LookupError, match="all"):
        listening.delete_ruleset("acme", "all")


def test_events_of_properties(listening: FakeGitHub, heard: list[Emission]) -> None:
    """Only of what has changed, with what was."""
    listening.set_properties("acme/rocket", {"tier": "gold", "team": "core"})
    listening.set_properties("acme/rocket", {"tier": "silver", "team": "core"})
    listening.set_properties("acme/rocket", {"tier": "silver"})

    assert names(heard) == ["custom_property_values.updated"] * 2
    assert heard[1].payload["new_property_values"] == [{"property_name": "tier", "value": "silver"}]
    assert heard[1].payload["old_property_values"] == [{"property_name": "tier", "value": "gold"}]


def test_events_of_access(listening: FakeGitHub, heard: list[Emission]) -> None:
    """Invitations, changes of role, teams; nothing where nothing changes."""
    for role in ("write", "write", "admin", "", ""):
        listening.collaborate("acme/rocket", "ada", role)
    listening.create_team("acme", "Core", members=["ada"], repositories={"rocket": "write"})
    listening.give_team("acme", "core", "acme/rocket", "")

    assert names(heard) == [
        "member.added",
        "member.edited",
        "member.removed",
        "team.created",
        "membership.added",
        "team.added_to_repository",
        "team.removed_from_repository",
    ]


def test_who_does_not_listen_hears_nothing(
    fake: FakeGitHub, installation: int, events: list[Emission]
) -> None:
    """An installation that granted none of these permissions."""
    fake.set_permissions(installation, {"metadata": "read"})
    events.clear()
    fake.protect("acme/rocket", "main")
    fake.ruleset("acme", "all", ["deletion"])
    fake.set_properties("acme/rocket", {"tier": "gold"})
    fake.create_team("acme", "core")

    assert events == []
