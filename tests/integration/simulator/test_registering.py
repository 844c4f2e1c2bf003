"""The page that registers Apps, over HTTP as a browser does it, and deliveries to an App made there."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bot.simulator.server import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Receiver

NEW = "/organizations/acme/settings/apps/new"
ELSEWHERE = {"Origin": "http://127.0.0.1:1"}


def manifest(receiver: Receiver, **changes: Any) -> str:
    made: dict[str, Any] = {
        "name": "second",
        "url": "https://bot.example.org",
        "hook_attributes": {"url": receiver.url},
        "redirect_url": "http://127.0.0.1:1/back?kept=1",
        "default_permissions": {"contents": "read"},
        "default_events": ["push"],
    }
    return json.dumps(made | changes)


def fields(page: str) -> dict[str, str]:
    """The fields of the page's form as a browser would send them."""
    return {
        unescape(n): unescape(v) for n, v in re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page)
    }


def create(simulator: Simulator, page: requests.Response, **changes: str) -> requests.Response:
    action = re.search(r'action="([^"]+)"', page.text)
    assert action is not None
    url = simulator.base_url + unescape(action[1])
    return requests.post(url, fields(page.text) | changes, timeout=10, allow_redirects=False)


def test_leads_back_with_code_and_state(simulator: Simulator, receiver: Receiver) -> None:
    shown = requests.post(
        simulator.base_url + NEW,
        {"manifest": manifest(receiver)},
        params={"state": "a&b"},
        headers=ELSEWHERE,
        timeout=10,
    )
    assert shown.status_code == 200
    assert "contents: read" in shown.text
    assert len(simulator.fake.apps) == 1

    answer = create(simulator, shown, name="Second One")

    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["kept"], query["state"]) == (["1"], ["a&b"])
    url = f"{simulator.base_url}/api/v3/app-manifests/{query['code'][0]}/conversions"
    made = requests.post(url, timeout=10).json()
    assert made["slug"] == "second-one"
    assert receiver.next().headers["x-github-event"] == "ping"
    simulator.fake.install("acme", app="second-one")
    simulator.fake.push("acme/rocket", "main", {"a": "b"})
    assert simulator.hooks.flush()
    targets = {(r.headers["x-github-event"], r.headers["x-github-hook-id"]) for r in receiver.all()}
    assert targets >= {("push", str(made["id"])), ("push", str(simulator.fake.app.id))}
    logged = next(d for d in simulator.fake.deliveries if d.event == "push" and d.app_id == made["id"])
    simulator.fake.redeliver(logged.id)
    assert simulator.hooks.flush()
    assert receiver.next().headers["x-github-hook-id"] == str(made["id"])


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        pytest.param({"hook_attributes": {"url": "http://localhost/w"}}, 422, "localhost", id="localhost"),
        pytest.param({"name": "plumbline"}, 200, "already in use", id="a taken name can be changed there"),
        pytest.param({"url": "<script>"}, 422, "valid URL", id="no address"),
    ],
)
def test_says_what_is_wrong(
    simulator: Simulator, receiver: Receiver, change: dict[str, Any], status: int, text: str
) -> None:
    form = {"manifest": manifest(receiver, **change)}
    answer = requests.post(simulator.base_url + NEW, form, timeout=10)

    assert (answer.status_code, text in answer.text) == (status, True)


def test_a_taken_name_is_said_again_on_creating(simulator: Simulator, receiver: Receiver) -> None:
    shown = requests.post(simulator.base_url + NEW, {"manifest": manifest(receiver)}, timeout=10)

    answer = create(simulator, shown, name="plumbline")

    assert (answer.status_code, "already in use" in answer.text) == (422, True)
    assert create(simulator, answer, name="free").status_code == 302


def test_no_other_site_makes_an_app(simulator: Simulator, receiver: Receiver) -> None:
    url = simulator.base_url + NEW.replace("/new", "/create")
    form = {"manifest": manifest(receiver), "name": "x", "token": "guessed"}

    assert requests.post(url, form, timeout=10).status_code == 422
    assert requests.post(url, form, headers=ELSEWHERE, timeout=10).status_code == 422
    assert len(simulator.fake.apps) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/settings/apps/new", 200),
        ("/organizations/none/settings/apps/new", 404),
        ("/organizations/octocat/settings/apps/new", 404),
    ],
)
def test_where_the_page_is(simulator: Simulator, path: str, status: int) -> None:
    answer = requests.get(simulator.base_url + path, timeout=10)

    assert answer.status_code == status
    assert "'none'" in answer.headers["Content-Security-Policy"]
