"""One look at a whole organisation, from its list of repositories to its report, without a server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.engine.context import Context, Runtime
from bot.engine.governing import kept_organisation
from bot.engine.judging_owner import judge_owner
from bot.engine.refreshing import refresh, refresh_organisation
from bot.engine.rolling_up import about_checks, members, roll_up
from bot.engine.scanning import PATIENCE, SHARD, judge_together
from bot.model.errors import InstallationGone, LimitReached, PlumblineError
from bot.model.facts import Repository
from bot.model.verdicts import Audience
from bot.model.work import Claim
from bot.ports import Installation, Sample, StoredOutcome, StoredVerdict
from bot.report.html import Row, row_of
from bot.report.roll_up import About, Member, RollUp, sum_up

logger = logging.getLogger(__name__)

CONTENT = "content"
"""The resource of limits of ours on what is written, which stop nothing else."""

EVERYBODY = "public"
"""The one group of a report that is published: groups are the organisation's own affair."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A guard that always lets pass: the process works alone and has no deadline."""

    def check(self) -> None:
        """See ``Guard``."""


@dataclass
class Came:
    """What came of a look.

    Args:
        repositories: how many there are.
        read: how many were looked at this time.
        failed: what could not be judged or published, one sentence each.
        waits: repositories whose issue may be opened at ``until`` only, as too many were opened.
        limit: GitHub asked to wait before everything was read.
        issue: number of the organisation's report; None when policy names no place for it.
    """

    repositories: int = 0
    read: int = 0
    failed: list[str] = field(default_factory=list)
    waits: int = 0
    until: datetime | None = None
    limit: LimitReached | None = None
    issue: int | None = None


def context_of(runtime: Runtime) -> Context:
    """The context of a process that works alone; it reports what is unreadable at the first attempt."""
    return Context(runtime, Claim("work", "once", 1, PATIENCE), Alone())


def look_once(
    context: Context,
    installation: Installation,
    repositories: Sequence[Repository],
    tell: Callable[[int], None] = lambda _read: None,
) -> Came:
    """Read, judge and publish everything; those that were judged longest ago come first.

    So an organisation that is too large for an hour's limit is read in several runs over one store.

    Args:
        repositories: all of the organisation that may be seen.
        tell: hears how many were read.

    Raises:
        InstallationGone: the App was taken away meanwhile.
        LimitReached: GitHub asked to wait before the first repository was read.
    """
    runtime = context.runtime
    store = runtime.store
    store.save_installation(installation)
    store.save_repositories(installation.id, repositories)
    store.remove_repositories(
        {r.id for r in store.repositories(installation.id)} - {r.id for r in repositories}
    )
    # Before anything is judged, so that nothing is said where the organisation wants silence.
    if runtime.silent:
        refreshed = refresh_organisation(runtime, installation.id, installation.account)
    else:
        refreshed = refresh(context, installation.id, installation.account)
    came = Came(repositories=len(repositories))
    came.failed += [f"the organisation's policy: {error}" for error in refreshed.errors]
    ordered = _longest_ago_first(runtime, installation.id, repositories)
    for start in range(0, len(ordered), SHARD):
        shard = ordered[start : start + SHARD]
        try:
            _judge(context, installation.id, shard, came)
        except LimitReached as limit:
            came.limit = limit
            break
        came.read += len(shard)
        tell(came.read)
    if came.limit is None:
        _attempt(came, "the organisation itself", lambda: judge_owner(context, installation.id))
        _attempt(came, "the report", lambda: _report(context, installation.id, came))
    elif came.read == 0:
        raise came.limit
    return came


def _longest_ago_first(
    runtime: Runtime, installation_id: int, repositories: Sequence[Repository]
) -> list[Repository]:
    judged = {
        number: max((outcome.judged_at for outcome in outcomes), default=None)
        for number, outcomes in runtime.store.outcomes(installation_id)
    }
    never = runtime.clock.now() - timedelta(days=10_000)
    return sorted(repositories, key=lambda r: (judged.get(r.id) or never, r.id))


def _judge(context: Context, installation_id: int, shard: Sequence[Repository], came: Came) -> None:
    """Judge some together; where that fails, each alone, so that one harms no other."""
    try:
        judge_together(context, installation_id, shard)
    except InstallationGone:
        raise
    except LimitReached as limit:
        if limit.resource != CONTENT:
            raise
        _judge_alone(context, installation_id, shard, came, limit)
    except PlumblineError as error:
        _judge_alone(context, installation_id, shard, came, error)


def _judge_alone(
    context: Context,
    installation_id: int,
    shard: Sequence[Repository],
    came: Came,
    error: PlumblineError,
) -> None:
    if len(shard) > 1:
        for repository in shard:
            _judge(context, installation_id, [repository], came)
    elif isinstance(error, LimitReached):
        came.waits += 1
        came.until = max(came.until or error.until, error.until)
    else:
        came.failed.append(f"{shard[0].full_name}: {error}")


def _report(context: Context, installation_id: int, came: Came) -> None:
    came.issue = roll_up(context, installation_id)
    named = kept_organisation(context.runtime.registry, context.runtime.store, installation_id).roll_up
    if named and came.issue is None:
        came.failed.append(
            f"the report was not published: policy names the repository {named}, which has to be private, "
            "not archived, with issues, and to be seen by this run"
        )


def _attempt(came: Came, what: str, do: Callable[[], object]) -> None:
    try:
        do()
    except InstallationGone:
        raise
    except LimitReached as limit:
        if limit.resource != CONTENT:
            came.limit = limit
        came.failed.append(f"{what}: {limit}")
    except PlumblineError as error:
        came.failed.append(f"{what}: {error}")


@dataclass(frozen=True, slots=True)
class Gathered:
    """An organisation as it is kept, for pages that are not on GitHub."""

    found: RollUp
    rows: Sequence[Row]
    checks: Mapping[str, About]
    own_verdicts: Sequence[StoredVerdict] = ()
    samples: Sequence[Sample] = ()
    points: float = 0.0


def _public(checks: Mapping[str, About]) -> dict[str, About]:
    return {name: about for name, about in checks.items() if about.audience is Audience.PUBLIC}


def _by_this_rule(outcome: StoredOutcome, member: Member) -> bool:
    """Whoever defines a check anew may have kept the one before from the public."""
    about = member.custom.get(outcome.check)
    return about is None or about.rule_version == outcome.rule_version


def gather(runtime: Runtime, installation_id: int, *, public: bool = False) -> Gathered:
    """Sum up what is kept.

    Args:
        public: only what everybody can see for themselves: public checks of public repositories,
            without groups, teams, history, cost and what the organisation says of itself.
    """
    store, now = runtime.store, runtime.clock.now()
    organisation = kept_organisation(runtime.registry, store, installation_id)
    checks = about_checks(runtime.registry)
    if public:
        checks = _public(checks)
    rows: list[Row] = []

    def kept() -> Iterator[tuple[Member, Sequence[StoredOutcome]]]:
        for member, outcomes in members(runtime, installation_id, organisation):
            if public and not member.repository.public:
                continue
            seen = member
            if public:
                seen = replace(member, group=EVERYBODY, teams=(), custom=_public(member.custom))
                outcomes = [o for o in outcomes if _by_this_rule(o, seen)]
            rows.append(row_of(seen.repository, seen.group, outcomes, {**seen.custom, **checks}))
            yield seen, outcomes

    order = [] if public else [group.name for group in organisation.groups]
    found = sum_up(kept(), checks, now, order=order)
    if public:
        return Gathered(found, rows, checks)
    return Gathered(
        found,
        rows,
        checks,
        tuple(store.organisation_verdicts(installation_id).values()),
        store.organisation_samples(installation_id),
        store.points(installation_id, now.date()),
    )
