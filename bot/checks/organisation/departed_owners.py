"""Check 96: nobody owns code who has left the organisation."""

from __future__ import annotations

from collections import Counter

from bot.model.code_owners import DepartedOwner, DepartedOwners
from bot.model.verdicts import (
    Audience,
    Evidence,
    Reason,
    Scope,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import check

MOST_NAMED = 5
"""Repositories that are named of one owner, and in the summary."""


@check(
    "departed-owners",
    family="organisation",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    number=96,
    scope=Scope.ORGANISATION,
)
def departed_owners_check(departed_owners: DepartedOwners | None) -> Verdict:
    """Everybody whom a CODEOWNERS file names belongs to the organisation.

    People are looked for among its members and outside collaborators, teams among its teams. It is said
    once for the whole organisation, by person; `codeowners-departed` names the lines of each repository.

    Why: whoever leaves is often named in many repositories, where nobody then reviews what they owned.
    Fix: name somebody else in the repositories that are listed, better a team than a person; it is mended
    everywhere when a team is named whose members change with the organisation.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """
    if departed_owners is None:
        return not_applicable("a person's account has no members")
    found = departed_owners
    if found.departed:
        told = (Evidence(_told(one), key=f"owner:{one.name}") for one in found.departed)
        return failed(_summary(found.departed), *told)
    if found.unread:
        return unknown(
            f"the CODEOWNERS files of {_repositories(found.unread)} could not be read", Reason.FAULT
        )
    if not found.named:
        return not_applicable("no repository that was read names a code owner")
    return passed(
        f"{counted(found.named, 'code owner')} of {_repositories(found.repositories)}, all belong to the "
        "organisation"
    )


def _summary(departed: tuple[DepartedOwner, ...]) -> str:
    """How many people, in how many repositories, and those that have most of them."""
    owners = Counter(name for one in departed for name in one.repositories)
    worst = sorted(owners.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_NAMED]
    who = (
        "who does not belong to the organisation is"
        if len(departed) == 1
        else ("who do not belong to the organisation are")
    )
    return (
        f"{counted(len(departed), 'code owner')} {who} named in {_repositories(len(owners))}, first of all "
        + ", ".join(f"{name} ({number})" if number > 1 else name for name, number in worst)
    )


def _told(one: DepartedOwner) -> str:
    more = len(one.repositories) - MOST_NAMED
    named = ", ".join(one.repositories[:MOST_NAMED])
    return f"{one.name} owns code in {named}" + (f" and {_repositories(more)} more" if more > 0 else "")


def _repositories(number: int) -> str:
    return counted(number, "repository", "repositories")
