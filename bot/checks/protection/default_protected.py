"""Check 17: some rule protects the default branch."""

from __future__ import annotations

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import Enforcement, Protection, Ruleset
from bot.model.verdicts import Audience, Evidence, Place, Severity, Verdict, counted, failed, passed
from bot.spec import check


@check(
    "default-protected",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=17,
)
def default_protected(protection: Protection, repository: Repository) -> Verdict:
    """A rule is in force for the default branch: a ruleset or classic branch protection.

    Rulesets of the organisation count; those that are only evaluated, or disabled, do not. What the
    rule demands is the matter of other checks.

    Why: without a rule, anybody who can write can push to the branch that everybody builds on, and
    rewrite or lose its history.
    Fix: under Settings, Rules, Rulesets, add a branch ruleset that targets the default branch and
    set it to active.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    if found.protected:
        return passed(
            f"{counted(len(found.sources), 'rule holds', 'rules hold')} for {found.branch}",
            *(Evidence(source.name, Place(branch=found.branch)) for source in found.sources),
        )
    if found.unread:
        return undecided(f"reach {found.branch}", found.unread)
    idle = [r for r in protection.rulesets if r.reaches(found.branch, found.branch)]
    return failed(f"no rule protects {found.branch}", *(_idle(r, found.branch) for r in idle))


def _idle(ruleset: Ruleset, branch: str) -> Evidence:
    if ruleset.enforcement is Enforcement.EVALUATE:
        why = "is only evaluated, not enforced"
    elif ruleset.enforcement is Enforcement.DISABLED:
        why = "is disabled"
    else:
        why = "has no rules"
    return Evidence(f"{ruleset.title} {why}", Place(branch=branch), key=f"idle:{ruleset.title}")
