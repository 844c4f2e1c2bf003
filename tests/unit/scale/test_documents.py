"""Which repositories share a document, and for how many nodes it asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.scale.documents import HEAVIEST, LARGEST, SLOW_S, STEPS, Document, Pace, Pulse, plan, rounded
from bot.selections import SIZES


def pulse(key: str, branch: str = "main", **totals: int) -> Pulse:
    return Pulse(key, branch, totals)


def test_equal_repositories_come_together() -> None:
    """One document asks for the sizes that they all need, rounded up."""
    (document,) = plan([pulse("a", branches=3), pulse("b", branches=4)], ["branches"], compares=True)

    assert document == Document(("a", "b"), "main", {"branches": 5})


def test_branches_are_compared_with_one_name() -> None:
    """A document has one default branch where the fragment compares, and does not care where not."""
    pulses = [pulse("a", "main"), pulse("b", "trunk")]

    assert {d.default_branch for d in plan(pulses, [], compares=True)} == {"main", "trunk"}
    assert len(plan(pulses, [], compares=False)) == 1


def test_a_large_repository_does_not_make_the_small_ones_pay() -> None:
    """Like sizes come together, and a document asks for so many nodes at most."""
    small = [pulse(f"s{n:02}", pulls=1) for n in range(20)]
    documents = plan([pulse("big", pulls=100), *small], ["pulls"], compares=True)

    assert max(d.sizes["pulls"] for d in documents if "big" not in d.keys) == 1


def test_what_the_pulse_did_not_tell_is_asked_in_full() -> None:
    """Rather too many than too few."""
    (document,) = plan([pulse("a")], ["issues"], compares=True)

    assert document.sizes == {"issues": SIZES["issues"].most}


def test_too_heavy_is_halved_down_to_one_node() -> None:
    """First fewer repositories, then fewer nodes, then nothing is left to leave out."""
    document = Document(("a", "b", "c"), "main", {"branches": 3})

    assert [d.keys for d in document.halves()] == [("a",), ("b", "c")]
    (smaller,) = Document(("a",), "main", {"branches": 3}).halves()
    assert smaller.sizes == {"branches": 1}
    assert smaller.halves() == ()


PULSES = st.lists(
    st.builds(
        Pulse,
        st.text(min_size=1, max_size=8),
        st.sampled_from(["", "main", "master"]),
        st.dictionaries(st.sampled_from(sorted(SIZES)), st.integers(0, 5000)),
    ),
    max_size=60,
    unique_by=lambda p: p.key,
)


@given(PULSES, st.sets(st.sampled_from(sorted(SIZES))), st.booleans())
def test_every_repository_is_read_once_and_gets_what_it_needs(
    pulses: list[Pulse], sizes: set[str], compares: bool
) -> None:
    """Nobody is forgotten, nothing is asked beyond the largest page, and documents stay small."""
    documents = plan(pulses, sizes, compares=compares)

    assert sorted(key for d in documents for key in d.keys) == sorted(p.key for p in pulses)
    by_key = {p.key: p for p in pulses}
    for document in documents:
        assert len(document.keys) <= LARGEST
        assert len(document.keys) == 1 or sum(document.sizes.values()) * len(document.keys) <= HEAVIEST
        for key in document.keys:
            for name, size in document.sizes.items():
                total = by_key[key].totals.get(name, 10**6)
                assert size >= min(total, SIZES[name].most)
                assert 1 <= size <= SIZES[name].most


@given(st.sampled_from(sorted(SIZES)), st.integers(0, 10_000))
def test_sizes_are_steps(name: str, total: int) -> None:
    """So that many repositories find company."""
    assert rounded(name, total) in {*STEPS, SIZES[name].most}


def test_slow_documents_make_smaller_ones() -> None:
    """Half as many repositories after a slow one, one more after each quick and full one."""
    pace = Pace()
    pace.note(7, LARGEST, SLOW_S + 1)
    assert pace.largest(7) == LARGEST // 2

    pace.note(7, 3, 0.1)
    assert pace.largest(7) == LARGEST // 2, "a small document proves nothing"

    for _ in range(LARGEST):
        pace.note(7, pace.largest(7), 0.1)
    assert pace.largest(7) == LARGEST
    assert pace.largest(8) == LARGEST


def test_one_repository_is_the_least() -> None:
    """However slow it is."""
    pace = Pace()
    for _ in range(10):
        pace.note(7, 1, SLOW_S * 2)

    assert pace.largest(7) == 1
