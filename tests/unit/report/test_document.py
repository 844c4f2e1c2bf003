"""The JSON document keeps to its schema, whatever a report holds."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import pytest

from bot.model.reports import ChangeKind
from bot.model.scores import Cause, Point, Score, ScoreChange, Scored
from bot.model.verdicts import Evidence, Outcome, Place, Reason, Severity
from bot.report.document import SCHEMA, as_json
from bot.testing.reports import BASE, COMMIT, JUDGED_AT, at, change, judgement, report

VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
FAILING = judgement(
    "licence", Outcome.FAIL, "no licence", at("LICENSE", 3), Evidence("x", Place(branch="b\udc80"))
)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(report(), id="empty"),
        pytest.param(report([FAILING], [change(FAILING, ChangeKind.NEW, cause="commit")]), id="a finding"),
        pytest.param(
            report([FAILING], [change(FAILING, ChangeKind.SAME)], pull_request=3, base_commit=BASE), id="PR"
        ),
        pytest.param(
            report(
                [
                    judgement(
                        "a", Outcome.UNKNOWN, "é", reason=Reason.PERMISSION, permission="administration: read"
                    )
                ]
            ),
            id="unknown",
        ),
        pytest.param(
            report(
                [
                    replace(
                        judgement(
                            "a", Outcome.PASS, "s", Evidence("t", Place(setting="x"), severity=Severity.INFO)
                        ),
                        verdict=replace(judgement().verdict, valid_until=JUDGED_AT),
                    )
                ],
                exempted=[("b", "\ud800")],
            ),
            id="valid until, exempted",
        ),
    ],
)
def test_keeps_to_its_schema(made: object) -> None:
    """The document can be encoded strictly and is what the schema says."""
    document = as_json(made)  # type: ignore[arg-type]
    json.dumps(document, ensure_ascii=False).encode("utf-8")

    VALIDATOR.validate(document)


def test_the_schema_is_a_schema() -> None:
    """It is valid itself, and closed: a key that it does not name is refused."""
    jsonschema_rs.meta.validate(SCHEMA)

    assert not VALIDATOR.is_valid({**as_json(report()), "more": 1})


def test_says_what_is_known_of_score_and_change() -> None:
    """As a report with a history has it."""
    moved = replace(
        change(FAILING, ChangeKind.NEW, before=Outcome.PASS, cause="commit"),
        before_at=JUDGED_AT, commits=(BASE, COMMIT), pull_request=12,
    )  # fmt: skip
    scored = Scored(
        Score(0, 0, 1, 4),
        (("ci", Score(1, 2, 3, 4, 5)),),
        ScoreChange(100, 50, ((Cause.RULE, 10), (Cause.COMMIT, -60))),
        (Point(JUDGED_AT.date(), 50),),
    )
    document = as_json(replace(report([FAILING], [moved]), scored=scored))
    VALIDATOR.validate(document)

    (check,) = document["checks"]
    assert check["change"] == {
        "kind": "new",
        "cause": "commit",
        "before": "pass",
        "before_at": "2026-03-14T09:26:53Z",
        "from_commit": BASE,
        "to_commit": COMMIT,
        "pull_request": 12,
    }
    assert (document["score"]["value"], document["score"]["grade"]) == (None, None)
    assert document["categories"][0]["exempted"] == 5
    assert document["score_change"] == {
        "before": 100,
        "after": 50,
        "parts": [{"cause": "rule", "points": 10}, {"cause": "commit", "points": -60}],
    }
    assert document["trend"] == [{"day": "2026-03-14", "value": 50}]


def test_says_everything() -> None:
    """One finding in full."""
    document = as_json(report([FAILING], [change(FAILING, ChangeKind.NEW, cause="commit")]))

    assert document["counts"] == {"pass": 0, "fail": 1, "not-applicable": 0, "unknown": 0, "error": 0}
    assert document["judged_at"] == "2026-03-14T09:26:53Z"
    (check,) = document["checks"]
    assert check["change"] == {
        "kind": "new",
        "cause": "commit",
        "before": None,
        "before_at": None,
        "from_commit": None,
        "to_commit": None,
        "pull_request": None,
    }
    weights = {"passed": 0, "judged": 4, "known": 4, "asked": 4, "exempted": 0}
    assert document["score"] == {"value": 0, "grade": "F", "coverage": 100, **weights}
    assert document["categories"] == [{"name": "community", **document["score"]}]
    assert (document["score_change"], document["trend"]) == (None, [])
    assert check["evidence"][0] == {
        "text": "is wrong",
        "severity": "medium",
        "fingerprint": "LICENSE|is wrong",
        "path": "LICENSE",
        "line": 3,
        "end_line": None,
        "branch": None,
        "setting": None,
    }
    assert check["evidence"][1]["branch"] == "b\\udc80"
