"""Facts about settings, read from FakeGitHub through the adapter: what is there, and what is withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from bot.adapters.github import Bounds, build
from bot.config.settings import Settings
from bot.engine.evaluate import collect
from bot.model.organisation import ActionsPolicy, OrganisationOwners
from bot.model.organisation import OrganisationSettings as Told
from bot.model.security import CodeScanning, DeployKey, SecretScanning, WorkflowToken
from bot.model.verdicts import Reason, Severity, Unknown
from bot.ports import LicenceDetector, WorkflowAuditor
from bot.registry import load
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Pauses

GRANTED = {
    "metadata": "read",
    "contents": "read",
    "actions": "read",
    "administration": "read",
    "members": "read",
    "organization_administration": "read",
    "organization_hooks": "read",
    "repository_hooks": "read",
    "security_events": "read",
    "vulnerability_alerts": "read",
}
BARE = {"metadata": "read", "contents": "read"}
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)
Read = Callable[..., Any]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitHub]:
    found = FakeGitHub(tmp_path, clock=ManualClock())
    found.create_organisation("acme")
    files = {
        "README.md": "# Rocket",
        "a.py": "A = 1\n",
        ".github/workflows/test.yml": "name: test\non: push\n",
    }
    rocket = found.create_repository("acme", "rocket", private=True, files=files)
    rocket.language = "Python"
    yield found
    found.close()


@pytest.fixture
def read(fake: FakeGitHub, tmp_path: Path) -> Iterator[Read]:
    """Reads one fact with an installation's permissions; ``known`` lets the facts know them beforehand."""
    servers: list[Loopback] = []

    def fact(name: str, permissions: dict[str, str], *, known: bool = False) -> Any:
        installation = fake.install("acme", permissions=permissions)
        servers.append(Loopback(fake))
        settings = Settings(
            home=tmp_path,
            github_url=servers[-1].url,
            app_id=fake.app.id,
            private_key=fake.app_private_key_pem,
            webhook_secrets=("w",),
        )
        clock = ManualClock()
        github = build(
            settings,
            ledger=Pauses(clock),
            clock=clock,
            metrics=Counts(),
            bounds=Bounds(read_s=30, call_s=60, backoff_s=0.001),
            sleep=lambda _: None,
            permissions=permissions,
        )
        repository = fake.repository("acme/rocket")
        with github.reader(installation, repository.id) as reader:
            found = collect(
                load(plugins=False),
                [name],
                reader=reader,
                auditor=cast(WorkflowAuditor, None),
                licences=cast(LicenceDetector, None),
                commit=repository.branches["main"],
                branch="main",
                now=clock.now(),
                tolerate=True,
                owner=github.owner(installation, "acme"),
                granted=permissions if known else None,
            )
        return found[name]

    yield fact
    for server in servers:
        server.close()


NEEDS = {
    "actions_policy": "organization_administration",
    "alerts": "vulnerability_alerts",
    "classic_rules": "administration",
    "code_scanning": "security_events",
    "deploy_keys": "administration",
    "organisation_owners": "members",
    "organisation_settings": "organization_administration",
    "organisation_webhooks": "organization_hooks",
    "secret_scanning": "administration",
    "webhooks": "repository_hooks",
    "workflow_states": "actions",
    "workflow_token": "administration",
}


@pytest.mark.parametrize("name", NEEDS)
@pytest.mark.parametrize("known", [True, False], ids=["known not to be granted", "refused when asked"])
def test_a_withheld_permission_makes_a_fact_unknown(read: Read, name: str, known: bool) -> None:
    """And never a value."""
    found = read(name, BARE, known=known)

    assert isinstance(found, Unknown)
    assert found.reason is Reason.PERMISSION


@pytest.mark.parametrize("name", NEEDS)
def test_the_permission_that_a_fact_names_is_enough(read: Read, name: str) -> None:
    """Of a repository and an organisation that nobody has touched."""
    assert not isinstance(read(name, {**BARE, NEEDS[name]: "read"}), Unknown)


def test_alerts(fake: FakeGitHub, read: Read) -> None:
    """Only the open ones, as they are."""
    fake.add_dependabot_alert("acme/rocket", "jinja2", "critical", fixed_in="3.1.6", created_at=LONG_AGO)
    fake.add_dependabot_alert("acme/rocket", "flask", "medium", state="dismissed")
    found = read("alerts", GRANTED)

    [alert] = found.listed
    assert (found.enabled, found.total) == (True, 1)
    assert (alert.package, alert.severity, alert.patched) == ("jinja2", Severity.CRITICAL, True)
    assert (alert.created_at, alert.manifest) == (LONG_AGO, "requirements.txt")


def test_alerts_that_are_off(read: Read) -> None:
    """Nobody looks."""
    assert read("alerts", GRANTED).enabled is False


def test_deploy_keys(fake: FakeGitHub, read: Read) -> None:
    """With whether they write."""
    fake.add_deploy_key("acme/rocket", "ci", read_only=False, created_at=LONG_AGO)

    assert read("deploy_keys", GRANTED).listed == (DeployKey("ci", False, LONG_AGO),)


@pytest.mark.parametrize(("place", "name"), [("acme/rocket", "webhooks"), ("acme", "organisation_webhooks")])
def test_webhooks(fake: FakeGitHub, read: Read, place: str, name: str) -> None:
    """The active ones."""
    fake.add_hook(place, "http://old.example/x", secret=False, verify_tls=False)
    fake.add_hook(place, "https://off.example", active=False)
    [hook] = read(name, GRANTED).listed

    assert (hook.host, hook.https, hook.secret, hook.verified) == ("old.example", False, False, False)


def test_workflows(fake: FakeGitHub, read: Read) -> None:
    """How they stand, and how they ran."""
    fake.workflow_ran("acme/rocket", "test.yml", "failure", created_at=LONG_AGO)
    fake.workflow_ran("acme/rocket", "test.yml")
    [workflow] = read("workflow_states", GRANTED).listed

    assert (workflow.name, workflow.state) == ("test", "active")
    assert (workflow.succeeded, workflow.failed, workflow.last_failure) == (1, 1, LONG_AGO)


@pytest.mark.parametrize(
    ("above", "own", "expected"),
    [
        ("read", None, WorkflowToken(writes=False, approves=False, organisation=True)),
        ("write", None, WorkflowToken(writes=True, approves=False)),
        ("write", "read", WorkflowToken(writes=False, approves=False)),
    ],
)
def test_the_token_of_workflows(
    fake: FakeGitHub, read: Read, above: str, own: str | None, expected: WorkflowToken
) -> None:
    """The organisation's default, which its repositories narrow."""
    fake.set_workflow_permissions("acme", above)
    if own:
        fake.set_workflow_permissions("acme/rocket", own)

    assert read("workflow_token", GRANTED) == expected


def test_scanning(fake: FakeGitHub, read: Read) -> None:
    """What is on, and what the newest analysis said."""
    fake.set_security("acme/rocket", secret_scanning=True)
    assert read("secret_scanning", GRANTED) == SecretScanning(enabled=True, push_protection=False)


def test_code_scanning(fake: FakeGitHub, read: Read) -> None:
    """With the licence and an analysis."""
    fake.set_security("acme/rocket", advanced_security=True)
    fake.analyse("acme/rocket", created_at=LONG_AGO)

    assert read("code_scanning", GRANTED) == CodeScanning(
        offered=True, has_code=True, last=LONG_AGO, tool="CodeQL"
    )


def test_code_scanning_without_the_licence(read: Read) -> None:
    """GitHub says so with a refusal, which is no lack of a permission."""
    assert read("code_scanning", GRANTED) == CodeScanning(offered=False, has_code=True)


def test_code_scanning_before_the_first_analysis(fake: FakeGitHub, read: Read) -> None:
    """Offered, and never done."""
    fake.publicize("acme/rocket")

    assert read("code_scanning", GRANTED) == CodeScanning(offered=True, has_code=True)


def test_settings_of_the_organisation(fake: FakeGitHub, read: Read) -> None:
    """What it asks of its members."""
    fake.set_organisation("acme", two_factor_requirement_enabled=True, default_repository_permission="write")

    assert read("organisation_settings", GRANTED) == Told(two_factor=True, base_permission="write")


def test_actions_of_the_organisation(fake: FakeGitHub, read: Read) -> None:
    """Which actions run."""
    fake.set_actions_policy("acme", allowed="selected", patterns=["acme/*"], pinning_required=True)

    assert read("actions_policy", GRANTED) == ActionsPolicy("all", "selected", ("acme/*",), pinned=True)


def test_owners_of_the_organisation(fake: FakeGitHub, read: Read) -> None:
    """Whoever made it counts too."""
    fake.create_user("ada")
    fake.add_member("acme", "ada", role="admin")

    assert read("organisation_owners", GRANTED) == OrganisationOwners(2)
