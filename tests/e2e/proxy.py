"""Stands between one program and Redis, and can stop the world of that program at a chosen command."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import asdict
from pathlib import Path

from bot.adapters.ledger.redis import Lifetimes
from bot.adapters.ledger.scripts import load
from bot.config.settings import Settings


def script(name: str) -> bytes:
    """By what a call of a ledger's script is known on the wire."""
    ceiling = Settings(Path()).ledger_bytes
    return load(name, {**asdict(Lifetimes()), "ceiling": ceiling}).sha.encode()


class Proxy:
    """Hands bytes on between a Unix socket of its own and that of Redis.

    When it is told to stop at a command, it lets nothing pass any more from the moment at which the
    command (or its answer) would: whoever uses it then hangs, as if the network had gone. ``mend``
    makes it pass everything on again, over new connections.
    """

    def __init__(self, path: Path, redis: Path) -> None:
        self.path = path
        self._redis = redis
        self._match = b""
        self._answered = False
        self.stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """For ``REDIS_URL``."""
        return f"unix://{self.path}?db=0"

    def stop_before(self, match: bytes) -> None:
        """Stop when a command with these bytes comes, before Redis sees it."""
        self.stopped.clear()
        self._match, self._answered = match, False

    def stop_after(self, match: bytes) -> None:
        """Stop when Redis has carried out a command with these bytes, before its answer is seen."""
        self.stopped.clear()
        self._match, self._answered = match, True

    def mend(self) -> None:
        """Drop all connections and stop nothing."""
        self._match = b""
        self.stopped.clear()
        self._drop()

    def close(self) -> None:
        """End everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            sockets, self._open = self._open, []
            threads, self._threads = self._threads, []
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for each in sockets:
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(str(self._redis))
                except OSError:
                    client.close()
                    server.close()
                    continue
                awaited = threading.Event()
                pair = [
                    threading.Thread(target=work, args=(*ends, awaited), daemon=True)
                    for work, ends in ((self._commands, (client, server)), (self._answers, (server, client)))
                ]
                with self._lock:
                    self._open += [client, server]
                    self._threads += pair
                for thread in pair:
                    thread.start()

    def _commands(self, client: socket.socket, server: socket.socket, awaited: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := client.recv(1 << 20)) and not self.stopped.is_set():
                if self._match and self._match in data:
                    if not self._answered:
                        self.stopped.set()
                        break
                    awaited.set()
                server.sendall(data)
        if not self.stopped.is_set():
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)

    def _answers(self, server: socket.socket, client: socket.socket, awaited: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                if awaited.is_set():
                    self.stopped.set()
                if self.stopped.is_set():
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
