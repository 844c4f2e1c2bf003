"""Check 60 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.release.signed_artifacts import Config, signed_artifacts
from bot.model.facts import Repository
from bot.model.releases import PublishedRelease, Releases
from bot.model.verdicts import Outcome, Reason, Verdict

REPOSITORY = Repository(1, "acme/tool", "main")


def release(*assets: str, tag: str = "v1", more: bool = False) -> PublishedRelease:
    return PublishedRelease(tag, None, assets=assets, more_assets=more)


def judged(*found: PublishedRelease, **options: object) -> Verdict:
    return signed_artifacts(Releases(found), REPOSITORY, Config(**options))


@pytest.mark.parametrize(
    "name",
    [
        "x.zip.asc",
        "x.minisig",
        "x.SIG",
        "x.sign",
        "x.sigstore",
        "x.zip.sigstore.json",
        "multiple.intoto.jsonl",
    ],
)
def test_knows_signatures_and_provenance(name):
    """By their endings, in any case."""
    assert judged(release("x.zip", name)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "name", ["sign.txt", "SHA256SUMS", "x.zip.sha256", "sbom.json", "x.pem", "signature"]
)
def test_other_names_are_no_signatures(name):
    """A checksum can be replaced together with its file."""
    assert judged(release("x.zip", name)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("assets", "options", "expected"),
    [
        pytest.param(("x.zip", "x.asc"), {"provenance": True}, Outcome.FAIL, id="a signature is not enough"),
        pytest.param(("x.zip", "x.intoto.jsonl"), {"provenance": True}, Outcome.PASS, id="provenance"),
        pytest.param(("x.zip",), {"signature": False}, Outcome.NOT_APPLICABLE, id="nothing asked for"),
        pytest.param(("x.zip", "x.asc"), {"sbom": True}, Outcome.FAIL, id="no bill"),
        pytest.param(("x.zip", "x.asc", "x.spdx.json"), {"sbom": True}, Outcome.PASS, id="SPDX"),
        pytest.param(("x.zip", "x.asc", "x.cdx.xml"), {"sbom": True}, Outcome.PASS, id="CycloneDX"),
        pytest.param(("x.zip", "x.asc", "x-sbom.json"), {"sbom": True}, Outcome.PASS, id="by its name"),
        pytest.param(("x.zip", "x.asc", "bombast.zip"), {"sbom": True}, Outcome.FAIL, id="another name"),
        pytest.param((), {}, Outcome.NOT_APPLICABLE, id="no files"),
        pytest.param(("SHA256SUMS", "x.asc", "bom.xml"), {}, Outcome.NOT_APPLICABLE, id="nothing to verify"),
    ],
)
def test_asks_for_what_policy_says(assets, options, expected):
    """Of releases with files."""
    assert judged(release(*assets), **options).outcome is expected


SIGNED, BARE = ("x.zip", "x.zip.asc"), ("x.zip",)


@pytest.mark.parametrize(
    ("newest_first", "options", "expected"),
    [
        pytest.param((SIGNED, SIGNED), {}, (), id="all"),
        pytest.param((SIGNED, BARE, BARE), {}, (), id="since the last one"),
        pytest.param((BARE, SIGNED), {}, ("release:v0",), id="no more"),
        pytest.param((SIGNED, BARE, SIGNED, BARE), {}, ("release:v1",), id="once not"),
        pytest.param((BARE, BARE), {}, ("release:v0", "release:v1"), id="never"),
        pytest.param((BARE, BARE), {"releases": 1}, ("release:v0",), id="the newest alone"),
        pytest.param((SIGNED, BARE, SIGNED), {"releases": 2}, (), id="what lies further back"),
    ],
)
def test_what_was_before_signing_does_not_count(newest_first, options, expected):
    """Whoever begins to sign is done with the next release."""
    found = [release(*assets, tag=f"v{n}") for n, assets in enumerate(newest_first)]

    assert tuple(e.key for e in judged(*found, **options).evidence) == expected


def test_says_what_lacks():
    """In words, for each release."""
    verdict = judged(release("x.zip", "y.zip"), sbom=True)

    assert verdict.summary == "1 of 1 release with files can not be verified"
    assert verdict.evidence[0].text == "v1 has 2 files and no signature and no bill of materials"


def test_files_that_were_not_looked_at_may_be_signatures():
    """So the answer is not known, unless another release tells it."""
    unclear = judged(release(*BARE, more=True))

    assert (unclear.outcome, unclear.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    found = judged(release(*BARE, more=True, tag="v2"), release(*BARE))
    assert [e.key for e in found.evidence] == ["release:v1"]


def test_an_archived_repository_releases_nothing():
    """Its releases are what they are."""
    archived = replace(REPOSITORY, archived=True)

    assert signed_artifacts(Releases((release(*BARE),)), archived, Config()).outcome is Outcome.NOT_APPLICABLE
