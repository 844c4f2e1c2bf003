"""The check run that foretells what a policy would bring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.facts import Repository
from bot.model.reports import CheckRun, Conclusion
from bot.model.verdicts import Severity
from bot.report.budget import CHECK_RUN_TEXT, size
from bot.report.what_if import (
    MOST_LISTED,
    ExemptRule,
    Finding,
    Held,
    Tally,
    WhatIf,
    render_no_what_if,
    render_what_if,
)
from bot.testing.reports import COMMIT, JUDGED_AT


def repository(number: int, name: str = "") -> Repository:
    full_name = name or f"acme/r{number:05}"
    return Repository(number, full_name, "main", html_url=f"https://github.com/{full_name}")


def rendered(found: WhatIf, *oids: str) -> CheckRun:
    return render_what_if(found, COMMIT, policies=oids or ("a", "b"), at=JUDGED_AT)


def some() -> WhatIf:
    one, two = repository(1), repository(2)
    return WhatIf(
        repositories=9,
        concerned=2,
        groups={
            "services": Tally(repositories=4, red=1, appear=1, vanish=1),
            "others": Tally(repositories=5),
        },
        checks={"licence": Tally(appear=1, vanish=1, uncollected=2), "readme": Tally()},
        red=[one],
        green=[two],
        appear=[Finding(one, "licence", Severity.HIGH, "there is no `LICENSE`")],
        vanish=[Finding(two, "licence", Severity.LOW)],
        enrolled=[two],
        left=[one],
        locked={"checks.licence": 2},
        unlocked={"publish": 1},
        louder={("advise", "issues: all"): 4},
        blocking={"licence": 3},
        exempting=[ExemptRule((Severity.HIGH, Severity.CRITICAL), "the role maintain or more", "nobody")],
        held=[Held(two, "readme", date(2026, 5, 1)), Held(one, "licence", date(2026, 4, 1))],
        freed=1,
        never=[two],
        unsure={"properties.tier": 2},
    )


def test_says_who_turns_red_and_green_and_what_comes_and_goes() -> None:
    """In the title, in tables by check and group, and one by one."""
    run = rendered(some())

    assert run.title == (
        "1 repository turns red, 1 repository turns green, 1 finding appears, 1 finding vanishes"
    )
    assert run.conclusion is Conclusion.NEUTRAL
    for said in (
        "Something differs for 2 of 9 repositories: **1 turn red, 1 turn green**",
        "| `services` | 4 | 1 | 0 | 1 | 1 | 0 | 0 | 0 | 0 |",
        "| `licence` | 1 | 1 | 0 | 0 | 0 | 2 |",
        "- publish: 4 repositories from `advise` to `issues: all`",
        "- `licence` would block changes in 3 repositories where it does not now",
        "- 2 repositories gain the lock of `checks.licence`",
        "- 1 repository loses the lock of `publish`",
        "- who may exempt checks of severity `high` and `critical` by command: nobody, before the role",
        "- 2 exemptions of the old rule stay in force to the last day: a stricter rule turns nobody red\n",
        "- 1 exemption that waits for a second person would need none: whoever asks again has it at once\n",
        "**Not foreseen:** 2 verdicts would be collected with the next look",
        "whether `properties.tier` holds, for 2 repositories",
    ):
        assert said in run.summary
    assert "`readme`" not in run.summary
    assert "`others`" not in run.summary
    for said in (
        "### Turn red: 1\n\n- [`acme/r00001`](https://github.com/acme/r00001)",
        "`licence` (high): there is no `LICENSE`",
        "### Findings that vanish: 1",
        "### Looked after from then on: 1",
        "### Left alone from then on: 1",
        "### Never judged so far: 1",
        "### Exempt by the old rule: 2\n\n- [`acme/r00001`](https://github.com/acme/r00001): `licence` until "
        "2026-04-01\n- [`acme/r00002`]",
    ):
        assert said in run.text


def test_nothing_is_a_success() -> None:
    """The only one; it never fails."""
    run = rendered(WhatIf(repositories=3, groups={"a": Tally(repositories=3)}))

    assert (run.conclusion, run.title, run.text) == (Conclusion.SUCCESS, "Nothing changes", "")
    assert "Of 3 repositories none is judged otherwise" in run.summary


@pytest.mark.parametrize(
    ("found", "title"),
    [
        ({"enrolled": [repository(1)]}, "1 enrolment differ"),
        ({"checks": {"licence": Tally(uncollected=3)}}, "3 verdicts not foreseen"),
        ({"louder": {("observe", "advise"): 1}}, "how loud it gets differs"),
        ({"locked": {"publish": 1}}, "locks differ"),
        ({"exempting": [ExemptRule((Severity.LOW,), "a", "b")]}, "who may exempt differs"),
        ({"blocking": {"licence": 1}}, "weights or blocking differ"),
    ],
)
def test_what_changes_no_finding_is_named(found: dict[str, Any], title: str) -> None:
    """In a few words."""
    assert rendered(WhatIf(**found)).title == f"No finding comes or goes; {title}"


def test_a_rule_alone_concerns_no_verdict() -> None:
    """That is said, and the rule is."""
    run = rendered(WhatIf(repositories=3, exempting=[ExemptRule((Severity.LOW,), "nobody", "somebody")]))

    assert run.conclusion is Conclusion.NEUTRAL
    assert "Of 3 repositories none is judged otherwise under the proposed policy." in run.summary
    assert "severity `low` by command: somebody, before nobody" in run.summary


def test_is_found_again_by_what_it_says() -> None:
    """Not by when; another policy or another result is another run."""
    later = render_what_if(some(), COMMIT, policies=("a", "b"), at=JUDGED_AT.replace(year=2027))
    other = some()
    other.louder = {}

    assert rendered(some()).external_id == later.external_id
    assert len({r.external_id for r in (rendered(some()), rendered(some(), "a", "c"), rendered(other))}) == 3
    assert len(later.external_id) <= 52


def test_says_in_one_sentence_why_there_is_nothing() -> None:
    """As in a repository that others can read."""
    run = render_no_what_if(COMMIT, "It is public.", JUDGED_AT)

    assert (run.conclusion, run.summary, run.text) == (Conclusion.NEUTRAL, "It is public.", "")


@settings(max_examples=25)
@given(st.integers(0, 12_000), st.integers(0, 300), st.text(max_size=300))
def test_fits_for_any_number(repositories: int, checks: int, name: str) -> None:
    """Data is left out and counted; nothing is cut."""
    listed = [repository(n, f"acme/{name}{n}") for n in range(repositories)]
    found = WhatIf(
        repositories,
        repositories,
        groups={f"{name}{n}": Tally(1, 1, 1, 1) for n in range(checks)},
        checks={f"check-{n}-{name}": Tally(appear=1, uncollected=1) for n in range(checks)},
        red=listed,
        green=listed,
        appear=[Finding(r, "licence", Severity.HIGH, name * 9) for r in listed],
        vanish=[Finding(r, name, Severity.LOW) for r in listed],
        enrolled=listed,
        left=listed,
        never=listed,
        locked={f"{name}{n}": 1 for n in range(checks)},
    )

    run = rendered(found)

    assert size(run.summary) <= CHECK_RUN_TEXT
    assert size(run.text) <= CHECK_RUN_TEXT
    if repositories > MOST_LISTED:
        assert "more" in run.text


def test_names_do_nothing(read: Callable[[str], Any]) -> None:
    """Of repositories, groups, conditions and checks."""
    hostile = "![x](https://evil.example/x) @acme <img src=x> | `#7` \u202e"
    found = some()
    found.red = [repository(1, f"acme/{hostile}")]
    found.groups = {hostile: Tally(repositories=1, red=1)}
    found.unsure = {f"properties.{hostile}": 1}
    found.appear = [Finding(repository(1, hostile), hostile, Severity.HIGH, hostile)]

    run = rendered(found)
    seen = read(f"{run.summary}\n\n{run.text}")

    assert seen.active == []
    assert seen.images == []
    assert seen.html == []
