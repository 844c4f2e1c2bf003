"""Colours of pages: text can be read on what lies under it, in light, in dark and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.report import html

STYLE = (Path(html.__file__).parent / "style.css").read_text(encoding="utf-8")
SCHEMES = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in STYLE.split(":root {")[1:]]
READ_ON = [
    *((text, back) for text in ("text", "muted", "accent") for back in ("back", "card")),
    *(("text", back) for back in ("warn-back", "heat-0", "heat-1")),
    *(("good", "back"), ("bad", "back"), ("warn", "back")),
    *(("bad", "bad-back"), ("warn", "warn-back"), ("back", "bad")),
    *(("on-warm", "heat-2"), ("#000000", "heat-3"), ("on-hot", "heat-4")),
]


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark", "paper"])
def test_text_can_be_read(scheme: dict[str, str]) -> None:
    """A contrast of 4.5 at least, as WCAG 2.2 wants of text (1.4.3)."""
    low = {}
    for text, back in READ_ON:
        one, other = (luminance(scheme.get(name, name)) for name in (text, back))
        contrast = (max(one, other) + 0.05) / (min(one, other) + 0.05)
        if contrast < 4.5:
            low[text, back] = round(contrast, 2)

    assert low == {}


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark", "paper"])
def test_heat_is_told_by_lightness(scheme: dict[str, str]) -> None:
    """Each step is further from the page than the one before, also without colours."""
    steps = [abs(luminance(scheme[f"heat-{n}"]) - luminance(scheme["back"])) for n in range(5)]

    assert steps == sorted(steps)
    assert len(set(steps)) == 5


def test_every_scheme_has_every_colour() -> None:
    """A colour that one leaves out would be another's."""
    assert len(SCHEMES) == 3
    assert SCHEMES[0].keys() == SCHEMES[1].keys() == SCHEMES[2].keys()
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= SCHEMES[0].keys()
