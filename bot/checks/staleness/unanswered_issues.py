"""Check 48: whoever opens an issue is answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Repository
from bot.model.issues import OpenIssue, OpenIssues, Standing
from bot.model.verdicts import (
    Evidence,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.unanswered-issues``."""

    max_days: int = Field(default=30, ge=1, description="Days that an issue may wait for an answer.")
    contributors: bool = Field(
        default=True,
        description="An answer of somebody who has contributed counts like a member's. Members who hide "
        "their membership are shown as contributors where `members: read` is not granted.",
    )
    min_unanswered: int = Field(
        default=1, ge=1, le=30, description="With fewer issues than this without an answer all is well."
    )


@check("unanswered-issues", family="staleness", severity=Severity.LOW, config=Config, number=48)
def unanswered_issues(
    open_issues: OpenIssues, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """The oldest open issues were answered within a month where people from outside opened them.

    At most 30 are looked at, with their first comments; an issue that is talked about longer than that
    counts as answered. Issues of members and of bots do not count, nor do answers of bots; an issue in
    a milestone was seen by somebody.

    Why: who is not answered does not report the next fault, nor propose to mend it.
    Fix: answer, put the issue into a milestone, or close it with the reason.
    Source: https://github.com/github/issue-metrics#readme
    """
    if repository.archived:
        return not_applicable("the repository is archived: nobody can answer")
    if not repository.has_issues:
        return not_applicable("issues are switched off")
    counting = [
        issue for issue in open_issues.oldest if issue.standing in (Standing.CONTRIBUTOR, Standing.OTHER)
    ]
    waiting = [issue for issue in counting if not _answered(issue, config)]
    late = [issue for issue in waiting if now >= _ends(issue, config)]
    until = min((_ends(issue, config) for issue in waiting if now < _ends(issue, config)), default=None)
    # Issues of bots do not count: ours is one of them, and must not change what is said.
    people = sum(issue.standing is not Standing.BOT for issue in open_issues.oldest)
    looked_at = f"the oldest {people}" if open_issues.more else f"{people}"
    if len(late) >= config.min_unanswered:
        have = "has" if len(late) == 1 else "have"
        return failed(
            f"{counted(len(late), 'issue')} of {looked_at} open {have} no answer "
            f"after {counted(config.max_days, 'day')}",
            *(_evidence(issue) for issue in sorted(late, key=lambda i: (i.created_at, i.number))),
            valid_until=until,
        )
    if not people:
        return passed("nobody has an issue open")
    few = f", {len(late)} late" if late else ""
    return passed(
        f"{counted(len(counting), 'issue')} from outside among {looked_at} open, "
        f"{len(waiting)} without an answer yet{few}",
        valid_until=until,
    )


def _answered(issue: OpenIssue, config: Config) -> bool:
    if issue.milestone or Standing.MEMBER in issue.replies:
        return True
    if config.contributors and Standing.CONTRIBUTOR in issue.replies:
        return True
    # Among comments that were not looked at there may be an answer: nobody is blamed for not looking.
    return issue.more_replies


def _ends(issue: OpenIssue, config: Config) -> datetime:
    # The limit itself is still fine, so the first moment after it is meant.
    return issue.created_at + timedelta(days=config.max_days, seconds=1)


def _evidence(issue: OpenIssue) -> Evidence:
    others = [standing for standing in issue.replies if standing is not Standing.BOT]
    said = "only people from outside wrote there" if others else "nobody answered"
    return Evidence(
        f"#{issue.number}, open since {issue.created_at:%Y-%m-%d}: {said}", key=f"issue:{issue.number}"
    )
