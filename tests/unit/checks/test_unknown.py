"""Every check: what it can not know is unknown, never red."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.config.policy import Policy
from bot.engine.evaluate import judge
from bot.model.verdicts import Outcome, Reason, Unknown, Verdict
from bot.registry import load

REGISTRY = load(plugins=False)
NOW = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize("check", sorted(REGISTRY.checks))
def test_without_its_facts_a_check_is_unknown(check: str) -> None:
    """It names the reason, and the permission that would help."""
    facts = {fact: Unknown(Reason.PERMISSION, "no", "contents: read") for fact in REGISTRY.facts}

    scope = REGISTRY.checks[check].scope
    verdicts = {judged.check: judged.verdict for judged in judge(REGISTRY, Policy(), facts, NOW, scope=scope)}

    assert verdicts[check] == Verdict(
        Outcome.UNKNOWN, "no", reason=Reason.PERMISSION, permission="contents: read"
    )
