"""How long it takes to turn a report into a check run and a health issue.

Run: ``python benchmarks/render.py``; prints one line for each kind of report, in milliseconds of CPU.
The floor is 2 ms at the median for the reports of all checks.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from bot.model.reports import ChangeKind, Report
from bot.model.verdicts import Outcome, Severity
from bot.report.budget import size
from bot.report.check_run import render_check_run
from bot.report.health_issue import render_health_issue
from bot.testing.reports import BASE, at, change, judgement, report

FLOOR_MS = 2.0
SECONDS = 1.0
REPORTS = 200
"""Different ones, more than the renderer remembers sentences of."""


def of_checks(checks: int, places: int, *, seed: int = 0, proposal: bool = False) -> Report:
    """A report of so many checks, every fourth of which fails in so many places.

    Another seed gives other names everywhere, as another repository would.
    """
    judgements = []
    for number in range(checks):
        fails = number % 4 == 0
        evidence = [
            at(
                f".github/workflows/build-{seed}-{n}.yml",
                n + 1,
                f"`actions/checkout@v{seed}.{n}` is not pinned to a commit",
            )
            for n in range(places if fails else 0)
        ]
        judgements.append(
            judgement(
                f"check-{number}",
                Outcome.FAIL if fails else Outcome.PASS,
                f"{places} of 90 actions are not pinned" if fails else "all is well",
                *evidence,
                severity=Severity(number % 5),
                why="A tag can be moved to other code; a commit can not.",
                fix="Write the commit's full SHA after the ``@`` and the version as a comment.",
                source="https://docs.zizmor.sh/audits/#unpinned-uses",
            )
        )
    changes = [
        change(j, ChangeKind.NEW, *j.verdict.evidence, before=Outcome.PASS, cause="commit")
        if j.outcome is Outcome.FAIL
        else change(j, ChangeKind.SAME, before=j.outcome)
        for j in judgements
    ]
    return report(
        judgements,
        changes,
        pull_request=7 if proposal else None,
        base_commit=BASE if proposal else None,
    )


def check_run(made: Report) -> int:
    """Bytes of the check run's texts."""
    run = render_check_run(made, block=frozenset(), fail_closed=False, request="")
    return size(run.summary) + size(run.text)


def issue(made: Report) -> int:
    """Bytes of the issue's body."""
    return size(render_health_issue(made, first_seen={}).body)


def measure(render: Callable[[Report], int], reports: list[Report]) -> list[float]:
    """Milliseconds of CPU of single runs, sorted: what else the machine does shall not count."""
    times: list[float] = []
    end = time.process_time() + SECONDS
    while time.process_time() < end or len(times) < 5:
        start = time.process_time()
        render(reports[len(times) % len(reports)])
        times.append((time.process_time() - start) * 1000)
    return sorted(times)


def main() -> int:
    """Print the table; the exit code says whether the floor is kept."""
    kept = True
    print(f"{'report':<44} {'page':<10} {'runs':>6} {'p50 ms':>8} {'p99 ms':>8} {'bytes':>8}")
    cases = (
        ("5 checks, 3 places each, push", [of_checks(5, 3, seed=n) for n in range(REPORTS)], True),
        ("60 checks, 3 places each, push", [of_checks(60, 3, seed=n) for n in range(REPORTS)], True),
        (
            "60 checks, 3 places each, pull request",
            [of_checks(60, 3, seed=n, proposal=True) for n in range(REPORTS)],
            True,
        ),
        ("60 checks, 1,000 places each, push", [of_checks(60, 1000)], False),
        ("10,000 checks, 1 place each, push", [of_checks(10_000, 1)], False),
    )
    for name, reports, floored in cases:
        for page, render in (("check run", check_run), ("issue", issue)):
            times = measure(render, reports)
            median = statistics.median(times)
            kept = kept and (median <= FLOOR_MS or not floored)
            print(
                f"{name:<44} {page:<10} {len(times):>6} {median:>8.2f} "
                f"{times[int(len(times) * 0.99)]:>8.2f} {render(reports[0]):>8,}"
            )
    print(f"Floor of {FLOOR_MS} ms at the median for up to 60 checks: {'kept' if kept else 'missed'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
