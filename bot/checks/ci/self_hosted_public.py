"""Check 33: no self-hosted runner takes jobs from a public repository."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository, SelfHostedJob, SelfHostedJobs
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


class Config(Section):
    """Options under ``checks.self-hosted-public``."""

    allow: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="Labels of runners that are made anew for every job; a job that asks for one of them "
        "is fine.",
    )


@check("self-hosted-public", family="ci", severity=Severity.HIGH, config=Config, number=33)
def self_hosted_public(self_hosted_jobs: SelfHostedJobs, repository: Repository, config: Config) -> Verdict:
    """No job of a public repository asks for a self-hosted runner.

    Which event starts the workflow makes no difference: a pull request brings its own version of
    the workflow file, and so can send its job to any runner of the repository.

    Why: anyone can open a pull request, run code on your machine with it and leave something behind
    for the next job.
    Fix: use GitHub's runners, or runners that are made anew for every job and reach nothing of
    yours; list a label of those under `allow`.
    Source: https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners
    """
    if not repository.public:
        return not_applicable("only its members can propose changes to the repository")
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if not self_hosted_jobs.files:
        return not_applicable("there are no workflows")
    allowed = {label.lower() for label in config.allow}
    found = [job for job in self_hosted_jobs.jobs if not allowed & {label.lower() for label in job.labels}]
    of = counted(self_hosted_jobs.files, "workflow")
    if found:
        return failed(
            f"{counted(len(found), 'job asks', 'jobs ask')} for a self-hosted runner",
            *(_evidence(job) for job in found),
        )
    if self_hosted_jobs.unread:
        return Verdict(
            Outcome.UNKNOWN,
            f"{len(self_hosted_jobs.unread)} of {of} could not be read",
            tuple(Evidence(f"not read: {f.problem}", Place(path=f.path)) for f in self_hosted_jobs.unread),
            reason=Reason.FAULT,
        )
    listed = f"; {len(self_hosted_jobs.jobs)} on allowed ones" if self_hosted_jobs.jobs else ""
    return passed(f"no job of {of} asks for a self-hosted runner{listed}")


def _evidence(job: SelfHostedJob) -> Evidence:
    return Evidence(
        f"job {job.job} runs on {', '.join(job.labels)}",
        Place(path=job.path, line=job.line),
        key=f"{job.path}|{job.job}",
    )
