"""Topics, where there are any."""

from bot.facts.topics import topics
from bot.model.facts import About


class Page:
    """A reader that knows what a page says."""

    local = False

    def about(self) -> About:
        return About("", "", ("keep", "tool"))


def test_topics_are_those_of_the_page(reader):
    """A clone knows none."""
    reader.local = True

    assert topics(Page()) == ("keep", "tool")
    assert topics(reader) == ()
