"""Audits GitHub Actions workflows with zizmor: offline, closed off, one process for many files.

Callers that come while a process runs wait and go together into the next one, so that a batch of
repositories costs one start. A file that makes a run fail is named by zizmor or found by halving,
and never takes the others with it. Results depend on the bytes alone and are kept by blob id.

What was measured with 1.32: 60 ms to start, 2 ms per ordinary file; a file that is not UTF-8 and
a ``uses`` without a version end a run with nothing for the others; 100,000 open brackets take
minutes; every finding repeats the block it lies in, so one long line full of expressions gives
output that grows with the square of its length.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Condition
from typing import Any, Protocol

from bot.adapters.process import Finished, Limits, Overrun, run
from bot.model.errors import Unavailable
from bot.model.facts import WorkflowFinding
from bot.model.verdicts import Severity

logger = logging.getLogger(__name__)

Answer = tuple[WorkflowFinding, ...] | str

MAX_BYTES = 512 * 1024
MAX_DEPTH = 200
"""Brackets opened in a row; zizmor's own parser gives up later, but takes its time before."""

MAX_FINDINGS = 5_000
"""A file with more findings is told as one that can not be audited."""

BATCH_FILES = 128
BATCH_BYTES = 4 * 1024 * 1024
TRANSLATION = 2
"""Counts changes of what is stored, so that an older form is not read back."""

_KEPT = 20_000
_LIMITS = Limits(wall_s=20, cpu_s=60, memory_bytes=2 << 30, output_bytes=32 << 20)
_SEVERITIES = {
    "informational": Severity.INFO,
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
}
_FAILED_FILE = re.compile(r"file://(?:[^\s]{0,4000}/)?(\d{1,6})/\.github/workflows/w\.yml")
_BRACES = bytes.maketrans(b"{", b"[")


class Cache(Protocol):
    """Keeps values by content; a ``Store`` is one."""

    def cached(self, kind: str, keys: Sequence[str]) -> dict[str, Any]:
        """Values that are known."""
        ...

    def cache(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep values."""
        ...


class _Keep(Enum):
    """For how long an answer holds: what a run left unsaid may be the machine's fault."""

    ALWAYS = "always"
    PROCESS = "process"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class _Result:
    answer: Answer
    keep: _Keep = _Keep.ALWAYS


class Zizmor:
    """A ``WorkflowAuditor``; any number of threads may share one.

    Args:
        cache: where answers outlive the process; None keeps them in memory only.
        program: the binary; None means the one that pip installed, else the one on PATH.
        limits: bounds of one run.
    """

    def __init__(
        self, cache: Cache | None = None, *, program: Path | None = None, limits: Limits = _LIMITS
    ) -> None:
        self._cache = cache
        self._program = program
        self._limits = limits
        self._known: OrderedDict[str, Answer] = OrderedDict()
        self._changed = Condition()
        self._waiting: OrderedDict[str, bytes] = OrderedDict()
        self._pending: dict[str, Future[Answer]] = {}
        self._running = False
        self.runs = 0
        """Processes started so far."""

    def audit(self, blobs: Mapping[str, bytes]) -> Mapping[str, Answer]:
        """Findings (path empty) of each file, or why it can not be audited.

        Raises:
            Unavailable: zizmor is missing, or could not be run.
        """
        answers = self._recall(blobs)
        screened = {oid: refusal for oid, data in blobs.items() if (refusal := screen(data))}
        answers.update(screened)
        missing = {oid: data for oid, data in blobs.items() if oid not in answers}
        answers.update(self._persisted(missing))
        futures = self._enqueue({oid: data for oid, data in missing.items() if oid not in answers})
        while not all(future.done() for future in futures.values()):
            self._work_or_wait(futures.values())
        answers.update({oid: future.result() for oid, future in futures.items()})
        return answers

    def _recall(self, oids: Iterable[str]) -> dict[str, Answer]:
        with self._changed:
            found = {oid: self._known[oid] for oid in oids if oid in self._known}
            for oid in found:
                self._known.move_to_end(oid)
            return found

    def _remember(self, answers: Mapping[str, Answer]) -> None:
        self._known.update(answers)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def _persisted(self, missing: Mapping[str, bytes]) -> dict[str, Answer]:
        if self._cache is None or not missing:
            return {}
        try:
            stored = self._cache.cached(cache_kind(), sorted(missing))
        except Unavailable:
            logger.warning("kept audits can not be read", exc_info=True)
            return {}
        found = {oid: answer for oid, value in stored.items() if (answer := thaw(value)) is not None}
        with self._changed:
            self._remember(found)
        return found

    def _enqueue(self, blobs: Mapping[str, bytes]) -> dict[str, Future[Answer]]:
        with self._changed:
            for oid, data in blobs.items():
                if oid not in self._pending:
                    self._pending[oid] = Future()
                    self._waiting[oid] = data
            return {oid: self._pending[oid] for oid in blobs}

    def _work_or_wait(self, futures: Iterable[Future[Answer]]) -> None:
        """Run the next batch if nobody does, else wait until whoever runs one is done."""
        with self._changed:
            if self._running:
                self._changed.wait_for(lambda: not self._running or all(f.done() for f in futures))
                return
            self._running = True
            batch = self._next_batch()
        results: dict[str, _Result] = {}
        fault: BaseException | None = None
        try:
            results = self._audited(batch)
            self._persist(results)
        except Unavailable as error:
            fault = error
        except BaseException as error:
            fault = Unavailable(f"the audit was interrupted: {type(error).__name__}")
            raise
        finally:
            self._publish(batch, results, fault)

    def _next_batch(self) -> dict[str, bytes]:
        batch: dict[str, bytes] = {}
        size = 0
        while self._waiting and len(batch) < BATCH_FILES:
            oid, data = next(iter(self._waiting.items()))
            if batch and size + len(data) > BATCH_BYTES:
                break
            batch[oid] = self._waiting.pop(oid)
            size += len(data)
        return batch

    def _publish(
        self, batch: Mapping[str, bytes], results: Mapping[str, _Result], fault: BaseException | None
    ) -> None:
        with self._changed:
            self._running = False
            self._remember({oid: r.answer for oid, r in results.items() if r.keep is not _Keep.NOT})
            for oid in batch:
                future = self._pending.pop(oid)
                if oid in results:
                    future.set_result(results[oid].answer)
                else:
                    future.set_exception(fault or Unavailable("the audit gave no answer"))
            self._changed.notify_all()

    def _persist(self, results: Mapping[str, _Result]) -> None:
        values = {oid: freeze(r.answer) for oid, r in results.items() if r.keep is _Keep.ALWAYS}
        if self._cache is None or not values:
            return
        try:
            self._cache.cache(cache_kind(), values)
        except Unavailable:
            logger.warning("audits can not be kept", exc_info=True)

    def _audited(self, blobs: Mapping[str, bytes]) -> dict[str, _Result]:
        """Answers for every file of a batch, whatever some of them do to the run."""
        left, results = dict(blobs), dict[str, _Result]()
        while left:
            order = list(left)
            try:
                done = self._run([left[oid] for oid in order])
            except Overrun as error:
                results.update(self._halved(left, str(error), _Keep.PROCESS))
                break
            if done.returncode == 0:
                found = translate(done.stdout, [left[oid] for oid in order])
                results.update({oid: _Result(found[number]) for number, oid in enumerate(order)})
                break
            named = {order[n] for n in failed_files(done.stderr) if n < len(order)}
            if not named:
                results.update(self._halved(left, complaint(done.stderr), _Keep.NOT))
                break
            for oid in named:
                results[oid] = _Result(complaint(done.stderr))
                del left[oid]
        return results

    def _halved(self, blobs: Mapping[str, bytes], why: str, keep: _Keep) -> dict[str, _Result]:
        """Try both halves of a batch that failed as a whole; one file alone is the culprit."""
        if len(blobs) == 1:
            logger.warning(
                "a workflow file can not be audited", extra={"blob": next(iter(blobs)), "why": why}
            )
            return {oid: _Result(f"the auditor failed on it: {why}", keep) for oid in blobs}
        items = list(blobs.items())
        middle = len(items) // 2
        return {**self._audited(dict(items[:middle])), **self._audited(dict(items[middle:]))}

    def _run(self, blobs: Sequence[bytes]) -> Finished:
        program = self._program or find_program()
        self.runs += 1
        try:
            return self._run_on_files(program, blobs)
        except OSError as error:
            raise Unavailable(f"files for the audit can not be written: {error.strerror}") from error

    def _run_on_files(self, program: Path, blobs: Sequence[bytes]) -> Finished:
        with tempfile.TemporaryDirectory(prefix="plumbline-audit-") as folder:
            files = []
            for number, data in enumerate(blobs):
                file = Path(folder, str(number), ".github", "workflows", "w.yml")
                file.parent.mkdir(parents=True)
                file.write_bytes(data)
                files.append(str(file.relative_to(folder)))
            return run(
                [str(program), *_OPTIONS, "--", *files],
                env=_environment(folder),
                cwd=Path(folder),
                limits=self._limits,
            )


_OPTIONS = (
    "--offline",
    "--no-config",
    # Findings that a comment silences are told as such; checks decide whether they heed it.
    "--no-ignores",
    "--strict-collection",
    "--persona=regular",
    "--format=json-v1",
    "--no-exit-codes",
    "--no-progress",
    "--color=never",
    "--quiet",
)


def _environment(folder: str) -> dict[str, str]:
    return {"PATH": "", "HOME": folder, "TMPDIR": folder, "LC_ALL": "C", "RUST_BACKTRACE": "0"}


def find_program() -> Path:
    """The zizmor that was installed with us, else the one on PATH.

    Raises:
        Unavailable: there is none.
    """
    beside = Path(sys.executable).parent / ("zizmor.exe" if os.name == "nt" else "zizmor")
    if beside.is_file():
        return beside
    found = shutil.which("zizmor")
    if found is None:
        raise Unavailable("zizmor is not installed; run `pip install zizmor`")
    return Path(found)


def cache_kind() -> str:
    """Under which name answers are cached: another version may answer otherwise."""
    try:
        return f"zizmor-{version('zizmor')}-{TRANSLATION}"
    except PackageNotFoundError:
        return f"zizmor-unknown-{TRANSLATION}"


def screen(data: bytes) -> str | None:
    """Why a file is not even shown to zizmor, or None."""
    if len(data) > MAX_BYTES:
        return f"it has {len(data)} bytes; at most {MAX_BYTES} are audited"
    if b"\0" in data:
        return "it is a binary file, not YAML"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    if not data.strip():
        return "it is empty"
    if b"[" * MAX_DEPTH in data.translate(_BRACES, b" \t\r\n"):
        return f"it opens more than {MAX_DEPTH} brackets in a row"
    return None


def failed_files(stderr: bytes) -> set[int]:
    """Numbers of the files that zizmor names as the reason of a failed run."""
    text = stderr.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if "failed to load" in line]
    return {int(m[1]) for line in lines for m in _FAILED_FILE.finditer(line)}


def complaint(stderr: bytes) -> str:
    """The cause that zizmor gives for a failed run, in one printable line of at most 200 characters."""
    text = stderr.decode("utf-8", "replace").partition("Stack backtrace")[0]
    causes = text.partition("Caused by:")[2].splitlines()
    lines = [re.sub(r"^\s*\d{1,3}:\s*", "", line).strip() for line in causes]
    told = [line for line in lines if line and "file://" not in line]
    said = told[0] if told else "it gave no reason"
    if len(told) > 1 and told[1] not in said:
        said = f"{said}: {told[1]}"
    return "".join(c if c.isprintable() else "?" for c in said)[:200]


def translate(stdout: bytes, blobs: Sequence[bytes]) -> list[Answer]:
    """The answer for each file of a run, from zizmor's JSON (format v1).

    Raises:
        Unavailable: it is not what that format promises.
    """
    found: list[list[WorkflowFinding]] = [[] for _ in blobs]
    try:
        items = json.loads(stdout)
        if not isinstance(items, list):
            raise TypeError("not a list")
        for item in items:
            primary = next(part for part in item["locations"] if part["symbolic"]["kind"] == "Primary")
            number = int(Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).parts[0])
            found[number].append(_finding(item, primary, blobs[number]))
    except (ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError) as error:
        raise Unavailable(f"zizmor answered in a form that is not known: {type(error).__name__}") from error
    return [_sorted(findings) for findings in found]


def _finding(item: Mapping[str, Any], primary: Mapping[str, Any], data: bytes) -> WorkflowFinding:
    place = primary["concrete"]["location"]
    span = place["offset_span"]
    feature = data[int(span["start"]) : int(span["end"])][:800].decode("utf-8", "replace")
    start, end = int(place["start_point"]["row"]), int(place["end_point"]["row"])
    if end > start and int(place["end_point"]["column"]) == 0:
        end -= 1
    return WorkflowFinding(
        audit=str(item["ident"])[:100],
        path="",
        line=start + 1,
        end_line=end + 1,
        column=int(place["start_point"]["column"]) + 1,
        severity=_SEVERITIES[str(item["determinations"]["severity"]).lower()],
        confidence=str(item["determinations"]["confidence"]).lower(),
        message=str(primary["symbolic"]["annotation"])[:200],
        feature=" ".join(feature.split())[:200],
        url=str(item["url"])[:500],
        ignored=item["ignored"] is True,
    )


def _sorted(findings: list[WorkflowFinding]) -> Answer:
    if len(findings) > MAX_FINDINGS:
        # Leaving some out could leave the one out that matters.
        return f"it has {len(findings)} findings, more than the {MAX_FINDINGS} that are kept; split it"
    return tuple(sorted(findings, key=lambda f: (f.line, f.audit, f.column, f.feature)))


def freeze(answer: Answer) -> dict[str, Any]:
    """An answer as JSON."""
    if isinstance(answer, str):
        return {"problem": answer}
    return {"findings": [{**asdict(finding), "severity": int(finding.severity)} for finding in answer]}


def thaw(value: Any) -> Answer | None:
    """What ``freeze`` made, or None when it is of another form."""
    try:
        if "problem" in value:
            return str(value["problem"])
        return tuple(
            WorkflowFinding(**{**item, "severity": Severity(item["severity"])}) for item in value["findings"]
        )
    except (TypeError, KeyError, ValueError):
        return None
