"""Reports for code scanning and as pages to keep."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from bot.entry.check import print_table
from bot.model.facts import Visibility
from bot.model.reports import Report
from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason, Severity
from bot.registry import load
from bot.report.markdown import LIMIT, as_markdown
from bot.report.sarif import MOST_RESULTS, as_sarif
from bot.testing.reports import at, judgement, report
from tests.unit.report.conftest import read

FAIL = Outcome.FAIL
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["note", "warning", "error"]}


def needs(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


RESULT = needs(
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations={
        "type": "array",
        "minItems": 1,
        "maxItems": 10,
        "items": needs(
            physicalLocation=needs(
                artifactLocation=needs(
                    uri={"type": "string", "pattern": "^(?!/)[A-Za-z0-9._~%/@+,:;=()&!$'*-]+$"}
                ),
                region=needs(startLine={"type": "integer", "minimum": 1}),
            )
        ),
    },
    partialFingerprints=needs(
        primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{16}:[1-9][0-9]*$"}
    ),
)
RULE = needs(
    id={"type": "string", "maxLength": 255},
    name={"type": "string", "maxLength": 255},
    shortDescription={**TEXT, "properties": {"text": {"minLength": 1, "maxLength": 1024}}},
    fullDescription={**TEXT, "properties": {"text": {"minLength": 1, "maxLength": 1024}}},
    help=TEXT,
    defaultConfiguration=needs(level=LEVEL),
    properties={
        **needs(
            tags={"type": "array", "maxItems": 10, "items": {"type": "string"}},
            precision={"enum": ["very-high", "high", "medium", "low"]},
        ),
        "if": {"required": ["security-severity"]},
        "then": {
            "properties": {
                "security-severity": {"type": "string", "pattern": "^[0-9]\\.[0-9]$"},
                "tags": {"contains": {"const": "security"}},
            }
        },
    },
)
GITHUB = needs(
    **{"$schema": {"type": "string", "pattern": "sarif-schema-2.1.0.json$"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "minItems": 1,
        "maxItems": 20,
        "items": needs(
            tool=needs(
                driver=needs(
                    name={"type": "string", "minLength": 1},
                    semanticVersion={"type": "string"},
                    rules={"type": "array", "items": RULE},
                )
            ),
            results={"type": "array", "maxItems": MOST_RESULTS, "items": RESULT},
        ),
    },
)
"""What GitHub reads and asks for. Source: GitHub Docs, "SARIF support for code scanning"."""

MIXED = report(
    [
        replace(
            judgement(
                "dangerous-trigger",
                FAIL,
                "1 workflow runs foreign code",
                at(
                    ".github/workflows/a b.yml", 7, "`${{ github.event.pull_request.title }}` is run", key="t"
                ),
                at(
                    ".github/workflows/a b.yml",
                    19,
                    "`${{ github.event.pull_request.title }}` is run",
                    key="t",
                ),
                severity=Severity.CRITICAL,
                title="No workflow runs foreign code with the repository's rights.",
                why="Whoever opens a pull request could write to the repository.",
                fix="Use ``pull_request``.",
                source="https://docs.zizmor.sh/audits/#dangerous-triggers",
            ),
            family="ci",
        ),
        judgement(
            "behind",
            FAIL,
            "2 of 4 branches lag",
            Evidence("release/2.x is 214 commits behind main", Place(branch="release/2.x")),
            Evidence("next is 30 commits behind main", Place(branch="next"), severity=Severity.LOW),
        ),
        judgement("licence", FAIL, "there is no licence file at the root", severity=Severity.HIGH),
        judgement(
            "default-protected",
            Outcome.UNKNOWN,
            "the protection could not be read",
            reason=Reason.PERMISSION,
            permission="administration: read",
            audience=Audience.RESTRICTED,
        ),
        judgement("changelog", Outcome.ERROR, "the check crashed with IndexError; see the log"),
        judgement("security-policy", Outcome.PASS, "SECURITY.md names a contact"),
    ],
    exempted=[("readme", "generated (until 2026-06-30)")],
    expired=[("licence", "the lawyers are choosing one (expired on 2026-03-13)")],
)
HOSTILE = report(
    [
        judgement(
            "pinned-actions",
            FAIL,
            "[click](https://evil.example)",
            at("a\nb\x1b[31m\u202egpj.exe", 1, "[click](https://evil.example) \x1b[2J"),
            at("../../etc/passwd", 0, "\udcff\ud800"),
            at("C:\\temp", 3, ""),
            Evidence("x", Place(setting="@org [x](y)")),
        )
    ]
)


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


def test_sarif_as_it_is_written(golden: Callable[[str, str], None]) -> None:
    """The whole log of one report, to be read in review."""
    log = as_sarif(MIXED, version="1.2.3")

    golden("mixed.sarif.json", json.dumps(log, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("given", [MIXED, HOSTILE, report()], ids=["mixed", "hostile", "nothing judged"])
def test_sarif_is_what_github_takes(given: Any) -> None:
    """Everything that GitHub reads has the shape that it asks for."""
    jsonschema_rs.validator_for(GITHUB).validate(json.loads(json.dumps(as_sarif(given, version="1.2.3"))))


@pytest.mark.parametrize(
    ("family", "security"),
    [
        *((family, True) for family in ("ci", "dependencies", "organisation", "protection")),
        *(
            (family, False)
            for family in ("alignment", "community", "ownership", "release", "staleness", "acme")
        ),
    ],
)
def test_security_severity_stands_where_a_finding_is_about_security(family: str, *, security: bool) -> None:
    """Elsewhere GitHub would list a missing guide beside vulnerabilities."""
    judged = [replace(judgement(s.label, FAIL, severity=s), family=family) for s in Severity]
    rules = as_sarif(report(judged), version="1")["runs"][0]["tool"]["driver"]["rules"]
    scores = [rule["properties"].get("security-severity") for rule in rules]

    assert scores == (["0.1", "2.0", "5.5", "8.0", "9.5"] if security else [None] * 5)
    assert all(("security" in rule["properties"]["tags"]) is security for rule in rules)


def test_the_largest_log_keeps_to_the_limits_of_an_upload() -> None:
    """At most 10 MB when it is compressed, whatever the texts are; descriptions of 1,024 characters."""
    random = Random(7)
    many = [
        at(f"{random.randbytes(100).hex()}.yml", n, random.randbytes(500).hex()) for n in range(MOST_RESULTS)
    ]
    judged = judgement("a", FAIL, "", *many, title="t" * 5000, why="w" * 5000)
    log = as_sarif(report([judged]), version="1")

    assert len(gzip.compress(json.dumps(log).encode())) < 10_000_000
    jsonschema_rs.validator_for(GITHUB).validate(log)


def test_every_result_names_its_rule_and_equal_ones_are_told_apart() -> None:
    """The same observation on two lines is two alerts, whatever the lines are."""
    log = as_sarif(MIXED, version="1.2.3")
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    prints = [(r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"]) for r in results(log)]

    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in results(log))
    assert len(set(prints)) == len(prints) == 5
    first, second = (p.partition(":") for _, p in prints[:2])
    assert first[0] == second[0]
    assert (first[2], second[2]) == ("1", "2")


def test_a_moved_line_keeps_its_fingerprint() -> None:
    """Or GitHub would close the alert and open another."""

    def fingerprint(line: int) -> Any:
        judged = judgement("licence", FAIL, "", at("x.yml", line, "is wrong", key="k"))
        return results(as_sarif(report([judged]), version="1"))[0]["partialFingerprints"]

    assert fingerprint(3) == fingerprint(40)


def test_what_could_not_be_judged_is_no_alert() -> None:
    """It is told as a notification of the run."""
    log = as_sarif(MIXED, version="1")
    told = log["runs"][0]["invocations"][0]

    assert {r["ruleId"] for r in results(log)} == {"dangerous-trigger", "behind", "licence"}
    assert [n["level"] for n in told["toolExecutionNotifications"]] == ["warning", "error"]
    assert told["executionSuccessful"] is False


def test_no_foreign_text_becomes_a_link_or_a_control() -> None:
    """SARIF reads links in messages."""
    text = json.dumps(as_sarif(HOSTILE, version="1"), ensure_ascii=False)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[click](" not in text
    assert "..%2F" not in text
    text.encode("utf-8")


def test_sarif_for_others_leaves_out_what_is_not_public() -> None:
    """As the document does."""
    log = as_sarif(MIXED, version="1", redact=True)

    assert "default-protected" not in json.dumps(log)
    assert MIXED.repository.visibility is Visibility.PUBLIC


def test_more_results_than_github_shows_are_left_out() -> None:
    """The worst come first; how many there are is told."""
    many = [at(f"{n}.yml", 1) for n in range(MOST_RESULTS + 1)]
    log = as_sarif(report([judgement("licence", FAIL, "", *many)]), version="1")
    exact = as_sarif(report([judgement("licence", FAIL, "", *many[1:])]), version="1")

    assert len(results(log)) == MOST_RESULTS
    assert notes(log) == ["1 more result left out for want of room."]
    assert notes(exact) == []


def notes(log: dict[str, Any]) -> list[str]:
    """What the run tells of itself."""
    return [n["message"]["text"] for n in log["runs"][0]["invocations"][0]["toolExecutionNotifications"]]


def test_the_whole_catalogue_keeps_to_what_github_counts() -> None:
    """Every check that there is, failing: rules, their tags, one place for each result, names that fit."""
    checks = load(plugins=False).checks.values()
    judged = [
        replace(
            judgement(s.name, FAIL, "", severity=s.severity, title=s.doc.title, why=s.doc.why, fix=s.doc.fix),
            family=s.family,
        )
        for s in checks
    ]
    log = as_sarif(report(judged), version="1")
    (run,) = log["runs"]

    jsonschema_rs.validator_for(GITHUB).validate(log)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [s.name for s in checks]
    assert all(rule["help"]["text"] and len(rule["properties"]["tags"]) <= 10 for rule in rules)
    assert all(len(result["locations"]) == 1 for result in run["results"])


def test_markdown_as_it_is_written(golden: Callable[[str, str], None]) -> None:
    """To be read in review."""
    golden("mixed.report.md", as_markdown(MIXED))


def test_the_table_as_it_is_printed(
    golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """``plumbline check`` where there is no terminal; spaces at the ends of lines left out."""
    print_table(MIXED)

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    golden("mixed.table.txt", "\n".join(lines) + "\n")


def of_a_clone() -> Report:
    """Most checks want what only GitHub knows."""
    wants = {"reviews": "only GitHub tells", "behind": "no pull requests", "bypass": "only GitHub tells"}
    absent = [judgement(n, Outcome.UNKNOWN, said, reason=Reason.PERMISSION) for n, said in wants.items()]
    made = report([judgement("licence", Outcome.PASS, "MIT"), *absent])
    return replace(made, repository=replace(made.repository, id=0))


def test_the_table_of_a_clone_sums_up_what_it_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """One row for each want, and where it is to be had."""
    print_table(of_a_clone())
    printed = " ".join(capsys.readouterr().out.split())

    assert "? unknown 2 checks" in printed
    assert "only GitHub tells reviews, bypass" in printed
    assert "? unknown behind" in printed
    assert "`plumbline check OWNER/NAME` asks GitHub for what a clone does not hold." in printed
    assert printed.endswith("1 pass, 3 unknown")


def test_the_page_of_a_clone_sums_up_what_it_does_not_hold() -> None:
    """No permission would help there."""
    page = as_markdown(of_a_clone())

    assert "- only GitHub tells: `reviews`, `bypass`\n- no pull requests: `behind`" in page
    assert "`plumbline check OWNER/NAME` asks GitHub for it." in page
    assert "permission" not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(report([judgement()]), "**No findings.** 1 of 1 checks pass.", id="all is well"),
        pytest.param(report(), "**No findings.** No check applies.", id="nothing judged"),
        pytest.param(
            report([judgement(outcome=Outcome.UNKNOWN, reason=Reason.LIMIT)]),
            "**No findings.** No check applies. 1 check could not be judged.",
            id="only unknown",
        ),
        pytest.param(replace(report(), commit="", branch=""), "The repository has no commit yet", id="empty"),
        pytest.param(replace(report(), branch=""), "Judged [`3f1c9b7a52`]", id="detached"),
    ],
)
def test_markdown_begins_with_the_outcome(given: Any, said: str) -> None:
    """One line says all to whoever reads no further."""
    assert said in as_markdown(given)


def test_hostile_names_do_nothing_in_markdown() -> None:
    """No mention, link, reference or control survives."""
    seen = read(as_markdown(HOSTILE))

    assert seen.active == []
    assert seen.html == []
    assert not any("evil.example" in link for link in seen.links)


def test_markdown_fits_a_job_summary() -> None:
    """What is left out is counted."""
    many = [judgement(f"check-{n}", FAIL, "x" * 400, *[at("p" * 200, 1)] * 40) for n in range(2_000)]
    page = as_markdown(report(many))

    assert len(page.encode()) <= LIMIT + 1
    assert "more findings" in page
