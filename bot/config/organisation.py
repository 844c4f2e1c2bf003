"""What an organisation says of its repositories, as values; reading is ``bot.config.organisation_file``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.config.cascade import Layer, LayerKind, Lock
from bot.config.policy import Notice, Said
from bot.config.selection import Enrolment, Looked, Selection, Selector, enrolled, look
from bot.config.settings import Publish
from bot.model.attributes import Attributes
from bot.model.custom_checks import CustomCheck, PropertyRule
from bot.model.people import Role
from bot.model.verdicts import Severity

ORGANISATION_PATH = "plumbline.org.yml"
"""The file, in the root of the default branch of one of these repositories:"""

ORGANISATION_REPOSITORIES = (".github-private", ".github")
"""The first of them that has the file counts."""


def is_organisations(name: str) -> bool:
    """Whether a repository of that name, without the owner's, may hold the file."""
    return name.lower() in ORGANISATION_REPOSITORIES


RINGS = (1, 5, 25, 100)
"""Shares of the repositories, in percent, in which a policy from above may open issues."""


@dataclass(frozen=True, slots=True)
class Group:
    """Repositories of a kind, and what is said of them.

    Args:
        when: which repositories are in it.
        says: as ``PolicyFile.says``.
        locks: keys that later groups and the repositories' own files may not set.
    """

    name: str
    when: Selector
    says: Mapping[str, Said] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True)
class Exempting:
    """Who may exempt checks by command.

    Args:
        who: the least role; None means nobody.
        approval: a second person with that role has to ask for the same.
    """

    who: Role | None = Role.MAINTAIN
    approval: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class OrganisationPolicy:
    """All that a file says, in force for every repository of the owner.

    Args:
        defaults: what is said of all repositories, as ``PolicyFile.says``.
        groups: in the order of the file, later ones refine earlier ones.
        locks: keys that nothing but ``defaults`` may set.
        roll_up: repository that gets the organisation's report, without the owner; "" for none. Whoever
            writes there makes sure that it is private at that moment.
        exempt: severity -> rule, for it and for those above it up to the next one that is named.
        ring: share in percent of the repositories where ``publish: {issues: all}`` from this file is on.
        ring_line: where that is said; 0 when it is not.
        grants: what the App may do beside reporting; empty, as nothing of the kind exists yet.
        file: ``owner/repository:path``.
        oid: blob id; "" when there is no file.
        newest: no newer version of the policy has mistakes, for which this one stays in force.
    """

    defaults: Mapping[str, Said] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    locks: tuple[Lock, ...] = ()
    enrolment: Enrolment = field(default_factory=Enrolment)
    roll_up: str = ""
    exempt: Mapping[Severity, Exempting] = field(default_factory=dict)
    ring: int = 100
    ring_line: int = 0
    grants: frozenset[str] = frozenset()
    notices: tuple[Notice, ...] = ()
    file: str = ""
    commit: str = ""
    oid: str = ""
    newest: bool = True

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Every selector of the file."""
        groups = (group.when for group in self.groups)
        return (*(self.enrolment.include or ()), *self.enrolment.exclude, *groups)

    @property
    def asks_description(self) -> bool:
        """Some selector asks for topics or languages."""
        return any(selector.topics or selector.languages for selector in self.selectors)

    @property
    def asks_properties(self) -> bool:
        """Some selector, or some check of the file, asks for custom properties."""
        return self.judges_properties or any(selector.properties for selector in self.selectors)

    @property
    def judges_properties(self) -> bool:
        """Some check of the file is about a custom property."""
        return any(isinstance(custom.rule, PropertyRule) for custom in self.custom)

    @property
    def custom(self) -> tuple[CustomCheck, ...]:
        """Every check that the file defines; several of one name where groups define it anew."""
        said = (self.defaults, *(group.says for group in self.groups))
        return tuple(s.value for says in said for s in says.values() if isinstance(s.value, CustomCheck))

    @property
    def teams(self) -> tuple[str, ...]:
        """Slugs of all teams that some selector asks for."""
        return tuple(sorted({team.lower() for selector in self.selectors for team in selector.teams}))

    def exempting(self, severity: Severity) -> Exempting:
        """Who may exempt a check of that severity by command."""
        named = [known for known in self.exempt if known <= severity]
        return self.exempt[max(named)] if named else Exempting()


NOTHING_SAID = OrganisationPolicy()


def select(policy: OrganisationPolicy, repository: Attributes) -> Selection:
    """Whether a repository is looked after and in which groups it is, with the reasons."""
    if not policy.oid:
        return Selection()
    within, why, looked = enrolled(policy.enrolment, repository)
    groups: tuple[Looked, ...] = tuple(look(group.name, group.when, repository) for group in policy.groups)
    return Selection(within, why, looked, groups)


def layers(policy: OrganisationPolicy, selection: Selection, repository_id: int) -> tuple[Layer, ...]:
    """The layers that the organisation lays below a repository's own file."""
    if not policy.oid:
        return ()
    return tuple(_ringed(policy, layer, repository_id) for layer in _layers(policy, selection))


def _layers(policy: OrganisationPolicy, selection: Selection) -> Iterator[Layer]:
    of_file = {"file": policy.file, "commit": policy.commit}
    yield Layer(LayerKind.ORGANISATION, policy.defaults, policy.locks, **of_file)
    for number in selection.members:
        group = policy.groups[number]
        yield Layer(LayerKind.GROUP, group.says, group.locks, group.name, **of_file)


def _ringed(policy: OrganisationPolicy, layer: Layer, repository_id: int) -> Layer:
    """Outside of the ring issues are not switched on from above; a repository may still do so itself."""
    said = layer.says.get("publish")
    if said is None or said.value is not Publish.ISSUES or in_ring(repository_id, policy.ring):
        return layer
    return replace(layer, says={**layer.says, "publish": Said(Publish.ADVISE, policy.ring_line or said.line)})


def in_ring(repository_id: int, share: int) -> bool:
    """Whether a repository belongs to the first ``share`` percent; those of a ring stay in larger ones."""
    digest = hashlib.sha256(f"ring:{repository_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < share
