"""Check 9: files that the owner keeps are the same everywhere."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from bot.model.facts import Repository
from bot.model.standard_files import FOLDER, FileCopy, StandardFiles
from bot.model.verdicts import (
    Evidence,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.standard-file-drift``."""

    profiles: tuple[str, ...] = Field(
        default=("all",),
        max_length=20,
        description="Folders below `standard-files` in the owner's `.github` repository whose files this "
        "repository has as they are; of two for one path, the one of the later folder.",
    )
    optional: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="Name patterns (`*`, `?`, `[...]`) of paths that may be missing.",
    )
    ignore: tuple[str, ...] = Field(
        default=(), max_length=100, description="Name patterns of paths that may differ or be missing."
    )
    line_ends: bool = Field(
        default=True, description="A file that differs in its line ends alone counts, with low severity."
    )
    forks: bool = Field(default=False, description="Judge forks as well.")


@check("standard-file-drift", family="community", severity=Severity.MEDIUM, config=Config, number=9)
def standard_file_drift(standard_files: StandardFiles, repository: Repository, config: Config) -> Verdict:
    """Every file that the owner keeps for its repositories is there, byte for byte.

    What lies at `standard-files/<profile>/<path>` in the owner's public or internal `.github` repository
    belongs at `<path>`. Files are compared by their blob ids, so a changed line end is a change.

    Why: a fix to a shared workflow, policy or setting reaches only repositories that still have it, and
    nobody knows which those are.
    Fix: copy the listed files from the owner's `.github` repository; what has to differ belongs under
    `ignore`, or into a profile of its own.
    Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: its files are kept as they are")
    if repository.fork and not config.forks:
        return not_applicable("a fork: its files are those of where it came from")
    chosen = {
        copy.path: copy
        for profile in config.profiles
        for copy in standard_files.copies
        if copy.profile == profile and not _matches(copy.path, config.ignore)
    }
    drifted = [copy for _, copy in sorted(chosen.items()) if _drifted(copy, config)]
    if drifted:
        return failed(
            f"{len(drifted)} of {counted(len(chosen), 'standard file')} "
            f"{'is' if len(drifted) == 1 else 'are'} missing or changed",
            *(_evidence(copy) for copy in drifted),
        )
    if not standard_files.complete:
        return unknown(
            f"{counted(len(chosen), 'standard file')} as they shall be; there are more than are read",
            Reason.LIMIT,
        )
    if not chosen:
        names = ", ".join(config.profiles) or "no profile"
        return not_applicable(f"the owner's .github repository has no files in {FOLDER} for {names}")
    return passed(
        f"{counted(len(chosen), 'standard file')} as the owner keeps {'it' if len(chosen) == 1 else 'them'}"
    )


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _drifted(copy: FileCopy, config: Config) -> bool:
    if copy.same or (not copy.oid and _matches(copy.path, config.optional)):
        return False
    return config.line_ends or not copy.line_ends_only


def _evidence(copy: FileCopy) -> Evidence:
    key, severity = f"file:{copy.path}", None
    if not copy.oid:
        # What is not there is no place.
        return Evidence(f"{copy.path} is missing", key=key)
    if not copy.plain:
        text = f"{copy.path} is no plain file"
    elif copy.line_ends_only:
        text, severity = (
            f"{copy.path} differs from the template of {copy.profile} in its line ends",
            Severity.LOW,
        )
    else:
        text = f"{copy.path} differs from the template of {copy.profile}"
    return Evidence(text, Place(path=copy.path), key=key, severity=severity)
