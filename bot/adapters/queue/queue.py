"""``Queue`` on RQ: one RQ queue for each lane, hints with fixed ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from bot.adapters.queue.job import FUNCTION, HintJob
from bot.model.errors import LedgerUnavailable
from bot.model.events import Lane
from jobs import entry

HINT_TTL_S = 3600
"""A hint that waited an hour is dropped; the sweeper has made newer ones by then."""
HINT_TIMEOUT_S = 120
"""Backstop for a hint's run: slices end by themselves long before."""
DAY = 86_400


def queue_of(client: Redis, lane: Lane) -> Queue:
    """The RQ queue of a lane."""
    return Queue(
        lane.value,
        connection=client,
        serializer=JSONSerializer,
        job_class=HintJob,
        default_timeout=HINT_TIMEOUT_S,
    )


class RqQueue:
    """Hints to workers. A hint has a fixed id for each reference, so doubles collapse into one job.

    Args:
        client: not the worker's own: RQ raises the time-outs of that one.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._queues = {lane: queue_of(client, lane) for lane in Lane}

    def hint_drain(self) -> None:
        """Ask some worker to route due deliveries; goes with the most urgent lane."""
        self._send([(Lane.INTERACTIVE, _hint(entry.DRAIN, {}, "drain"))])

    def hint_work(self, works: Sequence[tuple[Lane, str]]) -> None:
        """Ask workers to look at these works, in one round trip."""
        wanted = {id_: lane for lane, id_ in works}
        self._send(
            [
                (lane, _hint(entry.WORK, {"lane": lane.value, "id": id_}, f"work-{id_}"))
                for id_, lane in wanted.items()
            ]
        )

    def depth(self, lane: Lane) -> int:
        """How many hints wait in a lane."""
        with _translated():
            return int(self._client.llen(self._queues[lane].key))

    def _send(self, hints: Sequence[tuple[Lane, Any]]) -> None:
        if not hints:
            return
        with _translated(), self._client.pipeline(transaction=False) as pipeline:
            for lane, queue in self._queues.items():
                mine = [hint for target, hint in hints if target is lane]
                if mine:
                    queue.enqueue_many(mine, pipeline=pipeline)
                    pipeline.expire(queue.key, DAY)
                    pipeline.expire(queue.redis_queues_keys, DAY)
            pipeline.execute()


def _hint(name: str, payload: dict[str, str], job_id: str) -> Any:
    return Queue.prepare_data(
        FUNCTION,
        args=[name, payload],
        timeout=HINT_TIMEOUT_S,
        result_ttl=0,
        failure_ttl=60,
        ttl=HINT_TTL_S,
        description=name,
        job_id=job_id,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise LedgerUnavailable(f"Redis: {type(error).__name__}: {error}") from error
