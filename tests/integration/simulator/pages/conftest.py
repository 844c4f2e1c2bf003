"""A simulated organisation and a person's browser without a window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from bot.assets import CONTENT_POLICY
from bot.simulator.server import Simulator
from bot.testing.http import Emission

FILES = {
    "README.md": "# Rocket\n\nSee [the guide](docs/guide.md) and #1.\n",
    "docs/guide.md": "# Guide\n",
    "src/app.py": 'NAME = "rocket"\n',
    "blob.bin": b"\0\1\2",
}
PEOPLE = {"mina": "maintain", "wim": "write", "tess": "triage", "rae": "read"}


@dataclass
class Person:
    """Looks at pages and sends their forms."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, *, status: int = 200) -> str:
        """A page; every page has the headers that keep it inert."""
        answer = self.session.get(self.base + path, headers={"Accept": "text/html"}, allow_redirects=False)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.text

    def token(self) -> str:
        """What forms carry."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get("/"))
        assert found
        return found[1]

    def post(self, path: str, /, *, status: int = 303, **fields: str) -> str:
        """Send a form; returns where it leads, or what the page says."""
        form = {"token": self.token(), **fields}
        answer = self.session.post(self.base + path, data=form, allow_redirects=False)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
        return answer.headers["Location"] if status == 303 else answer.text

    def become(self, login: str) -> Person:
        """Act as somebody else."""
        self.post("/-/person", who=login, back="/")
        return self


@dataclass
class Site:
    """The simulator, what it announced, and who can look."""

    simulator: Simulator
    events: list[Emission] = field(default_factory=list)

    def person(self, login: str = "") -> Person:
        """A fresh browser."""
        made = Person(self.simulator.base_url)
        return made.become(login) if login else made

    def announced(self, event: str, action: str = "") -> list[Emission]:
        return [e for e in self.events if e.event == event and (not action or e.action == action)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Simulator(tmp_path / "github", validator=None, bot_url="http://127.0.0.1:9/") as simulator:
        fake = simulator.fake
        for login in ("olga", *PEOPLE, "sam"):
            fake.create_user(login)
        fake.create_organisation("acme", owner="olga")
        fake.install("acme", actor="olga")
        for name, private in (("rocket", False), ("vault", True)):
            repository = fake.create_repository("acme", name, files=FILES, private=private, actor="olga")
            for login, role in PEOPLE.items():
                fake.set_collaborator(repository, login, role)
        fake.open_issue("acme/rocket", "Broken", body="- [ ] one\n- [x] two\n\n@wim #1 @nobody", actor="rae")
        made = Site(simulator)
        fake.listeners.append(made.events.append)
        yield made


@pytest.fixture
def as_(site: Site) -> Callable[[str], Person]:
    """A browser of somebody."""
    return site.person
