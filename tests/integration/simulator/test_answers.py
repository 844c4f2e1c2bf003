"""Every route of the fake answers in the published shape, and so does every event that it causes."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from bot.simulator.schemas import Validator
from bot.testing.fake import FakeGitHub
from bot.testing.http import Emission, Request
from bot.testing.routing import ROUTES, Route, repository_path
from bot.testing.world import EVENT_NEEDS

WRITES = {
    "checks": "write",
    "issues": "write",
    "contents": "write",
    "pull_requests": "write",
    "statuses": "write",
    "deployments": "read",
    "administration": "read",
    "merge_queues": "read",
    "actions": "read",
    "members": "read",
    "organization_administration": "write",
    "organization_custom_properties": "read",
    "organization_hooks": "read",
    "repository_hooks": "read",
    "secret_scanning_alerts": "read",
    "security_events": "read",
    "vulnerability_alerts": "read",
}

SECOND_APP = {
    "name": "second",
    "url": "https://bot.example.org",
    "redirect_url": "https://bot.example.org/back",
    "default_permissions": {"contents": "read"},
}


class Driver:
    """Calls the fake, holds every answer to the description, and remembers the routes that were used."""

    def __init__(self, root: Path, validator: Validator) -> None:
        self.fake = FakeGitHub(root, permissions=WRITES)
        self.validator = validator
        self.problems: list[str] = []
        self.used: set[Route] = set()
        self.events: set[str] = set()
        self.token = ""
        self.fake.listeners.append(self._check_event)

    def app_jwt(self) -> str:
        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + 300, "iss": str(self.fake.app.id)}
        return jwt.encode(claims, self.fake.app_private_key_pem, algorithm="RS256")

    def __call__(
        self, method: str, target: str, body: object = None, *, app: bool = False, status: int = 200
    ) -> Any:
        path, _, query = target.partition("?")
        headers = {
            "user-agent": "tests",
            "authorization": f"Bearer {self.app_jwt() if app else self.token}",
        }
        request = Request(
            method,
            path,
            dict(pair.split("=") for pair in query.split("&")) if query else {},
            headers,
            b"" if body is None else json.dumps(body).encode(),
        )
        self.problems += self.validator.check_request(request)
        response = self.fake.handle(request)
        assert response.status == status, f"{method} {target}: {response.status} {response.body[:300]!r}"
        self.problems += self.validator.check_response(request, response)
        self._remember(method, path)
        return json.loads(response.body) if response.body else None

    def _remember(self, method: str, path: str) -> None:
        place = repository_path(path)
        found = ROUTES.find(method, path if place is None else place[1], below_repository=place is not None)
        if found is not None:
            self.used.add(found[0])

    def _check_event(self, emission: Emission) -> None:
        self.events.add(emission.event)
        self.problems += self.validator.check_event(emission)


@pytest.fixture
def drive(tmp_path: Path, schemas: Validator) -> Iterator[Driver]:
    """A fake with one organisation, one repository, and a token for all."""
    driver = Driver(tmp_path, schemas)
    driver.fake.create_organisation("acme")
    driver.fake.create_user("ada")
    files = {"README.md": "# Rocket\n", "LICENSE": "MIT\n", "src/app.py": "A = 1\n"}
    driver.fake.create_repository("acme", "rocket", files=files)
    installation = driver.fake.install("acme")
    minted = driver("POST", f"/app/installations/{installation}/access_tokens", {}, app=True, status=201)
    driver.token = minted["token"]
    yield driver
    driver.fake.close()


def test_every_route_answers_in_the_published_shape(drive: Driver) -> None:
    """Whatever the fake can be asked was asked here; what differs from the description is listed."""
    at = "/repos/acme/rocket"
    _app(drive)
    _reads(drive, at)
    _settings(drive, at)
    _checks(drive, at)
    _issues(drive, at)
    _branches(drive, at)
    _pulls(drive, at)
    _contents(drive, at)
    _people(drive)
    _farewell(drive)

    never = [
        f"{route.method} {route.pattern.pattern}"
        for route in itertools.chain.from_iterable(ROUTES._routes.values())
        if route not in drive.used and route.pattern.pattern != "/contents/"
    ]
    assert never == []
    assert drive.events >= {*EVENT_NEEDS, "installation", "installation_repositories", "ping"}
    assert not drive.problems, "\n".join(dict.fromkeys(drive.problems))


def _app(drive: Driver) -> None:
    (installation,) = drive.fake.installations
    drive("GET", "/app", app=True)
    drive("GET", "/app/installations?per_page=5", app=True)
    drive("GET", f"/app/installations/{installation}", app=True)
    drive("GET", "/orgs/acme/installation", app=True)
    drive("GET", "/users/acme/installation", app=True)
    drive("GET", "/repos/acme/rocket/installation", app=True)
    drive("GET", "/installation/repositories")
    drive("GET", "/users/ada")
    drive("GET", "/rate_limit")
    repository = drive.fake.repository("acme/rocket")
    drive.fake.record_delivery(
        guid="00000000-0000-4000-8000-000000000001",
        event="push",
        action="",
        status_code=202,
        payload={"ref": "refs/heads/main"},
        installation_id=installation,
        repository_id=repository.id,
        request_headers={"X-GitHub-Event": "push"},
        response_headers={"Content-Type": "text/plain"},
    )
    (logged,) = drive("GET", "/app/hook/deliveries?status=success", app=True)
    drive("GET", "/app/hook/config", app=True)
    drive("GET", f"/app/hook/deliveries/{logged['id']}", app=True)
    drive("POST", f"/app/hook/deliveries/{logged['id']}/attempts", app=True, status=202)
    code = drive.fake.register_app("acme", SECOND_APP)
    drive("POST", f"/app-manifests/{code}/conversions", status=201)
    for method, path in (("GET", "/app/installations/1"), ("GET", "/repos/acme/none/installation")):
        drive(method, path, app=True, status=404)


def _reads(drive: Driver, at: str) -> None:
    head = drive.fake.repository("acme/rocket").head
    identity = drive.fake.repository("acme/rocket").id
    drive("GET", at)
    drive("GET", f"/repositories/{identity}")
    drive("POST", "/graphql", {"query": '{ repository(owner: "acme", name: "rocket") { nameWithOwner } }'})
    drive("GET", f"{at}/contents")
    drive("GET", f"{at}/contents/src")
    drive("GET", f"{at}/contents/src/app.py?ref=main")
    drive("GET", f"{at}/readme")
    drive("GET", f"{at}/branches?per_page=100")
    drive("GET", f"{at}/branches/main")
    drive("GET", f"{at}/branches/main/protection", status=404)
    drive("GET", f"{at}/git/ref/heads/main")
    drive("GET", f"{at}/git/matching-refs/heads/")
    drive("GET", f"{at}/commits?sha=main&per_page=1")
    drive("GET", f"{at}/commits/{head}")
    drive("GET", f"{at}/git/commits/{head}")
    tree = drive("GET", f"{at}/git/trees/{head}?recursive=1")
    blob = next(entry for entry in tree["tree"] if entry["type"] == "blob")
    drive("GET", f"{at}/git/blobs/{blob['sha']}")
    drive("GET", f"{at}/compare/main...{head}?per_page=1")
    drive("GET", f"{at}/collaborators/ada/permission")
    drive("GET", f"{at}/rulesets")
    drive("GET", f"{at}/rules/branches/main")
    drive("GET", f"{at}/properties/values")


def _settings(drive: Driver, at: str) -> None:
    fake, which = drive.fake, "acme/rocket"
    fake.push(which, "main", {".github/workflows/test.yml": "name: test\non: push\n"})
    fake.protect(which, "topic*", required_approvals=1, required_checks=["test"])
    fake.set_branch(which, "topic-0", fake.repository(which).head or "")
    ruleset = fake.ruleset(which, "all kinds", ["pull_request", "required_status_checks", "merge_queue"]).id
    above = fake.ruleset("acme", "base", ["deletion", "update"], bypass=["DeployKey"]).id
    fake.add_deploy_key(which, "deploy")
    fake.add_hook(which, "https://ci.example")
    fake.add_hook("acme", "https://audit.example")
    fake.collaborate(which, "ada", "write")
    fake.create_team("acme", "core", members=["ada"], repositories={"rocket": "triage"})
    fake.set_actions_policy("acme", allowed="selected")
    fake.workflow_ran(which, "test.yml")
    fake.define_property("acme", "tier", "string")
    fake.set_properties(which, {"tier": "gold"})
    fake.set_security(which, private_reporting=True)
    fake.add_dependabot_alert(which, "left-pad")
    fake.add_secret_alert(which)
    fake.add_code_alert(which, "py/path-injection")
    for tail in (
        *("/branches/topic-0/protection", "/rulesets", f"/rulesets/{ruleset}", "/rules/branches/main"),
        *("/keys", "/hooks", "/collaborators?affiliation=direct", "/teams", "/languages"),
        *("/actions/permissions", "/actions/permissions/workflow", "/actions/workflows"),
        *("/actions/workflows/test.yml", "/actions/workflows/test.yml/runs", "/actions/runs?status=success"),
        *("/dependabot/alerts?state=open", "/secret-scanning/alerts", "/code-scanning/alerts"),
        *("/code-scanning/analyses", "/code-scanning/default-setup", "/automated-security-fixes"),
        *("/private-vulnerability-reporting", "/properties/values"),
    ):
        drive("GET", at + tail)
    drive("GET", f"{at}/vulnerability-alerts", status=204)
    for tail in (
        *("", "/repos", "/members?filter=2fa_disabled", "/memberships/ada", "/outside_collaborators"),
        *("/teams", "/teams/core/members", "/teams/core/repos", "/hooks", "/rulesets", f"/rulesets/{above}"),
        *("/actions/permissions", "/actions/permissions/selected-actions", "/actions/permissions/workflow"),
        *("/dependabot/alerts", "/secret-scanning/alerts", "/code-scanning/alerts?state=open"),
        *("/properties/schema", "/properties/values"),
    ):
        drive("GET", f"/orgs/acme{tail}")
    fake.delete_ruleset(which, "all kinds")
    fake.delete_branch(which, "topic-0")


def _checks(drive: Driver, at: str) -> None:
    head = drive.fake.push("acme/rocket", "main", {"b": "b"})
    annotation = {
        "path": "b",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "warning",
        "message": "m",
    }
    output = {"title": "t", "summary": "s", "text": "x", "annotations": [annotation]}
    queued = {"name": "plumbline/health", "head_sha": head, "external_id": "e"}
    run = drive("POST", f"{at}/check-runs", queued, status=201)
    drive("PATCH", f"{at}/check-runs/{run['id']}", {"status": "in_progress", "output": output})
    button = {"label": "Again", "description": "Once more", "identifier": "again"}
    drive(
        "PATCH",
        f"{at}/check-runs/{run['id']}",
        {"conclusion": "neutral", "actions": [button], "output": output},
    )
    drive("GET", f"{at}/check-runs/{run['id']}")
    assert len(drive("GET", f"{at}/check-runs/{run['id']}/annotations")) == 2
    drive("GET", f"{at}/commits/{head}/check-runs?check_name=plumbline/health&filter=latest")
    suite = drive("GET", f"{at}/commits/main/check-suites")["check_suites"][0]
    drive("GET", f"{at}/check-suites/{suite['id']}")
    drive("GET", f"{at}/check-suites/{suite['id']}/check-runs")
    drive("POST", f"{at}/check-suites/{suite['id']}/rerequest", status=201)
    drive("POST", f"{at}/check-runs/{run['id']}/rerequest", status=201)
    drive.fake.press_button(run["id"], "again")
    drive("POST", f"{at}/check-runs", {**queued, "head_sha": "0" * 40}, status=422)
    drive("POST", f"{at}/statuses/{head}", {"state": "success", "context": "ci"}, status=201)
    drive("GET", f"{at}/commits/main/statuses")
    drive("GET", f"{at}/commits/main/status")


def _issues(drive: Driver, at: str) -> None:
    drive("POST", f"{at}/labels", {"name": "health", "color": "ededed", "description": "d"}, status=201)
    drive("POST", f"{at}/labels", {"name": "health", "color": "ededed"}, status=422)
    drive("GET", f"{at}/labels")
    drive("GET", f"{at}/labels/health")
    drive("PATCH", f"{at}/labels/health", {"color": "ff0000"})
    issue = drive("POST", f"{at}/issues", {"title": "t", "body": "b", "labels": ["health"]}, status=201)
    mine = f"{at}/issues/{issue['number']}"
    drive("GET", f"{at}/issues?labels=health&state=all&creator=plumbline[bot]")
    drive("GET", mine)
    drive("POST", f"{mine}/labels", {"labels": ["more"]})
    drive("PUT", f"{mine}/labels", {"labels": ["health", "other"]})
    drive("GET", f"{mine}/labels")
    drive("DELETE", f"{mine}/labels/other")
    comment = drive("POST", f"{mine}/comments", {"body": "hello"}, status=201)
    drive("GET", f"{mine}/comments")
    said = f"{at}/issues/comments/{comment['id']}"
    drive("GET", said)
    drive("PATCH", said, {"body": "bye"})
    drive("POST", f"{said}/reactions", {"content": "eyes"}, status=201)
    drive("POST", f"{said}/reactions", {"content": "eyes"})
    drive("GET", f"{said}/reactions")
    drive("POST", f"{mine}/reactions", {"content": "+1"}, status=201)
    drive("GET", f"{mine}/reactions")
    drive("DELETE", said, status=204)
    drive("PATCH", mine, {"state": "closed", "state_reason": "not_planned", "body": "c", "title": "u"})
    drive("PATCH", mine, {"state": "open"})
    drive("DELETE", f"{at}/labels/health", status=204)
    drive.fake.delete_issue("acme/rocket", issue["number"])
    drive("GET", mine, status=410)


def _branches(drive: Driver, at: str) -> None:
    head = drive.fake.repository("acme/rocket").head
    drive("POST", f"{at}/git/refs", {"ref": "refs/heads/a/b", "sha": head}, status=201)
    sha = drive.fake.push("acme/rocket", "topic", {"c": "c"})
    drive("PATCH", f"{at}/git/refs/heads/a/b", {"sha": sha, "force": False})
    drive("GET", f"{at}/compare/main...a/b")
    drive("POST", f"{at}/merges", {"base": "a/b", "head": "main"}, status=204)
    drive("POST", f"{at}/merges", {"base": "main", "head": "topic"}, status=201)
    drive.fake.push("acme/rocket", "main", {"c": "1"})
    drive.fake.push("acme/rocket", "topic", {"c": "2"})
    drive("POST", f"{at}/merges", {"base": "main", "head": "topic"}, status=409)
    drive("DELETE", f"{at}/git/refs/heads/a/b", status=204)


def _pulls(drive: Driver, at: str) -> None:
    drive.fake.push("acme/rocket", "feature", {"d": "d"})
    pull = drive("POST", f"{at}/pulls", {"title": "t", "head": "feature", "base": "main"}, status=201)
    mine = f"{at}/pulls/{pull['number']}"
    drive("GET", f"{at}/pulls?state=open&sort=created&direction=desc")
    drive("GET", mine)
    drive("GET", mine)
    drive("GET", f"{mine}/files")
    drive("GET", f"{mine}/commits")
    drive("PATCH", mine, {"title": "u", "body": "b"})
    drive("GET", f"{mine}/merge", status=404)
    drive("PUT", f"{mine}/update-branch", {}, status=422)
    drive.fake.push("acme/rocket", "main", {"e": "e"})
    head = drive.fake.repository("acme/rocket").branches["feature"]
    drive("PUT", f"{mine}/update-branch", {"expected_head_sha": head}, status=202)
    drive("PUT", f"{mine}/merge", {"merge_method": "merge"})
    drive("GET", f"{mine}/merge", status=204)


def _contents(drive: Driver, at: str) -> None:
    drive.fake.publish_release("acme/rocket", "v1.0")
    drive("GET", f"{at}/releases")
    drive("GET", f"{at}/releases/latest")
    content = base64.b64encode(b"hello").decode()
    made = drive("PUT", f"{at}/contents/new.txt", {"message": "m", "content": content}, status=201)
    gone = {"message": "m", "sha": made["content"]["sha"]}
    drive("DELETE", f"{at}/contents/new.txt", gone)
    drive("GET", f"{at}/contents/new.txt", status=404)


def _people(drive: Driver) -> None:
    fake, which = drive.fake, "acme/rocket"
    fake.push(which, "queued", {"q": "q"}, actor="ada")
    number = fake.open_pull_request(which, "queued", actor="ada")
    fake.retarget_pull_request(which, number, "topic")
    fake.retarget_pull_request(which, number, "main")
    fake.add_to_merge_queue(which, number)
    fake.close_pull_request(which, number)
    fake.reopen_pull_request(which, number)
    fake.merge_pull_request(which, number, squash=True)
    comment = fake.comment(which, number, "/plumbline help", actor="ada")
    fake.change_comment(which, comment, "edited")
    fake.delete_comment(which, comment)
    issue = fake.open_issue(which, "A question", labels=["help"], actor="ada")
    fake.change_issue(which, issue, title="A better question")
    fake.close_issue(which, issue)
    fake.reopen_issue(which, issue)
    fake.delete_branch(which, "queued")
    fake.set_default_branch(which, "topic")
    fake.privatize(which)
    fake.publicize(which)
    fake.archive(which)
    drive("POST", f"/repos/{which}/issues", {"title": "t"}, status=403)
    fake.unarchive(which)
    fake.rename(which, "shuttle")
    drive("GET", "/repos/acme/rocket", status=301)
    drive("POST", "/repos/acme/rocket/issues", {"title": "t"}, status=307)
    fake.fork("acme/shuttle", "ada")
    fake.create_repository("acme", "second", private=True)
    fake.delete("acme/second")
    fake.ping()


def _farewell(drive: Driver) -> None:
    fake = drive.fake
    (installation,) = fake.installations
    fake.select_repositories(installation, ["shuttle"])
    fake.select_repositories(installation, "all")
    fake.set_permissions(installation, {"issues": "read"})
    drive("POST", "/repos/acme/shuttle/issues", {"title": "t"}, status=403)
    fake.suspend(installation)
    drive("GET", "/repos/acme/shuttle", status=403)
    fake.unsuspend(installation)
    drive("DELETE", "/installation/token", status=204)
    drive("GET", "/installation/repositories", status=401)
    drive("DELETE", f"/app/installations/{installation}", app=True, status=204)
