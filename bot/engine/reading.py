"""Reads repositories together: a batch of documents, and functions that run until nothing is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.engine.context import Runtime
from bot.engine.custom import custom_rules, custom_selections
from bot.engine.evaluate import PASSES, Collection, Facts, Kept, declared_selections, needed_facts
from bot.engine.governing import Governing, governing_policy, kept_policy, policy_selections
from bot.engine.refreshing import ensure_organisation
from bot.model.attributes import Properties
from bot.model.errors import Gone, InstallationGone, LimitReached, Unavailable
from bot.model.facts import Repository
from bot.ports import Batch, RepoReader, Wanted
from bot.selections import proposal
from bot.spec import Source

T = TypeVar("T")

ROUNDS = 12
"""Documents one after the other; readers stop wanting more before that."""


@dataclass(frozen=True, slots=True)
class Look:
    """One repository at one moment.

    Args:
        repository: as GitHub has it now.
        generation: taken before anything was read.
        commit: the head of the default branch; empty when there is none.
        governing: the policy in force there.
    """

    repository: Repository
    reader: RepoReader
    generation: int
    commit: str
    governing: Governing


def open_batch(runtime: Runtime, installation_id: int, repositories: Sequence[Repository]) -> Batch:
    """A batch that brings what the enabled checks of these repositories need, and no more.

    What is enabled is taken from the policies as they were last; what a newer one enables comes
    with a later document.
    """
    if repositories:
        ensure_organisation(runtime, installation_id, repositories[0].owner)
    batch = runtime.github.batch(installation_id, repositories)
    batch.declare(policy_selections(runtime.registry, runtime.store, installation_id))
    names: set[str] = set()
    for repository in repositories:
        policy = kept_policy(runtime.registry, runtime.store, repository.id)
        names |= needed_facts(runtime.registry, policy)
        batch.declare(custom_selections(policy))
    batch.declare(declared_selections(runtime.registry, names, granted(runtime, installation_id)))
    return batch


def open_proposal(
    runtime: Runtime, installation_id: int, repository: Repository, number: int | None
) -> Batch:
    """A batch that brings what judging a change needs: files at any of its commits.

    Args:
        number: of the pull request; None for a merge group.
    """
    ensure_organisation(runtime, installation_id, repository.owner)
    batch = runtime.github.batch(installation_id, [repository])
    policy = kept_policy(runtime.registry, runtime.store, repository.id)
    names = needed_facts(runtime.registry, policy, file_fed_only=True)
    batch.foresee(policy_selections(runtime.registry, runtime.store, installation_id))
    batch.foresee(declared_selections(runtime.registry, names, granted(runtime, installation_id)))
    if number is not None:
        batch.declare([proposal(number)])
    return batch


def granted(runtime: Runtime, installation_id: int) -> Mapping[str, str] | None:
    """Permission -> level that an installation has given us, as last seen; None when it is not known."""
    installation = runtime.store.installation(installation_id)
    # An App has metadata at least; of a token nobody tells what it may.
    return (installation.permissions or None) if installation else None


def look(
    runtime: Runtime, batch: Batch, installation_id: int, repository_id: int, generation: int
) -> Look | None:
    """The repository, its head and its policy; None for one that has nothing to judge.

    Raises:
        Wanted: run it again after the batch has fetched.
    """
    reader = batch.reader(repository_id)
    repository = reader.repository()
    known = runtime.store.repository(repository_id)
    if known is None or known != (installation_id, repository):
        runtime.store.save_repositories(installation_id, [repository])
    if repository.empty or repository.disabled or not repository.default_branch:
        return None
    commit = reader.head(repository.default_branch)
    governing = governing_policy(runtime.registry, runtime.store, reader, repository.id, commit)
    return Look(repository, reader, generation, commit, governing)


def collection(
    runtime: Runtime, installation_id: int, seen: Look, *, tolerate: bool, fresh: bool = False
) -> Collection:
    """The facts that the enabled checks need, about to be read.

    Args:
        fresh: read everything anew, as for a person who asks, as far as limits allow.
    """
    known = runtime.store.facts(seen.repository.id)
    return Collection(
        runtime.registry,
        needed_facts(runtime.registry, seen.governing.policy),
        {
            "reader": seen.reader,
            "owner": runtime.github.owner(installation_id, seen.repository.owner),
            "auditor": runtime.auditor,
            "licences": runtime.licences,
            "commit": seen.commit,
            "branch": seen.repository.default_branch,
            "now": runtime.clock.now(),
            "custom_rules": custom_rules(seen.governing.policy),
            "properties": _properties(runtime, seen),
        },
        tolerate=tolerate,
        granted=granted(runtime, installation_id),
        kept=Kept(known[2]) if known else None,
        fresh=fresh,
    )


def _properties(runtime: Runtime, seen: Look) -> Properties | None:
    """Custom properties, where the organisation's policy keeps them known."""
    if not seen.governing.organisation.asks_properties:
        return None
    described = runtime.store.description(seen.repository.id)
    return described.properties if described else None


def read_facts(batch: Batch, collections: Sequence[Collection]) -> list[Facts | Gone]:
    """The facts of repositories: first all that documents tell of every one, then what REST tells.

    Of REST, what it tells of an organisation comes first, as one call serves all its repositories.
    See ``docs/decisions/0006-shared-documents.md`` for what a limit ends.

    Returns:
        In order; a repository that is gone gives the error. What could not be read after the
        documents is unknown, and ``Collection.interrupted`` says why.

    Raises:
        LimitReached, Unavailable: documents can not be had now. Else see ``settle_all``.
    """
    gone: dict[int, Gone] = {}
    try:
        for source in PASSES:
            batch.allow_rest(source is Source.REPOSITORY)
            left = [number for number in range(len(collections)) if number not in gone]
            told = _read_pass(batch, [collections[number] for number in left], source)
            gone |= {n: error for n, error in zip(left, told, strict=True) if isinstance(error, Gone)}
    finally:
        batch.allow_rest(True)
    return [gone.get(number, collecting.facts) for number, collecting in enumerate(collections)]


def _read_pass(batch: Batch, collections: Sequence[Collection], source: Source) -> list[Facts | Gone]:
    asks = [partial(facts_of, collecting, source) for collecting in collections]
    try:
        return settle_all(batch, asks)
    except (LimitReached, Unavailable) as error:
        if source is Source.DOCUMENTS:
            raise
        # A document that these facts want beside their calls can not be had; the first ones were.
        for collecting in collections:
            collecting.stop(error)
        return settle_all(batch, asks)


def facts_of(collecting: Collection, upto: Source = PASSES[-1]) -> Facts:
    """The facts, once all are there that sources up to this one tell. Raises Wanted while some are not."""
    if not collecting.step(upto):
        raise Wanted
    return collecting.facts


def settle(batch: Batch, ask: Callable[[], T]) -> T:
    """Run a function until all that it wants is there. Raises what it raises."""
    (found,) = settle_all(batch, [ask])
    if isinstance(found, Gone):
        raise found
    return found


def settle_all(batch: Batch, asks: Iterable[Callable[[], T]]) -> list[T | Gone]:
    """Run functions until all that they want is there, each document for all of them.

    Returns:
        What each gave, in order; a repository that is gone gives the error, and harms no other.

    Raises:
        Unavailable: they want more than a batch can bring. Else what a function raises.
    """
    functions = list(asks)
    found: dict[int, T | Gone] = {}
    for _ in range(ROUNDS):
        for number, ask in enumerate(functions):
            if number in found:
                continue
            try:
                found[number] = ask()
            except Wanted:
                continue
            except InstallationGone:
                raise
            except Gone as error:
                found[number] = error
        if len(found) == len(functions):
            return [found[number] for number in range(len(functions))]
        batch.fetch()
    raise Unavailable(f"reading took more than {ROUNDS} documents")
