"""Golden files; and every request that a test lets our code send is held to GitHub's descriptions.

The descriptions are downloaded by ``scripts/ci-assets.sh``; without them nothing is checked here.
``FakeGitHub`` is checked in this process; simulators in child processes find the descriptions by an
environment variable and report by a file. A test whose requests are wrong on purpose, or which
tests the doubles themselves, carries ``@pytest.mark.off_schema``.

Property tests try the same examples in every run, so that a run's result depends on the code alone;
``make fuzz`` looks for new ones.

Coverage is measured by the quick tests alone. Property tests and those marked ``slow`` or
``untraced`` would take two to six times as long under it and reach next to nothing else; the figure
that ``make test`` holds to its bound is a lower one.
"""

from __future__ import annotations

import difflib
import os
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

from bot.simulator.schemas import SCHEMAS_VARIABLE, Validator
from bot.testing.http import Request, Response

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "PLUMBLINE_UPDATE_GOLDEN"
RANDOM = "PLUMBLINE_RANDOM_TESTS"
UNTRACED = ("slow", "hypothesis", "untraced")
"""Markers of tests in which coverage is not measured."""
_OF_EVERYTHING = ("integration/system/", "integration/truth/")
"""Nor here: of the lines that a whole system reaches nearly all are reached by tests of its parts, too."""
_PROBLEMS_VARIABLE = "PLUMBLINE_PROBLEMS"
_OF_THE_DOUBLES = ("unit/testing", "unit/simulator", "integration/testing", "integration/simulator")

# Loaded before any test's own settings are made, which take from it what they do not say. A busy
# machine is slow without a fault, so no example has a deadline; pytest's own limit holds.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("random" if os.environ.get(RANDOM) == "1" else "same")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and hear Ctrl-C."""
    # A shell makes what it starts in the background deaf to it, and every child inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line(
        "markers", "off_schema: sends requests that break GitHub's published description on purpose"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files of slow tests begin first, then those with most tests, so that no process ends alone."""
    if not hasattr(config, "workerinput"):
        return
    number = Counter(item.path for item in items)
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (2 * slow[item.path] < number[item.path], -number[item.path], item.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage in tests that take long, nor in the processes that they start."""
    inside = item.path.relative_to(Path(__file__).parent).as_posix()
    if not inside.startswith(_OF_EVERYTHING) and not any(map(item.get_closest_marker, UNTRACED)):
        return (yield)
    told = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}
    for name in told:
        del os.environ[name]
    # A process of xdist has two: one of its own, and one as the child of a process that is measured.
    stopped: list[Coverage] = []
    while coverage := Coverage.current():
        coverage.stop()
        stopped.append(coverage)
    try:
        return (yield)
    finally:
        for coverage in reversed(stopped):
            coverage.start()
        os.environ.update(told)


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file under tests/golden; PLUMBLINE_UPDATE_GOLDEN=1 writes it instead."""

    def check(name: str, got: str) -> None:
        path = GOLDEN / name
        if os.environ.get(UPDATE):
            path.write_text(got, encoding="utf-8")
            return
        wanted = path.read_text(encoding="utf-8") if path.exists() else ""
        if got != wanted:
            diff = difflib.unified_diff(
                wanted.splitlines(), got.splitlines(), f"golden/{name}", "rendered now", lineterm=""
            )
            pytest.fail("\n".join([*diff, f"If this is meant, run again with {UPDATE}=1."]), pytrace=False)

    return check


@pytest.fixture(autouse=True)
def signals_are_handled_as_before() -> Iterator[None]:
    """Processes of ours take signals for themselves until they end; in a test they must not keep them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def schemas() -> Validator:
    """GitHub's published descriptions; skips the test when they were not downloaded."""
    validator = Validator.load()
    if validator is None:
        pytest.skip("GitHub's descriptions are not here: run scripts/ci-assets.sh")
    return validator


@pytest.fixture(scope="session")
def _descriptions() -> Validator | None:
    return Validator.load()


@pytest.fixture(autouse=True)
def requests_follow_the_schema(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    _descriptions: Validator | None,
) -> Iterator[list[str]]:
    """Fail the test at its end when a request broke the published description."""
    problems: list[str] = []
    inside = Path(str(request.path)).relative_to(Path(__file__).parent).as_posix()
    marked = request.node.get_closest_marker("off_schema") is not None
    if _descriptions is None or marked or inside.startswith(_OF_THE_DOUBLES):
        monkeypatch.setenv(SCHEMAS_VARIABLE, os.devnull)
        yield problems
        return
    from bot.testing.fake import FakeGitHub

    monkeypatch.setattr(FakeGitHub, "handle", _checked(FakeGitHub.handle, _descriptions, problems))
    report = tmp_path_factory.getbasetemp() / f"problems-{os.getpid()}"
    report.unlink(missing_ok=True)
    monkeypatch.setenv(_PROBLEMS_VARIABLE, str(report))
    yield problems
    told = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    found = list(dict.fromkeys([*problems, *told]))
    if found:
        pytest.fail("GitHub would not understand:\n" + "\n".join(found[:20]))


def _checked(
    handle: Callable[..., Response], validator: Validator, problems: list[str]
) -> Callable[..., Response]:
    def checked(self: object, request: Request) -> Response:
        problems.extend(validator.check_request(request))
        response = handle(self, request)
        problems.extend(validator.check_response(request, response))
        return response

    return checked
