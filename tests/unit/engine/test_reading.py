"""Functions run until nothing is wanted, each document for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.engine.evaluate import Collection, Kept, freeze
from bot.engine.reading import ROUNDS, read_facts, settle, settle_all
from bot.model.errors import Gone, InstallationGone, LimitReached, Scarce, Unavailable
from bot.model.verdicts import Reason, Unknown
from bot.ports import Later, RepoReader, Wanted
from bot.registry import Registry
from bot.selections import Selection
from bot.spec import SPEC_ATTRIBUTE, Source, fact


class CountingBatch:
    """A batch that only counts its documents."""

    points = 0

    def __init__(self) -> None:
        self.fetched = 0

    def reader(self, repository_id: int) -> RepoReader:
        raise NotImplementedError

    def declare(self, selections: Iterable[Selection]) -> None:
        raise NotImplementedError

    def fetch(self) -> None:
        self.fetched += 1

    def allow_rest(self, allowed: bool) -> None:
        raise NotImplementedError


def after(batch: CountingBatch, documents: int, value: str) -> Callable[[], str]:
    """A function that wants so many documents before it answers."""

    def ask() -> str:
        if batch.fetched < documents:
            raise Wanted
        return value

    return ask


def test_one_document_serves_all_that_want_it() -> None:
    """Three repositories that want two documents each cost two documents."""
    batch = CountingBatch()

    assert settle_all(batch, [after(batch, 2, v) for v in "abc"]) == ["a", "b", "c"]
    assert batch.fetched == 2


def test_what_is_there_costs_nothing() -> None:
    """No document without a want."""
    batch = CountingBatch()

    assert settle(batch, lambda: 1) == 1
    assert batch.fetched == 0


def test_a_repository_that_is_gone_harms_no_other() -> None:
    """The others are read; who reads one alone is told."""
    batch = CountingBatch()

    def gone() -> str:
        raise Gone("deleted")

    found = settle_all(batch, [gone, after(batch, 1, "b")])

    assert isinstance(found[0], Gone)
    assert found[1] == "b"
    with pytest.raises(Gone, match="deleted"):
        settle(batch, gone)


@pytest.mark.parametrize("error", [InstallationGone("x"), Unavailable("x")])
def test_what_concerns_all_ends_the_reading(error: Exception) -> None:
    """An installation that is gone, and a passing fault: the work as a whole is looked at again."""

    def raising() -> str:
        raise error

    with pytest.raises(type(error)):
        settle_all(CountingBatch(), [raising])


def test_a_limit_is_passed_on() -> None:
    """It is a date, for the ledger."""

    def limited() -> str:
        raise LimitReached("later", until=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(LimitReached):
        settle(CountingBatch(), limited)


def test_wanting_has_an_end() -> None:
    """Who never has enough is a passing fault, and no endless loop."""
    batch = CountingBatch()

    with pytest.raises(Unavailable, match=str(ROUNDS)):
        settle(batch, after(batch, 10**6, "never"))
    assert batch.fetched == ROUNDS


# The second pass

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMIT = LimitReached("GitHub asks to wait", until=NOW + timedelta(minutes=1))


@fact("files", permission="contents: read", cost="a document")
def files(reader: Any) -> str:
    return reader.document("files")


@fact("hooks", permission="hooks: read", cost="a call", rest=True, keep_s=60)
def hooks(reader: Any) -> str:
    return reader.rest("hooks")


@fact("token", permission="actions: read", cost="a call", rest=True)
def token(reader: Any, default: str | Unknown) -> str:
    return f"{reader.rest('token')}, {default}"


@fact("default", permission="actions: read", cost="a call for all")
def default(owner: Any) -> str:
    return owner.rest("default")


@fact("odd", permission="contents: read", cost="a document, and a call for what it can not tell")
def odd(reader: Any) -> str:
    return f"{reader.document('odd')} {reader.rest('odd')}"


@fact("nested", permission="contents: read", cost="a call, and then a document", rest=True)
def nested(reader: Any) -> str:
    return f"{reader.rest('nested')} {reader.document('nested')}"


@fact("both", permission="contents: read", cost="nothing of its own")
def both(files: str, hooks: str) -> str:
    return f"{files} and {hooks}"


KNOWN = Registry(
    {},
    {name: getattr(f, SPEC_ATTRIBUTE) for name, f in list(globals().items()) if hasattr(f, SPEC_ATTRIBUTE)},
    (),
    {},
)


@dataclass
class PassingBatch(CountingBatch):
    """A batch that notes in which order what was asked; ``errors`` is raised by what it names."""

    errors: Mapping[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    allowed: bool = True
    fetched: int = 0

    def allow_rest(self, allowed: bool) -> None:
        self.allowed = allowed

    def fetch(self) -> None:
        self.asked.append("document")
        if error := self.errors.get(f"document {self.fetched + 1}"):
            raise error
        self.fetched += 1

    def call(self, name: str) -> str:
        self.asked.append(name)
        if error := self.errors.get(name):
            raise error
        return name


@dataclass
class PassingReader:
    """One repository of it."""

    batch: PassingBatch
    name: str
    since: dict[str, int] = field(default_factory=dict)

    def document(self, name: str) -> str:
        if self.batch.fetched <= self.since.setdefault(name, self.batch.fetched):
            raise Wanted
        return name

    def rest(self, name: str) -> str:
        if not self.batch.allowed:
            raise Later
        return self.batch.call(f"{self.name} {name}")


@dataclass
class PassingOwner:
    """Theirs."""

    batch: PassingBatch

    def rest(self, name: str) -> str:
        return self.batch.call(name)


def reading(
    batch: PassingBatch, *names: str, of: str = "a", kept: Mapping[str, Any] | None = None, **options: Any
) -> Collection:
    inputs = {"reader": PassingReader(batch, of), "owner": PassingOwner(batch), "now": NOW}
    keeping = Kept(freeze(kept or {}))
    return Collection(KNOWN, names, inputs, kept=keeping, **{"tolerate": False, **options})


def test_documents_come_first_then_owners_then_repositories() -> None:
    """For all repositories, whatever their facts need in turn."""
    batch = PassingBatch()
    names = ("odd", "token", "hooks", "files", "both")

    told = read_facts(batch, [reading(batch, *names, of="a"), reading(batch, *names, of="b")])

    assert batch.asked[:3] == ["document", "default", "default"]
    assert sorted(batch.asked[3:]) == [f"{of} {name}" for of in "ab" for name in ("hooks", "odd", "token")]
    for of, facts in zip("ab", told, strict=True):
        assert not isinstance(facts, Gone)
        assert (facts["both"], facts["odd"]) == (f"files and {of} hooks", f"odd {of} odd")


@pytest.mark.parametrize("error", [LIMIT, Unavailable("502")])
def test_what_goes_wrong_among_documents_ends_the_reading(error: Exception) -> None:
    """There is nothing yet that could be judged."""
    batch = PassingBatch(errors={"document 1": error})

    with pytest.raises(type(error)):
        read_facts(batch, [reading(batch, "files", "hooks")])
    assert batch.allowed


@pytest.mark.parametrize(
    ("where", "lost"),
    [
        pytest.param("default", {"default"}, id="an owner's call"),
        pytest.param("a hooks", {"hooks", "both"}, id="a repository's call"),
        pytest.param("a odd", {"odd"}, id="a call that nobody foresaw"),
        pytest.param("document 2", {"nested"}, id="a late document"),
    ],
)
@pytest.mark.parametrize(
    ("error", "reason"), [(LIMIT, Reason.LIMIT), (Unavailable("502"), Reason.FAULT)], ids=["limit", "fault"]
)
def test_what_goes_wrong_later_leaves_what_documents_told(
    where: str, lost: set[str], error: Exception, reason: Reason
) -> None:
    """What it was that went wrong is noted, so that somebody can come back."""
    batch = PassingBatch(errors={where: error})
    collecting = reading(batch, "files", "both", "odd", "token", "nested")

    (facts,) = read_facts(batch, [collecting])

    assert not isinstance(facts, Gone)
    unknown = {name: value for name, value in facts.items() if isinstance(value, Unknown)}
    assert unknown.keys() == lost
    assert {value.reason for value in unknown.values()} == {reason}
    assert facts["files"] == "files"
    assert collecting.interrupted is error


def test_a_fault_that_is_tolerated_is_only_told() -> None:
    """Nobody comes back for it by itself."""
    batch = PassingBatch(errors={"a hooks": Unavailable("502")})
    collecting = reading(batch, "hooks", tolerate=True)

    (facts,) = read_facts(batch, [collecting])

    assert not isinstance(facts, Gone)
    assert facts["hooks"] == Unknown(Reason.FAULT, "502")
    assert collecting.interrupted is None


@pytest.mark.parametrize("error", [LIMIT, Scarce("few calls are left")])
@pytest.mark.parametrize(
    ("age_s", "expected"),
    [pytest.param(59, "kept", id="young"), pytest.param(60, None, id="old")],
)
def test_limits_leave_what_is_kept_even_to_who_wants_it_fresh(
    error: Exception, age_s: int, expected: str | None
) -> None:
    """A person's wish reads anew what can be read."""
    kept = {"hooks": "kept", "@read": {"hooks": NOW - timedelta(seconds=age_s)}}
    batch = PassingBatch(errors={"a hooks": error})

    (limited,) = read_facts(batch, [reading(batch, "hooks", kept=kept, fresh=True)])
    (asked,) = read_facts(PassingBatch(), [reading(PassingBatch(), "hooks", kept=kept, fresh=True)])

    assert not isinstance(limited, Gone)
    assert not isinstance(asked, Gone)
    assert (limited["hooks"] if expected else getattr(limited["hooks"], "reason", None)) == (
        expected or Reason.LIMIT
    )
    assert asked["hooks"] == "a hooks"


def test_one_that_goes_between_the_passes_harms_no_other() -> None:
    """It is gone, and is asked nothing more."""
    batch = PassingBatch(errors={"a hooks": Gone("deleted")})

    told = read_facts(batch, [reading(batch, "hooks", "files"), reading(batch, "hooks", of="b")])

    assert isinstance(told[0], Gone)
    assert not isinstance(told[1], Gone)
    assert told[1]["hooks"] == "b hooks"


def test_where_a_fact_comes_from() -> None:
    """It says so itself, or what it takes says it."""
    assert {name: spec.source for name, spec in KNOWN.facts.items()} == {
        "files": Source.DOCUMENTS,
        "odd": Source.DOCUMENTS,
        "default": Source.ORGANISATION,
        "both": Source.FACTS,
        **dict.fromkeys(("hooks", "token", "nested"), Source.REPOSITORY),
    }
    with pytest.raises(ValueError, match="takes reader"):
        fact("wrong", permission="", cost="", rest=True)(lambda owner, reader: None)
