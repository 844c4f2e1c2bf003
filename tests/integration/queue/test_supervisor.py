"""The supervisor with small programs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from bot.adapters.supervisor import Program, Supervisor

PYTHON = sys.executable


def while_running(supervisor: Supervisor, act: Callable[[], None]) -> list[BaseException]:
    """Run the supervisor in this thread and ``act`` in another, which ends it."""
    errors: list[BaseException] = []

    def body() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            supervisor.stop()

    thread = threading.Thread(target=body)
    thread.start()
    supervisor.run()
    thread.join()
    return errors


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_starts_again_whatever_the_exit_code_with_back_off(tmp_path: Path) -> None:
    """Exit code 0 too; the starts come ever later."""
    starts = tmp_path / "starts"
    program = f"import time; open({str(starts)!r}, 'a').write(f'{{time.monotonic()}}\\n')"
    supervisor = Supervisor(
        [Program("quick", [PYTHON, "-S", "-c", program], os.environ)], backoff_s=0.1, backoff_max_s=0.4
    )

    errors = while_running(supervisor, lambda: eventually(lambda: supervisor.restarts >= 4))

    assert errors == []
    times = [float(line) for line in starts.read_text().split()]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] >= 0.1
    assert gaps[2] >= 0.4


def test_runs_as_many_as_wanted_and_stops_them_gracefully(tmp_path: Path) -> None:
    listening, stopped = tmp_path / "listening", tmp_path / "stopped"
    listening.mkdir()
    stopped.mkdir()
    program = (
        "import os, pathlib, signal, sys, time\n"
        "def stop(*_):\n"
        f"    (pathlib.Path({str(stopped)!r}) / str(os.getpid())).touch()\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        f"(pathlib.Path({str(listening)!r}) / str(os.getpid())).touch()\n"
        "while True: time.sleep(0.01)\n"
    )
    supervisor = Supervisor([("sleeper", [PYTHON, "-c", program], os.environ, 3)])
    pids: list[int] = []

    def act() -> None:
        eventually(lambda: len(list(listening.iterdir())) == 3)
        pids.extend(supervisor.pids)

    assert while_running(supervisor, act) == []

    assert all(gone(pid) for pid in pids)
    assert len(pids) == 3
    assert {int(path.name) for path in stopped.iterdir()} == set(pids)


def test_kills_what_does_not_stop_and_its_children(tmp_path: Path) -> None:
    """A child of the child that ignores everything goes too: it shares the group."""
    note = tmp_path / "grandchild"
    program = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    supervisor = Supervisor([Program("stubborn", [PYTHON, "-c", program], os.environ)], grace_s=0.2)

    errors = while_running(supervisor, lambda: eventually(lambda: note.exists() and note.read_text()))

    assert errors == []
    eventually(lambda: gone(int(note.read_text())))


def test_children_of_a_crashed_child_are_ended_before_it_starts_again(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    program = (
        "import os, signal, subprocess\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(note)!r}, 'a').write(str(child.pid) + '\\n')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    supervisor = Supervisor([Program("crasher", [PYTHON, "-c", program], os.environ)], backoff_s=5)

    def act() -> None:
        eventually(lambda: supervisor.restarts >= 1)
        # The kernel needs a moment for those that were killed.
        eventually(lambda: gone(int(note.read_text().split()[0])))
        assert len(note.read_text().split()) == 1

    assert while_running(supervisor, act) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    supervisor = Supervisor([Program("sleeper", ["sleep", "60"], os.environ)])
    pids: list[int] = []

    def act() -> None:
        eventually(lambda: supervisor.pids)
        pids.extend(supervisor.pids)
        os.kill(os.getpid(), number)
        eventually(lambda: all(gone(pid) for pid in pids))

    assert while_running(supervisor, act) == []
    assert signal.getsignal(number) is before


def test_other_signals_are_passed_on(tmp_path: Path) -> None:
    note = tmp_path / "note"
    program = (
        "import signal, time, pathlib\n"
        f"signal.signal(signal.SIGHUP, lambda *_: pathlib.Path({str(note)!r}).write_text('hup'))\n"
        f"pathlib.Path({str(note)!r}).write_text('ready')\n"
        "while True: time.sleep(0.01)\n"
    )
    supervisor = Supervisor([Program("listener", [PYTHON, "-c", program], os.environ)])

    def act() -> None:
        eventually(lambda: note.exists() and note.read_text() == "ready")
        os.kill(os.getpid(), signal.SIGHUP)
        eventually(lambda: note.read_text() == "hup")

    assert while_running(supervisor, act) == []


def test_programs_that_are_added_run_and_end_with_the_others() -> None:
    """As workers and the clock do once the App is registered."""
    sleep = [PYTHON, "-S", "-c", "import time; time.sleep(60)"]
    supervisor = Supervisor([Program("first", sleep, os.environ)])
    seen: list[int] = []

    def act() -> None:
        eventually(lambda: len(supervisor.pids) == 1)
        supervisor.add([("more", sleep, os.environ, 2)])
        eventually(lambda: len(supervisor.pids) == 3)
        seen.extend(supervisor.pids)

    assert while_running(supervisor, act) == []
    assert len(seen) == 3
    assert all(gone(pid) for pid in seen)
