"""Check 29: commits of the default branch are tested where they land."""

from __future__ import annotations

from bot.model.commits import CommitChecks
from bot.model.facts import Repository
from bot.model.verdicts import Evidence, Place, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import check


@check("tests-run", family="ci", severity=Severity.MEDIUM, number=29)
def tests_run(checked_commits: tuple[CommitChecks, ...], repository: Repository) -> Verdict:
    """Recent commits of the default branch carry results of checks other than ours.

    Any check run or commit status counts, whatever it says; one at the head is enough, and where
    the head has none (workflows may leave some files out) the newest commits before it are read.

    Why: changes that pass alone can fail together, and only a run where they land shows it.
    Fix: let a workflow that tests start `on: push` to the default branch too, not on pull requests
    alone.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#ci-tests
    """
    if repository.archived:
        return not_applicable("the repository is archived: its checks do not run")
    if not checked_commits:
        return not_applicable("the repository has no commit")
    for number, commit in enumerate(checked_commits):
        if commit.others:
            where = "the head" if number == 0 else f"{commit.oid[:7]}, {counted(number, 'commit')} before it"
            more = "more than " if commit.more else ""
            return passed(f"{more}{counted(len(commit.others), 'check')} reported at {where}")
    newest = f"newest {len(checked_commits)} commits" if len(checked_commits) > 1 else "newest commits"
    return failed(
        f"no check but our own reported at the {newest}",
        Evidence("no check runs and no commit statuses", Place(branch=repository.default_branch), key="none"),
    )
