"""The health issue: its marker, its digest, its box."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.reports import ChangeKind, Wish
from bot.model.scores import Cause, Point, Score, ScoreChange, Scored
from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason
from bot.report.fragments import FOLLOWING
from bot.report.health_issue import (
    LABEL,
    LABEL_COLOUR,
    LABEL_DESCRIPTION,
    Marker,
    is_ours,
    parse_marker,
    render_health_issue,
    wants_recheck,
)
from bot.testing.reports import BASE, COMMIT, JUDGED_AT, at, change, judgement, report

FAIL = Outcome.FAIL
ROOT = "https://github.com/acme/widgets"
LICENCE = judgement("licence", FAIL, "no licence file at the root")


def test_the_marker_says_whose_issue_it_is() -> None:
    """It is found again by the first line of its body."""
    rendered = render_health_issue(report([LICENCE]), first_seen={})

    assert parse_marker(rendered.body) == Marker(1, 42, rendered.digest)
    assert is_ours(rendered.body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("see <!-- plumbline:health:1 repository=42 -->", id="quoted later"),
        pytest.param("<!-- plumbline:rollup:1 repository=42 -->", id="another page"),
        pytest.param("<!-- plumbline:health:1 repository=x -->", id="no number"),
    ],
)
def test_other_bodies_are_not_ours(body: str) -> None:
    """Only the first line counts, and only whole."""
    assert not is_ours(body)
    assert not wants_recheck(body + "\n- [x] re-check")


def test_reads_a_marker_without_digest() -> None:
    """The digest is for comparing, not for finding."""
    assert parse_marker("<!-- plumbline:health:1 repository=42 -->\nx") == Marker(1, 42, "")


def test_an_unchanged_report_has_an_unchanged_digest() -> None:
    """Time, commit, moved lines and what changed last time do not make it worth writing."""
    judged = judgement("pinned-actions", FAIL, "1 action", at("ci.yml", 3, "unpinned", key="k"))
    moved = judgement("pinned-actions", FAIL, "1 action", at("ci.yml", 8, "unpinned", key="k"))
    first = report([judged], [change(judged, ChangeKind.NEW, before=Outcome.PASS)])
    later = replace(report([moved]), judged_at=JUDGED_AT + timedelta(days=3), commit=BASE)

    assert (
        render_health_issue(first, first_seen={}).digest == render_health_issue(later, first_seen={}).digest
    )


def test_a_changed_report_has_another_digest() -> None:
    """Anything a reader would want to know."""
    made = report([LICENCE])
    others = [
        report([]),
        report([replace(LICENCE, check="readme")]),
        report([judgement("licence", FAIL, "another sentence")]),
        report([judgement("licence", FAIL, "no licence file at the root", at("x"))]),
        report([LICENCE], exempted=[("a", "b")]),
    ]
    digests = {render_health_issue(r, first_seen={}).digest for r in (made, *others)}

    assert len(digests) == 6


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        pytest.param("- [ ] re-check", False, id="as written"),
        pytest.param("- [x] re-check", True, id="ticked"),
        pytest.param("- [X] re-check \r", True, id="ticked elsewhere"),
        pytest.param("- [x] re-check everything", False, id="another box"),
    ],
)
def test_sees_whether_the_box_is_ticked(line: str, wanted: bool) -> None:
    """GitHub's pages rewrite the box in the body; nothing else does."""
    body = render_health_issue(report([LICENCE]), first_seen={}).body

    assert wants_recheck(body.replace("- [ ] re-check", line)) is wanted


def test_foreign_text_can_not_tick_the_box() -> None:
    """The box is read from the start of a line, where no foreign text stands."""
    hostile = judgement(
        "a", FAIL, "x\n- [x] re-check", Evidence("\n- [x] re-check", Place(branch="- [x] re-check"))
    )
    made = report([hostile], exempted=[("a", "- [x] re-check")])
    asked = Wish("a", "\n- [x] re-check\n", JUDGED_AT.date(), "0a1b2c3d4e", Audience.PUBLIC)
    body = render_health_issue(replace(made, wishes=(asked,)), first_seen={}).body

    assert not wants_recheck(body)


def test_when_all_is_well_it_says_so_in_two_lines() -> None:
    """Nobody wants to read more."""
    body = render_health_issue(report([judgement(), judgement("readme")]), first_seen={}).body
    said = [line for line in body.split("\n")[1:] if line and line != "- [ ] re-check"]

    assert len(said) == 2
    assert said[0] == "All is well: 2 checks in order, nothing to do."


def test_nothing_applies() -> None:
    """An empty repository is neither well nor ill."""
    body = render_health_issue(report(), first_seen={}).body

    assert "No check applies to this repository; nothing to do." in body


def test_what_changed_comes_first_with_its_cause() -> None:
    """Delta before state."""
    judged = [
        judgement("a", FAIL, "a is bad"),
        judgement("b", Outcome.PASS, "b is good"),
        judgement("c", FAIL, "c is less bad"),
    ]
    changes = [
        change(judged[0], ChangeKind.VISIBLE, before=Outcome.PASS, cause="rule"),
        change(judged[1], ChangeKind.FIXED, before=FAIL, cause="commit"),
        change(judged[2], ChangeKind.BETTER, before=FAIL),
    ]
    body = render_health_issue(report(judged, changes), first_seen={"a": JUDGED_AT}).body

    assert (
        "- **Newly visible:** `a` (medium), a is bad "
        "(because the check is new or judges by another rule, not because the repository changed)\n" in body
    )
    assert "- **Fixed:** `b` (medium), b is good (by a commit)\n" in body
    assert "- **Improved:** `c` (medium), c is less bad\n" in body
    assert body.index("### What changed") < body.index("### Findings")
    assert "**medium** · newly visible · since 2026-03-14" in body


@pytest.mark.parametrize(
    ("commits", "pull_request", "said"),
    [
        pytest.param(None, None, "by a commit", id="not known which"),
        pytest.param((BASE, COMMIT), 12, "by pull request 12", id="a merge"),
        pytest.param(
            (BASE, COMMIT),
            None,
            f"by commits [`b2a1908f7e..3f1c9b7a52`]({ROOT}/compare/{BASE}...{COMMIT})",
            id="some commits",
        ),
        pytest.param(("x`", COMMIT), None, "by commits ``x`..3f1c9b7a52``", id="no commit"),
    ],
)
def test_a_commit_is_named(commits: tuple[str, str] | None, pull_request: int | None, said: str) -> None:
    """Without a reference, which GitHub would write under the pull request each time."""
    judged = judgement("a", FAIL, "no")
    told = replace(
        change(judged, ChangeKind.NEW, before=Outcome.PASS, cause="commit"),
        commits=commits,
        pull_request=pull_request,
    )
    body = render_health_issue(report([judged], [told]), first_seen={}).body

    assert f"- **New:** `a` (medium), no ({said})\n" in body


def test_an_unknown_shows_how_old_its_last_verdict_is() -> None:
    """The day it was seen last, and that day's distance from the report."""
    judged = judgement("a", Outcome.UNKNOWN, "no", reason=Reason.FAULT)
    told = change(judged, ChangeKind.UNREADABLE, before=FAIL)
    old, new = (replace(told, before_at=JUDGED_AT - timedelta(days=n)) for n in (13, 0))
    bodies = [
        render_health_issue(report([judged], [c]), first_seen={"a": JUDGED_AT - timedelta(days=40)}).body
        for c in (old, new)
    ]

    assert (
        "Last known: fail since 2026-02-02, seen last on 2026-03-01, 13 days before this report." in bodies[0]
    )
    assert "Last known: fail since 2026-02-02, seen last on 2026-03-14." in bodies[1]


def test_a_score_its_trend_and_an_age_are_no_reason_to_write() -> None:
    """The digest names what is found, not when it was looked for nor what came out in points."""
    judged = judgement("a", Outcome.UNKNOWN, "no", reason=Reason.FAULT)
    plain = report([judged], [change(judged, ChangeKind.UNREADABLE, before=FAIL)])
    aged = replace(
        plain,
        changes=(replace(plain.changes[0], before_at=JUDGED_AT - timedelta(days=9)),),
        scored=Scored(Score(1, 2, 2, 2), trend=(Point(JUDGED_AT.date(), 50),) * 3),
    )

    assert render_health_issue(plain, first_seen={}).digest == render_health_issue(aged, first_seen={}).digest


def test_score_trend_and_categories_come_first() -> None:
    """In words for everybody; a single category and a single day are left out."""
    score = Score(10, 14, 14, 22, exempted=1)
    day = JUDGED_AT.date()
    full = Scored(
        score,
        families=(("ci", Score(0, 4, 4, 4)), ("community", Score(10, 10, 10, 10)), ("x`", Score(0, 0, 0, 8))),
        change=ScoreChange(80, 71, ((Cause.RULE, 5), (Cause.COMMIT, -14))),
        trend=(Point(day - timedelta(days=4), 80), Point(day, 71)),
    )
    body = render_health_issue(replace(report([judgement()]), scored=full), first_seen={}).body
    short = Scored(Score(), families=(("ci", Score()),), trend=(Point(day, 71),))
    brief = render_health_issue(replace(report([judgement()]), scored=short), first_seen={}).body

    assert body.split("\n\n")[0].split("\n")[1] == (
        "**Health 71 of 100 (C)**, coverage 63 %. 1 exempted check counts neither way. "
        "9 points less than in the last report: "
        "+5 by checks of Plumbline that are new or judge otherwise, −14 by commits."
    )
    assert body.split("\n\n")[1:3] == [
        "Trend: `▇▆` down from 80 to 71 over 4 days.",
        "By category: `ci` 0 (F), `community` 100 (A).",
    ]
    assert brief.split("\n")[1] == "**Health: not judged**."
    assert "Trend" not in brief
    assert "By category" not in brief


def test_the_label_fits_what_github_accepts() -> None:
    """Name 50, description 100 characters, colour six digits."""
    assert len(LABEL) <= 50
    assert len(LABEL_DESCRIPTION) <= 100
    assert int(LABEL_COLOUR, 16) < 2**24


def test_what_stood_here_before_is_told_apart() -> None:
    """Below what speaks, with how it can be made to speak; another set of it is another page."""
    old, new = (
        judgement("licence", Outcome.FAIL, "no licence"),
        judgement("readme", Outcome.FAIL, "none", at("a")),
    )
    plain = report([old, new])
    full = replace(plain, stood={"licence": old.marks, "readme": frozenset({"other"})})
    issue = render_health_issue(full, first_seen={})

    assert (
        "1 finding stood here before; they speak when someone ratchets (`/plumbline ratchet`)" in issue.body
    )
    assert issue.body.index("`readme`") < issue.body.index("### Findings that stood here before")
    assert issue.body.index("### Findings that stood here before") < issue.body.index("`licence`")
    assert "stood here" not in render_health_issue(plain, first_seen={}).body
    assert issue.digest != render_health_issue(plain, first_seen={}).digest


def test_findings_that_follow_from_another_stand_with_it() -> None:
    """One cause, one heading: a branch without any rule is one thing to mend, not three."""
    judged = [
        judgement("protected", FAIL, "no rule protects main", fix="Add a ruleset."),
        judgement("reviews", FAIL, "nobody reviews", follows="protected", fix="Require reviews."),
        judgement("licence", FAIL, "there is none"),
        judgement("pushes", FAIL, "2 branches", *(at(f"f{n}", n) for n in range(1, 6)), follows="protected"),
    ]

    body = render_health_issue(report(judged), first_seen={"reviews": JUDGED_AT}).body

    assert body.startswith("**4 findings**", body.index("\n") + 1)
    headings = [line for line in body.split("\n") if line.startswith("#### ")]
    assert headings == ["#### `licence`: there is none", "#### `protected`: no rule protects main"]
    section = body[body.index("#### `protected`") :].split("\n")
    first = section.index(FOLLOWING)
    assert section.index("**Fix:** Add a ruleset.") < first
    assert section[first + 2] == "- `pushes` (medium): 2 branches"
    assert section[first + 6] == "  - … and 2 more places"
    assert section[first + 7] == "- `reviews` (medium, since 2026-03-14): nobody reviews"
    assert "Require reviews." not in body


@pytest.mark.parametrize("leader", [Outcome.PASS, Outcome.UNKNOWN])
def test_a_finding_stands_alone_while_what_it_follows_does_not_fail(leader: Outcome) -> None:
    """It is another cause then."""
    judged = [
        judgement("protected", leader, reason=Reason.FAULT if leader is Outcome.UNKNOWN else None),
        judgement("reviews", FAIL, "nobody reviews", follows="protected", fix="Require reviews."),
    ]

    body = render_health_issue(report(judged), first_seen={}).body

    assert "#### `reviews`: nobody reviews" in body
    assert "**Fix:** Require reviews." in body
