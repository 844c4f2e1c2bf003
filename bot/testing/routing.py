"""Routes as decorated functions, the call they get, and the refusals they raise."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlencode

from bot.testing.http import Request
from bot.testing.render import Json
from bot.testing.state import LEVELS, Account, AppIdentity, FakeRepository, Installation, Token

if TYPE_CHECKING:
    from bot.testing.fake import FakeGitHub

DOCUMENTATION = "https://docs.github.com/rest"
NOT_ACCESSIBLE = "Resource not accessible by integration"
OPEN_TO_ALL = frozenset(
    {
        "metadata",
        "actions",
        "checks",
        "contents",
        "deployments",
        "issues",
        "pages",
        "pull_requests",
        "statuses",
    }
)
"""Of a public repository everybody reads what these permissions are for; the rest stays with its own."""
_T = TypeVar("_T")


class Refusal(Exception):
    """An answer that is not the one hoped for."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Json | str] | None = None,
        headers: Mapping[str, str] | None = None,
        documentation_url: str = DOCUMENTATION,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Json = {"message": message}
        if errors is not None:
            self.body["errors"] = list(errors)
        self.body |= {"documentation_url": documentation_url, "status": str(status), **(extra or {})}


def not_found() -> Refusal:
    """404: not there, or not for you."""
    return Refusal(404, "Not Found")


def invalid(resource: str, code: str, fieldname: str, message: str | None = None) -> Refusal:
    """422 ``Validation Failed`` with one error."""
    error: Json = {"resource": resource, "code": code, "field": fieldname}
    if message is not None:
        error["message"] = message
    return Refusal(422, "Validation Failed", errors=[error])


def malformed(detail: str) -> Refusal:
    """422 ``Invalid request.``: the body does not have the documented form."""
    return Refusal(422, f"Invalid request.\n\n{detail}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route gives back: JSON, or raw bytes with their content type.

    Args:
        free: does not count against the primary limit.
    """

    status: int = 200
    body: Json | list[Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    free: bool = False


@dataclass(slots=True)
class Credentials:
    """Who calls: the App by its JWT, an installation by its token, or nobody."""

    kind: str
    token: Token | None = None
    value: str = ""
    app: AppIdentity | None = None
    """Whose JWT it was."""

    @property
    def bucket(self) -> str:
        """The rate limit that pays."""
        return self.kind if self.token is None else f"installation ID {self.token.installation.id}"


@dataclass(slots=True)
class Call:
    """A request on its way through a route.

    Args:
        world: the fake.
        params: path parameters, decoded.
        repository_: set on routes below a repository.
        rest: the path below the repository, for the URLs of further pages.
    """

    world: FakeGitHub
    request: Request
    params: dict[str, str]
    credentials: Credentials
    repository_: FakeRepository | None = None
    rest: str = ""

    @property
    def repository(self) -> FakeRepository:
        """The repository that the path names."""
        if self.repository_ is None:
            raise RuntimeError("this route is not below a repository")
        return self.repository_

    @property
    def organisation(self) -> Account:
        """The organisation that the path names as ``login``. Raises Refusal 404."""
        found = self.world.accounts.get(self.params["login"].lower())
        if found is None or found.type != "Organization":
            raise not_found()
        return found

    @property
    def token(self) -> Token:
        """The installation token."""
        if self.credentials.token is None:
            raise RuntimeError("this route has let somebody in without an installation token")
        return self.credentials.token

    @property
    def app(self) -> AppIdentity:
        """The App that calls; that under test when nobody says."""
        if self.credentials.token is not None:
            return self.credentials.token.installation.app
        return self.credentials.app or self.world.app

    @property
    def actor(self) -> Account:
        """The App's bot: what its tokens write is by it."""
        return self.app.account

    @property
    def accept(self) -> str:
        """The media type asked for, in lower case."""
        return self.request.headers.get("accept", "").lower()

    def wants(self, media: str) -> bool:
        """The ``Accept`` header asks for ``application/vnd.github.<media>`` in any spelling."""
        return re.search(rf"application/vnd\.github\.(v3\.)?{media}\b", self.accept) is not None

    def json(self) -> Json:
        """The body as an object. Raises Refusal 400."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise Refusal(400, "Body should be a JSON object")
        return body

    def query(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.query.get(name, default)

    def number(self, name: str) -> int:
        """A path parameter that is a number. Raises Refusal 404."""
        text = self.params[name]
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise not_found()
        return int(text)

    def page_size(self) -> tuple[int, int]:
        """(page, per page), with GitHub's default of 30 and its cap of 100."""
        return _positive(self.query("page"), 1), min(_positive(self.query("per_page"), 30), 100)

    def link(self, page: int) -> str:
        """The address of another page; below a repository it names the repository by id."""
        path = f"/repositories/{self.repository_.id}{self.rest}" if self.repository_ else self.request.path
        return f"{self.world.base_url}{path}?{urlencode({**self.request.query, 'page': str(page)})}"

    def page(
        self,
        items: Sequence[_T],
        show: Callable[[_T], Any],
        *,
        key: str | None = None,
        extra: Json | None = None,
    ) -> Answer:
        """One page of a list, in an object with ``total_count`` when ``key`` is given."""
        page, size = self.page_size()
        last = max(1, -(-len(items) // size))
        shown = [show(item) for item in items[(page - 1) * size : page * size]]
        links: dict[str, int] = {}
        if page > 1:
            links |= {"prev": page - 1}
        if page < last:
            links |= {"next": page + 1, "last": last}
        if page > 1:
            links |= {"first": 1}
        header = ", ".join(f'<{self.link(number)}>; rel="{rel}"' for rel, number in links.items())
        headers = {"Link": header} if header else {}
        if key is None:
            return Answer(200, shown, headers)
        return Answer(200, {"total_count": len(items), **(extra or {}), key: shown}, headers)

    def cursor_page(self, items: Sequence[_T], show: Callable[[_T], Any]) -> Answer:
        """One page of a list that is read by cursors: ``after`` and ``before`` instead of ``page``."""
        size = self.page_size()[1]
        after, before = _cursor(self.query("after")), _cursor(self.query("before"))
        start = max(0, before - size) if before else after
        end = min(len(items), before or start + size, start + size)
        links: dict[str, dict[str, str]] = {}
        if end < len(items):
            links["next"] = {"after": _as_cursor(end)}
        if start > 0:
            links["prev"] = {"before": _as_cursor(start)}
        kept = {name: value for name, value in self.request.query.items() if name not in ("after", "before")}
        place = f"/repositories/{self.repository_.id}{self.rest}" if self.repository_ else self.request.path
        url = f"{self.world.base_url}{place}"
        header = ", ".join(f'<{url}?{urlencode(kept | ask)}>; rel="{rel}"' for rel, ask in links.items())
        return Answer(200, [show(item) for item in items[start:end]], {"Link": header} if header else {})


def _as_cursor(position: int) -> str:
    """Opaque to whoever gets it."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def _cursor(text: str) -> int:
    """The position that a cursor stands for; 0 for none. Raises Refusal 422."""
    if not text:
        return 0
    try:
        position = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().removeprefix("at:")
    except ValueError:
        position = ""
    if not re.fullmatch(r"[0-9]{1,9}", position):
        raise Refusal(422, "Invalid cursor")
    return int(position)


def _positive(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 10**9 else default


Handler = Callable[[Call], Answer]
Needs = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler and what it asks for.

    Args:
        needs: alternatives, each a set of (permission, level), all of which are needed.
        who: ``app`` (JWT), ``installation`` (token), or ``anybody``.
        content: creates content in the sense of the secondary limit.
    """

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    below_repository: bool
    needs: Needs = ()
    accepted: str = ""
    who: str = "anybody"
    content: bool = False

    @property
    def open_to_all(self) -> bool:
        """Of a public repository anybody may read this."""
        return not self.needs or any({name for name, _ in option} <= OPEN_TO_ALL for option in self.needs)


def _compile(template: str) -> re.Pattern[str]:
    """``{name}`` is one segment, ``{name+}`` one or more."""
    parts = re.split(r"(\{\w+\+?\})", template)
    text = [re.escape(part) for part in parts]
    for index in range(1, len(parts), 2):
        name = parts[index].strip("{+}")
        text[index] = f"(?P<{name}>.+)" if "+" in parts[index] else f"(?P<{name}>[^/]+)"
    return re.compile("".join(text))


def parse_needs(text: str) -> Needs:
    """Read GitHub's notation: ``issues=write; pull_requests=write`` is either, a comma is both."""
    alternatives = [part.strip() for part in text.split(";") if part.strip()]
    return tuple(
        tuple(
            (name.strip(), level.strip())
            for name, _, level in (item.partition("=") for item in part.split(","))
        )
        for part in alternatives
    )


class RouteTable:
    """All routes. The first that matches wins; those that end in an open parameter are tried last."""

    def __init__(self) -> None:
        self._routes: dict[tuple[bool, str], list[Route]] = {}

    def route(
        self,
        method: str,
        template: str,
        *,
        who: str = "anybody",
        needs: str = "",
        below_repository: bool = False,
        content: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a route of its own."""

        def declare(handler: Handler) -> Handler:
            route = Route(
                method, _compile(template), handler, below_repository, parse_needs(needs), needs, who, content
            )
            found = self._routes.setdefault((below_repository, method), [])
            found.append(route)
            # A parameter that takes the rest of the path must not shadow what ends in a fixed word.
            found.sort(key=lambda r: r.pattern.pattern.endswith(".+)"))
            return handler

        return declare

    def in_repository(
        self, method: str, template: str, needs: str, *, who: str = "anybody", content: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare a route under ``/repos/{owner}/{repo}`` and under ``/repositories/{id}``."""
        return self.route(method, template, who=who, needs=needs, below_repository=True, content=content)

    def in_organisation(self, method: str, template: str, needs: str) -> Callable[[Handler], Handler]:
        """Declare a route under ``/orgs/{login}`` for the installation on that organisation.

        ``needs`` are checked against the token; ``call.organisation`` is the account.
        """

        def declare(handler: Handler) -> Handler:
            def admitted(call: Call) -> Answer:
                organisation = call.organisation
                own = call.token.installation.account is organisation
                if not own or not allowed(parse_needs(needs), call.token):
                    raise Refusal(403, NOT_ACCESSIBLE, headers={"X-Accepted-GitHub-Permissions": needs})
                return handler(call)

            self.route(method, f"/orgs/{{login}}{template}", who="installation", needs=needs)(admitted)
            return handler

        return declare

    def find(self, method: str, path: str, *, below_repository: bool) -> tuple[Route, dict[str, str]] | None:
        """The route for a path, and its parameters decoded."""
        for route in self._routes.get((below_repository, method), ()):
            match = route.pattern.fullmatch(path)
            if match:
                return route, {name: unquote(text) for name, text in match.groupdict().items()}
        return None


ROUTES = RouteTable()
route = ROUTES.route
in_repository = ROUTES.in_repository
in_organisation = ROUTES.in_organisation


def allowed(needs: Needs, token: Token) -> bool:
    """The token, within what its installation grants now, has one of the alternatives."""
    if not needs:
        return True
    return any(all(level_of(token, name) >= LEVELS[level] for name, level in option) for option in needs)


def level_of(token: Token, permission: str) -> int:
    """How far a permission goes now: what was minted, cut to what is granted."""
    installation: Installation = token.installation
    return min(
        LEVELS[token.permissions.get(permission, "")], LEVELS[installation.permissions.get(permission, "")]
    )


def repository_path(path: str) -> tuple[str, str] | None:
    """Split a path below a repository into (``owner/name`` or id, rest with its slash)."""
    match = re.fullmatch(r"/repos/([^/]+)/([^/]+)(/.*)?", path)
    if match:
        return f"{unquote(match[1])}/{unquote(match[2])}", match[3] or ""
    match = re.fullmatch(r"/repositories/([0-9]{1,18})(/.*)?", path)
    return (match[1], match[2] or "") if match else None
