"""The delivery log: cursors, filters, bodies, redelivery, three days."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import FakeGitHub, ManualClock

LOG = "/app/hook/deliveries"


@pytest.fixture
def logged(fake: FakeGitHub) -> list[int]:
    """Five deliveries: 202, 500, 202, no answer, 302; oldest first."""
    return [
        fake.record_delivery(
            guid=f"guid-{index}",
            event="push",
            action="",
            status_code=code,
            payload={"n": index},
            installation_id=1,
            repository_id=2,
            request_headers={"X-GitHub-Event": "push"},
        )
        for index, code in enumerate((202, 500, 202, 0, 302))
    ]


def test_newest_first_by_cursor(api: Any, logged: list[int]) -> None:
    """Pages are followed by the cursor in the link, to the end."""
    found: list[int] = []
    query: dict[str, str] = {"per_page": "2"}
    while True:
        reply = api.get(LOG, token=api.app_jwt(), **query)
        found += [delivery["id"] for delivery in reply.json]
        link = reply.headers.get("Link")
        if link is None:
            break
        assert link.endswith('>; rel="next"')
        query["cursor"] = link.partition("cursor=")[2].partition(">")[0].partition("&")[0]
    assert found == logged[::-1]


def test_by_status(api: Any, logged: list[int]) -> None:
    """Success is 200 to 399."""
    for status, expected in (("success", [4, 2, 0]), ("failure", [3, 1])):
        listed = api.get(LOG, token=api.app_jwt(), status=status).json
        assert [delivery["id"] for delivery in listed] == [logged[i] for i in expected]
    assert api.get(LOG, token=api.app_jwt(), status="odd").status == 422
    assert api.get(LOG, token=api.app_jwt(), cursor="odd").status == 400
    assert api.get(LOG).status == 401


def test_one_with_its_bodies(api: Any, logged: list[int]) -> None:
    """The payload comes back as it was sent."""
    body = api.get(f"{LOG}/{logged[1]}", token=api.app_jwt()).json
    assert body["request"]["payload"] == {"n": 1}
    assert body["request"]["headers"]["X-GitHub-Event"] == "push"
    assert (body["status_code"], body["guid"], body["action"]) == (500, "guid-1", None)
    assert api.get(f"{LOG}/1", token=api.app_jwt()).status == 404


def test_redelivery(api: Any, fake: FakeGitHub, logged: list[int]) -> None:
    """202, and the sender is told."""
    asked: list[int] = []
    fake.redeliver = asked.append
    assert api.post(f"{LOG}/{logged[1]}/attempts", token=api.app_jwt()).status == 202
    assert asked == [logged[1]]


def test_three_days(api: Any, logged: list[int], clock: ManualClock) -> None:
    """What is older is forgotten."""
    clock.advance(3 * 86_400)
    assert len(api.get(LOG, token=api.app_jwt()).json) == 5
    clock.advance(1)
    assert api.get(LOG, token=api.app_jwt()).json == []
    assert api.post(f"{LOG}/{logged[0]}/attempts", token=api.app_jwt()).status == 404
