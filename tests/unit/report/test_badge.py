"""Badges: one SVG that stands alone, and the document for shields.io."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bot.model.scores import Score
from bot.model.verdicts import Severity
from bot.report.badge import as_svg, endpoint, words

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("score", "said"),
    [
        pytest.param(Score(90, 100, 100, 100), "A 90", id="all known"),
        pytest.param(Score(87, 100, 96, 100), "B 87, 96% known", id="some unknown"),
        pytest.param(Score(99, 100, 100, 100, worst=Severity.CRITICAL), "D 99", id="a critical finding"),
        pytest.param(Score(0, 0, 5, 10), "not judged", id="nothing judged"),
        pytest.param(Score(), "not judged", id="no check"),
    ],
)
def test_says_grade_score_and_coverage(score: Score, said: str) -> None:
    """In the picture, for those who can not see it, and in the document."""
    picture = ElementTree.fromstring(as_svg(score))
    title = picture.find(f"{SVG}title")

    assert said == words(score) == endpoint(score)["message"]
    assert title is not None
    assert f"health: {said}" == title.text == picture.get("aria-label")
    assert ["health", said] == [t.text for t in picture.iter(f"{SVG}text")]
    assert picture.get("role") == "img"


def test_the_picture_loads_nothing() -> None:
    """No script, style, font or address but the namespace's."""
    text = as_svg(Score(1, 2, 3, 4))

    assert text.count("http") == 1
    assert not any(word in text for word in ("<script", "<style", "@import", "href", "url("))
    assert len(text) < 1_500


def test_the_document_has_the_keys_that_shields_reads() -> None:
    """A schema version, label, message and a colour."""
    assert endpoint(Score(1, 1, 1, 1)) == {
        "schemaVersion": 1, "label": "health", "message": "A 100", "color": "1a7f37",
    }  # fmt: skip
