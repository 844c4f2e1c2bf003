"""Check 33 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.self_hosted_public import Config, self_hosted_public
from bot.model.facts import SelfHostedJob, SelfHostedJobs, Visibility, WorkflowFile
from bot.model.verdicts import Outcome, Place, Reason

PATH = ".github/workflows/a.yml"
JOB = SelfHostedJob(PATH, 7, "build", ("self-hosted", "Linux"))
UNREAD = WorkflowFile(".github/workflows/b.yml", "o" * 40, "it is too large")


def test_passes_where_no_job_asks(public):
    """The workflows were read."""
    assert self_hosted_public(SelfHostedJobs(2, ()), public, Config()).outcome is Outcome.PASS


def test_a_job_that_asks_fails(public):
    """Its place is the line of `runs-on`; its key does not move with it."""
    verdict = self_hosted_public(SelfHostedJobs(2, (JOB,), (UNREAD,)), public, Config())

    assert verdict.outcome is Outcome.FAIL
    (evidence,) = verdict.evidence
    assert evidence.place == Place(path=PATH, line=7)
    assert evidence.text == "job build runs on self-hosted, Linux"
    moved = self_hosted_public(SelfHostedJobs(2, (replace(JOB, line=9),)), public, Config())
    assert moved.evidence[0].key == evidence.key


@pytest.mark.parametrize(
    ("allow", "expected"),
    [(("linux",), Outcome.PASS), (("self-hosted",), Outcome.PASS), (("arm",), Outcome.FAIL)],
)
def test_labels_can_be_allowed(public, allow, expected):
    """Runners that are made anew for every job."""
    assert self_hosted_public(SelfHostedJobs(1, (JOB,)), public, Config(allow=allow)).outcome is expected


def test_what_was_not_read_is_unknown(public):
    """It may hold such a job."""
    verdict = self_hosted_public(SelfHostedJobs(2, (), (UNREAD,)), public, Config())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert verdict.summary == "1 of 2 workflows could not be read"


@pytest.mark.parametrize(
    "change",
    [{"visibility": Visibility.PRIVATE}, {"visibility": Visibility.INTERNAL}, {"archived": True}],
)
def test_nothing_to_judge(public, change):
    """Strangers can propose nothing, or nothing runs."""
    found = SelfHostedJobs(1, (JOB,))

    assert self_hosted_public(found, replace(public, **change), Config()).outcome is Outcome.NOT_APPLICABLE
    assert self_hosted_public(SelfHostedJobs(0, ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
