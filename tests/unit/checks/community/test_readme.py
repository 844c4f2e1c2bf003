"""Check 1 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.readme import Config, readme
from bot.model.facts import CommunityFiles, Document, EntryKind, Repository, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)


def files(*sizes: int | None) -> CommunityFiles:
    return CommunityFiles(
        readmes=tuple(Document(f"README.{n}", EntryKind.FILE, "o" * 40, size) for n, size in enumerate(sizes))
    )


@pytest.mark.parametrize(
    ("sizes", "options", "expected"),
    [
        pytest.param([150], {}, Outcome.PASS, id="exactly at the limit"),
        pytest.param([149], {}, Outcome.FAIL, id="one byte below"),
        pytest.param([], {}, Outcome.FAIL, id="none"),
        pytest.param([10, 900], {}, Outcome.PASS, id="one of two says something"),
        pytest.param([None], {}, Outcome.PASS, id="a link, or too large to be measured"),
        pytest.param([0], {"min_bytes": 0}, Outcome.PASS, id="no size asked for"),
        pytest.param([900], {"min_bytes": 901}, Outcome.FAIL, id="more asked for"),
    ],
)
def test_judges_readmes(sizes, options, expected):
    """There, and more than a heading."""
    assert readme(files(*sizes), PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_leaves_repositories_alone_that_nobody_can_mend(change):
    """No commit yet, or read-only."""
    assert readme(files(), replace(PUBLIC, **change), Config()).outcome is Outcome.NOT_APPLICABLE


def test_a_private_repository_needs_one_as_well():
    """Its members read it, too."""
    private = replace(PUBLIC, visibility=Visibility.PRIVATE)

    assert readme(files(), private, Config()).outcome is Outcome.FAIL


def test_evidence_names_the_stub_and_stays_the_same_when_it_grows():
    """A stub with one byte more is still the same finding."""
    short, longer = (readme(files(n), PUBLIC, Config()).evidence[0] for n in (1, 2))

    assert short.place.path == "README.0"
    assert short.text == "README.0 has 1 byte"
    assert short.fingerprint == longer.fingerprint
