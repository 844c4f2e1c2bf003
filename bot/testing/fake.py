"""FakeGitHub: GitHub's REST and GraphQL APIs in process, stateful and honest, over real git repositories.

What it does is what ``docs.github.com`` says and what was seen of github.com; where the two are
silent it is strict. It knows one App, the one under test; people act through its methods.

```python
fake = FakeGitHub(tmp_path, clock=ManualClock())
fake.create_organisation("acme")
repository = fake.create_repository("acme", "rocket", files={"README.md": "# Rocket"})
installation = fake.install("acme")
fake.listeners.append(received.append)
fake.push(repository, "main", {"LICENSE": "MIT"}, message="Add a licence", actor="octocat")
answer = fake.handle(Request("GET", "/repos/acme/rocket", headers={...}))
```
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from bot.ports import Clock
from bot.testing.authentication import authenticate, private_key_pem, token_covers
from bot.testing.graphql.overload import Overload
from bot.testing.http import Request, Response
from bot.testing.limits import Limits
from bot.testing.people import People
from bot.testing.routes import declare
from bot.testing.routing import (
    NOT_ACCESSIBLE,
    ROUTES,
    Answer,
    Call,
    Credentials,
    Refusal,
    Route,
    allowed,
    not_found,
    repository_path,
)
from bot.testing.state import FakeRepository

API_VERSION = "2022-11-28"
_NO_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
    "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). "
    "Check https://developer.github.com for other possible causes.\n"
)
_READS = ("GET", "HEAD")
_UNCOUNTED = ("/rate_limit", "/graphql")
"""What the number of requests does not count; GraphQL has points of its own."""

__all__ = ["API_VERSION", "FakeGitHub"]

declare()


class FakeGitHub(People):
    """GitHub for tests and for the simulator; all methods may be called from any thread.

    ``limits.core`` sets the hourly number of requests and ``limits.graphql`` that of points,
    ``limits.secondary`` switches the documented secondary limits on; ``overload`` says which GraphQL
    documents are too heavy.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock | None = None,
        base_url: str = "https://api.github.com",
        html_url: str = "https://github.com",
        app_id: int = 4711,
        slug: str = "plumbline",
        seed: int = 0,
        permissions: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            root,
            clock=clock,
            base_url=base_url,
            html_url=html_url,
            app_id=app_id,
            slug=slug,
            seed=seed,
            permissions=permissions,
        )
        self.limits = Limits()
        self.overload = Overload()

    @property
    def app_private_key_pem(self) -> str:
        """The App's private key (PKCS#1); the same for every fake of this process."""
        return private_key_pem()

    def handle(self, request: Request) -> Response:
        """Answer one request of the API; GraphQL is the path ``/graphql``.

        Args:
            request: header names in lower case; the path without ``/api/v3``.
        """
        if not request.headers.get("user-agent"):
            return Response(403, {"Content-Type": "text/html"}, _NO_AGENT.encode())
        try:
            with self.limits.running(), self.transaction():
                return self._answer(request)
        except Refusal as refusal:
            return self._finish(request, _as_answer(refusal), None)

    def _answer(self, request: Request) -> Response:
        credentials: Credentials | None = None
        charged = False
        try:
            version = request.headers.get("x-github-api-version", API_VERSION)
            if version != API_VERSION:
                raise Refusal(400, f"'{version}' is not a supported API version; use '{API_VERSION}'.")
            credentials = authenticate(self, request.headers.get("authorization", ""))
            if request.path not in _UNCOUNTED:
                self.limits.charge(credentials.bucket, self.hourly(credentials), self.now())
                charged = True
            answer = self._dispatch(request, credentials)
        except Refusal as refusal:
            answer = _as_answer(refusal)
        response = self._finish(request, answer, credentials)
        if charged and credentials is not None and response.status == 304:
            self.limits.refund(credentials.bucket, self.now())
            limits = self.limits.headers(credentials.bucket, self.hourly(credentials), self.now())
            response = replace(response, headers={**response.headers, **limits})
        return response

    def hourly(self, credentials: Credentials) -> int:
        """The primary limit of a caller, in requests an hour."""
        if credentials.kind == "anonymous":
            return 60 if self.limits.core is None else self.limits.core
        token = credentials.token
        return self.limits.hourly(0 if token is None else len(self.covered(token.installation)))

    def hourly_points(self, credentials: Credentials) -> int:
        """The primary limit of a caller, in points of GraphQL an hour."""
        token = credentials.token
        return self.limits.hourly_points(0 if token is None else len(self.covered(token.installation)))

    # Finding and admitting

    def _dispatch(self, request: Request, credentials: Credentials) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        place = repository_path(request.path)
        if place is None:
            found = ROUTES.find(method, request.path, below_repository=False)
            if found is None:
                raise not_found()
            route, params = found
            call = Call(self, request, params, credentials)
            self._admit_caller(route, credentials)
            return self._run(route, call)
        name, rest = place
        found = ROUTES.find(method, rest, below_repository=True)
        if found is None:
            raise not_found()
        route, params = found
        repository = self._locate(request, name, rest, route, credentials)
        self._admit(route, repository, credentials)
        return self._run(route, Call(self, request, params, credentials, repository, rest))

    def _run(self, route: Route, call: Call) -> Answer:
        endpoint = f"{route.method} {route.pattern.pattern}"
        self.limits.check_secondary(
            call.credentials.bucket, route.method, endpoint, content=route.content, now=self.now()
        )
        return route.handler(call)

    @staticmethod
    def _admit_caller(route: Route, credentials: Credentials) -> None:
        if route.who == "app" and credentials.kind != "app":
            raise Refusal(401, "A JSON web token could not be decoded")
        if route.who == "installation" and credentials.kind != "installation":
            if credentials.kind == "anonymous":
                raise Refusal(401, "Requires authentication")
            raise Refusal(403, "You must authenticate with an installation access token.")

    def _locate(
        self, request: Request, name: str, rest: str, route: Route, credentials: Credentials
    ) -> FakeRepository:
        if name.isdigit():
            repository = self.repositories.get(int(name))
            present = True
        else:
            repository, present = self.named(name)
        if repository is None or repository.deleted or not self._sees(repository, route, credentials):
            raise not_found()
        if not present:
            raise self._moved(request, repository, rest)
        return repository

    def _sees(self, repository: FakeRepository, route: Route, credentials: Credentials) -> bool:
        if not repository.private:
            return True
        if credentials.token is not None:
            return token_covers(self, credentials.token, repository)
        return (
            credentials.kind == "app"
            and route.who == "app"
            and self.covering(repository, credentials.app) is not None
        )

    def _moved(self, request: Request, repository: FakeRepository, rest: str) -> Refusal:
        url = f"{self.base_url}/repositories/{repository.id}{rest}"
        read = request.method in _READS
        if request.query:
            url += "?" + urlencode(request.query)
        return Refusal(
            301 if read else 307,
            "Moved Permanently" if read else "Temporary Redirect",
            headers={"Location": url},
            extra={"url": url},
        )

    def _admit(self, route: Route, repository: FakeRepository, credentials: Credentials) -> None:
        if route.who != "anybody":
            self._admit_caller(route, credentials)
            return
        if credentials.kind == "app":
            raise Refusal(403, NOT_ACCESSIBLE)
        if route.method == "GET" and not repository.private and route.open_to_all:
            return
        token = credentials.token
        if token is None:
            raise Refusal(401, "Requires authentication")
        if not token_covers(self, token, repository) or not allowed(route.needs, token):
            raise Refusal(403, NOT_ACCESSIBLE, headers={"X-Accepted-GitHub-Permissions": route.accepted})
        if repository.archived and route.method != "GET":
            raise Refusal(403, "Repository was archived so is read-only.")

    # Answering

    def _finish(self, request: Request, answer: Answer, credentials: Credentials | None) -> Response:
        headers = {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": self.new_request_id(),
            "X-GitHub-Api-Version-Selected": API_VERSION,
            "Access-Control-Allow-Origin": "*",
        }
        if credentials is not None:
            limit = self.hourly(credentials)
            headers |= self.limits.headers(credentials.bucket, limit, self.now())
        body = answer.body if isinstance(answer.body, bytes) else b""
        if answer.body is not None and not isinstance(answer.body, bytes):
            body = json.dumps(answer.body, separators=(",", ":")).encode()
        if body:
            headers["Content-Type"] = answer.content_type
        headers |= answer.headers
        if answer.status == 200 and request.method in _READS:
            return self._conditional(request, headers, body, credentials)
        return Response(answer.status, headers, body)

    @staticmethod
    def _conditional(
        request: Request, headers: dict[str, str], body: bytes, credentials: Credentials | None
    ) -> Response:
        """Add an ETag that is good for this token only, and answer 304 when it is known."""
        who = credentials.value if credentials is not None else ""
        accept = request.headers.get("accept", "")
        digest = hashlib.sha256(b"\0".join([who.encode(), accept.encode(), body])).hexdigest()
        headers |= {
            "ETag": f'W/"{digest}"',
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With",
            "Cache-Control": "private, max-age=60, s-maxage=60",
        }
        asked = [
            tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
        ]
        if f'"{digest}"' in asked:
            headers.pop("Content-Type", None)
            return Response(304, headers)
        return Response(200, headers, b"" if request.method == "HEAD" else body)


def _as_answer(refusal: Refusal) -> Answer:
    return Answer(refusal.status, refusal.body, refusal.headers)
