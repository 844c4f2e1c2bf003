"""Under which names checks have reported lately, as far as rules ask for them."""

from __future__ import annotations

from bot.facts.head_checks import REPORTED, commit_checks
from bot.model.commits import CommitChecks
from bot.model.protection import Protection, ReportedChecks, RequiredCheck
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import fact

PULL_REQUEST_CHECKS = Selection(
    "pullRequests(states: [OPEN, MERGED], first: 5, orderBy: {field: UPDATED_AT, direction: DESC}) "
    "{ totalCount nodes { baseRefName commits(last: 1) "
    f"{{ nodes {{ commit {{ oid committedDate {REPORTED} }} }} }} }} }}"
)


@fact(
    "reported_checks",
    permission="contents: read, pull_requests: read, checks: read, statuses: read",
    cost="eleven connections, only where a required check did not report at the default branch's head",
)
def reported_checks(
    reader: RepoReader, protection: Protection, head_checks: CommitChecks | None
) -> ReportedChecks:
    """What reported at the head of the default branch and of the last pull requests into it.

    Pull requests are asked for only where the default branch does not show all that is required, as
    many checks run for pull requests alone.
    """
    required = protection.default.requirements.checks
    commits = [head_checks] if head_checks else []
    found = _gathered(commits, 0)
    if all(found.shows(check) for check in required):
        return found
    asked = reader.graph({"pulls": PULL_REQUEST_CHECKS}, "pull_requests: read")["pulls"]
    heads = [
        commit_checks(node["commit"])
        for pull in asked.nodes()
        if pull["baseRefName"].text() == protection.default_branch
        for node in pull["commits"].nodes()
    ]
    return _gathered([*commits, *heads], len(heads))


def _gathered(commits: list[CommitChecks], pull_requests: int) -> ReportedChecks:
    seen = dict.fromkeys(
        RequiredCheck(check.name, check.app_id) for commit in commits for check in commit.reported
    )
    return ReportedChecks(tuple(seen), pull_requests, any(commit.more for commit in commits))
