"""Who looks: a signed cookie that names one of the simulated people, and the token of their forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

_MOST_NOTES = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser.

    Args:
        id: random, 32 hexadecimal digits.
        login: as whom it acts; "" before it has chosen.
        token: what its forms must carry.
        fresh: the browser does not know it yet.
    """

    id: str
    login: str
    token: str
    fresh: bool


class Sessions:
    """Makes and recognises sessions; the key lives and dies with the process.

    Args:
        name: of the cookie; ports share cookies, so it should name the port.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._key = secrets.token_bytes(32)
        self._notes: OrderedDict[str, str] = OrderedDict()

    def open(self, header: str) -> Session:
        """The session of a ``Cookie`` header; a new one for a missing, old or forged cookie."""
        try:
            morsel = SimpleCookie(header).get(self._name)
        except CookieError:
            morsel = None
        parts = morsel.value.split(".") if morsel else []
        if len(parts) == 3 and hmac.compare_digest(parts[2], self._sign(f"{parts[0]}.{parts[1]}")):
            return self._session(parts[0], bytes.fromhex(parts[1]).decode(), fresh=False)
        return self._session(secrets.token_hex(16), "", fresh=True)

    def become(self, session: Session, login: str) -> Session:
        """The same browser as somebody else."""
        return self._session(session.id, login, fresh=True)

    def cookie(self, session: Session) -> str:
        """The ``Set-Cookie`` header that makes the browser keep a session."""
        value = f"{session.id}.{session.login.encode().hex()}"
        return f"{self._name}={value}.{self._sign(value)}; Path=/; HttpOnly; SameSite=Strict"

    def note(self, session: Session, text: str) -> None:
        """Say something on the browser's next page."""
        self._notes[session.id] = text
        while len(self._notes) > _MOST_NOTES:
            self._notes.popitem(last=False)

    def take_note(self, session: Session) -> str:
        """What is to be said now; once."""
        return self._notes.pop(session.id, "")

    def _session(self, id_: str, login: str, *, fresh: bool) -> Session:
        return Session(id_, login, self._sign(f"form {id_}"), fresh)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
