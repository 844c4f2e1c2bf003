"""Check 16: nobody from outside the organisation can push."""

from __future__ import annotations

from pydantic import Field

from bot.model.collaborators import Access, Collaborator, Collaborators
from bot.model.facts import Repository
from bot.model.verdicts import (
    Audience,
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
    """Options under ``checks.outside-access``."""

    allowed: tuple[str, ...] = Field(
        default=(), max_length=200, description="Logins of people from outside who may push."
    )


@check(
    "outside-access",
    family="ownership",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=16,
)
def outside_access(collaborators: Collaborators, repository: Repository, config: Config) -> Verdict:
    """No outside collaborator can push to the repository, or administer it.

    Why: who does not belong to the organisation is not bound by its sign-in rules, and is easily
    forgotten when the work is done.
    Fix: under Settings, Collaborators and teams, take the access of the listed people back to read or
    triage, make them members, or name them under `allowed`.
    Source: https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-outside-collaborators
    """
    if not collaborators.in_organisation:
        return not_applicable("a person owns the repository: everybody else is from outside")
    if repository.archived:
        return not_applicable("the repository is archived: nobody can push")
    allowed = {login.lower().removeprefix("@") for login in config.allowed}
    writers = [p for p in collaborators.outside if p.access.writes and p.login.lower() not in allowed]
    if writers:
        return failed(
            f"{counted(len(writers), 'outside collaborator')} can push",
            *(_evidence(person) for person in writers),
        )
    if collaborators.more_outside:
        return unknown("there are more outside collaborators than are read", Reason.LIMIT)
    if not collaborators.outside:
        return passed("there are no outside collaborators")
    return passed(
        f"{counted(len(collaborators.outside), 'outside collaborator')}, nobody who can push unasked"
    )


def _evidence(person: Collaborator) -> Evidence:
    return Evidence(
        f"{person.login} has the role {person.access.value}",
        Place(setting="Collaborators and teams"),
        key=f"person:{person.login}",
        severity=Severity.MEDIUM if person.access is Access.WRITE else None,
    )
