"""Check 27: the default branch passes its checks."""

from __future__ import annotations

from bot.checks.ci.results import no_result, standing
from bot.model.commits import CommitChecks, RecentCommits
from bot.model.facts import Repository
from bot.model.verdicts import (
    Evidence,
    Place,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import check


@check("default-green", family="ci", severity=Severity.HIGH, number=27)
def default_green(
    checked_commits: tuple[CommitChecks, ...], recent_commits: RecentCommits, repository: Repository
) -> Verdict:
    """The newest commit of the default branch with results passed all its checks.

    Our own check runs do not count, and while checks are running the commit before is judged. What
    was skipped or is neutral passed; what was cancelled or timed out did not.

    Why: on a red branch nobody sees what their own change breaks, and no release can be cut.
    Fix: open the failed checks, mend or revert; remove checks that nobody intends to mend.
    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
    """
    if repository.archived:
        return not_applicable("the repository is archived: its checks do not run")
    stands = standing(checked_commits, recent_commits)
    if stands is None:
        return not_applicable(no_result(checked_commits))
    before = counted(stands.before_head, "commit")
    which = (
        f"the newest with results and {before} before the head of" if stands.before_head else "the head of"
    )
    where = f"{stands.short}, {which} the default branch"
    if stands.green:
        return passed(f"{where}, is green")
    branch = Place(branch=repository.default_branch)
    evidence = [
        Evidence(f"{check.name}: {check.said.replace('_', ' ')}", branch, key=check.name)
        for check in stands.failed
    ]
    told = f"{counted(len(evidence), 'check')} failed at {where}" if evidence else f"{where}, is red"
    return failed(told, *(evidence or [Evidence("its checks failed together", branch, key="rollup")]))
