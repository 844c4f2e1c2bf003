"""Finds the git directory that belongs to a path, without running anything in it."""

from __future__ import annotations

from pathlib import Path

from bot.model.errors import UserError

_POINTER = "gitdir: "
_POINTER_BYTES = 4096


def git_directory(path: Path) -> Path:
    """The git directory of a work tree (or of a folder inside one), or a bare repository itself.

    A bare repository counts only when ``path`` is its top: one that lies somewhere above, or that
    a hostile tree carries inside, is not picked up by accident.

    Raises:
        UserError: there is no repository; says where was looked and how to mend it.
    """
    try:
        top = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"{str(path)!r} can not be opened: {_why(error)}; give the folder of a git clone"
        ) from error
    if _is_git_directory(top):
        return top
    for folder in (top, *top.parents):
        mark = folder / ".git"
        if mark.is_dir() and _is_git_directory(mark):
            return mark
        if mark.is_file():
            return _pointed(mark)
    raise UserError(
        f"{str(path)!r} is not inside a git repository; give the folder of a clone or of a bare "
        "repository, or make one with `git clone`"
    )


def common_directory(git_dir: Path) -> Path:
    """Where objects and refs lie: for a linked work tree, the main repository's git directory."""
    pointer = git_dir / "commondir"
    return (git_dir / _first_line(pointer)).resolve() if pointer.is_file() else git_dir


def _is_git_directory(folder: Path) -> bool:
    linked = (folder / "commondir").is_file()
    head = folder / "HEAD"
    return (head.is_file() or head.is_symlink()) and (
        linked or ((folder / "objects").is_dir() and (folder / "refs").is_dir())
    )


def _pointed(mark: Path) -> Path:
    line = _first_line(mark)
    target = mark.parent / line.removeprefix(_POINTER).strip()
    if not line.startswith(_POINTER) or not _is_git_directory(target):
        raise UserError(
            f"{str(mark)!r} does not point to a git directory; run `git worktree repair` or clone again"
        )
    return target.resolve()


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            data = handle.read(_POINTER_BYTES)
    except OSError as error:
        raise UserError(f"{str(file)!r} can not be read: {_why(error)}; check its permissions") from error
    return data.decode("utf-8", "surrogateescape").partition("\n")[0].strip()


def _why(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
