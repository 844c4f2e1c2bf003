"""The real zizmor on good, bad and hostile files."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import zizmor
from bot.adapters.process import Limits
from bot.adapters.zizmor import MAX_BYTES, Zizmor, cache_kind, complaint, failed_files, translate
from bot.model.errors import Unavailable
from bot.model.verdicts import Severity

GOOD = b"""on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: a/b@main  # zizmor: ignore[unpinned-uses]
      - run: echo "${{ github.event.head_commit.message }}"
"""
NO_VERSION = GOOD.replace(b"a/b@main", b"a/b")
BAD_YAML = b"on: push\njobs: [unclosed"


def oid(number: int) -> str:
    return f"{number:040x}"


class MemoryCache:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def cached(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
        return {key: self.kept[kind][key] for key in keys if key in self.kept.get(kind, {})}

    def cache(self, kind: str, values: Mapping[str, Any]) -> None:
        self.kept.setdefault(kind, {}).update(values)


def test_translates_findings():
    """Lines and columns from 1, the text that it is about, and whether a comment silences it."""
    findings = Zizmor().audit({oid(1): GOOD})[oid(1)]

    assert [
        (f.audit, f.line, f.column, f.feature, f.severity, f.confidence, f.ignored) for f in findings
    ] == [
        ("unpinned-uses", 7, 15, "actions/checkout@v4", Severity.HIGH, "high", False),
        ("unpinned-uses", 10, 15, "a/b@main", Severity.HIGH, "high", True),
        ("template-injection", 11, 24, "github.event.head_commit.message", Severity.HIGH, "high", False),
    ]
    assert {f.path for f in findings} == {""}
    assert all(f.url.startswith("https://") for f in findings)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"on: push\0", "it is a binary file, not YAML", id="binary"),
        pytest.param(
            random.Random(7).randbytes(3000).replace(b"\0", b"x"), "it is not UTF-8 text", id="noise"
        ),
        pytest.param(b"#" * (MAX_BYTES + 1), f"at most {MAX_BYTES} are audited", id="too large"),
        pytest.param(b"on: push\njobs: " + b"[" * 100_000, "brackets in a row", id="deep"),
        pytest.param(b"on: push\njobs: " + b"{a: " * 5000, "recursion limit", id="deep mappings"),
        pytest.param(BAD_YAML, "invalid YAML syntax", id="not YAML"),
        pytest.param(b"foo: bar\n", "validation schema", id="not a workflow"),
        pytest.param(NO_VERSION, "did not match", id="a use without a version"),
        pytest.param(b"on: push\njobs: *none\n", "YAML", id="an unknown alias"),
    ],
)
def test_says_why_a_file_can_not_be_audited(data, problem):
    """One printable sentence for each; the good file beside it keeps its findings."""
    answers = Zizmor().audit({oid(1): GOOD, oid(2): data, oid(3): GOOD + b"\n"})

    assert problem in answers[oid(2)]
    assert answers[oid(2)].isprintable()
    assert len(answers[oid(1)]) == len(answers[oid(3)]) == 3


@pytest.mark.fault
def test_ke11_an_alias_bomb_is_harmless():
    """Nine levels of nine: a billion items when written out."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    bomb = "on: push\n" + "\n".join(lines) + "\njobs: {}\n"
    start = time.monotonic()

    answers = Zizmor().audit({oid(1): bomb.encode(), oid(2): GOOD})

    assert len(answers[oid(2)]) == 3
    assert time.monotonic() - start < 30


@pytest.mark.fault
def test_ke5_a_file_that_floods_the_output_is_found_and_left_out():
    """Its findings repeat the line they lie in; the run is cut off and the others are audited without it."""
    line = b"${{ github.event.issue.title }} " * 12_000
    flood = b'on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: "' + line + b'"\n'

    answers = Zizmor(limits=Limits(wall_s=20, output_bytes=4 << 20)).audit(
        {oid(1): GOOD, oid(2): flood, oid(3): GOOD + b"\n"}
    )

    assert answers[oid(2)] == f"the auditor failed on it: zizmor wrote more than {4 << 20} bytes"
    assert len(answers[oid(1)]) == len(answers[oid(3)]) == 3


def test_a_file_with_too_many_findings_is_not_judged_by_some(monkeypatch):
    """Findings that are left out could hide the one that matters."""
    monkeypatch.setattr(zizmor, "MAX_FINDINGS", 2)

    answer = Zizmor().audit({oid(1): GOOD})[oid(1)]

    assert answer == "it has 3 findings, more than the 2 that are kept; split it"


class TestSharing:
    def test_equal_content_is_audited_once(self):
        """In memory first, then in the cache that outlives the process."""
        cache = MemoryCache()
        first = Zizmor(cache)
        answers = first.audit({oid(1): GOOD, oid(2): BAD_YAML})
        assert first.audit({oid(1): GOOD, oid(2): BAD_YAML}) == answers
        assert first.runs == 2  # one that fails on the bad file, one without it

        second = Zizmor(cache)
        assert second.audit({oid(1): GOOD, oid(2): BAD_YAML}) == answers
        assert second.runs == 0
        assert set(cache.kept) == {cache_kind()}

    def test_a_damaged_cache_is_not_believed(self):
        """Anything of another form is audited again."""
        for junk in ({}, [], {"findings": [{"audit": "x"}]}, {"findings": 7}):
            cache = MemoryCache()
            cache.cache(cache_kind(), {oid(1): junk})
            assert len(Zizmor(cache).audit({oid(1): GOOD})[oid(1)]) == 3

    def test_a_cache_that_is_away_costs_time_only(self):
        """What was audited is told all the same."""

        class Away:
            def cached(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
                raise Unavailable("away")

            def cache(self, kind: str, values: Mapping[str, Any]) -> None:
                raise Unavailable("away")

        assert len(Zizmor(Away()).audit({oid(1): GOOD})[oid(1)]) == 3

    def test_a_time_out_is_not_kept_for_ever(self, tmp_path):
        """It may have been the machine's fault."""
        cache = MemoryCache()
        slow = tmp_path / "zizmor"
        slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
        slow.chmod(0o755)

        answer = Zizmor(cache, program=slow, limits=Limits(wall_s=0.3)).audit({oid(1): GOOD})[oid(1)]

        assert answer == "the auditor failed on it: zizmor did not end within 0.3 s"
        assert cache.kept == {}

    def test_a_crash_is_not_kept_at_all(self, tmp_path):
        """A tool that is broken today says nothing about the file."""
        cache, broken = MemoryCache(), tmp_path / "zizmor"
        broken.write_text("#!/bin/sh\nexit 101\n")
        broken.chmod(0o755)
        auditor = Zizmor(cache, program=broken)

        assert auditor.audit({oid(1): GOOD})[oid(1)] == "the auditor failed on it: it gave no reason"
        assert cache.kept == {}
        auditor._program = None
        assert len(auditor.audit({oid(1): GOOD})[oid(1)]) == 3

    def test_a_full_disk_is_a_passing_fault(self, monkeypatch):
        """Nothing is said of the files."""

        def full(*args: object, **options: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tempfile.TemporaryDirectory", full)
        with pytest.raises(Unavailable, match="No space left"):
            Zizmor().audit({oid(1): GOOD})

    def test_concurrent_callers_share_processes(self, monkeypatch):
        """While one process runs, what comes in waits and goes together into the next."""
        auditor = Zizmor()
        started, go_on = threading.Event(), threading.Event()
        run, batches = auditor._run, []

        def held(blobs: Sequence[bytes]) -> Any:
            batches.append(len(blobs))
            if len(batches) == 1:
                started.set()
                assert go_on.wait(20)
            return run(blobs)

        monkeypatch.setattr(auditor, "_run", held)
        with ThreadPoolExecutor(20) as pool:
            first = pool.submit(auditor.audit, {oid(0): GOOD})
            assert started.wait(20)
            others = [
                pool.submit(auditor.audit, {oid(n): GOOD + b"#%d\n" % n, oid(0): GOOD}) for n in range(1, 20)
            ]
            deadline = time.monotonic() + 20
            while len(auditor._waiting) < 19 and time.monotonic() < deadline:
                time.sleep(0.005)
            go_on.set()
            assert len(first.result(30)[oid(0)]) == 3
            assert all(len(answer) == 3 for other in others for answer in other.result(30).values())

        assert batches == [1, 19]

    def test_a_failing_tool_fails_every_caller_and_heals(self, tmp_path):
        """Nobody waits for ever, and the next call tries again."""
        auditor = Zizmor(program=tmp_path / "missing")
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(auditor.audit, {oid(n): GOOD}) for n in range(4)]
            for call in calls:
                with pytest.raises(Unavailable):
                    call.result(30)

        auditor._program = None
        assert len(auditor.audit({oid(1): GOOD})[oid(1)]) == 3

    def test_an_interrupt_leaves_nobody_waiting(self, monkeypatch):
        """Whoever is interrupted takes the interrupt; the others get an error."""
        auditor = Zizmor()

        def interrupted(blobs: Sequence[bytes]) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(auditor, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            auditor.audit({oid(1): GOOD})
        monkeypatch.undo()

        assert len(auditor.audit({oid(1): GOOD})[oid(1)]) == 3

    def test_large_batches_are_split(self, monkeypatch):
        """Neither too many files nor too many bytes in one run."""
        monkeypatch.setattr(zizmor, "BATCH_FILES", 2)
        monkeypatch.setattr(zizmor, "BATCH_BYTES", len(GOOD) * 2 - 1)
        auditor = Zizmor()

        answers = auditor.audit({oid(n): GOOD for n in range(3)})

        assert (len(answers), auditor.runs) == (3, 3)


def test_two_hundred_files_take_a_second_or_so():
    """What one process for many repositories is worth."""
    auditor = Zizmor()
    start = time.monotonic()

    answers = auditor.audit({oid(n): GOOD + b"#%d\n" % n for n in range(200)})

    assert (len(answers), auditor.runs) == (200, 2)
    assert time.monotonic() - start < 15


def test_the_environment_is_closed(tmp_path, monkeypatch):
    """No token, no home, no proxy reaches the tool; configuration beside the temporary folder neither."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "HTTPS_PROXY", "ZIZMOR_CONFIG"):
        monkeypatch.setenv(name, "canary")
    told = tmp_path / "told"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\n/usr/bin/env > {told}\necho []\n")
    spy.chmod(0o755)

    Zizmor(program=spy).audit({oid(1): GOOD})

    assert "canary" not in told.read_text()


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    """The private folder goes away, after failures too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    Zizmor().audit({oid(1): GOOD, oid(2): BAD_YAML})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stdout", [b"", b"{}", b"[{}]", b"[1]", b'[{"locations": []}]', b"[" * 100_000])
def test_an_unknown_form_is_a_fault_not_an_empty_answer(stdout):
    """A new version of the tool must not make everything look sound."""
    with pytest.raises(Unavailable, match="form that is not known"):
        translate(stdout, [GOOD])


def test_without_the_tool_there_is_a_sentence(monkeypatch):
    """What is missing and how to get it."""
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(Unavailable, match="pip install zizmor"):
        Zizmor().audit({oid(1): GOOD})


def test_finds_the_tool_on_path(monkeypatch):
    """Where Python lives elsewhere."""
    beside = zizmor.find_program()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", str(beside.parent))

    assert zizmor.find_program() == Path(beside)


def test_reads_complaints():
    """The cause in one line, and which file it was."""
    stderr = b"""fatal: no audit was performed
failed to load file:///tmp/x/12/.github/workflows/w.yml as workflow

Caused by:
    0: failed to load file://x
    1: bad \x1b[31mthing
    2: worse
Stack backtrace:
 0: f
"""

    assert failed_files(stderr) == {12}
    assert complaint(stderr) == "bad ?[31mthing: worse"
    assert complaint(b"") == "it gave no reason"
