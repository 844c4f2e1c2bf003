"""A score as a badge: a small SVG of our own, and the JSON that shields.io's endpoint badge reads.

Source of the JSON's keys: shields.io, "Endpoint Badge".
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from bot.model.scores import Grade, Score
from bot.report.score import grade

LABEL = "health"

_COLOURS: dict[Grade | None, str] = {
    Grade.A: "#1a7f37",
    Grade.B: "#4c7a16",
    Grade.C: "#7d6a00",
    Grade.D: "#9a5b00",
    Grade.E: "#bc4c00",
    Grade.F: "#cf222e",
    None: "#57606a",
}
"""White text on each has a contrast of 4.5 to 1 at least; the letter says the same without colour."""

_SIDE = 6
_HEIGHT = 20
_WIDE, _NARROW, _USUAL = "mwMW%ABCDEF", "iltfj1 .,:()", 7


def words(score: Score) -> str:
    """What the badge says: ``B 87``, with the coverage where something is not known."""
    letter = grade(score)
    if letter is None:
        return "not judged"
    said = f"{letter.value} {score.value}"
    return said if score.known == score.asked else f"{said}, {score.coverage}% known"


def endpoint(score: Score) -> dict[str, Any]:
    """The document of an endpoint badge."""
    return {
        "schemaVersion": 1,
        "label": LABEL,
        "message": words(score),
        "color": _COLOURS[grade(score)].removeprefix("#"),
    }


def as_svg(score: Score) -> str:
    """The badge; scripts, styles, links and fonts of others are not in it."""
    said = words(score)
    left, right = _width(LABEL), _width(said)
    name = escape(f"{LABEL}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" '
        f'role="img" aria-label="{name}"><title>{name}</title>'
        f'<rect width="{left}" height="{_HEIGHT}" fill="#32383f"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{_COLOURS[grade(score)]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">'
        f"{_text(LABEL, 0, left)}{_text(said, left, right)}</g></svg>\n"
    )


def _width(said: str) -> int:
    """Pixels of a part; ``textLength`` makes any font keep to it."""
    return 2 * _SIDE + sum(9 if c in _WIDE else 4 if c in _NARROW else _USUAL for c in said)


def _text(said: str, start: int, width: int) -> str:
    return f'<text x="{start + _SIDE}" y="14" textLength="{width - 2 * _SIDE}">{escape(said)}</text>'
