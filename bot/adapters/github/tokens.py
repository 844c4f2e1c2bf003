"""Who we are to GitHub: the App's JWT, and one token per installation and hour.

Sources: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App" and "Generating an
installation access token for a GitHub App". Tokens are opaque: they have no fixed length or form.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.adapters.github.answers import moment, number, optional, table, text
from bot.adapters.github.errors import Answer, failure, server_time
from bot.adapters.github.sealing import SealedCache, Sealer
from bot.adapters.github.transport import Call, Transport
from bot.config.manifest import read_manifest
from bot.model.errors import InstallationGone, PermissionMissing, SettingsError
from bot.ports import Clock, Installation, Metrics

logger = logging.getLogger(__name__)

REPORT_PERMISSIONS: Mapping[str, str] = read_manifest().permissions
"""What the report token asks for: what reporting needs, of which it gets what was granted. An App that
may maintain, too, has more; a token for that is made for one plan."""

FRESH_FOR = timedelta(seconds=6)
"""GitHub may refuse a token for some seconds after it gave it."""

FRESH_WAITS_S = (0.5, 1.0, 2.0)

_JWT_LIFE = timedelta(minutes=8)
_JWT_BACKDATE = timedelta(seconds=60)
_JWT_REUSE = timedelta(minutes=4)
_MARGIN = timedelta(minutes=5)
_LONGEST_LIFE = timedelta(minutes=65)
_CLOCK_TOLERANCE = timedelta(seconds=20)
_RANK = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token; ``minted_at`` is by our clock."""

    secret: str = field(repr=False)
    minted_at: datetime
    expires_at: datetime
    permissions: Mapping[str, str]

    def usable(self, now: datetime) -> bool:
        """It has some minutes left."""
        return now < self.expires_at - _MARGIN

    def fresh(self, now: datetime) -> bool:
        """It may not be known yet to all of GitHub's machines."""
        return abs(now - self.minted_at) < FRESH_FOR


class AppIdentity:
    """Calls as the App itself.

    Args:
        app_id: numeric id.
        private_key: PEM text; checked here.

    Raises:
        SettingsError: the key is not an RSA private key in PEM.
    """

    def __init__(self, app_id: int, private_key: str, transport: Transport, clock: Clock) -> None:
        self.app_id = app_id
        self._key = _load(private_key) if private_key else None
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._kept: tuple[datetime, str] | None = None

    def call(self, call: Call) -> Answer:
        """Make a call with a JWT; on 401 once more by GitHub's clock when ours is off.

        Returns:
            An answer of status 2xx or 4xx.

        Raises:
            SettingsError: no App is set up. Else see ``Transport.send``.
        """
        answer = self._transport.send(call, self.jwt(), payer=0)
        if answer.status == 401 and self._correct_clock(answer):
            answer = self._transport.send(call, self.jwt(), payer=0)
        return answer

    def jwt(self) -> str:
        """A JWT of the App, made anew every few minutes."""
        if self._key is None or not self.app_id:
            raise SettingsError(
                "PLUMBLINE_APP_ID and PLUMBLINE_PRIVATE_KEY are not set; register the App with plumbline up"
            )
        with self._lock:
            now = self._clock.now()
            if self._kept is None or not timedelta(0) <= now - self._kept[0] < _JWT_REUSE:
                by_github = now + self._offset
                claims = {
                    "iat": int((by_github - _JWT_BACKDATE).timestamp()),
                    "exp": int((by_github + _JWT_LIFE).timestamp()),
                    "iss": str(self.app_id),
                }
                self._kept = now, jwt.encode(claims, self._key, algorithm="RS256")
            return self._kept[1]

    def _correct_clock(self, answer: Answer) -> bool:
        theirs = server_time(answer.headers)
        if theirs is None:
            return False
        with self._lock:
            offset = theirs - self._clock.now()
            if abs(offset - self._offset) < _CLOCK_TOLERANCE:
                return False
            self._offset, self._kept = offset, None
        logger.warning("this machine's clock is off", extra={"seconds": round(-offset.total_seconds())})
        return True


class Tokens:
    """One token per installation, shared by threads and, sealed, by processes.

    Args:
        wanted: permissions to ask for, narrowed to what the installation granted.
        cache, sealer: None keeps tokens in this process only.
    """

    def __init__(
        self,
        app: AppIdentity,
        *,
        clock: Clock,
        metrics: Metrics,
        cache: SealedCache | None = None,
        sealer: Sealer | None = None,
        wanted: Mapping[str, str] = REPORT_PERMISSIONS,
    ) -> None:
        self._app = app
        self._clock = clock
        self._metrics = metrics
        self._shared = (cache, sealer) if cache is not None and sealer is not None else None
        self._wanted = dict(sorted(wanted.items()))
        self._scope = ",".join(f"{name}:{level}" for name, level in self._wanted.items())
        self._kept: dict[int, Token] = {}
        self._lock = threading.Lock()
        self._minting: dict[int, threading.Lock] = {}

    def get(self, installation_id: int) -> Token:
        """A usable token.

        Raises:
            InstallationGone: deleted or suspended.
            PermissionMissing: nothing of what is wanted was granted.
        """
        token = self._kept.get(installation_id)
        if token is not None and token.usable(self._clock.now()):
            return token
        with self._lock:
            minting = self._minting.setdefault(installation_id, threading.Lock())
        with minting:
            token = self._kept.get(installation_id)
            if token is not None and token.usable(self._clock.now()):
                return token
            token = self._read_shared(installation_id)
            source = "shared"
            if token is None:
                token, source = self._mint(installation_id), "minted"
                self._write_shared(installation_id, token)
            self._kept[installation_id] = token
        self._metrics.count("github_tokens", source=source)
        return token

    def drop(self, installation_id: int, token: Token) -> None:
        """Forget this token, here and in the shared cache; a newer one stays."""
        with self._lock:
            kept = self._kept.get(installation_id)
            if kept is not None and kept.secret == token.secret:
                del self._kept[installation_id]
        shared = self._read_shared(installation_id)
        if self._shared is not None and shared is not None and shared.secret == token.secret:
            self._shared[0].delete(self._key(installation_id))

    def _mint(self, installation_id: int) -> Token:
        answer = self._ask(installation_id, self._wanted)
        if answer.status == 422 and "not granted" in answer.details.lower():
            granted = self._granted(installation_id)
            narrowed = narrow(self._wanted, granted)
            # An empty mapping would ask for everything that was granted.
            if not narrowed:
                raise PermissionMissing(
                    f"installation {installation_id} granted none of: {self._scope}", permission=self._scope
                )
            answer = self._ask(installation_id, narrowed)
        if answer.status != 201:
            raise _installation_failure(answer, installation_id)
        data = table(answer.json(), "", answer.what)
        return Token(
            secret=text(data, "token", answer.what),
            minted_at=self._clock.now(),
            expires_at=self._by_our_clock(moment(data, "expires_at", answer.what), answer),
            permissions=_levels(table(data, "permissions", answer.what)),
        )

    def _ask(self, installation_id: int, permissions: Mapping[str, str]) -> Answer:
        # A token more does no harm, so this write alone may be sent again.
        path = f"/app/installations/{installation_id}/access_tokens"
        return self._app.call(Call("POST", path, body={"permissions": dict(permissions)}, repeatable=True))

    def covers(self, installation_id: int, repository_id: int) -> bool:
        """Whether the installation has the repository: GitHub answers 422 when it does not.

        Source: Create an installation access token for an app, ``repository_ids``.
        """
        path = f"/app/installations/{installation_id}/access_tokens"
        body = {"repository_ids": [repository_id], "permissions": {"metadata": "read"}}
        answer = self._app.call(Call("POST", path, body=body, repeatable=True))
        if answer.status == 201:
            return True
        if answer.status == 422:
            return False
        raise _installation_failure(answer, installation_id)

    def _granted(self, installation_id: int) -> Mapping[str, str]:
        answer = self._app.call(Call("GET", f"/app/installations/{installation_id}"))
        if answer.status != 200:
            raise _installation_failure(answer, installation_id)
        return installation(answer.json(), answer.what).permissions

    def _by_our_clock(self, expires_at: datetime, answer: Answer) -> datetime:
        theirs = server_time(answer.headers)
        life = expires_at - theirs if theirs is not None else None
        if life is None or not timedelta(0) < life <= _LONGEST_LIFE:
            return expires_at
        return self._clock.now() + life

    def _key(self, installation_id: int) -> str:
        return f"{self._app.app_id}:{installation_id}:{self._scope}"

    def _read_shared(self, installation_id: int) -> Token | None:
        if self._shared is None:
            return None
        cache, sealer = self._shared
        key = self._key(installation_id)
        sealed = cache.get(key)
        plain = sealer.open(sealed, key.encode()) if sealed else None
        token = _token_from_json(plain) if plain else None
        return token if token is not None and token.usable(self._clock.now()) else None

    def _write_shared(self, installation_id: int, token: Token) -> None:
        if self._shared is None:
            return
        cache, sealer = self._shared
        key = self._key(installation_id)
        left = token.expires_at - _MARGIN - self._clock.now()
        if left > timedelta(0):
            cache.set(key, sealer.seal(_token_to_json(token), key.encode()), int(left.total_seconds()) + 1)


class InstallationIdentity:
    """Calls as one installation; a refused token is replaced once."""

    def __init__(
        self,
        installation_id: int,
        tokens: Tokens,
        transport: Transport,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.installation_id = installation_id
        self._tokens = tokens
        self._transport = transport
        self._clock = clock
        self._sleep = sleep

    def call(self, call: Call) -> Answer:
        """Make a call with the installation's token.

        A 401 means that nothing was executed, so also a write may be sent again after it.

        Returns:
            An answer of status 2xx or 4xx.

        Raises:
            InstallationGone: deleted or suspended. Else see ``Transport.send``.
        """
        waits, replaced = iter(FRESH_WAITS_S), False
        while True:
            token = self._tokens.get(self.installation_id)
            answer = self._transport.send(call, token.secret, payer=self.installation_id)
            refused = answer.status == 401
            if not refused and not (answer.status == 403 and "not accessible" in answer.message.lower()):
                return self._checked(answer, token)
            wait = next(waits, None) if token.fresh(self._clock.now()) else None
            if wait is not None:
                self._sleep(wait)
                continue
            if not refused or replaced:
                return answer
            self._tokens.drop(self.installation_id, token)
            replaced = True

    def _checked(self, answer: Answer, token: Token) -> Answer:
        if answer.status == 403:
            error = failure(answer, write=False)
            if isinstance(error, InstallationGone):
                self._tokens.drop(self.installation_id, token)
                raise error
        return answer


def narrow(wanted: Mapping[str, str], granted: Mapping[str, str]) -> dict[str, str]:
    """Of each wanted permission the lower of both levels; left out where nothing was granted."""
    return {
        name: min(level, granted[name], key=lambda value: _RANK[value])
        for name, level in wanted.items()
        if granted.get(name) in _RANK
    }


def installation(data: Any, what: str) -> Installation:
    """Turn GitHub's installation object into ours."""
    account = table(data, "account", what)
    return Installation(
        id=number(data, "id", what),
        account=text(account if "login" in account else {"login": account.get("slug")}, "login", what),
        account_id=number(account, "id", what),
        account_type=optional(data, "target_type", str, what) or text(account, "type", what),
        permissions=_levels(table(data, "permissions", what)),
        suspended=data.get("suspended_at") is not None,
        repository_selection=text(data, "repository_selection", what),
    )


def _installation_failure(answer: Answer, installation_id: int) -> Exception:
    if answer.status == 404:
        return InstallationGone(f"installation {installation_id} does not exist (any more)")
    return failure(answer, write=False)


def _levels(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: level for name, level in data.items() if isinstance(level, str)}


def _load(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        # The library's message may quote the key, so it is not repeated.
        raise SettingsError("PLUMBLINE_PRIVATE_KEY is not a private key in PEM, as GitHub gave it") from error
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError("PLUMBLINE_PRIVATE_KEY is not an RSA key; GitHub Apps sign with RSA")
    return key


def _token_to_json(token: Token) -> bytes:
    return json.dumps(
        {
            "token": token.secret,
            "minted_at": token.minted_at.timestamp(),
            "expires_at": token.expires_at.timestamp(),
            "permissions": dict(token.permissions),
        }
    ).encode()


def _token_from_json(plain: bytes) -> Token | None:
    try:
        data = json.loads(plain)
        return Token(
            secret=str(data["token"]),
            minted_at=datetime.fromtimestamp(data["minted_at"], UTC),
            expires_at=datetime.fromtimestamp(data["expires_at"], UTC),
            permissions=_levels(data["permissions"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
