"""A fake with one organisation, one public and one private repository, and a client for it.

Answers and events are held to GitHub's published description wherever it has been downloaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest

from bot.simulator.schemas import Validator
from bot.testing import Emission, FakeGitHub, FakeRepository, ManualClock, Request, Response

WRITES = {
    "checks": "write",
    "issues": "write",
    "contents": "write",
    "pull_requests": "write",
    "merge_queues": "read",
    "statuses": "write",
}
_UNPUBLISHED = "GitHub publishes no such operation"
_OTHER_FORM = re.compile(r"github\.(v3\.)?(object|sha)")
_IMPOSSIBLE = (
    # Here, and here only, an account has to be a user and an enterprise at once; it is one of the two
    # in `GET /app/installations/{id}`, which renders the same object and is checked.
    re.compile(r"GET /app/installations answered 200: 200 at /\d+/account: "),
    # Exactly one of two forms, both without a required key: every error with a message is both.
    re.compile(r"PUT \S+/contents/\S+ answered 409: .* is valid under more than one"),
)
"""Where the published description contradicts itself, so that no answer could satisfy it."""
_OLD_EVENT_LIST = re.compile(
    r"/(performed_via_github_app|app)/events/\d+: "
    r'"(custom_property(_values)?|dependabot_alert|merge_group|repository_ruleset)" is not one of'
)
"""The description of issue events lists what an App can subscribe to, without its own ``merge_group``."""


@dataclass
class Reply:
    """An answer with its body read."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def message(self) -> str:
        return str(self.json["message"])


@dataclass
class Api:
    """Sends requests to the fake; ``token`` is used unless another one is given."""

    fake: FakeGitHub
    clock: ManualClock
    validator: Validator | None
    token: str = ""
    problems: list[str] = field(default_factory=list)

    def app_jwt(self, *, key: str = "", **claims: object) -> str:
        now = int(self.clock.now().timestamp())
        body = {"iat": now - 60, "exp": now + 540, "iss": str(self.fake.app.id)} | claims
        return jwt.encode(body, key or self.fake.app_private_key_pem, "RS256")

    def mint(self, installation: int, **body: object) -> str:
        reply = self.post(f"/app/installations/{installation}/access_tokens", body, token=self.app_jwt())
        assert reply.status == 201, reply.raw
        return str(reply.json["token"])

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        /,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **query: object,
    ) -> Reply:
        sent = {"user-agent": "tests"}
        token = self.token if token is None else token
        if token:
            sent["authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        texts = {name: str(value) for name, value in query.items()}
        sent |= headers or {}
        request = Request(method, path, texts, sent, data)
        response = self.fake.handle(request)
        if (
            self.validator is not None
            and method != "HEAD"
            and sent["user-agent"]
            and not _OTHER_FORM.search(sent.get("accept", ""))
        ):
            found = self.validator.check_response(request, response)
            self.problems += [
                problem
                for problem in found
                if not any(pattern.search(problem) for pattern in _IMPOSSIBLE)
                and (response.status < 400 or _UNPUBLISHED not in problem)
            ]
        return Reply(response.status, dict(response.headers), response.body)

    def get(self, path: str, /, **options: Any) -> Reply:
        return self.send("GET", path, **options)

    def post(self, path: str, body: object = None, /, **options: Any) -> Reply:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: object = None, /, **options: Any) -> Reply:
        return self.send("PATCH", path, body, **options)

    def put(self, path: str, body: object = None, /, **options: Any) -> Reply:
        return self.send("PUT", path, body, **options)

    def delete(self, path: str, body: object = None, /, **options: Any) -> Reply:
        return self.send("DELETE", path, body, **options)


def event_problems(validator: Validator, emission: Emission) -> list[str]:
    """Where an event differs from the published schema of its webhook."""
    name = "-".join(part for part in (emission.event, emission.action) if part).replace("_", "-")
    described = validator._spec["x-webhooks"].get(name)
    if described is None:
        return [f"GitHub publishes no webhook {name}"]
    schema = described["post"]["requestBody"]["content"]["application/json"]["schema"]
    body = json.loads(json.dumps(emission.payload))
    found = validator._errors(("webhook", name), schema, body)
    return [problem for problem in found if not _OLD_EVENT_LIST.search(problem)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def fake(tmp_path: Path, clock: ManualClock) -> Iterator[FakeGitHub]:
    fake = FakeGitHub(tmp_path, clock=clock)
    fake.create_organisation("acme")
    yield fake
    fake.close()


@pytest.fixture
def rocket(fake: FakeGitHub) -> FakeRepository:
    """A public repository."""
    return fake.create_repository("acme", "rocket", files={"README.md": "# Rocket\n", "src/a.py": "a = 1\n"})


@pytest.fixture
def secret(fake: FakeGitHub) -> FakeRepository:
    """A private repository."""
    return fake.create_repository("acme", "secret", private=True, files={"README.md": "# Secret\n"})


@pytest.fixture
def installation(fake: FakeGitHub, rocket: FakeRepository, secret: FakeRepository) -> int:
    return fake.install("acme", permissions=WRITES)


@pytest.fixture
def api(
    fake: FakeGitHub, clock: ManualClock, installation: int, _descriptions: Validator | None
) -> Iterator[Api]:
    """A client with a token for all repositories; fails the test when an answer is malformed."""
    api = Api(fake, clock, _descriptions)
    api.token = api.mint(installation)
    yield api
    assert not api.problems, "\n".join(api.problems)


@pytest.fixture
def events(fake: FakeGitHub, _descriptions: Validator | None) -> Iterator[list[Emission]]:
    """What the fake emits from now on; fails the test when a payload is malformed."""
    received: list[Emission] = []
    fake.listeners.append(received.append)
    yield received
    if _descriptions is not None:
        problems = [
            f"{e.event}.{e.action}: {problem}"
            for e in received
            for problem in event_problems(_descriptions, e)
        ]
        assert not problems, "\n".join(dict.fromkeys(problems))


def names(events: list[Emission]) -> list[str]:
    """The events in order, as ``event.action``."""
    return [f"{e.event}.{e.action}".rstrip(".") for e in events]


__all__ = ["Api", "Reply", "Response", "names"]
