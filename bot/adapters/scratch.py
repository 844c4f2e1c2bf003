"""A program's directory for temporary files, which being killed does not leave behind for good.

A killed program can not clean up, so the next one that starts does: a directory whose lock nobody
holds belongs to nobody any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "plumbline-run-"
LOCK = "owner.lock"
VARIABLE = "TMPDIR"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """A new directory, in which this process and its children make their temporary files meanwhile.

    Removes those of programs that were killed.
    """
    before, chosen = os.environ.get(VARIABLE), tempfile.tempdir
    remove_orphans(Path(tempfile.gettempdir()))
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    # Locked before it has its name, so that nobody ever sees it without its owner.
    with (made / f"{LOCK}.new").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (made / f"{LOCK}.new").rename(made / LOCK)
        os.environ[VARIABLE] = tempfile.tempdir = str(made)
        try:
            yield made
        finally:
            tempfile.tempdir = chosen
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before
            shutil.rmtree(made, ignore_errors=True)


def remove_orphans(place: Path) -> None:
    """Remove this user's directories whose program has ended without removing them."""
    for directory in place.glob(f"{PREFIX}*"):
        try:
            status = directory.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            with (directory / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            # Its program lives, is just being born, or another one is removing it.
            continue
