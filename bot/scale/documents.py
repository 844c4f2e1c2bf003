"""Which repositories share a GraphQL document, and for how many nodes it asks. Pure.

One fragment serves all repositories of a document, so they also share its sizes and, where it
compares branches, the name of their default branch. Sizes come from the pulse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot.selections import SIZES

SLOW_S = 4.0
"""A document that takes longer is near the 10 s after which GitHub stops."""

QUICK_S = 1.5

STEPS = (1, 2, 5, 10, 20, 30, 50, 100)
"""Sizes are rounded up to one of these, so that many repositories find company."""

LARGEST = 20
"""Repositories of one document at most."""

HEAVIEST = 600
"""Nodes of sized connections that one document asks for at most: GitHub stops after 10 s."""


class Pace:
    """How many repositories one document asks for, learnt from how long documents take.

    Shared by the threads of a process; a lost update only makes it learn a little later.
    """

    def __init__(self) -> None:
        self._largest: dict[int, int] = {}

    def largest(self, payer: int) -> int:
        """For an installation (or token), at the moment."""
        return self._largest.get(payer, LARGEST)

    def note(self, payer: int, repositories: int, seconds: float) -> None:
        """A document of so many repositories took so long: slow ones halve, quick full ones grow."""
        largest = self.largest(payer)
        if seconds > SLOW_S:
            self._largest[payer] = max(1, min(largest, repositories) // 2)
        elif seconds < QUICK_S and repositories >= largest:
            self._largest[payer] = min(LARGEST, largest + 1)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the pulse told of a repository.

    Args:
        key: the node id.
        default_branch: "" when there is none.
        totals: size name -> how many there are.
    """

    key: str
    default_branch: str
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Repositories to be read together.

    Args:
        keys: node ids.
        sizes: size name -> ``first``.
    """

    keys: tuple[str, ...]
    default_branch: str
    sizes: Mapping[str, int]

    def halves(self) -> tuple[Document, ...]:
        """The same in two documents, or with smaller sizes when it is down to one repository.

        Empty when nothing smaller can be asked.
        """
        if len(self.keys) > 1:
            middle = len(self.keys) // 2
            return tuple(
                Document(keys, self.default_branch, self.sizes)
                for keys in (self.keys[:middle], self.keys[middle:])
            )
        smaller = {name: max(1, size // 2) for name, size in self.sizes.items()}
        return () if smaller == self.sizes else (Document(self.keys, self.default_branch, smaller),)


def plan(
    pulses: Iterable[Pulse], sizes: Iterable[str], *, compares: bool, largest: int = LARGEST
) -> tuple[Document, ...]:
    """Put repositories into documents.

    Args:
        sizes: names of the sizes that the fragment uses.
        compares: the fragment names the default branch.
        largest: repositories of one document at most.

    Returns:
        Every pulse's key once. Repositories of like sizes come together, so that one with a hundred
        branches does not make nineteen others pay for as many.
    """
    names = sorted(set(sizes) & SIZES.keys())

    def asked(pulse: Pulse) -> tuple[int, ...]:
        return tuple(rounded(name, pulse.totals.get(name, SIZES[name].most)) for name in names)

    def company(pulse: Pulse) -> str:
        return pulse.default_branch if compares else ""

    documents = []
    ordered = sorted(pulses, key=lambda p: (company(p), sum(asked(p)), asked(p), p.key))
    for branch, group in groupby(ordered, key=company):
        members: list[Pulse] = []
        for pulse in group:
            if members and not _fits([*members, pulse], asked, largest):
                documents.append(_document(members, branch, names, asked))
                members = []
            members.append(pulse)
        documents.append(_document(members, branch, names, asked))
    return tuple(documents)


def rounded(name: str, total: int) -> int:
    """How many nodes to ask for where there are ``total``: the next step, within what the size allows."""
    most = SIZES[name].most
    return min(most, next((step for step in STEPS if step >= total), most))


Asked = Callable[[Pulse], tuple[int, ...]]


def _fits(members: Sequence[Pulse], asked: Asked, largest: int) -> bool:
    widest = [max(column) for column in zip(*(asked(p) for p in members), strict=True)]
    return len(members) <= largest and sum(widest) * len(members) <= HEAVIEST


def _document(members: Sequence[Pulse], branch: str, names: Sequence[str], asked: Asked) -> Document:
    columns = [asked(p) for p in members]
    widest = {name: max(row[i] for row in columns) for i, name in enumerate(names)}
    return Document(tuple(p.key for p in members), branch, widest)
