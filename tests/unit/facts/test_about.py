"""What the page says is told as the reader has it."""

import pytest

from bot.facts.about import about
from bot.model.errors import PermissionMissing


def test_hands_on_what_the_reader_says(reader):
    """Nothing is added and nothing left out."""
    assert about(reader) == reader.about()


def test_a_clone_does_not_hold_it(reader):
    """Neither yes nor no."""
    reader.local = True

    with pytest.raises(PermissionMissing):
        about(reader)
