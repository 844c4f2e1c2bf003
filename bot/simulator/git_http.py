"""Real git over smart HTTP: runs ``git http-backend`` on one bare repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote

_PATH = re.compile(
    r"(?:/git)?/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/"
    r"(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
_ANY = re.compile(r"(?:/git)?/(?!repos/|_sim/)[^/]+/[^/]+\.git(/.*)?")
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class GitPath:
    """A smart-HTTP address. ``service`` is ``git-upload-pack`` or ``git-receive-pack``."""

    owner: str
    name: str
    rest: str
    service: str

    @property
    def writes(self) -> bool:
        """Leads to a push."""
        return self.service == "git-receive-pack"


@dataclass(slots=True)
class GitAnswer:
    """Status, headers, and the body in portions; read to the end or ``close``."""

    status: int
    headers: dict[str, str]
    _process: subprocess.Popen[bytes]

    def body(self) -> Iterator[bytes]:
        """The rest of the backend's output."""
        output = _pipe(self._process)
        while chunk := output.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
        self._process.wait()

    def close(self) -> None:
        """End the backend."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        _pipe(self._process).close()


def is_git(path: str) -> bool:
    """Looks like a git address, understood or not."""
    return _ANY.fullmatch(path) is not None or _PATH.fullmatch(path) is not None


def parse(path: str, query: Mapping[str, str]) -> GitPath | None:
    """The parts of a smart-HTTP address; None for anything else, the dumb protocol included."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    rest = match["rest"]
    service = query.get("service", "") if rest == "info/refs" else rest
    if service not in ("git-upload-pack", "git-receive-pack"):
        return None
    return GitPath(unquote(match["owner"]), unquote(match["name"]), rest, service)


def run(
    repository: Path,
    address: GitPath,
    *,
    method: str,
    headers: Mapping[str, str],
    body: IO[bytes],
    length: int,
    home: Path,
    user: str,
) -> GitAnswer:
    """Start the backend and read its headers.

    Args:
        repository: the bare repository's directory.
        headers: names in lower case.
        body: a real file, positioned at the start of the request's body of ``length`` bytes.
        home: an empty directory that git takes for its home.
        user: who pushes; without a user git refuses pushes.
    """
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PROJECT_ROOT": str(repository.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": os.devnull,
        "GIT_CONFIG_KEY_1": "http.receivepack",
        "GIT_CONFIG_VALUE_1": "true",
        "PATH_INFO": f"/{repository.name}/{address.rest}",
        "REQUEST_METHOD": method,
        "QUERY_STRING": f"service={address.service}" if address.rest == "info/refs" else "",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_COMMITTER_NAME": user,
        "GIT_COMMITTER_EMAIL": f"{user}@simulator.invalid",
    }
    process = subprocess.Popen(
        ["git", "http-backend"], stdin=body, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    )
    output = _pipe(process)
    status, answered = 200, {}
    while (line := output.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            answered[name] = value.strip()
    if not answered:
        status = 500
    return GitAnswer(status, answered, process)


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise AssertionError("the backend runs with a pipe")
    return process.stdout
