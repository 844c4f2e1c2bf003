"""The organisation's page: where policy says, only while it is private, from what is kept alone."""

from __future__ import annotations

import pytest

from bot.report.roll_up import ANEW_BOX, is_roll_up
from bot.testing.state import FakeRepository, Issue
from jobs.publish_roll_up import PublishRollUp
from tests.integration.system.world import HEALTHY, System

ORG = "plumbline.org.yml"
WANTED = "roll_up: health\n"


@pytest.fixture
def health(system: System) -> FakeRepository:
    """The private repository that policy names, beside a healthy and an unhealthy one."""
    system.install()
    health = system.create("health", private=True)
    system.create(".github-private", files={ORG: WANTED, "README.md": "# policy\n"}, private=True)
    system.create("app", files=HEALTHY)
    system.create("old")
    return health


def roll_up(system: System) -> None:
    """As the clock does it once a day."""
    system.runtime.submit([PublishRollUp()])
    system.pump()


def pages(repository: FakeRepository) -> list[Issue]:
    """The organisation's pages in a repository."""
    return [i for i in repository.issues.values() if i.body and is_roll_up(i.body)]


def test_one_page_is_written_and_edited(system: System, health: FakeRepository) -> None:
    """Nothing is read but whether the repository is private; the same is not written twice."""
    since = system.mark()
    roll_up(system)
    (page,) = pages(health)
    reads = {entry.path for entry in system.calls("GET", "", since=since)}
    roll_up(system)
    app = next(r for r in system.fake.repositories.values() if r.name == "app")
    system.push(app, {"LICENSE": None})
    roll_up(system)

    assert "fails in" in (page.body or "")
    assert "4 repositories judged" in (page.body or "")
    assert "### Worst regressions of the last 7 days" in (page.body or "")
    assert "acme/app" in (page.body or "")
    assert len(pages(health)) == 1
    assert len(system.calls("PATCH", f"/issues/{page.number}", since=since)) == 1
    assert not [path for path in reads if "/git/" in path or "graphql" in path]


def test_the_box_asks_for_a_new_page(system: System, health: FakeRepository) -> None:
    """And is cleared by it."""
    roll_up(system)
    (page,) = pages(health)
    ticked = (page.body or "").replace(ANEW_BOX, ANEW_BOX.replace("[ ]", "[x]"))
    system.fake.change_issue(health, page.number, body=ticked)
    system.pump()

    assert ANEW_BOX in (page.body or "")


def test_made_public_it_gets_nothing_more(system: System, health: FakeRepository) -> None:
    """Whatever we believed of it before; the day's sample is kept all the same."""
    health.private = False
    since = system.mark()
    roll_up(system)

    assert pages(health) == []
    assert system.calls("POST", "/issues", since=since) == []
    (installation,) = system.runtime.store.installations()
    assert len(system.runtime.store.organisation_samples(installation.id)) == 1
