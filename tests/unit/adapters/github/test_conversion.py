"""The exchange of a code for keys: what is asked, what is believed, and what each failure means."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from bot.adapters.github.conversion import convert
from bot.model.errors import Ambiguous, Gone, Malformed, Rejected, Unavailable

API = "https://ghes.example/api/v3"
URL = f"{API}/app-manifests/c0de/conversions"
GIVEN: dict[str, Any] = {
    "id": 7,
    "slug": "plumb",
    "owner": {"login": "acme"},
    "client_id": "Iv1",
    "client_secret": "cs",
    "webhook_secret": "ws",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n",
    "permissions": {"checks": "write", "odd": None},
}


@pytest.fixture
def github() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_reads_the_keys_and_says_nothing_of_itself(github: responses.RequestsMock) -> None:
    github.post(URL, json=GIVEN, status=201)

    made = convert(API, "c0de")

    assert (made.id, made.slug, made.owner, made.webhook_secret) == (7, "plumb", "acme", "ws")
    assert made.permissions == {"checks": "write"}
    sent = github.calls[0].request
    assert "Authorization" not in sent.headers
    assert sent.headers["User-Agent"].startswith("plumbline/")
    assert sent.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert not any(secret in repr(made) for secret in ("cs", "ws", "BEGIN"))


def test_an_app_without_webhook_secret_gets_one_that_nobody_knows(github: responses.RequestsMock) -> None:
    github.post(URL, json=GIVEN | {"webhook_secret": None, "owner": None, "permissions": []}, status=201)

    made = convert(API, "c0de")

    assert len(made.webhook_secret) == 64
    assert (made.owner, made.permissions) == ("", {})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(404, {"message": "Not Found"}, Gone, id="used or expired"),
        pytest.param(422, {"message": "Bad", "errors": ["x"]}, Rejected, id="refused"),
        pytest.param(403, {"message": "API rate limit exceeded"}, Unavailable, id="limited by 403"),
        pytest.param(403, {"message": "Forbidden"}, Rejected, id="forbidden"),
        pytest.param(429, {"message": "slow"}, Unavailable, id="limited"),
        pytest.param(502, None, Unavailable, id="a gateway"),
        pytest.param(200, {"id": 7}, Malformed, id="not created"),
        pytest.param(301, None, Malformed, id="a redirect is not followed"),
        pytest.param(201, {"id": 7}, Malformed, id="no slug"),
        pytest.param(201, GIVEN | {"id": True}, Malformed, id="an id that is none"),
        pytest.param(201, GIVEN | {"slug": "../x"}, Malformed, id="a slug that is a path"),
        pytest.param(201, GIVEN | {"pem": "x"}, Malformed, id="no key"),
        pytest.param(201, ["x"], Malformed, id="no object"),
    ],
)
def test_what_an_answer_means(
    github: responses.RequestsMock, status: int, body: Any, error: type[Exception]
) -> None:
    headers = {"Location": "https://evil.example/"} if status == 301 else {}
    if body is None:
        github.post(URL, body="<html>", status=status, headers=headers)
    else:
        github.post(URL, json=body, status=status)

    with pytest.raises(error):
        convert(API, "c0de")

    assert len(github.calls) == 1


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        pytest.param(requests.exceptions.ConnectTimeout("x"), Unavailable, id="no connection"),
        pytest.param(requests.exceptions.SSLError("certificate"), Unavailable, id="a strange certificate"),
        pytest.param(requests.exceptions.ReadTimeout("x"), Ambiguous, id="no answer in time"),
        pytest.param(requests.exceptions.ConnectionError("reset"), Ambiguous, id="cut"),
    ],
)
def test_what_a_broken_connection_means(
    github: responses.RequestsMock, raised: Exception, error: type[Exception]
) -> None:
    github.post(URL, body=raised)

    with pytest.raises(error):
        convert(API, "c0de")


def test_nobody_listens() -> None:
    """Nothing was sent, so the code is still good, and the system's own word is passed on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="refused"):
            convert(f"http://127.0.0.1:{taken.getsockname()[1]}", "c0de")


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(Unavailable, match="can not be reached"):
        convert("http://nowhere.invalid", "c0de")


@pytest.mark.parametrize("code", ["", "a/b", "é", "x" * 201])
def test_only_codes_are_sent(code: str) -> None:
    with pytest.raises(Malformed, match="not one that GitHub gives"):
        convert(API, code)


def test_an_answer_without_end_is_cut(github: responses.RequestsMock) -> None:
    github.post(URL, body=b"x" * (1024 * 1024 + 2), status=201)

    with pytest.raises(Malformed, match="larger"):
        convert(API, "c0de")
