"""JSON answers read key by key: a missing key or a wrong type is told, never taken for an empty truth.

Facts that GitHub alone can tell are functions from a ``Node`` to values. What GraphQL could not
tell, because a permission is missing or a part of the answer failed, lies in the tree as
``Refused`` and speaks up when it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from bot.model.errors import Malformed, PermissionMissing, Unavailable

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in an answer where GitHub told an error in place of a value.

    Args:
        detail: GitHub's message, cleaned.
        permission: it was for want of a permission; else it was a fault.
    """

    detail: str
    permission: bool


class Node:
    """One place of a JSON answer.

    Args:
        value: what ``json.loads`` gives, with ``Refused`` in places.
        where: names the place in errors.
        permission: which permission lets it be read, for errors.

    Raises (all methods): Malformed: the answer is not as it must be. PermissionMissing,
    Unavailable: GitHub refused to tell this part.
    """

    __slots__ = ("_permission", "_value", "_where")

    def __init__(self, value: Any, where: str, permission: str | None = None) -> None:
        self._value = value
        self._where = where
        self._permission = permission

    def __getitem__(self, key: str) -> Node:
        """The value under a key that must be there; it may be null."""
        value = self._table().get(key, _MISSING)
        if value is _MISSING:
            raise Malformed(f"{self._where}: {key!r} is missing in the answer")
        return self._below(value, key)

    def optional(self, key: str) -> Node | None:
        """The value under a key, None when it is null or absent."""
        value = self._table().get(key)
        return None if value is None else self._below(value, key)

    @property
    def null(self) -> bool:
        """Nothing is here."""
        return self._told() is None

    def text(self) -> str:
        """A text."""
        return self._typed(str, "a text")

    def number(self) -> int:
        """A whole number."""
        value = self._told()
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong("a whole number")
        return value

    def flag(self) -> bool:
        """true or false."""
        return self._typed(bool, "true or false")

    def moment(self) -> datetime:
        """A time, as aware UTC."""
        try:
            moment = datetime.fromisoformat(self.text())
        except ValueError:
            raise self._wrong("a time") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def oid(self) -> str:
        """An object id."""
        text = self.text()
        if _OID.fullmatch(text) is None:
            raise self._wrong("an object id")
        return text

    def choice(self, kind: type[E]) -> E:
        """A member of an enum, by value, whatever its case; Malformed for one that is not known."""
        text = self.text()
        for member in kind:
            if str(member.value).lower() == text.lower():
                return member
        raise self._wrong(f"one of {', '.join(str(m.value) for m in kind)}")

    def items(self) -> tuple[Node, ...]:
        """The entries of a list."""
        found: list[Any] = self._typed(list, "a list")
        return tuple(self._below(value, str(number)) for number, value in enumerate(found))

    def nodes(self) -> tuple[Node, ...]:
        """The ``nodes`` of a connection, without the ones that GitHub left empty."""
        return tuple(node for node in self["nodes"].items() if not node.null)

    def total(self) -> int:
        """The ``totalCount`` of a connection."""
        return self["totalCount"].number()

    @property
    def more(self) -> bool:
        """A connection has more nodes than came, by its ``pageInfo`` or else its ``totalCount``."""
        page = self.optional("pageInfo")
        if page is not None:
            return page["hasNextPage"].flag()
        return self.total() > len(self["nodes"].items())

    def mapping(self) -> dict[str, Node]:
        """All keys of an object."""
        return {str(key): self._below(value, str(key)) for key, value in self._table().items()}

    def plain(self) -> Any:
        """The value itself, as parsed; for texts, numbers, flags and null alone."""
        value = self._told()
        if isinstance(value, dict | list):
            raise self._wrong("a single value")
        return value

    def texts(self) -> tuple[str, ...]:
        """The texts of a list."""
        return tuple(item.text() for item in self.items())

    def _told(self) -> Any:
        value = self._value
        if isinstance(value, Refused):
            detail = f"{self._where}: {value.detail}"
            if value.permission:
                raise PermissionMissing(detail, permission=self._permission)
            raise Unavailable(detail)
        return value

    def _table(self) -> dict[str, Any]:
        return self._typed(dict, "an object")

    def _typed(self, kind: type[T], name: str) -> T:
        value = self._told()
        if not isinstance(value, kind):
            raise self._wrong(name)
        return value

    def _below(self, value: Any, key: str) -> Node:
        return Node(value, f"{self._where}.{key}", self._permission)

    def _wrong(self, name: str) -> Malformed:
        return Malformed(f"{self._where}: {type(self._value).__name__} came in place of {name}")


def place_errors(data: Any, errors: Iterable[tuple[tuple[str | int, ...], Refused]]) -> Any:
    """Put each error of a partial answer where its path meets null, so that null is not taken for a value.

    Args:
        data: the answer; changed in place.
        errors: (path from ``data``, what was told).

    Returns:
        ``data``, or a ``Refused`` when nothing of it came.
    """
    for path, refused in errors:
        if data is None:
            return refused
        place = data
        for step in path:
            if isinstance(place, dict) and isinstance(step, str):
                inside: Any = place.get(step)
            elif isinstance(place, list) and isinstance(step, int) and 0 <= step < len(place):
                inside = place[step]
            else:
                break
            if inside is None:
                place[step] = refused
            if inside is None or isinstance(inside, Refused):
                break
            place = inside
    return data
