"""Speaks GraphQL: puts selections together into documents, and takes the answers apart.

A document holds one fragment on ``Repository`` (or ``Organization``), composed from selections,
equal texts once. Partial answers keep what came: each error is put where it belongs
(``bot.json_nodes.place_errors``). What is too heavy for GitHub is told to the caller as
``TooHeavy``, who asks for less at a time.

Sources: GitHub Docs, "Rate limits and query limits for the GraphQL API"; and, for the errors of
overload, https://docs.github.com/en/graphql/guides/using-graphql-clients-with-the-github-api.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.github.errors import Answer, clean, ok
from bot.adapters.github.listing import Send
from bot.adapters.github.transport import Call, Transport
from bot.json_nodes import Node, Refused, place_errors
from bot.model.errors import Gone, LimitReached, Malformed, Unavailable
from bot.selections import SIZES, Selection

BUDGET = "rateLimit { cost remaining resetAt nodeCount }"
"""Asked in every document: what it cost, and what is left."""

REPOSITORY_FIELDS = (
    "__typename id databaseId nameWithOwner url visibility isArchived isDisabled isFork isEmpty "
    "hasIssuesEnabled pushedAt description homepageUrl primaryLanguage { name }"
)
"""What is read of every repository; without connections, so it costs nothing."""

UNKNOWN_TO_GITHUB = Refused("this GitHub does not know what was asked", permission=False)

ANSWER_BYTES = 64 * 1024 * 1024

_HEAVY = ("something went wrong while executing your query", "timeout", "timed out", "resource limits")
_LIMITED = ("RATE_LIMITED", "RATE_LIMIT")
_LONGEST_WINDOW = timedelta(minutes=65)
_ALIAS = re.compile(r"s\d+|n_\w+")
_FORBIDDEN = ("FORBIDDEN", "INSUFFICIENT_SCOPES")


class TooHeavy(Unavailable):
    """GitHub did not finish a document in time, or finds it too large: ask for less at once."""


class NoGraphQL(Malformed):
    """What answers here knows no GraphQL; REST has to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one document brought.

    Args:
        data: with ``Refused`` where GitHub told an error.
        cost: points; 0 when GitHub does not count them.
        unsupported: aliases of selections that this GitHub does not know (an older GHES); nothing
            else was answered then.
        refused: where each error was told, as its path and what it says; GitHub may have left out
            more than that, as null rises to the nearest place that may be null.
    """

    data: Any
    cost: int = 0
    unsupported: frozenset[str] = frozenset()
    refused: tuple[tuple[tuple[str | int, ...], Refused], ...] = ()

    def refused_below(self, *place: str | int) -> dict[str, Refused]:
        """Aliases below a place at which nothing came, because of an error in one of them."""
        depth = len(place)
        return {
            str(path[depth]): refused
            for path, refused in self.refused
            if len(path) > depth and path[:depth] == place and self._empty(place)
        }

    def _empty(self, place: tuple[str | int, ...]) -> bool:
        found = self.data
        for step in place:
            if isinstance(found, Refused) or found is None:
                return True
            found = found[step]
        return found is None or isinstance(found, Refused)


@dataclass(slots=True)
class Composer:
    """The selections of one fragment, each text once, under an alias of its own."""

    aliases: dict[str, str] = field(default_factory=dict)
    """Text -> alias."""

    sizes: set[str] = field(default_factory=set)
    _field = re.compile(r"\s*[A-Za-z_]\w*")

    def add(self, selection: Selection) -> str:
        """Take a selection in; returns the alias of its answer."""
        alias = self.aliases.get(selection.text)
        if alias is None:
            if self._field.match(selection.text) is None:
                raise ValueError(f"a selection begins with a field's name: {selection.text[:80]!r}")
            alias = self.aliases[selection.text] = f"s{len(self.aliases)}"
            self.sizes |= selection.sizes
        return alias

    def body(self, without: Container[str] = ()) -> str:
        """The fragment's fields."""
        return " ".join(f"{alias}: {text}" for text, alias in self.aliases.items() if alias not in without)

    def variables(self, without: Container[str] = ()) -> str:
        """The declarations of the sizes that are used, and of ``$default``."""
        body = self.body(without)
        return "".join(
            f", ${name}: {'String!' if name == 'default' else 'Int!'}"
            for name in sorted(self.sizes)
            if re.search(rf"\${name}\b", body)
        )


class GraphClient:
    """Sends documents as one installation (or token), for one thread."""

    def __init__(self, send: Send, transport: Transport, payer: int) -> None:
        self._send = send
        self._transport = transport
        self._payer = payer

    def ask(self, document: str, variables: Mapping[str, Any], *, what: str, attempts: int = 1) -> Told:
        """Send a document.

        Args:
            what: names it in messages.
            attempts: how often it is sent at most when GitHub does not answer.

        Raises:
            TooHeavy: ask for less. LimitReached: come back later. NoGraphQL: ask REST. Else see
                ``RepoReader``.
        """
        call = Call(
            "POST",
            self._transport.graph_url,
            body={"query": document, "variables": dict(variables)},
            repeatable=True,
            attempts=attempts,
            answer_bytes=ANSWER_BYTES,
        )
        try:
            answer = self._send(call)
        except LimitReached:
            raise
        except Unavailable as error:
            raise TooHeavy(f"{what}: {error}") from error
        if answer.status in (404, 405, 410, 501):
            raise NoGraphQL(f"{what}: this GitHub has no GraphQL (status {answer.status})")
        return self._judge(ok(answer), what)

    def _judge(self, answer: Answer, what: str) -> Told:
        body = answer.json()
        if not isinstance(body, dict):
            raise Malformed(f"{what}: the answer is no object")
        errors = [e for e in body.get("errors") or [] if isinstance(e, dict)]
        data = body.get("data")
        self._refuse_limits(errors, data, what, answer)
        unsupported = _unsupported(errors)
        if data is None and unsupported:
            return Told(None, unsupported=unsupported)
        if data is None and not errors:
            raise Malformed(f"{what}: neither data nor errors came")
        if data is None or any(_is_heavy(error) for error in errors):
            told = clean("; ".join(str(e.get("message", "")) for e in errors[:3]))
            if data is None and not any(_is_heavy(error) for error in errors):
                raise Malformed(f"{what}: {told}")
            raise TooHeavy(f"{what}: {told}")
        refused = tuple((_path(e), _refusal(e)) for e in errors if _path(e))
        placed = place_errors(data, refused)
        budget = data.get("rateLimit") if isinstance(data, dict) else None
        cost = budget.get("cost") if isinstance(budget, dict) else None
        points = cost if isinstance(cost, int) else 0
        self._transport.note_points(points)
        return Told(placed, points, refused=refused)

    def _refuse_limits(
        self, errors: Sequence[Mapping[str, Any]], data: Any, what: str, answer: Answer
    ) -> None:
        limited = next((e for e in errors if e.get("type") in _LIMITED), None)
        if limited is None:
            return
        now = self._transport.now()
        until = _reset(answer, data)
        if until is None or not now < until <= now + _LONGEST_WINDOW:
            # A clock that is off, or nothing told: GitHub's limits last a minute or an hour.
            until = now + timedelta(minutes=1)
        self._transport.pause(self._payer, "graphql", until)
        raise LimitReached(
            f"{what}: {clean(str(limited.get('message', '')))}", until=until, resource="graphql"
        )


def ask_alone(
    client: GraphClient,
    kind: str,
    node_id: str,
    selections: Mapping[str, Selection],
    *,
    where: str,
    permission: str | None,
    default: str = "",
    start: str = "node(id: $id)",
) -> Node:
    """The answers to selections of one node, asked for alone and for the largest sizes.

    Args:
        kind: ``Repository`` or ``Organization``.
        start: how it is found by ``node_id``, which for an organisation may be its name.
        where: names it in errors.
        default: the repository's default branch.
    """
    composer = Composer()
    for selection in selections.values():
        composer.add(selection)
    without: dict[str, Refused] = {}
    while True:
        document = (
            f"query($id: {'ID' if kind == 'Repository' else 'String'}!{composer.variables(without)}) "
            f"{{ {BUDGET} node: {start} {{ ...F }} }} "
            f"fragment F on {kind} {{ __typename {composer.body(without)} }}"
        )
        variables = {"id": node_id, **largest(composer.sizes)}
        if "default" in composer.sizes:
            variables["default"] = default
        told = client.ask(document, variables, what=where, attempts=3)
        left_out = dict.fromkeys(told.unsupported, UNKNOWN_TO_GITHUB) | told.refused_below("node")
        if not left_out.keys() - without.keys():
            break
        without |= left_out
    node = told.data.get("node") if isinstance(told.data, dict) else None
    if not isinstance(node, dict):
        raise Gone(f"{where}: GitHub does not know it (any more)")
    values = {
        key: without.get(alias) or node.get(alias, UNKNOWN_TO_GITHUB)
        for key, selection in selections.items()
        for alias in [composer.aliases[selection.text]]
    }
    return Node(values, where, permission)


def largest(sizes: Iterable[str]) -> dict[str, int]:
    """Sizes for who did not ask the pulse."""
    return {name: SIZES[name].most for name in sizes if name in SIZES}


def _unsupported(errors: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Aliases of selections that the schema of this GitHub does not have."""
    found = set()
    for error in errors:
        extensions = error.get("extensions")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if code in ("undefinedField", "undefinedType", "argumentNotAccepted", "undefinedArgument"):
            found |= {s for s in error.get("path") or [] if isinstance(s, str) and _ALIAS.fullmatch(s)}
    return frozenset(found)


def _is_heavy(error: Mapping[str, Any]) -> bool:
    message = str(error.get("message", "")).lower()
    return error.get("type") in ("MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED", "TIMEOUT") or any(
        phrase in message for phrase in _HEAVY
    )


def _path(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    path = error.get("path")
    if not isinstance(path, list):
        return ()
    return tuple(step for step in path if isinstance(step, str | int) and not isinstance(step, bool))


def _refusal(error: Mapping[str, Any]) -> Refused:
    message = clean(str(error.get("message", "an error without a message")))
    forbidden = error.get("type") in _FORBIDDEN or "not accessible by" in message.lower()
    return Refused(message, permission=forbidden)


def _reset(answer: Answer, data: Any) -> datetime | None:
    told = answer.headers.get("x-ratelimit-reset", "")
    if told.isascii() and told.isdigit() and len(told) <= 11:
        return datetime.fromtimestamp(int(told), UTC) + timedelta(seconds=1)
    budget = data.get("rateLimit") if isinstance(data, dict) else None
    try:
        return datetime.fromisoformat(budget["resetAt"]) if isinstance(budget, dict) else None
    except (KeyError, TypeError, ValueError):
        return None
