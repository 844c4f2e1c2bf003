"""Which function answers which address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.testing.http import Response

if TYPE_CHECKING:
    from bot.simulator.pages.site import Visit

Page = Callable[["Visit"], Response]

ROUTES: list[tuple[str, str, Page]] = []
"""(method, pattern of the percent-encoded path, page); the first match answers."""

REPOSITORY = r"/(?P<owner>[^/]+)/(?P<name>[^/]+)"


class Refused(Exception):
    """The request is answered with a sentence instead of what it asked for."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = int(status)


def page(method: str, pattern: str) -> Callable[[Page], Page]:
    """Let the decorated function answer a method and pattern; groups become ``visit.params``."""

    def register(function: Page) -> Page:
        ROUTES.append((method, pattern, function))
        return function

    return register
