"""A repository that is made public: what was written for fewer readers goes before anything else."""

from __future__ import annotations

import pytest

from bot.engine.context import Context
from bot.engine.publish import written_for_fewer
from bot.model.work import Claim
from bot.ports import StoredEffect
from bot.report.roll_up import is_roll_up
from bot.testing.state import FakeRepository
from jobs.publish_roll_up import PublishRollUp
from jobs.redact_repository import RedactRepository
from tests.integration.system.world import HEALTHY, STRANGERS, AllowAll, System

SECRET = "the key AKIA of the vault"


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A private repository with an issue, to which a finding was added that only its readers may see."""
    system.install()
    app = system.create(files=HEALTHY, private=True)
    system.push(app, {".github/workflows/a.yml": STRANGERS})
    issue = system.issue(app)
    issue.body = f"{issue.body}\n{SECRET}\n"
    return app


def writes(system: System, since: int) -> list[str]:
    """What was written, in order."""
    return [f"{e.method} {e.body}" for e in system.calls(since=since) if e.method in ("POST", "PATCH")]


def test_the_issue_is_rewritten_before_anything_is_published(system: System, app: FakeRepository) -> None:
    """Then the report for everybody takes its place."""
    since = system.mark()
    system.fake.publicize(app)
    system.pump()

    ours = [w for w in writes(system, since) if "graphql" not in w and ("'body'" in w or "'head_sha'" in w)]
    assert "was made public" in ours[0]
    body = system.issue(app).body or ""
    assert SECRET not in body
    assert "`dangerous-trigger`" in body, "what everybody can see is there again"


def test_however_loud_policy_lets_it_be_and_whatever_state_it_is_in(
    system: System, app: FakeRepository
) -> None:
    """Silenced, closed and locked."""
    issue = system.issue(app)
    system.push(app, {".github/plumbline.yml": "publish: observe\n"})
    issue.state, issue.locked = "closed", True
    system.fake.publicize(app)
    system.pump()

    assert SECRET not in (issue.body or "")
    assert "was made public" in (issue.body or "")
    assert issue.state == "closed"


def test_a_second_time_writes_nothing(system: System, app: FakeRepository) -> None:
    """As when the delivery comes again."""
    system.fake.publicize(app)
    system.pump()
    (installation,) = system.fake.installations
    since = system.mark()
    system.submit(RedactRepository(installation_id=installation, repository_id=app.id))

    assert system.calls("PATCH", "/issues/", since=since) == []


def test_without_the_delivery_the_next_judging_does_it_first(system: System, app: FakeRepository) -> None:
    """GitHub promises no delivery."""
    app.private = False
    since = system.mark()
    system.submit_scan(app)

    ours = [w for w in writes(system, since) if "'body'" in w or "'head_sha'" in w]
    assert "was made public" in ours[0]
    assert SECRET not in (system.issue(app).body or "")
    context = Context(system.runtime, Claim("work", "x", 1, 1), AllowAll())
    assert not written_for_fewer(context, app.id)


def test_a_look_that_began_before_does_not_write_after(system: System, app: FakeRepository) -> None:
    """Its generation is older."""
    older = system.runtime.ledger.next_generation(app.id)
    system.fake.publicize(app)
    system.pump()

    assert not system.runtime.ledger.claim_publication(app.id, "health", older)


def test_the_organisations_page_goes_too(system: System) -> None:
    """It names all repositories."""
    system.install()
    system.create(".github-private", {"plumbline.org.yml": "roll_up: pages\n"}, private=True)
    pages = system.create("pages", private=True)
    system.submit(PublishRollUp())
    (page,) = [i for i in pages.issues.values() if is_roll_up(i.body or "")]
    assert "repositories judged" in (page.body or "")
    system.fake.publicize(pages)
    system.pump()

    assert "repositories judged" not in (page.body or "")
    assert isinstance(system.runtime.store.effect(pages.id, "issue", "roll-up"), StoredEffect)
