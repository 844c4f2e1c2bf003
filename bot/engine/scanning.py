"""Judging one repository or one change, from reading to publishing: what jobs are made of."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.config.policy import Policy
from bot.config.settings import Publish
from bot.engine import delta
from bot.engine.answering import answering
from bot.engine.context import Context, Runtime
from bot.engine.evaluate import Facts, collect, freeze, judge, needed_facts
from bot.engine.governing import Governing, governing_policy, oid_at, read_at
from bot.engine.publish import publish_check_run, publish_health_issue
from bot.model.errors import Gone
from bot.model.facts import Repository
from bot.model.reports import CheckRun, Report
from bot.model.verdicts import Audience, Judgement, Outcome
from bot.ports import CHECK_RUN_EFFECT, RepoReader, RepoWriter, StoredEffect, StoredVerdict
from bot.report.check_run import render_check_run
from bot.report.config_run import render_config_errors, render_config_good

logger = logging.getLogger(__name__)

PATIENCE = 3
"""Attempts after which what is still unreadable is reported as unknown instead of tried again."""


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


def judge_repository(context: Context, reader: RepoReader, at: Target, request: str) -> None:
    """Judge the head of the default branch; publish the check run and the health issue.

    Takes the generation before it reads the head, so that an older result never replaces a newer.
    """
    runtime = context.runtime
    repository = at.repository
    generation = runtime.ledger.next_generation(repository.id)
    commit = reader.head(repository.default_branch)
    kept_policy = runtime.store.policy(repository.id)
    governing = governing_policy(runtime.registry, runtime.store, reader, repository.id, commit)
    policy, now = governing.policy, runtime.clock.now()
    silent = observes(runtime, policy) and not request
    with answering(
        context, at.installation_id, repository.id, commit, policy=policy, request=request, silent=silent
    ):
        facts = _facts(context, reader, policy, commit, repository.default_branch, now)
        judgements, exempted = exempt(
            judge(runtime.registry, policy, facts, now), policy, now, public=repository.public
        )
    before = runtime.store.verdicts(repository.id)
    report = Report(
        repository=repository,
        commit=commit,
        branch=repository.default_branch,
        judgements=judgements,
        changes=delta.since_last(before, judgements, commit),
        judged_at=now,
        exempted=exempted,
        expired=expired(judgements, policy, now, public=repository.public),
    )
    verdicts = delta.to_store(before, judgements, commit, now)
    if not runtime.ledger.claim_publication(repository.id, "health", generation):
        runtime.metrics.count("stale_results_total")
        return
    if not repository.archived and not silent:
        with runtime.github.writer(at.installation_id, repository.id, context.guard) as writer:
            _publish_run(context, writer, repository.id, "health", _health_run(report, policy, request))
            _report_policy(context, writer, governing, repository.id, commit)
            publish_health_issue(context, writer, report, policy, _first_seen(verdicts))
    runtime.store.save_facts(repository.id, commit, freeze(facts), now)
    cause = "policy" if kept_policy and kept_policy[0] != governing.oid else "commit"
    runtime.store.save_verdicts(repository.id, verdicts, cause)


def observes(runtime: Runtime, policy: Policy) -> bool:
    """Nothing shall be written to the repository by itself; verdicts are kept all the same."""
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
    context: Context, reader: RepoReader, at: Target, proposal: Proposal, generation: int, request: str
) -> Report | None:
    """Judge what a change brings: file-fed checks at the merge base and at the head.

    The base's policy governs; a policy file that the change itself touches is only validated.

    Returns:
        What was published; None when nothing was.
    """
    runtime = context.runtime
    governing = governing_policy(runtime.registry, runtime.store, reader, at.repository.id, proposal.base)
    policy, now = governing.policy, runtime.clock.now()

    def judged(commit: str) -> tuple[Judgement, ...]:
        facts = _facts(context, reader, policy, commit, proposal.branch, now, file_fed_only=True)
        return judge(runtime.registry, policy, facts, now, file_fed_only=True)

    # A merge queue waits for the answer, and so does a person who asked.
    silent = observes(runtime, policy) and not request and proposal.pull_request is not None
    with answering(
        context,
        at.installation_id,
        at.repository.id,
        proposal.head,
        policy=policy,
        request=request,
        silent=silent,
    ):
        merge_base = reader.compare(proposal.base, proposal.head).merge_base
        judgements, exempted = exempt(judged(proposal.head), policy, now, public=at.repository.public)
        before = judged(merge_base) if merge_base else ()
        config_run = _config_run(runtime, reader, merge_base, proposal.head)
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
        expired=expired(judgements, policy, now, public=at.repository.public),
    )
    if at.repository.archived or silent:
        return None
    if not runtime.ledger.claim_publication(at.repository.id, proposal.scope, generation):
        runtime.metrics.count("stale_results_total")
        return None
    with runtime.github.writer(at.installation_id, at.repository.id, context.guard) as writer:
        run = _health_run(report, policy, request)
        _publish_run(context, writer, at.repository.id, proposal.scope, run)
        if config_run:
            publish_check_run(context, writer, config_run)
    return report


def _facts(
    context: Context,
    reader: RepoReader,
    policy: Policy,
    commit: str,
    branch: str,
    now: datetime,
    *,
    file_fed_only: bool = False,
) -> Facts:
    runtime = context.runtime
    return collect(
        runtime.registry,
        needed_facts(runtime.registry, policy, file_fed_only=file_fed_only),
        reader=reader,
        auditor=runtime.auditor,
        licences=runtime.licences,
        commit=commit,
        branch=branch,
        now=now,
        tolerate=context.claim.attempt >= PATIENCE,
    )


def exempt(
    judgements: tuple[Judgement, ...], policy: Policy, now: datetime, *, public: bool
) -> tuple[tuple[Judgement, ...], tuple[tuple[str, str], ...]]:
    """Take out what policy exempts today.

    Args:
        public: a logged-out reader sees the report, so it names no exemption of a restricted check.

    Returns:
        The judgements that are left, and (check, reason) of each exemption that may be shown.
    """
    kept, out = [], []
    for judgement in judgements:
        exemption = policy.exemption(judgement.check, now.date())
        if exemption is None:
            kept.append(judgement)
        elif not public or judgement.audience is Audience.PUBLIC:
            out.append((judgement.check, f"{exemption.reason} (until {exemption.until.isoformat()})"))
    return tuple(kept), tuple(out)


def expired(
    judgements: tuple[Judgement, ...], policy: Policy, now: datetime, *, public: bool
) -> tuple[tuple[str, str], ...]:
    """Exemptions that have ended although their checks do not pass yet.

    Args:
        judgements: those that no exemption takes out.
        public: as for ``exempt``.

    Returns:
        (check, reason with the last day) of each.
    """
    ended = []
    for judgement in judgements:
        lapsed = policy.lapsed(judgement.check, now.date())
        if lapsed is None or judgement.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            continue
        if not public or judgement.audience is Audience.PUBLIC:
            ended.append((judgement.check, f"{lapsed.reason} (expired on {lapsed.until.isoformat()})"))
    return tuple(ended)


def _health_run(report: Report, policy: Policy, request: str) -> CheckRun:
    return render_check_run(report, block=policy.block, fail_closed=policy.fail_closed, request=request)


def _config_run(runtime: Runtime, reader: RepoReader, merge_base: str | None, head: str) -> CheckRun | None:
    """Only when the change touches the policy file."""
    at_head: Governing = read_at(runtime.registry, reader, head)
    at_base = oid_at(reader, merge_base) if merge_base else ""
    if at_head.oid == at_base:
        return None
    if at_head.errors:
        return render_config_errors(at_head.errors, head)
    return render_config_good(head)


def _first_seen(verdicts: tuple[StoredVerdict, ...]) -> dict[str, datetime]:
    return {v.check: v.since for v in verdicts}
