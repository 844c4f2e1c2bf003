"""The App's own calls: installations, the delivery log, redelivery."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.model.errors import Ambiguous, Gone, InstallationGone, Malformed, Unavailable
from tests.contract.github.scripted import APP, APP_ANSWER, INSTALLATION, Desk, Reply, Seen, repository


def installation(id_: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "account": {"id": 5, "login": "acme", "type": "Organization"},
        "target_type": "Organization",
        "permissions": {"metadata": "read"},
        "suspended_at": None,
        "repository_selection": "all",
        **changes,
    }


def delivery(desk: Desk, id_: int, hours_ago: float, **changes: Any) -> dict[str, Any]:
    at = desk.clock.now() - timedelta(hours=hours_ago)
    return {
        "id": id_,
        "guid": f"guid-{id_}",
        "delivered_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "redelivery": False,
        "duration": 0.1,
        "status": "OK",
        "status_code": 202,
        "event": "push",
        "action": None,
        "installation_id": INSTALLATION,
        "repository_id": None,
        **changes,
    }


def test_the_app(desk: Desk) -> None:
    """Asked with its JWT."""
    desk.server.on("GET", "/app", Reply(200, APP_ANSWER))

    found = desk.app.app()

    assert (found.id, found.slug, found.events) == (APP, "plumbline", ("push",))
    assert found.permissions == {"metadata": "read", "checks": "write"}
    assert desk.server.mints == []


def test_installations_of_all_kinds(desk: Desk) -> None:
    """Two pages; one that moved between them is told once; enterprises have a slug."""
    base = f"{desk.server.url}/app/installations"
    second = installation(
        2, account={"id": 6, "slug": "corp"}, target_type="Enterprise", suspended_at="2026-01-01T00:00:00Z"
    )

    def page(seen: Seen) -> Reply:
        if seen.query.get("page") == "2":
            return Reply(200, [installation(1), second])
        return Reply(200, [installation(1)], {"Link": f'<{base}?page=2>; rel="next"'})

    desk.server.on("GET", "/app/installations", page)

    one, two = desk.app.installations()

    assert (one.id, one.account, one.account_type, one.suspended) == (1, "acme", "Organization", False)
    assert (two.id, two.account, two.account_type, two.suspended) == (2, "corp", "Enterprise", True)


def test_one_installation(desk: Desk) -> None:
    """404 means uninstalled."""
    desk.server.on(
        "GET", "/app/installations/1", Reply(200, installation(1, repository_selection="selected"))
    )

    assert desk.app.installation(1).repository_selection == "selected"
    with pytest.raises(InstallationGone) as caught:
        desk.app.installation(2)
    assert caught.value.suspended is False


def test_repositories_of_an_installation(desk: Desk) -> None:
    """All pages, each repository once."""
    base = f"{desk.server.url}/installation/repositories"

    def page(seen: Seen) -> Reply:
        if seen.query.get("page") == "2":
            return Reply(200, {"total_count": 2, "repositories": [repository(1), repository(2)]})
        data = {"total_count": 2, "repositories": [repository(1)]}
        return Reply(200, data, {"Link": f'<{base}?page=2>; rel="next"'})

    desk.server.on("GET", "/installation/repositories", page)

    assert [r.id for r in desk.app.installation_repositories(INSTALLATION)] == [1, 2]
    assert desk.server.sent("GET")[0].secret.startswith("ghs_")


@pytest.mark.fault
def test_kd5_a_list_that_shrank_while_it_was_read(desk: Desk) -> None:
    """One that slipped to an earlier page must not count as removed."""
    data = {"total_count": 3, "repositories": [repository(1), repository(2)]}
    desk.server.on("GET", "/installation/repositories", Reply(200, data))

    with pytest.raises(Unavailable, match="2 of 3"):
        list(desk.app.installation_repositories(INSTALLATION))


def test_whose_repository_it_is(desk: Desk) -> None:
    """KF6: a token for one repository is minted for its own installation only."""
    path = f"/app/installations/{INSTALLATION}/access_tokens"
    minted = {"token": "ghs_x", "expires_at": "2026-05-01T13:00:00Z", "permissions": {"metadata": "read"}}
    refused = {"message": "There is at least one repository that does not exist or is not accessible"}
    desk.server.on("POST", path, Reply(201, minted), Reply(422, refused))

    assert desk.app.covers(INSTALLATION, 42)
    assert not desk.app.covers(INSTALLATION, 43)
    assert [request.body["repository_ids"] for request in desk.server.requests] == [[42], [43]]


def test_which_installation_a_name_belongs_to(desk: Desk) -> None:
    """A renamed repository is followed."""
    moved = {"Location": f"{desk.server.url}/repositories/42/installation"}
    desk.server.on("GET", "/repos/acme/old.name/installation", Reply(301, {}, moved))
    desk.server.on("GET", "/repositories/42/installation", Reply(200, installation(9)))

    assert desk.app.repository_installation("acme/old.name") == 9
    with pytest.raises(Gone):
        desk.app.repository_installation("acme/none")


@pytest.mark.parametrize("name", ["", "acme", "a/b/c", "acme/..", "../x", "acme/a b", "acme/x?y", "acme/\n"])
def test_names_that_no_repository_can_have(desk: Desk, name: str) -> None:
    """Nothing is sent."""
    with pytest.raises(Gone):
        desk.app.repository_installation(name)
    assert desk.server.requests == []


def test_13_the_delivery_log_is_read_by_cursor_until_a_time(desk: Desk) -> None:
    """PyGithub has no wrapper for it."""
    base = f"{desk.server.url}/app/hook/deliveries"
    pages = {
        "": ([delivery(desk, 9, 1), delivery(desk, 8, 2, status_code=0, action="opened")], "v1_8"),
        "v1_8": ([delivery(desk, 8, 2), delivery(desk, 7, 30, installation_id=None)], "v1_7"),
        "v1_7": ([delivery(desk, 6, 80), delivery(desk, 5, 81)], "v1_5"),
    }

    def page(seen: Seen) -> Reply:
        items, cursor = pages[seen.query.get("cursor", "")]
        return Reply(200, items, {"Link": f'<{base}?cursor={cursor}&per_page=100>; rel="next"'})

    desk.server.on("GET", "/app/hook/deliveries", page)

    found = list(desk.app.hook_deliveries(since=desk.clock.now() - timedelta(hours=72)))

    assert [(d.id, d.guid, d.succeeded, d.action) for d in found] == [
        (9, "guid-9", True, ""),
        (8, "guid-8", False, "opened"),
        (7, "guid-7", True, ""),
    ]
    assert found[2].installation_id is None
    assert len(desk.server.requests) == 3


def test_13_the_payload_of_a_delivery(desk: Desk) -> None:
    """Written anew as JSON bytes, whatever it holds."""
    payload = {"ref": "refs/heads/ä\ud800", "big": 2**60}
    data = delivery(desk, 9, 1) | {"request": {"headers": {}, "payload": payload}, "response": {}}
    desk.server.on("GET", "/app/hook/deliveries/9", Reply(200, data))

    assert json.loads(desk.app.hook_delivery_body(9)) == payload


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"request": {"payload": None}}, id="not kept"),
        pytest.param({"request": None}, id="no request"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_delivery_without_its_payload(desk: Desk, data: object) -> None:
    """Said, not guessed."""
    desk.server.on("GET", "/app/hook/deliveries/9", Reply(200, data))

    with pytest.raises(Malformed):
        desk.app.hook_delivery_body(9)


def test_a_payload_that_is_no_json(desk: Desk) -> None:
    """NaN is taken by Python's reader but must not be written."""
    body = b'{"request": {"payload": {"x": NaN}}}'
    desk.server.on(
        "GET", "/app/hook/deliveries/9", Reply(200, body=body, headers={"Content-Type": "application/json"})
    )

    with pytest.raises(Malformed):
        desk.app.hook_delivery_body(9)


def test_13_redelivery(desk: Desk) -> None:
    """202 is the good answer to this POST; the request is sent once."""
    desk.server.on("POST", "/app/hook/deliveries/9/attempts", Reply(202, {}))

    desk.app.redeliver(9)

    assert len(desk.server.sent("POST")) == 1


def test_redelivery_that_fails(desk: Desk) -> None:
    """Older than GitHub keeps, or lost."""
    desk.server.on("POST", "/app/hook/deliveries/8/attempts", Reply(502, {}))

    with pytest.raises(Gone):
        desk.app.redeliver(9)
    with pytest.raises(Ambiguous):
        desk.app.redeliver(8)
