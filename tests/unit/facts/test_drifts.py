"""Which branches are compared, in which order, and what is said of the rest."""

from datetime import UTC, datetime, timedelta

from bot.facts import branches
from bot.facts import drifts as fact
from bot.facts.drifts import MAX_COMPARES
from bot.model.facts import Branch, Comparison, Drifts, PullRequest, Repository
from bot.model.protection import Rulesets

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def compared(head: str) -> Comparison:
    return Comparison("m", head, 1, 2, "b", NOW)


def pull(
    number: int, head: str, *, base: str = "main", repository: int | None = 1, sha: str = ""
) -> PullRequest:
    return PullRequest(
        number, "open", False, "t", base, "m", head, sha or head, repository, "someone", NOW, NOW
    )


def put(reader, *branches: Branch) -> None:
    reader.known_branches = [Branch("main", "m"), *branches]
    reader.comparisons = {b.head: compared(b.head) for b in branches}


def drifts(reader, branch: str = "main") -> Drifts:
    return fact.drifts(
        reader,
        REPOSITORY,
        branches.branches(reader, Rulesets(()), REPOSITORY),
        branches.open_pull_requests(reader),
        branches.default_head(reader, branch),
        NOW,
    )


def test_pull_requests_come_first_and_stand_for_their_branches(reader):
    """A branch with an open pull request is measured once, under its number."""
    put(reader, Branch("idea", "i"), Branch("work", "w"))
    reader.pulls = [pull(7, "work", sha="w")]

    found = drifts(reader)

    assert [(d.branch, d.pull_request) for d in found.measured] == [("work", 7), ("idea", None)]
    assert (found.target, found.unmeasured) == ("main", 0)


def test_a_forks_branch_of_the_same_name_is_another_branch(reader):
    """The fork's pull request does not hide our own branch."""
    put(reader, Branch("work", "w"))
    reader.pulls = [pull(7, "work", repository=99, sha="f"), pull(8, "gone", repository=None, sha="g")]
    reader.comparisons |= {"f": compared("f"), "g": compared("g")}

    assert [d.pull_request for d in drifts(reader).measured] == [7, 8, None]


def test_pull_requests_into_other_branches_are_left_out(reader):
    """They need not keep up with this one; their branch is looked at by itself."""
    put(reader, Branch("work", "w"))
    reader.pulls = [pull(7, "work", base="release", sha="w")]

    assert [d.pull_request for d in drifts(reader).measured] == [None]


def test_newest_branches_are_measured_first_and_dormant_ones_not(reader):
    """Where dates are told, they decide what the cap is spent on."""
    days = {"old": 100, "new": 1, "dormant": 400}
    put(
        reader,
        *(Branch(n, n, committed_at=NOW - timedelta(days=d)) for n, d in days.items()),
        Branch("undated", "u"),
    )

    found = drifts(reader)

    assert [d.branch for d in found.measured] == ["new", "old", "undated"]
    assert "dormant" not in reader.compared


def test_what_the_cap_leaves_out_is_counted(reader):
    """Its number, and the newest date in it where all are known."""
    put(
        reader,
        *(Branch(f"b{n:02}", f"h{n}", committed_at=NOW - timedelta(days=n)) for n in range(MAX_COMPARES + 2)),
    )

    found = drifts(reader)

    assert (len(found.measured), found.unmeasured) == (MAX_COMPARES, 2)
    assert found.unmeasured_head_at == NOW - timedelta(days=MAX_COMPARES)


def test_more_branches_than_are_listed_are_counted_without_a_date(reader):
    """More pages exist: nothing is known of them."""
    put(reader, *(Branch(f"b{n:03}", "h") for n in range(120)))

    found = drifts(reader)

    assert found.unmeasured == 99 - MAX_COMPARES + 1
    assert found.unmeasured_head_at is None


def test_a_branch_deleted_meanwhile_is_nothing(reader):
    """It was listed and is gone when it is compared."""
    put(reader, Branch("work", "w"))
    reader.comparisons = {}

    assert drifts(reader).measured == ()


def test_without_a_target_nothing_is_asked(reader):
    """An empty repository has no default branch."""
    assert drifts(reader, "").target == ""
