"""The ledger's Lua scripts: loaded from the files beside this one, with their constants filled in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

PLACEHOLDER = re.compile(r"@([a-z_]+)@")
STANDALONE = frozenset({"accept"})
"""Scripts that do not start with ``common.lua``: they are run for every request."""


@dataclass(frozen=True, slots=True)
class Script:
    """One Lua script; Redis knows it by its SHA-1 and is sent the text only when it does not."""

    text: str
    sha: str

    def __call__(self, client: Redis, *args: str | int | float | bytes) -> Any:
        """Run it, in one round trip unless Redis has just been emptied."""
        execute: Callable[..., Any] = client.execute_command
        try:
            return execute("EVALSHA", self.sha, 0, *args)
        except NoScriptError:
            return execute("EVAL", self.text, 0, *args)


def load(name: str, constants: Mapping[str, int]) -> Script:
    """Read ``<name>.lua`` and replace each ``@constant@`` by its value.

    Raises:
        KeyError: the script names a constant that is not given.
    """
    parts = [] if name in STANDALONE else [_read("common")]
    text = "\n".join([*parts, _read(name)])
    text = PLACEHOLDER.sub(lambda match: str(constants[match[1]]), text)
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@cache
def _read(name: str) -> str:
    return (resources.files(__package__) / f"{name}.lua").read_text(encoding="utf-8")
