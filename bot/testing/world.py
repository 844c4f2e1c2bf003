"""The fake's memory: accounts, repositories, installations, and the events that they cause."""

from __future__ import annotations

import itertools
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.config.manifest import read_manifest
from bot.ports import Clock
from bot.testing.clocks import SystemClock
from bot.testing.git import GitStore, ObjectReaders, create_bare, environment
from bot.testing.http import Emission
from bot.testing.render import Json, Renderer
from bot.testing.settings import role_of
from bot.testing.state import (
    LEVELS,
    Account,
    AppIdentity,
    FakeRepository,
    Installation,
    LoggedDelivery,
    Registration,
    Token,
)

REPORTING_PERMISSIONS = dict(read_manifest().permissions)
EVENT_NEEDS = {
    "branch_protection_rule": "administration",
    "check_run": "checks",
    "check_suite": "checks",
    "create": "contents",
    "custom_property": "organization_custom_properties",
    "custom_property_values": "organization_custom_properties",
    "delete": "contents",
    "dependabot_alert": "vulnerability_alerts",
    "deploy_key": "deployments",
    "issue_comment": "issues",
    "issues": "issues",
    "label": "metadata",
    "member": "members",
    "membership": "members",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "push": "contents",
    "release": "contents",
    "repository": "metadata",
    "repository_ruleset": "administration",
    "team": "members",
}
"""Event -> the permission that an App must hold, at least to read, to get it."""

RepositoryLike = FakeRepository | str | int
"""A repository, its full name, or its id."""


class World:
    """Records and look-ups. Everything happens inside ``transaction``; events go out after it.

    Args:
        root: an existing directory for the bare repositories; it may be shared with the simulator.
        clock: tells the fake what time it is.
        base_url: API root of all URLs in answers; settable later.
        html_url: the same for people's pages and clones.
        app_id: of the App under test.
        seed: of GUIDs, tokens and request ids.
        permissions: what the App asks for; an installation gets these unless told otherwise.
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
        self.root = root
        self.clock: Clock = clock or SystemClock()
        self.render = Renderer(base_url.rstrip("/"), html_url.rstrip("/"))
        self.listeners: list[Callable[[Emission], None]] = []
        self.deliveries: list[LoggedDelivery] = []
        self.redeliver: Callable[[int], None] = lambda _: None
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[int, FakeRepository] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        # Both are repeatable on purpose; GUIDs have their own, so that they depend on events alone.
        self.random = random.Random(seed)  # noqa: S311
        self._guids = random.Random(seed)  # noqa: S311
        self._names: dict[str, int] = {}
        self._ids = itertools.count(1001)
        self._requests = itertools.count(1)
        self._lock = threading.RLock()
        self._depth = 0
        self._outbox: list[Callable[[], None]] = []
        self._environment = environment(root)
        self._readers = ObjectReaders(self._environment)
        octocat = self._add_account("octocat", "User")
        self.app = self._identity(app_id, slug, octocat, permissions or dict(REPORTING_PERMISSIONS))
        self.apps: dict[int, AppIdentity] = {app_id: self.app}
        self.registrations: dict[str, Registration] = {}
        self.app_registered: Callable[[AppIdentity], None] = lambda _: None

    @property
    def base_url(self) -> str:
        """API root, without a slash at the end."""
        return self.render.base_url

    @base_url.setter
    def base_url(self, value: str) -> None:
        self.render.base_url = value.rstrip("/")

    @property
    def html_url(self) -> str:
        """Root of people's pages and of clone addresses, without a slash at the end."""
        return self.render.html_url

    @html_url.setter
    def html_url(self, value: str) -> None:
        self.render.html_url = value.rstrip("/")

    def close(self) -> None:
        """End the git processes that were kept for reading."""
        self._readers.close()

    # Locking and events

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the one lock; the outermost exit delivers what was emitted, outside the lock."""
        self._lock.acquire()
        self._depth += 1
        ready: list[Callable[[], None]] = []
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                ready, self._outbox = self._outbox, []
            self._lock.release()
            for act in ready:
                act()

    def after(self, act: Callable[[], None]) -> None:
        """Do something when the lock has been given back."""
        self._outbox.append(act)

    def _tell(self, emission: Emission) -> None:
        for listener in tuple(self.listeners):
            listener(emission)

    def emit(
        self,
        event: str,
        action: str,
        build: Callable[[], Json],
        *,
        repository: FakeRepository,
        sender: Account,
        only: AppIdentity | None = None,
    ) -> None:
        """Emit an event of a repository to each App that is installed there and may have it.

        ``build`` makes what is special to the event; it is called only when somebody gets it.
        ``only`` names the one App that is meant.
        """
        for installation in self.all_covering(repository):
            if only in (None, installation.app) and self._may_have(installation, event, action):
                self._emit_to(installation, event, action, build, repository, sender)

    def _emit_to(
        self,
        installation: Installation,
        event: str,
        action: str,
        build: Callable[[], Json],
        repository: FakeRepository,
        sender: Account,
    ) -> None:
        body: Json = {"action": action} if action else {}
        body |= build()
        body.setdefault("repository", self.render.full_repository(repository))
        if repository.owner.type == "Organization":
            body["organization"] = self.render.organization(repository.owner)
        body["sender"] = self.render.user(sender)
        body["installation"] = {"id": installation.id, "node_id": f"IN_{installation.id:08d}"}
        self._post(event, action, installation.id, repository.id, body, installation.app)

    def emit_installation(
        self, event: str, action: str, installation: Installation, sender: Account, **extra: object
    ) -> None:
        """Emit an event about an installation; these can not be deselected."""
        body = {
            "action": action,
            "installation": self.render.installation(installation, installation.app),
            **extra,
            "requester": None,
            "sender": self.render.user(sender),
        }
        self._post(event, action, installation.id, None, body, installation.app)

    def _may_have(self, installation: Installation, event: str, action: str) -> bool:
        if installation.suspended_at is not None or event not in installation.events:
            return False
        level = LEVELS[installation.permissions.get(EVENT_NEEDS[event], "")]
        own_app_only = action in ("requested", "rerequested", "requested_action")
        return level >= (2 if own_app_only else 1)

    def _post(
        self,
        event: str,
        action: str,
        installation_id: int | None,
        repository_id: int | None,
        body: Json,
        app: AppIdentity,
    ) -> None:
        emission = Emission(self.new_guid(), event, action, installation_id, repository_id, body, app.id)
        self.after(lambda: self._tell(emission))

    def ping(self, app: AppIdentity | None = None) -> None:
        """Emit the ``ping`` that a new webhook gets."""
        with self.transaction():
            app, now = app or self.app, self.now()
            hook: Json = {
                "type": "App",
                "id": app.id,
                "name": "web",
                "active": True,
                "events": list(app.events),
                "app_id": app.id,
                "config": {
                    "content_type": "json",
                    "insecure_ssl": "0",
                    "url": app.webhook_url or "https://bot.example.org/webhook",
                },
                "created_at": now.isoformat(),
                "updated_at": now.isoformat(),
                "deliveries_url": f"{self.base_url}/app/hook/deliveries",
            }
            body = {"zen": "Keep it logically awesome.", "hook_id": app.id, "hook": hook}
            self._post("ping", "", None, None, body, app)

    # Time, numbers, names

    def now(self) -> datetime:
        """The fake's present, in whole seconds as GitHub tells times."""
        return self.clock.now().replace(microsecond=0)

    def new_id(self) -> int:
        """The next id; one sequence for everything."""
        return next(self._ids)

    def new_request_id(self) -> str:
        """The next value of ``X-GitHub-Request-Id``."""
        return f"{next(self._requests):016X}"

    def new_guid(self) -> str:
        """A GUID from the seeded sequence."""
        return str(uuid.UUID(int=self._guids.getrandbits(128), version=4))

    def _identity(self, app_id: int, slug: str, owner: Account, permissions: dict[str, str]) -> AppIdentity:
        return AppIdentity(
            id=app_id,
            slug=slug,
            client_id=f"Iv23li{app_id:014d}",
            owner=owner,
            account=self._add_account(f"{slug}[bot]", "Bot"),
            created_at=self.now(),
            permissions=permissions,
            events=sorted(e for e, needed in EVENT_NEEDS.items() if needed in {"metadata", *permissions}),
        )

    # Accounts

    def _add_account(self, login: str, kind: str, owner: Account | None = None) -> Account:
        if login.lower() in self.accounts:
            raise ValueError(f"there is an account '{login}' already")
        account = Account(self.new_id(), login, kind, self.now(), owner)
        self.accounts[login.lower()] = account
        return account

    def account(self, login: str) -> Account:
        """The account of that login, in any case. Raises LookupError."""
        try:
            return self.accounts[login.lower()]
        except KeyError:
            raise LookupError(
                f"there is no account '{login}': create_user or create_organisation first"
            ) from None

    # Repositories

    def repository(self, which: RepositoryLike) -> FakeRepository:
        """A repository by value, full name or id. Raises LookupError."""
        if isinstance(which, FakeRepository):
            return which
        found = self.repositories.get(which) if isinstance(which, int) else self.named(which)[0]
        if found is None or found.deleted:
            raise LookupError(f"there is no repository {which!r}")
        return found

    def named(self, full_name: str) -> tuple[FakeRepository | None, bool]:
        """The repository that a full name leads to, and whether it is the present name."""
        found = self.repositories.get(self._names.get(full_name.lower(), 0))
        if found is None or found.deleted:
            return None, False
        return found, found.full_name.lower() == full_name.lower()

    def claim_name(self, repository: FakeRepository) -> None:
        """Let the present name lead here; whatever it redirected to before is no longer found by it."""
        self._names[repository.full_name.lower()] = repository.id

    def _new_repository(
        self,
        owner: Account,
        name: str,
        *,
        private: bool,
        default_branch: str,
        parent: FakeRepository | None = None,
    ) -> FakeRepository:
        taken, present = self.named(f"{owner.login}/{name}")
        if taken is not None and present:
            raise ValueError(f"there is a repository '{owner.login}/{name}' already")
        repository_id = self.new_id()
        path = self.root / f"{repository_id}.git"
        create_bare(path, default_branch, share_objects_of=None if parent is None else parent.git.path)
        now = self.now()
        repository = FakeRepository(
            id=repository_id,
            owner=owner,
            name=name,
            git=GitStore(path, self._environment, self._readers),
            private=private,
            default_branch=default_branch,
            created_at=now,
            updated_at=now,
            parent=parent,
        )
        self.repositories[repository_id] = repository
        self.claim_name(repository)
        return repository

    def role(self, repository: FakeRepository, account: Account) -> str:
        """The exact role of an account, "" for none; a public repository gives everybody ``read``."""
        return role_of(repository, account) or ("" if repository.private else "read")

    # Installations

    def covering(self, repository: FakeRepository, app: AppIdentity | None = None) -> Installation | None:
        """The installation of an App, by default that under test, that has this repository."""
        wanted = app or self.app
        return next((i for i in self.all_covering(repository) if i.app is wanted), None)

    def all_covering(self, repository: FakeRepository) -> list[Installation]:
        """The installations of all Apps that have this repository."""
        return [i for i in self.installations.values() if self.covers(i, repository)]

    def app_behind(self, account: Account) -> AppIdentity:
        """The App whose bot an account is; that under test for everybody else."""
        return next((app for app in self.apps.values() if app.account is account), self.app)

    def covers(self, installation: Installation, repository: FakeRepository) -> bool:
        """The installation has this repository."""
        if repository.deleted or installation.account is not repository.owner:
            return False
        return installation.repositories is None or repository.id in installation.repositories

    def covered(self, installation: Installation) -> list[FakeRepository]:
        """All repositories of an installation, by id."""
        return [r for r in self.repositories.values() if self.covers(installation, r)]
