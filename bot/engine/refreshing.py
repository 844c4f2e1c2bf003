"""Looks for the policy of an installation's owner, keeps it, and tells whom a change concerns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.config.cascade import LayerKind
from bot.config.organisation import (
    ORGANISATION_PATH,
    ORGANISATION_REPOSITORIES,
    OrganisationPolicy,
    in_ring,
    select,
)
from bot.config.organisation_file import read_organisation
from bot.config.policy import Notice
from bot.config.policy_file import PolicyErrors
from bot.engine.context import Context, Runtime
from bot.engine.describing import describe, properties_in
from bot.engine.governing import (
    compiled_organisation,
    entry_at,
    kept_organisation,
    lay,
    oid_at,
    proposed_policy,
    read_entry,
)
from bot.engine.publish import publish_check_run
from bot.engine.turns import turn
from bot.model.attributes import Attribute, Attributes, Described
from bot.model.errors import Gone, InstallationGone, PolicyError, Rejected
from bot.model.facts import Repository, TreeEntry, Visibility
from bot.model.reports import CheckRun
from bot.ports import RepoReader, StoredEffect, StoredOrganisation
from bot.registry import Registry
from bot.report.config_run import render_config_errors, render_policy_moved

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What was found.

    Args:
        repository_id: of the repository whose file was read; 0 when there is none.
        commit: its commit.
        oid: blob id of the version that was read, good or not.
        errors: what is wrong with that version, for which the last good one stays in force.
        notices: what should be known of a good one.
        concerned: repositories for which something is different now.
        left: full name of the repository whose file was in force and is no more, as the one above has
            taken its place; where none has, it is the one above. Empty when nothing of the kind happened.
    """

    repository_id: int = 0
    commit: str = ""
    oid: str = ""
    errors: tuple[PolicyError, ...] = ()
    notices: tuple[Notice, ...] = ()
    concerned: tuple[int, ...] = ()
    left: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    repository: Repository
    commit: str
    entry: TreeEntry
    data: bytes
    errors: tuple[PolicyError, ...] = ()


def ensure_organisation(runtime: Runtime, installation_id: int, owner: str) -> None:
    """Look for the policy of an owner, unless somebody did: nothing is judged before that."""
    if runtime.store.organisation(installation_id) is None:
        refresh_organisation(runtime, installation_id, owner)


def refresh_organisation(runtime: Runtime, installation_id: int, owner: str) -> Refreshed:
    """Read the owner's policy and what its selectors ask for, and keep both.

    A file with mistakes leaves the last good one in force, wherever that was, and so does a fault. A file
    that was taken away, with its repository or without, does not: the other repository's takes its place.

    Args:
        owner: login of the account.
    """
    kept, now, refreshed = _refresh_file(runtime, installation_id, owner)
    return replace(refreshed, concerned=_concerned(runtime, installation_id, owner, kept, now))


def _refresh_file(
    runtime: Runtime, installation_id: int, owner: str
) -> tuple[StoredOrganisation | None, StoredOrganisation, Refreshed]:
    """What was kept of the file, what is kept now, and what is to be told."""
    kept = runtime.store.organisation(installation_id)
    found = _find(runtime, installation_id, owner)
    now, refreshed = StoredOrganisation(runtime.clock.now()), Refreshed()
    if found is not None:
        now, refreshed = _taken(runtime, installation_id, found, kept, now)
    if kept is not None and kept.oid and now.repository_id != kept.repository_id:
        refreshed = _moved(runtime, installation_id, kept, now, refreshed)
    runtime.store.save_organisation(installation_id, now)
    return kept, now, refreshed


def _concerned(
    runtime: Runtime,
    installation_id: int,
    owner: str,
    kept: StoredOrganisation | None,
    now: StoredOrganisation,
) -> tuple[int, ...]:
    """Read what the selectors of a file ask for, and tell whom it concerns; nobody, when it is the first."""
    registry = runtime.registry
    before, after = compiled_organisation(registry, kept), compiled_organisation(registry, now)
    sides = _described(runtime, installation_id, owner, teams=after.teams, properties=after.asks_properties)
    if kept is None:
        return ()
    repositories = runtime.store.repositories(installation_id)
    return concerned_by(registry, (before, sides[0]), (after, sides[1]), repositories)


def regroup(runtime: Runtime, installation_id: int, owner: str, attribute: Attribute) -> tuple[int, ...]:
    """Read anew which repositories have teams or properties that the policy asks for, and keep it.

    Nothing is asked where the policy does not.

    Returns:
        Ids of the repositories for which the policy means something else now.
    """
    registry, store = runtime.registry, runtime.store
    policy = kept_organisation(registry, store, installation_id)
    teams = policy.teams if attribute is Attribute.TEAMS else ()
    properties = policy.asks_properties and attribute is Attribute.PROPERTIES
    before, after = _described(runtime, installation_id, owner, teams=teams, properties=properties)
    repositories = store.repositories(installation_id)
    return concerned_by(registry, (policy, before), (policy, after), repositories)


def regroup_one(runtime: Runtime, installation_id: int, repository_id: int) -> bool:
    """Read the properties of one repository anew, if the policy asks for any, and keep them.

    Returns:
        Whether the policy means something else for it now.

    Raises:
        Gone: it is no more.
    """
    registry, store = runtime.registry, runtime.store
    policy = kept_organisation(registry, store, installation_id)
    known = store.repository(repository_id)
    if known is None or known[0] != installation_id or not policy.asks_properties:
        # One that is new to us is asked for its properties when it is judged.
        return False
    with runtime.github.reader(installation_id, repository_id) as reader:
        properties = properties_in(reader)
    before = store.description(repository_id) or Described()
    if properties is None or before.properties == properties:
        return False
    after = replace(before, properties=properties)
    store.save_described({repository_id: after})
    sides = ((policy, {repository_id: before}), (policy, {repository_id: after}))
    return bool(concerned_by(registry, *sides, [known[1]]))


def _described(
    runtime: Runtime, installation_id: int, owner: str, *, teams: tuple[str, ...], properties: bool
) -> tuple[Mapping[int, Described], Mapping[int, Described]]:
    """What was known of all repositories, and what is known and kept now."""
    # Events tell of single repositories sooner than an answer that is kept for a while.
    account = runtime.github.owner(installation_id, owner, fresh=True)
    before, after = describe(runtime.store, installation_id, account, teams=teams, properties=properties)
    changed = {id_: said for id_, said in after.items() if before.get(id_) != said}
    if changed:
        runtime.store.save_described(changed)
    return before, after


def concerned_by(
    registry: Registry,
    before: tuple[OrganisationPolicy, Mapping[int, Described]],
    after: tuple[OrganisationPolicy, Mapping[int, Described]],
    repositories: list[Repository],
) -> tuple[int, ...]:
    """Repositories for which a policy, with what is known of them, means something else; by id. Pure."""
    # Repositories in the same groups and rings have the same policy from above.
    known: dict[tuple[object, ...], object] = {}

    def meaning(side: tuple[OrganisationPolicy, Mapping[int, Described]], repository: Repository) -> object:
        policy, described = side
        said = described.get(repository.id)
        selection = select(policy, Attributes.of(repository, said))
        key = (id(policy), selection.enrolled, selection.members, in_ring(repository.id, policy.ring))
        judged = said.properties if said and policy.judges_properties else None
        if key not in known:
            laid = lay(registry, policy, repository, said)
            locks = frozenset(lock for lock, _ in laid.effective.locks)
            known[key] = (selection.enrolled, laid.policy, locks)
        return known[key], judged

    return tuple(r.id for r in repositories if meaning(before, r) != meaning(after, r))


def refresh(context: Context, installation_id: int, owner: str) -> Refreshed:
    """As ``refresh_organisation``, and say once of each version of the file what is wrong with it."""
    runtime = context.runtime
    # An installation that is synchronised and a push to the file may be looked at by two at once.
    with turn(context, 0, f"policy:{installation_id}") as alone:
        kept, now, found = _refresh_file(runtime, installation_id, owner)
        # What is stopped is told when it is looked at again, after everything was resumed.
        if found.repository_id and not runtime.store.stopped(installation_id):
            _tell(alone, installation_id, found)
    return replace(found, concerned=_concerned(runtime, installation_id, owner, kept, now))


def _tell(context: Context, installation_id: int, found: Refreshed) -> None:
    """Say where the file lies what is wrong with it, or that it came into force or ended."""
    store = context.runtime.store
    said = store.effect(found.repository_id, "config", "organisation")
    if found.errors and (said is None or said.digest != found.oid):
        # On the commit that brought the mistakes.
        number = _show(context, installation_id, found, render_config_errors(found.errors, found.commit))
        if number is not None:
            effect = StoredEffect(number, found.oid, {})
            store.save_effect(found.repository_id, "config", "organisation", effect)
    elif said is not None and not found.errors:
        store.drop_effect(found.repository_id, "config", "organisation")
    if found.left and not found.errors:
        known = store.repository(found.repository_id)
        private = known is not None and known[1].visibility is Visibility.PRIVATE
        # Where others read along, nobody is told which repositories there are.
        left = found.left if private else ""
        run = render_policy_moved(found.commit, found.notices, here=bool(found.oid), left=left)
        _show(context, installation_id, found, run)


def _show(context: Context, installation_id: int, found: Refreshed, run: CheckRun) -> int | None:
    try:
        with context.runtime.github.writer(installation_id, found.repository_id, context.guard) as writer:
            return publish_check_run(context, writer, run)
    except Rejected as error:
        # As of an archived repository; the page and the log tell it all the same.
        logger.warning("what became of a policy can not be shown", extra={"why": str(error)})
        return None


# The file


def _find(runtime: Runtime, installation_id: int, owner: str) -> _Found | None:
    for name in ORGANISATION_REPOSITORIES:
        known = runtime.store.repository_named(installation_id, f"{owner}/{name}")
        if known is None:
            continue
        try:
            with runtime.github.reader(installation_id, known.id) as reader:
                repository = reader.repository()
                if repository != known:
                    runtime.store.save_repositories(installation_id, [repository])
                found = _file_of(reader, repository) if repository.name.lower() == name else None
        except InstallationGone:
            raise
        except Gone:
            continue
        if found is not None:
            return found
    return None


def _file_of(reader: RepoReader, repository: Repository) -> _Found | None:
    if repository.empty or repository.disabled or not repository.default_branch:
        return None
    commit = reader.head(repository.default_branch)
    entry = entry_at(reader, commit, ORGANISATION_PATH)
    if entry is None:
        return None
    try:
        return _Found(repository, commit, entry, read_entry(reader, entry))
    except PolicyErrors as problem:
        return _Found(repository, commit, entry, b"", problem.errors)


def _moved(
    runtime: Runtime,
    installation_id: int,
    kept: StoredOrganisation,
    now: StoredOrganisation,
    refreshed: Refreshed,
) -> Refreshed:
    """Tell the operator that another file is in force than before, or none."""
    said = {"installation": installation_id, "before": kept.full_name}
    if now.oid:
        logger.warning(
            "the organisation's policy comes from another repository now", extra=said | {"now": now.full_name}
        )
        return replace(refreshed, left=kept.full_name)
    logger.warning("the organisation has no policy any more, as its file was taken away", extra=said)
    commit = _head_of(runtime, installation_id, kept.repository_id)
    return Refreshed(kept.repository_id if commit else 0, commit, left=kept.full_name)


def _head_of(runtime: Runtime, installation_id: int, repository_id: int) -> str:
    """The head of the default branch; empty when the repository is not to be seen any more."""
    known = runtime.store.repository(repository_id)
    if known is None or known[0] != installation_id:
        return ""
    try:
        with runtime.github.reader(installation_id, repository_id) as reader:
            branch = reader.repository().default_branch
            return reader.head(branch) if branch else ""
    except InstallationGone:
        raise
    except Gone:
        return ""


def _taken(
    runtime: Runtime,
    installation_id: int,
    found: _Found,
    kept: StoredOrganisation | None,
    now: StoredOrganisation,
) -> tuple[StoredOrganisation, Refreshed]:
    """What to keep of a file, and what to tell of it."""
    errors = found.errors
    notices: tuple[Notice, ...] = ()
    if not errors:
        try:
            policy = read_organisation(
                found.data,
                runtime.registry.checks,
                oid=found.entry.oid,
                visible=visible(runtime, installation_id, found.repository.owner),
            )
            notices = policy.notices
        except PolicyErrors as problem:
            errors = problem.errors
    refreshed = Refreshed(found.repository.id, found.commit, found.entry.oid, errors, notices)
    if errors:
        last = kept or now
        logger.warning(
            "the organisation's policy has mistakes; the last good one stays in force",
            extra={
                "installation": installation_id,
                "repository": found.repository.id,
                "last": last.full_name,
            },
        )
        return replace(last, looked_at=now.looked_at, seen_oid=found.entry.oid), refreshed
    if kept is not None and kept.oid == found.entry.oid and kept.repository_id == found.repository.id:
        # The commit that is named stays the first one that had this version.
        named = replace(kept, full_name=found.repository.full_name)
        return replace(named, looked_at=now.looked_at, seen_oid=found.entry.oid), refreshed
    return (
        replace(
            now,
            repository_id=found.repository.id,
            full_name=found.repository.full_name,
            commit=found.commit,
            oid=found.entry.oid,
            text=found.data.decode("utf-8"),
            seen_oid=found.entry.oid,
        ),
        refreshed,
    )


def visible(runtime: Runtime, installation_id: int, owner: str) -> Callable[[str], Visibility | None]:
    """Tells who sees a repository of the owner, by its name with or without the owner's."""

    def see(name: str) -> Visibility | None:
        full_name = name if "/" in name else f"{owner}/{name}"
        if full_name.partition("/")[0].lower() != owner.lower():
            return None
        found = runtime.store.repository_named(installation_id, full_name)
        return found.visibility if found else None

    return see


# What a change brings


@dataclass(frozen=True, slots=True)
class Proposed:
    """The policy files that a change touches, as they are in it."""

    errors: tuple[PolicyError, ...] = ()
    notices: tuple[Notice, ...] = ()


def proposed_policies(
    runtime: Runtime, at: Repository, reader: RepoReader, merge_base: str | None, head: str
) -> Proposed | None:
    """What is to be said of the policy files of a change; None when it touches none."""
    found = [_proposed_file(runtime, at, reader, merge_base, head)]
    if at.name.lower() in ORGANISATION_REPOSITORIES:
        found.append(_proposed_organisation(runtime, at, reader, merge_base, head))
    touched = [one for one in found if one is not None]
    if not touched:
        return None
    return Proposed(
        tuple(error for one in touched for error in one.errors),
        tuple(notice for one in touched for notice in one.notices),
    )


def _proposed_file(
    runtime: Runtime, at: Repository, reader: RepoReader, merge_base: str | None, head: str
) -> Proposed | None:
    governing = proposed_policy(runtime.registry, runtime.store, reader, at.id, head)
    if governing.oid == (oid_at(reader, merge_base) if merge_base else ""):
        return None
    if governing.errors:
        return Proposed(governing.errors)
    refused = (r for r in governing.effective.refused if r.origin.kind is LayerKind.REPOSITORY)
    return Proposed(notices=tuple(r.notice for r in refused))


def _proposed_organisation(
    runtime: Runtime, at: Repository, reader: RepoReader, merge_base: str | None, head: str
) -> Proposed | None:
    entry = entry_at(reader, head, ORGANISATION_PATH)
    before = oid_at(reader, merge_base, ORGANISATION_PATH) if merge_base else ""
    if (entry.oid if entry else "") == before:
        return None
    known = runtime.store.repository(at.id)
    kept = runtime.store.organisation(known[0]) if known else None
    if entry is None:
        return Proposed(notices=_of_order(kept, at, taken=True))
    try:
        policy = read_organisation(
            read_entry(reader, entry),
            runtime.registry.checks,
            oid=entry.oid,
            visible=visible(runtime, known[0], at.owner) if known else None,
        )
    except PolicyErrors as problem:
        return Proposed(problem.errors)
    return Proposed(notices=(*policy.notices, *_of_order(kept, at, taken=False)))


def counts(kept: StoredOrganisation | None, at: Repository) -> bool:
    """The file of a repository is, or would be, the one in force."""
    order, name = ORGANISATION_REPOSITORIES, at.name.lower()
    if name not in order:
        return False
    if kept is None or not kept.oid or kept.repository_id == at.id:
        return True
    holder = kept.full_name.partition("/")[2].lower()
    return holder not in order or order.index(name) < order.index(holder)


def _of_order(kept: StoredOrganisation | None, at: Repository, *, taken: bool) -> tuple[Notice, ...]:
    """What a change means for which file is in force; the other repository is not named."""
    here = kept is not None and kept.repository_id == at.id
    said = ""
    if taken and here:
        said = (
            "without this file that of the organisation's other repository counts, and where there is none "
            "the organisation has no policy"
        )
    elif not taken and not counts(kept, at):
        said = (
            "the organisation's policy is in another repository, which comes first: this file does not count"
        )
    elif not taken and kept is not None and kept.oid and not here:
        said = "from then on this file counts, and the one that is the organisation's policy now does not"
    return (Notice(said, ORGANISATION_PATH),) if said else ()
