"""The App's view of GitHub: installations, the delivery log, readers and writers."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from bot.adapters.github import answers, tokens
from bot.adapters.github.batch import GitHubBatch
from bot.adapters.github.errors import Answer, clean, failure, ok
from bot.adapters.github.immutable import Immutable
from bot.adapters.github.listing import Send, items, segment
from bot.adapters.github.owner import GitHubOwner, OwnerMemory
from bot.adapters.github.reader import GitHubReader
from bot.adapters.github.tokens import AppIdentity, InstallationIdentity, Tokens
from bot.adapters.github.transport import MIB, Call, Transport
from bot.adapters.github.writer import GitHubWriter
from bot.model.errors import Gone, InstallationGone, Malformed, Unavailable
from bot.model.facts import Repository
from bot.ports import (
    AppInfo,
    Batch,
    Clock,
    Guard,
    HookDelivery,
    Installation,
    Metrics,
    OwnerReader,
    RepoReader,
    RepoWriter,
)
from bot.scale.documents import Pace

_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_DELIVERY_BYTES = 64 * MIB
"""A payload has at most 25 MB, and the log wraps it in its request and answer."""


class GitHubApp:
    """``GitHub`` over REST; any number of threads may use it, each gets its own connection."""

    def __init__(
        self,
        identity: AppIdentity,
        tokens: Tokens,
        transport: Transport,
        *,
        clock: Clock,
        metrics: Metrics,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._identity = identity
        self._tokens = tokens
        self._transport = transport
        self._clock = clock
        self._metrics = metrics
        self._sleep = sleep
        self._lock = threading.Lock()
        self._app: AppInfo | None = None
        self._memory = Immutable()
        self._owners = OwnerMemory()
        self._pace = Pace()

    def app(self) -> AppInfo:
        """See ``GitHub``."""
        answer = ok(self._identity.call(Call("GET", "/app")))
        data, what = answers.table(answer.json(), "", answer.what), answer.what
        permissions = answers.table(data, "permissions", what)
        events = answers.listing(data, "events", what)
        return AppInfo(
            id=answers.number(data, "id", what),
            slug=answers.text(data, "slug", what),
            permissions={k: v for k, v in permissions.items() if isinstance(v, str)},
            events=tuple(e for e in events if isinstance(e, str)),
        )

    def installations(self) -> Iterator[Installation]:
        """See ``GitHub``."""
        call = Call("GET", "/app/installations", {"per_page": "100"}, within="/app/installations")
        seen: set[int] = set()
        for item, what in items(self._transport, self._identity.call, call):
            found = tokens.installation(item, what)
            if found.id not in seen:
                seen.add(found.id)
                yield found

    def installation(self, installation_id: int) -> Installation:
        """See ``GitHub``."""
        answer = self._identity.call(Call("GET", f"/app/installations/{installation_id}"))
        if answer.status == 404:
            raise InstallationGone(f"installation {installation_id} does not exist (any more)")
        return tokens.installation(ok(answer).json(), answer.what)

    def installation_repositories(self, installation_id: int) -> Iterator[Repository]:
        """See ``GitHub``.

        Raises:
            Unavailable: the list changed while it was read, so that one may have been missed.
        """
        send = self._sender(installation_id)
        path = "/installation/repositories"
        call = Call("GET", path, {"per_page": "100"}, within=path)

        def again(next_call: Call) -> Answer:
            return ok(send(next_call))

        seen: set[int] = set()
        total = 0
        for page in self._transport.pages(again(call), call, again):
            data = page.json()
            total = answers.number(data, "total_count", page.what)
            for item in answers.listing(data, "repositories", page.what):
                repository = answers.repository(item, page.what)
                if repository.id not in seen:
                    seen.add(repository.id)
                    yield repository
        if len(seen) < total:
            raise Unavailable(f"GET {path}: {len(seen)} of {total} came; the list changed while it was read")

    def account_installation(self, login: str) -> Installation:
        """The installation on an organisation. Raises Gone when there is none."""
        answer = self._identity.call(Call("GET", f"/orgs/{segment(login)}/installation"))
        return tokens.installation(ok(answer).json(), answer.what)

    def repository_installation(self, full_name: str) -> int:
        """Which installation owns a repository of that name. Raises Gone when none does."""
        if _FULL_NAME.fullmatch(full_name) is None:
            raise Gone(f"{clean(full_name, 80)!r} is not a repository's name (owner/name)")
        owner, name = (segment(part) for part in full_name.split("/"))
        answer = self._identity.call(Call("GET", f"/repos/{owner}/{name}/installation"))
        return answers.number(ok(answer).json(), "id", answer.what)

    def covers(self, installation_id: int, repository_id: int) -> bool:
        """See ``GitHub``: a token narrowed to a repository is minted for its own installation only."""
        return self._tokens.covers(installation_id, repository_id)

    def reader(self, installation_id: int, repository_id: int) -> AbstractContextManager[RepoReader]:
        """See ``GitHub``."""
        send = self._sender(installation_id)
        reader = GitHubReader(repository_id, send, self._transport, self._memory, payer=installation_id)
        return nullcontext(reader)

    def batch(self, installation_id: int, repositories: Sequence[Repository]) -> Batch:
        """See ``GitHub``."""
        send = self._sender(installation_id)
        return GitHubBatch(
            repositories, send, self._transport, self._memory, payer=installation_id, pace=self._pace
        )

    def owner(self, installation_id: int, login: str, *, fresh: bool = False) -> OwnerReader:
        """See ``GitHub``."""
        send = self._sender(installation_id)
        memory = OwnerMemory() if fresh else self._owners
        return GitHubOwner(login, send, self._transport, memory, payer=installation_id)

    def writer(
        self, installation_id: int, repository_id: int, guard: Guard
    ) -> AbstractContextManager[RepoWriter]:
        """See ``GitHub``."""
        writer = GitHubWriter(
            repository_id,
            self._sender(installation_id),
            self._transport,
            guard=guard,
            app_id=self._identity.app_id,
            login=self._login,
            metrics=self._metrics,
        )
        return nullcontext(writer)

    def hook_address(self) -> str:
        """Where GitHub delivers the App's events; "" when the App has no webhook."""
        answer = self._identity.call(Call("GET", "/app/hook/config"))
        if answer.status == 404:
            return ""
        data = answers.table(ok(answer).json(), "", answer.what)
        return answers.optional(data, "url", str, answer.what) or ""

    def hook_deliveries(self, *, since: datetime) -> Iterator[HookDelivery]:
        """See ``GitHub``."""
        path = "/app/hook/deliveries"
        call = Call("GET", path, {"per_page": "100"}, within=path)
        seen: set[int] = set()
        for item, what in items(self._transport, self._identity.call, call):
            delivery = answers.hook_delivery(item, what)
            if delivery.delivered_at < since:
                return
            if delivery.id not in seen:
                seen.add(delivery.id)
                yield delivery

    def hook_delivery_body(self, delivery_id: int) -> bytes:
        """See ``GitHub``; written anew, so its bytes are not those that were signed."""
        path = f"/app/hook/deliveries/{delivery_id}"
        answer = ok(self._identity.call(Call("GET", path, answer_bytes=_DELIVERY_BYTES)))
        request = answers.table(answer.json(), "request", answer.what)
        payload = answers.table(request, "payload", answer.what)
        try:
            return json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise Malformed(f"{answer.what}: the payload is no JSON that can be written") from error

    def redeliver(self, delivery_id: int) -> None:
        """See ``GitHub``."""
        answer = self._identity.call(Call("POST", f"/app/hook/deliveries/{delivery_id}/attempts"))
        if answer.status >= 300:
            raise failure(answer, write=True)

    def _sender(self, installation_id: int) -> Send:
        return InstallationIdentity(
            installation_id, self._tokens, self._transport, self._clock, self._sleep
        ).call

    def _login(self) -> str:
        with self._lock:
            if self._app is None:
                self._app = self.app()
            return f"{self._app.slug}[bot]"
