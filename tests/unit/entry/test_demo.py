"""The parts of the demo that need no process."""

from __future__ import annotations

import io
import logging
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.config.settings import PagesFor
from bot.entry import demo
from bot.entry.demo import Display, Guide, Options
from bot.model.errors import SettingsError
from bot.simulator.server import Simulator
from bot.simulator.showcase import ORGANISATION, OWNER, PEOPLE, build
from bot.testing.fake import FakeGitHub

OPTIONS = Options(port=None, seed=0, browser=True, workers=1)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def said(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


class FakeSupervisor:
    """Knows whether it was told to stop."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeGitHub, int]:
    fake = FakeGitHub(tmp_path_factory.mktemp("fake"))
    return fake, build(fake, seed=3)


def test_the_organisation_has_something_of_everything(populated: tuple[FakeGitHub, int]) -> None:
    fake, judged = populated
    owned = [r for r in fake.repositories.values() if r.owner.login == ORGANISATION]

    assert len(owned) >= 12
    assert judged == len([r for r in owned if r.head and not r.archived])
    for kind in ("private", "archived", "empty", "parent"):
        assert any(getattr(r, kind) for r in owned), kind
    assert sum(len(r.open_pulls()) for r in owned) >= 4
    rocket = fake.repository(f"{ORGANISATION}/rocket")
    roles = {login: fake.role(rocket, fake.account(login)) for login in (OWNER, *PEOPLE)}
    assert roles == {
        "olga": "admin",
        "mina": "maintain",
        "wim": "write",
        "tess": "triage",
        "rae": "read",
        "sam": "read",
    }


def test_its_past_lies_in_the_past(populated: tuple[FakeGitHub, int]) -> None:
    """Nothing was committed today, nothing tomorrow, and the clock is the real one again."""
    fake, _ = populated
    now = fake.now().timestamp()
    for repository in fake.repositories.values():
        for sha in repository.branches.values():
            assert now - 230 * 86_400 < repository.git.commit(sha).committer[2] < now
    assert abs((fake.clock.now() - datetime.now(UTC)).total_seconds()) < 60


def test_the_same_seed_makes_the_same_past(tmp_path: Path, populated: tuple[FakeGitHub, int]) -> None:
    again = FakeGitHub(tmp_path)
    build(again, seed=3)

    def trees(fake: FakeGitHub) -> dict[str, str]:
        return {r.full_name: r.git.commit(r.head).tree for r in fake.repositories.values() if r.head}

    assert trees(again) == trees(populated[0])


def test_children_are_told_of_the_demo_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "PLUMBLINE_PRIVATE_KEY", "PLUMBLINE_PAGES", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "the caller's own")
    with Simulator(tmp_path / "github", validator=None) as simulator:
        settings = demo._settings(simulator, tmp_path, 4711)
        told = demo._environment(settings, simulator)

    assert settings.registered
    assert settings.pages is PagesFor.LOOPBACK
    assert "the caller's own" not in told.values()
    assert (told["PORT"], told["PLUMBLINE_GITHUB_URL"]) == ("4711", simulator.base_url)
    assert Path(told["PLUMBLINE_HOME"]).parent == tmp_path


def test_ports() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match="--port"):
            demo._take_port(port)
    assert demo._take_port(port) == port
    assert demo.DEFAULT_PORT <= demo._take_port(None) < demo.DEFAULT_PORT + demo.PORTS_TRIED


def test_a_failure_ends_the_demo_with_the_end_of_the_log(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(f"line {number}\n" for number in range(40)))
    supervisor: Any = FakeSupervisor()
    given: Any = object()

    def broken(_guide: Guide) -> None:
        raise TimeoutError("the receiver does not answer")

    monkeypatch.setattr(Guide, "_lead", broken)
    with demo._steps(console) as steps:
        guide = Guide(given, supervisor, Display(console, steps), OPTIONS, 1, 12, log, list)
        guide.start()
        guide.join()

    assert supervisor.stopped
    assert guide.failure.startswith("The demo could not start: the receiver does not answer")
    assert guide.failure.endswith("line 39")
    assert "line 24\n" not in guide.failure


def test_leads_to_the_address(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch, populated: tuple[FakeGitHub, int]
) -> None:
    """Waits for the receiver and for the first look, then says where to go, and opens it."""
    fake, judged = populated
    opened: list[str] = []
    monkeypatch.setattr(demo.webbrowser, "open", opened.append)
    monkeypatch.setattr(demo, "_has_display", lambda: True)
    monkeypatch.setattr(demo, "_answers", lambda _: True)
    supervisor: Any = FakeSupervisor()
    simulator = Simulator(tmp_path / "github", validator=None, fake=fake)
    with simulator, demo._steps(console) as steps:
        for repository in fake.repositories.values():
            if repository.head and repository.owner.login == ORGANISATION:
                fake.foreign_check_run(repository, repository.head, "plumbline/health")
        show, summed = Display(console, steps), list[str]()
        guide = Guide(
            simulator, supervisor, show, OPTIONS, 4711, judged, tmp_path, lambda: summed.append(said(console))
        )
        guide.run()

    assert guide.failure == ""
    assert [text.rpartition("✓ ")[2].partition(" at ")[0] for text in summed] == ["First look"]
    assert opened == [f"{simulator.base_url}/"]
    text = said(console)
    for words in (
        "✓ Plumbline: receiver",
        "✓ First look at",
        f"Open  {simulator.base_url}/",
        ":4711/",
        "Ctrl-C",
    ):
        assert words in text
    assert len(fake.installations) == 1


def test_steps_are_lines_without_a_terminal(console: Console) -> None:
    with demo._steps(console) as steps, Display(console, steps).step("Something"):
        pass
    assert said(console).startswith("✓ Something ")


def test_own_logs_go_to_the_file(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with demo._own_logs(log):
        logging.getLogger("bot.adapters.supervisor").warning("a process ended")
    logging.getLogger("bot.adapters.supervisor").debug("later")

    assert log.read_text().endswith("demo a process ended\n")


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True)]
)
def test_a_browser_needs_a_display(
    environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text browser would take the terminal over."""
    monkeypatch.setattr(demo.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert demo._has_display() is expected


def test_nobody_answers() -> None:
    assert not demo._answers("http://127.0.0.1:9/")
