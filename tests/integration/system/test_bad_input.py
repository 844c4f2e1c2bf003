"""Bad input, one test each: what happens, and a message that says what, where and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from bot.model.work import Record, State
from bot.testing.deliveries import headers
from bot.testing.git import Content
from bot.testing.state import FakeRepository
from bot.web.receiver import MAX_BODY
from tests.integration.system.world import CONFIG, HEALTHY, POLICY, STRANGERS, System

ALIASES = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nblock: *c\n"


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy public repository whose baseline is known."""
    system.install()
    return system.create(files=HEALTHY)


def deliver(
    system: System, body: bytes, *, event: str = "push", guid: str = "guid", length: int = 0, **changes: Any
) -> Any:
    """Post a delivery as GitHub would; signed and of its true length, unless told otherwise."""
    given = headers(body, app_id=system.fake.app.id, x_github_event=event, x_github_delivery=guid, **changes)
    environ = {"CONTENT_LENGTH": str(length or len(body))}
    return system.client.post("/webhook", data=body, headers=given, environ_overrides=environ)


def record_of(system: System, guid: str = "guid") -> Record:
    """What the ledger says of a delivery made by ``deliver``."""
    system.pump()
    record = system.runtime.ledger.record(f"99:{guid}")
    assert record is not None
    return record


class TestDeliveries:
    """What arrives at the receiver."""

    @pytest.mark.parametrize(
        ("body", "what"),
        [
            pytest.param(b"\x00\xff garbage", "not UTF-8 at byte 1", id="garbage"),
            pytest.param(b'{"ref": "refs/heads/ma', "line 1 column 9", id="truncated JSON"),
            pytest.param(b"[1, 2]", "a JSON list, not an object", id="another shape"),
            pytest.param(b'{"a": ' * 30_000, "nested too deeply", id="very deep"),
        ],
    )
    def test_what_is_signed_and_not_a_payload_is_parked(self, system: System, body: bytes, what: str) -> None:
        """It is accepted once, shown to the operator with the reason, and harms nothing else."""
        system.install()
        assert deliver(system, body).status_code == 202

        record = record_of(system)
        assert record.state is State.PARKED
        assert what in record.error
        assert "GitHub sends no such body" in record.error, "where it came from"
        assert "PLUMBLINE_WEBHOOK_SECRET" in record.error, "how to mend it"
        assert system.create(files=HEALTHY).check_runs, "others are served"

    def test_a_wrong_signature_is_refused(self, system: System) -> None:
        """Nothing is recorded; the answer says which setting is to be compared with what."""
        refused = deliver(system, b"{}", x_hub_signature_256="sha256=" + "0" * 64)

        assert refused.status_code == 401
        assert "X-Hub-Signature-256" in refused.text
        assert "PLUMBLINE_WEBHOOK_SECRET" in refused.text
        assert system.runtime.ledger.record("99:guid") is None

    def test_an_oversized_body_is_refused(self, system: System) -> None:
        """By its length alone; it is not read."""
        refused = deliver(system, b"{}", length=MAX_BODY + 1)

        assert refused.status_code == 413
        assert str(MAX_BODY) in refused.text
        assert "at most 25 MB" in refused.text
        assert system.runtime.ledger.record("99:guid") is None

    def test_a_payload_without_repository_is_no_work(self, system: System) -> None:
        """It is routed and done, for every event and shape: there is nothing that it could mean.

        But for those that are about an installation or an organisation, and need none.
        """
        shapes: list[dict[str, Any]] = [
            {},
            *({"repository": value} for value in (None, 7, {"id": "7"}, {"id": -1})),
        ]
        guids = []
        for event in sorted(system.runtime.registry.lanes):
            for number, shape in enumerate(shapes):
                body = {"action": "edited", "ref": "refs/heads/main", "installation": {"id": 1}, **shape}
                guids.append(f"{event}-{number}")
                answer = deliver(system, json.dumps(body).encode(), event=event, guid=guids[-1])
                assert answer.status_code == 202

        wider = ("installation", "team")
        records = [record_of(system, guid) for guid in guids if not guid.startswith(wider)]
        assert {record.state for record in records} == {State.DONE}
        assert [record.works for record in records if record.works] == []
        assert system.runtime.ledger.stats().parked == 0


class TestPolicies:
    """The file that whoever may push can write."""

    @pytest.mark.parametrize(
        ("policy", "at", "words"),
        [
            pytest.param("block: [\n", "1:", ("brackets",), id="not YAML"),
            pytest.param(ALIASES, "1:4", ("anchor", "write the value out"), id="alias bomb"),
            pytest.param("- a\n- b\n", "1:1", ("should be a mapping", "name: value"), id="a list"),
            pytest.param("chekcs: {}\n", "1:1", ("unknown key", "did you mean 'checks'?"), id="a slip"),
            pytest.param(b"\x00\x01\xff", "1:", ("UTF-8",), id="binary"),
            pytest.param("#" * 70_000, "1:1", ("larger than 65536 bytes", "make it smaller"), id="70 kB"),
            pytest.param(
                "exemptions: [{check: licence, reason: x, until: 2026-02-30}]\n",
                "1:49",
                ("until", "YYYY-MM-DD"),
                id="no such day",
            ),
        ],
    )
    def test_a_policy_that_can_not_be_used(
        self, system: System, app: FakeRepository, policy: Content, at: str, words: tuple[str, ...]
    ) -> None:
        """Told on the commit at line and column; the last good policy judges on."""
        system.push(app, {POLICY: "block: [licence]\n"})
        sha = system.push(app, {POLICY: policy, "LICENSE": None})

        run = system.run(app, sha, CONFIG)
        assert run.conclusion == "action_required"
        assert f"{POLICY}:{at}" in (run.summary or "")
        assert all(word in (run.summary or "") for word in words), run.summary
        assert {note["path"] for note in run.annotations} == {POLICY}
        assert system.run(app, sha).conclusion == "failure", "licence still blocks"

    def test_a_policy_that_is_a_directory(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {f"{POLICY}/file": "x"})

        summary = system.run(app, sha, CONFIG).summary or ""
        assert "this is a directory" in summary
        assert "put a plain file in its place" in summary


class TestWorkflows:
    """Files that GitHub would run."""

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            pytest.param(b"\x00\x01\x02", "it is a binary file, not YAML", id="binary"),
            pytest.param(b"\xff\xfe on: push", "it is not UTF-8 text", id="not UTF-8"),
            pytest.param("on: [push\n", "line", id="not YAML"),
            pytest.param("", "it is empty", id="empty"),
            pytest.param(
                "#" + "x" * 600_000, "it has 600001 bytes; at most 524288 are audited: split it", id="600 kB"
            ),
            pytest.param(ALIASES, "", id="alias bomb"),
        ],
    )
    def test_a_workflow_that_can_not_be_audited(
        self, system: System, app: FakeRepository, content: Content, words: str
    ) -> None:
        """Unknown with its name and the reason; neither healthy nor a finding."""
        sha = system.push(app, {".github/workflows/odd.yml": content})

        run = system.run(app, sha)
        assert run.conclusion == "neutral"
        assert "2 not judged" in (run.title or "")
        assert ".github/workflows/odd.yml" in (run.text or "")
        assert words in (run.text or "")

    def test_a_bad_file_does_not_hide_a_finding_in_another(self, system: System, app: FakeRepository) -> None:
        sha = system.push(app, {".github/workflows/odd.yml": b"\x00", ".github/workflows/t.yml": STRANGERS})

        assert "dangerous-trigger" in (system.run(app, sha).text or "")
        assert "a stranger's text becomes part of a script" in (system.issue(app).body or "")


class TestRepositories:
    """States of a repository, and changes of it in the middle of the work."""

    def test_an_empty_repository_has_nothing_to_judge(self, system: System) -> None:
        """Its first push is judged."""
        system.install()
        app = system.fake.create_repository("acme", "app")
        system.pump()
        assert system.calls("POST", "/check-runs") == []

        sha = system.push(app, HEALTHY)
        assert system.run(app, sha).conclusion == "success"

    def test_an_archived_repository_is_left_alone(self, system: System, app: FakeRepository) -> None:
        """Nobody can write there, nor can we; when it is opened again, it is looked at."""
        system.fake.archive(app)
        system.pump()
        since = system.mark()
        system.submit_scan(app)
        assert [e for e in system.calls(since=since) if e.wrote and "/app/" not in e.path] == []

        system.fake.unarchive(app)
        sha = system.push(app, {"LICENSE": None})
        assert system.run(app, sha).conclusion == "neutral"

    @pytest.mark.parametrize("act", ["archive", "rename", "delete", "empty", "issues off"])
    def test_a_repository_that_changes_mid_way(self, system: System, act: str) -> None:
        """What can still be said is said; nothing is parked, nothing is tried for ever."""
        system.install()
        documents = {"pulse": "n_branches", "document": "fragment F"}
        for number, path in enumerate([*documents, "/check-runs$", "/labels/"]):
            app = system.create(f"app-{number}", HEALTHY)
            acts: dict[str, Callable[[], object]] = {
                "archive": partial(system.fake.archive, app),
                "rename": partial(system.fake.rename, app, f"renamed-{number}"),
                "delete": partial(system.fake.delete, app),
                "empty": partial(system.fake.delete_branch, app, "main"),
                "issues off": partial(system.fake.set_issues_enabled, app, enabled=False),
            }
            if path in documents:
                system.before("POST", "/graphql$", acts[act], body=documents[path])
            else:
                system.before("GET", path, acts[act])

            sha = system.push(app, {"LICENSE": None})
            system.settle()

            assert system.runtime.ledger.stats().parked == 0, (path, system.runtime.ledger.parked())
            conclusions = [run.conclusion for run in system.runs(app, sha)]
            if act in ("rename", "issues off"):
                assert conclusions == ["neutral"], path
            else:
                assert set(conclusions) <= {"neutral"}, path
            assert (len(system.issues(app)) == 1) or act != "rename", path
            assert system.issues(app) == [] or act != "issues off", path

    def test_issues_that_are_switched_off_are_no_error(self, system: System, app: FakeRepository) -> None:
        """The check run says it all."""
        system.fake.set_issues_enabled(app, enabled=False)
        sha = system.push(app, {"LICENSE": None})

        assert system.run(app, sha).conclusion == "neutral"
        assert system.issues(app) == []
        assert system.runtime.ledger.stats().parked == 0

    def test_an_old_name_that_another_repository_has_taken(self, system: System, app: FakeRepository) -> None:
        """Everything of ours is keyed by the id."""
        system.fake.rename(app, "old")
        other = system.fake.create_repository("acme", "app", files={"README.md": "x"})
        system.pump()
        sha = system.push(app, {"LICENSE": None})

        assert system.run(app, sha).conclusion == "neutral"
        assert system.run(other, other.head or "").title == "2 findings in the first report"


class TestSizes:
    """Repositories of unusual measure."""

    def test_ten_thousand_files_at_the_root(self, system: System, app: FakeRepository) -> None:
        """One listing; what is looked for is found among them."""
        many: Mapping[str, Content] = {f"file-{n:05}.txt": "x" for n in range(10_000)}
        sha = system.push(app, many)

        assert system.run(app, sha).conclusion == "success"
        assert len(system.calls("GET", "/git/trees/")) < 20

    def test_fifteen_hundred_workflows(self, system: System, app: FakeRepository) -> None:
        """The first 400 are audited; the others are named as not audited, so all is not well."""
        body = "on: push\njobs: {}\n"
        sha = system.push(app, {f".github/workflows/w{n:04}.yml": body for n in range(1_500)})

        run = system.run(app, sha)
        assert run.conclusion == "neutral"
        assert "1100 of 1500 workflows could not be audited" in (run.text or "")
        assert "only the first 400 workflow files are audited" in (run.text or "")
