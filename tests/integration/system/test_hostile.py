"""Content, names and deliveries by people who mean harm, and secrets that must not be seen."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.zizmor import Zizmor
from bot.model.errors import Unavailable
from bot.model.facts import WorkflowFinding
from bot.model.verdicts import Severity
from bot.testing.authentication import private_key_pem
from bot.testing.deliveries import headers
from bot.testing.git import Content, Identity, Symlink
from bot.testing.http import Response
from bot.testing.state import FakeRepository
from tests.integration.system.world import (
    CONFIG,
    HEALTHY,
    POLICY,
    SECRET,
    SECRET_KEY,
    STRANGERS,
    UNPINNED,
    System,
)
from tests.unit.report.conftest import MARKER, read

pytestmark = pytest.mark.fault

CANARY = "ghs_4711_eyJhbGciOiJSUzI1NiJ9." + "canaryCANARY0123" * 12 + "-end_of_canary"
CLASSIC = "ghp_" + "CanaryCanary0123456789" * 2
HOSTILE = (
    "@org/team",
    "fixes #1",
    "](https://evil.example/x)",
    "![x](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "```\n/approve",
    "\x1b[31mred\x1b[0m",
    "-rf",
    "--upload-pack=touch x",
    "$(touch x)`touch y`",
    "a\nb\rc\td",
    "\udcff\udcfe",
    "\u202egnp.exe",
    "<!-- plumbline:health:1 repository=1 -->",
)


MALLORY = "\x1b[31m`mallory`\u202e@org/team"
BRANCHES = (
    "-rf",
    "--upload-pack=touch${IFS}x",
    "@org/team",
    "fixes-#1",
    "<img>",
    "a`b`c",
    "$(touch)",
    "é\u202egnp",
)


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy public repository whose baseline is known."""
    system.install()
    return system.create(files=HEALTHY)


def assert_inert(system: System) -> None:
    """Nothing that we sent holds anything active that is not our own."""
    root = system.simulator.base_url + "/"
    pages = system.pages()
    assert pages
    for page in pages:
        seen = read(page)
        assert seen.active == []
        assert seen.images == []
        assert [h for h in seen.html if h not in ("<span>", "</span>") and not MARKER.fullmatch(h)] == []
        ours = (root, "https://github.com/", "https://docs.github.com/", "https://securitylab.github.com/")
        assert [link for link in seen.links if not link.startswith(ours)] == []
        assert "\n/approve" not in page


class TestLinks:
    """KE4: a link in the tree is shown as what it is, and never followed."""

    def test_ke4_symlinks_are_not_followed(self, system: System, app: FakeRepository) -> None:
        target = Path(tempfile.gettempdir(), "outside")
        targets = {name: Symlink(str(target)) for name in ("LICENSE", "SECURITY.md")}
        system.push(app, {POLICY: "block: [licence]\n"})
        sha = system.push(
            app,
            {
                **targets,
                POLICY: Symlink("../../../../proc/self/environ"),
                ".github/workflows/w.yml": Symlink("/proc/self/environ"),
            },
        )

        run, config = system.run(app, sha), system.run(app, sha, CONFIG)
        assert "this is a symlink; put a plain file in its place" in (config.summary or "")
        assert run.conclusion == "failure", "the last good policy blocks on licence"
        text = run.text or ""
        assert "the licence is not recognised" in text
        assert "SECURITY.md is a symlink, which is not followed; use a plain file" in text
        assert "it is a symlink, which is not followed; put a plain file in its place" in text
        links = {e.oid for e in app.git.entries(sha, recursive=True) if e.mode == "120000"}
        read_blobs = {e.path.rpartition("/")[2] for e in system.calls("GET", "/git/blobs/")}
        assert len(links) == 3
        assert not links & read_blobs

    def test_ke4_a_linked_folder_is_not_entered(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {".github": Symlink("/etc")})

        assert system.run(app, sha).conclusion == "success"
        assert system.runs(app, sha, CONFIG) == []


class TestNames:
    """KE9 and KG1: names are shown and do nothing."""

    def test_ke9_hostile_names(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of branches, files, authors, and paths of 4 kB and broken Unicode."""
        system.install()
        author = Identity(MALLORY, "a@b", system.clock.now())
        monkeypatch.setattr(system.fake, "identity", lambda _: author)
        policy = "publish: {issues: all}\nchecks:\n  behind: {max_behind: 0}\n"
        app = system.create(files={"README.md": "x", POLICY: policy})
        for branch in BRANCHES:
            system.fake.push(app, branch, {"x.txt": branch})
        files: dict[str, Content] = {
            f".github/workflows/{name.replace('/', '_')}.yml": UNPINNED for name in HOSTILE
        }
        files |= {f".github/workflows/{'a' * 4_000}.yml": UNPINNED, f"{'d/' * 1_500}x": "deep"}
        sha = system.push(app, files)
        system.settle()

        run, issue = system.run(app, sha), system.issue(app)
        assert run.status == "completed"
        assert f"{len(files) - 1} workflows" not in (run.title or "")
        assert "8 of 8 active branches too far behind" in (run.text or "")
        assert "--upload-pack=touch${IFS}x" in (run.text or ""), "shown as it is, inside code"
        assert "␛[31mred␛[0m" in (issue.body or "") + (run.text or "")
        assert_inert(system)
        assert system.runtime.ledger.stats().parked == 0
        assert "\x1b" not in system.log_text()

    def test_kg1_hostile_reasons_and_errors_of_policies(self, system: System, app: FakeRepository) -> None:
        """Whoever can push can write the policy, also its mistakes."""
        for reason in HOSTILE:
            quoted = json.dumps(reason.encode("utf-8", "replace").decode())
            exemption = f"{{check: licence, reason: {quoted}, until: 2999-01-01}}"
            system.push(app, {POLICY: f"exemptions: [{exemption}]\n", "LICENSE": None})
            system.push(app, {POLICY: f"{quoted}: 1\nblock: [{quoted}]\npublish: {quoted}\n"})

        assert len(system.runs(app, app.head or "", CONFIG)) == 1
        assert len(system.pages()) > 3 * len(HOSTILE)
        assert_inert(system)

    def test_kg1_hostile_workflow_contents(self, system: System, app: FakeRepository) -> None:
        """What the auditor quotes from a file."""
        names = [json.dumps(f"evil/{name}@v1") for name in HOSTILE if name.isprintable() or name.isascii()]
        steps = "".join(f"      - uses: {name}\n" for name in names)
        body = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
        _, head = system.propose(app, {".github/workflows/w.yml": body})

        assert system.run(app, head).status == "completed"
        assert_inert(system)


class TestLengths:
    """KG3."""

    @pytest.fixture
    def auditor(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], None]:
        """Let the auditor find so many things in each file; the true one takes its time with such files."""

        def set_up(count: int, feature: str) -> None:
            def audit(_: Zizmor, blobs: Mapping[str, bytes]) -> dict[str, tuple[WorkflowFinding, ...]]:
                found = tuple(
                    WorkflowFinding(
                        audit="unpinned-uses",
                        path="",
                        line=number,
                        end_line=number,
                        column=1,
                        severity=Severity.MEDIUM,
                        confidence="high",
                        message="not pinned",
                        feature=f"owner/action{number}{feature}@v1",
                        url="https://docs.zizmor.sh/",
                        ignored=False,
                    )
                    for number in range(1, count + 1)
                )
                return dict.fromkeys(blobs, found)

            monkeypatch.setattr(Zizmor, "audit", audit)

        return set_up

    def test_kg3_ten_thousand_findings(
        self, system: System, app: FakeRepository, auditor: Callable[[int, str], None]
    ) -> None:
        """Shown within GitHub's limits, cut with a count."""
        auditor(1_000, "")
        sha = system.push(app, {f".github/workflows/w{n}.yml": UNPINNED for n in range(10)})

        run, issue = system.run(app, sha), system.issue(app)
        assert len(run.annotations) == 500
        assert "1000 references in 10000 places" in (run.text or "")
        assert "more places" in (run.text or "")
        assert "9,500 places could not be marked in the files" in (run.summary or "")
        assert "more places" in (issue.body or "")
        assert max(len(page.encode()) for page in system.pages()) <= 65_535

    def test_kg3_seventy_thousand_characters(
        self, system: System, app: FakeRepository, auditor: Callable[[int, str], None]
    ) -> None:
        """In names and in what is quoted; the reader is told how much is missing."""
        auditor(3, "c" * 70_000)
        names = [f".github/workflows/{n:02}{'n' * 3_900}.yml" for n in range(20)]
        sha = system.push(app, dict.fromkeys(names, UNPINNED))

        run = system.run(app, sha)
        assert run.status == "completed"
        assert "more characters)" in (run.text or "")
        assert max(len(page.encode()) for page in system.pages()) <= 65_535
        assert system.runtime.ledger.stats().parked == 0


class TestTenants:
    """KF6: signed, and yet naming what is not the installation's."""

    @pytest.mark.parametrize("private", [True, False])
    def test_kf6_forged_ids(self, system: System, private: bool) -> None:
        """No call, no write, and nothing of the other's is forgotten or read; V4 is asked at the end."""
        mine, theirs = system.install("acme"), system.install("umbrella")
        system.create("app", HEALTHY)
        victim = system.create("victim", {"README.md": "x"}, owner="umbrella", private=private)
        number, head = system.propose(victim, {".github/workflows/t.yml": STRANGERS})
        kept = system.runtime.store.repository(victim.id)
        since = system.mark()
        writes = len(victim.check_runs)

        place = {
            "id": victim.id,
            "full_name": "acme/app",
            "default_branch": "main",
            "private": False,
        }
        forged: list[tuple[str, dict[str, Any]]] = [
            ("push", {"ref": "refs/heads/main", "after": head, "deleted": False}),
            ("pull_request", {"action": "opened", "pull_request": {"number": number}}),
            ("check_run", {"action": "rerequested", "check_run": {"head_sha": head}}),
            ("check_suite", {"action": "rerequested", "check_suite": {"head_sha": head}}),
            ("repository", {"action": "publicized"}),
            ("repository", {"action": "deleted"}),
            ("installation_repositories", {"action": "removed", "repositories_removed": [{"id": victim.id}]}),
            (
                "merge_group",
                {
                    "action": "checks_requested",
                    "merge_group": {"head_sha": head, "base_sha": victim.head, "base_ref": "refs/heads/main"},
                },
            ),
        ]
        for count, (event, payload) in enumerate(forged):
            body = json.dumps({**payload, "repository": place, "installation": {"id": mine}}).encode()
            given = headers(
                body, app_id=system.fake.app.id, x_github_event=event, x_github_delivery=f"f{count}"
            )
            assert system.client.post("/webhook", data=body, headers=given).status_code == 202
            system.settle()

        assert len(victim.check_runs) == writes
        assert system.issues(victim) == []
        assert system.runtime.store.repository(victim.id) == kept
        assert kept is not None
        assert kept[0] == theirs
        writes_of_ours = [e for e in system.calls(since=since) if e.method != "GET" and "/app/" not in e.path]
        assert writes_of_ours == []
        assert system.runtime.ledger.stats().parked == 0

    def test_kf6_a_repository_of_nobody(self, system: System) -> None:
        """A public one that no installation has: it is not ours to judge."""
        mine = system.install("acme")
        system.fake.create_organisation("umbrella")
        stranger = system.fake.create_repository("umbrella", "stranger", files={"README.md": "x"})
        body = json.dumps(
            {
                "ref": "refs/heads/main",
                "repository": {"id": stranger.id, "default_branch": "main"},
                "installation": {"id": mine},
            }
        ).encode()
        given = headers(body, app_id=system.fake.app.id, x_github_delivery="f")
        system.client.post("/webhook", data=body, headers=given)
        system.settle()

        assert stranger.check_runs == {}
        assert system.runtime.store.repository(stranger.id) is None
        assert system.runtime.ledger.stats().parked == 0


def test_kf7_a_fork_changes_everything_that_governs(system: System, app: FakeRepository) -> None:
    """The base's policy judges it; nothing is written to the fork, and nothing of it is run."""
    system.push(app, {POLICY: "block: [licence, dangerous-trigger]\n", "CODEOWNERS": "* @acme/owners\n"})
    system.fake.create_user("mallory")
    fork = system.fake.fork(app, "mallory")
    head = system.fake.push(
        fork,
        "topic",
        {
            POLICY: "checks:\n  licence: {enabled: false}\n  dangerous-trigger: {enabled: false}\n",
            ".github/workflows/t.yml": STRANGERS,
            "CODEOWNERS": "* @mallory\n",
            "LICENSE": None,
        },
        actor="mallory",
    )
    number = system.fake.open_pull_request(app, "topic", head_repository=fork, actor="mallory")
    system.pump()

    run = system.run(app, head)
    assert (run.conclusion, run.title) == ("failure", "2 new findings")
    assert system.run(app, head, CONFIG).conclusion == "success"
    assert system.issues(app) == []
    assert fork.check_runs == fork.issues == fork.labels == {}
    assert system.calls(path=f"/repositories/{fork.id}") == []

    system.fake.merge_pull_request(app, number)
    system.pump()
    assert "dangerous-trigger" not in (system.run(app, app.head or "").text or ""), "now it governs"


class TestSecrets:
    """KE7 and KG4; that nothing leaks is asked by the oracle V5 at the end of every test."""

    @pytest.fixture
    def children(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, str]]]]:
        """Arguments and environment of every child process."""
        seen: list[tuple[str, dict[str, str]]] = []
        start = subprocess.Popen.__init__

        def recording(self: subprocess.Popen[bytes], args: Any, *rest: Any, **options: Any) -> None:
            env = options.get("env")
            seen.append((" ".join(map(os.fsdecode, args)), dict(os.environ if env is None else env)))
            start(self, args, *rest, **options)

        monkeypatch.setattr(subprocess.Popen, "__init__", recording)
        return seen

    def test_ke7_no_token_anywhere(
        self,
        system: System,
        app: FakeRepository,
        children: list[tuple[str, dict[str, str]]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Not in arguments or environments of children, nor in temporary files."""
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        for name, value in (
            ("PLUMBLINE_PRIVATE_KEY", private_key_pem()),
            ("PLUMBLINE_WEBHOOK_SECRET", SECRET),
            ("PLUMBLINE_SECRET_KEYS", SECRET_KEY),
        ):
            monkeypatch.setenv(name, value)
        held: list[str] = []
        audit = Zizmor._run_on_files

        def looking(auditor: Zizmor, *given: Any) -> Any:
            done = audit(auditor, *given)
            held.extend(str(path) for path in temporary.rglob("*"))
            return done

        monkeypatch.setattr(Zizmor, "_run_on_files", looking)

        sha = system.push(app, {".github/workflows/w.yml": UNPINNED})

        assert system.run(app, sha).status == "completed"
        audits = [(args, env) for args, env in children if "zizmor" in args]
        assert audits
        secrets = system.secrets()
        for args, env in children:
            shown = args + json.dumps(env)
            assert [name for name, secret in secrets.items() if secret in shown] == [], args
        assert {name for _, env in audits for name in env} == {
            "PATH",
            "HOME",
            "TMPDIR",
            "LC_ALL",
            "RUST_BACKTRACE",
        }
        assert list(temporary.rglob("*")) == [], "nothing is left behind"

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/graphql$"),
            ("POST", "/check-runs$"),
            ("POST", "/issues$"),
            ("POST", "/access_tokens$"),
        ],
    )
    def test_kg4_errors_that_quote_a_secret(
        self, system: System, app: FakeRepository, method: str, path: str
    ) -> None:
        """GitHub's own answer repeats what it was sent."""
        system.canaries |= {"canary": CANARY, "end of canary": CANARY[-20:], "classic": CLASSIC}
        message = f"Bad credentials {CANARY} {CLASSIC} {private_key_pem()} Authorization: Bearer {CANARY}"
        said = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "errors": [{"resource": "Issue", "field": CLASSIC, "code": CANARY}],
        }
        for status in (401, 403, 404, 410, 422, 429, 502):
            system.traps.clear()
            answer = Response(status, {"Content-Type": "application/json"}, json.dumps(said).encode())
            system.answer(method, path, answer, times=12)
            if path == "/access_tokens$":
                system.clock.advance(7_200)
            gone = "LICENSE" if path == "/issues$" else "b.txt"
            system.push(app, {**HEALTHY, gone: None, "a.txt": str(status)})
            system.settle(within_s=100_000)
            assert system.traps[0].left < 12
            system.traps.clear()
            system.push(app, {**HEALTHY, "a.txt": f"after {status}"})
            system.settle(within_s=100_000)
            for issue in system.issues(app):
                system.fake.delete_issue(app, issue.number)

        assert system.run(app, app.head or "").conclusion == "success"

    def test_kg4_crashes_that_quote_a_secret(
        self, system: System, app: FakeRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a fact, in a handler, in the store: logged with their traceback, without the secret."""
        system.canaries |= {"canary": CANARY, "end of canary": CANARY[-20:], "classic": CLASSIC}

        def crash(*_: object, **__: object) -> Any:
            token = CANARY
            raise RuntimeError(f"failed with {token} and {CLASSIC}")

        def unavailable(*_: object, **__: object) -> Any:
            raise Unavailable(f"failed with {CANARY}")

        with monkeypatch.context() as patch:
            patch.setattr(Zizmor, "audit", crash)
            sha = system.push(app, {".github/workflows/w.yml": UNPINNED})
            assert "failed with RuntimeError" in (system.run(app, sha).text or "")
            assert system.logged("a fact failed")
        with monkeypatch.context() as patch:
            patch.setattr(type(system.runtime.store), "save_facts", crash)
            system.push(app, {"a.txt": "a"})
            assert system.logged("a job failed")
        with monkeypatch.context() as patch:
            patch.setattr(type(system.runtime.store), "verdicts", unavailable)
            system.push(app, {"a.txt": "b"})
        with monkeypatch.context() as patch:
            patch.setattr("bot.engine.dispatch.route", crash)
            system.push(app, {"a.txt": "c"})
            assert system.logged("a handler failed")
        system.settle()
        assert system.run(app, app.head or "").status == "completed"

    def test_kg4_secrets_sent_to_the_receiver(self, system: System) -> None:
        """In headers that are refused, and in bodies that are parked."""
        system.canaries |= {"canary": CANARY, "classic": CLASSIC}
        body = b"not json"
        for changes in (
            {"x_hub_signature_256": f"sha256={CANARY}"},
            {"x_github_event": CANARY},
            {"x_github_delivery": CANARY},
            {"content_type": CANARY},
            {"authorization": f"Bearer {CANARY}"},
        ):
            given = headers(body, app_id=system.fake.app.id, **changes)
            system.client.post("/webhook", data=body, headers=given)
        system.settle()

        assert system.runtime.ledger.stats().parked == 1

    def test_kg4_the_oracle_sees_what_is_logged(self, system: System) -> None:
        """A secret that nobody could know to be one is found; so the oracle is not blind."""
        system.canaries["plain"] = "a-word-that-is-secret-only-here"
        logging.getLogger("somebody").warning("it is a-word-that-is-secret-only-here")
        assert system.leaks() == ["plain in the log"]

        system.redis.set("pl:test", "a-word-that-is-secret-only-here")
        assert "V11: the key pl:test has no lifetime" in system.broken_promises()
        assert "plain in Redis" in system.leaks()

        system.redis.delete("pl:test")
        system.canaries.clear()
