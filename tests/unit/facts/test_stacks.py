"""Where open pull requests go, and which build on each other."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.facts.stacks import MAX_CALLS, MAX_COMPARES, pull_request_bases, stacks
from bot.model.alignment import PullRequestBase, PullRequestBases, Stacked, Stacks
from bot.model.errors import PermissionMissing
from bot.model.facts import (
    Branch,
    Branches,
    Comparison,
    DefaultHead,
    OpenPullRequests,
    PullRequest,
    Repository,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")
HEAD = DefaultHead("main", "m", NOW)


def pull(number: int, head: str, base: str = "main", repository: int | None = 1) -> PullRequest:
    at = NOW + timedelta(days=number)
    return PullRequest(number, "open", False, "t", base, "m", head, f"{head}-sha", repository, "x", at, at)


def bases(
    reader, pulls: list[PullRequest], *branches: Branch, more: bool = False, unlisted: bool = False
) -> PullRequestBases:
    reader.known_branches = list(branches)
    return pull_request_bases(
        reader, REPOSITORY, Branches(branches, unlisted), OpenPullRequests(tuple(pulls), more), HEAD
    )


def test_tells_every_base_but_the_default_branch(reader):
    """With who goes into it, the oldest first, and who would merge it."""
    pulls = [pull(9, "c", "b"), pull(8, "x", "b"), pull(7, "b"), pull(6, "y", "b", repository=2)]
    told = bases(reader, pulls, Branch("main", "m"), Branch("b", "b-sha", merged=False))

    assert told == PullRequestBases(
        "main",
        (
            PullRequestBase(
                "b",
                exists=True,
                protected=False,
                merged=False,
                proposed_by=7,
                pulls=tuple((n, NOW + timedelta(days=n)) for n in (6, 8, 9)),
            ),
        ),
        4,
    )
    assert reader.compared == []


@pytest.mark.parametrize(("ahead", "merged"), [(0, True), (1, False)])
def test_compares_what_the_list_did_not_tell(reader, ahead, merged):
    """A base without commits of its own was merged, or never had any."""
    reader.comparisons = {"b-sha": Comparison("m", "b-sha", ahead, 5, "c", NOW)}
    told = bases(reader, [pull(8, "x", "b")], Branch("b", "b-sha"))

    assert told.bases[0].merged is merged
    assert reader.compared == ["b-sha"]


def test_a_fork_proposes_a_branch_of_its_own(reader):
    """Though it has the same name."""
    told = bases(reader, [pull(7, "b", repository=2), pull(8, "x", "b")], Branch("b", "s", merged=False))

    assert told.bases[0].proposed_by is None


def test_a_base_in_use_costs_no_call(reader):
    """Protected, or proposed itself."""
    pulls = [pull(7, "b"), pull(8, "x", "b"), pull(9, "y", "p")]
    told = bases(reader, pulls, Branch("b", "s"), Branch("p", "t", protected=True))

    assert [(b.name, b.protected, b.merged) for b in told.bases] == [("b", False, None), ("p", True, None)]
    assert reader.compared == []


def test_a_base_that_is_not_listed_may_be_there_all_the_same(reader):
    """It is asked for when not all were listed."""
    assert bases(reader, [pull(8, "x", "b")], Branch("main", "m")).bases[0].exists is False
    reader.known_branches = [Branch("b", "s")]
    told = pull_request_bases(
        reader, REPOSITORY, Branches((), more=True), OpenPullRequests((pull(8, "x", "b"),), more=True), HEAD
    )
    assert (told.bases[0].exists, told.bases[0].merged, told.more) == (True, None, True)


def test_a_base_that_was_deleted_meanwhile_is_not_there(reader):
    """Listed, but its commit can not be compared any more."""
    assert bases(reader, [pull(8, "x", "b")], Branch("b", "gone")).bases[0].exists is False


def test_calls_are_capped(reader):
    """What is left over is not known."""
    branches = [Branch(f"b{n}", f"s{n}") for n in range(MAX_CALLS + 2)]
    reader.comparisons = {b.head: Comparison("m", b.head, 1, 0, "c", NOW) for b in branches}
    told = bases(reader, [pull(n, f"x{n}", f"b{n}") for n in range(MAX_CALLS + 2)], *branches)

    assert [b.merged for b in told.bases] == [False] * MAX_CALLS + [None] * 2


def test_compares_each_with_the_one_below(reader):
    """By what is the head of each now."""
    reader.comparisons = {
        "c-sha": Comparison("b-sha", "c-sha", 3, 2, "x", NOW),
        "d-sha": Comparison("c-sha", "d-sha", 3, 7, None),
    }
    pulls = (pull(9, "d", "c"), pull(8, "c", "b"), pull(7, "b"), pull(6, "e", "gone"), pull(5, "f", "b", 2))
    told = stacks(reader, REPOSITORY, OpenPullRequests(pulls, more=True))

    assert told == Stacks(
        (Stacked(8, "c", 7, "b", 2), Stacked(9, "d", 8, "c", 7, related=False)), 0, more=True
    )
    # The fork's head could not be compared any more.
    assert reader.compared == ["f-sha", "c-sha", "d-sha"]


def test_a_branch_into_itself_is_no_stack(reader):
    """Nor is a fork's branch of the base's name below anything."""
    pulls = (pull(7, "b", "b"), pull(8, "x", "main"), pull(9, "main", "main", 2))

    assert stacks(reader, REPOSITORY, OpenPullRequests(pulls)) == Stacks(())


def test_comparisons_are_capped(reader):
    """What is left over is counted."""
    pulls = [pull(1, "b"), *(pull(n, f"c{n}", "b") for n in range(2, MAX_COMPARES + 5))]
    reader.comparisons = {p.head_sha: Comparison("b-sha", p.head_sha, 1, 0, "x", NOW) for p in pulls}
    told = stacks(reader, REPOSITORY, OpenPullRequests(tuple(pulls)))

    assert (len(told.measured), told.unmeasured) == (MAX_COMPARES, 3)


def test_a_clone_does_not_tell(reader):
    """No pull requests is not an answer there."""
    clone = OpenPullRequests((), known=False)

    with pytest.raises(PermissionMissing):
        stacks(reader, REPOSITORY, clone)
    with pytest.raises(PermissionMissing):
        pull_request_bases(reader, REPOSITORY, Branches(()), clone, HEAD)
    assert pull_request_bases(reader, REPOSITORY, Branches(()), OpenPullRequests(()), None).default == ""
