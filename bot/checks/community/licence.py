"""Check 2: a licence that is recognised and allowed."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import LicenceFile, Repository
from bot.model.verdicts import Evidence, Place, Severity, Verdict, failed, not_applicable, passed
from bot.spec import Section, check

OPEN_SOURCE = (
    "0BSD",
    "AFL-3.0",
    "AGPL-3.0",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "GPL-2.0",
    "GPL-3.0",
    "ISC",
    "LGPL-2.1",
    "LGPL-3.0",
    "LPPL-1.3c",
    "MIT",
    "MPL-2.0",
    "MS-PL",
    "MS-RL",
    "NCSA",
    "OFL-1.1",
    "OSL-3.0",
    "PostgreSQL",
    "UPL-1.0",
    "Unlicense",
    "Zlib",
)
"""Licences that the Open Source Initiative approved, of those whose texts are recognised."""


class Config(Section):
    """Options under ``checks.licence``."""

    allow: tuple[str, ...] = Field(
        default=OPEN_SOURCE,
        max_length=200,
        description="SPDX ids of licences that are fine; `-only` and `-or-later` make no difference.",
    )
    accept_unrecognised: bool = Field(
        default=False, description="A licence file with a text that is not recognised is fine, too."
    )
    private: bool = Field(default=False, description="Judge private and internal repositories as well.")


@check("licence", family="community", severity=Severity.HIGH, config=Config, number=2)
def licence(licence_files: tuple[LicenceFile, ...], repository: Repository, config: Config) -> Verdict:
    """The root holds a licence that is recognised and on the list of allowed ones.

    Why: without a licence nobody may use, change or share the code, whatever its author wishes.
    Fix: put the unchanged text of a licence into a file named LICENSE at the root, or add its SPDX
    id to `allow`.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/licensing-a-repository
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if not repository.public and not config.private:
        return not_applicable("nobody outside can see the repository, so nobody needs to be licensed")
    if not licence_files:
        return failed("there is no licence file at the root")
    allowed = {_plain(spdx_id) for spdx_id in config.allow}
    recognised = [file for file in licence_files if file.spdx_id]
    fine = [file for file in recognised if _plain(file.spdx_id or "") in allowed]
    if fine:
        return passed(", ".join(f"{file.spdx_id} in {file.path}" for file in fine))
    if recognised:
        return failed(
            "no licence is on the list of allowed ones",
            *(_evidence(f, f"{f.spdx_id} is not on the list of allowed licences") for f in recognised),
        )
    if config.accept_unrecognised:
        return passed(f"{licence_files[0].path} is there; its text is not recognised")
    return failed(
        "the licence is not recognised",
        *(_evidence(f, "the text is not that of a licence that is recognised") for f in licence_files),
    )


def _plain(spdx_id: str) -> str:
    return spdx_id.lower().removesuffix("+").removesuffix("-only").removesuffix("-or-later")


def _evidence(file: LicenceFile, text: str) -> Evidence:
    return Evidence(text, Place(path=file.path))
