"""Which policy is in force for a commit, where each part of it comes from, and what is wrong with the file.

Neither the organisation's policy nor a repository's unchanged file costs a call: both are kept in
the store, and what was compiled from them is kept in the process by content.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from bot.config.cascade import Effective, Layer, LayerKind, effective_policy
from bot.config.organisation import NOTHING_SAID, ORGANISATION_PATH, OrganisationPolicy, layers, select
from bot.config.organisation_file import read_organisation
from bot.config.policy import DEFAULT, POLICY_PATH, Exemption, Policy, PolicyFile, Said
from bot.config.policy_file import SIZE_LIMIT, PolicyErrors, Strangers, read_policy_file
from bot.config.selection import EVERYTHING, Selection
from bot.engine.describing import properties_in
from bot.model.attributes import Attributes, Described
from bot.model.errors import Malformed, PolicyError
from bot.model.facts import EntryKind, Repository, TreeEntry
from bot.ports import RepoReader, Store, StoredExemption, StoredOrganisation, StoredPolicy
from bot.registry import Registry
from bot.selections import TOPICS, directory
from bot.selections import Selection as Asked

T = TypeVar("T")

POLICY_FOLDER = directory(".github")
"""Where the policy file lies: its blob id is asked with the first document."""


@dataclass(frozen=True, slots=True)
class Governing:
    """The policy in force, and the state of the file at the commit that was asked about.

    Args:
        policy: of the organisation and of the file if it is good, else of the last good one.
        oid: the file's blob id at that commit; empty when there is none.
        errors: what is wrong with the file, in the order of its lines.
        effective: the same policy key by key, with places, locks and what does not count.
        selection: whether the repository is looked after, and its groups.
        organisation: what the owner says.
    """

    policy: Policy
    oid: str = ""
    errors: tuple[PolicyError, ...] = ()
    effective: Effective = field(default_factory=Effective)
    selection: Selection = EVERYTHING
    organisation: OrganisationPolicy = NOTHING_SAID

    @property
    def enrolled(self) -> bool:
        """The repository is judged at all."""
        return self.selection.enrolled


def governing_policy(
    registry: Registry, store: Store, reader: RepoReader, repository_id: int, commit: str
) -> Governing:
    """The policy of a commit on the branch that governs; a good file becomes the last good one."""
    known = store.policy(repository_id)
    at = _read(registry, reader, commit, known, _Names(above=_names_above(registry, store, repository_id)))
    file, read_from = at.file, commit
    if at.errors:
        file, read_from = own_file(registry, known), known.commit if known else ""
    elif at.oid and (known is None or known.oid != at.oid):
        store.save_policy(repository_id, at.oid, at.text, commit)
    governing = _governing(registry, store, repository_id, file, read_from, reader)
    return replace(governing, oid=at.oid, errors=at.errors)


def proposed_policy(
    registry: Registry, store: Store, reader: RepoReader, repository_id: int, commit: str
) -> Governing:
    """What the file of any commit would bring into force, if it governed; nothing is kept of it."""
    at = _read(registry, reader, commit, None, _Names(above=_names_above(registry, store, repository_id)))
    found = _governing(registry, store, repository_id, at.file, commit)
    return replace(found, oid=at.oid, errors=at.errors)


def kept_governing(registry: Registry, store: Store, repository_id: int) -> Governing:
    """The policy as it was in force last, without a call to GitHub."""
    file, commit = kept_file(registry, store, repository_id)
    found = _governing(registry, store, repository_id, file, commit)
    return replace(found, oid=file.policy.oid)


def kept_file(registry: Registry, store: Store, repository_id: int) -> tuple[PolicyFile, str]:
    """A repository's own file as it was in force last, and the commit that it was read at."""
    known = store.policy(repository_id)
    return own_file(registry, known), known.commit if known else ""


def kept_policy(registry: Registry, store: Store, repository_id: int) -> Policy:
    """The policy as it was in force last, without a call to GitHub."""
    return kept_governing(registry, store, repository_id).policy


def kept_organisation(registry: Registry, store: Store, installation_id: int) -> OrganisationPolicy:
    """The policy of an installation's owner, as it was looked for last."""
    return compiled_organisation(registry, store.organisation(installation_id))


def policy_selections(registry: Registry, store: Store, installation_id: int) -> list[Asked]:
    """What policy wants of the first document about any repository of an installation."""
    asks = kept_organisation(registry, store, installation_id).asks_description
    return [POLICY_FOLDER, TOPICS] if asks else [POLICY_FOLDER]


def lay(
    registry: Registry,
    organisation: OrganisationPolicy,
    repository: Repository,
    described: Described | None,
    own: Sequence[Layer] = (),
    *,
    oid: str = "",
) -> Governing:
    """Put together what is in force for a repository; pure.

    Args:
        own: the layers of the repository itself.
        oid: blob id of its file.
    """
    selection = select(organisation, Attributes.of(repository, described))
    above = layers(organisation, selection, repository.id)
    policy, effective = effective_policy([*above, *own], registry.checks, oid=oid)
    return Governing(policy, oid, (), effective, selection, organisation)


def policy_above(registry: Registry, governing: Governing, repository_id: int) -> Policy:
    """What the organisation alone says of a repository."""
    above = layers(governing.organisation, governing.selection, repository_id)
    return effective_policy(above, registry.checks)[0]


def _governing(
    registry: Registry,
    store: Store,
    repository_id: int,
    file: PolicyFile,
    commit: str,
    reader: RepoReader | None = None,
) -> Governing:
    own = own_layers(file, commit, store.exemptions(repository_id))
    kept = store.repository(repository_id)
    if kept is None:
        policy, effective = effective_policy(own, registry.checks, oid=file.policy.oid)
        return Governing(policy, effective=effective)
    installation_id, repository = kept
    organisation = kept_organisation(registry, store, installation_id)
    described = None
    if organisation.selectors:
        described = _described(store, repository_id, organisation, reader)
    return lay(registry, organisation, repository, described, own, oid=file.policy.oid)


def own_layers(file: PolicyFile, commit: str, given: Sequence[StoredExemption] = ()) -> list[Layer]:
    """What a repository itself says: its file, and exemptions that were given by commands."""
    own = [Layer(LayerKind.REPOSITORY, file.says, file=POLICY_PATH, commit=commit)]
    if given:
        says = {f"exemptions.{e.check}": Said((Exemption(e.check, e.reason, e.until),), 0, 0) for e in given}
        own.append(Layer(LayerKind.COMMAND, says))
    return own


def _described(
    store: Store, repository_id: int, organisation: OrganisationPolicy, reader: RepoReader | None
) -> Described | None:
    """What is known beside name and settings.

    Topics and language come with what is read anyway. Properties are read for all repositories at
    once, when the policy is; one that is new since then is asked by itself, once.
    """
    kept = store.description(repository_id)
    if reader is None:
        return kept
    now = kept or Described()
    if organisation.asks_description:
        about = reader.about()
        now = replace(now, topics=about.topics, language=about.language)
    if organisation.asks_properties and now.properties is None:
        now = replace(now, properties=properties_in(reader))
    if now != (kept or Described()):
        store.save_described({repository_id: now})
    return now


# The file of a commit


@dataclass(frozen=True, slots=True)
class _At:
    """A file at a commit; ``text`` is empty when it has errors, or was known."""

    file: PolicyFile
    oid: str = ""
    text: str = ""
    errors: tuple[PolicyError, ...] = ()


_ABSENT = PolicyFile(DEFAULT)


def read_at(registry: Registry, reader: RepoReader, commit: str) -> Governing:
    """The policy file of any commit, judged by itself; defaults when there is none.

    Whether a name is that of a check of the organisation is not known here.
    """
    at = _read(registry, reader, commit, None, _Names(Strangers.UNLESS_NEAR))
    _, effective = effective_policy(own_layers(at.file, commit), registry.checks)
    return Governing(at.file.policy, at.oid, at.errors, effective)


@dataclass(frozen=True, slots=True)
class _Names:
    """Which names of checks a file may mention beside those of the program.

    Args:
        above: those that the organisation's policy defines.
    """

    strangers: Strangers = Strangers.REFUSE
    above: frozenset[str] = frozenset()


_ANY_NAMES = _Names(Strangers.ACCEPT)
"""A file that was good when it was kept stays good when a check is taken away that it mentions."""


def _names_above(registry: Registry, store: Store, repository_id: int) -> frozenset[str]:
    kept = store.repository(repository_id)
    if kept is None:
        return frozenset()
    return frozenset(custom.name for custom in kept_organisation(registry, store, kept[0]).custom)


def _read(
    registry: Registry, reader: RepoReader, commit: str, known: StoredPolicy | None, names: _Names
) -> _At:
    entry = entry_at(reader, commit, POLICY_PATH)
    if entry is None:
        return _At(_ABSENT)
    if known is not None and known.oid == entry.oid:
        data, names = known.text.encode(), _ANY_NAMES
    else:
        try:
            data = read_entry(reader, entry)
        except PolicyErrors as problem:
            return _At(_ABSENT, entry.oid, errors=problem.errors)
    try:
        file = _compiled_file(registry, data, entry.oid, names)
    except PolicyErrors as problem:
        return _At(_ABSENT, entry.oid, errors=problem.errors)
    return _At(file, entry.oid, data.decode("utf-8"))


def read_entry(reader: RepoReader, entry: TreeEntry) -> bytes:
    """The bytes of a policy file. Raises PolicyErrors when it can not be one."""
    if entry.kind is not EntryKind.FILE:
        error = PolicyError(f"this is a {entry.kind.value}; put a plain file in its place", path=entry.path)
        raise PolicyErrors([error])
    try:
        return reader.blob(entry.oid, limit=SIZE_LIMIT)
    except Malformed as error:
        sentence = f"the file is larger than {SIZE_LIMIT} bytes; make it smaller"
        raise PolicyErrors([PolicyError(sentence, path=entry.path)]) from error


def entry_at(reader: RepoReader, commit: str, path: str) -> TreeEntry | None:
    """What lies at a path; None when nothing does."""
    entries: Sequence[TreeEntry] = reader.directory(commit, path.rpartition("/")[0])
    return next((e for e in entries if e.path == path), None)


def oid_at(reader: RepoReader, commit: str, path: str = POLICY_PATH) -> str:
    """The blob id of a policy file at a commit; empty when there is none."""
    entry = entry_at(reader, commit, path)
    return entry.oid if entry else ""


def own_file(registry: Registry, known: StoredPolicy | None) -> PolicyFile:
    """A repository's own file as it is kept; one that says nothing where there is none."""
    if known is None:
        return _ABSENT
    try:
        return _compiled_file(registry, known.text.encode(), known.oid, _ANY_NAMES)
    except PolicyErrors:
        # A newer Plumbline may know fewer keys than the one that kept the file.
        return _ABSENT


# What was compiled


def compiled_organisation(registry: Registry, kept: StoredOrganisation | None) -> OrganisationPolicy:
    """The policy that is kept of an owner; nothing is said when there is none."""
    if kept is None or not kept.oid:
        return NOTHING_SAID
    try:
        data = kept.text.encode()
        read = partial(read_organisation, data, registry.checks, strangers=Strangers.ACCEPT)
        found = _compiled(registry, ORGANISATION_PATH, data, read)
    except PolicyErrors:
        # As for a repository's file: it was good once.
        return NOTHING_SAID
    file = f"{kept.full_name}:{ORGANISATION_PATH}"
    newest = kept.seen_oid in (kept.oid, "")
    return replace(found, file=file, commit=kept.commit, oid=kept.oid, newest=newest)


def _compiled_file(registry: Registry, data: bytes, oid: str, names: _Names) -> PolicyFile:
    kind = f"{POLICY_PATH} {names.strangers.name} {' '.join(sorted(names.above))}"
    read = partial(read_policy_file, data, registry.checks, above=names.above, strangers=names.strangers)
    file = _compiled(registry, kind, data, read)
    return replace(file, policy=replace(file.policy, oid=oid))


class _Compiler:
    """What was read from files, by their bytes, those used last; shared by the threads of a process."""

    def __init__(self, most: int = 1024) -> None:
        self._kept: OrderedDict[Hashable, tuple[Registry, Any]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def __call__(self, registry: Registry, kind: str, data: bytes, read: Callable[[], T]) -> T:
        """What is kept, else what ``read`` gives; its errors are kept as well and raised again."""
        # The registry is kept with it, so that no other one can get its identity.
        whole = (id(registry), kind, hashlib.sha256(data).digest())
        with self._lock:
            kept = self._kept.get(whole)
            if kept is not None:
                self._kept.move_to_end(whole)
        if kept is None:
            try:
                found: Any = read()
            except PolicyErrors as error:
                found = error
            with self._lock:
                self._kept[whole] = kept = (registry, found)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        if isinstance(kept[1], PolicyErrors):
            raise PolicyErrors(kept[1].errors)
        value: T = kept[1]
        return value


_compiled = _Compiler()
