"""REST is short, limited or broken: what documents told is judged and published all the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import pytest

from bot import registry as registry_module
from bot.registry import Registry
from bot.simulator.faults import Fault, FaultKind
from bot.testing.state import FakeRepository
from jobs.scan_repository import ScanRepository
from jobs.scan_shard import ScanShard
from tests.integration.system.world import HEALTHY, System

pytestmark = pytest.mark.fault

FROM_DOCUMENTS = ("licence", "security-policy", "readme", "behind")
FROM_CALLS = ("webhook-hygiene", "dormant-workflows")
HOOKS = "/hooks$"
KEPT_S = 7 * 3600
"""After so long nothing that REST told is believed any more."""


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Everything, and checks of both kinds."""
    loaded = registry_module.load()
    names = (*FROM_DOCUMENTS, *FROM_CALLS)
    return replace(loaded, checks=MappingProxyType({name: loaded.checks[name] for name in names}))


@pytest.fixture
def acme(system: System) -> int:
    """An organisation with the App."""
    return system.install()


def made(system: System, count: int) -> list[FakeRepository]:
    """Repositories that were judged once, without a licence since."""
    found = [system.create(f"r{number}", HEALTHY) for number in range(count)]
    system.later(KEPT_S)
    system.simulator.hooks.pause()
    for repository in found:
        system.fake.push(repository, "main", {"LICENSE": None})
    return found


def shard(installation: int, repositories: list[FakeRepository]) -> ScanShard:
    """A sweep's look at them."""
    return ScanShard(installation_id=installation, repository_ids=tuple(r.id for r in repositories))


def known(system: System, repository: FakeRepository) -> dict[str, str]:
    """Check -> its last known outcome."""
    return {name: verdict.outcome for name, verdict in system.runtime.store.verdicts(repository.id).items()}


def hooks_asked(system: System, since: int) -> Counter[int]:
    """How often the webhooks of each repository were asked for since then."""
    return Counter(int(entry.path.split("/")[-2]) for entry in system.calls("GET", HOOKS, since=since))


def test_calls_come_after_all_documents(system: System, acme: int) -> None:
    """Those of every repository of the shard."""
    repositories = made(system, 3)
    since = system.mark()

    system.submit(shard(acme, repositories))

    paths = [entry.path for entry in system.calls(since=since)]
    last_document = max(n for n, path in enumerate(paths) if path.endswith("/graphql"))
    assert last_document < min(n for n, path in enumerate(paths) if path.endswith("/hooks"))
    assert hooks_asked(system, since) == {repository.id: 1 for repository in repositories}


def test_a_sweep_comes_back_at_the_date_and_goes_on_where_it_stopped(system: System, acme: int) -> None:
    """What was told before the limit is not asked for again after it."""
    repositories = made(system, 4)
    limited = repositories[2].id
    system.fault(Fault(FaultKind.SECONDARY_LIMIT, path=f"/{limited}{HOOKS}", count=1, retry_after_s=120))
    since = system.mark()

    system.submit(shard(acme, repositories))

    (reason,) = system.waiting()
    assert reason.startswith("LimitReached: ")
    system.later(130)
    assert system.waiting() == []
    assert hooks_asked(system, since) == {r.id: 2 if r.id == limited else 1 for r in repositories}
    for repository in repositories:
        assert known(system, repository)["licence"] == "fail"
        assert known(system, repository)["webhook-hygiene"] == "pass"
        assert system.run(repository, repository.head or "").status == "completed"


def test_a_person_is_answered_at_the_date(system: System, acme: int) -> None:
    """GitHub takes no answer before it, either; what the person wanted fresh is read then."""
    (repository,) = made(system, 1)
    system.fault(Fault(FaultKind.SECONDARY_LIMIT, path=HOOKS, count=1, retry_after_s=120))
    since = system.mark()

    system.submit(ScanRepository(installation_id=acme, repository_id=repository.id, request="asked"))

    assert system.calls("POST", "/check-runs$", since=since) == []
    system.later(130)
    assert system.waiting() == []
    assert known(system, repository)["licence"] == "fail"
    assert hooks_asked(system, since) == {repository.id: 2}
    assert system.run(repository, repository.head or "").status == "completed"


@pytest.mark.parametrize("whole", [True, False], ids=["a shard", "one"])
def test_little_is_left_of_the_hour(system: System, acme: int, whole: bool) -> None:
    """What is left publishes; what calls tell is unknown, and keeps its last verdict. Nothing comes back."""
    repositories = made(system, 2)
    system.fake.limits.core = 400
    with system.runtime.github.reader(acme, repositories[0].id) as reader:
        for _ in range(361):
            reader.permission("octocat", 1)
    one = ScanRepository(installation_id=acme, repository_id=repositories[0].id)
    since = system.mark()

    system.submit(shard(acme, repositories) if whole else one)

    assert hooks_asked(system, since) == {}
    assert system.waiting() == []
    judged = repositories if whole else repositories[:1]
    for repository in judged:
        assert known(system, repository)["licence"] == "fail"
        assert known(system, repository)["webhook-hygiene"] == "pass"
        assert system.run(repository, repository.head or "").status == "completed"


def test_a_broken_call_is_tried_again_after_the_rest_was_published(system: System, acme: int) -> None:
    """So what can be judged is not held up by it."""
    (repository,) = made(system, 1)
    system.fault(Fault(FaultKind.ERROR, path=HOOKS, count=1_000))
    since = system.mark()

    system.submit_scan(repository)

    (reason,) = system.waiting()
    assert reason.startswith("Unavailable: ")
    assert known(system, repository)["licence"] == "fail"
    (writing,) = (e for e in system.calls("POST", "/check-runs$", since=since))
    assert writing.status == 201
    system.settle()
    assert system.run(repository, repository.head or "").status == "completed"
