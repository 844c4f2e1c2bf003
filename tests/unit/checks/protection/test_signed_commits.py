"""Check 25 in all its outcomes."""

from datetime import UTC, datetime

import pytest

from bot.checks.protection.signed_commits import Config, signed_commits
from bot.model.commits import RecentCommit, RecentCommits
from bot.model.facts import Repository
from bot.model.protection import ClassicRule, Protection, Requirements
from bot.model.verdicts import Outcome

REPOSITORY = Repository(1, "acme/tool", "main")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
REQUIRED = Protection("main", classic=(ClassicRule("main", 1, Requirements(signatures=True)),))


def commits(*signed):
    return RecentCommits(tuple(RecentCommit(f"{n:040x}", NOW, s, None) for n, s in enumerate(signed)))


@pytest.mark.parametrize(
    ("protection", "recent", "options", "expected"),
    [
        pytest.param(Protection("main"), commits(True, True), {}, Outcome.PASS, id="all signed"),
        pytest.param(Protection("main"), commits(True, False), {}, Outcome.FAIL, id="one is not"),
        pytest.param(
            Protection("main"),
            commits(True, False),
            {"max_unsigned": 1},
            Outcome.PASS,
            id="exactly the limit",
        ),
        pytest.param(
            Protection("main"), commits(False, False), {"max_unsigned": 1}, Outcome.FAIL, id="one past it"
        ),
        pytest.param(REQUIRED, commits(False, False), {}, Outcome.PASS, id="required from now on"),
        pytest.param(Protection("main"), commits(), {}, Outcome.NOT_APPLICABLE, id="no commit"),
    ],
)
def test_judges_signatures(protection, recent, options, expected):
    """Required, or there."""
    assert signed_commits(protection, recent, REPOSITORY, Config(**options)).outcome is expected


def test_evidence_names_commits_not_people():
    """At most ten."""
    verdict = signed_commits(Protection("main"), commits(*[False] * 12), REPOSITORY, Config())

    assert verdict.summary == "12 of 12 newest commits have no valid signature"
    assert len(verdict.evidence) == 10
    assert verdict.evidence[0].text == "000000000000 of 2026-06-01 is not signed"


def test_another_unsigned_commit_is_no_new_finding():
    """Who does not sign is told once, not with every push."""
    one = signed_commits(Protection("main"), commits(True, False), REPOSITORY, Config())
    more = signed_commits(Protection("main"), commits(False, True, False), REPOSITORY, Config())

    assert {e.fingerprint for e in more.evidence} == {e.fingerprint for e in one.evidence}
