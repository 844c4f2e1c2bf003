"""Alerts and switches of security features as REST tells them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import FakeGitHub, FakeRepository

ROCKET = "/repos/acme/rocket"
SECRET = "/repos/acme/secret"
READS = {
    "administration": "read",
    "vulnerability_alerts": "read",
    "secret_scanning_alerts": "read",
    "security_events": "read",
}


@pytest.fixture
def admin(api: Any, fake: FakeGitHub, installation: int) -> Any:
    """The client with a token that reads alerts."""
    fake.set_permissions(installation, READS)
    api.token = api.mint(installation)
    return api


def test_dependabot_alerts(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Off at first; then newest first, filtered, and read by cursors."""
    path = f"{ROCKET}/dependabot/alerts"
    reply = admin.get(path)
    assert (reply.status, reply.message) == (403, "Dependabot alerts are disabled for this repository.")
    assert admin.get(f"{ROCKET}/vulnerability-alerts").status == 404
    assert admin.get(f"{ROCKET}/automated-security-fixes").status == 404

    for package, severity in (("a", "low"), ("b", "critical"), ("c", "high")):
        fake.add_dependabot_alert(rocket, package, severity, fixed_in="2.0")
    fake.add_dependabot_alert(rocket, "d", "high", state="fixed")
    assert [a["number"] for a in admin.get(path).json] == [4, 3, 2, 1]
    assert [a["number"] for a in admin.get(path, state="open", severity="critical,high").json] == [3, 2]
    assert [a["number"] for a in admin.get(path, direction="asc", package="a,d").json] == [1, 4]
    assert admin.get(f"{ROCKET}/vulnerability-alerts").status == 204
    assert admin.get(f"{ROCKET}/automated-security-fixes").json == {"enabled": False, "paused": False}

    first = admin.get(path, per_page=3)
    assert 'rel="next"' in first.headers["Link"]
    cursor = first.headers["Link"].split("after=")[1].split(">")[0]
    rest = admin.get(path, per_page=3, after=cursor)
    assert [a["number"] for a in first.json + rest.json] == [4, 3, 2, 1]
    assert 'rel="next"' not in rest.headers["Link"]
    assert admin.get(path, after="nonsense").status == 422

    fake.archive(rocket)
    assert admin.get(path).status == 403


def test_secret_scanning(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """404 while it is off; the secret itself is never told."""
    path = f"{ROCKET}/secret-scanning/alerts"
    assert admin.get(path).message == "Secret scanning is disabled on this repository."

    fake.add_secret_alert(rocket, "aws_access_key_id", validity="active", bypassed=True)
    fake.add_secret_alert(rocket, resolution="revoked")
    [alert] = admin.get(path, state="open").json
    assert (alert["number"], alert["secret_type"], alert["push_protection_bypassed"]) == (
        1,
        "aws_access_key_id",
        True,
    )
    assert set(alert["secret"]) == {"*"}
    assert [a["resolution"] for a in admin.get(path, state="resolved").json] == ["revoked"]


def test_code_scanning(admin: Any, fake: FakeGitHub, rocket: FakeRepository, secret: FakeRepository) -> None:
    """404 while nothing was analysed; private repositories need the licence."""
    for kind in ("alerts", "analyses"):
        reply = admin.get(f"{ROCKET}/code-scanning/{kind}")
        assert (reply.status, reply.message) == (404, "no analysis found")
        assert admin.get(f"{SECRET}/code-scanning/{kind}").status == 403

    fake.analyse(rocket, tool="zizmor")
    assert admin.get(f"{ROCKET}/code-scanning/alerts").json == []
    fake.add_code_alert(rocket, "py/sql-injection", "critical", path="src/a.py")
    fake.add_code_alert(rocket, "py/unused", None, state="dismissed")
    alerts = admin.get(f"{ROCKET}/code-scanning/alerts", state="open").json
    assert [(a["rule"]["id"], a["rule"]["security_severity_level"]) for a in alerts] == [
        ("py/sql-injection", "critical")
    ]
    analyses = admin.get(f"{ROCKET}/code-scanning/analyses").json
    assert [a["tool"]["name"] for a in analyses] == ["CodeQL", "CodeQL", "zizmor"]
    assert analyses[0]["commit_sha"] == rocket.head
    fake.set_security(secret, advanced_security=True)
    assert admin.get(f"{SECRET}/code-scanning/alerts").status == 404


def test_default_setup(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Not configured until somebody does it."""
    path = f"{ROCKET}/code-scanning/default-setup"
    assert admin.get(path).json["state"] == "not-configured"
    fake.set_security(rocket, code_scanning=["python"])
    assert (admin.get(path).json["state"], admin.get(path).json["languages"]) == ("configured", ["python"])


def test_private_reporting(admin: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """A switch of public repositories only."""
    path = "private-vulnerability-reporting"
    assert admin.get(f"{ROCKET}/{path}").json == {"enabled": False}
    fake.set_security(rocket, private_reporting=True)
    assert admin.get(f"{ROCKET}/{path}").json == {"enabled": True}
    assert admin.get(f"{SECRET}/{path}").status == 422


def test_the_repository_tells_administrators_what_is_on(
    admin: Any, fake: FakeGitHub, rocket: FakeRepository, installation: int
) -> None:
    """And nobody else; the licence is a matter of private repositories."""
    fake.set_security(rocket, secret_scanning=True, secret_scanning_push_protection=True)
    told = admin.get(ROCKET).json["security_and_analysis"]

    assert told["secret_scanning"] == {"status": "enabled"}
    assert told["dependabot_security_updates"] == {"status": "disabled"}
    assert "advanced_security" not in told
    assert "advanced_security" in admin.get(SECRET).json["security_and_analysis"]
    strangers = ("", admin.mint(installation, permissions={"security_events": "read"}))
    assert all("security_and_analysis" not in admin.get(ROCKET, token=t).json for t in strangers)
