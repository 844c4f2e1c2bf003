"""What the doctor says of each thing, without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import responses

from bot.config.settings import Settings
from bot.entry import doctor
from bot.entry.doctor import Finding, Status
from bot.model.errors import SettingsError, Unavailable
from bot.ports import AppInfo, Installation

NEEDED = {"metadata": "read", "checks": "write", "contents": "read"}


def settings(**changes: object) -> Settings:
    return Settings(**({"home": Path("/nowhere"), "app_id": 42} | changes))  # type: ignore[arg-type]


def test_names_credentials_that_are_missing() -> None:
    found = doctor.credentials(settings(webhook_secrets=("x",)))

    assert found.status is Status.FAIL
    assert "PLUMBLINE_PRIVATE_KEY" in found.text
    assert "PLUMBLINE_APP_ID" not in found.text
    assert doctor.credentials(settings(webhook_secrets=("x",), private_key="k")).status is Status.OK


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("", Status.UNKNOWN, id="none"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", Status.FAIL, id="cut"
        ),
    ],
)
def test_tries_the_key(text: str, status: Status) -> None:
    found = doctor.key(settings(private_key=text))

    assert found.status is status
    assert "AAAA" not in found.text


@pytest.mark.parametrize(
    ("ahead_s", "status"),
    [
        pytest.param(0, Status.OK, id="right"),
        pytest.param(30, Status.WARN, id="half a minute ahead"),
        pytest.param(-120, Status.FAIL, id="two minutes behind"),
    ],
)
@responses.activate
def test_measures_the_clock_against_github(ahead_s: int, status: Status) -> None:
    theirs = datetime.now(UTC) - timedelta(seconds=ahead_s)
    responses.head("https://api.github.com/", headers={"Date": format_datetime(theirs, usegmt=True)})

    assert doctor.clock(settings()).status is status


@responses.activate
def test_an_unreachable_github_leaves_the_clock_unknown() -> None:
    responses.head("https://api.github.com/", body=requests.ConnectionError("no route"))

    assert doctor.clock(settings()).status is Status.UNKNOWN


@responses.activate
def test_an_answer_without_a_date_leaves_the_clock_unknown() -> None:
    responses.head("https://api.github.com/")

    assert doctor.clock(settings()).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("granted", "status", "text"),
    [
        pytest.param(NEEDED, Status.OK, "all 3 granted", id="all"),
        pytest.param(NEEDED | {"contents": "admin"}, Status.OK, "all 3 granted", id="more"),
        pytest.param(NEEDED | {"contents": "none"}, Status.WARN, "missing contents: read", id="a read less"),
        pytest.param(NEEDED | {"checks": "read"}, Status.FAIL, "missing checks: write", id="a write less"),
        pytest.param({}, Status.FAIL, "checks: write, contents: read, metadata: read", id="nothing"),
    ],
)
def test_compares_permissions(granted: dict[str, str], status: Status, text: str) -> None:
    found = doctor.permissions(NEEDED, granted)

    assert found.status is status
    assert text in found.text


def test_compares_events() -> None:
    assert doctor.events(["push"], ["push", "fork"]).status is Status.OK
    missing = doctor.events(["push", "issues"], ["push"])
    assert (missing.status, missing.text) == (Status.WARN, "not subscribed to issues")


def test_names_installations_that_did_not_agree() -> None:
    agreed = Installation(1, "acme", 1, "Organization", NEEDED, suspended=False)
    behind = Installation(2, "beta", 2, "Organization", {"metadata": "read"}, suspended=False)
    asleep = Installation(3, "gone", 3, "Organization", {}, suspended=True)

    assert doctor.installations(NEEDED, [agreed, asleep]).status is Status.OK
    found = doctor.installations(NEEDED, [agreed, behind])
    assert found.status is Status.WARN
    assert "beta" in found.text


def test_a_key_of_another_app_is_named() -> None:
    assert doctor.identity(settings(), AppInfo(42, "us", {}, ())).status is Status.OK
    assert "App 43" in doctor.identity(settings(), AppInfo(43, "them", {}, ())).text


def test_reads_the_manifest_and_says_when_it_can_not(tmp_path: Path) -> None:
    permissions, events = doctor.manifest()
    assert permissions["metadata"] == "read"
    assert "push" in events
    (tmp_path / "app.yml").write_text("default_permissions: [")
    for path in (tmp_path / "app.yml", tmp_path / "none.yml"):
        with pytest.raises(SettingsError, match=path.name):
            doctor.manifest(path)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(Unavailable("the database is away"), Status.FAIL, id="ours"),
        pytest.param(RuntimeError("x"), Status.UNKNOWN, id="a bug"),
    ],
)
def test_an_error_is_a_finding(error: Exception, status: Status) -> None:
    def look() -> Finding:
        raise error

    assert doctor.guarded("x", look).status is status


@pytest.mark.parametrize(
    ("used", "ceiling", "status"),
    [
        pytest.param(100, 0, Status.OK, id="no ceiling"),
        pytest.param(79, 100, Status.OK, id="below"),
        pytest.param(80, 100, Status.WARN, id="at four fifths"),
    ],
)
def test_judges_memory(used: int, ceiling: int, status: Status) -> None:
    client = SimpleNamespace(info=lambda _: {"used_memory": used, "maxmemory": ceiling})

    assert doctor.memory(client).status is status  # type: ignore[arg-type]
