"""Child processes within bounds: a deadline, limits on what they use, and an end with their parent.

The bounds are set by ``prlimit`` and ``setpriv`` of util-linux, which become the program they are
given; where they are missing (macOS, BusyBox) the deadline and the limit on output still hold. A
function between fork and exec (``preexec_fn``) would do the same but may dead-lock in a process
with threads.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO

from bot.model.errors import Unavailable

_CHUNK = 1 << 16
_STDERR_KEPT = 1 << 16
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one child.

    Args:
        wall_s: seconds until it is killed; for a ``Conversation``, seconds for each answer.
        cpu_s: seconds of processor time over its whole life.
        memory_bytes: address space, mapped files included.
        output_bytes: how much of its standard output is taken before it is killed.
        file_bytes: the largest file that it may write.
    """

    wall_s: float = 30.0
    cpu_s: int = 120
    memory_bytes: int = 4 << 30
    output_bytes: int = 64 << 20
    file_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended; a negative code is the signal that killed it."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Overrun(Unavailable):
    """A child was killed because it went over the deadline or wrote too much."""


class Died(Unavailable):
    """A child that should answer has ended.

    Args:
        stderr: the last words of it.
    """

    def __init__(self, detail: str, stderr: bytes = b"") -> None:
        super().__init__(detail)
        self.stderr = stderr


def run(args: Sequence[str], *, env: Mapping[str, str], cwd: Path, limits: Limits) -> Finished:
    """Run a program, given by its full path, to its end, without input.

    Raises:
        Overrun: it went over its time or its output.
        Unavailable: it could not be started.
    """
    with _child(args, env=env, cwd=cwd, limits=limits, stdin=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        stdout, stderr = bytearray(), bytearray()
        deadline = monotonic() + limits.wall_s
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ, stdout)
            selector.register(child.stderr, selectors.EVENT_READ, stderr)
            while selector.get_map():
                ready = selector.select(max(0.0, deadline - monotonic()))
                if not ready:
                    raise Overrun(f"{Path(args[0]).name} did not end within {limits.wall_s:g} s")
                for key, _ in ready:
                    _take(selector, key, limits, Path(args[0]).name)
        try:
            code = child.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            raise Overrun(f"{Path(args[0]).name} did not end within {limits.wall_s:g} s") from None
        return Finished(code, bytes(stdout), bytes(stderr))


def _take(selector: selectors.BaseSelector, key: selectors.SelectorKey, limits: Limits, program: str) -> None:
    data = os.read(key.fd, _CHUNK)
    kept: bytearray = key.data
    if not data:
        selector.unregister(key.fileobj)
        return
    kept += data
    if len(kept) > limits.output_bytes:
        raise Overrun(f"{program} wrote more than {limits.output_bytes} bytes")


class Conversation:
    """A child that answers requests over its pipes until it is closed; for one thread.

    The thread that made it must outlive it: Linux sends the parent's death to the children of the
    thread that forked them.
    """

    def __init__(self, args: Sequence[str], *, env: Mapping[str, str], cwd: Path, limits: Limits) -> None:
        self._program = Path(args[0]).name
        self._limits = limits
        self._stack = contextlib.ExitStack()
        self._errors: IO[bytes] = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        self._child = self._stack.enter_context(
            _child(args, env=env, cwd=cwd, limits=limits, stdin=subprocess.PIPE, stderr=self._errors)
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._stdin = self._child.stdin
        self._stdout_fd = self._child.stdout.fileno()
        self._selector = self._stack.enter_context(selectors.DefaultSelector())
        self._selector.register(self._stdout_fd, selectors.EVENT_READ)
        self._buffer = bytearray()

    def ask(self, request: bytes) -> None:
        """Send a request of at most 4 kB.

        Raises:
            Died: the child has ended.
        """
        try:
            self._stdin.write(request)
            self._stdin.flush()
        except OSError as error:
            raise self._died() from error

    def line(self, limit: int = 8192) -> bytes:
        """One line of the answer, without its newline.

        Raises:
            Died: the child has ended.
            Overrun: it did not answer in time, or the line is longer than ``limit``.
        """
        deadline = monotonic() + self._limits.wall_s
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > limit:
                raise Overrun(f"{self._program} answered with a line of more than {limit} bytes")
            self._fill(deadline)
        return self._cut(end, drop=1)

    def read(self, count: int) -> bytes:
        """Exactly ``count`` bytes of the answer; raises as ``line`` does."""
        deadline = monotonic() + self._limits.wall_s
        while len(self._buffer) < count:
            self._fill(deadline)
        return self._cut(count)

    def close(self) -> None:
        """End the child."""
        self._stack.close()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fill(self, deadline: float) -> None:
        if not self._selector.select(max(0.0, deadline - monotonic())):
            self.close()
            raise Overrun(f"{self._program} did not answer within {self._limits.wall_s:g} s")
        data = os.read(self._stdout_fd, _CHUNK)
        if not data:
            raise self._died()
        self._buffer += data

    def _cut(self, count: int, drop: int = 0) -> bytes:
        part = bytes(self._buffer[:count])
        del self._buffer[: count + drop]
        return part

    def _died(self) -> Died:
        self._errors.seek(0)
        words = self._errors.read(_STDERR_KEPT)
        return Died(f"{self._program} ended unexpectedly: {last_line(words)}", words)


def last_line(words: bytes) -> str:
    """The last line of what a program complained, made printable, at most 200 characters."""
    lines = [line for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    text = lines[-1].strip() if lines else "it gave no reason"
    return "".join(c if c.isprintable() else "?" for c in text)[:200]


@contextlib.contextmanager
def _child(
    args: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    limits: Limits,
    stdin: int,
    stderr: int | IO[bytes] = subprocess.PIPE,
) -> Iterator[subprocess.Popen[bytes]]:
    # A wrapper would report a missing program as an exit code like any other.
    if not os.access(args[0], os.X_OK):
        raise Unavailable(f"{Path(args[0]).name} could not be started: it is missing or not executable")
    try:
        child = subprocess.Popen(
            [*_wrapper(), *_bounds(limits), *args],
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"{Path(args[0]).name} could not be started: {error.strerror}") from error
    try:
        yield child
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        # The child leads a session of its own, so what it started ends with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    child.wait(_GRACE_S)


def _bounds(limits: Limits) -> list[str]:
    prlimit = _found("prlimit", "--core=0", "true")
    if prlimit is None:
        return []
    return [
        prlimit,
        "--core=0",
        f"--cpu={limits.cpu_s}",
        f"--as={limits.memory_bytes}",
        f"--fsize={limits.file_bytes}",
        "--nofile=1024",
        "--",
    ]


def _wrapper() -> list[str]:
    setpriv = _found("setpriv", "--pdeathsig", "KILL", "true")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


@cache
def _found(program: str, *trial: str) -> str | None:
    """Where a wrapper lies, or None when it is missing or does not know what is asked of it."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run([path, *trial], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if done.returncode == 0 else None
