"""Guides of the repository, or else of its owner."""

import pytest

from bot.facts.community_files import community_files
from bot.facts.guides import conduct_guide, contributing_guide
from bot.model.errors import PermissionMissing
from bot.model.facts import EntryKind
from bot.model.guides import Guide

COMMIT = "c" * 40


def found(reader) -> tuple[Guide | None, Guide | None]:
    files = community_files(reader, COMMIT)
    return contributing_guide(reader, files), conduct_guide(reader, files)


def test_own_guides_cost_no_look_at_the_owners(reader):
    """Not even where they can not be seen."""
    reader.files = {"CONTRIBUTING.md": b"xyz", "docs/Code-of-Conduct.rst": b"xy"}
    reader.defaults = None

    assert found(reader) == (Guide("CONTRIBUTING.md", 3), Guide("docs/Code-of-Conduct.rst", 2))


def test_takes_the_first_place_in_githubs_order(reader):
    """.github wins over the root, the root over docs."""
    reader.files = {"docs/CONTRIBUTING.md": b"c", "contributing": b"b", ".github/CONTRIBUTING.adoc": b"a"}

    assert found(reader)[0] == Guide(".github/CONTRIBUTING.adoc", 1)


def test_the_owners_defaults_fill_in(reader):
    """Each by itself."""
    reader.defaults = {"CONTRIBUTING.md": "x", "docs/CODE_OF_CONDUCT.md": "xy"}
    conduct = Guide("docs/CODE_OF_CONDUCT.md", 2, by_default=True)

    assert found(reader) == (Guide("CONTRIBUTING.md", 1, by_default=True), conduct)
    reader.files = {"CONTRIBUTING.md": b"own"}
    assert found(reader) == (Guide("CONTRIBUTING.md", 3), conduct)


@pytest.mark.parametrize(
    "name",
    ["CONTRIBUTING/README.md", "CONTRIBUTORS.md", "contributing.py", "conduct.md", "my-contributing.md"],
)
def test_other_names_are_other_files(reader, name):
    """Neither a folder, nor a program, nor a list of people."""
    reader.files = {name: b"x"}

    assert found(reader) == (None, None)


def test_a_link_is_a_file_that_is_there(reader):
    """It is not followed, so it has no size."""
    reader.files, reader.kinds = {"CONTRIBUTING.md": b"docs/x.md"}, {"CONTRIBUTING.md": EntryKind.SYMLINK}

    assert found(reader)[0] == Guide("CONTRIBUTING.md", None)


def test_what_can_not_be_known_is_no_no(reader):
    """One is missing and the owner's defaults can not be seen; the other is known all the same."""
    reader.files, reader.defaults = {"CONTRIBUTING.md": b"x"}, None
    files = community_files(reader, COMMIT)

    assert contributing_guide(reader, files) == Guide("CONTRIBUTING.md", 1)
    with pytest.raises(PermissionMissing):
        conduct_guide(reader, files)
