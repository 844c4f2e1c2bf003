"""Check 56: whoever maintains can bring open pull requests up to date."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Drifts, OpenPullRequests, PullRequest, Repository
from bot.model.protection import Enforcement, Ruleset, Rulesets
from bot.model.verdicts import (
    Evidence,
    Outcome,
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
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.update-blocked``."""

    min_behind: int = Field(
        default=1, ge=1, description="With fewer commits than this behind, an update is not called for."
    )
    drafts: bool = Field(default=False, description="Judge drafts as well.")
    bots: bool = Field(
        default=False,
        description="Judge pull requests of bots as well; most bring them up to date themselves.",
    )


@check("update-blocked", family="alignment", severity=Severity.LOW, config=Config, number=56)
def update_blocked(
    open_pull_requests: OpenPullRequests,
    drifts: Drifts,
    rulesets: Rulesets,
    repository: Repository,
    config: Config,
) -> Verdict:
    """Open pull requests that are behind can be brought up to date by who maintains the repository.

    They can not where a fork does not let maintainers edit its branch, or where a ruleset locks the
    branch or lets only pull requests change it, and exempts nobody. Classic rules do not count, as not
    everybody may see them. Nor does it count that the repository does not always offer updates: where
    branches must be up to date GitHub offers them all the same.

    Why: such a pull request waits for its author, however ready it is.
    Fix: ask the author to allow edits by maintainers, or to update it; leave branches that people work
    on out of the ruleset.
    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/working-with-forks/allowing-changes-to-a-pull-request-branch-created-from-a-fork
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    if not open_pull_requests.known:
        return unknown("a clone does not hold pull requests", Reason.PERMISSION)
    behind = {d.pull_request: d.comparison.behind for d in drifts.measured if d.pull_request is not None}
    looked_at = [pull for pull in open_pull_requests.listed if _counts(pull, drifts.target, config)]
    late = [pull for pull in looked_at if behind.get(pull.number, 0) >= config.min_behind]
    blocked = [(pull, why) for pull in late if (why := _why(pull, rulesets, repository))]
    if blocked:
        return failed(
            f"{counted(len(blocked), 'pull request')} behind {drifts.target} can not be updated by who "
            "maintains the repository",
            *(_evidence(pull, why, behind[pull.number]) for pull, why in blocked),
        )
    silent = [pull for pull in late if pull.cross_repository and pull.maintainer_can_modify is None]
    unmeasured = [pull for pull in looked_at if pull.number not in behind]
    unseen = len(silent) + len(unmeasured) + int(open_pull_requests.more)
    if unseen:
        return Verdict(
            Outcome.UNKNOWN,
            f"no pull request found that can not be updated; of at least {unseen} it is not known",
            reason=Reason.LIMIT,
        )
    if not late:
        return passed("no open pull request is behind")
    return passed(f"{counted(len(late), 'open pull request')} behind {drifts.target} can be updated")


def _counts(pull: PullRequest, target: str, config: Config) -> bool:
    wanted = (config.drafts or not pull.draft) and (config.bots or not pull.bot)
    return wanted and pull.base_branch == target


def _why(pull: PullRequest, rulesets: Rulesets, repository: Repository) -> str:
    """What keeps others from updating it; empty when nothing does."""
    if pull.cross_repository:
        if pull.maintainer_can_modify:
            # It is there, then, also where a private fork is not for us to see.
            return ""
        if pull.head_repository_id is None:
            return "the fork that it comes from was deleted, or can not be seen"
        return "its author does not let maintainers edit it" if pull.maintainer_can_modify is False else ""
    for ruleset in rulesets.listed:
        if _binds(ruleset, pull.head_branch, repository.default_branch):
            if ruleset.requirements.locked:
                return f"the ruleset {ruleset.name} locks {pull.head_branch}"
            if ruleset.requirements.pull_request:
                return f"the ruleset {ruleset.name} lets only pull requests change {pull.head_branch}"
    return ""


def _binds(ruleset: Ruleset, branch: str, default_branch: str) -> bool:
    if ruleset.enforcement is not Enforcement.ACTIVE or any(actor.always for actor in ruleset.bypass or ()):
        return False
    return ruleset.reaches(branch, default_branch)


def _evidence(pull: PullRequest, why: str, behind: int) -> Evidence:
    return Evidence(
        f"#{pull.number} ({pull.head_branch}) is {counted(behind, 'commit')} behind: {why}",
        Place(branch=pull.head_branch),
        key=f"pull:{pull.number}",
    )
