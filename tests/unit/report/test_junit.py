"""JUnit XML: well-formed whatever a report holds, and fair in what fails a build."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.reports import Report
from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason
from bot.report.junit import as_junit
from bot.testing.reports import at, judgement, report
from tests.unit.report.test_exports import HOSTILE, MIXED

FAIL = Outcome.FAIL


TIME = r"([0-9]{0,3},)*[0-9]*(\.[0-9]*)?"
COUNTS = dict.fromkeys(("tests", "failures", "errors"), "[0-9]+")
MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
SAYS = (set[str](), {"message": "(?s).*", "type": "(?s).*"}, set[str]())
ELEMENTS: dict[str, tuple[set[str], dict[str, str], set[str]]] = {
    "testsuites": ({"testsuite"}, {"name": ".*", "time": TIME, **COUNTS}, set()),
    "testsuite": (
        {"testcase"},
        {"name": ".*", **COUNTS, "skipped": "[0-9]+", "time": TIME, "timestamp": MOMENT},
        {"name", *COUNTS},
    ),
    "testcase": (
        {"skipped", "error", "failure"},
        {"name": ".*", "classname": ".+", "time": TIME},
        {"name"},
    ),
    "failure": SAYS,
    "error": SAYS,
    "skipped": SAYS,
}
"""Element -> its children, its attributes with their patterns, and those that it must have.

As far as we write it, from ``junit-10.xsd`` of Jenkins' xUnit plugin; it refuses everything else.
"""


def hold_to_the_schema(element: ElementTree.Element) -> None:
    """As a reader does that validates before it reads."""
    children, attributes, needed = ELEMENTS[element.tag]
    assert needed <= set(element.keys())
    for name, value in element.items():
        assert re.fullmatch(attributes[name], value), f"{element.tag} {name}={value!r}"
    if children:
        assert not (element.text or "").strip(), "only what tells of an outcome holds text"
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        assert not (child.tail or "").strip()
        hold_to_the_schema(child)
    if element.tag == "testsuite":
        for name, tag in (
            ("tests", None),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            found = [case for case in element if tag is None or case.find(tag) is not None]
            assert element.get(name) == str(len(found))


@pytest.mark.parametrize("made", [MIXED, HOSTILE, report()], ids=["mixed", "hostile", "nothing judged"])
def test_a_reader_that_validates_takes_it(made: Report) -> None:
    """No element or attribute that Jenkins' schema does not name, and counts that agree with the cases."""
    hold_to_the_schema(ElementTree.fromstring(as_junit(made).encode("utf-8")))


def test_junit_as_it_is_written(golden: Callable[[str, str], None]) -> None:
    """To be read in review."""
    golden("mixed.junit.xml", as_junit(MIXED))


@pytest.mark.parametrize(
    ("outcome", "child"),
    [
        pytest.param(Outcome.PASS, None, id="pass"),
        pytest.param(FAIL, "failure", id="fail"),
        pytest.param(Outcome.ERROR, "error", id="crash"),
        pytest.param(Outcome.UNKNOWN, "skipped", id="unknown"),
        pytest.param(Outcome.NOT_APPLICABLE, "skipped", id="not applicable"),
    ],
)
def test_only_a_fail_and_a_crash_fail_a_build(outcome: Outcome, child: str | None) -> None:
    """Unknown is not red; the counts say the same as the cases."""
    root = ElementTree.fromstring(as_junit(report([judgement("a", outcome), judgement("b")])))
    suite, case = root.find("testsuite"), root.find("testsuite/testcase[@name='a']")
    assert suite is not None
    assert case is not None
    counts = {name: int(suite.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}

    assert [root.get(name) for name in counts] == [*map(str, list(counts.values())[:3]), None]
    assert [child] * bool(child) == [inner.tag for inner in case]
    assert counts == {
        "tests": 2, "failures": child == "failure", "errors": child == "error", "skipped": child == "skipped",
    }  # fmt: skip


def test_says_where_and_how_to_mend() -> None:
    """Each observation on a line of its own, cut when there are very many."""
    many = [at(f"{n}.yml", n + 1) for n in range(102)]
    judged = judgement("a", FAIL, "no", *many, Evidence("late", Place(branch="next")), why="W.", fix="F.")
    failure = ElementTree.fromstring(as_junit(report([judged]))).find("testsuite/testcase/failure")

    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == ("no", "medium")
    lines = (failure.text or "").split("\n")
    assert lines[0] == "0.yml:1: is wrong"
    assert lines[-3:] == ["… and 3 more", "Why: W.", "Fix: F."]


def test_exempted_checks_are_skipped_with_their_reason() -> None:
    """They are shown and count for nothing."""
    root = ElementTree.fromstring(as_junit(report([judgement()], exempted=[("readme", "later")])))
    skipped = root.find("testsuite[@name='exempted']/testcase/skipped")

    assert skipped is not None
    assert skipped.get("message") == "exempted: later"
    assert root.get("tests") == "2"
    assert [suite.get("skipped") for suite in root] == ["0", "1"]


def test_leaves_out_what_is_not_public_for_others() -> None:
    """As the other exports do."""
    secret = judgement("alerts", FAIL, "CANARY", audience=Audience.RESTRICTED)

    assert "CANARY" in as_junit(report([secret]))
    assert "CANARY" not in as_junit(report([secret]), redact=True)


@given(st.text(), st.text(), st.text())
def test_any_text_gives_xml(name: str, text: str, family: str) -> None:
    """Controls, broken Unicode and brackets from outside."""
    judged = replace(judgement("a", FAIL, text, at(name, 1, text)), family=family)
    unread = judgement("b", Outcome.UNKNOWN, text, reason=Reason.LIMIT)
    document = as_junit(report([judged, unread], exempted=[("c", text)]))

    root = ElementTree.fromstring(document.encode("utf-8"))
    hold_to_the_schema(root)
    assert len(list(root.iter("testcase"))) == 3


def test_hostile_names_do_nothing() -> None:
    """They stay within their attribute."""
    root = ElementTree.fromstring(as_junit(HOSTILE).encode("utf-8"))

    assert {e.tag for e in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
