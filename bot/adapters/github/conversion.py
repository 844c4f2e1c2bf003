"""Fetches the keys of an App that was made from a manifest.

Whoever has the code gets the keys, once and within an hour, so this call carries no authorisation.
It is sent once: after a lost answer the code may be used up, and only a person can tell.

Source: GitHub Docs, "Create a GitHub App from a manifest" (POST /app-manifests/{code}/conversions).
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import requests

from bot import __version__
from bot.adapters.github.errors import clean
from bot.adapters.github.transport import API_VERSION, MIB
from bot.model.errors import Ambiguous, Gone, Malformed, Rejected, Unavailable

CONNECT_S, READ_S = 5.0, 15.0
CODE = re.compile(r"[A-Za-z0-9_.-]{1,200}", re.ASCII)
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Converted:
    """A new App with its keys; ``webhook_secret`` is made here when GitHub made none."""

    id: int
    slug: str
    owner: str
    client_id: str
    permissions: dict[str, str]
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_secret: str = field(repr=False)


def convert(api_url: str, code: str) -> Converted:
    """Exchange a code for the App's keys; nothing but ``api_url``'s host is asked.

    Raises:
        Gone: GitHub does not know the code: used, older than an hour, or of another GitHub.
        Rejected: GitHub refused for another reason; its words are in the text.
        Unavailable: GitHub was not reached, or can not answer now; the code is still good.
        Ambiguous: no answer came; the code may be used up.
        Malformed: not an answer of GitHub's API.
    """
    if not CODE.fullmatch(code):
        raise Malformed("the code is not one that GitHub gives")
    what = "POST /app-manifests/…/conversions"
    try:
        with requests.post(
            f"{api_url}/app-manifests/{code}/conversions",
            headers={
                "Accept": "application/vnd.github+json",
                "User-Agent": f"plumbline/{__version__}",
                "X-GitHub-Api-Version": API_VERSION,
            },
            # Without this, requests would send what it finds in ~/.netrc.
            auth=_anonymous,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = answer.raw.read(MIB + 1, decode_content=True)
            return _judge(answer.status_code, body, what)
    except requests.exceptions.ConnectTimeout as error:
        raise Unavailable(f"{what}: no connection within {CONNECT_S:g} s") from error
    except requests.exceptions.SSLError as error:
        raise Unavailable(
            f"{what}: the server's certificate is not trusted here: {clean(str(error))}"
        ) from error
    except requests.exceptions.ConnectionError as error:
        if _never_sent(error):
            raise Unavailable(f"{what}: the host can not be reached: {_reason(error)}") from error
        raise Ambiguous(f"{what}: the connection broke before the answer came") from error
    except (requests.RequestException, OSError) as error:
        raise Ambiguous(f"{what}: no answer: {type(error).__name__}") from error


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _never_sent(error: BaseException) -> bool:
    """No connection was made, so GitHub can not have used the code up."""
    return any(type(e).__name__ in ("NewConnectionError", "NameResolutionError") for e in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: Any = error
    while isinstance(current, BaseException) and current not in found and len(found) < 10:
        found.append(current)
        inner = getattr(current, "reason", None) or (current.args[0] if current.args else None)
        current = inner if isinstance(inner, BaseException) else current.__cause__ or current.__context__
    return found


def _reason(error: BaseException) -> str:
    """The system's own word, as ``Connection refused``, without an object's address."""
    for cause in reversed(_causes(error)):
        if isinstance(cause, OSError) and cause.strerror:
            return clean(str(cause.strerror))
    return "no such host, or nobody listens there"


def _judge(status: int, body: bytes, what: str) -> Converted:
    data = _object(body)
    if status == 201:
        return _converted(data, what)
    said = clean(str(data.get("message", "")))
    if status == 404:
        raise Gone(f"{what}: 404 {said}")
    if status == 429 or status >= 500 or (status == 403 and "rate limit" in said.lower()):
        raise Unavailable(f"{what}: {status} {said}")
    if 400 <= status < 500:
        details = "; ".join(clean(str(e)) for e in data.get("errors") or [])[:300]
        raise Rejected(f"{status} {said}" + (f" ({details})" if details else ""), status=status)
    raise Malformed(f"{what}: the answer {status} is not one of GitHub's API")


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > MIB:
        raise Malformed("the answer is larger than any of GitHub's")
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _converted(data: dict[str, Any], what: str) -> Converted:
    owner = data.get("owner")
    number, slug, pem = data.get("id"), data.get("slug"), data.get("pem")
    if type(number) is not int or number <= 0 or not isinstance(slug, str) or not _SLUG.fullmatch(slug):
        raise Malformed(f"{what}: the answer lacks the App's id or slug")
    if not isinstance(pem, str) or "PRIVATE KEY-----" not in pem:
        raise Malformed(f"{what}: the answer lacks the App's private key")
    permissions = data.get("permissions")
    return Converted(
        id=number,
        slug=slug,
        owner=str(owner.get("login", "")) if isinstance(owner, dict) else "",
        client_id=_text(data, "client_id"),
        permissions={k: v for k, v in permissions.items() if isinstance(v, str)}
        if isinstance(permissions, dict)
        else {},
        pem=pem,
        # An App whose webhook is off may come without; nobody but us then knows this one.
        webhook_secret=_text(data, "webhook_secret") or secrets.token_hex(32),
        client_secret=_text(data, "client_secret"),
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
