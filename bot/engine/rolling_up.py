"""The organisation's report: gathered from the store alone, written where policy says, if it is private."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.config.cascade import CUSTOM_CHECKS, Layer, effective_policy
from bot.config.organisation import OrganisationPolicy, layers, select
from bot.config.policy import Policy
from bot.config.selection import Selection
from bot.engine.context import Context, Runtime
from bot.engine.custom import custom_specs
from bot.engine.exemption_register import waiting
from bot.engine.governing import kept_organisation, own_file, own_layers
from bot.engine.publish import publish_roll_up
from bot.model.attributes import Attributes, Described
from bot.model.errors import Gone, UserError
from bot.model.facts import Repository, Visibility
from bot.model.verdicts import Severity
from bot.ports import Guard, Sample, StoredOutcome, StoredPolicy
from bot.registry import Registry
from bot.report.roll_up import About, Member, RollUp, render_roll_up, sum_up
from bot.spec import CheckSpec

logger = logging.getLogger(__name__)

NO_GROUP = "in no group"

CHUNK = 500
"""Policy files that are looked through at once."""


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
    checks = about_checks(runtime.registry)
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
    """What reports need of each check of the program, by name."""
    return {spec.name: _about(spec) for spec in registry.checks.values()}


def _about(spec: CheckSpec) -> About:
    doc = spec.doc
    return About(spec.family, doc.title, doc.fix, spec.severity, spec.audience, spec.rule_version)


def members(
    runtime: Runtime, installation_id: int, organisation: OrganisationPolicy
) -> Iterator[tuple[Member, Sequence[StoredOutcome]]]:
    """Repositories that are looked after, each with its verdicts; archived ones are left out."""
    repositories = {r.id: r for r in runtime.store.repositories(installation_id)}
    described = runtime.store.described(installation_id)
    policies = _Policies(runtime, organisation, [r.id for r in repositories.values() if not r.archived])
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
        severities, custom = policies.of(number, selection)
        yield Member(repository, group, _teams(about), severities, custom), outcomes


class _Policies:
    """What policy says of checks: repositories in the same groups share what comes from above."""

    def __init__(self, runtime: Runtime, organisation: OrganisationPolicy, ids: Sequence[int]) -> None:
        self._registry, self._organisation = runtime.registry, organisation
        self._above: dict[tuple[int, ...], tuple[Mapping[str, Severity], Mapping[str, About]]] = {}
        # Few files define checks, and only these are read again.
        self._files: dict[int, StoredPolicy] = {}
        for start in range(0, len(ids), CHUNK):
            kept = runtime.store.policies(ids[start : start + CHUNK])
            self._files |= {number: file for number, file in kept.items() if CUSTOM_CHECKS in file.text}

    def of(self, number: int, selection: Selection) -> tuple[Mapping[str, Severity], Mapping[str, About]]:
        """How much checks matter there where the organisation says so, and those that policy defines."""
        above = self._above.get(selection.members)
        if above is None:
            policy = self._laid(selection)
            said = {name: check.severity for name, check in policy.checks.items()}
            severities = {name: severity for name, severity in said.items() if severity is not None}
            above = self._above[selection.members] = severities, self._defined(policy)
        file = self._files.get(number)
        if file is None:
            return above
        own = own_layers(own_file(self._registry, file), file.commit)
        return above[0], self._defined(self._laid(selection, own))

    def _laid(self, selection: Selection, own: Sequence[Layer] = ()) -> Policy:
        # Which ring a repository is in says nothing of checks.
        above = layers(self._organisation, selection, 0)
        return effective_policy([*above, *own], self._registry.checks)[0]

    def _defined(self, policy: Policy) -> dict[str, About]:
        specs = custom_specs(policy).values()
        return {spec.name: _about(spec) for spec in specs if spec.name not in self._registry.checks}


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
