"""The closed environment in which git runs: nothing of the user's or the system's configuration,
no hooks, no helpers, no network, and a repository's own configuration defused.

Why each line is there: git reads commands to run from configuration (``core.fsmonitor``, pagers,
filters, credential helpers, ``core.sshCommand``) and a partial clone fetches what it lacks while
an object is read. Only plumbing that runs none of these is used; what is set here holds even where
a repository's own file says otherwise, because the environment is read last.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from bot.adapters.process import Conversation, Finished, Limits, run
from bot.model.errors import UserError

MINIMUM = (2, 38)
"""The first git that has both ``cat-file --batch-command`` and ``safe.bareRepository``."""

_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.askPass": "false",
    "core.attributesFile": os.devnull,
    "core.alternateRefsCommand": "true",
    "core.packedGitWindowSize": "64m",
    "core.packedGitLimit": "512m",
    "core.logAllRefUpdates": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}


def closed_environment(git_dir: Path) -> dict[str, str]:
    """All that a git process is told; ``GIT_DIR`` is given, so git looks for no repository itself."""
    config = list(_CONFIG.items())
    return {
        "PATH": os.defpath,
        "HOME": "",
        "XDG_CONFIG_HOME": "",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_DIR": str(git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(config)),
        **{f"GIT_CONFIG_KEY_{i}": key for i, (key, _) in enumerate(config)},
        **{f"GIT_CONFIG_VALUE_{i}": value for i, (_, value) in enumerate(config)},
        "GIT_ATTR_NOSYSTEM": "1",
        # An allow-list that names no transport wins over any ``protocol.*.allow`` of a repository.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "SSH_ASKPASS": "false",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


class Git:
    """Runs git against one repository."""

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        self._program = program()
        self._environment = closed_environment(git_dir)
        self._limits = limits

    def run(self, *args: str) -> Finished:
        """Run one command to its end; raises as ``bot.adapters.process.run`` does."""
        return run([self._program, *args], env=self._environment, cwd=Path(os.path.sep), limits=self._limits)

    def converse(self, args: Sequence[str]) -> Conversation:
        """Start a command that answers requests."""
        return Conversation(
            [self._program, *args], env=self._environment, cwd=Path(os.path.sep), limits=self._limits
        )


@cache
def program() -> str:
    """The path of git.

    Raises:
        UserError: git is missing or too old.
    """
    path = shutil.which("git")
    if path is None:
        raise UserError(f"git is not on PATH; install git {'.'.join(map(str, MINIMUM))} or newer")
    done = run([path, "--version"], env={"PATH": os.defpath}, cwd=Path(os.path.sep), limits=Limits())
    check_version(done.stdout.decode("utf-8", "replace"))
    return path


def check_version(text: str) -> None:
    """Refuse a git that lacks what the closed environment needs.

    Args:
        text: what ``git --version`` printed.

    Raises:
        UserError: it is too old, or not git.
    """
    found = re.search(r"(\d{1,4})\.(\d{1,4})", text)
    if found is None or (int(found[1]), int(found[2])) < MINIMUM:
        raise UserError(
            f"this needs git {'.'.join(map(str, MINIMUM))} or newer, but `git --version` says "
            f"{text.strip()[:80]!r}; install a newer git"
        )
