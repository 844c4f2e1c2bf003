"""What is listed, and what each branch still holds."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.facts import branches as fact
from bot.facts.branches import MAX_COMPARES
from bot.model.facts import Branch, Comparison, DefaultHead, PullRequest, Repository, SideBranch, SideBranches
from bot.model.protection import Enforcement, Requirements, Ruleset, Rulesets
from bot.model.verdicts import Reason, Unknown

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")
NO_RULES = Rulesets(())


def compared(head: str, *, ahead: int = 1, at: datetime | None = NOW) -> Comparison:
    return Comparison("m", head, ahead, 2, "b", NOW, at)


def pull(number: int, head: str, *, base: str = "main", repository: int | None = 1) -> PullRequest:
    return PullRequest(number, "open", False, "t", base, "m", head, head, repository, "someone", NOW, NOW)


def side(reader) -> SideBranches:
    return fact.side_branches(
        reader,
        REPOSITORY,
        fact.branches(reader, NO_RULES, REPOSITORY),
        fact.open_pull_requests(reader),
        fact.default_head(reader, "main"),
    )


def put(reader, *branches: Branch) -> None:
    reader.known_branches = [Branch("main", "m"), *branches]
    reader.comparisons = {b.head: compared(b.head) for b in branches}


def test_the_default_head_is_dated(reader):
    """One call for the commit, one for its date; none without a default branch."""
    put(reader)
    reader.dates = {"m": NOW}

    assert fact.default_head(reader, "main") == DefaultHead("main", "m", NOW)
    assert fact.default_head(reader, "") is None
    assert reader.dated == ["m"]


def test_a_branch_is_compared_for_its_date_and_what_it_holds(reader):
    """Nothing ahead means that all of it is merged; the default branch is not among them."""
    put(reader, Branch("done", "d"), Branch("work", "w"))
    reader.comparisons["d"] = compared("d", ahead=0)

    assert side(reader) == SideBranches(
        "main", (SideBranch("done", NOW, merged=True), SideBranch("work", NOW, merged=False))
    )


def test_a_date_that_the_comparison_does_not_tell_is_asked_for(reader):
    """That is so for a branch with several commits that lacks none."""
    put(reader, Branch("work", "w"))
    reader.comparisons["w"] = compared("w", ahead=3, at=None)
    reader.dates = {"w": NOW - timedelta(days=1)}

    assert side(reader).measured[0].committed_at == NOW - timedelta(days=1)


def test_no_call_is_spent_on_what_is_in_use(reader):
    """Protected branches, and those that pull requests come from or go into."""
    put(reader, Branch("a", "a", protected=True), Branch("b", "b"), Branch("c", "c"), Branch("d", "m"))
    reader.comparisons = {"m": compared("m", ahead=0)}
    reader.pulls = [pull(7, "b"), pull(8, "x", base="c", repository=9), pull(9, "d", repository=9)]

    found = side(reader)

    assert reader.compared == ["m"]
    assert [(b.name, b.protected, b.pull_request) for b in found.measured] == [
        ("a", True, None),
        ("b", False, 7),
        ("c", False, 8),
        ("d", False, None),
    ]
    assert found.measured[3].at_default_head


def test_what_the_cap_leaves_out_is_counted(reader):
    """Also that there are more than were listed."""
    put(reader, *(Branch(f"b{n:03}", f"h{n}") for n in range(MAX_COMPARES + 3)))
    assert (len(side(reader).measured), side(reader).unmeasured) == (MAX_COMPARES, 3)

    put(reader, *(Branch(f"b{n:03}", f"h{n}") for n in range(120)))
    assert side(reader).unmeasured == 99 - MAX_COMPARES + 1


def test_what_is_gone_meanwhile_is_nothing(reader):
    """It was listed and is gone when it is looked at."""
    put(reader, Branch("work", "w"))
    reader.comparisons = {}

    assert side(reader).measured == ()


def test_more_pull_requests_than_listed_are_told(reader):
    """A branch may have one of those."""
    put(reader)
    assert side(reader).pull_requests

    reader.pulls = [pull(n, f"b{n}") for n in range(101)]
    assert not side(reader).pull_requests


def test_a_clone_tells_all_by_itself(reader):
    """Nothing is compared; it holds no pull requests; a shallow one does not know what is merged."""
    reader.local = True
    put(reader, Branch("a", "a", committed_at=NOW, merged=True), Branch("b", "b", committed_at=NOW))

    assert side(reader).measured == (SideBranch("a", NOW, merged=True), SideBranch("b", NOW, merged=None))
    assert reader.compared == []
    assert fact.open_pull_requests(reader).known is False


@pytest.mark.parametrize(("local", "expected"), [(True, 149), (False, 100)])
def test_a_clone_lists_more(reader, local, expected):
    """As it costs nothing."""
    reader.local = local
    reader.known_branches = [Branch(f"b{n:03}", "h") for n in range(149)]

    assert len(fact.branches(reader, NO_RULES, REPOSITORY).listed) == expected


def test_without_a_default_branch_nothing_is_looked_at(reader):
    """An empty repository."""
    found = fact.side_branches(
        reader, REPOSITORY, fact.branches(reader, NO_RULES, REPOSITORY), fact.open_pull_requests(reader), None
    )

    assert found == SideBranches("", ())


def ruleset(*include: str, enforcement: Enforcement = Enforcement.ACTIVE, rules: int = 1) -> Rulesets:
    return Rulesets((Ruleset("kept", "acme/tool", enforcement, include, (), Requirements(), rules),))


@pytest.mark.parametrize(
    ("rulesets", "expected"),
    [
        pytest.param(ruleset("refs/heads/old/**/*"), {"old/one"}, id="named by a pattern"),
        pytest.param(ruleset("~DEFAULT_BRANCH"), {"main"}, id="the default one"),
        pytest.param(ruleset("~ALL"), set(), id="all alike"),
        pytest.param(ruleset("refs/heads/**/*", enforcement=Enforcement.EVALUATE), set(), id="tried out"),
        pytest.param(ruleset("refs/heads/**/*", rules=0), set(), id="without a rule"),
        pytest.param(Unknown(Reason.FAULT, "not read"), set(), id="not known"),
    ],
)
def test_a_branch_that_a_ruleset_names_is_protected(reader, rulesets, expected):
    """As by a classic rule, of which the list tells."""
    reader.known_branches = [
        Branch("classic", "c", protected=True),
        Branch("main", "m"),
        Branch("old/one", "o"),
    ]

    found = fact.branches(reader, rulesets, REPOSITORY)

    assert {branch.name for branch in found.listed if branch.protected} == {"classic", *expected}
