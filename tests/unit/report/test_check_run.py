"""Conclusions, titles, annotations and identity of check runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model.errors import PolicyError
from bot.model.reports import ChangeKind, Conclusion, Exempted
from bot.model.scores import Cause, Score, ScoreChange, Scored
from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason, Severity
from bot.report.check_run import RECHECK, external_id, render_check_run, render_started, render_unjudged
from bot.report.config_run import render_config_errors, render_config_good
from bot.testing.reports import BASE, COMMIT, JUDGED_AT, at, change, judgement, report

FAIL, PASS, UNKNOWN, ERROR = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.ERROR
SUCCESS, NEUTRAL, FAILURE = Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.FAILURE


@pytest.mark.parametrize(
    ("outcome", "kind", "block", "fail_closed", "on_branch", "on_proposal"),
    [
        pytest.param(PASS, ChangeKind.SAME, True, True, SUCCESS, SUCCESS, id="pass"),
        pytest.param(FAIL, ChangeKind.SAME, True, True, SUCCESS, SUCCESS, id="a fail that was there before"),
        pytest.param(FAIL, None, True, True, SUCCESS, SUCCESS, id="a fail without a change"),
        pytest.param(FAIL, ChangeKind.BETTER, True, True, SUCCESS, SUCCESS, id="a fail that got better"),
        pytest.param(FAIL, ChangeKind.NEW, False, True, NEUTRAL, NEUTRAL, id="an advisory new fail"),
        pytest.param(FAIL, ChangeKind.NEW, True, False, FAILURE, FAILURE, id="a blocked new fail"),
        pytest.param(FAIL, ChangeKind.WORSE, True, False, FAILURE, FAILURE, id="a blocked fail got worse"),
        pytest.param(FAIL, ChangeKind.WORSE, False, False, NEUTRAL, NEUTRAL, id="an advisory fail got worse"),
        pytest.param(FAIL, ChangeKind.BASELINE, True, False, SUCCESS, NEUTRAL, id="a first known fail"),
        pytest.param(FAIL, ChangeKind.BASELINE, True, True, SUCCESS, FAILURE, id="first known, fail closed"),
        pytest.param(UNKNOWN, ChangeKind.UNREADABLE, True, False, NEUTRAL, NEUTRAL, id="unknown"),
        pytest.param(UNKNOWN, ChangeKind.UNREADABLE, True, True, FAILURE, FAILURE, id="unknown, fail closed"),
        pytest.param(
            UNKNOWN, ChangeKind.UNREADABLE, False, True, NEUTRAL, NEUTRAL, id="unknown, not blocked"
        ),
        pytest.param(ERROR, ChangeKind.UNREADABLE, True, True, FAILURE, FAILURE, id="error, fail closed"),
        pytest.param(ERROR, ChangeKind.UNREADABLE, False, False, NEUTRAL, NEUTRAL, id="error"),
    ],
)
def test_concludes(
    outcome: Outcome,
    kind: ChangeKind | None,
    block: bool,
    fail_closed: bool,
    on_branch: Conclusion,
    on_proposal: Conclusion,
) -> None:
    """Only what policy blocks fails; what is unread is never good; what is old does not count."""
    judged = judgement("licence", outcome)
    changes = [change(judged, kind)] if kind else []
    blocked = frozenset({"licence"} if block else ())
    for base, wanted in ((None, on_branch), (BASE, on_proposal)):
        made = report([judged, judgement("other")], changes, base_commit=base)
        run = render_check_run(made, block=blocked, fail_closed=fail_closed, request="")

        assert run.conclusion is wanted
        assert f"Conclusion: **{wanted.value}**" in run.text


@pytest.mark.parametrize(
    ("kinds", "branch", "proposal"),
    [
        pytest.param("", "No check applies", "Nothing new", id="nothing"),
        pytest.param("p", "1 check passes", "Nothing new", id="one passes"),
        pytest.param("pp", "All 2 checks pass", "Nothing new", id="all pass"),
        pytest.param("nn f", "2 new findings, 1 fixed", "2 new findings, 1 fixed", id="new and fixed"),
        pytest.param("n w", "1 new finding, 1 worse", "1 new finding, 1 worse", id="new and worse"),
        pytest.param("w", "1 finding worse", "1 finding worse", id="worse"),
        pytest.param("b", "1 improved", "1 improved", id="improved"),
        pytest.param("s", "1 finding, none new", "Nothing new", id="old"),
        pytest.param("i", "1 finding in the first report", "Nothing new, 1 not judged", id="first"),
        pytest.param("su", "1 finding, none new, 1 not judged", "Nothing new, 1 not judged", id="unknown"),
        pytest.param("u", "No findings, 1 not judged", "Nothing new, 1 not judged", id="only unknown"),
    ],
)
def test_titles_say_what_changed(kinds: str, branch: str, proposal: str) -> None:
    """The title is what most people read, so it is about change and has no names in it."""
    kind_of = {
        "p": (PASS, ChangeKind.SAME),
        "n": (FAIL, ChangeKind.NEW),
        "f": (PASS, ChangeKind.FIXED),
        "w": (FAIL, ChangeKind.WORSE),
        "b": (FAIL, ChangeKind.BETTER),
        "s": (FAIL, ChangeKind.SAME),
        "i": (FAIL, ChangeKind.BASELINE),
        "u": (UNKNOWN, ChangeKind.UNREADABLE),
    }
    changes = [
        change(judgement(f"check-{n}", kind_of[k][0]), kind_of[k][1])
        for n, k in enumerate(kinds.replace(" ", ""))
    ]
    judged = [judgement(c.check, c.after) for c in changes]
    for base, wanted in ((None, branch), (BASE, proposal)):
        made = report(judged, changes, base_commit=base)

        assert render_check_run(made, block=frozenset(), fail_closed=False, request="").title == wanted


@pytest.mark.fault
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(Place(path="../x", line=1), id="leads out"),
        pytest.param(Place(path="/etc/passwd", line=1), id="absolute"),
        pytest.param(Place(path="a//b", line=1), id="empty part"),
        pytest.param(Place(path="a/./b", line=1), id="detour"),
        pytest.param(Place(path="a\nb", line=1), id="control character"),
        pytest.param(Place(path="a\udc80", line=1), id="not Unicode"),
        pytest.param(Place(path="a\\b", line=1), id="backslash"),
        pytest.param(Place(path="", line=1), id="empty"),
        pytest.param(Place(path="a" * 4096, line=1), id="long"),
        pytest.param(Place(path="a", line=0), id="line zero"),
        pytest.param(Place(path="a", line=-1), id="negative line"),
        pytest.param(Place(path="a", line=10**12), id="line beyond all files"),
    ],
)
def test_kd9_a_bad_place_costs_only_its_own_annotation(place: Place) -> None:
    """GitHub refuses the whole portion for one bad annotation, so none is sent; it is counted."""
    judged = judgement("pinned-actions", FAIL, "x", at("ok.yml", 3), Evidence("bad", place), at("ok.yml", 9))
    run = render_check_run(report([judged]), block=frozenset(), fail_closed=False, request="")

    assert [(a.path, a.start_line) for a in run.annotations] == [("ok.yml", 3), ("ok.yml", 9)]
    assert "1 place could not be marked" in run.summary


@pytest.mark.fault
def test_kd9_five_hundred_findings_are_all_marked() -> None:
    """Ten requests' worth; one more is counted."""
    judged = judgement("a", FAIL, "x", *(at("f.yml", n) for n in range(1, 502)))
    run = render_check_run(report([judged]), block=frozenset(), fail_closed=False, request="")

    assert len(run.annotations) == 500
    assert "1 place could not be marked" in run.summary


@pytest.mark.parametrize(
    ("severity", "own", "level"),
    [
        pytest.param(Severity.CRITICAL, None, "failure", id="critical"),
        pytest.param(Severity.HIGH, None, "failure", id="high"),
        pytest.param(Severity.MEDIUM, None, "warning", id="medium"),
        pytest.param(Severity.LOW, None, "notice", id="low"),
        pytest.param(Severity.INFO, None, "notice", id="info"),
        pytest.param(Severity.LOW, Severity.CRITICAL, "failure", id="an observation's own severity"),
    ],
)
def test_annotations_are_as_loud_as_their_severity(
    severity: Severity, own: Severity | None, level: str
) -> None:
    """The observation's own severity wins."""
    seen = Evidence("bad", Place(path="ci.yml", line=4, end_line=2), severity=own)
    judged = judgement("a", FAIL, "x", seen, severity=severity, fix="Mend ``it``.")
    (annotation,) = render_check_run(
        report([judged]), block=frozenset(), fail_closed=False, request=""
    ).annotations

    assert annotation.level == level
    assert (annotation.start_line, annotation.end_line) == (4, 4)
    assert annotation.message == f"{(severity if own is None else own).label}: bad\nFix: Mend `it`."


def test_a_pull_request_marks_only_what_it_brings() -> None:
    """Lines that were bad before are somebody else's."""
    old, new = at("ci.yml", 3, key="old"), at("ci.yml", 9, key="new")
    known = judgement("known", FAIL, "x", at("known.yml", 1))
    judged = judgement("pinned-actions", FAIL, "x", old, new)
    changes = [
        change(judged, ChangeKind.WORSE, new, before=FAIL),
        change(known, ChangeKind.SAME, before=FAIL),
    ]
    made = report([judged, known], changes, pull_request=7, base_commit=BASE)
    run = render_check_run(made, block=frozenset(), fail_closed=False, request="")

    assert [a.start_line for a in run.annotations] == [9]
    assert "ci.yml:3" not in run.text
    assert "1 place known before not listed" in run.text
    assert "known.yml" not in repr(run)
    assert "1 finding that the base has too is not shown" in run.summary


def test_the_same_content_for_the_same_request_has_the_same_name() -> None:
    """Times and the changes since last time do not count: a second run of the work sees no change."""
    judged = judgement("licence", FAIL, "no licence file")
    first = report([judged], [change(judged, ChangeKind.NEW, before=PASS)])
    again = replace(first, changes=(), judged_at=JUDGED_AT + timedelta(hours=1))
    names = [
        render_check_run(r, block=frozenset(), fail_closed=False, request="").external_id
        for r in (first, again)
    ]

    assert names[0] == names[1]
    assert names[0].startswith("plumbline:1:")
    assert len(names[0]) <= 60


def test_another_figure_of_a_check_that_passes_makes_no_other_run() -> None:
    """A branch more, an issue less: nobody is told again."""
    options = {"block": frozenset[str](), "fail_closed": False, "request": ""}
    one, two = (
        report(
            [judgement("licence", FAIL, "no licence file"), judgement("behind", PASS, said, at("a", 1, said))]
        )
        for said in ("3 branches", "4 branches")
    )

    assert render_check_run(one, **options).external_id == render_check_run(two, **options).external_id


def test_other_content_or_another_request_has_another_name() -> None:
    """So that it becomes a check run of its own."""
    made = report([judgement("licence", FAIL, "no licence file")])
    others = [
        replace(made, commit=BASE),
        replace(made, base_commit=BASE),
        replace(made, pull_request=3),
        report([judgement("licence", PASS, "no licence file")]),
        report([judgement("licence", FAIL, "no licence file", at("x"))]),
        replace(made, exempted=(Exempted("a", "b", Audience.PUBLIC),)),
    ]
    options = {"block": frozenset[str](), "fail_closed": False}
    names = [render_check_run(r, request="", **options).external_id for r in (made, *others)]
    names.append(render_check_run(made, request="delivery-1", **options).external_id)
    names.append(
        render_check_run(made, request="", block=frozenset({"licence"}), fail_closed=False).external_id
    )

    assert len(set(names)) == len(names)


def test_runs_fit_what_github_accepts() -> None:
    """Label 20, description 40, identifier 20 characters, at most three buttons."""
    run = render_check_run(report(), block=frozenset(), fail_closed=False, request="", started_at=JUDGED_AT)

    assert run.buttons == (RECHECK,)
    assert len(RECHECK.label) <= 20
    assert len(RECHECK.description) <= 40
    assert len(RECHECK.identifier) <= 20
    assert (run.started_at, run.completed_at) == (JUDGED_AT, JUDGED_AT)


def test_says_why_something_is_unknown_and_what_helps() -> None:
    """What a permission, a limit and a fault hinder is told apart; the last two pass by themselves."""
    judged = [
        judgement("a", UNKNOWN, "no.", reason=Reason.PERMISSION, permission="administration: read"),
        judgement("b", UNKNOWN, "no", reason=Reason.LIMIT),
        judgement("c", UNKNOWN, "no", reason=Reason.FAULT),
        judgement("d", UNKNOWN, "no"),
    ]
    changes = [change(judged[0], ChangeKind.UNREADABLE, before=PASS)]
    text = render_check_run(report(judged, changes), block=frozenset(), fail_closed=False, request="").text

    assert "- `a`: no. Last known: pass. Granting the App `administration: read` would answer it.\n" in text
    assert "For want of a permission:\n\n- `a`" in text
    assert "Because a limit was reached; it is tried again by itself:\n\n- `b`: no.\n" in text
    assert "Because of a fault, tried again with the next scan; a faulty file waits" in text
    assert " for its author:\n\n- `c`: no.\n" in text
    assert "For another reason:\n\n- `d`: no.\n" in text


def test_a_branch_shows_its_score_and_a_proposal_does_not() -> None:
    """A pull request has no score of its own; the wish for a run is the same with another score."""
    good = Scored(Score(9, 10, 10, 10), change=ScoreChange(80, 90, ((Cause.COMMIT, 10),)))
    branch = replace(report([judgement()]), scored=good)
    pull = replace(branch, pull_request=7, base_commit=BASE)
    options: Any = {"block": frozenset(), "fail_closed": False}
    runs = [render_check_run(made, request="", **options) for made in (branch, pull)]

    assert runs[0].summary.startswith(
        "**Health 90 of 100 (A)**, coverage 100 %. "
        "10 points more than in the last report: +10 by commits.\n\n"
    )
    assert "Health" not in runs[1].summary
    assert external_id(branch, "", **options) == external_id(replace(branch, scored=None), "", **options)


def test_what_a_permission_or_a_rule_makes_visible_is_told_and_does_not_count_against_the_commit() -> None:
    """It may have been so for long: success, also where policy blocks on the check."""
    judged = [judgement("a", FAIL, "no"), judgement("b", FAIL, "no")]
    changes = [change(j, ChangeKind.VISIBLE, cause="permission") for j in judged]
    run = render_check_run(report(judged, changes), block=frozenset({"a"}), fail_closed=True, request="")

    assert (Conclusion.SUCCESS, "2 findings newly visible") == (run.conclusion, run.title)
    assert "- **Newly visible:** `a` (medium), no (because a permission was granted)\n" in run.summary


def test_a_started_run_has_no_conclusion() -> None:
    """It is completed later, under the same commit."""
    run = render_started(COMMIT, request="x", started_at=JUDGED_AT)

    assert run.conclusion is None
    assert run.completed_at is None


@pytest.mark.parametrize(
    ("block", "fail_closed", "conclusion"),
    [
        pytest.param(frozenset({"a"}), True, FAILURE, id="fail closed"),
        pytest.param(frozenset({"a"}), False, NEUTRAL, id="fail open"),
        pytest.param(frozenset(), True, NEUTRAL, id="nothing blocked"),
    ],
)
def test_what_can_not_be_judged_at_all(
    block: frozenset[str], fail_closed: bool, conclusion: Conclusion
) -> None:
    """Neutral with the reason, unless policy says otherwise for what it blocks."""
    run = render_unjudged(
        COMMIT, "no time", block=block, fail_closed=fail_closed, request="", completed_at=JUDGED_AT
    )

    assert run.conclusion is conclusion
    assert "no time" in run.summary


def test_config_errors_stand_at_their_lines() -> None:
    """Every error is in the summary; those with a fit place are on their line too."""
    errors = [PolicyError(f"wrong {n}", path=".github/plumbline.yml", line=n, column=2) for n in range(60)]
    run = render_config_errors(errors, COMMIT)

    assert run.name == "plumbline/config"
    assert run.conclusion is Conclusion.ACTION_REQUIRED
    assert [a.start_line for a in run.annotations] == list(range(1, 51))
    assert run.annotations[0].message == "Column 2: wrong 1"
    assert "The last good policy stays in force" in run.summary
    assert "`.github/plumbline.yml:59:2`: wrong 59" in run.summary
    assert run.external_id != render_config_errors(errors[:1], COMMIT).external_id
    assert run.external_id == render_config_errors(errors, COMMIT).external_id


def test_a_mended_policy_file_is_a_success() -> None:
    """The red mark of the push before is answered."""
    run = render_config_good(COMMIT, completed_at=JUDGED_AT)

    assert run.conclusion is SUCCESS
    assert run.external_id != render_config_errors([PolicyError("x", path="y")], COMMIT).external_id


def test_says_where_something_could_not_be_read() -> None:
    """A few places with their reasons; the others are counted."""
    places = [at(f"w{n}.yml", 1, f"it is odd {n}") for n in range(7)]
    judged = judgement("a", UNKNOWN, "7 of 9 could not be audited", *places, reason=Reason.FAULT)

    run = render_check_run(report([judged]), block=frozenset(), fail_closed=False, request="")

    assert "`w0.yml:1`" in run.text
    assert "it is odd 4" in run.text
    assert "it is odd 5" not in run.text
    assert "… and 2 more places" in run.text


def test_what_hinders_many_checks_is_told_once() -> None:
    """A workflow that is not YAML is read by a dozen of them."""
    place = at("w.yml", 1, "it is not YAML")
    judged = [judgement(n, UNKNOWN, "1 of 2 could not be audited", place, reason=Reason.FAULT) for n in "abc"]
    judged.append(judgement("d", UNKNOWN, "the file is no text", reason=Reason.FAULT))

    run = render_check_run(report(judged), block=frozenset(), fail_closed=False, request="")

    assert "- `a`, `b`, `c`: 1 of 2 could not be audited.\n  - " in run.text
    assert run.text.count("it is not YAML") == 1
    assert "- `d`: the file is no text.\n" in run.text


@pytest.mark.parametrize(("ended", "conclusion"), [(False, Conclusion.SUCCESS), (True, Conclusion.FAILURE)])
def test_without_a_baseline_block_counts_what_the_base_has_too(ended: bool, conclusion: Conclusion) -> None:
    """And shows it; a check that is not blocked advises."""
    old, other = (judgement(name, Outcome.FAIL, "f", at("a", 1)) for name in ("licence", "readme"))
    changes = [change(j, ChangeKind.SAME, before=Outcome.FAIL) for j in (old, other)]
    full = report([old, other], changes, pull_request=7, base_commit=BASE)
    full = replace(full, ended=frozenset({"licence", "readme"} if ended else ()))
    block = frozenset({"licence"})
    run = render_check_run(full, block=block, fail_closed=False, request="")

    assert run.conclusion is conclusion
    assert ("There before, and counts without a baseline" in run.text) is ended
    only = render_check_run(full, block=frozenset(), fail_closed=False, request="")
    assert only.conclusion is Conclusion.SUCCESS
