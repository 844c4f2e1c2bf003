"""Keeps answers that can never change: trees, small blobs, comparisons and dates of commits.

Object ids name their content, so nothing here grows old; it is forgotten when there is too much of
it, or when the process ends. Keys begin with the repository's id: what one repository may show is
never told to who asks about another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

V = TypeVar("V")


class Immutable:
    """A bounded memory, the least recently used goes first; any number of threads may share it.

    Args:
        most_bytes: sum of the sizes that callers state.
    """

    def __init__(self, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most = most_bytes
        self._held = 0
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, key: Hashable, read: Callable[[], V], size: Callable[[V], int]) -> V:
        """What is kept under the key, else what ``read`` gives, kept from then on.

        Two threads may read the same thing at once; the second answer replaces the first.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]  # type: ignore[return-value]
        value = read()
        self._keep(key, value, size(value))
        return value

    def _keep(self, key: Hashable, value: object, size: int) -> None:
        if size > self._most // 16:
            return
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (value, size)
            self._held += size - before
            while self._held > self._most:
                _, (_, gone) = self._kept.popitem(last=False)
                self._held -= gone
