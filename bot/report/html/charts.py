"""Charts as SVG that stands in a page: no script, no style of its own, colours of the page.

``docs/decisions/`` says why matplotlib draws them. It is imported when the first chart is drawn.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from bot.model.scores import Point, Score
from bot.report.inert import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, DPI = 380, 72
"""Of every chart, in the units of its text: on a phone it is shown as large as it was drawn."""

TEXT, MUTED, LINE, ACCENT = "#010101", "#020202", "#030303", "#040404"
"""Colours that stand for those of the page, which has them for light and for dark."""

_NAMES = {TEXT: "text", MUTED: "muted", LINE: "line", ACCENT: "accent"}
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "plumbline",
    "font.size": 11.0,
    "font.family": "sans-serif",
    "text.parse_math": False,
    "text.color": TEXT,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_FONT = re.compile(r"font-family: [^;\"]*;?\s*")
_NAME = re.compile(r"(?<= id=\")|(?<=xlink:href=\"#)|(?<=url\(#)")
_SIZE = re.compile(r' width="[\d.]+pt" height="[\d.]+pt"')
_SPACE = re.compile(r"\s*\n\s*")

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and what it says.

    Args:
        svg: to be put into a page as it is.
        title: what is shown.
        words: the same as the picture, for whoever does not see it.
    """

    svg: Markup
    title: str
    words: str


def available() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def trend(key: str, title: str, words: str, points: Sequence[Point]) -> Chart | None:
    """Scores over days, as a line; None for fewer than two.

    Args:
        key: names the chart within its page; letters.
    """
    if len(points) < 2:
        return None

    def draw(axes: Axes) -> None:
        days = [(point.day - points[0].day).days for point in points]
        values = [point.value for point in points]
        axes.fill_between(days, values, 0, color=ACCENT, alpha=0.12, linewidth=0)
        axes.plot(days, values, color=ACCENT, linewidth=2, marker="o", markersize=4)
        axes.set_ylim(0, 118)
        axes.set_yticks([0, 50, 100])
        axes.set_xticks([days[0], days[-1]], [points[0].day.isoformat(), points[-1].day.isoformat()])
        first, last = axes.get_xticklabels()
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        for at, beside, side in ((0, 1, "left"), (-1, -2, "right")):
            # On the side of the point to which the line does not go.
            above = values[at] >= values[beside] or values[at] < 15
            axes.annotate(
                str(values[at]),
                (days[at], values[at]),
                (0, 7 if above else -16),
                textcoords="offset points",
                ha=side,
                fontweight="bold",
            )

    return _drawn(key, title, words, 170, draw)


def bars(key: str, title: str, words: str, scores: Sequence[tuple[str, Score]]) -> Chart | None:
    """Scores as lying bars, in the order they have; None when nothing was judged."""
    judged = [(name, score.value) for name, score in scores if score.value is not None]
    if not judged:
        return None

    def draw(axes: Axes) -> None:
        names = [_plain(name) for name, _ in judged]
        values = [value for _, value in judged]
        places = range(len(judged))
        axes.barh(places, [100] * len(judged), color=LINE, height=0.55)
        axes.barh(places, values, color=ACCENT, height=0.55)
        axes.set_yticks(list(places), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 112)
        axes.set_xticks([])
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        for place, value in zip(places, values, strict=True):
            axes.annotate(str(value), (112, place), ha="right", va="center", fontweight="bold")

    return _drawn(key, title, words, 30 + 24 * len(judged), draw)


def columns(key: str, title: str, words: str, counts: Sequence[tuple[str, int]]) -> Chart | None:
    """Numbers as standing bars with their number above; None when all are nought."""
    if not any(number for _, number in counts):
        return None

    def draw(axes: Axes) -> None:
        places = range(len(counts))
        axes.bar(places, [number for _, number in counts], color=ACCENT, width=0.75)
        axes.set_xticks(list(places), [_plain(name) for name, _ in counts], fontsize=9)
        axes.set_yticks([])
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        axes.margins(y=0.15)
        for place, (_, number) in zip(places, counts, strict=True):
            if number:
                axes.annotate(
                    f"{number:,}",
                    (place, number),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontweight="bold",
                )

    return _drawn(key, title, words, 170, draw)


def _plain(name: str) -> str:
    """A name in letters that the library can measure; the table beside has it as it is."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:24])


def _drawn(key: str, title: str, words: str, height: int, draw: Callable[[Axes], None]) -> Chart | None:
    if not available():
        return None
    # The library's settings belong to the process, so one chart is drawn at a time.
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        with mpl.rc_context(_SETTINGS):
            figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, layout="constrained")
            FigureCanvasSVG(figure)
            axes = figure.add_subplot()
            draw(axes)
            figure.patch.set_visible(False)
            axes.patch.set_visible(False)
            written = io.StringIO()
            figure.savefig(written, format="svg", metadata=_NO_METADATA)
    title, words = visible(title), visible(words)
    return Chart(_for_page(written.getvalue(), key, title, words), title, words)


def _for_page(drawn: str, key: str, title: str, words: str) -> Markup:
    """Turn a document into a part of a page: no prologue, no style for all of it, names of its own."""
    svg = drawn[drawn.index("<svg") :]
    svg = _METADATA.sub("", _STYLE.sub("", svg, count=1))
    svg = _NAME.sub(f"{key}-", _FONT.sub("", svg))
    svg = _SIZE.sub("", svg, count=1)
    for colour, name in _NAMES.items():
        svg = svg.replace(colour, f"var(--{name})")
    told = f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
    opening = f'<svg class="chart" role="img" aria-label="{escape(f"{title}: {words}")}"'
    svg = svg.replace("<svg", opening, 1)
    head, _, body = svg.partition(">")
    return Markup(_SPACE.sub("\n", f"{head}>{told}{body}"))  # noqa: S704 - drawn from numbers and escaped names
