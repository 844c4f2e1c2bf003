"""Check 2 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.licence import Config, licence
from bot.model.facts import LicenceFile, Repository, Visibility
from bot.model.verdicts import Outcome

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)


def files(*found: str | None) -> tuple[LicenceFile, ...]:
    return tuple(LicenceFile(f"LICENSE-{n}", "o" * 40, spdx_id) for n, spdx_id in enumerate(found))


def outcome(*found: str | None, repository: Repository = PUBLIC, **options: object) -> Outcome:
    return licence(files(*found), repository, Config(**options)).outcome


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(["MIT"], {}, Outcome.PASS, id="on the list"),
        pytest.param([], {}, Outcome.FAIL, id="no file"),
        pytest.param([None], {}, Outcome.FAIL, id="not recognised"),
        pytest.param([None], {"accept_unrecognised": True}, Outcome.PASS, id="not recognised, accepted"),
        pytest.param(["MIT"], {"allow": ["Apache-2.0"]}, Outcome.FAIL, id="not on the list"),
        pytest.param(["GPL-3.0", "MIT"], {"allow": ["MIT"]}, Outcome.PASS, id="one of two is on the list"),
        pytest.param(["GPL-3.0"], {"allow": ["gpl-3.0-or-later"]}, Outcome.PASS, id="spelt with a suffix"),
        pytest.param(["CC-BY-4.0"], {}, Outcome.FAIL, id="not open source by default"),
    ],
)
def test_judges_licences(found, options, expected):
    """Recognised and allowed passes; the list decides."""
    assert outcome(*found, **options) is expected


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.INTERNAL])
def test_private_repositories_are_asked_only_where_policy_says(visibility):
    """Nobody outside can see the code."""
    private = replace(PUBLIC, visibility=visibility)

    assert outcome(repository=private) is Outcome.NOT_APPLICABLE
    assert outcome(repository=private, private=True) is Outcome.FAIL


def test_an_empty_repository_is_not_judged():
    """There is nothing to license yet."""
    assert outcome(repository=replace(PUBLIC, empty=True)) is Outcome.NOT_APPLICABLE


def test_evidence_names_the_files():
    """Each file that was looked at, and what it is."""
    verdict = licence(files("GPL-3.0", None), PUBLIC, Config(allow=["MIT"]))

    assert [(e.place.path, e.text) for e in verdict.evidence] == [
        ("LICENSE-0", "GPL-3.0 is not on the list of allowed licences")
    ]
