"""The page of an organisation: what it tells first, how it is sorted, and what it never holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.scores import Score
from bot.model.verdicts import Severity
from bot.ports import Sample, StoredOutcome, StoredVerdict
from bot.report.budget import size
from bot.report.html import Row, Told, organisation_page, row_of
from bot.report.html.organisation import LIMIT
from bot.report.roll_up import Member, sum_up
from tests.unit.report.html.parsing import parse
from tests.unit.report.html.test_repository_page import NASTY
from tests.unit.report.test_roll_up import CHECKS, LONG_AGO, NOW, member, outcome, sixty, unread

OWN = StoredVerdict(
    "two-factor", "fail", 3, "3 of 40 members have no second factor", (), 1, "", LONG_AGO, NOW, "fail"
)


def page(
    members: Sequence[tuple[Member, Sequence[StoredOutcome]]], told: Told | None = None, login: str = "acme"
) -> str:
    found = sum_up(members, CHECKS, NOW)
    rows = [row_of(m.repository, m.group, outcomes, CHECKS) for m, outcomes in members]
    return organisation_page(login, found, rows, CHECKS, NOW, told)


def test_the_page_of_sixty_repositories() -> None:
    """One file that asks for nothing; every part is there, and the numbers are those of the roll-up."""
    samples = [Sample(NOW.date() - timedelta(days=n), Score(50 + n, 100)) for n in (9, 5, 1)]
    made = page(sixty(), Told((OWN,), samples, points=24.0, notes=["Not all was read."]))
    parsed = parse(made)

    assert parsed.wrong == []
    assert {u for u in parsed.links if not u.startswith(("#", "data:,", "https://github.com/acme/"))} == {
        "https://docs.zizmor.sh/audits/"
    }
    for said in (
        "60 repositories judged",
        "Not all was read.",
        "Mend what is critical: 1 finding in 1 repository, the most in acme/r00031",
        "Look at the worst regression: alerts critical in acme/r00031",
        "Mend what helps most: pinned-actions fails in 30 repositories",
        "See more: granting administration: read answers",
        "3 of 40 members have no second factor",
        "Findings by team Team Repositories Score critical high medium low info payments 40",
        "Reading cost 24.0 points of GitHub's API today, 0.40 for each repository.",
        "up from 59",
    ):
        assert said in parsed.text, said
    assert made.count('<svg class="chart" role="img"') == 3


def test_the_worst_repositories_come_first() -> None:
    """Critical findings weigh more than a low score; what was not judged comes last."""
    names = {"a": [outcome(said="fail")], "b": [unread()], "c": [outcome("alerts", "fail", severity=4)]}
    names["d"] = [outcome("alerts", "fail", severity=3), outcome(said="pass")]
    parsed = parse(page([(member(n, name=f"acme/{k}"), said) for n, (k, said) in enumerate(names.items())]))
    table = parsed.text.partition("Repositories, the worst first")[2]

    assert re.findall(r"acme/([a-d])", table) == ["c", "d", "a", "b"]


def test_cells_have_a_number_beside_their_colour() -> None:
    """Whoever does not see colours reads it; the strongest colour is the lowest score."""
    low = [outcome("licence", "fail"), outcome("readme", "pass")]
    made = page([(member(1), low), (member(2, "internal"), [outcome()])])

    assert '<td class="heat-4">50</td>' in made
    assert '<td class="heat-0">100</td>' in made
    assert "The lower the score, the stronger the colour" in made


def test_an_organisation_without_repositories() -> None:
    """There is nothing to say, and that is said."""
    parsed = parse(page([]))

    assert parsed.wrong == []
    assert "No repository was judged yet." in parsed.text


@settings(deadline=None, max_examples=40)
@given(st.one_of(st.text(), st.sampled_from(NASTY)))
def test_no_foreign_text_becomes_markup(text: str) -> None:
    """Names of repositories, groups and teams, reasons, permissions."""

    def made(said: str) -> str:
        hostile = member(1, said, said, name=f"acme/{said}")
        ending = {"exempt_until": date(2026, 3, 20), "exempt_reason": said}
        outcomes = [
            outcome("licence", "fail", cause="commit", since=NOW),
            outcome("readme", "fail", **ending),
            unread(permission=said, reason="permission"),
        ]
        told = Told((replace(OWN, summary=said, permission=said),), notes=[said])
        return page([(hostile, outcomes)], told, login=said)

    plain, parsed = parse(made("x")), parse(made(text))

    assert parsed.wrong == []
    if text.split():
        assert parsed.shape == plain.shape
    assert [u for u in parsed.links if not u.startswith(("#", "data:,", "https://github.com/acme/"))] == []


def test_a_published_page_holds_nothing_of_members_only() -> None:
    """Teams, trend, cost and the organisation's settings are left out, whatever came in."""
    samples = [Sample(NOW.date() - timedelta(days=n), Score(50 + n, 100)) for n in (9, 5)]
    verdict = replace(OWN, summary="CANARY")
    members = [(member(1, "public", "canary-team"), [outcome()])]
    made = page(members, Told((verdict,), samples, points=24.0, public=True))

    assert "canary" not in made.lower()
    assert "points of GitHub" not in made
    assert "over time" not in made
    assert "public repositories and public verdicts" in made


def test_ten_thousand_repositories_fit() -> None:
    """And more than fit are counted."""
    rows = [
        Row(member(n, name=f"acme/{'r' * 90}{n:05}").repository, "private", Score(n % 100, 100))
        for n in range(12_000)
    ]
    found = sum_up([(member(), [outcome(severity=int(Severity.HIGH))])], CHECKS, NOW)
    made = organisation_page("acme", found, rows, CHECKS, NOW)

    assert 2_000_000 < size(made) < LIMIT
    assert "more repositories, for which there is no room here" in made
