"""Which policy is in force for a commit, and what is wrong with the file in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.config.policy import DEFAULT, POLICY_PATH, Exemption, Policy
from bot.config.policy_file import SIZE_LIMIT, PolicyErrors, read_policy
from bot.model.errors import Malformed, PolicyError
from bot.model.facts import EntryKind, TreeEntry
from bot.ports import RepoReader, Store, StoredExemption
from bot.registry import Registry


@dataclass(frozen=True, slots=True)
class Governing:
    """The policy in force, and the state of the file at the commit that was asked about.

    Args:
        policy: of the file if it is good, else the last good one, else the defaults.
        oid: the file's blob id at that commit; empty when there is none.
        errors: what is wrong with the file, in the order of its lines.
    """

    policy: Policy
    oid: str = ""
    errors: tuple[PolicyError, ...] = ()


def governing_policy(
    registry: Registry, store: Store, reader: RepoReader, repository_id: int, commit: str
) -> Governing:
    """The policy of a commit on the branch that governs; a good file becomes the last good one.

    Exemptions that were given by commands stand behind those of the file.
    """
    found = read_at(registry, reader, commit)
    if found.errors:
        found = replace(found, policy=_last_good(registry, store, repository_id))
    elif found.oid:
        known = store.policy(repository_id)
        if known is None or known[0] != found.oid:
            text = reader.blob(found.oid, limit=SIZE_LIMIT).decode("utf-8")
            store.save_policy(repository_id, found.oid, text)
    return replace(found, policy=_with_commanded(found.policy, store.exemptions(repository_id)))


def kept_policy(registry: Registry, store: Store, repository_id: int) -> Policy:
    """The policy as it was in force last, without a call to GitHub."""
    return _with_commanded(_last_good(registry, store, repository_id), store.exemptions(repository_id))


def _with_commanded(policy: Policy, given: Sequence[StoredExemption]) -> Policy:
    if not given:
        return policy
    commanded = (Exemption(e.check, e.reason, e.until) for e in given)
    return replace(policy, exemptions=(*policy.exemptions, *commanded))


def read_at(registry: Registry, reader: RepoReader, commit: str) -> Governing:
    """The policy file of any commit, judged by itself; defaults when there is none."""
    entry = _entry(reader, commit)
    if entry is None:
        return Governing(DEFAULT)
    if entry.kind is not EntryKind.FILE:
        error = PolicyError(f"this is a {entry.kind.value}; put a plain file in its place", path=POLICY_PATH)
        return Governing(DEFAULT, entry.oid, (error,))
    try:
        data = reader.blob(entry.oid, limit=SIZE_LIMIT)
        return Governing(read_policy(data, registry.checks, oid=entry.oid), entry.oid)
    except PolicyErrors as problem:
        return Governing(DEFAULT, entry.oid, tuple(problem.errors))
    except Malformed:
        error = PolicyError(f"the file is larger than {SIZE_LIMIT} bytes; make it smaller", path=POLICY_PATH)
        return Governing(DEFAULT, entry.oid, (error,))


def oid_at(reader: RepoReader, commit: str) -> str:
    """The blob id of the policy file at a commit; empty when there is none."""
    entry = _entry(reader, commit)
    return entry.oid if entry else ""


def _entry(reader: RepoReader, commit: str) -> TreeEntry | None:
    folder = POLICY_PATH.rpartition("/")[0]
    entries: Sequence[TreeEntry] = reader.directory(commit, folder)
    return next((e for e in entries if e.path == POLICY_PATH), None)


def _last_good(registry: Registry, store: Store, repository_id: int) -> Policy:
    known = store.policy(repository_id)
    if known is None:
        return DEFAULT
    try:
        return read_policy(known[1].encode(), registry.checks, oid=known[0])
    except PolicyErrors:
        # A newer Plumbline may know fewer keys than the one that kept the file.
        return DEFAULT
