"""Check 36: a tool proposes newer versions of dependencies."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Manifests, Repository, UpdateTool
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

NAMES = {
    "dependabot": "Dependabot",
    "renovate": "Renovate",
    "pyup": "PyUp",
    "scala-steward": "Scala Steward",
}


class Config(Section):
    """Options under ``checks.update-tool``."""

    forks: bool = Field(default=False, description="Judge forks as well.")


@check("update-tool", family="dependencies", severity=Severity.HIGH, config=Config, number=36)
def update_tool(
    update_tools: tuple[UpdateTool, ...], manifests: Manifests, repository: Repository, config: Config
) -> Verdict:
    """Dependabot, Renovate or the like is configured, without a mistake that keeps it from working.

    Ecosystems of workflows and of folders weigh less than those of the root.

    Why: a dependency that nobody looks at grows old, and the day it must be updated in a hurry is
    the day on which that is hardest.
    Fix: add `.github/dependabot.yml` with one entry for each ecosystem; a tool that is configured
    outside the repository can not be seen: exempt the repository then.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#dependency-update-tool
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be updated")
    if repository.fork and not config.forks:
        return not_applicable("a fork takes its dependencies from where it was forked")
    working = [tool for tool in update_tools if tool.works]
    if working:
        return passed("; ".join(f"{NAMES[tool.name]} is configured in {tool.path}" for tool in working))
    wrong = [tool for tool in update_tools if tool.mistakes]
    if wrong:
        return failed(
            f"{NAMES[wrong[0].name]} can not work with {wrong[0].path}",
            *(
                Evidence(text, Place(path=tool.path, line=line), key=f"{tool.path}|{text}")
                for tool in wrong
                for line, text in tool.mistakes
            ),
        )
    if update_tools:
        return Verdict(
            Outcome.UNKNOWN,
            f"{update_tools[0].path} could not be read",
            tuple(Evidence(f"not read: {tool.unread}", Place(path=tool.path)) for tool in update_tools),
            reason=Reason.FAULT,
        )
    found = (*manifests.root, *manifests.nested)
    if not found:
        return not_applicable("no file names dependencies that a tool could update")
    ecosystems = sorted({manifest.ecosystem for manifest in found})
    first = {manifest.ecosystem: manifest for manifest in reversed(found)}
    main = {manifest.ecosystem for manifest in manifests.root} - {"github-actions"}
    return failed(
        f"nothing keeps {counted(len(ecosystems), 'ecosystem')} of dependencies current",
        *(
            Evidence(
                f"dependencies of {name} are not updated by a tool",
                Place(path=first[name].path),
                key=f"ecosystem:{name}",
                severity=None if name in main else Severity.MEDIUM,
            )
            for name in sorted(ecosystems, key=lambda name: (name not in main, name))
        ),
    )
