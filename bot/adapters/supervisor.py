"""Runs the processes of one machine: starts them, starts them again, and leaves none behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import IO

from bot.adapters.tied import tied

log = logging.getLogger(__name__)

QUICK_S = 10.0
"""A child that ends sooner than this is waited for longer before its next start."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    Args:
        name: for logs.
        env: the whole environment of the child.
        count: how many of it.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    count: int = 1


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    due: float = 0.0
    failures: int = 0


class Supervisor:
    """Keeps programs running until told to stop.

    Each child is the head of a process group of its own, so that a signal to ours does not reach
    it twice, and is killed by the kernel when we die. It is started again whatever its exit code:
    RQ's workers end with 0 when they give up.

    Args:
        programs: as ``Program`` or as (name, argv, env, count).
        grace_s: from SIGTERM to SIGKILL.
        output: where what the children print goes; None means to our own terminal.
        backoff_s: before the first restart of a child that ended quickly; doubles up to ``backoff_max_s``.
    """

    def __init__(
        self,
        programs: Sequence[Program | tuple[str, Sequence[str], Mapping[str, str], int]],
        *,
        grace_s: float = 40.0,
        output: IO[bytes] | None = None,
        backoff_s: float = 0.2,
        backoff_max_s: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = _children(programs)
        self._grace_s = grace_s
        self._output = output
        self._backoff_s = backoff_s
        self._backoff_max_s = backoff_max_s
        self._monotonic = monotonic
        self._stopping = False
        self.restarts = 0

    def run(self) -> None:
        """Run until SIGTERM or SIGINT (call from the main thread), then stop all children.

        Other signals that are meant for them (SIGHUP, SIGUSR1, SIGUSR2) are passed on.
        """
        previous = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTERM, self._on_stop),
                (signal.SIGINT, self._on_stop),
                (signal.SIGHUP, self._on_other),
                (signal.SIGUSR1, self._on_other),
                (signal.SIGUSR2, self._on_other),
            )
        }
        try:
            while not self._stopping:
                self._look()
                time.sleep(0.05)
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Make ``run`` stop its children and return; safe from any thread."""
        self._stopping = True

    def add(self, programs: Sequence[Program | tuple[str, Sequence[str], Mapping[str, str], int]]) -> None:
        """Run more programs, from now on; safe from any thread."""
        self._children += _children(programs)

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that run."""
        return [c.process.pid for c in self._children if c.process and c.process.poll() is None]

    def _look(self) -> None:
        now = self._monotonic()
        for child in tuple(self._children):
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, now)
            if child.process is None and now >= child.due and not self._stopping:
                self._start(child, now)

    def _start(self, child: _Child, now: float) -> None:
        child.began = now
        child.process = subprocess.Popen(
            tied(child.program.argv, os.getpid()),
            env=dict(child.program.env),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            process_group=0,
        )

    def _ended(self, child: _Child, now: float) -> None:
        process, child.process = child.process, None
        if process is None:
            return
        # What it started may still run; it shares the group.
        _signal_group(process.pid, signal.SIGKILL)
        child.failures = child.failures + 1 if now - child.began < QUICK_S else 0
        wait = min(self._backoff_max_s, self._backoff_s * 2 ** min(child.failures - 1, 10))
        child.due = now + (wait if child.failures else 0)
        self.restarts += 1
        log.warning(
            "a process ended and is started again",
            extra={"program": child.program.name, "code": process.returncode, "in_s": child.due - now},
        )

    def _stop_all(self) -> None:
        running = [c.process for c in self._children if c.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = self._monotonic() + self._grace_s
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - self._monotonic()))
            if process.poll() is None:
                log.error("a process did not stop and is killed", extra={"pid": process.pid})
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _on_other(self, number: int, _frame: FrameType | None) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(
    programs: Sequence[Program | tuple[str, Sequence[str], Mapping[str, str], int]],
) -> list[_Child]:
    listed = [p if isinstance(p, Program) else Program(*p) for p in programs]
    return [_Child(program) for program in listed for _ in range(program.count)]


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
