"""Spreads work that is meant for every installation: each gets a piece of its own."""

from __future__ import annotations

from bot.engine.context import Runtime
from bot.model.events import Lane
from bot.spec import Payload, Submission


def submit_for_each(runtime: Runtime, payload: Payload) -> None:
    """Submit a job's payload once for every installation that is not suspended, in the lane of sweeps."""
    runtime.submit(
        Submission(payload.model_copy(update={"installation_id": installation.id}), Lane.SWEEP)
        for installation in runtime.store.installations()
        if not installation.suspended
    )
