"""What the core needs from the outside world, as narrow protocols.

Adapters implement these; nothing below ``bot.adapters`` imports a client library. Errors are
those of ``bot.model.errors`` and no others: an adapter translates what its library raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from bot.model.events import Acceptance, Delivery, Lane
from bot.model.facts import (
    About,
    Branch,
    Comparison,
    PullRequest,
    Release,
    Repository,
    TreeEntry,
    WorkflowFinding,
)
from bot.model.people import Comment, Role
from bot.model.reports import CheckRun, PublishedCheckRun, PublishedIssue
from bot.model.work import Claim, ClaimedDelivery, ClaimedWork, LedgerStats, Record, Work


class Clock(Protocol):
    """Tells the time; tests move it by hand."""

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""
        ...


class Metrics(Protocol):
    """Counters and histograms; names without the ``plumbline_`` prefix, labels of few values."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        ...

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add one observation to a histogram; seconds or bytes, the name says which."""
        ...

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        ...


class Guard(Protocol):
    """Stands before every write: the work is still ours and there is time left for a request."""

    def check(self) -> None:
        """Return if a write may start now.

        Raises:
            LeaseLost: another worker owns the work, or its deadline is too close.
        """
        ...


class RepoReader(Protocol):
    """Reads one repository, from GitHub or from a clone on disk; safe to use from one thread.

    Raises (all methods): PermissionMissing, LimitReached, Unavailable, Malformed, Gone,
    InstallationGone.
    """

    @property
    def local(self) -> bool:
        """True for a clone on disk: pull requests and owner defaults are not to be had."""
        ...

    def repository(self) -> Repository:
        """The repository as it is now."""
        ...

    def head(self, branch: str) -> str:
        """The commit a branch points to now. Raises Gone when there is no such branch."""
        ...

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        """The direct entries of a directory ("" is the root), sorted by path; () when absent."""
        ...

    def blob(self, oid: str, *, limit: int) -> bytes:
        """The bytes of a blob. Raises Malformed when it is larger than ``limit`` bytes."""
        ...

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        """At most ``limit`` branches by name, and whether there are more."""
        ...

    def compare(self, base: str, head: str) -> Comparison:
        """How commit ``head`` stands to commit ``base``."""
        ...

    def committed_at(self, commit: str) -> datetime | None:
        """The committer's date of a commit; None when it is no date. Raises Gone when there is none."""
        ...

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:
        """At most ``limit`` open pull requests, newest first, and whether there are more."""
        ...

    def pull_request(self, number: int) -> PullRequest:
        """One pull request as it is now."""
        ...

    def permission(self, login: str, account_id: int) -> Role:
        """What a person may do in the repository now; NONE for whoever is not that account any more.

        Raises PermissionMissing when it can not be known.
        """
        ...

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        """(path, blob text) of the first of ``names`` in the owner's ``.github`` repository.

        None when there is none. Raises PermissionMissing when that can not be known.
        """
        ...

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:
        """The direct entries of a directory of the owner's ``.github`` repository; () when absent.

        Raises PermissionMissing when that can not be known.
        """
        ...

    def about(self) -> About:
        """What the repository's page says of it. Raises PermissionMissing for a clone."""
        ...

    def latest_release(self) -> Release | None:
        """The release that GitHub calls the latest. Raises PermissionMissing for a clone."""
        ...

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        """All entries of a commit but directories, at any depth, with sizes; True when there are more."""
        ...


class RepoWriter(Protocol):
    """Writes to one repository. Every method that writes calls the guard first.

    Creates raise ``Ambiguous`` when the answer was lost: the caller looks before it repeats.
    """

    def check_runs(self, head_sha: str, name: str) -> tuple[PublishedCheckRun, ...]:
        """Our own check runs of that name on that commit, newest first."""
        ...

    def create_check_run(self, run: CheckRun) -> int:
        """Create with at most the first 50 annotations; returns the check run's id."""
        ...

    def update_check_run(self, check_run_id: int, run: CheckRun, *, annotations_from: int) -> None:
        """Set status, conclusion and output; append annotations from that index, 50 a request."""
        ...

    def issues(self, label: str) -> tuple[PublishedIssue, ...]:
        """Issues (no pull requests) of any state that we created with that label, newest first."""
        ...

    def issue(self, number: int) -> PublishedIssue:
        """One issue. Raises Gone when it was deleted or transferred."""
        ...

    def create_issue(self, title: str, body: str, labels: Sequence[str]) -> int:
        """Create; returns the number."""
        ...

    def update_issue(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        state: str | None = None,
        state_reason: str | None = None,
    ) -> None:
        """Change what is not None."""
        ...

    def comment(self, comment_id: int) -> Comment:
        """One comment as it is now. Raises Gone when it was deleted."""
        ...

    def our_comments(self, number: int, *, since: datetime | None = None) -> tuple[Comment, ...]:
        """Our own comments under an issue or pull request, oldest first.

        Args:
            since: leave out those that were last changed before.
        """
        ...

    def create_comment(self, number: int, body: str) -> int:
        """Comment on an issue or pull request; returns the comment's id."""
        ...

    def update_comment(self, comment_id: int, body: str) -> None:
        """Change a comment of ours. Raises Gone when it was deleted."""
        ...

    def react(self, comment_id: int, reaction: str) -> None:
        """React to a comment (``eyes``, ``+1``, ...); a second time changes nothing."""
        ...

    def ensure_label(self, name: str, color: str, description: str) -> None:
        """Create the label unless it exists."""
        ...


@dataclass(frozen=True, slots=True)
class AppInfo:
    """The App as GitHub describes it to its own JWT (``GET /app``)."""

    id: int
    slug: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the App."""

    id: int
    account: str
    account_id: int
    account_type: str
    permissions: Mapping[str, str]
    suspended: bool
    repository_selection: str = "all"


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One entry of the App's delivery log at GitHub; ``id`` is for redelivery, guid names the event."""

    id: int
    guid: str
    delivered_at: datetime
    redelivery: bool
    status_code: int
    event: str
    action: str
    installation_id: int | None
    repository_id: int | None

    @property
    def succeeded(self) -> bool:
        """We answered 2xx or 3xx."""
        return 200 <= self.status_code < 400


class GitHub(Protocol):
    """The App's view of GitHub: everything that is not one repository."""

    def app(self) -> AppInfo:
        """The App itself (App JWT)."""
        ...

    def installations(self) -> Iterator[Installation]:
        """All installations (App JWT)."""
        ...

    def installation(self, installation_id: int) -> Installation:
        """One installation (App JWT). Raises InstallationGone when it was deleted."""
        ...

    def installation_repositories(self, installation_id: int) -> Iterator[Repository]:
        """All repositories that an installation may see."""
        ...

    def covers(self, installation_id: int, repository_id: int) -> bool:
        """Whether an installation has a repository (App JWT); asks in no one's name but the App's."""
        ...

    def reader(self, installation_id: int, repository_id: int) -> AbstractContextManager[RepoReader]:
        """A reader for the calling thread; the call itself sends nothing."""
        ...

    def writer(
        self, installation_id: int, repository_id: int, guard: Guard
    ) -> AbstractContextManager[RepoWriter]:
        """A writer for the calling thread; the call itself sends nothing."""
        ...

    def hook_deliveries(self, *, since: datetime) -> Iterator[HookDelivery]:
        """The App's delivery log, newest first, until ``since`` (App JWT)."""
        ...

    def hook_delivery_body(self, delivery_id: int) -> bytes:
        """The payload of a logged delivery as JSON bytes (App JWT)."""
        ...

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to send a logged delivery again (App JWT)."""
        ...


class WorkflowAuditor(Protocol):
    """Finds faults in GitHub Actions workflows; offline, and a pure function of the bytes."""

    def audit(self, blobs: Mapping[str, bytes]) -> Mapping[str, tuple[WorkflowFinding, ...] | str]:
        """Audit workflow files.

        Args:
            blobs: blob id -> bytes of the file.

        Returns:
            blob id -> findings with an empty ``path``, or one sentence saying why the file can
            not be audited (not YAML, not a workflow, too large).

        Raises:
            Unavailable: the tool itself could not be run.
        """
        ...


class LicenceDetector(Protocol):
    """Recognises licence texts."""

    def detect(self, text: bytes) -> str | None:
        """The SPDX id, or None when the text is not one of the known licences."""
        ...


class Ledger(Protocol):
    """The truth about deliveries and work. Every method is atomic and any number may call it.

    Raises (all methods): LedgerUnavailable within 2 s when Redis is away, hung, full, read-only.
    """

    def accept(self, delivery: Delivery) -> Acceptance:
        """Record a delivery once; see ``Acceptance``."""
        ...

    def claim_deliveries(self, limit: int) -> list[ClaimedDelivery]:
        """Lease due deliveries: interactive first, then round robin over fairness keys."""
        ...

    def claim_delivery(self, delivery_id: str) -> ClaimedDelivery | None:
        """Lease this delivery if it is open and due."""
        ...

    def complete_delivery(
        self, claim: Claim, works: Sequence[Work], *, action: str = "", repository_id: int = 0
    ) -> list[str]:
        """Write the works' records (merging with equal waiting ones), mark the delivery done with
        their ids, drop its body: one step. Returns the ids. Raises LeaseLost on a stale fence.

        Args:
            action: of the payload; kept for people who look at the record, like the repository.
        """
        ...

    def submit(self, works: Sequence[Work]) -> list[str]:
        """Write work records, merging each with an equal one that waits; returns their ids."""
        ...

    def claim_work(self, lane: Lane, work_id: str | None = None) -> ClaimedWork | None:
        """Lease the named work, or else the lane's next due one (round robin over installations).

        None when nothing is due, when its key is being worked on, or its version is too new.
        """
        ...

    def renew(self, claims: Sequence[Claim]) -> list[bool]:
        """Extend leases by the lease time; False for each that is lost."""
        ...

    def holds(self, claim: Claim) -> bool:
        """The claim's fence is still the newest and its lease has not ended."""
        ...

    def complete_work(self, claim: Claim, result: str = "") -> None:
        """Mark done. Raises LeaseLost on a stale fence."""
        ...

    def postpone(self, claim: Claim, until: datetime, reason: str) -> None:
        """Give back without counting the attempt; due again at ``until``."""
        ...

    def fail(self, claim: Claim, error: str, *, permanent: bool = False) -> bool:
        """Give back with back-off, or park after the cap on attempts or when permanent.

        Returns True when the record is parked now.
        """
        ...

    def sweep(self, limit: int = 500) -> list[tuple[str, Lane, str]]:
        """Expire lost leases and return what is due but was not looked at lately, as
        (kind, lane, id), pushing each one's next look-time out with back-off."""
        ...

    def want_drain(self) -> bool:
        """True once in 2 s at most: the caller shall hint a drain."""
        ...

    def drain_done(self) -> None:
        """Clear the flag of ``want_drain``."""
        ...

    def due_deliveries(self) -> int:
        """How many deliveries wait for routing now."""
        ...

    def parked(self, limit: int = 100) -> list[Record]:
        """Parked records, newest first."""
        ...

    def record(self, record_id: str) -> Record | None:
        """One record of any state, looked up by its id."""
        ...

    def recent(self, kind: str, limit: int = 50) -> list[Record]:
        """The newest ``delivery`` or ``work`` records of any state, without payloads, newest first.

        What is open, leased or parked is seen before what is done; of what is done the last hundred
        are known.
        """
        ...

    def replay(self, record_id: str) -> bool:
        """Reopen a parked record with attempts 0; False when it is not parked."""
        ...

    def drop(self, record_id: str) -> bool:
        """Forget a parked record; False when it is not parked."""
        ...

    def known_guids(self, hook_guids: Iterable[str]) -> set[str]:
        """Which of these GUIDs (any hook) the ledger has seen in the last 8 days."""
        ...

    def take_occurrence(self, job: str, tick: int, *, lifetime_s: int) -> bool:
        """True for the one caller that gets this tick of this schedule."""
        ...

    def next_generation(self, repository_id: int) -> int:
        """A number larger than all before it for this repository; take it before reading."""
        ...

    def claim_publication(self, repository_id: int, scope: str, generation: int) -> bool:
        """True when no higher generation has published in this scope (``health``, ``pull:7``)."""
        ...

    def epoch(self) -> tuple[str, bool]:
        """The ledger's birth id, and whether it was made just now (Redis was empty)."""
        ...

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        """Nobody shall call GitHub for this installation and resource before ``until``."""
        ...

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        """The end of a pause in force, else None."""
        ...

    def now(self) -> datetime:
        """The time by the ledger's own clock, which all leases and schedules go by."""
        ...

    def stats(self) -> LedgerStats:
        """Counts."""
        ...

    def ping(self) -> None:
        """Prove that a record could be written now."""
        ...


class Queue(Protocol):
    """Carries hints to workers; losing or doubling one is harmless."""

    def hint_drain(self) -> None:
        """Ask some worker to route due deliveries."""
        ...

    def hint_work(self, works: Sequence[tuple[Lane, str]]) -> None:
        """Ask workers to look at these works, in one round trip."""
        ...

    def depth(self, lane: Lane) -> int:
        """How many hints wait in a lane."""
        ...


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """The last known verdict of a check, as kept: enough to say what changed."""

    check: str
    outcome: str
    severity: int
    summary: str
    fingerprints: tuple[str, ...]
    rule_version: int
    commit: str
    since: datetime
    judged_at: datetime
    last_outcome: str
    """The latest outcome of any kind; ``outcome`` is the latest that was known (not unknown, error)."""


COMMAND_EFFECT = "command"
"""Kind of the effects that say what became of the commands of a comment, by the comment's id."""


@dataclass(frozen=True, slots=True)
class StoredEffect:
    """Something of ours on GitHub: an issue or a check run, found again by number."""

    number: int
    digest: str
    note: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredExemption:
    """An exemption that was given by a command.

    Args:
        until: the last day.
        actor_id: numeric id of the account that gave it.
        comment_id: the comment that holds the command.
    """

    check: str
    reason: str
    until: date
    actor_id: int
    comment_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RecentEffect:
    """Something that we published lately, with the repository it is in."""

    full_name: str
    html_url: str
    kind: str
    key: str
    number: int
    note: Mapping[str, Any]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One repository at a glance.

    Args:
        findings: how many checks fail, by severity (the numbers of ``Severity``).
        unknown: how many could not be judged at the last look.
        judged_at: None when it was never judged.
    """

    repository_id: int
    full_name: str
    html_url: str
    archived: bool
    empty: bool
    findings: Mapping[int, int]
    unknown: int
    judged_at: datetime | None


CHECK_RUN_EFFECT = "check_run"
"""Kind of the effects that remember the last check run in each scope (``health``, ``pull:7``)."""


class Store(Protocol):
    """What is kept in SQL. All methods commit before they return."""

    def save_installation(self, installation: Installation) -> None:
        """Insert or update."""
        ...

    def installation(self, installation_id: int) -> Installation | None:
        """As last seen."""
        ...

    def installations(self) -> list[Installation]:
        """All that are not deleted."""
        ...

    def remove_installation(self, installation_id: int) -> None:
        """Mark deleted now; its data is purged 30 days later."""
        ...

    def save_repositories(self, installation_id: int, repositories: Iterable[Repository]) -> None:
        """Insert or update; ownership moves to this installation."""
        ...

    def repository(self, repository_id: int) -> tuple[int, Repository] | None:
        """(installation id, repository) as last seen."""
        ...

    def repositories(self, installation_id: int) -> list[Repository]:
        """Of one installation, by id."""
        ...

    def remove_repositories(self, repository_ids: Iterable[int]) -> None:
        """Drop them with all that is kept of them, but the audit."""
        ...

    def save_facts(self, repository_id: int, commit: str, facts: Mapping[str, Any], at: datetime) -> None:
        """Keep the latest facts, compressed; JSON-able values."""
        ...

    def facts(self, repository_id: int) -> tuple[str, datetime, dict[str, Any]] | None:
        """(commit, read at, facts) as last kept."""
        ...

    def verdicts(self, repository_id: int) -> dict[str, StoredVerdict]:
        """The last verdict of each check."""
        ...

    def save_verdicts(self, repository_id: int, verdicts: Iterable[StoredVerdict], cause: str) -> None:
        """Keep the latest; writes a history row only where outcome or evidence changed."""
        ...

    def history(self, repository_id: int, limit: int = 100) -> list[StoredVerdict]:
        """Changes, newest first."""
        ...

    def effect(self, repository_id: int, kind: str, key: str) -> StoredEffect | None:
        """What we published under this key (``issue``/``health``)."""
        ...

    def save_effect(self, repository_id: int, kind: str, key: str, effect: StoredEffect) -> None:
        """Insert or replace."""
        ...

    def drop_effect(self, repository_id: int, kind: str, key: str) -> None:
        """Forget it."""
        ...

    def recent_effects(self, kinds: Sequence[str], limit: int = 50) -> list[RecentEffect]:
        """What was published last of these kinds, newest first."""
        ...

    def standings(self, limit: int = 1000) -> list[Standing]:
        """Repositories of installations that are not deleted, by name."""
        ...

    def names(self, repository_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
        """(full name, address) of those that are kept."""
        ...

    def policy(self, repository_id: int) -> tuple[str, str] | None:
        """(blob id, text) of the last good policy file."""
        ...

    def save_policy(self, repository_id: int, oid: str, text: str) -> None:
        """Keep as the last good one."""
        ...

    def exemptions(self, repository_id: int) -> tuple[StoredExemption, ...]:
        """Those given by commands, also lapsed ones, by check."""
        ...

    def save_exemption(self, repository_id: int, exemption: StoredExemption) -> None:
        """Insert, or replace the one of the same check."""
        ...

    def cached(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
        """Values of a content-addressed cache that are known."""
        ...

    def cache(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep JSON-able values under their keys."""
        ...

    def audit(self, installation_id: int, actor: str, action: str, detail: Mapping[str, Any]) -> None:
        """Append to the installation's hash chain."""
        ...

    def purge(self, now: datetime) -> int:
        """Delete what retention says; returns rows deleted."""
        ...

    def ping(self) -> None:
        """Raises Unavailable when the database can not be used."""
        ...
