"""Whole pages: nothing foreign is active in them, nothing restricted leaks, nothing is too long."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.model.errors import PolicyError
from bot.model.facts import Visibility
from bot.model.reports import ChangeKind, CheckRun, Conclusion, Exempted, Report, Wish
from bot.model.verdicts import Audience, Evidence, Judgement, Outcome, Place, Reason, Severity
from bot.report.budget import CHECK_RUN_TEXT, ISSUE_BODY, size
from bot.report.check_run import render_check_run, render_unjudged
from bot.report.config_run import render_config_errors
from bot.report.document import as_json
from bot.report.health_issue import render_health_issue
from bot.testing.reports import BASE, COMMIT, JUDGED_AT, at, change, judgement, report

ROOT = "https://github.com/acme/widgets/"
ADDRESS = re.compile(
    re.escape(ROOT) + r"(commit/[0-9a-f]{40}|compare/[0-9a-f]{40}\.\.\.[0-9a-f]{40}"
    r"|blob/[0-9a-f]{40}/[\w.~/%-]+(#L\d+(-L\d+)?)?)",
    re.ASCII,
)
PIECES = [
    *("@org/team", "fixes #1", "org/repo#1", "GH-1", "jlord@a5c3785ed8", "a5c3785ed8d6a35868bc169f07e40e88"),
    *(
        "https://evil.example/",
        "www.evil.example",
        "a@b.cc",
        "![x](//e.e/i)",
        "[x](y)",
        "[x]: y",
        "<img src=x>",
    ),
    *(
        "<!--",
        "-->",
        "```",
        "`",
        "~~~",
        "$",
        "|",
        "\n",
        "\n\n",
        "\r\n# ",
        "- ",
        "1. ",
        "> ",
        "---\n",
        "\t",
        "    ",
    ),
    *(
        "/approve",
        ":tada:",
        "\\",
        "&#64;",
        "\x1b[31m",
        "\x00",
        "\u202e",
        "\udc80",
        "../",
        "//",
        "a/b.yml",
        "*",
        "_",
    ),
]
foreign = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(alphabet=st.characters(), max_size=30),
)
lines = st.one_of(st.none(), st.integers(-2, 90))
places = st.one_of(
    st.builds(Place, path=foreign, line=lines, end_line=lines),
    st.builds(Place, branch=foreign),
    st.builds(Place, setting=foreign),
    st.none(),
)
observations = st.lists(st.builds(Evidence, text=foreign, place=places), max_size=3)


def pages(run: CheckRun) -> list[str]:
    """The Markdown of a check run."""
    return [run.summary, run.text]


def asked(reason: str, audience: Audience = Audience.PUBLIC) -> Wish:
    """An exemption that waits for a second person."""
    return Wish("readme", reason, JUDGED_AT.date(), "0a1b2c3d4e", audience)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report with foreign text in every field that can hold some."""
    judged: list[Judgement] = []
    for number, outcome in enumerate(
        (Outcome.FAIL, Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR, Outcome.PASS)
    ):
        one = judgement(
            f"check-{number}", outcome, draw(foreign), *draw(observations), reason=Reason.PERMISSION
        )
        judged.append(one)
    kinds = (ChangeKind.NEW, ChangeKind.WORSE, ChangeKind.UNREADABLE, ChangeKind.UNREADABLE, ChangeKind.FIXED)
    changes = [
        change(j, kind, *j.verdict.evidence, before=Outcome.PASS, cause="commit")
        for j, kind in zip(judged, kinds, strict=True)
    ]
    made = report(
        judged,
        changes,
        pull_request=draw(st.sampled_from([None, 7])),
        exempted=[("licence", draw(foreign))],
    )
    made = replace(made, wishes=(asked(draw(foreign)),))
    url = draw(st.one_of(st.just(ROOT.rstrip("/")), foreign))
    named = replace(made.repository, full_name=draw(foreign), default_branch=draw(foreign), html_url=url)
    return replace(
        made, repository=named, branch=draw(foreign), base_commit=draw(st.sampled_from([None, BASE]))
    )


@pytest.mark.fault
@settings(max_examples=150, deadline=None)
@given(foreign_report=reports())
@example(
    foreign_report=report(
        [
            judgement(
                "a", Outcome.FAIL, "x", at("f.py", -1), Evidence("x", Place(path="f.py", line=0, end_line=2))
            )
        ]
    )
)
def test_kg1_foreign_text_is_inert_on_every_page(
    foreign_report: Report, assert_inert: Callable[..., Any]
) -> None:
    """No mention, reference, link, image or HTML that is not ours, and no line begun by others."""
    run = render_check_run(foreign_report, block=frozenset(), fail_closed=False, request="")
    issue = render_health_issue(foreign_report, first_seen={})

    for page in (*pages(run), issue.body):
        seen = assert_inert(page, prefix=ROOT)
        assert all(ADDRESS.fullmatch(link) and "/../" not in link for link in seen.links)
        assert "\n/approve" not in page
    assert run.title.isascii()
    for annotation in run.annotations:
        assert annotation.message.startswith("medium: ")
        assert "@org" not in annotation.message


@pytest.mark.fault
@settings(max_examples=100, deadline=None)
@given(foreign_report=reports())
def test_kg1_foreign_text_does_not_change_the_shape_of_a_page(
    foreign_report: Report, read: Callable[[str], Any]
) -> None:
    """Headings, lists and paragraphs are the same as with harmless text in the same places."""

    def tame(evidence: Evidence) -> Evidence:
        return Evidence("harmless", evidence.place)

    harmless = replace(
        foreign_report,
        judgements=tuple(
            replace(
                j,
                verdict=replace(
                    j.verdict, summary="harmless", evidence=tuple(tame(e) for e in j.verdict.evidence)
                ),
            )
            for j in foreign_report.judgements
        ),
        changes=tuple(
            replace(c, new_evidence=tuple(tame(e) for e in c.new_evidence)) for c in foreign_report.changes
        ),
        exempted=(Exempted("licence", "harmless", Audience.PUBLIC),),
        wishes=(asked("harmless"),),
        branch="main",
    )

    def shape(made: Report) -> list[list[str]]:
        run = render_check_run(made, block=frozenset(), fail_closed=False, request="")
        return [read(page).blocks for page in (*pages(run), render_health_issue(made, first_seen={}).body)]

    assert shape(foreign_report) == shape(harmless)


@pytest.mark.fault
@settings(max_examples=100, deadline=None)
@given(said=foreign, path=foreign)
def test_kg1_foreign_text_is_inert_in_other_runs(
    said: str, path: str, assert_inert: Callable[..., Any]
) -> None:
    """Policy files are written by whoever can push; reasons may quote answers."""
    options = {"block": frozenset({said}), "fail_closed": True, "request": said, "completed_at": JUDGED_AT}
    runs = [
        render_config_errors([PolicyError(said, path=path, line=2)], COMMIT),
        render_unjudged(COMMIT, said, **options),
    ]
    for run in runs:
        assert_inert(run.summary)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("judgements", "words"),
    [
        pytest.param(
            [judgement(f"check-{n}", Outcome.FAIL, "x", at(f"{n}.py", n)) for n in range(1, 10_001)],
            ("more findings for which there is no room", "9,500 places could not be marked"),
            id="ten thousand checks",
        ),
        pytest.param(
            [judgement("a", Outcome.FAIL, "x", *(at("f.py", n, f"line {n}") for n in range(1, 10_001)))],
            ("and 9,950 more places", "9,500 places could not be marked"),
            id="ten thousand places",
        ),
        pytest.param(
            [judgement("a", Outcome.FAIL, "x" * 70_000, at("f.py", 1, "y" * 70_000))],
            ("more characters)",),
            id="seventy thousand characters",
        ),
        pytest.param(
            [judgement(f"a-{n}", Outcome.UNKNOWN, "é" * 400, reason=Reason.LIMIT) for n in range(2000)],
            ("more",),
            id="two thousand unknowns",
        ),
        pytest.param(
            [
                judgement(f"a-{n}", Outcome.FAIL, "$" * 500, *[at("$" * 900, 1, "$" * 500)] * 60)
                for n in range(60)
            ],
            ("more",),
            id="text that grows when made inert",
        ),
    ],
)
@pytest.mark.parametrize("pull_request", [None, 7])
@pytest.mark.untraced
def test_kg3_pages_stay_within_limits_and_say_what_they_left_out(
    judgements: Sequence[Judgement], words: tuple[str, ...], pull_request: int | None
) -> None:
    """Data is left out before it is written: counted, with the way to all of it, controls kept."""
    changes = [change(j, ChangeKind.NEW, *j.verdict.evidence, before=Outcome.PASS) for j in judgements]
    made = report(judgements, changes, pull_request=pull_request, exempted=[("e", "é" * 900)] * 900)
    run = render_check_run(made, block=frozenset(), fail_closed=False, request="")
    body = render_health_issue(made, first_seen={}).body

    assert size(run.summary) <= CHECK_RUN_TEXT
    assert size(run.text) <= CHECK_RUN_TEXT
    assert size(body) <= ISSUE_BODY
    assert body.startswith("<!-- plumbline:health:1 repository=42 content=")
    assert body.endswith("\n- [ ] re-check")
    assert "Judged [`3f1c9b7a52`]" in run.summary
    assert "Conclusion: **neutral**" in run.text
    for word in words:
        assert word in run.summary + run.text
    assert len(run.annotations) <= 500


def test_says_where_everything_can_be_read() -> None:
    """What was cut is a click away when there is an address, and a command away when not."""
    many = [judgement(f"check-{n}", Outcome.FAIL, "x" * 300) for n in range(1000)]
    run = render_check_run(
        report(many), block=frozenset(), fail_closed=False, request="", details_url="https://bot.example/r/42"
    )
    body = render_health_issue(report(many), first_seen={}, details_url="https://bot.example/r/42").body

    assert "See [all of them](https://bot.example/r/42)." in run.text
    assert "See [all of them](https://bot.example/r/42)." in body
    assert run.details_url == "https://bot.example/r/42"


CANARY = "CANARY"


def with_canary(visibility: Visibility) -> Report:
    """The canary stands in every text of a restricted judgement."""
    secret = judgement(
        "deploy-keys",
        Outcome.FAIL,
        CANARY,
        Evidence(CANARY, Place(path=f"{CANARY}.yml", line=3), key=CANARY),
        severity=Severity.CRITICAL,
        audience=Audience.RESTRICTED,
        why=CANARY,
        fix=CANARY,
        title=CANARY,
    )
    unread = replace(secret, check="admins", verdict=replace(secret.verdict, outcome=Outcome.UNKNOWN))
    crashed = replace(secret, check="hooks", verdict=replace(secret.verdict, outcome=Outcome.ERROR))
    mended = replace(secret, check="keys", verdict=replace(secret.verdict, outcome=Outcome.PASS))
    all_of_them = [secret, unread, crashed, mended, judgement("licence")]
    changes = [
        change(secret, ChangeKind.NEW, *secret.verdict.evidence, before=Outcome.PASS),
        change(mended, ChangeKind.FIXED, before=Outcome.FAIL),
    ]
    silent = (Exempted("admins", CANARY, Audience.RESTRICTED),)
    made = report(all_of_them, changes, visibility=visibility)
    return replace(made, exempted=silent, expired=silent, wishes=(asked(CANARY, Audience.RESTRICTED),))


def everything(made: Report) -> str:
    """All texts that a report is turned into, for readers of the repository."""
    run = render_check_run(made, block=frozenset({"deploy-keys"}), fail_closed=True, request="")
    issue = render_health_issue(made, first_seen={})
    return "\n".join([repr(run), issue.title, issue.body, json.dumps(as_json(made, redact=True))])


def test_nothing_restricted_leaves_a_public_repository() -> None:
    """Neither text nor name nor count nor conclusion of a restricted verdict is public."""
    public = with_canary(Visibility.PUBLIC)
    without = replace(
        public, judgements=public.judgements[-1:], changes=(), exempted=(), expired=(), wishes=()
    )

    assert CANARY not in everything(public)
    assert everything(public) == everything(without)


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.INTERNAL])
def test_readers_of_a_closed_repository_see_all(visibility: Visibility) -> None:
    """Whoever can read it is not a logged-out reader."""
    assert CANARY in everything(with_canary(visibility))


def test_settings_never_appear_on_a_proposal() -> None:
    """A pull request can not change settings, so only file-fed checks are shown."""
    failing = judgement("default-protected", Outcome.FAIL, CANARY, file_fed=False)
    unread = judgement("deploy-keys", Outcome.UNKNOWN, CANARY, file_fed=False)
    changes = [change(failing, ChangeKind.NEW, before=Outcome.PASS), change(unread, ChangeKind.UNREADABLE)]
    made = report([failing, unread, judgement("licence")], changes, pull_request=7, base_commit=BASE)
    run = render_check_run(
        made, block=frozenset({"default-protected", "deploy-keys"}), fail_closed=True, request=""
    )

    assert CANARY not in repr(run)
    assert run.title == "Nothing new"
    assert run.conclusion is Conclusion.SUCCESS
