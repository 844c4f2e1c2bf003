"""Answers a browser: finds the page, knows who looks, and lets nobody act by accident.

A form is taken only with its token, from a page of ours, on this machine; GET never acts.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bot import assets
from bot.assets import PAGE_HEADERS
from bot.simulator.addresses import OWN
from bot.simulator.http_server import Arrived
from bot.simulator.pages import rights
from bot.simulator.pages.routing import ROUTES, Page, Refused
from bot.simulator.pages.sessions import Session, Sessions
from bot.simulator.pages.view import environment
from bot.testing.git import GitFailed
from bot.testing.http import Response
from bot.testing.people import MergeConflict
from bot.testing.state import Account, FakeRepository

if TYPE_CHECKING:
    from bot.simulator.server import Simulator

_log = logging.getLogger(__name__)

FORM_LIMIT = 2 * 1024 * 1024


@dataclass
class Visit:
    """One request of a browser, and what a page needs to answer it."""

    site: Pages
    arrived: Arrived
    session: Session
    person: Account
    params: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> Mapping[str, str]:
        """Decoded parameters of the address."""
        return self.arrived.query

    @property
    def fake(self) -> Any:
        """The simulated GitHub."""
        return self.site.simulator.fake

    def repository(self) -> FakeRepository:
        """The repository that the address names, if this person may see it. Raises Refused."""
        name = f"{self.params['owner']}/{self.params['name']}"
        found, _ = self.fake.named(name)
        if found is None or not self.role(found):
            raise Refused(404, f"There is no repository {name}, or you may not see it.")
        repository: FakeRepository = found
        return repository

    def role(self, repository: FakeRepository) -> str:
        """The person's role there; "" when they may not even see it."""
        role: str = self.fake.role(repository, self.person)
        return role

    def may(self, repository: FakeRepository, role: str, *, author: Account | None = None) -> bool:
        """The person has at least that role, or wrote the thing; archived repositories stay as they are."""
        if repository.archived:
            return False
        return author is self.person or rights.at_least(self.role(repository), role)

    def require(
        self, repository: FakeRepository, role: str, what: str, *, author: Account | None = None
    ) -> None:
        """Raises Refused with a sentence unless the person may."""
        if repository.archived:
            raise Refused(403, f"{repository.full_name} is archived: nothing in it can be changed.")
        if not self.may(repository, role, author=author):
            raise Refused(
                403,
                f"To {what} takes the role {role} on {repository.full_name}; "
                f"{self.person.login} has {self.role(repository) or 'none'}.",
            )

    def act(self, name: str, **arguments: Any) -> Any:
        """Do something as this person. Raises Refused with what stands against it."""
        from bot.simulator import control

        try:
            return control.act(self.site.simulator, name, {**arguments, "actor": self.person.login})
        except MergeConflict:
            raise Refused(409, "The branches conflict: merge the base into the branch first.") from None
        except (ValueError, LookupError, GitFailed) as error:
            raise Refused(422, f"That did not work: {error}") from None

    def html(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page."""
        return self.site.html(self, template, status, values)

    def go(self, path: str, note: str = "") -> Response:
        """On to another page of ours after a form, perhaps with a sentence on it."""
        if note:
            self.site.sessions.note(self.session, note)
        return Response(303, {**PAGE_HEADERS, "Location": path})


class Pages:
    """The pages of one simulator.

    Args:
        bot_url: where Plumbline's own page is; empty when there is none.
    """

    def __init__(self, simulator: Simulator, port: int, bot_url: str = "") -> None:
        self.simulator = simulator
        self.bot_url = bot_url
        self.sessions = Sessions(f"simulator_{port}")
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._environment = environment()

    def answer(self, arrived: Arrived) -> Response:
        """Answer one request."""
        asset = arrived.path.removeprefix(OWN)
        if arrived.path != asset and asset in assets.TYPES:
            return _asset(asset)
        if arrived.headers.get("host", "") not in self._hosts:
            return Response(421, {**PAGE_HEADERS, "Content-Type": "text/plain"}, b"not this host\n")
        session = self.sessions.open(arrived.headers.get("cookie", ""))
        accounts = self.simulator.fake.accounts
        person = accounts.get(session.login.lower()) or self._first_person()
        visit = Visit(self, arrived, session, person, {})
        try:
            response = self._serve(visit)
        except Refused as refused:
            response = visit.html("message.html", status=refused.status, text=str(refused))
        if session.fresh and "Set-Cookie" not in response.headers:
            cookie = {"Set-Cookie": self.sessions.cookie(session)}
            response = Response(response.status, {**response.headers, **cookie}, response.body)
        if arrived.method == "HEAD":
            return Response(response.status, response.headers)
        return response

    def people(self) -> list[Account]:
        """Whom one can be: the owner of the first organisation first, who has nothing here left out."""
        accounts = list(self.simulator.fake.accounts.values())
        owners = [a.owner for a in accounts if a.type == "Organization"]
        others = [a for a in accounts if a.type == "User" and a.login != "octocat"]
        people = list(dict.fromkeys([*(owner for owner in owners[:1] if owner), *others]))
        return people or [accounts[0]]

    def _first_person(self) -> Account:
        return self.people()[0]

    def _serve(self, visit: Visit) -> Response:
        method = "GET" if visit.arrived.method == "HEAD" else visit.arrived.method
        page, params = _find(method, visit.arrived.path)
        visit.params = params
        if method == "POST":
            visit.form = self._form(visit)
            return page(visit)
        with self.simulator.fake.transaction():
            return page(visit)

    def _form(self, visit: Visit) -> Mapping[str, str]:
        """The fields of a form that a page of ours showed to this browser. Raises Refused."""
        arrived = visit.arrived
        origin = arrived.headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc not in self._hosts
        if foreign or arrived.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Refused(403, "This form came from another site, so nothing was done.")
        if arrived.length > FORM_LIMIT:
            raise Refused(413, f"The form is larger than {FORM_LIMIT:,} bytes, so nothing was done.")
        text = arrived.body.read().decode("utf-8", "replace")
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=50))
        if not hmac.compare_digest(form.pop("token", "").encode(), visit.session.token.encode()):
            raise Refused(403, "This form is out of date, so nothing was done: load the page again.")
        return form

    def html(self, visit: Visit, template: str, status: int, values: Mapping[str, Any]) -> Response:
        """Render a template for somebody."""
        body = self._environment.get_template(template).render(
            values,
            visit=visit,
            me=visit.person,
            people=self.people(),
            token=visit.session.token,
            note=self.sessions.take_note(visit.session),
            bot_url=self.bot_url,
            fake=self.simulator.fake,
            now=self.simulator.fake.now(),
            here=visit.arrived.target if visit.arrived.method != "POST" else "/",
            version=assets.version(),
        )
        return Response(status, {**PAGE_HEADERS, "Content-Type": "text/html; charset=utf-8"}, body.encode())


def _find(method: str, path: str) -> tuple[Page, Mapping[str, str]]:
    allowed = set()
    for wanted, pattern, page in ROUTES:
        found = re.fullmatch(pattern, path.rstrip("/") or "/")
        if found and wanted == method:
            return page, {name: unquote(value or "") for name, value in found.groupdict().items()}
        if found:
            allowed.add(wanted)
    if allowed:
        raise Refused(405, f"This address takes {' and '.join(sorted(allowed))} only; nothing was done.")
    raise Refused(HTTPStatus.NOT_FOUND, "There is no such page.")


def _asset(name: str) -> Response:
    headers = {**PAGE_HEADERS, "Cache-Control": assets.KEPT, "Content-Type": assets.TYPES[name]}
    return Response(200, headers, assets.read(name))
