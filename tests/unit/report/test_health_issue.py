"""The health issue: its marker, its digest, its box."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.reports import ChangeKind
from bot.model.verdicts import Evidence, Outcome, Place
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
from bot.testing.reports import BASE, JUDGED_AT, at, change, judgement, report

FAIL = Outcome.FAIL
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
    body = render_health_issue(report([hostile], exempted=[("a", "- [x] re-check")]), first_seen={}).body

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
        change(judged[0], ChangeKind.NEW, before=Outcome.PASS, cause="rule"),
        change(judged[1], ChangeKind.FIXED, before=FAIL, cause="commit"),
        change(judged[2], ChangeKind.BETTER, before=FAIL),
    ]
    body = render_health_issue(report(judged, changes), first_seen={"a": JUDGED_AT}).body

    assert (
        "- **New:** `a` (medium), a is bad (because the check itself changed, not the repository)\n" in body
    )
    assert "- **Fixed:** `b` (medium), b is good (by a commit)\n" in body
    assert "- **Improved:** `c` (medium), c is less bad\n" in body
    assert body.index("### What changed") < body.index("### Findings")
    assert "**medium** · new · since 2026-03-14" in body


def test_the_label_fits_what_github_accepts() -> None:
    """Name 50, description 100 characters, colour six digits."""
    assert len(LABEL) <= 50
    assert len(LABEL_DESCRIPTION) <= 100
    assert int(LABEL_COLOUR, 16) < 2**24
