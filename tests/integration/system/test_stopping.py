"""The switch: nothing is written by itself until it is taken back, and people are answered all the same."""

from __future__ import annotations

import pytest

from bot.report.roll_up import is_roll_up
from bot.testing.state import FakeRepository, Issue
from jobs.publish_roll_up import PublishRollUp
from tests.integration.system.test_commands import answer, say
from tests.integration.system.world import HEALTHY, POLICY, System

ORG = "plumbline.org.yml"


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy repository of an organisation whose page is kept."""
    system.install()
    system.create("pages", private=True)
    system.create(".github-private", {ORG: "roll_up: pages\n", "README.md": "x"}, private=True)
    return system.create(files=HEALTHY)


def page(system: System) -> tuple[FakeRepository, Issue]:
    """The organisation's page, written if it is not there yet."""
    pages = next(r for r in system.fake.repositories.values() if r.name == "pages")
    system.submit(PublishRollUp())
    (issue,) = [i for i in pages.issues.values() if is_roll_up(i.body or "")]
    return pages, issue


def writes(system: System, since: int) -> list[str]:
    """Paths that were written to, but for tokens and questions."""
    calls = (c for c in system.calls(since=since) if c.method in ("POST", "PATCH", "PUT", "DELETE"))
    return [c.path for c in calls if "access_tokens" not in c.path and "graphql" not in c.path]


@pytest.mark.parametrize("where", [0, None])
def test_nothing_is_written_by_itself_and_verdicts_are_kept(
    system: System, app: FakeRepository, where: int | None
) -> None:
    """Everywhere, or for one installation."""
    (installation,) = system.fake.installations
    home = next(r for r in system.fake.repositories.values() if r.name == ".github-private")
    at = installation if where is None else where
    system.runtime.store.stop(at, "operator")
    since = system.mark()
    sha = system.push(app, {"LICENSE": None})
    system.propose(app, {"a.txt": "a", POLICY: "block: 1\n"})
    system.push(home, {ORG: "rings: 7\n"})
    system.propose(home, {ORG: "roll_up: pages\ndefaults: {publish: observe}\n"})
    system.submit(PublishRollUp())

    assert writes(system, since) == []
    assert system.runtime.store.verdicts(app.id)["licence"].outcome == "fail"
    assert system.runtime.store.resume(at)
    assert not system.runtime.store.resume(at)
    system.submit_scan(app)
    assert len(system.runs(app, sha)) == 1
    assert "`licence`" in (system.issue(app).body or "")


def test_people_and_merge_queues_are_answered(system: System, app: FakeRepository) -> None:
    """Somebody waits for that."""
    number, head = system.propose(app, {"a.txt": "a"})
    system.runtime.store.stop(0, "operator")
    issue = system.fake.open_issue(app, "A question")

    assert "checks pass" in answer(system, app, say(system, app, issue, "/plumbline health", "octocat"))
    say(system, app, number, "/plumbline recheck", "octocat")
    assert len(system.runs(app, head)) == 2
    queued = system.fake.add_to_merge_queue(app, number)
    system.pump()
    assert len(system.runs(app, queued)) == 1


def test_an_owner_stops_and_resumes_on_the_organisations_page(system: System, app: FakeRepository) -> None:
    """An admin of the repository who does not own the organisation may not."""
    pages, issue = page(system)
    system.fake.create_user("ada")
    system.fake.set_collaborator(pages, "ada", "admin")

    def give(line: str, who: str, at: FakeRepository = pages, number: int = issue.number) -> str:
        return answer(system, at, say(system, at, number, line, who))

    assert "for owners of the organisation" in give("/plumbline stop", "ada")
    other = system.fake.open_issue(app, "A question")
    assert "under the organisation's page" in give("/plumbline stop", "octocat", app, other)
    assert system.runtime.store.stops() == []

    assert "Stopped" in give("/plumbline stop", "octocat")
    assert system.runs(app, system.push(app, {"a.txt": "a"})) == []
    assert "stopped already" in give("/plumbline stop", "octocat")
    assert "Resumed" in give("/plumbline resume", "octocat")
    assert len(system.runs(app, system.push(app, {"a.txt": "b"}))) == 1


@pytest.mark.fault
def test_kf1_who_owns_the_organisation_is_asked_for_each_command(system: System, app: FakeRepository) -> None:
    """Whoever was an owner a second ago, and is admin of the repository all the same, is none."""
    pages, issue = page(system)
    system.fake.create_user("ada")
    system.fake.add_member("acme", "ada", role="admin")
    system.fake.set_collaborator(pages, "ada", "admin")
    assert "Stopped" in answer(system, pages, say(system, pages, issue.number, "/plumbline stop", "ada"))

    system.fake.add_member("acme", "ada")
    member = answer(system, pages, say(system, pages, issue.number, "/plumbline resume", "ada"))
    system.fake.remove_member("acme", "ada")
    system.fake.set_collaborator(pages, "ada", "admin")
    nobody = answer(system, pages, say(system, pages, issue.number, "/plumbline resume", "ada"))

    assert member == nobody == "Nothing was done: `resume` is for owners of the organisation."
    assert len(system.runtime.store.stops()) == 1


def test_what_the_operator_stopped_an_owner_does_not_resume(system: System, app: FakeRepository) -> None:
    """It stays stopped everywhere."""
    pages, issue = page(system)
    system.runtime.store.stop(0, "operator")
    say(system, pages, issue.number, "/plumbline resume", "octocat")

    assert [s.installation_id for s in system.runtime.store.stops()] == [0]
    assert system.runs(app, system.push(app, {"a.txt": "a"})) == []
