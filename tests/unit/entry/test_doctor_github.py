"""What the doctor says of the App and of deliveries, from values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config.manifest import Manifest, read_manifest
from bot.config.settings import Settings
from bot.entry import doctor_github as doctor
from bot.entry.doctor_github import Need
from bot.entry.findings import Status
from bot.ports import AppInfo, HookDelivery, Installation
from bot.registry import load

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE = "https://plumb.example.org/webhook"
GRANTED = {"metadata": "read", "checks": "write", "contents": "read"}
NEEDED = [
    Need("checks", "write", (), "check runs"),
    Need("contents", "read", ("licence", "readme")),
    Need("metadata", "read"),
]


def delivery(minutes: float = 5, status: int = 202, event: str = "push") -> HookDelivery:
    return HookDelivery(1, "guid", NOW - timedelta(minutes=minutes), False, status, event, "", 1, 1)


def installation(account: str, permissions: dict[str, str], *, suspended: bool = False) -> Installation:
    return Installation(1, account, 1, "Organization", permissions, suspended=suspended)


# Permissions


def test_every_check_is_in_the_table_with_what_it_reads() -> None:
    """Facts that other facts need count, too."""
    registry = load(plugins=False)
    table = doctor.needs(read_manifest(), registry)

    assert {check for need in table for check in need.checks} == set(registry.checks)
    contents = next(need for need in table if need.name == "contents: read")
    assert "licence" in contents.checks
    assert [n.level for n in table if n.permission == "checks"] == ["read", "write"]


def test_a_permission_that_only_a_check_reads_is_needed_as_well() -> None:
    bare = Manifest("p", "u", "d", {"metadata": "read"}, ())

    assert "contents: read" in {need.name for need in doctor.needs(bare, load(plugins=False))}


@pytest.mark.parametrize(
    ("granted", "status", "text"),
    [
        pytest.param(GRANTED, Status.OK, "all 3 are there", id="all"),
        pytest.param(GRANTED | {"contents": "admin"}, Status.OK, "all 3", id="more"),
        pytest.param(
            GRANTED | {"contents": "none"},
            Status.WARN,
            "missing contents: read (licence, readme can not judge)",
            id="a read less",
        ),
        pytest.param(
            GRANTED | {"checks": "read"}, Status.FAIL, "missing checks: write (for check runs)", id="a write"
        ),
        pytest.param({}, Status.FAIL, "metadata: read", id="nothing"),
    ],
)
def test_compares_permissions(granted: dict[str, str], status: Status, text: str) -> None:
    found = doctor.permissions(NEEDED, granted)

    assert (found.status, text in found.text) == (status, True)
    assert found.details["needed"]["contents: read"] == ["licence", "readme"]


def test_compares_events() -> None:
    assert doctor.events(["push"], ["push", "fork"]).status is Status.OK
    missing = doctor.events(["push", "issues"], ["push"])
    assert (missing.status, missing.details["missing"]) == (Status.WARN, ["issues"])


def test_a_key_of_another_app_is_named() -> None:
    settings = Settings(home=Path("/nowhere"), app_id=42)

    assert doctor.identity(settings, AppInfo(42, "us", {}, ())).status is Status.OK
    assert "App 43" in doctor.identity(settings, AppInfo(43, "them", {}, ())).text


@pytest.mark.parametrize(
    ("found", "status", "text"),
    [
        pytest.param([], Status.WARN, "nowhere", id="none"),
        pytest.param([installation("acme", GRANTED)], Status.OK, "on 1 account", id="one"),
        pytest.param(
            [installation("acme", GRANTED), installation("beta", {}, suspended=True)],
            Status.OK,
            "on 2 accounts, suspended on beta",
            id="one that sleeps",
        ),
        pytest.param(
            [installation("acme", GRANTED), installation("beta", GRANTED | {"contents": "none"})],
            Status.WARN,
            "1 of 2 have not agreed to all permissions: beta lacks contents: read",
            id="a read that was declined",
        ),
        pytest.param([installation("beta", {})], Status.FAIL, "beta lacks checks: write", id="a write"),
    ],
)
def test_installations_and_what_they_agreed_to(found: list[Installation], status: Status, text: str) -> None:
    told = doctor.installations(NEEDED, found)

    assert (told.status, text in told.text) == (status, True)


def test_says_for_each_installation_what_a_permission_would_answer() -> None:
    """By the registry: names of checks, and nothing where all is granted."""
    asked = dict(read_manifest().permissions)
    less = {name: level for name, level in asked.items() if name != "repository_hooks"}

    found = list(
        doctor.unknowns(
            load(plugins=False),
            [installation("acme", less), installation("beta", asked), installation("x", {}, suspended=True)],
        )
    )

    (told,) = found
    assert told.status is Status.WARN
    assert told.text.startswith("on acme 1 of ")
    assert told.text.endswith("can not judge: repository_hooks: read answers 1 (webhook-hygiene)")
    assert told.details == {
        "acme": {"repository_hooks: read": {"alone": ["webhook-hygiene"], "with_others": []}}
    }


def test_a_check_with_two_gaps_is_promised_to_neither() -> None:
    asked = dict(read_manifest().permissions)
    for name in ("checks", "statuses"):
        del asked[name]

    (told,) = doctor.unknowns(load(plugins=False), [installation("acme", asked)])

    assert "statuses: read 5 together with others (default-green, " in told.text


def test_a_user_is_not_told_of_permissions_of_organisations() -> None:
    """Nobody could grant them."""
    asked = dict(read_manifest().permissions)
    for name in ("members", "organization_administration"):
        del asked[name]
    person = Installation(1, "ada", 1, "User", asked, suspended=False)
    needed = doctor.needs(read_manifest(), load(plugins=False))

    assert list(doctor.unknowns(load(plugins=False), [person])) == []
    assert doctor.installations(needed, [person]).status is Status.OK


def test_many_installations_are_told_of_in_few_lines() -> None:
    """The details of all stay for programs."""
    many = [installation(f"acme-{n}", {"metadata": "read"}) for n in range(doctor.MOST_ACCOUNTS + 3)]

    found = list(doctor.unknowns(load(plugins=False), many))

    assert len(found) == doctor.MOST_ACCOUNTS + 1
    assert found[-1].text.startswith("3 more accounts")
    assert sum(len(finding.details) for finding in found) == len(many)


# Deliveries


@pytest.mark.parametrize(
    ("log", "status", "text"),
    [
        pytest.param([delivery()], Status.OK, "last delivery 5 min ago: push, 202", id="all is well"),
        pytest.param([], Status.WARN, f"nothing to {HERE} in the last 3 days", id="none"),
        pytest.param([delivery(status=401), delivery()], Status.FAIL, "was answered 401", id="refused"),
        pytest.param([delivery(status=0)], Status.FAIL, "got no answer", id="not reached"),
        pytest.param(
            [delivery(), delivery(status=500), delivery()],
            Status.WARN,
            "1 of the last 3 failed",
            id="one in three",
        ),
        pytest.param([*[delivery()] * 9, delivery(status=503)], Status.OK, "202", id="one in ten"),
        pytest.param(
            [delivery(), delivery(status=503, event="ping")],
            Status.OK,
            "202",
            id="the ping came early",
        ),
        pytest.param(
            [delivery(status=503, event="ping")], Status.OK, "no event came yet", id="nothing but that ping"
        ),
        pytest.param(
            [delivery(status=0, event="ping")], Status.FAIL, "ping to", id="a ping that did not come through"
        ),
        pytest.param([delivery(event="ping")], Status.OK, "ping, 202", id="a ping that did"),
    ],
)
def test_whether_deliveries_arrive(log: list[HookDelivery], status: Status, text: str) -> None:
    found = doctor.webhook(HERE, log, NOW)

    assert (found.status, text in found.text) == (status, True), found
    assert bool(found.fix) is (status is not Status.OK)


@pytest.mark.parametrize(
    ("status", "fix"),
    [(401, "PLUMBLINE_WEBHOOK_SECRET"), (403, "PLUMBLINE_APP_ID"), (404, "/webhook"), (418, "Advanced")],
)
def test_each_answer_has_its_remedy(status: int, fix: str) -> None:
    assert fix in doctor.webhook(HERE, [delivery(status=status)], NOW).fix


@pytest.mark.parametrize("address", ["", doctor.STAND_IN])
def test_without_a_webhook_it_is_said_what_that_means(address: str) -> None:
    found = doctor.webhook(address, [], NOW)

    assert found.status is Status.WARN
    assert "plumbline job reconcile" in found.fix


def test_the_stand_in_is_what_set_up_sends() -> None:
    sent: dict[str, Any] = read_manifest().registration(
        name="x", public_url="", redirect_url="", maintenance=False
    )

    assert sent["hook_attributes"] == {"url": doctor.STAND_IN, "active": False}
