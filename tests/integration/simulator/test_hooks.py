"""Deliveries are signed, sent once, logged, and faulty on request."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from bot.simulator.hooks import Attempt, Hook, HookFaults, WebhookSender
from bot.testing.http import Emission

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Receiver


class Log(list[Attempt]):
    """Attempts as they are recorded."""

    def outcomes(self) -> Counter[str]:
        return Counter(attempt.outcome for attempt in self)


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def sender(receiver: Receiver, log: Log) -> Iterator[WebhookSender]:
    """Sends to the receiver."""
    sender = WebhookSender(Hook(receiver.url, "s3cret", 99, 42, timeout_s=5), log.append, seed=7)
    yield sender
    sender.close()


def emission(number: int = 1, **payload: object) -> Emission:
    return Emission(f"guid-{number}", "push", "", 5, 7, payload or {"number": number, "text": "ä"})


def test_a_delivery_carries_githubs_headers_and_signature(sender: WebhookSender, receiver: Receiver) -> None:
    """The signature is over the raw bytes; the hook and its target are named."""
    sender(emission())

    got = receiver.next()

    assert (
        got.headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"s3cret", got.body, "sha256").hexdigest()
    )
    assert got.headers["x-hub-signature"] == "sha1=" + hmac.new(b"s3cret", got.body, hashlib.sha1).hexdigest()
    assert json.loads(got.body) == {"number": 1, "text": "ä"}
    named = {name: value for name, value in got.headers.items() if name.startswith("x-github-")}
    assert named == {
        "x-github-delivery": "guid-1",
        "x-github-event": "push",
        "x-github-hook-id": "99",
        "x-github-hook-installation-target-id": "42",
        "x-github-hook-installation-target-type": "integration",
    }
    assert got.headers["content-type"] == "application/json"


def test_every_attempt_is_recorded_and_none_repeated(
    sender: WebhookSender, receiver: Receiver, log: Log
) -> None:
    """A refusal by the receiver is final."""
    receiver.status = 503
    sender(emission())
    assert sender.flush(10)

    (attempt,) = log
    assert (attempt.status_code, attempt.outcome, attempt.response_body) == (503, "failed", "taken")
    assert len(receiver.all()) == 1


def test_nobody_listening_is_a_failed_attempt(sender: WebhookSender, log: Log) -> None:
    """No answer has status code 0."""
    sender.configure(url="http://127.0.0.1:9/")
    sender(emission())
    assert sender.flush(10)
    assert [(a.status_code, a.status) for a in log] == [(0, "failed to connect to host")]


def test_a_slow_receiver_times_out(sender: WebhookSender, receiver: Receiver, log: Log) -> None:
    """After the time-out the attempt counts as failed, though the receiver has it."""
    receiver.gate.clear()
    sender.configure(timeout_s=0.2)
    sender(emission())
    assert sender.flush(10)
    assert [(a.status_code, a.status) for a in log] == [(0, "timed out")]


def test_a_redelivery_repeats_the_guid(sender: WebhookSender, receiver: Receiver, log: Log) -> None:
    """GitHub names the event, not the delivery."""
    sender(emission())
    sender.redeliver(emission())
    assert sender.flush(10)
    assert [got.guid for got in receiver.all()] == ["guid-1", "guid-1"]
    assert sorted(attempt.redelivery for attempt in log) == [False, True]


@pytest.mark.parametrize(
    ("faults", "arrived", "outcomes"),
    [
        (HookFaults(lost=1), 0, {"lost": 5}),
        (HookFaults(unrecorded=1), 0, {"unrecorded": 5}),
        (HookFaults(doubled=1), 10, {"sent": 10}),
        (HookFaults(), 5, {"sent": 5}),
    ],
)
def test_shares_of_deliveries_meet_faults(
    sender: WebhookSender,
    receiver: Receiver,
    log: Log,
    faults: HookFaults,
    arrived: int,
    outcomes: dict[str, int],
) -> None:
    """Lost ones are told to the log, doubled ones carry the same GUID."""
    sender.configure(faults=faults)
    for number in range(5):
        sender(emission(number))
    assert sender.flush(10)

    assert len(receiver.all()) == arrived
    assert log.outcomes() == outcomes
    assert {attempt.emission.guid for attempt in log} == {f"guid-{number}" for number in range(5)}


def test_disordered_deliveries_overtake_each_other(sender: WebhookSender, receiver: Receiver) -> None:
    """The order of arrival is not that of the events."""
    sender.configure(faults=HookFaults(disordered=0.5, disorder_s=0.3))
    for number in range(20):
        sender(emission(number))
    assert sender.flush(10)
    order = [int(got.guid.removeprefix("guid-")) for got in receiver.all()]
    assert order != sorted(order)
    assert sorted(order) == list(range(20))


def test_late_deliveries_let_others_pass(sender: WebhookSender, receiver: Receiver) -> None:
    """What is late arrives after what came later."""
    sender.configure(faults=HookFaults(late=1, late_s=0.2))
    sender(emission(1))
    sender.configure(faults=HookFaults())
    sender(emission(2))
    assert [receiver.next().guid, receiver.next().guid] == ["guid-2", "guid-1"]


def test_a_pause_holds_back(sender: WebhookSender, receiver: Receiver) -> None:
    """Nothing is lost, and ``flush`` says that it could not."""
    sender.pause()
    sender(emission())
    assert sender.pending == 1
    assert sender.flush(0.1) is False
    assert receiver.received.empty()
    sender.resume()
    assert receiver.next().guid == "guid-1"


def test_what_is_too_large_is_not_delivered(sender: WebhookSender, receiver: Receiver, log: Log) -> None:
    """GitHub drops events over 25 MB without a trace in the log."""
    sender(emission(1, text="x" * (25 * 1024 * 1024)))
    assert sender.flush(10)
    assert log.outcomes() == {"unrecorded": 1}
    assert receiver.received.empty()


def test_without_an_address_nothing_is_sent(sender: WebhookSender, log: Log) -> None:
    """An App without a webhook."""
    sender.configure(url="")
    sender(emission())
    assert sender.pending == 0
    assert log == []


def test_a_share_beyond_one_is_refused() -> None:
    """The message names the field."""
    with pytest.raises(ValueError, match="`lost` is 2"):
        HookFaults(lost=2)
