"""Which deliveries are missing, and how each is made good. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import HookDelivery

WINDOW = timedelta(days=3)
"""How long github.com keeps its delivery log (GHES: 7 days). Source: Redelivering webhooks."""

OVERLAP = timedelta(minutes=15)
"""How far each look goes back beyond the one before it: deliveries may be logged late."""

REDELIVERED = frozenset(
    {
        ("check_run", "requested_action"),
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
        ("issue_comment", "created"),
        ("merge_group", "checks_requested"),
    }
)
"""What a person or a queue asked for: no later look at the repository would show it."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What to do about missing deliveries.

    Args:
        redeliver: ids in GitHub's log, one for each missing event, newest attempt.
        scans: (installation id, repository id) of all other missing events.
        scanned: the GUIDs behind ``scans``, and of events that name no repository.
        missed: how many events were missing in all.
    """

    redeliver: tuple[int, ...]
    scans: tuple[tuple[int, int], ...]
    scanned: tuple[str, ...]
    missed: int


def find_gaps(log: Iterable[HookDelivery], known: set[str]) -> Gaps:
    """Sort out missing events.

    Args:
        log: GitHub's delivery log, newest first; several entries may share a GUID.
        known: GUIDs that the ledger has seen.
    """
    newest: dict[str, HookDelivery] = {}
    for entry in log:
        if entry.guid not in known:
            newest.setdefault(entry.guid, entry)
    redeliver, scans, scanned = [], set(), []
    for entry in newest.values():
        if entry.event.startswith("installation") or (entry.event, entry.action) in REDELIVERED:
            redeliver.append(entry.id)
            continue
        scanned.append(entry.guid)
        if entry.installation_id and entry.repository_id:
            scans.add((entry.installation_id, entry.repository_id))
    return Gaps(tuple(redeliver), tuple(sorted(scans)), tuple(scanned), len(newest))


def look_from(now: datetime, last: datetime | None) -> datetime:
    """From when on to read the log; the whole window when there was no look before."""
    earliest = now - WINDOW
    return earliest if last is None else max(earliest, last - OVERLAP)
