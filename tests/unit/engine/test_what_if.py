"""What a proposed policy of an organisation would bring, from what is kept alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, cast

import pytest
from pydantic import Field

from bot.config.organisation import OrganisationPolicy
from bot.config.organisation_file import read_organisation
from bot.config.settings import Publish
from bot.engine.evaluate import freeze
from bot.engine.what_if import Side, what_if
from bot.engine.wishes import WISH_EFFECT, kept_wish
from bot.model.attributes import Described
from bot.model.facts import Repository, Visibility
from bot.model.verdicts import Evidence, Reason, Severity, Unknown, Verdict, failed, passed
from bot.ports import Store, StoredEffect, StoredExemption, StoredFinding, StoredPolicy
from bot.registry import Registry, load
from bot.report.what_if import WhatIf
from bot.spec import Section, check, fact

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


class Most(Section):
    """Of the check below."""

    most: int = Field(default=5, description="How many.")


@fact("size", permission="metadata: read", cost="none")
def size() -> int:
    """A number."""
    return 0


@fact("other", permission="metadata: read", cost="none")
def other() -> int:
    """Another number."""
    return 0


@check("small", family="a", severity=Severity.MEDIUM, config=Most)
def small(size: int, config: Most) -> Verdict:
    """It is small.

    Why: because. Fix: shrink. Source: none.
    """
    if size <= config.most:
        return passed(f"{size} of {config.most}")
    return failed(
        f"{size} is more than {config.most}", *(Evidence(f"n{n}") for n in range(config.most, size))
    )


@check("odd", family="a", severity=Severity.LOW)
def odd(other: int) -> Verdict:
    """It is odd."""
    return passed("odd") if other % 2 else failed("even", "even")


SPECS = [function.__plumbline_spec__ for function in (small, odd)]  # type: ignore[attr-defined]
FACTS = [function.__plumbline_spec__ for function in (size, other)]  # type: ignore[attr-defined]
REGISTRY = Registry(
    checks=MappingProxyType({spec.name: spec for spec in SPECS}),
    facts=MappingProxyType({spec.name: spec for spec in FACTS}),
    handlers=(),
    jobs=MappingProxyType({}),
)


def given(check: str, until: date = date(2026, 4, 1), comment: int = 1) -> StoredExemption:
    return StoredExemption(check, "later", until, 5, comment, NOW - timedelta(days=2))


@dataclass
class Kept:
    """What a store keeps; facts that are asked for are noted."""

    listed: list[Repository]
    verdicts: dict[int, dict[str, StoredFinding]] = field(default_factory=dict)
    facts: dict[int, dict[str, object]] = field(default_factory=dict)
    files: dict[int, StoredPolicy] = field(default_factory=dict)
    given: dict[int, tuple[StoredExemption, ...]] = field(default_factory=dict)
    wishes: dict[int, tuple[StoredExemption, ...]] = field(default_factory=dict)
    about: dict[int, Described] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def repositories(self, _: int) -> list[Repository]:
        return self.listed

    def described(self, _: int) -> Mapping[int, Described]:
        return self.about

    def policies(self, ids: Sequence[int]) -> dict[int, StoredPolicy]:
        return {n: kept for n, kept in self.files.items() if n in ids}

    def exemptions_of(self, ids: Sequence[int]) -> dict[int, tuple[StoredExemption, ...]]:
        return {n: kept for n, kept in self.given.items() if n in ids}

    def effects_of(self, ids: Sequence[int], kind: str) -> dict[int, dict[str, StoredEffect]]:
        assert kind == WISH_EFFECT
        return {n: {w.check: kept_wish(w) for w in asked} for n, asked in self.wishes.items() if n in ids}

    def findings(self, ids: Sequence[int], checks: Any = None) -> dict[int, dict[str, StoredFinding]]:
        return {
            n: {
                name: kept
                for name, kept in verdicts.items()
                if checks is None or name in checks or kept.outcome == "fail"
            }
            for n, verdicts in self.verdicts.items()
            if n in ids
        }

    def facts_of(self, ids: Sequence[int]) -> Any:
        self.asked += ids
        for number in ids:
            if number in self.facts:
                yield number, freeze(self.facts[number])


def finding(name: str, outcome: str = "fail", severity: int = 2, *seen: str) -> StoredFinding:
    return StoredFinding(name, outcome, severity, seen, 1, "")


def repositories(count: int = 3) -> list[Repository]:
    return [Repository(n, f"acme/r{n}", "main", Visibility.PRIVATE) for n in range(1, count + 1)]


def kept() -> Kept:
    """Three repositories: of size 3, 7 and 9, so that the second and the third are too large."""
    store = Kept(repositories())
    for number, large in ((1, 3), (2, 7), (3, 9)):
        seen = [f"|n{n}" for n in range(5, large)]
        store.facts[number] = {"size": large, "other": 1}
        store.verdicts[number] = {
            "small": finding("small", "fail" if large > 5 else "pass", 2, *seen),
            "odd": finding("odd", "pass", 1),
        }
    return store


def policy(text: str) -> OrganisationPolicy:
    return read_organisation(text.encode(), REGISTRY.checks, where="acme/.github-private")


def foretold(store: Kept, before: str, after: str, *, head: Registry = REGISTRY) -> WhatIf:
    sides = Side(REGISTRY, policy(before)), Side(head, policy(after))
    return what_if(cast(Store, store), 7, *sides, NOW, operator=Publish.ADVISE)


def names(listed: Sequence[Repository]) -> list[str]:
    return [repository.name for repository in listed]


def test_a_limit_that_is_raised_turns_some_green() -> None:
    """Judged anew; what is said of another check is not touched."""
    found = foretold(kept(), "", "defaults: {checks: {small: {most: 7}}}")

    assert (names(found.red), names(found.green)) == ([], ["r2"])
    assert [(f.repository.name, f.check) for f in found.vanish] == [("r2", "small")]
    assert (found.checks["small"].vanish, found.checks["small"].other) == (1, 1), "two of four are gone"
    assert (found.repositories, found.concerned) == (3, 3)
    assert "odd" not in found.checks


def test_a_limit_that_is_lowered_turns_one_red() -> None:
    """With what it says then."""
    found = foretold(kept(), "", "defaults: {checks: {small: {most: 2}}}")

    assert (names(found.red), names(found.green)) == (["r1"], [])
    assert [(f.repository.name, f.severity, f.summary) for f in found.appear] == [
        ("r1", Severity.MEDIUM, "3 is more than 2")
    ]
    assert found.checks["small"].other == 2


def test_what_is_not_said_changes_nothing_and_reads_nothing() -> None:
    """The same policy in other words."""
    store = kept()
    found = foretold(store, "defaults: {fail_closed: false}", "\n\ndefaults: {fail_closed: false}")

    assert found.nothing
    assert (found.concerned, store.asked) == (0, [])


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("defaults: {checks: {small: {enabled: false}}}", id="switched off"),
        pytest.param(
            "defaults: {exemptions: [{check: small, reason: later, until: 2026-04-01}]}", id="exempted"
        ),
    ],
)
def test_what_is_switched_off_or_exempted_vanishes_without_facts(after: str) -> None:
    """Both that were red are green; no fact was read for it, as nothing is judged."""
    store = kept()
    found = foretold(store, "", after)

    assert names(found.green) == ["r2", "r3"]
    assert found.checks["small"].vanish == 2
    assert store.asked == []


def test_another_weight_needs_no_facts() -> None:
    """Unless an observation may have its own weight."""
    store = kept()
    found = foretold(store, "", "defaults: {checks: {small: {severity: critical}}}")

    assert (found.checks["small"].heavier, store.asked) == (2, [])
    back = foretold(kept(), "defaults: {checks: {small: {severity: high}}}", "")
    assert back.checks["small"].lighter == 2


def test_what_was_never_collected_is_not_foreseen() -> None:
    """Facts that were not kept, facts that nobody could read then, and repositories never judged."""
    store = kept()
    off = "defaults: {checks: {odd: {enabled: false}}}"
    for number in (1, 2, 3):
        del store.verdicts[number]["odd"]
    del store.facts[1]["other"]
    store.facts[2]["other"] = Unknown(Reason.FAULT, "GitHub was away")
    store.facts[3]["other"] = Unknown(Reason.PERMISSION, "not granted", "administration: read")

    found = foretold(store, off, "")

    assert found.checks["odd"].uncollected == found.uncollected == 2
    assert not found.appear


def test_a_check_that_is_switched_on_finds_what_is_kept() -> None:
    """Facts may be there although nobody asked: another check needs them, too."""
    store = kept()
    store.facts[2]["other"] = 4
    for number in (1, 2, 3):
        del store.verdicts[number]["odd"]

    found = foretold(store, "defaults: {checks: {odd: {enabled: false}}}", "")

    assert [(f.repository.name, f.check) for f in found.appear] == [("r2", "odd")]
    assert found.red == [], "it was red before"


def test_who_becomes_enrolled_and_who_is_left_alone() -> None:
    """A repository that was never judged is named; all findings of one that is left vanish."""
    store = kept()
    del store.facts[1], store.verdicts[1]

    found = foretold(store, "enrol: [{names: [r2, r3]}]", "enrol: [{names: [r1, r3]}]")

    assert (names(found.enrolled), names(found.left), names(found.never)) == (["r1"], ["r2"], ["r1"])
    assert names(found.green) == ["r2"]
    assert found.uncollected == 2
    assert found.repositories == 3


def test_locks_loudness_and_blocking() -> None:
    """Each is counted where it changes."""
    found = foretold(
        kept(),
        "defaults: {publish: observe}\nlock: [publish]",
        "defaults: {publish: {issues: all}, block: [small]}\nlock: [checks.small]\nrings: 100",
    )

    assert (found.locked, found.unlocked) == ({"checks.small": 3}, {"publish": 3})
    assert found.louder == {("observe", "issues: all"): 3}
    assert found.blocking == {"small": 3}
    assert not found.nothing


def test_a_repositorys_own_file_and_commands_stand_over_it() -> None:
    """The one keeps its own limit, the other its exemption."""
    store = kept()
    store.files[2] = StoredPolicy("o", "checks: {small: {most: 5}}\n", "c")
    store.given[3] = (StoredExemption("small", "later", date(2026, 4, 1), 1, 2, NOW),)

    found = foretold(store, "", "defaults: {checks: {small: {most: 1}}}")

    assert names(found.red) == ["r1"]
    assert [(f.repository.name) for f in found.appear] == ["r1"]
    assert found.checks["small"].other == 0

    locked = foretold(store, "", "defaults: {checks: {small: {most: 1}}}\nlock: [checks.small]\n")
    assert (names(locked.red), locked.checks["small"].other) == (["r1", "r3"], 1)


def test_counts_by_group_and_says_what_is_not_known() -> None:
    """The group that a repository is in then; a selector that nobody could look at so far."""
    groups = "groups: [{name: first, when: {names: r2}}, {name: old, when: {topics: legacy}}]\n"
    found = foretold(kept(), "", f"defaults: {{checks: {{small: {{most: 1}}}}}}\n{groups}")

    assert {name: (t.repositories, t.red, t.other) for name, t in found.groups.items()} == {
        "in no group": (2, 1, 1),
        "first": (1, 0, 1),
    }
    assert found.unsure == {"topics": 3}


def test_a_check_that_is_new_is_judged_by_the_same_function() -> None:
    """As one that a policy defines itself."""
    new = replace(SPECS[1], name="even")
    head = replace(REGISTRY, checks=MappingProxyType({**REGISTRY.checks, "even": new}))
    store = kept()
    store.facts[1]["other"] = 2

    found = foretold(store, "", "", head=head)

    assert [(f.repository.name, f.check) for f in found.appear] == [("r1", "even")]
    assert (names(found.red), found.concerned) == (["r1"], 3)


def test_an_archived_repository_is_left_out() -> None:
    """Nothing is written there."""
    store = kept()
    store.listed = [replace(r, archived=True) for r in store.listed]

    assert foretold(store, "", "defaults: {checks: {small: {most: 1}}}").nothing


def test_the_real_checks_can_be_compared() -> None:
    """Every check that there is, over facts of which none was kept."""
    registry = load(("bot.checks", "bot.facts"), plugins=False)
    off = "\n".join(f"    {name}: {{enabled: false}}" for name in registry.checks)
    before = read_organisation(f"defaults:\n  checks:\n{off}\n".encode(), registry.checks)
    after = read_organisation(b"# nothing\n", registry.checks)
    store = Kept(repositories(1))

    found = what_if(cast(Store, store), 7, Side(registry, before), Side(registry, after), NOW)

    assert found.uncollected == len(Side(registry, after).checks)


def test_other_rules_for_exempting_turn_nobody_red_or_green() -> None:
    """What was given stays in force; what still waits may be had without a second person.

    The check ``small`` is of medium severity, ``odd`` of low.
    """
    store = kept()
    store.given = {1: (given("small"),), 2: (given("odd"), given("small", date(2026, 3, 13)))}
    store.wishes = {3: (given("odd"),)}
    lenient = "exempt: {medium: maintain, low: {who: maintain, approval: true}}"
    strict = "exempt: {medium: {who: admin, approval: true}, low: maintain}"

    found = foretold(store, lenient, strict)

    assert (found.red, found.green, found.concerned, found.nothing) == ([], [], 0, False)
    assert [(rule.severities, rule.before, rule.after) for rule in found.exempting] == [
        (
            (Severity.LOW,),
            "the role maintain or more, with a second person",
            "the role maintain or more",
        ),
        (
            (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
            "the role maintain or more",
            "the role admin or more, with a second person",
        ),
    ]
    assert [(held.repository.name, held.check) for held in found.held] == [("r1", "small")]
    assert found.freed == 1
    back = foretold(store, strict, lenient)
    assert ([(h.repository.name, h.check) for h in back.held], back.freed) == ([("r2", "odd")], 0)


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        pytest.param("", "exempt: {medium: nobody}", ["r1"], id="nobody may any more"),
        pytest.param("exempt: {medium: nobody}", "", [], id="somebody may"),
        pytest.param("exempt: {medium: admin}", "exempt: {medium: maintain}", [], id="more people may"),
        pytest.param(
            "exempt: {high: nobody}",
            "exempt: {high: admin}\ndefaults: {checks: {small: {severity: critical}}}",
            ["r1"],
            id="it weighs more then",
        ),
        pytest.param(
            "enrol: [{names: r1}]", "enrol: [{names: r2}]\nexempt: {info: nobody}", [], id="left alone"
        ),
    ],
)
def test_only_what_a_stricter_rule_would_not_let_be_given_is_held(
    before: str, after: str, held: list[str]
) -> None:
    """By the severity that the organisation gives the check under each policy."""
    store = kept()
    store.given = {1: (given("small"), given("gone"))}

    assert [h.repository.name for h in foretold(store, before, after).held] == held


def test_the_same_rule_in_other_words_is_no_change() -> None:
    """What is said of a severity that no lower one says otherwise counts for it, too."""
    found = foretold(kept(), "exempt: {low: admin}", "exempt: {low: admin, high: admin}\n# more\n")

    assert (found.exempting, found.nothing) == ([], True)


TEXTS = "title: t, why: w, fix: f, severity: high"


def test_checks_that_policy_defines_are_judged_from_what_is_kept() -> None:
    """Those of a group in its repositories; one whose files nobody looked for is not foreseen."""
    registry = load(("bot.checks", "bot.facts"), plugins=False)
    off = "\n".join(f"    {name}: {{enabled: false}}" for name in registry.checks)
    store = Kept(repositories())
    for one in store.listed:
        store.facts[one.id] = {"repository": one, "custom_files": {}}
    store.files[3] = StoredPolicy("o", "checks: {acme-issues: {enabled: false}}\n", "c")
    rules = (
        f"      acme-issues: {{{TEXTS}, setting: {{name: has_issues, is: false}}}}\n"
        f"      acme-file: {{{TEXTS}, file: {{path: docs/a.md}}}}\n"
    )
    group = f"groups:\n- name: some\n  when: {{names: [r1, r3]}}\n  custom_checks:\n{rules}"
    base = f"defaults:\n  checks:\n{off}\n"
    sides = (Side(registry, read_organisation(t.encode(), registry.checks)) for t in (base, base + group))

    found = what_if(cast(Store, store), 7, *sides, NOW)

    assert [(f.repository.name, f.check) for f in found.appear] == [("r1", "acme-issues")]
    assert (names(found.red), found.checks["acme-file"].uncollected) == (["r1"], 2)
