"""How fields are answered: declared functions, what they may ask, and the errors they raise."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode

from bot.testing.authentication import token_covers
from bot.testing.graphql.paging import Page, page
from bot.testing.routing import NOT_ACCESSIBLE, Credentials, Needs, allowed, parse_needs
from bot.testing.state import Account, FakeRepository, Token

if TYPE_CHECKING:
    from bot.testing.fake import FakeGitHub

Resolver = Callable[..., Any]
TypeName = str | Callable[[Any], str]


class Problem(Exception):
    """An error of one field: the field is null, and the answer tells why.

    Args:
        kind: GitHub's ``type``, such as ``FORBIDDEN``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def forbidden() -> Problem:
    """The token lacks a permission."""
    return Problem("FORBIDDEN", NOT_ACCESSIBLE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What ``rateLimit`` tells: the document's cost, and what is left after it."""

    cost: int
    limit: int
    node_count: int
    remaining: int
    reset_at: int
    """Epoch seconds."""
    used: int


@dataclass(slots=True)
class Asked:
    """Who asks, of which world: the context of every resolver."""

    world: FakeGitHub
    credentials: Credentials
    token: Token
    budget: Budget
    pages_left: int | None = None
    """Connections that are still answered before the document is too heavy; None for any number."""
    afterwards: list[Callable[[], None]] = dataclass_field(default_factory=list)
    """What asking causes, done when the answer is complete."""

    def sees(self, repository: FakeRepository) -> bool:
        """The token may know that a repository exists."""
        if repository.deleted:
            return False
        return not repository.private or token_covers(self.world, self.token, repository)

    def may(self, needs: Needs, place: object, *, restricted: bool) -> bool:
        """The token may read a field.

        Args:
            place: the repository or account it belongs to.
            restricted: not even of a public repository, or of an organisation, without the permission.
        """
        if not needs:
            return True
        if isinstance(place, FakeRepository):
            if not place.private and not restricted:
                return True
            return token_covers(self.world, self.token, place) and allowed(needs, self.token)
        if not restricted:
            return True
        return place is self.token.installation.account and allowed(needs, self.token)


@dataclass(frozen=True, slots=True)
class Declared:
    """A resolver with what it needs."""

    resolver: Resolver
    needs: Needs
    restricted: bool
    pages: bool


class Declarations:
    """All that resolver modules declared."""

    def __init__(self) -> None:
        self.fields: dict[tuple[str, str], Declared] = {}
        self.types: dict[type, TypeName] = {}

    def field(
        self, type_name: str, name: str, *, needs: str = "", restricted: bool = False
    ) -> Callable[[Resolver], Resolver]:
        """Declare what answers a field: a function of the source, ``Asked``, and the arguments by keyword.

        Arguments come in snake case, left out ones are left out.

        Args:
            needs: permissions, as routes name them: ``contents=read``; ``;`` is either, a comma is both.
            restricted: see ``Asked.may``.
        """
        return self._declare(type_name, name, needs, restricted, pages=False)

    def connection(
        self, type_name: str, name: str, *, needs: str = "", restricted: bool = False
    ) -> Callable[[Resolver], Resolver]:
        """Declare a connection: the function gives the whole sequence, and its page is cut here."""
        return self._declare(type_name, name, needs, restricted, pages=True)

    def represent(self, record: type, name: TypeName) -> None:
        """Say which type of the schema a record is, where an interface or union is asked."""
        if record in self.types:
            raise ValueError(f"{record.__name__} is represented already")
        self.types[record] = name

    def type_of(self, value: Any) -> str:
        """The type of a value; a mapping tells it by ``__typename``."""
        if isinstance(value, Mapping):
            return str(value["__typename"])
        name = self.types[type(value)]
        return name if isinstance(name, str) else name(value)

    def _declare(
        self, type_name: str, name: str, needs: str, restricted: bool, *, pages: bool
    ) -> Callable[[Resolver], Resolver]:
        def declare(resolver: Resolver) -> Resolver:
            if (type_name, name) in self.fields:
                raise ValueError(f"{type_name}.{name} is declared twice")
            self.fields[type_name, name] = Declared(resolver, parse_needs(needs), restricted, pages)
            return resolver

        return declare


DECLARED = Declarations()
field = DECLARED.field
connection = DECLARED.connection
represent = DECLARED.represent


def bound(type_name: str, name: str) -> Callable[..., Any]:
    """What the executor calls for a field."""
    declared = DECLARED.fields.get((type_name, name))
    if declared is None:
        return functools.partial(_plain, name, snake(name))
    if declared.pages:
        return functools.partial(_paged, declared, name)
    return functools.partial(_called, declared)


def _plain(name: str, attribute: str, source: Any, _info: GraphQLResolveInfo[Asked]) -> Any:
    if isinstance(source, Mapping):
        return source[name]
    if hasattr(source, attribute) or not hasattr(source, "record"):
        return getattr(source, attribute)
    return getattr(source.record, attribute)


def _called(declared: Declared, source: Any, info: GraphQLResolveInfo[Asked], **arguments: Any) -> Any:
    _admit(declared, source, info.context)
    return declared.resolver(source, info.context, **arguments)


def _paged(
    declared: Declared, name: str, source: Any, info: GraphQLResolveInfo[Asked], **arguments: Any
) -> Page | None:
    _admit(declared, source, info.context)
    first, last = arguments.pop("first", None), arguments.pop("last", None)
    after, before = arguments.pop("after", None), arguments.pop("before", None)
    if first is None and last is None and _asks_for_nodes(info):
        raise Problem(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
    for word, size in (("first", first), ("last", last)):
        if size is not None and size > 100:
            raise Problem(
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of 100 "
                "records.",
            )
        if size is not None and size < 0:
            raise Problem("UNPROCESSABLE", f"`{word}` on the `{name}` connection cannot be less than zero.")
    _take_page(info.context)
    items = declared.resolver(source, info.context, **arguments)
    if items is None:
        return None
    try:
        return page(items, first, last, after, before)
    except ValueError as error:
        raise Problem(
            "INVALID_CURSOR_ARGUMENTS", f"`{error}` does not appear to be a valid cursor."
        ) from None


def _take_page(asked: Asked) -> None:
    if asked.pages_left is not None:
        asked.pages_left -= 1
        if asked.pages_left < 0:
            raise Problem("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")


def _admit(declared: Declared, source: Any, asked: Asked) -> None:
    if declared.needs:
        place = source if isinstance(source, FakeRepository | Account) else source.repository
        if not asked.may(declared.needs, place, restricted=declared.restricted):
            raise forbidden()


def _asks_for_nodes(info: GraphQLResolveInfo[Asked]) -> bool:
    def walk(selections: SelectionSetNode | None) -> bool:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                if selection.name.value in ("nodes", "edges"):
                    return True
            elif isinstance(selection, FragmentSpreadNode):
                if walk(info.fragments[selection.name.value].selection_set):
                    return True
            elif walk(getattr(selection, "selection_set", None)):
                return True
        return False

    return any(walk(node.selection_set) for node in info.field_nodes)


@functools.cache
def snake(name: str) -> str:
    """``createdAt`` as ``created_at``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
