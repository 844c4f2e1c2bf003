"""Which files are compiled, and which are large."""

import time

import pytest

from bot.facts.binaries import LEAST_BYTES, MOST, POINTER_BYTES, binaries, sort_out
from bot.model.facts import Binaries, EntryKind, TreeEntry

COMMIT = "c" * 40


def entry(path: str, size: int | None = 5000, kind: EntryKind = EntryKind.FILE) -> TreeEntry:
    return TreeEntry(path, kind, "o" * 40, size)


@pytest.mark.parametrize(
    ("name", "compiled"),
    [
        ("tool.exe", True),
        ("TOOL.DLL", True),
        ("libx.so", True),
        ("libx.so.1.2.3", True),
        ("a/b/c.jar", True),
        ("x.cpython-311.pyc", True),
        ("pkg-1.0-py3-none-any.whl", True),
        ("tool.exe.config", False),
        ("exe", False),
        (".so", False),
        ("lib.so.conf", False),
        ("x.obj", False),
        ("x.py", False),
        ("x.class.php", False),
        ("logo.png", False),
    ],
)
def test_knows_compiled_files_by_their_names(name, compiled):
    """In any case, with versions."""
    assert [f.path for f in sort_out([entry(name)], cut_short=False).executables] == [name] * compiled


def test_placeholders_and_pointers_are_no_programs():
    """Git LFS keeps the file elsewhere."""
    small, enough = entry("a.exe", POINTER_BYTES - 1), entry("b.exe", POINTER_BYTES)

    assert [f.path for f in sort_out([small, enough], cut_short=False).executables] == ["b.exe"]


def test_large_files_come_largest_first_and_once():
    """What is compiled is said so; links and submodules are no files."""
    entries = [
        entry("a.bin", LEAST_BYTES),
        entry("b.bin", LEAST_BYTES - 1),
        entry("c.bin", 3 * LEAST_BYTES),
        entry("d.exe", 9 * LEAST_BYTES),
        entry("link.exe", 9000, EntryKind.SYMLINK),
        entry("module", None, EntryKind.SUBMODULE),
    ]
    found = sort_out(entries, cut_short=False)

    assert [f.path for f in found.large] == ["c.bin", "a.bin"]
    assert [f.path for f in found.executables] == ["d.exe"]
    assert (found.files, found.complete) == (4, True)


def test_what_was_not_seen_is_said():
    """Cut short by GitHub, without a size in a partial clone, or too many of them."""
    assert not sort_out([], cut_short=True).complete
    assert not sort_out([entry("a.txt", None)], cut_short=False).complete
    many = [entry(f"{n}.exe") for n in range(MOST + 1)]
    found = sort_out(many, cut_short=False)
    assert (len(found.executables), found.complete) == (MOST, False)
    assert sort_out(many[:-1], cut_short=False).complete


def test_reads_all_files_at_once(reader):
    """And nothing where there is no commit."""
    reader.files = {"bin/x.exe": b"x" * 300, "README.md": b"x"}

    assert [f.path for f in binaries(reader, COMMIT).executables] == ["bin/x.exe"]
    assert binaries(reader, "") == Binaries((), (), LEAST_BYTES, 0)


@pytest.mark.fault
@pytest.mark.untraced
def test_ke11_a_hundred_thousand_odd_names():
    """Names are matched in time that grows with their length."""
    names = [("." * 200) + f"so.{n}." * 8 for n in range(20_000)] + ["a." + "1." * 2000] * 1000
    start = time.process_time()
    sort_out([entry(name) for name in names], cut_short=False)

    assert time.process_time() - start < 5
