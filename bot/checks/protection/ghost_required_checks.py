"""Check 21: what rules demand can be had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import Protection, ReportedChecks, Requirements
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import check


@check(
    "ghost-required-checks",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=21,
)
def ghost_required_checks(
    protection: Protection, reported_checks: ReportedChecks, repository: Repository
) -> Verdict:
    """Every check that rules require of the default branch has reported lately, and no two rules conflict.

    Looked at are the head of the default branch and those of the pull requests into it that were
    worked on last.

    Why: a pull request waits for ever for a check that nobody runs any more, such as a job that was
    renamed, until somebody with the right to bypass the rules makes that a habit.
    Fix: take the listed checks from the rule, or rename the job back; let rules that conflict demand
    the same.
    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    demands = found.requirements
    conflicts = tuple(_conflicts(demands, protection))
    ghosts = tuple(_ghosts(demands, reported_checks, found.branch))
    # Without pull requests to look at, a check may be one that runs for them alone.
    seen = reported_checks.pull_requests > 0 and not reported_checks.more
    evidence = (*(ghosts if seen else ()), *conflicts)
    if evidence:
        return failed(f"{counted(len(evidence), 'demand')} on {found.branch} that can not be met", *evidence)
    if ghosts:
        return unknown(
            f"{counted(len(ghosts), 'required check')} did not report on {found.branch}; no recent pull "
            "request shows whether they do there",
            Reason.LIMIT,
        )
    if found.unread:
        return undecided("require a check that does not report", found.unread)
    if not demands.checks:
        return not_applicable(f"no check is required of {found.branch}")
    return passed(f"{counted(len(demands.checks), 'required check')} reported lately")


def _ghosts(demands: Requirements, reported: ReportedChecks, branch: str) -> Iterator[Evidence]:
    for required in demands.checks:
        if reported.shows(required):
            continue
        if reported.named(required.context):
            said = f"{required.context} is required from App {required.app_id}, but another App reports it"
        else:
            said = f"{required.context} is required, but never reported lately"
        yield Evidence(said, Place(branch=branch), key=f"ghost:{required.context}")


def _conflicts(demands: Requirements, protection: Protection) -> Iterator[Evidence]:
    place = Place(branch=protection.default_branch)
    apps: dict[str, set[int]] = defaultdict(set)
    for required in demands.checks:
        if required.app_id is not None:
            apps[required.context].add(required.app_id)
    for context, ids in apps.items():
        if len(ids) > 1:
            named = ", ".join(str(number) for number in sorted(ids))
            yield Evidence(
                f"{context} is required from several Apps at once: {named}", place, key=f"apps:{context}"
            )
    if demands.merge_methods == ():
        yield Evidence("together, the rules allow no way to merge", place, key="merge-methods")
    if demands.linear and demands.merge_methods == ("merge",):
        yield Evidence(
            "one rule demands a linear history, another allows merge commits alone", place, key="linear"
        )
    for rule in protection.classic_rules(protection.default_branch)[1:]:
        if not demands.cover(rule.requirements):
            yield Evidence(
                f"the {rule.name} demands more, but only one classic rule counts for a branch",
                place,
                key=f"shadowed:{rule.pattern}",
                severity=Severity.LOW,
            )
