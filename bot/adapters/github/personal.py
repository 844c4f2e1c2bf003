"""Reads a repository by its name, with a person's token or as the App: for tools, not for workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.github import answers
from bot.adapters.github.batch import GitHubBatch
from bot.adapters.github.errors import Answer, clean, ok
from bot.adapters.github.immutable import Immutable
from bot.adapters.github.listing import Send, segment
from bot.adapters.github.owner import GitHubOwner, OwnerMemory
from bot.adapters.github.tokens import AppIdentity, InstallationIdentity, Tokens
from bot.adapters.github.transport import Bounds, Call, Transport
from bot.config.settings import Settings
from bot.model.errors import Gone, UserError
from bot.model.facts import Repository
from bot.ports import Batch, Clock, Metrics, OwnerReader


class MemoryPauses:
    """``Pauses`` of a process that lives for one command."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[int, str], datetime] = {}

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        """See ``Pauses``."""
        self._until[installation_id, resource] = until

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        """See ``Pauses``."""
        until = self._until.get((installation_id, resource))
        return until if until is not None and self._clock.now() < until else None


class TokenIdentity:
    """Calls with a token that somebody gave us: a person's, or that of a workflow run."""

    def __init__(self, token: str, transport: Transport) -> None:
        self._token = token
        self._transport = transport

    def call(self, call: Call) -> Answer:
        """Make a call.

        Returns:
            An answer of status 2xx or 4xx.

        Raises:
            UserError: GitHub does not know the token, or the organisation wants it authorised.
                Else see ``Transport.send``.
        """
        answer = self._transport.send(call, self._token, payer=0)
        if answer.status == 401:
            raise UserError(
                f"GitHub refuses the token ({answer.message or 'status 401'}): it is wrong, revoked or has "
                "expired; set GITHUB_TOKEN (or GH_TOKEN) to one that is valid"
            )
        if answer.status == 403 and answer.headers.get("x-github-sso", "").startswith("required"):
            raise UserError(
                f"{answer.what}: the organisation wants this token to be authorised for single sign-on; "
                "do that on GitHub under Settings, Developer settings"
            )
        return answer


@dataclass(frozen=True, slots=True)
class Access:
    """A way to GitHub for a tool: with a token, or as the App on one account."""

    send: Send
    transport: Transport
    payer: int

    def repository(self, full_name: str) -> Repository:
        """A repository by its name; an old name leads to the repository that had it.

        Raises:
            Gone: there is none of that name, or it may not be seen. Else see ``TokenIdentity``.
        """
        answer = self.send(Call("GET", _path(full_name)))
        if answer.status == 404:
            raise Gone(f"{clean(full_name, 200)}: no such repository, or the token may not see it")
        return answers.repository(ok(answer).json(), answer.what)

    def batch(self, repositories: Sequence[Repository]) -> Batch:
        """Reads repositories together; the call itself sends nothing."""
        return GitHubBatch(repositories, self.send, self.transport, Immutable(), payer=self.payer)

    def owner(self, login: str) -> OwnerReader:
        """What an account tells of itself."""
        return GitHubOwner(login, self.send, self.transport, OwnerMemory(), payer=self.payer)


def by_token(
    github_url: str,
    token: str,
    *,
    clock: Clock,
    metrics: Metrics,
    bounds: Bounds | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Access:
    """Access with a token.

    Args:
        github_url: the API root.
    """
    transport = Transport(
        github_url, pauses=MemoryPauses(clock), clock=clock, metrics=metrics, bounds=bounds, sleep=sleep
    )
    return Access(TokenIdentity(token, transport).call, transport, 0)


def by_app(
    settings: Settings,
    full_name: str,
    *,
    clock: Clock,
    metrics: Metrics,
    bounds: Bounds | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Access:
    """Access as the App, through its installation on a repository.

    Raises:
        Gone: there is none of that name, or the App is not installed on it.
        SettingsError: the App's key is not one.
    """
    transport = Transport(
        settings.github_url,
        pauses=MemoryPauses(clock),
        clock=clock,
        metrics=metrics,
        bounds=bounds,
        sleep=sleep,
    )
    identity = AppIdentity(settings.app_id, settings.private_key, transport, clock)
    answer = identity.call(Call("GET", f"{_path(full_name)}/installation"))
    if answer.status == 404:
        raise Gone(f"{clean(full_name, 200)}: no such repository, or the App is not installed on it")
    installation = answers.number(ok(answer).json(), "id", answer.what)
    tokens = Tokens(identity, clock=clock, metrics=metrics)
    send = InstallationIdentity(installation, tokens, transport, clock, sleep).call
    return Access(send, transport, installation)


def _path(full_name: str) -> str:
    owner, _, name = full_name.partition("/")
    return f"/repos/{segment(owner)}/{segment(name)}"
