"""The organisation's report is gathered from the store and written to a private repository or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from bot.config.organisation import Group, OrganisationPolicy
from bot.config.organisation_file import read_organisation
from bot.config.selection import Enrolment, Selector
from bot.engine import rolling_up
from bot.engine.context import Context, Runtime
from bot.engine.rolling_up import NO_GROUP, NotPrivate, OnlyPrivate, about_checks, members, roll_up
from bot.model.attributes import Described
from bot.model.errors import Gone, LeaseLost, Rejected
from bot.model.facts import Repository, Visibility
from bot.model.scores import Score
from bot.model.verdicts import Audience, Severity
from bot.ports import Guard, Installation, Sample, StoredOutcome, StoredPolicy
from bot.registry import load
from bot.report.roll_up import ANEW_BOX, is_roll_up, sum_up
from jobs.publish_roll_up import PublishRollUp, publish_roll_up
from tests.unit.engine.test_publish import NOW, Keeping, Writer, issue_writes

PRIVATE, PUBLIC, INTERNAL = Visibility.PRIVATE, Visibility.PUBLIC, Visibility.INTERNAL
TARGET = Repository(9, "acme/health", "main", visibility=PRIVATE)
APP = Repository(1, "acme/app", "main", visibility=PUBLIC)
OLD = Repository(2, "acme/old", "main", archived=True)
NAMED = OrganisationPolicy(roll_up="health", oid="x")


def outcome(check: str = "licence", said: str = "fail") -> StoredOutcome:
    return StoredOutcome(check, said, 3, NOW, NOW, said, "", "", "commit", None, None, "")


@dataclass
class Kept(Keeping):
    """The store of an organisation."""

    listed: list[Repository] = field(default_factory=lambda: [TARGET, APP, OLD])
    told: dict[int, list[StoredOutcome]] = field(default_factory=lambda: {1: [outcome()], 2: [outcome()]})
    about: dict[int, Described] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    files: dict[int, StoredPolicy] = field(default_factory=dict)

    halted: bool = False

    def repository(self, _: int) -> Any:
        return 7, TARGET

    def stopped(self, _: int) -> bool:
        return self.halted

    def effects_of(self, _ids: Any, _kind: str) -> dict[int, Any]:
        return {}

    def exemptions_of(self, _: Any) -> dict[int, Any]:
        return {}

    def repositories(self, _: int) -> list[Repository]:
        return self.listed

    def repository_named(self, _: int, full_name: str) -> Repository | None:
        return next((r for r in self.listed if r.full_name == full_name), None)

    def policies(self, ids: Sequence[int]) -> dict[int, StoredPolicy]:
        return {number: file for number, file in self.files.items() if number in ids}

    def described(self, _: int) -> dict[int, Described]:
        return self.about

    def outcomes(self, _: int) -> Iterator[tuple[int, list[StoredOutcome]]]:
        yield from self.told.items()

    def organisation_samples(self, _: int) -> list[Sample]:
        return list(self.samples)

    def save_organisation_sample(self, _: int, sample: Sample) -> None:
        self.samples.append(sample)

    def organisation_verdicts(self, _: int) -> dict[str, Any]:
        return {}

    def points(self, _installation: int, day: Any) -> float:
        return 1.5 if day == NOW.date() else 2.5

    def installation(self, number: int) -> Installation:
        return Installation(number, "acme", 70, "Organization", {}, suspended=False)

    def installations(self) -> list[Installation]:
        return [self.installation(7), replace(self.installation(8), suspended=True), self.installation(11)]

    def count(self, name: str, *_: Any, **labels: Any) -> None:
        self.refused += [labels["reason"]] if name == "refused_total" else []


@dataclass
class GitHub:
    """Its writer calls the guard before it writes, as the real one does."""

    issues: Writer = field(default_factory=Writer)
    visibility: list[Visibility] = field(default_factory=lambda: [PRIVATE])
    asked: int = 0

    @contextmanager
    def reader(self, _installation: int, number: int) -> Iterator[Any]:
        assert number == TARGET.id
        self.asked += 1
        now = self.visibility.pop(0) if len(self.visibility) > 1 else self.visibility[0]
        yield SimpleNamespace(repository=lambda: replace(TARGET, visibility=now))

    @contextmanager
    def writer(self, _installation: int, number: int, guard: Guard) -> Iterator[Any]:
        assert number == TARGET.id
        inner = self.issues

        def guarded(name: str) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                guard.check()
                return getattr(inner, name)(*arguments, **named)

            return call

        writes = {name: guarded(name) for name in ("create_issue", "update_issue", "ensure_label")}
        yield SimpleNamespace(issue=inner.issue, issues=inner.issues, **writes)


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> list[OrganisationPolicy]:
    """The policy in force; tests replace it."""
    said = [NAMED]
    monkeypatch.setattr(rolling_up, "kept_organisation", lambda *_: said[0])
    return said


def run(store: Kept, github: GitHub) -> int | None:
    return roll_up(context(store, github), 7)


def context(store: Kept, github: GitHub, submitted: list[Any] | None = None) -> Context:
    spec = SimpleNamespace(
        name="licence",
        family="community",
        severity=Severity.HIGH,
        audience=Audience.PUBLIC,
        rule_version=1,
        doc=SimpleNamespace(title="t", fix="Add a licence."),
    )
    runtime = SimpleNamespace(
        store=store,
        ledger=store,
        clock=store,
        metrics=store,
        github=github,
        registry=SimpleNamespace(checks=MappingProxyType({"licence": spec})),
        submit=(submitted if submitted is not None else []).extend,
    )
    guard = SimpleNamespace(check=lambda: None)
    return cast("Context", SimpleNamespace(runtime=runtime, guard=guard))


@pytest.mark.usefixtures("policy")
def test_publishes_one_issue_and_edits_it() -> None:
    """The second page takes the place of the first; the same is not written again."""
    store, github = Kept(), GitHub()
    numbers = [run(store, github), run(store, github)]
    store.told[1] = [outcome(said="pass")]
    numbers.append(run(store, github))

    assert numbers == [1, 1, 1]
    assert issue_writes(github.issues) == ["create issue", "update issue"]
    assert is_roll_up(github.issues.known[1].body)
    assert "1 repository judged; 0 findings." in github.issues.known[1].body
    assert "cost 2.5 points" in github.issues.known[1].body
    assert store.audited == ["issue.opened", "issue.edited"]
    assert store.effects.keys() == {(9, "issue", "roll-up")}


@pytest.mark.usefixtures("policy")
def test_a_ticked_box_is_cleared() -> None:
    """Whatever people write into the page goes with the next one."""
    store, github = Kept(), GitHub()
    run(store, github)
    page = github.issues.known[1]
    github.issues.known[1] = replace(page, body=page.body.replace(ANEW_BOX, ANEW_BOX.replace("[ ]", "[x]")))
    run(store, github)

    assert ANEW_BOX in github.issues.known[1].body


@pytest.mark.usefixtures("policy")
def test_the_health_issue_of_the_same_repository_is_another() -> None:
    """Each is found by its own marker when the store is empty."""
    store, github = Kept(), GitHub()
    run(store, github)
    page = github.issues.known[1]
    health = replace(page, number=2, body=page.body.replace("roll-up:1 installation", "health:1 repository"))
    github.issues.known = {1: page, 2: health}
    store.effects.clear()
    run(store, github)

    assert [i.state for i in github.issues.known.values()] == ["open", "open"]
    assert store.effects[9, "issue", "roll-up"].number == 1


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        pytest.param({"state": "closed"}, 1, id="closed"),
        pytest.param({"locked": True}, 1, id="locked"),
        pytest.param({}, 2, id="open"),
    ],
)
@pytest.mark.usefixtures("policy")
def test_a_page_that_a_person_closed_or_locked_is_left_alone(change: dict[str, Any], writes: int) -> None:
    """Opened again, it goes on."""
    store, github = Kept(), GitHub()
    run(store, github)
    github.issues.known[1] = replace(github.issues.known[1], **change)
    store.told = {}
    run(store, github)

    assert len(issue_writes(github.issues)) == writes


@pytest.mark.parametrize("now", [PUBLIC, INTERNAL])
@pytest.mark.usefixtures("policy")
def test_nothing_is_written_where_others_can_read(now: Visibility) -> None:
    """Whatever the store says, GitHub is asked right before each write."""
    store, github = Kept(), GitHub(visibility=[now])

    assert run(store, github) is None
    assert github.issues.writes == []
    assert store.refused == ["roll_up_target"]
    assert len(store.samples) == 1


@pytest.mark.usefixtures("policy")
def test_a_repository_that_is_made_public_between_two_writes_gets_no_second() -> None:
    """The label was made while it was private, the issue is not."""
    store, github = Kept(), GitHub(visibility=[PRIVATE, PUBLIC])

    assert run(store, github) is None
    assert issue_writes(github.issues) == []
    assert github.asked == 2


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        pytest.param(OrganisationPolicy(), [TARGET], id="no policy names one"),
        pytest.param(NAMED, [APP], id="not known"),
        pytest.param(NAMED, [replace(TARGET, full_name="other/health")], id="of another owner"),
        pytest.param(NAMED, [replace(TARGET, visibility=INTERNAL)], id="internal"),
        pytest.param(NAMED, [replace(TARGET, archived=True)], id="archived"),
        pytest.param(NAMED, [replace(TARGET, has_issues=False)], id="no issues"),
    ],
)
def test_nowhere_to_write_asks_nothing_and_keeps_the_sample(
    said: OrganisationPolicy, listed: list[Repository], policy: list[OrganisationPolicy]
) -> None:
    """The trend is kept for whoever names a repository later."""
    policy[0] = said
    store, github = Kept(listed=[*listed, APP] if APP not in listed else listed), GitHub()

    assert run(store, github) is None
    assert (github.asked, github.issues.writes) == (0, [])
    assert [(s.score, s.findings, s.repositories, s.points) for s in store.samples] == [
        (Score(0, 8, 8, 8), 1, 1, 1.5)
    ]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("error", [Gone("deleted"), Rejected("off", status=410)], ids=["gone", "issues off"])
def test_a_repository_that_can_not_take_it_harms_nothing(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no page then."""

    def refuse(*_: Any) -> int:
        raise error

    github = GitHub()
    monkeypatch.setattr(github.issues, "create_issue", refuse)

    assert run(Kept(), github) is None


def test_archived_repositories_and_those_not_looked_after_are_left_out(
    policy: list[OrganisationPolicy],
) -> None:
    """As policy enrols them."""
    policy[0] = replace(NAMED, enrolment=Enrolment(exclude=(Selector(names=("app",)),)))
    store, github = Kept(), GitHub()
    run(store, github)

    assert "0 repositories judged" in github.issues.known[1].body


def test_repositories_stand_in_the_first_of_their_groups(policy: list[OrganisationPolicy]) -> None:
    """Groups come in the order of the policy; without any, visibility sorts."""
    groups = (Group("pay", Selector(names=("pay*",))), Group("all-apps", Selector(names=("app", "pay*"))))
    repositories = [
        replace(APP, id=n, full_name=f"acme/{name}") for n, name in enumerate(("app", "pay", "web"), 1)
    ]
    store = Kept(
        listed=[TARGET, *repositories],
        told={n: [outcome()] for n in (1, 2, 3)},
        about={1: Described(teams=("apps",))},
    )
    policy[0] = replace(NAMED, groups=groups)
    first, second = GitHub(), GitHub()
    run(store, first)
    policy[0] = NAMED
    store.effects.clear()
    run(store, second)

    def rows(github: GitHub) -> Sequence[str]:
        return [
            line.split(" | ")[0] for line in github.issues.known[1].body.split("\n") if line.startswith("| `")
        ]

    assert rows(first)[:4] == ["| `pay`", "| `all-apps`", f"| `{NO_GROUP}`", "| `apps`"]
    assert rows(second)[0] == "| `public`"


def test_checks_that_policy_defines_count_like_any_other() -> None:
    """Those of all, of a group and of a repository's own file, each where it is in force."""
    registry = load(("bot.checks", "bot.facts"), plugins=False)
    rule = "title: t, why: w, severity: high, file: {path: a.md}"
    organisation = read_organisation(
        f"defaults:\n  custom_checks: {{acme-all: {{fix: Do it., {rule}}}}}\n"
        f"groups:\n- name: apps\n  when: {{names: app}}\n"
        f"  custom_checks: {{acme-app: {{fix: As apps do., {rule}}}}}\n".encode(),
        registry.checks,
        oid="x",
    )
    web = replace(APP, id=3, full_name="acme/web")
    own = f"custom_checks: {{acme-own: {{fix: As ever., {rule}}}, acme-all: {{fix: As we do., {rule}}}}}\n"
    told = [outcome(name) for name in ("acme-all", "acme-app", "acme-own", "licence")]
    store = Kept(
        listed=[APP, web],
        told={1: told, 3: told},
        files={1: StoredPolicy("o", "publish: observe\n"), 3: StoredPolicy("o", own)},
        about={3: Described(teams=("web",))},
    )
    runtime = cast("Runtime", SimpleNamespace(store=store, registry=registry))

    found = sum_up(members(runtime, 7, organisation), about_checks(registry), NOW)

    assert {fix.check: fix.repositories for fix in found.fixes} == {
        "acme-all": 2, "acme-app": 1, "acme-own": 1, "licence": 2,
    }  # fmt: skip
    assert {name: about.fix for name, about in found.custom.items()} == {
        "acme-all": "", "acme-app": "As apps do.", "acme-own": "As ever.",
    }  # fmt: skip
    assert found.families == ("community", "custom")
    assert [(team.slug, sum(team.findings.values())) for team in found.teams] == [("web", 3)]
    assert found.regressed == 6


def test_the_guard_asks_the_lease_last() -> None:
    """The question takes time, in which the work may have been lost."""
    github, said = GitHub(), []

    def lost() -> None:
        said.append(github.asked)
        raise LeaseLost("another worker has it")

    guard = OnlyPrivate(
        cast("Guard", SimpleNamespace(check=lost)), context(Kept(), github).runtime, 7, TARGET.id
    )
    with pytest.raises(LeaseLost):
        guard.check()
    assert said == [1]

    github.visibility = [PUBLIC]
    with pytest.raises(NotPrivate, match="is public: name a private one"):
        guard.check()


@pytest.mark.usefixtures("policy")
def test_once_a_day_each_installation_gets_work_of_its_own() -> None:
    """Suspended ones are passed over; the work of one is done at once."""
    submitted: list[Any] = []
    store, github = Kept(), GitHub()
    publish_roll_up(PublishRollUp(), context(store, github, submitted))
    assert [item.payload.key for item in submitted] == ["roll-up:7", "roll-up:11"]
    assert store.samples == []

    publish_roll_up(PublishRollUp(installation_id=7), context(store, github, submitted))
    assert len(store.samples) == 1
