"""The organisation's report: gathered from the store alone, written where policy says, if it is private."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.config.cascade import effective_policy
from bot.config.organisation import OrganisationPolicy, layers, select
from bot.config.selection import Selection
from bot.engine.context import Context, Runtime
from bot.engine.exemption_register import waiting
from bot.engine.governing import kept_organisation
from bot.engine.publish import publish_roll_up
from bot.model.attributes import Attributes, Described
from bot.model.custom_checks import FAMILY
from bot.model.errors import Gone, UserError
from bot.model.facts import Repository, Visibility
from bot.model.verdicts import Severity
from bot.ports import Guard, Sample, StoredOutcome
from bot.registry import Registry
from bot.report.roll_up import About, Member, RollUp, render_roll_up, sum_up

logger = logging.getLogger(__name__)

NO_GROUP = "in no group"


class NotPrivate(UserError):
    """The repository that shall get the report is not private, so nothing is written there."""


@dataclass(frozen=True, slots=True)
class OnlyPrivate:
    """A guard that lets a write start only while GitHub says that the repository is private."""

    guard: Guard
    runtime: Runtime
    installation_id: int
    repository_id: int

    def check(self) -> None:
        """See ``Guard``.

        Raises:
            NotPrivate: others could read it now.
        """
        with self.runtime.github.reader(self.installation_id, self.repository_id) as reader:
            visibility = reader.repository().visibility
        if visibility is not Visibility.PRIVATE:
            raise NotPrivate(f"the repository of the roll-up is {visibility.value}: name a private one")
        # Last, as the question has taken time.
        self.guard.check()


def roll_up(context: Context, installation_id: int) -> int | None:
    """Sum up what is kept of an organisation, keep the day's sample, and publish the page.

    Returns:
        The number of the issue; None when nothing was published.
    """
    runtime = context.runtime
    store, now = runtime.store, runtime.clock.now()
    organisation = kept_organisation(runtime.registry, store, installation_id)
    # What single repositories define for themselves has a meaning there alone.
    custom = {said.name: About(FAMILY, said.title, said.fix, said.severity) for said in organisation.custom}
    checks = custom | about_checks(runtime.registry)
    order = [group.name for group in organisation.groups]
    found = sum_up(members(runtime, installation_id, organisation), checks, now, order=order)
    samples = store.organisation_samples(installation_id)
    spent = store.points(installation_id, now.date())
    store.save_organisation_sample(installation_id, _sample(found, now.date(), spent))
    target = _target(runtime, installation_id, organisation)
    if target is None or store.stopped(installation_id):
        return None
    rendered = render_roll_up(
        installation_id,
        found,
        checks,
        now,
        own_verdicts=tuple(store.organisation_verdicts(installation_id).values()),
        samples=samples,
        points=store.points(installation_id, now.date() - timedelta(days=1)),
        waiting=waiting(store, installation_id, now),
    )
    guard = OnlyPrivate(context.guard, runtime, installation_id, target.id)
    try:
        with runtime.github.writer(installation_id, target.id, guard) as writer:
            return publish_roll_up(context, writer, target.id, rendered, now)
    except NotPrivate as refusal:
        _withheld(runtime, installation_id, target, str(refusal))
    except Gone:
        _withheld(runtime, installation_id, target, "the repository is gone")
    return None


def about_checks(registry: Registry) -> dict[str, About]:
    """What reports need of each check, by name."""
    return {
        spec.name: About(spec.family, spec.doc.title, spec.doc.fix, spec.severity)
        for spec in registry.checks.values()
    }


def members(
    runtime: Runtime, installation_id: int, organisation: OrganisationPolicy
) -> Iterator[tuple[Member, Sequence[StoredOutcome]]]:
    """Repositories that are looked after, each with its verdicts; archived ones are left out."""
    repositories = {r.id: r for r in runtime.store.repositories(installation_id)}
    described = runtime.store.described(installation_id)
    severities: dict[tuple[int, ...], Mapping[str, Severity]] = {}
    for number, outcomes in runtime.store.outcomes(installation_id):
        repository = repositories.get(number)
        if repository is None or repository.archived:
            continue
        about = described.get(number)
        selection = select(organisation, Attributes.of(repository, about))
        if not selection.enrolled:
            continue
        group = repository.visibility.value
        if organisation.groups:
            # A repository is counted once: for the first of its groups.
            group = next((organisation.groups[n].name for n in selection.members), NO_GROUP)
        if selection.members not in severities:
            severities[selection.members] = _severities(runtime.registry, organisation, selection)
        yield Member(repository, group, _teams(about), severities[selection.members]), outcomes


def _severities(
    registry: Registry, organisation: OrganisationPolicy, selection: Selection
) -> dict[str, Severity]:
    """How much checks matter in repositories of these groups, where the organisation says so."""
    policy, _ = effective_policy(layers(organisation, selection, 0), registry.checks)
    return {name: said.severity for name, said in policy.checks.items() if said.severity is not None}


def _teams(about: Described | None) -> tuple[str, ...]:
    """Who owns a repository: the teams that CODEOWNERS names, else those that policy knows to have it."""
    return (about.owners or about.teams or ()) if about else ()


def _target(runtime: Runtime, installation_id: int, organisation: OrganisationPolicy) -> Repository | None:
    """The repository that policy names, as last seen; None when it names none that may have the report."""
    installation = runtime.store.installation(installation_id)
    if not organisation.roll_up or installation is None:
        return None
    name = f"{installation.account}/{organisation.roll_up}"
    target = runtime.store.repository_named(installation_id, name)
    if target is None or target.visibility is not Visibility.PRIVATE:
        _withheld(runtime, installation_id, target, "no private repository of that name is known")
        return None
    if target.archived or not target.has_issues:
        _withheld(runtime, installation_id, target, "no issue can be written there")
        return None
    return target


def _withheld(runtime: Runtime, installation_id: int, target: Repository | None, why: str) -> None:
    number = target.id if target else 0
    logger.warning(
        "the roll-up was withheld",
        extra={"installation": installation_id, "repository": number, "why": why},
    )
    runtime.metrics.count("refused_total", reason="roll_up_target")


def _sample(found: RollUp, today: date, points: float) -> Sample:
    return Sample(
        day=today,
        score=found.score,
        findings=sum(found.findings.values()),
        unread=sum(verdicts for verdicts, _ in found.unread.values()),
        repositories=found.repositories,
        points=points,
    )
