"""Children that behave badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.adapters import process
from bot.adapters.process import Conversation, Died, Limits, Overrun, last_line, run
from bot.model.errors import Unavailable

ENV = {"PATH": os.environ["PATH"]}
HERE = Path("/")
LINUX_TOOLS = pytest.mark.skipif(
    process._found("prlimit", "--core=0", "true") is None, reason="needs prlimit of util-linux"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def gone(pid: int, within_s: float = 30) -> bool:
    """The process has ended (a zombie that nobody fetched counts)."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_returns_output_and_code():
    """Both streams, and the code as it is."""
    done = run(
        python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"),
        env=ENV,
        cwd=HERE,
        limits=Limits(),
    )

    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")


def test_ends_at_the_deadline_with_what_it_started(tmp_path):
    """The grandchild, too."""
    note = tmp_path / "pid"
    start = time.monotonic()

    with pytest.raises(Overrun, match=r"did not end within 0\.5 s"):
        run(
            ["/bin/sh", "-c", f"sleep 60 & echo $! > {note}; wait"],
            env=ENV,
            cwd=HERE,
            limits=Limits(wall_s=0.5),
        )

    assert time.monotonic() - start < 8
    assert gone(int(note.read_text()))


def test_a_child_that_closes_its_output_and_stays_is_ended():
    """Silence is no end."""
    with pytest.raises(Overrun):
        run(
            python("import os, time; os.close(1); os.close(2); time.sleep(60)"),
            env=ENV,
            cwd=HERE,
            limits=Limits(wall_s=0.5),
        )


def test_output_is_capped():
    """An endless writer is ended."""
    with pytest.raises(Overrun, match="wrote more than 100000 bytes"):
        run(["/bin/sh", "-c", "exec yes"], env=ENV, cwd=HERE, limits=Limits(output_bytes=100_000))


@LINUX_TOOLS
def test_memory_processor_time_and_files_are_bounded(tmp_path):
    """Each limit ends the child, not us."""
    memory = run(python("x = bytearray(1 << 30)"), env=ENV, cwd=HERE, limits=Limits(memory_bytes=512 << 20))
    assert b"MemoryError" in memory.stderr
    busy = run(["/bin/sh", "-c", "while :; do :; done"], env=ENV, cwd=HERE, limits=Limits(cpu_s=1, wall_s=20))
    assert busy.returncode in (-signal.SIGKILL, -signal.SIGXCPU)
    code = f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(1 << 20))"
    assert run(python(code), env=ENV, cwd=HERE, limits=Limits(file_bytes=1000)).returncode != 0
    assert (tmp_path / "big").stat().st_size <= 1000


def test_what_can_not_be_started_is_told(monkeypatch):
    """With the wrappers and without them."""
    monkeypatch.setattr(process, "_found", lambda *args: None)

    with pytest.raises(Unavailable, match="nothing-there could not be started"):
        run(["/nowhere/nothing-there"], env=ENV, cwd=HERE, limits=Limits())
    assert run(["/bin/sh", "-c", "echo hi"], env=ENV, cwd=HERE, limits=Limits()).stdout == b"hi\n"


@pytest.mark.parametrize("trial", [("no-such-program-anywhere",), ("false",)])
def test_wrappers_that_do_not_work_are_left_out(trial):
    """BusyBox has a setpriv that knows no death signal."""
    assert process._found(*trial) is None


@LINUX_TOOLS
@pytest.mark.fault
def test_kb2_children_die_with_their_parent(tmp_path):
    """Even when the parent is killed outright."""
    note = tmp_path / "pid"
    code = f"""
from pathlib import Path
from bot.adapters.process import Conversation, Limits
talk = Conversation(["/bin/sh", "-c", "echo $$; exec sleep 60"], env={ENV!r}, cwd=Path("/"), limits=Limits())
Path({str(note)!r}).write_bytes(talk.line())
import time
Path({str(note)!r}).rename({str(tmp_path / "ready")!r})
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        child = int((tmp_path / "ready").read_text())
        assert psutil.pid_exists(child)
    finally:
        parent.kill()
        parent.wait()

    assert gone(child)


class TestConversation:
    def talk(self, script: str, **limits: float) -> Conversation:
        return Conversation(["/bin/sh", "-c", script], env=ENV, cwd=HERE, limits=Limits(**limits))

    def test_asks_and_reads(self):
        """Lines and counted bytes, over and over."""
        with self.talk("exec cat") as talk:
            for number in range(100):
                talk.ask(b"line %d\nbytes" % number)
                assert talk.line() == b"line %d" % number
                assert talk.read(5) == b"bytes"

    def test_tells_the_last_words_of_a_child_that_died(self):
        """Whether it is noticed while asking or while reading."""
        with self.talk("echo lost it >&2; exit 9") as talk, pytest.raises(Died, match="lost it") as caught:
            talk.line()
        assert caught.value.stderr == b"lost it\n"
        with self.talk("exit 9") as talk:
            assert gone(talk._child.pid)
            with pytest.raises(Died):
                talk.ask(b"x\n")

    def test_does_not_wait_for_ever(self):
        """A child that says nothing, or a line without an end."""
        with self.talk("exec sleep 60", wall_s=0.3) as talk, pytest.raises(Overrun, match="within"):
            talk.line()
        with self.talk("exec yes | tr -d '\\n'") as talk, pytest.raises(Overrun, match="a line of more than"):
            talk.line()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (b"", "it gave no reason"),
        (b"a\n\nb \x1b[1m\n\n", "b ?[1m"),
        (b"\xff" + b"x" * 999, "\ufffd" + "x" * 199),
    ],
)
def test_last_words_are_made_printable(words, said):
    """They may hold names from a repository."""
    assert last_line(words) == said
