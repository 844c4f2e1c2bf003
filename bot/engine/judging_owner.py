"""Judging an organisation itself: checks whose facts its owner alone can tell."""

from __future__ import annotations

from bot.config.cascade import effective_policy
from bot.config.organisation import layers
from bot.config.selection import Selection
from bot.engine import delta
from bot.engine.context import Context
from bot.engine.evaluate import Collection, judge, needed_facts
from bot.engine.governing import kept_organisation
from bot.engine.reading import granted
from bot.engine.scanning import PATIENCE
from bot.model.verdicts import Scope

ORGANISATION = "Organization"
"""The account's type, as GitHub names it; a person's account has nothing to judge."""


def judge_owner(context: Context, installation_id: int) -> int:
    """Judge what the organisation's defaults enable, and keep the verdicts for the roll-up.

    Returns:
        How many checks were judged.

    Raises:
        LimitReached, Unavailable: it can be tried again.
    """
    runtime = context.runtime
    registry, store, now = runtime.registry, runtime.store, runtime.clock.now()
    installation = store.installation(installation_id)
    if installation is None or installation.suspended or installation.account_type != ORGANISATION:
        return 0
    said = layers(kept_organisation(registry, store, installation_id), Selection(), 0)
    policy, _ = effective_policy(said, registry.checks)
    reading = Collection(
        registry,
        needed_facts(registry, policy, scope=Scope.ORGANISATION),
        {"owner": runtime.github.owner(installation_id, installation.account), "now": now},
        tolerate=context.claim.attempt >= PATIENCE,
        granted=granted(runtime, installation_id),
    )
    if not reading.step():
        raise RuntimeError("an owner's reader that reads alone wants a document")
    judged = judge(registry, policy, reading.facts, now, scope=Scope.ORGANISATION)
    before = store.organisation_verdicts(installation_id)
    beside = delta.circumstances(judged, policy, now.date())
    # There is no commit: whatever changed was a setting.
    store.save_organisation_verdicts(installation_id, delta.to_store(before, judged, "", now, beside))
    return len(judged)
