"""The decorators that make a function a check, a fact, an event handler, a job or a command.

Each leaves a frozen Spec on the function; ``bot.registry`` collects them by scanning. Names are
kebab-case. Parameters of checks and facts are filled in by name (see ``bot.engine.evaluate``).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.model.events import Lane
from bot.model.people import Role
from bot.model.verdicts import Audience, Scope, Severity
from bot.selections import Selection

F = TypeVar("F", bound=Callable[..., Any])

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

SIX_HOURS = 6 * 3600
"""``keep_s`` of settings that seldom change and of which no event tells."""

RESERVED_OPTIONS = frozenset({"enabled", "severity", "baseline"})
"""What policy can say of every check; no check has options of these names."""


class Section(BaseModel):
    """Options of one check, under ``checks.<name>`` of a policy file; every field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Payload(BaseModel):
    """Arguments of a job. ``key`` names the work for merging and mutual exclusion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    installation_id: int = 0
    """0 when the work belongs to no installation."""

    job: ClassVar[str] = ""
    """Filled in by ``@job``."""

    @property
    def key(self) -> str:
        """Identity of the work: the job's name and what it is about, never a repository's name."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Doc:
    """What the docstring of a check says: first line, then ``Why:``, ``Fix:``, ``Source:``."""

    title: str
    why: str = ""
    fix: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A health check: a pure function from facts to a verdict.

    Args:
        scope: what it judges: each repository, or their owner once.
        follows: name of the check that fails first: a finding of this one is then part of that one's,
            and reports tell both in one place.
    """

    name: str
    family: str
    severity: Severity
    audience: Audience
    function: Callable[..., Any]
    needs: tuple[str, ...]
    config: type[Section] | None
    doc: Doc
    rule_version: int
    number: int
    module: str
    scope: Scope = Scope.REPOSITORY
    follows: str = ""


class Source(Enum):
    """What tells a fact when GitHub is asked; the value says it to readers."""

    FACTS = "other facts alone"
    DOCUMENTS = "GraphQL documents, shared with other facts and repositories"
    ORGANISATION = "calls, once for the organisation"
    REPOSITORY = "REST, for each repository"


@dataclass(frozen=True, slots=True)
class FactSpec:
    """A fact: a function that reads something through a port and returns a value.

    Args:
        needs: names of parameters: ``reader``, ``owner``, ``answer``, ``commit``, ``branch``,
            ``auditor``, ``licences``, ``now`` or other facts.
        file_fed: decided by the files of ``commit`` alone, so it can be read at any commit.
        permission: what GitHub must have granted (``contents: read``; several joined by ``, ``). Where
            it is known not to be granted the fact is unknown, and nothing is asked.
        cost: a hint for readers: which calls it makes.
        graph: what it asks of GraphQL, so that one document can serve many facts and repositories.
            A fact with the parameter ``answer`` is given the answers as a ``Node`` under these keys;
            one with ``reader`` reads standard selections through the reader's methods.
        owner: the selections are of the type ``Organization``, asked once for all its repositories.
        copes: needs that are given to it even when they are ``Unknown``, as their annotation names it;
            any other makes the fact unknown, too.
        keep_s: how long its value may be used again, in seconds; 0 when it is read each time.
        rest: documents do not tell it, so it is read in the second pass.
    """

    name: str
    function: Callable[..., Any]
    needs: tuple[str, ...]
    file_fed: bool
    permission: str
    cost: str
    module: str
    graph: Mapping[str, Selection] = field(default_factory=lambda: MappingProxyType({}))
    owner: bool = False
    copes: frozenset[str] = frozenset()
    keep_s: int = 0
    rest: bool = False

    @property
    def source(self) -> Source:
        """What is asked; facts of files are told by git where there is a clone."""
        if self.rest:
            return Source.REPOSITORY
        if self.owner or "owner" in self.needs:
            return Source.ORGANISATION
        return Source.DOCUMENTS if {"reader", "answer"} & set(self.needs) else Source.FACTS


@dataclass(frozen=True, slots=True)
class HandlerSpec:
    """An event handler: ``Event`` -> list of ``Payload``; pure."""

    name: str
    event: str
    actions: tuple[str, ...]
    lane: Lane
    function: Callable[..., Any]
    module: str


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job: (payload, context) -> None; safe to run twice.

    Args:
        timeout_s: the job's deadline; no write starts with less than an HTTP timeout left.
        every_s: when set, the clock submits ``payload()`` once per tick of that many seconds.
    """

    name: str
    payload: type[Payload]
    timeout_s: int
    every_s: int | None
    lane: Lane
    function: Callable[..., Any]
    module: str


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A slash-command: ``Call`` -> ``Reply`` (see ``bot.engine.commands``); pure.

    Args:
        who: the least role that may give it.
        or_author: the author of the pull request may give it there too, whatever their role.
        changes: it changes something, so on a pull request it is bound to the commit that its head
            was when the command was given.
        usage: how it is written, ``/plumbline`` included; optional parts in brackets.
        examples: lines that can be given as they stand.
    """

    name: str
    who: Role
    or_author: bool
    changes: bool
    usage: str
    examples: tuple[str, ...]
    function: Callable[..., Any]
    doc: Doc
    module: str


Spec = CheckSpec | FactSpec | HandlerSpec | JobSpec | CommandSpec

SPEC_ATTRIBUTE = "__plumbline_spec__"


def check(
    name: str,
    *,
    family: str,
    severity: Severity,
    audience: Audience = Audience.PUBLIC,
    config: type[Section] | None = None,
    rule_version: int = 1,
    number: int = 0,
    scope: Scope = Scope.REPOSITORY,
    follows: str = "",
) -> Callable[[F], F]:
    """Declare a health check. Its parameters name the facts it needs, and ``config``.

    The docstring's first line says what holds when it passes; ``Why:``, ``Fix:`` and ``Source:``
    follow. ``number`` is the check's place in the catalogue.
    """

    if config:
        _refuse_bad_options(name, config)

    def mark(function: F) -> F:
        parameters = inspect.signature(function).parameters
        if config is None and "config" in parameters:
            raise ValueError(f"check {name!r} asks for config but declares none: pass config=")
        names = tuple(p for p in parameters if p != "config")
        spec = CheckSpec(
            _name(name),
            family,
            severity,
            audience,
            function,
            names,
            config,
            parse_doc(function.__doc__ or ""),
            rule_version,
            number,
            function.__module__,
            scope,
            follows,
        )
        return _leave(function, spec)

    return mark


def fact(
    name: str,
    *,
    file_fed: bool = False,
    permission: str,
    cost: str,
    graph: Mapping[str, Selection] | None = None,
    owner: bool = False,
    keep_s: int = 0,
    rest: bool = False,
) -> Callable[[F], F]:
    """Declare a fact; see ``FactSpec``. ``name`` is the parameter name that checks ask for (snake_case)."""

    def mark(function: F) -> F:
        if not name.isidentifier():
            raise ValueError(f"fact name {name!r} must be an identifier: it is a parameter name")
        parameters = inspect.signature(function).parameters
        needs = tuple(parameters)
        copes = (name for name, p in parameters.items() if re.search(r"\bUnknown\b", str(p.annotation)))
        if "answer" in needs and not graph:
            raise ValueError(f"fact {name!r} asks for an answer but declares no selection: pass graph=")
        if rest and ("reader" not in needs or "owner" in needs):
            raise ValueError(f"fact {name!r} is REST's of a repository: it takes reader, and no owner")
        spec = FactSpec(
            name,
            function,
            needs,
            file_fed,
            permission,
            cost,
            function.__module__,
            MappingProxyType(dict(graph or {})),
            owner,
            frozenset(copes),
            keep_s,
            rest,
        )
        return _leave(function, spec)

    return mark


def on(event: str, *, actions: Sequence[str] = (), lane: Lane = Lane.EVENT) -> Callable[[F], F]:
    """Declare an event handler; no actions means all of them."""

    def mark(function: F) -> F:
        spec = HandlerSpec(
            function.__name__.replace("_", "-"), event, tuple(actions), lane, function, function.__module__
        )
        return _leave(function, spec)

    return mark


def job(
    name: str,
    *,
    payload: type[Payload],
    timeout_s: int = 300,
    every_s: int | None = None,
    lane: Lane = Lane.EVENT,
) -> Callable[[F], F]:
    """Declare a job; ``lane`` is where it goes unless who submits it says otherwise."""

    def mark(function: F) -> F:
        other = vars(payload).get("job", "")
        if other not in ("", name):
            raise ValueError(f"{payload.__name__} is the payload of {other!r} already: give {name!r} its own")
        payload.job = _name(name)
        return _leave(
            function, JobSpec(name, payload, timeout_s, every_s, lane, function, function.__module__)
        )

    return mark


def command(
    name: str,
    *,
    who: Role,
    usage: str,
    examples: Sequence[str] = (),
    or_author: bool = False,
    changes: bool = False,
) -> Callable[[F], F]:
    """Declare a slash-command; see ``CommandSpec``. The docstring's first sentence is its help."""
    for line in (usage, *examples):
        if line.split()[:2] != ["/plumbline", name]:
            raise ValueError(f"usage and examples of {name!r} must begin with '/plumbline {name}': {line!r}")

    def mark(function: F) -> F:
        spec = CommandSpec(
            _name(name),
            who,
            or_author,
            changes,
            usage,
            tuple(examples),
            function,
            parse_doc(function.__doc__ or ""),
            function.__module__,
        )
        return _leave(function, spec)

    return mark


def parse_doc(text: str) -> Doc:
    """Split a docstring into its first sentence (it may wrap) and its Why, Fix and Source paragraphs."""
    lines = inspect.cleandoc(text).splitlines()
    parts: dict[str, list[str]] = {"title": lines[:1]}
    current: str | None = "title"
    for line in lines[1:]:
        head, colon, rest = line.partition(":")
        if colon and head in ("Why", "Fix", "Source"):
            current = head.lower()
            parts[current] = [rest.strip()]
        elif current and line.strip():
            parts[current].append(line.strip())
        elif not line.strip():
            current = None
    return Doc(**{key: " ".join(value).strip() for key, value in parts.items()})


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} must be kebab-case: lower-case words joined by single hyphens")
    return name


def _refuse_bad_options(check_name: str, config: type[Section]) -> None:
    for option, field_info in config.model_fields.items():
        if option in RESERVED_OPTIONS:
            raise ValueError(f"option {option!r} of check {check_name!r} has a name that every check has")
        if field_info.is_required():
            raise ValueError(f"option {option!r} of check {check_name!r} needs a default")


def _leave(function: F, spec: Spec) -> F:
    setattr(function, SPEC_ATTRIBUTE, spec)
    return function


@dataclass(frozen=True, slots=True)
class Submission:
    """A payload with a lane of its own; handlers may return these in place of bare payloads."""

    payload: Payload
    lane: Lane = field(default=Lane.INTERACTIVE)
