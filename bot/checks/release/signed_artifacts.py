"""Check 60: what people download can be verified."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import Field

from bot.model.facts import Repository
from bot.model.releases import PublishedRelease, Releases
from bot.model.verdicts import (
    Evidence,
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

# The endings that scorecard knows.
_SIGNATURE = (".asc", ".minisig", ".sig", ".sign", ".sigstore", ".sigstore.json")
_PROVENANCE = (".intoto.jsonl",)
_BILL = re.compile(
    r".+\.(?:cdx\.(?:json|xml)|spdx(?:\.(?:json|xml|ya?ml|rdf|rdf\.xml))?)|(?:.*[-_.])?s?bom(?:[-_.].*)?",
    re.IGNORECASE,
)
_CHECKSUM = re.compile(
    r".*\.(?:md5|sha1|sha256|sha384|sha512|sha\d+sum|pem|crt|cert|pub)|.*(?:check|sha\d*|md5|b2)[-_]?sums?.*",
    re.IGNORECASE,
)


class Config(Section):
    """Options under ``checks.signed-artifacts``."""

    releases: int = Field(default=5, ge=1, le=5, description="Newest releases that are looked at.")
    signature: bool = Field(default=True, description="Ask for a signature, or else for provenance.")
    provenance: bool = Field(default=False, description="Ask for provenance; a signature is not enough.")
    sbom: bool = Field(default=False, description="Ask for a bill of materials (SPDX or CycloneDX).")


@dataclass(frozen=True, slots=True)
class _Found:
    release: PublishedRelease
    lacks: tuple[str, ...]


@check("signed-artifacts", family="release", severity=Severity.MEDIUM, config=Config, number=60)
def signed_artifacts(releases: Releases, repository: Repository, config: Config) -> Verdict:
    """The files of the newest releases come with a signature or with provenance.

    They are told by their names (`.asc`, `.sig`, `.sigstore`, `.intoto.jsonl`, ...); what they say is
    not verified. Releases without files do not count, nor do those from before files were signed at all.

    Why: whoever can replace a file of a release reaches everybody who downloads it, and nobody can
    tell.
    Fix: let the workflow that releases attest and sign what it uploads, and upload the signatures
    beside the files.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#signed-releases
    """
    if repository.archived:
        return not_applicable("the repository is archived: there will be no release")
    looked_at = [r for r in releases.listed[: config.releases] if any(map(_is_artifact, r.assets))]
    if not looked_at:
        return not_applicable("no release has files to be verified")
    if not (config.signature or config.provenance or config.sbom):
        return not_applicable("policy asks for nothing")
    found = [_Found(release, tuple(_lacks(release, config))) for release in looked_at]
    # What lies before the oldest release that has all that is asked for was made by other rules.
    since = max((n for n, one in enumerate(found) if not one.lacks), default=len(found))
    lacking = [one for one in found[:since] if one.lacks]
    if not lacking:
        return passed(f"{counted(since + 1, 'release')} with files that can be verified")
    if all(one.release.more_assets for one in lacking):
        return unknown(
            f"{lacking[0].release.tag} has more files than are looked at, and nothing to verify them by "
            "among the first",
            Reason.LIMIT,
        )
    return failed(
        f"{len(lacking)} of {counted(len(found), 'release')} with files can not be verified",
        *(_evidence(one) for one in lacking if not one.release.more_assets),
    )


def _lacks(release: PublishedRelease, config: Config) -> list[str]:
    names = [name.lower() for name in release.assets]
    provenance = any(name.endswith(_PROVENANCE) for name in names)
    lacks = []
    if config.provenance and not provenance:
        lacks.append("provenance")
    elif config.signature and not provenance and not any(name.endswith(_SIGNATURE) for name in names):
        lacks.append("signature")
    if config.sbom and not any(map(_BILL.fullmatch, names)):
        lacks.append("bill of materials")
    return lacks


def _is_artifact(name: str) -> bool:
    name = name.lower()
    return not (
        name.endswith((*_SIGNATURE, *_PROVENANCE)) or _BILL.fullmatch(name) or _CHECKSUM.fullmatch(name)
    )


def _evidence(found: _Found) -> Evidence:
    release = found.release
    return Evidence(
        f"{release.tag} has {counted(len(release.assets), 'file')} and no {' and no '.join(found.lacks)}",
        key=f"release:{release.tag}",
    )
