"""The repository is told as the reader has it."""

from bot.facts.repository import repository


def test_hands_on_what_the_reader_says(reader):
    """Nothing is added and nothing left out."""
    assert repository(reader) == reader.repository()
