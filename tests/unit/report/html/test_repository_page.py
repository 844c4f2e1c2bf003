"""The page of a repository: what it tells first, what it never holds, and that nothing in it acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.model.errors import UserError
from bot.model.facts import Visibility
from bot.model.reports import ChangeKind, Exempted, Report
from bot.model.scores import Cause, Point, Score, ScoreChange, Scored
from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason, Severity
from bot.report.budget import size
from bot.report.html import repository_page
from bot.report.html.page import CONTENT_POLICY
from bot.report.html.repository import LIMIT
from bot.testing.reports import at, change, judgement, report
from tests.unit.report.html.parsing import parse
from tests.unit.report.test_exports import HOSTILE, MIXED

FAIL, PASS, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "-->",
    "<!--",
    "]]>",
    "</title></style></svg><b>",
    "`<b>`",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egpj.exe\u202c \u2066x\u2069 \ufeff",
    "&lt;b&gt; &#60; &amp",
    "javascript:alert(1)",
    "\x00\x1b[2J\r\n\t",
    "\ud800\udcff",
    "a" * 1_000_000,
    "$\\frac{1}{2}$",
)


def everything(text: str) -> Report:
    """A report in which a foreign text stands wherever one can."""
    places = (Place(path=text), Place(branch=text), Place(setting=text), Place(path=f"a/{text}", line=3))
    failing = judgement("a", FAIL, text, *(Evidence(text, place) for place in places), severity=Severity.HIGH)
    unread = judgement("b", UNKNOWN, text, Evidence(text), reason=Reason.PERMISSION, permission=text)
    crashed = judgement("c", Outcome.ERROR, text)
    fixed = judgement("d", PASS, text)
    changes = [
        replace(change(failing, ChangeKind.NEW, cause="commit"), commits=(text, "b" * 40)),
        change(fixed, ChangeKind.FIXED, before=FAIL, cause=text),
    ]
    made = report(
        [failing, unread, crashed, fixed],
        changes,
        visibility=Visibility.PRIVATE,
        exempted=[("e", text)],
        expired=[("f", text)],
    )
    found = replace(made.repository, full_name=f"acme/{text}", html_url=f"https://github.com/acme/{text}")
    scored = Scored(Score(8, 10, 10, 12), families=((text, Score(8, 10, 10, 12)),))
    return replace(made, repository=found, branch=text, commit=text, scored=scored)


@pytest.mark.parametrize("given", [MIXED, HOSTILE, report()], ids=["mixed", "hostile", "nothing judged"])
def test_every_page_is_one_file_that_asks_for_nothing(given: Report) -> None:
    """No script, no request, a policy that forbids both, every element ended."""
    page = repository_page(given, version="1.2.3")
    parsed = parse(page)

    assert parsed.wrong == []
    assert parsed.metas["Content-Security-Policy"] == CONTENT_POLICY
    assert CONTENT_POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "url(http" not in page
    assert "@import" not in page
    ours = ("#", "https://github.com/acme/widgets", "data:,", "https://docs.")
    assert [link for link in parsed.links if not link.startswith(ours)] == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.one_of(st.text(), st.sampled_from(NASTY), st.lists(st.sampled_from(NASTY[:13])).map("".join)))
@example("\n")
def test_no_foreign_text_becomes_markup(text: str) -> None:
    """The page has the same elements whatever the texts are, and links lead nowhere else."""
    plain, page = parse(repository_page(everything("x"))), repository_page(everything(text))
    parsed = parse(page)

    assert parsed.wrong == []
    if text.split():
        assert parsed.shape == plain.shape
    assert [u for u in parsed.links if not u.startswith(("#", "data:,", "https://github.com/acme/"))] == []
    assert size(page) < LIMIT


def test_says_first_what_to_do_first() -> None:
    """The worst finding, its fix and its points come before everything else."""
    low = judgement("readme", FAIL, "no readme", severity=Severity.LOW, fix="write one")
    high = judgement("licence", FAIL, "no licence", severity=Severity.HIGH, fix="add a ``LICENSE``")
    passing = judgement("templates", PASS, severity=Severity.LOW)
    text = parse(repository_page(report([low, high, passing]))).text
    said = text.partition("What to do next")[2].partition("Findings")[0]

    assert said.index("licence") < said.index("readme")
    assert "licence high +67 points add a LICENSE" in said
    assert "2 findings: high 1, low 1" in said


def test_a_light_finding_brings_all_that_its_check_weighs() -> None:
    """Mended, the check passes with its whole weight: 10 of 12, not 4 of 6."""
    light = replace(judgement("keys", FAIL, severity=Severity.LOW), full=Severity.HIGH)
    passing = judgement("templates", PASS, severity=Severity.LOW)
    half, whole = (
        parse(repository_page(report([finding, passing, judgement("x", FAIL, severity=Severity.LOW)]))).text
        for finding in (replace(light, full=None), light)
    )

    assert "keys low +33 points" in half
    assert "keys low +50 points" in whole


@pytest.mark.parametrize(
    ("severity", "said"),
    [
        pytest.param(Severity.CRITICAL, "D at best while a critical check fails.", id="critical"),
        pytest.param(Severity.HIGH, "B at best while a check of high severity fails.", id="high"),
        pytest.param(Severity.MEDIUM, "", id="medium"),
    ],
)
def test_says_why_a_grade_is_worse_than_its_number(severity: Severity, said: str) -> None:
    """Else ninety-two points and a D would look like a mistake."""
    many = [judgement(f"good-{n}", severity=Severity.CRITICAL) for n in range(12)]
    text = parse(repository_page(report([judgement("licence", FAIL, severity=severity), *many]))).text

    assert ("at best while" in text) is bool(said)
    assert said in text


def test_when_nothing_is_to_do() -> None:
    """It says so, and still lists what was looked at."""
    text = parse(repository_page(report([judgement("licence")]))).text

    assert "Nothing to mend: 1 check in order." in text
    assert "✓ pass licence medium" in text


def test_tells_score_change_and_trend() -> None:
    """In words as well as in pictures."""
    points = (Point(date(2026, 3, 1), 60), Point(date(2026, 3, 14), 72))
    parts = ((Cause.POLICY, -3), (Cause.COMMIT, 15))
    scored = Scored(Score(72, 100, 80, 100), (("ci", Score(1, 2)),), ScoreChange(60, 72, parts), points)
    page = repository_page(replace(report([judgement()]), scored=scored))
    text = parse(page).text

    assert "72 of 100 C" in text
    assert "Coverage 80 %" in text
    assert "Since the last report: −3 by the policy, +15 by commits." in text
    assert "up from 60 to 72 over 13 days" in text
    assert page.count('<svg class="chart" role="img" aria-label="Score') == 2


def test_unknown_is_told_by_reason_with_the_permission() -> None:
    """Whoever may grant it reads it at the top."""
    two = [
        judgement(name, UNKNOWN, "not to be read", reason=Reason.PERMISSION, permission="members: read")
        for name in ("admins", "owners")
    ]
    fault = judgement("alerts", UNKNOWN, "away", reason=Reason.FAULT)
    text = parse(repository_page(report([*two, fault]))).text

    assert "granting members: read would answer 2 checks" in text
    assert text.index("For want of a permission") < text.index("Because of a fault")


def test_a_clone_is_told_what_would_know_more() -> None:
    """No permission helps where there is no GitHub to grant it."""
    unread = judgement("admins", UNKNOWN, reason=Reason.PERMISSION, permission="members: read")
    made = report([unread])
    text = parse(repository_page(replace(made, repository=replace(made.repository, id=0)))).text

    assert "plumbline check OWNER/NAME asks GitHub for it" in text
    assert "granting" not in text


class TestForEverybody:
    """The canary: what is restricted is in no letter of a page that is published."""

    def made(self) -> Report:
        secret = judgement(
            "canary-check",
            FAIL,
            "CANARY",
            at("CANARY", 1, "CANARY"),
            audience=Audience.RESTRICTED,
            fix="CANARY",
            severity=Severity.CRITICAL,
        )
        made = report(
            [secret, judgement("licence", FAIL, "no licence")],
            [change(secret, ChangeKind.NEW, Evidence("CANARY"))],
            exempted=[("licence", "for a while")],
        )
        silent = Exempted("canary-exempted", "CANARY", Audience.RESTRICTED)
        return replace(made, exempted=(*made.exempted, silent), expired=(silent,))

    def test_restricted_verdicts_are_left_out(self) -> None:
        shown = repository_page(self.made(), public=True)

        assert "canary" not in shown.lower()
        assert "no licence" in shown
        assert "for a while" in shown
        assert "CANARY" in repository_page(self.made())

    def test_nothing_changes_with_them(self) -> None:
        """Not the score either: whoever compares two pages learns nothing."""
        without = report([judgement("licence", FAIL, "no licence")], exempted=[("licence", "for a while")])

        assert repository_page(self.made(), public=True) == repository_page(without, public=True)

    def test_a_private_repository_has_no_public_page(self) -> None:
        private = replace(self.made(), repository=report(visibility=Visibility.PRIVATE).repository)
        with pytest.raises(UserError, match="acme/widgets is private"):
            repository_page(private, public=True)


def test_says_what_there_was_no_room_for() -> None:
    """A page ends; what is left out is counted, and the best part stays."""
    places = [at(f"{'x' * 900}/{n}", 1, "y" * 3_000) for n in range(60)]
    many = [judgement(f"check-{n:04}", FAIL, "z" * 2_000, *places) for n in range(600)]
    page = repository_page(report(many))
    parsed = parse(page)

    assert size(page) < LIMIT
    assert parsed.wrong == []
    assert "more findings, for which there is no room here. plumbline check --format json has them all." in (
        parsed.text
    )
    assert "and 10 more places" in parsed.text


def test_findings_that_follow_from_another_stand_in_its_article() -> None:
    """With an anchor of their own, as other places of the page point at them."""
    judged = [
        judgement("protected", FAIL, "no rule protects main"),
        judgement("reviews", FAIL, "nobody reviews", at("CODEOWNERS", 3, "no owner"), follows="protected"),
    ]

    page = repository_page(report(judged, visibility=Visibility.PRIVATE))

    assert page.count("<article") == 1
    article = page[page.index("<article") : page.index("</article>")]
    assert article.index("no rule protects main") < article.index('<li id="finding-reviews">')
    assert "nobody reviews" in article
    assert "no owner" in article
