"""Says on a pull request what its change of the organisation's policy would bring."""

from __future__ import annotations

import logging

from bot.config.organisation import NOTHING_SAID, ORGANISATION_PATH, OrganisationPolicy
from bot.config.organisation_file import read_organisation
from bot.config.policy_file import PolicyErrors
from bot.engine.context import Context, Runtime
from bot.engine.governing import entry_at, kept_organisation, oid_at, read_entry
from bot.engine.publish import publish_check_run
from bot.engine.refreshing import counts
from bot.engine.rolling_up import NotPrivate, OnlyPrivate
from bot.engine.scanning import Target, target
from bot.engine.what_if import Side, what_if
from bot.model.facts import PullRequest, Repository, Visibility
from bot.model.reports import CheckRun
from bot.ports import RepoReader
from bot.report.what_if import render_no_what_if, render_what_if

logger = logging.getLogger(__name__)

NOT_PRIVATE = (
    "What this change would bring is not foretold here, because that names findings of private "
    "repositories, and this repository can be read by others: keep the policy in a private one."
)
MISTAKES = "The proposed policy has mistakes, which `plumbline/config` names, so nothing is foretold of it."


def foretell(context: Context, installation_id: int, repository_id: int, number: int) -> CheckRun | None:
    """Publish the check run ``plumbline/what-if`` on the head of a pull request.

    Returns:
        What was published; None when the change does not touch the policy or can not bring it into
        force (closed, another base, another repository's file counts), when everything is stopped, and
        when a newer push was quicker.
    """
    runtime = context.runtime
    if runtime.store.stopped(installation_id):
        return None
    with runtime.github.reader(installation_id, repository_id) as reader:
        at = target(runtime, installation_id, repository_id, reader)
        generation = runtime.ledger.next_generation(repository_id)
        pull = reader.pull_request(number)
        run = _foretold(runtime, at, reader, pull)
    if run is None or not runtime.ledger.claim_publication(repository_id, f"what-if:{number}", generation):
        return None
    try:
        _publish(context, at, run, private=at.repository.visibility is Visibility.PRIVATE)
    except NotPrivate:
        run = render_no_what_if(pull.head_sha, NOT_PRIVATE, runtime.clock.now())
        _publish(context, at, run, private=False)
    return run


def _publish(context: Context, at: Target, run: CheckRun, *, private: bool) -> None:
    runtime, guard = context.runtime, context.guard
    if private:
        guard = OnlyPrivate(guard, runtime, at.installation_id, at.repository.id)
    with runtime.github.writer(at.installation_id, at.repository.id, guard) as writer:
        publish_check_run(context, writer, run)


def _foretold(runtime: Runtime, at: Target, reader: RepoReader, pull: PullRequest) -> CheckRun | None:
    repository, now = at.repository, runtime.clock.now()
    if pull.state != "open" or pull.base_branch != repository.default_branch or repository.archived:
        return None
    merge_base = reader.compare(reader.head(pull.base_branch), pull.head_sha).merge_base
    before = oid_at(reader, merge_base, ORGANISATION_PATH) if merge_base else ""
    after = oid_at(reader, pull.head_sha, ORGANISATION_PATH)
    if before == after or not counts(runtime.store.organisation(at.installation_id), repository):
        return None
    if repository.visibility is not Visibility.PRIVATE:
        return render_no_what_if(pull.head_sha, NOT_PRIVATE, now)
    try:
        proposed = _policy(runtime, reader, repository, pull.head_sha)
    except PolicyErrors:
        return render_no_what_if(pull.head_sha, MISTAKES, now)
    try:
        current = _policy(runtime, reader, repository, merge_base) if merge_base and before else None
    except PolicyErrors:
        current = None
    if current is None:
        # There is no good file there: what is in force comes from somewhere else, or was so before.
        current = kept_organisation(runtime.registry, runtime.store, at.installation_id)
    found = what_if(
        runtime.store,
        at.installation_id,
        Side(runtime.registry, current),
        Side(runtime.registry, proposed),
        now,
        operator=runtime.settings.publish,
    )
    return render_what_if(found, pull.head_sha, policies=(before, after), at=now)


def _policy(runtime: Runtime, reader: RepoReader, repository: Repository, commit: str) -> OrganisationPolicy:
    """The file of a commit. Raises PolicyErrors when it can not be used."""
    entry = entry_at(reader, commit, ORGANISATION_PATH)
    if entry is None:
        return NOTHING_SAID
    return read_organisation(
        read_entry(reader, entry),
        runtime.registry.checks,
        where=repository.full_name,
        commit=commit,
        oid=entry.oid,
    )
