"""Check 15: a team administers the repository, not a crowd of single people."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from bot.model.collaborators import Access, Collaborator, Collaborators, TeamAccesses
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
    """Options under ``checks.admins``."""

    max_people: int = Field(
        default=3, ge=0, le=100, description="People who were made administrators themselves, not by a team."
    )
    team: bool = Field(default=True, description="A team must administer the repository.")


@check(
    "admins",
    family="ownership",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    config=Config,
    number=15,
)
def admins(
    collaborators: Collaborators, team_accesses: TeamAccesses, repository: Repository, config: Config
) -> Verdict:
    """A team administers the repository, and few people do so by a grant of their own.

    Owners of the organisation administer all its repositories anyway; they count only where they
    were invited as well.

    Why: a grant to a person outlives their job; a team is kept up to date, and somebody of it is there
    when a setting must be changed.
    Fix: under Settings, Collaborators and teams, give a team the role Admin, and the listed people a
    lesser role or none of their own.
    Source: https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
    """
    if not collaborators.in_organisation:
        return not_applicable("a person owns the repository and administers it")
    if repository.archived:
        return not_applicable("the repository is archived")
    people = [person for person in collaborators.direct if person.access is Access.ADMIN]
    teams = [team.slug for team in team_accesses.listed if team.admin]
    evidence = tuple(_evidence(people, teams, team_accesses, config))
    if evidence:
        return failed(
            f"{counted(len(people), 'person', 'people')} and {counted(len(teams), 'team')} administer it",
            *evidence,
        )
    if collaborators.more_direct or (config.team and not teams):
        return unknown("there are more people or teams with access than are read", Reason.LIMIT)
    return passed(
        f"{counted(len(teams), 'team')} and {counted(len(people), 'person', 'people')} administer it"
    )


def _evidence(
    people: list[Collaborator], teams: list[str], accesses: TeamAccesses, config: Config
) -> Iterator[Evidence]:
    if config.team and not teams and not accesses.more:
        yield Evidence("no team administers it", Place(setting="Collaborators and teams"), key="no team")
    if len(people) > config.max_people:
        for person in people:
            yield Evidence(
                f"{person.login} was made an administrator",
                Place(setting="Collaborators and teams"),
                key=f"person:{person.login}",
            )
