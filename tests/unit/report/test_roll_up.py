"""The organisation's report: what is counted, what is told first, and that it fits for any number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.facts import Repository, Visibility
from bot.model.scores import Score
from bot.model.verdicts import Severity
from bot.ports import Sample, StoredOutcome, StoredVerdict
from bot.report.budget import ISSUE_BODY, size
from bot.report.roll_up import (
    ANEW_BOX,
    MOST_GROUPS,
    REST,
    About,
    Member,
    RollUp,
    is_roll_up,
    render_roll_up,
    sum_up,
    wants_anew,
)
from bot.testing.reports import JUDGED_AT

NOW, TODAY = JUDGED_AT, JUDGED_AT.date()
CHECKS = {
    "licence": About(
        "community", "The repository says under which licence it may be used.", "Add a ``LICENSE``."
    ),
    "readme": About("community"),
    "pinned-actions": About(
        "ci", "Actions are pinned.", "Write the commit's SHA, see https://docs.zizmor.sh/audits/."
    ),
    "default-protected": About("protection"),
    "alerts": About("security"),
}
LONG_AGO = NOW - timedelta(days=100)
ROOT = "https://github.com/acme/"


def member(number: int = 1, group: str = "private", *teams: str, name: str = "") -> Member:
    full_name = name or f"acme/r{number:05}"
    return Member(
        Repository(number, full_name, "main", html_url=f"https://github.com/{full_name}"), group, teams
    )


def outcome(check: str = "licence", said: str = "pass", **other: Any) -> StoredOutcome:
    plain = StoredOutcome(check, said, 2, LONG_AGO, NOW, said, "", "", "", None, None, "")
    return plain._replace(**other)


def unread(
    check: str = "default-protected", permission: str = "administration: read", **other: Any
) -> StoredOutcome:
    values = {"reason": "permission", "permission": permission, **other}
    return outcome(check, "unknown", **values)


def page(found: RollUp, **other: Any) -> str:
    return render_roll_up(7, found, CHECKS, NOW, **other).body


def sixty() -> list[tuple[Member, list[StoredOutcome]]]:
    """An organisation of sixty repositories in three groups."""
    made = []
    for number in range(60):
        group = ("products", "libraries", "experiments")[number % 3]
        teams = [("payments",), ("platform", "payments"), ()][number % 3]
        recent = {
            "since": NOW - timedelta(days=number % 9),
            "cause": "commit",
            "pull_request": number or None,
        }
        made.append(
            (
                member(number, group, *teams),
                [
                    outcome("licence", "fail" if number % 7 == 0 else "pass", severity=3),
                    outcome(
                        "pinned-actions",
                        "fail" if number % 2 else "pass",
                        **(recent if number % 5 == 0 else {}),
                    ),
                    outcome("readme", "not-applicable" if number % 4 == 0 else "pass", severity=1),
                    unread() if number % 3 else outcome("default-protected", severity=3),
                    outcome("alerts", "fail", severity=4, cause="outside", since=NOW - timedelta(days=3))
                    if number == 31
                    else unread("alerts", "vulnerability_alerts: read", severity=4)
                    if number % 6 == 0
                    else outcome("alerts", last_outcome="error" if number == 5 else "pass"),
                    *([outcome("readme-2", "fail")] if number == 2 else []),
                    *(
                        [
                            outcome(
                                "readme",
                                "fail",
                                exempt_until=date(2026, 3, 20 + number % 5),
                                exempt_reason="later | @org",
                            )
                        ]
                        if number % 20 == 0
                        else []
                    ),
                ],
            )
        )
    return made


def test_a_check_of_policy_is_told_with_its_fix_where_all_mean_the_same() -> None:
    """Two definitions of one name have two fixes, so neither is told."""
    mine, other = (About("custom", "", fix, Severity.HIGH) for fix in ("Do it.", "Do not."))
    failing = [outcome("acme-x", "fail", severity=3)]

    def told(*abouts: About) -> str:
        return page(
            sum_up(
                [(replace(member(n), custom={"acme-x": a}), failing) for n, a in enumerate(abouts)], {}, NOW
            )
        )

    assert "`acme-x` fails in 2 repositories" in told(mine, other)
    assert "**Fix:** Do it." in told(mine, mine)
    assert "**Fix:**" not in told(mine, other)
    assert "acme-x" not in page(sum_up([(member(), failing)], {}, NOW)), "nothing defines it there"


def test_the_page_as_it_is_written(golden: Callable[[str, str], None]) -> None:
    """The whole report, to be read in review."""
    found = sum_up(sixty(), CHECKS, NOW, order=["products", "libraries", "experiments"])
    verdict = StoredVerdict(
        "two-factor", "fail", 3, "3 of 40 members have no second factor", (), 1, "", LONG_AGO, NOW, "fail"
    )
    own = [
        verdict,
        replace(
            verdict,
            check="base-role",
            outcome="pass",
            last_outcome="unknown",
            severity=2,
            summary="the base role is read",
            permission="members: read",
        ),
        replace(verdict, check="owners", outcome="pass", last_outcome="pass"),
    ]
    samples = [Sample(TODAY - timedelta(days=n), Score(60 - n, 100, 1, 1)) for n in range(20, 0, -1)]
    body = page(found, own_verdicts=own, samples=samples, points=17.25)

    golden("organisation.roll-up.md", body + "\n")


def test_counts_what_is_known() -> None:
    """Verdicts of checks that exist no more are passed over; exempt ones count neither way."""
    found = sum_up(
        [
            (member(1, "a"), [outcome(), outcome("pinned-actions", "fail"), outcome("gone", "fail")]),
            (member(2, "b"), [outcome("licence", "fail", severity=3), unread(severity=4)]),
            (member(3, "b"), [outcome("readme", "fail", exempt_until=TODAY, exempt_reason="x")]),
        ],
        CHECKS,
        NOW,
    )

    assert (3, 4, 16, 32) == (found.repositories, found.score.passed, found.score.judged, found.score.asked)
    assert {Severity.MEDIUM: 1, Severity.HIGH: 1} == found.findings
    assert [("a", 1), ("b", 2)] == [group[:2] for group in found.groups]
    assert (25, 1) == (found.score.value, found.exempted)
    assert {"permission": (1, 1)} == found.unread
    assert [("administration: read", 16, 1, 1)] == [
        (m.permission, m.weight, m.checks, m.repositories) for m in found.missing
    ]


def test_the_fix_that_helps_most_is_the_one_with_the_most_weight() -> None:
    """Many light fails may weigh more than a heavy one."""
    many = [(member(n), [outcome("readme", "fail", severity=1), outcome()]) for n in range(5)]
    heavy = (member(9), [outcome("licence", "fail", severity=3)])
    found = sum_up([*many, heavy], CHECKS, NOW)

    assert [("readme", 10, 5), ("licence", 8, 1)] == [
        (f.check, f.passed, f.repositories) for f in found.fixes
    ]
    assert (
        "`readme` fails in 5 repositories; mended in all of them it would raise the score from 52 to 78."
        in page(found)
    )


def test_a_light_finding_brings_all_that_its_check_weighs() -> None:
    """Unless the organisation says that the check itself matters less there."""
    checks = {"licence": About("community", severity=Severity.HIGH), "readme": About("community")}
    lighter = replace(member(2), severities={"licence": Severity.LOW})
    outcomes = [outcome("licence", "fail", severity=1), outcome("readme", severity=2)]
    found = sum_up([(member(1), outcomes), (lighter, outcomes)], checks, NOW)
    (fix,) = found.fixes

    assert (8 + 2, 6) == (fix.passed, fix.judged)
    assert (66, 100) == (found.score.value, fix.after(found.score).value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"cause": "commit", "since": NOW}, True, id="by a commit"),
        pytest.param({"cause": "outside", "since": NOW - timedelta(days=7)}, True, id="seven days ago"),
        pytest.param(
            {"cause": "commit", "since": NOW - timedelta(days=7, seconds=1)}, False, id="before that"
        ),
        pytest.param({"cause": "", "since": NOW}, False, id="the baseline"),
        pytest.param({"cause": "rule", "since": NOW}, False, id="our own rule"),
        pytest.param({"cause": "permission", "since": NOW}, False, id="newly visible"),
        pytest.param({"cause": "policy", "since": NOW}, False, id="policy"),
    ],
)
def test_only_what_the_repository_did_is_a_regression(change: Any, *, told: bool) -> None:
    """And only lately."""
    found = sum_up([(member(), [outcome("licence", "fail", **change)])], CHECKS, NOW)

    assert told is bool(found.regressions)
    assert told is ("Worst regressions" in page(found))


def test_an_organisation_without_anything() -> None:
    """Nothing was judged yet: no table is empty."""
    body = page(sum_up([], CHECKS, NOW))

    assert "**Health: not judged**." in body
    assert "0 repositories judged; 0 findings." in body
    assert "|" not in body
    assert "###" not in body


def test_all_is_well() -> None:
    """No finding, nothing unread: the map alone."""
    body = page(sum_up([(member(), [outcome()])], CHECKS, NOW))

    assert [line for line in body.split("\n") if line.startswith("#")] == ["### Scores by group and category"]
    assert "1 repository judged; 0 findings." in body


def test_time_trend_and_cost_are_no_reason_to_write() -> None:
    """Tomorrow's page about the same verdicts is the same."""
    found = sum_up(sixty(), CHECKS, NOW)
    today = render_roll_up(7, found, CHECKS, NOW)
    samples = [Sample(TODAY, Score(1, 2, 2, 2))]
    later = render_roll_up(7, found, CHECKS, NOW + timedelta(days=1), samples=samples, points=9)
    again = sum_up(
        [(m, [o._replace(judged_at=NOW + timedelta(days=1)) for o in os]) for m, os in sixty()], CHECKS, NOW
    )
    other = sum_up(sixty()[1:], CHECKS, NOW)

    assert today.digest == later.digest == render_roll_up(7, again, CHECKS, NOW).digest
    assert today.digest != render_roll_up(7, other, CHECKS, NOW).digest


def test_more_groups_than_rows_are_put_together() -> None:
    """The last row holds the others, with their numbers."""
    found = sum_up([(member(n, f"group-{n:02}"), [outcome()]) for n in range(MOST_GROUPS + 3)], CHECKS, NOW)

    assert f"| `{REST}` | 3 | █ 100 | █ 100 |" in page(found)


@pytest.mark.parametrize("repositories", [2_000])
def test_thousands_of_repositories_fit(repositories: int) -> None:
    """Long names, everything failing, everything ending: lists are cut, the page is whole."""
    names = [f"{'o' * 39}/{'r' * 94}{n:06}" for n in range(repositories)]
    found = sum_up(
        (
            (
                member(n, f"group {n % 300} {'g' * 60}", f"team-{n % 400}-{'t' * 60}", name=name),
                [
                    outcome(f"check-{n % 150}-{'c' * 60}", "fail", severity=4, cause="commit", since=NOW),
                    outcome("licence", "fail", exempt_until=TODAY, exempt_reason="r" * 500),
                    unread("readme", f"permission-{n % 90}: read"),
                ],
            )
            for n, name in enumerate(names)
        ),
        {**CHECKS, **{f"check-{n}-{'c' * 60}": About(f"family-{n}-{'f' * 60}") for n in range(150)}},
        NOW,
    )
    long = StoredVerdict("x" * 90, "fail", 4, "s" * 900, (), 1, "", NOW, NOW, "fail")
    rendered = render_roll_up(
        7, found, CHECKS, NOW, own_verdicts=[replace(long, check=f"c{n}") for n in range(200)]
    )

    assert size(rendered.body) <= ISSUE_BODY
    assert rendered.body.endswith(ANEW_BOX)
    assert "more" in rendered.body


def test_the_marker_and_the_box() -> None:
    """Ticked, it asks for a new page; in anybody's text it is nothing."""
    body = page(sum_up([], CHECKS, NOW))

    assert is_roll_up(body)
    assert not wants_anew(body)
    assert wants_anew(body.replace(ANEW_BOX, ANEW_BOX.replace("[ ]", "[x]")).replace("\n", "\r\n"))
    assert not wants_anew(ANEW_BOX.replace("[ ]", "[x]"))
    assert not is_roll_up("x" + body)


foreign = st.one_of(
    st.sampled_from(
        [
            "@org/team",
            "a|b",
            "`|`",
            "\n- [x] write this page anew",
            "fixes #1",
            "<img src=x>",
            "\u202e",
            "![x](//e)",
        ]
    ),
    st.text(max_size=20),
)


@settings(max_examples=100, deadline=None)
@given(name=foreign, group=foreign, team=foreign, reason=foreign, permission=foreign, summary=foreign)
def test_foreign_text_is_inert_and_breaks_no_table(
    name: str,
    group: str,
    team: str,
    reason: str,
    permission: str,
    summary: str,
    assert_inert: Callable[..., Any],
) -> None:
    """Names, reasons and summaries come from outside."""
    repository = Repository(1, name, "main", visibility=Visibility.PRIVATE, html_url=ROOT + "x")
    found = sum_up(
        [
            (
                Member(repository, group, (team,)),
                [
                    outcome("licence", "fail", cause="commit", since=NOW),
                    unread(permission=permission),
                    outcome("readme", "fail", exempt_until=TODAY, exempt_reason=reason),
                ],
            )
        ],
        CHECKS,
        NOW,
    )
    verdict = StoredVerdict("own", "fail", 3, summary, (), 1, "", NOW, NOW, "fail", permission=permission)
    body = page(found, own_verdicts=[verdict])

    assert_inert(body, prefix=ROOT)
    assert not wants_anew(body)
    tables: dict[int, set[int]] = {}
    number = 0
    for line in body.split("\n"):
        number += not line.startswith("|")
        if line.startswith("|"):
            tables.setdefault(number, set()).add(line.replace("\\|", "").count("|"))
    assert all(len(columns) == 1 for columns in tables.values())
