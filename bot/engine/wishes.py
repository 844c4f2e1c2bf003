"""Exemptions that somebody asked for and that a second person has to approve, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from bot.ports import StoredEffect, StoredExemption

WISH_EFFECT = "exemption-wish"
"""Kind of the effects that hold them, by check.

One stays after it was approved, so that the approval can be carried out twice.
"""

WAITS = timedelta(days=7)
"""How long one waits for the second person; afterwards it counts no more."""


def kept_wish(wish: StoredExemption) -> StoredEffect:
    """One as it is kept; ``wish_of`` reads it."""
    note = {
        "reason": wish.reason,
        "until": wish.until.isoformat(),
        "actor": wish.actor_id,
        "at": wish.created_at.isoformat(),
    }
    return StoredEffect(wish.comment_id, "", note)


def wish_of(check: str, kept: StoredEffect) -> StoredExemption:
    """One that is kept."""
    note = kept.note
    return StoredExemption(
        check,
        note["reason"],
        date.fromisoformat(note["until"]),
        note["actor"],
        kept.number,
        datetime.fromisoformat(note["at"]),
    )


def waiting_wishes(
    kept: Mapping[str, StoredEffect], given: Iterable[StoredExemption], now: datetime
) -> list[StoredExemption]:
    """Those of one repository that can still be approved, by check.

    Args:
        kept: all of them, by check.
        given: the exemptions that commands gave there.
    """
    since = {exemption.check: exemption.created_at for exemption in given}
    wishes = [wish_of(check, effect) for check, effect in sorted(kept.items())]
    return [
        wish
        for wish in wishes
        if not (wish.check in since and since[wish.check] >= wish.created_at)
        and now - wish.created_at <= WAITS
        and now.date() <= wish.until
    ]
