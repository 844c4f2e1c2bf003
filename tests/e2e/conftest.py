"""End to end: the processes of the Procfile against the simulator, whose journal is the only witness.

Most of the time here is spent waiting for leases to end, so several modules run at a time; each has
one world (``pytest -n 4 --dist loadfile``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.adapters.scratch import remove_orphans
from tests.e2e.acme import Acme
from tests.e2e.world import World, eventually

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies below this directory."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.slow)


def processes_of(root: Path) -> list[psutil.Process]:
    """Processes that were told of this directory, by environment or command line."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.environ().values(), *process.cmdline()]
            if any(str(root) in text for text in told) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def shortened(place: Path, *, lease_s: float, backoff_s: float = 5) -> dict[str, str]:
    """Settings of a world whose leases are short; they are changed in memory, when Python starts."""
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(
        "from bot.adapters.ledger.redis import Lifetimes, RedisLedger\n"
        "from bot.engine.dispatch import Dispatcher\n"
        f"lifetimes = Lifetimes(backoff_ms={int(backoff_s * 1000)})\n"
        f"RedisLedger.__init__.__kwdefaults__ |= dict(lease_s={lease_s}, lifetimes=lifetimes)\n"
        f"Dispatcher.__init__.__kwdefaults__['renew_s'] = {lease_s / 4}\n"
    )
    return {"PYTHONPATH": str(place)}


@contextmanager
def running(root: Path, **options: Any) -> Iterator[World]:
    """A world; V11 is asked at its end: no process, no temporary directory and no eternal key is left."""
    with World(root, **options) as world:
        assert len(processes_of(root)) > len(world.programs), "the look at the process table sees nothing"
        yield world
        # A worker that was killed between a key and its lifetime is made good by the next maintenance.
        eventually(
            lambda: world.ready() and not world.keys_without_lifetime(),
            within_s=60,
            what="every key of Redis has a lifetime",
        )
    eventually(lambda: not processes_of(root), within_s=20, what=f"no process is left of {root}")
    # What belonged to killed programs is removed by the next one that starts.
    remove_orphans(world.temporary)
    left = sorted(path.name for path in world.temporary.iterdir())
    assert left == [], f"temporary files were left: {left}"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's world lives."""
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """Arguments of the module's world; modules override this."""
    return {}


@pytest.fixture(scope="module")
def world(root: Path, options: dict[str, Any]) -> Iterator[World]:
    """One world for a whole module."""
    with running(root, **options) as world:
        yield world


@pytest.fixture(scope="module")
def _acme(world: World) -> Acme:
    return Acme(world)


@pytest.fixture
def acme(_acme: Acme) -> Iterator[Acme]:
    """The organisation; no oracle may find anything in the journal at the end of a test."""
    yield _acme
    _acme.world.github.clear_faults()
    assert _acme.world.github.violations() == []
    assert _acme.world.github.problems() == []
