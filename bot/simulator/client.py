"""Steers a simulator in another process, and starts one."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from bot.simulator.faults import Fault
from bot.simulator.hooks import HookFaults
from bot.simulator.journal import Entry


class ControlFailed(Exception):
    """The control plane refused a call; the text is its message."""


class Client:
    """Calls the control plane; thread-safe, one connection per call.

    Args:
        base_url: as the simulator printed it.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Any:
        """One call; see ``bot.simulator.control`` for the paths. Raises ControlFailed."""
        place = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
        try:
            target = f"/_sim{path}" + (f"?{urlencode(query)}" if query else "")
            connection.request(method, target, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ControlFailed(f"{method} {path}: {answer.get('message', response.status)}")
        return answer

    def information(self) -> dict[str, Any]:
        """App id, key file, addresses."""
        return dict(self.call("GET", "/"))

    def act(self, name: str, /, **arguments: Any) -> Any:
        """Do what a person does: a method of ``FakeGitHub`` by name."""
        return self.call("POST", f"/acts/{name}", arguments)["result"]

    def journal(self, *, since: int = 0) -> list[Entry]:
        """Entries after that number."""
        answer = self.call("GET", "/journal", query={"since": str(since)})
        return [Entry.from_json(value) for value in answer["entries"]]

    def add_faults(self, *faults: Fault) -> None:
        """Put rules in force."""
        self.call("POST", "/faults", [fault.to_json() for fault in faults])

    def clear_faults(self) -> None:
        """Remove all rules."""
        self.call("DELETE", "/faults")

    def set_hooks(self, *, faults: HookFaults | None = None, **parts: Any) -> None:
        """Change ``url``, ``secret``, ``timeout_s``, ``paused`` or the faults of deliveries."""
        self.call("POST", "/hooks", parts if faults is None else {**parts, "faults": asdict(faults)})

    def deliveries(self) -> list[dict[str, Any]]:
        """The delivery log."""
        return list(self.call("GET", "/deliveries"))

    def quiet(self, *, idle_s: float = 1.0, timeout_s: float = 30.0) -> bool:
        """Wait until nothing happens any more; False when time was up."""
        arguments = {"idle_s": idle_s, "timeout_s": timeout_s}
        return bool(self.call("POST", "/quiet", arguments, timeout_s=timeout_s + 10)["quiet"])

    def problems(self) -> list[str]:
        """Where requests or answers break GitHub's published description."""
        return list(self.call("GET", "/problems"))

    def violations(self) -> list[dict[str, Any]]:
        """What the oracles find in the journal."""
        return list(self.call("GET", "/violations"))


class SimulatorProcess:
    """A simulator in a process of its own, from ``__enter__`` to ``__exit__``.

    Args:
        root: its directory.
        options: further arguments of ``python -m bot.simulator``.
        env: its environment; None means this process's.
    """

    def __init__(self, root: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", "bot.simulator", "--root", str(root), *options]
        self._env = dict(env) if env is not None else None
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.log: list[str] = []

    def __enter__(self) -> Client:
        """Start it. Raises RuntimeError with its output when it does not come up."""
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._env,
        )
        output = self._process.stdout
        if output is None:
            raise AssertionError("the process runs with a pipe")
        for line in output:
            if line.startswith("simulator "):
                self._reader = threading.Thread(target=self._read, args=(output,), daemon=True)
                self._reader.start()
                return Client(line.split()[1])
            self.log.append(line)
        self.__exit__(None, None, None)
        raise RuntimeError("the simulator did not start:\n" + "".join(self.log))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(timeout=5)
        if process.stdout is not None:
            process.stdout.close()

    def _read(self, output: IO[str]) -> None:
        self.log.extend(output)
