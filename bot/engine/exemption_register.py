"""Every exemption of an organisation: in force, over, or waiting for a second person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.engine.wishes import WISH_EFFECT, waiting_wishes
from bot.model.facts import Repository
from bot.ports import Store, StoredExemption


class Standing(StrEnum):
    """What has become of an exemption."""

    IN_FORCE = "in force"
    WAITING = "waiting"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Entry:
    """One exemption.

    Args:
        until: the last day.
        source: ``command``, or ``policy`` for one that a file gives.
        owner_id: numeric id of the account that asked for it; 0 when a file gives it.
        asked_at: None when a file gives it.
        id: names it while it waits; else "".
        outcome: what the check said last, "" when that is not known.
    """

    repository: Repository
    check: str
    standing: Standing
    until: date
    reason: str
    source: str
    owner_id: int = 0
    asked_at: datetime | None = None
    id: str = ""
    outcome: str = ""


def register(store: Store, installation_id: int, now: datetime) -> Iterator[Entry]:
    """All that are known, by repository and check; those that files gave only while they are in force."""
    repositories = {r.id: r for r in store.repositories(installation_id)}
    ids = sorted(repositories)
    given, wishes = store.exemptions_of(ids), store.effects_of(ids, WISH_EFFECT)
    seen: dict[int, dict[str, tuple[date | None, str, str]]] = {}
    for number, outcomes in store.outcomes(installation_id):
        seen[number] = {o.check: (o.exempt_until, o.exempt_reason, o.outcome) for o in outcomes}
    for number in ids:
        asked = waiting_wishes(wishes.get(number, {}), given.get(number, ()), now)
        found = _of(repositories[number], given.get(number, ()), asked, seen.get(number, {}), now)
        yield from sorted(found, key=lambda entry: (entry.check, entry.standing, entry.until))


def waiting(store: Store, installation_id: int, now: datetime) -> int:
    """How many wait for a second person."""
    ids = [repository.id for repository in store.repositories(installation_id)]
    wishes = store.effects_of(ids, WISH_EFFECT)
    given = store.exemptions_of(sorted(wishes))
    return sum(len(waiting_wishes(kept, given.get(number, ()), now)) for number, kept in wishes.items())


def _of(
    repository: Repository,
    given: tuple[StoredExemption, ...],
    asked: list[StoredExemption],
    seen: Mapping[str, tuple[date | None, str, str]],
    now: datetime,
) -> Iterator[Entry]:
    today, by_command = now.date(), {e.check: e for e in given}

    def entry(e: StoredExemption, standing: Standing, id_: str = "") -> Entry:
        outcome = seen.get(e.check, (None, "", ""))[2]
        return Entry(
            repository,
            e.check,
            standing,
            e.until,
            e.reason,
            "command",
            e.actor_id,
            e.created_at,
            id_,
            outcome,
        )

    for exemption in given:
        yield entry(exemption, Standing.IN_FORCE if today <= exemption.until else Standing.OVER)
    for wish in asked:
        yield entry(wish, Standing.WAITING, wish.id)
    for check, (until, reason, outcome) in seen.items():
        command = by_command.get(check)
        if until is not None and (command is None or (command.until, command.reason) != (until, reason)):
            standing = Standing.IN_FORCE if today <= until else Standing.OVER
            yield Entry(repository, check, standing, until, reason, "policy", outcome=outcome)
