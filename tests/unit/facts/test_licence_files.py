"""Which files at the root count as licence files."""

import pytest

from bot.facts.licence_files import MAX_BYTES, licence_files
from bot.model.facts import EntryKind

COMMIT = "c" * 40


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "LICENCE",
        "license.txt",
        "LICENSE.md",
        "LICENSE.rst",
        "COPYING",
        "COPYING.LESSER",
        "UNLICENSE",
        "LICENSE-MIT",
        "LICENSE-APACHE.txt",
        "LICENSE.Apache-2.0",
        "MIT-LICENSE",
        "mit-license.md",
    ],
)
def test_knows_the_usual_names(reader, licences, name):
    """Names that people use for licences, in any case."""
    reader.files = {name: b"MIT text", "src/LICENSE": b"no", "README.md": b"no"}

    assert [(f.path, f.spdx_id) for f in licence_files(reader, COMMIT, licences)] == [(name, "MIT")]


@pytest.mark.parametrize(
    "name", ["license.py", "license_test.go", "LICENSES", "README", "licensed.md", "COPY"]
)
def test_leaves_other_names_alone(reader, licences, name):
    """Code about licences is no licence."""
    reader.files = {name: b"MIT text"}

    assert licence_files(reader, COMMIT, licences) == ()


def test_puts_plain_names_first(reader, licences):
    """The plain name says most about the project."""
    reader.files = {"LICENSE-MIT": b"MIT", "LICENSE": b"unclear", "COPYING": b"GPL-3.0"}

    assert [f.path for f in licence_files(reader, COMMIT, licences)] == ["COPYING", "LICENSE", "LICENSE-MIT"]


@pytest.mark.fault
def test_ke4_a_link_is_listed_and_not_read(reader, licences):
    """A link may point outside; its text is never looked at."""
    reader.files = {"LICENSE": b"MIT"}
    reader.kinds = {"LICENSE": EntryKind.SYMLINK}

    (file,) = licence_files(reader, COMMIT, licences)

    assert (file.path, file.spdx_id) == ("LICENSE", None)


def test_too_large_a_file_stays_unrecognised(reader, licences):
    """No licence has a quarter of a megabyte."""
    reader.files = {"LICENSE": b"MIT" + b" " * MAX_BYTES}

    assert licence_files(reader, COMMIT, licences)[0].spdx_id is None


def test_a_folder_of_licences_is_no_file(reader, licences):
    """A directory named LICENSE holds texts of others."""
    reader.files = {"LICENSE/MIT.txt": b"MIT"}

    assert licence_files(reader, COMMIT, licences) == ()


def test_without_a_commit_there_is_none(reader, licences):
    """An empty repository has no files and asks for none."""
    assert licence_files(reader, "", licences) == ()
