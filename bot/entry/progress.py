"""A sign of life for people who wait at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show a text while something goes on; what is yielded changes it.

    On a terminal only, and on standard error: nothing where the output is read by a program.
    """
    if not sys.stderr.isatty():
        yield lambda _said: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(text)) as status:
        yield lambda said: status.update(escape(said))
