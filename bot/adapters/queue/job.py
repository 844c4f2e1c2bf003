"""The one kind of RQ job there is: a hint that runs ``jobs.entry.perform`` and nothing else.

RQ imports whatever dotted name lies in a job's hash, as function or as callback, and posts to
whatever address lies in its ``webhooks``; the JSON serializer does not change that. So a hash is
judged here before RQ looks at it, and one that is not exactly ours is removed and reported.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import entry

log = logging.getLogger(__name__)

FUNCTION = "jobs.entry.perform"
MAX_DATA = 4096
"""Bytes of a hint's arguments, unpacked."""
REFUSED_FIELDS = (
    *("success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks"),
    *("dependency_id", "dependency_ids", "meta", "group_id", "result", "exc_info"),
    *("retries_left", "retry_intervals", "repeats_left", "repeat_intervals"),
)


class RefusedJob(NoSuchJobError):
    """The hash is not a hint of ours; RQ passes over jobs that it can not find."""


class HintJob(Job):
    """A job that can only be a hint."""

    on_refused: ClassVar[Callable[[str], None] | None] = None
    """Called with the reason, to count it."""

    def __init__(
        self,
        id: str | None = None,  # noqa: A002
        connection: Redis | None = None,
        serializer: Any = None,
    ) -> None:
        # RQ's clean-ups forget to pass the serializer on and would fall back to pickle.
        del serializer
        super().__init__(id, connection, JSONSerializer)

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> HintJob:  # noqa: A002
        """Fetch a hint.

        Raises:
            RefusedJob: it is forged or corrupt; its hash is deleted.
            NoSuchJobError: it is gone.
        """
        try:
            job = super().fetch(id, connection, serializer)
        except (NoSuchJobError, RedisConnectionError, RedisTimeoutError):
            raise
        except Exception as error:
            raise _refuse(connection, cls.key_for(id), f"{type(error).__name__}: {error}") from error
        return cast(HintJob, job)

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Take over the fields of a hash that is exactly a hint."""
        reason = judge(raw_data)
        if reason:
            raise _refuse(self.connection, self.key, reason)
        super().restore(raw_data)

    def _execute(self) -> None:
        entry.perform(*self.args)


def judge(raw: Mapping[bytes, bytes]) -> str:
    """Why a job's hash is not a hint of ours; an empty string when it is."""
    for field in REFUSED_FIELDS:
        if raw.get(field.encode()):
            return f"it has the field {field}"
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(raw.get(b"data", b""), MAX_DATA)
        data = json.loads(text) if unpacker.eof else None
    except (zlib.error, ValueError, RecursionError):
        return "its data are not compressed JSON"
    match data:
        case [str() as function, *_] if function != FUNCTION:
            return f"it names the function {function[:80]!r}"
        case [_, None, [str() as name, dict() as payload], {**rest}] if not rest:
            strings = all(isinstance(value, str) for value in payload.values())
            return "" if name in entry.NAMES and strings else "its arguments are not a hint's"
        case _:
            return "its data do not have the shape of a hint"


def _refuse(connection: Redis | None, key: str, reason: str) -> RefusedJob:
    log.error("refused an RQ job that is not ours", extra={"key": key[:100], "reason": reason[:200]})
    if HintJob.on_refused:
        HintJob.on_refused(reason)
    try:
        if connection is not None:
            connection.delete(key)
    except RedisError as error:
        log.warning("a refused RQ job could not be deleted", extra={"key": key[:100], "error": str(error)})
    return RefusedJob(f"{key}: {reason}")
