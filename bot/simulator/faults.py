"""Faults that the simulator shows instead of, before or after the true answer.

A ``Fault`` is a value; the same keys work as JSON through ``/_sim/faults``. Which of the matching
requests it hits is decided by counting them and by a seeded draw, so that a run can be repeated.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.simulator.journal import GRAPHQL
from bot.testing.graphql.executor import TIMED_OUT, WENT_WRONG, measure
from bot.testing.http import Request, Response

OTHER_HOST = "http://other-host.invalid"
"""Where redirects and pagination links of faults point: a name that never resolves."""


class FaultKind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    """The true answer, ``delay_s`` late; with ``applied`` the request is carried out first."""
    ERROR = "error"
    """``status`` (a 5xx) with GitHub's HTML page; with ``applied`` after the request was carried out."""
    CUT = "cut"
    """The connection ends without an answer; with ``applied`` after the request was carried out."""
    PRIMARY_LIMIT = "primary-limit"
    """403 (or ``status``) with remaining 0 and a reset in ``reset_in_s``, which may be negative."""
    SECONDARY_LIMIT = "secondary-limit"
    """403 (or ``status``) with the secondary text, and Retry-After when ``retry_after_s`` is given."""
    CONTENT_LIMIT = "content-limit"
    """As the secondary limit, in the words for the creation of content."""
    BARE_LIMIT = "bare-limit"
    """429 without any header that tells when to come back."""
    TRUNCATED = "truncated"
    """The true answer, its body cut in the middle."""
    HTML = "html"
    """200 with an HTML page."""
    EMPTY_OBJECT = "empty-object"
    """200 with ``{}``."""
    ACCEPTED = "accepted"
    """202 with ``{}``, as statistics do while they are computed."""
    REDIRECT = "redirect"
    """``status`` (301 unless given) to the same path on ``location``, another host unless given."""
    NEXT_SELF = "next-self"
    """The true answer, its Link naming the same page as the next one."""
    NEXT_OTHER_HOST = "next-other-host"
    """The true answer, its Link naming a next page on another host."""
    GZIP_BOMB = "gzip-bomb"
    """200 with a small body that unpacks to ``size`` bytes."""
    UNAUTHORIZED = "unauthorized"
    """401 for this call only."""
    REVOKE_TOKEN = "revoke-token"
    """401 for this call and all later ones with its token."""
    FRESH_TOKEN = "fresh-token"
    """``status`` (401 unless given, or 403) while the token is younger than ``within_s``."""
    SUSPENDED = "suspended"
    """403 in the words for a suspended installation."""
    GRAPHQL_TIMEOUT = "graphql-timeout"
    """A GraphQL document is not finished in ten seconds: 502 (or ``status``) with a message."""
    GRAPHQL_WRONG = "graphql-wrong"
    """The same, as 200 without data: "Something went wrong while executing your query"."""
    GRAPHQL_NODES = "graphql-nodes"
    """200 without data: the document asks for too many nodes."""
    GRAPHQL_PARTIAL = "graphql-partial"
    """The true answer without its last part (half of ``nodes``), with RESOURCE_LIMITS_EXCEEDED for it."""


_GRAPHQL = frozenset(kind for kind in FaultKind if kind.value.startswith("graphql-"))


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: which requests it hits, and what happens to them.

    Args:
        kind: what goes wrong.
        method: a regular expression for the whole method.
        path: a regular expression searched in the path (without ``/api/v3`` and query).
        body: a regular expression searched in the request's body.
        installation_id: only calls with a token of this installation; None means any caller.
        nth: hits only these matching requests, counted from 1; () means all.
        count: hits at most so many requests; None means no end.
        share: hits this share of the matching requests, 0 to 1, by a seeded draw.
        applied: the request is carried out before it goes wrong.
        delay_s: seconds before the answer, with every kind.
        status: the answer's status where the kind leaves a choice; 0 means its usual one.
        retry_after_s: value of Retry-After, None means no header.
        reset_in_s: seconds from now to the end of the limit's window; negative lies in the past.
        within_s: age in seconds below which a token is fresh.
        location: host (with scheme) that a redirect leads to.
        size: bytes that the gzip bomb unpacks to.
        above: hits only GraphQL documents of more connection requests than these.
        name: names the rule in the journal; the kind unless given.
    """

    kind: FaultKind
    method: str = ".*"
    path: str = ""
    body: str = ""
    installation_id: int | None = None
    nth: tuple[int, ...] = ()
    count: int | None = None
    share: float = 1.0
    applied: bool = False
    delay_s: float = 0.0
    status: int = 0
    retry_after_s: int | None = None
    reset_in_s: int = 60
    within_s: float = 5.0
    location: str = OTHER_HOST
    size: int = 200 * 1024 * 1024
    above: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what can never match.

        Raises:
            ValueError: names the field.
        """
        for pattern in ("method", "path", "body"):
            try:
                re.compile(getattr(self, pattern))
            except re.error as error:
                raise ValueError(f"fault: `{pattern}` is not a regular expression: {error}") from error
        if not 0 <= self.share <= 1:
            raise ValueError(f"fault: `share` is {self.share}, give a number from 0 to 1")
        if any(number < 1 for number in self.nth):
            raise ValueError("fault: `nth` counts from 1")

    @property
    def label(self) -> str:
        """The name shown in the journal."""
        return self.name or self.kind.value

    @classmethod
    def from_json(cls, value: object) -> Fault:
        """Build from a JSON object with the same keys.

        Raises:
            ValueError: says which key is wrong.
        """
        if not isinstance(value, Mapping):
            message = "fault: give a JSON object with `kind` and, if wanted, the other keys"
            raise ValueError(message)  # noqa: TRY004 - bad input, not a programming error
        known = {part.name for part in fields(cls)}
        unknown = sorted(set(value) - known)
        if unknown:
            raise ValueError(f"fault: unknown key `{unknown[0]}`; the keys are {', '.join(sorted(known))}")
        arguments = dict(value)
        try:
            arguments["kind"] = FaultKind(str(arguments.get("kind")))
        except ValueError:
            kinds = ", ".join(kind.value for kind in FaultKind)
            raise ValueError(f"fault: `kind` must be one of {kinds}") from None
        nth = arguments.get("nth", ())
        arguments["nth"] = (nth,) if isinstance(nth, int) else tuple(nth)
        return cls(**arguments)

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {**asdict(self), "kind": self.kind.value, "nth": list(self.nth)}


@dataclass(slots=True)
class _Rule:
    fault: Fault
    matched: int = 0
    hit: int = 0


@dataclass(slots=True)
class FaultPlan:
    """The rules in force. Thread-safe; the first rule that hits a request wins, delays add up.

    Args:
        seed: decides the draws of ``share``.
    """

    seed: int = 0
    _rules: list[_Rule] = field(default_factory=list)
    _revoked: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Append rules."""
        with self._lock:
            self._rules += [_Rule(fault) for fault in faults]

    def clear(self, name: str | None = None) -> None:
        """Remove the rules of that label, or all rules and all revocations."""
        with self._lock:
            self._rules = [rule for rule in self._rules if name is not None and rule.fault.label != name]
            if name is None:
                self._revoked.clear()

    def rules(self) -> list[dict[str, Any]]:
        """Each rule with the number of requests that matched it and that it hit."""
        with self._lock:
            return [
                {**rule.fault.to_json(), "matched": rule.matched, "hit": rule.hit} for rule in self._rules
            ]

    def choose(
        self,
        request: Request,
        *,
        installation_id: int | None = None,
        token_digest: str | None = None,
        token_age_s: float | None = None,
    ) -> Fault | None:
        """The fault that this request meets, with all delays added up, or None."""
        with self._lock:
            if token_digest is not None and token_digest in self._revoked:
                return Fault(FaultKind.UNAUTHORIZED, name="revoked token")
            delay_s = 0.0
            late: Fault | None = None
            wrong: Fault | None = None
            for number, rule in enumerate(self._rules):
                fault = rule.fault
                if wrong is not None and fault.kind is not FaultKind.DELAY:
                    continue
                if not _matches(fault, request, installation_id, token_age_s):
                    continue
                rule.matched += 1
                if not self._hits(number, rule):
                    continue
                rule.hit += 1
                delay_s += fault.delay_s
                if fault.kind is FaultKind.DELAY:
                    late = late or fault
                else:
                    wrong = fault
            if wrong is not None and wrong.kind is FaultKind.REVOKE_TOKEN and token_digest is not None:
                self._revoked.add(token_digest)
        chosen = wrong or late
        return replace(chosen, delay_s=delay_s) if chosen is not None else None

    def _hits(self, number: int, rule: _Rule) -> bool:
        fault = rule.fault
        if fault.nth and rule.matched not in fault.nth:
            return False
        if fault.count is not None and rule.hit >= fault.count:
            return False
        if fault.share >= 1:
            return True
        draw = random.Random(f"{self.seed}:{number}:{rule.matched}").random()  # noqa: S311
        return draw < fault.share


def _matches(fault: Fault, request: Request, installation_id: int | None, token_age_s: float | None) -> bool:
    if fault.kind is FaultKind.FRESH_TOKEN and (token_age_s is None or token_age_s >= fault.within_s):
        return False
    if (fault.above or fault.kind in _GRAPHQL) and request.path != GRAPHQL:
        return False
    return (
        (fault.installation_id is None or fault.installation_id == installation_id)
        and re.fullmatch(fault.method, request.method) is not None
        and re.search(fault.path, request.path) is not None
        and (not fault.body or re.search(fault.body, request.body.decode("utf-8", "replace")) is not None)
        and (not fault.above or _requests(request) > fault.above)
    )


def _requests(request: Request) -> int:
    measured = measure(request.body)
    return measured[0].requests if measured is not None else 0


def answer(
    fault: Fault,
    request: Request,
    carry_out: Callable[[], Response],
    *,
    url: str,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
    installation_id: int | None = None,
) -> Response | None:
    """Play a fault.

    Args:
        carry_out: performs the request at the fake; called at most once.
        url: the request's own URL with its query, for links that name it.
        now: epoch seconds, the base of rate-limit windows.

    Returns:
        What is sent, or None when the connection is to be cut.
    """
    kind = fault.kind
    answers_truly = kind in (
        FaultKind.DELAY,
        FaultKind.TRUNCATED,
        FaultKind.NEXT_SELF,
        FaultKind.NEXT_OTHER_HOST,
        FaultKind.GRAPHQL_PARTIAL,
    )
    if kind is FaultKind.DELAY and not fault.applied:
        sleep(fault.delay_s)
        return carry_out()
    true = carry_out() if answers_truly or fault.applied else None
    if fault.delay_s:
        sleep(fault.delay_s)
    if kind is FaultKind.CUT:
        return None
    if true is not None and answers_truly:
        return _spoiled(fault, true, url)
    return _invented(fault, request, now(), installation_id)


def _spoiled(fault: Fault, true: Response, url: str) -> Response:
    if fault.kind is FaultKind.TRUNCATED:
        return replace(true, body=true.body[: max(1, len(true.body) // 2)])
    if fault.kind is FaultKind.NEXT_SELF:
        return replace(true, headers={**_without_link(true.headers), "Link": f'<{url}>; rel="next"'})
    if fault.kind is FaultKind.NEXT_OTHER_HOST:
        elsewhere = OTHER_HOST + "/" + url.split("://", 1)[-1].partition("/")[2]
        return replace(true, headers={**_without_link(true.headers), "Link": f'<{elsewhere}>; rel="next"'})
    return _without_its_end(true) if fault.kind is FaultKind.GRAPHQL_PARTIAL else true


def _without_its_end(true: Response) -> Response:
    """A GraphQL answer of which the second half of ``nodes``, or else the last field, was not told."""
    body = json.loads(true.body)
    data = body.get("data")
    if not isinstance(data, dict):
        return true
    for key, value in data.items():
        if isinstance(value, list):
            lost: list[list[str | int]] = [[key, place] for place in range(len(value) // 2, len(value))]
            value[len(value) // 2 :] = [None] * len(lost)
            break
    else:
        last = list(data)[-1]
        data[last], lost = None, [[last]]
    message = "Resource limits for this query exceeded."
    errors = [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": path, "message": message} for path in lost]
    body["errors"] = [*body.get("errors", ()), *errors]
    return replace(true, body=json.dumps(body).encode())


def _without_link(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "link"}


def _invented(fault: Fault, request: Request, now: float, installation_id: int | None) -> Response:
    kind = fault.kind
    if kind is FaultKind.PRIMARY_LIMIT:
        return _primary_limit(fault, request, now, installation_id)
    if kind in (FaultKind.SECONDARY_LIMIT, FaultKind.CONTENT_LIMIT):
        text = "You have exceeded a secondary rate limit"
        if kind is FaultKind.CONTENT_LIMIT:
            text += " and have been temporarily blocked from content creation"
        headers = {"X-RateLimit-Remaining": "4321"}
        if fault.retry_after_s is not None:
            headers["Retry-After"] = str(fault.retry_after_s)
        return _message(fault.status or 403, f"{text}. Please retry your request again later.", headers)
    if kind is FaultKind.BARE_LIMIT:
        return _message(429, "too many requests")
    if kind is FaultKind.HTML:
        return _html(200, "Everything is fine")
    if kind is FaultKind.EMPTY_OBJECT:
        return _json(200, {})
    if kind is FaultKind.ACCEPTED:
        return _json(202, {})
    if kind is FaultKind.REDIRECT:
        place = fault.location.rstrip("/") + request.path
        return _message(fault.status or 301, "Moved Permanently", {"Location": place})
    if kind is FaultKind.GZIP_BOMB:
        return Response(200, {**_JSON_HEADERS, "Content-Encoding": "gzip"}, _gzip_bomb(fault.size))
    if kind in (FaultKind.UNAUTHORIZED, FaultKind.REVOKE_TOKEN):
        return _message(401, "Bad credentials")
    if kind is FaultKind.FRESH_TOKEN:
        if fault.status == 403:
            return _message(403, "Resource not accessible by integration")
        return _message(401, "Bad credentials")
    if kind is FaultKind.GRAPHQL_TIMEOUT:
        return _message(fault.status or 502, TIMED_OUT)
    if kind is FaultKind.GRAPHQL_WRONG:
        message = WENT_WRONG.format(request="0000:0000:0000")
        return _json(200, {"data": None, "errors": [{"message": message}]})
    if kind is FaultKind.GRAPHQL_NODES:
        text = "This query requests up to 600,000 possible nodes which exceeds the maximum limit of 500,000."
        return _json(200, {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": text}]})
    if kind is FaultKind.SUSPENDED:
        return _message(403, "This installation has been suspended")
    return _html(fault.status or 502, "Unicorn! This page is taking too long to load.")


def _primary_limit(fault: Fault, request: Request, now: float, installation_id: int | None) -> Response:
    graphql = request.path == GRAPHQL
    text = f"API rate limit exceeded for installation ID {installation_id or 0}."
    headers = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Used": "5000",
        "X-RateLimit-Reset": str(int(now) + fault.reset_in_s),
        "X-RateLimit-Resource": "graphql" if graphql else "core",
    }
    if graphql and not fault.status:
        answer = {"errors": [{"type": "RATE_LIMITED", "message": text}]}
        return _json(200, answer, headers)
    return _message(fault.status or 403, text, headers)


_JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, {**_JSON_HEADERS, **(headers or {})}, json.dumps(body).encode())


def _message(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json(status, {"message": text, "documentation_url": "https://docs.github.com/rest"}, headers)


def _html(status: int, text: str) -> Response:
    page = f"<!DOCTYPE html><html><body><p>{text}</p></body></html>"
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


@lru_cache(maxsize=2)
def _gzip_bomb(size: int) -> bytes:
    """A JSON array of one long string of spaces; made in portions so that it costs no memory."""
    chunk = b" " * (1 << 20)
    packed = [gzip.compress(b'["')]
    packed += [gzip.compress(chunk)] * (size // len(chunk))
    packed += [gzip.compress(b" " * (size % len(chunk)) + b'"]')]
    return b"".join(packed)


def parse_faults(value: object) -> list[Fault]:
    """One JSON object or a list of them as faults. Raises ValueError with the wrong key."""
    items: Iterable[object] = value if isinstance(value, list) else [value]
    return [Fault.from_json(item) for item in items]
