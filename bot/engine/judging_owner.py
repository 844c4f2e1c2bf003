"""Judging an organisation itself: checks whose facts its owner tells.

What the repositories say together comes from the facts that are kept of them, so it costs no call.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.config.cascade import effective_policy
from bot.config.organisation import OrganisationPolicy, layers, select
from bot.config.selection import Selection
from bot.engine import delta
from bot.engine.context import Context, Runtime
from bot.engine.evaluate import Collection, Kept, judge, needed_facts
from bot.engine.governing import kept_organisation
from bot.engine.reading import granted
from bot.engine.scanning import PATIENCE
from bot.model.attributes import Attributes
from bot.model.code_owners import NamedOwners
from bot.model.facts import Codeowners, Repository
from bot.model.verdicts import Scope, Unknown

ORGANISATION = "Organization"
"""The account's type, as GitHub names it; a person's account has nothing to judge."""


def judge_owner(context: Context, installation_id: int) -> int:
    """Judge what the organisation's defaults enable, and keep the verdicts for the roll-up.

    Returns:
        How many checks were judged.

    Raises:
        LimitReached, Unavailable: it can be tried again.
    """
    runtime = context.runtime
    registry, store, now = runtime.registry, runtime.store, runtime.clock.now()
    installation = store.installation(installation_id)
    if installation is None or installation.suspended or installation.account_type != ORGANISATION:
        return 0
    organisation = kept_organisation(registry, store, installation_id)
    policy, _ = effective_policy(layers(organisation, Selection(), 0), registry.checks)
    names = needed_facts(registry, policy, scope=Scope.ORGANISATION)
    inputs = {"owner": runtime.github.owner(installation_id, installation.account), "now": now}
    if any("named_owners" in registry.facts[name].needs for name in names):
        inputs["named_owners"] = _named_owners(runtime, installation_id, organisation)
    reading = Collection(
        registry,
        names,
        inputs,
        tolerate=context.claim.attempt >= PATIENCE,
        granted=granted(runtime, installation_id),
    )
    if not reading.step():
        raise RuntimeError("an owner's reader that reads alone wants a document")
    judged = judge(registry, policy, reading.facts, now, scope=Scope.ORGANISATION)
    before = store.organisation_verdicts(installation_id)
    beside = delta.circumstances(judged, policy, now.date())
    # There is no commit: whatever changed was a setting.
    store.save_organisation_verdicts(installation_id, delta.to_store(before, judged, "", now, beside))
    return len(judged)


def _named_owners(runtime: Runtime, installation_id: int, organisation: OrganisationPolicy) -> NamedOwners:
    """What the facts that are kept of repositories say; nothing is asked for it."""
    store = runtime.store
    described = store.described(installation_id)
    looked_after = {
        repository.id: repository
        for repository in store.repositories(installation_id)
        if select(organisation, Attributes.of(repository, described.get(repository.id))).enrolled
    }
    return named_in(
        (looked_after[number], Kept(facts).value(runtime.registry, "codeowners"))
        for number, facts in store.facts_of(sorted(looked_after))
    )


def named_in(found: Iterable[tuple[Repository, object]]) -> NamedOwners:
    """Whom files name; pure. Those of archived repositories and forks ask nobody for a review.

    Args:
        found: repositories with their fact ``codeowners``: a ``Codeowners``, None or an ``Unknown``.
    """
    by_repository: dict[str, tuple[str, ...]] = {}
    unread = 0
    for repository, codeowners in found:
        if repository.archived or repository.fork:
            continue
        if isinstance(codeowners, Unknown):
            unread += 1
        elif isinstance(codeowners, Codeowners) and codeowners.owners:
            by_repository[repository.full_name] = tuple(owner.name for owner in codeowners.owners)
    return NamedOwners(by_repository, unread)
