"""What stood before a check first looked: silent, shown, and speaking once somebody ratchets."""

from __future__ import annotations

import pytest

from bot.testing.state import FakeRepository
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import HEALTHY, POLICY, System


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A public repository that never had a licence; a maintainer looks after it."""
    system.install()
    app = system.create(files={"SECURITY.md": HEALTHY["SECURITY.md"]})
    system.fake.create_user("mia")
    system.fake.set_collaborator(app, "mia", "maintain")
    return app


def test_the_baseline_is_silent_until_somebody_ratchets(system: System, app: FakeRepository) -> None:
    """Then the issue opens, names the cause, and the ratchet stays."""
    assert system.issues(app) == []
    number = system.fake.open_issue(app, "A question")

    text = answer(system, app, say(system, app, number, "/plumbline ratchet licence", "mia"))
    issue = system.issue(app)
    assert "was judged again" in text
    assert "because somebody ended the baseline" in (issue.body or "")
    assert "stood here before" not in (issue.body or "")
    assert system.runtime.store.ratcheted(app.id) == {"licence"}
    assert system.runtime.store.verdicts(app.id)["licence"].baseline == ()


def test_beside_a_regression_it_is_shown_and_counted(system: System, app: FakeRepository) -> None:
    """What is mended leaves it, and speaks when it comes back."""
    system.push(app, {"SECURITY.md": None})
    body = system.issue(app).body or ""
    assert "1 finding stood here before; they speak when someone ratchets" in body
    assert body.index("`security-policy`") < body.index("stood here before")

    system.push(app, {"LICENSE": HEALTHY["LICENSE"]})
    assert "stood here before" not in (system.issue(app).body or "")
    system.push(app, {"LICENSE": None})
    assert "stood here before" not in (system.issue(app).body or "")
    assert system.runtime.store.verdicts(app.id)["licence"].baseline == ()


def test_policy_can_do_without(system: System, app: FakeRepository) -> None:
    """From that commit on everything speaks, and ``block`` counts what the base has, too."""
    system.push(app, {POLICY: "baseline: off\nblock: [licence]\n"})
    assert "because the policy changed" in (system.issue(app).body or "")

    _, head = system.propose(app, {"a.txt": "a"})
    assert system.run(app, head).conclusion == "failure"


def test_it_needs_the_role(system: System, app: FakeRepository) -> None:
    """Writers may not."""
    system.fake.create_user("wes")
    system.fake.set_collaborator(app, "wes", "push")
    number = system.fake.open_issue(app, "A question")

    assert "`ratchet` is for" in answer(system, app, say(system, app, number, "/plumbline ratchet", "wes"))
    assert system.runtime.store.ratcheted(app.id) == frozenset()
