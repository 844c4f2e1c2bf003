from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.adapters.scratch import LOCK, PREFIX, remove_orphans, scratch_directory


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go in a test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_is_used_by_this_process_and_its_children_and_is_gone_afterwards(place: Path) -> None:
    with scratch_directory() as made:
        assert made.parent == place
        assert made.stat().st_mode & 0o777 == 0o700
        assert Path(tempfile.mkdtemp()).parent == made
        child = subprocess.run(
            [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert child.stdout.strip() == str(made)

    assert list(place.iterdir()) == []
    assert os.environ["TMPDIR"] == str(place)


def test_the_variable_is_unset_again_where_it_was_unset(place: Path, monkeypatch) -> None:
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with scratch_directory() as made:
        assert made.parent == place
    assert "TMPDIR" not in os.environ
    assert tempfile.gettempdir() == str(place)


def test_what_a_killed_program_left_is_removed_and_what_lives_is_kept(place: Path) -> None:
    program = "from bot.adapters.scratch import *\nwith scratch_directory(): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    (left,) = place.iterdir()

    with scratch_directory() as made:
        assert list(place.iterdir()) == [made]
        assert left != made
        remove_orphans(place)
        assert made.is_dir()


def test_touches_nothing_that_it_did_not_make(place: Path) -> None:
    """A directory in the making, a link to somebody's directory, a plain file, another name."""
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (place / f"{PREFIX}new").mkdir()
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    (place / f"{PREFIX}file").touch()
    before = sorted(place.iterdir())

    remove_orphans(place)

    assert sorted(place.iterdir()) == before
    assert (elsewhere / LOCK).exists()
