"""Which repositories a policy means, and what people are told of it."""

from __future__ import annotations

import time

import pytest

from bot.config.selection import Enrolment, Selector, enrolled, look
from bot.model.attributes import Attributes, Described
from bot.model.facts import Repository, Visibility

REPOSITORY = Attributes(
    "Api-Gateway",
    Visibility.INTERNAL,
    described=Described(("service", "go"), "Go", ("core",), {"Tier": ("1",), "owners": ()}),
)
UNKNOWN = Attributes("new")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        pytest.param(Selector(names=("api-*",)), True, id="name"),
        pytest.param(Selector(names=("x", "API-GATEWAY")), True, id="one of the names"),
        pytest.param(Selector(names=("api",)), False, id="a glob is for the whole name"),
        pytest.param(Selector(names=("[!x]pi-?ateway",)), True, id="sets and single letters"),
        pytest.param(Selector(topics=("Service",)), True, id="topic"),
        pytest.param(Selector(topics=("python",)), False, id="other topic"),
        pytest.param(Selector(teams=("CORE",)), True, id="team"),
        pytest.param(Selector(languages=("go", "rust")), True, id="language"),
        pytest.param(Selector(visibility=(Visibility.PUBLIC,)), False, id="visibility"),
        pytest.param(Selector(properties={"tier": ("1", "2")}), True, id="property"),
        pytest.param(Selector(properties={"tier": ("2",)}), False, id="other value"),
        pytest.param(Selector(properties={"owners": ("x",)}), False, id="property without a value"),
        pytest.param(Selector(properties={"none": ("x",)}), False, id="property that nobody set"),
        pytest.param(Selector(archived=False, fork=False), True, id="flags"),
        pytest.param(Selector(archived=True), False, id="not archived"),
        pytest.param(Selector(topics=("go",), teams=("other",)), False, id="all must hold"),
    ],
)
def test_holds_a_repository_against_a_selector(selector: Selector, expected: bool) -> None:
    """All conditions that are given, any entry of each."""
    assert look("x", selector, REPOSITORY).holds is expected


@pytest.mark.parametrize(
    "selector",
    [
        Selector(topics=("a",)),
        Selector(teams=("a",)),
        Selector(languages=("a",)),
        Selector(properties={"a": ("b",)}),
        Selector(names=("new",), topics=("a",)),
    ],
)
def test_what_is_not_known_is_neither_yes_nor_no(selector: Selector) -> None:
    """A missing permission decides nothing."""
    assert look("x", selector, UNKNOWN).holds is None


@pytest.mark.fault
@pytest.mark.untraced
def test_ke11_patterns_made_to_be_slow() -> None:
    """A name of GitHub's greatest length against the longest pattern, many times over."""
    slow = Selector(names=tuple(f"{'*a' * 49}{n % 10}" for n in range(200)))
    began = time.process_time()

    assert look("slow", slow, Attributes("a" * 100)).holds is False
    assert time.process_time() - began < 2


def test_one_condition_that_fails_decides_whatever_else_is_not_known() -> None:
    """All must hold."""
    assert look("x", Selector(names=("old",), topics=("a",)), UNKNOWN).holds is False


def test_a_repository_without_a_language_has_none() -> None:
    """That is known."""
    found = look("x", Selector(languages=("go",)), Attributes("n", described=Described(language="")))

    assert [(c.wanted, c.found, c.holds) for c in found.conditions] == [("go", "nothing", False)]


GATEWAYS = Selector(names=("api-*",), line=4)
TAGGED = Selector(topics=("x",), line=5)


@pytest.mark.parametrize(
    ("enrolment", "repository", "expected", "why"),
    [
        pytest.param(Enrolment(), UNKNOWN, True, "All repositories are enrolled.", id="all"),
        pytest.param(
            Enrolment((GATEWAYS,)), REPOSITORY, True, "Enrolled by line 4: names is Api-Gateway.", id="in"
        ),
        pytest.param(
            Enrolment((GATEWAYS,)), UNKNOWN, False, "None of the 1 selectors that enrol fits it.", id="out"
        ),
        pytest.param(
            Enrolment(None, (GATEWAYS,)),
            REPOSITORY,
            False,
            "Excluded by line 4: names is Api-Gateway.",
            id="excluded",
        ),
        pytest.param(
            Enrolment((GATEWAYS, TAGGED)),
            UNKNOWN,
            False,
            "Line 5 may enrol it: topics is not known.",
            id="perhaps in",
        ),
        pytest.param(
            Enrolment(None, (TAGGED,)),
            UNKNOWN,
            False,
            "Line 5 may exclude it: topics is not known.",
            id="perhaps excluded",
        ),
    ],
)
def test_says_why_a_repository_is_enrolled(
    enrolment: Enrolment, repository: Attributes, expected: bool, why: str
) -> None:
    """Exclusion is stronger, and what is not known leaves a repository alone."""
    found = enrolled(enrolment, repository)

    assert found[:2] == (expected, why)


def test_takes_what_github_tells_of_a_repository() -> None:
    """Name without the owner."""
    repository = Repository(1, "acme/tool", "main", Visibility.PUBLIC, archived=True, fork=True)

    assert Attributes.of(repository) == Attributes("tool", Visibility.PUBLIC, True, True)
