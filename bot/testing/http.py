"""One HTTP exchange as values, so that the fake needs no socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the fake sees it.

    Args:
        method: upper case.
        path: decoded once by nobody: percent-encoding as sent, without the query, without any
            ``/api/v3`` prefix (the server takes it off).
        query: decoded; the last value wins.
        headers: names in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; ``headers`` keep the case they are sent with."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Emission:
    """Something happened that GitHub would deliver to an App's webhook.

    Args:
        guid: names the event.
        app_id: whose webhook; 0 is the App under test.
        payload: JSON-able, with ``installation`` where GitHub sends it.
    """

    guid: str
    event: str
    action: str
    installation_id: int | None
    repository_id: int | None
    payload: Mapping[str, object]
    app_id: int = 0
