"""JUnit XML: well-formed whatever a report holds, and fair in what fails a build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.verdicts import Audience, Evidence, Outcome, Place, Reason
from bot.report.junit import as_junit
from bot.testing.reports import at, judgement, report
from tests.unit.report.test_exports import HOSTILE, MIXED

FAIL = Outcome.FAIL


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
    case = root.find("testsuite/testcase[@name='a']")
    counts = {name: int(root.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}

    assert case is not None
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
    assert (root.get("tests"), root.get("skipped")) == ("2", "1")


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

    assert len(list(ElementTree.fromstring(document.encode("utf-8")).iter("testcase"))) == 3


def test_hostile_names_do_nothing() -> None:
    """They stay within their attribute."""
    root = ElementTree.fromstring(as_junit(HOSTILE).encode("utf-8"))

    assert {e.tag for e in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
