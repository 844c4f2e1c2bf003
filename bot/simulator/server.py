"""The simulator: a ``FakeGitHub`` behind HTTP, with real git, signed webhooks, faults and a journal."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bot.simulator import control, git_http, registering
from bot.simulator.addresses import is_page
from bot.simulator.faults import FaultPlan, answer
from bot.simulator.hooks import Attempt, Hook, WebhookSender
from bot.simulator.http_server import Answer, Arrived, Streamed, first_free
from bot.simulator.journal import GRAPHQL, Journal, digest, limit_of
from bot.simulator.schemas import Checker, Validator
from bot.testing.authentication import authenticate, token_covers
from bot.testing.fake import FakeGitHub
from bot.testing.graphql.executor import measure
from bot.testing.http import Emission, Request, Response
from bot.testing.routing import Refusal, level_of
from bot.testing.state import LEVELS, AppIdentity, FakeRepository, Token

if TYPE_CHECKING:
    from bot.simulator.pages import Pages

PROBLEMS_VARIABLE = "PLUMBLINE_PROBLEMS"
"""Environment variable: a file that gets one line per problem that the validator finds."""

DEFAULT_SECRET = "simulated-webhook-secret"

_log = logging.getLogger(__name__)
_API_PREFIXES = ("/api/v3", "/api")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Simulator:
    """Serves a simulated GitHub from ``__enter__`` to ``__exit__``; on the loopback interface only.

    The API answers at ``base_url`` and, as on GHES, at ``base_url/api/v3``; git at
    ``base_url/OWNER/NAME.git``; the control plane at ``base_url/_sim/`` (see ``bot.simulator.control``);
    pages for people at ``base_url/``, ``base_url/OWNER``, ``base_url/OWNER/NAME`` and below.

    Args:
        root: a directory for the repositories, ``journal.jsonl`` and ``app.pem``; made when missing.
        seed: decides every draw: GUIDs, shares of faults.
        port: 0 picks a free one.
        spare_ports: tried in this order when somebody has that one.
        webhook_url: where events go; "" or None sends none until the control plane names one.
        webhook_secret: signs them.
        validator: checks every request and answer; "auto" takes GitHub's published descriptions when
            they are on this machine.
        fake: serve this one instead of a new one.
        bot_url: where the pages say that Plumbline's own page is.
    """

    def __init__(
        self,
        root: Path,
        *,
        seed: int = 0,
        port: int = 0,
        spare_ports: Sequence[int] = (),
        webhook_url: str | None = None,
        webhook_secret: str = DEFAULT_SECRET,
        validator: Checker | str | None = "auto",
        fake: FakeGitHub | None = None,
        bot_url: str = "",
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        repositories = root / "repositories"
        repositories.mkdir(exist_ok=True)
        self._home = root / "home"
        self._home.mkdir(exist_ok=True)
        self.fake = fake or FakeGitHub(repositories, seed=seed)
        self.journal = Journal(root / "journal.jsonl")
        self.faults: FaultPlan = FaultPlan(seed)
        self.validator = Validator.load() if isinstance(validator, str) else validator
        self.fake.app.webhook_url = webhook_url or ""
        hook = Hook(webhook_url or "", webhook_secret, self.fake.app.id, self.fake.app.id)
        self.hooks = WebhookSender(hook, self._record, seed=seed)
        self._server = first_free(self._answer, [port, *spare_ports])
        self._bot_url = bot_url
        self._minted_at: dict[str, float] = {}
        self._under_way = 0
        self._changed = threading.Condition()
        self._pushing = threading.Lock()
        self.fake.base_url = self.base_url
        self.fake.html_url = self.base_url
        self.fake.listeners.append(self._emitted)
        self.fake.redeliver = self._redeliver
        self.fake.app_registered = self._registered

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        return self._server.url

    @cached_property
    def pages(self) -> Pages:
        """The pages for people; their libraries are loaded when somebody looks."""
        from bot.simulator.pages import Pages

        return Pages(self, self._server.server_address[1], self._bot_url)

    @property
    def key_path(self) -> Path:
        """The App's private key."""
        return self.root / "app.pem"

    def __enter__(self) -> Simulator:
        self.key_path.touch(mode=0o600)
        self.key_path.chmod(0o600)
        self.key_path.write_text(self.fake.app_private_key_pem, encoding="ascii")
        if isinstance(self.validator, Validator):
            self.validator.prepare()
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self.hooks.close()
        self.fake.close()
        self.journal.close()

    def quiet(self, *, idle_s: float = 1.0, timeout_s: float = 30.0) -> bool:
        """Wait until no delivery waits, no request is under way and none came for ``idle_s``."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self.hooks.flush(max(0.0, deadline - time.monotonic())):
                return False
            seen = len(self.journal.entries())
            wait = min(idle_s, max(0.0, deadline - time.monotonic()))
            stirred = self.journal.wait_for(_stirs, timeout_s=wait, since=seen)
            if stirred is None and wait == idle_s and self._under_way == 0 and self.hooks.pending == 0:
                return True
        return False

    # Requests

    def exchange(self, request: Request, *, url: str) -> Response | None:
        """One API request: fault, fake, validation, journal. None cuts the connection.

        Args:
            request: as the fake takes it.
            url: the request's full address, for faults that name it.
        """
        began = time.time()
        caller = self._caller(request.headers)
        graph = self._graph(request, caller)
        repository = self._repository(request.path)
        if len(graph.get("repositories", ())) == 1:
            repository = self.fake.repositories[graph["repositories"][0]]
        fault = self.faults.choose(
            request,
            installation_id=caller.get("installation_id"),
            token_digest=caller.get("token"),
            token_age_s=began - self._minted_at[caller["token"]]
            if caller.get("token") in self._minted_at
            else None,
        )
        true: list[tuple[Response, float]] = []
        problems = self.validator.check_request(request) if self.validator else []

        def carry_out() -> Response:
            response = self.fake.handle(request)
            true.append((response, time.time()))
            return response

        if fault is None:
            sent: Response | None = carry_out()
        else:
            sent = answer(fault, request, carry_out, url=url, installation_id=caller.get("installation_id"))
        values: dict[str, Any] = {}
        if true:
            response, values["applied_at"] = true[0]
            values["applied"] = response.status
            if self.validator:
                problems = problems + self.validator.check_response(request, response)
            if request.method not in _READS:
                values["result"] = self._result(request, response)
            if graph and b'"RATE_LIMITED"' not in response.body[:600]:
                values["detail"] = graph
        self._tell(problems)
        ended = time.time()
        self.journal.append(
            "request",
            at=began,
            duration_s=round(ended - began, 6),
            method=request.method,
            path=request.path,
            query=dict(request.query),
            **caller,
            **self._place(repository, caller),
            body=_written(request),
            body_digest=digest(request.body) if request.body else "",
            status=sent.status if sent is not None else None,
            fault=fault.label if fault is not None else "",
            limit=limit_of(sent, ended) if sent is not None else None,
            problems=tuple(problems),
            **values,
        )
        return sent

    def _answer(self, arrived: Arrived) -> Answer:
        if arrived.path.startswith("/_sim"):
            return control.answer(self, arrived)
        if registering.is_registration(arrived.path):
            return registering.answer(self, arrived)
        if is_page(arrived, self.fake.accounts) and not git_http.is_git(arrived.path):
            return self.pages.answer(arrived)
        with self._changed:
            self._under_way += 1
        try:
            if git_http.is_git(arrived.path):
                return self._git(arrived)
            prefix = next((p for p in _API_PREFIXES if f"{arrived.path}/".startswith(f"{p}/")), "")
            path = arrived.path.removeprefix(prefix) or "/"
            method = "GET" if arrived.method == "HEAD" else arrived.method
            request = Request(method, path, arrived.query, arrived.headers, arrived.body.read())
            return self._below(prefix, self.exchange(request, url=self.base_url + arrived.target))
        except Exception:
            _log.exception("the simulator failed", extra={"path": arrived.path})
            self._tell([f"{arrived.method} {arrived.path}: the simulator failed, see its log"])
            raise
        finally:
            with self._changed:
                self._under_way -= 1

    def _below(self, prefix: str, response: Response | None) -> Response | None:
        """The answer with its addresses of other pages below the root that was asked."""
        if response is None or not prefix:
            return response
        ours, theirs = f"{self.base_url}/", f"{self.base_url}{prefix}/"
        headers = {
            name: value.replace(ours, theirs) if name.lower() in ("link", "location") else value
            for name, value in response.headers.items()
        }
        return replace(response, headers=headers)

    def _result(self, request: Request, response: Response) -> dict[str, Any]:
        try:
            body = json.loads(response.body) if response.body else None
        except ValueError:
            return {}
        if not isinstance(body, Mapping):
            return {}
        if response.status == 201 and request.path.endswith("/access_tokens"):
            self._minted_at[digest(str(body.get("token", "")))] = time.time()
        return {
            name: body[name]
            for name in ("id", "number", "sha", "ref", "state", "status", "conclusion", "message")
            if body.get(name) is not None
        }

    def _caller(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Who calls, for the journal: fields ``auth``, ``token`` and what the token may do."""
        secret = _credential(headers.get("authorization", ""))
        if not secret:
            return {"auth": "none"}
        token = self.fake.tokens.get(secret)
        if token is not None:
            return {
                "auth": "installation",
                "token": digest(secret),
                "installation_id": token.installation.id,
                "token_repository_ids": None
                if token.repositories is None
                else tuple(sorted(token.repositories)),
                "permissions": dict(token.permissions),
            }
        looks_like_jwt = secret.count(".") == 2 and secret.startswith("ey")
        return {"auth": "app" if looks_like_jwt else "unknown", "token": digest(secret)}

    def _repository(self, path: str) -> FakeRepository | None:
        parts = path.split("/")
        if len(parts) > 3 and parts[1] == "repos":
            return self.fake.named(f"{unquote(parts[2])}/{unquote(parts[3])}")[0]
        if len(parts) > 2 and parts[1] == "repositories" and parts[2].isdigit():
            return self.fake.repositories.get(int(parts[2]))
        return None

    def _graph(self, request: Request, caller: Mapping[str, Any]) -> dict[str, Any]:
        """What a GraphQL document costs, the repositories that its variables name, and whose they are."""
        measured = measure(request.body) if request.path == GRAPHQL else None
        if measured is None:
            return {}
        cost, variables = measured
        told = json.dumps(variables, default=str)
        ids = [int(number) for number in re.findall(r'"R_([0-9]{1,18})"', told)]
        known = [number for number in dict.fromkeys(ids) if number in self.fake.repositories]
        return {
            "points": cost.points,
            "requests": cost.requests,
            "nodes": cost.nodes,
            "repositories": known,
            "owners": [
                self._place(self.fake.repositories[n], caller)["owner_installation_id"] for n in known
            ],
        }

    def _place(self, repository: FakeRepository | None, caller: Mapping[str, Any]) -> dict[str, Any]:
        if repository is None:
            return {}
        calling = self.fake.installations.get(caller.get("installation_id") or 0)
        owner = self.fake.covering(repository, calling.app if calling else None)
        return {
            "repository_id": repository.id,
            "owner_installation_id": None if owner is None else owner.id,
        }

    def _tell(self, problems: list[str]) -> None:
        """Write problems where the test that started this process looks for them."""
        path = os.environ.get(PROBLEMS_VARIABLE)
        if problems and path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write("".join(f"{problem}\n" for problem in problems))

    # git

    def _git(self, arrived: Arrived) -> Answer:
        began = time.time()
        caller = self._caller(arrived.headers)
        address = git_http.parse(arrived.path, arrived.query)
        repository = self.fake.named(f"{address.owner}/{address.name}")[0] if address is not None else None
        request = Request(arrived.method, arrived.path, arrived.query, arrived.headers)
        fault = self.faults.choose(request, installation_id=caller.get("installation_id"))
        refusal = (
            Response(404, {"Content-Type": "text/plain"}, b"Not Found")
            if address is None
            else self._git_refusal(arrived.headers, repository, writes=address.writes)
        )
        answered: Answer = refusal
        moved: list[tuple[str, str, str]] = []

        def carry_out() -> Response:
            # Faults need the whole answer; without one it is streamed below.
            nonlocal moved
            if refusal is not None or repository is None or address is None:
                return refusal or Response(404)
            whole, moved = self._push(arrived, repository, address, caller)
            return whole

        if fault is not None:
            answered = answer(fault, request, carry_out, url=self.base_url + arrived.target)
        elif refusal is None and repository is not None and address is not None:
            if address.writes and address.rest != "info/refs":
                answered = carry_out()
            else:
                started = self._backend(arrived, repository, address, caller)
                answered = Streamed(started.status, started.headers, started.body(), started.close)
        self.journal.append(
            "git",
            at=began,
            duration_s=round(time.time() - began, 6),
            method=arrived.method,
            path=arrived.path,
            query=dict(arrived.query),
            **caller,
            **self._place(repository, caller),
            status=answered.status if answered is not None else None,
            fault=fault.label if fault is not None else "",
            detail={"moved": moved} if moved else {},
        )
        return answered

    def _git_refusal(
        self, headers: Mapping[str, str], repository: FakeRepository | None, *, writes: bool
    ) -> Response | None:
        """None when the caller may; otherwise what GitHub answers."""
        secret = _credential(headers.get("authorization", ""))
        challenge = {"WWW-Authenticate": 'Basic realm="GitHub"', "Content-Type": "text/plain"}
        token: Token | None = None
        if secret:
            try:
                token = authenticate(self.fake, f"token {secret}").token
            except Refusal as refusal:
                return Response(refusal.status, challenge, str(refusal).encode())
        if repository is None or repository.deleted:
            return Response(404 if secret else 401, challenge, b"Repository not found.")
        if token is None:
            if writes or repository.private:
                return Response(401, challenge, b"Authentication required.")
            return None
        level = level_of(token, "contents") if token_covers(self.fake, token, repository) else 0
        if level < LEVELS["read"] and repository.private:
            return Response(404, challenge, b"Repository not found.")
        if writes and (level < LEVELS["write"] or repository.archived):
            return Response(403, challenge, b"Write access to repository not granted.")
        return None

    def _backend(
        self,
        arrived: Arrived,
        repository: FakeRepository,
        address: git_http.GitPath,
        caller: Mapping[str, Any],
    ) -> git_http.GitAnswer:
        arrived.body.fileno()  # A spooled body moves to a real file, which is what a process can read.
        return git_http.run(
            repository.git.path,
            address,
            method=arrived.method,
            headers=arrived.headers,
            body=arrived.body,
            length=arrived.length,
            home=self._home,
            user="x-access-token" if caller.get("token") else "",
        )

    def _push(
        self,
        arrived: Arrived,
        repository: FakeRepository,
        address: git_http.GitPath,
        caller: Mapping[str, Any],
    ) -> tuple[Response, list[tuple[str, str, str]]]:
        """Run the backend to its end; moved refs become the fake's events."""
        with self._pushing:
            before = repository.git.refs()
            started = self._backend(arrived, repository, address, caller)
            body = b"".join(started.body())
            started.close()
            after = repository.git.refs()
            zero = "0" * 40
            moved = [
                (before.get(ref, zero), after.get(ref, zero), ref)
                for ref in sorted(before.keys() | after.keys())
                if before.get(ref) != after.get(ref)
            ]
            if moved:
                self.fake.receive_pushed_refs(repository.id, moved, self.fake.app.account.login)
        return Response(started.status, started.headers, body), moved

    # Events

    def _emitted(self, emission: Emission) -> None:
        problems = self.validator.check_event(emission) if self.validator else []
        self._tell(problems)
        self.journal.append(
            "event",
            problems=tuple(problems),
            installation_id=emission.installation_id,
            repository_id=emission.repository_id,
            detail=_event_detail(emission),
        )
        self.hooks(emission)

    def _record(self, attempt: Attempt) -> None:
        emission = attempt.emission
        if attempt.outcome != "unrecorded":
            self.fake.record_delivery(
                guid=emission.guid,
                event=emission.event,
                action=emission.action,
                status_code=attempt.status_code,
                payload=emission.payload,
                installation_id=emission.installation_id,
                repository_id=emission.repository_id,
                redelivery=attempt.redelivery,
                duration=attempt.duration_s,
                status=attempt.status or None,
                request_headers=attempt.request_headers,
                response_headers=attempt.response_headers,
                response_body=attempt.response_body,
                app_id=emission.app_id,
            )
        self.journal.append(
            "delivery",
            at=attempt.at,
            duration_s=round(attempt.duration_s, 6),
            installation_id=emission.installation_id,
            repository_id=emission.repository_id,
            status=attempt.status_code or None,
            detail={
                "guid": emission.guid,
                "event": emission.event,
                "action": emission.action,
                "redelivery": attempt.redelivery,
                "outcome": attempt.outcome,
                "reason": attempt.status,
            },
        )

    def _redeliver(self, delivery_id: int) -> None:
        logged = next((d for d in self.fake.deliveries if d.id == delivery_id), None)
        if logged is not None:
            self.hooks.redeliver(
                Emission(
                    logged.guid,
                    logged.event,
                    logged.action or "",
                    logged.installation_id,
                    logged.repository_id,
                    logged.payload,
                    logged.app_id,
                )
            )

    def _registered(self, app: AppIdentity) -> None:
        self.hooks.add(Hook(app.webhook_url, app.webhook_secret, app.id, app.id, self.hooks.hook.timeout_s))


def _stirs(entry: Any) -> bool:
    return entry.kind in ("request", "git", "event", "delivery")


def _credential(header: str) -> str:
    """The secret of an Authorization header: bearer, token, or the password of Basic."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return ""
        return password or user
    return ""


def _written(request: Request) -> Any:
    """The parsed body of a write; of GraphQL the text's first line and the variables."""
    if request.method in _READS or not request.body:
        return None
    try:
        body = json.loads(request.body)
    except ValueError:
        return {"unreadable": request.body[:200].decode("utf-8", "replace")}
    if request.path == GRAPHQL and isinstance(body, Mapping):
        text = str(body.get("query", ""))
        return {"query": text.strip().partition("\n")[0][:200], "variables": body.get("variables")}
    return body


def _event_detail(emission: Emission) -> dict[str, Any]:
    """What the oracles need to know of an event."""
    payload: Mapping[str, Any] = emission.payload
    detail: dict[str, Any] = {"guid": emission.guid, "event": emission.event}
    if emission.action:
        detail["action"] = emission.action
    repository = payload.get("repository")
    if emission.event == "push":
        default = isinstance(repository, Mapping) and payload.get("ref") == (
            f"refs/heads/{repository.get('default_branch')}"
        )
        detail |= {
            "ref": payload.get("ref"),
            "before": payload.get("before"),
            "after": payload.get("after"),
            "default": default,
        }
    for kind in ("issue", "pull_request"):
        part = payload.get(kind)
        if isinstance(part, Mapping):
            detail["number"] = part.get("number")
            if isinstance(part.get("head"), Mapping):
                detail["head_sha"] = part["head"].get("sha")
    return detail
