"""The control plane ``/_sim/``: what a test in another process steers the simulator by.

Bodies and answers are JSON; a wrong request is answered 400 with ``{"message"}``. Only the same
machine may call, and no web page may (a request with an ``Origin`` header is refused).

| method and path | what it does |
|---|---|
| ``GET /_sim/`` | App id, slug, key file, addresses, hook, counts |
| ``GET /_sim/journal?since=N&kind=request`` | entries after N, as ``{"entries", "next"}`` |
| ``GET``, ``POST``, ``DELETE /_sim/faults[?name=]`` | list, add (object or list), remove fault rules |
| ``GET``, ``POST /_sim/hooks`` | ``url``, ``secret``, ``timeout_s``, ``paused``, ``faults`` of deliveries |
| ``GET /_sim/deliveries`` | the delivery log |
| ``POST /_sim/redeliver`` | ``{"id"}`` of the delivery log: send once more |
| ``POST /_sim/quiet`` | ``{"idle_s", "timeout_s"}``: wait until nothing happens; ``{"quiet": bool}`` |
| ``GET /_sim/acts``, ``POST /_sim/acts/NAME`` | what people can do: a method of ``FakeGitHub`` by keywords |
| ``GET /_sim/repositories`` | id, name, head, default branch, bare repository of each |
| ``GET /_sim/problems`` | where requests or answers break GitHub's published description |
| ``GET /_sim/violations`` | what the oracles find in the journal |
"""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.simulator import oracles
from bot.simulator.faults import parse_faults
from bot.simulator.hooks import HookFaults
from bot.simulator.http_server import Arrived
from bot.testing.git import Content, Executable, Submodule, Symlink
from bot.testing.http import Response
from bot.testing.people import People
from bot.testing.state import FakeRepository

if TYPE_CHECKING:
    from bot.simulator.server import Simulator

Handler = Callable[["Simulator", Mapping[str, str], Any], Any]


def answer(simulator: Simulator, arrived: Arrived) -> Response:
    """Carry out one call of the control plane."""
    if arrived.peer != "127.0.0.1" or "origin" in arrived.headers:
        return _json(403, {"message": "the control plane serves programs on this machine only"})
    path = arrived.path.removeprefix("/_sim").rstrip("/") or "/"
    try:
        body = json.loads(arrived.body.read() or b"{}")
        if path.startswith("/acts/"):
            if arrived.method != "POST":
                return _json(405, {"message": "POST an act"})
            return _json(200, {"result": act(simulator, path.removeprefix("/acts/"), body)})
        handler = _HANDLERS.get((arrived.method, path))
        if handler is None:
            known = ", ".join(f"{m} {p}" for m, p in _HANDLERS)
            return _json(404, {"message": f"no such call; there are {known}, POST /acts/NAME"})
        return _json(200, handler(simulator, arrived.query, body))
    except (ValueError, TypeError, LookupError) as error:
        return _json(400, {"message": str(error)})


def acts(simulator: Simulator) -> dict[str, str]:
    """The names of what people can do, each with its parameters."""
    return {
        name: str(inspect.signature(method))
        for name, method in inspect.getmembers(simulator.fake, inspect.ismethod)
        if name in _ACTS
    }


def act(simulator: Simulator, name: str, arguments: object) -> Any:
    """Do what a person does.

    Args:
        name: a method of ``FakeGitHub``, one of ``acts``.
        arguments: its keywords. File contents may be text, null (delete), or an object with one
            key: ``base64``, ``symlink``, ``executable`` or ``submodule``.

    Raises:
        ValueError: no such act, or arguments that it refuses.
    """
    method = getattr(simulator.fake, name, None) if name in _ACTS else None
    if method is None:
        raise ValueError(f"there is no act '{name}'; GET /_sim/acts lists them")
    if not isinstance(arguments, dict):
        raise ValueError(f"act '{name}': give its arguments as a JSON object")  # noqa: TRY004 - bad input, not a programming error
    keywords = dict(arguments)
    if isinstance(keywords.get("files"), dict):
        keywords["files"] = {path: _content(value) for path, value in keywords["files"].items()}
    try:
        inspect.signature(method).bind(**keywords)
    except TypeError as error:
        raise ValueError(f"act '{name}': {error}; it takes {inspect.signature(method)}") from error
    simulator.journal.append("act", detail={"name": name, "arguments": arguments})
    return plain(method(**keywords))


def plain(value: Any) -> Any:
    """What an act returns, as JSON: ids, numbers, names and states of a record."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, FakeRepository):
        return {
            "id": value.id,
            "full_name": value.full_name,
            "private": value.private,
            "default_branch": value.default_branch,
            "head": value.head,
            "git_dir": str(value.git.path),
        }
    names = ("id", "number", "login", "name", "state", "status", "conclusion", "title", "body", "value")
    return {
        name: part
        for name in names
        if isinstance(part := getattr(value, name, None), str | int) and not callable(part)
    }


def _content(value: object) -> Content:
    """The content of a pushed file from its JSON form; see ``act``."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        forms: dict[str, Callable[[str], Content]] = {
            "base64": base64.b64decode,
            "symlink": Symlink,
            "executable": Executable,
            "submodule": Submodule,
        }
        if kind in forms and isinstance(text, str):
            return forms[kind](text)
    raise ValueError("a file is text, null, or an object with base64, symlink, executable or submodule")


def _information(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    app = simulator.fake.app
    return {
        "app_id": app.id,
        "slug": app.slug,
        "client_id": app.client_id,
        "key_path": str(simulator.key_path),
        "base_url": simulator.base_url,
        "webhook": _hooks(simulator, {}, {}),
        "repositories": len(simulator.fake.repositories),
        "entries": len(simulator.journal.entries()),
        "validated": simulator.validator is not None,
    }


def _journal(simulator: Simulator, query: Mapping[str, str], _body: Any) -> Any:
    since = int(query.get("since", "0"))
    entries = simulator.journal.entries(since=since)
    kind = query.get("kind")
    return {
        "entries": [entry.to_json() for entry in entries if kind is None or entry.kind == kind],
        "next": since + len(entries),
    }


def _add_faults(simulator: Simulator, _query: Mapping[str, str], body: Any) -> Any:
    faults = parse_faults(body)
    simulator.faults.add(*faults)
    simulator.journal.append("control", detail={"faults": [fault.to_json() for fault in faults]})
    return simulator.faults.rules()


def _clear_faults(simulator: Simulator, query: Mapping[str, str], _body: Any) -> Any:
    simulator.faults.clear(query.get("name"))
    simulator.journal.append("control", detail={"faults cleared": query.get("name", "all")})
    return simulator.faults.rules()


def _hooks(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    hooks = simulator.hooks
    return {
        "url": hooks.hook.url,
        "hook_id": hooks.hook.id,
        "timeout_s": hooks.hook.timeout_s,
        "pending": hooks.pending,
        "faults": asdict(hooks.faults),
    }


def _set_hooks(simulator: Simulator, query: Mapping[str, str], body: Any) -> Any:
    unknown = set(body) - {"url", "secret", "timeout_s", "paused", "faults"}
    if unknown:
        raise ValueError(f"hooks: unknown key '{min(unknown)}'")
    faults = HookFaults(**body["faults"]) if "faults" in body else None
    parts = {name: body[name] for name in ("url", "secret", "timeout_s") if name in body}
    simulator.hooks.configure(faults=faults, **parts)
    simulator.fake.app.webhook_url = simulator.hooks.hook.url
    if "paused" in body:
        (simulator.hooks.pause if body["paused"] else simulator.hooks.resume)()
    return _hooks(simulator, query, {})


def _deliveries(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    return [
        {
            "id": logged.id,
            "guid": logged.guid,
            "event": logged.event,
            "action": logged.action,
            "redelivery": logged.redelivery,
            "status_code": logged.status_code,
            "repository_id": logged.repository_id,
        }
        for logged in list(simulator.fake.deliveries)
    ]


def _redeliver(simulator: Simulator, _query: Mapping[str, str], body: Any) -> Any:
    simulator.fake.redeliver(int(body["id"]))
    return {}


def _quiet(simulator: Simulator, _query: Mapping[str, str], body: Any) -> Any:
    idle_s, timeout_s = float(body.get("idle_s", 1.0)), float(body.get("timeout_s", 30.0))
    return {"quiet": simulator.quiet(idle_s=idle_s, timeout_s=timeout_s)}


def _repositories(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    return [plain(repository) for repository in list(simulator.fake.repositories.values())]


def _problems(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    return [problem for entry in simulator.journal.entries() for problem in entry.problems]


def _violations(simulator: Simulator, _query: Mapping[str, str], _body: Any) -> Any:
    return [asdict(violation) for violation in oracles.all_violations(simulator.journal.entries())]


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/"): _information,
    ("GET", "/journal"): _journal,
    ("GET", "/faults"): lambda simulator, _query, _body: simulator.faults.rules(),
    ("POST", "/faults"): _add_faults,
    ("DELETE", "/faults"): _clear_faults,
    ("GET", "/hooks"): _hooks,
    ("POST", "/hooks"): _set_hooks,
    ("GET", "/deliveries"): _deliveries,
    ("POST", "/redeliver"): _redeliver,
    ("POST", "/quiet"): _quiet,
    ("GET", "/acts"): lambda simulator, _query, _body: acts(simulator),
    ("GET", "/repositories"): _repositories,
    ("GET", "/problems"): _problems,
    ("GET", "/violations"): _violations,
}


def _json(status: int, value: Any) -> Response:
    body = json.dumps(value, separators=(",", ":"), default=str).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


_ACTS = frozenset(name for name in vars(People) if not name.startswith("_")) - {
    "check_run",
    "receive_pushed_refs",
    "record_delivery",
}
"""Methods of the fake that people act by; the rest belongs to the simulator."""
