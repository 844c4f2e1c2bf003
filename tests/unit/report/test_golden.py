"""What readers get, as files to look at: tests/golden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.model.errors import PolicyError
from bot.model.facts import Visibility
from bot.model.reports import ChangeKind, CheckRun, Report, Wish
from bot.model.scores import Cause, Point, Score, ScoreChange, Scored
from bot.model.verdicts import Audience, Evidence, Judgement, Outcome, Place, Reason, Severity
from bot.report.check_run import render_check_run, render_started, render_unjudged
from bot.report.config_run import render_config_errors, render_config_good
from bot.report.health_issue import render_health_issue
from bot.testing.reports import BASE, COMMIT, JUDGED_AT, at, change, judgement, report

FAIL, PASS = Outcome.FAIL, Outcome.PASS
UNPROTECTED = (
    judgement(
        "default-protected",
        FAIL,
        "no rule protects main",
        severity=Severity.HIGH,
        audience=Audience.RESTRICTED,
        file_fed=False,
        title="A rule is in force for the default branch.",
        why="Whoever can write can rewrite the branch that everybody builds on.",
        fix="Add a branch ruleset that targets the default branch and set it to active.",
    ),
    judgement(
        "force-push-delete",
        FAIL,
        "2 of 2 branches can be rewritten or deleted",
        *(
            Evidence(text, Place(branch=branch), key=f"{text}:{branch}", severity=weight)
            for branch in ("main", "release/2.x")
            for text, weight in (
                ("no rule blocks force pushes", None),
                ("no rule blocks its deletion", Severity.LOW if branch == "main" else None),
            )
        ),
        severity=Severity.HIGH,
        audience=Audience.RESTRICTED,
        file_fed=False,
        fix="Tick both in the ruleset.",
        follows="default-protected",
    ),
    judgement(
        "reviews",
        FAIL,
        "changes to main need less review than is wanted",
        Evidence("commits can be pushed without a pull request", Place(branch="main"), key="pull-request"),
        severity=Severity.HIGH,
        audience=Audience.RESTRICTED,
        file_fed=False,
        fix="Require a pull request.",
        follows="default-protected",
    ),
)

PINS = (
    at(".github/workflows/ci.yml", 12, "`actions/checkout@v4` is not pinned to a commit", key="ci/checkout"),
    at(".github/workflows/ci.yml", 31, "`acme/deploy@main` is not pinned to a commit", key="ci/deploy"),
)


def licence(outcome: Outcome = PASS) -> Judgement:
    """Check 2."""
    return judgement(
        "licence",
        outcome,
        "LICENSE is Apache-2.0" if outcome is PASS else "no licence file at the root",
        severity=Severity.HIGH,
        title="The repository says under which licence it may be used.",
        why="Without a licence nobody may use the code.",
        fix="Add a ``LICENSE`` file at the root; https://choosealicense.com helps to choose.",
        source="https://docs.github.com/en/communities/setting-up-your-project-for-healthy-contributions",
    )


def pinned(outcome: Outcome = PASS, *evidence: Evidence) -> Judgement:
    """Check 32."""
    return judgement(
        "pinned-actions",
        outcome,
        "all 9 actions are pinned" if outcome is PASS else f"{len(evidence)} of 9 actions are not pinned",
        *evidence,
        title="Actions are pinned to a commit.",
        why="A tag can be moved to other code; a commit can not.",
        fix="Write the commit's full SHA after the ``@`` and the version as a comment.",
        source="https://docs.zizmor.sh/audits/#unpinned-uses",
    )


def trigger(outcome: Outcome = PASS) -> Judgement:
    """Check 31."""
    where = at(".github/workflows/label.yml", 7, "`pull_request_target` checks out the pull request's code")
    return judgement(
        "dangerous-trigger",
        outcome,
        "no dangerous trigger"
        if outcome is PASS
        else "1 workflow runs foreign code with the repository's rights",
        *([] if outcome is PASS else [where]),
        severity=Severity.CRITICAL,
        title="No workflow runs foreign code with the repository's rights.",
        why="Whoever opens a pull request could write to the repository.",
        fix="Use ``pull_request``, or do not check out the pull request's head.",
        source="https://docs.zizmor.sh/audits/#dangerous-triggers",
    )


def behind(outcome: Outcome = PASS) -> Judgement:
    """Check 49."""
    late = Evidence("is 214 commits behind `main`", Place(branch="release/2.x"), key="release/2.x")
    return judgement(
        "behind",
        outcome,
        "4 branches within 20 commits" if outcome is PASS else "1 of 4 branches lags",
        *([] if outcome is PASS else [late]),
        severity=Severity.HIGH,
        title="No branch lags its target by more than the allowed commits.",
        why="A branch left behind turns every later merge into conflict work.",
        fix="Merge or rebase the listed branches, or raise ``max_behind``.",
        file_fed=False,
    )


def security() -> Judgement:
    """Check 5."""
    return judgement(
        "security-policy", PASS, "SECURITY.md names a contact and a delay", severity=Severity.HIGH
    )


def protection(*, outcome: Outcome = Outcome.UNKNOWN) -> Judgement:
    """A restricted check."""
    return judgement(
        "default-protected",
        outcome,
        "the protection of the default branch could not be read"
        if outcome is Outcome.UNKNOWN
        else "CANARY: nobody needs to approve",
        *([] if outcome is Outcome.UNKNOWN else [Evidence("CANARY", Place(setting="CANARY approvals"))]),
        severity=Severity.HIGH,
        audience=Audience.RESTRICTED,
        reason=Reason.PERMISSION if outcome is Outcome.UNKNOWN else None,
        permission="administration: read" if outcome is Outcome.UNKNOWN else None,
        file_fed=False,
    )


def all_good() -> Report:
    """Nothing to do."""
    judged = [licence(), security(), trigger(), pinned(), behind(Outcome.NOT_APPLICABLE)]
    made = report(judged, [change(j, ChangeKind.SAME, before=j.outcome) for j in judged])
    return replace(made, scored=Scored(Score(36, 36, 44, 44), trend=(Point(JUDGED_AT.date(), 100),)))


def first_baseline() -> Report:
    """The first scan of an ordinary repository."""
    judged = [licence(FAIL), security(), trigger(), pinned(FAIL, *PINS), behind(FAIL), protection()]
    return report(
        judged,
        [change(j, ChangeKind.BASELINE) for j in judged],
        visibility=Visibility.PRIVATE,
        exempted=[("templates", "generated repository (until 2026-06-30)")],
    )


def regression() -> Report:
    """A dangerous trigger came, one more action is unpinned, the licence was added."""
    judged = [licence(), trigger(FAIL), pinned(FAIL, *PINS), behind(FAIL), security()]
    return report(
        judged,
        [
            change(judged[0], ChangeKind.FIXED, before=FAIL, cause="commit"),
            change(judged[1], ChangeKind.NEW, *judged[1].verdict.evidence, before=PASS, cause="commit"),
            change(judged[2], ChangeKind.WORSE, PINS[1], before=FAIL, cause="commit"),
            change(judged[3], ChangeKind.NEW, *judged[3].verdict.evidence, before=PASS, cause="time"),
            change(judged[4], ChangeKind.SAME, before=PASS),
        ],
    )


def pull_request() -> Report:
    """Brings an unpinned action, mends the licence, leaves the trigger."""
    judged = [licence(), trigger(FAIL), pinned(FAIL, *PINS), security(), behind(FAIL)]
    return report(
        judged,
        [
            change(judged[0], ChangeKind.FIXED, before=FAIL, cause="commit"),
            change(judged[1], ChangeKind.SAME, before=FAIL),
            change(judged[2], ChangeKind.WORSE, PINS[1], before=FAIL, cause="commit"),
            change(judged[3], ChangeKind.SAME, before=PASS),
        ],
        pull_request=7,
        base_commit=BASE,
    )


def pull_request_quiet() -> Report:
    """A documentation change in a repository that has findings."""
    judged = [licence(FAIL), trigger(FAIL), pinned(), security()]
    return report(
        judged,
        [change(j, ChangeKind.SAME, before=j.outcome) for j in judged],
        pull_request=8,
        base_commit=BASE,
    )


def merge_group() -> Report:
    """A group that brings a dangerous trigger."""
    judged = [licence(), trigger(FAIL), pinned()]
    return report(
        judged,
        [
            change(judged[0], ChangeKind.SAME, before=PASS),
            change(judged[1], ChangeKind.NEW, *judged[1].verdict.evidence, before=PASS, cause="commit"),
            change(judged[2], ChangeKind.SAME, before=PASS),
        ],
        base_commit=BASE,
    )


def unknown_by_permission() -> Report:
    """All that could be read is in order."""
    judged = [licence(), protection()]
    return report(
        judged, [change(judged[1], ChangeKind.UNREADABLE, before=PASS)], visibility=Visibility.PRIVATE
    )


def scored(points: int, *parts: tuple[Cause, int], days: int = 20) -> Scored:
    """A score that came up slowly and moved today."""
    today = JUDGED_AT.date()
    before = points - sum(n for _, n in parts)
    trend = [Point(today - timedelta(days=n), before - n // 2) for n in range(days, 0, -1)]
    return Scored(
        Score(points, 100, 100, 108, exempted=1, worst=Severity.CRITICAL),
        families=(
            ("alignment", Score(0, 8, 8, 8)),
            ("ci", Score(4, 20, 20, 20)),
            ("community", Score(9, 9, 9, 17)),
        ),
        change=ScoreChange(before, points, parts) if parts else None,
        trend=(*trend[-13:], Point(today, points)),
    )


def with_history() -> Report:
    """All that a long-standing issue can hold."""
    judged = [
        licence(),
        trigger(FAIL),
        pinned(FAIL, *PINS),
        behind(FAIL),
        security(),
        protection(),
        judgement("changelog", Outcome.UNKNOWN, "GitHub asked to come back later", reason=Reason.LIMIT),
        judgement("readme", Outcome.UNKNOWN, "the file is not text", reason=Reason.FAULT),
    ]
    seen = JUDGED_AT - timedelta(days=13)
    told = [
        replace(change(judged[0], ChangeKind.FIXED, before=FAIL, cause="commit"), pull_request=12),
        replace(
            change(judged[1], ChangeKind.NEW, *judged[1].verdict.evidence, before=PASS, cause="commit"),
            commits=(BASE, COMMIT),
        ),
        change(judged[2], ChangeKind.NEW, before=FAIL, cause="exemption"),
        change(judged[3], ChangeKind.VISIBLE, cause="rule"),
        change(judged[4], ChangeKind.SAME, before=PASS),
        replace(change(judged[5], ChangeKind.UNREADABLE, before=FAIL), before_at=seen),
        replace(change(judged[6], ChangeKind.UNREADABLE, before=PASS), before_at=JUDGED_AT),
        change(judged[7], ChangeKind.UNREADABLE),
    ]
    made = report(
        judged,
        told,
        visibility=Visibility.PRIVATE,
        exempted=[("templates", "generated repository (until 2026-06-30)")],
        expired=[("pinned-actions", "after the freeze (expired on 2026-03-13)")],
    )
    moved = scored(53, (Cause.RULE, -8), (Cause.EXEMPTION, -4), (Cause.COMMIT, -9))
    asked = Wish("behind", "we release it on Monday", date(2026, 3, 31), "0a1b2c3d4e", Audience.PUBLIC)
    return replace(made, scored=moved, wishes=(asked,))


def crashed() -> Report:
    """One check has a bug."""
    bug = judgement(
        "pinned-actions", Outcome.ERROR, "the check failed to run (IndexError); the log names the place"
    )
    limit = judgement(
        "security-policy", Outcome.UNKNOWN, "GitHub asked to come back later", reason=Reason.LIMIT
    )
    fault = judgement("behind", Outcome.UNKNOWN, "GitHub answered 502 three times.", reason=Reason.FAULT)
    return report([licence(), bug, limit, fault])


def with_restricted(visibility: Visibility) -> Report:
    """One restricted finding among public ones."""
    judged = [licence(FAIL), protection(outcome=FAIL)]
    changes = [change(j, ChangeKind.NEW, *j.verdict.evidence, before=PASS, cause="commit") for j in judged]
    return report(judged, changes, visibility=visibility)


def exemption_expired() -> Report:
    """A check was exempt until yesterday and fails again."""
    judged = [licence(FAIL), trigger()]
    return report(
        judged,
        [change(judged[0], ChangeKind.SAME, before=FAIL), change(judged[1], ChangeKind.SAME, before=PASS)],
        exempted=[("security-policy", "comes with the next release (until 2026-12-31)")],
        expired=[("licence", "the lawyers are choosing one (expired on 2026-03-13)")],
    )


def hostile() -> Report:
    """Names chosen by somebody who wishes us ill."""
    names = [
        at("docs/@org/team `x` ![i](//evil.example/i.png).md", 3, "fixes #1, GH-1, org/repo#1 and @org/team"),
        at("../../etc/passwd", 1, "/approve\n/lgtm\n@dependabot merge"),
        at("a\nb\x1b[31m\u202egpj.exe", 1, "<img src=x onerror=alert(1)> <!-- --> &#64;org"),
        at("C:\\temp\\x", 1, "[click](https://evil.example) https://evil.example www.evil.example"),
        at("d/" * 2040 + "e", 1, "a" * 4000),
        at("ok.yml", 0, "a5c3785ed8d6a35868bc169f07e40e889087fd2e jlord@a5c3785ed8 $x$ :tada:"),
        at("-rf", 9, "\udcff\ud800 ``` ~~~ | a | b |"),
        Evidence("", Place(branch="--upload-pack=touch${IFS}x")),
        Evidence("1. # > - [ ] x", Place(setting="`@org`")),
        Evidence("- /approve"),
    ]
    judged = judgement("pinned-actions", FAIL, "## `@org/team` ```\n--> fixes #1", *names)
    return report(
        [judged],
        [change(judged, ChangeKind.NEW, *names, before=PASS, cause="commit")],
        exempted=[("licence", "@org/team <b>says</b> #1 `until` \u202e")],
    )


CASES = {
    "all-good": all_good(),
    "first-baseline": first_baseline(),
    "regression": regression(),
    "pull-request-new-and-fixed": pull_request(),
    "pull-request-nothing-new": pull_request_quiet(),
    "merge-group": merge_group(),
    "unknown-by-permission": unknown_by_permission(),
    "error": crashed(),
    "restricted-on-public": with_restricted(Visibility.PUBLIC),
    "restricted-on-private": with_restricted(Visibility.PRIVATE),
    "hostile-names": hostile(),
    "exemption-expired": exemption_expired(),
    "with-history": with_history(),
    "unprotected": report([*UNPROTECTED, licence(), pinned()], visibility=Visibility.PRIVATE),
}


def shown(run: CheckRun) -> str:
    """A check run as a text to read."""
    conclusion = run.conclusion.value if run.conclusion else "in progress"
    lines = [
        f"{run.name}: {conclusion}",
        f"Title: {run.title}",
        *(f"Button: {b.label} ({b.description}) -> {b.identifier}" for b in run.buttons),
        "",
        "=== summary",
        run.summary,
        "",
        "=== text",
        run.text,
        "",
        "=== annotations",
        *(
            f"{a.level} {a.path}:{a.start_line}-{a.end_line} [{a.title}]\n    "
            + a.message.replace("\n", "\n    ")
            for a in run.annotations
        ),
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_check_run(name: str, golden: Callable[[str, str], None]) -> None:
    """The check run of each case."""
    block = frozenset({"dangerous-trigger"})
    golden(
        f"{name}.check-run.md",
        shown(render_check_run(CASES[name], block=block, fail_closed=False, request="")),
    )


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("merge-group",) and "pull-request" not in n])
def test_health_issue(name: str, golden: Callable[[str, str], None]) -> None:
    """The health issue of each case that is about a branch."""
    first_seen = {"licence": JUDGED_AT - timedelta(days=40), "behind": datetime(2026, 3, 1, tzinfo=UTC)}
    rendered = render_health_issue(CASES[name], first_seen=first_seen)
    golden(f"{name}.issue.md", f"Title: {rendered.title}\n\n{rendered.body}\n")


@pytest.mark.untraced
def test_ten_thousand_findings(golden: Callable[[str, str], None]) -> None:
    """The first and the last lines of pages that do not hold everything."""
    judged = [
        judgement(f"check-{n}", FAIL, f"finding {n}", at(f"src/{n}.py", n), severity=Severity(n % 5))
        for n in range(1, 10_001)
    ]
    full = report(judged, [change(j, ChangeKind.BASELINE) for j in judged])
    run = render_check_run(full, block=frozenset(), fail_closed=False, request="")
    body = render_health_issue(full, first_seen={}).body

    def ends(page: str, most: int = 14) -> str:
        lines = page.split("\n")
        return "\n".join([*lines[:most], f"[{len(lines) - 2 * most} lines]", *lines[-most:]])

    golden(
        "ten-thousand-findings.md",
        f"Title: {run.title}\nAnnotations: {len(run.annotations)}\n\n=== summary\n{run.summary}\n\n"
        f"=== text\n{ends(run.text, 30)}\n\n=== issue\n{ends(body, 30)}\n",
    )


def test_runs_without_a_report(golden: Callable[[str, str], None]) -> None:
    """Started, impossible to judge, and policy files."""
    errors = [
        PolicyError(
            "`blokc` is no key here; did you mean `block`?", path=".github/plumbline.yml", line=3, column=1
        ),
        PolicyError("`@org/team #1` is no check", path=".github/plumbline.yml", line=7, column=5),
    ]
    options = {"block": frozenset({"licence"}), "request": "", "completed_at": JUDGED_AT}
    runs = [
        render_started(COMMIT, request="", started_at=JUDGED_AT),
        render_unjudged(COMMIT, "GitHub's limit ends at 10:00 UTC.", fail_closed=False, **options),
        render_unjudged(COMMIT, "10 minutes were not enough.", fail_closed=True, **options),
        render_config_errors(errors, COMMIT),
        render_config_good(COMMIT),
    ]
    golden("other-runs.md", "\n".join(map(shown, runs)))
