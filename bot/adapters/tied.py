"""Command lines of long-lived children that can not outlive their parent."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Sequence

LAUNCHER = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, int(sys.argv[1]))\n"
    "if os.getppid() != int(sys.argv[2]): sys.exit(1)\n"
    "os.execvp(sys.argv[3], sys.argv[3:])\n"
)
"""Sets the death signal from inside (prctl 1 is PR_SET_PDEATHSIG) where setpriv is missing."""


def tied(argv: Sequence[str], parent: int, sig: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command line that runs ``argv`` so that the kernel sends it ``sig`` when its parent dies.

    Linux only; elsewhere ``argv`` itself. The signal comes when the *thread* that started the child
    ends, so start children from a thread that lives as long as they shall.

    Args:
        parent: process id of the caller, for the race that it dies before the signal is set.
    """
    if not sys.platform.startswith("linux"):
        return list(argv)
    setpriv = shutil.which("setpriv")
    if setpriv:
        return [setpriv, "--pdeathsig", sig.name.removeprefix("SIG"), "--", *argv]
    return [sys.executable, "-c", LAUNCHER, str(int(sig)), str(parent), *argv]
