"""Who may see a badge, and what it tells."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model.errors import Unavailable
from bot.model.facts import Repository, Visibility
from bot.model.scores import Score
from bot.ports import Sample, Store
from bot.web.badges import badge_token, create_badges

GOOD = Score(passed=90, judged=100, known=100, asked=100)
BAD = Score(passed=10, judged=100, known=100, asked=100)
SECRETS = ("new", "old")


class FakeStore:
    """Two repositories with a sample each, and one that was never judged."""

    away = False

    def repository(self, repository_id: int) -> tuple[int, Repository] | None:
        if self.away:
            raise Unavailable("gone")
        visibility = {1: Visibility.PUBLIC, 2: Visibility.PRIVATE, 3: Visibility.PUBLIC}.get(repository_id)
        if visibility is None:
            return None
        return 7, Repository(repository_id, "acme/r", "main", visibility=visibility)

    def samples(self, repository_id: int, limit: int = 14) -> list[Sample]:
        return [] if repository_id == 3 else [Sample(date(2026, 11, 20), BAD, public=GOOD)]


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def client(store: FakeStore) -> FlaskClient:
    app = Flask("badges")
    app.register_blueprint(create_badges(lambda: cast("Store", store), SECRETS))
    return app.test_client()


def test_a_public_repository_shows_its_public_score(client: FlaskClient) -> None:
    """What only members may know does not colour it."""
    told: Any = client.get("/badge/1.json").get_json()
    picture = client.get("/badge/1.svg")

    assert told["message"].endswith("90")
    assert picture.mimetype == "image/svg+xml"
    assert "90" in picture.text
    assert "max-age" in picture.headers["Cache-Control"]
    assert "script" not in picture.text


@pytest.mark.parametrize("secret", SECRETS)
def test_a_private_repository_wants_its_token(client: FlaskClient, secret: str) -> None:
    """Of the current secret or the one before it."""
    told = client.get(f"/badge/2.json?token={badge_token(secret, 2)}").get_json()

    assert told["message"].endswith("10")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/badge/2.svg", id="no token"),
        pytest.param("/badge/2.svg?token=", id="an empty token"),
        pytest.param(f"/badge/2.svg?token={badge_token('new', 1)}", id="the token of another"),
        pytest.param(f"/badge/2.svg?token={badge_token('guessed', 2)}", id="of a guessed secret"),
        pytest.param("/badge/2.svg?token=\u00e9", id="no ASCII"),
        pytest.param("/badge/99.svg", id="not there"),
        pytest.param(f"/badge/{2**70}.svg", id="no id at all"),
        pytest.param("/badge/0.svg", id="zero"),
    ],
)
def test_what_may_not_be_seen_looks_like_what_is_not_there(client: FlaskClient, address: str) -> None:
    """Nobody learns by it which repositories there are."""
    answer = client.get(address)

    assert (answer.status_code, answer.text) == (404, "there is no such badge\n")


def test_without_secrets_no_token_is_good(store: FakeStore) -> None:
    """An empty secret is none."""
    app = Flask("badges")
    app.register_blueprint(create_badges(lambda: cast("Store", store), ()))

    assert app.test_client().get(f"/badge/2.svg?token={badge_token('', 2)}").status_code == 404


def test_a_repository_that_was_never_judged_says_so(client: FlaskClient) -> None:
    """Neither good nor bad."""
    assert client.get("/badge/3.json").get_json()["message"] == "not judged"


def test_a_badge_that_did_not_change_is_not_sent_again(client: FlaskClient) -> None:
    """Proxies ask often."""
    tag = client.get("/badge/1.svg").headers["ETag"]

    assert client.get("/badge/1.svg", headers={"If-None-Match": tag}).status_code == 304


def test_a_database_that_is_away_is_told(client: FlaskClient, store: FakeStore) -> None:
    """And is no reason to show a wrong badge."""
    store.away = True

    assert client.get("/badge/1.svg").status_code == 503
