"""Judging one repository or one change, from reading to publishing: what jobs are made of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

from bot.config.policy import Policy
from bot.config.settings import Publish
from bot.engine import delta, scoring
from bot.engine.answering import answering
from bot.engine.context import Context, Runtime
from bot.engine.custom import custom_rules, for_everybody, with_custom
from bot.engine.evaluate import Collection, Facts, freeze, judge, needed_facts
from bot.engine.governing import Governing, governing_policy
from bot.engine.publish import publish_check_run, publish_health_issue, redact, written_for_fewer
from bot.engine.reading import (
    Look,
    collection,
    facts_of,
    look,
    open_batch,
    read_facts,
    settle,
    settle_all,
)
from bot.engine.refreshing import proposed_policies
from bot.engine.turns import turn
from bot.engine.wishes import WISH_EFFECT, waiting_wishes
from bot.model.attributes import Described
from bot.model.errors import (
    Gone,
    InstallationGone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    PlumblineError,
)
from bot.model.facts import Codeowners, PullRequest, Repository, TreeEntry
from bot.model.reports import CheckRun, Exempted, Report, Wish
from bot.model.verdicts import Judgement, Outcome
from bot.ports import CHECK_RUN_EFFECT, Batch, RepoReader, RepoWriter, Store, StoredEffect, StoredVerdict
from bot.registry import Registry
from bot.report.check_run import render_check_run, render_unjudged
from bot.report.config_run import render_config_errors, render_config_good

logger = logging.getLogger(__name__)

SHARD = 60
"""Repositories judged together: enough to share later documents, few enough for a quarter of an hour."""

PATIENCE = 3
"""Attempts after which what is still unreadable is reported as unknown instead of tried again."""


class Unpublished(Enum):
    """Why a judging ended without a publication."""

    NOTHING_TO_JUDGE = "the repository is empty or disabled"
    ARCHIVED = "the repository is archived"
    SUPERSEDED = "a judging that began later has published already"
    OBSERVED = "policy wants nothing published"
    NOT_ENROLLED = "the organisation's policy leaves this repository alone"


@dataclass(frozen=True, slots=True)
class Target:
    """Whose repository it is: checked once against GitHub before anything is read or written."""

    installation_id: int
    repository: Repository


def target(runtime: Runtime, installation_id: int, repository_id: int, reader: RepoReader) -> Target:
    """The repository, after making sure that it belongs to the installation that asks.

    The store is believed: what it says was GitHub's answer once, and a repository that has moved
    since refuses our token.

    Raises:
        Gone: it does not belong to it, whatever the delivery said; nothing was asked in its name.
    """
    known = runtime.store.repository(repository_id)
    foreign = known is None or known[0] != installation_id
    if foreign and not runtime.github.covers(installation_id, repository_id):
        logger.warning(
            "refused: the installation does not have this repository",
            extra={"repository": repository_id, "installation": installation_id},
        )
        runtime.metrics.count("refused_total", reason="foreign_repository")
        raise Gone(f"installation {installation_id} does not have repository {repository_id}")
    repository = reader.repository()
    if known is None or known != (installation_id, repository):
        runtime.store.save_repositories(installation_id, [repository])
    return Target(installation_id, repository)


def known_repository(runtime: Runtime, installation_id: int, repository_id: int) -> Repository:
    """The repository as last seen, which is asked for when it is new to us or was another's.

    Raises:
        Gone: it does not belong to the installation; see ``target``.
    """
    known = runtime.store.repository(repository_id)
    if known is not None and known[0] == installation_id and known[1].node_id:
        return known[1]
    with runtime.github.reader(installation_id, repository_id) as reader:
        return target(runtime, installation_id, repository_id, reader).repository


def judge_repository(
    context: Context, installation_id: int, repository_id: int, request: str
) -> Report | Unpublished:
    """Judge the head of the default branch; publish the check run and the health issue.

    Returns:
        What was published, or why nothing was.

    Raises:
        Gone: the repository exists no more, or is not the installation's.
        LimitReached, Unavailable: something could not be read now; where it was a call after the
            documents, what could be judged without it is published and kept.
    """
    runtime = context.runtime
    known = known_repository(runtime, installation_id, repository_id)
    batch = open_batch(runtime, installation_id, [known])
    generation = runtime.ledger.next_generation(known.id)
    seen = settle(batch, lambda: look(runtime, batch, installation_id, known.id, generation))
    if seen is None:
        return Unpublished.NOTHING_TO_JUDGE
    if not seen.governing.enrolled:
        return Unpublished.NOT_ENROLLED
    silent = observes(runtime, installation_id, seen.governing.policy) and not request
    with answering(
        context,
        installation_id,
        known.id,
        seen.commit,
        policy=_told(runtime, seen.governing.policy, seen.repository),
        request=request,
        silent=silent,
    ):
        reading = collection(
            runtime,
            installation_id,
            seen,
            tolerate=context.claim.attempt >= PATIENCE,
            fresh=bool(request),
        )
        (facts,) = read_facts(batch, [reading])
        if isinstance(facts, Gone):
            raise facts
    runtime.metrics.observe("scan_points", batch.points)
    came = conclude(context, installation_id, seen, facts, request, batch.points)
    if reading.interrupted:
        raise reading.interrupted
    return came


PULL_REQUESTS_PER_SCAN = 100
"""How many open pull requests of a repository a sweep looks at."""


def judge_together(
    context: Context, installation_id: int, repositories: Sequence[Repository]
) -> dict[int, tuple[PullRequest, ...]]:
    """Judge repositories of one installation with documents that they share.

    One that is gone, or whose publication fails, harms no other; the failure is raised at the end. So is
    a limit that was met after the documents: what could be judged without is judged and kept, and the
    work that comes back at the date reads on where this one stopped.

    Args:
        repositories: as last seen, with their node ids.

    Returns:
        By repository id, the open pull requests whose heads were never judged.
    """
    if not repositories:
        return {}
    runtime = context.runtime
    batch = open_batch(runtime, installation_id, repositories)
    generations = {r.id: runtime.ledger.next_generation(r.id) for r in repositories}
    found = settle_all(
        batch,
        [partial(look, runtime, batch, installation_id, id_, number) for id_, number in generations.items()],
    )
    looks = [seen for seen in found if isinstance(seen, Look) and seen.governing.enrolled]
    tolerate = context.claim.attempt >= PATIENCE
    readings = [collection(runtime, installation_id, seen, tolerate=tolerate) for seen in looks]
    told = read_facts(batch, readings)
    pulls = settle_all(batch, [partial(_unjudged, runtime, seen) for seen in looks])
    runtime.metrics.observe("scan_points", batch.points / max(1, len(repositories)))
    failures: list[PlumblineError] = [r.interrupted for r in readings if r.interrupted]
    for seen, facts in zip(looks, told, strict=True):
        if isinstance(facts, Gone):
            continue
        try:
            conclude(context, installation_id, seen, facts, "", batch.points / len(repositories))
        except (LeaseLost, LedgerUnavailable, InstallationGone):
            raise
        except LimitReached as limit:
            failures.append(limit)
        except Gone:
            logger.info("gone while it was judged", extra={"repository": seen.repository.id})
        except PlumblineError as error:
            logger.warning("could not publish", extra={"repository": seen.repository.id, "why": str(error)})
            failures.append(error)
    limits = [failure for failure in failures if isinstance(failure, LimitReached)]
    if failures:
        raise max(limits, key=lambda limit: limit.until) if limits else failures[0]
    return {
        seen.repository.id: waiting
        for seen, waiting in zip(looks, pulls, strict=True)
        if waiting and not isinstance(waiting, Gone)
    }


def _unjudged(runtime: Runtime, seen: Look) -> tuple[PullRequest, ...]:
    """Open pull requests whose heads no check run of ours was made for, as far as we know."""
    if seen.repository.archived:
        return ()
    listed, _ = seen.reader.open_pull_requests(limit=PULL_REQUESTS_PER_SCAN)
    id_ = seen.repository.id

    def judged(pull: PullRequest) -> bool:
        kept = runtime.store.effect(id_, CHECK_RUN_EFFECT, f"pull:{pull.number}")
        return kept is not None and kept.note.get("head") == pull.head_sha

    return tuple(pull for pull in listed if not judged(pull))


def conclude(
    context: Context, installation_id: int, seen: Look, facts: Facts, request: str, points: float = 0.0
) -> Report | Unpublished:
    """Judge facts, publish what came out, and keep it; one worker at a time for a repository.

    The generation was taken before the head was read, so an older result never replaces a newer.

    Args:
        points: what reading the facts cost.
    """
    with turn(context, seen.repository.id, "health") as alone:
        return _conclude(alone, installation_id, seen, facts, request, points)


def _conclude(
    context: Context, installation_id: int, seen: Look, facts: Facts, request: str, points: float
) -> Report | Unpublished:
    runtime = context.runtime
    repository, commit, governing = seen.repository, seen.commit, seen.governing
    policy, now = governing.policy, runtime.clock.now()
    silent = observes(runtime, installation_id, policy) and not request
    kept_policy = runtime.store.policy(repository.id)
    registry = with_custom(runtime.registry, policy)
    judged = judge(registry, policy, facts, now)
    judgements, exempted = exempt(judged, policy, now)
    before = runtime.store.verdicts(repository.id)
    pull_request = delta.merged_pull_request(scoring.subject_of(facts, commit))
    public = scoring.public_checks(registry)
    ratcheted = runtime.store.ratcheted(repository.id)
    beside = delta.circumstances(
        judged, policy, now.date(), pull_request=pull_request, public=public, ratcheted=ratcheted
    )
    verdicts = delta.to_store(before, judged, commit, now, beside)
    known = scoring.Known(
        before=before.values(),
        after=verdicts,
        causes=delta.causes(before, judged, commit, beside, registry.checks),
        samples=runtime.store.samples(repository.id),
    )
    report = Report(
        repository=repository,
        commit=commit,
        branch=repository.default_branch,
        judgements=judgements,
        changes=delta.since_last(before, judgements, commit, beside),
        judged_at=now,
        exempted=exempted,
        expired=expired(judgements, policy, now),
        wishes=_wishes(runtime, registry, repository.id, now),
        scored=scoring.scored(registry, repository, known, now.date()),
        stood=delta.stood(verdicts),
        ended=frozenset(beside.ended),
    )
    if not runtime.ledger.claim_publication(repository.id, "health", seen.generation):
        runtime.metrics.count("stale_results_total")
        return Unpublished.SUPERSEDED
    # Before publishing, which a limit may forbid: what was read need not be read again then.
    runtime.store.save_facts(repository.id, commit, freeze(facts), now)
    if not repository.archived and not silent:
        with runtime.github.writer(installation_id, repository.id, context.guard) as writer:
            if repository.public and repository.has_issues and written_for_fewer(context, repository.id):
                # It was made public, and no delivery told us: that goes before everything else.
                redact(context, writer, repository.id)
            _publish_run(context, writer, repository.id, "health", _health_run(report, policy, request))
            _report_policy(context, writer, governing, repository.id, commit)
            publish_health_issue(context, writer, report, policy, _first_seen(verdicts))
    keep_owners(runtime.store, repository, facts)
    cause = "policy" if kept_policy and kept_policy[0] != governing.oid else "commit"
    runtime.store.save_verdicts(repository.id, verdicts, cause)
    runtime.store.save_sample(repository.id, scoring.sample(registry, verdicts, now.date(), points))
    if repository.archived:
        return Unpublished.ARCHIVED
    return Unpublished.OBSERVED if silent else report


def _wishes(runtime: Runtime, registry: Registry, repository_id: int, now: datetime) -> tuple[Wish, ...]:
    """Exemptions of checks that there are which wait for a second person."""
    store = runtime.store
    kept = store.effects_of([repository_id], WISH_EFFECT).get(repository_id, {})
    waiting = waiting_wishes(kept, store.exemptions(repository_id), now) if kept else []
    return tuple(
        Wish(w.check, w.reason, w.until, w.id, registry.checks[w.check].audience)
        for w in waiting
        if w.check in registry.checks
    )


def _ended(
    runtime: Runtime, repository_id: int, policy: Policy, judgements: tuple[Judgement, ...]
) -> frozenset[str]:
    """Names of the checks without a baseline: what a branch has of them counts against a proposal, too."""
    names = [j.check for j in judgements]
    return frozenset(delta.ended_of(policy, names, runtime.store.ratcheted(repository_id)))


MOST_OWNERS = 20
"""Teams that are kept as owners of one repository."""


def keep_owners(store: Store, repository: Repository, facts: Facts) -> None:
    """Remember which teams CODEOWNERS names, for reports by team; what can not be read changes nothing."""
    found = facts.get("codeowners", _NOT_READ)
    if found is not None and not isinstance(found, Codeowners):
        return
    teams = [owner.name.removeprefix("@").lower().partition("/") for owner in (found.owners if found else ())]
    slugs = sorted({slug for account, _, slug in teams if slug and account == repository.owner.lower()})
    kept = store.description(repository.id) or Described()
    owners = tuple(slugs[:MOST_OWNERS])
    if owners != (kept.owners or ()):
        store.save_described({repository.id: replace(kept, owners=owners)})


_NOT_READ = object()


def observes(runtime: Runtime, installation_id: int, policy: Policy) -> bool:
    """Nothing shall be written to the repository by itself; verdicts are kept all the same."""
    if runtime.silent or runtime.store.stopped(installation_id):
        return True
    return (policy.publish or runtime.settings.publish) is Publish.OBSERVE


def _publish_run(context: Context, writer: RepoWriter, repository_id: int, scope: str, run: CheckRun) -> None:
    """Publish a check run, and remember it for people who ask what was answered."""
    number = publish_check_run(context, writer, run)
    store = context.runtime.store
    kept = store.effect(repository_id, CHECK_RUN_EFFECT, scope)
    if kept and (kept.number, kept.digest) == (number, run.external_id):
        # It was there already, and keeps the title that it got then.
        return
    note = {
        "title": run.title,
        "conclusion": run.conclusion.value if run.conclusion else "",
        "name": run.name,
        "head": run.head_sha,
    }
    effect = StoredEffect(number, run.external_id, note)
    store.save_effect(repository_id, CHECK_RUN_EFFECT, scope, effect)


def _report_policy(
    context: Context, writer: RepoWriter, governing: Governing, repository_id: int, commit: str
) -> None:
    """Say once of each version of the file what is wrong with it."""
    store = context.runtime.store
    said = store.effect(repository_id, "config", "policy")
    if not governing.errors or (said and said.digest == governing.oid):
        return
    number = publish_check_run(context, writer, render_config_errors(governing.errors, commit))
    store.save_effect(repository_id, "config", "policy", StoredEffect(number, governing.oid, {}))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two commits to be compared: a pull request, or a merge group.

    Args:
        head: the commit that gets the check run.
        base: the tip of the branch it shall go into; its policy governs.
        scope: names what is published, for the order of generations (``pull:7``).
    """

    head: str
    base: str
    branch: str
    scope: str
    pull_request: int | None = None


def judge_proposal(
    context: Context, batch: Batch, at: Target, proposal: Proposal, generation: int, request: str
) -> Report | Unpublished:
    """Judge what a change brings: file-fed checks at the merge base and at the head.

    The base's policy governs; a policy file that the change itself touches is only validated. Both
    sides are read with documents that they share.

    Args:
        batch: of the repository alone (``open_proposal``).

    Returns:
        What was published, or why nothing was.
    """
    runtime = context.runtime
    registry, id_ = runtime.registry, at.repository.id

    def governed() -> Governing:
        return governing_policy(registry, runtime.store, batch.reader(id_), id_, proposal.base)

    def began() -> str | None:
        return batch.reader(id_).compare(proposal.base, proposal.head).merge_base

    def listed() -> tuple[TreeEntry, ...]:
        return batch.reader(id_).directory(proposal.head)

    # Together, so that one document brings what each of them wants.
    governing, merge_base, _ = _all_there(settle_all(batch, [governed, began, listed]))
    if not governing.enrolled:
        return _leave_alone(context, batch, at, proposal, merge_base, request)
    policy, now = governing.policy, runtime.clock.now()

    def judged(facts: Facts) -> tuple[Judgement, ...]:
        return judge(registry, policy, facts, now, file_fed_only=True)

    def config() -> CheckRun | None:
        return _config_run(runtime, at.repository, batch.reader(id_), merge_base, proposal.head)

    # A merge queue waits for the answer, and so does a person who asked.
    by_itself = not request and proposal.pull_request is not None
    silent = by_itself and observes(runtime, at.installation_id, policy)
    with answering(
        context,
        at.installation_id,
        at.repository.id,
        proposal.head,
        policy=_told(runtime, policy, at.repository),
        request=request,
        silent=silent,
    ):
        commits = [proposal.head, *([merge_base] if merge_base else [])]
        reads = [_files_of(context, batch, at, policy, commit, proposal.branch, now) for commit in commits]
        config_run, head, *base = _all_there(settle_all(batch, [config, *reads]))
        judgements, exempted = exempt(judged(head), policy, now)
        before = judged(base[0]) if base else ()
    report = Report(
        repository=at.repository,
        commit=proposal.head,
        branch=proposal.branch,
        judgements=judgements,
        changes=delta.between(before, judgements),
        judged_at=now,
        base_commit=merge_base,
        pull_request=proposal.pull_request,
        exempted=exempted,
        expired=expired(judgements, policy, now),
        ended=_ended(runtime, at.repository.id, policy, judgements),
    )
    if at.repository.archived or silent:
        return Unpublished.ARCHIVED if at.repository.archived else Unpublished.OBSERVED
    if not runtime.ledger.claim_publication(at.repository.id, proposal.scope, generation):
        runtime.metrics.count("stale_results_total")
        return Unpublished.SUPERSEDED
    with runtime.github.writer(at.installation_id, at.repository.id, context.guard) as writer:
        run = _health_run(report, policy, request)
        _publish_run(context, writer, at.repository.id, proposal.scope, run)
        if config_run:
            publish_check_run(context, writer, config_run)
    return report


def _all_there(found: Sequence[Any]) -> Sequence[Any]:
    """What was found. Raises Gone when a part of it is."""
    gone = next((part for part in found if isinstance(part, Gone)), None)
    if gone is not None:
        raise gone
    return found


def _files_of(
    context: Context, batch: Batch, at: Target, policy: Policy, commit: str, branch: str, now: datetime
) -> Callable[[], Facts]:
    """Reads the facts that files decide, at one commit; may raise Wanted."""
    runtime = context.runtime
    inputs = {
        "reader": batch.reader(at.repository.id),
        "owner": None,
        "auditor": runtime.auditor,
        "licences": runtime.licences,
        "commit": commit,
        "branch": branch,
        "now": now,
        "custom_rules": custom_rules(policy),
        "properties": None,
    }
    names = needed_facts(runtime.registry, policy, file_fed_only=True)
    tolerate = context.claim.attempt >= PATIENCE
    return partial(facts_of, Collection(runtime.registry, names, inputs, tolerate=tolerate))


def exempt(
    judgements: tuple[Judgement, ...], policy: Policy, now: datetime
) -> tuple[tuple[Judgement, ...], tuple[Exempted, ...]]:
    """Take out what policy exempts today.

    Returns:
        The judgements that are left, and what was taken out, by name: how a check that does not speak
        was judged shall not be told by its place.
    """
    kept, out = [], []
    for judgement in judgements:
        exemption = policy.exemption(judgement.check, now.date())
        if exemption is None:
            kept.append(judgement)
        else:
            reason = f"{exemption.reason} (until {exemption.until.isoformat()})"
            out.append(Exempted(judgement.check, reason, judgement.audience))
    return tuple(kept), tuple(sorted(out, key=lambda item: item.check))


def expired(judgements: tuple[Judgement, ...], policy: Policy, now: datetime) -> tuple[Exempted, ...]:
    """Exemptions that have ended although their checks do not pass yet.

    Args:
        judgements: those that no exemption takes out.
    """
    ended = []
    for judgement in judgements:
        lapsed = policy.lapsed(judgement.check, now.date())
        if lapsed is None or judgement.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            continue
        reason = f"{lapsed.reason} (expired on {lapsed.until.isoformat()})"
        ended.append(Exempted(judgement.check, reason, judgement.audience))
    return tuple(sorted(ended, key=lambda item: item.check))


def _told(runtime: Runtime, policy: Policy, repository: Repository) -> Policy:
    """What of a policy readers of a repository may know."""
    return for_everybody(policy, runtime.registry.checks) if repository.public else policy


def _health_run(report: Report, policy: Policy, request: str) -> CheckRun:
    return render_check_run(report, block=policy.block, fail_closed=policy.fail_closed, request=request)


def _leave_alone(
    context: Context, batch: Batch, at: Target, proposal: Proposal, merge_base: str | None, request: str
) -> Unpublished:
    """What is published all the same: the answer that a merge queue waits for, and mistakes of policy."""
    runtime, repository = context.runtime, at.repository

    def config() -> CheckRun | None:
        return _config_run(runtime, repository, batch.reader(repository.id), merge_base, proposal.head)

    stopped = runtime.store.stopped(at.installation_id) and not request
    runs = [] if stopped else [settle(batch, config)]
    if proposal.pull_request is None:
        now = context.runtime.clock.now()
        why = Unpublished.NOT_ENROLLED.value
        run = render_unjudged(
            proposal.head, why, block=frozenset(), fail_closed=False, request=request, completed_at=now
        )
        runs.append(run)
    wanted = [run for run in runs if run is not None]
    if wanted and not at.repository.archived:
        with context.runtime.github.writer(at.installation_id, at.repository.id, context.guard) as writer:
            for run in wanted:
                publish_check_run(context, writer, run)
    return Unpublished.NOT_ENROLLED


def _config_run(
    runtime: Runtime, repository: Repository, reader: RepoReader, merge_base: str | None, head: str
) -> CheckRun | None:
    """Only when the change touches a policy file."""
    proposed = proposed_policies(runtime, repository, reader, merge_base, head)
    if proposed is None:
        return None
    if proposed.errors:
        return render_config_errors(proposed.errors, head)
    return render_config_good(head, proposed.notices)


def _first_seen(verdicts: tuple[StoredVerdict, ...]) -> dict[str, datetime]:
    return {v.check: v.since for v in verdicts}
