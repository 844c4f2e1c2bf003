"""Effects on GitHub: looked for before they are made, quiet, and never two of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.config.policy import Policy
from bot.config.settings import Publish
from bot.engine.context import Context
from bot.engine.publish import (
    CREATIONS_PER_HOUR,
    NOTICES_PER_DAY,
    publish_check_run,
    publish_health_issue,
)
from bot.model.errors import Gone, LimitReached, Rejected
from bot.model.facts import Repository, Visibility
from bot.model.reports import (
    Annotation,
    Change,
    ChangeKind,
    CheckRun,
    Conclusion,
    PublishedCheckRun,
    PublishedIssue,
    Report,
)
from bot.model.verdicts import Audience, Judgement, Outcome, Reason, Severity, failed, passed, unknown
from bot.ports import StoredEffect
from bot.report.health_issue import LABEL, RECHECK_BOX

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
REPOSITORY = Repository(42, "acme/app", "main", visibility=Visibility.PUBLIC)


@dataclass
class Writer:
    """GitHub's side, in memory: what is there, and which writes came."""

    runs: list[PublishedCheckRun] = field(default_factory=list)
    known: dict[int, PublishedIssue] = field(default_factory=dict)
    writes: list[tuple[str, Any]] = field(default_factory=list)
    labels_refused: bool = False

    def check_runs(self, head_sha: str, name: str) -> tuple[PublishedCheckRun, ...]:
        return tuple(r for r in reversed(self.runs) if (r.head_sha, r.name) == (head_sha, name))

    def create_check_run(self, run: CheckRun) -> int:
        self.writes.append(("create run", run.external_id))
        number = len(self.runs) + 1
        self.runs.append(
            PublishedCheckRun(
                number,
                run.name,
                run.head_sha,
                run.external_id,
                "completed",
                "neutral",
                min(50, len(run.annotations)),
            )
        )
        return number

    def update_check_run(self, check_run_id: int, run: CheckRun, *, annotations_from: int) -> None:
        self.writes.append(("update run", (check_run_id, annotations_from)))

    def issues(self, label: str) -> tuple[PublishedIssue, ...]:
        assert label == LABEL
        return tuple(reversed(self.known.values()))

    def issue(self, number: int) -> PublishedIssue:
        if number not in self.known:
            raise Gone("deleted")
        return self.known[number]

    def create_issue(self, title: str, body: str, labels: Sequence[str]) -> int:
        number = len(self.known) + 1
        self.known[number] = PublishedIssue(number, title, body, "open", None)
        self.writes.append(("create issue", number))
        return number

    def update_issue(self, number: int, **changes: Any) -> None:
        said = {key: value for key, value in changes.items() if value is not None}
        self.known[number] = replace(self.known[number], **said)
        self.writes.append(("update issue", tuple(sorted(said))))

    def ensure_label(self, name: str, color: str, description: str) -> None:
        if self.labels_refused:
            raise Rejected("no", status=422)


@dataclass
class Keeping:
    """Store, ledger, clock and metrics in one, as far as publishing needs them."""

    effects: dict[tuple[int, str, str], StoredEffect] = field(default_factory=dict)
    taken: set[tuple[str, int]] = field(default_factory=set)
    audited: list[str] = field(default_factory=list)

    def effect(self, *key: Any) -> StoredEffect | None:
        return self.effects.get(key)

    def save_effect(self, repository_id: int, kind: str, key: str, effect: StoredEffect) -> None:
        self.effects[repository_id, kind, key] = effect

    def repository(self, _: int) -> tuple[int, Repository]:
        return 1, REPOSITORY

    def audit(self, _installation: int, _actor: str, action: str, _detail: object) -> None:
        self.audited.append(action)

    def take_occurrence(self, job: str, tick: int, *, lifetime_s: int) -> bool:
        fresh = (job, tick) not in self.taken
        self.taken.add((job, tick))
        return fresh

    def count(self, *_: Any, **__: Any) -> None:
        """Metrics are looked at elsewhere."""

    def now(self) -> datetime:
        return NOW


def context(keeping: Keeping, mode: Publish = Publish.ADVISE) -> Context:
    settings = SimpleNamespace(publish=mode)
    runtime = SimpleNamespace(
        store=keeping, ledger=keeping, clock=keeping, metrics=keeping, settings=settings
    )
    return cast("Context", SimpleNamespace(runtime=runtime))


def report(
    kind: ChangeKind = ChangeKind.NEW,
    *,
    severity: Severity = Severity.HIGH,
    audience: Audience = Audience.PUBLIC,
    at: datetime = NOW,
    text: str = "there is no licence",
    repository: Repository = REPOSITORY,
) -> Report:
    fine = kind is ChangeKind.FIXED
    verdict = passed("licensed") if fine else failed(text)
    judgement = Judgement("licence", verdict, severity, audience)
    change = Change("licence", kind, Outcome.PASS, verdict.outcome)
    return Report(repository, "a" * 40, "main", (judgement,), (change,), at)


def issue_writes(writer: Writer) -> list[str]:
    return [name for name, _ in writer.writes if "issue" in name]


def publish(
    writer: Writer,
    keeping: Keeping,
    what: Report,
    mode: Publish = Publish.ADVISE,
    policy: Policy | None = None,
) -> int | None:
    return publish_health_issue(context(keeping, mode), writer, what, policy or Policy(), {})


def run(external: str = "plumbline:1:x", annotations: int = 0) -> CheckRun:
    marks = tuple(Annotation("f", n + 1, n + 1, "notice", "m") for n in range(annotations))
    return CheckRun("plumbline/health", "a" * 40, external, Conclusion.NEUTRAL, "t", "s", annotations=marks)


def test_a_check_run_is_made_once() -> None:
    """The same content for the same wish is found again, whoever made it."""
    writer = Writer()
    first = publish_check_run(context(Keeping()), writer, run())
    second = publish_check_run(context(Keeping()), writer, run())

    assert first == second
    assert [("create run", "plumbline:1:x")] == writer.writes


def test_an_interrupted_check_run_is_finished() -> None:
    """Fifty of sixty remarks had been posted: the rest is appended, nothing is repeated."""
    writer = Writer()
    publish_check_run(context(Keeping()), writer, run(annotations=50))
    publish_check_run(context(Keeping()), writer, run(annotations=60))

    assert [("create run", "plumbline:1:x"), ("update run", (1, 50))] == writer.writes


def test_more_remarks_than_a_request_takes_follow_at_once() -> None:
    """Fifty with the run, the rest appended; what GitHub refused of them is not sent again."""
    writer = Writer()
    publish_check_run(context(Keeping()), writer, run(annotations=60))
    writer.runs[0] = replace(writer.runs[0], annotations_count=58)
    publish_check_run(context(Keeping()), writer, run(annotations=60))

    assert [("create run", "plumbline:1:x"), ("update run", (1, 50))] == writer.writes


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param("in_progress", "update run", id="begun"),
        pytest.param("completed", "create run", id="done"),
    ],
)
def test_a_begun_run_is_completed_and_a_finished_one_is_followed(status: str, expected: str) -> None:
    """GitHub appends annotations and shows the newest run of a name, so a finished one stands."""
    old = PublishedCheckRun(9, "plumbline/health", "a" * 40, "plumbline:1:old", status, None, 0)
    writer = Writer(runs=[old])
    publish_check_run(context(Keeping()), writer, run())

    assert expected == writer.writes[0][0]


@pytest.mark.parametrize(
    ("mode", "kind", "severity", "expected"),
    [
        pytest.param(Publish.ADVISE, ChangeKind.NEW, Severity.LOW, True, id="a regression speaks"),
        pytest.param(Publish.ADVISE, ChangeKind.BASELINE, Severity.HIGH, False, id="a baseline is quiet"),
        pytest.param(Publish.ADVISE, ChangeKind.BASELINE, Severity.CRITICAL, True, id="critical speaks"),
        pytest.param(Publish.ADVISE, ChangeKind.FIXED, Severity.HIGH, False, id="all is well"),
        pytest.param(Publish.ISSUES, ChangeKind.BASELINE, Severity.LOW, True, id="issues: every finding"),
        pytest.param(Publish.ISSUES, ChangeKind.FIXED, Severity.LOW, False, id="issues: no finding"),
        pytest.param(Publish.OBSERVE, ChangeKind.NEW, Severity.CRITICAL, False, id="observe: never"),
    ],
)
def test_opens_an_issue_only_when_it_has_something_to_say(
    mode: Publish, kind: ChangeKind, severity: Severity, *, expected: bool
) -> None:
    """How loud is the operator's choice."""
    writer = Writer()
    number = publish(writer, Keeping(), report(kind, severity=severity), mode)

    assert (1 if expected else None) == number
    assert len(writer.known) == expected


def test_policy_of_the_repository_decides_over_the_setting() -> None:
    """``publish`` in policy wins."""
    writer = Writer()

    assert publish(writer, Keeping(), report(), policy=Policy(publish=Publish.OBSERVE)) is None


@pytest.mark.parametrize(
    "repository",
    [replace(REPOSITORY, has_issues=False), replace(REPOSITORY, archived=True)],
    ids=["off", "archived"],
)
def test_writes_no_issue_where_none_can_be(repository: Repository) -> None:
    """Issues switched off, or an archived repository."""
    writer = Writer()

    assert publish(writer, Keeping(), report(repository=repository)) is None
    assert writer.writes == []


def test_an_unchanged_report_writes_nothing() -> None:
    """Only the time passed."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    publish(writer, keeping, report(at=NOW.replace(hour=13)))

    assert ["create issue"] == issue_writes(writer)


def test_a_changed_report_is_edited_in_place() -> None:
    """One issue, another body."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    publish(writer, keeping, report(text="there is another licence"))

    assert ["create issue", "update issue"] == issue_writes(writer)
    assert "another licence" in writer.known[1].body
    assert ["issue.opened", "issue.edited"] == keeping.audited


def test_an_edit_by_a_person_is_taken_back() -> None:
    """A ticked box is cleared, and a text that somebody wrote into it goes."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    ticked = writer.known[1].body.replace(RECHECK_BOX, "- [x] re-check")
    writer.known[1] = replace(writer.known[1], body=ticked)
    publish(writer, keeping, report())

    assert RECHECK_BOX in writer.known[1].body


def test_line_ends_of_github_are_no_edit() -> None:
    """GitHub may hand the body back with other line ends."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    writer.known[1] = replace(writer.known[1], body=writer.known[1].body.replace("\n", "\r\n"))
    publish(writer, keeping, report())

    assert ["create issue"] == issue_writes(writer)


def test_a_lost_store_finds_the_issue_by_its_marker() -> None:
    """And closes what an earlier accident doubled."""
    writer = Writer()
    publish(writer, Keeping(), report())
    writer.known[2] = replace(writer.known[1], number=2)
    keeping = Keeping()
    number = publish(writer, keeping, report())

    assert (1, "open", "closed") == (number, writer.known[1].state, writer.known[2].state)
    assert keeping.effects[42, "issue", "health"].number == 1


def test_a_deleted_issue_is_opened_anew() -> None:
    """The kept number leads nowhere."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    writer.known.clear()
    publish(writer, keeping, report())

    assert ["create issue", "create issue"] == issue_writes(writer)


def test_closes_when_all_is_well_and_reopens_for_the_next_finding() -> None:
    """What we closed, we may open."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    publish(writer, keeping, report(ChangeKind.FIXED))
    assert ("closed", "completed") == (writer.known[1].state, writer.known[1].state_reason)

    publish(writer, keeping, report(severity=Severity.LOW))
    assert writer.known[1].state == "open"


@pytest.mark.parametrize(
    ("reason", "kind", "severity", "state"),
    [
        pytest.param("completed", ChangeKind.NEW, Severity.HIGH, "open", id="new and high reopens"),
        pytest.param("completed", ChangeKind.NEW, Severity.MEDIUM, "closed", id="new and medium does not"),
        pytest.param("completed", ChangeKind.SAME, Severity.CRITICAL, "closed", id="an old one does not"),
        pytest.param("not_planned", ChangeKind.NEW, Severity.CRITICAL, "closed", id="not planned stays shut"),
    ],
)
def test_a_person_who_closed_it_has_spoken(
    reason: str, kind: ChangeKind, severity: Severity, state: str
) -> None:
    """It reopens for a new finding of high severity only, and never when closed as not planned."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    writer.known[1] = replace(writer.known[1], state="closed", state_reason=reason)
    publish(writer, keeping, report(kind, severity=severity))

    assert state == writer.known[1].state


def test_what_can_not_be_read_any_more_is_not_mended() -> None:
    """The issue stays open while its finding is unknown; a pass closes it."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    seen = report()
    unread = replace(seen.judgements[0], verdict=unknown("GitHub did not answer", Reason.FAULT))
    change = Change("licence", ChangeKind.UNREADABLE, Outcome.FAIL, Outcome.UNKNOWN)
    publish(writer, keeping, replace(seen, judgements=(unread,), changes=(change,)))
    assert writer.known[1].state == "open"

    publish(writer, keeping, report(ChangeKind.FIXED))
    assert writer.known[1].state == "closed"


def test_a_locked_issue_is_left_alone() -> None:
    """Whoever locked it wants no more of it."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    writer.known[1] = replace(writer.known[1], locked=True)
    publish(writer, keeping, report(text="another"))

    assert ["create issue"] == issue_writes(writer)


def test_notifies_no_more_than_the_noise_budget_allows() -> None:
    """Opening and reopening notify people; the third time on a day waits for tomorrow."""
    writer, keeping = Writer(), Keeping()
    publish(writer, keeping, report())
    for _ in range(NOTICES_PER_DAY - 1):
        publish(writer, keeping, report(ChangeKind.FIXED))
        publish(writer, keeping, report())
    publish(writer, keeping, report(ChangeKind.FIXED))

    with pytest.raises(LimitReached) as refused:
        publish(writer, keeping, report())
    assert refused.value.until == NOW.replace(day=3, hour=0)
    assert publish(writer, keeping, report(at=NOW.replace(day=3))) == 1


def test_opens_no_more_than_sixty_issues_an_hour() -> None:
    """The sixty-first waits for the next hour."""
    keeping = Keeping()
    for number in range(CREATIONS_PER_HOUR):
        publish(Writer(), keeping, report(repository=replace(REPOSITORY, id=100 + number)))

    with pytest.raises(LimitReached) as refused:
        publish(Writer(), keeping, report())
    assert refused.value.until == NOW.replace(hour=13)


def test_a_refused_label_does_not_stop_the_issue() -> None:
    """The label only helps to find it."""
    assert publish(Writer(labels_refused=True), Keeping(), report()) == 1


def test_restricted_findings_do_not_open_a_public_issue() -> None:
    """What a logged-out reader could not see is not written where they read."""
    secret = report(audience=Audience.RESTRICTED, text="canary-7c1f")
    public, private = Writer(), Writer()

    assert publish(public, Keeping(), secret) is None
    publish(
        private, Keeping(), replace(secret, repository=replace(REPOSITORY, visibility=Visibility.PRIVATE))
    )
    assert "canary" in private.known[1].body
