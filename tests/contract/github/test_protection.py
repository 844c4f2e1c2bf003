"""Facts about rules and access, read from FakeGitHub through the adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bot.adapters.github import Bounds, build
from bot.config.settings import Settings
from bot.engine.evaluate import collect
from bot.model.code_owners import OwningTeams, UnknownOwner
from bot.model.collaborators import Access, Collaborator, TeamAccess, TeamAccesses
from bot.model.protection import ADMINISTRATORS
from bot.model.verdicts import Reason
from bot.ports import LicenceDetector, WorkflowAuditor
from bot.registry import load
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Pauses

GRANTED = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "read",
    "checks": "read",
    "statuses": "read",
    "merge_queues": "read",
    "administration": "read",
    "members": "read",
    "organization_administration": "read",
}
Read = Callable[..., Any]


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitHub]:
    found = FakeGitHub(tmp_path, clock=ManualClock())
    found.create_organisation("acme")
    owners = "* @ann @acme/core\ndocs @acme/gone @nobody\nempty @acme/empty\n"
    found.create_repository("acme", "rocket", files={"README.md": "# Rocket", "CODEOWNERS": owners})
    yield found
    found.close()


@pytest.fixture
def read(fake: FakeGitHub, tmp_path: Path) -> Iterator[Read]:
    """Reads facts as an installation that was granted all, but for what is withheld."""
    servers: list[Loopback] = []

    def facts(*names: str, without: str = "") -> Any:
        granted = {key: level for key, level in GRANTED.items() if key != without}
        installation = fake.install("acme", permissions=granted)
        server = Loopback(fake)
        servers.append(server)
        settings = Settings(
            home=tmp_path,
            github_url=server.url,
            app_id=fake.app.id,
            private_key=fake.app_private_key_pem,
            webhook_secrets=("w",),
        )
        clock = ManualClock()
        bounds = Bounds(read_s=30, call_s=60, backoff_s=0.001)
        github = build(
            settings,
            ledger=Pauses(clock),
            clock=clock,
            metrics=Counts(),
            bounds=bounds,
            sleep=lambda _: None,
            permissions=GRANTED,
        )
        repository = fake.repository("acme/rocket")
        with github.reader(installation, repository.id) as reader:
            found = collect(
                load(plugins=False),
                names,
                reader=reader,
                auditor=cast(WorkflowAuditor, None),
                licences=cast(LicenceDetector, None),
                commit=repository.branches["main"],
                branch="main",
                now=clock.now(),
                tolerate=True,
                owner=github.owner(installation, "acme"),
                granted=granted,
            )
        return [found[name] for name in names]

    yield facts
    for server in servers:
        server.close()


def rules(fake: FakeGitHub) -> None:
    fake.ruleset(
        "acme",
        "all of acme",
        [{"type": "pull_request", "parameters": {"required_approving_review_count": 2}}, "deletion"],
        bypass=["OrganizationAdmin"],
    )
    fake.ruleset("acme/rocket", "on trial", ["required_signatures"], enforcement="evaluate")
    fake.ruleset("acme/rocket", "tags", ["deletion"], target="tag", refs=["~ALL"])
    fake.protect("acme/rocket", "ma*", required_checks=("test",), strict=True, required_approvals=1)


def test_rules_of_all_kinds_hold_together(fake: FakeGitHub, read: Read) -> None:
    """The organisation's ruleset and the classic rule; the one on trial does not count."""
    rules(fake)
    (found,) = read("protection")
    demands = found.default.requirements

    assert found.unread is None
    assert (demands.pull_request, demands.approvals, demands.strict) == (True, 2, True)
    assert [check.context for check in demands.checks] == ["test"]
    assert (demands.no_deletion, demands.no_force_push, demands.signatures) == (True, True, False)
    assert [source.name for source in found.default.sources] == [
        "ruleset all of acme of acme",
        "classic rule for ma*",
    ]
    # Nothing but the ruleset asks for a second approval, and nothing but the classic rule for checks.
    assert [actor.name for _, actor in found.default.bypasses()] == [
        "owners of the organisation",
        ADMINISTRATORS,
    ]


def test_without_administration_rulesets_are_known(fake: FakeGitHub, read: Read) -> None:
    """And of the classic rule what every reader sees."""
    rules(fake)
    (found,) = read("protection", without="administration")
    demands = found.default.requirements

    assert found.unread is not None
    assert (found.unread.reason, found.unread.permission) == (Reason.PERMISSION, "administration: read")
    assert (demands.approvals, demands.no_deletion, demands.no_force_push) == (2, True, True)
    assert not demands.strict


def test_actors_that_are_not_shown_are_not_taken_for_none(fake: FakeGitHub, read: Read) -> None:
    """An empty list of the organisation's ruleset may be a hidden one."""
    fake.ruleset("acme", "all of acme", ["deletion"])
    (found,) = read("protection", without="organization_administration")

    assert [(source.above, source.bypass) for source in found.default.sources] == [(True, None)]


def test_people_and_teams_with_access(fake: FakeGitHub, read: Read) -> None:
    """By what was given to themselves, or to their team."""
    fake.create_user("ann")
    fake.create_user("bob")
    fake.add_member("acme", "ann")
    fake.collaborate("acme/rocket", "ann", "admin")
    fake.collaborate("acme/rocket", "bob", "write")
    fake.create_team("acme", "core", members=["ann"])
    fake.give_team("acme", "core", "acme/rocket", "admin")
    found, teams = read("collaborators", "team_accesses")

    assert found.in_organisation
    assert Collaborator("ann", Access.ADMIN) in found.direct
    assert found.outside == (Collaborator("bob", Access.WRITE),)
    assert teams == TeamAccesses((TeamAccess("core", admin=True),))


def test_owners_who_can_not_answer(fake: FakeGitHub, read: Read) -> None:
    """Those whom GitHub does not know, and a team without people."""
    fake.create_user("ann")
    fake.collaborate("acme/rocket", "ann", "write")
    fake.create_team("acme", "core", members=["ann"])
    fake.create_team("acme", "empty")
    (found,) = read("owner_standing")

    assert UnknownOwner("@nobody", 2) in found.unknown
    assert "@ann" not in [owner.name for owner in found.unknown]
    assert found.teams == OwningTeams(("@acme/empty",), ("@acme/gone",))
    assert found.unread is None
