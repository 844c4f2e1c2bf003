"""The App's manifest (``app.yml``): what the App asks for and why, and what GitHub is sent of it.

Source: GitHub Docs, "Registering a GitHub App from a manifest".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.model.errors import SettingsError

MANIFEST = Path(__file__).resolve().parents[1] / "app.yml"
"""A link to the file at the top of the tree; a copy of it where Plumbline was installed as a wheel."""

NAME_LIMIT = 34
"""Characters of an App's name; names are unique over all of a GitHub."""

MAINTENANCE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "contents": ("write", "merge one branch into another, on a plan that a person approved"),
        "pull_requests": ("write", "update a pull request's branch from its base"),
    }
)
"""Permission -> (level, reason) that set-up can add; reporting does without."""

_REASON = re.compile(r"  (\w+): (\w+) +# (.+)")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``app.yml`` says.

    Args:
        permissions: name -> ``read`` or ``write``.
        reasons: name -> why it is asked for, as the comment beside it says.
        events: that handlers answer; those of installations always come and are not listed.
    """

    name: str
    url: str
    description: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)

    def asked(self, *, maintenance: bool) -> dict[str, tuple[str, str]]:
        """Permission -> (level, reason), the maintenance set added or not."""
        asked = {name: (level, self.reasons.get(name, "")) for name, level in self.permissions.items()}
        if maintenance:
            for name, (level, reason) in MAINTENANCE.items():
                before = asked.get(name, ("", ""))[1]
                asked[name] = (level, "; ".join(part for part in (before, reason) if part))
        return asked

    def registration(
        self, *, name: str, public_url: str, redirect_url: str, maintenance: bool
    ) -> dict[str, Any]:
        """The JSON object that GitHub's form takes.

        Args:
            public_url: where GitHub reaches us, without a slash at the end; "" registers a webhook
                that is switched off, as GitHub wants an address all the same.
            redirect_url: where the browser goes with the code.
        """
        return {
            "name": name,
            "url": public_url or self.url,
            "description": self.description,
            "public": False,
            "hook_attributes": {
                "url": f"{public_url or 'https://example.com'}/webhook",
                "active": bool(public_url),
            },
            "redirect_url": redirect_url,
            "default_permissions": {
                n: level for n, (level, _) in self.asked(maintenance=maintenance).items()
            },
            "default_events": list(self.events),
        }


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Read ``app.yml``.

    Raises:
        SettingsError: it is missing, or not what it should be.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = YAML(typ="safe").load(text)
        return Manifest(
            name=str(data["name"]),
            url=str(data["url"]),
            description=str(data["description"]),
            permissions={str(k): str(v) for k, v in data["default_permissions"].items()},
            events=tuple(str(event) for event in data["default_events"]),
            reasons={m[1]: m[3].strip() for m in map(_REASON.fullmatch, text.splitlines()) if m},
        )
    except (OSError, UnicodeError, YAMLError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"the manifest {path} can not be read: {type(error).__name__}") from error
