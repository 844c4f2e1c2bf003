"""Reads what an organisation tells of itself, once for all its repositories."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping

from bot.adapters.github import answers
from bot.adapters.github.errors import ok
from bot.adapters.github.graph import GraphClient, ask_alone
from bot.adapters.github.listing import Send, segment
from bot.adapters.github.resting import read_rest
from bot.adapters.github.transport import Call, Transport
from bot.json_nodes import Node
from bot.model.errors import Gone, Malformed, PermissionMissing, PlumblineError, Unreadable
from bot.selections import Selection

KEPT_S = 900.0
"""How long what an organisation tells is believed, in seconds: a sweep asks once, not per repository."""


class OwnerMemory:
    """Answers about owners, and refusals, that are still fresh; shared by the threads of a process."""

    def __init__(self, most: int = 512, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Node | PlumblineError | None]] = OrderedDict()
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()

    def recall(self, key: Hashable, read: Callable[[], Node | None]) -> Node | None:
        """What is kept, else what ``read`` gives; a missing permission is kept like an answer."""
        with self._lock:
            at, kept = self._kept.get(key, (0.0, None))
            fresh = key in self._kept and self._clock() - at < KEPT_S
        if not fresh:
            try:
                kept = read()
            except PermissionMissing as error:
                kept = error
            with self._lock:
                self._kept[key] = (self._clock(), kept)
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        if isinstance(kept, PlumblineError):
            raise kept
        return kept


class GitHubOwner:
    """``OwnerReader`` over REST and GraphQL; what it was told is kept for a quarter of an hour."""

    def __init__(
        self, login: str, send: Send, transport: Transport, memory: OwnerMemory, *, payer: int = 0
    ) -> None:
        self.login = login
        self._send = send
        self._transport = transport
        self._memory = memory
        self._payer = payer

    @property
    def organisation(self) -> bool:
        """See ``OwnerReader``."""
        return self._account()["type"].text() == "Organization"

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """See ``OwnerReader``."""
        key = (self._payer, self.login, tuple(sorted((k, s.text) for k, s in selections.items())))

        def read() -> Node:
            try:
                return ask_alone(
                    GraphClient(self._send, self._transport, self._payer),
                    "Organization",
                    self.login,
                    selections,
                    where=f"organisation {self.login}",
                    permission=permission,
                    start="organization(login: $id)",
                )
            except Gone as error:
                raise PermissionMissing(f"{self.login} is no organisation that may be asked") from error

        found = self._memory.recall(key, read)
        if found is None:
            raise Malformed(f"organisation {self.login}: nothing came")
        return found

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """See ``OwnerReader``."""
        root = f"/orgs/{segment(self.login)}"
        return self._memory.recall(
            (self._payer, self.login, path, items, key),
            lambda: read_rest(
                self._send,
                self._transport,
                root,
                path,
                most=items,
                key=key,
                permission=permission,
                payer=self._payer,
            ),
        )

    def _account(self) -> Node:
        def read() -> Node:
            answer = self._send(Call("GET", f"/users/{segment(self.login)}"))
            if answer.status == 404:
                # That the owner has another name by now says nothing about the repository.
                raise Unreadable(f"there is no account {self.login}")
            answer = ok(answer)
            return Node(answers.table(answer.json(), "", answer.what), answer.what)

        found = self._memory.recall((self._payer, self.login), read)
        if found is None:
            raise Unreadable(f"the account {self.login} was not told")
        return found
