"""``plumbline parked``: what was set aside, shown safely, tried again or given up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from bot.adapters.log import Redactor, escape, printable
from bot.config.settings import Settings
from bot.entry import wiring
from bot.entry.environment import secrets_in
from bot.entry.progress import SLOW_S, progress
from bot.model.errors import UserError
from bot.model.work import Record
from bot.ports import Ledger

Write = Callable[[str], None]
SHOWN_PAYLOAD = 20_000
"""Characters of a payload that ``show`` prints; ``--json`` gives all."""


@contextmanager
def _transport(settings: Settings) -> Iterator[wiring.Transport]:
    with progress("Waiting for Redis", after_s=SLOW_S), wiring.redis_at_hand(settings) as found:
        transport = wiring.build_transport(found, check=False)
        try:
            yield transport
        finally:
            transport.client.close()


def show_list(settings: Settings, *, as_json: bool, limit: int, write: Write) -> None:
    """One line for each parked record, or a JSON list."""
    with _transport(settings) as transport:
        records = transport.ledger.parked(limit)
    redact = _redactor()
    if as_json:
        write(redact(json.dumps([_plain(record, payload=False) for record in records], indent=2)))
    elif records:
        write(redact(_table(records)))
    else:
        write("nothing is parked")


def show_one(settings: Settings, record_id: str, *, as_json: bool, write: Write) -> None:
    """Everything about a record of any state.

    Raises:
        UserError: there is no such record.
    """
    with _transport(settings) as transport:
        record = transport.ledger.record(record_id)
    if record is None:
        raise UserError(
            f"there is no record {record_id!r}; `plumbline parked list` shows the ids of what is parked"
        )
    redact = _redactor()
    if as_json:
        write(redact(json.dumps(_plain(record, payload=True), indent=2)))
        return
    for name, value in _plain(record, payload=False).items():
        write(redact(f"{name:<16} {escape(str(value))}"))
    write("")
    write(redact(printable(record.payload[:SHOWN_PAYLOAD])))
    if len(record.payload) > SHOWN_PAYLOAD:
        write(f"... and {len(record.payload) - SHOWN_PAYLOAD} more characters; --json gives all")


def replay(settings: Settings, record_id: str | None, *, write: Write) -> None:
    """Reopen one record, or all parked ones when no id is given, and ask for workers.

    Raises:
        UserError: the record is not parked.
    """
    with _transport(settings) as transport:
        if record_id is None:
            write(f"{sum(1 for _ in _replayed(transport))} records are open again")
            return
        record = transport.ledger.record(record_id)
        if record is None or not transport.ledger.replay(record_id):
            raise UserError(_not_parked(transport.ledger, record_id))
        _hint(transport, record)
    write(f"{escape(record_id)} is open again")


def drop(settings: Settings, record_id: str, *, write: Write) -> None:
    """Give one record up.

    Raises:
        UserError: the record is not parked.
    """
    with _transport(settings) as transport:
        if not transport.ledger.drop(record_id):
            raise UserError(_not_parked(transport.ledger, record_id))
    write(f"{escape(record_id)} is given up")


def _replayed(transport: wiring.Transport) -> Iterator[str]:
    seen: set[str] = set()
    while fresh := [record for record in transport.ledger.parked(100) if record.id not in seen]:
        for record in fresh:
            seen.add(record.id)
            if transport.ledger.replay(record.id):
                _hint(transport, record)
                yield record.id


def _hint(transport: wiring.Transport, record: Record) -> None:
    if record.kind == "work":
        transport.queue.hint_work([(record.lane, record.id)])
    elif transport.ledger.want_drain():
        transport.queue.hint_drain()


def _not_parked(ledger: Ledger, record_id: str) -> str:
    record = ledger.record(record_id)
    state = "unknown" if record is None else record.state.value
    return f"{record_id!r} is not parked, it is {state}; `plumbline parked list` shows what is"


def _plain(record: Record, *, payload: bool) -> dict[str, Any]:
    plain = asdict(record)
    plain["accepted_at"] = record.accepted_at.isoformat(timespec="seconds")
    plain["works"] = list(record.works)
    if not payload:
        del plain["payload"]
    return plain


def _table(records: list[Record]) -> str:
    rows = [("ID", "WHAT", "LANE", "INSTALLATION", "TRIES", "ACCEPTED", "ERROR")]
    rows += [
        (
            escape(record.id),
            escape(f"{record.kind} {record.name}"),
            record.lane.value,
            escape(record.installation_id),
            str(record.attempts),
            record.accepted_at.isoformat(sep=" ", timespec="seconds"),
            escape(record.error)[:200],
        )
        for record in records
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )


def _redactor() -> Redactor:
    return Redactor(secrets_in(os.environ))
