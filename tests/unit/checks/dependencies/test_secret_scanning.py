"""Check 40 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.dependencies.secret_scanning import Config, judge_secret_scanning
from bot.model.facts import Visibility
from bot.model.security import SecretScanning
from bot.model.verdicts import Outcome, Severity

ON, HALF, OFF = SecretScanning(True, True), SecretScanning(True, False), SecretScanning(False, False)


@pytest.mark.parametrize(
    ("visibility", "found", "private", "expected"),
    [
        (Visibility.PUBLIC, ON, False, Outcome.PASS),
        (Visibility.PUBLIC, HALF, False, Outcome.FAIL),
        (Visibility.PUBLIC, OFF, False, Outcome.FAIL),
        pytest.param(Visibility.PRIVATE, OFF, False, Outcome.NOT_APPLICABLE, id="not bought"),
        pytest.param(Visibility.INTERNAL, OFF, False, Outcome.NOT_APPLICABLE, id="not bought, internal"),
        pytest.param(Visibility.PRIVATE, OFF, True, Outcome.FAIL, id="bought, says policy"),
        pytest.param(Visibility.PRIVATE, HALF, False, Outcome.FAIL, id="bought, as it is on"),
        pytest.param(Visibility.PRIVATE, ON, False, Outcome.PASS, id="private and on"),
    ],
)
def test_what_is_on(repository, visibility, found, private, expected):
    """For what is not public GitHub sells it, so being off is no fault by itself."""
    judged = judge_secret_scanning(found, replace(repository, visibility=visibility), Config(private=private))

    assert judged.outcome is expected


def test_push_protection_weighs_less_and_can_be_left_off(repository):
    """A secret is at least found."""
    public = replace(repository, visibility=Visibility.PUBLIC)

    (evidence,) = judge_secret_scanning(HALF, public, Config()).evidence
    assert (evidence.key, evidence.severity) == ("push", Severity.MEDIUM)
    allowed = judge_secret_scanning(HALF, public, Config(push_protection=False))
    assert (allowed.outcome, allowed.summary) == (Outcome.PASS, "secret scanning is on")


def test_an_archived_repository(repository):
    """Nothing is pushed to it."""
    archived = replace(repository, visibility=Visibility.PUBLIC, archived=True)

    assert judge_secret_scanning(OFF, archived, Config()).outcome is Outcome.NOT_APPLICABLE
