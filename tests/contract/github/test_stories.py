"""What checks say of a repository that people work on: from the fake's answers to verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.github import Bounds, build
from bot.adapters.github.app import GitHubApp
from bot.adapters.licences import Licences
from bot.adapters.zizmor import Zizmor
from bot.config.policy import DEFAULT
from bot.config.settings import Settings
from bot.engine.evaluate import collect, judge
from bot.model.verdicts import Scope, Verdict
from bot.registry import load
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from bot.testing.state import FakeRepository
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Pauses

REGISTRY = load(plugins=False)
DAY = 24 * 60 * 60
RIGHTS = {
    "contents": "read",
    "issues": "read",
    "pull_requests": "read",
    "members": "read",
    "organization_administration": "read",
}


@dataclass
class Scene:
    """An organisation on the fake, and the App on it."""

    fake: FakeGitHub
    clock: ManualClock
    app: GitHubApp
    installation: int

    def judged(self, repository: FakeRepository, *checks: str) -> Mapping[str, Verdict]:
        """What these checks say now; file-fed or of the organisation, it makes no difference."""
        facts = {need for name in checks for need in REGISTRY.checks[name].needs} & REGISTRY.facts.keys()
        with self.app.reader(self.installation, repository.id) as reader:
            known = reader.repository()
            told = collect(
                REGISTRY,
                facts,
                reader=reader,
                owner=self.app.owner(self.installation, known.owner),
                auditor=Zizmor(),
                licences=Licences(),
                commit=reader.head(known.default_branch),
                branch=known.default_branch,
                now=self.clock.now(),
                tolerate=False,
            )
        found = [
            judgement
            for scope in Scope
            for judgement in judge(REGISTRY, DEFAULT, told, self.clock.now(), scope=scope)
        ]
        return {j.check: j.verdict for j in found if j.check in checks}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = ManualClock()
    fake = FakeGitHub(tmp_path, clock=clock)
    fake.create_organisation("acme")
    installation = fake.install("acme", permissions=RIGHTS)
    server = Loopback(fake)
    settings = Settings(
        home=tmp_path,
        github_url=server.url,
        app_id=fake.app.id,
        private_key=fake.app_private_key_pem,
        webhook_secrets=("w",),
    )
    app = build(
        settings,
        ledger=Pauses(clock),
        clock=clock,
        metrics=Counts(),
        permissions=RIGHTS,
        bounds=Bounds(read_s=30, call_s=60, backoff_s=0.001),
        sleep=lambda _s: None,
    )
    yield Scene(fake, clock, app, installation)
    server.close()
    fake.close()


def texts(verdict: Verdict) -> list[str]:
    return [evidence.text for evidence in verdict.evidence] or [verdict.summary]


def test_whoever_is_not_answered_waits(scene: Scene) -> None:
    """Members and bots open issues, too, and bots answer; that is not meant."""
    fake, repository = scene.fake, scene.fake.create_repository("acme", "tool", files={"a": "1"})
    for login in ("ann", "bob", "eve"):
        fake.create_user(login)
    fake.create_user("helper", "Bot")
    fake.add_member("acme", "bob")
    answered, waiting = (fake.open_issue(repository, "It broke", actor="ann") for _ in range(2))
    fake.open_issue(repository, "To do", actor="bob")
    fake.open_issue(repository, "Report", actor="helper")
    fake.comment(repository, answered, "Thanks", actor="bob")
    fake.comment(repository, waiting, "Hello", actor="helper")
    fake.comment(repository, waiting, "Me too", actor="eve")

    assert scene.judged(repository, "unanswered-issues")["unanswered-issues"].evidence == ()
    scene.clock.advance(31 * DAY)
    verdict = scene.judged(repository, "unanswered-issues")["unanswered-issues"]

    assert [evidence.key for evidence in verdict.evidence] == [f"issue:{waiting}"]
    assert "only people from outside wrote there" in verdict.evidence[0].text


def test_what_is_developed_is_released(scene: Scene) -> None:
    """Two releases with files, the newer of them unsigned; then much work, for long."""
    fake, repository = scene.fake, scene.fake.create_repository("acme", "tool", files={"a": "1"})
    checks = ("recent-release", "unreleased-work", "signed-artifacts")

    assert {v.summary for v in scene.judged(repository, *checks).values()} == {
        "nothing was ever released",
        "no release has files to be verified",
    }
    fake.publish_release(repository, "v1", assets={"tool.zip": 1, "tool.zip.sigstore.json": 1})
    scene.clock.advance(1 * DAY)
    fake.publish_release(repository, "v2", assets={"tool.zip": 1})
    for number in range(51):
        fake.push(repository, "main", {"a": str(number)}, message="goes on")
    scene.clock.advance(366 * DAY)
    fake.push(repository, "main", {"a": "last"}, message="goes on")
    verdicts = scene.judged(repository, *checks)

    assert [texts(verdicts[name])[0].partition(", which")[0] for name in checks] == [
        "v2 was released on 2026-01-02",
        "52 commits came after v2",
        "v2 has 1 file and no signature",
    ]


def test_pull_requests_build_on_each_other(scene: Scene) -> None:
    """One stack that is broken, one pull request that goes nowhere, and a fork that is closed."""
    fake, repository = scene.fake, scene.fake.create_repository("acme", "tool", files={"a": "1"})
    fake.push(repository, "lower", {"l": "1"}, message="lower")
    fake.push(repository, "upper", {"u": "1"}, parents=(repository.branches["lower"],), message="upper")
    fake.push(repository, "lower", {"l": "2"}, message="lower again")
    fake.push(repository, "lost", {"x": "1"}, message="lost")
    fake.push(repository, "child", {"y": "1"}, parents=(repository.branches["lost"],), message="child")
    for number, (head, base) in enumerate((("lower", "main"), ("upper", "lower"), ("child", "lost")), 1):
        assert fake.open_pull_request(repository, head, base) == number
    scene.clock.advance(61 * DAY)
    verdicts = scene.judged(repository, "stack-broken", "orphan-base", "stale-prs")

    assert texts(verdicts["stack-broken"]) == ["#2 (upper) lacks 1 commit of #1 (lower)"]
    assert texts(verdicts["orphan-base"]) == ["#3 goes into lost, which no pull request proposes to merge"]
    assert [evidence.key for evidence in verdicts["stale-prs"].evidence] == ["pull:1", "pull:2", "pull:3"]


def test_branches_that_belong_together_diverge(scene: Scene) -> None:
    """A fix on one side, work on the other, and a month."""
    fake, repository = scene.fake, scene.fake.create_repository("acme", "tool", files={"a": "1"})
    fake.push(repository, "develop", {"d": "1"}, message="work")
    fake.push(repository, "main", {"f": "1"}, message="fix")
    name = "long-lived-divergence"

    assert scene.judged(repository, name)[name].summary == "1 pair of branches aligned"
    scene.clock.advance(31 * DAY)
    assert texts(scene.judged(repository, name)[name])[0].startswith(
        "develop has 1 commit that main lacks, and lacks 1 of its"
    )


def test_the_owner_gives_what_a_repository_lacks(scene: Scene) -> None:
    """Guides by default; templates to be copied."""
    fake, repository = (
        scene.fake,
        scene.fake.create_repository("acme", "tool", files={"Makefile": "all:\r\n", "x.toml": "x"}),
    )
    fake.create_repository(
        "acme",
        ".github",
        files={
            "CONTRIBUTING.md": "How to",
            "standard-files/all/Makefile": "all:\n",
            "standard-files/all/x.toml": "x",
            "standard-files/all/.github/workflows/scan.yml": "on: push",
        },
    )
    verdicts = scene.judged(repository, "contributing", "code-of-conduct", "standard-file-drift")

    assert texts(verdicts["contributing"]) == ["the owner's default CONTRIBUTING.md"]
    assert texts(verdicts["code-of-conduct"])[0].startswith("there is no code of conduct")
    assert texts(verdicts["standard-file-drift"]) == [
        ".github/workflows/scan.yml is missing",
        "Makefile differs from the template of all in its line ends",
    ]


def test_an_organisation_is_judged_by_its_settings(scene: Scene) -> None:
    """As a new one is."""
    repository = scene.fake.create_repository("acme", "tool", files={"a": "1"})
    checks = ("two-factor-required", "default-permission", "actions-policy", "organisation-owners")
    said = {name: verdict.outcome.value for name, verdict in scene.judged(repository, *checks).items()}

    assert said == {
        "two-factor-required": "fail",
        "default-permission": "pass",
        "actions-policy": "fail",
        "organisation-owners": "fail",
    }


def test_settings_that_may_not_be_read_are_unknown(scene: Scene) -> None:
    """With the permission that would help."""
    fake, repository = scene.fake, scene.fake.create_repository("acme", "tool", files={"a": "1"})
    fake.set_permissions(scene.installation, {"contents": "read"})
    checks = ("two-factor-required", "default-permission", "actions-policy", "organisation-owners")

    found = {name: verdict.permission for name, verdict in scene.judged(repository, *checks).items()}
    assert found == {
        "two-factor-required": "organization_administration: read",
        "default-permission": "organization_administration: read",
        "actions-policy": "organization_administration: read",
        "organisation-owners": "members: read",
    }
