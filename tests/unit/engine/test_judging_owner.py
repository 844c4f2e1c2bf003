"""Checks of the organisation itself are judged from what its owner tells, and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.engine.context import Context
from bot.engine.evaluate import freeze
from bot.engine.judging_owner import judge_owner, named_in
from bot.engine.scanning import PATIENCE
from bot.json_nodes import Node
from bot.model.attributes import Described
from bot.model.code_owners import NamedOwners
from bot.model.errors import LimitReached, PermissionMissing, Unavailable
from bot.model.facts import CodeOwner, Codeowners, Repository
from bot.model.verdicts import Reason, Scope, Unknown
from bot.ports import Installation, StoredOrganisation, StoredVerdict
from bot.registry import load
from jobs.judge_organisation import JudgeOrganisation, judge_organisation

NOW = datetime(2026, 3, 14, tzinfo=UTC)
REGISTRY = load(plugins=False)
OWN = sorted(spec.name for spec in REGISTRY.checks.values() if spec.scope is Scope.ORGANISATION)
RIGHTS = dict.fromkeys(("organization_administration", "organization_hooks", "members"), "read")
OWNED = Codeowners("CODEOWNERS", "o" * 40, owners=(CodeOwner("@ann", 1),))
ACME = Installation(7, "acme", 70, "Organization", RIGHTS, suspended=False)


@dataclass
class Refusing:
    """An owner who tells nothing."""

    error: Exception
    login: str = "acme"
    organisation: bool = True

    def graph(self, *_: Any, **__: Any) -> Node:
        raise self.error

    def rest(self, *_: Any, **__: Any) -> Node | None:
        raise self.error


@dataclass
class Kept:
    """The store, as far as it is needed."""

    acme: Installation | None = ACME
    verdicts: dict[str, StoredVerdict] = field(default_factory=dict)
    policy: StoredOrganisation | None = None
    facts: dict[int, dict[str, Any]] = field(default_factory=lambda: {1: freeze({"codeowners": OWNED})})

    def installation(self, _: int) -> Installation | None:
        return self.acme

    def installations(self) -> list[Installation]:
        return [ACME, replace(ACME, id=8, suspended=True), replace(ACME, id=9)]

    def organisation(self, _: int) -> StoredOrganisation | None:
        return self.policy

    def organisation_verdicts(self, _: int) -> dict[str, StoredVerdict]:
        return dict(self.verdicts)

    def save_organisation_verdicts(self, _: int, verdicts: Iterable[StoredVerdict]) -> None:
        self.verdicts |= {v.check: v for v in verdicts}

    def repository_named(self, *_: Any) -> None:
        return None

    def repositories(self, _: int) -> list[Repository]:
        return [Repository(number, f"acme/r{number}", "main") for number in self.facts]

    def described(self, _: int) -> dict[int, Described]:
        return {}

    def facts_of(self, numbers: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from ((number, self.facts[number]) for number in numbers)


def context(
    store: Kept, error: Exception, *, attempt: int = 1, submitted: list[Any] | None = None
) -> Context:
    runtime = SimpleNamespace(
        registry=REGISTRY,
        store=store,
        clock=SimpleNamespace(now=lambda: NOW),
        github=SimpleNamespace(owner=lambda *_: Refusing(error)),
        submit=(submitted if submitted is not None else []).extend,
    )
    return cast("Context", SimpleNamespace(runtime=runtime, claim=SimpleNamespace(attempt=attempt)))


def test_owners_are_those_of_repositories_that_are_looked_after() -> None:
    """Archived ones and forks ask nobody for a review; what could not be read is counted."""
    repositories = [
        Repository(1, "acme/api", "main"),
        Repository(2, "acme/old", "main", archived=True),
        Repository(3, "acme/fork", "main", fork=True),
        Repository(4, "acme/none", "main"),
        Repository(5, "acme/lost", "main"),
    ]
    said = [OWNED, OWNED, OWNED, None, Unknown(Reason.FAULT, "away")]

    found = named_in(zip(repositories, said, strict=True))

    assert found == NamedOwners({"acme/api": ("@ann",)}, unread=1)


def test_a_repository_that_is_not_looked_after_is_not_asked() -> None:
    """The organisation does not want to hear of it."""
    text = "enrol: {exclude: [{names: r1}]}\n"
    store = Kept(policy=StoredOrganisation(NOW, 1, "acme/.github", "c" * 40, "o" * 40, text, "o" * 40))
    judge_owner(context(store, DENIED), 7)

    assert store.verdicts["departed-owners"].last_outcome == "not-applicable"


DENIED = PermissionMissing("no", permission="organization_administration: read")


def test_every_check_of_the_organisation_is_judged_and_kept() -> None:
    """What may not be read is unknown, with the permission that would help."""
    store = Kept()

    assert judge_owner(context(store, DENIED), 7) == len(OWN) > 0
    assert sorted(store.verdicts) == OWN
    assert {(v.last_outcome, v.reason) for v in store.verdicts.values()} == {("unknown", "permission")}
    assert all(v.permission for v in store.verdicts.values())


def test_what_can_not_be_read_keeps_its_last_verdict() -> None:
    """As for repositories."""
    old = StoredVerdict(OWN[0], "fail", 3, "s", ("x",), 1, "", NOW, NOW, "fail")
    store = Kept(verdicts={OWN[0]: old})
    judge_owner(context(store, DENIED), 7)

    assert (store.verdicts[OWN[0]].outcome, store.verdicts[OWN[0]].last_outcome) == ("fail", "unknown")


def test_what_policy_disables_for_all_is_off() -> None:
    """The organisation's defaults count for itself, too."""
    text = f"defaults:\n  checks:\n    {OWN[0]}: {{enabled: false}}\n"
    store = Kept(policy=StoredOrganisation(NOW, 1, "acme/.github", "c" * 40, "o" * 40, text, "o" * 40))

    assert judge_owner(context(store, DENIED), 7) == len(OWN) - 1
    assert OWN[0] not in store.verdicts


@pytest.mark.parametrize(
    "installation",
    [None, replace(ACME, account_type="User"), replace(ACME, suspended=True)],
    ids=["unknown", "a person", "suspended"],
)
def test_nothing_is_asked_where_there_is_no_organisation(installation: Installation | None) -> None:
    """A person's account has no members, and one that is gone tells nothing."""
    store = Kept(acme=installation)

    assert judge_owner(context(store, AssertionError("asked")), 7) == 0
    assert store.verdicts == {}


def test_a_limit_comes_back_and_a_fault_is_patient_for_a_while() -> None:
    """Then what is away is unknown."""
    store = Kept()
    with pytest.raises(LimitReached):
        judge_owner(context(store, LimitReached("later", until=NOW, resource="core")), 7)
    with pytest.raises(Unavailable):
        judge_owner(context(store, Unavailable("away")), 7)
    judge_owner(context(store, Unavailable("away"), attempt=PATIENCE), 7)

    assert {v.reason for v in store.verdicts.values()} == {"fault"}


def test_once_a_day_each_installation_gets_work_of_its_own() -> None:
    """Suspended ones are passed over; the work of one is done at once."""
    submitted: list[Any] = []
    store = Kept()
    judge_organisation(JudgeOrganisation(), context(store, DENIED, submitted=submitted))
    assert [item.payload.key for item in submitted] == ["judge-organisation:7", "judge-organisation:9"]
    assert store.verdicts == {}

    judge_organisation(JudgeOrganisation(installation_id=7), context(store, DENIED))
    assert store.verdicts
