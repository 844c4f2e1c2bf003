"""Property tests: the same in every run, unless new examples are asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

RANDOM = os.environ.get("PLUMBLINE_RANDOM_TESTS") == "1"


def tried() -> list[int]:
    """The examples that one run of a property test tries."""
    seen: list[int] = []

    @settings(max_examples=30)
    @given(number=st.integers())
    def holds(number: int) -> None:
        seen.append(number)

    holds()
    return seen


@pytest.mark.skipif(RANDOM, reason="new examples are asked for")
def test_two_runs_try_the_same_examples() -> None:
    """A failure in one run is a failure in every run of the same code."""
    assert tried() == tried() != []


def test_no_example_has_a_deadline() -> None:
    """A slow machine is no fault."""
    assert settings().deadline is None
