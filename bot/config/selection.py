"""Which repositories a policy means: selectors, and why one does or does not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bot.model.attributes import Attributes
from bot.model.facts import Visibility


@dataclass(frozen=True, slots=True)
class Selector:
    """Conditions on a repository: all that are given must hold; of a list, any entry will do.

    Args:
        names: globs (``*``, ``?``, ``[...]``) for the name without the owner; as all texts here,
            letters of either case are the same.
        teams: slugs.
        properties: custom property -> values.
        line: where it stands in its file.
    """

    names: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    visibility: tuple[Visibility, ...] = ()
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archived: bool | None = None
    fork: bool | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, looked at.

    Args:
        what: as in the file (``topics``, ``properties.tier``).
        wanted, found: for a person; untrusted text.
        holds: None when what it asks for is not known.
    """

    what: str
    wanted: str
    found: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A selector, looked at.

    Args:
        name: of the group, or the place in ``enrol``.
        holds: None when that is not known.
    """

    name: str
    line: int
    conditions: tuple[Condition, ...]
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Which repositories are looked after; ``include`` None means all."""

    include: tuple[Selector, ...] | None = None
    exclude: tuple[Selector, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Why a repository is looked after or not, and in which groups it is.

    Args:
        why: one sentence.
        groups: every group of the file, in its order; it is in those that hold.
    """

    enrolled: bool = True
    why: str = "No policy of the organisation says otherwise."
    enrol: tuple[Looked, ...] = ()
    groups: tuple[Looked, ...] = ()

    @property
    def members(self) -> tuple[int, ...]:
        """Which groups it is in, counted from 0."""
        return tuple(n for n, looked in enumerate(self.groups) if looked.holds)


EVERYTHING = Selection()


def look(name: str, selector: Selector, repository: Attributes) -> Looked:
    """Hold a repository against a selector."""
    conditions = tuple(_conditions(selector, repository))
    return Looked(name, selector.line, conditions, _all(condition.holds for condition in conditions))


def enrolled(enrolment: Enrolment, repository: Attributes) -> tuple[bool, str, tuple[Looked, ...]]:
    """Whether it is looked after, why, and all that was looked at.

    What is not known never enrols and never keeps from being excluded: a repository that people
    wanted left alone is not written to because a permission is missing.
    """
    included = [look(f"include {n}", s, repository) for n, s in enumerate(enrolment.include or (), 1)]
    excluded = [look(f"exclude {n}", s, repository) for n, s in enumerate(enrolment.exclude, 1)]
    looked = (*included, *excluded)
    out = next((found for found in excluded if found.holds), None)
    if out:
        return False, f"Excluded by line {out.line}: {_reasons(out)}.", looked
    unsure = next((found for found in excluded if found.holds is None), None)
    if unsure:
        return False, f"Line {unsure.line} may exclude it: {_reasons(unsure)}.", looked
    if enrolment.include is None:
        return True, "All repositories are enrolled.", looked
    found = next((found for found in included if found.holds), None)
    if found:
        return True, f"Enrolled by line {found.line}: {_reasons(found)}.", looked
    unsure = next((found for found in included if found.holds is None), None)
    if unsure:
        return False, f"Line {unsure.line} may enrol it: {_reasons(unsure)}.", looked
    return False, f"None of the {len(included)} selectors that enrol fits it.", looked


def _reasons(looked: Looked) -> str:
    deciding = [c for c in looked.conditions if c.holds is looked.holds]
    return ", ".join(f"{c.what} is {c.found}" for c in deciding)


def _conditions(selector: Selector, repository: Attributes) -> Iterator[Condition]:
    described = repository.described
    if selector.names:
        yield Condition("names", _list(selector.names), repository.name, _named(selector.names, repository))
    for what, wanted, found in (
        ("topics", selector.topics, described.topics),
        ("teams", selector.teams, described.teams),
        ("languages", selector.languages, _one(described.language)),
    ):
        if wanted:
            yield _any(what, wanted, found)
    if selector.visibility:
        visible = repository.visibility
        yield Condition("visibility", _list(selector.visibility), visible, visible in selector.visibility)
    for name, values in selector.properties.items():
        yield _any(f"properties.{name}", values, _property(described.properties, name))
    for what, flag, is_so in (
        ("archived", selector.archived, repository.archived),
        ("fork", selector.fork, repository.fork),
    ):
        if flag is not None:
            yield Condition(what, _yes(flag), _yes(is_so), flag is is_so)


def _any(what: str, wanted: tuple[str, ...], found: tuple[str, ...] | None) -> Condition:
    if found is None:
        return Condition(what, _list(wanted), "not known", None)
    known = {text.casefold() for text in found}
    holds = any(text.casefold() in known for text in wanted)
    return Condition(what, _list(wanted), _list(found) or "nothing", holds)


def _named(globs: Iterable[str], repository: Attributes) -> bool:
    name = repository.name.casefold()
    return any(fnmatchcase(name, glob.casefold()) for glob in globs)


def _property(properties: Mapping[str, tuple[str, ...]] | None, name: str) -> tuple[str, ...] | None:
    if properties is None:
        return None
    wanted = name.casefold()
    return next((values for known, values in properties.items() if known.casefold() == wanted), ())


def _one(language: str | None) -> tuple[str, ...] | None:
    if language is None:
        return None
    return (language,) if language else ()


def _all(outcomes: Iterable[bool | None]) -> bool | None:
    found = list(outcomes)
    if False in found:
        return False
    return None if None in found else True


def _list(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _yes(flag: bool) -> str:
    return "true" if flag else "false"
