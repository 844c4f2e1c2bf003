"""The soak of ``make soak``, for as long as a test may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import soak


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_kg8_load_and_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    figures = soak.soak(minutes=0.3, seed=20261120, root=tmp_path, repositories=5)

    assert figures["lost"] == 0, figures
    assert figures["doubled"] == 0, figures
    assert (figures["violations"], figures["problems"], figures["parked"]) == ([], [], []), figures
    assert figures["accepted"] > 20
    assert sum(figures["kills"].values()) >= 2
    assert figures["recovered_s"] < 120
