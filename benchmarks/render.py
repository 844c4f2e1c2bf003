"""How long it takes to turn a report into a check run and a health issue, and many into one page.

Run: ``python benchmarks/render.py``; prints one line for each kind of report, in milliseconds of CPU.
The floor is 2 ms at the median for the reports of all checks.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.model.facts import Repository
from bot.model.reports import ChangeKind, Report
from bot.model.scores import Cause, Point, ScoreChange, Scored
from bot.model.verdicts import Outcome, Severity
from bot.ports import StoredOutcome
from bot.report.budget import size
from bot.report.check_run import render_check_run
from bot.report.health_issue import render_health_issue
from bot.report.roll_up import About, Member, render_roll_up, sum_up
from bot.report.score import by_family, score_of, weighed_now
from bot.testing.reports import BASE, JUDGED_AT, at, change, judgement, report

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
    made = report(
        judgements,
        changes,
        pull_request=7 if proposal else None,
        base_commit=BASE if proposal else None,
    )
    weights = [weighed_now(j) for j in judgements]
    days = tuple(Point(JUDGED_AT.date() - timedelta(days=n), 80 + n) for n in range(14, 0, -1))
    moved = ScoreChange(80, 75, ((Cause.RULE, 5), (Cause.COMMIT, -10)))
    return replace(made, scored=Scored(score_of(weights), by_family(weights), moved, days))


def organisation(repositories: int, checks: int) -> int:
    """Sum up so many repositories and write the page; its bytes."""
    known = {f"check-{n}": About(f"family-{n % 9}", fix="Mend it.") for n in range(checks)}

    def member(number: int) -> tuple[Member, list[StoredOutcome]]:
        repository = Repository(
            number, f"acme/r{number}", "main", html_url=f"https://github.com/acme/r{number}"
        )
        outcomes = []
        for n, name in enumerate(known):
            said = "fail" if n % 4 == 0 else "pass"
            last, why = ("unknown", "permission") if n % 9 == 0 else (said, "")
            outcomes.append(
                StoredOutcome(name, said, n % 5, JUDGED_AT, JUDGED_AT, last, why, why, "rule", None, None, "")
            )
        return Member(repository, f"group {number % 12}", (f"team-{number % 40}",)), outcomes

    found = sum_up((member(n) for n in range(repositories)), known, JUDGED_AT)
    return size(render_roll_up(7, found, known, JUDGED_AT).body)


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
    start = time.process_time()
    written = organisation(2_000, 60)
    each = (time.process_time() - start) * 1000 / 2_000
    kept = kept and each <= FLOOR_MS
    said = "2,000 repositories of 60 checks, for each"
    print(f"{said:<44} {'roll-up':<10} {1:>6} {each:>8.2f} {'':>8} {written:>8,}")
    print(f"Floor of {FLOOR_MS} ms at the median for up to 60 checks: {'kept' if kept else 'missed'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
