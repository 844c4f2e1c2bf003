"""Rulesets of a repository and of an organisation, and the rules that are in force for a branch."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.render import Json
from bot.testing.routing import Answer, Call, in_organisation, in_repository, level_of, not_found
from bot.testing.settings import Ruleset, active_rules, rulesets_of


def _all(call: Call) -> list[Ruleset]:
    parents = call.query("includes_parents", "true") != "false"
    targets = {name for name in call.query("targets").split(",") if name}
    found = rulesets_of(call.repository, parents=parents)
    return [r for r in found if not targets or r.target in targets]


@in_repository("GET", "/rulesets", "metadata=read")
def rulesets(call: Call) -> Answer:
    """All that reach the repository, in any state, without their rules."""
    return call.page(_all(call), lambda r: shown.ruleset(call.world.render, r, full=False, bypass=False))


@in_repository("GET", "/rulesets/{ruleset_id}", "metadata=read")
def ruleset(call: Call) -> Answer:
    """One of them with its rules; who may bypass it is told only to who may change it."""
    wanted, token = call.number("ruleset_id"), call.credentials.token
    for found in _all(call):
        if found.id == wanted:
            own = found.source is call.repository
            right = "administration" if own else "organization_administration"
            writes = token is not None and level_of(token, right) >= 2
            return Answer(200, shown.ruleset(call.world.render, found, full=True, bypass=writes))
    raise not_found()


@in_repository("GET", "/rules/branches/{branch+}", "metadata=read")
def branch_rules(call: Call) -> Answer:
    """The active rules of all levels for a branch, which need not exist."""
    found = active_rules(call.repository, call.params["branch"])
    return call.page(found, lambda pair: shown.active_rule(*pair))


@in_organisation("GET", "/rulesets", "organization_administration=write")
def organisation_rulesets(call: Call) -> Answer:
    """The organisation's, without their rules."""
    found = call.organisation.settings.rulesets
    return call.page(found, lambda r: shown.ruleset(call.world.render, r, full=False, bypass=False))


@in_organisation("GET", "/rulesets/{ruleset_id}", "organization_administration=write")
def organisation_ruleset(call: Call) -> Answer:
    """One of them, with all there is."""
    wanted = call.number("ruleset_id")
    body: Json | None = next(
        (
            shown.ruleset(call.world.render, found, full=True, bypass=True)
            for found in call.organisation.settings.rulesets
            if found.id == wanted
        ),
        None,
    )
    if body is None:
        raise not_found()
    return Answer(200, body)
