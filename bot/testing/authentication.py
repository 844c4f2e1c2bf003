"""App JWTs and installation tokens, checked as GitHub checks them."""

from __future__ import annotations

import base64
import functools
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from bot.testing.routing import Credentials, Refusal
from bot.testing.state import LEVELS, AppIdentity, FakeRepository, Installation, Token
from bot.testing.world import World

TOKEN_LIFETIME = timedelta(hours=1)
MAX_REPOSITORIES = 500
_UNDECODABLE = "A JSON web token could not be decoded"
_EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time "
    "at which the assertion expires."
)
_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_ISSUED = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued."
_NOT_GRANTED = "The permissions requested are not granted to this installation."
_NO_REPOSITORY = (
    "There is at least one repository that does not exist or is not accessible to the parent installation."
)


_CLAIMS_BY_HAND: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
}
"""The library would compare with the machine's clock, not with the fake's."""


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    """A throw-away key, made once in a process because making one is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def private_key_pem() -> str:
    """The same in the form in which GitHub hands keys out (PKCS#1)."""
    return as_pem(private_key())


def as_pem(key: rsa.RSAPrivateKey) -> str:
    """A key in PKCS#1."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode()


def authenticate(world: World, header: str) -> Credentials:
    """Say who calls.

    Args:
        header: the value of ``Authorization``, "" when missing.

    Raises:
        Refusal: 401, or 403 for a suspended installation.
    """
    if not header:
        return Credentials("anonymous")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() not in ("bearer", "token") or not value:
        raise Refusal(401, "Bad credentials")
    if value.startswith("ghs_") or value in world.tokens:
        return _by_token(world, value)
    if value.count(".") == 2 and scheme.lower() == "bearer":
        return Credentials("app", value=value, app=_check_jwt(world, value))
    raise Refusal(401, "Bad credentials")


def _by_token(world: World, value: str) -> Credentials:
    token = world.tokens.get(value)
    if token is None or token.revoked or token.expires_at <= world.clock.now():
        raise Refusal(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise suspended()
    return Credentials("installation", token, value)


def suspended() -> Refusal:
    """403: the installation is suspended."""
    return Refusal(403, "This installation has been suspended")


@functools.cache
def _public_key(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_private_key(pem.encode(), None) if pem else private_key()
    found = key.public_key()
    if not isinstance(found, rsa.RSAPublicKey):
        raise ValueError("an App's key must be an RSA key")  # noqa: TRY004 - bad input, not a programming error
    return found


def _issuer(world: World, value: str) -> AppIdentity:
    """The App that a JWT says it is of, before its signature is looked at. Raises Refusal 401."""
    try:
        said = str(jwt.decode(value, options={"verify_signature": False}).get("iss"))
    except jwt.InvalidTokenError:
        raise Refusal(401, _UNDECODABLE) from None
    for app in world.apps.values():
        if said in (str(app.id), app.client_id):
            return app
    raise Refusal(401, _UNDECODABLE)


def _check_jwt(world: World, value: str) -> AppIdentity:
    app = _issuer(world, value)
    try:
        claims: dict[str, Any] = jwt.decode(
            value, _public_key(app.private_key_pem), algorithms=["RS256"], options=_CLAIMS_BY_HAND
        )
    except jwt.InvalidTokenError:
        raise Refusal(401, _UNDECODABLE) from None
    now = world.clock.now().timestamp()
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is None or expires <= now:
        raise Refusal(401, _EXPIRED)
    if expires > now + 600:
        raise Refusal(401, _TOO_FAR)
    if issued is None or issued > now + 60:
        raise Refusal(401, _ISSUED)
    return app


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def mint(world: World, installation: Installation, body: dict[str, Any], *, stateless: bool = True) -> Token:
    """Make an installation token, narrowed as asked.

    Args:
        body: ``permissions``, ``repositories`` (names), ``repository_ids``; absent or empty means all.
        stateless: the long format ``ghs_<app id>_<JWT>`` instead of 40 characters.

    Raises:
        Refusal: 422 for more than the installation has.
    """
    asked = body.get("permissions") or {}
    for name, level in asked.items():
        granted = LEVELS[installation.permissions.get(name, "")]
        if level not in LEVELS or not level or LEVELS[level] > granted:
            raise Refusal(422, _NOT_GRANTED)
    permissions = {"metadata": "read", **asked} if asked else dict(installation.permissions)
    token = Token(
        value=_new_value(world, installation.app, stateless=stateless),
        installation=installation,
        permissions=permissions,
        repositories=_narrowed(world, installation, body),
        expires_at=world.now() + TOKEN_LIFETIME,
    )
    world.tokens[token.value] = token
    return token


def _narrowed(world: World, installation: Installation, body: dict[str, Any]) -> set[int] | None:
    names, ids = body.get("repositories") or [], body.get("repository_ids") or []
    if not names and not ids:
        return None
    if len(names) + len(ids) > MAX_REPOSITORIES:
        raise Refusal(422, f"No more than {MAX_REPOSITORIES} repositories can be specified.")
    mine = {repository.id: repository for repository in world.covered(installation)}
    by_name = {repository.name.lower(): repository.id for repository in mine.values()}
    wanted = {by_name.get(str(name).lower()) for name in names} | {i if i in mine else None for i in ids}
    if None in wanted:
        raise Refusal(422, _NO_REPOSITORY)
    return {repository_id for repository_id in wanted if repository_id is not None}


def _new_value(world: World, app: AppIdentity, *, stateless: bool) -> str:
    def part(size: int) -> str:
        return base64.urlsafe_b64encode(world.random.randbytes(size)).decode().rstrip("=")

    if not stateless:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "ghs_" + "".join(world.random.choices(letters, k=36))
    return f"ghs_{app.id}_{part(27)}.{part(160)}.{part(192)}"


def token_covers(world: World, token: Token, repository: FakeRepository) -> bool:
    """The token reaches this repository."""
    if not world.covers(token.installation, repository):
        return False
    return token.repositories is None or repository.id in token.repositories
