"""How the fake shows that a document was too heavy for it: switched on by tests, off by default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NODE_LIMIT = 500_000


class Sign(Enum):
    """What GitHub says when a document takes too long."""

    BAD_GATEWAY = "bad-gateway"
    """502 after ten seconds."""

    WENT_WRONG = "went-wrong"
    """200 with "Something went wrong while executing your query"."""

    PARTIAL = "partial"
    """200 with the data of the first connections, and RESOURCE_LIMITS_EXCEEDED for the others."""


@dataclass
class Overload:
    """When documents are too heavy.

    Args:
        node_limit: more nodes than these are refused, as is documented.
        above: documents of more connection requests than these do not finish; None: all do.
        sign: how that shows.
        penalty: points taken beside the cost of a document that did not finish.
    """

    node_limit: int = NODE_LIMIT
    above: int | None = None
    sign: Sign = Sign.BAD_GATEWAY
    penalty: int = 0
