"""Charts: what they show, that they say it too, and that they are safe to stand in a page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.model.scores import Point, Score
from bot.report.html import charts
from tests.unit.report.html.parsing import parse

DAY = date(2026, 3, 1)
POINTS = [Point(DAY + timedelta(days=n * 3), 60 + n * 5) for n in range(5)]


def drawn() -> list[charts.Chart | None]:
    scores = [("ci", Score(5, 10)), ("<b>$x$</b>\u202e", Score(9, 10)), ("none", Score())]
    return [
        charts.trend("trend", "Trend", "up", POINTS),
        charts.bars("families", "<b>", '">', scores),
        charts.columns("bins", "Bins", "2 from 10", [("0", 0), ("10", 2)]),
    ]


@pytest.mark.parametrize("number", range(3))
def test_a_chart_is_a_picture_with_words(number: int) -> None:
    """Its text is text, its colours are those of the page, and it has nothing else in it."""
    chart = drawn()[number]
    assert chart is not None
    parsed = parse(str(chart.svg))

    assert parsed.wrong == []
    assert chart.svg.startswith('<svg class="chart" role="img" aria-label="')
    assert {tag for tag, _ in parsed.shape} <= {
        *("svg", "title", "desc", "g", "path", "defs", "use", "text", "clippath", "rect"),
    }
    assert chart.title in parsed.text
    assert chart.words in parsed.text
    assert "var(--accent)" in chart.svg
    assert "#0" not in chart.svg.replace('href="#', "")
    assert [u for u in parsed.links if not u.startswith("#")] == []


def test_names_of_parts_differ_between_charts() -> None:
    """Two charts in one page share no id, and each finds its own parts."""
    together = parse("".join(str(chart.svg) for chart in drawn() if chart))

    assert together.wrong == []
    assert {u.removeprefix("#") for u in together.links} <= set(together.ids)


def test_the_same_numbers_give_the_same_picture() -> None:
    """So that a page that says the same is the same."""
    assert drawn() == drawn()


def test_shows_the_numbers_themselves() -> None:
    """First and last value, and each bar's."""
    trend, bars, columns = (parse(str(chart.svg)).texts for chart in drawn() if chart)

    assert {"60", "80", "2026-03-01", "2026-03-13"} <= set(trend)
    assert {"50", "90", "ci"} <= set(bars)
    assert "none" not in bars
    assert "2" in columns


@pytest.mark.parametrize("points", [[], POINTS[:1]])
def test_no_line_goes_through_one_point(points: list[Point]) -> None:
    """Nor is an empty picture drawn."""
    assert charts.trend("a", "", "", points) is None
    assert charts.bars("a", "", "", [("x", Score())]) is None
    assert charts.columns("a", "", "", [("x", 0)]) is None


def test_without_the_library_there_is_no_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional; the numbers stand in tables."""
    monkeypatch.setattr(charts, "available", lambda: False)

    assert drawn() == [None, None, None]


def test_all_scores_alike() -> None:
    """A level line, at either end of the scale."""
    for value in (0, 100):
        assert charts.trend("a", "t", "w", [Point(DAY, value), Point(DAY + timedelta(days=1), value)])
