"""Takes GitHub's deliveries: looks at the head, checks the signature, writes one ledger record.

Pure of any web server: ``bot.web.front`` (granian) and ``bot.web.app`` (Flask) both call it. There
is no JSON parsing here and no call but the ledger's.
"""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.model.errors import LedgerUnavailable, SettingsError
from bot.model.events import Acceptance, Delivery, Lane
from bot.ports import Metrics

MAX_BODY = 27 * 1024 * 1024
"""Bytes. GitHub delivers up to 25 MB and nothing above that."""

RETRY_AFTER_S = 30

SECURITY_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)

_TEXT = (("content-type", "text/plain; charset=utf-8"), *SECURITY_HEADERS)
_EVENT = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_GUID = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_HOOK = re.compile(r"[0-9]{1,20}", re.ASCII)
_SIGNATURE_LENGTH = len("sha256=") + 64
_INSTALLATION = b'"installation":{"id":'
_INSTALLATION_ID = re.compile(rb'"installation":\{"id":([0-9]{1,20})')
_NEAR = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, text, headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = _TEXT


ACCEPTED = Answer(202, b"accepted\n")


@dataclass(frozen=True, slots=True)
class Head:
    """A delivery's head that is in order; ``length`` is None for a chunked body."""

    hook_id: str
    guid: str
    event: str
    signature: bytes
    length: int | None


class Acceptor(Protocol):
    """The part of a ledger that the receiver needs."""

    def accept_many(self, deliveries: Sequence[Delivery]) -> list[Acceptance | LedgerUnavailable]:
        """Record each once, as ``Ledger.accept`` does; errors stand in their places.

        Raises:
            LedgerUnavailable: none was recorded for certain; all may be sent again.
        """
        ...


class Receiver:
    """Receives deliveries for one App.

    Args:
        hint: called after a record was written; returns at once and never raises.
        lanes: event name -> lane; events not in it are accepted in the event lane.
        secrets: webhook secrets, current first; a delivery signed with any of them is good.
        app_id: of the App whose hook this is; 0 when it is not known.
        waiting: there is no App yet; until ``adopt`` every delivery is answered 503.

    Raises:
        SettingsError: there is no secret, so nothing could be told from a forgery.
    """

    def __init__(
        self,
        *,
        ledger: Acceptor,
        hint: Callable[[], None],
        metrics: Metrics,
        lanes: Mapping[str, Lane],
        secrets: Sequence[str],
        app_id: int = 0,
        waiting: bool = False,
    ) -> None:
        self.adopt(secrets, app_id)
        if not self._secrets and not waiting:
            raise SettingsError(
                "PLUMBLINE_WEBHOOK_SECRET is not set; set it to the secret of the App's webhook, "
                "without it no delivery can be trusted"
            )
        self._ledger = ledger
        self._hint = hint
        self._metrics = metrics
        self._lanes = lanes
        self._said: dict[str, float] = {}

    def adopt(self, secrets: Sequence[str], app_id: int) -> None:
        """From now on take the deliveries of this App."""
        self._app_id = str(app_id) if app_id else ""
        self._secrets = tuple(secret.encode() for secret in secrets if secret)

    @property
    def waiting(self) -> bool:
        """There is no App whose deliveries could be taken."""
        return not self._secrets

    def admit(self, values: Callable[[str], Sequence[str]]) -> Head | Answer:
        """Judge a request by its headers alone, before its body is read.

        Args:
            values: lower-case header name -> its values, one per occurrence.
        """
        if self.waiting:
            return self.unavailable("the App is not registered yet")
        length = _one(values("content-length"))
        if length is not None and (not length.isascii() or not length.isdigit() or len(length) > 18):
            return self.refuse(400, "length", "Content-Length must be a number")
        if length is not None and int(length) > MAX_BODY:
            return self.too_large()
        kind = (_one(values("content-type")) or "").partition(";")[0].strip().lower()
        coding = (_one(values("content-encoding")) or "identity").strip().lower()
        if kind != "application/json" or coding != "identity":
            return self.refuse(
                415, "type", "send application/json without Content-Encoding (set it in the App's webhook)"
            )
        signature = _one(values("x-hub-signature-256")) or ""
        if len(signature) != _SIGNATURE_LENGTH or not signature.startswith("sha256="):
            return self.unsigned()
        event, guid = _one(values("x-github-event")) or "", _one(values("x-github-delivery")) or ""
        hook = _one(values("x-github-hook-id"), missing="-") or ""
        if not _EVENT.fullmatch(event):
            return self.refuse(400, "event", "X-GitHub-Event must be one name of at most 100 characters")
        if not _GUID.fullmatch(guid):
            return self.refuse(400, "guid", "X-GitHub-Delivery must be one id of at most 100 characters")
        if hook != "-" and not _HOOK.fullmatch(hook):
            return self.refuse(400, "hook", "X-GitHub-Hook-ID must be one number")
        target = _one(values("x-github-hook-installation-target-type"), missing="integration")
        target_id = _one(values("x-github-hook-installation-target-id"), missing=self._app_id)
        if self._app_id and (target, target_id) != ("integration", self._app_id):
            return self.refuse(
                403, "target", "this hook does not belong to the App whose id is PLUMBLINE_APP_ID"
            )
        return Head(hook, guid, event, signature.encode("utf-8", "replace"), int(length) if length else None)

    def receive(self, head: Head, body: bytes) -> Answer:
        """Check the signature over the raw bytes, then record the delivery; blocks on the ledger."""
        return self.receive_many([(head, body)])[0]

    def receive_many(self, requests: Sequence[tuple[Head, bytes]]) -> list[Answer]:
        """The same for several at once: each judged by itself, all recorded in one round trip."""
        started = time.perf_counter()
        answers = [self._refusal(head, body) for head, body in requests]
        good = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
        recorded = iter(self._record(good, started) if good else ())
        return [next(recorded) if answer is None else answer for answer in answers]

    def _refusal(self, head: Head, body: bytes) -> Answer | None:
        if len(body) > MAX_BODY:
            return self.too_large()
        return None if self._signed(head.signature, body) else self.unsigned()

    def _record(self, requests: Sequence[tuple[Head, bytes]], started: float) -> list[Answer]:
        try:
            outcomes = self._ledger.accept_many([self._delivery(head, body) for head, body in requests])
        except LedgerUnavailable as error:
            return [self.unavailable(str(error)) for _ in requests]
        if Acceptance.NEW in outcomes or Acceptance.REOPENED in outcomes:
            self._hint()
        self._metrics.observe("receive_seconds", time.perf_counter() - started)
        return [self._answer(head, outcome) for (head, _), outcome in zip(requests, outcomes, strict=True)]

    def _delivery(self, head: Head, body: bytes) -> Delivery:
        lane = self._lanes.get(head.event, Lane.EVENT)
        return Delivery(head.hook_id, head.guid, head.event, lane, fairness_key(body), body)

    def _answer(self, head: Head, outcome: Acceptance | LedgerUnavailable) -> Answer:
        if isinstance(outcome, LedgerUnavailable):
            return self.unavailable(str(outcome))
        label = head.event if head.event in self._lanes else "other"
        self._metrics.count("deliveries_total", event=label, outcome=outcome.value)
        return ACCEPTED

    def too_large(self) -> Answer:
        """413: more than GitHub ever sends."""
        return self.refuse(
            413, "size", f"the body is larger than {MAX_BODY} bytes; GitHub sends at most 25 MB"
        )

    def unsigned(self) -> Answer:
        """401: not signed with a secret of ours; says nothing about what was wrong."""
        text = (
            "X-Hub-Signature-256 does not match: PLUMBLINE_WEBHOOK_SECRET must be that of the App's webhook"
        )
        return self.refuse(401, "signature", text)

    def unavailable(self, reason: str) -> Answer:
        """503: nothing was recorded; whoever delivers shall come again."""
        answer = self.refuse(503, "ledger", "the delivery can not be recorded now; send it again", reason)
        return Answer(answer.status, answer.body, (("retry-after", str(RETRY_AFTER_S)), *answer.headers))

    def refuse(self, status: int, reason: str, text: str, detail: str = "") -> Answer:
        """Count and answer; logged once a second at most, so that nobody can flood the log."""
        self._metrics.count("deliveries_refused_total", reason=reason)
        now = time.monotonic()
        if now - self._said.get(reason, -1.0) >= 1.0:
            self._said[reason] = now
            log.warning("delivery refused", extra={"status": status, "reason": reason, "detail": detail})
        return Answer(status, f"{text}\n".encode())

    def _signed(self, signature: bytes, body: bytes) -> bool:
        good = False
        for secret in self._secrets:
            expected = b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode()
            good |= hmac.compare_digest(expected, signature)
        return good


def fairness_key(body: bytes) -> str:
    """The installation's id as a byte search near the end, then the start, finds it; else ``0``.

    A hint for scheduling and never an authorisation: the body is not parsed.
    """
    at = body.rfind(_INSTALLATION, max(0, len(body) - _NEAR))
    if at < 0:
        at = body.find(_INSTALLATION, 0, _NEAR)
    match = _INSTALLATION_ID.match(body, at) if at >= 0 else None
    return match.group(1).decode("ascii") if match else "0"


def _one(values: Sequence[str], missing: str | None = None) -> str | None:
    """The only value; ``missing`` when there is none, an empty text when there are several."""
    if not values:
        return missing
    return values[0] if len(values) == 1 else ""
