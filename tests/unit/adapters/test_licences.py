"""Licence texts as people really write them."""

import time

import pytest
from identify.vendor.licenses import LICENSES

from bot.adapters.licences import MAX_BYTES, Licences, terms

TEXTS = dict(LICENSES)
DETECTOR = Licences()


@pytest.mark.parametrize("spdx_id", sorted(TEXTS))
def test_knows_each_text(spdx_id):
    """Every text of the package is recognised as itself."""
    assert DETECTOR.detect(TEXTS[spdx_id].encode()) == spdx_id


MIT = TEXTS["MIT"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MIT.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(" ".join(MIT.split("\n")[4:]), id="one long line without the title"),
        pytest.param(
            "\ufeff# The MIT License (MIT)\n\nCopyright © 2020 Someone\n\n" + MIT[12:], id="Markdown"
        ),
        pytest.param("Copyright (c) A\nCopyright (c) B\nAll rights reserved.\n" + MIT, id="many owners"),
        pytest.param(MIT.upper(), id="shouted"),
        pytest.param(
            MIT + "\nEnd of terms and conditions\n\nThird parties: " + "x " * 9000, id="notices after it"
        ),
    ],
)
def test_looks_through_the_wrapping(text):
    """Breaking, markup, owners and what follows the terms make no difference."""
    assert DETECTOR.detect(text.encode()) == "MIT"


def test_needs_no_appendix():
    """Many projects leave out how to apply the licence."""
    text = TEXTS["Apache-2.0"].partition("END OF TERMS AND CONDITIONS")[0]

    assert DETECTOR.detect(text.encode()) == "Apache-2.0"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"All rights reserved.", id="nothing but a copyright line"),
        pytest.param(b"You may look, but not touch. " * 40, id="its own"),
        pytest.param(
            (MIT + " You may not sell it, nor use it for evil. " * 20).encode(), id="with conditions added"
        ),
        pytest.param(b"MIT\0", id="binary"),
        pytest.param(b"\xff\xfe" * 99, id="not UTF-8"),
        pytest.param(MIT.encode() + b" " * MAX_BYTES, id="too large"),
    ],
)
def test_says_nothing_of_other_texts(data):
    """A licence that is not known is not guessed."""
    assert DETECTOR.detect(data) is None


@pytest.mark.fault
@pytest.mark.parametrize("bait", [b"\n" * MAX_BYTES, b"copyright " * 26000, b"#" * MAX_BYTES, b"a " * 17000])
@pytest.mark.untraced
def test_ke11_time_grows_with_length_only(bait):
    """A quarter of a megabyte made to be slow is over in no time."""
    start = time.process_time()
    Licences().detect(bait)

    assert time.process_time() - start < 5


def test_remembers_answers(monkeypatch):
    """The same bytes are compared once."""
    detector = Licences()
    assert detector.detect(MIT.encode()) == "MIT"
    monkeypatch.setattr("bot.adapters.licences.nearest", lambda text: "never asked")

    assert detector.detect(MIT.encode()) == "MIT"
    assert detector.detect(b"other") == "never asked"


def test_terms_end_where_they_say():
    """GitHub cuts there, too."""
    assert terms("# Title\n\nCopyright (c) X\n  A   b\nEnd of terms and conditions\nrest") == "title a b"
