"""From the bytes of a delivery to the work it means. The bytes are signed, not trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.model.errors import Malformed
from bot.model.events import Event
from bot.model.work import Work
from bot.registry import Registry

MAX_DIGITS = 20
"""Longest whole number accepted; GitHub's ids have at most 64 bits."""


def parse(event: str, delivery: str, body: bytes, *, app_id: int = 0) -> Event:
    """Read a delivery's body.

    Args:
        app_id: of our own App.

    Raises:
        Malformed: it is not one JSON object of valid text with finite numbers and distinct keys.
    """
    try:
        text = body.decode("utf-8")
        payload = json.loads(
            text, object_pairs_hook=_distinct, parse_int=_whole, parse_constant=_refuse_constant
        )
        if "\\ud" in text or "\\uD" in text:
            json.dumps(payload, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise Malformed("the payload is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise Malformed(f"the payload is not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise Malformed("the payload has a lone surrogate, which is not text") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"the payload is not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise Malformed(f"the payload is a JSON {type(payload).__name__}, not an object")
    action = payload.get("action")
    return Event(event, action if isinstance(action, str) else "", delivery, payload, app_id)


def route(registry: Registry, event: Event) -> list[Work]:
    """The work that all handlers of an event ask for; of equal works the last one stays."""
    works: dict[str, Work] = {}
    for handler in registry.handlers_for(event):
        for item in handler.function(event):
            work = registry.work(item)
            works[work.key] = work
    return list(works.values())


def _distinct(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed(f"the payload has the key {twice[:60]!r} twice in one object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(f"the payload has a whole number of {len(digits)} digits")
    return int(digits)


def _refuse_constant(name: str) -> float:
    raise Malformed(f"the payload has {name}, which is not JSON")
