"""The organisation's JSON document keeps to its published schema, whatever is known of the organisation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import jsonschema_rs
import pytest

from bot.model.scores import Cause
from bot.ports import StoredOutcome
from bot.report.html import row_of
from bot.report.organisation_document import SCHEMA, as_json
from bot.report.roll_up import Member, sum_up
from tests.unit.report.test_roll_up import CHECKS, NOW, member, outcome, sixty, unread

VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
BROKEN = "\ud800 \x1b[31m \u202e"


def document(
    members: Sequence[tuple[Member, Sequence[StoredOutcome]]], login: str = "acme"
) -> dict[str, object]:
    found = sum_up(members, CHECKS, NOW)
    rows = [row_of(m.repository, m.group, outcomes, CHECKS) for m, outcomes in members]
    return as_json(login, found, rows, NOW, points=1.239, notes=[BROKEN])


def broken() -> list[tuple[Member, Sequence[StoredOutcome]]]:
    """Names that can not be encoded, a regression by a pull request, something unread."""
    one = member(1, BROKEN)
    named = replace(
        one, repository=replace(one.repository, full_name=BROKEN, html_url=BROKEN), teams=(BROKEN,)
    )
    worse = outcome("licence", "fail", since=NOW, cause=Cause.COMMIT, pull_request=3)
    return [(named, [worse, unread("alerts", BROKEN)])]


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([], id="empty"),
        pytest.param(sixty(), id="sixty"),
        pytest.param(broken(), id="broken names"),
    ],
)
def test_keeps_to_its_schema(members: Sequence[tuple[Member, Sequence[StoredOutcome]]]) -> None:
    """It can be encoded strictly, and is what the schema says."""
    made = document(members, BROKEN)
    json.dumps(made, ensure_ascii=False).encode("utf-8")

    VALIDATOR.validate(made)


def test_the_schema_is_a_schema_and_closed() -> None:
    """A key that it does not name is refused at every level, so nothing is added that it does not tell."""
    jsonschema_rs.meta.validate(SCHEMA)
    made = document(sixty())
    lists = [made[key] for key in ("groups", "regressions", "fixes", "teams", "repositories")]
    inner = [entry for listed in lists if isinstance(listed, list) for entry in listed[:1]]

    assert len(inner) == 5, "each list has something to look at"
    for each in [made, made["score"], made["findings"], *inner]:
        assert isinstance(each, dict)
        each["more"] = 1
        assert not VALIDATOR.is_valid(made)
        del each["more"]
    VALIDATOR.validate(made)
