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
from bot.entry.findings import Finding, Status, age, guarded, some
from bot.model.errors import Unavailable


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
    ("error", "status"),
    [
        pytest.param(Unavailable("the database is away"), Status.FAIL, id="ours"),
        pytest.param(RuntimeError("x"), Status.UNKNOWN, id="a bug"),
    ],
)
def test_an_error_is_a_finding(error: Exception, status: Status) -> None:
    def look() -> Finding:
        raise error

    assert guarded("x", look).status is status


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


@pytest.mark.parametrize(
    ("sync", "ident", "aof", "status", "said"),
    [
        pytest.param("always", "redis", 1, Status.OK, "before each answer", id="always"),
        pytest.param("everysec", "redis", 1, Status.WARN, "up to 2 s", id="every second"),
        pytest.param("no", "redis", 1, Status.WARN, "half a minute", id="no"),
        pytest.param("", "", 1, Status.UNKNOWN, "does not tell", id="hosted"),
        pytest.param("everysec", "redis", 0, Status.WARN, "no append-only file", id="snapshots"),
        pytest.param("no", "plumbline-embedded", 1, Status.OK, "our own Redis", id="ours"),
    ],
)
def test_says_what_redis_keeps(sync: str, ident: str, aof: int, status: Status, said: str) -> None:
    values = {"appendfsync": sync, "syslog-ident": ident}
    client = SimpleNamespace(
        config_get=lambda name: {name: values[name].encode()} if values[name] else {},
        info=lambda _: {"aof_enabled": aof},
    )

    found = doctor.persistence(client)  # type: ignore[arg-type]

    assert (found.status, said in found.text) == (status, True)
    assert bool(found.fix) is (status is not Status.OK)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, Status.OK, id="one machine"),
        pytest.param({"redis_url": "redis://127.0.0.1:6379"}, Status.OK, id="a Redis here"),
        pytest.param({"redis_url": "unix:///run/redis.sock"}, Status.OK, id="a socket"),
        pytest.param({"redis_url": "rediss://cache.example:6379"}, Status.WARN, id="a Redis elsewhere"),
        pytest.param({"database_url": "postgresql+psycopg://db/x"}, Status.WARN, id="a database for many"),
        pytest.param({"redis_url": "redis://cache", "secret_keys": ("k",)}, Status.OK, id="keys are set"),
    ],
)
def test_a_fleet_needs_keys_that_are_the_same_everywhere(changes: dict[str, object], status: Status) -> None:
    assert doctor.secret_keys(settings(**changes)).status is status


def test_stored_keys_that_others_may_read_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").touch(mode=0o644)
    (tmp_path / "credentials.json").chmod(0o644)

    found = doctor.credentials(settings(home=tmp_path, private_key="k", webhook_secrets=("x",)))

    assert (found.status, "chmod 600" in found.fix) == (Status.WARN, True)


def test_a_broken_file_of_keys_is_a_finding_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials.json").write_text("{")
    monkeypatch.setattr(doctor, "clock", lambda _: Finding("clock", Status.OK, ""))
    lines: list[str] = []

    code = doctor.run(settings(home=tmp_path, app_id=0), as_json=False, write=lines.append)

    assert code == 1
    assert lines[0].startswith("fail     credentials")
    assert "restore it from a backup" in lines[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (259200, "3 days ago")],
)
def test_tells_ages_in_one_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_names_are_not_listed_without_end() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(list("abcdef")) == "a, b, c, d and 2 more"
