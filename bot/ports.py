"""What the core needs from the outside world, as narrow protocols.

Adapters implement these; nothing below ``bot.adapters`` imports a client library. Errors are
those of ``bot.model.errors`` and no others: an adapter translates what its library raises.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from bot.json_nodes import Node
from bot.model.attributes import Described
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
from bot.model.scores import Score
from bot.model.work import Claim, ClaimedDelivery, ClaimedWork, LedgerStats, Record, Work
from bot.selections import Selection


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


class Wanted(Exception):
    """What was asked for has been noted and comes with the next document; the fact is read again then.

    Raised only by readers that read for many facts and repositories at once. Facts let it pass.
    """


class Later(Wanted):
    """Only REST tells what was asked for, and REST is asked after the documents (``Batch.allow_rest``)."""


class OwnerReader(Protocol):
    """Reads what an organisation tells of itself, once for all its repositories.

    Raises (all methods): as ``RepoReader``; PermissionMissing, too, for a clone.
    """

    @property
    def login(self) -> str:
        """The owner's name."""
        ...

    @property
    def organisation(self) -> bool:
        """It is an organisation; a person's account has no members, teams or policies."""
        ...

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """GraphQL's answers on the type ``Organization``, under the keys of ``selections``."""
        ...

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """JSON of ``GET /orgs/{owner}{path}``; see ``RepoReader.rest``."""
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

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        """Entries but directories of the root and of the folders that are entered, sorted by path.

        Args:
            enter: told a folder's path, says whether to look into it; asked for none below one that
                it does not let in.
        """
        ...

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """GraphQL's answers on the type ``Repository``, under the keys of ``selections``.

        Args:
            permission: named where a part was refused for want of one.
        """
        ...

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """JSON of a GET below the repository; None when GitHub answers 404 (absent, or not to be seen).

        Args:
            path: as ``/hooks``, percent-encoded, with its query if it has one.
            items: for listings: that many at most, of as many pages as that takes, given as
                ``{"items": [...], "more": bool}``.
            key: where the listing lies when it is within an object (``workflows``).
            permission: named when GitHub refuses and does not say which it wants.
        """
        ...


class Batch(Protocol):
    """Reads many repositories of one installation with few documents; for one thread."""

    @property
    def points(self) -> int:
        """What its documents cost so far, in GraphQL points."""
        ...

    def reader(self, repository_id: int) -> RepoReader:
        """The reader of one repository of the batch; its methods may raise ``Wanted``."""
        ...

    def declare(self, selections: Iterable[Selection]) -> None:
        """What the first documents shall bring of every repository; before the first ``fetch``."""
        ...

    def foresee(self, selections: Iterable[Selection]) -> None:
        """Directories that will be read at other commits than the default branch's head.

        As soon as one of them is read at a commit, one document brings all of them at that commit.
        """
        ...

    def fetch(self) -> None:
        """Read what was declared, and then each time what was wanted since. Raises as ``RepoReader``."""
        ...

    def allow_rest(self, allowed: bool) -> None:
        """Whether readers may make REST calls, as they may at first; else they raise ``Later`` instead."""
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

    def batch(self, installation_id: int, repositories: Sequence[Repository]) -> Batch:
        """Reads repositories together; the call itself sends nothing.

        Args:
            repositories: as last seen, with their node ids.
        """
        ...

    def owner(self, installation_id: int, login: str, *, fresh: bool = False) -> OwnerReader:
        """What the account tells that an installation is on; the call itself sends nothing.

        Args:
            fresh: nothing that was told before is believed, as rights are asked for live.
        """
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

    def take_turn(self, name: str, holder: str, *, lifetime_s: float) -> bool:
        """True when ``holder`` is the one whose turn it is, from now for ``lifetime_s``.

        Taking it again extends it; a lifetime of 0 gives it back.
        """
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
    """The last known verdict of a check, as kept: enough to say what changed.

    Args:
        reason, permission: why the latest look gave no answer, and what would help; else empty.
        terms: names what policy said of the check (``bot.engine.delta.terms``).
        cause: why the outcome became what it is, as ``Cause`` names it; empty for a baseline.
        pull_request: the one that made it so, where that is known.
        exempt_until, exempt_reason: of the exemption that was in force at the latest look.
        off: the latest look did not ask for the check any more.
        baseline: of the fingerprints, those that were there when the check first looked, or became
            visible later, and do not speak (``Judgement.marks``); what was mended is not among them.
        baseline_at: when the newest of them came; None when there was never any.
    """

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
    reason: str = ""
    permission: str = ""
    terms: str = ""
    cause: str = ""
    pull_request: int | None = None
    exempt_until: date | None = None
    exempt_reason: str = ""
    off: bool = False
    baseline: tuple[str, ...] = ()
    baseline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """How a repository, or an organisation, stood on a day.

    Args:
        score: over all checks.
        public: over those that everybody may see of a public repository.
        findings, unread: how many checks fail, and how many could not be judged.
        repositories: how many are behind the numbers.
        points: what reading cost in points of GitHub's GraphQL API.
    """

    day: date
    score: Score
    public: Score = field(default_factory=Score)
    findings: int = 0
    unread: int = 0
    repositories: int = 1
    points: float = 0.0


class StoredOutcome(NamedTuple):
    """A verdict without its texts, for those who look at very many; the fields are ``StoredVerdict``'s."""

    check: str
    outcome: str
    severity: int
    since: datetime
    judged_at: datetime
    last_outcome: str
    reason: str
    permission: str
    cause: str
    pull_request: int | None
    exempt_until: date | None
    exempt_reason: str
    rule_version: int = 1


class StoredFinding(NamedTuple):
    """What deciding needs of a verdict that is kept; the fields are ``StoredVerdict``'s."""

    check: str
    outcome: str
    severity: int
    fingerprints: tuple[str, ...]
    rule_version: int
    terms: str


COMMAND_EFFECT = "command"
"""Kind of the effects that say what became of the commands of a comment, by the comment's id."""

RESULT_EFFECT = "result"
"""Kind of the effects that hold what came out of a command's work, by the command's request."""


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
        actor_id: numeric id of the account that asked for it.
        comment_id: the comment that holds the command.
    """

    check: str
    reason: str
    until: date
    actor_id: int
    comment_id: int
    created_at: datetime

    @property
    def id(self) -> str:
        """Names it while it waits: who asked for which check until when, and where."""
        said = f"{self.check}\0{self.until}\0{self.actor_id}\0{self.comment_id}\0{self.reason}"
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:10]


class StoredPolicy(NamedTuple):
    """The last good policy file of a repository; ``commit`` is where it was read, "" when not known."""

    oid: str
    text: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class StoredOrganisation:
    """What was found when the policy of an installation's owner was looked for last.

    Args:
        repository_id: of the repository that holds the file; 0 when none does.
        commit: the commit whose file is in force.
        oid: blob id of the version that is in force, the last good one; "" when there is none.
        text: of that version.
        seen_oid: blob id of the newest version, which may have mistakes.
    """

    looked_at: datetime
    repository_id: int = 0
    full_name: str = ""
    commit: str = ""
    oid: str = ""
    text: str = ""
    seen_oid: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is written by itself any more.

    Args:
        installation_id: where; 0 is everywhere.
        actor: numeric id of an account, or ``operator``.
    """

    installation_id: int
    actor: str
    at: datetime


EVERYWHERE = 0
"""In place of an installation's id."""


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

    def facts_of(self, repository_ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """(repository id, facts) of those of which some are kept, in any order, few held at once."""
        ...

    def findings(
        self, repository_ids: Sequence[int], checks: Collection[str] | None = None
    ) -> dict[int, dict[str, StoredFinding]]:
        """What is known of the checks of repositories, by id and name, without what is switched off.

        Args:
            checks: leave out the others, unless they fail; None means all.
        """
        ...

    def verdicts(self, repository_id: int) -> dict[str, StoredVerdict]:
        """The last verdict of each check."""
        ...

    def save_verdicts(self, repository_id: int, verdicts: Iterable[StoredVerdict], cause: str) -> None:
        """Keep the latest; writes a history row only where outcome or evidence changed."""
        ...

    def ratcheted(self, repository_id: int) -> frozenset[str]:
        """Names of the checks whose baseline somebody has ended."""
        ...

    def ratchet(self, repository_id: int, checks: Iterable[str], actor_id: int) -> None:
        """End the baseline of checks, for good."""
        ...

    def history(self, repository_id: int, limit: int = 100) -> list[StoredVerdict]:
        """Changes, newest first."""
        ...

    def outcomes(self, installation_id: int) -> Iterator[tuple[int, list[StoredOutcome]]]:
        """(repository id, what is known of its checks) of all repositories that were judged, by id.

        Checks that are switched off are left out. One moment is seen, however long it takes.
        """
        ...

    def organisation_verdicts(self, installation_id: int) -> dict[str, StoredVerdict]:
        """The last verdict of each check of the organisation itself."""
        ...

    def save_organisation_verdicts(self, installation_id: int, verdicts: Iterable[StoredVerdict]) -> None:
        """Keep the latest."""
        ...

    def save_sample(self, repository_id: int, sample: Sample) -> None:
        """Keep as the day's; the points of one day add up."""
        ...

    def samples(self, repository_id: int, limit: int = 14) -> list[Sample]:
        """The newest, oldest first."""
        ...

    def save_organisation_sample(self, installation_id: int, sample: Sample) -> None:
        """Keep as the day's."""
        ...

    def organisation_samples(self, installation_id: int, limit: int = 14) -> list[Sample]:
        """The newest, oldest first."""
        ...

    def points(self, installation_id: int, day: date) -> float:
        """What reading the repositories of an installation cost on a day."""
        ...

    def effect(self, repository_id: int, kind: str, key: str) -> StoredEffect | None:
        """What we published under this key (``issue``/``health``)."""
        ...

    def effects_of(self, repository_ids: Sequence[int], kind: str) -> dict[int, dict[str, StoredEffect]]:
        """All of a kind in these repositories, by id and key; those without one are left out."""
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

    def policy(self, repository_id: int) -> StoredPolicy | None:
        """The last good policy file."""
        ...

    def policies(self, repository_ids: Sequence[int]) -> dict[int, StoredPolicy]:
        """The same of many, by id; those without one are left out."""
        ...

    def save_policy(self, repository_id: int, oid: str, text: str, commit: str = "") -> None:
        """Keep as the last good one."""
        ...

    def organisation(self, installation_id: int) -> StoredOrganisation | None:
        """The policy of an installation's owner; None when nobody looked for it yet."""
        ...

    def save_organisation(self, installation_id: int, policy: StoredOrganisation) -> None:
        """Insert or replace."""
        ...

    def described(self, installation_id: int) -> dict[int, Described]:
        """What is known of an installation's repositories, by id; those of which nothing is are left out."""
        ...

    def description(self, repository_id: int) -> Described | None:
        """What is known of one repository."""
        ...

    def save_described(self, described: Mapping[int, Described]) -> None:
        """Insert or replace, by repository; one that is not kept (any more) is passed over."""
        ...

    def repository_named(self, installation_id: int, full_name: str) -> Repository | None:
        """The repository of that name (letters of either case), as last seen."""
        ...

    def exemptions(self, repository_id: int) -> tuple[StoredExemption, ...]:
        """Those given by commands, also lapsed ones, by check."""
        ...

    def exemptions_of(self, repository_ids: Sequence[int]) -> dict[int, tuple[StoredExemption, ...]]:
        """The same of many, by id; those without one are left out."""
        ...

    def exemptions_over(self, before: date, since: date) -> list[tuple[int, int]]:
        """(installation id, repository id) where a check was exempt until a day in between, as judged last.

        Args:
            before: the first day that is not meant any more.
            since: the first one that is.
        """
        ...

    def save_exemption(self, repository_id: int, exemption: StoredExemption) -> None:
        """Insert, or replace the one of the same check."""
        ...

    def stop(self, installation_id: int, actor: str) -> None:
        """Keep that nothing shall be written by itself; who did so first is kept."""
        ...

    def resume(self, installation_id: int) -> bool:
        """Take it back; False when there was nothing to take back."""
        ...

    def stopped(self, installation_id: int) -> bool:
        """It was stopped there, or everywhere."""
        ...

    def stops(self) -> list[Stop]:
        """All that are in force, by installation."""
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
