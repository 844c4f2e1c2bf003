"""Rules for branches: classic protection and rulesets, as they hold together.

All rulesets that apply to a branch hold at once, and beside them one classic rule; of each demand the
strictest counts. A ruleset that is only evaluated, or disabled, demands nothing.

Sources: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets#about-rule-layering
and https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/managing-a-branch-protection-rule
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from bot.model.ref_patterns import WILDCARDS, matches
from bot.model.verdicts import Unknown

ADMINISTRATORS = "administrators of the repository"
"""Who a classic rule exempts unless it includes them; a ruleset names their role."""

RELEASES = (
    "release/*",
    "releases/*",
    "release-[0-9]*",
    "release[0-9]*",
    "rel/*",
    "rel-[0-9]*",
    "v[0-9]*",
    "[0-9]*.x",
    "[0-9].[0-9]*",
    "[0-9][0-9].[0-9]*",
    "stable",
    "stable/*",
    "stable-*",
    "*-stable",
    "lts*",
    "maint/*",
    "maintenance/*",
    "support/*",
)
"""Branches that releases are made from, by custom; patterns with ``*``, ``?`` and ``[...]``."""


class Reach(StrEnum):
    """What somebody may set aside."""

    ALL = "all"
    PULL_REQUEST = "pull-request"
    FORCE_PUSH = "force-push"


@dataclass(frozen=True, slots=True)
class BypassActor:
    """Who may set rules aside.

    Args:
        name: a role, team, App or person, in words.
        always: also when pushing; False means only when merging a pull request.
    """

    name: str
    always: bool = True
    reach: Reach = Reach.ALL


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A check or status that must pass; ``app_id`` None means from whichever source."""

    context: str
    app_id: int | None = None


@dataclass(frozen=True, slots=True)
class RequiredWorkflow:
    """A workflow that must pass; ``repository_id`` is where its file lies."""

    path: str
    repository_id: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """What rules demand of a branch; nothing by default.

    Args:
        approvals: of a pull request.
        last_push: somebody else than the last pusher approves.
        strict: a pull request must hold the newest state of the branch before it is merged.
        queue: pull requests are merged by the merge queue.
        locked: nobody may push, or only who may bypass.
        merge_methods: the only ones allowed (``merge``, ``squash``, ``rebase``); None means any.
        others: types of further rules in GitHub's words, sorted.
    """

    pull_request: bool = False
    approvals: int = 0
    code_owners: bool = False
    stale_dismissed: bool = False
    last_push: bool = False
    conversations: bool = False
    no_force_push: bool = False
    no_deletion: bool = False
    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    workflows: tuple[RequiredWorkflow, ...] = ()
    queue: bool = False
    signatures: bool = False
    linear: bool = False
    locked: bool = False
    merge_methods: tuple[str, ...] | None = None
    others: tuple[str, ...] = ()

    def stacked(self, other: Requirements) -> Requirements:
        """Both together: the strictest of each."""
        return Requirements(
            pull_request=self.pull_request or other.pull_request,
            approvals=max(self.approvals, other.approvals),
            code_owners=self.code_owners or other.code_owners,
            stale_dismissed=self.stale_dismissed or other.stale_dismissed,
            last_push=self.last_push or other.last_push,
            conversations=self.conversations or other.conversations,
            no_force_push=self.no_force_push or other.no_force_push,
            no_deletion=self.no_deletion or other.no_deletion,
            checks=tuple(dict.fromkeys((*self.checks, *other.checks))),
            strict=self.strict or other.strict,
            workflows=tuple(dict.fromkeys((*self.workflows, *other.workflows))),
            queue=self.queue or other.queue,
            signatures=self.signatures or other.signatures,
            linear=self.linear or other.linear,
            locked=self.locked or other.locked,
            merge_methods=_common(self.merge_methods, other.merge_methods),
            others=tuple(sorted({*self.others, *other.others})),
        )

    def cover(self, other: Requirements) -> bool:
        """Everything that ``other`` demands is demanded here."""
        return self.stacked(other) == self.stacked(self)

    def within(self, reach: Reach) -> Requirements:
        """The part of it that somebody of that reach may set aside."""
        if reach is Reach.FORCE_PUSH:
            return Requirements(no_force_push=self.no_force_push)
        if reach is Reach.PULL_REQUEST:
            return Requirements(
                pull_request=self.pull_request,
                approvals=self.approvals,
                code_owners=self.code_owners,
                stale_dismissed=self.stale_dismissed,
                last_push=self.last_push,
            )
        return self


def stacked(requirements: Iterable[Requirements]) -> Requirements:
    """All together: the strictest of each."""
    return reduce(Requirements.stacked, requirements, Requirements())


def _common(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return one if other is None else other
    return tuple(method for method in one if method in other)


@dataclass(frozen=True, slots=True)
class ClassicRule:
    """A classic branch protection rule.

    Args:
        created: numbers rules in the order of their creation.
        admins: administrators are not exempt.
        exempt: who else is exempt from a part of it.
    """

    pattern: str
    created: int
    requirements: Requirements
    admins: bool = False
    exempt: tuple[BypassActor, ...] = ()

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"classic rule for {self.pattern}"

    @property
    def bypass(self) -> tuple[BypassActor, ...]:
        """All who are exempt from it, or from a part of it."""
        return self.exempt if self.admins else (BypassActor(ADMINISTRATORS), *self.exempt)


class Enforcement(StrEnum):
    """Whether a ruleset is in force."""

    ACTIVE = "active"
    EVALUATE = "evaluate"
    DISABLED = "disabled"


DEFAULT_BRANCH = "~DEFAULT_BRANCH"
ALL_BRANCHES = "~ALL"
_BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset for branches, of the repository or of what is above it.

    Args:
        source: whose it is: the name of a repository, organisation or enterprise.
        include, exclude: patterns of full names (``refs/heads/...``), ``~DEFAULT_BRANCH``, ``~ALL``.
        rules: how many it has.
        bypass: None when GitHub does not tell.
        above: it belongs to the organisation or the enterprise.
    """

    name: str
    source: str
    enforcement: Enforcement
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    requirements: Requirements
    rules: int = 1
    bypass: tuple[BypassActor, ...] | None = ()
    above: bool = False

    def reaches(self, branch: str, default_branch: str) -> bool:
        """It is meant for that branch, whether it is in force or not."""

        def named(patterns: tuple[str, ...]) -> bool:
            ref = _BRANCHES + branch
            return any(
                pattern == ALL_BRANCHES
                or (pattern == DEFAULT_BRANCH and branch == default_branch)
                or matches(pattern, ref)
                for pattern in patterns
            )

        return named(self.include) and not named(self.exclude)

    @property
    def names_some(self) -> bool:
        """It is meant for branches that it names, not for all of them alike."""
        return ALL_BRANCHES not in self.include

    @property
    def title(self) -> str:
        """How reports call it."""
        return f"ruleset {self.name} of {self.source}"


@dataclass(frozen=True, slots=True)
class RuleSource:
    """One ruleset or classic rule that holds for a branch; ``bypass`` None when it is not told.

    Args:
        above: it belongs to the organisation or the enterprise.
    """

    name: str
    requirements: Requirements
    bypass: tuple[BypassActor, ...] | None = ()
    above: bool = False

    def binds(self, actor: str) -> Requirements:
        """What of it somebody can not set aside when pushing."""
        found = self.requirements
        for other in self.bypass or ():
            if other.name == actor and other.always:
                found = _without(found, other.reach)
        return found


def _without(requirements: Requirements, reach: Reach) -> Requirements:
    nothing = Requirements()
    part = requirements.within(reach)
    dropped = {
        name: getattr(nothing, name)
        for name in Requirements.__dataclass_fields__
        if getattr(part, name) != getattr(nothing, name)
    }
    return replace(requirements, **dropped)


@dataclass(frozen=True, slots=True)
class EffectiveProtection:
    """What holds for one branch.

    Args:
        sources: rules it comes from.
        unread: why there may be more rules than these; None when these are all. What is demanded
            is demanded all the same, as further rules only add to it.
    """

    branch: str
    sources: tuple[RuleSource, ...]
    unread: Unknown | None = None

    @property
    def requirements(self) -> Requirements:
        """All demands together."""
        return stacked(source.requirements for source in self.sources)

    @property
    def protected(self) -> bool:
        """Some rule holds."""
        return bool(self.sources)

    def bypasses(self) -> tuple[tuple[RuleSource, BypassActor], ...]:
        """Who can set aside, when pushing, something that no other rule holds them to; where that is told."""
        return tuple(
            (source, actor)
            for source in self.sources
            for actor in source.bypass or ()
            if actor.always and not self._held(actor.name).cover(source.requirements.within(actor.reach))
        )

    def _held(self, actor: str) -> Requirements:
        return stacked(source.binds(actor) for source in self.sources)


@dataclass(frozen=True, slots=True)
class Protection:
    """All rules for the branches of a repository.

    Args:
        rulesets: those that are not in force, too.
        classic: None when they could not be read; ``unread`` says why.
        unread: why there may be more rules than these; None when these are all.
        queue: the default branch has a merge queue; None when that could not be read.
        viewed: of a classic rule of the default branch, what every reader may see; None when there
            is none, or when all rules were read.
    """

    default_branch: str
    rulesets: tuple[Ruleset, ...] = ()
    classic: tuple[ClassicRule, ...] | None = ()
    unread: Unknown | None = None
    queue: bool | None = False
    viewed: Requirements | None = None

    def of(self, branch: str) -> EffectiveProtection:
        """What holds for a branch, whether it exists or not."""
        sources = [
            RuleSource(ruleset.title, ruleset.requirements, ruleset.bypass, ruleset.above)
            for ruleset in self.rulesets
            if ruleset.enforcement is Enforcement.ACTIVE
            and ruleset.rules
            and ruleset.reaches(branch, self.default_branch)
        ]
        classic = self.classic_rule(branch)
        if classic:
            sources.append(RuleSource(classic.name, classic.requirements, classic.bypass))
        elif self.classic is None and self.viewed and branch == self.default_branch:
            sources.append(RuleSource(f"classic rule for {branch}", self.viewed, None))
        if self.queue and branch == self.default_branch and not any(s.requirements.queue for s in sources):
            sources.append(RuleSource("merge queue", Requirements(queue=True, pull_request=True)))
        return EffectiveProtection(branch, tuple(sources), self.unread)

    @property
    def default(self) -> EffectiveProtection:
        """What holds for the default branch."""
        return self.of(self.default_branch)

    def classic_rule(self, branch: str) -> ClassicRule | None:
        """The one classic rule that counts: the one for that very name, else the oldest that matches."""
        return next(iter(self.classic_rules(branch)), None)

    def classic_rules(self, branch: str) -> tuple[ClassicRule, ...]:
        """All classic rules that match a branch; the first one counts."""
        found = [rule for rule in self.classic or () if matches(rule.pattern, branch)]
        return tuple(sorted(found, key=lambda rule: (bool(WILDCARDS & set(rule.pattern)), rule.created)))


@dataclass(frozen=True, slots=True)
class Rulesets:
    """The rulesets for branches that could be read; ``unread`` says why there may be others."""

    listed: tuple[Ruleset, ...]
    unread: Unknown | None = None
    viewed: Requirements | None = None
    """What every reader sees of the default branch's classic rule; None when there is none."""


@dataclass(frozen=True, slots=True)
class ClassicRules:
    """The classic rules of a repository, and whether there are more."""

    listed: tuple[ClassicRule, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class ReportedChecks:
    """Checks and statuses that reported lately.

    Args:
        reported: each once; ``app_id`` None for a commit status, whose App is not told.
        pull_requests: on how many heads of pull requests was looked.
        more: a commit has more checks than were read.
    """

    reported: tuple[RequiredCheck, ...]
    pull_requests: int = 0
    more: bool = False

    def shows(self, required: RequiredCheck) -> bool:
        """What is required did report."""
        return any(
            check.context == required.context
            and (check.app_id is None or required.app_id in (None, check.app_id))
            for check in self.reported
        )

    def named(self, context: str) -> bool:
        """Something reported under that name, whatever App it came from."""
        return any(check.context == context for check in self.reported)
