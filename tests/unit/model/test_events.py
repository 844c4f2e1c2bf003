"""Events read untrusted payloads without stumbling."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Delivery, Event, Lane


def event(payload: Any) -> Event:
    """An event of that payload."""
    return Event("push", "", "h:g", payload)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param({"id": 1}, 1, id="smallest"),
        pytest.param({"id": 2**63 - 1}, 2**63 - 1, id="largest"),
        pytest.param({"id": 2**63}, None, id="one too large"),
        pytest.param({"id": 10**400}, None, id="400 digits"),
        pytest.param({"id": 0}, None, id="zero"),
        pytest.param({"id": -1}, None, id="negative"),
        pytest.param({"id": True}, None, id="boolean"),
        pytest.param({"id": 1.0}, None, id="float"),
        pytest.param({"id": float("nan")}, None, id="NaN"),
        pytest.param({"id": "1"}, None, id="text"),
        pytest.param({"id": None}, None, id="null"),
        pytest.param({"id": {"id": 1}}, None, id="object"),
        pytest.param({}, None, id="no id"),
        pytest.param(None, None, id="null part"),
        pytest.param([{"id": 1}], None, id="list"),
        pytest.param("id", None, id="text part"),
    ],
)
def test_ka5_ids_are_positive_64_bit_integers_or_none(part: Any, expected: int | None) -> None:
    """Wrong types and sizes are absent, for installation and repository alike."""
    found = event({"installation": part, "repository": part})

    assert (found.installation_id, found.repository_id) == (expected, expected)
    assert (event({}).installation_id, event({}).repository_id) == (None, None)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"sender": {"type": "Bot"}}, True),
        ({"sender": {"type": "User"}}, False),
        ({"sender": {"type": "bot"}}, False),
        ({"sender": {"login": "x[bot]"}}, False),
        ({"sender": None}, False),
        ({"sender": ["Bot"]}, False),
        ({}, False),
    ],
)
def test_knows_a_bot_by_its_type(payload: dict[str, Any], expected: bool) -> None:
    """Names prove nothing."""
    assert event(payload).sender_is_bot is expected


def test_delivery_is_known_by_hook_and_guid() -> None:
    """The same GUID of another hook is another delivery."""
    one, other = (Delivery(hook, "guid", "push", Lane.EVENT, "", b"secret-body") for hook in ("1", "-"))

    assert (one.id, other.id) == ("1:guid", "-:guid")


def test_payload_stays_out_of_logs() -> None:
    """A repr ends up in tracebacks."""
    assert "secret" not in repr(event({"token": "secret"}))


def test_lanes_are_ordered_by_urgency() -> None:
    """The registry relies on it."""
    assert list(Lane) == [Lane.INTERACTIVE, Lane.EVENT, Lane.SWEEP]
