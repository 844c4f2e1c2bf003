"""What a change of the organisation's policy would bring: every repository judged anew from what is kept.

Nothing is asked of GitHub for the judging. A check is judged anew only where what policy says of it
differs, and only the facts that it needs are thawed; everything else stays as it was judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from bot.config.organisation import Exempting, OrganisationPolicy, in_ring, select
from bot.config.policy import CheckPolicy, Policy
from bot.config.policy_file import PUBLISH_SPELT
from bot.config.selection import Looked, Selection
from bot.config.settings import Publish
from bot.engine.custom import with_custom
from bot.engine.delta import KNOWN, terms
from bot.engine.evaluate import judge, thaw
from bot.engine.governing import Governing, lay, own_file, own_layers
from bot.engine.wishes import WISH_EFFECT, waiting_wishes
from bot.model.attributes import Attributes, Described
from bot.model.facts import Repository
from bot.model.people import Role
from bot.model.verdicts import Judgement, Outcome, Reason, Scope, Severity
from bot.ports import Store, StoredExemption, StoredFinding, StoredPolicy
from bot.registry import BUILT_IN_INPUTS, Registry
from bot.report.what_if import ExemptRule, Finding, Held, Tally, WhatIf
from bot.spec import CheckSpec

CHUNK = 200
"""Repositories whose verdicts are held at once."""

NO_GROUP = "in no group"


@dataclass(frozen=True)
class Side:
    """A policy of an organisation, and the program's own checks."""

    registry: Registry
    policy: OrganisationPolicy

    @cached_property
    def checks(self) -> Mapping[str, CheckSpec]:
        """Those of single repositories."""
        return _of_repositories(self.registry)


def _of_repositories(registry: Registry) -> Mapping[str, CheckSpec]:
    return {s.name: s for s in registry.checks.values() if s.scope is Scope.REPOSITORY}


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a check under one policy.

    Args:
        outcome: None when it is not asked for, or nobody knows.
        exempt: it fails and does not speak.
        foreseen: False where nobody knows, because what it needs was never read.
    """

    outcome: Outcome | None = None
    severity: Severity = Severity.INFO
    fingerprints: frozenset[str] = frozenset()
    summary: str = ""
    exempt: bool = False
    foreseen: bool = True

    @property
    def finding(self) -> bool:
        """It fails and speaks."""
        return self.outcome is Outcome.FAIL and not self.exempt


NOT_ASKED = State()
HIDDEN = State()
UNFORESEEN = State(foreseen=False)


@dataclass(frozen=True, slots=True)
class _Concerned:
    """A repository for which the policies from above mean different things."""

    repository: Repository
    described: Described | None
    group: str
    before: Governing
    after: Governing


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of some repositories, beside their facts."""

    policies: Mapping[int, StoredPolicy]
    exemptions: Mapping[int, tuple[StoredExemption, ...]]


@dataclass(frozen=True, slots=True)
class _Stand:
    """How a repository stands under one policy: what is in force, and every check that there is."""

    side: Side
    governing: Governing
    checks: Mapping[str, CheckSpec]
    enrolled: bool
    known: dict[str, CheckPolicy | None] = field(default_factory=dict)

    @classmethod
    def of(cls, side: Side, governing: Governing) -> _Stand:
        """With the checks that policy itself defines."""
        if not governing.policy.custom:
            return cls(side, governing, side.checks, governing.enrolled)
        checks = _of_repositories(with_custom(side.registry, governing.policy))
        return cls(side, governing, checks, governing.enrolled)

    @property
    def policy(self) -> Policy:
        """What is in force."""
        return self.governing.policy

    def asked(self, name: str) -> CheckPolicy | None:
        """What is in force for a check; None when it is not asked for."""
        if name not in self.known:
            spec = self.checks.get(name)
            said = self.policy.of(spec) if spec and self.enrolled else None
            self.known[name] = said if said and said.enabled else None
        return self.known[name]

    def exempting(self, name: str) -> Exempting | None:
        """Who may exempt a check by command; None when there is no such check."""
        spec = self.checks.get(name)
        if spec is None:
            return None
        severity = self.policy.of(spec).severity
        return self.side.policy.exempting(spec.severity if severity is None else severity)

    def said(self, name: str) -> Severity | None:
        """The weight that policy itself gives a check."""
        return self.policy.checks.get(name, CheckPolicy()).severity


@dataclass
class _Work:
    """One concerned repository, with all policies of its own in place."""

    repository: Repository
    group: str
    before: _Stand
    after: _Stand
    differing: tuple[str, ...]
    findings: Mapping[str, StoredFinding] = field(default_factory=dict)


def what_if(
    store: Store,
    installation_id: int,
    base: Side,
    head: Side,
    now: datetime,
    *,
    operator: Publish = Publish.ADVISE,
) -> WhatIf:
    """Compare what two policies make of every repository that one of them looks after.

    Archived repositories are left out: nothing is written there.

    Args:
        operator: how loud it is where no policy says.
    """
    found = WhatIf()
    described = store.described(installation_id)
    alive = [r for r in store.repositories(installation_id) if not r.archived]
    concerned = list(_concerned(found, base, head, alive, described))
    found.exempting = _rules_that_differ(base.policy, head.policy)
    if found.exempting:
        for start in range(0, len(alive), CHUNK):
            _tell_exempting(found, store, (base, head), alive[start : start + CHUNK], described, now)
    judging = _Judging(store, base, head, now, found, operator)
    for start in range(0, len(concerned), CHUNK):
        judging.add(concerned[start : start + CHUNK])
    return found


def _concerned(
    found: WhatIf,
    base: Side,
    head: Side,
    repositories: Iterable[Repository],
    described: Mapping[int, Described],
) -> Iterator[_Concerned]:
    """Those for which something differs from above; the others are only counted."""
    from_above = _FromAbove()
    same_checks = base.registry is head.registry or base.checks == head.checks
    for repository in repositories:
        about = described.get(repository.id)
        before, after = from_above(base, repository, about), from_above(head, repository, about)
        group = _group(after.selection)
        tally = found.groups.setdefault(group, Tally())
        if not (before.enrolled or after.enrolled):
            continue
        found.repositories += 1
        tally.repositories += 1
        _count_unsure(found, after.selection)
        if same_checks and _meaning(before) == _meaning(after):
            continue
        found.concerned += 1
        yield _Concerned(repository, about, group, before, after)


def _rules_that_differ(base: OrganisationPolicy, head: OrganisationPolicy) -> list[ExemptRule]:
    """Who may exempt, by severity; those of which the same is said together."""
    together: dict[tuple[str, str], list[Severity]] = {}
    for severity in Severity:
        before, after = base.exempting(severity), head.exempting(severity)
        if _rule(before) != _rule(after):
            together.setdefault((_rule_in_words(before), _rule_in_words(after)), []).append(severity)
    return [ExemptRule(tuple(severities), *words) for words, severities in together.items()]


def _rule(rule: Exempting) -> tuple[Role | None, bool]:
    return rule.who, rule.approval and rule.who is not None


def _rule_in_words(rule: Exempting) -> str:
    if rule.who is None:
        return "nobody"
    return f"the role {rule.who.label} or more{', with a second person' if rule.approval else ''}"


def _tell_exempting(
    found: WhatIf,
    store: Store,
    sides: tuple[Side, Side],
    repositories: list[Repository],
    described: Mapping[int, Described],
    now: datetime,
) -> None:
    """What other rules mean for the exemptions of some repositories that people gave or asked for."""
    ids = [repository.id for repository in repositories]
    given, wishes = store.exemptions_of(ids), store.effects_of(ids, WISH_EFFECT)
    from_above = _FromAbove()
    for repository in repositories:
        own = given.get(repository.id, ())
        waiting = waiting_wishes(wishes.get(repository.id, {}), own, now)
        if not (own or waiting):
            continue
        stands = [_Stand.of(s, from_above(s, repository, described.get(repository.id))) for s in sides]
        if not stands[1].enrolled:
            continue
        for exemption in own:
            before, after = (stand.exempting(exemption.check) for stand in stands)
            if now.date() <= exemption.until and before and after and _stricter(after, before):
                found.held.append(Held(repository, exemption.check, exemption.until))
        for wish in waiting:
            before, after = (stand.exempting(wish.check) for stand in stands)
            found.freed += bool(before and after and _rule(before)[1] and after.who and not after.approval)


def _stricter(after: Exempting, before: Exempting) -> bool:
    if before.who is None or after.who is None:
        return after.who is None and before.who is not None
    return after.who > before.who or (after.approval and not before.approval)


class _FromAbove:
    """What an organisation says of repositories: those in the same groups and rings share it."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Governing] = {}

    def __call__(self, side: Side, repository: Repository, described: Described | None) -> Governing:
        selection = select(side.policy, Attributes.of(repository, described))
        key = (id(side), selection.members, in_ring(repository.id, side.policy.ring))
        laid = self._known.get(key)
        if laid is None:
            laid = self._known[key] = lay(side.registry, side.policy, repository, described)
        return replace(laid, selection=selection)


def _meaning(governing: Governing) -> tuple[object, ...]:
    return governing.enrolled, governing.policy, _locks(governing)


def _locks(governing: Governing) -> frozenset[str]:
    return frozenset(key for key, _ in governing.effective.locks)


def _group(selection: Selection) -> str:
    members = selection.members
    return selection.groups[members[0]].name if members else NO_GROUP


def _count_unsure(found: WhatIf, selection: Selection) -> None:
    unsure: list[Looked] = [
        looked for looked in (*selection.enrol, *selection.groups) if looked.holds is None
    ]
    conditions = {c.what for looked in unsure for c in looked.conditions if c.holds is None}
    for what in conditions:
        found.unsure[what] = found.unsure.get(what, 0) + 1


class _Judging:
    """Adds repositories to what was found, some at a time."""

    def __init__(
        self, store: Store, base: Side, head: Side, now: datetime, found: WhatIf, operator: Publish
    ) -> None:
        self._store = store
        self._base, self._head = base, head
        self._now, self._found, self._operator = now, found, operator
        self._subsets: dict[tuple[int, frozenset[str]], Registry] = {}
        # Stands keep their policies, so that no other one can get their identities.
        self._stands: dict[tuple[int, int, bool], _Stand] = {}
        self._differing: dict[tuple[int, int], tuple[str, ...]] = {}

    def add(self, concerned: list[_Concerned]) -> None:
        """Compare them."""
        ids = [one.repository.id for one in concerned]
        kept = _Kept(self._store.policies(ids), self._store.exemptions_of(ids))
        works = {one.repository.id: self._prepared(one, kept) for one in concerned}
        turned = any(work.before.enrolled is not work.after.enrolled for work in works.values())
        names = None if turned else {name for work in works.values() for name in work.differing}
        for number, findings in self._store.findings(ids, names).items():
            works[number].findings = findings
        anew = [number for number, work in works.items() if self._needs(work)]
        judged: set[int] = set()
        for number, data in self._store.facts_of(anew):
            judged.add(number)
            self._conclude(works[number], data)
        for number, work in works.items():
            if number not in judged:
                self._conclude(work, {})

    def _prepared(self, one: _Concerned, kept: _Kept) -> _Work:
        number = one.repository.id
        file, given = kept.policies.get(number), kept.exemptions.get(number, ())
        before, after = one.before, one.after
        alone = file is not None or bool(given)
        if alone:
            before = self._laid(self._base, one, before, file, given)
            after = self._laid(self._head, one, after, file, given)
            stands = _Stand.of(self._base, before), _Stand.of(self._head, after)
        else:
            stands = self._shared(self._base, before), self._shared(self._head, after)
        return _Work(one.repository, one.group, *stands, self._differ(*stands, shared=not alone))

    def _shared(self, side: Side, governing: Governing) -> _Stand:
        """The same for all repositories of which the organisation says the same."""
        key = (id(side), id(governing.policy), governing.enrolled)
        if key not in self._stands:
            self._stands[key] = _Stand.of(side, governing)
        return self._stands[key]

    def _laid(
        self,
        side: Side,
        one: _Concerned,
        above: Governing,
        file: StoredPolicy | None,
        given: tuple[StoredExemption, ...],
    ) -> Governing:
        own = own_layers(own_file(side.registry, file), file.commit if file else "", given)
        laid = lay(side.registry, side.policy, one.repository, one.described, own)
        return replace(laid, selection=above.selection)

    def _differ(self, before: _Stand, after: _Stand, *, shared: bool) -> tuple[str, ...]:
        """Names of the checks of which the policies say different things.

        Args:
            shared: other repositories may have the very same policies.
        """
        if before.enrolled is not after.enrolled:
            return tuple({**before.checks, **after.checks})
        if not shared:
            return tuple(self._differences(before, after))
        key = (id(before.policy), id(after.policy))
        if key not in self._differing:
            self._differing[key] = tuple(self._differences(before, after))
        return self._differing[key]

    def _differences(self, before: _Stand, after: _Stand) -> Iterator[str]:
        for name in {**before.checks, **after.checks}:
            if not _same_rule(before, after, name):
                yield name
            elif name not in before.policy.checks and name not in after.policy.checks:
                if self._exempt(before, name) is not self._exempt(after, name):
                    yield name
            elif [before.policy.of(before.checks[name]), self._exempt(before, name)] != [
                after.policy.of(after.checks[name]),
                self._exempt(after, name),
            ]:
                yield name

    def _needs(self, work: _Work) -> bool:
        """Facts are needed: some check would be judged otherwise, and not only weighed or silenced."""
        return any(self._anew(work, name) for name in work.differing)

    @staticmethod
    def _anew(work: _Work, name: str) -> bool:
        will, was = work.after.asked(name), work.before.asked(name)
        if will is None:
            return False
        if was is None or not _same_rule(work.before, work.after, name):
            return True
        known = work.findings.get(name)
        if known is None or known.terms != terms(work.before.policy, name):
            return True
        if known.rule_version != work.after.checks[name].rule_version:
            return True
        # An observation may have a weight of its own, which shows where policy gives none.
        return was.options != will.options or (
            was.severity != will.severity and work.after.said(name) is None
        )

    def _conclude(self, work: _Work, data: Mapping[str, Any]) -> None:
        found, before, after = self._found, work.before, work.after
        anew = {name for name in work.differing if self._anew(work, name)}
        facts = self._thawed(work, anew, data)
        judged = [self._judge(stand, anew, facts) for stand in (before, after)]
        was_red = will_be_red = False
        for name, finding in work.findings.items():
            if name not in work.differing and finding.outcome == Outcome.FAIL.value:
                was_red |= before.asked(name) is not None and not self._exempt(before, name)
                will_be_red |= after.asked(name) is not None and not self._exempt(after, name)
        for name in work.differing:
            kept = work.findings.get(name)
            was = self._state(before, name, judged[0].get(name), kept)
            # What is kept was judged under another policy, where that matters.
            will_be = self._state(after, name, judged[1].get(name), None if name in anew else kept)
            was_red |= was.finding
            will_be_red |= will_be.finding
            self._tell(work, name, was, will_be)
        if will_be_red and not was_red:
            found.red.append(work.repository)
            found.groups[work.group].red += 1
        if was_red and not will_be_red:
            found.green.append(work.repository)
            found.groups[work.group].green += 1
        self._tell_policies(work, judged=bool(data) or bool(work.findings))

    def _thawed(self, work: _Work, names: set[str], data: Mapping[str, Any]) -> Mapping[str, object]:
        """The facts that judging these checks needs, as far as they are kept."""
        checks = work.after.checks
        wanted = {need for name in names for need in _needs(checks[name])}
        return thaw(work.after.side.registry, {need: data[need] for need in wanted if need in data})

    def _judge(self, stand: _Stand, names: set[str], facts: Mapping[str, object]) -> Mapping[str, Judgement]:
        """Judgements of those of the checks that are asked for and whose facts are all there."""
        ready = frozenset(
            name
            for name in names
            if stand.asked(name) and all(need in facts for need in _needs(stand.checks[name]))
        )
        if not ready:
            return {}
        registry = stand.side.registry
        key = (id(registry), ready)
        if key not in self._subsets:
            own = {name: registry.checks[name] for name in ready if name in registry.checks}
            self._subsets[key] = replace(registry, checks=MappingProxyType(own))
        custom = {name: said for name, said in stand.policy.custom.items() if name in ready}
        policy = replace(stand.policy, custom=custom)
        return {j.check: j for j in judge(self._subsets[key], policy, facts, self._now)}

    def _state(self, stand: _Stand, name: str, judged: Judgement | None, kept: StoredFinding | None) -> State:
        """What is known of a check under one policy: from a judgement of now, or from what is kept."""
        if stand.asked(name) is None:
            return NOT_ASKED
        exempt = self._exempt(stand, name)
        if judged is not None and judged.outcome in KNOWN:
            return _state_of(judged, exempt=exempt)
        if kept is not None and kept.outcome in _KNOWN_VALUES:
            said = stand.said(name)
            severity = Severity(kept.severity) if said is None else said
            return State(Outcome(kept.outcome), severity, frozenset(kept.fingerprints), exempt=exempt)
        # What a permission hides will not be seen with the next look, either.
        hidden = judged is not None and judged.verdict.reason is Reason.PERMISSION
        return HIDDEN if hidden else UNFORESEEN

    def _exempt(self, stand: _Stand, name: str) -> bool:
        return stand.policy.exemption(name, self._now.date()) is not None

    def _tell(self, work: _Work, name: str, before: State, after: State) -> None:
        found, repository = self._found, work.repository
        tallies = (found.checks.setdefault(name, Tally()), found.groups[work.group])
        if not after.foreseen and before.foreseen:
            field_name = "uncollected"
        elif after.finding and not before.finding:
            field_name = "appear"
            found.appear.append(Finding(repository, name, after.severity, after.summary))
        elif before.finding and not after.finding:
            field_name = "vanish"
            found.vanish.append(Finding(repository, name, before.severity, before.summary))
        elif before.finding and after.finding and before.severity != after.severity:
            field_name = "heavier" if after.severity > before.severity else "lighter"
        elif before.finding and after.finding and before.fingerprints != after.fingerprints:
            field_name = "other"
        else:
            return
        for tally in tallies:
            setattr(tally, field_name, getattr(tally, field_name) + 1)

    def _tell_policies(self, work: _Work, *, judged: bool) -> None:
        found, before, after = self._found, work.before, work.after
        if after.enrolled and not before.enrolled:
            found.enrolled.append(work.repository)
            if not judged:
                found.never.append(work.repository)
        if before.enrolled and not after.enrolled:
            found.left.append(work.repository)
        if not after.enrolled:
            return
        locks, were = _locks(after.governing), _locks(before.governing) if before.enrolled else frozenset()
        for key in locks - were:
            found.locked[key] = found.locked.get(key, 0) + 1
        for key in were - locks:
            found.unlocked[key] = found.unlocked.get(key, 0) + 1
        if not before.enrolled:
            return
        loud = [PUBLISH_SPELT[side.policy.publish or self._operator] for side in (before, after)]
        if loud[0] != loud[1]:
            found.louder[loud[0], loud[1]] = found.louder.get((loud[0], loud[1]), 0) + 1
        for check in after.policy.block - before.policy.block:
            found.blocking[check] = found.blocking.get(check, 0) + 1


_KNOWN_VALUES = frozenset(outcome.value for outcome in KNOWN)


def _same_rule(before: _Stand, after: _Stand, name: str) -> bool:
    """The check is the same under both; one that policy defines is so when its definition is."""
    was, will = before.checks.get(name), after.checks.get(name)
    if was is None or will is None:
        return False
    if was is will:
        return True
    mine, theirs = before.policy.custom.get(name), after.policy.custom.get(name)
    return mine == theirs if mine and theirs else was == will


def _needs(spec: CheckSpec) -> list[str]:
    return [need for need in spec.needs if need not in BUILT_IN_INPUTS]


def _state_of(judged: Judgement, *, exempt: bool) -> State:
    seen = frozenset(evidence.fingerprint for evidence in judged.verdict.evidence)
    return State(judged.outcome, judged.severity, seen, judged.verdict.summary, exempt=exempt)
