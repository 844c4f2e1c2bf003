"""A terminal, for what is printed to people only."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path


def shown_in_a_terminal(
    command: Sequence[str | Path],
    *,
    code: int = 0,
    watch: Callable[[bytes], object] = lambda _seen: None,
    **env: str,
) -> bytes:
    """Run the command with a terminal for input and output; what it shows. It must end with ``code``.

    Args:
        watch: gets what was shown so far, whenever there is more.
    """
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1", **env}
    environment.pop("NO_COLOR", None)
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    # Linux answers with an error where others answer with an end of file.
    try:
        while part := os.read(ours, 65536):
            seen += part
            watch(seen)
    except OSError:
        pass
    finally:
        os.close(ours)
    assert child.wait(60) == code, seen
    return seen
