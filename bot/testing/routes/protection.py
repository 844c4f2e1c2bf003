"""Classic branch protection."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.routing import Answer, Call, Refusal, in_repository
from bot.testing.settings import protection_of


@in_repository("GET", "/branches/{branch+}/protection", "administration=read")
def protection(call: Call) -> Answer:
    """The classic rule that is in force for a branch; 404 when there is none, rulesets or not."""
    branch = call.params["branch"]
    if branch not in call.repository.branches:
        raise Refusal(404, "Branch not found")
    rule = protection_of(call.repository, branch)
    if rule is None:
        raise Refusal(404, "Branch not protected")
    return Answer(200, shown.protection(call.world.render, call.repository, branch, rule))
