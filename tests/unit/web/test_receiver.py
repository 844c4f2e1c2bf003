"""The receiver alone: what it lets in, what it answers, what it writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import pytest

from bot.model.errors import LedgerUnavailable, SettingsError
from bot.model.events import Lane
from bot.testing.deliveries import BODY, headers, sign
from bot.web.receiver import MAX_BODY, Answer, fairness_key


def values(given: dict[str, str], **more: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """What ``admit`` asks, over a plain mapping; ``more`` gives several values of a header."""
    several = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda name: several.get(name) or ([given[name]] if name in given else [])


def send(world, body: bytes = BODY, given: dict[str, str] | None = None, **more: Sequence[str]) -> Answer:
    head = world.receiver.admit(values(headers(body) if given is None else given, **more))
    return head if isinstance(head, Answer) else world.receiver.receive(head, body)


def test_records_a_signed_delivery_once_and_hints_a_drain(world) -> None:
    given = headers(x_github_delivery="abc-1")

    assert send(world, given=given).status == 202
    assert send(world, given=given).status == 202

    (delivery,) = world.ledger.deliveries.values()
    assert (delivery.id, delivery.event, delivery.lane) == ("99:abc-1", "push", Lane.EVENT)
    assert (delivery.fairness_key, delivery.body) == ("4711", BODY)
    assert world.hints == ["drain"]
    assert world.metrics.counts == {
        ("deliveries_total", "push", "new"): 1,
        ("deliveries_total", "push", "open"): 1,
    }


def test_accepts_what_the_previous_secret_signed(world) -> None:
    assert send(world, given=headers(x_hub_signature_256=sign(BODY, "the-previous-secret"))).status == 202


def test_refuses_to_start_without_a_secret(make_world) -> None:
    with pytest.raises(SettingsError, match="PLUMBLINE_WEBHOOK_SECRET"):
        make_world(secrets=("",))


SIGNATURE = sign(BODY)
BAD_SIGNATURES = [
    pytest.param(headers(x_hub_signature_256=None), id="missing"),
    pytest.param(headers(x_hub_signature_256=None, x_hub_signature="sha1=" + "0" * 40), id="sha1 only"),
    pytest.param(headers(x_hub_signature_256=SIGNATURE[:-1]), id="one digit short"),
    pytest.param(headers(x_hub_signature_256=SIGNATURE + "0"), id="one digit long"),
    pytest.param(headers(x_hub_signature_256="sha256=" + SIGNATURE[7:].upper()), id="upper case"),
    pytest.param(headers(x_hub_signature_256="SHA256=" + SIGNATURE[7:]), id="upper case prefix"),
    pytest.param(headers(x_hub_signature_256=SIGNATURE[7:]), id="no prefix"),
    pytest.param(headers(x_hub_signature_256=sign(BODY, "another secret")), id="other secret"),
    pytest.param(headers(x_hub_signature_256=sign(BODY + b" ")), id="body changed by one byte"),
    pytest.param(headers(x_hub_signature_256="sha256=" + "é" * 64), id="not ASCII"),
    pytest.param(headers(x_hub_signature_256="sha256=" + "\udce9" * 64), id="lone surrogate"),
    pytest.param(headers(x_hub_signature_256=f"{SIGNATURE},{SIGNATURE}"), id="two joined by a server"),
]


@pytest.mark.fault
@pytest.mark.parametrize("given", BAD_SIGNATURES)
def test_ka3_bad_signatures_write_nothing(world, given: dict[str, str]) -> None:
    """401 for every forgery, never a 500, and the ledger is not even asked."""
    assert send(world, given=given).status == 401
    assert world.ledger.calls == 0
    assert world.metrics.counts["deliveries_refused_total", "signature"] == 1


@pytest.mark.fault
def test_ka3_two_signature_headers_are_refused(world) -> None:
    """Two headers are refused even when both are right: servers differ in which one they show."""
    assert send(world, x_hub_signature_256=[SIGNATURE, SIGNATURE]).status == 401
    assert world.ledger.calls == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"content_length": str(MAX_BODY)}, 202, id="length at the limit"),
        pytest.param({"content_length": str(MAX_BODY + 1)}, 413, id="length one past the limit"),
        pytest.param({"content_length": "12a"}, 400, id="length is no number"),
        pytest.param({"content_length": "-1"}, 400, id="length below zero"),
        pytest.param({"content_length": "9" * 5000}, 400, id="length of 5000 digits"),
        pytest.param({"content_length": "²"}, 400, id="length in a strange script"),
        pytest.param({"content_type": "application/x-www-form-urlencoded"}, 415, id="form"),
        pytest.param({"content_type": None}, 415, id="no type"),
        pytest.param({"content_type": "Application/JSON; charset=utf-8"}, 202, id="type with charset"),
        pytest.param({"content_encoding": "gzip"}, 415, id="gzip"),
        pytest.param({"content_encoding": "identity"}, 202, id="identity"),
        pytest.param({"x_github_event": None}, 400, id="no event"),
        pytest.param({"x_github_event": "a" * 101}, 400, id="event too long"),
        pytest.param({"x_github_event": "push\nx"}, 400, id="event with a newline"),
        pytest.param({"x_github_delivery": None}, 400, id="no id"),
        pytest.param({"x_github_delivery": "a:b"}, 400, id="id with a colon"),
        pytest.param({"x_github_delivery": "a" * 101}, 400, id="id too long"),
        pytest.param({"x_github_delivery": "1732100000000"}, 202, id="id of clock milliseconds"),
        pytest.param({"x_github_hook_id": None}, 202, id="no hook id"),
        pytest.param({"x_github_hook_id": "x"}, 400, id="hook id no number"),
        pytest.param({"x_github_hook_installation_target_id": "43"}, 403, id="another App's hook"),
        pytest.param({"x_github_hook_installation_target_type": "repository"}, 403, id="a repository's hook"),
        pytest.param(
            {"x_github_hook_installation_target_type": None, "x_github_hook_installation_target_id": None},
            202,
            id="no target, as emulators send",
        ),
        pytest.param({"x_github_event": "never_heard_of"}, 202, id="unknown event"),
    ],
)
def test_judges_the_head(world, changes: dict[str, str | None], status: int) -> None:
    assert send(world, given=headers(**changes)).status == status
    assert len(world.ledger.deliveries) == (status == 202)


def test_takes_any_target_while_the_app_is_unknown(make_world) -> None:
    assert send(make_world(app_id=0)).status == 202


def test_refuses_a_body_that_grew_past_the_limit(world) -> None:
    body = bytes(MAX_BODY + 1)

    assert send(world, body).status == 413
    assert world.ledger.calls == 0


@pytest.mark.fault
def test_ka9_ledger_away_is_503_with_a_time_to_come_back(world) -> None:
    world.ledger.error = LedgerUnavailable("Redis is away")

    answer = send(world)

    assert answer.status == 503
    assert dict(answer.headers)["retry-after"] == "30"
    assert world.hints == []


def test_judges_each_of_several_by_itself(world) -> None:
    """One forged and one that the ledger refuses do not touch their neighbours."""
    world.ledger.refused = {"full"}
    requests = []
    for guid, changes in (("a", {}), ("b", {"x_hub_signature_256": sign(b"x")}), ("full", {}), ("c", {})):
        requests.append((world.receiver.admit(values(headers(x_github_delivery=guid, **changes))), BODY))

    answers = world.receiver.receive_many(requests)

    assert [answer.status for answer in answers] == [202, 401, 503, 202]
    assert world.ledger.calls == 1
    assert world.hints == ["drain"]


@pytest.mark.fault
@pytest.mark.parametrize("event", ["ping", "never_heard_of", "push"])
def test_ka12_unknown_events_pings_and_no_installation_are_accepted_and_counted(world, event: str) -> None:
    body = b'{"zen":"Keep it logically awesome."}'

    assert send(world, body, headers(body, x_github_event=event)).status == 202
    assert world.metrics.counts["deliveries_total", event if event == "push" else "other", "new"] == 1


def test_logs_refusals_once_a_second_at_most(world, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            send(world, given=headers(x_hub_signature_256=None))

    assert 1 <= len(caplog.records) <= 2


@pytest.mark.parametrize(
    ("body", "key"),
    [
        pytest.param(BODY, "4711", id="at the end"),
        pytest.param(
            b'{"action":"created","installation":{"id":5,"x":"' + b"x" * 9000 + b'"}}', "5", id="start"
        ),
        pytest.param(b"x" * 30_000 + b'"installation":{"id":6}}', "6", id="end of a large one"),
        pytest.param(b'{"zen":1}', "0", id="none"),
        pytest.param(b'{"installation":{"id":null}}', "0", id="null"),
        pytest.param(b'{"installation":{"id":' + b"9" * 5000 + b"}}", "9" * 20, id="5000 digits"),
        pytest.param(b'{"m":"\\"installation\\":{\\"id\\":7}"}', "0", id="inside a text"),
        pytest.param(b"", "0", id="empty"),
    ],
)
def test_finds_the_fairness_key_by_bytes(body: bytes, key: str) -> None:
    assert fairness_key(body) == key
