"""Exemptions: asked for, approved by a second person, registered, and ending aloud."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.engine.exemption_register import Standing, register, waiting
from bot.testing.state import FakeRepository
from jobs.expire_exemptions import ExpireExemptions
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import HEALTHY, System

ORG = "plumbline.org.yml"


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A repository of an organisation that wants a second person for exemptions."""
    system.install()
    system.create(".github", {ORG: "exempt: {high: {who: admin, approval: true}}\n", "README.md": "x"})
    app = system.create(files=HEALTHY)
    for name in ("ada", "bob"):
        system.fake.create_user(name)
        system.fake.set_collaborator(app, name, "admin")
    return app


def ask(system: System, app: FakeRepository, days: int, *, outcome: str = "pass") -> tuple[int, str]:
    """Ask for an exemption; the issue, and the id that waits."""
    number = system.fake.open_issue(app, "A question")
    until = (system.clock.now() + timedelta(days=days)).date()
    line = f'/plumbline exempt licence reason="soon" until={until}'
    assert "/plumbline approve exemption " in answer(system, app, say(system, app, number, line, "ada"))
    (installation,) = system.fake.installations
    (entry,) = register(system.runtime.store, installation, system.clock.now())
    assert (entry.standing, entry.reason, entry.outcome) == (Standing.WAITING, "soon", outcome)
    return number, entry.id


def test_a_second_person_approves_by_its_id(system: System, app: FakeRepository) -> None:
    """Not the one who asked; the register knows who did."""
    number, id_ = ask(system, app, 30)
    line = f"/plumbline approve exemption {id_}"
    (installation,) = system.fake.installations
    store = system.runtime.store
    assert waiting(store, installation, system.clock.now()) == 1
    assert "a second person" in answer(system, app, say(system, app, number, line, "ada"))
    assert store.exemptions(app.id) == ()
    assert "is exempt until" in answer(system, app, say(system, app, number, line, "bob"))

    (entry,) = register(store, installation, system.clock.now())
    assert (entry.standing, entry.source, entry.check) == (Standing.IN_FORCE, "command", "licence")
    assert entry.owner_id == system.fake.account("ada").id
    assert waiting(store, installation, system.clock.now()) == 0
    events = store.audit_events(installation)  # type: ignore[attr-defined]
    approved = next(e for e in events if e.action == "command.approve" and e.detail["outcome"] == "done")
    assert (approved.actor, approved.detail["owner"]) == (
        str(system.fake.account("bob").id),
        str(system.fake.account("ada").id),
    )


def test_the_health_issue_says_how_to_approve(system: System, app: FakeRepository) -> None:
    """From the next judging on, until it was approved or nobody did so in time."""
    system.push(app, {"LICENSE": None})
    assert "approve" not in (system.issue(app).body or "")
    number, id_ = ask(system, app, 30, outcome="fail")
    line = f"/plumbline approve exemption {id_}"
    system.push(app, {"a.txt": "a"})
    assert f"`{line}`. Reason: soon" in (system.issue(app).body or "")

    system.later(8 * 86_400)
    system.push(app, {"a.txt": "b"})
    assert line not in (system.issue(app).body or "")
    number, id_ = ask(system, app, 30, outcome="fail")
    line = f"/plumbline approve exemption {id_}"
    system.push(app, {"a.txt": "c"})
    assert line in (system.issue(app).body or "")
    say(system, app, number, line, "bob")
    assert line not in (system.issue(app).body or "")


def test_it_ends_aloud_on_its_day(system: System, app: FakeRepository) -> None:
    """The repository is judged anew by itself, and the change names the end as its cause."""
    number, id_ = ask(system, app, 2)
    say(system, app, number, f"/plumbline approve exemption {id_}", "bob")
    system.push(app, {"LICENSE": None})
    assert system.issues(app) == []

    system.submit(ExpireExemptions())
    assert system.issues(app) == []
    system.later(3 * 86_400)
    system.submit(ExpireExemptions())
    assert "because its exemption has ended" in (system.issue(app).body or "")
    since = system.mark()
    system.submit(ExpireExemptions())
    assert system.calls(since=since) == [], "it was looked at"
    (installation,) = system.fake.installations
    assert [e.standing for e in register(system.runtime.store, installation, system.clock.now())] == [
        Standing.OVER
    ]


def test_what_a_file_exempts_is_registered_too(system: System, app: FakeRepository) -> None:
    """Without an owner: whoever may push wrote it."""
    text = "exemptions: [{check: behind, reason: '=later', until: 2999-01-31}]\n"
    system.push(app, {".github/plumbline.yml": text})
    (installation,) = system.fake.installations
    (entry,) = register(system.runtime.store, installation, system.clock.now())

    assert (entry.check, entry.source, entry.reason, entry.owner_id) == ("behind", "policy", "=later", 0)
