"""Apps made from a manifest: what GitHub refuses, keys that are handed out once, and Apps apart."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository, ManualClock
from bot.testing.registration import problems_of

MANIFEST: dict[str, Any] = {
    "name": "Health Bot",
    "url": "https://bot.example.org",
    "hook_attributes": {"url": "https://bot.example.org/webhook", "active": True},
    "redirect_url": "http://127.0.0.1:8000/setup/callback",
    "default_permissions": {"checks": "write", "contents": "read"},
    "default_events": ["push", "check_run"],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({}, "", id="good"),
        pytest.param({"name": ""}, "Name can't be blank.", id="no name"),
        pytest.param({"name": "x" * 35}, "too long", id="one past the limit"),
        pytest.param({"name": "x" * 34}, "", id="at the limit"),
        pytest.param({"name": "Taken!"}, "already in use", id="a name with a slug that exists"),
        pytest.param({"url": "bot"}, "Url must be a valid URL.", id="no address"),
        pytest.param({"url": "http://[bot"}, "Url must be a valid URL.", id="broken address"),
        pytest.param({"redirect_url": ""}, "Redirect url", id="nowhere to go back to"),
        pytest.param({"hook_attributes": {"url": "http://localhost/w"}}, "(localhost)", id="localhost"),
        pytest.param(
            {"hook_attributes": {"url": "http://localhost/w", "active": False}}, "", id="localhost, off"
        ),
        pytest.param({"hook_attributes": {"active": True}}, "Hook url must be", id="a hook without address"),
        pytest.param({"hook_attributes": "x"}, "must be an object", id="a hook that is none"),
        pytest.param({"hook_attributes": {}}, "", id="no hook"),
        pytest.param({"default_permissions": {"checks": "lots"}}, "'checks' has an invalid", id="a level"),
        pytest.param({"default_permissions": []}, "must be an object", id="permissions that are none"),
        pytest.param({"default_events": ["issues"]}, "permissions: issues", id="an event without permission"),
        pytest.param(
            {"default_events": ["installation"]}, "permissions: installation", id="one that is sent"
        ),
    ],
)
def test_what_github_says_against_a_manifest(change: dict[str, Any], said: str) -> None:
    found = problems_of(MANIFEST | change, frozenset({"taken"}))

    assert bool(found) is bool(said)
    assert said in " ".join(found)


def test_a_manifest_is_an_object() -> None:
    assert problems_of(["x"]) == ["The manifest must be a JSON object."]


def test_a_code_fetches_the_keys_once(api: Any, fake: FakeGitHub) -> None:
    """Nobody has to authenticate: who has the code has the keys."""
    code = fake.register_app("acme", MANIFEST)

    reply = api.post(f"/app-manifests/{code}/conversions", token="")

    assert reply.status == 201
    assert (reply.json["slug"], reply.json["owner"]["login"]) == ("health-bot", "acme")
    assert reply.json["permissions"] == {"metadata": "read", "checks": "write", "contents": "read"}
    assert reply.json["pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert len(reply.json["webhook_secret"]) == 40
    assert api.post(f"/app-manifests/{code}/conversions", token="").status == 404


@pytest.mark.parametrize(("seconds", "status"), [(3599, 201), (3600, 404)])
def test_a_code_is_good_for_an_hour(
    api: Any, fake: FakeGitHub, clock: ManualClock, seconds: int, status: int
) -> None:
    code = fake.register_app("acme", MANIFEST)
    clock.advance(seconds)

    assert api.post(f"/app-manifests/{code}/conversions", token="").status == status


def test_only_owners_register_and_only_what_is_good(fake: FakeGitHub) -> None:
    fake.create_user("mallory")
    with pytest.raises(ValueError, match="mallory may not register"):
        fake.register_app("acme", MANIFEST, actor="mallory")
    with pytest.raises(ValueError, match="blank"):
        fake.register_app("acme", MANIFEST | {"name": " "})
    with pytest.raises(LookupError, match="no App 'none'"):
        fake.install("acme", app="none")


def test_apps_are_apart(api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]) -> None:
    """Each has its own key, installations, checks, deliveries and events."""
    made = api.post(f"/app-manifests/{fake.register_app('acme', MANIFEST)}/conversions", token="").json
    other = api.app_jwt(key=made["pem"], iss=str(made["id"]))
    assert [e.event for e in events] == ["ping"]
    assert events[0].app_id == made["id"]

    assert api.get("/app", token=other).json["slug"] == "health-bot"
    assert api.get("/app", token=api.app_jwt(key=made["pem"])).status == 401
    assert api.get("/app/installations", token=other).json == []
    installation = fake.install("acme", app="health-bot")
    assert [i["id"] for i in api.get("/app/installations", token=other).json] == [installation]
    assert api.get(f"/app/installations/{installation}", token=api.app_jwt()).status == 404

    del events[:]
    sha = fake.push(rocket, "main", {"a": "b"})
    seen = {(e.event, e.app_id) for e in events}
    assert seen >= {("push", fake.app.id), ("push", made["id"]), ("check_suite", made["id"])}

    token = api.post(f"/app/installations/{installation}/access_tokens", {}, token=other).json["token"]
    assert token.startswith(f"ghs_{made['id']}_")
    run = api.post("/repos/acme/rocket/check-runs", {"name": "x", "head_sha": sha}, token=token)
    assert (run.status, run.json["app"]["slug"]) == (201, "health-bot")
    assert api.patch(f"/repos/acme/rocket/check-runs/{run.json['id']}", {"name": "y"}).status == 403
    del events[:]
    fake.rerequest_check_run(run.json["id"])
    assert [(e.event, e.app_id) for e in events] == [("check_run", made["id"])]

    fake.record_delivery(guid="g", event="push", action="", status_code=202, payload={}, app_id=made["id"])
    assert [d["guid"] for d in api.get("/app/hook/deliveries", token=other).json] == ["g"]
    assert api.get("/app/hook/deliveries", token=api.app_jwt()).json == []
