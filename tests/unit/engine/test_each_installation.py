"""Work for every installation is spread over them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.engine.context import Runtime
from bot.engine.each_installation import submit_for_each
from bot.model.events import Lane
from bot.ports import Installation
from bot.spec import Submission
from jobs.judge_organisation import JudgeOrganisation


def test_each_gets_a_piece_of_its_own_and_suspended_ones_get_none() -> None:
    """In the lane of sweeps, as nobody waits for it."""
    installed = [Installation(n, "acme", n, "Organization", {}, suspended=n == 8) for n in (7, 8, 9)]
    submitted: list[Any] = []
    runtime = SimpleNamespace(store=SimpleNamespace(installations=lambda: installed), submit=submitted.extend)

    submit_for_each(cast("Runtime", runtime), JudgeOrganisation())

    assert submitted == [Submission(JudgeOrganisation(installation_id=n), Lane.SWEEP) for n in (7, 9)]
