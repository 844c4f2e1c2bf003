"""Check 10: no compiled programs and no large files in the repository."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from bot.model.facts import Binaries, Repository, StoredFile
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check

MIB = 1024 * 1024

FIXTURES = (
    "*/test/*",
    "*/tests/*",
    "*/testing/*",
    "*/testdata/*",
    "*/test-data/*",
    "*/test_data/*",
    "*/fixtures/*",
    "*/__fixtures__/*",
    "*/spec/*",
    "*/e2e/*",
    "*/gradle/wrapper/gradle-wrapper.jar",
    "*/.mvn/wrapper/maven-wrapper.jar",
)
"""What tests read, and the two wrappers that build tools ask to be committed."""


class Config(Section):
    """Options under ``checks.binaries-large``."""

    executables: bool = Field(default=True, description="Report compiled programs and libraries.")
    max_mib: int = Field(
        default=10,
        ge=1,
        le=100,
        description="A file may have that many MiB; GitHub takes none above 100.",
    )
    exclude: tuple[str, ...] = Field(
        default=FIXTURES,
        max_length=100,
        description="Patterns (`*`, `?`, `[...]`; `*` reaches over slashes) of paths that may hold such "
        "files, in lower case, with a slash before the first folder.",
    )


@check("binaries-large", family="community", severity=Severity.HIGH, config=Config, number=10)
def binaries_large(binaries: Binaries, repository: Repository, config: Config) -> Verdict:
    """No compiled program or library is committed, and no file is larger than the limit.

    Compiled is what is called so (`.exe`, `.so`, `.jar`, `.class`, ...). What tests read does not
    count, nor do pointers of Git LFS.

    Why: nobody can review a binary, and it may not be what its source says; large files stay in
    every clone for ever.
    Fix: build it in CI and publish it as a release asset or package, or keep it with Git LFS; files
    that must stay go under `exclude`.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#binary-artifacts
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing in it can be changed")
    executables = [f for f in binaries.executables if config.executables and not _excluded(f, config)]
    large = [f for f in binaries.large if f.size > config.max_mib * MIB and not _excluded(f, config)]
    found = [*(_compiled(file) for file in executables), *(_large(file, config) for file in large)]
    if found:
        said = [
            counted(len(executables), "compiled file") if executables else "",
            f"{counted(len(large), 'file')} above {config.max_mib} MiB" if large else "",
        ]
        return failed(" and ".join(part for part in said if part), *found)
    if not binaries.complete:
        return Verdict(
            Outcome.UNKNOWN,
            f"nothing found among {counted(binaries.files, 'file')}, but not all could be listed with "
            "their sizes",
            reason=Reason.LIMIT,
        )
    return passed(f"nothing of the kind among {counted(binaries.files, 'file')}")


def _excluded(file: StoredFile, config: Config) -> bool:
    path = f"/{file.path.lower()}"
    return any(fnmatchcase(path, pattern) for pattern in config.exclude)


def _compiled(file: StoredFile) -> Evidence:
    return Evidence(f"compiled, {_size(file)}", Place(path=file.path), key=f"compiled:{file.path}")


def _large(file: StoredFile, config: Config) -> Evidence:
    return Evidence(
        f"{_size(file)}, more than {config.max_mib} MiB",
        Place(path=file.path),
        key=f"large:{file.path}",
        # A burden for every clone, but no danger.
        severity=Severity.MEDIUM,
    )


def _size(file: StoredFile) -> str:
    if file.size >= MIB:
        return f"{file.size / MIB:.1f} MiB"
    return f"{file.size / 1024:.0f} KiB" if file.size >= 1024 else counted(file.size, "byte")
