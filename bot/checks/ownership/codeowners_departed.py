"""Check 13: those whom CODEOWNERS names are still there."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model.code_owners import OwnerStanding
from bot.model.facts import Codeowners, Repository
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
from bot.spec import check


@check(
    "codeowners-departed",
    family="ownership",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=13,
)
def codeowners_departed(
    codeowners: Codeowners | None, owner_standing: OwnerStanding, repository: Repository
) -> Verdict:
    """Everybody whom CODEOWNERS names can write to the repository, and no team that it names is empty.

    Why: GitHub asks nobody in place of an owner who has left, and a rule that demands the approval of
    code owners then holds for nothing.
    Fix: name somebody else in the listed lines, better a team than a person; give a team that lacks it
    write access to the repository, and let it be visible.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-syntax
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be reviewed")
    if repository.fork:
        return not_applicable("a fork: reviews happen in the repository it came from")
    if codeowners is None:
        return not_applicable("there is no CODEOWNERS file")
    if codeowners.oversized:
        return unknown(f"{codeowners.path} is larger than GitHub reads", Reason.LIMIT)
    evidence = tuple(_evidence(codeowners, owner_standing))
    if evidence:
        return failed(f"{counted(len(evidence), 'owner')} in {codeowners.path} can not answer", *evidence)
    unread = owner_standing.unread
    if unread:
        return unknown(
            f"all owners can write, but whether a team is empty is not known: {unread.detail}",
            unread.reason,
            permission=unread.permission,
        )
    if owner_standing.teams.unasked:
        return unknown(
            f"{counted(owner_standing.teams.unasked, 'team')} of {codeowners.path} not looked at",
            Reason.LIMIT,
        )
    if not codeowners.owners:
        return not_applicable(f"{codeowners.path} names nobody")
    return passed(f"{counted(len(codeowners.owners), 'owner')} in {codeowners.path}, all can write")


def _evidence(codeowners: Codeowners, standing: OwnerStanding) -> Iterator[Evidence]:
    lines = {owner.name.lower(): owner.line for owner in codeowners.owners}
    told = {owner.name.lower() for owner in standing.unknown}
    for owner in standing.unknown:
        more = f" ({counted(owner.times, 'line')})" if owner.times > 1 else ""
        yield Evidence(
            f"{owner.name} does not exist or can not write here{more}",
            Place(path=codeowners.path, line=owner.line),
            key=f"owner:{owner.name.lower()}",
        )
    for names, said in (
        (standing.teams.missing, "no such team"),
        (standing.teams.empty, "nobody is in the team"),
    ):
        for name in names:
            if name.lower() not in told:
                yield Evidence(
                    f"{name}: {said}",
                    Place(path=codeowners.path, line=lines.get(name.lower())),
                    key=f"owner:{name.lower()}",
                )
