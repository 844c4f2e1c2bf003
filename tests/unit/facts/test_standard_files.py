"""Templates of the owner, and what lies in their place."""

import pytest

from bot.facts.standard_files import MAX_FILES, MAX_FOLDERS, MAX_TEXTS, standard_files
from bot.model.errors import PermissionMissing
from bot.model.facts import EntryKind
from bot.model.standard_files import FileCopy, StandardFiles

COMMIT = "c" * 40
CONFIG = "standard-files/all/.editorconfig"


def found(reader) -> list[tuple[str, str, bool, bool | None]]:
    return [(c.path, c.profile, c.same, c.line_ends_only) for c in standard_files(reader, COMMIT).copies]


def test_holds_every_template_against_its_place(reader):
    """At any depth, of every profile."""
    reader.defaults = {
        CONFIG: "a",
        "standard-files/all/.github/workflows/scan.yml": "b",
        "standard-files/python/ruff.toml": "c",
        "README.md": "not a template",
    }
    reader.files = {".editorconfig": b"a", ".github/workflows/scan.yml": b"bb"}

    assert found(reader) == [
        (".editorconfig", "all", True, None),
        (".github/workflows/scan.yml", "all", False, False),
        ("ruff.toml", "python", False, None),
    ]
    told = standard_files(reader, COMMIT)
    assert (told.profiles, told.complete) == (("all", "python"), True)


@pytest.mark.parametrize(
    ("own", "template", "only"),
    [
        (b"a\r\nb\r\n", "a\nb\n", True),
        (b"a\nb", "a\r\nb\r\n", True),
        (b"a\rb", "a\nb", True),
        (b"a\n b\n", "a\nb\n", False),
        (b"a\n\nb\n", "a\nb\n", False),
    ],
)
def test_tells_when_line_ends_are_all_that_differs(reader, own, template, only):
    """The last one, too; empty lines between are text."""
    reader.defaults, reader.files = {CONFIG: template}, {".editorconfig": own}

    assert found(reader) == [(".editorconfig", "all", False, only)]


def test_what_is_too_large_differs_all_the_same(reader):
    """Only how is not known."""
    reader.defaults, reader.files = {CONFIG: "a"}, {".editorconfig": b"a" * 100_000}

    assert found(reader) == [(".editorconfig", "all", False, None)]


def test_a_link_is_not_followed(reader):
    """Though its text may be that of the template."""
    reader.defaults, reader.files = {CONFIG: "a"}, {".editorconfig": b"a"}
    reader.kinds = {".editorconfig": EntryKind.SYMLINK}
    copy = standard_files(reader, COMMIT).copies[0]

    assert (copy.same, copy.plain) == (False, False)


def test_names_are_compared_with_their_case(reader):
    """Tools look for one name."""
    reader.defaults, reader.files = {CONFIG: "a"}, {".EditorConfig": b"a"}

    assert standard_files(reader, COMMIT).copies[0].oid == ""


def test_no_templates_cost_one_look(reader):
    """Loose files in the folder belong to no profile."""
    reader.defaults = {"standard-files/README.md": "what this is"}

    assert standard_files(reader, COMMIT) == StandardFiles()
    assert reader.calls == ["default standard-files"]


def test_an_empty_repository_has_none_of_them(reader):
    """There is nothing to look into."""
    reader.defaults = {CONFIG: "a"}
    copies = standard_files(reader, "").copies

    assert [type(c) for c in copies] == [FileCopy]
    assert copies[0].oid == ""


def test_caps_are_told(reader):
    """On files, folders, and closer looks."""
    reader.defaults = {f"standard-files/all/f{n:03}": "a" for n in range(MAX_FILES + 1)}
    reader.files = {f"f{n:03}": b"b" for n in range(MAX_FILES + 1)}
    told = standard_files(reader, COMMIT)

    assert (len(told.copies), told.complete) == (MAX_FILES, False)
    assert sum(c.line_ends_only is not None for c in told.copies) == MAX_TEXTS
    reader.defaults = {f"standard-files/all/d{n:03}/f": "a" for n in range(MAX_FOLDERS)}
    told = standard_files(reader, COMMIT)
    assert (len(told.copies), told.complete) == (MAX_FOLDERS - 1, False)


def test_what_can_not_be_known_is_no_no(reader):
    """Without a look at the owner's repository there is no answer."""
    reader.defaults = None

    with pytest.raises(PermissionMissing):
        standard_files(reader, COMMIT)
