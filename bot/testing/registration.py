"""Apps that people register from a manifest, as GitHub's manifest flow makes them.

Source: GitHub Docs, "Registering a GitHub App from a manifest".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from bot.testing.authentication import as_pem
from bot.testing.render import Json
from bot.testing.routing import not_found
from bot.testing.state import LEVELS, Account, AppIdentity, Registration
from bot.testing.world import EVENT_NEEDS, World

CODE_LIFETIME = timedelta(hours=1)
NAME_LIMIT = 34
_LEVELS_ASKED = {name for name in LEVELS if name}


def problems_of(manifest: object, taken: frozenset[str] = frozenset()) -> list[str]:
    """What GitHub would say against a manifest; empty when it would register it.

    Args:
        manifest: parsed JSON.
        taken: slugs that exist.
    """
    if not isinstance(manifest, dict):
        return ["The manifest must be a JSON object."]
    hook = manifest.get("hook_attributes") or {}
    return [
        *_name_problems(manifest.get("name"), taken),
        *([] if _is_address(manifest.get("url")) else ["Url must be a valid URL."]),
        *_hook_problems(hook),
        *([] if _is_address(manifest.get("redirect_url")) else ["Redirect url must be a valid URL."]),
        *_permission_problems(manifest.get("default_permissions", {}), manifest.get("default_events", [])),
    ]


def _name_problems(name: object, taken: frozenset[str]) -> list[str]:
    if not isinstance(name, str) or not slug_of(name):
        return ["Name can't be blank."]
    if len(name) > NAME_LIMIT:
        return [f"Name is too long (maximum is {NAME_LIMIT} characters)."]
    return ["Name is already in use."] if slug_of(name) in taken else []


def _hook_problems(hook: Any) -> list[str]:
    if not isinstance(hook, dict):
        return ["Hook attributes must be an object."]
    if not hook:
        return []
    if not _is_address(hook.get("url")):
        return ["Hook url must be a valid URL."]
    host = urlsplit(str(hook["url"])).hostname
    if host == "localhost" and hook.get("active", True):
        return ["Hook url is not supported because it isn't reachable over the public Internet (localhost)."]
    return []


def _permission_problems(permissions: Any, events: Any) -> list[str]:
    if not isinstance(permissions, dict) or not isinstance(events, list):
        return ["Default permissions must be an object, default events a list."]
    found = [
        f"Default permission records resource '{name}' has an invalid value."
        for name, level in permissions.items()
        if level not in _LEVELS_ASKED
    ]
    held = {"metadata", *permissions}
    return found + [
        f"Default events are not supported by permissions: {event}"
        for event in events
        if event not in EVENT_NEEDS or EVENT_NEEDS[event] not in held
    ]


def _is_address(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def slug_of(name: str) -> str:
    """The part of addresses that GitHub makes of a name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Registering(World):
    """Making Apps from manifests, and handing out their keys once."""

    def app_named(self, slug: str) -> AppIdentity:
        """The App of that slug; "" is the App under test. Raises LookupError."""
        if not slug:
            return self.app
        for app in self.apps.values():
            if app.slug == slug:
                return app
        raise LookupError(f"there is no App '{slug}'")

    def make_app(self, manifest: Mapping[str, Any], owner: Account) -> str:
        """Register an App and announce its webhook; returns the code that fetches its keys.

        Raises:
            ValueError: GitHub would not take the manifest; says why.
        """
        problems = problems_of(dict(manifest), frozenset(app.slug for app in self.apps.values()))
        if problems:
            raise ValueError(" ".join(problems))
        hook = manifest.get("hook_attributes") or {}
        permissions = {"metadata": "read", **manifest.get("default_permissions", {})}
        app = self._identity(self.new_id(), slug_of(str(manifest["name"])), owner, permissions)
        # Who may write checks is subscribed to them, asked or not.
        checks = {"check_run", "check_suite"} if permissions.get("checks") == "write" else set()
        app.events = sorted({*manifest.get("default_events", []), *checks})
        app.private_key_pem = as_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
        app.client_secret = self.random.randbytes(20).hex()
        app.webhook_secret = self.random.randbytes(20).hex()
        app.webhook_url = str(hook.get("url", "")) if hook.get("active", True) else ""
        self.apps[app.id] = app
        self.app_registered(app)
        if app.webhook_url:
            self.ping(app)
        code = self.random.randbytes(20).hex()
        self.registrations[code] = Registration(code, app, self.now())
        return code

    def convert(self, code: str) -> Json:
        """The App with its keys; a code is good once, for an hour.

        Raises:
            Refusal: 404 for a code that is unknown, used or too old.
        """
        found = self.registrations.pop(code, None)
        if found is None or self.now() - found.made_at >= CODE_LIFETIME:
            raise not_found()
        return self.render.app(found.app) | {
            "client_secret": found.app.client_secret,
            "webhook_secret": found.app.webhook_secret,
            "pem": found.app.private_key_pem,
        }
