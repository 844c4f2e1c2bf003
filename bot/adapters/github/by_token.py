"""An organisation as somebody's token sees it: the ``GitHub`` of a run that is not the App's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Never

from bot.adapters.github import answers
from bot.adapters.github.batch import GitHubBatch
from bot.adapters.github.errors import clean, ok
from bot.adapters.github.graph import GraphClient
from bot.adapters.github.immutable import Immutable
from bot.adapters.github.listing import items, segment
from bot.adapters.github.owner import GitHubOwner, OwnerMemory
from bot.adapters.github.personal import TokenIdentity
from bot.adapters.github.reader import GitHubReader
from bot.adapters.github.transport import Bounds, Call, Pauses, Transport
from bot.adapters.github.writer import GitHubWriter
from bot.model.errors import Gone, UserError
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

_VIEWER = "query { viewer { login } }"


class TokenGitHub:
    """``GitHub`` of one organisation with one token, for one thread.

    The organisation stands for an installation, under its own id. What only an App can ask is
    refused with ``UserError``.
    """

    def __init__(
        self,
        github_url: str,
        token: str,
        *,
        ledger: Pauses,
        clock: Clock,
        metrics: Metrics,
        bounds: Bounds | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(
            github_url, pauses=ledger, clock=clock, metrics=metrics, bounds=bounds, sleep=sleep
        )
        self._send = TokenIdentity(token, self._transport).call
        self._metrics = metrics
        self._memory = Immutable()
        self._owners = OwnerMemory()
        self._viewer = ""
        self._account: Installation | None = None

    def account_installation(self, login: str) -> Installation:
        """The organisation of that name.

        Raises:
            Gone: there is none, or the token may not see it. Else see ``TokenIdentity``.
        """
        answer = self._send(Call("GET", f"/orgs/{segment(login)}"))
        if answer.status == 404:
            raise Gone(f"{clean(login, 80)}: no such organisation, or the token may not see it")
        data = ok(answer).json()
        number = answers.number(data, "id", answer.what)
        self._account = Installation(
            id=number,
            account=answers.text(data, "login", answer.what),
            account_id=number,
            account_type="Organization",
            # Nobody tells what a token may: it is tried.
            permissions={},
            suspended=False,
        )
        return self._account

    def installation_repositories(self, installation_id: int) -> Iterator[Repository]:
        """The organisation's repositories that the token sees."""
        path = f"/orgs/{segment(self.installation(installation_id).account)}/repos"
        call = Call("GET", path, {"per_page": "100", "sort": "full_name"}, within=path)
        seen: set[int] = set()
        for item, what in items(self._transport, self._send, call):
            found = answers.repository(item, what)
            if found.id not in seen:
                seen.add(found.id)
                yield found

    def installations(self) -> Iterator[Installation]:
        """See ``GitHub``."""
        if self._account is not None:
            yield self._account

    def installation(self, installation_id: int) -> Installation:
        """See ``GitHub``."""
        if self._account is None or self._account.id != installation_id:
            raise Gone(f"there is no organisation {installation_id} in this run")
        return self._account

    def covers(self, installation_id: int, repository_id: int) -> bool:
        """See ``GitHub``."""
        with self.reader(installation_id, repository_id) as reader:
            owner = reader.repository().owner
        return owner.lower() == self.installation(installation_id).account.lower()

    def reader(self, installation_id: int, repository_id: int) -> AbstractContextManager[RepoReader]:  # noqa: ARG002
        """See ``GitHub``."""
        return nullcontext(GitHubReader(repository_id, self._send, self._transport, self._memory))

    def batch(self, installation_id: int, repositories: Sequence[Repository]) -> Batch:  # noqa: ARG002
        """See ``GitHub``."""
        return GitHubBatch(repositories, self._send, self._transport, self._memory, payer=0)

    def owner(self, installation_id: int, login: str, *, fresh: bool = False) -> OwnerReader:  # noqa: ARG002
        """See ``GitHub``."""
        return GitHubOwner(login, self._send, self._transport, OwnerMemory() if fresh else self._owners)

    def writer(
        self,
        installation_id: int,  # noqa: ARG002
        repository_id: int,
        guard: Guard,
    ) -> AbstractContextManager[RepoWriter]:
        """See ``GitHub``; issues only: check runs are an App's."""
        writer = GitHubWriter(
            repository_id,
            self._send,
            self._transport,
            guard=guard,
            app_id=0,
            login=self._login,
            metrics=self._metrics,
        )
        return nullcontext(writer)

    def app(self) -> AppInfo:
        """See ``GitHub``."""
        self._refuse()

    def hook_deliveries(self, *, since: datetime) -> Iterator[HookDelivery]:  # noqa: ARG002
        """See ``GitHub``."""
        self._refuse()

    def hook_delivery_body(self, delivery_id: int) -> bytes:  # noqa: ARG002
        """See ``GitHub``."""
        self._refuse()

    def redeliver(self, delivery_id: int) -> None:  # noqa: ARG002
        """See ``GitHub``."""
        self._refuse()

    @staticmethod
    def _refuse() -> Never:
        raise UserError("only an App can ask for this; set PLUMBLINE_APP_ID and PLUMBLINE_PRIVATE_KEY")

    def _login(self) -> str:
        """Whose issues are ours. GraphQL tells it of every token, REST of people's only."""
        if not self._viewer:
            told = GraphClient(self._send, self._transport, 0).ask(_VIEWER, {}, what="the token's owner")
            viewer = answers.table(told.data, "viewer", "the token's owner")
            self._viewer = answers.text(viewer, "login", "the token's owner")
        return self._viewer
