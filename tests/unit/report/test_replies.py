"""Answers to commands: read as files under tests/golden, inert, within GitHub's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.config.cascade import DEFAULT_ORIGIN, LayerKind, Origin, Refused
from bot.config.explain import Explained
from bot.model.verdicts import Outcome, Severity
from bot.ports import StoredEffect, StoredVerdict
from bot.registry import load
from bot.report.budget import ISSUE_BODY, size
from bot.report.replies import (
    Answered,
    changed_since,
    check_explained,
    command_help,
    command_list,
    could_not_judge,
    exempted_reply,
    exemption_waits,
    health_table,
    judged_again,
    judging_again,
    key_explained,
    marker_of,
    not_published,
    ratcheted_reply,
    render_offer,
    render_reply,
    superseded,
)
from bot.testing.reports import judgement, report

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
COMMIT = "c0ffee" * 6 + "c0ff"
PAGE = "https://github.com/acme/app"
REGISTRY = load(plugins=False)
LICENCE, SECURITY, BEHIND = (REGISTRY.checks[name] for name in ("licence", "security-policy", "behind"))
HOSTILE = "@acme/all fixes #1 `|` <img src=x> \u202e https://evil.example /approve"

Golden = Callable[[str, str], None]


def verdict(check: str, outcome: Outcome, summary: str, **changes: Any) -> StoredVerdict:
    """A stored verdict that stands for two weeks."""
    values: dict[str, Any] = {
        "check": check,
        "outcome": outcome.value,
        "severity": int(Severity.HIGH),
        "summary": summary,
        "fingerprints": (),
        "rule_version": 1,
        "commit": COMMIT,
        "since": NOW - timedelta(days=14),
        "judged_at": NOW,
        "last_outcome": outcome.value,
    }
    return StoredVerdict(**values | changes)


ROWS = [
    (LICENCE, verdict("licence", Outcome.PASS, "LICENSE is Apache-2.0")),
    (SECURITY, verdict("security-policy", Outcome.FAIL, "SECURITY.md says not how to report", severity=2)),
    (BEHIND, verdict("behind", Outcome.FAIL, "1 of 4 branches lags", last_outcome="unknown")),
]


RUN = StoredEffect(99, "", {"title": "1 finding, none new, 1 not judged", "conclusion": "neutral"})
JUDGED = [
    judgement("licence", Outcome.PASS),
    judgement("behind", Outcome.FAIL),
    judgement("readme", Outcome.UNKNOWN),
]


def replies() -> dict[str, str]:
    """Every kind of answer, by the name of its file."""
    own = Origin(LayerKind.REPOSITORY, "", ".github/plumbline.yml", 4, 5, COMMIT)
    group = Origin(LayerKind.GROUP, "services", "acme/.github-private:plumbline.org.yml", 7, 3, COMMIT)
    refused = Refused("checks.behind.max_behind", 50, own, group, f"`x` is locked by {group.words}")
    explained = Explained(
        "checks.behind.max_behind", "50", "20", "Commits a branch may lack before it is told.", (own,)
    )
    above = replace(explained, origins=(group,), lock=group, refused=(refused,))
    default = Explained("publish", '"advise"', '"advise"', "How loud.", (DEFAULT_ORIGIN,))
    operator = replace(default, value='"observe"', origins=(Origin(LayerKind.OPERATOR, "PLUMBLINE_PUBLISH"),))
    several = replace(
        explained, origins=(own, Origin(LayerKind.COMMAND), *(replace(own, line=n) for n in range(5, 14)))
    )
    answers = {
        "help": command_list(REGISTRY.commands.values()),
        "help-of-one": command_help(REGISTRY.commands["exempt"]),
        "health": health_table(ROWS, exempt={"security-policy": date(2026, 6, 30)}),
        "health-of-some": health_table(ROWS[:1], silent=["code-scanning"]),
        "health-unjudged": health_table([]),
        "explain": check_explained(LICENCE, ROWS[0][1], shown=True),
        "explain-unjudged": check_explained(LICENCE, None, shown=True),
        "explain-hidden": check_explained(LICENCE, None, shown=False),
        "exempt": exempted_reply("licence", date(2026, 6, 30)),
        "exempt-waits": exemption_waits(
            "licence", date(2026, 6, 30), "those who have the role admin or more", "0a1b2c3d4e"
        ),
        "config": key_explained(explained, html_url=PAGE, errors=0),
        "config-default": key_explained(default, html_url=PAGE, errors=0),
        "config-operator": key_explained(operator, html_url=PAGE, errors=0),
        "config-broken": key_explained(explained, html_url=PAGE, errors=2),
        "config-held": key_explained(above, html_url=PAGE, errors=0, owner_newest=False),
        "config-locked": key_explained(above, html_url=PAGE, errors=0),
        "config-locked-and-hidden": key_explained(above, html_url=PAGE, errors=0, owner_shown=False),
        "config-of-many-places": key_explained(several, html_url=PAGE, errors=0),
        "ratchet": ratcheted_reply(["licence", "behind"], []),
        "ratchet-all": ratcheted_reply(None, ["licence"]),
        "ratchet-of-what-is-not-shown": ratcheted_reply([], []),
        "changed": changed_since(NOW),
        "recheck": judging_again("`c0ffeec0ff` is"),
        "recheck-done": judged_again(report(JUDGED), RUN),
        "recheck-done-on-a-proposal": judged_again(report(JUDGED, pull_request=7), RUN),
        "recheck-overtaken": superseded(),
        "recheck-in-vain": not_published("this pull request is not open any more"),
        "recheck-failed": could_not_judge("GitHub answered 502 to GET /repos/acme/app."),
    }
    return {name: render_reply(4711, [Answered("", text)]) for name, text in answers.items()} | {
        "several": render_reply(
            4711,
            [
                Answered("/plumbline exempt licence", exempted_reply("licence", date(2026, 6, 30))),
                Answered("/plumbline rechek", "There is no command `rechek`; did you mean `recheck`?"),
            ],
            ["Only the first 2 commands of a comment are done; 3 more were left alone."],
        ),
        "offer": render_offer(COMMIT, ["licence", "pinned-actions"], date(2026, 4, 13)),
        "offer-unknown": render_offer(COMMIT, [], date(2026, 4, 13)),
    }


def test_replies_are_as_they_were_read(golden: Golden) -> None:
    """One file holds them all, so that they are read beside each other."""
    golden("replies.md", "\n\n".join(f"# {name}\n\n{text}" for name, text in replies().items()) + "\n")


@pytest.mark.parametrize("name", replies())
def test_no_reply_commands_anybody(name: str) -> None:
    """No line starts as a command of ours or of another bot; the offer's stand in a fence."""
    text = replies()[name]
    outside = text.split("```")[::2] if name.startswith("offer") else [text]

    assert [line for part in outside for line in part.split("\n") if line.startswith(("/", "@"))] == []


def test_foreign_text_is_inert(assert_inert: Callable[..., Any]) -> None:
    """Summaries, lines of comments and values of the policy come from outside."""
    rows = [(LICENCE, verdict("licence", Outcome.FAIL, HOSTILE))]
    plain = report(JUDGED)
    hostile = replace(plain, repository=replace(plain.repository, html_url="javascript:alert(1)"))
    origin = Origin(LayerKind.GROUP, HOSTILE, f"{HOSTILE}:plumbline.org.yml", 3, 1, COMMIT)
    refused = Refused("exemptions", (), origin, origin, HOSTILE)
    value = Explained(
        "exemptions",
        f'[{{"reason": "{HOSTILE}"}}]',
        "[]",
        "Checks that are silent.",
        (origin,),
        origin,
        (refused,),
    )
    texts = [
        health_table(rows, silent=[HOSTILE]),
        key_explained(value, html_url="javascript:alert(1)", errors=0),
        judged_again(hostile, StoredEffect(1, "", {"title": HOSTILE, "conclusion": HOSTILE})),
        could_not_judge(HOSTILE),
    ]
    for text in texts:
        assert_inert(text)
    assert_inert(
        render_reply(1, [Answered(f"/plumbline {HOSTILE}", "a"), Answered("/plumbline b", "b")]).partition(
            "\n"
        )[2]
    )
    last = check_explained(LICENCE, rows[0][1], shown=True).split("\n\n")[-1]
    assert_inert(last)


def test_a_hostile_summary_stays_in_its_cell(read: Callable[[str], Any]) -> None:
    """A pipe would begin another cell, a line end another row."""
    rows = [(LICENCE, verdict("licence", Outcome.FAIL, "a | `b | c` |\n| d"))]

    assert read(health_table(rows)).blocks.count("td_open") == 5


def test_a_reply_stays_within_the_limit_and_counts_what_it_left_out() -> None:
    """Five answers of a megabyte each."""
    body = render_reply(1, [Answered("/plumbline x", "line of text\n" * 90_000)] * 5)

    assert size(body) <= ISSUE_BODY
    assert body.count("more lines") == 5


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(render_reply(7, []), ("reply", "7"), id="a reply"),
        pytest.param(render_offer(COMMIT, [], date(2026, 1, 1)), ("offer", COMMIT), id="an offer"),
        pytest.param("text\n" + render_reply(7, []), None, id="a quoted reply"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_our_comments_are_found_again_by_their_first_line(
    body: str, expected: tuple[str, str] | None
) -> None:
    """Only at the very start: anybody can quote the rest."""
    assert marker_of(body) == expected
