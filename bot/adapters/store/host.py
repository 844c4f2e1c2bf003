"""The marker that ties a SQLite database to one machine.

Processes share a SQLite database in WAL mode through shared memory, which two machines do not
have: over a network file system they would corrupt it. So the first machine leaves its identity in
a file beside the database, and another one is refused before it opens anything.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.model.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Host:
    """What tells machines apart; empty strings where the system does not say.

    Args:
        name: for people.
        machine: stays over reboots; containers often lack it.
        boot: the running kernel; containers of one machine share it.
    """

    name: str
    machine: str = ""
    boot: str = ""

    def same_as(self, other: Host) -> bool:
        """Whether both are one machine, as far as can be known."""
        if self.boot and self.boot == other.boot:
            return True
        if self.machine or other.machine:
            return self.machine == other.machine
        return self.name == other.name


def this_host() -> Host:
    """The machine this process runs on."""
    return Host(
        name=platform.node() or "unnamed",
        machine=_line("/etc/machine-id"),
        boot=_line("/proc/sys/kernel/random/boot_id"),
    )


def claim(database: Path, host: Host) -> None:
    """Leave the marker, or refuse.

    Raises:
        SettingsError: another machine left it.
    """
    marker = database.with_name(database.name + ".host")
    owner = _owner(marker)
    if owner is not None and not host.same_as(owner):
        raise SettingsError(
            f"the database {database} belongs to the machine {owner.name!r} and this is {host.name!r}; "
            "SQLite serves one machine only: set DATABASE_URL to a PostgreSQL database that all machines "
            f"reach, or set PLUMBLINE_HOME to a directory of this machine, or, if {owner.name!r} does not "
            f"use it any more, delete {marker}"
        )
    if owner != host:
        # Renaming is atomic: another process of this machine reads the old marker or the new one.
        draft = marker.with_name(f"{marker.name}.{os.getpid()}")
        draft.write_text(json.dumps(asdict(host)), encoding="ascii")
        draft.replace(marker)


def _owner(marker: Path) -> Host | None:
    try:
        value = json.loads(marker.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return None
    return Host(value["name"], str(value.get("machine", "")), str(value.get("boot", "")))


def _line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
