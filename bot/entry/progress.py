"""A sign of life for people who wait at a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SLOW_S = 1.0
"""Nobody wonders about what is done sooner."""


@contextmanager
def progress(text: str, *, after_s: float = 0.0) -> Iterator[Callable[[str], None]]:
    """Show a text while something goes on; what is yielded changes it.

    On a terminal only, and on standard error: nothing where the output is read by a program. Print
    nothing meanwhile: it would go to the terminal even where standard output does not.

    Args:
        after_s: show it only to those who have waited so long.
    """
    if not sys.stderr.isatty():
        yield lambda _said: None
        return
    shown = [text]
    ended = threading.Event()

    def show() -> None:
        if ended.wait(after_s):
            return
        from rich.console import Console
        from rich.markup import escape

        said = shown[0]
        with Console(stderr=True).status(escape(said)) as status:
            while not ended.wait(0.05):
                if said != shown[0]:
                    said = shown[0]
                    status.update(escape(said))

    def tell(said: str) -> None:
        shown[0] = said

    thread = threading.Thread(target=show, name="progress", daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        ended.set()
        thread.join()
