"""What a proposed policy would bring, told on the pull request that proposes it."""

from __future__ import annotations

import pytest

from bot.report.what_if import NAME_OF_RUN
from bot.testing.state import FakeRepository
from jobs.what_if import WhatIf
from tests.integration.system.world import CONFIG, HEALTHY, System

ORG = "plumbline.org.yml"
OFF = "defaults:\n  checks:\n    licence: {enabled: false}\n    security-policy: {enabled: false}\n"


@pytest.fixture
def home(system: System) -> FakeRepository:
    """The private repository that holds the policy, beside a healthy and an unhealthy one."""
    system.install()
    home = system.create(".github-private", {"README.md": "# policy\n", ORG: "enrol: all\n"}, private=True)
    system.create("app", HEALTHY)
    system.create("old")
    return home


def test_tells_who_turns_green_and_what_vanishes(system: System, home: FakeRepository) -> None:
    """From what is kept: of the repositories themselves nothing is asked."""
    since = system.mark()
    _, head = system.propose(home, {ORG: OFF})

    run = system.run(home, head, NAME_OF_RUN)
    assert run.conclusion == "neutral"
    assert run.title == "1 repository turns green, 2 findings vanish"
    assert "acme/old" in (run.text or "")
    assert system.run(home, head, CONFIG).conclusion == "success"
    others = {r.id for r in system.fake.repositories.values() if r.id != home.id}
    asked = [f"{e.path} {e.body}" for e in system.calls(since=since)]
    assert not [a for a in asked if any(f"/repositories/{n}/" in a for n in others)]


def test_a_newer_push_replaces_it(system: System, home: FakeRepository) -> None:
    """Each head has one; the same look twice makes no second one."""
    number, first = system.propose(home, {ORG: OFF})
    second = system.push(home, {ORG: "enrol: all\n# all the same\n"}, branch="topic")

    assert system.run(home, first, NAME_OF_RUN).title != "Nothing changes"
    assert system.run(home, second, NAME_OF_RUN).conclusion == "success"
    (installation,) = system.fake.installations
    system.submit(WhatIf(installation_id=installation, repository_id=home.id, number=number))
    assert len(system.runs(home, second, NAME_OF_RUN)) == 1


@pytest.mark.parametrize(
    ("files", "base"),
    [
        pytest.param({"README.md": "x"}, "main", id="another file"),
        pytest.param({ORG: OFF}, "other", id="another base"),
    ],
)
def test_says_nothing_of_what_brings_nothing(
    system: System, home: FakeRepository, files: dict[str, str], base: str
) -> None:
    """A change that does not touch the policy, or can not bring it into force."""
    if base != "main":
        system.push(home, {"a.txt": "a"}, branch=base)
    _, head = system.propose(home, files, base=base)

    assert system.runs(home, head, NAME_OF_RUN) == []


def test_a_policy_with_mistakes_is_not_foretold(system: System, home: FakeRepository) -> None:
    """The other check run names them."""
    _, head = system.propose(home, {ORG: "enrol: nobody\n"})

    run = system.run(home, head, NAME_OF_RUN)
    assert (run.conclusion, run.title) == ("neutral", "Not foretold")
    assert "`plumbline/config` names" in (run.summary or "")


def test_a_public_policy_gets_one_sentence(system: System) -> None:
    """No name of any repository."""
    system.install()
    home = system.create(".github", {"README.md": "# policy\n", ORG: "enrol: all\n"})
    system.create("secret-plans", private=True)
    _, head = system.propose(home, {ORG: OFF})

    run = system.run(home, head, NAME_OF_RUN)
    assert run.conclusion == "neutral"
    assert "can be read by others" in (run.summary or "")
    assert "secret-plans" not in f"{run.summary}{run.text}"


def test_made_public_meanwhile_it_gets_the_sentence_too(system: System, home: FakeRepository) -> None:
    """Whether it is private is asked right before it is written."""

    def publish() -> None:
        home.private = False

    # Asked after it was found to be private, and by this work alone.
    system.before("GET", r"/git/ref/heads/main$", publish, times=9)
    _, head = system.propose(home, {ORG: OFF})

    runs = system.runs(home, head, NAME_OF_RUN)
    assert [run.title for run in runs] == ["Not foretold"]
    assert not [page for page in system.pages() if "acme/old" in page and "turn green" in page]


def test_only_the_file_in_force_is_foretold(system: System, home: FakeRepository) -> None:
    """One in ``.github`` would change nothing while ``.github-private`` has it."""
    other = system.create(".github", {"README.md": "x"}, private=True)
    _, head = system.propose(other, {ORG: OFF})

    assert home.name == ".github-private"
    assert system.runs(other, head, NAME_OF_RUN) == []


def test_the_first_file_is_compared_with_what_is_in_force(system: System) -> None:
    """That is nothing, or the file of the other repository."""
    system.install()
    home = system.create(".github-private", {"README.md": "# policy\n"}, private=True)
    system.create("app", {"README.md": "x"})
    _, head = system.propose(home, {ORG: OFF})

    assert system.run(home, head, NAME_OF_RUN).title == "1 repository turns green, 2 findings vanish"
