"""``plumbline receive``: a payload from a file, as if GitHub had delivered it."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from bot.config.settings import Settings
from bot.entry import wiring
from bot.entry.environment import prepare_home
from bot.entry.process import configure_logs
from bot.entry.progress import SLOW_S, progress
from bot.model.errors import Malformed, UserError
from bot.model.events import Delivery, Lane
from bot.model.work import Record, State, Work
from bot.registry import Registry

Write = Callable[[str], None]

HOOK_ID = "0"
"""Of deliveries that came from a file; GitHub's begin at 1."""

WAIT_S = 600.0


def run(settings: Settings, event: str, file: Path, *, dry_run: bool, guid: str | None, write: Write) -> int:
    """Record, route and work in this process; returns 1 when something did not end done.

    Raises:
        UserError: the file or the event's name is not usable.
    """
    body = read(file)
    if not re.fullmatch(r"[a-z_]{1,100}", event):
        raise UserError(f"{event!r} is not the name of a GitHub event; it should look like pull_request")
    registry = wiring.load_registry()
    delivery = Delivery(HOOK_ID, guid or str(uuid.uuid4()), event, *_hints(registry, event, body), body)
    works = routed(registry, delivery)
    for work in works:
        write(f"work {work.job} {work.key} lane={work.lane.value} {json.dumps(work.payload, sort_keys=True)}")
    if not works:
        write(f"no handler wants this {event}")
    if dry_run:
        return 0
    with wiring.redis_at_hand(prepare_home(settings)) as found:
        return _really(found, registry, delivery, write)


def read(file: Path) -> bytes:
    """The bytes of a payload.

    Raises:
        UserError: larger than GitHub delivers, or not to be read.
    """
    from bot.web.receiver import MAX_BODY

    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_BODY + 1)
    except OSError as error:
        raise UserError(f"{str(file)!r} can not be read: {error.strerror}") from error
    if len(body) > MAX_BODY:
        raise UserError(f"{str(file)!r} is larger than {MAX_BODY} bytes, more than GitHub ever delivers")
    return body


def routed(registry: Registry, delivery: Delivery) -> list[Work]:
    """The work that the handlers make of a delivery.

    Raises:
        UserError: the body is not a payload.
    """
    from bot.engine.routing import parse, route

    try:
        return route(registry, parse(delivery.event, delivery.id, delivery.body))
    except Malformed as error:
        raise UserError(f"{error}; give the JSON object that GitHub shows under Recent Deliveries") from error


def _hints(registry: Registry, event: str, body: bytes) -> tuple[Lane, str]:
    from bot.web.receiver import fairness_key

    return registry.lanes.get(event, Lane.EVENT), fairness_key(body)


def _really(settings: Settings, registry: Registry, delivery: Delivery, write: Write) -> int:
    from bot.adapters.metrics import PrometheusMetrics
    from bot.engine.dispatch import Dispatcher

    configure_logs(settings, "receive")
    with progress("Waiting for Redis and the database", after_s=SLOW_S):
        runtime = wiring.build_runtime(
            settings, role=wiring.Role.WORKER, metrics=PrometheusMetrics(), registry=registry
        )
        accepted = runtime.ledger.accept(delivery)
    write(f"delivery {delivery.id} {accepted.value}")
    dispatcher = Dispatcher(runtime)
    ends = time.monotonic() + WAIT_S
    try:
        record = _settled(dispatcher.drain, runtime.ledger.record, delivery.id, ends)
        ends_done = _told(record, delivery.id, write)
        for work_id in record.works if record else ():
            work = runtime.ledger.record(work_id)
            lane = work.lane if work else Lane.EVENT

            def once(lane: Lane = lane, work_id: str = work_id) -> object:
                return dispatcher.run_work(lane, work_id)

            ends_done &= _told(_settled(once, runtime.ledger.record, work_id, ends), work_id, write)
    finally:
        dispatcher.close(10)
    return 0 if ends_done else 1


def _settled(
    step: Callable[[], object], look: Callable[[str], Record | None], record_id: str, ends: float
) -> Record | None:
    """Take steps until a record is done or parked, waits for a later date, or time is up."""
    with progress("Routing", after_s=SLOW_S) as tell:
        while True:
            step()
            record = look(record_id)
            if record is None or record.state in (State.DONE, State.PARKED) or time.monotonic() > ends:
                return record
            if record.state is State.OPEN and record.error:
                return record
            tell(f"Waiting for {record.kind} {record.name}, attempt {max(1, record.attempts)}")
            time.sleep(0.05)


def _told(record: Record | None, record_id: str, write: Write) -> bool:
    from bot.adapters.log import escape
    from bot.adapters.redact import redact

    if record is None:
        write(f"{record_id} is not in the ledger any more")
        return False
    reason = f": {redact(escape(record.error))}" if record.error else ""
    write(f"{record.kind} {record.id} {escape(record.name)} is {record.state.value}{reason}")
    return record.state is State.DONE
